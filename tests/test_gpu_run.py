"""benchmarks/gpu_run.sh without a GPU and without Python: that its parts fit into its time, and that none stops the others."""
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
    """A program that says what it was given, and ends as the cases of a shell tell it."""
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
    """Even if every part takes all it may: up to the last that measures one, which is the layers' share of the roofline."""
    names, total = [name for name, _ in PARTS], int(re.search(r"^TOTAL=(\d+)", SCRIPT.read_text(), re.MULTILINE)[1])
    needed = PARTS[:names.index("layers") + 1]
    assert {"gradients", "gan", "style", "kernels", "layers"} <= {name for name, _ in needed}
    assert sum(int(limit) for _, limit in needed) <= total < 9 * 60


@TOOLS
def test_a_part_that_fails_stops_no_other(tmp_path):
    """With a program in Python's place that fails for the GAN, is missing something for the style, and else does well. Tests of
    which none passed have shown nothing. Each part has a line and a log, and the whole fails."""
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
def test_time_runs_out(tmp_path):
    """At 510 of 530 seconds a part has 20, or fewer, of the 40 that it may have else, and who takes longer fails; at 528
    nothing begins any more, which is a failure, too. (bash counts on from the SECONDS it is given.)"""
    python = in_pythons_place(tmp_path, '*"part gradients"*) exit 124;;')  # as `timeout` does
    assert run(tmp_path / "out", PYTHON=python, SECONDS="510").returncode == 1
    gradients, = (line for line in summary(tmp_path) if line.startswith("gradients"))
    assert 5 <= int(re.search(r"NOT DONE in (\d+) s ", gradients)[1]) <= 20
    assert run(tmp_path / "out", PYTHON=python, SECONDS="528").returncode == 1
    assert summary(tmp_path)[:-1] == [f"{name:12} LEFT OUT: no time left" for name, _ in PARTS]


@TOOLS
def test_what_is_missing_is_said(tmp_path):
    """No folder, and no Python: one sentence each, before anything is run."""
    found = run()
    assert found.returncode == 2 and "expected one, the folder for the results" in found.stderr and not found.stdout
    found = run(tmp_path, PYTHON=str(tmp_path / "nowhere"))
    assert found.returncode == 1 and "nowhere, so nothing can be run" in found.stderr
