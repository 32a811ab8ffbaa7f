"""Safetensors files in NumPy: what nnscratch uses of the library, under the library's names.

    8 bytes     n, the length of the header, little-endian
    n bytes     the header, JSON: {name: {"dtype": "F32", "shape": [3, 4], "data_offsets": [begin, end]}, "__metadata__": {...}}
    the rest    the bytes of the arrays, in C order, little-endian, without gaps

Source: https://huggingface.co/docs/safetensors.
"""
import json
from dataclasses import dataclass
from math import prod
from os import SEEK_END
from typing import Any, BinaryIO

import numpy as np

from nnscratch.files import FilePath

__all__: list[str] = []  # for tensor_files

# In the order in which they are written: the widest first, so that each array is aligned.
DTYPES = {"U64": "<u8", "I64": "<i8", "F64": "<f8", "C64": "<c8", "F32": "<f4", "U32": "<u4", "I32": "<i4", "F16": "<f2",
          "U16": "<u2", "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?"}
NOT_IN_NUMPY = {"BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1}  # bytes of a number
LONGEST_HEADER = 100_000_000


class SafetensorError(Exception):
    """The file is not a whole safetensors file, or has no such array."""


@dataclass
class Entry:
    """An array's line in the header, checked."""
    dtype: str
    shape: list[int]
    data_offsets: list[int]

    def __post_init__(self) -> None:
        width = np.dtype(DTYPES[self.dtype]).itemsize if self.dtype in DTYPES else NOT_IN_NUMPY[self.dtype]
        begin, end = self.data_offsets
        if not all(type(n) is int and 0 <= n < 2**63 for n in [*self.shape, begin, end]):
            raise ValueError("sizes are whole numbers from 0")
        if prod(size for size in self.shape if size) * width >= 2**63:
            raise ValueError(f"no array has the shape {self.shape}")
        if end - begin != prod(self.shape) * width:
            raise ValueError(f"{end - begin} bytes for {self.dtype} of shape {self.shape}")

    def get_dtype(self) -> str:
        """Its dtype under the name of the format, such as "F32"."""
        return self.dtype

    def get_shape(self) -> list[int]:
        """Its shape."""
        return self.shape


class safe_open:
    """An open file: its header is checked, an array is read when it is asked for.

    Parameters
    ----------
    path : str or path
    framework : str
        "numpy", as the library has it.

    Raises
    ------
    OSError
        The file cannot be read.
    SafetensorError
        The file is not whole, or of another format.

    Examples
    --------
    >>> from importlib.resources import files
    >>> with safe_open(files("nnscratch") / "generate" / "weights" / "glyphs.safetensors") as file:
    ...     file.get_slice(file.keys()[0]).get_shape()
    [64]
    """

    def __init__(self, path: FilePath, framework: str = "numpy"):
        self.file = open(path, "rb")
        try:
            self.entries, self.words, self.start = read_header(self.file)
        except BaseException:
            self.file.close()
            raise

    def __enter__(self) -> "safe_open":
        return self

    def __exit__(self, *error: Any) -> None:
        self.file.close()

    def keys(self) -> list[str]:
        """The names of the arrays."""
        return sorted(self.entries)

    def metadata(self) -> dict[str, str] | None:
        """The texts beside the arrays."""
        return self.words

    def get_slice(self, name: str) -> "Entry":
        """What is known of an array without reading it: get_shape(), get_dtype()."""
        if name not in self.entries:
            raise SafetensorError(f"the file does not contain {name}")
        return self.entries[name]

    def get_tensor(self, name: str) -> np.ndarray:
        """The array of this name."""
        entry = self.get_slice(name)
        if entry.dtype not in DTYPES:
            raise SafetensorError(f"NumPy does not have {entry.dtype}")
        begin, end = entry.data_offsets
        self.file.seek(self.start + begin)
        return np.frombuffer(bytearray(self.file.read(end - begin)), DTYPES[entry.dtype]).reshape(entry.shape)


def read_header(file: BinaryIO) -> tuple[dict[str, Entry], dict[str, str] | None, int]:
    """The arrays' entries, the texts, and where the arrays begin."""
    size = file.seek(0, SEEK_END)
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    start = 8 + length
    if size < 8 or length > LONGEST_HEADER or start > size:
        raise SafetensorError(f"the file has {size} bytes, its header would have {length}")
    try:
        header = json.loads(file.read(length).decode(), object_pairs_hook=without_repeats)
        words = header.pop("__metadata__", None)
        if not (words is None or all(type(word) is str for word in words.values())):
            raise ValueError("__metadata__ holds more than texts")
        entries = {name: Entry(entry["dtype"], entry["shape"], entry["data_offsets"]) for name, entry in header.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise SafetensorError(f"the header is not valid: {error}") from error
    end = 0
    for entry in sorted(entries.values(), key=lambda entry: entry.data_offsets):
        if entry.data_offsets[0] != end:
            raise SafetensorError(f"the arrays leave a gap, or overlap, at byte {end}")
        end = entry.data_offsets[1]
    if start + end != size:
        raise SafetensorError(f"the arrays end at byte {start + end} of {size}")
    return entries, words, start


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A dict of a JSON object's pairs; a name that comes twice would hide one of two arrays."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def save(arrays: dict[str, np.ndarray], metadata: dict[str, str] | None = None) -> bytes:
    """The bytes of a file with these arrays: those that the library writes, too.

    Parameters
    ----------
    arrays : dict of str to numpy.ndarray
    metadata : dict of str to str, optional

    Returns
    -------
    content : bytes

    Raises
    ------
    SafetensorError
        An array of a dtype that the format does not have.

    Examples
    --------
    >>> save({"x": np.zeros(2, np.float32)})[8:61]
    b'{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
    """
    header: dict[str, Any] = {"__metadata__": metadata} if metadata is not None else {}
    content = bytearray()
    for name in sorted(arrays, key=lambda name: (list(DTYPES).index(name_of(arrays[name].dtype)), name)):
        array = arrays[name]
        data = array.astype(DTYPES[name_of(array.dtype)]).tobytes()
        header[name] = {"dtype": name_of(array.dtype), "shape": list(array.shape),
                        "data_offsets": [len(content), len(content) + len(data)]}
        content += data
    words = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    words += b" " * (-len(words) % 8)
    return len(words).to_bytes(8, "little") + words + bytes(content)


def name_of(dtype: np.dtype) -> str:
    """The name of a dtype in the format."""
    for name, code in DTYPES.items():
        if np.dtype(code) == dtype.newbyteorder("<"):
            return name
    raise SafetensorError(f"the format has no {dtype}")
