"""Damage: to bytes, to trees of JSON values, to safetensors files; and what else can lie where a file is expected.

    8 bytes: length n | n bytes of JSON: {"name": {"dtype", "shape", "data_offsets"}, "__metadata__": {...}} | data

Every function takes a random generator first and returns what it made, with a few words about it.
"""
import copy
import json
import os
import socket
import stat
import struct

import numpy as np

__all__ = ["Tensors", "damage_bytes", "damage_json", "damage_tensors", "put_something_else"]

DEEP = "@@DEEP@@"  # becomes 50,000 nested lists, which json itself could not write
ODD = {  # what may stand in place of any value
    "null": None, "empty": "", "x": "x", "minus one": -1, "zero": 0, "1e30": 10**30, "1.5": 1.5, "NaN": float("nan"),
    "infinity": float("inf"), "true": True, "false": False, "list": [], "dict": {}, "nested": [[[[]]]], "list of null": [None],
    "letters": "ab" * 50_000, "deep": DEEP, "2**63": 2**63, "numbers": [1, 2, 3], "surrogate": "\ud800",
    "newline": "a\nb\x1b[2J", "minus 1e30": -10**30, "tiny": 5e-324, "digits": "12", "dict of x": {"x": 0}, "zero byte": "a\0b",
    "many": [0] * 100_000}
WRONG_TYPES = ("null", "empty", "x", "1e30", "NaN", "infinity", "list", "dict", "nested", "letters", "deep")
NUMBERS = ("NaN", "infinity")
DTYPES = {"F8_E4M3": 1, "F4": 0.5, "BF16": 2, "I64": 8, "U16": 2, "F64": 8, "F16": 2, "BOOL": 1, "U8": 1, "C64": 8,
          "nonsense": 4, "F8_E5M2": 1, "I32": 4}
NAMES = ("__metadata__", "params/", "", "x", "../x", "params/a\0b", "optimizer/x", "n" * 10_000)


def pick(rng, items):
    """One of the items."""
    return items[int(rng.integers(len(items)))]


def places(tree, path=()):
    """The paths of all values in a tree; of a long list the first and the last alone."""
    if path:
        yield path
    if isinstance(tree, dict):
        for name in tree:
            yield from places(tree[name], (*path, name))
    elif isinstance(tree, list):
        for k in {0, len(tree) - 1} if tree else ():
            yield from places(tree[k], (*path, k))


def damage_tree(rng, tree):
    """(a copy with one damage, words about it, whether a value of a wrong type stands in it now)."""
    tree = copy.deepcopy(tree)
    path = pick(rng, list(places(tree)))
    node = tree
    for step in path[:-1]:
        node = node[step]
    name, words, kind = path[-1], ".".join(map(str, path)), rng.random()
    if kind < 0.7:
        odd, before = pick(rng, list(ODD)), node[name]
        node[name] = copy.deepcopy(ODD[odd])
        return tree, f"{words} = {odd}", odd in WRONG_TYPES and (odd in NUMBERS or type(before) is not type(ODD[odd]))
    if kind < 0.8:
        del node[name]
        return tree, f"{words} is missing", False
    if kind < 0.9:
        node[name] = [node[name]] * int(rng.integers(2, 4))
        return tree, f"{words} is a list of itself", False
    odd = pick(rng, list(ODD))
    if isinstance(node, dict):
        node["extra"] = copy.deepcopy(ODD[odd])
    else:
        node.append(copy.deepcopy(ODD[odd]))
    return tree, f"{words} has a neighbour, {odd}", False


def to_json(tree):
    """JSON text, with NaN, lone surrogates and very deep lists where the tree has them."""
    return json.dumps(tree).replace(f'"{DEEP}"', "[" * 50_000 + "]" * 50_000)


def damage_json(rng, data):
    """(bytes, words, whether a value has a wrong type) from the bytes of a JSON file."""
    if rng.random() < 0.15:
        return *damage_bytes(rng, data), False
    tree, words, wrong = damage_tree(rng, json.loads(data))
    if rng.random() < 0.05:
        odd = pick(rng, list(ODD))
        return to_json(ODD[odd]).encode(), f"the whole file is {odd}", True
    return to_json(tree).encode(), words, wrong


def damage_bytes(rng, data):
    """(bytes, words): cut, flipped, lengthened, or others altogether."""
    kind, size = int(rng.integers(7)), len(data)
    if kind == 0:
        k = int(rng.integers(size + 1))
        return data[:k], f"cut to {k} bytes"
    if kind in (1, 2):
        flipped, count = bytearray(data), int(rng.integers(1, 9))
        end = min(size, 200) if kind == 1 else size  # headers are where the structure is
        for k in rng.integers(max(end, 1), size=count if size else 0):
            flipped[k] ^= 1 << int(rng.integers(8))
        return bytes(flipped), f"{count} bits flipped in the first {end} bytes"
    if kind == 3:
        k = int(rng.integers(size + 1))
        return data[:k] + rng.bytes(int(rng.integers(1, 99))) + data[k:], f"bytes inserted at {k}"
    if kind == 4:
        return rng.bytes(int(rng.integers(0, 2000))), "random bytes"
    if kind == 5:
        return (b"", b"\0", b"{}", b"null", b"\x93NUMPY", b"GIF89a", b"\x80\x04.")[int(rng.integers(7))], "next to nothing"
    k, width = int(rng.integers(max(size - 4, 1))), pick(rng, ["<I", ">I", "<H", ">H"])
    number = struct.pack(width, pick(rng, [0, 1, 0x7fff, 0xffff]) if width[1] == "H" else pick(rng, [0, 1, 2**31, 2**32 - 1]))
    return data[:k] + number + data[k + len(number):], f"a number at {k} replaced"


class Tensors:
    """A safetensors file in parts: `table` of arrays, `header` (the JSON in its metadata, as a tree), `data`."""

    def __init__(self, data):
        end = 8 + struct.unpack("<Q", data[:8])[0]
        self.table = json.loads(data[8:end])
        self.metadata = self.table.pop("__metadata__", {})
        self.header = json.loads(self.metadata.get("nnscratch", "{}"))
        self.data = bytearray(data[end:])

    def pack(self):
        """The bytes of the file."""
        metadata = dict(self.metadata)
        if self.header != {}:
            metadata["nnscratch"] = to_json(self.header)
        table = to_json({**({"__metadata__": metadata} if metadata else {}), **self.table}).encode()
        table += b" " * (-len(table) % 8)
        return struct.pack("<Q", len(table)) + table + bytes(self.data)

    def fill(self, name, value):
        """Set every number of a float array."""
        entry = self.table[name]
        kind = {"F16": np.float16, "F32": np.float32, "F64": np.float64}.get(entry["dtype"])
        if kind is None:
            return
        begin, end = entry["data_offsets"]
        self.data[begin:end] = np.full((end - begin) // np.dtype(kind).itemsize, value, kind).tobytes()


def damage_tensors(rng, data):
    """(bytes, words, whether a value in the header has a wrong type) from the bytes of a safetensors file."""
    kind, file = rng.random(), Tensors(data)
    if kind < 0.12:
        return *damage_bytes(rng, data), False
    if rng.random() < 0.8:  # as version 0.1 wrote it: who means harm does so, too
        file.header.pop("crc32", None)
    names, wrong = list(file.table), False
    name = pick(rng, names)
    if kind < 0.6 and file.header:
        file.header, words, wrong = damage_tree(rng, file.header)
    elif kind < 0.75:
        value = pick(rng, [0.0, np.nan, np.inf, -np.inf, 1e30, 5e-324, -1.0])
        for each in names if rng.random() < 0.4 else [name]:
            file.fill(each, value)
        words = f"arrays, such as {name}, filled with {value}"
    elif kind < 0.85:
        words = change_dtype(rng, file, name)
    elif kind < 0.92:
        table, words, _ = damage_tree(rng, {name: file.table[name]})
        file.table.pop(name)
        file.table |= table
        words = f"table: {words}"
    elif kind < 0.96:
        entry = file.table[name]
        entry["shape"] = pick(rng, [entry["shape"][::-1], [*entry["shape"], 1], [1, *entry["shape"]], [], [0],
                                    entry["shape"][1:], [int(np.prod(entry["shape"]))]])
        words = f"{name} of shape {entry['shape']}"
    else:
        other = pick(rng, NAMES)
        file.table[other] = file.table.pop(name)
        words = f"{name} renamed to {other[:20]!r}"
    return file.pack(), words, wrong


def change_dtype(rng, file, name):
    """Give an array another dtype, mostly with as many bytes as that takes."""
    dtype, entry = pick(rng, list(DTYPES)), file.table[name]
    entry["dtype"] = dtype
    if rng.random() < 0.8:  # with data of the right length; offsets of the arrays behind it move
        begin, end = entry["data_offsets"]
        length = int(np.prod(entry["shape"], initial=1) * DTYPES[dtype])
        file.data[begin:end] = bytes(length)
        for other in file.table.values():
            other["data_offsets"] = [k + (length - (end - begin)) * (k >= end) if other is not entry or k != begin else k
                                     for k in other["data_offsets"]]
        entry["data_offsets"] = [begin, begin + length]
    return f"{name} of dtype {dtype}"


DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "urandom": (1, 9), "tty": (5, 0)}


def make_device(path, name):
    """A device of our own, so that a program that replaces it does no harm; where only root may make one, a link."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(*DEVICES[name]))
    except PermissionError:
        path.symlink_to(f"/dev/{name}")


def put_something_else(rng, path):
    """Put something that is no regular file at a path, or nothing; returns (what to name on the command line, words)."""
    kind = pick(rng, ["FIFO", "folder", "missing", "dangling link", "loop", "socket", *DEVICES, "link to zero", "unreadable",
                      "below a file", "/dev/fd/9", "long name", "zero byte", "no name", "number"])
    if kind == "FIFO":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind in ("dangling link", "loop"):
        path.symlink_to({"dangling link": "nowhere", "loop": path.name}[kind])
    elif kind in DEVICES:
        make_device(path, kind)
    elif kind == "link to zero":
        make_device(path.with_name("zero"), "zero")
        path.symlink_to("zero")
    elif kind == "unreadable":  # for all but root
        path.write_bytes(b"x")
        path.chmod(0)
    elif kind == "socket":
        here = os.getcwd()
        os.chdir(path.parent)  # the path of a socket may have 100 bytes
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
        os.chdir(here)
    elif kind == "below a file":
        path.write_bytes(b"x")
        return path / path.name, kind
    return {"/dev/fd/9": kind, "long name": "n" * 5000, "zero byte": "a\0b", "no name": "", "number": "0"}.get(kind, path), kind
