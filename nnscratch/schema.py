"""Schemas: what the header of a file must look like, with types and ranges, checked before any of it is used.

    TRAINING = record(step=whole(), source=optional(record(data=text())), history=each(record(step=whole())))
    check(info, TRAINING, "state.safetensors")

A rule is a function of a value and of its place in the file; it returns nothing, or raises InputError. So rules nest.
"""
from collections.abc import Callable
from math import inf
from typing import Any, TypeAlias

from nnscratch.errors import InputError

__all__: list[str] = []  # for the readers of this package

Rule: TypeAlias = Callable[[Any, str], None]


def check(value: Any, rule: Rule, path: Any, remedy: str = "the file is damaged or of another version, use another") -> None:
    """Raise InputError, one sentence that names the entry, unless the value obeys the rule."""
    try:
        rule(value, "")
    except InputError as error:
        raise InputError(f"{path}: {error}; {remedy}") from None


def check_kind(info: dict[str, Any], kind: str, path: Any, remedy: str, named: str = "") -> None:
    """Raise InputError unless a file says that it holds what is wanted: a generator, a classifier ..."""
    if info.get("what") != kind:
        raise InputError(f"{path} holds {info.get('what', 'something else')!r:.100}, expected a {named or kind}; {remedy}")


def expect(valid: bool, value: Any, place: str, expected: str) -> None:
    """Raise InputError for an entry that is not valid."""
    if not valid:
        given = repr(value)
        given = f"{given[:40]}..." if len(given) > 43 else given
        raise InputError(f"{place.lstrip('.') or 'the header'} is {given}, expected {expected}")


def whole(low: int = 0, high: int = 2**53) -> Rule:
    """A whole number."""
    def rule(value: Any, place: str) -> None:
        expect(type(value) is int and low <= value <= high, value, place, f"a whole number from {low} to {high}")
    return rule


def number(low: float = -inf, high: float = inf) -> Rule:
    """A finite number."""
    def rule(value: Any, place: str) -> None:
        valid = type(value) in (int, float) and low <= value <= high and abs(value) < 1e300  # false for NaN
        expect(valid, value, place, f"a finite number from {low:g} to {high:g}")
    return rule


def anything(value: Any, place: str) -> None:
    """Whatever it is: it is compared or checked elsewhere."""


def flag(value: Any, place: str) -> None:
    """True or false."""
    expect(type(value) is bool, value, place, "true or false")


def text(longest: int = 10_000) -> Rule:
    """A string."""
    def rule(value: Any, place: str) -> None:
        expect(type(value) is str and len(value) <= longest, value, place, f"text of at most {longest} letters")
    return rule


def one_of(*choices: Any) -> Rule:
    """One of a few values."""
    def rule(value: Any, place: str) -> None:
        expect(any(type(value) is type(choice) and value == choice for choice in choices), value, place,
               f"{'one of ' if len(choices) > 1 else ''}{', '.join(map(repr, choices))}")
    return rule


def optional(other: Rule) -> Rule:
    """None, or what the other rule says."""
    def rule(value: Any, place: str) -> None:
        if value is not None:
            other(value, place)
    return rule


def each(entry: Rule, least: int = 0, most: int = 10_000_000) -> Rule:
    """A list whose entries obey a rule."""
    def rule(value: Any, place: str) -> None:
        expect(type(value) is list and least <= len(value) <= most, value, place, f"a list of {least} to {most} entries")
        for k, part in enumerate(value):
            entry(part, f"{place}[{k}]")
    return rule


def mapping(entry: Rule) -> Rule:
    """A dict with any names, whose values obey a rule."""
    def rule(value: Any, place: str) -> None:
        expect(type(value) is dict, value, place, "a dict")
        for name, part in value.items():
            entry(part, f"{place}.{name}")
    return rule


def record(**entries: Rule) -> Rule:
    """A dict with at least these names, each of which has its rule."""
    def rule(value: Any, place: str) -> None:
        expect(type(value) is dict, value, place, "a dict")
        for name, entry in entries.items():
            if name not in value:
                raise InputError(f"{f'{place}.{name}'.lstrip('.')} is missing")
            entry(value[name], f"{place}.{name}")
    return rule
