"""Outputs: what nnscratch did not write is neither deleted nor overwritten, and what it wrote is never taken for an input."""
import json
import multiprocessing
import os
import shutil
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from helpers import own_names, run_style, visible
from PIL import Image

from nnscratch.cli import main
from nnscratch.data.splits import load_splits
from nnscratch.errors import InputError
from nnscratch.files import hidden_name, replace_file
from nnscratch.generate.sampler import SHIPPED
from nnscratch.marks import MANIFEST
from nnscratch.outputs import OutputFolder, writing

QUICK = ["--steps", "2", "--size", "48"]


def contents(folder):
    """{name: bytes} of all files in a folder, at any depth; without hidden ones."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith(".nnscratch")}


def own_images(folder, count, side=20):
    """Images of the user's, 0001.png and so on."""
    folder.mkdir(exist_ok=True)
    for k in range(1, count + 1):
        pixels = np.random.default_rng(k).integers(0, 256, (side, side, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{k:04}.png")


# --- deleting and overwriting -----------------------------------------------------------------------------------------

def test_a_folder_of_the_users_is_not_emptied_for_frames(images, capsys):
    """OUT-frames with five images that are not frames: refused before the work, nothing changed."""
    own_images(images / "out.png-frames", 5)
    before = contents(images)
    assert run_style(images, "--every", "1") == 2
    assert "out.png-frames holds 0001.png, which nnscratch did not write" in capsys.readouterr().err
    assert contents(images) == before


def test_frames_of_an_earlier_transfer_are_replaced(images):
    """Five frames of one transfer, then two of another: the film has two, and a note of the user's in the folder stays."""
    assert run_style(images, "--every", "1", "--steps", "5") == 0
    (images / "out.png-frames" / "note.txt").write_text("mine")
    assert run_style(images, "--every", "1", "--steps", "2") == 0
    assert visible(images / "out.png-frames") == {"0001.png", "0002.png", "note.txt"}
    assert Image.open(images / "out.png-film.gif").n_frames == 2
    (images / "out.png-frames" / "0004.png").write_text("mine")  # once the name of a frame
    assert run_style(images, "--every", "1", "--steps", "2") == 2
    assert (images / "out.png-frames" / "0004.png").read_text() == "mine"


@pytest.mark.parametrize("name, data", [
    ("out.png.json", b'{"mine": 1}'), ("out.png.json", b"text"), ("out.png.state", b"mine"),
    ("out.png-film.gif", b"GIF89a mine")])
def test_files_beside_the_output_are_not_overwritten(images, capsys, name, data):
    """OUT was named by the user; OUT.json, OUT.state and OUT-film.gif were not."""
    (images / name).write_bytes(data)
    before = contents(images)
    assert run_style(images, "--every", "1") == 2
    assert f"{name} exists, and nnscratch did not write it" in capsys.readouterr().err
    assert contents(images) == before


@pytest.mark.parametrize("output", ["content.jpg", "style.png", "mask.png", "./content.jpg", "hard.png", pytest.param(
    "link.png", marks=pytest.mark.skipif(os.name != "posix", reason="Windows lets few users make symbolic links"))])
def test_an_input_is_not_overwritten(images, capsys, output):
    """Photograph, style and mask, also under another name: a symbolic link, a hard link, another spelling."""
    Image.new("L", (48, 38), 255).save(images / "mask.png")
    if output == "link.png":
        (images / "link.png").symlink_to(images / "style.png")
    os.link(images / "mask.png", images / "hard.png")
    before = contents(images)
    for more in ([], ["--fast"]):
        if not (more and output in ("mask.png", "hard.png")):
            arguments = [str(images / "content.jpg"), str(images / "style.png"), "-o", str(images / output), *more]
            arguments += ["--size", "48"] if more else [*QUICK, "--mask", str(images / "mask.png")]
            assert main(["style", *arguments]) == 2
            assert "which is an input; give another output" in capsys.readouterr().err
    assert contents(images) == before


def test_no_command_overwrites_its_input(images, monkeypatch, capsys):
    """gallery and generate, too, and folders."""
    monkeypatch.chdir(images)
    shutil.copy(SHIPPED, "generator.png")
    for command, path in (["gallery"], "content.jpg"), (["generate", "--from"], "generator.png"):
        assert main([*command, path, "-o", path]) == 2 and f"would overwrite {path}" in capsys.readouterr().err
    with pytest.raises(InputError, match="would overwrite"), OutputFolder(images, ["*.jpg"], inputs=["content.jpg"]):
        pass


@pytest.mark.parametrize("name", ["report.html", "report.json", "judge.safetensors"])
def test_a_report_does_not_replace_a_file_of_the_users(tmp_path, monkeypatch, capsys, name):
    """`judge -o FOLDER` where FOLDER/report.html is the user's."""
    monkeypatch.setattr("nnscratch.generate.evaluate.command.load_splits", partial(load_splits, count=400))
    (tmp_path / name).write_text("mine")
    assert main(["judge", "-o", str(tmp_path), "--count", "100"]) == 2
    assert f"holds {name}, which nnscratch did not write" in capsys.readouterr().err
    assert contents(tmp_path) == {name: b"mine"}


def test_a_folder_that_differs_in_capitals_only(tmp_path):
    """On some disks Report.HTML is report.html, so such a name is refused everywhere."""
    (tmp_path / "Report.HTML").write_text("mine")
    with pytest.raises(InputError, match="holds Report.HTML"), OutputFolder(tmp_path, ["report.html"]):
        pass


# --- the list of what is ours -----------------------------------------------------------------------------------------

def test_only_listed_files_are_removed(tmp_path):
    """`remove` does nothing to a file that is not in the list; the list survives the process."""
    with OutputFolder(tmp_path / "out", ["*.txt"]) as folder:
        replace_file(folder.file("ours.txt"), b"1")
    (tmp_path / "out" / "mine.md").write_text("mine")
    with OutputFolder(tmp_path / "out", ["*.txt"]) as folder:
        assert set(folder.files) == {"ours.txt"} and folder.made
        folder.remove("mine.md")
        folder.remove("ours.txt")
        folder.remove("ours.txt")
    assert visible(tmp_path / "out") == {"mine.md"}


@pytest.mark.parametrize("text", ["", "[]", "3", '{"files": 3}', '{"made": true}', '{"files": ["../mine"], "made": true}',
                                  '{"files": [3, null, "a/b", ".."], "made": true}', "[" * 100_000])
def test_a_damaged_list_makes_nothing_ours(tmp_path, text):
    """Such a list, or one with paths that lead out of the folder."""
    (tmp_path / "mine").write_text("mine")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / MANIFEST).write_text(text)
    (folder / "a.txt").write_text("mine")
    with pytest.raises(InputError, match="did not write"), OutputFolder(folder, ["*.txt"]):
        pass
    assert (folder / "a.txt").read_text() == "mine" and (tmp_path / "mine").exists()


def test_own_names(images):
    """OUT and OUT.json, film, frames, a folder of ours; not the user's images, nor a .json of another program."""
    assert run_style(images, "--every", "1") == 0
    (images / "style.png.json").write_text('["nnscratch"]')
    with OutputFolder(images / "painted", ["*.png"]):
        pass
    own = own_names(images)
    assert own == {"out.png", "out.png.json", "out.png-film.gif", "out.png-frames", "painted"}
    assert own_names(images / "painted") == set(), "a folder of ours that the user names is read"
    (images / "out.png-film.gif").rename(images / "out.png-film.GIF")
    assert "out.png-film.GIF" in own_names(images)


def test_own_output_is_not_data(tmp_path, monkeypatch):
    """A training in the folder of its data, with the default output: the data are the same afterwards, and it is resumed."""
    own_images(tmp_path, 22)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nnscratch.generate.evaluate.command.STEPS", 10)
    train = ["train", "generator", "--preset", "nano", "--batch", "4", "--device", "cpu"]
    assert main([*train, "--data", ".", "--groups", "0", "--steps", "2"]) == 0
    assert main(["train", "generator", "--resume", "--steps", "4"]) == 0
    assert main(["style", "0001.png", "0002.png", "-o", "painted.png", *QUICK, "--every", "1"]) == 0
    assert main(["style", ".", "night", "--fast", "-o", "all", "--size", "32"]) == 0
    assert len(visible(Path("all"))) == 22, "the painted image and its film are no photographs"
    assert main(["train", "generator", "--resume", "--steps", "6"]) == 0
    assert len(json.loads(Path("generator/history.json").read_text())) == 3


@pytest.mark.parametrize("output", [".", "class a"])
def test_output_in_a_folder_of_data(tmp_path, monkeypatch, output):
    """Files in the data's own folder, or in that of a class: the data are the same afterwards."""
    for name in ("class a", "class b"):
        own_images(tmp_path / name, 12)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nnscratch.generate.evaluate.command.STEPS", 10)
    before = contents(tmp_path)
    train = ["train", "generator", "--preset", "nano", "--batch", "4", "--device", "cpu"]
    assert main([*train, "--data", ".", "--steps", "2", "-o", output]) == 0
    assert main(["train", "generator", "--resume", "--steps", "4", "-o", output]) == 0
    after = contents(tmp_path)
    assert {name: after[name] for name in before} == before


def test_an_old_training_is_adopted_once(tmp_path):
    """Version 0.1 kept no list: --resume makes one of the known names. With a list, a file of the user's stays the user's."""
    for name in ("curves.png", "mine.txt"):
        (tmp_path / name).write_text("old")
    with OutputFolder(tmp_path, ["curves.png", "film.gif"], adopt=True) as folder:
        assert set(folder.files) == {"curves.png"}
    (tmp_path / "film.gif").write_text("mine")
    with pytest.raises(InputError, match="holds film.gif"), OutputFolder(tmp_path, ["curves.png", "film.gif"], adopt=True):
        pass


# --- locks and leftovers ----------------------------------------------------------------------------------------------

def hold(path, folder, held, release):
    """Hold the lock of an output until told otherwise."""
    with OutputFolder(path, ["*"]) if folder else writing(path):
        held.set()
        release.wait(30)


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.parametrize("folder", [True, False])
def test_two_processes_cannot_write_one_output(tmp_path, folder):
    """The second is refused while the first is at it, and not afterwards, also if the first was killed."""
    path, context = tmp_path / "out", multiprocessing.get_context("fork")

    def attempt():
        with OutputFolder(path, ["*"]) if folder else writing(path):
            pass
    for kill in (False, True):
        held, release = context.Event(), context.Event()
        process = context.Process(target=hold, args=(path, folder, held, release))
        process.start()
        assert held.wait(30)
        with pytest.raises(InputError, match="another process is writing to .*out; wait for it, or give another output"):
            attempt()
        process.kill() if kill else release.set()
        process.join()
        attempt()
        assert not [name for name in os.listdir(tmp_path) if name.endswith(".lock")]


def test_what_killed_processes_left_is_removed(tmp_path):
    """A temporary file of the same output, not that of another."""
    ours, others = tmp_path / "a.png", tmp_path / "b.png"
    for path in (ours, others):
        class Killed(BaseException):
            pass

        def killed(*_):
            raise Killed
        monkeypatch = pytest.MonkeyPatch()
        monkeypatch.setattr(os, "replace", killed)
        monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(Killed):
            replace_file(path, b"half")
        monkeypatch.undo()
    assert len(os.listdir(tmp_path)) == 2
    with writing(ours):
        replace_file(ours, b"whole")
    left = [name for name in os.listdir(tmp_path) if name != "a.png"]
    assert len(left) == 1 and left[0].startswith(".nnscratch-")
    with writing(others):
        pass
    assert os.listdir(tmp_path) == ["a.png"]


@pytest.mark.parametrize("length", [245, 250, 255])
def test_long_names(tmp_path, length):
    """A name of 255 bytes can be written by itself; with .json after it, it cannot, and one sentence says so at the start."""
    path = tmp_path / ("x" * (length - 4) + ".png")
    replace_file(path, b"data")
    assert path.read_bytes() == b"data"
    with writing(path):
        replace_file(path, b"more")
    assert [len(name) for name in os.listdir(tmp_path) if name.endswith(".png")] == [length]


# --- what other commands leave beside OUT -----------------------------------------------------------------------------

def test_a_record_does_not_outlive_its_image(images):
    """`style -o out.png`, then `style --fast -o out.png`: out.png.json would tell how another image was made."""
    assert run_style(images) == 0 and (images / "out.png.json").exists()
    assert main(["style", str(images / "content.jpg"), "ink", "--fast", "-o", str(images / "out.png"), "--size", "48"]) == 0
    assert not (images / "out.png.json").exists()


def test_an_unfinished_transfer_is_not_painted_over(images, monkeypatch, capsys):
    """Another command may not write OUT while --resume would replace it."""
    monkeypatch.setattr("nnscratch.style.command.write_image", interrupt)
    assert run_style(images) == 130
    assert main(["generate", "-o", str(images / "out.png")]) == 2
    assert "out.png.state holds a transfer" in capsys.readouterr().err and not (images / "out.png").exists()


def interrupt(*_, **__):
    raise KeyboardInterrupt


def test_a_transfer_that_is_stopped_while_it_prepares_leaves_no_other_state(images, monkeypatch, capsys):
    """A is unfinished; B is stopped before its images are read: --resume does not go on with A."""
    with monkeypatch.context() as patch:
        patch.setattr("nnscratch.style.command.write_image", interrupt)
        assert run_style(images) == 130
    monkeypatch.setattr("nnscratch.style.command.read_images", interrupt)
    assert run_style(images, "--steps", "3") == 130
    assert main(["style", "--resume", "-o", str(images / "out.png")]) == 2
    assert "so no transfer to" in capsys.readouterr().err


def test_frames_that_cannot_be_written_do_not_stop_the_work(images, monkeypatch, caplog):
    """A full disk at the third frame: one line, the image is made, and the film has two."""
    written = []

    def full(path, data):
        written.append(path)
        if len(written) > 2:
            raise InputError(f"cannot write {path} (No space left on device)")
        replace_file(path, data)
    monkeypatch.setattr("nnscratch.style.frames.replace_file", full)
    assert run_style(images, "--every", "1", "--steps", "5") == 0
    assert [r.message for r in caplog.records if "without further frames" in r.message] and (images / "out.png").exists()
    assert visible(images / "out.png-frames") == {"0001.png", "0002.png"}


def test_a_folder_whose_list_was_not_written_yet_is_taken(tmp_path):
    """A process was killed between making a folder and writing its list: the next one uses it, and removes what it left."""
    (tmp_path / "out" / "samples").mkdir(parents=True)
    with OutputFolder(tmp_path / "out", ["samples", "a.txt"]) as folder:
        leftover = folder.path / f"{hidden_name(folder.file('a.txt'))}-00000000"
        listed = (folder.path / MANIFEST).read_bytes()
    leftover.write_text("half")
    (folder.path / MANIFEST).write_bytes(listed)  # as a kill leaves it
    with OutputFolder(tmp_path / "out", ["samples", "a.txt"]) as folder, folder.subfolder("samples", ["*.png"]):
        assert not leftover.exists()
    (tmp_path / "out" / "samples" / "mine.png").write_text("mine")
    with pytest.raises(InputError, match="holds mine.png"), OutputFolder(
            tmp_path / "out", ["samples"]) as folder, folder.subfolder("samples", ["*.png"]):
        pass
