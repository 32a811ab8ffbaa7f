"""The checks of the exercises: solutions are right, and typical mistakes are wrong and get the right diagnosis."""
import math
import re

import numpy as np
import pytest
from course_answers import RIGHT, SHAPES_SHOWN, WRONG
from course_answers.solutions import EXERCISES, SOLUTIONS, S
from helpers import normal

from nnscratch import ops
from nnscratch.course import checks
from nnscratch.course.checks.compare import as_arrays, close
from nnscratch.course.checks.wrong_gradients import suspects
from nnscratch.layers import Dense
from nnscratch.losses import mse
from nnscratch.optimizers import SGD

ON_PAPER = [answer for answer in WRONG if callable(answer[1]) and answer[2] not in SHAPES_SHOWN]
CODED_WRONG = [answer for answer in WRONG if callable(answer[1])]
every_wrong_answer = pytest.mark.parametrize("name, attempt, diagnosis", WRONG,
                                             ids=[f"{name}-{text[:30]}" for name, _, text in WRONG])


CODED = [name for name in EXERCISES if callable(S.get(name))]  # the others are predictions: lists of values


@pytest.mark.parametrize("name", [name for name in EXERCISES if name not in CODED])
def test_a_prediction_is_right(name):
    """All of `...` is no attempt; one value of `...` is still open; too few are refused."""
    assert EXERCISES[name](S[name]).state == "right"
    assert EXERCISES[name]([...] * len(S[name])).state == "not attempted"
    assert "still open" in EXERCISES[name]([..., *S[name][1:]]).text or len(S[name]) == 1
    assert f"expected {len(S[name])} values" in EXERCISES[name]([*S[name], 1]).text


@pytest.mark.parametrize("name", CODED)
def test_the_solution_is_right(name):
    """`...`, None and NotImplementedError are not attempts."""
    assert EXERCISES[name](S[name]).state == "right"
    assert EXERCISES[name](lambda *a, **k: ...).state == EXERCISES[name](lambda *a, **k: None).state == "not attempted"

    def later(*arguments, **named):
        raise NotImplementedError
    assert EXERCISES[name](later).state == "not attempted"


def test_a_forgotten_return_counts_as_an_attempt():
    """A body that returns nothing is an attempt; `...`, with or without a docstring, is not."""
    def forgotten(x, weights, bias):
        x @ weights + bias

    def empty(x, weights, bias):
        """(N, inputs), (inputs, units), (units,) -> (N, units)"""
        ...
    assert "is a `return` missing?" in checks.dense(forgotten).text and checks.dense(forgotten).state == "wrong"
    assert checks.dense(empty).state == "not attempted"
    assert checks.chain(lambda *a: np.array(S["chain"](*a))).state == "right", "an array of the results is as good as a tuple"


@pytest.mark.parametrize("name, attempt", RIGHT, ids=[f"{name}-{k}" for k, (name, _) in enumerate(RIGHT)])
def test_another_style_is_right(name, attempt):
    """Loops, whole arrays, einsum, views: what counts is the result."""
    assert EXERCISES[name](attempt).state == "right", EXERCISES[name](attempt)


@every_wrong_answer
def test_a_wrong_answer_gets_its_diagnosis(name, attempt, diagnosis):
    answer = EXERCISES[name](attempt)
    assert answer.state == "wrong" and diagnosis in answer.text, answer


@pytest.mark.parametrize("name", EXERCISES)
def test_each_exercise_has_wrong_answers(name):
    """At least five; three for a prediction."""
    assert len([1 for other, _, _ in WRONG if other == name]) >= (5 if name in CODED else 3)


@pytest.mark.parametrize("name", CODED)
def test_every_known_mistake_is_a_mistake(name, monkeypatch):
    """Each can be computed for all inputs and returns as many results as the right function, at least one of them different. A
    mistake that raises, is right, or returns NaN could never be diagnosed."""
    compared = []
    monkeypatch.setitem(EXERCISES[name].judge.__globals__, "compare", lambda *given: compared.append(given))
    EXERCISES[name](S[name])
    for _, right, cases, outputs, *mistakes in compared:
        for sentence, mistake in (mistakes[0] if mistakes else {}).items():
            results = [(as_arrays(right(**case), outputs.split()), as_arrays(mistake(*case.values()), outputs.split()), case)
                       for case in cases]
            assert all(len(wanted) == len(found) and not any(np.isnan(one).any() for one in found)
                       for wanted, found, _ in results), sentence
            assert any(want.shape != one.shape or not close(one, want, case).all()
                       for wanted, found, case in results for want, one in zip(wanted, found)), sentence


def as_if(attempt, change):
    """The attempt, with each number or array of its result passed through `change`."""
    def other(*arguments):
        results = attempt(*arguments)
        return tuple(map(change, results)) if isinstance(results, (tuple, list)) else change(results)
    return other


def single(value):
    """Floats as float32; other values unchanged."""
    real = isinstance(value, (float, np.floating, np.ndarray)) and np.asarray(value).dtype.kind == "f"
    return np.asarray(value, np.float32) if real else value


def as_list(value):
    return value.tolist() if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("name", CODED)
def test_a_right_answer_may_have_another_type(name):
    """Computed in or returned as float32; as lists; as 0-d arrays."""
    def computed_single(*arguments):
        return as_if(S[name], single)(*[single(a) if isinstance(a, np.ndarray) else a for a in arguments])

    styles = {"guilty": [list]}  # a set has no dtype
    for style in (computed_single, *(as_if(S[name], change) for change in styles.get(name, [single, as_list, np.asarray]))):
        assert EXERCISES[name](style).state == "right", EXERCISES[name](style)


@pytest.mark.parametrize("name, attempt, diagnosis", CODED_WRONG, ids=[f"{name}-{text[:30]}" for name, _, text in CODED_WRONG])
def test_a_wrong_answer_is_wrong_in_single_precision(name, attempt, diagnosis):
    """The tolerance for float32 is smaller than any mistake: the same answers are refused with the same diagnosis."""
    answer = EXERCISES[name](as_if(attempt, single))
    assert answer.state == "wrong" and diagnosis in answer.text, answer


def test_rounding_is_relative_to_the_largest_number():
    """The tolerance is proportional to the largest number, in each precision. Single precision leaves a millionth of inputs of
    a few units, but of large ones small numbers that are right."""
    want = np.array([1000.0, 1e-3, 0.0])
    for dtype, fine, coarse in ((np.float64, 5e-4, 5e-3), (np.float32, 1e-2, 5e-2), (np.float16, 0, 0.5)):
        rounded = want.astype(dtype)
        assert close(rounded + dtype(fine) * np.array([0, 1, -1], dtype), want, {}).all()
        assert close(rounded + dtype(coarse) * np.array([0, 1, -1], dtype), want, {}).tolist() == [True, False, False]
    assert close(np.array([np.inf, 2.0]), np.array([np.inf, 1.0]), {}).tolist() == [True, False]
    assert not close(np.array(5.2e-6), np.array(5.1e-6), {}) and close(np.array(0.0), np.array(0.0), {})
    assert [bool(close(np.float32(5.2e-6), np.array(5.1e-6), {"x": x})) for x in (2.0, -np.full(3, 1e6))] == [True, False]


@pytest.mark.parametrize("name, attempt, diagnosis", ON_PAPER, ids=[f"{name}-{text[:30]}" for name, _, text in ON_PAPER])
def test_the_failing_input_is_small(name, attempt, diagnosis):
    """It is shown with its numbers, not as a shape. (If the code raises, the exception says more.)"""
    text = EXERCISES[name](attempt).text
    assert "raised" in text or "of shape (" not in text.replace("expected numbers of shape", ""), text


def test_the_smallest_failing_input_is_shown():
    """The mean is right for a batch of one, so the batch of two is shown with all its numbers; of its sizes only N is named."""
    answer = checks.dense_backward(lambda dy, x, W: (dy @ W.T, x.T @ dy, dy.mean(axis=0)))
    assert str(answer) == """dense_backward: wrong
  for dy = [[1], [10]], x = [[2], [3]], W = [[4]]
  db = [5.5], expected [11]
  it is too small by exactly 2 = N, the batch size: a mean is taken where a sum belongs, or a term is counted only once"""


def test_accepted_forms_of_letters():
    """A set, a list, one string with or without commas, lower case."""
    for answer in ({"B", "C", "E"}, ["b", "c", "e"], "B, C, E", "BCE", "b c and e", ("BC", "e"), np.array(["B", "C", "E"])):
        assert checks.guilty(lambda answer=answer: answer).state == "right", answer


def test_the_slope_at_zero_is_the_librarys():
    """LeakyReLU's backward at x = 0: the check, the formula in the notebook and the library agree."""
    dy, x = np.array([3.0]), np.array([0.0])
    expected = ops.leaky_relu_backward(dy, ops.leaky_relu(x, 0.5)[1])
    assert expected == S["leaky_relu_backward"](dy, x, 0.5) == 1.5


def test_hints_and_solution(capsys, monkeypatch):
    """Hints are shown one after the other; the solution is printed where it is available."""
    hints = checks.dense.hints
    checks.dense.hints_given = 0
    for _ in range(len(hints) + 1):
        checks.dense.hint()
    checks.dense.solution(SOLUTIONS)
    checks.dense.solution("nowhere")
    text = capsys.readouterr().out
    assert [text.count(hint) for hint in hints] == [2] + [1] * (len(hints) - 1)
    assert "return x @ W + b" in text and "not found here" in text


@pytest.mark.parametrize("content", [b"def dense(", b"\xff\xfe", b"\0"])
def test_a_solution_that_is_not_python(content, tmp_path, capsys):
    """One sentence names the file; another file may have the solution."""
    (tmp_path / "01_neuron.py").write_bytes(content)
    checks.dense.solution(tmp_path)
    said = capsys.readouterr().out
    assert "01_neuron.py is not Python: take this file from nnscratch again" in said and said.count("\n") == 1
    (tmp_path / "02.py").write_text("def dense(x, W, b):\n    return x @ W + b\n")
    checks.dense.solution(tmp_path)
    assert "return x @ W + b" in capsys.readouterr().out


def test_a_solution_that_cannot_be_read(tmp_path, capsys):
    """The sentence says why, and not that it is not Python."""
    (tmp_path / "01_neuron.py").mkdir()
    checks.dense.solution(tmp_path)
    assert "01_neuron.py (it is a folder), expected a solution: give a readable file" in capsys.readouterr().out


def test_the_formulas_of_the_exercises_are_right():
    """Each solution against the library or a numeric gradient: one formula, two implementations."""
    x, kernel, bias = normal(2, 6, 5, 3), normal(3, 2, 3, 4), normal(4)
    y, cache = ops.conv2d(x, kernel, bias)
    dy = normal(*y.shape, seed=1)
    dx, dkernel, _ = ops.conv2d_backward(dy, cache)
    assert np.allclose(S["conv2d"](x, kernel, bias), y)
    strided, _ = ops.conv2d(x, kernel, bias, strides=2, padding=1)
    assert np.allclose(S["conv2d"](x, kernel, bias, 2, 1), strided)
    assert strided.shape[1:3] == tuple(S["output_size"](size, k, 2, 1) for size, k in ((6, 3), (5, 2)))
    alone, _ = ops.conv2d(x[:1, :, :, :1], kernel[:, :, :1, :1])
    assert np.allclose(S["conv_loops"](x[0, :, :, 0], kernel[:, :, 0, 0]), alone[0, :, :, 0])
    assert np.allclose(S["conv_dx"](dy, kernel), dx) and np.allclose(S["conv_dkernel"](dy, x), dkernel)
    columns, window = ops.im2col(x, (3, 2))
    assert np.allclose(S["im2col"](x, 3, 2), columns)
    assert np.allclose(S["col2im"](columns, 3, 2), ops.col2im(columns, window))
    assert all(map(np.allclose, S["conv2d_backward"](dy, x, kernel), ops.conv2d_backward(dy, cache)))
    numbers = np.array([0.7, -0.4, 0.9, -0.3])
    slopes = S["numeric_gradient"](lambda a: (math.tanh(a[1] * a[0] + a[2]) - a[3])**2, numbers, 1e-5)
    assert np.allclose(S["chain"](*numbers), slopes[:3], rtol=1e-8)
    assert np.allclose(S["numeric_gradient"](lambda a: (a**3).sum(), numbers, 0.5), 3 * numbers**2 + 0.25), "x³ errs by h²"


def test_the_training_step_equals_the_librarys():
    """mse and sgd_step against the library's mse, Dense and SGD; fit_line against both."""
    x, target, layer = normal(4, 5), normal(4, 3, seed=1), Dense(3)
    y = layer.forward(x, training=True)
    before = {name: array.copy() for name, array in layer.params.items()}
    loss, dy = mse(y, target)
    own_loss, own_dy = S["mse"](y, target)
    assert np.allclose(own_loss, loss) and np.allclose(own_dy, dy)
    layer.backward(dy)
    SGD(0.1).step(layer.params, layer.grads)
    for name, array in before.items():
        assert np.allclose(S["sgd_step"](array, layer.grads[name], 0.1), layer.params[name])
    line = {"w": np.zeros((1, 1)), "b": np.zeros(1)}
    for _ in range(5):
        y, cache = ops.dense(x[:, :1], line["w"], line["b"])
        _, dw, db = ops.dense_backward(mse(y, target[:, :1])[1], cache)
        SGD(0.1).step(line, {"w": dw, "b": db})
    assert np.allclose(S["fit_line"](x[:, 0], target[:, 0], 0.1, 5), [line["w"].item(), line["b"].item()])


def test_some_suspects_are_right_and_some_are_wrong():
    assert re.fullmatch("[A-E]{5}", "".join(suspects())) and {"A", "D"} == set(suspects()) - S["guilty"]()


def test_odd_answers_do_not_break_the_check():
    """Lists for arrays, names for results, recursion: the result is always an Answer, never an exception."""
    def endless(*arguments, **named):
        return endless(*arguments, **named)
    for odd in (lambda *a: "a word", lambda *a: [["a"]], lambda *a: {}, lambda *a: object(), lambda *a: np.nan, endless,
                lambda: 1, 5, None):
        assert {one(odd).state for one in EXERCISES.values()} <= {"wrong"}, odd


@pytest.mark.parametrize("attempt, text", [
    (None, "a value of type NoneType, expected a function"), (np.ones(3), "a value of type ndarray, expected a function"),
    (..., "not attempted yet")])
def test_a_value_in_place_of_a_function(attempt, text):
    assert text in checks.dense(attempt).text
    assert "expected a function" in checks.guilty({"B"}).text


def test_odd_predictions():
    """An array counts as a list; None and functions are wrong, each by its question."""
    assert checks.fan_out(np.array([5, 8])).state == "right"
    for odd in (None, len, [5]):
        assert checks.fan_out([odd, 8]).text.endswith("1 of 2 right")
