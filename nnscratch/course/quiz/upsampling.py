"""Quiz of notebooks 12 and 13: transposed convolution, checkerboards, and the shape of a generator.

Shapes: x (W,), kernel (KW,), y ((W - 1) stride + KW,), along one row.
"""
import numpy as np

from nnscratch import layers, ops
from nnscratch.course.quiz.convolution import add_kernels
from nnscratch.course.quiz.normalisation import EPSILON
from nnscratch.course.quiz.question import Question, choice, integers, question, row, taps
from nnscratch.models import Model

__all__: list[str] = []  # quiz.ITEMS has the items


def transposed_conv(rng: np.random.Generator) -> Question:
    """y of a transposed convolution along a row."""
    x, kernel = integers(rng, 3, low=1, high=4), integers(rng, 3, low=1, high=5)
    last = np.zeros(7)
    for k in range(3):
        last[2 * k:2 * k + 3] = x[k] * kernel
    return question(
        "A transposed convolution with stride 2 and no padding: $x = {x}$, $K = {kernel}$. What is $y$?",
        {"x": x, "kernel": kernel}, add_kernels(x, kernel, 2), {
            "= stands where += belongs: where two copies of the kernel overlap, their values are added": last,
            "the copies are one pixel apart: that is stride 1": add_kernels(x, kernel),
            "the kernel was flipped: a transposed convolution uses it as it is": add_kernels(x, kernel[::-1], 2)})


def transposed_size(rng: np.random.Generator) -> Question:
    """The length of the output with padding."""
    size, k, stride, padding = (int(integers(rng, low=low, high=high)) for low, high in ((4, 9), (3, 8), (2, 4), (1, 3)))
    y, _ = ops.conv2d_transpose(np.ones((1, 1, size, 1)), np.ones((1, k, 1, 1)), strides=stride,
                                padding=((0, 0), (padding, padding)))
    return question(
        "A transposed convolution with a kernel of {k}, stride {stride} and padding {padding}, which cuts off as many pixels "
        "at each end, on a row of {size} pixels. How long is $y$?",
        {"k": k, "stride": stride, "size": size, "padding": padding}, y.shape[2], {
            "size times stride, and the rest of the kernel forgotten": size * stride,
            "the last copy begins at (size - 1) stride, not at size times stride": size * stride + k - 2 * padding,
            "cut off at one end only": (size - 1) * stride + k - padding,
            "nothing was cut off": (size - 1) * stride + k})


def transposed_backward(rng: np.random.Generator) -> Question:
    """dx of a transposed convolution."""
    kernel, dy = integers(rng, 3), integers(rng, 5)
    _, cache = ops.conv2d_transpose(row([1.0, 1.0]), taps(kernel), strides=(1, 2), padding=0)
    return question(
        "A transposed convolution with $K = {kernel}$ and stride 2 made five pixels of two. The upstream gradient is $dy = "
        "{dy}$. What is $dx$?",
        {"kernel": kernel, "dy": dy}, ops.conv2d_transpose_backward(row(dy), cache)[0].ravel(), {
            "the kernel was flipped: the backward pass is a plain convolution": np.array([dy[:3], dy[2:]]) @ kernel[::-1],
            "the windows are one pixel apart, but the copies were two": np.array([dy[:3], dy[1:4]]) @ kernel,
            "only the middle of each copy was used": dy[1::2] * kernel[1]})


def overlap(rng: np.random.Generator) -> Question:
    """The number of kernels over each pixel."""
    size, k, stride = choice(rng, 2, 3, 4), choice(rng, 3, 4, 5, 6), choice(rng, 2, 3)
    counts = add_kernels(np.ones(size), np.ones(k), stride)
    return question(
        "A transposed convolution with a kernel of {k}, stride {stride} and no padding, on {size} pixels in a row. How many "
        "copies of the kernel cover each pixel of $y$?",
        {"k": k, "stride": stride, "size": size}, counts, {
            "every pixel the same: only if the stride divides the kernel, and not at the ends": np.ones(len(counts)),
            "the copies are one pixel apart: that is stride 1": add_kernels(np.ones(size), np.ones(k)),
            "a copy too few": add_kernels(np.ones(size - 1), np.ones(k), stride)})


def stripes(rng: np.random.Generator) -> Question:
    """The checkerboard of a constant row."""
    value, kernel = integers(rng, low=1, high=3), integers(rng, 4, low=1, high=6)
    y = add_kernels(np.full(6, value), kernel, 2)
    return question(
        "All pixels of a row are {value}; a transposed convolution has $K = {kernel}$ and stride 2. Which two values alternate "
        "in the middle of $y$, at even and at odd positions, counted from 0?",
        {"value": value, "kernel": kernel}, y[6:8], {
            "each pixel meets every second weight, not neighbours": value * np.array([kernel[:2].sum(), kernel[2:].sum()]),
            "each pixel meets two of the four weights, not all": np.full(2, value * kernel.sum()),
            "even and odd were exchanged": y[[7, 6]]})


def side_after(rng: np.random.Generator) -> Question:
    """The side after strided convolutions."""
    side, blocks = int(integers(rng, low=20, high=100)), choice(rng, 2, 3, 4)
    x = inputs = layers.Input((side, side, 1))
    for _ in range(blocks):
        x = layers.Conv2D(1, 4, 2, padding="same")(x)
    return question(
        "Images of {side} x {side} pixels pass through {blocks} convolutions with stride 2 and `padding='same'`. What is "
        "the side then?",
        {"side": side, "blocks": blocks}, Model(inputs, x).calls[-1].shape[1], {
            "rounded down: with \"same\" each halving rounds up": side // 2**blocks,
            "one block too few": -(-side // 2**(blocks - 1)),
            "not rounded": side / 2**blocks})


def live_taps(rng: np.random.Generator) -> Question:
    """The taps that ever meet a pixel."""
    k, *sides = (int(integers(rng, low=low, high=high)) for low, high in ((3, 7), (1, 4), (1, 4)))
    kernel = np.ones((k, k, 1, 1))
    y, cache = ops.conv2d(np.ones((1, *sides, 1)), kernel, strides=2, padding="same")
    alive = int((ops.conv2d_backward(np.ones_like(y), cache)[1] > 0).sum())
    return question(
        "A kernel of {k} x {k} with stride 2 and `padding='same'` works on images of {height} x {width}. How many of "
        "its weights ever meet a pixel?",
        {"k": k, "height": sides[0], "width": sides[1]}, alive, {
            "all: but some of them meet padding alone, and get no gradient": k * k,
            "a whole row of the kernel": k})


def of_two(rng: np.random.Generator) -> Question:
    """Batch normalisation of a batch of two."""
    first, second = integers(rng, 2, low=1, high=99)
    gamma, beta = integers(rng, low=2, high=5), integers(rng)
    mean, one = (first + second) / 2, np.ones(1)
    y, _, _ = ops.batch_norm(np.array([[first], [second]]), gamma * one, beta * one, one, one, training=True, epsilon=EPSILON)
    return question(
        "Two images of one pixel: a channel has the values {first} and {second}. What is the output of batch normalisation in "
        r"training, with $\gamma = {gamma}$, $\beta = {beta}$ and $\epsilon = 0$?",
        {"first": first, "second": second, "gamma": gamma, "beta": beta}, y[:, 0], {
            "only the mean was subtracted; the standard deviation takes the distance":
                gamma * np.array([first - mean, second - mean]) + beta,
            "as if each were alone: then the output is beta, whatever the input": beta * np.ones(2),
            "the signs were exchanged: the larger value stays the larger": y[::-1, 0]})


def weights_of_model(rng: np.random.Generator) -> Question:
    """The trained parameters of a model."""
    c, o, k = choice(rng, 2, 3, 4), choice(rng, 4, 5, 8, 10), choice(rng, 2, 3)
    x = layers.Input((8, 8, c))
    model = Model(x, layers.BatchNormalization()(layers.Conv2D(o, k)(x)))
    return question(
        "`Conv2D({o}, {k})` on {c} channels, then `BatchNormalization()`. How many numbers does an optimiser change?",
        {"o": o, "k": k, "c": c}, sum(array.size for array in model.params.values()), {
            "the running mean and variance were counted: no optimiser changes them": k * k * c * o + 5 * o,
            "gamma and beta were forgotten": k * k * c * o + o,
            "the bias of the convolution was forgotten: useless here, but there": k * k * c * o + 2 * o})
