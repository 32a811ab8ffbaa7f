"""The three rooms that compute ops, and the ops that layers call.

    cpu     fast/cpu, on NumPy arrays
    cuda    fast/cuda, our own kernels
    ops     the formulas, for everything else

Each op that layers call asks dispatch.py for the room, and its backward goes to the room whose forward ran.
"""
from collections.abc import Callable
from functools import wraps
from types import SimpleNamespace
from typing import Any, NamedTuple

from nnscratch import ops
from nnscratch.errors import InputError
from nnscratch.fast import conv
from nnscratch.fast.cpu import activations, normalize, pool
from nnscratch.fast.cuda import activations as cuda_activations
from nnscratch.fast.cuda import dropouts as cuda_dropouts
from nnscratch.fast.cuda import linear as cuda_linear
from nnscratch.fast.cuda import normalize as cuda_normalize
from nnscratch.fast.cuda import pool as cuda_pool
from nnscratch.fast.dispatch import choose_room

__all__ = ["ROOMS", "table"]

NAMES: list[str] = vars(ops)["__all__"]  # of all ops and their backward passes


def functions(*modules: Any) -> SimpleNamespace:
    """The ops that the modules list in their OPS."""
    return SimpleNamespace(**{name: getattr(module, name) for module in modules for name in module.OPS})


ROOMS: dict[str, Any] = {
    "cpu": functions(conv, activations, normalize, pool),
    "cuda": functions(conv, cuda_activations, cuda_dropouts, cuda_linear, cuda_normalize, cuda_pool),
    "ops": SimpleNamespace(**{name: getattr(ops, name) for name in NAMES}),
}


class Cache(NamedTuple):
    """What a backward needs: the op, the room whose forward ran, and the cache of that forward."""

    op: str
    room: str
    saved: Any


def accelerate() -> dict[str, Callable]:
    """Every op of ops by its name; those with a backward run where dispatch.py says."""
    made = {name: getattr(ops, name) for name in NAMES}
    for name in NAMES:
        if f"{name}_backward" in made:
            made[name], made[f"{name}_backward"] = accelerated(name)
    return made


def accelerated(name: str) -> tuple[Callable, Callable]:
    """An op and its backward, which call the room that dispatch.py chooses."""
    @wraps(getattr(ops, name))
    def forward(*arguments: Any, **options: Any) -> Any:
        room = choose_room((*arguments, *options.values()))
        result = getattr(ROOMS[room], name, refuse)(*arguments, **options)
        if result is NotImplemented:
            room = "ops"
            result = getattr(ROOMS[room], name)(*arguments, **options)
        *outputs, saved = result
        return (*outputs, Cache(name, room, saved))

    @wraps(getattr(ops, f"{name}_backward"))
    def backward(dy: Any, cache: Cache, *arguments: Any, **options: Any) -> Any:
        if type(cache) is not Cache or cache.op != name:
            got = cache.op if isinstance(cache, Cache) else f"a {type(cache).__name__}"
            raise InputError(f"fast.{name}_backward: the cache is that of {got}, expected the one that fast.{name} returned")
        return getattr(ROOMS[cache.room], f"{name}_backward")(dy, cache.saved, *arguments, **options)

    for function in (forward, backward):
        function.__module__ = "nnscratch.fast"  # where pickle finds it, and not the formula of the same name
    return forward, backward


def refuse(*arguments: Any, **options: Any) -> Any:
    """Stands for an op that a room lacks."""
    return NotImplemented


def table() -> str:
    """List which room has code of its own for which op.

    Returns
    -------
    str
        A line for each op.

    Examples
    --------
    >>> print(table())  # doctest: +ELLIPSIS
    op                    CPU       GPU
    avg_pool2d            own code  own code
    ...
    """
    names = [name for name in NAMES if f"{name}_backward" in NAMES]
    rows = [["op", "CPU", "GPU"]]
    rows += [[name, *("own code" if hasattr(ROOMS[room], name) else "formula" for room in ("cpu", "cuda"))] for name in names]
    return "\n".join("{:22}{:10}{}".format(*row) for row in rows)
