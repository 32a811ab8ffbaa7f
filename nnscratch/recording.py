"""Recording a training step: what layers and optimizers tell a recorder (fast/cuda/graph.py is one).

A recorded step is replayed without Python. So whatever Python has to do for each step is announced here, and whatever Python
changed has to be restored if the recording is refused. While nothing is recorded, `changing` does nothing, and `each_replay`
calls its function at once.
"""
from collections.abc import Callable
from typing import Any

__all__ = ["changing", "each_replay", "is_recording"]

_recorder: Any = None  # has two methods: snapshot(memory) and on_replay(function)


def is_recording() -> bool:
    """Tell whether a step is being recorded: the GPU's work is then written down, not done.

    Returns
    -------
    bool
        True inside a recording.
    """
    return _recorder is not None


def changing(memory: list) -> None:
    """Announce that a list is about to be changed; if the recording is refused, the list is restored.

    Parameters
    ----------
    memory : list
        What a layer remembers for its backward pass.
    """
    if _recorder is not None:
        _recorder.snapshot(memory)


def each_replay(function: Callable[[], Any]) -> None:
    """Call a function now; while a step is recorded, before each replay instead, including the first.

    Parameters
    ----------
    function : callable
        Without arguments; its result is dropped.
    """
    if _recorder is None:
        function()
    else:
        _recorder.on_replay(function)


def record(recorder: Any) -> None:
    """Begin to tell this recorder; None ends the recording."""
    global _recorder
    _recorder = recorder
