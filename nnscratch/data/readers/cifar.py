"""CIFAR-10 and CIFAR-100: 32x32 colour images, in their binary and in their Python form.

A record of the binary form: 1 label (CIFAR-100: coarse and fine), then 1024 red, 1024 green, 1024 blue bytes, row by row.
The Python form is a pickle, a dict of data (N, 3072) uint8 and labels; see `unpickle` for why that is dangerous.

Source: Krizhevsky, "Learning multiple layers of features from tiny images" (2009), appendix; the data's own page.
"""
import io
import pickle
import pickletools
import re
from pathlib import Path

import numpy as np

from nnscratch.data.dataset import Dataset
from nnscratch.data.images import open_file
from nnscratch.data.limits import check_labels
from nnscratch.errors import InputError
from nnscratch.files import reason

SIDE, PIXELS = 32, 3 * 32 * 32
CLASSES = {1: 10, 2: 100}  # by the labels in front of an image; of two the second is the fine one
LARGEST = 2**28            # bytes of a file; the largest that was published has 155 million
MOST_STEPS, MOST_TUPLES = 2**21, 2000  # of a pickle's program; the largest that was published has some 300,000 steps
REBUILD, BUFFER, ENCODE = "numpy.core.multiarray._reconstruct", "numpy.core.numeric._frombuffer", "_codecs.encode"
HARMLESS = {REBUILD, BUFFER, ENCODE, "numpy.ndarray", "numpy.dtype"}


def read_cifar(path):
    """The Dataset in one batch file, binary or Python, or in a folder of batches (the training ones, all together).

    Returns images uint8 (N, 32, 32, 3), labels from 0 to 9 (CIFAR-100: the fine ones, 0 to 99), and the names of the classes
    if batches.meta(.txt), meta or fine_label_names.txt lies beside the batches.
    Raises InputError for files that are missing, truncated or of another format, and for pickles that ask for anything but
    arrays.
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


def batches_in(folder):
    """The training batches in a folder, in order; a batch that is there in both forms counts once."""
    files = sorted(p for p in folder.iterdir() if re.fullmatch(r"(data_batch_\d+|train)(\.bin)?", p.name) and p.is_file())
    batches = [p for p in files if p.name.startswith("data")] or files
    return [p for p in batches if p.suffix != ".bin" or p.with_suffix("") not in batches]


def looks_like_cifar(head, size):
    """Whether a file of so many bytes that begins so could be a batch: a pickle, or whole records."""
    pickled = len(head) > 1 and head[0] == 0x80 and 2 <= head[1] <= pickle.HIGHEST_PROTOCOL
    return pickled or size > 0 and any(size % (labels + PIXELS) == 0 for labels in CLASSES)


def read_batch(path):
    """(images (N, 32, 32, 3), labels (N,)) of one file."""
    data = read_small(path, LARGEST)
    if data[:1] == b"\x80":  # no label is 128
        return from_pickle(path, data)
    for head, classes in CLASSES.items():
        if data and len(data) % (head + PIXELS) == 0:
            records = np.frombuffer(data, np.uint8).reshape(-1, head + PIXELS)
            check_labels(path, records[:, head - 1], classes)
            return to_images(records[:, head:]), records[:, head - 1].astype(np.int64)
    raise InputError(f"{path} has {len(data)} bytes, expected a multiple of {1 + PIXELS} (CIFAR-10) or {2 + PIXELS} "
                     f"(CIFAR-100), or a pickle: it is truncated or of another format, fetch it again")


def read_small(path, most):
    """All bytes of a file, if they are not too many."""
    try:
        with open_file(path, "a batch of CIFAR") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise InputError(f"cannot read {path} ({reason(error)}), expected a batch of CIFAR: give a readable file") from error
    if len(data) > most:
        raise InputError(f"{path} has more than {most} bytes, expected a batch of CIFAR, which has fewer: give the right file")
    return data


def from_pickle(path, data):
    """The same from the Python form."""
    found = unpickle(path, data)
    try:
        key = next(key for key in (b"labels", b"fine_labels") if key in found)
        if not isinstance(found[key], list) or not all(type(k) is int and abs(k) < 2**31 for k in found[key]):
            raise ValueError("the labels are no list of whole numbers")
        rows, labels = rows_of(found[b"data"]), np.array(found[key], np.int64)
        if labels.shape != (len(rows),) or not len(rows):
            raise ValueError(f"{len(labels)} labels for {len(rows)} images")
    except Exception as error:  # what is in there can be of any type at all
        what = type(error).__name__ if isinstance(error, (KeyError, StopIteration)) else reason(error)
        raise InputError(f"{path} is a pickle without CIFAR's data and labels ({what[:90]}), expected bytes (N, {PIXELS}) "
                         f"and N labels: give a batch as it was published") from error
    check_labels(path, labels, CLASSES[1] if key == b"labels" else CLASSES[2])
    return to_images(rows), labels


# --- pickles ------------------------------------------------------------------------------------------------------

class StandIn:
    """What a pickle gets in place of NumPy's functions: it only remembers what it was called with and told."""

    def __init__(self, name, arguments=()):
        self.name, self.arguments, self.state = name, arguments, ()

    def __call__(self, *arguments):
        return arguments[0] if self.name == ENCODE else StandIn(self.name, arguments)

    def __setstate__(self, state):
        self.state = state


class ArraysOnly(pickle.Unpickler):
    """Knows the five names that an array is pickled under; a pickle that asks for anything else is refused."""

    def find_class(self, module, name):
        asked = f"{module}.{name}"
        known = asked.replace("numpy._core.", "numpy.core.")  # its name since NumPy 2
        if known not in HARMLESS:
            raise pickle.UnpicklingError(f"it asks for {asked[:60]!r}, which no CIFAR file needs")
        return StandIn(known)


def unpickle(path, data):
    """The dict in a pickle, its keys as bytes, its arrays as StandIns.

    A pickle is a program. It may call whatever it can name: so it can name nothing but StandIns. And a short one may fill
    the memory or overflow the stack: so its steps are looked through first, and long, deep or far-reaching ones refused.
    """
    try:
        tuples = 0
        for step, (code, argument, _) in enumerate(pickletools.genops(data)):
            tuples += "TUPLE" in code.name  # a tuple in a tuple in a tuple: as a key it is hashed level by level
            far = code.name.endswith("PUT") and argument > MOST_STEPS  # a memo is as long as its largest index
            if step > MOST_STEPS or tuples > MOST_TUPLES or far:
                raise pickle.UnpicklingError("it does more than a CIFAR file has to")
        found = ArraysOnly(io.BytesIO(data), encoding="bytes").load()
        if not isinstance(found, dict):
            raise pickle.UnpicklingError(f"it holds a {type(found).__name__}, not a dict")
        return {as_bytes(key): value for key, value in found.items()}
    except Exception as error:  # a damaged pickle can fail in any way at all
        raise InputError(f"{path} is refused as a pickle ({reason(error)[:90]}), expected data and labels alone: give a batch "
                         f"of CIFAR as it was published") from error


def rows_of(array):
    """The bytes (N, 3072) that a StandIn tells of."""
    if array.name == REBUILD:
        _, shape, kind, by_columns, data = array.state
    else:  # BUFFER: how pickles of protocol 5 have it
        data, kind, shape, order = array.arguments[:4]
        by_columns = {"C": False, "F": True}[order]
    count, width = shape
    if as_bytes(kind.arguments[0]) != b"u1" or width != PIXELS:
        raise ValueError(f"an array of {count!r:.20} x {width!r:.20}")
    return np.frombuffer(as_bytes(data), np.uint8).reshape((count, width), order="F" if by_columns else "C")


def as_bytes(text):
    """Python 3 has text where Python 2 had bytes."""
    return text.encode("latin1", "replace") if isinstance(text, str) else text


def to_images(rows):
    """Planes of red, green, blue -> pixels."""
    return np.ascontiguousarray(rows.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1))


def class_names(folder):
    """The names of the classes, from the file beside the batches; none where it is not there."""
    text = next((folder / name for name in ("batches.meta.txt", "fine_label_names.txt") if (folder / name).is_file()), None)
    if text is not None:
        return read_small(text, 2**16).decode(errors="replace").split()
    meta = next((folder / name for name in ("batches.meta", "meta") if (folder / name).is_file()), None)
    found = unpickle(meta, read_small(meta, 2**16)) if meta else {}
    names = found.get(b"label_names", found.get(b"fine_label_names", []))
    names = [name for name in names if isinstance(name, (bytes, str))] if isinstance(names, list) else []
    return [name if isinstance(name, str) else name.decode(errors="replace") for name in names]
