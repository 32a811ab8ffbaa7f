"""Save and load networks: safetensors for the arrays, a JSON header for the rest. No pickle: a file cannot run anything.

    save("model.safetensors", model, optimizer, {"step": 1200})
    info = load("model.safetensors", model, optimizer)

A file is written aside and then renamed, so a kill at any moment leaves either the old file or the new one. Loading
checks everything first and changes nothing if anything is wrong.
"""
import json

import numpy as np

from nnscratch import __version__
from nnscratch.backend import array_module, move, to_cpu
from nnscratch.errors import InputError
from nnscratch.files import replace_file


def save(path, model, optimizer=None, info=None):
    """Write a model's parameters and buffers, an optimizer's state, and a dict of JSON values.

    Raises InputError when the file cannot be written; an older file of that name is then still there, whole.
    """
    arrays = {f"params/{name}": array for name, array in model.params.items()}
    arrays |= {f"buffers/{name}": array for name, array in model.buffers.items()}
    if optimizer is not None:
        arrays |= {f"optimizer/{name}": array for name, array in optimizer.save_state().items()}
    write_arrays(path, arrays, {"kind": "checkpoint", **(info or {})})


def load(path, model, optimizer=None):
    """Read a file written by `save` into a model (and an optimizer); returns the dict of JSON values.

    Raises InputError, with nothing changed, for a file that is missing, truncated, foreign, of another network, or that
    holds NaN.
    """
    arrays, info = read_arrays(path)
    found = {name: array for name, array in arrays.items() if not name.startswith("optimizer/")}
    expected = {f"params/{name}": array for name, array in model.params.items()}
    expected |= {f"buffers/{name}": array for name, array in model.buffers.items()}
    check_fit(path, found, expected)
    if optimizer is not None:
        state = {name.removeprefix("optimizer/"): a for name, a in arrays.items() if name.startswith("optimizer/")}
        optimizer.load_state(state, model.params)
    for name, array in model.params.items():
        array[...] = move(arrays[f"params/{name}"].astype(array.dtype), array_module(array))
    for name, array in model.buffers.items():
        model.set_buffer(name, move(arrays[f"buffers/{name}"].astype(array.dtype), array_module(array)))
    return info


def check_fit(path, found, expected):
    """One sentence about the first array that is missing, too many, of another shape, or not finite."""
    for name in [*expected, *found]:
        if name not in found:
            raise InputError(f"{path} has no array {name!r}, which this network needs; build the network it was saved from")
        if name not in expected:
            raise InputError(f"{path} has an array {name!r} that this network lacks; build the network it was saved from")
        if found[name].shape != expected[name].shape:
            raise InputError(f"{path}: {name} has shape {found[name].shape}, expected {expected[name].shape}; build the "
                             f"network it was saved from")
        if not np.isfinite(found[name]).all():
            raise InputError(f"{path}: {name} holds NaN or infinity, so training had failed when it was saved; use an "
                             f"earlier checkpoint")


def write_arrays(path, arrays, info):
    """Write {name: array} and a dict of JSON values to a safetensors file, aside and then renamed."""
    from safetensors.numpy import save as to_bytes
    arrays = {name: np.asarray(to_cpu(array), order="C") for name, array in arrays.items()}
    header = json.dumps({"version": __version__, **info})
    replace_file(path, to_bytes(arrays, metadata={"nnscratch": header}))


def read_arrays(path):
    """({name: NumPy array}, dict of JSON values) from a file written by `write_arrays`."""
    from safetensors import SafetensorError, safe_open
    try:
        with safe_open(path, framework="numpy") as file:
            header = (file.metadata() or {}).get("nnscratch")
            arrays = {name: file.get_tensor(name) for name in file.keys()}
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}; give the path of a .safetensors file") from error
    except (SafetensorError, ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{path} is not a whole safetensors file ({error}); it may be truncated, or of another "
                         f"format") from error
    try:
        info = json.loads(header)
        if not isinstance(info, dict):
            raise TypeError
    except (TypeError, ValueError) as error:
        raise InputError(f"{path} is a safetensors file, but nnscratch did not write it; expected one saved by "
                         f"nnscratch.checkpoint.save") from error
    return arrays, info
