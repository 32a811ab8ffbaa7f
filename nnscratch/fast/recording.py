"""How a training step may be recorded and replayed (fast/cuda/graph.py): what layers and optimizers tell whoever records.

While nobody records, `changing` does nothing, and `each_replay` calls its function.
"""
from collections.abc import Callable
from typing import Any

_recorder: Any = None  # has two methods: keep(memory) and on_replay(function)


def recording() -> bool:
    """Whether a step is being recorded at the moment: what is asked of the GPU is then written down, not done."""
    return _recorder is not None


def changing(memory: list) -> None:
    """Say that this list is about to be changed: if the step that is being recorded is refused, it is restored."""
    if _recorder is not None:
        _recorder.keep(memory)


def each_replay(function: Callable[[], Any]) -> None:
    """Call the function now; in a step that is being recorded, before each replay, the first included."""
    if _recorder is None:
        function()
    else:
        _recorder.on_replay(function)


def record(recorder: Any) -> None:
    """From now on tell this recorder; None: nobody."""
    global _recorder
    _recorder = recorder
