"""Readers of quizzes in other formats, written after the formats' rules and not after the writers.

Each gives a list of (title, text, [(choice, right, feedback)]). Texts are as a platform shows them: formulas between \\( and
\\), code between backticks.
"""
import io
import re
import zipfile
from xml.etree import ElementTree

Q = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"
P = "{http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1}"
C = "{http://canvas.instructure.com/xsd/cccv1p0}"


def shown(text):
    """What a platform shows of a text of an item: the first mark counts, and its end on the same line."""
    out, k = "", 0
    while k < len(text):
        end = text.find(text[k], k + 1) if text[k] in "`$" else -1
        inside = text[k + 1:end]
        if end > k + 1 and "\n" not in inside:
            out, k = out + (rf"\({inside}\)" if text[k] == "$" else f"`{inside}`"), end + 1
        else:
            out, k = out + text[k], k + 1
    return out


def content(html):
    """The text of well-formed HTML that has no elements but code and br."""
    root = ElementTree.fromstring(f"<p>{html}</p>")
    out = root.text or ""
    for element in root:
        assert element.tag in ("code", "br") and not element.attrib and not len(element), html
        assert (element.tag == "code") == bool(element.text), html
        out += (f"`{element.text}`" if element.tag == "code" else "\n") + (element.tail or "")
    return out


def gift(text):
    """Moodle's rules, strictly: blank lines between questions; a reserved character is escaped, or it is structure."""
    blocks = [block for block in re.split(r"\n[ \t\r]*\n", text) if block.strip()]
    assert not [line for line in text.split("\n") if line.strip().startswith(("//", "$CATEGORY"))], "not a question"
    return [gift_question(block.strip()) for block in blocks]


def gift_question(block):
    """One question: ::title::text{=right~wrong#feedback}."""
    tokens = [(escaped or plain, bool(escaped)) for escaped, plain in re.findall(r"\\(.)|(.)", block, flags=re.DOTALL)]
    assert all(c in "~=#{}:\\" for c, escaped in tokens if escaped), "an escape that does not exist"
    assert not [c for c, escaped in tokens if c == "\\" and not escaped]
    coded = "".join(chr(0xE000 + ord(c)) if escaped else c for c, escaped in tokens)  # escaped characters are out of the way
    title, rest = re.fullmatch(r"::([^~=#{}:]+)::(.*)", coded, flags=re.DOTALL).groups()
    text, answers = re.fullmatch(r"([^~=#{}:]+)\{([^{}:]+)\}", rest, flags=re.DOTALL).groups()
    first, *choices = re.split("([=~])", answers)
    assert not first.strip()
    pairs = [(mark, *one.split("#")) for mark, one in zip(choices[::2], choices[1::2], strict=True)]
    assert len(pairs) >= 2 and all(len(one) in (2, 3) for one in pairs)
    return decoded(title), gift_text(text), [
        (gift_text(one), mark == "=", gift_text(*feedback) if feedback else "") for mark, one, *feedback in pairs]


def decoded(text):
    """Escaped characters as they are."""
    return re.sub("[\ue000-\ue0ff]", lambda found: chr(ord(found[0]) - 0xE000), text).strip()


def gift_text(text):
    """A text whose format is HTML."""
    name, rest = re.match(r"\s*\[(\w+)\](.*)", text, flags=re.DOTALL).groups()
    assert name == "html" and "\n" not in rest.strip(), text
    return content(decoded(rest))


def moodle(text):
    """Moodle XML: multiple choice, one answer, all or nothing."""
    root = ElementTree.fromstring(text.encode())
    assert root.tag == "quiz"
    return [moodle_question(one) for one in root]


def moodle_question(one):
    """A question; each text that is HTML says so."""
    assert one.tag == "question" and one.get("type") == "multichoice" and one.findtext("single") == "true"
    assert one.findtext("shuffleanswers") == "false"
    assert all(text.get("format") == "html" for name in ("questiontext", "answer", "feedback") for text in one.iter(name))
    answers = [(content(answer.findtext("text")), {"100": True, "0": False}[answer.get("fraction")],
                content(answer.findtext("feedback/text"))) for answer in one.findall("answer")]
    return one.findtext("name/text"), content(one.findtext("questiontext/text")), answers


def qti(data):
    """A package for Canvas: every file is in the manifest, every reference has its target."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None and all(entry.external_attr >> 16 == 0o644 for entry in archive.infolist())
    manifest = ElementTree.fromstring(archive.read("imsmanifest.xml"))
    files = [file.get("href") for file in manifest.iter(f"{P}file")]
    assert sorted([*files, "imsmanifest.xml"]) == sorted(archive.namelist())
    resources = {one.get("identifier"): one for one in manifest.iter(f"{P}resource")}
    assert [one.get("identifierref") in resources for one in manifest.iter(f"{P}dependency")] == [True]
    (name, questions), = ((name, one) for name, one in resources.items() if one.get("type") == "imsqti_xmlv1p2")
    root = ElementTree.fromstring(archive.read(questions.find(f"{P}file").get("href")))
    meta, = (one.get("href") for one in resources.values() if one is not questions)
    settings = ElementTree.fromstring(archive.read(meta))
    items = list(root.iter(f"{Q}item"))
    assert settings.get("identifier") == settings.findtext(f"{C}assignment/{C}quiz_identifierref") == name
    assert root.find(f"{Q}assessment").get("ident") == name and float(settings.findtext(f"{C}points_possible")) == len(items)
    idents = [one.get("ident") for one in root.iter() if one.get("ident") not in (None, "response1")]
    idents += [one.get("identifier") for one in (manifest, *resources.values(), settings.find(f"{C}assignment")) if
               one.get("identifier") != name]
    assert len(set(idents)) == len(idents) and all(re.fullmatch(r"[A-Za-z_][\w.-]*", ident) for ident in idents)
    return [qti_item(one) for one in items]


def qti_item(item):
    """A question: choices are found by the conditions."""
    def html(element):
        text = element.find(f".//{Q}mattext")
        assert text.get("texttype") == "text/html"
        return content(text.text or "")

    data = dict(zip(*([one.text for one in item.iter(f"{Q}{tag}")] for tag in ("fieldlabel", "fieldentry"))))
    choices = {one.get("ident"): html(one) for one in item.iter(f"{Q}response_label")}
    feedback = {one.get("ident"): html(one) for one in item.findall(f"{Q}itemfeedback")}
    assert data["question_type"] == "multiple_choice_question" and data["original_answer_ids"].split(",") == list(choices)
    response = item.find(f"{Q}presentation/{Q}response_lid")
    assert response.get("rcardinality") == "Single"
    said, right = {}, []
    for condition in item.iter(f"{Q}respcondition"):
        chosen = condition.find(f"{Q}conditionvar/{Q}varequal")
        assert chosen.get("respident") == response.get("ident") and chosen.text in choices and not right
        if (points := condition.find(f"{Q}setvar")) is not None:
            assert points.text == "100" and condition.get("continue") == "No"
            right.append(chosen.text)
        else:
            assert condition.get("continue") == "Yes"
            said[chosen.text] = feedback.pop(condition.find(f"{Q}displayfeedback").get("linkrefid"))
    assert not feedback and len(right) == 1
    return item.get("title"), html(item.find(f"{Q}presentation")), [
        (text, one in right, said.get(one, "")) for one, text in choices.items()]
