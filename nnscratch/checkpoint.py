"""Save and load models: safetensors for the arrays, a JSON header for the rest. No pickle: loading cannot run code.

    save("model.safetensors", model, optimizer, {"step": 1200})
    info = load("model.safetensors", model, optimizer)

A file is written aside and then renamed, so a kill at any moment leaves either the old file or the new one. Loading
converts and checks everything first, and changes nothing if anything is wrong.

The arrays are named "params/dense_0/kernel", "buffers/dropout_0/calls", "optimizer/dense_0/kernel/mean"; they have the
shapes of the model's. The header: {"nnscratch": version, "kind": "checkpoint", "optimizer": its class or null, "info":
the caller's dict, "crc32": checksum of everything else}.
"""
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias
from zlib import crc32

import numpy as np

from nnscratch.backend import Array, array_module, move, to_cpu
from nnscratch.errors import InputError
from nnscratch.files import FilePath, open_regular_file, reason, replace_file
from nnscratch.ops.validation import check_named
from nnscratch.schema import anything, check, mapping, one_of, optional, record, text
from nnscratch.version import __version__

__all__ = ["load", "read_arrays", "save"]

HEADER = record(nnscratch=text(), kind=one_of("checkpoint"), optimizer=optional(text()), info=mapping(anything))
Saved: TypeAlias = tuple[dict[str, np.ndarray], dict[str, Any]]  # arrays by name, and the header
CHECKSUM = ', "crc32": '  # the last entry of the header in the file
OLD_BUFFERS = {"mean": "moving_mean", "variance": "moving_variance"}  # of BatchNormalization in version 0.1: today's names
OLD_OPTIMIZERS = {"SeveralOptimizers": "CompositeOptimizer"}  # class names in version 0.1: today's names


def save(path: FilePath, model: Any, optimizer: Any = None, info: dict[str, Any] | None = None) -> None:
    """Write a model, and what is needed to go on training it, to a file.

    Parameters
    ----------
    path : str or path, of the .safetensors file; an existing one is replaced
    model : Model or Layer, its parameters and buffers are saved
    optimizer : Optimizer, optional, its state is saved too
    info : dict, optional, JSON values that `load` returns

    Raises
    ------
    InputError
        The file cannot be written (an older file of that name is kept whole), the model is not built or complex, or `info`
        is not made of JSON values.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from nnscratch.layers import Dense, Input
    >>> from nnscratch.models import Model
    >>> x = Input((3,))
    >>> model = Model(x, Dense(2)(x))
    >>> with TemporaryDirectory() as folder:
    ...     save(f"{folder}/model.safetensors", model, info={"step": 1200})
    ...     load(f"{folder}/model.safetensors", model)
    {'step': 1200}
    """
    arrays = arrays_of(model)
    if not arrays:
        raise InputError("the model has no parameters to save, expected one that is built; call it on an input first")
    if isinstance(optimizer, type) or not hasattr(optimizer, "save_state") and optimizer is not None:
        raise InputError(f"the optimizer is a {type(optimizer).__name__}, expected an Optimizer, or None")
    if optimizer is not None:
        check_named("the optimizer", "its state", state := optimizer.save_state())
        arrays |= {f"optimizer/{name}": array for name, array in state.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "fiub":
            raise InputError(f'{name} holds {array.dtype}, expected real numbers; convert it by model.cast("float32")')
    write_arrays(path, arrays, header_text(optimizer and type(optimizer).__name__, {} if info is None else info))


def load(path: FilePath, model: Any, optimizer: Any = None) -> dict[str, Any]:
    """Read a file written by `save`, also by version 0.1, into a model, and into an optimizer.

    Parameters
    ----------
    path : str or path
        The .safetensors file.
    model : Model or Layer
        Built like the saved one; its parameters and buffers are replaced.
    optimizer : Optimizer, optional
        Of the saved one's class; its state is replaced.

    Returns
    -------
    dict
        The `info` given to `save`.

    Raises
    ------
    InputError
        Nothing is changed: the file is missing, damaged, foreign, of another model or optimizer, or has NaN or too large
        numbers.
    """
    return restore(path, read_arrays(path), model, optimizer)


def restore(path: FilePath, saved: Saved, model: Any, optimizer: Any = None) -> dict[str, Any]:
    """`load` for a file that has been read: `saved` is what `read_arrays(path)` returned."""
    arrays, header = dict(saved[0]), saved[1]
    state = {name.removeprefix("optimizer/"): arrays.pop(name) for name in [*arrays] if name.startswith("optimizer/")}
    ours = arrays_of(model)
    arrays = {current_name(name, ours): array for name, array in arrays.items()}
    check_names(path, arrays, ours)
    arrays = {name: move(fitted(path, name, arrays[name], array), array_module(array)) for name, array in ours.items()}
    if optimizer is not None:
        check_optimizer(path, header["optimizer"], optimizer)
        for name in state:
            if (w := name.rpartition("/")[0]) in model.params:  # else the count of steps, or unknown: load_state refuses it
                state[name] = fitted(path, f"optimizer/{name}", state[name], model.params[w])
        optimizer.load_state(state, model.params)
    # From here on nothing can fail: names, shapes, dtypes and devices agree.
    for name, array in model.params.items():
        array[...] = arrays[f"params/{name}"]
    for name in model.buffers:
        model.set_buffer(name, arrays[f"buffers/{name}"])
    return header["info"]


def arrays_of(model: Any) -> dict[str, Array]:
    """The model's own arrays, named as in the file."""
    if not all(isinstance(getattr(model, kind, None), Mapping) for kind in ("params", "buffers")):
        raise InputError(f"the model is a {type(model).__name__}, expected a Model or a Layer")
    arrays = {f"{kind}/{name}": array for kind in ("params", "buffers") for name, array in getattr(model, kind).items()}
    check_named("the model", "its arrays", arrays)
    return arrays


def current_name(name: str, expected: Iterable[str]) -> str:
    """Today's name of an array, where version 0.1 saved it under another."""
    layer, _, last = name.rpartition("/")
    renamed = f"{layer}/{OLD_BUFFERS.get(last)}"
    return renamed if name not in expected and renamed in expected else name


def check_names(path: FilePath, found: Iterable[str], expected: Iterable[str]) -> None:
    """One sentence about the first array that is missing or too many."""
    for name in [*expected, *found]:
        if name not in found:
            raise InputError(f"{path} has no array {name!r}, which this network needs; build the network it was saved from")
        if name not in expected:
            raise InputError(f"{path} has an array {name!r} that this network lacks; build the network it was saved from")


def fitted(path: FilePath, name: str, array: np.ndarray, like: Array) -> np.ndarray:
    """The array in the dtype of `like`; one sentence if it is of another shape or kind, or not finite in that dtype."""
    if array.shape != like.shape:
        raise InputError(f"{path}: {name} has shape {array.shape}, expected {like.shape}; build the network it was saved from")
    if array.dtype.kind != like.dtype.kind:
        raise InputError(f"{path}: {name} holds {array.dtype}, expected {like.dtype}; build the network it was saved from")
    with np.errstate(over="ignore"):  # a value that is too large becomes infinite, and is refused below
        array = array.astype(like.dtype)
    if not np.isfinite(array).all():
        raise InputError(f"{path}: {name} holds NaN or infinity in {like.dtype}, so training had failed when it was saved; "
                         f"use an earlier checkpoint")
    return array


def check_optimizer(path: FilePath, saved: str | None, optimizer: Any) -> None:
    """Check that the saved state is of an optimizer of this class."""
    given = type(optimizer).__name__
    if saved is None:
        raise InputError(f"{path} was saved without an optimizer, given {given}; load it without one")
    if OLD_OPTIMIZERS.get(saved, saved) != given:
        raise InputError(f"{path} was saved with {saved}, given {given}; give the same kind of optimizer, or none")


def header_text(optimizer: str | None, info: dict[str, Any]) -> str:
    """The header as JSON. Tuples, and keys that are not strings, are refused: JSON would give back something else."""
    try:
        text = json.dumps({"nnscratch": __version__, "kind": "checkpoint", "optimizer": optimizer, "info": info},
                          allow_nan=False)
        if not isinstance(info, dict) or json.loads(text)["info"] != info:
            raise TypeError("it would not come back as it is")
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"info cannot be saved ({error}), expected a dict of JSON values; convert numbers with "
                         f"float(...) or int(...), tuples to lists, keys to strings") from error
    return text


def write_arrays(path: FilePath, arrays: dict[str, Array], header: str) -> None:
    """Write {name: array} and the header's text, with a checksum of both, to a safetensors file, aside and then renamed."""
    from nnscratch.tensor_files import save as to_bytes
    arrays = {name: np.asarray(to_cpu(array), order="C") for name, array in arrays.items()}
    replace_file(path, to_bytes(arrays, metadata={"nnscratch": header[:-1] + CHECKSUM + f"{checksum(arrays, header)}}}"}))


def checksum(arrays: dict[str, np.ndarray], header: str) -> int:
    """CRC-32 of names, dtypes, shapes and bytes of all arrays, and of the header's text."""
    total = crc32(header.encode())
    for name, array in sorted(arrays.items()):
        total = crc32(np.ascontiguousarray(array).data, crc32(f"{name} {array.dtype} {array.shape}".encode(), total))
    return total


def read_arrays(path: FilePath) -> Saved:
    """Read the arrays and the header of a file written by `save`, without a model.

    Parameters
    ----------
    path : str or path
        The .safetensors file.

    Returns
    -------
    arrays : dict of str to numpy.ndarray
        The arrays, under their names in the file.
    header : dict
        "nnscratch" (the version), "kind", "optimizer" (name of its class, or None) and "info".

    Raises
    ------
    InputError
        The file is missing, truncated or foreign.
    """
    arrays, words = read_safetensors(path)
    signed = re.fullmatch(rf"(.*){CHECKSUM}(\d+)}}", words, re.DOTALL)
    words = signed[1] + "}" if signed else words
    try:
        header = json.loads(words)
        check(header, HEADER, path)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path} is a safetensors file, but nnscratch did not write it; expected one saved by "
                         f"nnscratch.checkpoint.save") from error
    if not (int(signed[2]) == checksum(arrays, words) if signed else header["nnscratch"].startswith("0.1")):  # 0.1 wrote none
        raise InputError(f"{path} is damaged: its checksum is not that of its content; use another copy")
    return arrays, header


def read_safetensors(path: FilePath) -> tuple[dict[str, np.ndarray], str]:
    """The arrays of any safetensors file, and the text of its entry "nnscratch"; empty without one."""
    from nnscratch.tensor_files import SafetensorError, safe_open
    open_regular_file(path, "a .safetensors file").close()  # it exists, and is no pipe
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, (file.metadata() or {}).get("nnscratch", "")
    except OSError as error:
        raise InputError(f"cannot read {path} ({reason(error)}); give the path of a .safetensors file") from error
    except (SafetensorError, AttributeError, ValueError, TypeError, KeyError, OverflowError) as error:
        # AttributeError and KeyError: 4-bit and 8-bit floats, which NumPy does not have
        raise InputError(f"{path} is not a whole safetensors file of NumPy's numbers ({reason(error)}); it may be truncated, "
                         f"or of another format: use another copy") from error
