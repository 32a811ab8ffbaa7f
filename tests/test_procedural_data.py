"""Glyphs, shapes and textures: reproducible, balanced and legible, with the reported factors visible in the pixels."""
import colorsys
import zlib

import numpy as np
import pytest

from nnscratch.data.synthetic import glyphs as g
from nnscratch.data.synthetic import shapes as s
from nnscratch.data.synthetic import textures as t
from nnscratch.data.synthetic.faces import FACES, distance_fields, flatten_curves, glyph_templates, signed_distance
from nnscratch.data.synthetic.glyphs import glyphs
from nnscratch.data.synthetic.shapes import KINDS, shapes
from nnscratch.data.synthetic.textures import FAMILIES, textures
from nnscratch.errors import InputError
from nnscratch.generate.evaluate.classifier_training import train_classifier

MAKERS = [glyphs, shapes, textures]


@pytest.mark.parametrize("module, make", [(g, glyphs), (s, shapes), (t, textures)])
def test_images_do_not_depend_on_how_many_are_drawn_at_once(module, make, monkeypatch):
    """Fewer large images are drawn at a time, so that their arrays do not fill the memory."""
    whole = make(25, size=20).images
    monkeypatch.setattr(module, "BATCH", 4)
    np.testing.assert_array_equal(make(25, size=20).images, whole)


@pytest.mark.slow
@pytest.mark.parametrize("make", MAKERS)
def test_a_seed_gives_its_images_and_a_larger_count_adds_more(make):
    """The first 450 of 700 images equal those of a smaller count, across batches; another seed draws other images."""
    many, few, other = make(700, seed=5), make(450, seed=5), make(450, seed=6)
    np.testing.assert_array_equal(many.images[:450], few.images)
    np.testing.assert_array_equal(many.labels[:450], few.labels)
    assert (few.images != other.images).any(axis=(1, 2, 3)).all()


@pytest.mark.slow
@pytest.mark.parametrize("make, mean", [(glyphs, 0.145), (shapes, 0.293), (textures, 0.519)])
def test_the_images_have_the_stored_statistics(make, mean):
    """The mean equals the stored one, no image is uniform, and no two of 900 are equal."""
    images = make(900).images
    assert abs(images.mean() / 255 - mean) < 0.012
    assert images.reshape(900, -1).std(axis=1).min() > 8
    assert len({zlib.crc32(image) for image in images}) == 900


@pytest.mark.parametrize("make, classes", [(glyphs, 10), (shapes, len(KINDS)), (textures, len(FAMILIES))])
def test_every_class_is_equally_frequent(make, classes):
    """210 rounds of all classes contain each class 210 times, and the classes have names."""
    data = make(210 * classes, size=8)
    assert np.bincount(data.labels).tolist() == [210] * classes
    assert len(data.class_names) == data.num_classes == classes


def test_every_mode_is_drawn_once_in_every_210_images():
    """Modes are face * 10 + digit, shuffled anew in every round of 210."""
    _, labels, modes = g.draw_glyphs(630, seed=2)
    rounds = modes.reshape(3, 210)
    np.testing.assert_array_equal(np.sort(rounds, axis=1), np.tile(np.arange(210), (3, 1)))
    assert (rounds[0] != rounds[1]).mean() > 0.9
    np.testing.assert_array_equal(labels, modes % 10)


@pytest.mark.slow
@pytest.mark.parametrize("letters, classes", [(False, 10), (True, 26)])
def test_every_template_is_a_different_character(letters, classes):
    """None is empty or near the frame; all digits differ, and so do all letters but I, which is the same bar in two faces."""
    ink, names = glyph_templates(letters)
    assert ink.shape == (21, classes, 64, 64) and names == FACES
    ink = ink.reshape(-1, 64, 64)
    assert ink.max(axis=(1, 2)).min() > 200 and ink.mean(axis=(1, 2)).min() > 255 * 0.03
    assert ink[:, :9].max() == ink[:, -9:].max() == ink[:, :, :9].max() == ink[:, :, -9:].max() == 0
    flat = ink.reshape(len(ink), -1).astype(float)
    square = (flat ** 2).sum(axis=1)
    distances = square[:, None] + square - 2 * flat @ flat.T + 1e12 * np.eye(len(flat))
    one, other = np.divmod(np.argwhere(distances < 1.0 * 255 ** 2), classes)[0].T  # less than one pixel of full ink
    assert [(FACES[a], FACES[b]) for a, b in zip(one, other) if a < b] == ([("DejaVuSans", "cmss10")] if letters else [])


def test_the_distance_fields_are_unchanged():
    """The outlines are part of the package, so templates do not depend on a font library: crc32 of the ink's bits."""
    assert zlib.crc32(np.packbits(distance_fields() > 0.05)) == 4143832679


def test_templates_have_the_holes_of_their_digits():
    """The winding number leaves holes empty: in sans serif, 8 has two, 0, 4, 6 and 9 have one, the others none."""
    for digit, holes in enumerate([1, 0, 0, 0, 1, 0, 1, 0, 2, 1]):
        assert count_regions(glyph_templates()[0][0, digit] < 128) == holes + 1  # plus the surrounding paper


def count_regions(paper):
    """The number of connected regions of True: labels spread from neighbour to neighbour until nothing changes."""
    label = np.where(paper, np.arange(1, paper.size + 1).reshape(paper.shape), 0)
    while True:
        wide = np.pad(label, 1)
        around = [label, wide[2:, 1:-1], wide[:-2, 1:-1], wide[1:-1, 2:], wide[1:-1, :-2]]
        spread = np.where(paper, np.maximum.reduce(around), 0)
        if (spread == label).all():
            return len(np.unique(label[paper]))
        label = spread


def test_the_distance_of_a_square_with_a_hole():
    """Outside, in the ring, in the hole, and beyond a corner, where the nearest point is the corner."""
    def outline(half, way):
        corners = np.array([(-half, -half), (-half, half), (half, half), (half, -half)], float)[::way]
        return corners, np.roll(corners, -1, axis=0)
    begins, ends = (np.concatenate(part) for part in zip(outline(20, 1), outline(8, -1)))
    found = signed_distance(begins, ends)  # point k is at k - 31.5
    np.testing.assert_allclose(found[31, [0, 11, 18, 23, 24, 31]], [-11.5, -0.5, 5.5, 0.5, -0.5, -7.5], atol=1e-4)
    np.testing.assert_allclose(found[0, 0], -np.hypot(11.5, 11.5), atol=1e-4)


def test_a_curve_follows_the_bezier_formula():
    """The middle of a quadratic curve is a quarter, a half and a quarter of its three points; segments are connected."""
    begins, ends = flatten_curves(np.array([[(0.0, 0.0), (4.0, 2.0), (8.0, 0.0)]]))
    np.testing.assert_allclose(ends[2], (4, 1))
    np.testing.assert_array_equal(ends[:-1], begins[1:])


def shrunk(letters=False):
    """Templates at 28 x 28 as `draw_glyphs` renders them, without distortion, flattened and normalized to length 1."""
    places = np.zeros((1, 4 + 2 * g.KNOTS ** 2), np.float32), np.full((1, 2), 0.3, np.float32)
    places, _ = g.source_positions(28, *places)
    fields = distance_fields(letters).reshape(-1)
    ink = [(g.interpolate(fields, np.array([k]), places) * 28 / 64 + 0.5).clip(0, 1) for k in range(210)]
    flat = np.array(ink).reshape(210, -1)
    return flat / np.linalg.norm(flat, axis=1, keepdims=True)


@pytest.mark.slow
def test_glyphs_are_legible():
    """The most similar template has the image's digit for more than 82 % (chance: 10 %), and its face, too, for 15 %."""
    images, labels, modes = g.draw_glyphs(2100, seed=1)
    nearest = (images.reshape(2100, -1) @ shrunk().T).argmax(axis=1)
    assert (nearest % 10 == labels).mean() > 0.82
    assert (nearest == modes).mean() > 0.15


def test_glyphs_vary_and_stay_inside():
    """The ink of one mode's images has a relative standard deviation above 0.1, and few images reach the frame."""
    images, _, modes = g.draw_glyphs(4200, seed=3)
    ink = images.mean(axis=(1, 2, 3))
    spread = np.array([ink[modes == mode].std() / ink[modes == mode].mean() for mode in range(210)])
    assert spread.mean() > 0.1
    frame = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    assert (frame.max(axis=(1, 2)) > 100).mean() < 0.01


@pytest.mark.slow
def test_letters_are_26_and_have_any_size():
    """Capitals have names; the fraction of ink does not depend on the size."""
    data = glyphs(546, letters=True, size=32)
    assert data.images.shape == (546, 32, 32, 1) and "".join(data.class_names) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert abs(glyphs(546, letters=True, size=64).images.mean() - data.images.mean()) < 2


@pytest.mark.slow
def test_the_factors_of_shapes_can_be_measured():
    """From pixels alone: position (the centroid of a symmetric shape), hue and radius."""
    images, factors = s.draw_shapes(400, seed=4, size=64)
    middles = (np.arange(64) + 0.5) / 64
    for image, k in zip(images / 255.0, range(400)):
        cover = image.max(axis=-1) > 0.9  # shapes are brighter than any background
        rows, columns = (middles[part] for part in np.nonzero(cover))
        row, column, radius = factors["row"][k], factors["column"][k], factors["radius"][k]
        assert abs(np.hypot(rows - row, columns - column).max() - radius) < 0.05
        if KINDS[factors["kind"][k]] not in ("heart", "moon"):
            assert abs(rows.mean() - row) < 0.012 and abs(columns.mean() - column) < 0.012
        assert turns(hue_of(np.median(image[cover], axis=0)), factors["hue"][k]) < 0.02
        assert turns(hue_of(image[0, 0]), factors["ground"][k]) < 0.03
    assert turns(factors["hue"], factors["ground"]).min() > 0.199
    assert abs(factors["angle"]).max() <= np.deg2rad(20) < 1.1 * abs(factors["angle"]).max()


def test_shapes_are_lighter_than_the_ground_in_every_channel():
    """Of 400 images, every pixel of any shape is lighter in red, green and blue than every pixel of any ground."""
    images, _ = s.draw_shapes(400, seed=6)
    brightest = images.max(axis=-1)
    shape, ground = brightest >= 247, brightest <= 92  # the rest are edges, of both colours
    assert images[shape].min() > images[ground].max() and (shape | ground).mean() > 0.85


def test_a_heart_has_two_lobes_and_a_tip():
    """Along a row: two intervals above the notch, one below it, and a point at the bottom."""
    x = np.linspace(-1.2, 1.2, 481)
    runs = [np.flatnonzero(np.diff((s.heart(np.full(481, y), x) < 0).astype(int))) for y in (-0.6, 0.0, 0.9, 1.02)]
    assert [len(run) // 2 for run in runs] == [2, 1, 1, 0]
    np.testing.assert_allclose(x[runs[2]], [-0.09, 0.08], atol=0.03)


@pytest.mark.slow
def test_a_small_classifier_tells_the_shapes_apart():
    """That which evaluates generators is right in 91.7 % after a quarter of its steps (chance: 12.5 %; 99.7 % after all)."""
    classifier = train_classifier(shapes(8000, seed=1), shapes(1000, seed=2), steps=250)
    assert classifier.accuracy["images"] > 0.88


def hue_of(colour):
    """By Python's own conversion."""
    return colorsys.rgb_to_hsv(*colour)[0]


def turns(one, other):
    """The distance between two hues on the colour circle."""
    return np.abs((one - other + 0.5) % 1 - 0.5)


def test_the_angle_rotates_a_shape_clockwise():
    """After a quarter turn the vertex of a triangle, at the top at angle 0, is on the right."""
    for angle, point in [(0, (0.08, 0.5)), (np.pi / 2, (0.5, 0.92))]:
        one = {"kind": np.array([KINDS.index("triangle")]), "hue": np.zeros(1), "ground": np.full(1, 0.5),
               "row": np.full(1, 0.5), "column": np.full(1, 0.5), "radius": np.full(1, 0.45), "angle": np.array([angle])}
        image = s.paint({name: np.asarray(value) for name, value in one.items()}, np.zeros(1, np.float32), 64)[0]
        rows, columns = np.nonzero(image[..., 0] > 0.9)
        middle = np.array([rows.mean(), columns.mean()])
        far = np.array([rows, columns]).T - middle
        tip = far[np.hypot(*(np.array([rows, columns]).T + 0.5 - np.array(point) * 64).T).argmin()]
        assert np.hypot(*tip) > 0.35 * 64 and np.dot(tip, np.array(point) - 0.5) / np.hypot(*tip) > 0.4


@pytest.mark.parametrize("formula", s.DISTANCES)
def test_shapes_extend_to_radius_one(formula):
    """The farthest point inside a shape is at distance 1, within 0.05, so `radius` has the same meaning for all shapes."""
    y, x = np.mgrid[-1.5:1.5:301j, -1.5:1.5:301j]
    assert abs(np.hypot(y, x)[formula(y, x) < 0].max() - 1) < 0.05


def test_colours_equal_those_of_the_colour_circle():
    """Hue, saturation and value agree with Python's conversion."""
    hues = np.linspace(0, 0.99, 23)
    expected = [colorsys.hsv_to_rgb(hue, 0.8, 0.9) for hue in hues]
    np.testing.assert_allclose(s.hsv_to_rgb(hues, 0.8, np.full(23, 0.9)), expected, atol=1e-6)


@pytest.mark.slow
def test_texture_families_differ():
    """An image's family can be predicted from the spectrum and quantiles of its grey levels, far better than chance (1 / 9)."""
    data = textures(1800, seed=7)
    grey = data.images.mean(axis=-1)
    grey = (grey - grey.mean(axis=(1, 2), keepdims=True)) / grey.std(axis=(1, 2), keepdims=True)
    power = abs(np.fft.fft2(grey)) ** 2 + 1  # vertical stripes have zero power at some angles
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(32), np.fft.fftfreq(32))) * 32
    rings = [np.log(power[:, (radius >= k) & (radius < k + 1)].mean(axis=1)) for k in range(1, 16)]
    peaks = [np.log(np.sort(power.reshape(1800, -1), axis=1)[:, -k]) for k in (1, 3, 5, 9, 17)]
    spread = [np.quantile(grey, q, axis=(1, 2)) for q in (0.1, 0.3, 0.5, 0.7, 0.9)]
    features = np.array(rings + peaks + spread).T
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    train, test = features[:1350], features[1350:]
    nearest = ((test[:, None] - train) ** 2).sum(axis=-1).argmin(axis=1)
    assert (data.labels[:1350][nearest] == data.labels[1350:]).mean() > 0.6


@pytest.mark.parametrize("name", FAMILIES)
def test_a_pattern_repeats_only_beyond_its_grid_and_stays_in_range(name):
    """Tones are roughly in [0, 1]; formulas of one position repeat after eight cells."""
    rng = np.random.default_rng(0)
    grid, knob = rng.random((2, 8, 8)), rng.random((2, 1, 1))
    y, x = (np.stack([part, part]) for part in np.mgrid[0:3:48j, 0:3:48j])
    tone = FAMILIES[name](y, x, grid, knob)
    assert tone.min() > -0.2 and tone.max() < 1.2 and tone.std() > 0.08
    if name in ("dots", "cells"):
        shift = 8 if name == "cells" else 0
        np.testing.assert_allclose(FAMILIES[name](y + shift, x + 8, grid, knob), tone, atol=1e-9)


def test_palettes_give_their_colours():
    """Tones 0, 1/3, 2/3, 1 give the four colours of the palette, reversed if requested."""
    tone = np.repeat(np.repeat(np.array([[[0, 1 / 3, 2 / 3, 1]]] * 2), 2, axis=1), 2, axis=2)
    found = t.tint(tone, np.array([0.0, 0.99]), np.full((2, 4, 3), 0.5), np.array([1.0, 0.0]))
    np.testing.assert_allclose(found[0, 0], t.PALETTES[0], atol=1e-6)
    np.testing.assert_allclose(found[1, 0], t.PALETTES[-1][::-1], atol=1e-6)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("wrong", [{"count": 0}, {"count": 2.0}, {"count": True}, {"seed": -1}, {"seed": None}, {"size": 7}])
def test_a_wrong_argument_gives_one_sentence(make, wrong):
    """It names the argument, the given value and the expected one."""
    with pytest.raises(InputError, match="expected a whole number of at least") as caught:
        make(**{"count": 4, **wrong})
    (name, value), = wrong.items()
    assert f"{name} is {value!r}" in str(caught.value)


@pytest.mark.parametrize("make", [glyphs, lambda letters: glyph_templates(letters)])
def test_letters_must_be_a_bool(make):
    """"A" is not accepted as True."""
    with pytest.raises(InputError, match="letters is 'A', expected True for A to Z"):
        make(letters="A")
