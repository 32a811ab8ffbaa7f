"""Wrong backward passes of normalization, activations, dropout, image ops and losses."""
from functools import partial
from typing import Any

from nnscratch import ops
from nnscratch.backend import Array, array_module
from nnscratch.gradcheck.mutants.registry import change, mutant
from nnscratch.ops.dropouts import draw_mask
from nnscratch.ops.pad import copies, fold_columns
from nnscratch.shard import WHOLE

__all__ = ["BLIND_TO_ONES"]


def channel_sum(x: Array) -> Array:
    """The sum over all axes but the last."""
    return x.sum(axis=tuple(range(x.ndim - 1)))


# --- normalization ------------------------------------------------------------------------------------------------

TRAINING, INFERENCE = "batch_norm training", "batch_norm inference"


def batch_norm_dx(dy: Array, cache: tuple, gamma: int = 1, mean_term: int = 1, variance_term: int = 1,
                  count: int | None = None, scale: Any = 1) -> tuple[Array, Array, Array]:
    """The gradients of batch_norm; a mutant can leave out, or change, each term of dx."""
    x_hat, true_gamma, inverse_std, *_ = cache
    count = count or dy.size // dy.shape[-1]
    dbeta, dgamma = channel_sum(dy), channel_sum(dy * x_hat)
    dx_hat = dy - mean_term * dbeta / count - variance_term * x_hat * (dgamma / count)
    dx = (true_gamma if gamma else 1) * inverse_std * scale * dx_hat
    return dx, dgamma, dbeta


# The first four are right for dy = 1, where the true gradient is 0: a check by sum(y) passes them all.
mutant(TRAINING, "gamma missing")(lambda dy, cache: batch_norm_dx(dy, cache, gamma=0))
mutant(TRAINING, "variance treated as a constant")(lambda dy, cache: batch_norm_dx(dy, cache, variance_term=0))
mutant(TRAINING, "variance term doubled")(lambda dy, cache: batch_norm_dx(dy, cache, variance_term=2))


@mutant(TRAINING, "epsilon outside the root")
def _(dy, cache):
    inverse_std, epsilon = cache[2], 1e-3
    variance = inverse_std**-2 - epsilon
    return batch_norm_dx(dy, cache, scale=1 / (variance**0.5 + epsilon) / inverse_std)


BLIND_TO_ONES = ("gamma missing", "variance treated as a constant", "variance term doubled", "epsilon outside the root")

mutant(TRAINING, "mean treated as a constant")(lambda dy, cache: batch_norm_dx(dy, cache, mean_term=0))
mutant(TRAINING, "means over the batch alone, N for N*H*W")(lambda dy, cache: batch_norm_dx(dy, cache, count=2))
change(TRAINING, "gamma gradient averaged", ops.batch_norm_backward, dparameter=lambda g: g / 70)


@mutant(TRAINING, "gamma gradient from the centered x, not divided by the standard deviation")
def _(dy, cache):
    dx, _, dbeta = ops.batch_norm_backward(dy, cache)
    return dx, channel_sum(dy * cache[0] / cache[2]), dbeta


@mutant(TRAINING, "inference formula in training")
def _(dy, cache):
    return ops.batch_norm_backward(dy, (*cache[:3], False, cache[4]))


@mutant(INFERENCE, "training formula at inference")
def _(dy, cache):
    return ops.batch_norm_backward(dy, (*cache[:3], True, cache[4]))


@mutant(INFERENCE, "gamma missing")
def _(dy, cache):
    dx, dgamma, dbeta = ops.batch_norm_backward(dy, cache)
    return dx / cache[1], dgamma, dbeta


@mutant("instance_norm", "means over the whole batch")
def _(dy, cache):
    x_hat, gamma, inverse_std = cache
    dx, *_ = ops.batch_norm_backward(dy, (x_hat, gamma, array_module(dy).ones_like(gamma), True, WHOLE))
    return dx * inverse_std, *ops.instance_norm_backward(dy, cache)[1:]


@mutant("instance_norm", "mean treated as a constant")
def _(dy, cache):
    _, gamma, inverse_std = cache
    right = ops.instance_norm_backward(dy, cache)
    return right[0] + gamma * inverse_std * dy.mean(axis=(1, 2), keepdims=True), *right[1:]


@mutant("modulate", "scale missing in dx")
def _(dy, cache):
    return dy, *ops.modulate_backward(dy, cache)[1:]


@mutant("modulate", "gradient of the scale without x")
def _(dy, cache):
    dx, _, dshift = ops.modulate_backward(dy, cache)
    return dx, dshift, dshift


@mutant("modulate", "one scale for the whole batch")
def _(dy, cache):
    dx, dscale, dshift = ops.modulate_backward(dy, cache)
    return dx, dscale.mean(axis=0, keepdims=True) + 0 * dscale, dshift


# --- activations and dropout --------------------------------------------------------------------------------------

mutant("relu", "mask from dy instead of x")(lambda dy, x: array_module(x).where(dy > 0, dy, 0))
mutant("leaky_relu", "slope lost")(lambda dy, cache: ops.relu_backward(dy, cache[0]))
mutant("leaky_relu", "slope on the wrong side")(lambda dy, cache: ops.leaky_relu_backward(dy, (-cache[0], cache[1])))


@mutant("leaky_relu", "upstream gradient changed in place")
def _(dy, cache):
    dy *= array_module(dy).where(cache[0] > 0, 1, cache[1]).astype(dy.dtype)
    return dy


mutant("elu", "alpha forgotten: derivative y")(
    lambda dy, cache: dy * array_module(dy).where(cache[0] > 0, 1, array_module(dy).expm1(cache[0])).astype(dy.dtype))
mutant("elu", "a mask of true and false for the gradient")(lambda dy, cache: cache[0] > 0)
mutant("tanh", "square forgotten: 1 - y")(lambda dy, y: dy * (1 - y))
mutant("sigmoid", "derivative of tanh")(lambda dy, y: dy * (1 - y * y))
mutant("softmax", "diagonal of the Jacobian only")(lambda dy, y: dy * y * (1 - y))
mutant("dropout", "another mask in backward")(
    lambda dy, _: dy * draw_mask("mutant", dy, dy.shape, 0.3, seed=6))
mutant("dropout", "scale lost")(lambda dy, cache: dy * (cache[0] > 0))
mutant("spatial_dropout2d", "a mask for each pixel")(
    lambda dy, _: dy * draw_mask("mutant", dy, dy.shape, 0.4, seed=5))

# --- images -----------------------------------------------------------------------------------------------------


@mutant("pad2d reflect", "edge repeated: folded by the rule of another mode")
def _(dy, cache):
    shape, pads, _ = cache
    return ops.pad2d_backward(dy, (shape, pads, "edge"))


@mutant("pad2d reflect", "border only cut off")
def _(dy, cache):
    shape, pads, _ = cache
    return ops.pad2d_backward(dy, (shape, pads, "constant"))


@mutant("pad2d edge", "corners lost: the columns of border rows are not folded")
def _(dy, cache):
    (_, h, w, _), (rows, columns), mode = cache
    dx = fold_columns(dy[:, rows[0]:rows[0] + h], w, columns, mode)
    for row, border in copies(h, rows, mode):
        dx[:, row] += fold_columns(dy[:, border], w, columns, "constant")
    return dx


@mutant("pad2d constant", "top and bottom swapped")
def _(dy, cache):
    shape, ((top, bottom), columns), mode = cache
    return ops.pad2d_backward(dy, (shape, ((bottom, top), columns), mode))


change("upsample2d nearest", "mean of the copies instead of their sum", ops.upsample2d_backward, dx=lambda g: g / 6)
mutant("upsample2d nearest", "first copy only")(lambda dy, cache: dy[:, ::2, ::3].copy())
mutant("upsample2d bilinear", "backward of nearest")(
    lambda dy, _: sum(dy[:, i::2, j::3] for i in range(2) for j in range(3)))
change("gram_matrix", "factor 2 lost: G holds F twice", ops.gram_matrix_backward, dx=lambda g: g / 2)
change("gram_matrix", "not divided by the pixels", ops.gram_matrix_backward, dx=lambda g: g * 35)


@mutant("gram_matrix", "dG taken as symmetric")
def _(dy, x):
    n, h, w, c = x.shape
    return 2 * (x.reshape(n, h * w, c) @ dy).reshape(x.shape) / (h * w)


# --- losses: the cache is (gradient, x, *targets), see cases.py ---------------------------------------------------

def scaled(dy: Array, cache: tuple, factor: float) -> Array:
    """The right gradient, times a factor."""
    return dy * cache[0] * factor


for case, mistake, factor in [
    ("mse", "factor 2 of the square lost", 1 / 2), ("mse", "sum for mean", 210),
    ("softmax_cross_entropy", "not divided by the batch size", 4), ("softmax_cross_entropy", "sign", -1),
    ("binary_cross_entropy", "sum for mean", 20), ("gram_style_loss", "factor 2 lost", 1 / 2),
    ("content_loss", "factor 2 of the square lost", 1 / 2), ("total_variation", "sum for mean", 210),
    ("hinge", "sign", -1),
]:
    mutant(case, mistake)(partial(scaled, factor=factor))


@mutant("softmax_cross_entropy", "target not subtracted")
def _(dy, cache):
    _, logits, _ = cache
    return dy * ops.softmax(logits)[0] / len(logits)


@mutant("binary_cross_entropy", "label smoothing forgotten in the gradient")
def _(dy, cache):
    _, logits, target = cache
    return dy * (ops.sigmoid(logits)[0] - target) / logits.size


@mutant("hinge", "gradient also beyond the margin")
def _(dy, cache):
    _, logits = cache
    return dy * array_module(dy).ones_like(logits) / logits.size


@mutant("total_variation", "only the neighbour that follows")
def _(dy, cache):
    _, x = cache
    gradient = array_module(x).zeros_like(x)
    gradient[:, :-1] -= 2 * (x[:, 1:] - x[:, :-1])  # and no +2 d for x[h + 1]
    gradient[:, :, :-1] -= 2 * (x[:, :, 1:] - x[:, :, :-1])
    return dy * gradient / x.size
