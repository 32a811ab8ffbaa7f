"""The checks of the exercises are themselves checked: solutions are right, typical mistakes wrong and called by their name."""
import math
import re

import exercise_answers
import numpy as np
import pytest
import test_course_checks_article
import test_course_checks_fast
import test_course_checks_gram
import test_course_checks_more
import test_course_checks_stylizer
import test_course_checks_training
import test_course_checks_transfer
from exercise_answers import EXERCISES, SOLUTIONS, S
from helpers import normal

from nnscratch import ops
from nnscratch.course import checks
from nnscratch.course.checks.compare import as_arrays, close
from nnscratch.course.checks.gradients import suspects
from nnscratch.layers import Dense
from nnscratch.losses import mse
from nnscratch.optimizers import SGD

FILES = (exercise_answers, test_course_checks_more, test_course_checks_article, test_course_checks_fast,
         test_course_checks_gram, test_course_checks_stylizer, test_course_checks_training, test_course_checks_transfer)
WRONG = [answer for file in FILES for answer in file.WRONG]


ON_PAPER = [answer for file in (exercise_answers, test_course_checks_more, test_course_checks_article, test_course_checks_gram,
                                test_course_checks_training, test_course_checks_transfer)
            for answer in file.WRONG if answer not in test_course_checks_transfer.NOT_ON_PAPER]
every_wrong_answer = pytest.mark.parametrize("name, attempt, diagnosis", WRONG,
                                             ids=[f"{name}-{text[:30]}" for name, _, text in WRONG])


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_is_right(name):
    """And `...`, None and NotImplementedError are not attempts."""
    assert EXERCISES[name](S[name]).state == "right"
    assert EXERCISES[name](lambda *a, **k: ...).state == EXERCISES[name](lambda *a, **k: None).state == "not attempted"

    def later(*arguments, **named):
        raise NotImplementedError
    assert EXERCISES[name](later).state == "not attempted"


def test_a_forgotten_return_is_no_empty_body():
    """Lines that return nothing are an attempt; `...`, with or without a docstring, is none."""
    def forgotten(x, weights, bias):
        x @ weights + bias

    def empty(x, weights, bias):
        """(N, inputs), (inputs, units), (units,) -> (N, units)"""
        ...
    assert "is a `return` missing?" in checks.dense(forgotten).text and checks.dense(forgotten).state == "wrong"
    assert checks.dense(empty).state == "not attempted"
    assert checks.chain(lambda *a: np.array(S["chain"](*a))).state == "right", "an array of the results is as good as a tuple"


@every_wrong_answer
def test_a_wrong_answer_is_called_by_its_name(name, attempt, diagnosis):
    answer = EXERCISES[name](attempt)
    assert answer.state == "wrong" and diagnosis in answer.text, answer


@pytest.mark.parametrize("name", EXERCISES)
def test_three_wrong_answers_are_known(name):
    assert len([1 for other, _, _ in WRONG if other == name]) >= 3


@pytest.mark.parametrize("name", EXERCISES)
def test_every_mistake_that_a_check_knows_is_one(name, monkeypatch):
    """Each can be made with all inputs and gives as many results as the right function, one of them another: what raises, is
    right, or holds NaN, would never be named, and nobody would see it."""
    compared = []
    monkeypatch.setitem(EXERCISES[name].judge.__globals__, "compare", lambda *given: compared.append(given))
    EXERCISES[name](S[name])
    for _, right, cases, outputs, *mistakes in compared:
        for sentence, mistake in (mistakes[0] if mistakes else {}).items():
            results = [(as_arrays(right(**case), outputs.split()), as_arrays(mistake(*case.values()), outputs.split()))
                       for case in cases]
            assert all(len(wanted) == len(found) and not any(np.isnan(one).any() for one in found)
                       for wanted, found in results), sentence
            assert any(want.shape != one.shape or not close(one, want).all()
                       for wanted, found in results for want, one in zip(wanted, found)), sentence


def as_if(attempt, change):
    """The attempt, with each of its numbers or arrays passed through `change`."""
    def other(*arguments):
        results = attempt(*arguments)
        return tuple(map(change, results)) if isinstance(results, (tuple, list)) else change(results)
    return other


def single(value):
    """Numbers in float32; anything else as it is."""
    real = isinstance(value, (float, np.floating, np.ndarray)) and np.asarray(value).dtype.kind == "f"
    return np.asarray(value, np.float32) if real else value


def as_list(value):
    return value.tolist() if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("name", EXERCISES)
def test_a_right_answer_may_come_in_another_style(name):
    """Computed in single precision, or returned so; as lists; as arrays of no dimension."""
    def computed_single(*arguments):
        return as_if(S[name], single)(*[single(a) if isinstance(a, np.ndarray) else a for a in arguments])

    styles = {"guilty": [list]}  # a set has no dtype
    for style in (computed_single, *(as_if(S[name], change) for change in styles.get(name, [single, as_list, np.asarray]))):
        assert EXERCISES[name](style).state == "right", EXERCISES[name](style)


@every_wrong_answer
def test_a_wrong_answer_is_wrong_in_single_precision(name, attempt, diagnosis):
    """What float32 is forgiven is less than any mistake: the same answers are refused, for the same reasons."""
    answer = EXERCISES[name](as_if(attempt, single))
    assert answer.state == "wrong" and diagnosis in answer.text, answer


def test_small_numbers_among_large_ones_may_be_rounded():
    """Rounding is as large as the largest number asks for, in each precision, and not larger."""
    want = np.array([1000.0, 1e-3, 0.0])
    for dtype, fine, coarse in ((np.float64, 5e-4, 5e-3), (np.float32, 1e-2, 5e-2), (np.float16, 0, 0.5)):
        rounded = want.astype(dtype)
        assert close(rounded + dtype(fine) * np.array([0, 1, -1], dtype), want).all()
        assert close(rounded + dtype(coarse) * np.array([0, 1, -1], dtype), want).tolist() == [True, False, False]
    assert close(np.array([np.inf, 2.0]), np.array([np.inf, 1.0])).tolist() == [True, False]
    assert close(np.array(5.2e-6), np.array(5.1e-6)).tolist() is False and close(np.array(0.0), np.array(0.0))


@pytest.mark.parametrize("name, attempt, diagnosis", ON_PAPER, ids=[f"{name}-{text[:30]}" for name, _, text in ON_PAPER])
def test_the_input_that_fails_is_small_enough_for_paper(name, attempt, diagnosis):
    """It is shown with its numbers, and not as a shape. (Where code raises, that says more.)"""
    text = EXERCISES[name](attempt).text
    assert "raised" in text or "of shape (" not in text.replace("expected numbers of shape", ""), text


def test_the_smallest_input_that_fails_is_shown():
    """The mean is right for a batch of one, so the batch of two is shown, with all its numbers, and its N alone is named."""
    answer = checks.dense_backward(lambda dy, x, weights: (dy @ weights.T, x.T @ dy, dy.mean(axis=0)))
    assert str(answer) == """dense_backward: wrong
  for dy = [[1], [10]], x = [[2], [3]], weights = [[4]]
  dbias = [5.5], expected [11]
  it is too small by exactly 2 = N, the batch size: a mean is taken where a sum belongs, or a term is counted only once"""


def test_letters_are_read_as_they_are_meant():
    """A set, a list, one string with or without commas, small letters."""
    for answer in ({"B", "C", "E"}, ["b", "c", "e"], "B, C, E", "BCE", "b c and e", ("BC", "e"), np.array(["B", "C", "E"])):
        assert checks.guilty(lambda answer=answer: answer).state == "right", answer


def test_at_zero_the_slope_is_that_of_the_library():
    """LeakyReLU's backward at x = 0: what the check expects is what the formula in the notebook and the library say."""
    dy, x = np.array([3.0]), np.array([0.0])
    expected = ops.leaky_relu_backward(dy, ops.leaky_relu(x, 0.5)[1])
    assert expected == S["leaky_relu_backward"](dy, x, 0.5) == 1.5


def test_hints_and_solution(capsys, monkeypatch):
    """Hints come one after the other; the solution is printed where it is at hand."""
    hints = checks.dense.hints
    checks.dense.hints_given = 0
    for _ in range(len(hints) + 1):
        checks.dense.hint()
    checks.dense.solution(SOLUTIONS)
    checks.dense.solution("nowhere")
    text = capsys.readouterr().out
    assert [text.count(hint) for hint in hints] == [2] + [1] * (len(hints) - 1)
    assert "return x @ weights + bias" in text and "not found here" in text


def test_the_formulas_of_the_exercises_hold():
    """Each solution against the library, or against a measurement: one formula, two ways to write it."""
    x, kernel, bias = normal(2, 6, 5, 3), normal(3, 2, 3, 4), normal(4)
    y, cache = ops.conv2d(x, kernel, bias)
    dy = normal(*y.shape, seed=1)
    dx, dkernel, _ = ops.conv2d_backward(dy, cache)
    assert np.allclose(S["conv2d"](x, kernel, bias), y)
    alone, _ = ops.conv2d(x[:1, :, :, :1], kernel[:, :, :1, :1])
    assert np.allclose(S["conv_loops"](x[0, :, :, 0], kernel[:, :, 0, 0]), alone[0, :, :, 0])
    assert np.allclose(S["conv_dx"](dy, kernel), dx) and np.allclose(S["conv_dkernel"](dy, x), dkernel)
    columns, window = ops.im2col(x, (3, 2))
    assert np.allclose(S["im2col"](x, 3, 2), columns)
    assert np.allclose(S["col2im"](columns, 3, 2), ops.col2im(columns, window))
    assert np.allclose(ops.col2im(columns, window), x * S["coverage"](6, 5, 3, 2)[:, :, None])
    numbers = np.array([0.7, -0.4, 0.9, -0.3])
    slopes = S["numeric_gradient"](lambda a: (math.tanh(a[1] * a[0] + a[2]) - a[3])**2, numbers, 1e-5)
    assert np.allclose(S["chain"](*numbers), slopes[:3], rtol=1e-8)
    assert np.allclose(S["numeric_gradient"](lambda a: (a**3).sum(), numbers, 0.5), 3 * numbers**2 + 0.25), "x³ errs by h²"


def test_a_step_of_training_is_the_librarys():
    """train_step against mse, Dense and SGD."""
    x, target, layer = normal(4, 5), normal(4, 3), Dense(3)
    layer.forward(x)
    before = {name: array.copy() for name, array in layer.params.items()}
    _, dy = mse(layer.forward(x, training=True), target)
    layer.backward(dy)
    SGD(0.1).step(layer.params, layer.grads)
    weights, bias = S["train_step"](x, target, before["kernel"], before["bias"], 0.1)
    assert np.allclose(weights, layer.params["kernel"]) and np.allclose(bias, layer.params["bias"])


def test_suspects_are_some_right_and_some_wrong():
    assert re.fullmatch("[A-E]{5}", "".join(suspects())) and {"A", "D"} == set(suspects()) - S["guilty"]()


def test_an_answer_may_be_odd_without_breaking_the_check():
    """Lists for arrays, names for results, recursion: always an Answer, never an exception."""
    def endless(*arguments, **named):
        return endless(*arguments, **named)
    for odd in (lambda *a: "a word", lambda *a: [["a"]], lambda *a: {}, lambda *a: object(), lambda *a: np.nan, endless,
                lambda: 1, 5, None):
        assert {one(odd).state for one in EXERCISES.values()} <= {"wrong"}, odd
