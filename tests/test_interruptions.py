"""Interruptions: a part of what `python -m tests.interruptions` does."""
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from nnscratch.data.animation import encode_gif
from nnscratch.data.images import encode
from tests.interruptions.told import told_missing, without

ROOT = Path(__file__).parent.parent
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="signals a forked process as on Linux")]


def interrupt(*words):
    """Run the instrument; returns (exit code, what it said)."""
    ended = subprocess.run([sys.executable, "-m", "tests.interruptions", *words], cwd=ROOT, capture_output=True, text=True,
                           timeout=900)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize(("part", "only", "count"), [
    ("signals", "style", 3), ("signals", "generator", 1), ("faults", "style", 1), ("faults", "fast folder", 1),
    ("faults", "generate", 1), ("surroundings", "generator", 1)])
def test_a_command_survives(part, only, count):
    """Afterwards every file is whole, one sentence was said, and going on ends with the bits of an uninterrupted run."""
    code, said = interrupt("--part", part, "--only", only, "--count", str(count))
    assert code == 0, said


def test_only_what_was_told_may_be_missing(tmp_path):
    """One frame, and the film without it; what was not told, or in a run that failed, is expected to be there."""
    frames = [Image.fromarray(np.full((8, 8, 3), 80 * k, np.uint8)) for k in range(3)]
    names = [f"g/samples/step-{k:06}.png" for k in range(3)]
    whole = {name: encode(frame, name) for name, frame in zip(names, frames)} | {"g/film.gif": encode_gif(frames)}
    said = f"cannot write {tmp_path}/{names[1]} (Too many open files), expected a writable folder; the training goes on"
    missing = told_missing(SimpleNamespace(log=said, code=0), tmp_path)
    assert missing == names[1]
    assert told_missing(SimpleNamespace(log="", code=0), tmp_path) is None
    assert told_missing(SimpleNamespace(log=said, code=2), tmp_path) is None
    assert without(whole, {}, None, tmp_path / "scratch") == whole
    left = {name: data for name, data in whole.items() if name != missing} | {"g/film.gif": encode_gif(frames[::2])}
    assert without(whole, left, missing, tmp_path / "scratch") == left
    assert without(whole, left, "g/samples/.nnscratch.json", tmp_path / "scratch") == left
    fewer = {name: data for name, data in left.items() if name != names[2]}
    assert without(whole, fewer, "g/samples/.nnscratch.json", tmp_path / "scratch") == left
