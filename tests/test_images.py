"""Reading images: the values that are read, and that no file crashes the reader."""
import io
import os
import struct
import zlib

import numpy as np
import pytest
from image_files import CORNERS, H, W, complaint, saved
from PIL import Image

from nnscratch.data.images import read_image
from nnscratch.errors import InputError

UPRIGHT = {  # what EXIF orientation k requires of the stored rows and columns
    1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, -1), 7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a)}


# --- what is read -------------------------------------------------------------------------------------------------

def test_values_rows_and_columns_are_those_of_the_file(tmp_path):
    """Every level of every channel is read as level / 255, rows first."""
    levels = np.random.default_rng(0).integers(0, 256, (H, W, 3), dtype=np.uint8)
    image = read_image(saved(tmp_path, levels))
    assert image.shape == (1, H, W, 3) and image.dtype == np.float32
    np.testing.assert_array_equal(image[0], levels / np.float32(255))


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_orientation_turns_the_image(tmp_path, orientation, name):
    """All eight orientations, in each format that stores them: the corners are where they were in the scene."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path, CORNERS, name, exif=exif, **({"lossless": True} if "webp" in name else {"quality": 95}))
    image, expected = read_image(path)[0], UPRIGHT[orientation](CORNERS) / 255
    assert image.shape == expected.shape
    for place in ((3, 3), (3, -4), (-4, 3), (-4, -4)):
        np.testing.assert_allclose(image[place], expected[place], atol=0.02)


def test_broken_exif_does_not_lose_the_image(tmp_path):
    """Damaged EXIF data leave the image as stored; a valid orientation (6) is applied although the next tag is damaged."""
    rubbish = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff rubbish"
    bad_tag = (b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
               b"\x01>\0\x01\0\0\0\x03\0\0\0\x18\0\0\0\0" + bytes(30))
    for exif, expected in ((rubbish, CORNERS), (bad_tag, UPRIGHT[6](CORNERS))):
        path = saved(tmp_path, CORNERS, "a.jpg", exif=exif, quality=95)
        np.testing.assert_allclose(read_image(path)[0, 3, 3], expected[3, 3] / 255, atol=0.02)


def test_transparent_pixels_are_blended_with_white(tmp_path):
    """Alpha 0 is white whatever the stored colour, alpha 51 is a fifth of the colour, alpha 255 the colour."""
    rgba = np.full((H, W, 4), (255, 0, 100, 0), np.uint8)
    rgba[5:10, :, 3], rgba[10:, :, 3] = 51, 255
    rows = read_image(saved(tmp_path, rgba))[0, [0, 7, 15], 0]
    np.testing.assert_allclose(rows, [[1, 1, 1], [1, 0.8, 0.8784], [1, 0, 0.3922]], atol=1 / 255)


def test_grey_with_alpha_is_blended_with_white(tmp_path):
    """Black with alpha 102 is 60% grey in all three channels."""
    image = Image.merge("LA", [Image.new("L", (W, H), 0), Image.new("L", (W, H), 102)])
    np.testing.assert_allclose(read_image(saved(tmp_path, image)), 0.6, atol=1 / 255)


def test_palette_images(tmp_path):
    """A palette's indices are not grey levels; the entry marked as transparent is white, in PNG and in GIF."""
    image = Image.new("P", (W, H), 0)
    image.putpalette([200, 10, 20, 30, 140, 250])
    image.paste(1, (0, 0, 15, H))
    for name in ("a.png", "a.gif"):
        plain = read_image(saved(tmp_path, image, name))[0, 5, [3, 25]]
        np.testing.assert_allclose(plain * 255, [[30, 140, 250], [200, 10, 20]], atol=0.01)
        holed = read_image(saved(tmp_path, image, name, transparency=1))[0, 5, [3, 25]]
        np.testing.assert_allclose(holed * 255, [[255, 255, 255], [200, 10, 20]], atol=0.01)


@pytest.mark.parametrize("mode, value, expected", [
    ("L", 51, (0.2, 0.2, 0.2)), ("1", 1, (1, 1, 1)), ("1", 0, (0, 0, 0)), ("CMYK", (255, 0, 0, 0), (0, 1, 1)),
    ("CMYK", (0, 0, 255, 51), (0.8, 0.8, 0))])
def test_other_modes_become_rgb(tmp_path, mode, value, expected):
    """Grey, black-and-white and print colours are converted to the visible RGB colours."""
    image = read_image(saved(tmp_path, Image.new(mode, (W, H), value), "a.tif"))
    np.testing.assert_allclose(image[0, 3, 4], expected, atol=1.5 / 255)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_grey_of_16_bits_keeps_its_precision(tmp_path, name):
    """40000 is 40000/65535, not white: Pillow's own conversion clips at 255."""
    deep = np.full((H, W), 40000, np.uint16)
    deep[:, 0], deep[:, 1] = 65535, 1
    for size in (None, W):
        image = read_image(saved(tmp_path, deep, name), size)
        expected = np.array([[40000], [65535], [1]]) / 65535
        np.testing.assert_allclose(image[0, 3, [9, 0, 1]], expected * np.ones(3), rtol=1e-6)


def test_16_bits_big_endian_and_in_32_bits(tmp_path):
    """Modes I;16B and I give the same values as I;16."""
    deep = np.full((H, W), 40000)
    for values in (deep.astype(np.int32), deep.astype(">u2")):
        np.testing.assert_allclose(read_image(saved(tmp_path, values, "a.tif")), 40000 / 65535, rtol=1e-6)


@pytest.mark.parametrize("levels, factor", [(np.uint16(4095), 16), (np.uint8(1), 255), (np.uint16(1), 65535)])
def test_what_is_nearly_black_is_noted(tmp_path, caplog, levels, factor):
    """A camera of 12 bits, or 0 and 1 for black and white; the factor in the log is right. All black is left alone."""
    path = saved(tmp_path, np.full((H, W), levels), "dark.png")
    assert read_image(path).max() * factor == pytest.approx(1, abs=1e-3)
    assert len(caplog.messages) == 1 and "nearly black" in caplog.text
    assert float(caplog.messages[0].rsplit(" ", 1)[1]) == pytest.approx(factor, rel=1e-3)
    for other in (0, 255):
        read_image(saved(tmp_path, np.full((H, W), other, np.uint8), "other.png"))
    assert len(caplog.messages) == 1


def test_a_transparent_level_of_16_bits_is_white(tmp_path):
    """PNG may mark one 16-bit grey level as transparent; neighbouring levels are unchanged."""
    deep = np.full((H, W), 40000, np.uint16)
    deep[:, 0] = 40001
    image = read_image(saved(tmp_path, deep, transparency=40000))
    np.testing.assert_allclose(image[0, 3, [0, 1], 0], [40001 / 65535, 1], rtol=1e-6)


@pytest.mark.parametrize("values, expected", [
    ((0.25, 0.5, 0.75), (0.25, 0.5, 0.75)), ((0, 102, 510), (0, 0.2, 1)), ((-1, 0, 1), (0, 0.5, 1))])
def test_float_grey_is_kept_or_rescaled(tmp_path, values, expected):
    """Floats within [0, 1] are kept; a wider range is mapped to [0, 1]."""
    rows = np.tile(np.repeat(np.float32(values), 10), (H, 1))
    np.testing.assert_allclose(read_image(saved(tmp_path, rows, "a.tif"))[0, 0, [0, 15, 29], 1], expected)


def test_an_animation_gives_its_first_frame(tmp_path):
    """The red frame is read, the blue one is not."""
    frames = [Image.new("RGB", (W, H), colour) for colour in ("red", "blue")]
    path = saved(tmp_path, frames[0], "a.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(read_image(path)[0, 3, 3], [1, 0, 0], atol=0.01)


@pytest.mark.parametrize("size, expected", [(None, (20, 30)), (24, (16, 24)), (60, (40, 60)), (31, (21, 31))])
def test_size_is_the_longer_side(tmp_path, size, expected):
    """The longer side is reduced or enlarged to the given size, and the aspect ratio is kept."""
    assert read_image(saved(tmp_path, CORNERS), size).shape == (1, *expected, 3)
    assert read_image(saved(tmp_path, CORNERS.swapaxes(0, 1)), size).shape == (1, *expected[::-1], 3)


def test_an_image_need_not_be_enlarged(tmp_path):
    """enlarge=False: reduced to a smaller size, unchanged for a larger one."""
    path = saved(tmp_path, CORNERS)
    assert read_image(path, 24, enlarge=False).shape == (1, 16, 24, 3)
    np.testing.assert_array_equal(read_image(path, 60, enlarge=False)[0], CORNERS / np.float32(255))


def test_16_bit_grey_stays_in_range_when_resized(tmp_path):
    """Lanczos overshoots at an edge between black and white; floats must be clipped."""
    edge = np.zeros((H, W), np.uint16)
    edge[:, 15:] = 65535
    image = read_image(saved(tmp_path, edge), 47)
    assert image.min() == 0 and image.max() == 1


def test_reducing_averages_instead_of_dropping_pixels(tmp_path):
    """A fine checkerboard becomes grey, not a moiré pattern of black and white."""
    board = (np.indices((128, 128)).sum(0) % 2 * 255).astype(np.uint8)
    np.testing.assert_allclose(read_image(saved(tmp_path, board), 32)[0, 4:-4, 4:-4], 0.5, atol=0.02)


@pytest.mark.parametrize("shape, shorter, enlarge, expected", [
    ((40, 100), 20, True, (20, 50)), ((100, 40), 20, True, (50, 20)), ((20, 400), 40, True, (40, 800)),
    ((20, 400), 40, False, (20, 400)), ((41, 100), 20, False, (20, 49))])
def test_shorter_is_the_shorter_side(tmp_path, shape, shorter, enlarge, expected):
    """A wide image keeps the detail of its shorter side, so that squares can be cut out of it."""
    path = saved(tmp_path, np.zeros(shape, np.uint8))
    assert read_image(path, shorter=shorter, enlarge=enlarge).shape == (1, *expected, 3)


def test_32_bit_integers_up_to_255_are_bytes(tmp_path):
    """Not nearly black; 16-bit grey that happens to be dark stays dark."""
    levels = np.tile(np.arange(0, 240, 8), (H, 1))
    for dtype, white in ((np.int32, 255), (np.uint16, 65535)):
        image = read_image(saved(tmp_path, levels.astype(dtype), "a.tif"))
        np.testing.assert_allclose(image[0, 3, :, 1], levels[3] / white, rtol=1e-6)


def test_bands_do_not_change_a_pixel(tmp_path, monkeypatch):
    """Images are converted and resized in bands of rows: the result is that of the whole image, bit for bit."""
    rng = np.random.default_rng(0)
    colour, deep = rng.integers(0, 256, (200, 150, 4)).astype(np.uint8), rng.integers(0, 65536, (200, 150)).astype(np.uint16)
    for pixels in (colour, colour[..., :3], deep):
        path = saved(tmp_path, pixels)
        for size in (None, 47, 333):
            whole = read_image(path, size)
            with monkeypatch.context() as small:
                small.setattr("nnscratch.data.decode.BAND", 1000)
                np.testing.assert_array_equal(read_image(path, size), whole)


# --- what is refused ----------------------------------------------------------------------------------------------

def png_header(width, height):
    """A PNG whose header states a size but which contains no pixels, like a decompression bomb."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 99)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def bad_files():
    """Bytes of files that must be refused, and a word that the error must contain."""
    good = io.BytesIO()
    Image.fromarray(CORNERS).save(good, "JPEG")
    postscript = io.BytesIO()
    Image.fromarray(CORNERS).save(postscript, "EPS")
    nan = io.BytesIO()
    Image.fromarray(np.full((H, W), np.nan, np.float32)).save(nan, "TIFF")
    return {"empty": (b"", "empty"), "text": (b"I am no image", "not an image"),
            "truncated": (good.getvalue()[:-60], "damaged"), "bomb": (png_header(10_000, 10_000), "too large"),
            "big bomb": (png_header(60_000, 60_000), "too large"), "postscript": (postscript.getvalue(), "not an image"),
            "nan": (nan.getvalue(), "NaN")}


@pytest.mark.parametrize("name", bad_files())
def test_a_bad_file_gives_one_sentence(tmp_path, name):
    """Nothing is decoded, and the sentence names the file and the problem."""
    content, word = bad_files()[name]
    (tmp_path / "bad.png").write_bytes(content)
    message = complaint(read_image, tmp_path / "bad.png")
    assert word in message and "bad.png" in message


def test_paths_without_an_image_give_one_sentence(tmp_path):
    """A missing file, a folder, a pipe (reading it would wait forever), an impossible name, an empty name."""
    assert "None" in complaint(read_image, None)
    assert "No such file" in complaint(read_image, tmp_path / "none.png")
    assert "folder" in complaint(read_image, tmp_path)
    assert "null" in complaint(read_image, "a\0.png")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        assert "not a regular file" in complaint(read_image, tmp_path / "pipe.png")


def test_a_file_without_permission_gives_one_sentence(tmp_path, monkeypatch):
    """The operating system's error is passed on (simulated: root may read everything)."""
    path = saved(tmp_path, CORNERS)
    def refuse(*_):
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr("builtins.open", refuse)
    assert "Permission denied" in complaint(read_image, path)


@pytest.mark.parametrize("shape, options", [
    ((1, 1), {}), ((1, 1), {"size": 64}), ((15, 90), {}), ((40, 400), {"size": 100}), ((20, 20), {"minimum": 24})])
def test_an_image_too_small_for_the_network_is_refused(tmp_path, shape, options):
    """Neither the file nor the resized image may have a side below the minimum, and the aspect ratio is kept."""
    message = complaint(read_image, saved(tmp_path, np.zeros(shape, np.uint8)), **options)
    assert f"{shape[1]}x{shape[0]}" in message and str(options.get("minimum", 16)) in message


@pytest.mark.parametrize("size", [0, -5, 15, 2.5, "big", 10**9])
def test_an_impossible_size_is_refused(tmp_path, size):
    """Before the file is opened."""
    assert repr(size) in complaint(read_image, tmp_path / "none.png", size)


def test_only_one_of_size_and_shorter(tmp_path):
    """Both are refused, as are impossible values of `shorter`, and a result of too many pixels."""
    assert "shorter is 32" in complaint(read_image, tmp_path / "none.png", 32, shorter=32)
    assert "shorter is 2.5" in complaint(read_image, tmp_path / "none.png", shorter=2.5)
    assert "16x30000" in complaint(read_image, saved(tmp_path, np.zeros((30000, 16), np.uint8)), shorter=9000)


def test_a_very_large_image_needs_a_size(tmp_path, monkeypatch):
    """As floats it would fill the memory; formats that are decoded through copies are refused even with a size."""
    monkeypatch.setattr("nnscratch.data.decode.LARGE", 500)
    assert "30x20 pixels" in complaint(read_image, saved(tmp_path, CORNERS)) and read_image(tmp_path / "image.png", 24).size
    assert "shrink it" in complaint(read_image, saved(tmp_path, CORNERS, "a.webp"), 24)
    half = read_image(saved(tmp_path, CORNERS, "a.jpg", quality=95), 15, minimum=8)
    np.testing.assert_allclose(half[0, 2, 3], [1, 0, 0], atol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_no_damaged_file_crashes_the_reader(tmp_path, form):
    """A file that is truncated or has random bytes overwritten is read or refused; no other exception is ever raised."""
    chance, buffer, path = np.random.default_rng(0), io.BytesIO(), tmp_path / "fuzzed"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(CORNERS).save(buffer, form, **({"exif": exif} if form not in ("GIF", "BMP") else {}))
    whole, refused = buffer.getvalue(), 0
    for trial in range(150):
        broken = bytearray(whole[:chance.integers(len(whole))] if trial % 2 else whole)
        for place in chance.integers(0, len(broken), 4) if trial % 3 and broken else ():
            broken[place] = chance.integers(256)
        path.write_bytes(broken)
        try:
            image = read_image(path, 24)
            assert image.shape[3] == 3 and image.min() >= 0 and image.max() <= 1
        except InputError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 30
