"""Interruptions: a part of what `python -m tests.interruptions` does."""
import subprocess
import sys
from pathlib import Path

import pytest

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
