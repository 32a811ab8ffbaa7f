"""HEIC and AVIF, as phones store photographs: read where a library is there, else one sentence that says what to install."""
import importlib.util
import pickle
import struct
import subprocess
import sys

import numpy as np
import pytest
from image_files import CORNERS, H, W, complaint, saved
from memory_use import peak_megabytes
from PIL import Image, features
from test_colour import P3, P3_LEVELS, needs_lcms, patches, rgb_profile, srgb_of

from nnscratch.data.images import read_image
from nnscratch.data.readers.folder import read_folder
from nnscratch.errors import InputError

heic = pytest.mark.skipif(importlib.util.find_spec("pillow_heif") is None, reason='needs pip install "nnscratch[heic]"')
avif = pytest.mark.skipif("avif" not in features.modules or not features.check("avif"), reason="needs Pillow 11.3 with AVIF")
KINDS = [pytest.param("a.heic", marks=heic), pytest.param("a.avif", marks=avif)]


def photo(folder, pixels, name, **options):
    """A file as another program writes it: HEIC in a process of its own, which may register what it likes with Pillow."""
    if not name.endswith("heic"):
        return saved(folder, pixels, name, **({"quality": 100, "subsampling": "4:4:4", "speed": 10} | options))
    code = """import pickle, sys
import pillow_heif
from PIL import Image
pillow_heif.register_heif_opener()
pixels, path, options = pickle.load(sys.stdin.buffer)
exif = Image.Exif()
exif[0x0112] = options.pop("exif", {0x0112: 1})[0x0112]
Image.fromarray(pixels).save(path, exif=exif.tobytes(), **({"quality": 100, "chroma": 444} | options))"""
    options |= {"exif": dict(options["exif"])} if "exif" in options else {}
    subprocess.run([sys.executable, "-c", code], input=pickle.dumps((pixels, folder / name, options)), check=True)
    return folder / name


@pytest.mark.parametrize("name", KINDS)
def test_phones_photographs(tmp_path, name):
    """Every corner within 3 levels of 255, in a folder of data, too; a size shrinks it; the name does not matter."""
    path = photo(tmp_path, CORNERS, name)
    for found in (read_image(path)[0] * 255, read_folder(tmp_path).images[0].astype(float)):
        for place in ((3, 3), (3, -4), (-4, 3), (-4, -4)):
            np.testing.assert_allclose(found[place], CORNERS[place], atol=3)
    assert read_image(path, 24).shape == (1, 16, 24, 3)
    np.testing.assert_array_equal(read_image(path.rename(tmp_path / "a.jpg")), read_image(tmp_path / "a.jpg"))


@needs_lcms
@pytest.mark.parametrize("name", KINDS)
def test_display_p3(tmp_path, name):
    """Colours as in test_colour.py, within four levels after a lossy format."""
    path = photo(tmp_path, patches(P3_LEVELS), name, icc_profile=rgb_profile(P3))
    np.testing.assert_allclose(read_image(path)[0, 10, 8::16], srgb_of(P3_LEVELS, P3), atol=4 / 255)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("orientation, turned", [(1, lambda a: a), (3, lambda a: a[::-1, ::-1]), (6, lambda a: np.rot90(a, -1)),
                                                 (8, np.rot90)])
def test_upright_once(tmp_path, name, orientation, turned):
    """The container and EXIF may both state the rotation: it is applied once."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    found, expected = read_image(photo(tmp_path, CORNERS, name, exif=exif))[0], turned(CORNERS)
    assert found.shape == expected.shape
    for place in ((3, 3), (3, -4), (-4, 3), (-4, -4)):
        np.testing.assert_allclose(found[place] * 255, expected[place], atol=4)


@heic
def test_reading_changes_nothing_else(tmp_path):
    """HEIC can be read, but not written, whatever was read before."""
    read_image(photo(tmp_path, CORNERS, "a.heic"))
    assert ".heic" not in Image.registered_extensions() and "HEIF" not in Image.SAVE


HEIC_ADVICE, AVIF_ADVICE = 'pip install "nnscratch[heic]"', "pip install --upgrade pillow"


@pytest.mark.parametrize("brand, words", [(b"heic", HEIC_ADVICE), (b"mif1", HEIC_ADVICE), (b"avif", AVIF_ADVICE)])
def test_what_is_missing_is_said(tmp_path, monkeypatch, caplog, brand, words):
    """In one sentence, and for each file of a folder; junk gets no such advice."""
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setattr("PIL.features.check", lambda name: False)
    Image.init()
    for known in ("HEIF", "AVIF"):
        monkeypatch.delitem(Image.OPEN, known, raising=False)
    monkeypatch.setattr(Image, "ID", [name for name in Image.ID if name not in ("HEIF", "AVIF")])
    name = "IMG.AVIF" if brand == b"avif" else "IMG.HEIC"
    (tmp_path / name).write_bytes(struct.pack(">I4s4s4x", 24, b"ftyp", brand) + bytes(99))
    message = complaint(read_image, tmp_path / name)
    assert words in message and name in message
    complaint(read_folder, tmp_path)  # no images; the log says why
    assert words in caplog.text and name in caplog.text
    (tmp_path / name).write_bytes(bytes(99))
    assert "not an image" in complaint(read_image, tmp_path / name)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_no_damaged_file_crashes_the_reader(tmp_path, name):
    """A file that is truncated or has random bytes overwritten is read or refused."""
    whole, chance, refused = photo(tmp_path, CORNERS, name).read_bytes(), np.random.default_rng(0), 0
    for trial in range(150):
        broken = bytearray(whole[:chance.integers(len(whole))] if trial % 2 else whole)
        for place in chance.integers(0, len(broken), 4) if trial % 3 and broken else ():
            broken[place] = chance.integers(256)
        (tmp_path / "fuzzed").write_bytes(broken)
        try:
            found = read_image(tmp_path / "fuzzed", 24)
            assert found.shape[3] == 3 and found.min() >= 0 and found.max() <= 1
        except InputError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 30


@pytest.mark.parametrize("name", KINDS)
def test_a_very_large_one_is_refused(tmp_path, name, monkeypatch):
    """They are decoded through copies: even with a size, more than 50 million pixels are too many."""
    monkeypatch.setattr("nnscratch.data.decode.LARGE", H * W - 1)
    assert f"{W}x{H} pixels" in complaint(read_image, photo(tmp_path, CORNERS, name), 24)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux")
@pytest.mark.parametrize("name", KINDS)
def test_a_huge_one_does_not_fill_the_memory(tmp_path, name):
    """16 million pixels in some kilobytes. (49 million, the largest of phones, took 471 MB, but half a minute to write.)"""
    path = photo(tmp_path, np.full((4000, 4000, 3), 99, np.uint8), name, quality=10)
    assert path.stat().st_size < 100_000
    assert peak_megabytes("from nnscratch.data.images import read_image; read_image(sys.argv[1], 512)", path) < 300
