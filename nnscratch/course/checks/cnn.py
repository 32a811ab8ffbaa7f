"""Exercises of notebook 09: the convolutional network of milestone 2, its shapes, forward pass and backward pass.

The network: convolution (3 x 3, padding 1), ReLU, max pooling 2, the same again, a dense layer. Its parameters are a dict,
K1 (3, 3, C, O1), b1, K2 (3, 3, O1, O2), b2, W3 (H/4 * W/4 * O2, classes), b3.

Shapes: x (N, H, W, C), H and W multiples of 4; logits and dlogits (N, classes); x1 and x2, the inputs of the convolutions, are
padded: (N, H + 2, W + 2, C), (N, H/2 + 2, W/2 + 2, O1).
"""
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, Wrong, exercise
from nnscratch.course.checks.neurons import normal
from nnscratch.course.checks.prediction import predicted

__all__ = ["cnn_backward", "cnn_forward", "cnn_table"]

PARAMETERS, CACHED = ("K1", "b1", "K2", "b2", "W3", "b3"), ("x1", "a1", "y1", "x2", "a2", "y2", "x3")


@exercise("09",
          "Padding 1 keeps the size under a kernel of 3. A pooling of 2 halves rows and columns; channels stay as they are.",
          "A kernel (KH, KW, C, O) has KH * KW * C weights for each of its O outputs, and each output has one bias.",
          "Receptive field: begin with 1; a layer of kernel k adds (k - 1) times the product of the strides before it.")
def cnn_table(attempt: Any) -> None:
    """Nine values: three shapes without the batch axis, three numbers of parameters, three receptive fields."""
    predicted(attempt, {
        "shape after the first pooling": (8, 8, 8), "shape after the second convolution": (8, 8, 16),
        "shape after the second pooling": (4, 4, 16), "parameters of the first convolution": 80,
        "parameters of the second convolution": 1168, "parameters of the dense layer": 2570,
        "receptive field after the first pooling": 4, "receptive field after the second convolution": 8,
        "receptive field after the second pooling": 10}, {
        "the channels stay, each is pooled for itself": ("shape after the first pooling", (8, 8, 1)),
        "a pooling of 2 halves both sides": ("shape after the first pooling", (16, 16, 8)),
        "padding 1 keeps the size": ("shape after the second convolution", (6, 6, 16)),
        "the number of kernels is the new number of channels": ("shape after the second convolution", (8, 8, 8)),
        "sizes halve from 16 to 8 to 4": ("shape after the second pooling", (8, 8, 16)),
        "the biases count, too": ("parameters of the first convolution", 72),
        "eight kernels, not one": ("parameters of the first convolution", 10),
        "each kernel reads all 8 channels": ("parameters of the second convolution", 160),
        "the biases count, too ": ("parameters of the second convolution", 1152),
        "the biases count, too  ": ("parameters of the dense layer", 2560),
        "the dense layer reads 4 * 4 * 16 values": ("parameters of the dense layer", 170),
        "two values of the first convolution, each 3 wide, overlap": ("receptive field after the first pooling", 6),
        "pooling widens the field, too": ("receptive field after the first pooling", 3),
        "after a pooling, neighbours are 2 pixels apart": ("receptive field after the second convolution", 6),
        "two neighbours, 2 pixels apart, each 8 wide": ("receptive field after the second pooling", 9)})


class Unpacked:
    """An attempt at a function of a dict, called with arrays by position, so that `compare` can name them.

    attempt : the learner's function; call(attempt, *arrays) gives its results in the order that `compare` expects
    """

    def __init__(self, attempt: Attempt, call: Callable[..., Any]) -> None:
        self.attempt, self.call = attempt, call
        self.__code__ = getattr(attempt, "__code__", None)  # for `run`, which shows the line that raised

    def __call__(self, *arrays: Any) -> Any:
        return self.call(self.attempt, *arrays)


def parameters(*values: np.ndarray) -> dict[str, np.ndarray]:
    """The arrays as the dict that a learner's function gets."""
    return dict(zip(PARAMETERS, values))


def unchanged(function: Attempt, *arguments: Any) -> Any:
    """Call the function; raise Wrong if it changes an array in one of its dicts."""
    before = [{key: value.copy() for key, value in one.items()} if isinstance(one, dict) else {} for one in arguments]
    result = function(*arguments)
    for one, copies in zip(arguments, before):
        for key, value in copies.items():
            if key not in one or not np.array_equal(one[key], value, equal_nan=True):
                raise Wrong(f"your code changes {key}, which others still need: work on a new array")
    return result


def items(results: Any, names: tuple[str, ...], what: str) -> list[np.ndarray]:
    """The items of a learner's dict; Wrong if one is missing."""
    if isinstance(results, np.ndarray) and results.ndim == 0:
        results = results.item()
    if not isinstance(results, Mapping):
        raise Wrong(f"{what} is a {type(results).__name__}, expected a dict with {', '.join(names)}")
    if missing := [name for name in names if name not in results or results[name] is None or results[name] is Ellipsis]:
        raise Wrong(f"{what} has no {', '.join(missing)}, expected {', '.join(names)}")
    return [results[name] for name in names]


def with_padding(x):
    """Zeros, one pixel wide, around each image."""
    return np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])


def relu(a):
    """max(0, a)."""
    return np.maximum(0, a)


def pooled(y):
    """Max pooling in windows of 2 x 2."""
    return ops.max_pool2d(y, 2)[0]


def forward_with(pad=with_padding, relu1=relu, relu2=relu, pool=pooled, flat=lambda p: p.reshape(len(p), -1),
                 last=lambda logits: logits):
    """The forward pass from its decisions; it returns the cached arrays and the logits."""
    def forward(x, K1, b1, K2, b2, W3, b3):
        x1 = pad(x)
        a1 = ops.conv2d(x1, K1, b1)[0]
        y1 = relu1(a1)
        x2 = pad(pool(y1))
        a2 = ops.conv2d(x2, K2, b2)[0]
        y2 = relu2(a2)
        x3 = flat(pool(y2))
        return x1, a1, y1, x2, a2, y2, x3, last(x3 @ W3 + b3)
    return forward


right_forward = forward_with()


def around(value):
    """Padding with something else than zeros."""
    return lambda x: np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], constant_values=value)


def average(y):
    """Average pooling in windows of 2 x 2."""
    return ops.avg_pool2d(y, 2)[0]


def softmax(logits):
    """Probabilities of each row."""
    return ops.softmax(logits)[0]


def library_forward(x, params):
    """The library's, with the learner's arguments, from the parts of the course: each the learner's where there is one."""
    from nnscratch.course import own  # it uses the exercises
    x1 = with_padding(x)
    a1 = own.conv2d(x1, params["K1"], params["b1"])
    y1 = relu(a1)
    x2 = with_padding(own.max_pool(y1, 2))
    a2 = own.conv2d(x2, params["K2"], params["b2"])
    y2 = relu(a2)
    x3 = own.max_pool(y2, 2).reshape(len(x), -1)
    return own.dense(x3, params["W3"], params["b3"]), dict(zip(CACHED, (x1, a1, y1, x2, a2, y2, x3)))


def integers(*shape, seed=0):
    """Small whole numbers around 0, the same for the same shape and seed."""
    return np.random.default_rng([seed, *shape]).integers(-3, 4, shape).astype(float)


def networks() -> list[dict[str, np.ndarray]]:
    """Images with parameters, from the smallest: one of 4 x 4 pixels; three with unequal sides and channels."""
    return [{"x": integers(1, 4, 4, 1), **arrays(integers, 1, 1, 1, 1, 2)},
            {"x": normal(2, 8, 4, 1), **arrays(normal, 1, 3, 5, 2 * 5, 4)}]


def arrays(draw, C, O1, O2, D, classes):
    """Parameters by name; biases around 0.5, so that not all of the few units are 0."""
    shapes = (3, 3, C, O1), (O1,), (3, 3, O1, O2), (O2,), (D, classes), (classes,)
    return {name: draw(*shape, seed=k) + 0.5 * (len(shape) == 1) for k, (name, shape) in enumerate(zip(PARAMETERS, shapes))}


@exercise("09",
          "Follow the table from top to bottom: each row is one call, on the result of the row above.",
          "np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)]) pads rows and columns, but neither the batch nor the channels.",
          'x3 = own.max_pool(y2, 2).reshape(len(x), -1); return logits, {"x1": x1, "a1": a1, ...}',
          library=library_forward)
def cnn_forward(attempt: Attempt) -> None:
    """logits, an array (N, classes), and cache, a dict of the arrays x1, a1, y1, x2, a2, y2, x3."""
    def call(function, x, *values):
        result = unchanged(function, x, parameters(*values))
        if result is None or result is Ellipsis:
            return result
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise Wrong("your code returns one result, expected two: logits, cache" if isinstance(result, np.ndarray) else
                        f"your code returns a {type(result).__name__}, expected two results: logits, cache")
        return (*items(result[1], CACHED, "cache"), result[0])

    inner = "flatten the values of each image in the order (h, w, c), as reshape(N, -1) does"
    compare(Unpacked(attempt, call), right_forward, networks(), " ".join((*CACHED, "logits")), {
        "the first ReLU is missing: y1 is max(0, a1)": forward_with(relu1=lambda a: a),
        "the second ReLU is missing: y2 is max(0, a2)": forward_with(relu2=lambda a: a),
        "this is average pooling, expected max pooling": forward_with(pool=average),
        "the padding holds ones, expected zeros": forward_with(pad=around(1)),
        f"{inner}: here the channels come first": forward_with(flat=lambda p: p.transpose(0, 3, 1, 2).reshape(len(p), -1)),
        f"{inner}: here values of several images are mixed": forward_with(flat=lambda p: p.reshape(-1, len(p)).T),
        "the last layer has no ReLU: logits may be negative": forward_with(last=relu),
        "the softmax belongs to the loss: return the logits": forward_with(last=softmax),
        "the first bias is missing": lambda x, K1, b1, *rest: right_forward(x, K1, 0 * b1, *rest),
        "the second bias is missing": lambda x, K1, b1, K2, b2, *rest: right_forward(x, K1, b1, K2, 0 * b2, *rest),
        "the last bias is missing": lambda *values: right_forward(*values[:-1], 0 * values[-1])})


GRADIENTS = ("W3", "b3", "K2", "b2", "K1", "b1", "x")  # in the order of the backward pass


def pooled_gradient(dy, y):
    """The backward pass of the pooling."""
    return ops.max_pool2d_backward(dy, ops.max_pool2d(y, 2)[1])


def cropped(dx):
    """The gradient of the padding."""
    return dx[:, 1:-1, 1:-1]


def spread(dy, y):
    """The backward pass of average pooling."""
    return ops.avg_pool2d_backward(dy, ops.avg_pool2d(y, 2)[1])


def masked(da, a):
    """The backward pass of ReLU."""
    return da * (a > 0)


def unmasked(da, a):
    """A ReLU that was forgotten."""
    return da


def backward_with(relu1=masked, relu2=masked, pool=pooled_gradient, crop=cropped, flat=lambda d, shape: d.reshape(shape),
                  first="x1", second="x2"):
    """The backward pass from its decisions; it returns the gradients in the order of GRADIENTS."""
    def backward(dlogits, x, K1, b1, K2, b2, W3, b3):
        cache = dict(zip(CACHED, right_forward(x, K1, b1, K2, b2, W3, b3)))
        (N, H, W, O), found = cache["y2"].shape, {}
        found["W3"], found["b3"] = cache["x3"].T @ dlogits, dlogits.sum(axis=0)
        dy2 = pool(flat(dlogits @ W3.T, (N, H // 2, W // 2, O)), cache["y2"])
        dx2, found["K2"], found["b2"] = convolved(relu2(dy2, cache["a2"]), cache[second], K2)
        dy1 = pool(crop(dx2), cache["y1"])
        dx1, found["K1"], found["b1"] = convolved(relu1(dy1, cache["a1"]), cache[first], K1)
        found["x"] = crop(dx1)
        return [found[name] for name in GRADIENTS]
    return backward


def convolved(dy, x, K):
    """The backward pass of a convolution."""
    return ops.conv2d_backward(dy, ops.conv2d(x, K, np.zeros(K.shape[3]))[1]) if x.shape[1] == dy.shape[1] + 2 else None


right_backward = backward_with()


def library_backward(dlogits, cache, params):
    """The library's, with the learner's arguments, from the parts of the course: each the learner's where there is one."""
    from nnscratch.course import own
    grads = {}
    dx3, grads["W3"], grads["b3"] = own.dense_backward(dlogits, cache["x3"], params["W3"])
    N, H, W, O = cache["y2"].shape
    dy2 = own.max_pool_backward(dx3.reshape(N, H // 2, W // 2, O), cache["y2"], 2)
    dx2, grads["K2"], grads["b2"] = own.conv2d_backward(own.relu_backward(dy2, cache["a2"]), cache["x2"], params["K2"])
    dy1 = own.max_pool_backward(cropped(dx2), cache["y1"], 2)
    dx1, grads["K1"], grads["b1"] = own.conv2d_backward(own.relu_backward(dy1, cache["a1"]), cache["x1"], params["K1"])
    grads["x"] = cropped(dx1)
    return grads


@exercise("09",
          "Go through your cnn_forward from its last line to its first: each line becomes the backward function of its layer.",
          "A reshape is undone by a reshape; of a padded array only the inside came from the layer before.",
          'dx2, grads["K2"], grads["b2"] = own.conv2d_backward(da2, cache["x2"], params["K2"]), and then dx2[:, 1:-1, 1:-1].',
          library=library_backward)
def cnn_backward(attempt: Attempt) -> None:
    """grads, a dict of gradients: K1, b1, K2, b2, W3, b3 in the shapes of the parameters, and x in the shape of the images."""
    cases = [{"dlogits": integers(len(case["x"]), len(case["b3"])) + 0.5, **case} for case in networks()]

    def call(function, dlogits, x, *values):
        *cached, _ = right_forward(x, *values)
        result = unchanged(function, dlogits, dict(zip(CACHED, cached)), parameters(*values))
        return result if result is None or result is Ellipsis else items(result, GRADIENTS, "grads")

    compare(Unpacked(attempt, call), right_backward, cases, " ".join(f"d{name}" for name in GRADIENTS), {
        "the backward pass of the second ReLU is missing: where a2 is not positive, the gradient is 0":
            backward_with(relu2=unmasked),
        "the backward pass of the first ReLU is missing: where a1 is not positive, the gradient is 0":
            backward_with(relu1=unmasked),
        "dy is spread over each window, expected at its maximum": backward_with(pool=spread),
        "the wrong part of dx is cut out: the padding was one pixel on every side": backward_with(crop=lambda d: d[:, 2:, 2:]),
        "the wrong part of dx is cut out: the padding was one pixel on every side ":
            backward_with(crop=lambda d: d[:, :-2, :-2]),
        "dx3 is put into images in the order (c, h, w), but was flattened in the order (h, w, c)": backward_with(
            flat=lambda d, s: d.reshape(s[0], s[3], s[1], s[2]).transpose(0, 2, 3, 1)),
        "these are the gradients divided by N: the mean is already in dlogits":
            lambda dlogits, *rest: [g / len(dlogits) for g in right_backward(dlogits, *rest)],
        "the sign is wrong: these are the steps, expected the gradients":
            lambda *values: [-g for g in right_backward(*values)]})
