"""Evil pickles, in the place of a batch of CIFAR or of its class names: each runs, hangs or fills the memory if it is loaded.

Opcodes: c names a function, R calls it, q and r write to the memo, h and j read it, t and \\x85 to \\x87 make tuples, u fills.
"""
import builtins
import os
import pickle
import struct

import numpy as np

from tests.fuzz.damage import ODD, damage_bytes, pick

__all__ = ["evil_pickle", "odd_batch"]


class Call:
    """An object whose unpickling calls a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def evil_pickle(rng, canary):
    """(bytes, words) of a pickle that touches the canary, hangs or grows."""
    kind, touch = int(rng.integers(14)), f"open({str(canary)!r}, 'w')"
    calls = {0: Call(os.system, f"touch '{canary}'"), 1: Call(builtins.eval, touch), 2: Call(builtins.exec, touch),
             3: Call(open, str(canary), "w"), 4: Call(os.mkdir, str(canary))}
    if kind in calls:
        batch = calls[kind] if rng.random() < 0.5 else {b"data": calls[kind], b"labels": [1]}
        return pickle.dumps(batch, int(rng.integers(0, 6))), f"calls {calls[kind].call[0].__name__}"
    if kind == 5:
        depth = int(rng.integers(20, 300))
        return b"\x80\x02}(" + b")" + b"2\x86" * depth + b"K\x01u.", f"a key of {depth} doubled tuples"
    if kind == 6:
        depth = pick(rng, [60, 100_000])
        return b"\x80\x02}(" + b")" + b"\x85" * depth + b"K\x01u.", f"a key of {depth} nested tuples"
    if kind == 7:
        keys = b"".join(b"\x8a\x0a" + (k * (2**61 - 1)).to_bytes(10, "little") + b"K\x00" for k in range(1, 50_000))
        return b"\x80\x02}(" + keys + b"u.", "50,000 integers with one hash"
    if kind == 8:
        return b"\x80\x02}r" + struct.pack("<I", 2**31 - 1) + b".", "a memo of 2**31 entries"
    if kind == 9:
        return b"\x80\x02]q\x00" + b"(" + b"h\x00" * 3 + b"e" + b"0]" * 200_000 + b".", "a list in itself, and 200,000 lists"
    if kind == 10:
        return b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x.", "promises 2**62 bytes"
    if kind == 11:
        return b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"x.", "promises a bytearray of 2**40"
    if kind == 12:
        return b"\x80\x02" + b"(" * 500_000 + b".", "500,000 marks"
    return b"\x80\x02cnumpy\nndarray\n" + b"cnumpy\ndtype\n" * 1000 + b"\x93.", "names of NumPy alone"


def odd_batch(rng):
    """(bytes, words) of a batch in which one value is odd."""
    count = int(rng.integers(20, 60))
    batch = {b"data": rng.integers(0, 256, (count, 3072)).astype(np.uint8), b"labels": [k % 10 for k in range(count)],
             b"batch_label": b"x", b"filenames": [b"x"] * count}
    words = "whole"
    if rng.random() < 0.7:
        name, odd = pick(rng, list(batch)), pick(rng, list(ODD))
        batch[name], words = ODD[odd], f"{name.decode()} = {odd}"
    elif rng.random() < 0.5:
        array = batch[b"data"]
        batch[b"data"] = pick(rng, [array.astype(np.int64), array[:, :3071], array.T, array[:0], array.astype("U1"), array[0],
                                    np.asfortranarray(array), array.astype(object), array.reshape(-1, 3, 32, 32)])
        words = f"data {batch[b'data'].dtype} {batch[b'data'].shape}"
    data = pickle.dumps(batch, int(rng.integers(2, 6)))
    if rng.random() < 0.3:
        data, damage = damage_bytes(rng, data)
        words += f", {damage}"
    return data, words
