"""Right backward passes in the styles that people write: the checker accuses none of them, and still finds what is wrong."""
import numpy as np
import pytest

from nnscratch.errors import InputError
from nnscratch.gradcheck import check_op
from nnscratch.gradcheck.numeric import central_difference, complex_step


def rows(x):
    """The norm of each row."""
    return np.linalg.norm(x, axis=1, keepdims=True)


def variance(x):
    return np.var(x, axis=1), x


def variance_backward(dy, x):
    return 2 / x.shape[1] * (x - x.mean(axis=1, keepdims=True)) * dy[:, None]


def deviation(x):
    y = np.std(x, axis=1)
    return y, (x, y)


def deviation_backward(dy, cache):
    x, y = cache
    return (x - x.mean(axis=1, keepdims=True)) / (x.shape[1] * y[:, None]) * dy[:, None]


def standardize(x):
    y = (x - np.mean(x, axis=1, keepdims=True)) / np.std(x, axis=1, keepdims=True)
    return y, (y, np.std(x, axis=1, keepdims=True))


def standardize_backward(dy, cache):
    y, std = cache
    return (dy - dy.mean(axis=1, keepdims=True) - y * (dy * y).mean(axis=1, keepdims=True)) / std


def unit(x):
    y = x / rows(x)
    return y, (y, rows(x))


def unit_backward(dy, cache):
    y, norm = cache
    return (dy - y * (dy * y).sum(axis=1, keepdims=True)) / norm


def softmax(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    return y, y


def softmax_backward(dy, y):
    return y * (dy - (dy * y).sum(axis=1, keepdims=True))


def in_place(x):
    y = x.copy()
    y *= 2
    y += 1
    np.square(y, out=y)
    return y, 2 * x + 1


def maximum(x):
    y = x.max(axis=1)
    return y, (x, y)


def maximum_backward(dy, cache):
    x, y = cache
    first = np.zeros_like(x)
    first[np.arange(len(x)), x.argmax(axis=1)] = 1
    return first * dy[:, None]


def absolute_power(x):
    return np.abs(x)**1.5, x


ONE_INPUT = {
    "np.var": (variance, variance_backward), "np.std": (deviation, deviation_backward),
    "standardize": (standardize, standardize_backward), "norm": (lambda x: (rows(x), x), lambda dy, x: dy * x / rows(x)),
    "unit rows": (unit, unit_backward), "np.abs": (lambda x: (np.abs(x), x), lambda dy, x: dy * np.sign(x)),
    "abs power": (absolute_power, lambda dy, x: 1.5 * dy * np.sqrt(np.abs(x)) * np.sign(x)),
    "squared norm": (lambda x: (np.sum(np.abs(x)**2), x), lambda dy, x: 2 * dy * x),
    "np.linalg.norm of all": (lambda x: (np.linalg.norm(x), x), lambda dy, x: dy * x / np.linalg.norm(x)),
    "softmax, max subtracted": (softmax, softmax_backward), "in place": (in_place, lambda dy, y: 4 * dy * y),
    "np.maximum": (lambda x: (np.maximum(x, 0), x > 0), lambda dy, mask: dy * mask),
    "np.where": (lambda x: (np.where(x > 0, x, 0.1 * x), x), lambda dy, x: np.where(x > 0, dy, 0.1 * dy)),
    "np.clip": (lambda x: (np.clip(x, -1, 1), x), lambda dy, x: dy * (np.abs(x) < 1)),
    "max": (maximum, maximum_backward),
    "mask from the cache": (lambda x: (x * (x > 0), x > 0), lambda dy, mask: dy * mask),
    "view in the cache": (lambda x: (x.T.copy(), x.T), lambda dy, view: dy.T),
    "reversed view": (lambda x: (x[::-1] * 2, x[::-1]), lambda dy, view: 2 * dy[::-1]),
    "einsum": (lambda x: (np.einsum("ij,kj->ik", x, x), x), lambda dy, x: (dy + dy.T) @ x),
    "trace": (lambda x: (np.trace(x @ x.T), x), lambda dy, x: 2 * dy * x),
    "cumsum": (lambda x: (np.cumsum(x, axis=1), None), lambda dy, _: np.cumsum(dy[:, ::-1], axis=1)[:, ::-1]),
    "sort": (lambda x: (np.sort(x, axis=1), np.argsort(x, axis=1)),
             lambda dy, order: np.take_along_axis(dy, np.argsort(order, axis=1), axis=1)),
    "prod": (lambda x: (np.prod(x, axis=1), x), lambda dy, x: np.prod(x, axis=1, keepdims=True) / x * dy[:, None]),
    "log of abs": (lambda x: (np.log(np.abs(x)), x), lambda dy, x: dy / x),
    "hypot": (lambda x: (np.hypot(x, 1.0), x), lambda dy, x: dy * x / np.hypot(x, 1.0)),
    "real numbers alone": (lambda x: (np.floor(x) + np.cbrt(x), x), lambda dy, x: dy / (3 * np.cbrt(x)**2)),
    "real part": (lambda x: (np.real(x * np.conj(x)), x), lambda dy, x: 2 * dy * x),
    "pad": (lambda x: (np.pad(x, 1), None), lambda dy, _: dy[1:-1, 1:-1]),
    "roll": (lambda x: (np.roll(x, 1, axis=0), None), lambda dy, _: np.roll(dy, -1, axis=0)),
    "tanh": (lambda x: (np.tanh(x), np.tanh(x)), lambda dy, y: dy * (1 - y * y)),
    "logaddexp": (lambda x: (np.logaddexp(x, 0), x), lambda dy, x: dy / (1 + np.exp(-x))),
}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", ONE_INPUT)
def test_right_backward_passes_are_called_right(name, seed):
    """On inputs that default_rng(seed) draws, with the same seed for the check, as people do."""
    forward, backward = ONE_INPUT[name]
    x = np.random.default_rng(seed).normal(size=(4, 3))
    report = check_op(forward, backward, [x], name=name, seed=seed)
    assert report.ok, str(report)


@pytest.mark.parametrize("factor", [0.0, 0.5, -1.0, 1.0001])
@pytest.mark.parametrize("name", ONE_INPUT)
def test_wrong_ones_are_still_called_wrong(name, factor):
    """The same backward passes, times a number."""
    forward, backward = ONE_INPUT[name]
    x = np.random.default_rng(0).normal(size=(4, 3))
    assert not check_op(forward, lambda dy, cache: factor * backward(dy, cache), [x], name=name).ok


def test_a_forward_pass_that_is_not_analytic_is_named():
    """The report says by what it measured, and why; an analytic one is still measured by the complex step."""
    x = np.random.default_rng(0).normal(size=(4, 3))
    report = check_op(*ONE_INPUT["np.var"], [x])
    assert report.method == "central difference" and "not analytic" in str(report)
    report = check_op(*ONE_INPUT["tanh"], [x])
    assert report.method == "complex step" and not report.remark and report.error < 1e-14


def test_the_upstream_gradient_is_not_the_input():
    """An input from default_rng(seed) and the check's upstream gradient with that seed have nothing in common."""
    seen = []
    for seed in range(5):
        x = np.random.default_rng(seed).standard_normal((40, 5))
        check_op(lambda x: (x, None), lambda dy, _: seen.append(dy) or dy, [x], seed=seed)
        assert abs(np.corrcoef(x.ravel(), seen[-1].ravel())[0, 1]) < 0.3


SIZES = {"1e8": lambda x: 1e8 * x, "1e-8": lambda x: 1e-8 * x, "x + 1e4": lambda x: x + 1e4, "x + 1e8": lambda x: x + 1e8,
         "rows of all sizes": lambda x: x * np.logspace(-6, 6, len(x))[:, None]}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ONE_INPUT)
def test_inputs_of_any_size(name, size):
    """A right backward pass is never called wrong, and a wrong one never right."""
    forward, backward = ONE_INPUT[name]
    x = SIZES[size](np.random.default_rng(0).normal(size=(4, 3)))
    assert "WRONG" not in str(check_op(forward, backward, [x]))
    for factor in (0.0, 0.5, -1.0):
        report = check_op(forward, lambda dy, cache, factor=factor: factor * backward(dy, cache), [x])
        assert not report.ok or not backward(np.ones_like(forward(x)[0]), forward(x)[1]).any(), str(report)


FLAT = ("np.clip", "tanh", "softmax, max subtracted", "hypot", "logaddexp", "real numbers alone")  # elsewhere than near 0


@pytest.mark.parametrize("size", ["1e8", "1e-8", "x + 1e4"])
@pytest.mark.parametrize("name", [name for name in ONE_INPUT if name not in FLAT])
def test_inputs_of_most_sizes_are_judged(name, size):
    """The steps are in units of the input."""
    report = check_op(*ONE_INPUT[name], [SIZES[size](np.random.default_rng(0).normal(size=(4, 3)))])
    assert report.ok and report.error < 1e-2, str(report)


def test_a_large_offset_and_a_gradient_of_zero_at_the_maximum():
    """var(x + 1e4), and the cosine similarity of x with itself, whose gradient is 0."""
    x = np.random.default_rng(0).normal(size=5)

    def cosine(a, b):
        return a @ b / np.linalg.norm(a) / np.linalg.norm(b), (a, b)

    def cosine_backward(dy, cache):
        return tuple(dy * (q - (p @ q) * p / (p @ p)) / np.linalg.norm(p) / np.linalg.norm(q) for p, q in (cache, cache[::-1]))

    assert check_op(cosine, cosine_backward, [x, 2 * x]).ok
    assert check_op(cosine, cosine_backward, [x, x**2 + 1]).ok
    assert not check_op(cosine, lambda dy, cache: (dy * cache[0], dy * cache[1]), [x, 2 * x]).ok
    far = x + 1e4
    assert check_op(lambda x: (np.var(x), x), lambda dy, x: 2 * dy * (x - x.mean()) / x.size, [far]).ok
    assert not check_op(lambda x: (np.var(x), x), lambda dy, x: dy * (x - x.mean()) / x.size, [far]).ok


@pytest.mark.parametrize("part", [1e-3, 1e-6, 1e-8])
def test_small_parts_that_are_not_analytic_are_found(part):
    """The complex step cannot see the |x| in x² + part |x|: it is measured by differences."""
    x = np.random.default_rng(0).normal(size=(4, 3))

    def forward(x):
        return x * x + part * np.abs(x), x

    report = check_op(forward, lambda dy, x: dy * (2 * x + part * np.sign(x)), [x])
    assert report.ok and report.method == "central difference", str(report)


def test_what_cannot_be_judged_is_no_accusation():
    """At a kink in every element, or where differences see nothing: a third verdict, which is not ok either."""
    report = check_op(lambda x: (np.abs(x), x), lambda dy, x: dy * np.sign(x), [np.zeros(3)])
    assert not report.ok and not report.problems and "CANNOT BE JUDGED" in str(report)


@pytest.mark.parametrize("forward, kind", [(lambda x: (x > 0, x), "bool"), (lambda x: (x.argmax(axis=1), x), "int64"),
                                           (lambda x: (bool((x > 0).all()), x), "bool"), (lambda x: (3, x), "int")])
def test_outputs_that_have_no_slope_get_a_sentence(forward, kind):
    """Bools and whole numbers, in a check and in a measurement by hand."""
    x = np.random.default_rng(0).normal(size=(4, 3))
    report = check_op(forward, lambda dy, x: 0 * x, [x])
    assert f"{kind}, expected an array of floating-point numbers" in str(report)
    for measure in (central_difference, complex_step):
        with pytest.raises(InputError, match="the loss returned a .*expected floating-point numbers"):
            measure(lambda x: forward(x)[0], [x], [np.arange(3)])


@pytest.mark.parametrize("seed", range(12))
def test_float32_inside_is_not_accused_and_wrong_factors_are_found(seed):
    """A forward pass that computes in float32 has rounding errors of float32; 10 % off is more than that."""
    W, x = np.random.default_rng([1, seed]).normal(size=(4, 4)), np.random.default_rng(seed).normal(size=(3, 4))
    W = W.astype(np.float32)

    def forward(x):
        return x.astype(np.float32) @ W, x
    assert not check_op(forward, lambda dy, x: dy @ W.T, [x], seed=seed).problems
    assert not check_op(lambda x: (np.tanh(x.astype(np.float32)), x), lambda dy, x: dy * (1 - np.tanh(np.float32(x))**2),
                        [10 * x], seed=seed).problems
    for factor in (2, -1, 1.1):
        assert not check_op(forward, lambda dy, x, factor=factor: factor * dy @ W.T, [x], seed=seed).ok
