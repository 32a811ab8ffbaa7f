"""Attempts that are no functions of arrays, return other things, or do something to the session: what a check says of them."""
import asyncio
import functools
import sys
import types
import warnings

import numpy as np
import pytest
from helpers import normal

from nnscratch import ops
from nnscratch.course import checks
from nnscratch.course.own import function
from nnscratch.gradcheck.diagnose import Evidence, diagnose


def dense(x, W, b):
    return x @ W + b


async def waits(x, W, b):
    return x @ W + b


def yields(x, W, b):
    yield x @ W + b


@pytest.mark.parametrize("attempt, words", [
    (lambda *a: np.ma.masked_array(dense(*a), mask=True), "returns a MaskedArray, expected a plain array"),
    (lambda *a: dense(*a).view(np.matrix), "returns a matrix, expected a plain array"),
    (lambda *a: dense(*a) + 0j, "y holds complex128, expected real numbers"),
    (lambda *a: (dense(*a) + 0j).tolist(), "y holds complex128, expected real numbers"),
    (yields, "y is a generator, expected numbers of shape (1, 1)"), (lambda *a: "text", "y is a str, expected numbers"),
    (waits, "`async def`, expected a function that begins with `def`"),
    (functools.partial(waits), "`async def`, expected"), (lambda *a: asyncio, "y is a module, expected numbers")])
def test_a_result_that_later_notebooks_cannot_use_is_refused(attempt, words):
    """Although NumPy makes the right numbers of some; no warning of Python beside it."""
    with warnings.catch_warnings(action="error"):
        answer = checks.dense(attempt)
    assert answer.state == "wrong" and words in answer.text and "axes" not in answer.text


def test_arrays_of_a_tuple_are_refused_too():
    text = checks.mse(lambda y, t: (((y - t)**2).mean(), (2 * (y - t) / y.size).view(np.matrix))).text
    assert "returns a matrix, expected a plain array" in text


@pytest.mark.parametrize("attempts", [(), (1, 2, 3)])
def test_a_check_of_none_or_several_says_how_to_call_it(attempts):
    for check in (checks.dense, checks.array_shapes):
        answer = check(*attempts)
        assert answer.state == "wrong" and f"write checks.{check.name}({check.name})" in answer.text


def test_exit_ends_the_attempt_and_not_the_notebook(monkeypatch):
    """A notebook's `exit()` raises nothing but asks its shell to stop; also in the judge of the cost."""
    asked = []
    shell = types.SimpleNamespace(ask_exit=lambda: asked.append("the kernel ends"))
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))

    def leaves(x, W, b):
        shell.ask_exit()
    assert "your code calls exit()" in checks.dense(leaves).text and "return is missing" not in checks.dense(leaves).text
    assert "your code calls exit()" in checks.dense(lambda *a: sys.exit(1)).text
    monkeypatch.setattr(checks.dense, "cost", lambda attempt: shell.ask_exit())
    assert checks.dense(dense).state == "wrong" and not asked
    shell.ask_exit()
    assert asked, "afterwards it is the shell's again"


def test_the_library_is_judged_with_its_own_warnings():
    """An attempt that lets NumPy raise does not make the solution raise."""
    def strict(logits, labels):
        np.seterr(all="raise")
        return np.mean(logits.argmax(axis=1) == labels)
    before = np.geterr()
    assert checks.accuracy(strict).state == "right" and np.geterr() == before


def test_waiting_is_no_time_of_a_function(monkeypatch):
    """The time of both functions is that of the processor, from one clock: another program's does not count."""
    ticks = iter(range(100))
    monkeypatch.setattr(function, "clock", lambda: next(ticks))
    one = function.OwnFunction("double", lambda x: 2 * x, lambda x: x + x)
    assert [one(1.0) for _ in range(3)] == [2.0] * 3
    assert (one.seconds, one.library_seconds, next(ticks)) == (3, 3, 8)


def partly_wrong(name, inputs, right, dy):
    """The diagnosis of a gradient with one wrong element inside."""
    wrong = right.copy()
    wrong[:, 1, 1] += 1
    return diagnose(Evidence(name, wrong, right, dy, inputs, lambda others: right))


@pytest.mark.parametrize("kernel, stride, overlap", [(2, 1, True), (3, 2, True), (2, 2, False), (2, 3, False), (3, 3, False)])
def test_windows_are_said_to_overlap_only_where_they_do(kernel, stride, overlap):
    """Those of a convolution."""
    x, K = normal(2, 8, 8, 3), normal(kernel, kernel, 3, 4)
    y, cache = ops.conv2d(x, K, None, strides=stride)
    dy = normal(*y.shape, seed=1)
    dx = ops.conv2d_backward(dy, cache)[0]
    assert ("windows overlap" in partly_wrong("x", {"x": x, "K": K}, dx, dy)) == overlap


@pytest.mark.parametrize("size, stride, overlap", [(2, 2, False), (3, 2, True), (3, 3, False)])
def test_windows_of_a_pooling_and_of_a_larger_image(size, stride, overlap):
    """Windows of 3 leave two of the eight rows out, and none overlap; an image that became larger has no windows."""
    x = normal(4, 8, 8, 5)
    y, cache = ops.max_pool2d(x, size, stride)
    dy = normal(*y.shape, seed=1)
    said = partly_wrong("x", {"x": x}, ops.max_pool2d_backward(dy, cache), dy)
    assert ("windows overlap" in said) == overlap and "elements are right" in said
    assert "windows overlap" not in partly_wrong("x", {"x": x}, normal(4, 8, 8, 5, seed=2), normal(4, 16, 16, 5))
