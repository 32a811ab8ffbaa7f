"""While an attempt is judged, `exit()` ends the attempt, not the notebook."""
import contextlib
import sys
from collections.abc import Iterator
from typing import Any

__all__: list[str] = []  # for the exercises


@contextlib.contextmanager
def exit_raises() -> Iterator[None]:
    """Let `exit()` raise SystemExit, as in Python. That of a notebook raises nothing: it asks the shell to stop, soon."""
    shell: Any = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not hasattr(shell, "ask_exit"):
        yield
        return
    ask, shell.ask_exit = shell.ask_exit, sys.exit
    try:
        yield
    finally:
        shell.ask_exit = ask
