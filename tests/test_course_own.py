"""The learner's own functions: stored when right, judged again, called; the library's stands in and says so once."""
import functools
import inspect
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from course_answers.solutions import EXERCISES, S
from helpers import normal

from nnscratch.course import checks, own
from nnscratch.course.checks.exercise import Wrong
from nnscratch.course.own.function import OwnFunction
from nnscratch.course.own.store import MARK, check_source
from nnscratch.errors import InputError

RIGHT = "def dense(x, W, b):\n    return x @ W + b\n"
posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no named pipes, and links for few users")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder of stored functions, and no functions from before."""
    monkeypatch.setenv("NNSCRATCH_OWN", str(tmp_path / "own"))
    monkeypatch.setattr(own, "FUNCTIONS", {})
    return tmp_path / "own"


def written(source, tmp_path, monkeypatch, name="dense"):
    """A function as if it were written in a notebook."""
    path = tmp_path / f"cell_{len(list(tmp_path.iterdir()))}.py"
    path.write_text(textwrap.dedent(source))
    names = {"__name__": "__main__", "np": np}
    exec(compile(path.read_text(), str(path), "exec"), names)
    return names[name]


def store(folder, source, name="dense"):
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(MARK + source)


def test_a_right_function_is_kept_and_called_later(folder, tmp_path, monkeypatch):
    """As source, under the exercise's name; a second right one replaces the first, at once."""
    x, W, b = normal(3, 2), normal(2, 4), normal(4)
    answer = checks.dense(written(RIGHT, tmp_path, monkeypatch))
    assert answer.state == "right" and answer.text == "dense: right; kept in own/dense.py"
    assert (folder / "dense.py").read_text() == MARK + RIGHT
    assert own.dense.mine is not None and np.array_equal(own.dense(x, W, b), x @ W + b)
    checks.dense(written("def dense(x, W, b):\n    y = np.dot(x, W)\n    return y + b\n", tmp_path, monkeypatch))
    assert "np.dot" in (folder / "dense.py").read_text() and np.allclose(own.dense(x, W, b), x @ W + b)


def test_a_function_under_another_name_is_kept(folder, tmp_path, monkeypatch):
    checks.dense(written("def mine(x, W, b):\n    return x @ W + b\n", tmp_path, monkeypatch, "mine"))
    assert np.allclose(own.dense(normal(3, 2), np.ones((2, 1)), np.zeros(1)), normal(3, 2).sum(axis=1, keepdims=True))


def test_a_function_that_prints_does_so_once_a_case(folder, tmp_path, monkeypatch, capsys):
    """Not again when its stored source is judged."""
    source = "def dense(x, W, b):\n    print('hi', x.shape, W.shape)\n    return x @ W + b\n"
    checks.dense(written(source, tmp_path, monkeypatch))
    lines = capsys.readouterr().out.splitlines()
    assert 0 < len(lines) == len(set(lines))


def test_what_is_wrong_or_not_from_a_notebook_is_not_kept(folder, tmp_path, monkeypatch):
    checks.dense(written("def dense(x, W, b):\n    return x @ W\n", tmp_path, monkeypatch))
    for attempt in (lambda x, W, b: x @ W + b, functools.partial(lambda x, W, b: x @ W + b)):
        assert "dense: right; not kept for later notebooks: it comes from " in checks.dense(attempt).text
    assert not folder.exists()


@pytest.mark.parametrize("source, why", [
    ("offset = 0\ndef dense(x, W, b):\n    return x @ W + b + offset\n", "it uses offset, which later notebooks do not have"),
    ("def dense(x, W, b):\n    import math\n    return x @ W + b\n", "no other import"),
    ("def dense(x, W, b):\n    eval('0')\n    return x @ W + b\n", "cannot call eval"),
    ("dense = lambda x, W, b: x @ W + b\n", "begins with `def`"),
    ("offset = 0\ndef dense(x, W, b, more=offset):\n    return x @ W + b + more\n", "it uses offset, which later"),
    ("class Layer:\n    pass\ndef dense(x: Layer, W, b):\n    return x @ W + b\n", "it uses Layer, which later"),
    ("class Layer:\n    def dense(self, x, W, b):\n        return x @ W + b\ndense = Layer().dense\n", "not by itself"),
    ("def dense(x, W, b):\n    dense.calls += 1\n    return x @ W + b\ndense.calls = 0\n", "not by itself"),
    ("sum = abs = np.array\ndef dense(x, W, b):\n    return sum(x @ W + b)\n", "not by itself"),
    ("class Layer:\n    def __call__(self, x, W, b):\n        return x @ W + b\ndense = Layer()\n", "its source was not found"),
    ("from nnscratch.course import own\ndef dense(x, W, b):\n    return own.dense(x, W, b)\n", "it calls own.dense")])
def test_a_function_that_needs_its_notebook_is_right_but_not_kept(source, why, folder, tmp_path, monkeypatch):
    text = checks.dense(written(source, tmp_path, monkeypatch)).text
    assert text.startswith("dense: right; not kept for later notebooks: ") and why in text and not folder.exists()


def test_a_users_file_is_not_overwritten(folder, tmp_path, monkeypatch):
    folder.mkdir()
    (folder / "dense.py").write_text("my notes")
    assert "is not one of its files" in checks.dense(written(RIGHT, tmp_path, monkeypatch)).text
    assert (folder / "dense.py").read_text() == "my notes"


@pytest.mark.parametrize("put", [
    pytest.param(lambda path: os.mkfifo(path), marks=posix),
    pytest.param(lambda path: path.symlink_to("/dev/zero"), marks=posix),
    pytest.param(lambda path: path.symlink_to("elsewhere.py"), marks=posix),
    lambda path: path.mkdir(), lambda path: path.write_bytes(b"\xff"), lambda path: path.write_bytes(b"# " * 2**16)],
    ids=["pipe", "device", "dangling link", "folder", "no text", "long"])
def test_what_is_no_stored_function_is_not_replaced(put, folder, tmp_path, monkeypatch):
    """It is not read without end either, and a link is not followed."""
    folder.mkdir()
    put(folder / "dense.py")
    assert "dense.py is not one of its files: rename it" in checks.dense(written(RIGHT, tmp_path, monkeypatch)).text
    assert os.listdir(folder) == ["dense.py"] and own.dense.mine is None


@pytest.mark.parametrize("content", [b"", b" \r\n", (MARK + "old").encode("utf-8-sig")])
def test_an_empty_file_and_an_edited_one_are_replaced(content, folder, tmp_path, monkeypatch):
    folder.mkdir()
    (folder / "dense.py").write_bytes(content)
    assert checks.dense(written(RIGHT, tmp_path, monkeypatch)).text == "dense: right; kept in own/dense.py"


def test_lists_are_kept_and_become_arrays(folder, tmp_path, monkeypatch):
    """A check accepts lists, so that later notebooks get arrays; also in tuples, and in lists of another length."""
    checks.dense(written("def dense(x, W, b):\n    return (x @ W + b).tolist()\n", tmp_path, monkeypatch))
    for _ in range(2):
        assert (2 * own.dense(np.ones((2, 3)), np.ones((3, 2)), np.zeros(2)) == 6).all() and own.dense.mine
    one = OwnFunction("three", lambda n: (1.0, {"a": np.ones(2)}, [np.ones(2)]), lambda n: [1.0, {"a": [1, 1]}, n * [[1, 1]]])
    for n in (1, 2):
        number, named, several = one(n)
        assert number == 1.0 and named["a"].shape == (2,) and [row.shape for row in several] == n * [(2,)] and one.mine


def test_a_function_that_sets_numpys_warnings_sets_its_own(folder, tmp_path, monkeypatch):
    """When it is judged, also by its cost, and when it is called later."""
    before = np.geterr()
    monkeypatch.setattr(checks.dense, "cost", lambda attempt: attempt(np.ones((1, 1)), np.ones((1, 1)), np.ones(1)))
    checks.dense(written("def dense(x, W, b):\n    np.seterr(all='raise')\n    return x @ W + b\n", tmp_path, monkeypatch))
    assert own.dense(np.ones((1, 1)), np.ones((1, 1)), np.zeros(1)) == 1 and own.dense.mine and np.geterr() == before


def test_a_function_with_the_name_of_a_module_and_a_file_with_a_byte_order_mark(folder):
    for source in ("def math(x, W, b):\n    return x @ W + b\n", RIGHT):
        own.FUNCTIONS.clear()
        store(folder, source)
        path = folder / "dense.py"
        path.write_bytes(path.read_text().replace("\n", "\r\n").encode("utf-8-sig"))
        assert own.dense.mine is not None


def test_functions_that_call_each_other_end_at_the_librarys(folder, capsys):
    """While one is judged, the library's stands for it in the other."""
    store(folder, "def dense(x, W, b):\n    return own.mse(x, x)[0] + x @ W + b\n")
    store(folder, "def mse(y, t):\n    own.dense(y, np.ones((y.shape[1], 1)), np.zeros(1))\n    return ((y - t)**2).mean(), "
                  "2 * (y - t) / y.size\n", "mse")
    assert np.allclose(own.dense(np.ones((1, 1)), np.ones((1, 1)), np.zeros(1)), 1)
    assert capsys.readouterr().out.count("RecursionError") <= 1


def test_own_may_be_no_folder(folder, tmp_path, monkeypatch):
    folder.write_text("a file")
    assert "own is not a folder: rename it" in checks.dense(written(RIGHT, tmp_path, monkeypatch)).text
    assert own.dense.mine is None and folder.read_text() == "a file"


def test_the_library_stands_in_and_says_so_once(folder, capsys):
    for _ in range(2):
        assert np.allclose(own.dense(normal(3, 2), normal(2, 4), normal(4)), normal(3, 2) @ normal(2, 4) + normal(4))
    assert capsys.readouterr().out == "dense: the library's stands in; yours comes from notebook 01\n"


@pytest.mark.parametrize("source, why", [
    ("def dense(x, W, b):\n    return x @ W\n", "own/dense.py is no longer right: run its check in notebook 01"),
    ("def dense(x, W, b:\n", "own/dense.py cannot be used"), ("import os\n", "own/dense.py cannot be used"),
    ("def dense(x, W, b):\n    return open('x')\n", "cannot call open"),
    ("def dense(x, W, b):\n    return " + 20_000 * "-" + "x\n", "it is nested too deeply"),
    ("def dense(x, W, b):\n    return dense(x, W, b)\n", "no longer right"), ("", "cannot be used"), ("\0", "cannot be used"),
    ("def dense(x, W, b):\n    raise SystemExit\n", "no longer right"),
    ("def dense(x, W, b, k=1 / 0):\n    return x @ W + b\n", "division by zero"),
    ("def dense(x, W, b, k=open('x')):\n    return x @ W + b\n", "cannot call open"),
    ("def mine(x, W, b):\n    return dense(x, W, b)\n", "it calls own.dense"),
    ("def dense(x, W, b):\n    return own.dense(x, W, b)\n", "it calls own.dense")])
def test_a_stored_function_is_judged_again(source, why, folder, capsys):
    """A learner may have changed it; nothing but the `def` is run to find out."""
    store(folder, source)
    assert np.allclose(own.dense(normal(3, 2), normal(2, 4), normal(4)), normal(3, 2) @ normal(2, 4) + normal(4))
    text = capsys.readouterr().out
    assert text.startswith("dense: the library's stands in; ") and why in text and text.count("\n") == 1


@pytest.mark.parametrize("name", ["fast_step", "conv_in_blocks", "f23"])
def test_a_stored_function_is_judged_by_its_values_alone(name, folder, monkeypatch):
    """Its time, memory or products were judged when its check said right; on another day they may be others."""
    def refuse(attempt):
        raise Wrong("too dear")
    monkeypatch.setattr(EXERCISES[name], "cost", refuse)
    assert "too dear" in EXERCISES[name](S[name]).text
    store(folder, inspect.getsource(S[name]), name)
    assert getattr(own, name).mine


def test_the_cost_is_judged_once(folder, tmp_path, monkeypatch):
    """When a learner's cell is judged, not again for the source that is kept."""
    judged = []
    monkeypatch.setattr(checks.dense, "cost", judged.append)
    assert "kept in own/dense.py" in checks.dense(written(RIGHT, tmp_path, monkeypatch)).text
    assert own.dense.mine and len(judged) == 1


def test_a_function_that_fails_later_is_replaced(capsys):
    """It raises, or returns another shape: the library's result, and a sentence with the call."""
    def library(x):
        return 2 * x

    def raises(x):
        if x.size > 2:
            raise IndexError("too far")
        return 2 * x

    one = OwnFunction("double", library, raises)
    assert (one(np.ones(2)) == 2).all() and (one(np.ones(3)) == 2).all() and (one(np.ones(4)) == 2).all()
    assert capsys.readouterr().out == ("double: the library's stands in; yours raised IndexError: too far; "
                                       "called with (3,)\n")
    one = OwnFunction("double", library, lambda x: 2 * x[:2])
    assert one(np.ones(2)).shape == (2,) and one(np.ones(3)).shape == (3,) and one(np.ones(5)).shape == (5,)
    assert capsys.readouterr().out == "double: the library's stands in; yours returns (2,), expected (3,); called with (3,)\n"


def test_a_slow_function_is_relieved(monkeypatch, capsys):
    """After some seconds, and only if the library's is much faster; it says so."""
    times = iter(np.cumsum([0, 0.001] + [0, 2.0] * 10))  # pairs: the first call is the library's
    monkeypatch.setattr("nnscratch.course.own.function.clock", lambda: next(times))
    one = OwnFunction("slow", lambda x: x, lambda x: x)
    while one.mine:
        one(1.0)
    assert one.own_calls == 3
    assert capsys.readouterr().out == ("slow: the library's stands in; yours is right, but takes 2e+03 ms a call, the "
                                       "library's 1 ms\n")


def test_random_numbers_are_drawn_once(folder):
    """The comparison with the library uses a copy of the generator."""
    def draw(rng):
        return rng.normal(size=3)
    one, rng = OwnFunction("draw", draw, draw), np.random.default_rng(0)
    assert np.array_equal(one(rng), np.random.default_rng(0).normal(size=3))
    assert np.array_equal(one(rng), np.random.default_rng(0).normal(size=6)[3:])
    one = OwnFunction("draw", draw, draw)
    assert one(np.random).shape == (3,) and one.mine  # a module has no copy


def test_who(folder, capsys):
    """Whose each part is, how often it was called, and both times."""
    store(folder, RIGHT)
    own.dense(normal(3, 2), normal(2, 4), normal(4))
    capsys.readouterr()
    own.who("M1")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "M1, a multilayer perceptron reads digits"
    dense = next(line.split() for line in lines if line.startswith("dense "))
    assert dense[1:3] == ["yours", "1"] and len(dense) == 5
    assert next(line.split() for line in lines if line.startswith("dense_backward")) == ["dense_backward", "library's", "0"]
    with pytest.raises(InputError, match="milestone"):
        own.who("M9")


def test_the_parts_of_a_part_are_counted(folder):
    """The library's backward pass of the perceptron goes through the learner's dense_backward and relu_backward."""
    given = normal(3, 2), normal(3, 5), normal(3, 4), np.maximum(0, normal(3, 4)), normal(4, 2)
    own.mlp_backward(*given)
    assert (own.dense_backward.calls, own.relu_backward.calls) == (2, 1)
    own.style_loss(normal(6, 2), np.eye(2))
    assert own.gram.calls == own.gram_backward.calls == 1
    assert "mlp_backward" in own.MILESTONES["M1"][1] and {"cnn_forward", "cnn_backward"} < set(own.MILESTONES["M2"][1])


@pytest.mark.parametrize("name", own.known())
def test_what_stands_in_is_right(name, folder):
    assert EXERCISES[name].answer(EXERCISES[name].library).state == "right"


def test_every_function_of_a_milestone_is_an_exercise():
    for _, names in own.MILESTONES.values():
        assert set(names) <= set(own.known())


def test_the_exercises_are_enough_for_a_function_to_be_kept():
    """A notebook may import the checks alone."""
    code = "from nnscratch.course import checks\nassert len(checks.exercise.KEEPERS) == 1"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_names_and_completion():
    with pytest.raises(AttributeError, match="own has no function 'nothing'"):
        own.nothing  # noqa: B018
    assert {"who", "dense"} <= set(dir(own)) and "own" not in sys.modules


def test_names_that_a_function_may_use():
    """Its own, np, math, own, built-in ones, and those of other exercises, also in a function within it."""
    source = "def f(x):\n    def g(y):\n        return conv2d(y) + math.pi\n    return [g(k) for k in range(x)] + f(0)\n"
    assert check_source(source, {"conv2d"}) == {"conv2d"}
    with pytest.raises(InputError, match="it uses conv2d"):
        check_source(source, set())
