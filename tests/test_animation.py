"""Animations: every frame at its time, one open file at a time, and no film that fills the memory."""
import io
import subprocess
import sys

import numpy as np
import pytest
from image_files import CORNERS, H, W, complaint, saved
from memory_use import peak_megabytes
from PIL import Image

from nnscratch.data.animation import encode_gif, read_film

COLOURS = [(250, 0, 0), (0, 240, 0), (0, 0, 230), (200, 200, 0)]
FRAMES = [Image.new("RGB", (W, H), colour) for colour in COLOURS]


def shown(data):
    """(colour, milliseconds) of each frame of a GIF, and its loop count."""
    with Image.open(io.BytesIO(data)) as image:
        frames = []
        for number in range(image.n_frames):
            image.seek(number)
            frames.append((image.convert("RGB").getpixel((3, 3)), image.info["duration"]))
        return frames, image.info.get("loop")


def close(one, two):
    return all(np.allclose(a, b, atol=12) for a, b in zip(one, two)) and len(one) == len(two)


@pytest.mark.parametrize("form", ["images", "iterator", "paths", "pairs"])
@pytest.mark.parametrize("loop", [0, None, 3])
def test_frames_become_a_gif(tmp_path, form, loop):
    """Images or paths, in a list or one by one, perhaps each with its own duration; the last is shown longer."""
    paths = [saved(tmp_path, frame, f"{k}.png") for k, frame in enumerate(FRAMES)]
    frames = {"images": FRAMES, "iterator": iter(FRAMES), "paths": paths, "pairs": zip(FRAMES, (10, 20, 30, 40))}[form]
    found, repeats = shown(encode_gif(frames, milliseconds=50, pause=700, loop=loop))
    assert close([colour for colour, _ in found], COLOURS) and repeats == loop
    assert [time for _, time in found] == ([10, 20, 30, 40] if form == "pairs" else [50, 50, 50, 700])


def test_a_film_of_hundreds_of_files_needs_few_handles(tmp_path):
    """300 frames where 64 files may be open, given as paths or opened by an iterator."""
    for k in range(300):
        Image.new("RGB", (16, 16), (k % 256, 40 * (k % 5), 99)).save(tmp_path / f"{k:03}.png")
    code = """import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
from PIL import Image
from nnscratch.data.animation import encode_gif, read_film
paths = sorted(Path(sys.argv[1]).glob("*.png"))
for frames in (paths, (Image.open(path) for path in paths)):
    Path(sys.argv[1], "film.gif").write_bytes(encode_gif(frames))
    print(sum(1 for _ in read_film(Path(sys.argv[1], "film.gif"), 16).frames))"""
    result = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["300", "300"]


@pytest.mark.parametrize("frames, options, word", [
    ([], {}, "none"), (None, {}, "NoneType"), ([None], {}, "NoneType"), ([CORNERS], {}, "ndarray"), (5, {}, "int"),
    (["missing.png"], {}, "cannot open"), ([FRAMES[0], Image.new("RGB", (9, 9))], {}, "9x9"), ([(FRAMES[0], "x")], {}, "mill"),
    (FRAMES, {"milliseconds": -1}, "milliseconds"), (FRAMES, {"pause": 10**9}, "pause"), (FRAMES, {"loop": "yes"}, "loop"),
    (FRAMES, {"loop": False}, "loop")])
def test_what_is_no_film_is_refused(frames, options, word):
    """In one sentence."""
    assert word in complaint(encode_gif, frames, **options)


@pytest.mark.parametrize("name, options, loop", [
    ("a.gif", {"loop": 0}, 0), ("a.gif", {}, None), ("a.gif", {"loop": 4}, 4), ("a.webp", {"loop": 0, "lossless": True}, 0),
    ("a.webp", {"loop": 1, "lossless": True}, None), ("a.png", {"loop": 3}, 2),
    ("a.png", {"loop": 0, "default_image": True}, 0)])
def test_frames_are_read_one_by_one(tmp_path, name, options, loop):
    """GIF, animated WebP and APNG; an APNG may begin with an image that is no frame."""
    extra = {"append_images": [FRAMES[0], *FRAMES[1:]]} if "default_image" in options else {"append_images": FRAMES[1:]}
    first = FRAMES[3] if "default_image" in options else FRAMES[0]
    path = saved(tmp_path, first, name, save_all=True, duration=[40, 50, 60, 70], **extra, **options)
    film = read_film(path, 24)
    assert film.count == 4 and film.loop == loop and iter(film.frames) is film.frames
    frames = list(film.frames)
    assert close([frame.getpixel((3, 3)) for frame, _ in frames], COLOURS) and [time for _, time in frames] == [40, 50, 60, 70]
    assert {(frame.mode, frame.size) for frame, _ in frames} == {("RGB", (24, 16))}
    assert shown(encode_gif(film_again(path), loop=film.loop))[1] == loop


def film_again(path):
    return read_film(path, 24).frames


def test_a_plain_image_has_one_frame(tmp_path):
    """A GIF of one frame, a JPEG, pages of a TIFF; transparency is put on white, deep grey keeps its brightness."""
    pages = [frame.copy() for frame in FRAMES[1:]]  # an image remembers how it was saved
    for name, options in (("a.gif", {}), ("a.jpg", {}), ("a.tif", {"save_all": True, "append_images": pages})):
        film = read_film(saved(tmp_path, FRAMES[0].copy(), name, **options), 64)
        ((frame, _),) = film.frames
        assert film.count == 1 and frame.size == (W, H) and close([frame.getpixel((3, 3))], COLOURS[:1])
    for image, level in ((Image.new("RGBA", (W, H), (0, 0, 0, 0)), 255), (np.full((H, W), 32896, np.uint16), 128)):
        ((frame, _),) = read_film(saved(tmp_path, image, "b.png"), 64).frames
        assert close([frame.getpixel((3, 3))], [(level,) * 3])


def test_bad_films_are_refused(tmp_path, monkeypatch):
    """Too small, too many frames, too many pixels in a frame or in all, damaged, no image, no file."""
    path = saved(tmp_path, FRAMES[0], "a.gif", save_all=True, append_images=FRAMES[1:])
    assert "30x20" in complaint(read_film, path, 10) and "size" in complaint(read_film, path, 0)
    for name, limit in (("MAX_FRAMES", 3), ("MAX_FRAME_PIXELS", 599), ("MAX_FILM_PIXELS", 2399)):
        with monkeypatch.context() as small:
            small.setattr(f"nnscratch.data.animation.{name}", limit)
            assert "4 frames of 30x20" in complaint(read_film, path, 24)
    (tmp_path / "b.png").write_bytes(b"text")
    for wrong in (tmp_path / "b.png", tmp_path, tmp_path / "missing.gif", None, 7, "/dev/zero"):
        complaint(read_film, wrong, 24)
    webp = saved(tmp_path, FRAMES[0], "c.webp", save_all=True, append_images=FRAMES[1:])
    webp.write_bytes(webp.read_bytes()[:-9])
    complaint(lambda: list(read_film(webp, 24).frames))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux")
@pytest.mark.parametrize("side, count", [(13_000, 1), (9400, 2), (4096, 8)])
def test_huge_films(tmp_path, side, count):
    """A small file; its frames are refused, or shrunk one by one."""
    frames = [Image.new("P", (side, side), k) for k in range(count)]
    for frame in frames:
        frame.putpalette([9, 9, 9, 250, 250, 250, 40, 99, 9] * 85)
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    code = "from nnscratch.data.animation import read_film\nfor frame in read_film(sys.argv[1], 512).frames: pass"
    assert peak_megabytes(code, tmp_path / "a.gif") < 950
