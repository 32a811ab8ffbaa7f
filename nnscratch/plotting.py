"""The one way to import matplotlib: whatever the variable MPLBACKEND says, since images in files need no window."""
import os
import sys
from contextlib import suppress
from types import ModuleType

__all__: list[str] = []  # for the modules that draw


def load_matplotlib() -> ModuleType:
    """The module matplotlib; an MPLBACKEND that names no backend, with which its import would fail, is ignored."""
    if "matplotlib" in sys.modules:
        return sys.modules["matplotlib"]
    chosen = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib
        if chosen:
            with suppress(ValueError):  # this is how matplotlib itself obeys the variable
                matplotlib.rcParams["backend"] = chosen
    finally:
        if chosen is not None:
            os.environ["MPLBACKEND"] = chosen
    return matplotlib
