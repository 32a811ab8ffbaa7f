"""Animated WebP, written: colours, durations and loops are those that were given; one frame at a time is in memory."""
import io
import sys

import numpy as np
import pytest
from image_files import CORNERS, H, W, complaint, saved
from memory_use import peak_megabytes
from PIL import Image
from test_animation import COLOURS, FRAMES, close

from nnscratch.data.animation import encode_gif, read_film
from nnscratch.data.colour import srgb_profile
from nnscratch.data.webp import encode_film, encode_webp, is_film
from nnscratch.marks import is_ours

TIMES = [15, 1234, 1, 655_350]


def written(folder, frames, **options):
    (folder / "film.webp").write_bytes(encode_webp(frames, **options))
    return folder / "film.webp"


@pytest.mark.parametrize("form", ["images", "iterator", "paths", "pairs"])
@pytest.mark.parametrize("loop", [0, None, 1, 3, 65_534])
def test_frames_become_a_webp(tmp_path, form, loop):
    """Of any form that a GIF takes; durations to the millisecond, which a GIF would round to 10."""
    paths = [saved(tmp_path, frame, f"{k}.png") for k, frame in enumerate(FRAMES)]
    frames = {"images": FRAMES, "iterator": iter(FRAMES), "paths": paths, "pairs": zip(FRAMES, TIMES)}[form]
    path = written(tmp_path, frames, milliseconds=47, pause=703, loop=loop)
    film = read_film(path, 64)
    shown = list(film.frames)
    assert film.count == 4 and film.loop == loop and close([frame.getpixel((3, 3)) for frame, _ in shown], COLOURS)
    assert [time for _, time in shown] == (TIMES if form == "pairs" else [47, 47, 47, 703])
    with Image.open(path) as image:  # what others see
        assert image.n_frames == 4 and image.info["loop"] == (1 if loop is None else loop and loop + 1)
        assert image.size == (W, H) and image.info["icc_profile"] == srgb_profile()
    assert is_ours(path)


@pytest.mark.parametrize("loop", [0, None, 5])
def test_from_gif_to_webp_and_back(tmp_path, loop):
    """Loop and durations survive both ways, and a second time the bytes are the same."""
    (tmp_path / "a.gif").write_bytes(encode_gif(zip(FRAMES, (40, 50, 60, 70)), loop=loop))
    film = read_film(tmp_path / "a.gif", 64)
    path = written(tmp_path, film.frames, loop=film.loop)
    first = path.read_bytes()
    assert written(tmp_path, read_film(tmp_path / "a.gif", 64).frames, loop=film.loop).read_bytes() == first
    film = read_film(path, 64)
    (tmp_path / "b.gif").write_bytes(encode_film(tmp_path / "b.gif", film.frames, loop=film.loop))
    film = read_film(tmp_path / "b.gif", 64)
    assert film.loop == loop and [time for _, time in film.frames] == [40, 50, 60, 70]


def test_odd_sizes_and_transparency(tmp_path):
    """Sides of 1 and odd lengths; transparent pixels are white; every corner is where it was."""
    clear = Image.new("RGBA", (W, H), (0, 0, 0, 0))
    film = read_film(written(tmp_path, [clear, Image.fromarray(CORNERS)]), 64)
    (blank, _), (corners, _) = film.frames
    assert np.asarray(blank).min() > 250
    for x, y in ((2, 2), (W - 3, 2), (2, H - 3), (W - 3, H - 3)):
        assert close([corners.getpixel((x, y))], [tuple(CORNERS[y, x])])
    for side in ((1, 1), (7, 13), (16383, 1)):
        path = written(tmp_path, [Image.new("RGB", side, colour) for colour in COLOURS])
        with Image.open(path) as image:
            assert image.size == side and image.n_frames == 4


@pytest.mark.parametrize("frames, options, word", [
    ([], {}, "none"), (None, {}, "NoneType"), ([FRAMES[0], Image.new("RGB", (9, 9))], {}, "9x9"), ([5], {}, "int"),
    (FRAMES, {"loop": -1}, "encode_webp: loop"), (FRAMES, {"pause": 10**9}, "encode_webp: pause"),
    ([Image.new("RGB", (16384, 1))] * 2, {}, "16383")])
def test_what_is_no_film_is_refused(frames, options, word):
    """In one sentence."""
    assert word in complaint(encode_webp, frames, **options)


def test_the_extension_chooses_the_format(tmp_path):
    """In any case of letters; another is refused."""
    for name, kind in (("a.gif", "GIF"), ("A.WEBP", "WEBP")):
        assert is_film(name) and Image.open(io.BytesIO(encode_film(tmp_path / name, FRAMES))).format == kind
    assert not is_film("a.png") and ".webp" in complaint(encode_film, "a.png", FRAMES)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux")
def test_a_long_film_is_never_in_memory(tmp_path):
    """200 frames of 1000x1000, 600 MB of pixels."""
    code = """from PIL import Image
from nnscratch.data.webp import encode_webp
encode_webp(Image.new("RGB", (1000, 1000), (k, 0, 0)) for k in range(200))"""
    assert peak_megabytes(code, tmp_path) < 200
