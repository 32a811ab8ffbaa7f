"""What a command advises is true: each way out works, and what is left out is named, with the reason."""
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnscratch.cli import main
from nnscratch.data import open_dataset

TRAININGS = {"classifier": "best", "generator": "best", "texture": "features", "stylizer": "stylizer"}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(capsys, *words):
    """The sentence of a command that fails."""
    capsys.readouterr()
    assert main(["train", *words]) == 2
    return capsys.readouterr().err.replace("running on the CPU: CuPy is not installed\n", "")


@pytest.mark.parametrize("network", TRAININGS)
def test_a_network_without_its_state_is_kept(place, capsys, network):
    """Neither a new training nor a resumed one: the same sentence, and each of its two ways out works."""
    made = Path("o", f"{TRAININGS[network]}.safetensors")
    made.parent.mkdir()
    made.write_text("mine")
    new, resumed = (refused(capsys, network, "-o", "o", *more) for more in ([], ["--resume"]))
    assert new == resumed == (f"nnscratch: o holds {made.name}, but no state.safetensors to go on from; move it away, or give "
                              f"another --output\n")
    assert made.read_text() == "mine"
    made.rename("elsewhere")
    assert "o holds no training to resume; leave out --resume" in refused(capsys, network, "-o", "o", "--resume")


def test_the_file_that_was_in_the_way_is_moved(place):
    """Then the training begins."""
    Path("o").mkdir()
    Path("o/best.safetensors").write_text("mine")
    command = ["train", "classifier", "--size", "8", "--preset", "small", "--steps", "1", "--device", "cpu"]
    assert main([*command, "-o", "o"]) == 2 and main([*command, "-o", "other"]) == 0
    Path("o/best.safetensors").rename("mine")
    assert main([*command, "-o", "o"]) == 0


@pytest.mark.parametrize("network", TRAININGS)
def test_a_damaged_state_has_a_way_out(place, capsys, network):
    Path("o").mkdir()
    Path("o/state.safetensors").write_text("cut")
    assert "add --resume to go on with it, or give another --output" in refused(capsys, network, "-o", "o")
    sentence = refused(capsys, network, "-o", "o", "--resume")
    assert "may be truncated" in sentence and sentence.endswith("use another copy, or begin anew in another folder\n")


# --- folders of images ------------------------------------------------------------------------------------------------

def save(path, side=16):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((side, side, 3), 200, np.uint8)).save(path)


def test_everything_that_is_left_out_is_named(place, caplog, monkeypatch):
    """An empty class, one of images that lie deeper, one of damaged ones, an image that is too large: each with the reason."""
    for name in ("cat/a.png", "dog/b.png", "fish/deep/c.png", "ghost/d.png", "cat/large.png", "top.png"):
        save(name, 64 if "large" in name else 16)
    Path("ghost/d.png").write_bytes(Path("ghost/d.png").read_bytes()[:60])
    Path("bird").mkdir()
    Path("dog/notes.txt").write_text("text")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with caplog.at_level(logging.WARNING):
        assert open_dataset(place).class_names == ["cat", "dog"]
    line, = [record.getMessage() for record in caplog.records]
    assert f"{place}: skipped 8 files or folders; " in line
    for words in ("bird, fish, ghost: no images that can be used, so no class", "dog/notes.txt: no image",
                  "cat/large.png: is too large, expected 1000 pixels at most", "ghost/d.png: is damaged",
                  "top.png: in no class", "fish/deep: a folder, of which the images are not read"):
        assert words in line


def test_many_files_that_are_left_out_take_one_line(place, caplog):
    for k in range(100):
        Path(f"notes{k:02}.txt").write_text("text")
    save("a.png")
    open_dataset(place)
    line, = [record.getMessage() for record in caplog.records]
    assert "skipped 100 files or folders; notes00.txt, " in line and line.endswith("notes07.txt, ...: no image")


def test_images_of_several_sizes_lead_to_the_option(place, capsys):
    """The sentence names --size, which works."""
    for k in range(24):
        save(f"data/{'ab'[k % 2]}/{k}.png", 16 + k)
    command = ["classifier", "--data", "data", "--preset", "small", "--steps", "1", "--device", "cpu"]
    assert "holds images of several sizes (0.png has 16x16, 10.png has 26x26), expected one: give a size (--size)" in (
        refused(capsys, *command))
    assert main(["train", *command, "--size", "12"]) == 0
