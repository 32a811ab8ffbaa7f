"""Writing images: the file has the intended values, and is complete or absent; and images side by side."""
import os
import subprocess
import sys

import numpy as np
import pytest
from image_files import CORNERS, H, W, complaint, saved

from nnscratch.data.images import check_writable, read_image, side_by_side, write_image
from nnscratch.data.synthetic.paintings import flow_painting


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp", "A.PNG"])
@pytest.mark.parametrize("shape", [(1, H, W, 3), (H, W, 3), (H, W, 1), (H, W)])
def test_a_written_image_is_read_back(tmp_path, xp, shape, name):
    """Within half a level, for each accepted shape, on every device; grey is read as three equal channels."""
    values = np.random.default_rng(0).random(shape, np.float32)
    write_image(tmp_path / name, xp.asarray(values))
    expected = np.broadcast_to(values.reshape(1, H, W, -1), (1, H, W, 3))
    assert np.abs(read_image(tmp_path / name) - expected).max() <= 0.5001 / 255
    assert os.listdir(tmp_path) == [name]


def test_jpeg_keeps_fine_strokes(tmp_path):
    """A JPEG written here loses a third less than at Pillow's default quality."""
    painting = flow_painting(128)
    write_image(tmp_path / "ours.jpg", painting)
    saved(tmp_path, np.rint(painting[0] * 255).astype(np.uint8), "default.jpg")
    ours, default = (np.abs(read_image(tmp_path / name) - painting).mean() for name in ("ours.jpg", "default.jpg"))
    assert ours < 0.67 * default


def test_values_are_clipped_not_wrapped(tmp_path):
    """-0.5 is black, 1.5 and infinity are white, and the caller's array is unchanged."""
    values = np.full((H, W, 3), -0.5)
    values[:, 10:], values[:, 20:] = 1.5, np.inf
    before = values.copy()
    write_image(tmp_path / "a.png", values)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png")[0, 0, [0, 10, 20], 0], [0, 1, 1])
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("image, word", [
    (np.zeros((2, H, W, 3)), "(2, 20, 30, 3)"), (np.zeros((H, W, 4)), "(20, 30, 4)"), (np.zeros(H), "(20,)"),
    (np.zeros((0, W, 3)), "(0, 30, 3)"), (CORNERS, "uint8"), (np.full((H, W), np.nan), "NaN")])
def test_arrays_that_are_not_images_are_refused(tmp_path, image, word):
    """A batch, four channels, no pixels, integers, NaN: one sentence, no file."""
    assert word in complaint(write_image, tmp_path / "a.png", image)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("dtype, white", [(bool, 1), (np.uint8, 255), (np.uint16, 65535)])
def test_advice_on_integers_is_right_when_followed(tmp_path, dtype, white):
    """Dividing by the number in the sentence gives black and white."""
    image = np.zeros((H, W), dtype)
    image[:, :9] = white
    advised = int(complaint(write_image, tmp_path / "a.png", image).rsplit(" ", 1)[1])
    write_image(tmp_path / "a.png", image / advised)
    assert read_image(tmp_path / "a.png")[0, 3, [3, -3], 0].tolist() == [1, 0]


@pytest.mark.parametrize("name", ["a.ico", "a.ICNS"])
def test_formats_that_change_the_size_are_refused(tmp_path, name):
    """An icon would be silently shrunk to 256 pixels; it is refused before the work."""
    for attempt in (check_writable, lambda path: write_image(path, np.zeros((400, 400)))):
        assert "does not keep the size" in complaint(attempt, tmp_path / name)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("failing", ["os.fsync", "os.replace"])
def test_a_failing_write_leaves_the_old_file(tmp_path, monkeypatch, failing):
    """A full disk, or a failing rename: the old image is unchanged and no temporary file stays."""
    write_image(tmp_path / "a.png", np.ones((H, W)))
    old = (tmp_path / "a.png").read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(failing, fail)
    assert "No space left" in complaint(write_image, tmp_path / "a.png", np.zeros((H, W)))
    assert (tmp_path / "a.png").read_bytes() == old
    assert os.listdir(tmp_path) == ["a.png"]


def test_ctrl_c_while_writing_leaves_nothing_behind(tmp_path, monkeypatch):
    """KeyboardInterrupt is passed on, after the temporary file is removed."""
    def interrupt(*_):
        raise KeyboardInterrupt
    monkeypatch.setattr("os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_image(tmp_path / "a.png", np.zeros((H, W)))
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows lets few users make symbolic links")
def test_a_symbolic_link_is_followed(tmp_path):
    """The image it points to changes; the link stays a link."""
    write_image(tmp_path / "real.png", np.zeros((H, W)))
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    write_image(tmp_path / "link.png", np.ones((H, W)))
    assert (tmp_path / "link.png").is_symlink()
    assert read_image(tmp_path / "real.png").min() == 1


@pytest.mark.parametrize("name, word", [
    ("a.xyz", ".xyz"), ("a", "without extension"), ("a.psd", ".psd"), ("a.xbm", "XBM"), ("none/a.png", "No such file"),
    ("file.png/a.png", "Not a directory"), ("folder.png", "folder"), ("x" * 300 + ".png", "too long"),
    ("a\0.png", "null")])
def test_an_unwritable_path_is_refused_before_the_work(tmp_path, name, word):
    """check_writable raises the error that write_image would raise later, and leaves no file."""
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file.png").touch()
    for attempt in (check_writable, lambda path: write_image(path, np.zeros((H, W)))):
        assert word in complaint(attempt, f"{tmp_path}/{name}")
    assert sorted(os.listdir(tmp_path)) == ["file.png", "folder.png"]
    assert "None" in complaint(check_writable, None)


def test_an_unwritable_folder_is_detected_by_creating_a_file(tmp_path, monkeypatch):
    """Permission bits are misleading for root or on a read-only disk; only creating a file is reliable (simulated)."""
    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")
    monkeypatch.setattr("pathlib.Path.touch", refuse)
    assert "Read-only" in complaint(check_writable, tmp_path / "a.png")


def test_a_writable_path_is_accepted_and_unchanged(tmp_path):
    """For a new name no file is left; an old file keeps its content."""
    (tmp_path / "old.png").write_bytes(b"precious")
    for name in ("old.png", "new.jpg", "new.webp", "new.tif"):
        check_writable(tmp_path / name)
    assert os.listdir(tmp_path) == ["old.png"]
    assert (tmp_path / "old.png").read_bytes() == b"precious"


# --- side by side -------------------------------------------------------------------------------------------------

def test_images_are_side_by_side_on_white_with_captions():
    """Two images of different sizes are shown equally high, with white between and around them, and dark letters below."""
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
    """A column is at least as wide as its caption, and the image is centred."""
    row = side_by_side([np.zeros((1, 20, 20, 3))], ["a very long caption for a very small image"])
    assert (row[0, 30:, :4] == 1).all() and (row[0, 30:, -4:] == 1).all() and row.shape[2] > 200
    columns = np.nonzero(row[0, 15, :, 0] == 0)[0]
    assert abs(columns.mean() - (row.shape[2] - 1) / 2) <= 1


def test_labels_and_images_must_match():
    """No images, or different numbers of images and labels, are refused."""
    assert "0 images" in complaint(side_by_side, [], [])
    assert "2 labels" in complaint(side_by_side, [np.zeros((1, 20, 20, 3))], ["a", "b"])


@pytest.mark.parametrize("images, labels, options, word", [
    (None, ["a"], {}, "NoneType"), ([np.zeros((20, 20))], "a", {}, "str"), ([None], ["a"], {}, "array"),
    ([np.zeros((20, 20))], ["a"], {"height": 0}, "height"), ([np.zeros((20, 20))], ["a"], {"height": 10**6}, "height"),
    ([[[0.5, 1], [0.5]]], ["a"], {}, "array")])
def test_junk_side_by_side_is_refused(images, labels, options, word):
    """In one sentence."""
    assert word in complaint(side_by_side, images, labels, **options)


def test_captions_may_hold_anything():
    """Newlines and undecodable bytes are shown escaped, also where matplotlib cannot be imported with this MPLBACKEND."""
    image = np.zeros((1, 20, 20, 3))
    plain = side_by_side([image], ["two\\nlines \\udce9"])
    np.testing.assert_array_equal(side_by_side([image], ["two\nlines \udce9"]), plain)
    code = ("from nnscratch.data import photograph, side_by_side; import numpy as np; photograph(); "
            "side_by_side([np.zeros((20, 20))], ['a']); import matplotlib.figure")
    for backend in ("nonsense", "two\nlines", "", "agg"):
        subprocess.run([sys.executable, "-c", code], env=os.environ | {"MPLBACKEND": backend}, check=True, capture_output=True)
