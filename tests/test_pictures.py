"""Pictures in and out: the values that are read and written, and that no file whatever breaks the reader."""
import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from nnscratch.data.paintings import flow_painting
from nnscratch.data.pictures import check_writable, read_picture, side_by_side, write_picture
from nnscratch.errors import InputError

H, W = 20, 30
CORNERS = np.zeros((H, W, 3), np.uint8)  # red top left, green top right, blue bottom left, white bottom right
CORNERS[:10, :15], CORNERS[:10, 15:], CORNERS[10:, :15], CORNERS[10:, 15:] = (255, 0, 0), (0, 255, 0), (0, 0, 255), 255
UPRIGHT = {  # what EXIF orientation k asks of the stored rows and columns
    1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, -1), 7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a)}


def saved(folder, image, name="picture.png", **options):
    """The path of a PIL image or an array saved in the folder."""
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(folder / name, **options)
    return folder / name


def complaint(function, *arguments, **options):
    """The message of the InputError that the call raises; it must be one sentence on one line."""
    with pytest.raises(InputError) as caught:
        function(*arguments, **options)
    message = str(caught.value)
    assert "\n" not in message and ". " not in message and "expected" in message, message
    return message


# --- what is read -------------------------------------------------------------------------------------------------

def test_values_rows_and_columns_are_those_of_the_file(tmp_path):
    """Every level of every channel arrives as level / 255, rows first."""
    levels = np.random.default_rng(0).integers(0, 256, (H, W, 3), dtype=np.uint8)
    picture = read_picture(saved(tmp_path, levels))
    assert picture.shape == (1, H, W, 3) and picture.dtype == np.float32
    np.testing.assert_array_equal(picture[0], levels / np.float32(255))


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_orientation_turns_the_picture(tmp_path, orientation, name):
    """All eight orientations, in each format that carries them, show the corners where a camera meant them."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path, CORNERS, name, exif=exif, **({"lossless": True} if "webp" in name else {"quality": 95}))
    picture, expected = read_picture(path)[0], UPRIGHT[orientation](CORNERS) / 255
    assert picture.shape == expected.shape
    for place in ((3, 3), (3, -4), (-4, 3), (-4, -4)):
        np.testing.assert_allclose(picture[place], expected[place], atol=0.02)


def test_broken_exif_does_not_lose_the_picture(tmp_path):
    """EXIF of rubbish leaves the picture as stored; a good orientation (6) is followed though the next tag is bad."""
    rubbish = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff rubbish"
    bad_tag = (b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
               b"\x01>\0\x01\0\0\0\x03\0\0\0\x18\0\0\0\0" + bytes(30))
    for exif, expected in ((rubbish, CORNERS), (bad_tag, UPRIGHT[6](CORNERS))):
        path = saved(tmp_path, CORNERS, "a.jpg", exif=exif, quality=95)
        np.testing.assert_allclose(read_picture(path)[0, 3, 3], expected[3, 3] / 255, atol=0.02)


def test_transparency_lies_on_white(tmp_path):
    """Alpha 0 is white whatever colour hides below, alpha 51 is a fifth of the colour, alpha 255 the colour."""
    rgba = np.full((H, W, 4), (255, 0, 100, 0), np.uint8)
    rgba[5:10, :, 3], rgba[10:, :, 3] = 51, 255
    rows = read_picture(saved(tmp_path, rgba))[0, [0, 7, 15], 0]
    np.testing.assert_allclose(rows, [[1, 1, 1], [1, 0.8, 0.8784], [1, 0, 0.3922]], atol=1 / 255)


def test_grey_with_alpha_lies_on_white(tmp_path):
    """Black at alpha 102 is 60% grey in all three channels."""
    image = Image.merge("LA", [Image.new("L", (W, H), 0), Image.new("L", (W, H), 102)])
    np.testing.assert_allclose(read_picture(saved(tmp_path, image)), 0.6, atol=1 / 255)


def test_palettes_give_their_colours_and_their_transparent_entry_white(tmp_path):
    """A palette's indices are not grey levels; the entry marked transparent is white, in PNG and in GIF."""
    image = Image.new("P", (W, H), 0)
    image.putpalette([200, 10, 20, 30, 140, 250])
    image.paste(1, (0, 0, 15, H))
    for name in ("a.png", "a.gif"):
        plain = read_picture(saved(tmp_path, image, name))[0, 5, [3, 25]]
        np.testing.assert_allclose(plain * 255, [[30, 140, 250], [200, 10, 20]], atol=0.01)
        holed = read_picture(saved(tmp_path, image, name, transparency=1))[0, 5, [3, 25]]
        np.testing.assert_allclose(holed * 255, [[255, 255, 255], [200, 10, 20]], atol=0.01)


@pytest.mark.parametrize("mode, value, expected", [
    ("L", 51, (0.2, 0.2, 0.2)), ("1", 1, (1, 1, 1)), ("1", 0, (0, 0, 0)), ("CMYK", (255, 0, 0, 0), (0, 1, 1)),
    ("CMYK", (0, 0, 255, 51), (0.8, 0.8, 0))])
def test_other_modes_become_red_green_blue(tmp_path, mode, value, expected):
    """Grey, black-and-white and print colours arrive as the RGB one sees."""
    picture = read_picture(saved(tmp_path, Image.new(mode, (W, H), value), "a.tif"))
    np.testing.assert_allclose(picture[0, 3, 4], expected, atol=1.5 / 255)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_grey_of_16_bits_keeps_its_precision(tmp_path, name):
    """40000 is 40000/65535, not white: Pillow's own conversion clips at 255."""
    deep = np.full((H, W), 40000, np.uint16)
    deep[:, 0], deep[:, 1] = 65535, 1
    for size in (None, W):
        picture = read_picture(saved(tmp_path, deep, name), size)
        expected = np.array([[40000], [65535], [1]]) / 65535
        np.testing.assert_allclose(picture[0, 3, [9, 0, 1]], expected * np.ones(3), rtol=1e-6)


def test_16_bits_in_the_other_byte_order_and_in_32_bits(tmp_path):
    """Modes I;16B and I say the same as I;16."""
    deep = np.full((H, W), 40000)
    for values in (deep.astype(np.int32), deep.astype(">u2")):
        np.testing.assert_allclose(read_picture(saved(tmp_path, values, "a.tif")), 40000 / 65535, rtol=1e-6)


def test_a_transparent_level_of_16_bits_is_white(tmp_path):
    """PNG may name one deep grey level as transparent; its neighbours stay as they are."""
    deep = np.full((H, W), 40000, np.uint16)
    deep[:, 0] = 40001
    picture = read_picture(saved(tmp_path, deep, transparency=40000))
    np.testing.assert_allclose(picture[0, 3, [0, 1], 0], [40001 / 65535, 1], rtol=1e-6)


@pytest.mark.parametrize("values, expected", [
    ((0.25, 0.5, 0.75), (0.25, 0.5, 0.75)), ((0, 102, 510), (0, 0.2, 1)), ((-1, 0, 1), (0, 0.5, 1))])
def test_float_grey_is_taken_as_it_is_or_stretched(tmp_path, values, expected):
    """Floats within [0, 1] are kept; a wider range is mapped to it."""
    rows = np.tile(np.repeat(np.float32(values), 10), (H, 1))
    np.testing.assert_allclose(read_picture(saved(tmp_path, rows, "a.tif"))[0, 0, [0, 15, 29], 1], expected)


def test_an_animation_is_its_first_frame(tmp_path):
    """The red frame is read, the blue one not."""
    frames = [Image.new("RGB", (W, H), colour) for colour in ("red", "blue")]
    path = saved(tmp_path, frames[0], "a.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(read_picture(path)[0, 3, 3], [1, 0, 0], atol=0.01)


@pytest.mark.parametrize("size, expected", [(None, (20, 30)), (24, (16, 24)), (60, (40, 60)), (31, (21, 31))])
def test_size_is_the_longer_side(tmp_path, size, expected):
    """Shrunk or enlarged, the longer side is the size asked for and the shape of the picture is kept."""
    assert read_picture(saved(tmp_path, CORNERS), size).shape == (1, *expected, 3)
    assert read_picture(saved(tmp_path, CORNERS.swapaxes(0, 1)), size).shape == (1, *expected[::-1], 3)


def test_deep_grey_stays_in_range_when_resized(tmp_path):
    """Lanczos overshoots at an edge between black and white; for floats nothing but our clip stops it."""
    edge = np.zeros((H, W), np.uint16)
    edge[:, 15:] = 65535
    picture = read_picture(saved(tmp_path, edge), 47)
    assert picture.min() == 0 and picture.max() == 1


def test_shrinking_averages_instead_of_dropping_pixels(tmp_path):
    """A fine checkerboard becomes grey, not a moiré of black and white."""
    board = (np.indices((128, 128)).sum(0) % 2 * 255).astype(np.uint8)
    np.testing.assert_allclose(read_picture(saved(tmp_path, board), 32)[0, 4:-4, 4:-4], 0.5, atol=0.02)


# --- what is refused ----------------------------------------------------------------------------------------------

def png_header(width, height):
    """A PNG that claims a size and holds nothing: what a decompression bomb looks like at the door."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 99)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def bad_files():
    """Bytes of files that must be refused, and a word of the sentence that says why."""
    good = io.BytesIO()
    Image.fromarray(CORNERS).save(good, "JPEG")
    postscript = io.BytesIO()
    Image.fromarray(CORNERS).save(postscript, "EPS")
    nan = io.BytesIO()
    Image.fromarray(np.full((H, W), np.nan, np.float32)).save(nan, "TIFF")
    return {"empty": (b"", "empty"), "text": (b"I am no picture", "no picture"),
            "truncated": (good.getvalue()[:-60], "damaged"), "bomb": (png_header(10_000, 10_000), "too large"),
            "big bomb": (png_header(60_000, 60_000), "too large"), "postscript": (postscript.getvalue(), "no picture"),
            "nan": (nan.getvalue(), "NaN")}


@pytest.mark.parametrize("name", bad_files())
def test_a_bad_file_is_one_sentence(tmp_path, name):
    """Nothing is decoded, and the sentence names the file and what is wrong."""
    content, word = bad_files()[name]
    (tmp_path / "bad.png").write_bytes(content)
    message = complaint(read_picture, tmp_path / "bad.png")
    assert word in message and "bad.png" in message


def test_places_without_a_picture_are_one_sentence(tmp_path):
    """A missing file, a folder, a pipe (which must not be waited for), an impossible name."""
    assert "No such file" in complaint(read_picture, tmp_path / "none.png")
    assert "folder" in complaint(read_picture, tmp_path)
    assert "null" in complaint(read_picture, "a\0.png")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        assert "no regular file" in complaint(read_picture, tmp_path / "pipe.png")


def test_a_file_without_permission_is_one_sentence(tmp_path, monkeypatch):
    """The operating system's refusal is passed on (simulated: root may read everything)."""
    path = saved(tmp_path, CORNERS)
    def refuse(*_):
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr("builtins.open", refuse)
    assert "Permission denied" in complaint(read_picture, path)


@pytest.mark.parametrize("shape, options", [
    ((1, 1), {}), ((1, 1), {"size": 64}), ((15, 90), {}), ((40, 400), {"size": 100}), ((20, 20), {"minimum": 24})])
def test_a_picture_too_small_for_the_network_is_refused(tmp_path, shape, options):
    """Neither the file nor the resized picture may have a side below the minimum, and nothing is distorted for it."""
    message = complaint(read_picture, saved(tmp_path, np.zeros(shape, np.uint8)), **options)
    assert f"{shape[1]}x{shape[0]}" in message and str(options.get("minimum", 16)) in message


@pytest.mark.parametrize("size", [0, -5, 15, 2.5, "big", 10**9])
def test_an_impossible_size_is_refused(tmp_path, size):
    """Before the file is even opened."""
    assert repr(size) in complaint(read_picture, tmp_path / "none.png", size)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_no_broken_file_crashes_the_reader(tmp_path, form):
    """Cut short or with bytes overwritten at random, a file is read or refused; no other exception ever comes out."""
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
            picture = read_picture(path, 24)
            assert picture.shape[3] == 3 and picture.min() >= 0 and picture.max() <= 1
        except InputError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 30


# --- what is written ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp", "A.PNG"])
@pytest.mark.parametrize("shape", [(1, H, W, 3), (H, W, 3), (H, W, 1), (H, W)])
def test_what_is_written_is_read_again(tmp_path, xp, shape, name):
    """Within half a level, for each accepted shape, on every device; grey comes back in all three channels."""
    values = np.random.default_rng(0).random(shape, np.float32)
    write_picture(tmp_path / name, xp.asarray(values))
    expected = np.broadcast_to(values.reshape(1, H, W, -1), (1, H, W, 3))
    assert np.abs(read_picture(tmp_path / name) - expected).max() <= 0.5001 / 255
    assert os.listdir(tmp_path) == [name]


def test_jpeg_keeps_the_strokes(tmp_path):
    """A JPEG of ours loses a third less than one of Pillow's default quality."""
    painting = flow_painting(128)
    write_picture(tmp_path / "ours.jpg", painting)
    saved(tmp_path, np.rint(painting[0] * 255).astype(np.uint8), "default.jpg")
    ours, default = (np.abs(read_picture(tmp_path / name) - painting).mean() for name in ("ours.jpg", "default.jpg"))
    assert ours < 0.67 * default


def test_values_are_clipped_not_wrapped(tmp_path):
    """-0.5 is black, 1.5 and infinity are white, and the caller's array is left alone."""
    values = np.full((H, W, 3), -0.5)
    values[:, 10:], values[:, 20:] = 1.5, np.inf
    before = values.copy()
    write_picture(tmp_path / "a.png", values)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png")[0, 0, [0, 10, 20], 0], [0, 1, 1])
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("picture, word", [
    (np.zeros((2, H, W, 3)), "(2, 20, 30, 3)"), (np.zeros((H, W, 4)), "(20, 30, 4)"), (np.zeros(H), "(20,)"),
    (np.zeros((0, W, 3)), "(0, 30, 3)"), (CORNERS, "uint8"), (np.full((H, W), np.nan), "NaN")])
def test_what_is_no_picture_is_not_written(tmp_path, picture, word):
    """A batch, four channels, no pixels, integers, NaN: one sentence, no file."""
    assert word in complaint(write_picture, tmp_path / "a.png", picture)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("failing", ["os.fsync", "os.replace"])
def test_a_failing_write_leaves_the_old_file(tmp_path, monkeypatch, failing):
    """A full disk, or a refused rename: the old picture is untouched and no temporary file stays."""
    write_picture(tmp_path / "a.png", np.ones((H, W)))
    old = (tmp_path / "a.png").read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(failing, fail)
    assert "No space left" in complaint(write_picture, tmp_path / "a.png", np.zeros((H, W)))
    assert (tmp_path / "a.png").read_bytes() == old
    assert os.listdir(tmp_path) == ["a.png"]


def test_ctrl_c_while_writing_leaves_nothing_behind(tmp_path, monkeypatch):
    """An interruption is passed on, after tidying up."""
    def interrupt(*_):
        raise KeyboardInterrupt
    monkeypatch.setattr("os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_picture(tmp_path / "a.png", np.zeros((H, W)))
    assert os.listdir(tmp_path) == []


def test_a_symbolic_link_is_written_through(tmp_path):
    """The picture it points to changes; the link stays a link."""
    write_picture(tmp_path / "real.png", np.zeros((H, W)))
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    write_picture(tmp_path / "link.png", np.ones((H, W)))
    assert (tmp_path / "link.png").is_symlink()
    assert read_picture(tmp_path / "real.png").min() == 1


@pytest.mark.parametrize("name, word", [
    ("a.xyz", ".xyz"), ("a", "without extension"), ("a.psd", ".psd"), ("a.xbm", "XBM"), ("none/a.png", "No such file"),
    ("file.png/a.png", "Not a directory"), ("folder.png", "folder"), ("x" * 300 + ".png", "too long"),
    ("a\0.png", "null")])
def test_an_impossible_place_is_refused_before_the_work(tmp_path, name, word):
    """check_writable says in one sentence what write_picture would say later, and leaves nothing behind."""
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file.png").touch()
    for attempt in (check_writable, lambda path: write_picture(path, np.zeros((H, W)))):
        assert word in complaint(attempt, f"{tmp_path}/{name}")
    assert sorted(os.listdir(tmp_path)) == ["file.png", "folder.png"]


def test_a_folder_that_refuses_files_is_found_out_by_trying(tmp_path, monkeypatch):
    """Permission bits say nothing to root or on a read-only disk; only creating a file does (simulated)."""
    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")
    monkeypatch.setattr("pathlib.Path.touch", refuse)
    assert "Read-only" in complaint(check_writable, tmp_path / "a.png")


def test_a_good_place_is_accepted_and_left_as_it_was(tmp_path):
    """A new name leaves no file; an old file keeps its content."""
    (tmp_path / "old.png").write_bytes(b"precious")
    for name in ("old.png", "new.jpg", "new.webp", "new.tif"):
        check_writable(tmp_path / name)
    assert os.listdir(tmp_path) == ["old.png"]
    assert (tmp_path / "old.png").read_bytes() == b"precious"


# --- side by side -------------------------------------------------------------------------------------------------

def test_pictures_stand_in_a_row_on_white_with_captions():
    """Two grounds of different sizes come out equally high, with white between and around, and dark letters below."""
    red, blue = np.zeros((1, 40, 40, 3)), np.zeros((1, 80, 40, 3))
    red[..., 0], blue[..., 2] = 1, 1
    row = side_by_side([red, blue], ["one", "two"], height=80)
    assert row.dtype == np.float32 and row.shape[0] == 1 and row.min() >= 0 and row.max() <= 1
    is_red, is_blue = np.isclose(row[0], (1, 0, 0)).all(-1), np.isclose(row[0], (0, 0, 1)).all(-1)
    assert is_red.sum() == 80 * 80 and is_blue.sum() == 80 * 40
    assert is_red.any(1).sum() == is_blue.any(1).sum() == 80 and is_red.any(0).sum() == 80
    assert (row[0, [0, -1]] == 1).all() and (row[0, :, [0, -1]] == 1).all()
    bottom = row[0, np.nonzero(is_red.any(1))[0].max() + 1:]
    for columns in (is_red.any(0), is_blue.any(0)):
        assert bottom[:, columns].min() < 0.4  # letters


def test_a_long_caption_is_not_cut():
    """A column is at least as wide as its caption, and the picture stands in its middle."""
    row = side_by_side([np.zeros((1, 20, 20, 3))], ["a very long caption for a very small picture"])
    assert (row[0, 30:, :4] == 1).all() and (row[0, 30:, -4:] == 1).all() and row.shape[2] > 200
    columns = np.nonzero(row[0, 15, :, 0] == 0)[0]
    assert abs(columns.mean() - (row.shape[2] - 1) / 2) <= 1


def test_labels_and_pictures_must_match():
    """None at all, or unequal numbers, are refused."""
    assert "0 pictures" in complaint(side_by_side, [], [])
    assert "2 labels" in complaint(side_by_side, [np.zeros((1, 20, 20, 3))], ["a", "b"])
