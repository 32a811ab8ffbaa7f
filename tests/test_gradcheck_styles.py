"""check_op accuses none of many right pairs in other styles, names what is not analytic, and finds what is wrong in them."""
import numpy as np
import pytest
from gradient_styles import ANALYTIC, MEASURED, STYLES

from nnscratch.errors import InputError
from nnscratch.gradcheck import check_layer, check_op
from nnscratch.layers import Activation

NO_SLOPE = ("sign", "round")                   # 0 everywhere: no factor changes it
COARSE = tuple(name for name in STYLES if "float32" in name)


def measured(name, backward=None, **options):
    forward, right, inputs = STYLES[name]
    return check_op(forward, backward or right, inputs, name=name, **options)


def test_there_are_enough():
    assert len(STYLES) >= 60 and set(ANALYTIC + MEASURED) <= set(STYLES)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", STYLES)
def test_right_ones_are_called_right(name, seed):
    """With the inputs unchanged, bit for bit."""
    before = [np.array(x) for x in STYLES[name][2]]
    report = measured(name, seed=seed)
    assert report.ok, str(report)
    assert all(np.array_equal(x, y) for x, y in zip(STYLES[name][2], before))


@pytest.mark.parametrize("factor", [0.0, 0.9, -1.0, 1.001])
@pytest.mark.parametrize("name", STYLES)
def test_wrong_ones_are_called_wrong(name, factor):
    """Each gradient times a number, and, where there are several, one of them alone."""
    def changed(dy, cache, only=None):
        gradients = STYLES[name][1](dy, cache)
        several = gradients if isinstance(gradients, (tuple, list)) else (gradients,)
        return tuple(g if g is None or only not in (None, k) else factor * np.asarray(g) for k, g in enumerate(several))

    if name in NO_SLOPE or (name in COARSE and factor == 1.001):
        return
    assert not measured(name, changed).ok
    for k, x in enumerate(STYLES[name][2]):
        if np.asarray(x).dtype.kind == "f":
            assert not measured(name, lambda dy, cache, k=k: changed(dy, cache, k)).ok


@pytest.mark.parametrize("name", ANALYTIC)
def test_analytic_ones_are_measured_by_complex_steps(name):
    report = measured(name)
    assert report.method == "complex step" and report.error < 1e-12 and "analytic" not in report.remark, str(report)


@pytest.mark.parametrize("name", MEASURED)
def test_those_that_are_not_analytic_are_named(name):
    """In the report, with the reason."""
    report = measured(name)
    assert report.method == "central difference" and "not analytic" in str(report), str(report)


@pytest.mark.parametrize("offset", [0.0, 1.0])
def test_a_backward_that_makes_the_complex_steps_mistake_is_wrong(offset):
    """d|x| = 0 is what the complex step measures of np.abs: no agreement between the two proves a gradient."""
    x = np.random.default_rng(0).normal(size=(4, 3))
    report = check_op(lambda x: (np.abs(x) + offset * x, x), lambda dy, x: offset * dy, [x])
    assert not report.ok and report.method == "central difference"
    assert not check_op(lambda x: (x * np.abs(x), x), lambda dy, x: dy * np.abs(x), [x]).ok


X = np.random.default_rng(0).normal(size=(4, 3))


def square(x):
    return x * x, x


def raises(*arguments):
    raise ValueError("the\nmatter")


@pytest.mark.parametrize("forward, backward, words", [
    (raises, lambda dy, x: dy, "forward raises ValueError: the"), (square, raises, "backward raises ValueError: the"),
    (lambda x: None, lambda dy, x: dy, "forward returns None (is the return missing?), expected a pair (y, cache)"),
    (lambda x: x * x, lambda dy, x: dy, "forward returns an array of float64, expected a pair"),
    (lambda x: (x, x, x), lambda dy, x: dy, "forward returns a tuple of 3, expected a pair"),
    (lambda x: (None, x), lambda dy, x: dy, "forward returns y as None"),
    (lambda x: ("y", x), lambda dy, x: dy, "forward returns y as a str"),
    (lambda x: ((), x), lambda dy, x: dy, "no output at all"),
    (square, lambda dy, x: None, "backward returns the gradient of input 0 as None (is the return missing?)"),
    (square, lambda dy, x: (), "backward returns 0 gradients, expected 1, one for each input (input 0)"),
    (square, lambda dy, x: (dy, dy), "backward returns 2 gradients, expected 1"),
    (square, lambda dy, x: "dx", "as a str, expected an array of real numbers"),
    (square, lambda dy, x: {"x": dy}, "as a dict, expected an array of real numbers"),
    (square, lambda dy, x: dy * 1j, "as an array of complex128, expected an array of real numbers"),
    (square, lambda dy, x: (2 * dy * x)[:2], "the gradient of input 0 has shape (2, 3), input 0 has (4, 3)"),
    (square, lambda dy, x: 3.0, "the gradient of input 0 has shape (), input 0 has (4, 3)"),
])
@pytest.mark.parametrize("smooth", [True, False])
def test_functions_that_return_something_else_get_a_sentence(forward, backward, words, smooth):
    """No exception of theirs leaves the check; the report is WRONG and says why."""
    report = check_op(forward, backward, [X], smooth=smooth)
    assert not report.ok and words in str(report), str(report)


def test_the_gradients_of_several_inputs_are_counted_and_named():
    def forward(a, b):
        return a * b, (a, b)
    report = check_op(forward, lambda dy, c: dy * c[1], [X, X + 1], names=["a", "b"])
    assert "backward returns 1 gradient, expected 2, one for each input (a, b)" in str(report)
    report = check_op(forward, lambda dy, c: (dy * c[1], None), [X, X + 1], names=["a", "b"])
    assert "backward returns the gradient of b as None" in str(report)
    assert "no input holds real numbers" in str(check_op(lambda k: (k[k], k), lambda dy, k: None, [np.arange(3)]))


@pytest.mark.parametrize("inputs", [X, [], None, "x", [None], ["x"], [X * 1j], [np.ma.masked_equal(X, X.max())],
                                    [object()], [X[:0]]], ids=lambda v: str(v)[:12])
def test_inputs_that_are_none_are_refused(inputs):
    with pytest.raises(InputError, match="check_op: input"):
        check_op(square, lambda dy, x: 2 * dy * x, inputs)


def test_an_array_without_a_masked_value_is_its_numbers():
    assert check_op(square, lambda dy, x: 2 * dy * x, [np.ma.masked_invalid(X)]).ok


def test_the_users_streams_are_left_alone():
    """The numbers of the check are independent of default_rng(seed) and np.random.seed, which it does not change."""
    before, seen = np.random.get_state()[1].copy(), []  # noqa: NPY002
    for seed in range(4):
        x = np.random.default_rng(seed).standard_normal((50, 4))
        check_layer(Activation((lambda x: (2 * x, None), lambda dy, _: seen.append(dy) or 2 * dy)), x, seed=seed)
        assert abs(np.corrcoef(x.ravel(), seen[-2].ravel())[0, 1]) < 0.3
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
