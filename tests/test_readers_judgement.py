"""Readers: what counts as data, what range numbers have, and what things are called."""
import os
from pathlib import Path

import numpy as np
import pytest
from reader_files import IMAGES, idx, save, write

from nnscratch.data.dataset import fingerprint
from nnscratch.data.readers import places
from nnscratch.data.readers.folder import image_files
from nnscratch.data.readers.formats import open_dataset
from nnscratch.errors import InputError
from nnscratch.files import open_regular_file

# --- ranges and sizes ---------------------------------------------------------------------------------------------

WIDE = np.linspace(0, 1, 12).reshape(1, 3, 4, 1)  # from black to white


@pytest.mark.parametrize("array", [
    (WIDE * 65535).astype(np.uint16), (WIDE * 255).astype(np.int64), (WIDE * 4095).astype(np.int32), WIDE * 16, WIDE * 255,
    (WIDE > 0.5).astype(np.uint8), (WIDE > 0.5).astype(np.int8), (WIDE * 255 - 128).astype(np.int8), WIDE * 4 - 2,
    (WIDE * 2e9).astype(np.int64) - 10**9, WIDE * 1.2 - 0.1, WIDE * 2.2 - 1.1, WIDE * 65535, (WIDE * 16).astype(np.int16)])
def test_advice_is_right_when_followed(tmp_path, array):
    """The array is refused; after the conversion that the sentence advises it is read, from black to white."""
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(InputError) as caught:
        open_dataset(tmp_path / "a.npy")
    words = {"divide by 255": "x / 255", "multiply by 255": "x * np.uint8(255)"}
    advice = str(caught.value).rsplit(": ", 1)[1]
    code = advice.split(", ", 1)[1] if ", " in advice else words.get(advice, advice.removeprefix("convert with "))
    np.save(tmp_path / "b.npy", eval(code, {"np": np, "x": array}))
    read = open_dataset(tmp_path / "b.npy").images.astype(int)
    assert read.min() == 0 and read.max() == 255 and (np.diff(read.ravel()) >= 0).all()


def test_bytes_of_0_and_1_are_refused_by_every_reader(tmp_path):
    """They would be black; all black is no mistake of this kind."""
    bits = (IMAGES > 99).astype(np.uint8)
    np.savez(tmp_path / "a.npz", x=bits)
    save(tmp_path / "folder", "a.png", bits[0])
    for path in (tmp_path / "a.npz", tmp_path / "folder", write(tmp_path, "a", idx(bits))):
        with pytest.raises(InputError, match="multiply by 255"):
            open_dataset(path)
    assert open_dataset(write(tmp_path, "b", idx(0 * bits))).images.max() == 0


def test_images_of_thousands_of_pixels_need_a_size(tmp_path):
    """Without one they would be refused by whatever uses them, after the work; every reader says so."""
    long = np.full((2, 8, 3000), 7, np.uint8)
    np.save(tmp_path / "a.npy", long)
    for image in (0, 1):
        save(tmp_path / "folder", f"{image}.png", long[image])
    for path in (tmp_path / "a.npy", tmp_path / "folder", write(tmp_path, "a", idx(long))):
        with pytest.raises(InputError, match="3000x8 pixels, expected at most 2048 a side: give a size"):
            open_dataset(path)
        assert open_dataset(path, size=(8, 64)).images.shape == (2, 8, 64, 1)


def test_cameras_of_12_bits_are_noted(tmp_path, caplog):
    """Grey of 16 bits whose white may be 4095 is read as it says, nearly black; the log has the factor."""
    save(tmp_path, "a.png", (WIDE[0, :, :, 0] * 4095).astype(np.uint16).repeat(8, 0).repeat(8, 1))
    assert open_dataset(tmp_path).images.max() == 16 and "if that is its white, multiply by 15.94" in caplog.text


# --- files and names ----------------------------------------------------------------------------------------------

@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_counts_as_an_image(tmp_path):
    """By extension or by content; not hidden, not a folder, not a pipe, not what nnscratch wrote."""
    for name in ("a.GIF", "b.jfif", "c.jpe", "d.ppm", "e.webp", "f.png", ".hidden.png", "._f.png"):
        save(tmp_path, name, IMAGES[0])
    save(tmp_path, "g.png", IMAGES[0]).rename(tmp_path / "no_extension")
    (tmp_path / "album.png").mkdir()
    write(tmp_path, "notes.txt", b"text")
    write(tmp_path, "broken.png", b"text")  # an image by its name
    os.mkfifo(tmp_path / "pipe.png")
    paths, skipped = image_files(tmp_path)
    assert [path.name for path in paths] == ["a.GIF", "b.jfif", "broken.png", "c.jpe", "d.ppm", "e.webp", "f.png",
                                             "no_extension"]
    assert skipped == ["album.png", "notes.txt", "pipe.png"]


def test_a_folder_is_listed_once_and_each_image_opened_once(tmp_path, monkeypatch):
    """A folder may hold very many images. (What looks for our own files opens each once more.)"""
    listed, opened, whole = [], [], Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda folder: listed.append(folder.name) or whole(folder))
    monkeypatch.setattr("nnscratch.data.readers.folder.open_regular_file",
                        lambda path, *more: opened.append(path.name) or open_regular_file(path, *more))
    (tmp_path / "all").mkdir()
    for folder, name in (("cats", "a"), ("cats", "b"), ("dogs", "c")):
        save(tmp_path / "all" / folder, f"{name}.png", IMAGES[0])
    dataset = open_dataset(tmp_path / "all")
    assert dataset.labels.tolist() == [0, 0, 1] and (dataset.images[..., 0] == IMAGES[0]).all()
    assert listed == ["all", "cats", "dogs"] and opened == ["a.png", "b.png", "c.png"]


def test_own_output_is_not_data(tmp_path, monkeypatch):
    """Neither files nor folders that nnscratch wrote beside the user's; in classes, too."""
    own, whole = {"curves.png", "samples", "train-images-ubyte"}, places.users_entries
    monkeypatch.setattr(places, "users_entries", lambda folder: [path for path in whole(folder) if path.name not in own])
    for folder in (tmp_path / "cats", tmp_path / "samples"):
        save(folder, "a.png", IMAGES[0])
        save(folder, "curves.png", IMAGES[1])
    write(tmp_path, "train-images-ubyte", b"x")
    dataset = open_dataset(tmp_path)
    assert dataset.class_names == ["cats"] and len(dataset) == 1


def test_names_are_printable_and_different(tmp_path):
    """Undecodable bytes, newlines and escapes of a terminal are shown escaped; names that become equal stay two classes."""
    for k, name in enumerate((b"caf\xe9", b"two\nlines", b"\x1b[2J", rb"two\nlines")):
        save(tmp_path / os.fsdecode(name), "a.png", np.full((8, 8), 50 * k, np.uint8))
    dataset = open_dataset(tmp_path)
    shown = dict(zip(dataset.class_names, dataset.images[dataset.labels.argsort(), 0, 0, 0].tolist()))
    assert shown == {"\\x1b[2J": 100, "caf\\udce9": 0, "two\\nlines": 50, "two\\nlines (2)": 150}
    assert all(name.encode().isascii() for name in dataset.class_names)


def test_the_title_of_the_present_folder(tmp_path, monkeypatch):
    """`.` has a name; and equal data under another name have the same fingerprint."""
    save(tmp_path / "mine", "a.png", IMAGES[0])
    monkeypatch.chdir(tmp_path / "mine")
    here, there = open_dataset("."), open_dataset(tmp_path / "mine" / ".." / "mine")
    assert here.title == there.title == "images of mine"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").rename(tmp_path / "yours")
    assert open_dataset("yours").title == "images of yours" and fingerprint(open_dataset("yours")) == fingerprint(here)
