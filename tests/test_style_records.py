"""What is written beside an image of `nnscratch style`: all inputs, for one transfer alone, and checked when read."""
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers import run_style, save_images, visible
from PIL import Image

from nnscratch import checkpoint
from nnscratch.cli import main
from nnscratch.errors import InputError
from nnscratch.networks.texture_features import SHIPPED, texture_features
from nnscratch.style import command
from nnscratch.style.minimizers import MINIMIZERS
from nnscratch.style.transfer import transfer_style

LBFGS = MINIMIZERS["lbfgs"]
STEPS = ["--steps", "5"]


def stopped_after(monkeypatch, steps):
    """Press Ctrl-C when so many steps have been made."""
    made, step = [], LBFGS.step

    def stop(self):
        made.append(1)
        if len(made) > steps:
            monkeypatch.setattr(LBFGS, "step", step)
            raise KeyboardInterrupt
        return step(self)
    monkeypatch.setattr(LBFGS, "step", stop)


def interrupted(images, monkeypatch, steps, *more):
    """A transfer that is stopped after some steps."""
    stopped_after(monkeypatch, steps)
    assert run_style(images, *STEPS, *more) == 130


def resume(images, *more):
    return main(["style", "--resume", "-o", str(images / "out.png"), *more])


# --- every input is recorded ------------------------------------------------------------------------------------------

def test_weights_are_an_input(images, monkeypatch, capsys):
    """--again uses the same weights, from whatever folder it is run, and refuses others under their name."""
    weights = images / "features.safetensors"
    shutil.copy(SHIPPED, weights)
    monkeypatch.chdir(images)
    assert main(["style", "content.jpg", "style.png", "-o", "out.png", "--size", "48", *STEPS, "--weights", weights.name]) == 0
    monkeypatch.chdir("/")
    again = ["style", "--again", str(images / "out.png.json"), "-o", str(images / "again.png")]
    assert main(again) == 0
    assert (images / "again.png").read_bytes() == (images / "out.png").read_bytes()
    network = texture_features()
    for array in network.params.values():
        array *= 0.5
    checkpoint.save(weights, network)
    assert main(again) == 2 and "features.safetensors has changed since the image was made" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["content.jpg", "style.png", "mask.png", "weights.safetensors"])
def test_an_input_that_is_gone_is_named(images, monkeypatch, capsys, name):
    """By --again and by --resume, and not the file that mentions it."""
    shutil.copy(SHIPPED, images / "weights.safetensors")
    Image.new("L", (48, 38), 255).save(images / "mask.png")
    more = ["--mask", str(images / "mask.png"), "--weights", str(images / "weights.safetensors")]
    assert run_style(images, *more, output="whole.png") == 0
    interrupted(images, monkeypatch, 2, *more)
    capsys.readouterr()
    (images / name).unlink()
    for words in (["--again", str(images / "whole.png.json"), "-o", str(images / "again.png")],
                  ["--resume", "-o", str(images / "out.png")]):
        assert main(["style", *words]) == 2
        assert capsys.readouterr().err == (f"nnscratch: {images / name}, from which the image was made, is gone; put it back\n")


# --- a state belongs to one transfer ----------------------------------------------------------------------------------

@pytest.mark.parametrize("steps", [0, 2])
def test_a_state_belongs_to_the_latest_transfer(images, monkeypatch, steps):
    """A is stopped; B is begun with another style and stopped, perhaps before its first step: --resume goes on with B."""
    Image.fromarray(np.full((40, 40, 3), [200, 40, 20], np.uint8)).save(images / "red.png")
    stopped_after(monkeypatch, 3)
    assert run_style(images, *STEPS, style="red.png") == 130
    assert run_style(images, *STEPS, output="whole.png") == 0
    interrupted(images, monkeypatch, steps)
    assert resume(images) == 0
    assert (images / "out.png").read_bytes() == (images / "whole.png").read_bytes()


def test_frames_before_an_interruption_are_kept(images, monkeypatch):
    """The film of a resumed transfer is that of one that was never interrupted; --every need not be repeated."""
    assert run_style(images, *STEPS, "--every", "2", output="whole.png") == 0
    interrupted(images, monkeypatch, 3, "--every", "2")
    assert visible(images / "out.png-frames") == {"0001.png", "0002.png"}
    assert resume(images) == 0
    assert visible(images / "out.png-frames") == {"0001.png", "0002.png", "0003.png"}
    assert (images / "out.png-film.gif").read_bytes() == (images / "whole.png-film.gif").read_bytes()


@pytest.mark.parametrize("function", ["write_image", "replace_file"])
def test_the_state_is_removed_last(images, monkeypatch, function):
    """A signal while the image or the record is written: the transfer can be resumed to the same image."""
    assert run_style(images, *STEPS, output="whole.png") == 0

    def stop(*_, **__):
        raise KeyboardInterrupt
    with monkeypatch.context() as patch:
        patch.setattr(command, function, stop)
        assert run_style(images, *STEPS) == 130
    assert resume(images) == 0
    assert (images / "out.png").read_bytes() == (images / "whole.png").read_bytes()
    assert not (images / "out.png.state").exists()


def test_a_state_that_cannot_be_written_does_not_stop_the_work(images, monkeypatch, caplog):
    """A full disk: one line, and the image is made."""
    assert run_style(images, *STEPS, output="whole.png") == 0

    def full(*_):
        raise InputError("cannot write out.png.state (No space left on device)")
    monkeypatch.setattr(checkpoint, "write_arrays", full)
    monkeypatch.setattr("nnscratch.style.sidecar.StateSaver.SECONDS", 0)
    assert run_style(images, *STEPS) == 0
    assert [r.message for r in caplog.records if "could not be resumed" in r.message] == [
        "cannot write out.png.state (No space left on device); the transfer goes on, but could not be resumed"]
    assert (images / "out.png").read_bytes() == (images / "whole.png").read_bytes()


def test_the_state_of_a_large_image_is_small():
    """Beyond a million pixels, L-BFGS keeps five pairs: 12 arrays of the image's size, not 22."""
    large, small = (LBFGS(lambda x: (0.0, x), np.zeros((1, side, side, 3), np.float32)) for side in (1100, 900))
    assert (large.history, small.history) == (5, 10)


# --- damaged files ----------------------------------------------------------------------------------------------------

def damaged(path, change):
    """Rewrite a state, with a right checksum, after a change of its arrays and numbers."""
    arrays, header = checkpoint.read_arrays(path)
    change(arrays, header["info"])
    checkpoint.write_arrays(path, arrays, checkpoint.header_text(None, header["info"]))


def put(place, name, value):
    """A change of one entry: place 0 are the arrays, 1 the numbers."""
    def change(arrays, numbers):
        (arrays, numbers)[place][name] = value
    return change


def fill(name, value):
    def change(arrays, numbers):
        arrays[name] = np.full_like(arrays[name], value)
    return change


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A transfer that was stopped, and the bytes of its state."""
    folder = save_images(tmp_path_factory.mktemp("stopped"))
    with pytest.MonkeyPatch.context() as patch:
        interrupted(folder, patch, 3)
    return folder, (folder / "out.png.state").read_bytes()


@pytest.mark.parametrize("change", [
    *(put(1, "scale", value) for value in (10**30, -1, 19, 1.0, True, None, "0")),
    *(put(1, "step", value) for value in (10**30, 0, None)), put(1, "loss", 3e300 * 10), put(1, "loss", "x"),
    *(put(1, "converged", value) for value in (3, None, "no")), put(1, "history", [{"size": 3}]), put(1, "history", 3),
    put(1, "frames", -1), put(1, "record", None), put(1, "record", {}), fill("gradient", np.nan), fill("x", np.inf),
    fill("s0", 0), fill("y0", 0), put(0, "x", np.zeros((1, 4, 4, 3), np.float32)), put(0, "s0", np.zeros(3, np.float32)),
    put(0, "x", np.zeros((1, 38, 48, 3), np.complex64)), put(0, "more", np.zeros(3, np.float32)),
    lambda arrays, numbers: arrays.pop("y0"), lambda arrays, numbers: arrays.pop("x"),
    lambda arrays, numbers: numbers.pop("step")])
def test_a_wrong_state_is_refused(stopped, capsys, change):
    """One sentence, and the state stays."""
    images, whole = stopped
    state = images / "out.png.state"
    state.write_bytes(whole)
    damaged(state, change)
    before = state.read_bytes()
    capsys.readouterr()
    assert resume(images) == 2
    last = capsys.readouterr().err.splitlines()[-1]  # a line of the progress bar may be before it
    assert last.startswith("nnscratch: ") and state.read_bytes() == before


def test_a_flipped_bit_is_noticed(images, monkeypatch, capsys):
    """Anywhere in the arrays: the checksum in the header differs."""
    interrupted(images, monkeypatch, 3)
    state = images / "out.png.state"
    data = bytearray(state.read_bytes())
    for position in (-1, -1000, -len(data) // 2):
        flipped = data.copy()
        flipped[position] ^= 1
        state.write_bytes(flipped)
        assert resume(images) == 2 and "out.png.state is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("change", [
    {"styles": []}, {"styles": [{"name": "unknown"}]}, {"styles": [3]}, {"content": {"path": 3, "crc32": 1}}, {"size": 10**30},
    {"content": {"path": "/dev/zero", "crc32": 1}}, {"settings": True}, {"settings": {"steps": 3}}, {"style_scale": "1"},
    {"masks": None}, {"weights": {"path": "x"}}, {"every": 0}, {"settings": {}}, {"interrupted": "no"}, {"content": None}])
def test_a_wrong_record_is_refused(images, capsys, change):
    assert run_style(images) == 0
    record = json.loads((images / "out.png.json").read_text())
    (images / "out.png.json").write_text(json.dumps(record | change))
    capsys.readouterr()
    assert main(["style", "--again", str(images / "out.png.json"), "-o", str(images / "again.png")]) == 2
    assert capsys.readouterr().err.count("\n") == 1 and not Path(images / "again.png").exists()


def test_rounding_outside_the_range_is_clipped():
    """An image that a computation left at 1.0000001 or -1e-9 gives what the clipped image gives; 1.5 is refused."""
    rng = np.random.default_rng(0)
    content, style = rng.random((1, 16, 16, 3)), rng.random((1, 16, 16, 3))
    content[0, 0, 0], content[0, 1, 1] = 1, 0
    noisy = content.copy()
    noisy[0, 0, 0], noisy[0, 1, 1] = 1 + 1e-7, -1e-9
    results = [transfer_style(image, style, features="random", steps=2).image for image in (content, noisy)]
    assert np.array_equal(*results)
    with pytest.raises(InputError, match="values from 0 to 1.5, expected 0 to 1"):
        transfer_style(np.where(content == 1, 1.5, content), style, features="random", steps=2)
