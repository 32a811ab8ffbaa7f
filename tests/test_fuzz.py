"""Hostile files: a part of what `python -m tests.fuzz --count 1000` tries."""
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="measures a forked process as Linux does")]


def fuzz(*words):
    """Run the generator; returns (exit code, what it said)."""
    ended = subprocess.run([sys.executable, "-m", "tests.fuzz", *words], cwd=ROOT, capture_output=True, text=True, timeout=600)
    return ended.returncode, ended.stdout + ended.stderr


def test_no_file_of_the_sample_is_bad():
    """40 files over all readers: an image, or one sentence; nothing executed, nothing written beside the output."""
    code, said = fuzz("--seed", "0", "--count", "40", "--quick")
    assert code == 0, said
