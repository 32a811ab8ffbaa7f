"""Helpers of many tests: random arrays on the device under test, comparison of results, a quick `nnscratch style`."""
import os
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
from PIL import Image

import nnscratch
from nnscratch.backend import move, to_cpu
from nnscratch.cli import main
from nnscratch.marks import users_entries
from nnscratch.ops import reference
from nnscratch.ops.conv import conv2d_window
from nnscratch.ops.conv_transpose import conv2d_transpose_window

NO_KERNELS = "g++ on Linux is not there, which compiles the CUDA kernels for the CPU: apt install g++"


def normal(*shape, seed=0):
    """Normally distributed float64 numbers; the same shape and seed give the same numbers."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def on(xp, *arrays):
    """Move the arrays to the device of `xp`; None stays None."""
    moved = [None if a is None else move(a, xp) for a in arrays]
    return moved[0] if len(moved) == 1 else moved


def same(actual, expected, tolerance=1e-12):
    """Assert equality up to rounding, for an array or a list of arrays; None equals only None."""
    if isinstance(expected, (list, tuple)):
        assert len(actual) == len(expected)
        for a, e in zip(actual, expected):
            same(a, e, tolerance)
    elif expected is None:
        assert actual is None
    else:
        actual, expected = to_cpu(actual), to_cpu(expected)
        assert actual.shape == expected.shape
        np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * max(1, np.abs(expected).max(initial=0)))


def without_waiting(xp):
    """A context that forbids synchronization, where the device supports that."""
    return xp.forbid_sync() if hasattr(xp, "forbid_sync") else nullcontext()


def slopes(params, loss, step, seed=0):
    """For each parameter array: its name, a random direction, and the slope of loss() along it, by central differences."""
    for k, (name, array) in enumerate(params.items()):
        direction = normal(*array.shape, seed=seed + k)
        array += step * direction
        above = loss()
        array -= 2 * step * direction
        below = loss()
        array += step * direction
        yield name, direction, (above - below) / (2 * step)


def run_style(folder, *changes, content="content.jpg", style="style.png", output="out.png"):
    """Run a quick `nnscratch style` on the files of the fixture `images`."""
    length = [] if {"--steps", "--quick", "--minutes"} & {*changes} else ["--steps", "2"]
    return main(["style", str(folder / content), str(folder / style), "-o", str(folder / output), "--size", "48", *length,
                 *changes])


def save_images(folder):
    """Save a content and a style file for `run_style`; returns the folder."""
    rng = np.random.default_rng(0)
    for name, shape in (("content.jpg", (40, 50, 3)), ("style.png", (44, 36, 3))):
        Image.fromarray(rng.integers(0, 255, shape, dtype=np.uint8)).save(folder / name)
    return folder


def visible(folder):
    """The names in a folder, without hidden ones such as the list of what nnscratch wrote."""
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def own_names(folder):
    """The names of what nnscratch wrote to a folder of the user's, without hidden ones."""
    return visible(folder) - {path.name for path in users_entries(folder)}


def spoil_a_step(monkeypatch, trainer, params):
    """After 15 steps a dense layer's weights become NaN."""
    step = trainer.step

    def spoilt():
        if trainer.step_count == 15:
            params["dense_0/kernel"][...] = np.nan
        return step()
    monkeypatch.setattr(trainer, "step", spoilt)


# --- both convolutions by the nested loops of ops/reference, with the signatures of ops ----------------------------

def by_groups(product, a, b, window, groups):
    """Compute one of the three products separately for each group."""
    parts = zip(np.split(a, groups, -1), np.split(b, groups, -1))
    return np.concatenate([product(p, q, window) for p, q in parts], axis=-1)


def loops_conv2d(x, kernel, bias=None, *, strides=1, padding="valid", dilation=1, groups=1):
    window = conv2d_window(x, kernel, bias, strides, padding, dilation, groups)
    y = by_groups(reference.convolve, x, kernel, window, groups)
    return y if bias is None else y + bias, (x, kernel, bias is not None, window, groups)


def loops_conv2d_backward(dy, cache):
    x, kernel, has_bias, window, groups = cache
    dbias = sum(dy[n, h, w] for n, h, w in reference.ranges(*dy.shape[:3])) if has_bias else None
    return (by_groups(reference.convolve_dx, dy, kernel, window, groups),
            by_groups(reference.convolve_dkernel, x, dy, window, groups), dbias)


def loops_conv2d_transpose(x, kernel, bias=None, *, strides=1, padding="valid", output_padding=None, dilation=1, groups=1):
    window = conv2d_transpose_window(x, kernel, bias, strides, padding, output_padding, dilation, groups)
    y = by_groups(reference.convolve_dx, x, kernel, window, groups)
    return y if bias is None else y + bias, (x, kernel, bias is not None, window, groups)


def loops_conv2d_transpose_backward(dy, cache):
    x, kernel, has_bias, window, groups = cache
    dbias = sum(dy[n, h, w] for n, h, w in reference.ranges(*dy.shape[:3])) if has_bias else None
    return (by_groups(reference.convolve, dy, kernel, window, groups),
            by_groups(reference.convolve_dkernel, dy, x, window, groups), dbias)


def package_copy(folder):
    """A copy of the package in this folder, to be changed."""
    target = folder / "nnscratch"
    shutil.copytree(Path(nnscratch.__file__).parent, target, ignore=shutil.ignore_patterns("__pycache__", "course"))
    return target


def run_python(folder, *command):
    """Python run in this folder, with the package that is there."""
    return subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(folder)})
