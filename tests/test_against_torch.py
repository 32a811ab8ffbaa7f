"""nnscratch against PyTorch in float64: forward passes, and all gradients for a random upstream gradient.

PyTorch is optional; without it this file is skipped. Arrays are permuted to PyTorch's layouts (N, C, H, W) and
(out, in, KH, KW) inside the autograd graph, so its gradients are returned in our layouts.
"""
import numpy as np
import pytest
from helpers import normal, same
from hypothesis import given, settings
from hypothesis import strategies as st

from nnscratch import losses, ops

torch = pytest.importorskip("torch")
F = torch.nn.functional

some = settings(max_examples=40, deadline=None, derandomize=True, database=None)
small = st.integers(1, 4)
uneven = st.tuples(st.integers(0, 3), st.integers(0, 3))
even = st.integers(0, 3).map(lambda p: (p, p))
shapes = st.tuples(st.integers(2, 3), st.integers(2, 7), st.integers(2, 7), small)  # shapes of images


def close(got, expected):
    same(got, expected.detach().numpy(), tolerance=1e-10)


def check(forward, backward, reference, *arrays):
    """y = forward(*arrays) and the gradients with respect to all arrays equal those of the PyTorch function `reference`."""
    y, cache = forward(*arrays)
    leaves = [torch.tensor(a, requires_grad=True) for a in arrays]
    expected = reference(*leaves)
    close(y, expected)
    dy = normal(*y.shape, seed=99)
    expected.backward(torch.tensor(dy))
    gradients = backward(dy, cache)
    for got, leaf in zip(gradients if isinstance(gradients, tuple) else (gradients,), leaves, strict=True):
        close(got, leaf.grad)


def channels_first(function):
    """Make a PyTorch function for channels-first images accept channels-last images."""
    return lambda x, *others: function(x.permute(0, 3, 1, 2).contiguous(), *others).permute(0, 2, 3, 1)


def torch_kernel(kernel):
    """(KH, KW, in, out) as (out, in, KH, KW); for a transposed convolution, (KH, KW, out, in) as (in, out, KH, KW)."""
    return kernel.permute(3, 2, 0, 1).contiguous()


def torch_pads(padding):
    """Reorder ((top, bottom), (left, right)) for F.pad, which lists the last axis first."""
    (top, bottom), (left, right) = padding
    return left, right, top, bottom


@st.composite
def convolutions(draw, transposed=False, pads=uneven):
    """Options, x, kernel and bias of a convolution whose window fits; rows and columns are drawn independently."""
    def axis():
        taps, stride, dilation, (before, after) = draw(small), draw(small), draw(st.integers(1, 3)), draw(pads)
        reach = (taps - 1) * dilation + 1
        if transposed:  # the output has (size - 1) * stride + reach rows; at least one must remain after the crop
            smallest = 1 + max(0, -(-(before + after + 1 - reach) // stride))
        else:
            smallest = max(1, reach - before - after)
        return draw(st.integers(smallest, smallest + 6)), taps, stride, dilation, (before, after)

    size, taps, strides, dilation, padding = zip(axis(), axis())
    groups, inputs, outputs = draw(small), draw(small), draw(small)
    channels = (outputs, groups * inputs) if transposed else (inputs, groups * outputs)
    return ({"strides": strides, "padding": padding, "dilation": dilation, "groups": groups},
            normal(draw(small), *size, groups * inputs), normal(*taps, *channels), normal(groups * outputs))


@some
@given(convolutions())
def test_conv2d(case):
    """Any strides, uneven padding, dilation and groups, including depthwise convolution."""
    options, *arrays = case

    @channels_first
    def reference(x, kernel, bias):
        return F.conv2d(F.pad(x, torch_pads(options["padding"])), torch_kernel(kernel), bias,
                        stride=options["strides"], dilation=options["dilation"], groups=options["groups"])

    check(lambda *a: ops.conv2d(*a, **options), ops.conv2d_backward, reference, *arrays)


@some
@given(convolutions(transposed=True, pads=even), st.data())
def test_conv2d_transpose(case, data):
    """Padding, output padding and groups have the same meaning as in F.conv_transpose2d."""
    options, *arrays = case
    extra = tuple(data.draw(st.integers(0, stride - 1)) for stride in options["strides"])

    @channels_first
    def reference(x, kernel, bias):
        return F.conv_transpose2d(x, torch_kernel(kernel), bias, stride=options["strides"], output_padding=extra,
                                  padding=[before for before, _ in options["padding"]],
                                  dilation=options["dilation"], groups=options["groups"])

    check(lambda *a: ops.conv2d_transpose(*a, output_padding=extra, **options), ops.conv2d_transpose_backward,
          reference, *arrays)


@some
@given(convolutions(transposed=True), st.data())
def test_conv2d_transpose_with_uneven_padding(case, data):
    """Padding crops PyTorch's uncropped output; output padding extends it at the bottom and the right."""
    options, *arrays = case
    down, across = (data.draw(st.integers(0, stride - 1)) for stride in options["strides"])
    (top, bottom), (left, right) = options["padding"]

    @channels_first
    def reference(x, kernel, bias):
        full = F.conv_transpose2d(x, torch_kernel(kernel), stride=options["strides"],
                                  dilation=options["dilation"], groups=options["groups"])
        return F.pad(full, (-left, across - right, -top, down - bottom)) + bias[:, None, None]

    check(lambda *a: ops.conv2d_transpose(*a, output_padding=(down, across), **options), ops.conv2d_transpose_backward,
          reference, *arrays)


@st.composite
def poolings(draw, pads):
    """x, pool size, strides and padding; windows overlap, are adjacent, or leave gaps."""
    def axis():
        taps, stride = draw(small), draw(small)
        before, after = (min(p, taps // 2) for p in draw(pads))  # PyTorch limits padding to half a window
        smallest = max(1, taps - before - after)
        return draw(st.integers(smallest, smallest + 6)), taps, stride, (before, after)

    size, *geometry = zip(axis(), axis())
    return normal(draw(small), *size, draw(small)), *geometry


@some
@given(poolings(uneven))
def test_max_pool2d(case):
    """Padded values are never the maximum, whether the padding is even or uneven."""
    x, taps, strides, padding = case

    reference = channels_first(lambda x: F.max_pool2d(F.pad(x, torch_pads(padding), value=-torch.inf), taps, strides))
    check(lambda x: ops.max_pool2d(x, taps, strides, padding=padding), ops.max_pool2d_backward, reference, x)


@some
@given(poolings(even), st.booleans())
def test_avg_pool2d(case, count_include_pad):
    """Averages with and without the padding in the count."""
    x, taps, strides, padding = case

    @channels_first
    def reference(x):
        return F.avg_pool2d(x, taps, strides, [before for before, _ in padding], count_include_pad=count_include_pad)

    check(lambda x: ops.avg_pool2d(x, taps, strides, padding=padding, count_include_pad=count_include_pad),
          ops.avg_pool2d_backward, reference, x)


@some
@given(shapes, st.booleans(), st.floats(0, 1), st.floats(1e-6, 1))
def test_batch_norm(shape, training, momentum, epsilon):
    """unbiased=True stores PyTorch's variance. PyTorch's momentum is the weight of the new value, ours that of the old."""
    x, gamma, beta, mean = normal(*shape), *(normal(shape[-1], seed=k) for k in (1, 2, 3))
    variance = 0.5 + normal(shape[-1], seed=4)**2
    y, moved, cache = ops.batch_norm(x, gamma, beta, mean, variance, training=training, momentum=momentum,
                                     epsilon=epsilon, unbiased=True)
    torch_moved = torch.tensor(mean), torch.tensor(variance)  # updated in place

    @channels_first
    def reference(x, gamma, beta):
        return F.batch_norm(x, *torch_moved, gamma, beta, training, 1 - momentum, epsilon)

    check(lambda *a: (y, cache), ops.batch_norm_backward, reference, x, gamma, beta)
    for got, expected in zip(moved, torch_moved):
        close(got, expected)


@some
@given(shapes, st.floats(1e-6, 1))
def test_instance_norm(shape, epsilon):
    """Each channel of each image is normalized separately."""
    @channels_first
    def reference(x, gamma, beta):
        return F.instance_norm(x, weight=gamma, bias=beta, eps=epsilon)

    check(lambda *a: ops.instance_norm(*a, epsilon=epsilon), ops.instance_norm_backward, reference,
          normal(*shape), normal(shape[-1], seed=1), normal(shape[-1], seed=2))


@some
@given(shapes, st.tuples(small, small), st.sampled_from(["nearest", "bilinear"]))
def test_upsample2d(shape, factor, mode):
    """Integer factors; pixel centres are at (k + 1/2) / size, which is align_corners=False."""
    check(lambda x: ops.upsample2d(x, factor, mode=mode), ops.upsample2d_backward,
          channels_first(lambda x: F.interpolate(x, scale_factor=factor, mode=mode)), normal(*shape))


@some
@given(shapes, st.tuples(st.integers(1, 15), st.integers(1, 15)))
def test_resize2d(shape, size):
    """Any target size, including smaller ones."""
    check(lambda x: ops.resize2d(x, size), ops.resize2d_backward,
          channels_first(lambda x: F.interpolate(x, size, mode="bilinear")), normal(*shape))


@some
@given(shapes, st.data(), st.sampled_from(["constant", "reflect", "edge"]))
def test_pad2d(shape, data, mode):
    """Zero, reflected and repeated borders, with a separate width for each of the four sides."""
    widths = tuple(tuple(data.draw(st.integers(0, n - 1)) for _ in range(2)) for n in shape[1:3])
    torch_mode = {"edge": "replicate"}.get(mode, mode)
    check(lambda x: ops.pad2d(x, widths, mode=mode), ops.pad2d_backward,
          channels_first(lambda x: F.pad(x, torch_pads(widths), torch_mode)), normal(*shape))


@pytest.mark.parametrize(("name", "arguments", "reference"), [
    ("relu", (), F.relu), ("tanh", (), torch.tanh), ("sigmoid", (), torch.sigmoid),
    ("leaky_relu", (0.3,), F.leaky_relu), ("elu", (1.5,), F.elu), ("softmax", (), lambda x: F.softmax(x, dim=-1)),
    ("global_avg_pool2d", (), lambda x: x.mean((1, 2)))])
def test_op_of_x(name, arguments, reference):
    """Ops with the only argument x, from their flat to their steep regions."""
    x = normal(2, 3, 4, 5) * np.array([1e-3, 0.1, 1, 10, 100])
    check(lambda x: getattr(ops, name)(x, *arguments), getattr(ops, f"{name}_backward"),
          lambda x: reference(x, *arguments), x)


def test_dense():
    """x @ W + b, for input of any rank."""
    for batch in ((3,), (2, 3)):
        check(ops.dense, ops.dense_backward, lambda x, w, b: x @ w + b, normal(*batch, 4), normal(4, 5), normal(5))


@pytest.mark.parametrize(("loss", "reference"), [
    (losses.mse, F.mse_loss), (losses.softmax_cross_entropy, F.cross_entropy),
    (losses.binary_cross_entropy, F.binary_cross_entropy_with_logits)])
@pytest.mark.parametrize("scale", [1, 1000])
def test_loss(loss, reference, scale):
    """Value and gradient, including very wrong logits."""
    prediction, target = scale * normal(6, 5), np.eye(5)[[0, 3, 1, 4, 2, 2]]
    leaf = torch.tensor(prediction, requires_grad=True)
    expected = reference(leaf, torch.tensor(target))
    expected.backward()
    value, gradient = loss(prediction, target)
    close(value, expected)
    close(gradient, leaf.grad)
