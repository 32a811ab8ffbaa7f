"""Small files in every format that the readers support, built by hand."""
import os
import struct

import numpy as np
from PIL import Image

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 5, 4)).astype(np.uint8)
LABELS = np.array([0, 2, 1, 1, 0, 2], np.uint8)
PLANES = np.random.default_rng(1).integers(0, 256, (3, 3, 32, 32)).astype(np.uint8)


def idx(array, count=None):
    """An IDX file; `count` makes its header state another number of images than the file contains."""
    shape = (len(array) if count is None else count, *array.shape[1:])
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *shape) + array.tobytes()


def record(label, planes):
    """One record of CIFAR's binary format."""
    return bytes(label) + planes.tobytes()


def python_2(rows, labels, key=b"labels"):
    """A batch as pickled by Python 2. Opcodes: U and T are strings, c names a function, R calls it, b sets the state."""
    def string(text):
        return b"T" + struct.pack("<i", len(text)) + text
    shape = b"K" + bytes([len(rows)]) + b"M" + struct.pack("<H", rows.shape[1]) + b"\x86"
    kind = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01" + shape + kind + b"\x89"
    listed = b"](" + b"".join(b"K" + bytes([k]) for k in labels) + b"e"
    return b"\x80\x02}(" + string(b"data") + array + string(rows.tobytes()) + b"tb" + string(key) + listed + b"u."


def npy_header(shape):
    """The header of an .npy file of bytes that states this shape."""
    text = repr({"descr": "|u1", "fortran_order": False, "shape": shape}).ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text


def write(folder, name, data):
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


def save(folder, name, pixels, **options):
    folder.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(folder / name, **options)
    return folder / name


class Evil:
    """An object whose unpickling runs a program that creates a marker file."""
    def __init__(self, mark):
        self.mark = str(mark)

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)
