"""The demo: the files it leaves when it ends, is interrupted, or cannot write."""
import re
from dataclasses import replace

import pytest
from helpers import visible

from nnscratch import demo
from nnscratch.cli import main
from nnscratch.data.images import read_image
from nnscratch.lbfgs import LBFGS


@pytest.mark.slow
def test_demo_leaves_all_its_images(tmp_path, monkeypatch, capsys):
    """The whole demo with a small photograph and half the training: table, device, images, loss curve, recognised digits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nnscratch.demo.SIZE", 64)
    monkeypatch.setattr("nnscratch.demo.STEPS", 2)
    monkeypatch.setattr("nnscratch.demo.TRAINING", replace(demo.TRAINING, steps=demo.TRAINING.steps // 2))
    assert main(["demo"]) == 0
    out, progress = capsys.readouterr()
    assert "Device: " in out and "wrong backward passes caught" in out
    recognised = int(re.search(r"(\d+)% of 1000 new digits are recognised as the digit that was asked for", out)[1])
    assert recognised >= 85
    assert "99.8% of held-out images right" in out, "how good the judge itself is"
    assert "\r" not in progress and "100%" in progress
    folder = tmp_path / "nnscratch-demo"
    assert visible(folder) == {
        "content.png", "digits.png", "loss.png", "image.png", "side-by-side.png", "style.png"}
    assert max(read_image(folder / "image.png").shape[1:3]) == 64


def test_demo_in_a_place_that_cannot_be_written(tmp_path, monkeypatch, capsys):
    """A file in place of the folder: one sentence, exit code 2."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nnscratch-demo").write_text("")
    assert main(["demo"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("steps", [0, 1])
def test_a_demo_interrupted_by_ctrl_c_leaves_its_images(tmp_path, monkeypatch, capsys, steps):
    """Exit code 130, all the files, and none incomplete; also if not a single step was completed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nnscratch.demo.SIZE", 64)
    monkeypatch.setattr("nnscratch.demo.print_table", lambda module: True)
    step = LBFGS.step

    def interrupted(self):
        nonlocal steps
        if steps == 0:
            raise KeyboardInterrupt
        steps -= 1
        return step(self)
    monkeypatch.setattr(LBFGS, "step", interrupted)
    assert main(["demo"]) == 130
    assert "stopped early" in capsys.readouterr().out
    assert visible(tmp_path / "nnscratch-demo") == set(demo.OUTPUTS)


def test_a_demo_on_an_unknown_device_leaves_nothing(tmp_path, monkeypatch, capsys):
    """It does not even create the folder."""
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--device", "tpu"]) == 2
    assert "device 'tpu' is unknown" in capsys.readouterr().err and not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", demo.OUTPUTS)
def test_the_demo_checks_first_that_it_can_write(tmp_path, monkeypatch, capsys, name):
    """A folder in place of any of its files: one sentence, before the work."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nnscratch.demo.print_table", None)
    (tmp_path / "nnscratch-demo" / name).mkdir(parents=True)
    assert main(["demo"]) == 2
    assert name in capsys.readouterr().err
