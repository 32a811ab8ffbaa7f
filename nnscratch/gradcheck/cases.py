"""A case for every op and loss of this library.

All sizes differ (N=2, H=7, W=5, C=3, ...), so that no two can be confused. Gamma, beta and biases are random, because their
usual 1 or 0 would hide mistakes. Functions with kinks get inputs away from the kinks.
"""
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from nnscratch import losses, ops
from nnscratch.backend import Array, array_module, move
from nnscratch.gradcheck import cpu_algorithms
from nnscratch.gradcheck.measurement import Backward, Forward

__all__ = ["Case", "all_cases"]


class Case(NamedTuple):
    """One pair of functions to check.

    Parameters
    ----------
    name : str, the op, and what is special about this case
    forward : callable, forward(*inputs) -> (y, cache)
    backward : callable, backward(dy, cache) -> gradients
    inputs : dict of arrays
    smooth : bool, True for complex steps, False for central differences
    """
    name: str
    forward: Forward
    backward: Backward
    inputs: dict[str, Array]
    smooth: bool = True


N, H, W, C, OC = 2, 7, 5, 3, 4


def normal(*shape: int, seed: int = 0) -> Array:
    """Normal numbers, the same for the same shape and seed."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def spread(*shape: int, seed: int = 0) -> Array:
    """Different, evenly spaced numbers, none near 0: no kink and no tie within a step of the central difference."""
    values = np.arange(np.prod(shape)) - np.prod(shape) / 2 + 0.25
    return np.random.default_rng(seed).permutation(values).reshape(shape) / np.prod(shape) * 4


def linear_cases() -> Iterator[Case]:
    """Dense layer, convolutions, im2col."""
    x, dense_x = normal(N, H, W, C), normal(4, 5)
    yield Case("dense", ops.dense, ops.dense_backward, {"x": dense_x, "weights": normal(5, 3), "bias": normal(3)})
    yield Case("dot", ops.dot, ops.dot_backward, {"a": dense_x, "b": normal(4, 5, seed=1)})
    convolutions: list[tuple[str, tuple, dict[str, Any]]] = [
        ("conv2d", (3, 2, C, OC), {}),
        ("conv2d stride 2x1, same", (3, 2, C, OC), {"strides": (2, 1), "padding": "same"}),
        ("conv2d 4x4 stride 2, same", (4, 4, C, OC), {"strides": 2, "padding": "same"}),
        ("conv2d dilation 2x1, uneven padding", (3, 2, C, OC), {"dilation": (2, 1), "padding": ((2, 1), (0, 1))}),
        ("conv2d 1x1", (1, 1, C, OC), {}),
        ("conv2d 2 groups", (3, 2, 2, 6), {"groups": 2, "padding": 1}),
        ("conv2d depthwise", (3, 3, 1, 4), {"groups": 4, "padding": "same"}),
        ("conv2d depthwise, two filters each", (3, 3, 1, 8), {"groups": 4, "padding": "same"}),
    ]
    for name, kernel, options in convolutions:
        images = x if options.get("groups", 1) == 1 else normal(N, H, W, 4)
        yield Case(name, partial(ops.conv2d, **options), ops.conv2d_backward,
                   {"x": images, "kernel": normal(*kernel), "bias": normal(kernel[3])})
    transposed: list[tuple[str, tuple, dict[str, Any]]] = [
        ("conv2d_transpose", (3, 2, OC, C), {}),
        ("conv2d_transpose 4x4 stride 2, same", (4, 4, OC, C), {"strides": 2, "padding": "same"}),
        ("conv2d_transpose stride 2, output padding", (3, 3, OC, C), {"strides": 2, "padding": 1, "output_padding": 1}),
        ("conv2d_transpose stride above kernel", (2, 1, OC, C), {"strides": 3, "dilation": (2, 1)}),
        ("conv2d_transpose 2 groups", (3, 2, 3, 4), {"strides": (2, 1), "groups": 2}),
    ]
    for name, kernel, options in transposed:
        groups = options.get("groups", 1)
        yield Case(name, partial(ops.conv2d_transpose, **options), ops.conv2d_transpose_backward,
                   {"x": normal(N, 4, 3, kernel[3]), "kernel": normal(*kernel), "bias": normal(kernel[2] * groups)})
    options = {"kernel_size": (3, 2), "strides": (2, 1), "padding": ((1, 0), (0, 1))}
    yield Case("im2col", partial(ops.im2col, **options), ops.col2im, {"x": x})
    _, window = ops.im2col(x, **options)
    yield Case("col2im", lambda columns: (ops.col2im(columns, window), window),
               lambda dy, window: ops.im2col(dy, window.taps, strides=window.strides, padding=window.pads)[0],
               {"columns": normal(N, *window.output, 3 * 2 * C)})


def cpu_algorithm_cases() -> Iterator[Case]:
    """The convolution algorithms of fast/cpu, each by itself, whatever dispatch.py would choose."""
    images = normal(N, H, W, C)
    for name, x, kernel in [("winograd_3x3", images, (3, 3, C, OC)), ("subpixel_4x4", images, (4, 4, C, OC)),
                            ("folded_4x4", images, (4, 4, C, OC)),
                            ("wide_8x3", images, (8, 3, C, OC)), ("transposed_4x4", normal(N, 4, 3, C), (4, 4, OC, C))]:
        yield Case(f"fast/cpu {name}", getattr(cpu_algorithms, name), getattr(cpu_algorithms, f"{name}_backward"),
                   {"x": x, "kernel": normal(*kernel)})


def pooling_cases() -> Iterator[Case]:
    """Maximum and average pooling."""
    overlapping: dict[str, Any] = {"pool_size": (3, 2), "strides": (2, 1), "padding": ((1, 1), (0, 1))}
    yield Case("max_pool2d", ops.max_pool2d, ops.max_pool2d_backward, {"x": spread(N, H, W, C)}, smooth=False)
    yield Case("max_pool2d overlapping, padded", partial(ops.max_pool2d, **overlapping), ops.max_pool2d_backward,
               {"x": spread(N, H, W, C)}, smooth=False)
    yield Case("avg_pool2d overlapping, padded", partial(ops.avg_pool2d, **overlapping), ops.avg_pool2d_backward,
               {"x": normal(N, H, W, C)})
    yield Case("avg_pool2d counting padding", partial(ops.avg_pool2d, **overlapping, count_include_pad=True),
               ops.avg_pool2d_backward, {"x": normal(N, H, W, C)})
    yield Case("global_avg_pool2d", ops.global_avg_pool2d, ops.global_avg_pool2d_backward, {"x": normal(N, H, W, C)})


def normalization_cases() -> Iterator[Case]:
    """Batch, instance and group normalization, and modulation after it."""
    inputs = {"x": 3 * normal(N, H, W, C) + 1, "gamma": 1.5 + normal(C), "beta": normal(C, seed=1)}
    mean, variance = normal(C, seed=2), 0.5 + np.abs(normal(C, seed=3))
    for training in (True, False):
        def forward(x: Array, gamma: Array, beta: Array, training: bool = training) -> tuple[Array, Any]:
            statistics = (move(s.astype(x.dtype), array_module(x)) for s in (mean, variance))
            y, _, cache = ops.batch_norm(x, gamma, beta, *statistics, training=training)
            return y, cache
        yield Case(f"batch_norm {'training' if training else 'inference'}", forward, ops.batch_norm_backward, inputs)
    yield Case("instance_norm", ops.instance_norm, ops.instance_norm_backward, inputs)
    four = {"x": normal(N, H, W, 4) + 1, "gamma": 1.5 + normal(4), "beta": normal(4, seed=1)}
    yield Case("group_norm", partial(ops.group_norm, groups=2), ops.group_norm_backward, four)
    yield Case("modulate", ops.modulate, ops.modulate_backward,
               {"x": normal(N, H, W, C), "scale": normal(N, C, seed=1), "shift": normal(N, C, seed=2)})


def elementwise_cases() -> Iterator[Case]:
    """Activations and dropout."""
    yield Case("bias_leaky_relu", ops.bias_leaky_relu, ops.bias_leaky_relu_backward,
               {"x": spread(N, H, W, C), "bias": np.array([0.011, -0.013, 0.017])}, smooth=False)
    for name in ("relu", "leaky_relu", "elu"):
        yield Case(name, getattr(ops, name), getattr(ops, name + "_backward"), {"x": spread(N, H, W, C)}, smooth=False)
    for name in ("tanh", "sigmoid", "softmax"):
        yield Case(name, getattr(ops, name), getattr(ops, name + "_backward"), {"x": normal(4, 5)})
    yield Case("dropout", partial(ops.dropout, rate=0.3, seed=5), ops.dropout_backward, {"x": normal(N, H, W, C)})
    yield Case("spatial_dropout2d", partial(ops.spatial_dropout2d, rate=0.4, seed=5), ops.spatial_dropout2d_backward,
               {"x": normal(N, H, W, C)})


def image_cases() -> Iterator[Case]:
    """Padding, resizing, Gram matrix."""
    x = normal(N, H, W, C)
    for mode in ("constant", "reflect", "edge"):
        yield Case(f"pad2d {mode}", partial(ops.pad2d, padding=((2, 1), (0, 3)), mode=mode), ops.pad2d_backward, {"x": x})
    for mode in ("nearest", "bilinear"):
        yield Case(f"upsample2d {mode}", partial(ops.upsample2d, factor=(2, 3), mode=mode), ops.upsample2d_backward, {"x": x})
    yield Case("resize2d", partial(ops.resize2d, size=(9, 4)), ops.resize2d_backward, {"x": x})
    yield Case("gram_matrix", ops.gram_matrix, ops.gram_matrix_backward, {"x": x})


def loss_cases() -> Iterator[Case]:
    """A loss returns its value and gradient; its backward pass is that gradient times dy, a scalar.

    The cache is (gradient, x, *targets): mutants compute their wrong gradients from x and the targets.
    """
    def case(name: str, loss: Callable, x: Array, *targets: Array, smooth: bool = True, **options: Any) -> Case:
        def forward(x: Array) -> tuple[Array, tuple]:
            moved = [move(t.astype(x.real.dtype), array_module(x)) for t in targets]  # to x's device, in x's precision
            value, gradient = loss(x, *moved, **options)
            return value, (gradient, x, *moved)
        return Case(name, forward, lambda dy, cache: dy * cache[0], {"x": x}, smooth)

    x, other = normal(N, H, W, C), normal(N, H, W, C, seed=1)
    logits, one_hot, labels = normal(4, 5), np.eye(5)[[1, 0, 3, 1]], (normal(4, 5, seed=1) > 0) * 1.0
    gram = ops.gram_matrix(normal(1, 4, 6, C, seed=2))[0]
    yield case("mse", losses.mse, x, other)
    yield case("softmax_cross_entropy", losses.softmax_cross_entropy, logits, one_hot)
    yield case("binary_cross_entropy", losses.binary_cross_entropy, logits, labels, label_smoothing=0.1)
    yield case("hinge", losses.hinge, spread(4, 5) + 0.013, smooth=False, sign=-1)
    yield case("content_loss", losses.content_loss, x, other)
    yield case("gram_style_loss", losses.gram_style_loss, x, gram)
    grams = [ops.gram_matrix(array)[0] for array in (x, other, x + 1)]
    yield case("log_gram_loss", losses.log_gram_loss, *grams)
    yield case("relative_gram_loss", losses.relative_gram_loss, *grams)
    yield case("total_variation", losses.total_variation, x)


def all_cases(on_cpu: bool = True) -> list[Case]:
    """Every case, in the order of the ops.

    Parameters
    ----------
    on_cpu : bool, whether to include the algorithms of fast/cpu

    Returns
    -------
    cases : list of Case
        Their first words are the names of the ops.
    """
    algorithms = cpu_algorithm_cases() if on_cpu else []
    return [*linear_cases(), *algorithms, *pooling_cases(), *normalization_cases(), *elementwise_cases(), *image_cases(),
            *loss_cases()]
