"""Outputs come first: one that cannot be written is refused before any input is read; a refused input leaves none behind."""
from pathlib import Path

import pytest
from helpers import visible
from PIL import Image

from nnscratch.cli import main
from nnscratch.course.quiz import __main__ as quiz
from nnscratch.outputs import OutputFolder, writing

# Every input is wrong as well: which of the two mistakes is reported tells which was looked at first.
TO_FILES = [["style", "nowhere.png", "ink"], ["style", "nowhere.png", "ink", "--fast"], ["gallery", "nowhere.png"],
            ["generate", "--from", "nowhere.safetensors"], ["classify", "nowhere.png", "--from", "nowhere.safetensors"],
            ["compare", "nowhere.png", "ink"]]
TO_FOLDERS = [["style", "photos", "nowhere.png", "--fast"], ["train", "generator", "--data", "nowhere"],
              ["train", "classifier", "--data", "nowhere"], ["train", "stylizer", "nowhere.png"],
              ["judge", "--from", "nowhere.safetensors"], ["judge", "--data", "nowhere"]]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with one photograph and a note."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (20, 20)).save("photos/a.png")
    (tmp_path / "note.txt").write_text("mine")
    return tmp_path


@pytest.mark.parametrize("command", [*TO_FILES, *TO_FOLDERS])
def test_the_output_is_refused_first(command, capsys):
    """Where it cannot be made, and where another process writes to it."""
    name = "out" if command in TO_FOLDERS else "out.html" if command[0] == "compare" else "out.png"
    assert main([*command, "-o", f"note.txt/{name}"]) == 2
    assert "cannot" in (error := capsys.readouterr().err) and str(Path("note.txt/out")) in error and "nowhere" not in error
    with writing(name) if command in TO_FILES else OutputFolder(name, ["*"]):
        assert main([*command, "-o", name]) == 2
    assert "another process is writing to out" in capsys.readouterr().err


def test_the_output_of_an_image_made_again_is_refused_first(capsys):
    """Before the record of the first is read."""
    assert main(["style", "--again", "nowhere.json", "-o", "note.txt/out.png"]) == 2
    assert "note.txt/out.png" in (error := capsys.readouterr().err) and "nowhere" not in error


@pytest.mark.parametrize("command", TO_FOLDERS)
def test_a_refused_input_leaves_no_folder(command, here, capsys):
    """Neither the output's own nor those around it; one that was there stays, as it was."""
    (here / "old").mkdir()
    for output in ("new/deep", "old"):
        assert main([*command, "-o", output]) == 2
        assert "nowhere" in capsys.readouterr().err
    assert visible(here) == {"photos", "note.txt", "old"} and not any((here / "old").iterdir())


def test_a_sheet_that_cannot_be_written_is_not_made(monkeypatch, capsys):
    """A PDF takes a browser some seconds."""
    monkeypatch.setattr(quiz, "in_format", lambda *arguments: pytest.fail("it was made"))
    with pytest.raises(SystemExit) as stopped:
        quiz.main(["3", "-o", "note.txt/sheet.md"])
    assert stopped.value.code == 2 and str(Path("note.txt/sheet.md")) in capsys.readouterr().err
