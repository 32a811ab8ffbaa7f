"""What is common to the commands of notebooks/: how a notebook is named, what is missing, files that are replaced whole."""
import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("nbformat", reason="notebooks are read with nbformat: pip install -e '.[test]'")

from notebooks import assignment, build, code_words, handout, sentences, slides, source, translation
from notebooks.translation import digest, translated, translations, update

STEMS = [path.stem for path in source.sources()]
WITHOUT = """import runpy, sys
sys.modules |= dict.fromkeys(["nbformat", "nbclient", "nbconvert", "myst_nb"])  # the others need nbformat
name, *sys.argv[1:] = sys.argv[1:]
runpy.run_module(name, run_name="__main__")"""


@pytest.mark.parametrize("stem", STEMS)
def test_a_notebook_is_named_by_its_number_or_its_stem(stem):
    number = stem.partition("_")[0]
    assert {source.stem_of(name) for name in (number, stem, *([number[1:]] if number[0] == "0" else []))} == {stem}


@pytest.mark.parametrize("command", [assignment, build, handout, slides])
@pytest.mark.parametrize("name", ["99", "", "in", "19", "007", "07_", "convolution", "-0", "7.0", "\u0667",
                                  "07_convolution.ipynb"])
def test_other_names_are_refused(command, name, capsys, tmp_path, monkeypatch):
    """One sentence lists the numbers; nothing is made."""
    monkeypatch.chdir(tmp_path)
    assert command.main(["--", name]) == 2
    out, error = capsys.readouterr()
    assert error.startswith(f"there is no notebook {name!r}: expected one of 00, 01, 02, 03, ") and "18, index\n" in error
    assert out == "" and error.count("\n") == 1 and not os.listdir(tmp_path)


def test_build_runs_what_is_named(monkeypatch, capsys):
    """All if nothing is; nothing if one name is wrong."""
    built = []
    monkeypatch.setattr(build, "build", lambda path, language: built.append((path.stem, language)) or source.FOLDER / path.stem)
    assert build.main(["7", "08"]) == 0 and built == [("07_convolution", "en"), ("08_convolution_backward", "en")]
    assert capsys.readouterr().out == "07_convolution\n08_convolution_backward\nbuilt: 2\n"
    assert build.main(["7", "99"]) == 2 and len(built) == 2
    assert build.main(["zh", "index"]) == 0 and built[2:] == [("index", "zh")]
    assert build.main([]) == 0 and [stem for stem, _ in built[3:]] == STEMS


@pytest.mark.parametrize("command, extra", [
    ("slides 7", "slides"), ("handout 7", "site"), ("assignment 7", "grading"), ("build 7", "test"), ("translation", "test")])
def test_a_missing_package_is_one_sentence(command, extra, tmp_path):
    """Where nbformat is not installed, nor what needs it."""
    name, *arguments = command.split()
    done = subprocess.run([sys.executable, "-c", WITHOUT, f"notebooks.{name}", *arguments], cwd=tmp_path, text=True,
                          capture_output=True, env=os.environ | {"PYTHONPATH": str(source.FOLDER.parent)})
    assert done.returncode == 2 and f"pip install -e '.[{extra}]'" in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert done.stdout == "" and not os.listdir(tmp_path)


def test_a_missing_kernel_client_is_named(monkeypatch):
    """nbclient alone."""
    monkeypatch.setitem(sys.modules, "nbclient", None)
    with pytest.raises(ValueError, match=r"nbclient is missing: pip install -e '\.\[test\]'"):
        build.execute(source.read(source.SOURCES / "00_numpy.py"))


def fails(*_):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("command, name", [(slides, "07_convolution.html"), (handout, "07_convolution.pdf")])
def test_files_are_replaced_whole(command, name, tmp_path, monkeypatch, capsys):
    """If a disk is full, the old file stays, and nothing else is there; the sentence names the file."""
    monkeypatch.setattr(slides, "NEEDED", ())
    monkeypatch.setattr(slides, "slides", lambda stem: "new")
    monkeypatch.setattr(handout, "print_to_pdf", lambda page, way_out: b"new")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "07_convolution.html").write_text("page")
    target = tmp_path / "made" / name
    output = [target, "--site", tmp_path / "site"] if command is handout else [target.parent]
    arguments = ["7", "-o", *map(str, output)]
    assert command.main(arguments) == 0 and capsys.readouterr().out == f"{target}\n" and target.read_text() == "new"
    target.write_text("old")
    monkeypatch.setattr(os, "replace", fails)
    assert command.main(arguments) == 2
    said = capsys.readouterr().err
    assert f"cannot write {target} (No space left on device)" in said and said.count("\n") == 1
    assert target.read_text() == "old" and os.listdir(target.parent) == [name]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(slides, "NEEDED", ())
    monkeypatch.setattr(slides, "slides", lambda stem: "new")
    (tmp_path / "file").write_text("")
    assert slides.main(["7", "-o", str(tmp_path / "file" / "folder")]) == 2
    said = capsys.readouterr().err
    assert "cannot make the folder" in said and said.count("\n") == 1


@pytest.mark.parametrize("command, work", [(slides, "slides"), (handout, "build")])
def test_the_target_is_looked_at_before_the_work(command, work, tmp_path, monkeypatch, capsys):
    """Which takes minutes: here the target is a folder."""
    monkeypatch.setattr(command, "NEEDED", ())
    monkeypatch.setattr(handout, "needed_browser", lambda way_out: "browser")
    monkeypatch.setattr(command, work, lambda *_, **__: 1 / 0)
    name = "07_convolution.html" if command is slides else "a.pdf"
    (tmp_path / name).mkdir()
    assert command.main(["7", "-o", str(tmp_path if command is slides else tmp_path / name)]) == 2
    said = capsys.readouterr().err
    assert f"cannot write {tmp_path / name} (it is a folder)" in said and said.count("\n") == 1


def test_a_handout_needs_its_browser_before_the_work(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(handout, "NEEDED", ())
    monkeypatch.setattr(handout, "build", lambda *_, **__: 1 / 0)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.chdir(tmp_path)
    assert handout.main(["7"]) == 2 and "none is found: install one" in capsys.readouterr().err and not os.listdir(tmp_path)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_handout_builds_its_own_language_alone(language, tmp_path, monkeypatch, capsys):
    """The page of a site that is there is printed, too."""
    built, printed = [], []
    monkeypatch.setattr(handout, "NEEDED", ())
    monkeypatch.setattr(handout, "needed_browser", lambda way_out: "browser")
    monkeypatch.setattr(handout, "build", lambda target, languages: built.append(languages) or target / "index.html")
    monkeypatch.setattr(handout, "print_to_pdf", lambda page, way_out: printed.append(page) or b"new")
    monkeypatch.chdir(tmp_path)
    page = ("" if language == "en" else "zh/") + "07_convolution"
    assert handout.main(["7", "--language", language]) == 0 and built == [(language,)]
    assert (tmp_path / "build" / "handouts" / f"{page}.pdf").read_text() == "new"
    assert printed[0].as_posix().endswith(f"/site/{page}.html")
    (tmp_path / "site" / page).parent.mkdir(parents=True)
    (tmp_path / "site" / f"{page}.html").touch()
    assert handout.main(["7", "--language", language, "--site", "site"]) == 0 and len(built) == 1
    assert printed[1].as_posix() == f"site/{page}.html"


def test_a_missing_file_keeps_its_meaning(capsys):
    def missing():
        raise FileNotFoundError(2, "No such file or directory", "images/course.jpg")
    assert source.report(missing) == 2 and capsys.readouterr().err == "images/course.jpg: No such file or directory\n"


def test_solutions_that_are_not_python_are_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(source, "FOLDER", tmp_path)
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "07_convolution.py").write_text("\ndef conv(")
    assert assignment.main(["7", "-o", str(tmp_path / "made")]) == 2
    said = capsys.readouterr().err
    assert "07_convolution.py, line 2: " in said and said.count("\n") == 1


@pytest.fixture
def two_languages(tmp_path, monkeypatch):
    """A function that sets the English texts of a page, brings its translation up to date, and returns that file's text."""
    monkeypatch.setattr(translation, "CHINESE", tmp_path)

    def texts(*english):
        monkeypatch.setattr(translation, "english", lambda name: list(english))
        update("page")
        return (tmp_path / "page.md").read_text(encoding="utf-8")
    return texts


def test_the_translation_of_a_changed_text_stays_above_it(two_languages, tmp_path):
    """Until it is translated and the comment is deleted, the page is refused; texts that did not change keep their places."""
    def translate(*chinese):
        (tmp_path / "page.md").write_text("\n\n".join(
            f"<!-- {one} -->\n{text}" for one, text in zip(translations("page"), chinese)), encoding="utf-8")
    two_languages("First text", "Second text", "Third text")
    translate("\u4e00", "\u4e8c", "\u4e09")
    assert translated("page") == ["\u4e00", "\u4e8c", "\u4e09"]
    english = ["New at the front", "First text", "Second text, changed", "Third text"]
    made, was = two_languages(*english), "<!-- was\n\u4e8c\n-->\nSecond text, changed"
    assert list(translations("page").values()) == ["New at the front", "\u4e00", was, "\u4e09"]
    assert two_languages(*english) == made
    translate("\u65b0", "\u4e00", was, "\u4e09")
    with pytest.raises(ValueError, match="lacks 'Second text, changed'"):
        translated("page")
    translate("\u65b0", "\u4e00", was.replace("Second text, changed", "\u4e8c\u4e8c"), "\u4e09")
    with pytest.raises(ValueError, match="lacks 'Second text, changed'"):
        translated("page")
    assert "\u4e8c\n\n\u4e8c\u4e8c" in two_languages(*english[:2], "Second text, changed again", english[3])
    translate("\u65b0", "\u4e00", "\u4e8c", "\u4e09")
    assert translated("page") == ["\u65b0", "\u4e00", "\u4e8c", "\u4e09"]


def test_texts_that_are_joined_or_removed(two_languages, tmp_path):
    """Both translations stand above the one text; that of a removed text goes."""
    two_languages("One", "Two", "Three")
    (tmp_path / "page.md").write_text("\n".join(f"<!-- {digest(one)} -->\n{text}" for one, text in [
        ("One", "\u4e00"), ("Two", "\u4e8c"), ("Three", "\u4e09")]), encoding="utf-8")
    assert "<!-- was\n\u4e00\n\n\u4e8c\n-->\nOne and two" in two_languages("One and two", "Three")
    assert two_languages("Three") == f"<!-- {digest('Three')} -->\n\u4e09\n"


def test_the_catalogue_of_a_module_that_is_gone_is_deleted(tmp_path, monkeypatch, capsys):
    """And that of one that says nothing any more; the translations of the others stay."""
    course = tmp_path / "course"
    (course / "zh" / "course").mkdir(parents=True)
    for name in ("gone", "silent", "talks"):
        (course / "zh" / "course" / f"{name}.json").write_text('{"two words": "\u53e5"}', encoding="utf-8")
    (course / "silent.py").write_text("1")
    (course / "talks.py").write_text("x = 'two words'")
    monkeypatch.setattr(sentences, "PACKAGE", tmp_path)
    monkeypatch.setattr(sentences, "spoken", lambda: [course / "silent.py", course / "talks.py"])
    assert sentences.main([]) == 0 and "in English: 0" in capsys.readouterr().out
    kept, = sentences.catalogues()
    assert kept.name == "talks.json" and "\u53e5" in kept.read_text(encoding="utf-8")


def test_sentences_wait_until_they_are_translated_and_keep_their_chinese_where_they_go(tmp_path, monkeypatch, capsys):
    """A module is renamed, one sentence of it is changed; what is dropped is printed; null is not a sentence that waits."""
    course = tmp_path / "course"
    (course / "zh" / "course").mkdir(parents=True)
    (course / "zh" / "course" / "old.json").write_text('{"it moves": "\u4e00", "it is changed": "\u4e8c", "dw = dx": null}',
                                                       encoding="utf-8")
    (course / "new.py").write_text("['it moves', 'it has changed', 'dx = dw']")
    monkeypatch.setattr(sentences, "PACKAGE", tmp_path)
    monkeypatch.setattr(sentences, "spoken", lambda: [course / "new.py"])
    assert sentences.main([]) == 0
    assert capsys.readouterr().out == "dropped: 'it is changed': '\u4e8c'\nstill in English: 2\n"
    made, = sentences.catalogues()
    expected = {"it moves": "\u4e00", "it has changed": "it has changed", "dx = dw": "dx = dw"}
    assert made.name == "new.json" and json.loads(made.read_text(encoding="utf-8")) == expected
    made.write_text(json.dumps(expected | {"dx = dw": None}), encoding="utf-8")
    assert sentences.main([]) == 0 and capsys.readouterr().out == "still in English: 1\n"
    assert json.loads(made.read_text(encoding="utf-8"))["dx = dw"] is None


def test_words_in_code_wait_until_they_are_translated(tmp_path, monkeypatch, capsys):
    """Also in later runs; what is dropped is printed, and what moves to another notebook is not."""
    monkeypatch.setattr(code_words, "CATALOGUE", tmp_path / "code.json")
    monkeypatch.setattr(code_words, "sources", lambda: [tmp_path / "01_a.py", tmp_path / "02_b.py"])
    monkeypatch.setattr(code_words, "words", {"01_a": ["new"], "02_b": ["it moves"]}.__getitem__)
    monkeypatch.setattr(translation, "update", lambda name: 0)
    (tmp_path / "code.json").write_text(json.dumps({"01_a": {"it moves": "\u4e00", "it goes": "\u4e8c"}}), encoding="utf-8")
    assert translation.main([]) == 0 and capsys.readouterr().out == "dropped: 'it goes': '\u4e8c'\nto be translated: 1\n"
    assert translation.main([]) == 0 and capsys.readouterr().out == "to be translated: 1\n"
    assert code_words.code_words() == {"01_a": {"new": "new"}, "02_b": {"it moves": "\u4e00"}}
