"""CIFAR-10 and CIFAR-100: 32x32 colour images, in the binary and in the Python version.

A record of the binary version: 1 label (CIFAR-100: coarse and fine), then 1024 red, 1024 green, 1024 blue bytes, row by row.
The Python version is a pickle of a dict: data uint8 (N, 3072) and labels; `unpickle` explains why that is dangerous.

Reference: Krizhevsky, "Learning multiple layers of features from tiny images" (2009), appendix; the data's own page.
"""
import io
import pickle
import pickletools
import re
from pathlib import Path
from typing import Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.dataset import Dataset
from nnscratch.data.limits import check_labels
from nnscratch.errors import InputError
from nnscratch.files import FilePath, read_file, reason

__all__ = ["read_cifar"]

SIDE, VALUES = 32, 3 * 32 * 32  # of an image: pixels a side, bytes
NUM_CLASSES = {1: 10, 2: 100}  # by the number of labels before an image; of two, the second is the fine one
MAX_FILE_BYTES = 2**28         # the largest published file has 155 million
MAX_OPCODES, MAX_TUPLES = 2**21, 2000  # in a pickle; the largest published file has about 300,000 opcodes
RECONSTRUCT, FROMBUFFER, ENCODE = "numpy.core.multiarray._reconstruct", "numpy.core.numeric._frombuffer", "_codecs.encode"
ALLOWED = {RECONSTRUCT, FROMBUFFER, ENCODE, "numpy.ndarray", "numpy.dtype"}


def read_cifar(path: FilePath) -> Dataset:
    """Read one batch file of CIFAR, binary or Python, or all training batches in a folder.

    Parameters
    ----------
    path : str or path
        The file or folder. Class names come from batches.meta(.txt), meta or fine_label_names.txt in the same folder.

    Returns
    -------
    Dataset
        Images uint8 (N, 32, 32, 3), labels from 0 to 9 (CIFAR-100: the fine labels, 0 to 99).

    Raises
    ------
    InputError
        A file is missing, truncated or of another format, or a pickle asks for anything but arrays.
    """
    path = Path(path)
    files = batches_in(path) if path.is_dir() else [path]
    if not files:
        raise InputError(f"{path} has no data_batch_1 or train, expected the batches of CIFAR: give the folder with them")
    parts = [read_batch(file) for file in files]
    images, labels = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    names = class_names(files[0].parent)
    numbers = [str(k) for k in range(int(labels.max()) + 1)]
    return Dataset(images, labels, names if len(names) >= len(numbers) else numbers, f"images of {path.name}")


def batches_in(folder: Path) -> list[Path]:
    """The training batches in a folder, in order; a batch that exists in both versions counts once."""
    files = sorted(p for p in folder.iterdir() if re.fullmatch(r"(data_batch_\d+|train)(\.bin)?", p.name) and p.is_file())
    batches = [p for p in files if p.name.startswith("data")] or files
    return [p for p in batches if p.suffix != ".bin" or p.with_suffix("") not in batches]


def looks_like_cifar(head: bytes, size: int) -> bool:
    """Whether a file with these first bytes and this size could be a batch: a pickle, or whole records."""
    pickled = len(head) > 1 and head[0] == 0x80 and 2 <= head[1] <= pickle.HIGHEST_PROTOCOL
    return pickled or size > 0 and any(size % (labels + VALUES) == 0 for labels in NUM_CLASSES)


def read_batch(path: Path) -> tuple[Array, Array]:
    """(images (N, 32, 32, 3), labels (N,)) of one file."""
    data = read_file(path, "a batch of CIFAR", MAX_FILE_BYTES)
    if data[:1] == b"\x80":  # no label is 128
        return from_pickle(path, data)
    for head, num_classes in NUM_CLASSES.items():
        if data and len(data) % (head + VALUES) == 0:
            records = np.frombuffer(data, np.uint8).reshape(-1, head + VALUES)
            check_labels(path, records[:, head - 1], num_classes)
            return to_images(records[:, head:]), records[:, head - 1].astype(np.int64)
    raise InputError(f"{path} has {len(data)} bytes, expected a multiple of {1 + VALUES} (CIFAR-10) or {2 + VALUES} "
                     f"(CIFAR-100), or a pickle: it is truncated or of another format, fetch it again")


def from_pickle(path: Path, data: bytes) -> tuple[Array, Array]:
    """(images, labels) of a file of the Python version."""
    found = unpickle(path, data)
    try:
        key = next(key for key in (b"labels", b"fine_labels") if key in found)
        if not isinstance(found[key], list) or not all(type(k) is int and abs(k) < 2**31 for k in found[key]):
            raise ValueError("the labels are not a list of integers")
        rows, labels = rows_of(found[b"data"]), np.array(found[key], np.int64)
        if labels.shape != (len(rows),) or not len(rows):
            raise ValueError(f"{len(labels)} labels for {len(rows)} images")
    except Exception as error:  # the values in the dict can be of any type
        what = type(error).__name__ if isinstance(error, (KeyError, StopIteration)) else reason(error)
        raise InputError(f"{path} is a pickle without CIFAR's data and labels ({what[:90]}), expected bytes (N, {VALUES}) "
                         f"and N labels: give a batch as it was published") from error
    check_labels(path, labels, NUM_CLASSES[1] if key == b"labels" else NUM_CLASSES[2])
    return to_images(rows), labels


# --- pickles ------------------------------------------------------------------------------------------------------

class StandIn:
    """What a pickle gets in place of NumPy's functions: it only records its arguments and its state."""

    def __init__(self, name: str, arguments: tuple[Any, ...] = ()) -> None:
        self.name, self.arguments = name, arguments
        self.state: Any = ()

    def __call__(self, *arguments: Any) -> Any:
        return arguments[0] if self.name == ENCODE else StandIn(self.name, arguments)

    def __setstate__(self, state: Any) -> None:
        self.state = state


class ArraysOnly(pickle.Unpickler):
    """Knows the five names under which an array is pickled, and refuses a pickle that asks for any other."""

    def find_class(self, module: str, name: str) -> StandIn:
        asked = f"{module}.{name}"
        known = asked.replace("numpy._core.", "numpy.core.")  # its name since NumPy 2
        if known not in ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {asked[:60]!r}, which no CIFAR file needs")
        return StandIn(known)


def unpickle(path: Path, data: bytes) -> dict[Any, Any]:
    """The dict in a pickle, its keys as bytes, its arrays as StandIns.

    A pickle is a program that may call anything it can name; here it can name nothing but StandIns. Even a short program may
    fill the memory or overflow the stack; its opcodes are therefore inspected first, and too many of them, too many tuples
    or too large memo indices are refused.
    """
    try:
        tuples = 0
        for count, (opcode, argument, _) in enumerate(pickletools.genops(data)):
            tuples += "TUPLE" in opcode.name  # a deeply nested tuple, used as a key, is hashed recursively
            huge_memo = opcode.name.endswith("PUT") and int(argument or 0) > MAX_OPCODES  # memory for all smaller indices
            if count > MAX_OPCODES or tuples > MAX_TUPLES or huge_memo:
                raise pickle.UnpicklingError("it does more than a CIFAR file has to")
        found = ArraysOnly(io.BytesIO(data), encoding="bytes").load()
        if not isinstance(found, dict):
            raise pickle.UnpicklingError(f"it holds a {type(found).__name__}, not a dict")
        return {as_bytes(key): value for key, value in found.items()}
    except Exception as error:  # a damaged pickle can raise any exception
        raise InputError(f"{path} is refused as a pickle ({reason(error)[:90]}), expected data and labels alone: give a batch "
                         f"of CIFAR as it was published") from error


def rows_of(array: StandIn) -> Array:
    """The bytes (N, 3072) of the array that a StandIn stands for."""
    if array.name == RECONSTRUCT:
        _, shape, dtype, by_columns, data = array.state
    else:  # FROMBUFFER: pickles of protocol 5
        data, dtype, shape, order = array.arguments[:4]
        by_columns = {"C": False, "F": True}[order]
    count, width = shape
    if as_bytes(dtype.arguments[0]) != b"u1" or width != VALUES:
        raise ValueError(f"an array of {count!r:.20} x {width!r:.20}")
    return np.frombuffer(as_bytes(data), np.uint8).reshape((count, width), order="F" if by_columns else "C")


def as_bytes(text: Any) -> Any:
    """Text as bytes, anything else unchanged: Python 3 pickles text where Python 2 pickled bytes."""
    return text.encode("latin1", "replace") if isinstance(text, str) else text


def to_images(rows: Array) -> Array:
    """Planes of red, green and blue (N, 3072) -> pixels (N, 32, 32, 3)."""
    return np.ascontiguousarray(rows.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1))


def class_names(folder: Path) -> list[str]:
    """The names of the classes, from the file in the batches' folder; none if there is no such file."""
    text = next((folder / name for name in ("batches.meta.txt", "fine_label_names.txt") if (folder / name).is_file()), None)
    if text is not None:
        return read_file(text, "names of classes", 2**16).decode(errors="replace").split()
    meta = next((folder / name for name in ("batches.meta", "meta") if (folder / name).is_file()), None)
    found = unpickle(meta, read_file(meta, "names of classes", 2**16)) if meta else {}
    names = found.get(b"label_names", found.get(b"fine_label_names", []))
    names = [name for name in names if isinstance(name, (bytes, str))] if isinstance(names, list) else []
    return [name if isinstance(name, str) else name.decode(errors="replace") for name in names]
