"""The statistics of a style: values by hand, gradients, and whole transfers with them."""
import numpy as np
import pytest
from helpers import normal, on, same
from hypothesis import given
from hypothesis import strategies as st
from test_style import image, small_network

from nnscratch.gradcheck import check_op
from nnscratch.networks.random_features import random_features
from nnscratch.ops.gram import gram_matrix
from nnscratch.style.objective import Objective
from nnscratch.style.statistics import (
    covariance_loss,
    gram_loss,
    moments,
    moments_backward,
    random_directions,
    resample_sorted,
    sliced_loss,
    sorted_values,
)
from nnscratch.style.transfer import transfer_style


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("statistic", [gram_loss, covariance_loss])
def test_gradient_of_moments(statistic, weighted):
    """With respect to the features, through the moments, with and without weights, by complex step, within 1e-8."""
    weights = normal(1, 5, 4, 1, seed=3)**2 if weighted else None
    style = normal(1, 6, 7, 4)
    target = moments(style - style.mean(axis=(1, 2), keepdims=True))
    start = moments(normal(1, 5, 4, 4, seed=2))

    def forward(f):
        loss, dmoments = statistic(moments(f, weights), target, start)
        return loss, (dmoments, f)
    report = check_op(forward, lambda dy, cache: moments_backward(dy * cache[0], cache[1], weights),
                      [0.5 + normal(1, 5, 4, 4, seed=1)])
    assert report.error < 1e-8 and report.adjoint_error < 1e-8, str(report)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 1000))
def test_weighted_moments_equal_repeated_pixels(h, w, seed):
    """Integer weights equal that many copies of each pixel, and weights of 1 equal no weights. For a random upstream gradient,
    each pixel's gradient is the sum of its copies' gradients."""
    f, times = normal(1, h, w, 3, seed=seed), np.random.default_rng(seed).integers(0, 4, (1, h, w, 1))
    times[0, 0, 0] = 1
    copies = np.repeat(f.reshape(-1, 3), times.ravel(), axis=0)[None, None]
    weights = times / times.mean()
    same(moments(f, weights), moments(copies), 1e-10)
    same(moments(f, np.ones_like(weights)), moments(f), 1e-12)
    dy = normal(1, 3, 4, seed=seed + 1)
    same(moments_backward(dy, f, weights)[0, 0, 0], moments_backward(dy, copies)[0, 0, 0], 1e-10)


@pytest.mark.parametrize("masked", [False, True])
def test_masked_pixels_do_not_matter(masked):
    """The style term of a region does not depend on pixels that are black in its mask and far from its edge."""
    network = small_network()
    network.forward(image(8, 6))
    network.cast(np.float64)
    style, content = image(10, 8, 2).astype(float), image(32, 16).astype(float)
    other = content.copy()
    other[:, 20:] = image(12, 16, 3)
    mask = (np.arange(32) < 12)[None, :, None, None] * np.ones((1, 32, 16, 1))
    objective = Objective(network, content, [style], style_weight=1, smoothness=0, content_weight=0, content_layer=2,
                          masks=[mask] if masked else None)
    losses = [float(objective(x)[0]) for x in (content, other)]
    assert (losses[0] == pytest.approx(losses[1], rel=1e-12)) == masked
    assert (np.abs(objective(content)[1][:, 20:]).max() == 0) == masked


def test_moments_by_hand():
    """The covariance of the features is G - δδᵀ; the loss is 0 for the style, and a shift of the mean gives δ² / variance."""
    style = normal(1, 8, 9, 3)
    style -= style.mean(axis=(1, 2), keepdims=True)
    target = moments(style)
    found = moments(style + [0.5, 0, 0])
    covariance = found[0, :, :-1] - np.outer(found[0, :, -1], found[0, :, -1])
    same(covariance, gram_matrix(style)[0][0], 1e-12)
    nothing = np.zeros_like(target)
    assert covariance_loss(target, target, nothing)[0] < 1e-25 and gram_loss(target, target, nothing)[0] == 0
    variance = (style * style).mean(axis=(1, 2)).sum()
    same(covariance_loss(found, target, nothing)[0], 0.25 / variance, 1e-10)
    a, b = target[0, :, :-1], found[0, :, :-1]
    same(gram_loss(found, target, found)[0], ((a - b)**2).sum() / (a**2 + b**2).sum(), 1e-10)


@pytest.mark.parametrize("size", [(5, 6), (4, 4)])
def test_gradient_of_sliced(size):
    """Against central differences, also for a style with another number of pixels."""
    v = random_directions(4, 0, np, np.float64)
    target = sorted_values(normal(1, 6, 5, 4), v)
    report = check_op(lambda f: sliced_loss(f, target.astype(f.dtype), v.astype(f.dtype), 0.7),
                      lambda dy, gradient: dy * gradient, [normal(1, *size, 4, seed=1)], smooth=False)
    assert report.error < 1e-6, str(report)


def test_sliced_compares_the_whole_distribution(xp):
    """0 for shuffled pixels; not 0 for other values with the same mean and variance, which the moments cannot distinguish."""
    style = np.where(normal(1, 20, 20, 1) > 0, 1.0, -1.0)
    style -= style.mean()
    other = normal(1, 20, 20, 1, seed=1)
    other = (other - other.mean()) * style.std() / other.std()
    v = random_directions(1, 0, np, np.float64)
    order = on(xp, sorted_values(style, v))
    assert float(sliced_loss(on(xp, style[:, ::-1, ::-1].copy()), order, on(xp, v), 1.0)[0]) < 1e-20
    assert float(sliced_loss(on(xp, other), order, on(xp, v), 1.0)[0]) > 0.05
    assert float(covariance_loss(moments(other), moments(style), moments(style))[0]) < 1e-6


def test_resample_sorted():
    """Twice as many ranks are interpolated, equally many are the values, half as many are midpoints; the ends do not change."""
    values = np.arange(4.0)[:, None]
    same(resample_sorted(values, 8)[:, 0], np.clip((np.arange(8) + 0.5) / 2 - 0.5, 0, 3))
    assert resample_sorted(values, 4) is values and resample_sorted(values, 2)[:, 0].tolist() == [0.5, 2.5]


@pytest.mark.slow
@pytest.mark.parametrize("statistics, masked", [("covariance", False), ("sliced", False), ("gram", True),
                                               ("covariance", True)])
def test_gradient_of_the_objective(statistics, masked):
    """Through the network to the pixels, for two styles mixed or each with a mask, against central differences."""
    network = small_network()
    network.forward(image(6, 4))
    network.cast(np.float64)
    styles = [image(10, 8, 2).astype(float), image(9, 9, 4).astype(float)]
    masks = list(np.random.default_rng(0).random((2, 1, 6, 4, 1))) if masked else None
    objective = Objective(network, image(6, 4).astype(float), styles, [0.3, 0.7], style_weight=3.0, smoothness=0.5,
                          content_layer=2, statistics=statistics, masks=masks)
    report = check_op(lambda x: objective(x.astype(float)), lambda dy, gradient: dy * gradient, [image(6, 4, 1)],
                      smooth=False)
    # The order of some pixels changes within the step of the central difference: a kink.
    assert report.error < (2e-3 if statistics == "sliced" else 1e-6), str(report)


@pytest.mark.slow
@pytest.mark.parametrize("statistics", ["covariance", "sliced"])
def test_transfer(statistics):
    """The style loss falls by more than half; a style of one colour gives finite values."""
    result = transfer_style(image(32, 40), image(36, 33, 3), statistics=statistics, steps=8)
    assert result.history[-1]["style"] < 0.5 * result.history[0]["style"]
    dull = transfer_style(image(20, 24), np.full((1, 20, 20, 3), 0.5, np.float32), statistics=statistics, steps=3)
    assert np.isfinite(dull.image).all()


def test_each_mask_belongs_to_its_style():
    """The left half of the content is the first style and the right half the second. The loss is small with the masks in order
    and large with the masks exchanged. Regions are weighted by their area, so two halves of one style equal the whole."""
    network = random_features((4,), seed=1)
    first, second = (np.random.default_rng(k).random((1, 64, 64, 3)) * scale for k, scale in ((0, 0.3), (1, 1.0)))
    network.forward(first)
    network.cast(np.float64)
    content = np.concatenate([first, second], axis=2)
    left = np.concatenate([np.ones((1, 64, 64, 1)), np.zeros((1, 64, 64, 1))], axis=2)

    def style_loss(styles, masks):
        objective = Objective(network, content, styles, [0.5, 0.5], style_weight=1, smoothness=0, content_layer=0, masks=masks)
        objective(content)
        return float(objective.terms["style"])
    right_way, exchanged = style_loss([first, second], [left, 1 - left]), style_loss([first, second], [1 - left, left])
    assert right_way < 0.04 < 0.4 < exchanged  # not exactly 0: where the halves meet, features depend on both
    # The whole image twice, with masks of half the area each, equals the whole image once.
    halves = style_loss([second, second], [np.full_like(left, 0.5)] * 2)
    objective = Objective(network, content, [second], style_weight=1, smoothness=0, content_layer=0)
    objective(content)
    assert halves == pytest.approx(float(objective.terms["style"]), rel=1e-9)
