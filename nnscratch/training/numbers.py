"""The numbers that the options of all trainings share: how long, how many images at once, how fast, from which seed."""
from typing import Any

from nnscratch.errors import InputError
from nnscratch.ops.validation import check_int

__all__: list[str] = []  # for trainings

LIMITS = {"steps": (1, 10**9), "batch_size": (2, 2**16), "groups": (0, 10_000), "seed": (0, 2**63 - 1)}


def check_numbers(options: Any) -> None:
    """Make whole numbers Python's own, the only ones that files keep; InputError for one out of its range, and for the rate."""
    for name, (least, most) in LIMITS.items():
        if hasattr(options, name):
            value = check_int(getattr(options, name), f"train: {name}", least)
            if value > most:
                raise InputError(f"train: {name} is {value}, expected at most {most}; use a smaller number")
            setattr(options, name, value)
    rate = options.learning_rate
    if not (isinstance(rate, float) and 0 < rate < 1):
        raise InputError(f"train: learning_rate is {rate!r}, expected a number between 0 and 1, such as 1e-3")
