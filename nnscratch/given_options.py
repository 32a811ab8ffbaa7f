"""Which options of a command were given, and which of them have no meaning together."""
from argparse import Namespace
from collections.abc import Iterable
from typing import Any

from nnscratch.errors import InputError

__all__: list[str] = []  # for the command line


def given_options(options: Namespace, names: Iterable[str]) -> dict[str, Any]:
    """Those of the named options that were given, as a dict."""
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def refuse(*found: dict[str, Any] | set[str], other: str) -> None:
    """Raise InputError for the first option that has no meaning together with another."""
    for name in (name for options in found for name in options):
        raise InputError(f"{option_name(name)} was given together with {other}, where it has no meaning; leave it out")


def option_name(name: str) -> str:
    """An option as the user writes it: most have the name of their entry in the Namespace."""
    return {"content": "content", "style": "style", "images": "IMAGE", "masks": "--mask", "path": "--from",
            "label": "--class"}.get(name, f"--{name.replace('_', '-')}")
