"""Data sets: npz and npy, IDX raw and compressed, CIFAR binary and pickled, names of classes, folders of images; whole or odd.

Each function writes one below `path` and returns (what to give to --data, words). Shapes: mostly 60 images 16x16.
"""
import gzip
import io
import os
import pickle
import struct
import zipfile

import numpy as np
from PIL import Image

from tests.fuzz.damage import ODD, damage_bytes, pick
from tests.fuzz.pickles import evil_pickle, odd_batch
from tests.fuzz.pictures import picture

__all__ = ["cifar_binary", "cifar_pickle", "class_names", "folder", "idx", "npy", "npz"]

SHAPES = [(60, 16, 16)] * 4 + [(60, 16, 16, 3), (60, 3, 16, 16), (240, 8, 8), (0, 16, 16), (60, 0, 16), (60, 16, 16, 4), (60,),
          (), (20, 1, 600), (60, 1, 1), (3, 16, 16), (60, 16, 16, 1, 1), (1, 9000, 9000), (20, 16, 2000)]
DTYPES = ["u1"] * 6 + ["?", "i8", "u2", "f4", "f8", "f2", "c8", "U1", "M8[s]", "V3", "O", ">f4", "i1", "longdouble"]


def some(rng, data):
    """(the data, mostly whole; words)."""
    return damage_bytes(rng, data) if rng.random() < 0.35 else (data, "whole")


def array(rng):
    """(an array of odd shape or dtype, words)."""
    shape, dtype = pick(rng, SHAPES), pick(rng, DTYPES)
    if np.prod(shape) > 10**7:
        return np.zeros(shape, pick(rng, ["u1", "f4"])), f"zeros {shape}"
    values = rng.random(shape) if np.dtype(dtype).kind == "f" else rng.integers(0, 256, shape)
    kind = rng.random()
    if np.dtype(dtype).kind == "f" and kind < 0.5:
        values = values * pick(rng, [255, -1, 1e30, np.nan, 2]) + pick(rng, [0, -0.5, np.inf])
    elif kind < 0.1:
        values = values * 0
    with np.errstate(all="ignore"):
        try:
            made = np.array(values).astype(dtype)
        except (TypeError, ValueError):
            made = np.zeros(shape, dtype)
    return made, f"{dtype} {shape}"


def labels(rng, count):
    """(labels of an odd kind, words)."""
    kind = pick(rng, ["two"] * 4 + ["huge", "negative", "float", "nan", "text", "one-hot", "column", "short", "many", "bool",
                      "object", "65535", "uint64", "scalar"])
    k = np.arange(count)
    return {"two": k % 2, "huge": k * 10**15, "negative": k - 1, "float": k / 2, "nan": k * np.nan, "text": k.astype(str),
            "one-hot": np.eye(2)[k % 2], "column": k[:, None] % 2, "short": k[:-1] % 2, "many": k * 200, "bool": k % 2 == 0,
            "object": np.array([None] * count), "65535": np.full(count, 65535), "scalar": np.array(1),
            "uint64": np.full(count, 2**63, np.uint64)}[kind], f"labels {kind}"


def npy(rng, path, canary):
    """An .npy file."""
    made, words = array(rng)
    data = io.BytesIO()
    np.save(data, made, allow_pickle=True)
    data, damage = some(rng, data.getvalue())
    if rng.random() < 0.3:  # a header that promises what is not there, or is no header
        shape = pick(rng, [(10**9, 10**9), (2**31, 16, 16), (60, -16, -16), (10**30,), "x", (60, 16, 16.5), (0, 10**9, 1),
                           ((1,),)])
        descr = pick(rng, ["|u1", "|O", "<f8", "|V1000000", "x" * 1000, [("a", "|u1")], "|S0"])
        text = (repr({"descr": descr, "fortran_order": pick(rng, [False, True, "x"]), "shape": shape}) + "\n").encode()
        data, words = b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text + data[128:], f"header {descr!r:.20} {shape}"
    path = path.with_suffix(".npy")
    path.write_bytes(data)
    return path, f"npy {words}, {damage}"


def npz(rng, path, canary):
    """An .npz file, mostly with labels."""
    path, entries = path.with_suffix(".npz"), {}
    entries[pick(rng, ["images", "x", "x_train", "arr_0", "other", "data"])], words = array(rng)
    if rng.random() < 0.7:
        entries[pick(rng, ["labels", "y", "arr_1"])], more = labels(rng, max(1, len(np.atleast_1d([*entries.values()][0]))))
        words += f", {more}"
    data, kind = io.BytesIO(), rng.random()
    (np.savez_compressed if kind < 0.5 else np.savez)(data, **entries)
    data = data.getvalue()
    if kind < 0.1:
        other = io.BytesIO()
        method = pick(rng, [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
        with zipfile.ZipFile(other, "w", method) as archive:
            for name in ("images.npy", pick(rng, ["images.npy", "labels.npy", "../images.npy", "/images.npy"])):
                archive.writestr(name, pick(rng, [b"", b"\x93NUMPY", bytes(10**7), pickle.dumps({})]))
        data, words = other.getvalue(), f"zip by method {method}"
    elif kind < 0.15:
        entries = {"images": np.zeros((40, 1000, 1000), np.uint8), "labels": np.arange(40) % 2}
        other = io.BytesIO()
        np.savez_compressed(other, **entries)
        data, words = other.getvalue(), "40 images of 1000x1000"
    data, damage = some(rng, data)
    path.write_bytes(data)
    return path, f"npz {words}, {damage}"


def idx(rng, path, canary):
    """An IDX file, raw or compressed, with or without labels beside it."""
    path.mkdir()
    shape = pick(rng, [(60, 16, 16)] * 5 + [(20, 1, 60_000), (20, 60_000, 1), (60, 1, 1), (19, 16, 16), (0, 16, 16),
                                            (1, 9000, 9000)])
    promised = shape if rng.random() < 0.7 else pick(rng, [(2**32 - 1,) * 3, (60, 16, 17), (60, 2**16, 2**16), (0, 0, 0),
                                                           (1, 2**31, 1)])
    body = rng.integers(0, 256, shape).astype(np.uint8).tobytes() if np.prod(shape) < 10**7 else bytes(int(np.prod(shape)))
    head = bytes([0, 0, pick(rng, [8] * 9 + [9, 13, 0]), pick(rng, [3] * 9 + [1, 255])])
    images, damage = some(rng, head + struct.pack(">3I", *promised) + body)
    values = rng.integers(0, pick(rng, [2, 10, 256]), shape[0] if rng.random() < 0.8 else 7).astype(np.uint8)
    compressed, name = rng.random() < 0.5, pick(rng, ["train-images-idx3-ubyte", "train-images.idx3-ubyte", "x-images-ubyte"])
    pack, suffix = (gzip.compress, ".gz") if compressed else (bytes, "")
    images, more = some(rng, pack(images))
    (path / (name + suffix)).write_bytes(images + (b"x" if rng.random() < 0.1 else b""))
    if rng.random() < 0.7:
        beside = bytes([0, 0, 8, 1]) + struct.pack(">I", len(values)) + values.tobytes()
        if rng.random() < 0.2:
            beside, _ = damage_bytes(rng, beside)
        (path / (name.replace("images", "labels").replace("idx3", "idx1") + suffix)).write_bytes(pack(beside))
    return pick(rng, [path, path / (name + suffix)]), f"idx{suffix} {shape}, promised {promised}, {damage}, {more}"


def cifar_binary(rng, path, canary):
    """Batches of CIFAR's binary version."""
    path.mkdir()
    count, heads = pick(rng, [40, 240, 1, 0]), int(rng.integers(1, 3))
    records = rng.integers(0, 256, (count, heads + 3072)).astype(np.uint8)
    records[:, :heads] %= pick(rng, [2, 10, 100, 255])
    data, damage = some(rng, records.tobytes())
    (path / "data_batch_1.bin").write_bytes(data)
    (path / "batches.meta.txt").write_bytes(names(rng))
    return pick(rng, [path, path / "data_batch_1.bin"]), f"{count} records of {heads} labels, {damage}"


def names(rng):
    """What may stand in a file of class names."""
    return pick(rng, [b"cat\ndog\n" * 5, b"", b"\xff\xfe", b"x\n" * 32_768, b"\0" * 1000, b"a" * 60_000,
                      b"a\x1b[2J\n\xe2\x80\xae\n" * 9, b"same\n" * 10, b"x" * 2**20, "\u2028\ud7ff".encode() * 10,
                      rng.bytes(500)])


def cifar_pickle(rng, path, canary):
    """A batch of CIFAR's Python version, odd or evil."""
    data, words = evil_pickle(rng, canary) if rng.random() < 0.5 else odd_batch(rng)
    path.mkdir()
    (path / "data_batch_1").write_bytes(data)
    return pick(rng, [path, path / "data_batch_1"]), words


def class_names(rng, path, canary):
    """A whole batch beside a file of class names that is odd or evil."""
    path.mkdir()
    batch = {b"data": rng.integers(0, 256, (40, 3072)).astype(np.uint8), b"labels": [k % 10 for k in range(40)]}
    (path / "data_batch_1").write_bytes(pickle.dumps(batch, 2))
    kind, name = rng.random(), pick(rng, ["batches.meta", "meta", "batches.meta.txt", "fine_label_names.txt"])
    if kind < 0.4:
        data, words = names(rng), "odd names"
    elif kind < 0.7:
        data, words = evil_pickle(rng, canary)
    else:
        odd = pick(rng, list(ODD))
        value = pick(rng, [ODD[odd], [ODD[odd]] * 10, {b"label_names": [ODD[odd]] * 10}, {b"label_names": ODD[odd]}])
        data, words = pickle.dumps(value, 2), f"names: {odd}"
    (path / name).write_bytes(data)
    return path, f"{name}: {words}"


def folder(rng, path, canary):
    """A folder of images, or of class folders, with odd members."""
    path.mkdir()
    classes = pick(rng, [0, 0, 1, 3])
    places = [path / f"class {k}" for k in range(classes)] or [path]
    for place in places:
        place.mkdir(exist_ok=True)
        for k in range(30):
            Image.fromarray(rng.integers(0, 256, (16, 16, 3)).astype(np.uint8)).save(place / f"{k}.png")
    words = [add_member(rng, pick(rng, places), k) for k in range(int(rng.integers(1, 4)))]
    return path, f"{classes} classes, {'; '.join(words)}"


def add_member(rng, place, k):
    """Put something odd beside the images of a folder."""
    kind = pick(rng, ["picture"] * 6 + ["FIFO", "folder.png", "link to itself", "link to zero", "deep", "name",
                                             "class name", "hidden"])
    if kind == "picture":
        data, extension, words = picture(rng)
        (place / f"odd{k}.{extension}").write_bytes(data)
        return words
    if kind == "FIFO":
        os.mkfifo(place / f"fifo{k}.png")
    elif kind == "folder.png":
        (place / f"album{k}.png").mkdir()
    elif kind == "link to itself":
        (place / f"loop{k}").symlink_to(".")
    elif kind == "link to zero":
        (place / f"zero{k}.png").symlink_to("/dev/zero")
    elif kind == "deep":
        (place / f"a{k}" / "b" / "c").mkdir(parents=True)
    elif kind == "hidden":
        (place / f"._odd{k}.png").write_bytes(b"x")
    else:
        name = pick(rng, [b"\xff\xfe", b"new\nline", b"\x1b[2J", b"\xe2\x80\xae", b"n" * 200, b" ", b"-o",
                          b"--resume"]) + b"%d" % k
        target = os.path.join(os.fsencode(place), name + (b".png" if kind == "name" else b""))
        if kind == "class name":
            os.mkdir(target)
            target = os.path.join(target, b"a.png")
        with open(target, "wb") as file:
            Image.new("RGB", (16, 16)).save(file, "PNG")
    return kind
