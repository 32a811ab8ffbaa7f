"""PyTorch's .pth files in NumPy: the tensors of a state dict, and nothing else.

    zip, since PyTorch 1.6    NAME/data.pkl, a pickle of the state dict; NAME/data/KEY, the numbers of a storage; uncompressed
    legacy, before            pickles of a magic number, the version, the machine, the state dict, and the keys of its storages;
                              then for each key how many numbers it has, in 8 bytes, and these

All numbers are little-endian. A tensor is read when it is asked for: the classifier of VGG, 7/8 of the file, never.

Source: torch/serialization.py, `_save` and `_legacy_save`.
"""
import io
import os
import zipfile
from typing import IO, Any

import numpy as np

from nnscratch.numpy_tensors import DTYPES
from nnscratch.torch_pickles import Entry, StateDicts, Storage, tensors_in

__all__: list[str] = []  # for the loss network VGG

MAX_PICKLE, MAX_DIRECTORY, BLOCK = 2**22, 2**22, 2**20  # bytes; the pickle of VGG-19 has 4 kB
MAGIC = 0x1950a86a20f9469cfc6c  # of the legacy format


def is_torch_file(head: bytes) -> bool:
    """Whether a file with these first bytes is meant to be a .pth file."""
    return head.startswith(b"PK\3\4") or MAGIC.to_bytes(10, "little") in head[:32]


class TorchFile:
    """An open .pth file, with the methods of an open safetensors file; any exception if it is damaged or holds more.

    Parameters
    ----------
    file : binary file, which stays open
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.size = file, file.seek(0, os.SEEK_END)
        self.storages: dict[str, Storage] = {}
        self.begins: dict[str, int] = {}  # where they begin, in the legacy format
        file.seek(0)
        self.archive = zipfile.ZipFile(Limited(file)) if file.read(2) == b"PK" else None  # type: ignore[arg-type]
        self.tensors = tensors_in(self.legacy_state() if self.archive is None else self.zip_state(self.archive))

    def __enter__(self) -> "TorchFile":
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def keys(self) -> list[str]:
        """The names of the tensors."""
        return list(self.tensors)

    def get_slice(self, name: str) -> Entry:
        """What is known of a tensor without reading it: get_shape(), get_dtype()."""
        return Entry(self.tensors[name])

    def get_tensor(self, name: str) -> np.ndarray:
        """The tensor of this name."""
        entry = self.get_slice(name)
        width = np.dtype(DTYPES[entry.storage.dtype]).itemsize
        if self.archive is None:
            self.file.seek(self.begins[entry.storage.key] + width * entry.offset)
            data = read_exactly(self.file, width * entry.span)
        else:
            with self.open_entry(self.archive, f"data/{entry.storage.key}", entry.storage.size) as stored:
                stored.seek(width * entry.offset)
                data = read_exactly(stored, width * entry.span)
        numbers = np.frombuffer(data, DTYPES[entry.storage.dtype])
        return np.lib.stride_tricks.as_strided(numbers, entry.shape, [width * step for step in entry.strides]).copy()

    def zip_state(self, archive: zipfile.ZipFile) -> Any:
        """The state dict in a zip."""
        names = archive.namelist()
        roots = [name.removesuffix("data.pkl") for name in names if name.endswith("/data.pkl")]
        if len(roots) != 1 or len(names) > len({*names}):
            raise ValueError(f"it has {len(roots)} data.pkl, or a name twice")
        self.root, archive.fp = roots[0], self.file  # from here on, it is read in blocks
        if f"{self.root}byteorder" in names:
            with self.open_entry(archive, "byteorder", len("little")) as file:
                if file.read() != b"little":
                    raise ValueError("its numbers are not little-endian")
        size = archive.getinfo(f"{self.root}data.pkl").file_size
        if size > MAX_PICKLE:
            raise ValueError(f"its pickle has {size} bytes, expected {MAX_PICKLE} at most")
        with self.open_entry(archive, "data.pkl", size) as file:
            return StateDicts(io.BytesIO(read_exactly(file, size)), self.storages).load()

    def open_entry(self, archive: zipfile.ZipFile, name: str, size: int) -> IO[bytes]:
        """An entry of the zip, which must have this size and not be compressed."""
        entry = archive.getinfo(self.root + name)
        if not entry.file_size == entry.compress_size == size <= self.size or entry.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"{name[:40]!r} has {entry.file_size} bytes, expected {size}, or is compressed")
        return archive.open(entry)

    def legacy_state(self) -> Any:
        """The state dict in a legacy file, and where its storages begin."""
        self.file.seek(0)
        head = io.BytesIO(self.file.read(MAX_PICKLE))
        magic, _, _, found, keys = (StateDicts(head, self.storages).load() for _ in range(5))
        if type(magic) is not int or magic != MAGIC or type(keys) is not list:
            raise ValueError("it lacks the magic number, or its list of storages")
        begin = head.tell()
        for key in keys:
            if type(key) is not str or key in self.begins or key not in self.storages:
                raise ValueError("a storage is listed twice, or belongs to no tensor")
            self.file.seek(begin)
            if int.from_bytes(read_exactly(self.file, 8), "little") != self.storages[key].length:
                raise ValueError("a storage has another size than its tensor says")
            self.begins[key] = begin + 8
            begin += 8 + self.storages[key].size
        if begin > self.size:
            raise ValueError(f"it has {self.size} bytes, expected {begin}")
        return found


class Limited:
    """A file of which zipfile, when it opens the archive, reads only a directory of limited size."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.seek, self.tell, self.seekable = file, file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        """As `file.read`."""
        data = self.file.read(size if 0 <= size <= MAX_DIRECTORY else MAX_DIRECTORY + 1)
        if len(data) > MAX_DIRECTORY:
            raise ValueError(f"its directory has more than {MAX_DIRECTORY} bytes")
        return data


def read_exactly(file: IO[bytes], size: int) -> bytearray:
    """So many bytes, in blocks, so that no more memory is taken than the file has bytes."""
    data = bytearray()
    while len(data) < size:
        block = file.read(min(BLOCK, size - len(data)))
        if not block:
            raise EOFError("it ends early")
        data += block
    return data
