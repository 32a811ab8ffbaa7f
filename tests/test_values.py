"""Edge cases of activations and pooling in which an implementation could differ from the formula."""
import numpy as np
import pytest
from helpers import normal, on, same

from nnscratch import ops
from nnscratch.backend import to_cpu


def test_relu_of_nan_is_nan(xp):
    """NaN must stay visible: it is not turned into 0."""
    y, _ = ops.relu(on(xp, np.array([-1.0, np.nan, 2.0])))
    np.testing.assert_array_equal(to_cpu(y), [0, np.nan, 2])


@pytest.mark.parametrize("slope", [0.0, 0.2, 1.0, 1.5, -0.5])
def test_leaky_relu_for_every_slope(xp, slope):
    """max(x, slope x) is right only for slopes up to 1; for larger and negative slopes the sign of x must decide."""
    x, dy = normal(40), normal(40, seed=1)
    y, cache = ops.leaky_relu(on(xp, x), slope)
    same(y, np.where(x > 0, x, slope * x))
    same(ops.leaky_relu_backward(on(xp, dy), cache), np.where(x > 0, dy, slope * dy))


@pytest.mark.parametrize("slope, expected", [(0.0, [0, 0, 2, np.inf]), (0.5, [-np.inf, -0.5, 2, np.inf])])
def test_leaky_relu_of_infinity(xp, slope, expected):
    """0 * inf is NaN and must not occur."""
    y, _ = ops.leaky_relu(on(xp, np.array([-np.inf, -1, 2, np.inf])), slope)
    np.testing.assert_array_equal(to_cpu(y), expected)


@pytest.mark.parametrize("alpha", [-1.0, 0.0, 0.5, 2.0])
def test_elu_for_every_alpha(xp, alpha):
    """Also for negative alpha, for which y > 0 does not imply x > 0; and at both infinities."""
    x, dy = np.array([-np.inf, -2.0, -0.5, 0.0, 0.5, 2.0, np.inf]), normal(7)
    y, cache = ops.elu(on(xp, x), alpha)
    same(y[:-1], np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))[:-1])
    assert to_cpu(y)[-1] == np.inf
    same(ops.elu_backward(on(xp, dy), cache), dy * np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0))))


def test_elu_of_large_numbers(xp):
    """exp of a large positive number would overflow; it is never computed."""
    x = np.array([-1000.0, -1.0, 0.0, 1.0, 1000.0], dtype=np.float32)
    with np.errstate(all="raise", under="ignore"):
        y, cache = ops.elu(on(xp, x))
    same(y, np.array([-1, np.expm1(-1), 0, 1, 1000], dtype=np.float32), 1e-6)
    same(ops.elu_backward(on(xp, np.ones_like(x)), cache), np.array([0, np.exp(-1), 1, 1, 1], dtype=np.float32), 1e-6)


@pytest.mark.parametrize("size, options", [((6, 8), {}), ((7, 9), {}), ((7, 9), {"padding": "same"}), ((6, 8), {"strides": 1}),
                                           ((6, 8), {"strides": 3})], ids=str)
def test_pooling_gives_every_pixel_its_gradient(xp, size, options):
    """Adjacent windows, whose gradients are assigned, and others, whose gradients are added, against a loop over windows."""
    x = normal(2, *size, 3)
    for op, backward, weight in ((ops.max_pool2d, ops.max_pool2d_backward, lambda w: w == w.max((1, 2), keepdims=True)),
                                 (ops.avg_pool2d, ops.avg_pool2d_backward, lambda w: np.ones_like(w) / w[0, :, :, 0].size)):
        y, cache = op(on(xp, x), 2, **options)
        dy, stride, dx = normal(*y.shape, seed=1), options.get("strides", 2), np.zeros_like(x)
        expected = np.zeros_like(dy)
        for i in range(dy.shape[1]):
            for j in range(dy.shape[2]):
                place = slice(None), slice(i * stride, i * stride + 2), slice(j * stride, j * stride + 2)
                weights = weight(x[place])
                expected[:, i, j] = (x[place] * weights).sum((1, 2))
                dx[place] += dy[:, i, j][:, None, None] * weights
        same(y, expected)
        same(backward(on(xp, dy), cache), dx)
