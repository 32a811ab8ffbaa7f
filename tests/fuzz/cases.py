"""What a case is: a hostile file, a command that reads it, and what is right then."""
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.originals import SETTINGS

__all__ = ["WHOLE", "Case", "Place", "style"]

WHOLE = "nothing wrong with it"  # the words about a file that must be accepted


@dataclass
class Place:
    """Where a case finds and puts its files; whatever touches the canary was executed."""
    base: Path
    inputs: Path
    output: Path
    canary: Path


@dataclass
class Case:
    """A command, words about the hostile file, and, where a wrong value must not change the result, the result.

    codes : the exit codes that are right
    """
    command: list
    words: str
    result: Path
    equal: Path | None = None
    codes: tuple[int, ...] = (0, 2)


def style(place, content=None, painting=None, *more):
    """A command that paints in a second."""
    out = place.output / "out.png"
    return ["style", content or place.base / "photo.png", painting or place.base / "style.png", "-o", out, *SETTINGS["style"],
            "--device", "cpu", *more]
