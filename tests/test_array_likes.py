"""Every public callable with every argument replaced by junk: an InputError or the right result, and no input is changed.

The callables are found by walking all modules. One that has no valid call in array_like_calls*.py, and is none of the few named
exceptions, fails. Where a valid call would train, write or take long, only what nothing could be right for is tried: it must be
refused at once, by an InputError, and nothing may be written.
"""
import contextlib
import fnmatch
import importlib
import inspect
import os
import shutil
import signal
import warnings
from functools import cache

import array_like_calls_more  # noqa: F401  # enters its calls, as the next does
import array_like_calls_rest  # noqa: F401
import numpy as np
import pytest
from array_like_calls import CALLS, FUNCTIONS
from array_like_calls_cheap import CHEAP
from array_like_exceptions import EXCEPTIONS, PARTS, TAKE_ANYTHING
from array_like_junk import MUST_FAIL, WRONG, Word, variants, wrong_values
from test_public_api import members, modules

from nnscratch.errors import InputError
from nnscratch.fast.rooms import Cache
from nnscratch.layers.base import Layer

ENGINE = ("backend", "fast", "gradcheck", "initializers", "layers", "lbfgs", "losses", "models", "ops", "optimizers")
CHANGED = {("optimizers.base.Optimizer.step", "params")}  # in place, which is their purpose


@cache
def public_callables():
    """The dotted names of all public functions, classes and methods that take arguments, without `nnscratch.`."""
    found = {}
    for module in modules():
        for name, thing in members(importlib.import_module(module)):
            signature = None if inspect.isclass(thing) and issubclass(thing, BaseException) else inspect.signature(thing)
            if signature and [p for p in signature.parameters if p not in ("self", "cls")]:
                found[name.removeprefix("nnscratch.")] = thing
    return found


def reason(name, exceptions):
    """Why a callable is not tried; None where it must be."""
    return next((why for why, patterns in exceptions.items() if any(fnmatch.fnmatch(name, one) for one in patterns)), None)


def test_every_public_callable_is_tried():
    """655 public callables: 254 with any junk, 206 with what is never right, 32 that take anything; 148 parts and 15 others
    are excepted.

    Tried are at least 90 % of what is no part (hook, engine, proof). No list holds what does not exist.
    """
    names, called = set(public_callables()), {name.partition(",")[0] for name in CALLS}
    missing = [name for name in names if name not in called | set(CHEAP) and reason(name, EXCEPTIONS) is None]
    assert not missing, f"no call in tests/array_like_calls*.py: {missing}"
    assert not (called | set(CHEAP)) - names, "calls of what is not public"
    assert not called & set(CHEAP), "what has a valid call needs no other"
    assert all(fnmatch.filter(names, one) for patterns in EXCEPTIONS.values() for one in patterns), "what does not exist"
    left = names - called - set(CHEAP)
    parts, anything = ({name for name in left if reason(name, group)} for group in (PARTS, TAKE_ANYTHING))
    counts = (f"{len(names)} public callables: {len(called)} with any junk, {len(CHEAP)} with what is never right, "
              f"{len(anything)} that take anything; {len(parts)} parts and {len(left - parts - anything)} others are excepted.")
    assert counts in " ".join(test_every_public_callable_is_tried.__doc__.split()), counts
    assert len(called) + len(CHEAP) >= 0.9 * len(names - parts)


# Taken when the tests are collected: a test that runs later may replace a function, and its defaults with it.
SIGNATURES = {name: dict(inspect.signature(thing).parameters) for name, thing in public_callables().items()}


def may_be_none(name, key):
    """Whether None is the default of an argument."""
    parameter = SIGNATURES[name.partition(",")[0]].get(key)
    return parameter is not None and parameter.default is None


def numbers(result):
    """All arrays and numbers in a result, in order."""
    if isinstance(result, Cache):  # the rooms of fast save different things
        return []
    if isinstance(result, (np.ndarray, np.generic, float, int)):
        return [np.asarray(result)]
    if isinstance(result, dict):
        result = [result[key] for key in sorted(result, key=str)]
    if isinstance(result, (list, tuple)):
        return [array for part in result for array in numbers(part)]
    return []


def close(a, b):
    """Whether two results are equal but for rounding, which depends on the order in memory."""
    relative, absolute = (1e-4, 1e-6) if a.dtype == np.float32 else (1e-6, 1e-9)
    return a.shape == b.shape and np.allclose(a, b, relative, absolute, equal_nan=True)


def unchanged(before, after):
    """Whether an argument is what it was, bit for bit."""
    if isinstance(before, np.ma.MaskedArray):
        return bool((before.mask == after.mask).all()) and before.data.tobytes() == after.data.tobytes()
    if isinstance(before, np.ndarray):
        return before.dtype == after.dtype and before.shape == after.shape and before.tobytes() == after.tobytes()
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(map(unchanged, before, after))
    if isinstance(before, dict):
        return list(before) == list(after) and all(unchanged(before[key], after[key]) for key in before)
    return True


def snapshot(value):
    """A copy of the arrays in an argument."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(map(snapshot, value))
    if type(value) is list:
        return list(map(snapshot, value))
    return {key: snapshot(part) for key, part in value.items()} if type(value) is dict else None


def outcome(name, replaced=None):
    """The numbers of a call's result, or the exception; and whether its arguments are unchanged."""
    function, arguments = CALLS[name]()
    arguments |= replaced or {}
    before = {key: snapshot(value) for key, value in arguments.items() if (name, key) not in CHANGED}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = function(**arguments)
            if isinstance(getattr(function, "__self__", None), Layer):
                result = [result, dict(function.__self__.grads)]
    except Exception as error:
        result = error
    same = all(value is None or unchanged(value, arguments[key]) for key, value in before.items())
    return (result if isinstance(result, Exception) else numbers(result)), same


def complaints(name):
    """What is wrong with a callable: a sentence for each argument and junk."""
    function, arguments = CALLS[name]()
    result, same = outcome(name)
    if isinstance(result, Exception) or not same:
        yield f"{name}: the valid call gives {result!r}" if isinstance(result, Exception) else f"{name} changes its arguments"
        return
    engine = name.split(".")[0] in ENGINE
    for key, value in arguments.items():
        for what, junk, clean in variants(value, engine):
            if what == "type" and key in FUNCTIONS:
                continue  # it can be called
            if junk is None and may_be_none(name, key):
                continue
            found, same = outcome(name, {key: junk})
            place = f"{name}({key}={what})"
            if not same:
                yield f"{place} is changed"
            if isinstance(found, InputError):
                continue
            if isinstance(found, Exception):
                yield f"{place}: {type(found).__name__}: {str(found)[:80]}"
            elif clean is MUST_FAIL:
                yield f"{place} is accepted"
            elif clean is not None:
                expected, _ = outcome(name, {key: clean})
                equal = not isinstance(expected, Exception) and len(found) == len(expected) and all(map(close, found, expected))
                if not equal:
                    yield f"{place} gives another result than the clean array"


@pytest.mark.parametrize("name", CALLS)
def test_junk_is_refused_or_right(name):
    """One InputError or the right result, never another exception; what was given is bit for bit as it was."""
    wrong = list(complaints(name))
    assert not wrong, "\n".join(wrong)


class Slow(BaseException):
    """Raised in a call that has begun to work."""


@contextlib.contextmanager
def at_most(seconds):
    """Interrupt what takes longer, in time of this process: another one may slow it down."""
    def interrupt(*signal_and_frame):
        raise Slow
    previous = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


def not_refused(name, folder):
    """As `complaints`, where one argument at a time is replaced by what nothing could be right for: a sentence for each."""
    parameters = inspect.signature(public_callables()[name]).parameters
    for key, value in CHEAP[name]()[1].items():
        for what, junk in wrong_values(value):
            if junk is None and (may_be_none(name, key) or "None" in str(parameters[key].annotation)):
                continue
            function, arguments = CHEAP[name]()
            try:
                with at_most(2), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    function(**{key: str(given) if type(given) is Word else given for key, given in arguments.items()} | {
                        key: junk})
                yield f"{name}({key}={what}) is accepted"
            except InputError:
                pass
            except (Exception, Slow) as error:
                yield f"{name}({key}={what}): {type(error).__name__}: {str(error)[:80]}"
            if left := [path.name for path in folder.rglob("*")]:
                yield f"{name}({key}={what}) has written {left}"
                shutil.rmtree(folder)
                folder.mkdir()
                os.chdir(folder)


def with_a_bool(value):
    """What is a number in an argument replaced by True, or the last of several; None where there is no number."""
    if type(value) in (int, float):
        return True
    last = with_a_bool(value[-1]) if type(value) in (list, tuple) and value else None
    return last and type(value)([*value[:-1], last])


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer")
@pytest.mark.parametrize("name", [*CHEAP, *CALLS])
def test_a_bool_is_no_number(name, tmp_path, monkeypatch):
    """An InputError for True in place of each number, given or a default, and of the last number of a list."""
    monkeypatch.chdir(tmp_path)
    make = CHEAP.get(name) or CALLS[name]
    defaults = {key: parameter.default for key, parameter in SIGNATURES[name.partition(",")[0]].items()}
    for key, wrong in {key: with_a_bool(value) for key, value in (defaults | make()[1]).items()}.items():
        if wrong:
            function, arguments = make()
            plain = {name: str(given) if type(given) is Word else given for name, given in arguments.items()}
            with pytest.raises(InputError), at_most(2), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                function(**plain | {key: wrong})
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize("name", [name for name in SIGNATURES if reason(name, TAKE_ANYTHING)])
def test_junk_is_taken_by_what_takes_anything(name):
    """A record keeps it, and a question about it has an answer: no exception but an InputError."""
    function = public_callables()[name]
    for junk in WRONG.values():
        with contextlib.suppress(InputError):
            function(*[junk] * len(SIGNATURES[name]))


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer")
@pytest.mark.parametrize("name", CHEAP)
def test_junk_is_refused_before_any_work(name, tmp_path, monkeypatch):
    """An InputError at once, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    wrong = list(not_refused(name, tmp_path))
    assert not wrong, "\n".join(wrong)
