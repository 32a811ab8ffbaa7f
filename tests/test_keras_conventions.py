"""nnscratch against stored numbers of Keras 3: padding, crops, slopes, statistics, epsilons and defaults are Keras's.

Keras is not needed: oracles/make_keras_numbers.py ran it once. A layer of the same name accepts the same arguments, so
every case tests the layer, defaults included, and the op behind it.
"""
import json
from pathlib import Path

import numpy as np
import pytest
from helpers import same
from oracles.formula import numbers

from nnscratch import layers, losses, ops, optimizers

STORED = json.loads((Path(__file__).parent / "oracles" / "keras_numbers.json").read_text())
LAYERS = STORED["layers"]

LOSSES = {"MeanSquaredError": losses.mse, "CategoricalCrossentropy": losses.softmax_cross_entropy,
          "BinaryCrossentropy": losses.binary_cross_entropy}
OPS = {"MaxPooling2D": ops.max_pool2d, "AveragePooling2D": ops.avg_pool2d,
       "GlobalAveragePooling2D": ops.global_avg_pool2d,
       "UpSampling2D": lambda x, size, interpolation: ops.upsample2d(x, size, mode=interpolation),
       "ZeroPadding2D": ops.pad2d, "ReLU": ops.relu, "ELU": ops.elu,
       "Activation": lambda x, activation: getattr(ops, activation)(x)}
BUFFERS = "moving_mean", "moving_variance"  # Keras's names and ours


def label(case):
    """A name for the test report, such as Conv2D-1x7x6x3-kernel_size=3,padding=same."""
    name = case.get("layer") or case.get("optimizer") or case.get("loss")
    arguments = ",".join(f"{k}={v}".replace(" ", "") for k, v in case["arguments"].items())
    return "-".join(filter(None, (name, "x".join(map(str, case.get("x", []))), arguments)))


def cases(chosen):
    return pytest.mark.parametrize("case", chosen, ids=label)


def close(got, stored):
    same(got, np.array(stored), tolerance=1e-8)  # nine digits are stored


def built_layer(case):
    """The layer with all of its weights set by the formula."""
    layer = getattr(layers, case["layer"])(**case["arguments"])
    layer.forward(numbers(case["x"], "x"))
    for name, array in layer.params.items():
        array[...] = numbers(array.shape, name)
    for name in BUFFERS:
        if name in layer.buffers:
            layer.buffers[name][...] = numbers(layer.buffers[name].shape, name)
    return layer


@cases([case for case in LAYERS if hasattr(layers, case["layer"])])
def test_layer_forward(case):
    """A layer with Keras's name, arguments and weights has Keras's output and moving statistics."""
    layer = built_layer(case)
    close(layer.forward(numbers(case["x"], "x"), training=case.get("training", False)), case["y"])
    for name, stored in case.get("moved", {}).items():
        close(layer.buffers[name], stored)


@cases([case for case in LAYERS if "gradients" in case])
def test_layer_backward(case):
    """dx and the gradient of every weight equal those of automatic differentiation in Keras."""
    layer = built_layer(case)
    y = layer.forward(numbers(case["x"], "x"), training=case.get("training", False), remember=True)
    gradients = {"x": layer.backward(numbers(y.shape, "dy")), **layer.grads}
    assert gradients.keys() == case["gradients"].keys()
    for name, stored in case["gradients"].items():
        close(gradients[name], stored)


@cases([case for case in LAYERS if case["layer"] in OPS])
def test_op_of_x(case):
    """The ops without parameters give Keras's numbers with their own defaults."""
    close(OPS[case["layer"]](numbers(case["x"], "x"), **case["arguments"])[0], case["y"])


@cases([case for case in LAYERS if case["layer"] in ("Conv2D", "Conv2DTranspose")])
def test_convolution_op(case):
    """The ops conv2d and conv2d_transpose, called with their own arguments, give Keras's numbers."""
    options, x = dict(case["arguments"]), numbers(case["x"], "x")
    filters, size, groups = options.pop("filters"), options.pop("kernel_size"), options.get("groups", 1)
    size = [size, size] if isinstance(size, int) else size
    transposed = case["layer"] == "Conv2DTranspose"
    shape = [*size, filters, x.shape[3]] if transposed else [*size, x.shape[3] // groups, filters]
    options["dilation"] = options.pop("dilation_rate", 1)
    leaky = options.pop("activation", None) == "leaky_relu"
    op = ops.conv2d_transpose if transposed else ops.conv2d
    y, _ = op(x, numbers(shape, "kernel"), numbers((filters,), "bias"), **options)
    close(ops.leaky_relu(y, 0.2)[0] if leaky else y, case["y"])


@cases([case for case in LAYERS if case["layer"] == "DepthwiseConv2D"])
def test_depthwise_convolution(case):
    """Keras's depthwise convolution: one group per channel, its kernel (KH, KW, C, M) reshaped to (KH, KW, 1, C*M)."""
    x, options = numbers(case["x"], "x"), case["arguments"]
    channels, size, multiplier = x.shape[3], options["kernel_size"], options["depth_multiplier"]
    kernel = numbers((size, size, channels, multiplier), "kernel").reshape(size, size, 1, -1)
    bias = numbers((channels * multiplier,), "bias")
    close(ops.conv2d(x, kernel, bias, padding=options["padding"], groups=channels)[0], case["y"])


@cases([case for case in LAYERS if case["layer"] == "BatchNormalization"])
def test_batch_norm_op(case):
    """batch_norm: momentum is the weight of the old value, the stored variance is the biased one, epsilon is 1e-3."""
    x = numbers(case["x"], "x")
    gamma, beta, mean, variance = (numbers(x.shape[-1:], name) for name in ("gamma", "beta", *BUFFERS))
    y, moved, _ = ops.batch_norm(x, gamma, beta, mean, variance, training=case["training"], **case["arguments"])
    close(y, case["y"])
    for got, stored in zip(moved, case["moved"].values()):
        close(got, stored)


@cases(STORED["optimizers"])
def test_optimizer(case):
    """Five steps of an optimizer with Keras's name and arguments give Keras's parameters after each step."""
    optimizer = getattr(optimizers, case["optimizer"])(**case["arguments"])
    params = {"w": numbers((2, 3), "w")}
    for k, stored in enumerate(case["steps"], start=1):
        optimizer.step(params, {"w": case["scale"] * numbers((2, 3), f"g{k}")})
        close(params["w"], stored)


@cases(STORED["losses"])
def test_loss(case):
    """A loss and its gradient with respect to the prediction equal Keras's, also for confident mistakes."""
    arguments = {k: v for k, v in case["arguments"].items() if k != "from_logits"}  # our losses always take logits
    prediction = case["scale"] * numbers(case["x"], "x")
    value, gradient = LOSSES[case["loss"]](prediction, np.array(case["target"]), **arguments)
    close(value, case["value"])
    close(gradient, case["gradient"])
