"""Every backward pass is right, every wrong one is detected, and the checker's report is right."""
import numpy as np
import pytest
from helpers import normal

from nnscratch import ops
from nnscratch.backend import array_module
from nnscratch.gradcheck import check_layer, check_model, check_op
from nnscratch.gradcheck.cases import all_cases
from nnscratch.gradcheck.check import Measurement
from nnscratch.gradcheck.layer_cases import LAYER_CASES
from nnscratch.gradcheck.mutants import BLIND_TO_ONES, MUTANTS, mutants_of
from nnscratch.gradcheck.table import print_table
from nnscratch.layers import BatchNormalization, Dense, Dropout, Input
from nnscratch.models import Model

CASES = {case.name: case for case in all_cases()}
CPU_ONLY = set(CASES) - {case.name for case in all_cases(on_cpu=False)}


def measurement(name, **options):
    case = CASES[name]
    return Measurement(name, case.forward, list(case.inputs.values()), names=list(case.inputs), smooth=case.smooth, **options)


@pytest.mark.parametrize("name", CASES)
def test_every_backward_is_the_derivative_of_its_forward(xp, name):
    """On every device: smooth ops to 1e-10, kinked ones to 1e-6, adjoint identity, no mutation, determinism, float32."""
    xp = np if name in CPU_ONLY else xp  # ops that run only on the CPU are tested with NumPy each time
    report = measurement(name, xp=xp).check(CASES[name].backward)
    assert report.ok, str(report)
    assert report.error <= (1e-10 if CASES[name].smooth else 1e-6)
    assert report.float32_error <= 1e-5


@pytest.mark.parametrize("name, mistake", [(name, mistake) for name, wrong in MUTANTS.items() for mistake in wrong])
def test_every_mutant_is_detected(name, mistake):
    """A wrong backward pass never passes the check."""
    report = measurement(name).check(mutants_of(name)[mistake])
    assert not report.ok
    assert report.problems


def test_there_are_many_mutants_and_each_has_a_case():
    """At least 80, each registered under an existing case, and every family of ops has some."""
    assert sum(map(len, MUTANTS.values())) >= 80
    assert set(MUTANTS) <= set(CASES)
    families = {name.split()[0] for name in MUTANTS}
    assert families >= {"dense", "conv2d", "conv2d_transpose", "max_pool2d", "avg_pool2d", "batch_norm", "instance_norm",
                        "dropout", "gram_matrix", "mse", "pad2d", "upsample2d"}


@pytest.mark.parametrize("mistake", BLIND_TO_ONES)
def test_a_check_with_dy_of_ones_misses_what_ours_detects(mistake):
    """With dy = 1 these four wrong backward passes of batch normalization give the right dx, zero; a random dy exposes them."""
    wrong = mutants_of("batch_norm training")[mistake]
    assert measurement("batch_norm training", upstream=np.ones).check(wrong).ok
    assert not measurement("batch_norm training").check(wrong).ok


@pytest.mark.parametrize("name, mistake, words", [
    ("conv2d", "kernel gradient too large by the batch size", "too large by exactly 2 = N, the batch size"),
    ("conv2d", "bias gradient averaged", "N*OH*OW"),
    ("conv2d", "kernel gradient flipped", "mirrored along axes (0, 1)"),
    ("conv2d", "kernel flipped in dx", "right for a mirrored kernel"),
    ("conv2d", "= for += in col2im", "look for '=' where '+=' belongs"),
    ("conv2d 4x4 stride 2, same", "kernel gradient transposed", "axes 0 and 1 are swapped"),
    ("conv2d dilation 2x1, uneven padding", "padding of top and bottom swapped", "shifted by one pixel along rows"),
    ("batch_norm training", "gamma missing", "a factor gamma is missing"),
    ("batch_norm training", "mean treated as a constant", "a mean over the batch was not subtracted"),
    ("batch_norm training", "variance treated as a constant", "the variance over the batch depends on x too"),
    ("instance_norm", "mean treated as a constant", "a mean over each image was not subtracted"),
    ("dense", "sign of dx", "right but for the sign"),
    ("dense", "dx forgotten", "zero everywhere"),
    ("leaky_relu", "upstream gradient changed in place", "changes the upstream gradient"),
    ("elu", "a mask of true and false for the gradient", "bool gradient"),
    ("pad2d edge", "corners lost: the columns of border rows are not folded", "all at the border"),
    ("relu", "mask from dy instead of x", "mask or condition"),
])
def test_the_probable_mistake_is_named(name, mistake, words):
    """The report names the kind of mistake, not only that there is one."""
    assert words in str(measurement(name).check(mutants_of(name)[mistake]))


def test_windows_side_by_side_have_no_overlap_to_add_up():
    """In max pooling, and in the gradient of a kernel, a missing += cannot be the mistake."""
    def wrong(dx):
        dx[0, 0, 0, 0] += 1
        return dx
    x, kernel = normal(2, 4, 6, 3), normal(3, 3, 3, 2)
    pooling = check_op(ops.max_pool2d, lambda dy, cache: wrong(ops.max_pool2d_backward(dy, cache)), [x])
    convolution = check_op(ops.conv2d, lambda dy, cache: (lambda dx, dkernel: (dx, wrong(dkernel)))(
        *ops.conv2d_backward(dy, cache)[:2]), [x, kernel])
    for report in (pooling, convolution):
        assert "elements are right" in str(report) and "windows overlap" not in str(report), report


def test_a_gradient_of_zeros_is_not_accepted():
    """The sum of a softmax is constant: the check refuses to report success."""
    report = check_op(ops.softmax, ops.softmax_backward, [normal(3, 4)], upstream=np.ones)
    assert "proves nothing" in str(report)


def test_changed_inputs_and_randomness_are_detected():
    """A forward pass that writes into x, and a backward pass with different results each time."""
    def clobber(x):
        x *= 2
        return x.copy(), None
    assert "changed in place" in str(check_op(clobber, lambda dy, _: 2 * dy, [normal(3, 4)]))
    rng = np.random.default_rng(0)
    report = check_op(lambda x: (2 * x, None), lambda dy, _: 2 * dy * (1 + 1e-14 * rng.random()), [normal(3, 4)])
    assert "two runs" in str(report)


def test_kinks_are_skipped():
    """A ReLU at exactly 0 has no derivative: the element is skipped and counted; too many of them are reported."""
    x = normal(3, 4)
    x[1, 2] = 0
    report = check_op(ops.relu, ops.relu_backward, [x], smooth=False)
    assert report.ok and report.kinks == 1
    x[:2] = 0
    assert "not differentiable" in str(check_op(ops.relu, ops.relu_backward, [x], smooth=False))


def test_the_worst_element_is_located():
    """A single wrong element is found and shown with both values."""
    def wrong(dy, cache):
        dx = ops.tanh_backward(dy, cache)
        dx[2, 1] += 0.5
        return dx
    assert "worst at (2, 1)" in str(check_op(ops.tanh, wrong, [normal(4, 5)]))


def test_wrong_shape_and_wrong_dtype_are_detected():
    """A gradient must have the shape of its input, and float32 must stay float32."""
    assert "has shape" in str(check_op(ops.tanh, lambda dy, y: ops.tanh_backward(dy, y)[:1], [normal(4, 5)]))
    report = check_op(ops.tanh, lambda dy, y: ops.tanh_backward(dy, y) * np.float64(1) * np.ones(5), [normal(4, 5)])
    assert "float32 inputs give a float64" in str(report)


def test_nan_is_reported_as_nan():
    """NaN differs from itself: it must not be reported as randomness. It is also found in the forward pass."""
    def wrong(dy, cache):
        dx = ops.tanh_backward(dy, cache)
        dx[2, 1] = np.nan
        return dx
    report = check_op(ops.tanh, wrong, [normal(4, 5)], names=["x"])
    assert report.problems == ["the gradient of x holds NaN"]
    x = normal(4, 5)
    x[0, 0] = np.nan
    assert "the output holds NaN" in check_op(ops.tanh, ops.tanh_backward, [x]).problems


def state(layers):
    """Copies of all arrays of the layers, and the number of pending forward passes of each."""
    return [({kind: {name: array.copy() for name, array in getattr(layer, kind).items()}
              for kind in ("params", "grads", "buffers")}, len(layer._saved)) for layer in layers]


def assert_same_state(after, before):
    for (arrays, remembered), (arrays_before, remembered_before) in zip(after, before, strict=True):
        assert remembered == remembered_before
        for kind, named in arrays_before.items():
            assert arrays[kind].keys() == named.keys()
            for name, array in named.items():
                assert arrays[kind][name].dtype == array.dtype
                np.testing.assert_array_equal(arrays[kind][name], array)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_check_layer_does_not_change_the_layer(dtype):
    """Parameters, precision, gradients and pending forward passes are restored bit for bit, and backward still works."""
    layer, x, dy = Dense(3), normal(2, 5).astype(dtype), normal(2, 3).astype(dtype)
    layer.forward(x, training=True)
    layer.backward(dy)
    layer.forward(x + 1, training=True)
    before, kernel = state([layer]), layer.params["kernel"]
    assert check_layer(layer, normal(4, 5)).ok
    assert_same_state(state([layer]), before)
    assert layer.params["kernel"] is kernel
    np.testing.assert_allclose(layer.backward(dy), dy @ kernel.T, rtol=1e-5)


def test_check_model_does_not_change_its_layers():
    """The same for a Model in a Model, and if the check itself raises an error."""
    a, b = Input((5,)), Input((4,))
    inner = Model(b, BatchNormalization()(Dropout(0.4)(b)))
    model = Model(a, Dense(3)(inner(Dense(4, activation="tanh")(a))))
    model.cast(np.float64)
    model.forward(normal(6, 5), training=True)
    layers = [model, inner, *model.layers, *inner.layers]
    before = state(layers)
    assert all(remembered == 1 for _, remembered in before)
    report = check_model(model, normal(6, 5))
    assert report.ok, str(report)
    assert_same_state(state(layers), before)
    with pytest.raises(TypeError):
        check_model(model, normal(6, 5), upstream=lambda shape: None + 1)
    assert_same_state(state(layers), before)


def test_frozen_parameters_are_skipped():
    """A frozen layer has no parameter gradients: its dx is checked, right or wrong; in a Model the other layers are checked."""
    layer = Dense(3)
    layer.trainable = False
    report = check_layer(layer, normal(4, 5))
    assert report.ok, str(report)
    x = Input((5,))
    hidden = Dense(4, name="frozen")(x)
    model = Model(x, Dense(3, name="learning")(BatchNormalization(name="still")(hidden)))
    model.layers[0].trainable = model.layers[1].trainable = False
    assert check_model(model, normal(6, 5)).ok
    right = layer.differentiate
    layer.differentiate = lambda dy, cache, wrt: (2 * right(dy, cache, wrt)[0], {})
    assert "too large by exactly 2" in str(check_layer(layer, normal(4, 5)))


@pytest.mark.slow
def test_the_table_has_a_row_for_each_op_and_its_verdict(monkeypatch):
    """`nnscratch check` prints every case with its verdict, and fails if one backward pass is wrong."""
    lines = []
    assert print_table(print_fn=lines.append)
    assert len(lines) == len(CASES) + sum(map(len, LAYER_CASES.values())) + 4
    assert all(any(line.startswith(name) for line in lines) for name in CASES)
    broken = [CASES["tanh"]._replace(backward=lambda dy, y: dy * (1 - array_module(y).abs(y)))]
    monkeypatch.setattr("nnscratch.gradcheck.table.all_cases", lambda on_cpu: broken)
    lines.clear()
    assert not print_table(print_fn=lines.append)
    assert "WRONG" in lines[1]
