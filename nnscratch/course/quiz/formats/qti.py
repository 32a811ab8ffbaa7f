"""QTI 1.2 as Canvas exports and imports it: a zip with a manifest, the questions, and the settings of the quiz.

A choice is wrong or right by the conditions of `resprocessing`: one for each feedback, the last for the points. Every
identifier begins with the name of the quiz. Sources: https://www.imsglobal.org/question/qtiv1p2/imsqti_asi_bindv1p2.html, and
the files that text2qti writes, https://github.com/gpoore/text2qti.
"""
import io
import zipfile

from nnscratch.course.quiz.formats.choices import MultipleChoice, Quiz
from nnscratch.course.quiz.formats.markup import markup
from nnscratch.course.quiz.formats.qti_package import manifest, settings
from nnscratch.course.quiz.formats.xml import Node, document, node

__all__: list[str] = []  # for formats/__init__.py

SCHEMA = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
DATE = 1980, 1, 1, 0, 0, 0  # the same quiz gives the same bytes


def as_qti(quiz: Quiz) -> bytes:
    """A quiz as a zip for Canvas."""
    files = {"imsmanifest.xml": manifest(quiz), f"{quiz.name}/assessment_meta.xml": settings(quiz),
             f"{quiz.name}/{quiz.name}.xml": assessment(quiz)}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as into:
        for name, root in files.items():
            entry = zipfile.ZipInfo(name, DATE)
            entry.external_attr = 0o644 << 16  # whoever unpacks it may read it
            into.writestr(entry, document(root), zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def assessment(quiz: Quiz) -> Node:
    """The questions, in one section."""
    items = [item(f"{quiz.name}_question_{k}", asked) for k, asked in enumerate(quiz.questions, 1)]
    section = node("section", *items, ident="root_section")
    attempts = node("qtimetadata", field("cc_maxattempts", "1"))
    return node("questestinterop", node("assessment", attempts, section, ident=quiz.name, title=quiz.title), xmlns=SCHEMA)


def item(ident: str, asked: MultipleChoice) -> Node:
    """A question: what is known about it, what is shown, what gives points, and the feedback."""
    idents = [f"{ident}_choice_{k}" for k in range(1, len(asked.choices) + 1)]
    about = node("itemmetadata", node("qtimetadata", field("question_type", "multiple_choice_question"),
                                      field("points_possible", "1"), field("original_answer_ids", ",".join(idents)),
                                      field("assessment_question_identifierref", f"{ident}_ref")))
    labels = [node("response_label", html(choice.text), ident=one) for one, choice in zip(idents, asked.choices)]
    shown = node("presentation", html(asked.text), node("response_lid", node("render_choice", *labels), ident="response1",
                                                        rcardinality="Single"))
    feedback = [node("itemfeedback", node("flow_mat", html(choice.feedback)), ident=f"{one}_fb")
                for one, choice in zip(idents, asked.choices) if choice.feedback]
    return node("item", about, shown, points(idents, asked), *feedback, ident=ident, title=asked.title)


def points(idents: list[str], asked: MultipleChoice) -> Node:
    """A condition for each choice with feedback, then the one that gives the points."""
    score = node("outcomes", node("decvar", maxvalue="100", minvalue="0", varname="SCORE", vartype="Decimal"))
    shown = [condition(one, node("displayfeedback", feedbacktype="Response", linkrefid=f"{one}_fb"), "Yes")
             for one, choice in zip(idents, asked.choices) if choice.feedback]
    right, = (one for one, choice in zip(idents, asked.choices) if choice.right)
    return node("resprocessing", score, *shown, condition(right, node("setvar", "100", action="Set", varname="SCORE"), "No"))


def condition(ident: str, then: Node, more: str) -> Node:
    """If a choice was made, then something happens; `more`: whether later conditions are looked at."""
    chosen = node("conditionvar", node("varequal", ident, respident="response1"))
    return node("respcondition", chosen, then, **{"continue": more})


def field(label: str, entry: str) -> Node:
    """A pair of metadata."""
    return node("qtimetadatafield", node("fieldlabel", label), node("fieldentry", entry))


def html(text: str) -> Node:
    """A text in HTML, which is escaped once more as the content of an element."""
    return node("material", node("mattext", markup(text), texttype="text/html"))
