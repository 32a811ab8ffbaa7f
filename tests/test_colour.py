"""Colour profiles: known colours of a wide gamut, of ink and of grey become sRGB; no profile crashes a reader."""
import io
import struct
import zlib

import numpy as np
import pytest
from image_files import CORNERS, H, W, saved
from PIL import Image, ImageCms, features

from nnscratch.data import colour
from nnscratch.data.animation import read_film
from nnscratch.data.images import read_image, write_image
from nnscratch.data.masks import read_mask
from nnscratch.data.readers.folder import read_folder

SRGB, P3 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)), ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))  # x, y of red, green, blue
D65, D50 = (0.3127, 0.3290), (0.3457, 0.3585)
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
needs_lcms = pytest.mark.skipif(not features.check("littlecms2"), reason="this Pillow has no LittleCMS")


@pytest.fixture(autouse=True)
def nothing_said():
    colour.said.clear()


def to_xyz(x, y):
    return np.array([x / y, 1, (1 - x - y) / y])


def matrix(primaries):
    """From linear red, green and blue to XYZ: the primaries scaled so that they add up to the white of D65."""
    columns = np.stack([to_xyz(*one) for one in primaries], axis=1)
    return columns * np.linalg.solve(columns, to_xyz(*D65))


def decoded(levels):
    x = np.asarray(levels) / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def encoded(y):
    y = np.clip(y, 0, 1)
    return np.where(y <= 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055)


def rgb_profile(primaries, curve=colour.SRGB_CURVE):
    """Its columns are adapted to D50, as a profile demands."""
    scale = (BRADFORD @ to_xyz(*D50)) / (BRADFORD @ to_xyz(*D65))
    columns = np.linalg.solve(BRADFORD, scale[:, None] * (BRADFORD @ matrix(primaries)))
    names = (b"r", b"g", b"b")
    return colour.profile_of(b"RGB ", "made up", {name + b"XYZ": colour.xyz(tuple(column)) for name, column in zip(
        names, columns.T)} | {name + b"TRC": colour.parametric(curve) for name in names})


def grey_profile(curve):
    return colour.profile_of(b"GRAY", "grey", {b"kTRC": curve})


def srgb_of(levels, primaries):
    """What the colours of these primaries are in sRGB, by the matrices."""
    linear = decoded(levels) @ matrix(primaries).T
    return encoded(linear @ np.linalg.inv(matrix(SRGB)).T)


P3_LEVELS = np.array([[255, 255, 255], [0, 0, 0], [128, 128, 128], [200, 120, 90], [90, 160, 70], [60, 80, 190], [255, 0, 0],
                      [0, 255, 0], [140, 190, 220], [240, 200, 40]], np.uint8)


def patches(levels):
    """Columns of 16 pixels, one of each colour."""
    return np.broadcast_to(np.repeat(levels, 16, axis=0), (20, 16 * len(levels), levels.shape[1])).copy()


@needs_lcms
@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp", "a.jpg"])
def test_display_p3_becomes_srgb(tmp_path, name):
    """Skin, leaf, sky, and pure red and green, which sRGB does not have: within two levels of the matrices, JPEG three."""
    options = {"a.webp": {"lossless": True}, "a.jpg": {"quality": 100, "subsampling": 0}}.get(name, {})
    path = saved(tmp_path, patches(P3_LEVELS), name, icc_profile=rgb_profile(P3), **options)
    found, expected = read_image(path)[0, 10, 8::16], srgb_of(P3_LEVELS, P3)
    np.testing.assert_allclose(found * 255, expected * 255, atol=3.5 if name == "a.jpg" else 2.01)
    assert np.abs(P3_LEVELS / 255 - expected).max() > 0.05  # it does matter
    np.testing.assert_allclose(expected[6], [1, 0, 0], atol=1e-6)  # by hand: P3's red is 1.09, -0.23, -0.15 in sRGB, clipped


@needs_lcms
def test_everything_that_reads_images_follows_profiles(tmp_path):
    """Folders, films and masks, and with transparency, which is blended with white after the conversion."""
    red, options = np.full((H, W, 4), (200, 120, 90, 255), np.uint8), {"icc_profile": rgb_profile(P3)}
    expected = srgb_of([200, 120, 90], P3) * 255
    red[:, 15:, 3] = 51
    (tmp_path / "data").mkdir()
    film = saved(tmp_path, red[..., :3], "a.webp", save_all=True, append_images=[Image.fromarray(CORNERS)], lossless=True,
                 **options)
    np.testing.assert_allclose(next(iter(read_film(film, 24).frames))[0].getpixel((3, 3)), expected, atol=2)
    still = saved(tmp_path / "data", red, "a.png", **options)
    found = read_folder(tmp_path / "data").images[0]
    np.testing.assert_allclose(found[3, 3], expected, atol=2)
    np.testing.assert_allclose(found[3, 20], 255 * 0.8 + expected * 0.2, atol=2)
    np.testing.assert_allclose(read_mask(still, (H, W))[0, 3, 3, 0], expected @ [0.299, 0.587, 0.114] / 255, atol=0.01)


@needs_lcms
def test_palettes_orientation_and_sizes(tmp_path):
    """A palette's colours are converted; EXIF still turns the image, and it is resized after the conversion."""
    exif, levels = Image.Exif(), CORNERS // 2 + 40
    exif[0x0112] = 6
    turned = np.rot90(levels, -1)
    for image, name in ((Image.fromarray(levels).quantize(4), "a.png"), (levels, "b.png"), (levels, "c.tif")):
        for size in (None, 24):
            found = read_image(saved(tmp_path, image, name, exif=exif, icc_profile=rgb_profile(P3)), size)[0]
            for place in ((3, 3), (3, -4), (-4, 3), (-4, -4)):
                np.testing.assert_allclose(found[place], srgb_of(turned[place], P3), atol=0.012)


def cmyk_profile(colours):
    """A printer's, as a table of 16 colours in Lab: those of all mixtures of full inks, C slowest, K fastest."""
    scale = (BRADFORD @ to_xyz(*D50)) / (BRADFORD @ to_xyz(*D65))
    to_d50 = np.linalg.solve(BRADFORD, scale[:, None] * (BRADFORD @ matrix(SRGB)))
    ratio = decoded(colours) @ to_d50.T / to_xyz(*D50)
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    lab = np.stack([(116 * f[:, 1] - 16) * 2.55, 500 * (f[:, 0] - f[:, 1]) + 128, 200 * (f[:, 1] - f[:, 2]) + 128], axis=1)
    ramp = bytes(range(256))
    table = b"mft1" + struct.pack(">4x4B9i", 4, 3, 2, 0, *(65536 * np.eye(3, dtype=int)).ravel())
    table += 4 * ramp + np.rint(lab).clip(0, 255).astype(np.uint8).tobytes() + 3 * ramp
    data = colour.profile_of(b"CMYK", "ink", {b"A2B0": table})
    return data[:12] + b"prtr" + data[16:20] + b"Lab " + data[24:]


@needs_lcms
def test_inks_become_the_colours_that_they_print(tmp_path):
    """A made-up press whose cyan is (0, 140, 200) in sRGB: not the (0, 255, 255) of Pillow's own conversion."""
    colours = np.array([[255, 255, 255], [0, 0, 0]] + [[k * 15 % 256, 40 + k * 10, 250 - k * 14] for k in range(14)])
    colours[8], colours[4], colours[2] = (0, 140, 200), (210, 20, 120), (250, 230, 30)  # C, M, Y alone
    inks = np.array([[0, 0, 0, 0], [255, 0, 0, 0], [0, 255, 0, 0], [0, 0, 255, 0], [0, 0, 0, 255]], np.uint8)
    pixels = Image.frombytes("CMYK", (80, 20), patches(inks).tobytes())
    for name in ("a.tif", "a.jpg"):
        options = {"quality": 100, "subsampling": 0} if name == "a.jpg" else {}
        found = read_image(saved(tmp_path, pixels, name, icc_profile=cmyk_profile(colours), **options))[0, 10, 8::16] * 255
        np.testing.assert_allclose(found, colours[[0, 8, 4, 2, 1]], atol=5)  # Lab in bytes is that coarse
        plain = read_image(saved(tmp_path, pixels, name, **options))[0, 10, 8]
        np.testing.assert_allclose(plain, 1, atol=0.01)


CURVES = {"power": (colour.parametric((1.8,)), lambda x: x ** 1.8),
          "curv power": (b"curv" + struct.pack(">4xIH", 1, 461), lambda x: x ** (461 / 256)),
          "linear": (b"curv" + struct.pack(">4xI", 0), lambda x: x),
          "table": (b"curv" + struct.pack(">4xI5H", 5, 0, 4000, 16000, 36000, 65535),
                    lambda x: np.interp(x, [0, 0.25, 0.5, 0.75, 1], np.array([0, 4000, 16000, 36000, 65535]) / 65535)),
          "formula": (colour.parametric(colour.SRGB_CURVE), lambda x: decoded(255 * x))}


@pytest.mark.parametrize("kind", CURVES)
def test_grey_follows_its_curve(tmp_path, kind):
    """8 bits to half a level, 16 bits to a part in 10,000: the level of sRGB whose luminance the curve gives."""
    tag, curve = CURVES[kind]
    levels = np.tile(np.arange(0, 240, 8), (H, 1))
    for dtype, white, atol in ((np.uint8, 255, 0.51 / 255), (np.uint16, 65535, 1e-4)):
        stored = (levels * (white // 255)).astype(dtype)
        found = read_image(saved(tmp_path, stored, icc_profile=grey_profile(tag)))[0, 3]
        np.testing.assert_allclose(found, encoded(curve(stored[3] / white))[:, None] * np.ones(3), atol=atol)


def png(depth, kind, rows, profile):
    """A PNG of any depth and kind of colour, of which Pillow writes few."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    header = struct.pack(">IIBBBBB", W, H, depth, kind, 0, 0, 0)
    lines = zlib.compress(b"".join(b"\0" + row.astype(">u2" if depth == 16 else np.uint8).tobytes() for row in rows))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"iCCP", b"a\0\0" + zlib.compress(profile))
            + chunk(b"IDAT", lines) + chunk(b"IEND", b""))


@pytest.mark.parametrize("depth", [8, 16])
def test_grey_with_alpha_follows_its_curve(tmp_path, depth):
    """A fifth of the converted grey on white; in 16 bits, too, which Pillow reads as RGBA."""
    white = 2 ** depth - 1
    rows = np.full((H, W, 2), (0.4 * white, white), int)
    rows[:, 15:, 1] = 0.2 * white
    (tmp_path / "a.png").write_bytes(png(depth, 4, rows, grey_profile(colour.parametric((1.8,)))))
    found, expected = read_image(tmp_path / "a.png")[0, 3, [3, 20]], encoded(0.4 ** 1.8)
    np.testing.assert_allclose(found, np.array([[expected], [0.8 + 0.2 * expected]]) * np.ones(3), atol=1.6 / 255)
    assert abs(expected - 0.4) > 0.05


@needs_lcms
def test_colours_of_16_bits(tmp_path):
    """Read as 8 bits, as Pillow does, and converted."""
    rows = np.full((H, W, 3), np.array([200, 120, 90]) * 257, int)
    (tmp_path / "a.png").write_bytes(png(16, 2, rows, rgb_profile(P3)))
    np.testing.assert_allclose(read_image(tmp_path / "a.png")[0, 3, 3], srgb_of([200, 120, 90], P3), atol=2 / 255)


@needs_lcms
def test_srgb_changes_nothing(tmp_path):
    """Ours and LittleCMS's own: bit for bit, so that what is written is read back."""
    levels = np.random.default_rng(0).integers(0, 256, (H, W, 3), dtype=np.uint8)
    theirs = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (colour.srgb_profile(), theirs, rgb_profile(SRGB)):
        np.testing.assert_array_equal(read_image(saved(tmp_path, levels, icc_profile=profile))[0], levels / np.float32(255))


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp"])
def test_what_we_write_says_that_it_is_srgb(tmp_path, name):
    """488 bytes, the same each time; LittleCMS reads them."""
    write_image(tmp_path / name, CORNERS / 255.0)
    first = (tmp_path / name).read_bytes()
    write_image(tmp_path / name, CORNERS / 255.0)
    assert (tmp_path / name).read_bytes() == first
    with Image.open(tmp_path / name) as image:
        data = image.info["icc_profile"]
    assert len(data) == 488 == int.from_bytes(data[:4])
    if features.check("littlecms2"):
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        assert ImageCms.getProfileDescription(profile).strip() == "sRGB"
        expected = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).profile
        for column in ("red_colorant", "green_colorant", "blue_colorant"):
            np.testing.assert_allclose(getattr(profile.profile, column)[0], getattr(expected, column)[0], atol=2e-4)


def bad_profiles():
    """Bytes of profiles that are ignored, and a word of the line in the log."""
    whole = rgb_profile(P3)
    return {"junk": (b"junk", "damaged"), "cut": (whole[:200], ""), "zeros": (bytes(500), "damaged"), "ink": (
        cmyk_profile(np.zeros((16, 3))), "for CMYK, not for RGB"), "grey": (grey_profile(CURVES["linear"][0]), "not for RGB"),
        "huge": (whole + bytes(colour.MAX_PROFILE), "damaged"), "link": (whole[:12] + b"link" + whole[16:], "device")}


@needs_lcms
@pytest.mark.parametrize("kind", bad_profiles())
def test_a_bad_profile_is_ignored_and_said_once(tmp_path, caplog, kind):
    """The pixels are those of the file; a second file with the same fault adds no line."""
    data, word = bad_profiles()[kind]
    for name in ("a.tif", "b.tif"):
        found = read_image(saved(tmp_path, CORNERS, name, icc_profile=data))
        np.testing.assert_array_equal(found[0], CORNERS / np.float32(255))
    assert len(caplog.messages) == 1 and "a.tif: its colour profile is ignored" in caplog.text and word in caplog.text


@pytest.mark.parametrize("tag", [b"para" + struct.pack(">4xHxxi", 4, 1), b"curv" + struct.pack(">4xI", 10**9), b"curv", b"none",
                                 b"curv" + struct.pack(">4xI3H", 3, 65535, 9, 0), colour.parametric((-20000.0,))])
def test_a_bad_curve_is_ignored(tmp_path, caplog, tag):
    """Of an unknown kind, cut off, falling, or infinite."""
    grey = np.full((H, W), 100, np.uint8)
    np.testing.assert_allclose(read_image(saved(tmp_path, grey, icc_profile=grey_profile(tag))), 100 / 255, atol=1e-6)
    assert len(caplog.messages) == 1


def test_without_littlecms_profiles_are_ignored(tmp_path, caplog, monkeypatch):
    """A browser's Pillow may lack it: one line in the log; grey needs none."""
    colour.colour_change.cache_clear()
    monkeypatch.setattr("PIL.features.check", lambda name: False)
    for name in ("a.png", "b.png"):
        path = saved(tmp_path, CORNERS, name, icc_profile=rgb_profile(P3))
        np.testing.assert_array_equal(read_image(path)[0], CORNERS / np.float32(255))
    assert len(caplog.messages) == 1 and "no LittleCMS" in caplog.text
    path = saved(tmp_path, np.full((H, W), 102, np.uint8), "c.png", icc_profile=grey_profile(colour.parametric((1.8,))))
    np.testing.assert_allclose(read_image(path), encoded(0.4 ** 1.8), atol=0.51 / 255)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_no_damaged_profile_crashes_the_reader(tmp_path, mode):
    """Random bytes overwritten, or cut: an image always comes out, in [0, 1]."""
    whole = {"RGB": rgb_profile(P3), "L": grey_profile(CURVES["table"][0]), "CMYK": cmyk_profile(np.full((16, 3), 99))}[mode]
    chance, image = np.random.default_rng(0), Image.new(mode, (W, H), 77 if mode == "L" else (77,) * len(mode))
    for trial in range(300):
        broken = bytearray(whole[:chance.integers(1, len(whole))] if trial % 3 == 0 else whole)
        for place in chance.integers(0, len(broken), 1 + trial % 5):
            broken[place] = chance.integers(256)
        found = read_image(saved(tmp_path, image, "a.tif", icc_profile=bytes(broken)))
        assert np.isfinite(found).all() and 0 <= found.min() and found.max() <= 1
