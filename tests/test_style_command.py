"""`nnscratch style`: the files it writes, interruption and resuming, and what it leaves on disk."""
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from helpers import run_style, visible
from PIL import Image

from nnscratch import checkpoint
from nnscratch.arguments import QUICK_STEPS
from nnscratch.cli import main
from nnscratch.data.images import read_image
from nnscratch.data.masks import feather_mask
from nnscratch.data.synthetic.styles import style_image
from nnscratch.style.minimizers import MINIMIZERS
from nnscratch.style.stylizer import SHIPPED
from nnscratch.style.transfer import Transfer


def test_style_writes_the_image(images, capsys):
    """The requested size, no temporary files, a line with the path, and the .json beside the image."""
    assert run_style(images) == 0
    assert read_image(images / "out.png").shape == (1, 38, 48, 3)
    assert "written to" in capsys.readouterr().out
    assert sorted(p.name for p in images.iterdir()) == ["content.jpg", "out.png", "out.png.json", "style.png"]


def test_again_gives_the_same_image(images, capsys):
    """From the .json beside it, with every given setting: bit for bit."""
    settings = ["--strength", "60", "--keep-colors", "luminance", "--init", "noise", "--seed", "3", "--style-scale", "1.5"]
    assert run_style(images, *settings) == 0
    again = ["style", "--again", str(images / "out.png.json"), "-o", str(images / "again.png")]
    assert main(again) == 0
    assert (images / "again.png").read_bytes() == (images / "out.png").read_bytes()
    record = json.loads((images / "out.png.json").read_text())
    assert record["settings"]["keep_colors"] == "luminance" and len(record["history"]) == 2
    assert record["settings"]["features"] == "texture", "the default"
    assert main([*again, "--steps", "3"]) == 2 and "steps was given together with --again" in capsys.readouterr().err
    (images / "style.png").write_bytes((images / "again.png").read_bytes())
    assert main(again) == 2 and "style.png has changed" in capsys.readouterr().err
    (images / "style.png").unlink()
    assert main(again) == 2 and "style.png, from which the image was made, is gone" in capsys.readouterr().err
    for lie in ({"interrupted": True}, {"size": float("inf")}, {"styles": 3}):
        (images / "out.png.json").write_text(json.dumps(record | lie))
        assert main(again) == 2 and capsys.readouterr().err.count("\n") == 1
    (images / "out.png.json").write_text('{"content": 3}')
    assert main(again) == 2 and "does not say how an image was made" in capsys.readouterr().err


def as_in_version_0_1(path):
    """Change the names in a state file to those of version 0.1."""
    arrays, header = checkpoint.read_arrays(path)
    settings = header["info"]["record"]["settings"]
    settings["colours"] = settings.pop("colors")
    renamed = {name.replace("adam/image/", "adam/picture/"): array for name, array in arrays.items()}
    assert set(renamed) != set(arrays)
    checkpoint.write_arrays(path, renamed, checkpoint.header_text(None, header["info"]))


@pytest.mark.slow
@pytest.mark.parametrize("optimizer, old", [("lbfgs", False), ("adam", False), ("adam", True)])
def test_an_interrupted_transfer_is_resumed(images, monkeypatch, capsys, optimizer, old):
    """Ctrl-C after the third step of the second size gives the best image so far. --resume then gives, bit for bit, the image
    of an uninterrupted transfer, also from a state of version 0.1, and deletes the state."""
    monkeypatch.setattr("nnscratch.style.inputs.MIN_LEVEL_SIDE", 16)
    arguments = ["--steps", "5", "--optimizer", optimizer]
    assert run_style(images, *arguments, output="whole.png") == 0
    steps, minimizer = [], MINIMIZERS[optimizer]
    step = minimizer.step

    def stop(self):
        steps.append(1)
        if len(steps) == 9:
            raise KeyboardInterrupt
        return step(self)
    monkeypatch.setattr(minimizer, "step", stop)
    assert run_style(images, *arguments) == 130
    assert "continue with  nnscratch style --resume" in capsys.readouterr().out
    if old:
        as_in_version_0_1(images / "out.png.state")
    monkeypatch.setattr(minimizer, "step", step)
    resume = ["style", "--resume", "-o", str(images / "out.png")]
    assert main([*resume, "--steps", "7"]) == 2 and "steps was given together with" in capsys.readouterr().err
    assert main(resume) == 0
    assert (images / "out.png").read_bytes() == (images / "whole.png").read_bytes()
    assert json.loads((images / "out.png.json").read_text())["history"] == json.loads(
        (images / "whole.png.json").read_text())["history"]
    assert main(resume) == 2 and "no transfer to" in capsys.readouterr().err
    (images / "out.png.state").write_bytes(b"nonsense")
    assert main(resume) == 2 and "not a whole safetensors file" in capsys.readouterr().err


def test_the_files_and_options_of_version_0_1(images):
    """The setting `colors` had the name `colours`: in the .json beside an image, and on the command line."""
    assert run_style(images, "--colours", "rgb") == 0
    record = json.loads((images / "out.png.json").read_text())
    record["settings"]["colours"] = record["settings"].pop("colors")
    (images / "old.json").write_text(json.dumps(record))
    assert main(["style", "--again", str(images / "old.json"), "-o", str(images / "again.png")]) == 0
    assert (images / "again.png").read_bytes() == (images / "out.png").read_bytes()


@pytest.mark.slow
def test_several_styles(images):
    """Equal weights or a blend: the colours follow the weights."""
    Image.fromarray(np.full((40, 40, 3), [200, 40, 20], np.uint8)).save(images / "red.png")
    style, results = [str(images / "style.png"), str(images / "red.png")], []
    for more in ([], ["--blend", "1", "9"], ["--blend", "9", "1"]):
        assert main(["style", str(images / "content.jpg"), *style, "-o", str(images / "out.png"), "--size", "48", "--steps",
                     "6", *more]) == 0
        results.append(read_image(images / "out.png"))
    redness = [float((p[..., 0] - p[..., 2]).mean()) for p in results]
    assert redness[2] < redness[0] < redness[1]
    assert main(["style", str(images / "content.jpg"), *style[::-1], "-o", str(images / "out.png"), "--size", "48",
                 "--steps", "6"]) == 0
    assert np.abs(read_image(images / "out.png") - results[0]).mean() < 0.02, "the order does not matter"


def test_a_mask_keeps_part_of_the_photograph(images):
    """The white left half is stylized; the black right half equals the photograph, up to rounding."""
    mask = np.zeros((10, 20), np.uint8)
    mask[:, :10] = 255
    Image.fromarray(mask).save(images / "mask.png")
    assert run_style(images, "--mask", str(images / "mask.png")) == 0
    result, content = read_image(images / "out.png"), read_image(images / "content.jpg", 48)
    right, left = np.abs(result - content)[:, :, 28:], np.abs(result - content)[:, :, :20]
    assert right.max() <= 1.01 / 255 and left.mean() > 0.01
    assert main(["style", "--again", str(images / "out.png.json"), "-o", str(images / "again.png")]) == 0
    assert (images / "again.png").read_bytes() == (images / "out.png").read_bytes()


def test_a_feathered_mask_fades_the_photograph_out(images, capsys):
    """--feather 6: from full style 6 pixels left of the edge to the untouched photograph 6 pixels right of it; --again
    repeats it. Without a mask, or larger than the image, it is refused."""
    mask = np.zeros((38, 48), np.uint8)
    mask[:, :24] = 255
    Image.fromarray(mask).save(images / "mask.png")
    feather = ["--mask", str(images / "mask.png"), "--feather", "6"]
    whole, soft, content = images / "whole.png", images / "out.png", read_image(images / "content.jpg", 48)
    assert run_style(images, output="whole.png") == 0 and run_style(images, *feather) == 0
    share = feather_mask(mask[None, :, :, None] / 255, 6)
    expected = share * read_image(whole) + (1 - share) * content
    assert np.abs(read_image(soft) - expected).max() < 2.1 / 255
    assert np.array_equal(read_image(soft)[:, :, :18], read_image(whole)[:, :, :18])
    assert np.abs(read_image(soft) - content)[:, :, 30:].max() <= 1.01 / 255
    record = json.loads((images / "out.png.json").read_text())
    assert record["feather"] == 6
    again = ["style", "--again", str(images / "out.png.json"), "-o", str(images / "again.png")]
    assert main(again) == 0 and (images / "again.png").read_bytes() == soft.read_bytes()
    capsys.readouterr()
    del record["feather"]  # as files had none before
    (images / "out.png.json").write_text(json.dumps(record))
    assert main(again) == 0 and (images / "again.png").read_bytes() != soft.read_bytes()
    capsys.readouterr()
    for wrong, words in ((["--feather", "6"], "without --mask"), ([*feather, "--feather", "49"], "is 49, expected at most 48"),
                         ([*feather, "--feather", "-1"], "feather is -1")):
        assert run_style(images, *wrong) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1
    (images / "out.png.json").write_text(json.dumps(record | {"feather": -1}))
    assert main(again) == 2 and "out.png.json" in capsys.readouterr().err


@pytest.mark.slow
def test_a_mask_for_each_style(images, capsys):
    """Red where the first mask is white, blue where the second is; --again bit for bit; wrong masks give one sentence."""
    for name, colour in (("red", [220, 30, 30]), ("blue", [30, 30, 220])):
        Image.fromarray((np.array(colour) * np.linspace(0.7, 1, 1600).reshape(40, 40, 1)).astype(np.uint8)).save(
            images / f"{name}.png")
    left = np.repeat(np.arange(20) < 10, 10).reshape(1, 20, 10).swapaxes(1, 2)[0].astype(np.uint8) * 255
    for name, mask in (("left", left), ("right", 255 - left), ("black", 0 * left)):
        Image.fromarray(mask).save(images / f"{name}.png")

    def run(styles, masks, *more):
        return main(["style", *(str(images / f"{name}") for name in ("content.jpg", *(f"{s}.png" for s in styles))), "-o",
                     str(images / "out.png"), "--size", "48", "--steps", "8",
                     *(word for name in masks for word in ("--mask", str(images / f"{name}.png"))), *more])
    assert run(("red", "blue"), ("left", "right")) == 0
    redness = np.diff(read_image(images / "out.png")[..., [2, 0]])
    assert redness[:, :, :18].mean() > 0.2 and redness[:, :, 30:].mean() < -0.2
    assert main(["style", "--again", str(images / "out.png.json"), "-o", str(images / "again.png")]) == 0
    assert (images / "again.png").read_bytes() == (images / "out.png").read_bytes()
    capsys.readouterr()
    for arguments, words in (((("red",), ("left", "right")), "2 masks were given for 1 style(s)"),
                             ((("red", "blue"), ("left", "black")), "black.png is black everywhere"),
                             ((("red", "blue"), ("left", "right"), "--blend", "1", "2"), "no blend"),
                             ((("red", "blue"), ("left", "right"), "--statistics", "sliced"), "gram or covariance")):
        assert run(*arguments) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1


@pytest.mark.slow
def test_frames_and_minutes(images, monkeypatch):
    """An image after steps 1, 2, 4 and an animation of them; with --minutes as many steps as fit."""
    assert run_style(images, "--every", "2", "--steps", "4") == 0
    assert visible(images / "out.png-frames") == {"0001.png", "0002.png", "0003.png"}
    assert Image.open(images / "out.png-film.gif").n_frames == 3
    assert run_style(images, "--minutes", "0.001") == 0
    few = json.loads((images / "out.png.json").read_text())["settings"]["steps"]
    monkeypatch.setattr("nnscratch.style.command.transfer_style", lambda content, *_, **__: Transfer(content))
    assert run_style(images, "--minutes", "1") == 0
    assert json.loads((images / "out.png.json").read_text())["settings"]["steps"] > 20 * few >= 20
    (images / "content.jpg").rename(images / "out.png-film.gif")
    assert run_style(images, "--every", "1", content="out.png-film.gif") == 2, "the content would be lost"


def test_quick_is_fewer_steps(images, monkeypatch, capsys):
    """The number is in the file beside the image, and is repeated by --again; another length is refused."""
    monkeypatch.setattr("nnscratch.style.command.transfer_style", lambda content, *_, **__: Transfer(content))
    assert run_style(images, "--quick") == 0
    assert json.loads((images / "out.png.json").read_text())["settings"]["steps"] == QUICK_STEPS == 7
    for other in (["--steps", "9"], ["--minutes", "1"]):
        with pytest.raises(SystemExit, match="2"):
            run_style(images, "--quick", *other)
        assert f"argument {other[0]}: not allowed with argument --quick" in capsys.readouterr().err


def test_a_built_in_style_by_name(images, monkeypatch):
    """It is drawn; an existing file with that name has precedence."""
    command = ["style", "content.jpg", "glass", "-o", "out.png", "--size", "48", "--steps", "2"]
    monkeypatch.chdir(images)
    assert main(command) == 0
    drawn = Path("out.png").read_bytes()
    Path("style.png").rename("glass")
    assert main(command) == 0 and Path("out.png").read_bytes() != drawn


@pytest.mark.parametrize("order", ["P O S", "O P S", "O P C S", "O P C S S", "P C S O"])
def test_images_and_options_in_any_order(images, monkeypatch, order):
    """Photograph, styles, -o OUT and another option: only the order of the images matters. An unknown option is refused."""
    words = {"P": ["content.jpg"], "S": ["night"], "O": ["-o", "out.png"], "C": ["--steps", "2"]}
    called = []
    monkeypatch.setattr("nnscratch.style.command.stylize",
                        lambda content, styles, output, **_: called.append((content, styles, output)) or Transfer(None))
    command = ["style", *(word for key in order.split() for word in words[key])]
    assert main(command) == 0 and called == [("content.jpg", ["night"] * order.count("S"), "out.png")]
    with pytest.raises(SystemExit):
        main([*command, "--stile", "ink"])


@pytest.mark.slow
def test_gallery(images, capsys, monkeypatch):
    """A row for each photograph and kind of features, a column for each style, and one for the photographs."""
    sheet = str(images / "gallery.png")
    assert main(["gallery", str(images / "content.jpg"), "-o", sheet, "--size", "32", "--steps", "1", "--features", "texture",
                 "random"]) == 0
    assert Image.open(sheet).size == (8 * 38 - 6, 3 * 38 - 6) and "14 images" in capsys.readouterr().out
    monkeypatch.setattr("nnscratch.style.gallery.transfer_style", lambda content, style, **_: Transfer(content, [], True))
    assert main(["gallery", str(images / "content.jpg"), "-o", sheet, "--size", "32"]) == 130
    assert "stopped early; 1 images" in capsys.readouterr().out
    assert main(["gallery", "-o", sheet, "--features", "vgg19"]) == 2


def test_gallery_of_given_styles(images, capsys, monkeypatch):
    """A column for each image file and drawn style, in the given order; the middle of an image that is no square. Whatever is
    no style is refused before any work, as is one that would be overwritten."""
    given = []
    monkeypatch.setattr("nnscratch.style.gallery.transfer_style",
                        lambda content, style, **_: given.append((content, style)) or Transfer(content))
    photo, style, sheet = (str(images / name) for name in ("content.jpg", "style.png", "gallery.png"))
    stripes = np.repeat(np.uint8([0, 200, 100]), 40)[None, :, None].repeat(40, axis=0).repeat(3, axis=2)  # the middle is 200
    Image.fromarray(stripes).save(style)
    command = ["gallery", photo, "-o", sheet, "--size", "32", "--styles"]
    assert main([*command, style, "Night"]) == 0 and "2 images" in capsys.readouterr().out
    assert Image.open(sheet).size == (3 * 38 - 6, 2 * 38 - 6)
    np.testing.assert_allclose(given[0][1][:, :, 8:24], 200 / 255, atol=1.01 / 255)
    np.testing.assert_array_equal(given[1][1], style_image("night", 32))
    np.testing.assert_allclose(read_image(sheet)[:, :32, 46:62], 200 / 255, atol=1.01 / 255)
    given.clear()
    for wrong, words in (([style, "nigth"], "cannot open nigth"), ([style, photo, sheet], "is an input"), ([""], "--styles")):
        before = Path(sheet).read_bytes()
        assert main([*command, *wrong]) == 2 and not given and Path(sheet).read_bytes() == before
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1


@pytest.mark.parametrize("content, style, expected", [
    ((90, 90), (50, 40), (50, 40)), ((90, 90), (200, 100), (96, 48)), ((96, 16), (200, 200), (64, 64))],
    ids=["small", "large", "narrow content"])
def test_the_style_is_never_enlarged(images, monkeypatch, content, style, expected):
    """It is reduced to the size, or to four times the shorter side of the content, so it never dominates the run time."""
    Image.new("RGB", content).save(images / "content.jpg")
    Image.new("RGB", style).save(images / "style.png")
    used = []

    def transfer(content, styles, **options):
        used.extend(style.shape[2:0:-1] for style in styles)
        return Transfer(content)
    monkeypatch.setattr("nnscratch.style.command.transfer_style", transfer)
    assert run_style(images, "--size", "96") == 0
    assert used == [expected]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_saves_the_best_image(images):
    """A real process and a real SIGINT during the work: exit code 130, and the image is complete."""
    command = [sys.executable, "-m", "nnscratch.cli", "style", "content.jpg", "style.png", "-o", "out.png", "--size", "64",
               "--steps", "100000"]
    def listen():  # a shell makes background jobs ignore Ctrl-C, and a child inherits that
        signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command, cwd=images, stderr=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=listen)
    seen = b""
    while b"loss" not in seen:  # until the first step is complete
        more = process.stderr.read1()
        assert more, seen.decode()
        seen += more
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and b"best image so far written to out.png" in out
    assert read_image(images / "out.png").shape == (1, 51, 64, 3)


def test_wrong_weights_leave_nothing(images, capsys):
    """A stylizer without --fast is one sentence, and no state that would be in the way of the right command; a folder, too."""
    weights = SHIPPED
    out = images / "out.png"
    assert main(["style", str(images / "content.jpg"), "night", "--weights", str(weights), "--size", "32", "-o", str(out)]) == 2
    assert "holds 'stylizer', expected a texture features" in capsys.readouterr().err
    assert not out.exists() and not list(images.glob("out.png*"))
    assert main(["style", str(images), "night", "--size", "32", "-o", str(out)]) == 2
    assert "is a folder, expected a photograph; add --fast" in capsys.readouterr().err
