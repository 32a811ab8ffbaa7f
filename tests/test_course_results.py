"""How notebooks show stored results, and a GPU if there is one: the stand-in here, or a real GPU."""
import json

import numpy as np
import pytest

from nnscratch import backend
from nnscratch.bench import cases, layers
from nnscratch.course import results

TINY = [cases.conv("here", "a small layer", 2, 6, 2, 3, 3)]
LIMITS = {"NumPy": {"gflops": 50.0, "gb_per_s": 10.0}, "CuPy": {"gflops": 5000.0, "gb_per_s": 1000.0}}


def test_results_are_found_or_not(tmp_path):
    """A file that exists, one that does not, and which of them come from a GPU."""
    assert {"idea", "gain"} <= set(results.stored_result("ladder")["rows"][0])
    assert results.stored_result("nothing") is None and results.stored_result("ladder", tmp_path) is None
    (tmp_path / "h100").mkdir()
    for name, held in {"cpu": {"machine": {}, "layers": [1]}, "h100/bench": {"machine": {"gpu": {}}, "layers": [1]},
                       "h100/kernels": {"machine": {"gpu": {}}, "rows": [1]}}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(held))
    assert results.gpu_results(tmp_path) == {"h100/bench": {"machine": {"gpu": {}}, "layers": [1]}}


@pytest.fixture
def last_cell(monkeypatch):
    """A function that runs notebook 18's cell on GPUs, with the given stored results and GPU."""
    pytest.importorskip("nbformat", reason="notebooks need nbformat: pip install -e '.[test]'")
    from notebooks import source
    notebook = source.read(source.SOURCES / "18_gpu.py")
    text, = (cell.source for cell in notebook.cells if cell.cell_type == "code" and "gpu_status" in cell.source)

    def run(kept, status):
        monkeypatch.setattr(results, "gpu_results", lambda: kept)
        monkeypatch.setattr(backend, "gpu_status", lambda: status)
        exec(text, {"np": np, "results": results, "layers": layers, "chosen": TINY, "cpu": LIMITS["NumPy"],
                    "ceilings": lambda xp, quick: LIMITS["CuPy"]})
    return run


def test_missing_results_are_reported(last_cell, capsys):
    last_cell({}, (None, "CuPy is not installed", "pip install it"))
    assert capsys.readouterr().out == (
        "No results of a GPU are kept: bash benchmarks/gpu_run.sh FOLDER makes them, on one.\n"
        "No GPU computes here: CuPy is not installed.\nTo get one: pip install it\n")


@pytest.mark.slow
def test_a_gpu_is_shown(last_cell, cp, capsys):
    """Stored rows under the name of their GPU, and live rows of the same layer; both forward and backward, none failed."""
    rows = list(layers.run({"NumPy": np, "CuPy": cp}, (), True, TINY))
    report = {"machine": {"gpu": {"name": "one of old"}, "ceilings": LIMITS}, "layers": json.loads(json.dumps(rows))}
    last_cell({"h100/bench": report}, (cp, "a product and a kernel ran", ""))
    kept, here = capsys.readouterr().out.split("here and now\n")
    assert kept.startswith("measured: h100/bench on one of old\n") and "No GPU" not in kept + here
    for part in (kept, here):
        assert [line.split()[3] for line in part.splitlines() if line.startswith("a small layer")] == ["forward", "backward"]
        assert part.count("%") == 4 and "not timed" not in part
