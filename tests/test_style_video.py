"""`nnscratch style CLIP STYLE`: videos painted, stopped, killed and resumed; bad ones; and what flickers how much.

Shapes: frames (H, W, 3) of bytes; images (1, H, W, 3).
"""
import errno
import importlib.util
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from helpers import visible
from PIL import Image
from video_files import clip, frames_in, packets_in

from nnscratch.cli import main
from nnscratch.data.images import photograph, read_image
from nnscratch.data.synthetic.styles import style_image
from nnscratch.errors import InputError
from nnscratch.marks import is_ours
from nnscratch.style import film as film_module
from nnscratch.style import one_pass
from nnscratch.style import video as module
from nnscratch.style.stylizer import Stylizer
from nnscratch.style.temporal import TemporalAverage, weight
from nnscratch.style.transfer import transfer_style

needs_av = pytest.mark.skipif(importlib.util.find_spec("av") is None, reason='needs pip install "nnscratch[video]"')
COUNT = 22


def moving(count=COUNT):
    """Frames of 40x60: a bright square on a photograph, three pixels further in each."""
    ground = (255 * read_image(photograph(), 60)[0, 10:50, :]).astype(np.uint8)
    frames = []
    for k in range(count):
        frames.append(np.ascontiguousarray(np.pad(ground, ((0, 0), (0, 60 - ground.shape[1]), (0, 0)))))
        frames[-1][10:22, 3 * k % 48:3 * k % 48 + 12] = (240, 220, 40)
    return frames


@pytest.fixture
def film(tmp_path, monkeypatch):
    """A clip with sound, in parts of five frames; returns a function that runs the command on it."""
    monkeypatch.setattr(module, "FRAMES", 5)
    clip(tmp_path / "in.mp4", moving(), sound="aac")

    def run(*words, output="out.mp4", content="in.mp4"):
        given = [str(tmp_path / content), "ink", "--fast", "--size", "60"] if "--resume" not in words else []
        return main(["style", *given, "-o", str(tmp_path / output), *words])
    return run


def stop_after(monkeypatch, count, action):
    """Call the action in the painting of the frame of that number."""
    painter, painted = Stylizer.painter, []

    def stopping(self, *arguments):
        paint = painter(self, *arguments)

        def counted(x):
            painted.append(1)
            if len(painted) == count:
                action()
            return paint(x)
        return counted
    monkeypatch.setattr(Stylizer, "painter", stopping)


@needs_av
def test_a_video_is_painted(film, tmp_path, capsys):
    """Each frame at its time, at the wanted size, with its sound, in a file that is known to be ours; nothing else is left."""
    assert film("--size", "30") == 0
    assert f"{COUNT} frames written to" in capsys.readouterr().out
    (before, sound), (after, same) = packets_in(tmp_path / "in.mp4"), packets_in(tmp_path / "out.mp4")
    np.testing.assert_allclose(sorted(time for time, _ in after), sorted(time for time, _ in before), atol=1e-6)
    assert [data for _, data in sound] == [data for _, data in same]
    frames = frames_in(tmp_path / "out.mp4")[1]
    assert {frame.shape for frame in frames} == {(20, 30, 3)} and is_ours(tmp_path / "out.mp4")
    assert visible(tmp_path) == {"in.mp4", "out.mp4"}
    paint = Stylizer().painter(style_image("ink", 30))
    first = paint(read_frame(tmp_path / "in.mp4", 30))
    assert np.abs(frames[0] / 255 - first[0]).mean() < 0.03, "the first frame is the stylizer's"


def read_frame(path, size):
    """The first frame of a video as an image."""
    from nnscratch.data.video import read_video
    return next(read_video(path, size).frames())[0][None].astype(np.float32) / 255


@needs_av
def test_ctrl_c_loses_no_frame(film, tmp_path, monkeypatch, capsys):
    """Stopped in the eighth frame, which is finished: eight are kept, a line says how to go on, and no other command replaces
    them. Resumed, the video has all frames, those of an uninterrupted one up to what the encoder loses; the sound is whole."""
    assert film(output="whole.mp4") == 0
    with monkeypatch.context() as interrupted:
        stop_after(interrupted, 8, lambda: os.kill(os.getpid(), signal.SIGINT))
        assert film() == 130
    assert f"stopped after 8 of {COUNT} frames; continue with  nnscratch style --resume" in capsys.readouterr().out
    assert visible(tmp_path) == {"in.mp4", "whole.mp4", "out.mp4.state"} and is_ours(tmp_path / "out.mp4.state")
    assert film() == 2 and "go on with  nnscratch style --resume" in capsys.readouterr().err
    assert film("--resume", "--size", "30") == 2 and "size was given together with" in capsys.readouterr().err
    assert film("--resume") == 0 and "8 of them painted before" in capsys.readouterr().out
    assert visible(tmp_path) == {"in.mp4", "whole.mp4", "out.mp4"}
    whole, resumed = frames_in(tmp_path / "whole.mp4")[1], frames_in(tmp_path / "out.mp4")[1]
    assert len(resumed) == COUNT
    assert max(np.abs(one.astype(int) - other).mean() for one, other in zip(whole, resumed)) < 6
    assert packets_in(tmp_path / "whole.mp4")[1] == packets_in(tmp_path / "out.mp4")[1]
    assert film("--resume") == 2 and "no transfer to" in capsys.readouterr().err


@needs_av
def test_a_second_ctrl_c_does_not_wait(film, tmp_path, monkeypatch, capsys):
    """It leaves the frame unfinished, and the parts whole; before the first part there is nothing to go on from."""
    def twice():
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
    for count, kept in ((8, 5), (3, 0)):
        with monkeypatch.context() as interrupted:
            stop_after(interrupted, count, twice)
            assert film() == 130
        assert (f"stopped after {kept} of {COUNT}" in capsys.readouterr().out) == (kept > 0)
        assert visible(tmp_path) == {"in.mp4", *(["out.mp4.state"] if kept else [])}
        (tmp_path / "out.mp4.state").unlink(missing_ok=True)


@needs_av
@pytest.mark.skipif(sys.platform != "linux", reason="forks")
@pytest.mark.parametrize("cut", [0, 1, 500])
def test_a_kill_loses_a_part_at_most(film, tmp_path, monkeypatch, cut, capsys):
    """Killed in the thirteenth frame, and perhaps while a part was being written: after --resume, bit for bit the video of an
    uninterrupted run."""
    assert film(output="whole.mp4") == 0
    with monkeypatch.context() as killed:
        stop_after(killed, 13, lambda: os._exit(9))
        process = os.fork()
        if process == 0:
            film()
            os._exit(0)
        assert os.waitpid(process, 0)[1] == 9 << 8
    state = tmp_path / "out.mp4.state"
    if cut:
        os.truncate(state, state.stat().st_size - cut)
    capsys.readouterr()
    assert film("--resume") == 0
    assert f"{5 if cut else 10} of them painted before" in capsys.readouterr().out
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


@needs_av
def test_a_full_disk(film, tmp_path, monkeypatch, capsys):
    """In the second part, or while the parts are joined: one sentence, the parts that are whole are kept, no half a video."""
    assert film(output="whole.mp4") == 0
    for fail_at, kept in ((3, 5), (7, COUNT)):  # the recipe, five parts, the video
        calls, sync = [], os.fsync

        def full(handle, calls=calls, sync=sync, fail_at=fail_at):
            calls.append(1)
            if len(calls) == fail_at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            sync(handle)
        with monkeypatch.context() as disk:
            disk.setattr(os, "fsync", full)
            capsys.readouterr()
            assert film() == 2
        assert "free some space" in capsys.readouterr().err
        assert visible(tmp_path) == {"in.mp4", "whole.mp4", "out.mp4.state"}
        assert film("--resume") == 0 and f"{kept} of them painted before" in capsys.readouterr().out
        assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
        (tmp_path / "out.mp4").unlink()


@needs_av
def test_a_stopped_video_whose_inputs_changed(film, tmp_path, monkeypatch, capsys):
    """One sentence; and so for a state that is none, or that the user wrote."""
    with monkeypatch.context() as interrupted:
        stop_after(interrupted, 8, lambda: os.kill(os.getpid(), signal.SIGINT))
        assert film() == 130
    whole, state = (tmp_path / "in.mp4").read_bytes(), tmp_path / "out.mp4.state"
    saved = state.read_bytes()

    def refused(*words):
        capsys.readouterr()
        assert film(*words) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and not (tmp_path / "out.mp4").exists()
        return error
    (tmp_path / "in.mp4").write_bytes(whole + b"x")
    assert "has changed" in refused("--resume")
    (tmp_path / "in.mp4").write_bytes(whole)
    for wrong in (b"", b"nonsense", saved[:30], saved.replace(b'"size":60', b'"size":0.5'),
                  saved.replace(b'"name":"ink"', b'"name":"xyz"')):
        state.write_bytes(wrong)
        assert "out.mp4.state" in refused("--resume")
    state.write_bytes(b"the user's own")
    assert "nnscratch did not write it" in refused() and state.read_bytes() == b"the user's own"


@needs_av
@pytest.mark.slow
def test_no_damaged_state_crashes(film, tmp_path, monkeypatch, capsys):
    """Truncated, or with random bytes overwritten: a video of all frames, or one sentence."""
    with monkeypatch.context() as interrupted:
        stop_after(interrupted, 8, lambda: os.kill(os.getpid(), signal.SIGINT))
        assert film("--size", "24") == 130
    state, chance, codes = tmp_path / "out.mp4.state", np.random.default_rng(0), []
    saved = state.read_bytes()
    for trial in range(30):
        broken = bytearray(saved[:chance.integers(len(saved))] if trial % 2 else saved)
        for place in chance.integers(0, len(broken), 3) if trial % 3 and broken else ():
            broken[place] = chance.integers(256)
        state.write_bytes(broken)
        (tmp_path / "out.mp4").unlink(missing_ok=True)
        capsys.readouterr()
        codes.append(film("--resume"))
        if codes[-1] == 0:
            assert len(frames_in(tmp_path / "out.mp4")[1]) == COUNT
        else:
            assert codes[-1] == 2 and "nnscratch: " in capsys.readouterr().err and not (tmp_path / "out.mp4").exists()
    assert set(codes) == {0, 2}


@needs_av
def test_what_is_refused(film, tmp_path, capsys):
    """Before any work, in one sentence, and nothing is written."""
    (tmp_path / "broken.mp4").write_bytes((tmp_path / "in.mp4").read_bytes()[:2000])
    (tmp_path / "photo.mp4").write_bytes(b"no video, but called like one")
    for words, options in ((".mp4, .m4v, .mov, .mkv, .webm", {"output": "out.png"}), (".mkv", {"output": "out.gif"}),
                           ("is damaged", {"content": "broken.mp4"}),
                           ("not an image", {"content": "photo.mp4", "output": "a.png"}), ("is an input", {"output": "in.mp4"}),
                           ("cannot write", {"output": "nowhere/out.mp4"})):
        assert film(**options) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1, error
    assert film("--size", "8") == 2 and "60x40 pixels, used as 8x5" in capsys.readouterr().err
    assert visible(tmp_path) == {"in.mp4", "broken.mp4", "photo.mp4"}


def test_without_pyav(tmp_path):
    """One sentence, exit code 2; whatever is no video needs no PyAV."""
    (tmp_path / "in.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(99))
    code = "import sys\nsys.modules['av'] = None\nfrom nnscratch.cli import main\nsys.exit(main(sys.argv[1:]))"
    words = ["style", str(tmp_path / "in.mp4"), "ink", "--fast", "-o", str(tmp_path / "out.mp4")]
    result = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert result.returncode == 2 and 'pip install "nnscratch[video]"' in result.stderr
    assert visible(tmp_path) == {"in.mp4"}


# --- without --fast

def centre(pixels):
    """The mean column of what is bright and yellow in a frame."""
    bright = (pixels[..., 0].astype(int) - pixels[..., 2] > 90) & (pixels[..., 1] > 120)
    return np.nonzero(bright)[1].mean()


def square(count):
    """Frames of 40x60, a yellow square on blue, four pixels further in each."""
    frames = np.full((count, 40, 60, 3), (20, 40, 150), np.uint8)
    for k, frame in enumerate(frames):
        frame[12:28, 4 + 4 * k:20 + 4 * k] = (240, 210, 40)
    return list(frames)


@needs_av
@pytest.mark.slow
@pytest.mark.parametrize("name", ["out.mp4", "out.webp"])
def test_each_frame_begins_with_the_painting_before(tmp_path, monkeypatch, capsys, name):
    """By optimisation, of a video and of a film: what moves is painted where it is, within two pixels, with a quarter of the
    steps at full size; a line says how long it takes."""
    from nnscratch.data.animation import read_film
    from nnscratch.data.webp import encode_webp
    content, steps = tmp_path / name.replace("out", "in"), []
    if name.endswith(".mp4"):
        clip(content, square(8))
    else:
        content.write_bytes(encode_webp([Image.fromarray(frame) for frame in square(8)], 40))
    transfer = film_module.transfer_style
    monkeypatch.setattr(film_module, "transfer_style",
                        lambda *given, **more: steps.append(more["steps"]) or transfer(*given, **more))
    assert main(["style", str(content), "glass", "--steps", "12", "-o", str(tmp_path / name)]) == 0
    assert steps == [12] + [3] * 7 and ": about" in capsys.readouterr().out
    frames = (frames_in(tmp_path / name)[1] if name.endswith(".mp4") else
              [np.asarray(frame) for frame, _ in read_film(tmp_path / name, 60).frames])
    assert [abs(centre(frame) - (11.5 + 4 * k)) < 2 for k, frame in enumerate(frames)] == [True] * 8


@needs_av
@pytest.mark.slow
def test_an_optimised_video_is_resumed(tmp_path, monkeypatch, capsys):
    """As with --fast: killed or stopped in the fifth frame of eight; the settings come from the state."""
    monkeypatch.setattr(film_module, "PART", 3)
    clip(tmp_path / "in.mp4", square(8))

    def run(name, *words):
        return main(["style", str(tmp_path / "in.mp4"), "glass", "night", "--blend", "1", "2", "--steps", "4", "-o",
                     str(tmp_path / name), *words])
    assert run("whole.mp4") == 0
    transfer, calls = film_module.transfer_style, []

    def stopping(*given, **more):
        calls.append(1)
        if len(calls) == 5:
            os.kill(os.getpid(), signal.SIGINT)
        return transfer(*given, **more)
    with monkeypatch.context() as interrupted:
        interrupted.setattr(film_module, "transfer_style", stopping)
        assert run("out.mp4") == 130 and "stopped after 5 of 8" in capsys.readouterr().out
    assert main(["style", "--resume", "-o", str(tmp_path / "out.mp4")]) == 0
    whole, resumed = frames_in(tmp_path / "whole.mp4")[1], frames_in(tmp_path / "out.mp4")[1]
    assert max(np.abs(one.astype(int) - other).mean() for one, other in zip(whole, resumed, strict=True)) < 6
    assert visible(tmp_path) == {"in.mp4", "whole.mp4", "out.mp4"}
    for option in (["--minutes", "1"], ["--every", "2"], ["--mask", "a.png"], ["--explain"]):
        assert main(["style", str(tmp_path / "in.mp4"), "glass", "-o", str(tmp_path / "no.mp4"), *option]) == 2
        assert "was given together with a film" in capsys.readouterr().err


def test_a_transfer_starts_from_a_painting():
    """Where its amount is 1, and elsewhere as usual; at full size alone. With one tiny step, that is what comes out."""
    content, style = read_image(photograph(), 170), style_image("glass", 170)
    painting, amount = np.full_like(content, 0.25), np.zeros((*content.shape[:3], 1), np.float32)
    amount[:, :80] = 1
    usual = transfer_style(content, style, steps=1, features="random", start=(painting, 0 * amount))
    mixed = transfer_style(content, style, steps=1, features="random", start=(painting, amount))
    assert [entry["size"] for entry in usual.history] == [170]
    assert np.abs(mixed.image[:, :70] - 0.25).mean() < 0.1 < np.abs(usual.image[:, :70] - 0.25).mean()
    assert np.abs(mixed.image[:, 90:] - usual.image[:, 90:]).mean() < 0.05
    for wrong in ((painting[:, :-1], amount), (painting, painting), (painting, amount[..., 0])):
        with pytest.raises(InputError):
            transfer_style(content, style, start=wrong)


# --- flicker

def change(frames):
    """The mean absolute difference of consecutive images."""
    return np.mean([np.abs(one - other).mean() for one, other in zip(frames, frames[1:])])


def test_a_constant_weight_averages_as_the_formula_says():
    """Paintings of independent noise on a still film: (1 - w) / √(1 + w) of their change, w = 0.9."""
    rng, average, still = np.random.default_rng(0), TemporalAverage(), np.full((1, 40, 60, 3), 0.5)
    painted = [0.5 + 0.1 * rng.normal(size=still.shape) for _ in range(80)]
    shown = [average(still.copy(), lambda *_, one=one: one) for one in painted]
    assert change(shown[40:]) / change(painted[40:]) == pytest.approx(0.1 / 1.9**0.5, rel=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("style", ["ink", "glass", "night"])
@pytest.mark.parametrize("levels", [2, 4, 7])
def test_a_still_scene_flickers_ten_times_less(style, levels):
    """A photograph with the noise of a camera, of so many levels of 255, painted by the stylizer: consecutive frames differ by
    less than a tenth of what they did."""
    rng, average, scene = np.random.default_rng(0), TemporalAverage(), read_image(photograph(), 128)
    paint, painted, shown = Stylizer().painter(style_image(style, 128)), [], []
    for _ in range(16):
        x = (np.rint(255 * scene + rng.normal(0, levels, scene.shape)).clip(0, 255) / 255).astype(np.float32)
        painted.append(paint(x))
        shown.append(average(x, lambda *_: painted[-1]))
    assert change(shown[8:]) < change(painted[8:]) / 10


@pytest.mark.slow
@pytest.mark.parametrize("style", ["glass", "night"])
def test_what_moves_leaves_no_ghost(style):
    """A square that moves by four pixels a frame: what is shown differs from the painting of that frame by less than 10 levels
    of 255 at all but one in a thousand pixels, and where something else is than in the frame before by nothing at all."""
    ground, average = read_image(photograph(), 160), TemporalAverage()
    paint, before = Stylizer().painter(style_image(style, 128)), None
    for k in range(16):
        x = ground.copy()
        x[:, 60:90, 100 - 4 * k:120 - 4 * k] = (0.15, 0.35, 0.85)
        p = paint(x)
        shown = average(x, lambda *_, p=p: p)
        moved = np.zeros(x.shape, bool) if before is None else np.abs(x - before).max(-1, keepdims=True).repeat(3, -1) > 0.2
        np.testing.assert_allclose(shown[moved], p[moved], atol=1e-6)
        before = x
    assert np.quantile(255 * np.abs(shown - p).mean(-1), 0.999) < 10


def test_what_changes_slowly_is_followed():
    """A light that brightens by one level of 255 a frame: what is shown lags by at most 0.06, where the painting is the film
    itself. Compared with the frame before alone, it would lag without end."""
    average, lag = TemporalAverage(), []
    for k in range(120):
        x = np.full((1, 16, 24, 3), 0.2 + k / 255)
        lag.append(np.abs(average(x, lambda x, _: x + 0.0) - x).max())
    assert max(lag) <= 0.06 and lag[-1] > 0.01


def test_the_weight_by_hand():
    """0.9 where nothing changed, 0 within 18 pixels of what did, half of 0.9 at a change of 0.045 everywhere."""
    still = np.zeros((1, 60, 84, 3))
    assert weight(still, still) == pytest.approx(0.9)
    assert weight(still + 0.045, still) == pytest.approx(0.45)
    changed = still.copy()
    changed[:, 16:20, 40:44] = 1
    w = weight(changed, still)[0, :, :, 0]
    assert w[:38, 22:62].max() == 0
    assert w[:, :18] == pytest.approx(0.9) and w[:, 66:] == pytest.approx(0.9) and w[42:] == pytest.approx(0.9)


def test_strength_zero_changes_nothing():
    """Then nothing is painted, and nothing is averaged."""
    average, rng = TemporalAverage(), np.random.default_rng(0)
    for _ in range(3):
        x = 0.5 + 0.01 * rng.random((1, 16, 16, 3))
        assert average(x, lambda x, _: x) is x


@pytest.mark.slow
def test_films_do_not_flicker_either(monkeypatch):
    """The frames of a GIF or WebP are averaged, too, before they are encoded."""
    monkeypatch.setattr(one_pass, "encode_film", lambda path, frames, loop: [np.asarray(image) / 255 for image, _ in frames])
    rng, scene = np.random.default_rng(0), 255 * read_image(photograph(), 64)[0]
    noisy = [Image.fromarray((scene + rng.normal(0, 4, scene.shape)).clip(0, 255).astype(np.uint8)) for _ in range(12)]
    paint = Stylizer().painter(style_image("night", 64))
    painted = [paint(np.asarray(frame, np.float32)[None] / 255) for frame in noisy]
    shown = one_pass.paint_film(((frame, 40) for frame in noisy), 0, lambda x, _: paint(x), "a.webp")
    assert change(shown[6:]) < change(painted[6:]) / 8
