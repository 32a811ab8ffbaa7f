"""`python -m benchmarks peers`: forward + backward against other deep learning libraries in NumPy.

    plain im2col   the method of Stanford's CS231n: all windows of all images as one matrix, then one product (by our im2col)
    DeZero         "Deep Learning from Scratch 3": im2col by loops over the taps, channels first
    numpy-ml       im2col by index arrays

DeZero and numpy-ml are installed manually (pip install dezero; pip install --no-deps numpy-ml scipy). They use names that NumPy
and Python have since removed; `load` restores these names. Results are compared before timing.
"""
import collections
import collections.abc
import importlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from math import prod

import numpy as np

from benchmarks.timing import interleave
from nnscratch.bench.cases import CASES, Case, ours, upstream
from nnscratch.bench.clock import median_and_spread
from nnscratch.ops import col2im, im2col


def run(rounds: int, only: str = "") -> Iterator[dict]:
    """A row for each case that at least one peer supports."""
    peers = {"plain im2col": plain_im2col, "DeZero": load(dezero, "dezero"), "numpy-ml": load(numpy_ml, "numpy_ml")}
    for case in CASES:
        if only in case.name or only == case.group:
            arrays = case.draw()
            forward, backward = ours(case, arrays)
            contenders = {"ours": lambda forward=forward, backward=backward: [forward(), *backward()]}
            for name, peer in peers.items():
                step = peer and peer(case, arrays, upstream(case, contenders["ours"]()[0].shape))
                if step:
                    check(name, case, step(), contenders["ours"]())
                    contenders[name] = step
            if len(contenders) > 1:
                seconds = interleave(contenders, rounds)
                yield {"group": case.group, "name": case.name, "times": {
                    name: dict(zip(("median", "spread"), median_and_spread(s))) for name, s in seconds.items()}}


def check(name: str, case: Case, theirs: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> None:
    """Compare y and dx (the parameters' gradients have other layouts); ValueError if they differ."""
    for what, a, b in zip(("y", "dx"), theirs, expected):
        if not np.linalg.norm((a - b).ravel()) < 1e-4 * np.linalg.norm(b.ravel()):
            raise ValueError(f"{case.name}: {what} of {name} differs from ours; nothing is timed")


def plain_im2col(case: Case, arrays: list[np.ndarray], dy: np.ndarray) -> Callable[[], tuple] | None:
    """All windows as one matrix, then one product."""
    if case.op != "conv2d" or case.options["groups"] > 1:
        return None
    x, kernel, bias = arrays
    matrix = kernel.reshape(-1, kernel.shape[3])

    def step():
        columns, window = im2col(x, kernel.shape[:2], strides=case.options["strides"], padding="same")
        y = columns @ matrix + bias
        dkernel = columns.reshape(-1, len(matrix)).T @ dy.reshape(-1, dy.shape[3])
        return y, col2im(dy @ matrix.T, window), dkernel.reshape(kernel.shape), dy.sum(axis=(0, 1, 2))
    return step


def load(peer: Callable, package: str) -> Callable | None:
    """The peer, or None if its package is missing."""
    for name, kind in (("int", int), ("float", float)):  # removed in NumPy 1.24
        setattr(np, name, kind)
    for name in collections.abc.__all__:  # removed in Python 3.10
        setattr(collections, name, getattr(collections.abc, name))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(package)
    except ImportError:
        return None
    return peer


def dezero(case: Case, arrays: list[np.ndarray], dy: np.ndarray) -> Callable[[], tuple] | None:
    """DeZero, which uses (N, C, H, W)."""
    import dezero as package
    from dezero import functions as f
    from dezero import functions_conv as fc

    o = case.options
    call = {
        "conv2d": lambda x, w, b: fc.conv2d(x, w, b, stride=o["strides"], pad=padding(case)),
        "conv2d_transpose": lambda x, w, b: fc.deconv2d(x, w, b, stride=o["strides"], pad=1),
        "max_pool2d": lambda x: fc.pooling(x, o["pool_size"], o["pool_size"]),
        "avg_pool2d": lambda x: fc.average_pooling(x, o["pool_size"], o["pool_size"]),
        "leaky_relu": lambda x: f.leaky_relu(x, o["negative_slope"]),
    }.get(case.op)
    if call is None or o.get("groups", 1) > 1:
        return None
    axes = {"x": (0, 3, 1, 2), "kernel": (3, 2, 0, 1), "bias": (0,)}
    inputs = [np.ascontiguousarray(a.transpose(axes[name])) for name, a in zip(case.arrays, arrays)]
    upstream_ = package.Variable(np.ascontiguousarray(dy.transpose(0, 3, 1, 2)))

    def step():
        variables = [package.Variable(a) for a in inputs]
        y = call(*variables)
        y.grad = upstream_
        y.backward()
        return y.data.transpose(0, 2, 3, 1), variables[0].grad.data.transpose(0, 2, 3, 1)
    return step


def numpy_ml(case: Case, arrays: list[np.ndarray], dy: np.ndarray) -> Callable[[], tuple] | None:
    """numpy-ml, which uses (N, H, W, C), as we do."""
    from numpy_ml.neural_nets import layers

    o = case.options
    if case.op == "conv2d" and o["groups"] == 1:
        layer = layers.Conv2D(dy.shape[3], arrays[1].shape[:2], pad=padding(case), stride=o["strides"])
    elif case.op == "max_pool2d":
        layer = layers.Pool2D(o["pool_size"], stride=o["pool_size"])
    else:
        return None
    x = arrays[0]
    if prod(x.shape) > 2**21 and case.op == "max_pool2d":
        return None  # Python loops over every window and takes minutes
    layer.forward(x[:1, :8, :8])
    if len(arrays) > 1:
        layer.parameters = {"W": arrays[1], "b": arrays[2].reshape(1, 1, 1, -1)}
    layer.flush_gradients()

    def step():
        y = layer.forward(x)
        dx = layer.backward(dy)
        layer.flush_gradients()
        return y, dx
    return step


def padding(case: Case) -> int:
    """The pixels on every side for padding "same"."""
    s, (k, *_), width = case.options["strides"], case.arrays["kernel"], case.arrays["x"][2]
    return max(0, (-(-width // s) - 1) * s + k - width) // 2
