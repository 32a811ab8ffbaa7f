"""Pickles from strangers, without running anything that they ask for.

A pickle is a program that may call anything it can name. Here it can name nothing but StandIns, and its dicts have no keys
but text and bytes: a nested tuple, or many integers, can take years to hash.
"""
import io
import pickle
from collections.abc import Callable, Collection
from typing import Any

__all__: list[str] = []  # for the readers of CIFAR and of .pth files

MAX_OPCODES = 2**19  # in a pickle; the largest published file of CIFAR has about 300,000
TOO_MUCH = "it does more than its format needs"
OPCODES = frozenset(  # frames and marks, numbers, text, bytes, tuples, lists, dicts, names and calls, the memo; no sets
    b"\x80\x95(.0" b"NIKLMJG\x88\x89\x8a" b"STUVX\x8c\x8d" b"BC\x8e\x96" b")t\x85\x86\x87" b"]lae" b"}dsu" b"c\x93Rb"
    b"Qpqrghj\x94")
ORDERED_DICT, ENCODE = "collections.OrderedDict", "_codecs.encode"


class StandIn:
    """What a pickle gets in place of a function: it only records its arguments and its state."""

    def __init__(self, name: str, arguments: tuple[Any, ...] = ()) -> None:
        self.name, self.arguments = name, arguments
        self.state: Any = ()

    def __setstate__(self, state: Any) -> None:
        self.state = state


class TextKeys(dict):
    """A dict that refuses every key but text and bytes, before it hashes the key."""

    __slots__ = ()  # a pickle cannot add attributes

    @classmethod
    def of(cls, pairs: Any) -> "TextKeys":
        """A dict of pairs."""
        made = cls()
        for key, value in pairs:
            made[key] = value
        return made

    def __setitem__(self, key: Any, value: Any) -> None:
        if type(key) not in (str, bytes):
            raise pickle.UnpicklingError(f"{TOO_MUCH}: a key of type {type(key).__name__}")
        super().__setitem__(key, value)

    def __setstate__(self, state: Any) -> None:
        """Ignore what PyTorch stores beside the items of a state dict."""


class Opcodes(dict):
    """What an unpickler does at each opcode: only what data need, and not without end."""

    left = MAX_OPCODES

    def __getitem__(self, opcode: int) -> Callable[["Unpickler"], None]:
        self.left -= 1
        if self.left < 0 or opcode not in OPCODES:
            raise pickle.UnpicklingError(TOO_MUCH)
        return super().__getitem__(opcode)


PurePython: Any = pickle._Unpickler  # the unpickler that is written in Python: its steps can be replaced


class Unpickler(PurePython):
    """Knows some names, and refuses a pickle that asks for any other."""

    def __init__(self, file: io.BytesIO, allowed: Collection[str], encoding: str = "bytes") -> None:
        super().__init__(file, encoding=encoding)
        self.allowed = allowed
        own = {b"}": self.empty_dict, b"d": self.full_dict, b"R": self.call, b"r": self.remember, b"\x96": self.byte_array}
        self.dispatch = Opcodes(PurePython.dispatch | {code[0]: lambda _, step=step: step() for code, step in own.items()})

    def find_class(self, module: str, name: str) -> StandIn:
        """A StandIn for one of the names."""
        asked = f"{module}.{name}"
        known = asked.replace("numpy._core.", "numpy.core.")  # its name since NumPy 2
        if known not in self.allowed:
            raise pickle.UnpicklingError(f"it asks for {asked[:60]!r}, which its format does not need")
        return StandIn(known)

    def empty_dict(self) -> None:
        """Begin a dict."""
        self.append(TextKeys())

    def full_dict(self) -> None:
        """Make a dict of what is on the stack since the mark."""
        items = self.pop_mark()
        self.append(TextKeys.of(zip(items[::2], items[1::2])))

    def call(self) -> None:
        """Record a call, without a copy of its arguments; of a dict, or of what encodes text as bytes, its result."""
        arguments, function = self.stack.pop(), self.stack.pop()
        if type(function) is not StandIn or type(arguments) is not tuple:
            raise pickle.UnpicklingError(f"{TOO_MUCH}: a strange call")
        if function.name == ORDERED_DICT:
            pairs: list[Any] = list(*arguments)  # written by Python 2: all items; by Python 3: none
            self.dispatch.left -= len(pairs)  # one list can be used by many calls
            self.append(TextKeys.of(pairs))
        else:
            self.append(arguments[0] if function.name == ENCODE else StandIn(function.name, arguments))

    def remember(self) -> None:
        """Store the top of the stack under a long number, which other unpicklers take for the length of an array."""
        number = int.from_bytes(self.read(4), "little")
        if number > MAX_OPCODES:
            raise pickle.UnpicklingError(TOO_MUCH)
        self.memo[number] = self.stack[-1]

    def byte_array(self) -> None:
        """Bytes; their stated length is not allocated before they are there."""
        self.append(self.read(int.from_bytes(self.read(8), "little")))
