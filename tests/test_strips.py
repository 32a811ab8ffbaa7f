"""Tiling: an image cut into any number of strips has the same loss and gradient as the whole image.

Memory is also saved elsewhere: a Model releases the values that no later layer needs.
"""
import tracemalloc

import numpy as np
import pytest
from helpers import normal, on, same
from hypothesis import given
from hypothesis import strategies as st

from nnscratch import backend
from nnscratch.errors import InputError
from nnscratch.layers import Activation, Add, Input
from nnscratch.models import Model
from nnscratch.networks.random_features import normalize_filters, random_features
from nnscratch.style import tiling
from nnscratch.style.memory_limit import feature_memory
from nnscratch.style.objective import Objective

SMALL, DEEP = (4, 5), (3, 4, 4, 5)  # channels of two and of four stages; pooling reduces 2 and 8 rows to one


def image(height, width, seed=0):
    return 0.5 + 0.1 * normal(1, height, width, 3, seed=seed)


def network_for(widths, xp=np):
    """In float64, so that rounding does not switch single ReLUs on and off."""
    backend.use("cpu" if xp is np else "gpu")
    network = random_features(widths=widths, seed=1)
    network.cast(np.float64)
    return normalize_filters(network, on(xp, image(32, 32)))


def cut_at(monkeypatch, own_rows):
    """Make strips with this many own rows, rounded to a valid multiple for pooling; None: one strip."""
    def rows_that_fit(network, width, itemsize, memory):
        return 10**6 if own_rows is None else own_rows + 2 * tiling.halo_rows(network)
    monkeypatch.setattr(tiling, "rows_that_fit", rows_that_fit)


def objective_for(network, content, style, masks=None):
    return Objective(network, content, [style] if masks is None else [style, style[:, ::-1]**2], style_weight=3.0,
                     smoothness=0.5, content_layer=2, masks=masks)


def evaluate(network, content, style, x, masks=None):
    """Loss, terms and gradient."""
    objective = objective_for(network, content, style, masks)
    loss, gradient = objective(x)
    return [loss, objective.terms["content"], objective.terms["style"], gradient], len(objective.strips)


@pytest.mark.slow
@pytest.mark.parametrize("widths, own_rows, height, style_height", [
    (SMALL, 2, 18, 40), (SMALL, 4, 41, 19), (SMALL, 16, 65, 70), (DEEP, 8, 83, 121), (DEEP, 16, 136, 90),
    (DEEP, 40, 127, 200), (DEEP, 64, 200, 161),
])
def test_strips_equal_the_whole_image(xp, monkeypatch, widths, own_rows, height, style_height):
    """Loss, both terms and gradient; odd sizes; strips higher and lower than their halo; on every device."""
    network = network_for(widths, xp)
    images = on(xp, image(height, 19), image(style_height, 22, 1), image(height, 19, 2))
    cut_at(monkeypatch, None)
    whole, one = evaluate(network, *images)
    cut_at(monkeypatch, own_rows)
    parts, several = evaluate(network, *images)
    assert one == 1 and several > 1
    same(parts, whole, 1e-10)
    assert not any(layer._saved for layer in network.layers)


@pytest.mark.slow
def test_strips_with_a_mask_for_each_style(xp, monkeypatch):
    """Loss and gradient equal those of the whole image, with masks that overlap, are partly grey, and end within a strip."""
    network = network_for(SMALL, xp)
    images = on(xp, image(41, 19), image(40, 22, 1), image(41, 19, 2))
    rng = np.random.default_rng(0)
    masks = [mask * (np.arange(41) < 27)[None, :, None, None] for mask in rng.random((2, 1, 41, 19, 1))]
    masks = list(on(xp, *masks))
    cut_at(monkeypatch, None)
    whole = evaluate(network, *images, masks)[0]
    cut_at(monkeypatch, 6)
    parts, several = evaluate(network, *images, masks)
    assert several > 3
    same(parts, whole, 1e-10)


@pytest.mark.parametrize("widths, rows", [(SMALL, 6), (DEEP, 32)])
def test_the_halo_is_no_larger_than_needed(monkeypatch, widths, rows):
    """With one unit of pooling less the loss changes."""
    network, unit = network_for(widths), 2 ** (len(widths) - 1)
    images = image(100, 19), image(90, 22, 1), image(100, 19, 2)
    assert tiling.halo_rows(network) == rows
    cut_at(monkeypatch, None)
    whole = evaluate(network, *images)[0]
    monkeypatch.setattr(tiling, "halo_rows", lambda network: rows - unit)
    cut_at(monkeypatch, 16)
    parts = evaluate(network, *images)[0]
    assert abs(parts[0] / whole[0] - 1) > 1e-8 and np.abs(parts[3] - whole[3]).max() > 1e-6 * np.abs(whole[3]).max()


@pytest.mark.slow
def test_the_gradient_of_strips_is_right(monkeypatch):
    """Against central differences: at pixels in the middle of strips, next to the cuts and at the border."""
    network, x, step = network_for(SMALL), image(23, 9, 2), 1e-6
    cut_at(monkeypatch, 6)
    objective = objective_for(network, image(23, 9), image(20, 11, 1))
    assert len(objective.strips) == 6
    gradient = objective(x)[1]
    for row in range(23):
        nudge = np.zeros_like(x)
        nudge[0, row, row % 9, row % 3] = step
        slope = (objective(x + nudge)[0] - objective(x - nudge)[0]) / (2 * step)
        assert slope == pytest.approx(gradient[nudge > 0].item(), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("height", [64, 65, 71, 200, 203])
@pytest.mark.parametrize("own_rows", [1, 8, 60, 100])
def test_every_row_of_every_map_belongs_to_one_strip(monkeypatch, height, own_rows):
    """Concatenated, the own rows are 0, 1, 2, ... to the last, in every feature map; their fractions sum to 1."""
    network = random_features(DEEP)
    cut_at(monkeypatch, own_rows)
    pieces = tiling.make_strips(network, image(height, 16))
    scales = [tiling.row_scales(network)[symbol] for symbol in network.outputs]
    for k, scale in enumerate(scales):
        rows = [np.arange(height)[piece.input_rows][::scale][piece.own[k]] // scale for piece in pieces]
        same(np.concatenate(rows), np.arange(height // scale))
        same(np.sum([piece.fractions[k] for piece in pieces]), np.float64(1))
        assert all(len(own) > 0 for own in rows)


def test_images_up_to_1024_pixels_are_one_strip():
    """With the real network; 2048 pixels are several strips, each with no more rows than fit into memory."""
    network = random_features()
    assert len(tiling.make_strips(network, np.empty((1, 1024, 1024, 3), np.float32))) == 1
    rows = tiling.rows_that_fit(network, 2048, 4, tiling.STRIP_BYTES)
    pieces = tiling.make_strips(network, np.empty((1, 2048, 2048, 3), np.float32))
    assert len(pieces) > 1 and all(piece.input_rows.stop - piece.input_rows.start <= rows for piece in pieces)


def test_strips_fit_the_given_memory():
    """With less memory, strips are lower; too little is refused with the required amount, which is then accepted."""
    network, style = random_features(), np.empty((1, 64, 64, 3), np.float32)
    content, counts = np.empty((1, 807, 1000, 3), np.float32), []
    for gigabytes in (20, 1.5, 1.2, 1):
        memory = feature_memory(network, content, [style], gigabytes, "gram")
        pieces = tiling.make_strips(network, content, memory)
        highest = max(piece.input_rows.stop - piece.input_rows.start for piece in pieces)
        assert highest * tiling.bytes_per_row(network, 1000, 4) <= memory
        counts.append(len(pieces))
    assert counts[0] == 1 < counts[1] and counts == sorted(counts)
    with pytest.raises(InputError, match="is 0.5 GB, expected at least 0.9 for 1000x807 pixels and the statistics gram"):
        feature_memory(network, content, [style], 0.5, "gram")
    feature_memory(network, content, [style], 0.9, "gram")
    with pytest.raises(InputError, match="1 GB, expected at least .* for 1000x807 pixels and the statistics sliced"):
        feature_memory(network, content, [style], 1, "sliced")
    with pytest.raises(InputError, match="sliced need the whole image at once, and 2000x2000 pixels are too many"):
        feature_memory(network, np.empty((1, 2000, 2000, 3), np.float32), [style], None, "sliced")


def test_an_image_too_low_for_pooling_is_refused():
    """An image with another size than the content is refused, too."""
    network = network_for(DEEP)
    with pytest.raises(InputError, match="has 7 rows, expected at least 8"):
        objective_for(network, image(7, 30), image(30, 30))
    with pytest.raises(InputError, match=r"image has shape \(1, 31, 30, 3\), expected \(1, 30, 30, 3\) like the content"):
        objective_for(network, image(30, 30), image(30, 30))(image(31, 30))


def test_one_strip_runs_the_network_once_per_evaluation(monkeypatch):
    """The last strip's forward pass is also used for its backward pass: 2 n - 1 forward passes for n strips."""
    network, runs = network_for(SMALL), []
    forward = network.forward

    def counted(x, **options):
        runs.append(x.shape)
        return forward(x, **options)
    monkeypatch.setattr(network, "forward", counted)
    for own_rows, expected in ((None, 1), (10, 5)):
        cut_at(monkeypatch, own_rows)
        objective = objective_for(network, image(30, 9), image(20, 11, 1))
        runs.clear()
        objective(image(30, 9, 2))
        assert len(runs) == expected == 2 * len(objective.strips) - 1


@pytest.mark.slow
def test_strips_save_memory(monkeypatch):
    """Construction and one evaluation: limited to an eighth, strips need less than a third of the memory of the whole image."""
    network = random_features((8, 16))
    content, style, x = (image(480, 64, seed).astype(np.float32) for seed in range(3))
    normalize_filters(network, style)

    def peak():
        tracemalloc.start()
        objective_for(network, content, style)(x)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used
    one_piece = peak()
    for name in ("WHOLE_IMAGE_BYTES", "STRIP_BYTES"):
        monkeypatch.setattr(tiling, name, one_piece // 8)
    assert peak() < one_piece / 3


def test_values_that_no_later_layer_needs_are_released():
    """Ten layers with an output of one megabyte each: at any time three exist, input, output and the requested value."""
    x = Input((2**17,))
    first = y = Activation("tanh")(x)
    for _ in range(9):
        y = Activation("tanh")(y)
    model, array = Model(x, [first, y]), normal(1, 2**17)
    tracemalloc.start()
    values = model.forward(array)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3.5 * array.nbytes
    same(values[0], np.tanh(array))


def test_a_value_used_twice_by_one_layer_is_released_once():
    """y + y, in the middle of a graph."""
    x = Input((3,))
    y = Activation("tanh")(x)
    same(Model(x, Activation("tanh")(Add()([y, y]))).forward(normal(2, 3)), np.tanh(2 * np.tanh(normal(2, 3))))


@pytest.mark.slow
@given(height=st.integers(100, 3000), width=st.integers(16, 3000), rows=st.integers(80, 400))
def test_every_strip_fits_into_its_memory(height, width, rows):
    """Also with odd sizes: with halos, whole units and the odd rows at the end, whenever the lowest strip fits."""
    network = random_features()
    memory = rows * tiling.bytes_per_row(network, width, 4)
    pieces = tiling.make_strips(network, np.broadcast_to(np.float32(0), (1, height, width, 3)), memory)
    assert max(piece.input_rows.stop - piece.input_rows.start for piece in pieces) <= max(rows, tiling.min_strip_rows(network))
    assert len(pieces) > 1 or height <= rows
