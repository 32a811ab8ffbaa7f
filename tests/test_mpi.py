"""`mpiexec -n N nnscratch train ...`: real processes, as users start them. What they compute is proven in test_parallel.py."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_training import data

from nnscratch.checkpoint import read_arrays

MPIEXEC = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mpi"),  # one after the other: each uses both cores
              pytest.mark.skipif(MPIEXEC is None, reason='no mpiexec: pip install "nnscratch[mpi]" brings one')]

ENVIRONMENT = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OPENBLAS_NUM_THREADS": "1",
                            "PYTHONPATH": str(Path(__file__).parent.parent)}
TINY = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import tiny; tiny.make_tiny(); " \
       "from nnscratch import mpi_command, cli; sys.exit(mpi_command.run_as_one(cli.main))"
GENERATOR = ["train", "generator", "--data", "discs.npz", "--preset", "nano", "--batch-size", "7", "--seed", "3"]


def start(ranks, *words, rare_checkpoints=False):
    """The running `mpiexec -n ranks nnscratch words`, with trainings of few steps; ranks 0: without mpiexec."""
    rare = 'from nnscratch.generate import train_loop; train_loop.train.__wrapped__.__kwdefaults__["save_every"] = 10**6;'
    command = [sys.executable, "-c", TINY.replace("make_tiny();", f"make_tiny(); {rare}") if rare_checkpoints else TINY, *words]
    if ranks:
        command = [str(MPIEXEC), "--oversubscribe", "-n", str(ranks), *command]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(ranks, *words):
    """(exit code, output, errors)."""
    process = start(ranks, *words)
    output, errors = process.communicate(timeout=120)
    return process.returncode, output, errors


def sentences(errors):
    """The lines that nnscratch wrote, and not mpiexec."""
    return [line for line in errors.splitlines() if line.startswith("nnscratch:") or "Traceback" in line]


def visible(folder):
    return {path.name for path in Path(folder).iterdir()}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to work in, with a data set."""
    monkeypatch.chdir(tmp_path)
    images = data()
    np.savez("discs.npz", images=images.images, labels=images.labels)
    return tmp_path


@pytest.mark.parametrize("ranks", [2, 4])
def test_a_training_is_the_same(folder, ranks):
    """The same files, nothing beside them, one progress bar, and, after few steps, the same numbers up to rounding."""
    assert run(0, *GENERATOR, "--steps", "4", "-o", "alone")[0] == 0
    code, output, errors = run(ranks, *GENERATOR, "--steps", "4", "-o", "together")
    assert code == 0, errors
    assert output.count("done: sample with") == 1 and errors.count("| step 0,") == 1 and "| step 4," in errors
    assert visible("alone") == visible("together") and visible(folder) == {"discs.npz", "alone", "together"}
    (alone, header), (together, other) = (read_arrays(f"{name}/state.safetensors") for name in ("alone", "together"))
    assert header["info"]["options"] == other["info"]["options"] and list(alone) == list(together)
    for name, array in alone.items():
        if name.endswith("kernel") and not name.startswith("optimizer"):
            assert np.linalg.norm(together[name] - array) < 1e-4 * np.linalg.norm(array), name
    for ours, theirs in zip(header["info"]["history"], other["info"]["history"]):
        assert ours == pytest.approx(theirs, rel=1e-3)


def test_another_number_of_ranks_goes_on(folder):
    """Three steps alone and three by two processes are six steps by three."""
    assert run(0, *GENERATOR, "--steps", "3", "-o", "first")[0] == 0
    code, _, errors = run(2, "train", "generator", "--resume", "--steps", "6", "-o", "first")
    assert code == 0, errors
    assert run(3, *GENERATOR, "--steps", "6", "-o", "second")[0] == 0
    (ours, header), (theirs, _) = (read_arrays(f"{name}/best.safetensors") for name in ("first", "second"))
    assert header["info"]["steps"] == 6
    for name, array in theirs.items():
        assert np.linalg.norm(ours[name] - array) <= 1e-2 * np.linalg.norm(array), name


def test_minutes(folder):
    """The ranks agree on the number of steps that fit."""
    code, output, errors = run(2, *GENERATOR, "--minutes", "0.01", "-o", "out")
    assert code == 0 and output.count("done: sample with") == 1, errors


def test_a_classifier(folder):
    """The classifier's training, with its evaluation, is shared as well."""
    code, output, errors = run(2, "train", "classifier", "--data", "discs.npz", "--steps", "4", "-o", "together")
    assert code == 0, errors
    assert output.count("done: classify with") == 1
    assert {"best.safetensors", "results.json", "confusion.png"} <= visible("together")


@pytest.mark.parametrize("network, result", [("texture", "features.safetensors"), ("stylizer", "stylizer.safetensors")])
def test_networks_for_style(folder, network, result):
    """Both trainings are shared, resumed by another number of ranks, and give nearly the same weights as one process: Adam's
    first steps have full length, also for a gradient near 0 whose sign is rounding."""
    def agree():
        (ours, _), (theirs, _) = (read_arrays(f"{name}/{result}") for name in ("together", "alone"))
        for name, array in theirs.items():
            if name.endswith("kernel"):
                assert np.linalg.norm(ours[name] - array) <= 2e-2 * np.linalg.norm(array), name
    assert run(0, "train", network, "--steps", "4", "-o", "alone")[0] == 0
    code, output, errors = run(2, "train", network, "--steps", "4", "-o", "together")
    assert code == 0 and output.count("is together") == 1 and visible("together") == visible("alone"), errors
    agree()
    for ranks, name in ((0, "alone"), (4, "together")):
        code, _, errors = run(ranks, "train", network, "--resume", "--steps", "5", "-o", name)
        assert code == 0, errors
    agree()


@pytest.mark.parametrize("words, sentence", [
    ([*GENERATOR[:3], "missing.npz", "-o", "out"], "missing.npz"),
    ([*GENERATOR, "--batch-size", "2", "-o", "out"], "3 processes were started for a batch of 2 images"),
    (["train", "stylizer", "-o", "out", "--steps", "0"], "steps is 0"),
    (["generate", "-o", "out.png"], "mpiexec started 3 processes, but only trainings, and `info`"),
    ([*GENERATOR, "--preset", "huge", "-o", "out"], "huge")])
def test_mistakes_are_one_sentence(folder, words, sentence):
    """All processes find the mistake, one says it; exit code 2, and nothing is left behind."""
    code, _, errors = run(3, *words)
    assert code == 2 and len(sentences(errors)) == 1 and sentence in sentences(errors)[0], errors
    assert visible(folder) == {"discs.npz"}


def test_other_data_in_one_process(folder):
    """Where the data of the processes differ, one sentence says so, and no state is left."""
    images = data(seed=1)
    np.savez("other.npz", images=images.images, labels=images.labels)
    one = ["-n", "1", sys.executable, "-c", TINY, *GENERATOR, "--steps", "4", "-o", "out"]
    other = ["other.npz" if word == "discs.npz" else word for word in one]
    command = [str(MPIEXEC), "--oversubscribe", *one, ":", *other]
    result = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 2 and len(sentences(result.stderr)) == 1, result.stderr
    assert "have different data, expected" in result.stderr and not (folder / "out" / "state.safetensors").exists()


@pytest.mark.parametrize("network", ["texture", "stylizer"])
def test_other_steps_in_one_process(folder, network):
    """One sentence, too, where a network for style transfer is to be trained for different numbers of steps."""
    one = ["-n", "1", sys.executable, "-c", TINY, "train", network, "-o", "out", "--steps"]
    command = [str(MPIEXEC), "--oversubscribe", *one, "3", ":", *one, "4"]
    result = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 2 and len(sentences(result.stderr)) == 1, result.stderr
    assert "have different options, expected" in result.stderr and not (folder / "out" / "state.safetensors").exists()


def test_info(folder):
    """`nnscratch info` says how many processes talk to each other, once."""
    code, output, errors = run(2, "info")
    assert code == 0 and output.count("2, by mpi4py") == 1, errors


def wait_for(path):
    """Wait until a file exists."""
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.1)
    raise AssertionError(f"no {path} after a minute")


def first_state(folder):
    """Wait until the training's state was written twice: steps have been made."""
    state, seen = folder / "out" / "state.safetensors", set[int]()
    for _ in range(600):
        time.sleep(0.1)
        if state.exists():
            seen.add(state.stat().st_mtime_ns)
        if len(seen) > 2:
            return
    raise AssertionError("no step was made in a minute")


def ranks_of(process):
    """The process numbers of the ranks."""
    found = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


def resume(ranks):
    """Two more steps of a training that was stopped."""
    step = read_arrays("out/state.safetensors")[1]["info"]["step"]
    code, _, errors = run(ranks, "train", "generator", "--resume", "--steps", str(step + 2), "-o", "out")
    assert code == 0, errors
    assert json.loads(Path("out/history.json").read_text())[-1]["step"] == step + 2


@pytest.mark.parametrize("rank", [0, 1])
def test_stopped(folder, rank):
    """A signal to one process ends all of them after the same step, which is saved without a checkpoint; rank 0 says so."""
    process = start(2, *GENERATOR, "--steps", "100000", "-o", "out", rare_checkpoints=True)
    wait_for(folder / "out" / "samples" / "step-000003.png")
    os.kill(ranks_of(process)[rank], signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode != 0 and output.count("stopped; go on with") == 1 and not sentences(errors), errors
    assert read_arrays("out/state.safetensors")[1]["info"]["step"] >= 3
    resume(2)


def test_interrupted(folder):
    """Ctrl-C reaches mpiexec, which kills the processes after half a second, as was said: the last checkpoint is whole."""
    process = start(2, *GENERATOR, "--steps", "100000", "-o", "out")
    first_state(folder)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode != 0 and not sentences(errors), errors
    assert output.count("goes on from the last checkpoint, at most 2 steps back") == 1
    resume(2)


def test_killed(folder):
    """Where a process is killed, the others end, and the last checkpoint is whole."""
    process = start(2, *GENERATOR, "--steps", "100000", "-o", "out")
    first_state(folder)
    os.kill(ranks_of(process)[-1], signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode != 0
    resume(0)


def test_a_failure_of_one_process(folder):
    """Where one process alone fails, it says why, and all end."""
    broken = TINY.replace("make_tiny();", "make_tiny(); from nnscratch.processes import launched; "
                          "from nnscratch.generate.trainer import Trainer as T; T.step = None if launched()[0] else T.step;")
    command = [str(MPIEXEC), "--oversubscribe", "-n", "3", sys.executable, "-c", broken, *GENERATOR, "-o", "out"]
    result = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 1 and "TypeError: 'NoneType' object is not callable" in result.stderr


@pytest.mark.parametrize("module, words", [
    ("raise ImportError('No module named mpi4py')", "No module named mpi4py"),
    ("raise RuntimeError('cannot load MPI library')", "cannot load MPI library"),
    ("class MPI:\n  class COMM_WORLD: size = 1\n  Get_library_version = staticmethod(lambda: 'MPICH 4.2, of 2024')",
     "mpi4py sees 1: it uses MPICH 4.2")])
def test_a_wrong_mpi(folder, module, words):
    """No mpi4py, no MPI library, or that of another MPI than mpiexec: one sentence with the way out."""
    (folder / "wrong" / "mpi4py").mkdir(parents=True)
    (folder / "wrong" / "mpi4py" / "__init__.py").write_text(module)
    path = f"{folder / 'wrong'}{os.pathsep}{ENVIRONMENT['PYTHONPATH']}"
    result = subprocess.run([sys.executable, "-m", "nnscratch", *GENERATOR], capture_output=True, text=True, timeout=60,
                            env=ENVIRONMENT | {"PYTHONPATH": path, "PMI_RANK": "0", "PMI_SIZE": "2"})
    [sentence] = sentences(result.stderr)
    assert result.returncode == 2 and words in sentence and 'pip install "nnscratch[mpi]"' in sentence
