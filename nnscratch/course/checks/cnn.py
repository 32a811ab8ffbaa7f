"""Exercises of notebook 09: the convolutional network of milestone 2, its shapes and its forward pass.

The network: convolution (3 x 3, padding 1), ReLU, max pooling 2, the same again, a dense layer. Its parameters are a dict,
K1 (3, 3, C, O1), b1, K2 (3, 3, O1, O2), b2, W3 (H/4 * W/4 * O2, classes), b3.

Shapes: x (N, H, W, C), H and W multiples of 4; logits (N, classes); x1 and x2, the inputs of the convolutions, are padded:
(N, H + 2, W + 2, C), (N, H/2 + 2, W/2 + 2, O1).
"""
from typing import Any

import numpy as np

from nnscratch import ops
from nnscratch.course import own
from nnscratch.course.checks.classification import softmax
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, Wrong, exercise
from nnscratch.course.checks.inputs import integers, normal, with_border
from nnscratch.course.checks.named_arrays import Unpacked, items, unchanged
from nnscratch.course.checks.prediction import predicted

__all__ = ["cnn_forward", "cnn_table"]

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
        "the shape of one image, without a batch axis": ("shape after the first pooling", (1, 8, 8, 8)),
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
        "one side of it, a number": ("receptive field after the first pooling", (4, 4)),
        "two values of the first convolution, each 3 wide, overlap": ("receptive field after the first pooling", 6),
        "pooling widens the field, too": ("receptive field after the first pooling", 3),
        "after a pooling, neighbours are 2 pixels apart": ("receptive field after the second convolution", 6),
        "two neighbours, 2 pixels apart, each 8 wide": ("receptive field after the second pooling", 9)})


def parameters(*values: np.ndarray) -> dict[str, np.ndarray]:
    """The arrays as the dict that a learner's function gets."""
    return dict(zip(PARAMETERS, values))


def relu(a):
    """max(0, a)."""
    return np.maximum(0, a)


def pooled(y):
    """Max pooling in windows of 2 x 2."""
    return ops.max_pool2d(y, 2)[0]


def forward_with(pad=with_border, relu1=relu, relu2=relu, pool=pooled, flat=lambda p: p.reshape(len(p), -1),
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


def average(y):
    """Average pooling in windows of 2 x 2."""
    return ops.avg_pool2d(y, 2)[0]


def library_forward(x, params):
    """The library's, with the learner's arguments, from the parts of the course: each the learner's where there is one."""
    x1 = with_border(x)
    a1 = own.conv2d(x1, params["K1"], params["b1"])
    y1 = relu(a1)
    x2 = with_border(own.max_pool(y1, 2))
    a2 = own.conv2d(x2, params["K2"], params["b2"])
    y2 = relu(a2)
    x3 = own.max_pool(y2, 2).reshape(len(x), -1)
    return own.dense(x3, params["W3"], params["b3"]), dict(zip(CACHED, (x1, a1, y1, x2, a2, y2, x3)))


def networks() -> list[dict[str, np.ndarray]]:
    """Images with parameters, from the smallest: one of 4 x 4 pixels; two with unequal sides and channels."""
    return [{"x": integers(1, 4, 4, 1), **arrays(integers, 1, 1, 1, 1, 2)},
            {"x": normal(2, 8, 4, 1), **arrays(normal, 1, 3, 5, 2 * 5, 4)}]


def arrays(draw, C, O1, O2, D, classes):
    """Parameters by name; biases around 0.5, so that not all of the few units are 0."""
    shapes = (3, 3, C, O1), (O1,), (3, 3, O1, O2), (O2,), (D, classes), (classes,)
    return {name: draw(*shape, seed=k) + 0.5 * (len(shape) == 1) for k, (name, shape) in enumerate(zip(PARAMETERS, shapes))}


@exercise("09",
          "Follow the table from top to bottom: each row is one call or two, on the result of the row above.",
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
        "the padding holds ones, expected zeros": forward_with(pad=lambda x: with_border(x, 1)),
        f"{inner}: here the channels come first": forward_with(flat=lambda p: p.transpose(0, 3, 1, 2).reshape(len(p), -1)),
        f"{inner}: here values of several images are mixed": forward_with(flat=lambda p: p.reshape(-1, len(p)).T),
        "the last layer has no ReLU: logits may be negative": forward_with(last=relu),
        "the softmax belongs to the loss: return the logits": forward_with(last=softmax),
        "the first bias is missing": lambda x, K1, b1, *rest: right_forward(x, K1, 0 * b1, *rest),
        "the second bias is missing": lambda x, K1, b1, K2, b2, *rest: right_forward(x, K1, b1, K2, 0 * b2, *rest),
        "the last bias is missing": lambda *values: right_forward(*values[:-1], 0 * values[-1])})
