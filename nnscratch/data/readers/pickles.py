"""The dict in a pickle of CIFAR, without running anything that the pickle asks for.

A pickle is a program that may call anything it can name. Here it can name nothing but StandIns, and its dicts have no keys
but text and bytes: a nested tuple, or many integers, can take years to hash.

Shapes: the arrays that are pickled are bytes (N, 3072).
"""
import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.files import FilePath, reason

__all__: list[str] = []  # for the reader of CIFAR

MAX_OPCODES = 2**19  # in a pickle; the largest published file has about 300,000
TOO_MUCH = "it does more than a CIFAR file has to"
OPCODES = frozenset(  # frames and marks, numbers, text, bytes, tuples, lists, dicts, names and calls, the memo; no sets
    b"\x80\x95(.0" b"NIKLMJ\x88\x89\x8a" b"STUVX\x8c\x8d" b"BC\x8e\x96" b")t\x85\x86\x87" b"]lae" b"}dsu" b"c\x93Rb"
    b"pqrghj\x94")
RECONSTRUCT, FROMBUFFER, ENCODE = "numpy.core.multiarray._reconstruct", "numpy.core.numeric._frombuffer", "_codecs.encode"
ALLOWED = {RECONSTRUCT, FROMBUFFER, ENCODE, "numpy.ndarray", "numpy.dtype"}


class StandIn:
    """What a pickle gets in place of NumPy's functions: it only records its arguments and its state."""

    def __init__(self, name: str, arguments: tuple[Any, ...] = ()) -> None:
        self.name, self.arguments = name, arguments
        self.state: Any = ()

    def __call__(self, *arguments: Any) -> Any:
        return arguments[0] if self.name == ENCODE else StandIn(self.name, arguments)

    def __setstate__(self, state: Any) -> None:
        self.state = state


class TextKeys(dict):
    """A dict that refuses every key but text and bytes, before it hashes the key."""

    __slots__ = ()  # a pickle cannot add attributes

    def __setitem__(self, key: Any, value: Any) -> None:
        if type(key) not in (str, bytes):
            raise pickle.UnpicklingError(f"{TOO_MUCH}: a key of type {type(key).__name__}")
        super().__setitem__(key, value)


class Opcodes(dict):
    """What an unpickler does at each opcode: only what CIFAR's files need, and not without end."""

    left = MAX_OPCODES

    def __getitem__(self, opcode: int) -> Callable[["ArraysOnly"], None]:
        self.left -= 1
        if self.left < 0 or opcode not in OPCODES:
            raise pickle.UnpicklingError(TOO_MUCH)
        return super().__getitem__(opcode)


PurePython: Any = pickle._Unpickler  # the unpickler that is written in Python: its steps can be replaced


class ArraysOnly(PurePython):
    """Knows the five names under which an array is pickled, and refuses a pickle that asks for any other."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), encoding="bytes")
        own = {b"}": self.empty_dict, b"d": self.full_dict, b"r": self.remember, b"\x96": self.byte_array}
        self.dispatch = Opcodes(PurePython.dispatch | {code[0]: lambda _, step=step: step() for code, step in own.items()})

    def find_class(self, module: str, name: str) -> StandIn:
        """A StandIn for one of the five names."""
        asked = f"{module}.{name}"
        known = asked.replace("numpy._core.", "numpy.core.")  # its name since NumPy 2
        if known not in ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {asked[:60]!r}, which no CIFAR file needs")
        return StandIn(known)

    def empty_dict(self) -> None:
        """Begin a dict."""
        self.append(TextKeys())

    def full_dict(self) -> None:
        """Make a dict of what is on the stack since the mark."""
        items, made = self.pop_mark(), TextKeys()
        for key, value in zip(items[::2], items[1::2]):
            made[key] = value
        self.append(made)

    def remember(self) -> None:
        """Store the top of the stack under a long number, which other unpicklers take for the length of an array."""
        number = int.from_bytes(self.read(4), "little")
        if number > MAX_OPCODES:
            raise pickle.UnpicklingError(TOO_MUCH)
        self.memo[number] = self.stack[-1]

    def byte_array(self) -> None:
        """Bytes; their stated length is not allocated before they are there."""
        self.append(self.read(int.from_bytes(self.read(8), "little")))


def is_pickle(head: bytes) -> bool:
    """Whether a file with these first bytes could be a pickle, of a protocol that announces itself."""
    return len(head) > 1 and head[0] == 0x80 and 2 <= head[1] <= pickle.HIGHEST_PROTOCOL


def unpickle(path: FilePath, data: bytes) -> dict[Any, Any]:
    """The dict in a pickle, its keys as bytes, its arrays as StandIns."""
    try:
        found = ArraysOnly(data).load()
        if not isinstance(found, dict):
            raise pickle.UnpicklingError(f"it holds a {type(found).__name__}, not a dict")
        return {as_bytes(key): value for key, value in found.items()}
    except Exception as error:  # a damaged pickle can raise any exception
        raise InputError(f"{path} is refused as a pickle ({reason(error)[:90]}), expected data and labels alone: give a batch "
                         f"of CIFAR as it was published") from error


def rows_of(array: Any, width: int) -> Array:
    """The bytes (N, width) of the array that a StandIn stands for."""
    if not isinstance(array, StandIn):
        raise ValueError("no array")
    if array.name == RECONSTRUCT:
        _, shape, dtype, by_columns, data = array.state
        order = "F" if by_columns else "C"
    else:  # FROMBUFFER: pickles of protocol 5
        data, dtype, shape, order = array.arguments[:4]
    if type(shape) is not tuple or [type(side) for side in shape] != [int, int] or type(order) is not str:
        raise ValueError("an array of another shape")
    if as_bytes(dtype.arguments[0]) != b"u1" or shape[1] != width:
        raise ValueError("an array of another width or type")
    return np.frombuffer(as_bytes(data), np.uint8).reshape(shape, order="F" if order == "F" else "C")


def as_bytes(text: Any) -> Any:
    """Text as bytes, anything else unchanged: Python 3 pickles text where Python 2 pickled bytes."""
    return text.encode("latin1", "replace") if isinstance(text, str) else text
