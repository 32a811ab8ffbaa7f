"""Files as torch.save writes them, made without PyTorch, right or hostile: pickles opcode by opcode.

Opcodes: X text, J and \\x8a integers, c a name, R a call, Q a reference to a storage, t, ] and } tuples, lists and dicts.
"""
import io
import struct
import zipfile

import numpy as np

KINDS = {"f2": "Half", "f4": "Float", "f8": "Double", "i8": "Long", "u1": "Byte"}
MAGIC = 0x1950a86a20f9469cfc6c


class Name(str):
    """A function or class, such as "os.system"."""

    def __call__(self, *arguments):
        return Raw(code(self) + code(arguments) + b"R")


class Raw(bytes):
    """Opcodes."""


def code(value):
    """The opcodes that push a value."""
    if isinstance(value, Raw):
        return bytes(value)
    if isinstance(value, Name):
        module, _, name = value.rpartition(".")
        return f"c{module}\n{name}\n".encode()
    if isinstance(value, str):
        return b"X" + struct.pack("<I", len(value.encode())) + value.encode()
    if value is None or isinstance(value, bool):
        return {None: b"N", True: b"\x88", False: b"\x89"}[value]
    if isinstance(value, int):
        data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        return b"\x8a" + bytes([len(data)]) + data
    if isinstance(value, dict):
        return b"}(" + b"".join(code(key) + code(item) for key, item in value.items()) + b"u"
    begin, end = (b"(", b"t") if isinstance(value, tuple) else (b"](", b"e")
    return begin + b"".join(map(code, value)) + end


def pickled(value):
    """A whole pickle of protocol 2."""
    return b"\x80\x02" + code(value) + b"."


def storage(key, dtype, length, *more):
    """A reference to a storage."""
    return Raw(code(("storage", Name(f"torch.{KINDS[np.dtype(dtype).str[1:]]}Storage"), key, "cpu", length, *more)) + b"Q")


def tensor(array, key, offset=0, strides=None, version=2, legacy=False, length=None):
    """A tensor as PyTorch pickles it; version 1 is that of 2017, 3 a parameter."""
    strides = tuple(step // array.itemsize for step in array.strides) if strides is None else strides
    whole = storage(key, array.dtype, array.size if length is None else length, *[None] * legacy)
    rebuild = Name(f"torch._utils._rebuild_tensor{'' if version == 1 else '_v2'}")
    more = () if version == 1 else (False, Name("collections.OrderedDict")())
    made = rebuild(whole, offset, array.shape, strides, *more)
    return Name("torch._utils._rebuild_parameter")(made, True, None) if version == 3 else made


def state(arrays, **options):
    """A state dict of tensors, with the metadata that PyTorch adds to one."""
    items = {name: tensor(array, str(k), **options) for k, (name, array) in enumerate(arrays.items())}
    ordered = Name("collections.OrderedDict")
    return Raw(code(ordered()) + code(items)[1:] + code({"_metadata": ordered()}) + b"b")


def zipped(value, arrays, *, changed=(), compression=zipfile.ZIP_STORED):
    """A .pth file since PyTorch 1.6; `changed` are (name, bytes) that come instead of, or after, the usual entries."""
    stream, changed = io.BytesIO(), dict(changed)
    entries = {"data.pkl": pickled(value), "byteorder": b"little"}
    entries |= {f"data/{k}": array.tobytes() for k, array in enumerate(arrays)}
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, data in (entries | changed | {"version": b"3\n"}).items():
            if data is not None:
                archive.writestr(f"archive/{name}", data)
    return stream.getvalue()


def legacy(value, arrays, *, keys=None):
    """A .pth file before PyTorch 1.6."""
    machine = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 8}}
    keys = [str(k) for k in range(len(arrays))] if keys is None else keys
    pickles = b"".join(map(pickled, (MAGIC, 1001, machine, value, keys)))
    return pickles + b"".join(struct.pack("<q", array.size) + array.tobytes() for array in arrays)
