"""Marks for the exercises: right answers of every style get them, wrong and no answers do not, and no kernel dies."""
import numpy as np
import pytest
from course_answers import RIGHT, WRONG
from course_answers.solutions import EXERCISES, S

from nnscratch.course import checks, own
from nnscratch.course.checks.fresh import fresh_numbers, renewed, whole
from nnscratch.course.marks import ROUNDS, mark


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", list(EXERCISES))
def test_solutions_get_marks(name, seed):
    """Predictions, too; also as seeds differ."""
    mark(name, S[name], seed=100 * seed)


@pytest.mark.parametrize("k", range(len(RIGHT)), ids=[f"{k}-{name}" for k, (name, _) in enumerate(RIGHT)])
def test_right_answers_in_other_styles_get_marks(k):
    name, attempt = RIGHT[k]
    mark(name, attempt, seed=7)


def single(value):
    """The arrays in single precision."""
    if isinstance(value, dict):
        return {name: single(one) for name, one in value.items()}
    if type(value) in (tuple, list):
        return type(value)(map(single, value))
    return value.astype(np.float32) if isinstance(value, np.ndarray) and value.dtype == float else value


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", [name for name in EXERCISES if callable(S[name])])
def test_single_precision_gets_marks(name, seed):
    mark(name, lambda *inputs: S[name](*map(single, inputs)), seed=100 * seed + 2)


@pytest.mark.parametrize("factor", [0, 0.9, 1.1])
def test_small_numbers_in_single_precision_must_be_right(factor):
    """Microseconds: of large inputs, they have all their digits. Those below 1e-5 alone are wrong here."""
    def attempt(*inputs):
        seconds = S["roofline_seconds"](*inputs)
        return np.float32(seconds if seconds > 1e-5 else factor * seconds)
    assert "expected" in checks.roofline_seconds(attempt).text and checks.roofline_seconds(attempt).state == "wrong"


@pytest.mark.parametrize("k", range(len(WRONG)), ids=[f"{k}-{name}" for k, (name, *_) in enumerate(WRONG)])
def test_wrong_answers_get_none(k):
    name, attempt, _ = WRONG[k]
    with pytest.raises(AssertionError, match=f"^{name}: (wrong|not attempted)"):
        mark(name, attempt, seed=7)


@pytest.mark.parametrize("attempt", [lambda *a: ..., lambda *a: None, ...])
def test_an_untouched_body_is_not_attempted(attempt):
    with pytest.raises(AssertionError, match="^dense: not attempted"):
        mark("dense", attempt, seed=7)


def test_what_raises_or_ends_python_is_wrong():
    """NotImplementedError is what a grading system puts into an empty body: not attempted."""
    def raises(error):
        def attempt(*inputs):
            raise error
        return attempt

    for error in (ValueError("no"), SystemExit(), RecursionError()):
        with pytest.raises(AssertionError, match="^dense: wrong"):
            mark("dense", raises(error), seed=7)
    with pytest.raises(AssertionError, match="^dense: not attempted"):
        mark("dense", raises(NotImplementedError()), seed=7)
    with pytest.raises(KeyboardInterrupt):  # the grading system's time limit
        mark("dense", raises(KeyboardInterrupt()), seed=7)


def test_each_exercise_counts_for_itself(tmp_path, monkeypatch, capsys):
    """conv2d calls own.im2col: marks use the library's, whatever is kept; afterwards the learner's own is back."""
    monkeypatch.setitem(own.FUNCTIONS, "im2col", own.OwnFunction("im2col", checks.im2col.library, lambda *a, **k: 1 / 0))
    before = dict(own.FUNCTIONS)
    mark("conv2d", S["conv2d"], seed=7)
    assert own.FUNCTIONS == before and capsys.readouterr().out == ""


def test_fresh_numbers_keep_sizes_signs_and_relations():
    """Labels remain labels, one-hot rows one-hot, y = relu(a), and numbers in [0, 1] there; ones change, zeros do not."""
    a = np.random.default_rng(0).normal(size=(5, 4))
    case = {"a": a, "y": np.maximum(a, 0), "t": np.eye(4)[[0, 2, 1, 3, 3]], "labels": np.arange(5), "lr": 0.5, "stride": 2,
            "dy": np.ones((2, 3)), "v": np.zeros(3), "weights": ((1.0,), 2.0), "shape": (3, 3)}
    assert all(renewed(case, whole(stride=(5, 5)))[name] is value for name, value in case.items()), "while a learner checks"
    with fresh_numbers(1):
        new = renewed(case, whole(stride=(5, 5)))
    assert np.array_equal(new["y"], np.maximum(new["a"], 0)) and not np.isclose(new["a"], a).any()
    assert new["t"].shape == (5, 4) and (new["t"].sum(axis=1) == 1).all() and set(new["labels"]) <= set(range(5))
    assert 0.25 <= new["lr"] < 0.5 and new["stride"] == 5 and new["shape"] == (3, 3)
    assert (new["dy"] < 1).all() and not new["v"].any()
    assert new["weights"][0][0] < 1 and new["weights"][1] < 2
    with fresh_numbers(1):
        assert np.array_equal(renewed(case)["a"], new["a"]), "the same seed, the same numbers"


@pytest.mark.parametrize("value", [np.array(2.0), np.float32(2), [1.0, 2.0], {"a": 2.0}], ids=repr)
def test_a_kind_without_fresh_numbers_is_refused(value):
    """It would keep its public numbers, and nobody would see it."""
    with fresh_numbers(1), pytest.raises(TypeError, match=type(value).__name__):
        renewed({"x": value})


def test_no_two_seeds_share_a_round():
    """Of two courses with neighbouring seeds, none shows numbers of the other."""
    def judged(seed):
        seen = set()
        mark("dense", lambda x, W, b: seen.add(x.tobytes()) or x @ W + b, seed=seed)
        return {numbers for numbers in seen if len(numbers) == 8 * 4 * 5}  # the largest case

    assert len(judged(7)) == len(judged(8)) == 1 + ROUNDS
    assert len(judged(7) & judged(8)) == 1, "the public case alone"
