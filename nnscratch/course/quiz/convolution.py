"""Quiz of notebooks 07 and 08: convolution and its two gradients, mostly along one row.

Shapes: x (W,) or (H, W), kernel (KW,) or (KH, KW), dy and y (OW,) or (OH, OW).
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.quiz.question import Question, choice, image, integers, question, row, taps

__all__: list[str] = []  # quiz.ITEMS has the items


def slide(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The convolution of a row."""
    return ops.conv2d(row(x), taps(kernel))[0].ravel()


def add_kernels(dy: np.ndarray, kernel: np.ndarray, stride: int = 1) -> np.ndarray:
    """The transposed convolution of a row."""
    return ops.conv2d_transpose(row(dy), taps(kernel), strides=(1, stride), padding=0)[0].ravel()


def convolution(rng: np.random.Generator) -> Question:
    """y along a row."""
    x, kernel = integers(rng, 5), integers(rng, 3)
    return question(
        "A row of five pixels, $x = {x}$, and the kernel $K = {kernel}$, stride 1, no padding. What is $y$?",
        {"x": x, "kernel": kernel}, slide(x, kernel), {
            "the kernel was flipped: deep-learning libraries do not, signal processing does": slide(x, kernel[::-1]),
            "the row was padded with zeros: as long as before": slide(np.pad(x, 1), kernel),
            "it was multiplied, but not added up": x[1:4] * kernel})


def convolution_2d(rng: np.random.Generator) -> Question:
    """y of a small image."""
    x, kernel = integers(rng, 3, 3, low=0, high=3), integers(rng, 2, 2)

    def by(kernel):
        return ops.conv2d(image(x), kernel[:, :, None, None])[0][0, :, :, 0]

    return question(
        "$x = {x}$, $K = {kernel}$, stride 1, no padding. What is $y$?",
        {"x": x, "kernel": kernel}, by(kernel), {
            "the kernel was flipped in both directions": by(kernel[::-1, ::-1]),
            "rows and columns of the kernel were exchanged": by(kernel.T)})


def output_size(rng: np.random.Generator) -> Question:
    """The rows of the output."""
    size, kernel, stride, padding = (int(integers(rng, low=low, high=high)) for low, high in ((8, 30), (2, 5), (2, 3), (1, 2)))
    y, _ = ops.conv2d(np.zeros((1, size, size, 1)), np.zeros((kernel, kernel, 1, 1)), strides=stride, padding=padding)
    steps = (size + 2 * padding - kernel) / stride
    return question(
        "A side of {size} pixels, a kernel of {kernel}, stride {stride}, padding {padding} on each side. How many rows has the "
        "output?",
        {"size": size, "kernel": kernel, "stride": stride, "padding": padding}, y.shape[1], {
            "the + 1 was forgotten: the first position counts, too": np.floor(steps),
            "rounded up: the window must fit inside": np.ceil(steps) + 1,
            "the padding was forgotten": (size - kernel) // stride + 1})


def weights_of_conv(rng: np.random.Generator) -> Question:
    """The parameters of a Conv2D."""
    k, c, o, side = choice(rng, 2, 3, 5), choice(rng, 3, 4, 10), choice(rng, 8, 10, 20), choice(rng, 16, 32, 64)
    return question(
        "How many parameters has a convolution with {o} kernels of {k} x {k} on images of {side} x {side} with {c} channels, "
        "biases included?",
        {"o": o, "k": k, "side": side, "c": c}, k * k * c * o + o, {
            "the channels were forgotten: a kernel has weights for each": k * k * o + o,
            "the biases were forgotten, one for each kernel": k * k * c * o,
            "the side became a factor: the same weights are used at every position": k * k * c * o * side * side + o})


def im2col_shape(rng: np.random.Generator) -> Question:
    """The shape of im2col's matrix."""
    n, side, c, k = choice(rng, 2, 3), int(integers(rng, low=5, high=9)), choice(rng, 2, 3), choice(rng, 2, 3)
    columns, _ = ops.im2col(np.zeros((n, side, side, c)), (k, k))
    rows, width = int(np.prod(columns.shape[:3])), columns.shape[3]
    return question(
        "{n} images of {side} x {side} pixels and {c} channels, windows of {k} x {k}, stride 1, no padding. As a "
        "matrix, how many rows and columns has `im2col`?",
        {"n": n, "side": side, "c": c, "k": k}, (rows, width), {
            "a row for each pixel: it is one for each position of the window": (n * side * side, width),
            "the channels were forgotten: a patch holds all of them": (rows, k * k),
            "one image alone": (rows // n, width)})


def kernel_gradient(rng: np.random.Generator) -> Question:
    """dK along a row."""
    x, dy = integers(rng, 4), integers(rng, 3)
    _, cache = ops.conv2d(row(x), taps(np.ones(2)))
    return question(
        "A convolution with a kernel of two weights on $x = {x}$ has the upstream gradient $dy = {dy}$. What is $dK$?",
        {"x": x, "dy": dy}, ops.conv2d_backward(row(dy), cache)[1].ravel(), {
            "flipped: the first weight meets the pixels from the first on": slide(x, dy)[::-1],
            "divided by the number of positions: a mean stands for the sum": slide(x, dy) / 3,
            "only the first position was counted": x[:2] * dy[0]})


def image_gradient(rng: np.random.Generator) -> Question:
    """dx along a row."""
    kernel, dy = integers(rng, 2), integers(rng, 3)
    _, cache = ops.conv2d(row(np.zeros(4)), taps(kernel))
    last = np.array([*kernel[0] * dy, kernel[1] * dy[-1]])
    return question(
        "A convolution with $K = {kernel}$ made three numbers of four pixels. With $dy = {dy}$, what is $dx$?",
        {"kernel": kernel, "dy": dy}, ops.conv2d_backward(row(dy), cache)[0].ravel(), {
            "= stands where += belongs: where two copies of the kernel overlap, their values are added": last,
            "the kernel was flipped: its copies are added as it is": add_kernels(dy, kernel[::-1]),
            "a convolution of dy without padding: too short": slide(dy, kernel)})


def bias_gradient(rng: np.random.Generator) -> Question:
    """db of one filter."""
    first, second = dy = integers(rng, 2, 2, 2)
    _, cache = ops.conv2d(np.zeros((2, 2, 2, 1)), np.ones((1, 1, 1, 1)), np.zeros(1))
    return question(
        "One kernel, two images, whose upstream gradients are {first} and {second}. What is $db$?",
        {"first": first, "second": second}, ops.conv2d_backward(dy[..., None], cache)[2][0], {
            "the mean over the images: the bias was used in both": dy.sum() / 2,
            "the first image alone": first.sum(),
            "the mean over all positions": dy.mean()})


def windows_that_see(rng: np.random.Generator) -> Question:
    """The number of windows over each pixel."""
    k, more = choice(rng, 2, 3, 4, 5), int(integers(rng, low=0, high=5))
    size = 2 * k + more
    columns, window = ops.im2col(np.ones((1, 1, size, 1)), (1, k))
    positions = size - k + 1
    return question(
        "A window of {k} pixels slides over a row of {size}, one pixel at a time. For each pixel: how many windows cover it?",
        {"k": k, "size": size}, ops.col2im(columns, window).ravel(), {
            "the size of the window everywhere: near the ends fewer cover a pixel": np.full(size, k),
            "the number of windows, but no pixel is covered by all": np.full(size, positions),
            "one each: that is so for windows side by side": np.ones(size)})


def there_and_back(rng: np.random.Generator) -> Question:
    """col2im(im2col(x))."""
    x = integers(rng, 4, low=1, high=9)
    columns, window = ops.im2col(row(x), (1, 2))
    return question(
        "Windows of two pixels on the row $x = {x}$: what is `col2im(im2col(x))`?",
        {"x": x}, ops.col2im(columns, window).ravel(), {
            "x itself: col2im is the adjoint of im2col, not its inverse": x,
            "twice x: the first and the last pixel are in one window only": 2 * x,
            "one number for each window": slide(x, np.ones(2))})
