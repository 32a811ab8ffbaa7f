"""The checks of notebooks 05 to 07: typical mistakes are wrong and get the right diagnosis."""
import numpy as np
from exercise_answers import S, spoiled
from helpers import normal

from nnscratch import ops


def all_winners(dy, x, p):
    wide = dy.repeat(p, axis=1).repeat(p, axis=2)
    return wide * (x == S["max_pool"](x, p).repeat(p, axis=1).repeat(p, axis=2))


def last_winner(dy, x, p):
    dx = np.zeros_like(x)
    for n, oh, ow, c in np.ndindex(dy.shape):
        for i, j in np.ndindex(p, p):
            if x[n, oh * p + i, ow * p + j, c] == x[n, oh * p:(oh + 1) * p, ow * p:(ow + 1) * p, c].max():
                at = i, j
        dx[n, oh * p + at[0], ow * p + at[1], c] = dy[n, oh, ow, c]
    return dx


def from_zero(x, p):
    y = np.zeros((x.shape[0], x.shape[1] // p, x.shape[2] // p, x.shape[3]))
    for n, h, w, c in np.ndindex(x.shape):
        y[n, h // p, w // p, c] = max(y[n, h // p, w // p, c], x[n, h, w, c])
    return y


AXES = (0, 1, 2)


def root_apart(x, gamma, beta, epsilon):
    return gamma * (x - x.mean(axis=AXES)) / (x.std(axis=AXES) + epsilon) + beta


def unbiased(x, gamma, beta, epsilon):
    return gamma * (x - x.mean(axis=AXES)) / np.sqrt(x.var(axis=AXES, ddof=1) + epsilon) + beta


def by_image(x, gamma, beta, epsilon):
    return ops.instance_norm(x, gamma, beta, epsilon=epsilon + 1e-12)[0]


def without(what):
    """The backward pass of batch normalization in training with one term left out."""
    def backward(dy, x, gamma, epsilon):
        d = np.sqrt(x.var(axis=AXES) + epsilon)
        normed = (x - x.mean(axis=AXES)) / d
        dx = dy * (1 if what == "gamma" else gamma) / d
        scale = (1 if what == "gamma" else gamma) / d
        if what not in ("mean", "both"):
            dx = dx - scale * dy.mean(axis=AXES)
        if what not in ("variance", "both"):
            dx = dx - scale * normed * (dy * normed).mean(axis=AXES)
        return dx, (dy * normed).sum(axis=AXES), dy.sum(axis=AXES)
    return backward


def with_batch_statistics(dy, x, gamma, mean, variance, epsilon):
    return S["inference_backward"](dy, x, gamma, x.mean(axis=AXES), x.var(axis=AXES), epsilon)


def overwriting(x, kernel, stride):
    """A transposed convolution with = instead of +=."""
    (n, height, width, _), (kh, kw, oc, _) = x.shape, kernel.shape
    y = np.zeros((n, (height - 1) * stride + kh, (width - 1) * stride + kw, oc))
    for h, w in np.ndindex(height, width):
        for i, j in np.ndindex(kh, kw):
            y[:, h * stride + i, w * stride + j] = x[:, h, w] @ kernel[i, j].T
    return y


def without_stride(x, kernel, stride):
    y, close = 0 * S["conv_transpose"](x, kernel, stride), S["conv_transpose"](x, kernel, 1)
    y[:, :close.shape[1], :close.shape[2]] = close
    return y


def first_by_columns(dy, x, p):
    turned = S["max_pool_backward"](dy.swapaxes(1, 2), x.swapaxes(1, 2), p)
    return turned.swapaxes(1, 2)


WRONG = [
    ("max_pool_backward", first_by_columns, "for dy = [[[[7]]]]"),
    ("dropout", lambda x, rate, chance, training: x * (chance > rate) / (1 - rate) if training else x, "0.25"),
    ("max_pool", lambda x, p: ops.avg_pool2d(x, p)[0], "it is the average"),
    ("max_pool", from_zero, "must not begin with 0"),
    ("max_pool", lambda x, p: x.reshape(len(x), x.shape[1] // p, x.shape[2] // p, p, p, x.shape[3]).max(axis=(3, 4)),
     "the windows are cut wrongly"),
    ("max_pool", lambda x, p: ops.max_pool2d(x, p, strides=1)[0], "y has shape"),
    ("max_pool", lambda x, p: -S["max_pool"](-x, p), "it is the minimum"),
    ("max_pool_backward", all_winners, "each of them gets all of dy"),
    ("max_pool_backward", last_winner, "the last one wins, expected the first"),
    ("max_pool_backward", lambda dy, x, p: dy.repeat(p, axis=1).repeat(p, axis=2), "the whole window gets dy"),
    ("max_pool_backward", lambda dy, x, p: ops.avg_pool2d_backward(dy, ops.avg_pool2d(x, p)[1]), "average pooling"),
    ("max_pool_backward", lambda dy, x, p: S["max_pool_backward"](dy * 0 + 1, x, p), "dy itself is missing"),
    ("max_pool_backward", spoiled("max_pool_backward", None, lambda g: -g), "right but for the sign"),
    ("max_pool_backward", lambda dy, x, p: S["max_pool_backward"](dy, abs(x), p), "for dy = [[[[-3]]]]"),
    ("max_pool_backward", lambda dy, x, p: S["max_pool_backward"](dy, x, p) * (x > 0), "for dy = [[[[-3]]]]"),
    ("max_pool_backward", lambda dy, x, p: S["max_pool_backward"](dy, x[..., :1] + 0 * x, p), "for dy = [[[[5, 7]]]]"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(x > 0, dy, 0), "the backward of relu"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(x < 0, dy, slope * dy), "on the wrong side"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(dy > 0, dy, slope * dy), "the sign of dy decides"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(x >= 0, dy, 0), "the backward of relu"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(x > 0, slope * dy, dy), "on the wrong side"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(x >= 0, dy, slope * dy), "0 belongs to the other side"),
    ("leaky_relu_backward", lambda dy, x, slope: dy * (1 + slope + (1 - slope) * np.sign(x)) / 2, "neither 0 nor their mean"),
    ("leaky_relu_backward", lambda dy, x, slope: dy * ((x > 0) + slope * (x < 0)), "neither 0 nor their mean"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(x > 0, 1, slope), "multiplies it by dy"),
    ("leaky_relu_backward", lambda dy, x, slope: np.multiply(dy, np.where(x > 0, 1, slope), out=dy), "changes dy"),
    ("dropout", lambda x, rate, chance, training: x * (chance >= rate) if training else x, "is not scaled up"),
    ("dropout", lambda x, rate, chance, training: x * (chance >= rate) / rate if training else x, "divided by the rate"),
    ("dropout", lambda x, rate, chance, training: x * (chance < rate) / (1 - rate) if training else x, "other way round"),
    ("dropout", lambda x, rate, chance, training: x * (chance >= rate) / (1 - rate), "it drops at inference, too"),
    ("dropout", lambda x, rate, chance, training: x * ((chance >= rate) if training else (1 - rate)), "the older kind"),
    ("batch_norm", unbiased, "divided by M - 1"),
    ("batch_norm", root_apart, "epsilon stands outside the root"),
    ("batch_norm", by_image, "in each image for itself"),
    ("batch_norm", lambda x, gamma, beta, epsilon: S["batch_norm"](x, gamma, 0, epsilon), "beta is missing"),
    ("batch_norm", lambda x, gamma, beta, epsilon: S["batch_norm"](x, beta, gamma, epsilon), "are exchanged"),
    ("batch_norm", lambda x, gamma, beta, epsilon: gamma * (x - x.mean()) / np.sqrt(x.var() + epsilon) + beta, "share one"),
    ("batch_norm_backward", without("both"), "the backward at inference"),
    ("batch_norm_backward", without("mean"), "the mean of dy is not subtracted"),
    ("batch_norm_backward", without("variance"), "the variance is taken for a constant"),
    ("batch_norm_backward", without("gamma"), "a factor gamma is missing"),
    ("batch_norm_backward", lambda dy, x, gamma, epsilon: spoiled(
        "batch_norm_backward", 1, lambda g: g / x[..., 0].size)(dy, x, gamma, epsilon), "too small by exactly 4 = N*H*W"),
    ("batch_norm_backward", lambda dy, x, gamma, epsilon: (
        S["batch_norm_backward"](dy, x, gamma, epsilon)[0], (dy * (x - x.mean(axis=AXES))).sum(axis=AXES), dy.sum(axis=AXES)),
     "not divided by the deviation"),
    ("batch_norm_backward", spoiled("batch_norm_backward", 2, lambda g: g[None]), "dbeta has shape"),
    ("inference_backward", lambda dy, x, gamma, mean, variance, epsilon: S["batch_norm_backward"](dy, x, gamma, epsilon),
     "the backward in training"),
    ("inference_backward", with_batch_statistics, "the deviation of this batch"),
    ("inference_backward", lambda dy, x, gamma, mean, variance, epsilon: S["inference_backward"](
        dy, x, gamma, mean, variance, 0), "epsilon is missing"),
    ("inference_backward", lambda dy, x, gamma, mean, variance, epsilon: S["inference_backward"](
        dy, x, gamma**0, mean, variance, epsilon), "a factor gamma is missing"),
    ("running_average", lambda start, batches, momentum: S["running_average"](start, batches, 1 - momentum),
     "the shares are exchanged"),
    ("running_average", lambda start, batches, momentum: batches.mean(), "the plain mean"),
    ("running_average", lambda start, batches, momentum: S["running_average"](0, batches, momentum), "the start is forgotten"),
    ("running_average", lambda start, batches, momentum: momentum * start + (1 - momentum) * batches[-1],
     "only the last batch"),
    ("transposed_size", lambda size, kernel, stride, crop: size * stride + kernel - 2 * crop, "size - 1 steps"),
    ("transposed_size", lambda size, kernel, stride, crop: (size - 1) * stride + kernel - crop, "on both sides"),
    ("transposed_size", lambda size, kernel, stride, crop: (size - 1) * stride + kernel, "cropping is forgotten"),
    ("transposed_size", lambda size, kernel, stride, crop: (size + 2 * crop - kernel) // stride + 1, "size of a convolution"),
    ("transposed_size", lambda size, kernel, stride, crop: S["transposed_size"](size, max(kernel, stride), stride, crop),
     "larger than that"),
    ("overlap", lambda h, w, kernel, stride: np.minimum(S["overlap"](h, w, kernel, stride), 4), "is 4, expected 6"),
    ("conv_transpose", overwriting, "= stands where += belongs"),
    ("conv_transpose", lambda x, kernel, stride: S["conv_transpose"](x, kernel[::-1, ::-1], stride), "the kernel is mirrored"),
    ("conv_transpose", without_stride, "the kernels stand one pixel apart"),
    ("conv_transpose", lambda x, kernel, stride: S["conv_transpose"](x, kernel, stride)[:, :, :-1], "y has shape"),
    ("conv_transpose", lambda x, kernel, stride: -S["conv_transpose"](x, kernel, stride), "right but for the sign"),
    ("conv_transpose_dx", lambda dy, kernel, stride: ops.conv2d(dy, kernel)[0], "dx has shape"),
    ("conv_transpose_dx", lambda dy, kernel, stride: ops.conv2d(dy, kernel[::-1, ::-1], strides=stride)[0], "is mirrored"),
    ("conv_transpose_dx", lambda dy, kernel, stride: dy[:, :1 - len(kernel) or None:stride, :1 - kernel.shape[1] or None:stride]
     @ kernel[0, 0], "only the first tap"),
    ("conv_transpose_dx", lambda dy, kernel, stride: ops.conv2d(dy, kernel * 0 + 1, strides=stride)[0], "without the kernel"),
    ("conv_transpose_dx", lambda dy, kernel, stride: ops.conv2d(dy, kernel.swapaxes(2, 3), strides=stride)[0], "raised"),
    ("overlap", lambda h, w, kernel, stride: np.ones(((h - 1) * stride + kernel, (w - 1) * stride + kernel)), "pixel gets 1"),
    ("overlap", lambda h, w, kernel, stride: np.full(((h - 1) * stride + kernel, (w - 1) * stride + kernel), kernel**2),
     "the size of the kernel"),
    ("overlap", lambda h, w, kernel, stride: S["overlap"](1, w, kernel, stride)[:1] * np.ones(((h - 1) * stride + kernel, 1)),
     "only the columns"),
    ("overlap", lambda h, w, kernel, stride: np.ones((h * stride, w * stride)), "counts has shape"),
]


def test_the_formulas_of_pooling_and_dropout_are_right():
    """The solutions of notebook 05 against the library, ties included."""
    x = normal(2, 6, 9, 4).round(0)  # many ties
    y, cache = ops.max_pool2d(x, 3)
    dy = normal(*y.shape, seed=1)
    assert np.allclose(S["max_pool"](x, 3), y)
    assert np.allclose(S["max_pool_backward"](dy, x, 3), ops.max_pool2d_backward(dy, cache))
    _, cache = ops.leaky_relu(x, 0.3)
    assert np.allclose(S["leaky_relu_backward"](x + 1, x, 0.3), ops.leaky_relu_backward(x + 1, cache))
    chance = np.random.Generator(np.random.Philox(key=np.array([5, 0], np.uint64))).random(x.shape)  # as the op draws it
    assert np.allclose(S["dropout"](x, 0.3, chance, True), ops.dropout(x, 0.3, seed=5)[0])


def test_the_formulas_of_batch_normalisation_are_right():
    """The solutions of notebook 06 against the library, in training and at inference."""
    x, gamma, beta, mean, variance = 3 * normal(2, 5, 4, 3) + 1, *(normal(3, seed=k) for k in range(3)), 0.5 + normal(3)**2
    dy = normal(*x.shape, seed=1)
    y, (new_mean, _), cache = ops.batch_norm(x, gamma, beta, mean, variance, training=True, momentum=0.9)
    assert np.allclose(S["batch_norm"](x, gamma, beta, 1e-3), y)
    for a, b in zip(S["batch_norm_backward"](dy, x, gamma, 1e-3), ops.batch_norm_backward(dy, cache)):
        assert np.allclose(a, b)
    assert np.allclose(S["running_average"](mean, [x.mean(axis=AXES)], 0.9), new_mean)
    _, _, cache = ops.batch_norm(x, gamma, beta, mean, variance, training=False)
    for a, b in zip(S["inference_backward"](dy, x, gamma, mean, variance, 1e-3), ops.batch_norm_backward(dy, cache)):
        assert np.allclose(a, b)


def test_the_formulas_of_transposed_convolution_are_right():
    """The solutions of notebook 07 against the library."""
    x, kernel = normal(2, 4, 3, 3), normal(3, 4, 6, 3)
    y, cache = ops.conv2d_transpose(x, kernel, strides=2, padding=0)
    dy = normal(*y.shape, seed=1)
    assert np.allclose(S["conv_transpose"](x, kernel, 2), y)
    assert np.allclose(S["conv_transpose_dx"](dy, kernel, 2), ops.conv2d_transpose_backward(dy, cache)[0])
    cropped, _ = ops.conv2d_transpose(x, kernel, strides=2, padding=1)
    assert cropped.shape[1:3] == (S["transposed_size"](4, 3, 2, 1), S["transposed_size"](3, 4, 2, 1))
    assert S["overlap"](4, 3, 3, 2).sum() == 4 * 3 * 9, "every kernel covers nine pixels"
