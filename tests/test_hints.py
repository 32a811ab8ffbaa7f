"""Arguments that must be what their hints say: right values pass unchanged, wrong ones are named in one sentence."""
import io
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest

from nnscratch.errors import InputError
from nnscratch.hints import checked, checked_command, fits
from nnscratch.layers import Conv2D, Dense, Layer

NAN = float("nan")
PATH = str | os.PathLike[str]


@pytest.mark.parametrize("hint, right, wrong", [
    (int, [0, 3, np.int64(3), 10**400], [-1, 2.0, True, None, "3", NAN]),
    (float, [0, -2.5, np.float32(1)], [NAN, float("inf"), 10**400, True, None, "1", 1j]),
    (bool, [True, np.bool_(False)], [0, None, "yes"]),
    (int | None, [None, 3], [-1, "3"]),
    (str, ["a\0b", ""], [3, None, b"a"]),
    (PATH, ["a", Path("a"), "x" * 255, "é" * 127], [3, None, b"a", "a\0b", "x" * 256, "é" * 128, "\ud800"]),
    (PATH | None, [None, "a"], [3, "a\0b"]),
    (Sequence[PATH], [[], ["a"], (Path("a"),)], ["a", {}, None, [3], ["a\0b"]]),
    (Iterable[PATH], [[], ["a"], iter(["a"])], ["a", {}, None, [3]]),
    (list[int], [[1], np.array([1])], [[1.5], 1, {}, "1"]),
    (tuple[int, int], [(1, 2), [1, 2]], [(1,), (1, 2, 3), (1, None), 12]),
    (tuple[int, ...], [(), (1, 2, 3)], [(1, -2), "12", None]),
    (dict[str, Any], [{}, {"a": object()}], [{1: 2}, [], None]),
    (str | Path | IO[bytes], ["a", Path("a"), io.BytesIO()], [3, None, "a\0b", b"a"]),
    (Mapping[str, Sequence[float]], [{"a": [1]}], [{"a": ["1"]}, {"a": 1}, {1: [1]}]),
    (Mapping[str, Any], [{}], [[("a", 1)]]),
    (np.ndarray, [np.zeros(3), np.zeros(3, np.uint8)], [[1.0], np.ma.zeros(3), np.full(3, None), np.array(["a"]), None]),
    (Callable[[int], int], [len], [None, "len"]),
    (type[Conv2D] | type[Dense], [Conv2D, Dense], [Layer, Conv2D(1, 1), None]),
    (Layer, [Dense(1)], [Dense, None, object()]),
    (np.random.Generator, [np.random.default_rng(0)], [np.random.RandomState(0), 0, None]),
    (Any, [None, object()], []),
])
def test_what_fits_a_hint(hint, right, wrong):
    """A number, a path, a sequence of them: no text for a sequence, no number for a path, no bool for a number."""
    assert [value for value in right if not fits(value, hint)] == []
    assert [value for value in wrong if fits(value, hint)] == []


@checked
def train(folder: PATH, steps: int = 5, *, rates: Sequence[float] = (), **more: Any) -> tuple:
    """Return the arguments."""
    return folder, steps, rates, more


def test_what_fits_is_passed_on():
    """Defaults and names stay, and so do the function's own name and text."""
    assert train("a", rates=[0.5], other=3) == ("a", 5, [0.5], {"other": 3})
    assert train.__name__ == "train" and train.__doc__ == "Return the arguments."


@pytest.mark.parametrize("given, words", [
    (dict(folder="a", steps=2.5), "train: steps is 2.5, expected a whole number of at least 0"),
    (dict(folder=3), "train: folder is 3, expected a path"),
    (dict(folder="a", rates="12"), "train: rates is '12', expected a sequence, each a finite number"),
])
def test_what_does_not_fit_is_named(given, words):
    """Before the function begins."""
    with pytest.raises(InputError, match=f"^{words}$"):
        train(**given)


def test_a_command_refuses_ranges_by_itself():
    """What it is given must still be whole."""
    @checked_command
    def draw(count: int) -> int:
        return count
    assert draw(-3) == -3
    with pytest.raises(InputError, match="count is -2.5, expected a whole number"):
        draw(-2.5)


def test_another_number_of_arguments_is_an_ordinary_mistake():
    """A TypeError, as without the check."""
    with pytest.raises(TypeError, match="missing a required argument: 'folder'"):
        train()
