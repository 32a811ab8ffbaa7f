"""benchmarks/gpu_run.sh without a GPU and without Python: its parts fit into its time, and a failure stops no other part."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "gpu_run.sh"
if not SCRIPT.exists():
    pytest.skip("run from the project's root, where benchmarks/ is", allow_module_level=True)
PARTS = re.findall(r"^part (\w+) (\d+) ", SCRIPT.read_text(), re.MULTILINE)
TOOLS = pytest.mark.skipif(None in map(shutil.which, ("bash", "timeout")), reason="bash or timeout is not there")


def in_pythons_place(folder, cases):
    """A program that prints its arguments, and exits as the given cases of a shell `case` say."""
    program = folder / "python"
    program.write_text(f'#!/bin/sh\necho "given: $*"\ncase "$*" in {cases} esac\n')
    program.chmod(0o755)
    return str(program)


def summary(folder):
    return (folder / "out" / "summary.txt").read_text().splitlines()


def run(*arguments, **environment):
    return subprocess.run(["bash", SCRIPT, *arguments], env=os.environ | environment, capture_output=True, text=True,
                          timeout=60)


def test_all_bars_can_be_measured_in_time():
    """Even if every part takes its maximum: up to the last one that measures a bar, the layers' fraction of the roofline."""
    names, total = [name for name, _ in PARTS], int(re.search(r"^TOTAL=(\d+)", SCRIPT.read_text(), re.MULTILINE)[1])
    needed = PARTS[:names.index("layers") + 1]
    assert {"gradients", "gan", "style", "kernels", "layers"} <= {name for name, _ in needed}
    assert sum(int(limit) for _, limit in needed) <= total < 9 * 60


@TOOLS
def test_a_part_that_fails_stops_no_other(tmp_path):
    """A program replaces Python; it fails for the GAN, reports a missing module for the style, and succeeds otherwise. A test
    run in which no test passed proves nothing. Each part has a line and a log, and the script fails."""
    python = in_pythons_place(tmp_path, '*"part gan"*) exit 3;; *"part style"*) exit 77;;')
    found, lines = run(tmp_path / "out", PYTHON=python), summary(tmp_path)
    verdicts = {line.split()[0]: line[13:37].strip() for line in lines if ".log" in line}
    assert found.returncode == 1 and list(verdicts) == [name for name, _ in PARTS], found.stdout
    assert verdicts.pop("gan") == "FAILED with code 3" and verdicts.pop("style") == "nothing ran: see its log"
    assert verdicts.pop("graph") == verdicts.pop("tests") == "nothing ran: see its log"
    assert set(verdicts.values()) <= {"passed", "nothing ran: see its log"} and verdicts["kernels"] == "passed"
    assert all((tmp_path / "out" / f"{name}.log").exists() for name in verdicts)
    assert lines[-1] == f"given: -m benchmarks bars --part summary -o {tmp_path / 'out'}"


@TOOLS
def test_out_of_time(tmp_path):
    """At 510 of 530 seconds a part gets the remaining 20 seconds or less instead of its 40, and fails if it takes longer; at
    528 no part starts, which is also a failure. (bash continues from the SECONDS it is given.)"""
    python = in_pythons_place(tmp_path, '*"part gradients"*) exit 124;;')  # the exit code of `timeout`
    assert run(tmp_path / "out", PYTHON=python, SECONDS="510").returncode == 1
    gradients, = (line for line in summary(tmp_path) if line.startswith("gradients"))
    assert 5 <= int(re.search(r"NOT DONE in (\d+) s ", gradients)[1]) <= 20
    assert run(tmp_path / "out", PYTHON=python, SECONDS="528").returncode == 1
    assert summary(tmp_path)[:-1] == [f"{name:12} LEFT OUT: no time left" for name, _ in PARTS]


@TOOLS
def test_missing_arguments_are_reported(tmp_path):
    """No folder, or no Python: one sentence each, before anything runs."""
    found = run()
    assert found.returncode == 2 and "expected one, the folder for the results" in found.stderr and not found.stdout
    found = run(tmp_path, PYTHON=str(tmp_path / "nowhere"))
    assert found.returncode == 1 and "nowhere, so nothing can be run" in found.stderr
