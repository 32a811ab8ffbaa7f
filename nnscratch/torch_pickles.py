"""What a PyTorch state dict says of its tensors: where their numbers are, never more.

In the pickle, a tensor is a call of `_rebuild_tensor` with its storage, and its offset, shape and strides counted in numbers; a
storage is a reference ("storage", its type, its key in the file, a device, how many numbers).
"""
import io
from math import prod
from typing import Any, NamedTuple

import numpy as np

from nnscratch.numpy_tensors import DTYPES, NOT_IN_NUMPY
from nnscratch.pickles import ORDERED_DICT, StandIn, TextKeys, Unpickler

__all__: list[str] = []  # for torch_files

LONGEST_NAME, MAX_AXES = 200, 8  # of a tensor
REBUILD, REBUILD_2, PARAMETER = (f"torch._utils._rebuild_{name}" for name in ("tensor", "tensor_v2", "parameter"))
STORAGES = {f"torch.{name}Storage": dtype for name, dtype in {
    "Float": "F32", "Double": "F64", "Half": "F16", "BFloat16": "BF16", "Long": "I64", "Int": "I32", "Short": "I16",
    "Char": "I8", "Byte": "U8", "Bool": "BOOL"}.items()}


class Storage(NamedTuple):
    """The numbers of one or several tensors; a tuple, so that a pickle cannot change it."""
    key: str
    dtype: str
    length: int

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self.length * (NOT_IN_NUMPY.get(self.dtype) or np.dtype(DTYPES[self.dtype]).itemsize)


class StateDicts(Unpickler):
    """Unpickles state dicts, and collects their storages."""

    def __init__(self, file: io.BytesIO, storages: dict[str, Storage]) -> None:
        super().__init__(file, {ORDERED_DICT, REBUILD, REBUILD_2, PARAMETER, *STORAGES}, "utf-8")
        self.storages = storages

    def persistent_load(self, pid: Any) -> Storage:
        """The storage that the pickle refers to."""
        match pid:
            case (("storage", StandIn(name=kind), str(key), str(), int(length))
                  | ("storage", StandIn(name=kind), str(key), str(), int(length), None)) if kind in STORAGES and length >= 0:
                storage = Storage(key, STORAGES[kind], length)
                if self.storages.setdefault(key, storage) == storage:
                    return storage
        raise ValueError("a storage is none of PyTorch's, or differs from another of its name")


class Entry:
    """A tensor in the file, checked: it lies within its storage, and has no more numbers."""

    def __init__(self, value: StandIn) -> None:
        match value.arguments[0] if value.name == PARAMETER else value:
            case StandIn(name=name, arguments=(Storage() as storage, offset, tuple(shape), tuple(strides), *_)) if name in (
                    REBUILD, REBUILD_2):
                self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides
            case _:
                raise ValueError("a tensor is none of PyTorch's")
        numbers = offset, *shape, *strides
        if not len(shape) == len(strides) <= MAX_AXES or not all(type(n) is int and 0 <= n < 2**48 for n in numbers):
            raise ValueError("a tensor has sizes or strides that are negative, too large or no whole numbers")
        self.span = sum((n - 1) * step for n, step in zip(shape, strides)) + 1 if all(shape) else 0
        if max(offset + self.span, prod(shape)) > storage.length:
            raise ValueError("a tensor goes beyond its storage")

    def get_dtype(self) -> str:
        """Its dtype under the name of safetensors, such as "F32"."""
        return self.storage.dtype

    def get_shape(self) -> list[int]:
        """Its shape."""
        return list(self.shape)


def tensors_in(found: Any) -> dict[str, StandIn]:
    """The tensors in a dict by their names; those in a dict in it have its name and a dot before theirs."""
    if type(found) is not TextKeys:
        raise ValueError(f"it holds a {type(found).__name__}, expected a dict of tensors")
    tensors, seen = dict[str, StandIn](), set[int]()  # each dict once: it may stand under many names
    for prefix, names in [("", found), *((f"{name}.", value) for name, value in found.items() if is_short(name))]:
        if type(names) is TextKeys and id(names) not in seen:
            seen.add(id(names))
            tensors |= {prefix + name: value for name, value in names.items() if is_short(name) and type(value) is StandIn}
    return tensors


def is_short(name: Any) -> bool:
    """Whether a key can be a part of a tensor's name."""
    return type(name) is str and len(name) <= LONGEST_NAME
