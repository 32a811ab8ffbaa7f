"""The exercise of notebook 09 on the backward pass of its convolutional network (cnn.py).

Shapes: dlogits (N, classes); the parameters, their gradients and the cached arrays as in cnn.py.
"""
import numpy as np

from nnscratch import ops
from nnscratch.course import own
from nnscratch.course.checks.cnn import CACHED, networks, parameters, right_forward
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.inputs import integers
from nnscratch.course.checks.named_arrays import Unpacked, items, unchanged

__all__ = ["cnn_backward"]

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
                  forward=right_forward):
    """The backward pass from its decisions; it returns the gradients in the order of GRADIENTS."""
    def backward(dlogits, x, K1, b1, K2, b2, W3, b3):
        cache = dict(zip(CACHED, forward(x, K1, b1, K2, b2, W3, b3)))
        (N, H, W, O), found = cache["y2"].shape, {}
        found["W3"], found["b3"] = cache["x3"].T @ dlogits, dlogits.sum(axis=0)
        dy2 = pool(flat(dlogits @ W3.T, (N, H // 2, W // 2, O)), cache["y2"])
        dx2, found["K2"], found["b2"] = convolved(relu2(dy2, cache["a2"]), cache["x2"], K2)
        dy1 = pool(crop(dx2), cache["y1"])
        dx1, found["K1"], found["b1"] = convolved(relu1(dy1, cache["a1"]), cache["x1"], K1)
        found["x"] = crop(dx1)
        return [found[name] for name in GRADIENTS]
    return backward


def convolved(dy, x, K):
    """The backward pass of a convolution."""
    return ops.conv2d_backward(dy, ops.conv2d(x, K, np.zeros(K.shape[3]))[1])


right_backward = backward_with()


def library_backward(dlogits, cache, params):
    """The library's, with the learner's arguments, from the parts of the course: each the learner's where there is one."""
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
