"""Predictions: equal numbers of any type are right, text in place of a number is named, and no hint is an answer."""
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from course_answers.solutions import EXERCISES, S

from nnscratch.course import checks
from nnscratch.course.checks.prediction import QUOTED, same_value

PREDICTIONS = [name for name in EXERCISES if not callable(S[name])]
SUM = re.compile(r"(?<![\w-])[\d(][\d\s.,()]*(?:[-+*/·]+[\s(]*\d[\d\s.,()]*)+")  # "2 · 3 + 1", "(7, 16 * 12)"


@pytest.mark.parametrize("name", EXERCISES)
def test_what_is_left_as_it_is(name):
    """`name = ...` is no attempt, whether a function or a list is asked for."""
    assert EXERCISES[name](...).state == "not attempted"
    assert callable(S[name]) or EXERCISES[name]([...]).state == "not attempted"


@pytest.mark.parametrize("kind", [float, complex, np.int32, np.uint64, np.float32, np.float64, np.array, Fraction, Decimal,
                                  lambda value: value * np.float32(1 + 1e-7)])
def test_equal_numbers_of_any_type(kind):
    """5, 5.0 and NumPy's; a whole number may carry a rounding error, but is exact otherwise."""
    for whole in (0, 1, 5, 101770):
        assert same_value(kind(whole), whole) and same_value(kind(whole), float(whole))
        assert not same_value(kind(whole + 1), whole)
    assert same_value(kind(5), np.int64(5)) and same_value((kind(5), kind(3)), (5, 3))


@pytest.mark.parametrize("name", [name for name in PREDICTIONS if any(not isinstance(value, str) for value in S[name])])
def test_right_answers_of_another_type(name):
    """NumPy's numbers and fractions; shapes as lists and arrays; a number in quotes gets one sentence that says so."""
    def each(change):
        return [value if isinstance(value, str) else change(value) for value in S[name]]
    for change in (np.asarray, lambda value: np.asarray(value).tolist(),
                   lambda value: value if isinstance(value, tuple) else Fraction(value)):
        assert EXERCISES[name](each(change)).state == "right", EXERCISES[name](each(change))
    quoted = EXERCISES[name](each(str)).text
    assert EXERCISES[name](each(str)).state == "wrong" and "quotes" in quoted, quoted
    assert all(line.endswith(QUOTED) for line in quoted.splitlines()[1:-1])


def test_text_in_place_of_a_number():
    """It is shown in quotes; a word that other questions expect is an answer and gets the diagnosis of one."""
    assert f"what the code prints: not '5': {QUOTED}" in checks.fan_out(["5", 8]).text
    assert QUOTED in checks.layer_shapes(["(4, 5)", *S["layer_shapes"][1:]]).text
    assert QUOTED not in checks.layer_shapes(["error", *S["layer_shapes"][1:]]).text


def test_what_is_no_number():
    """Truth values, nested lists of unequal lengths, None: wrong by their question."""
    for odd in (True, np.True_, [1, [2]], None, [5], object(), 10**400, Fraction(10**400, 3)):
        assert not same_value(odd, 1) and not same_value(odd, 5.0), odd
        assert "not" in checks.fan_out([odd, 8]).text and checks.fan_out([odd, 8]).text.endswith("1 of 2 right")


def test_the_lines_of_a_listing():
    """Numbers of lines: of any type, in any order; text is refused."""
    for answer in ([4.0, 8.0, 9.0], np.array([9, 8, 4]), {np.int8(4), 8.0, Fraction(9)}):
        assert checks.faulty_lines(answer).state == "right", answer
    assert "without quotes" in checks.faulty_lines(["4", 8, 9]).text
    assert "there is no line 4.5" in checks.faulty_lines([4.5, 8, 9]).text
    assert checks.faulty_lines([True, 8, 9]).state == "wrong" == checks.faulty_lines([[4], 8, 9]).state
    assert checks.faulty_lines({...}).state == "not attempted"
    rows = [tuple(float(part) if isinstance(part, int) else part for part in row) for row in S["generator_shapes"]()]
    assert checks.generator_shapes(lambda: rows).state == "right"


def is_an_answer(part, answers):
    """Whether a piece of text is, or can be computed to, a number or shape among the answers."""
    value = eval(part.replace("·", "*"), {})
    return any(np.shape(value) == np.shape(answer) and np.allclose(value, answer, rtol=1e-3)
               for answer in answers if not isinstance(answer, str))


def given_away(hint, answers):
    """What a hint states of the answers: all of them, or one, as a result or as a sum; small numbers may occur by chance."""
    words = re.findall(r"[A-Za-z]+|\d+(?:\.\d+)?", hint)
    if all(str(answer) in words for answer in answers):
        return answers
    sums = [part.strip(" .,") for part in SUM.findall(hint)]
    long = [word for word in words if re.fullmatch(r"[\d.]{4,}", word)]
    return [answer for answer in answers if isinstance(answer, str) and " " in answer and answer in hint] + [
        part for part in sums + long if part.count("(") == part.count(")") and is_an_answer(part, answers)]


@pytest.mark.parametrize("name", PREDICTIONS)
def test_no_hint_is_the_answer(name):
    """The last hint shows a line of the way, not the result."""
    for hint in EXERCISES[name].hints:
        assert not given_away(hint, S[name]), hint


@pytest.mark.parametrize("hint, answers", [
    ("changes = [1, 4, 1, 1024]", [1, 4, 1, 1024]), ("y = 3x + 5x = 8x; the code keeps 5.", [5, 8]),
    ("784 * 128 + 128 + 128 * 10 + 10 parameters", [101770, 99]), ("0.9 · 0 + 0.1 · 10, then twice", [1.0, 2.9]),
    ("it has (7, 16 * 12)", [(7, 192)]), ("the sum: (48 + 40 + 48) / 150.", [136 / 150]), ("there are 1024", [1, 1024]),
    ("A has inputs too large", ["inputs too large", "too few samples"])])
def test_an_answer_in_a_hint_is_found(hint, answers):
    assert given_away(hint, answers)
