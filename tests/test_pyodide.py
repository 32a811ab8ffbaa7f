"""Every notebook runs to its end in a browser's Python, within two minutes; it prints what it prints elsewhere."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("nbformat", reason="the notebooks are read with nbformat: pip install -e '.[test]'")

from notebooks.source import FOLDER, solutions, solve, stored

FILES = os.environ.get("NNSCRATCH_PYODIDE")  # a folder as for `python -m notebooks.lite --offline`
SECONDS = 120
SHORTER = {"06", "14", "15"}  # with fewer training steps there, so that they print other numbers
NODE = shutil.which("node")

NEEDS = "NNSCRATCH_PYODIDE names no folder with Pyodide and wheels (see notebooks.lite.build), or node is missing"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not (FILES and NODE), reason=NEEDS)]


def run(notebook):
    """The results of the code cells."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    done = subprocess.run([NODE, Path(__file__).with_name("pyodide_run.mjs"), FILES, FOLDER.parent], input=json.dumps(cells),
                          capture_output=True, text=True, timeout=10 * SECONDS)
    assert not done.returncode, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout")


def without_notes(text):
    """Without the lines that say that the library's function stands in: a figure is drawn later there than in Jupyter."""
    return re.sub(r"^.*: the library's stands in; .*\n", "", text, flags=re.M).strip()


@pytest.mark.parametrize("stem", sorted(path.stem for path in FOLDER.glob("[0-9][0-9]_*.ipynb")))
def test_a_notebook_in_pyodide(stem):
    """With the exercises as they are given. The number of seconds is that of an idle machine."""
    notebook = stored(stem)
    results = run(notebook)
    seconds = sum(one["seconds"] for one in results)
    print(f"{stem}: {seconds:.0f} s")
    assert not [one["error"] for one in results if one["error"]]
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, one in zip(cells, results, strict=True):
        if "varies" not in cell.metadata.get("tags", []) and stem[:2] not in SHORTER:
            assert without_notes(one["printed"]) == without_notes(printed(cell))
    assert seconds < SECONDS


@pytest.mark.parametrize("stem", ["01_neuron", "07_convolution"])
def test_a_solved_notebook_in_pyodide(stem):
    """Every check says so."""
    notebook = solve(stored(stem), solutions(stem))
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in cells:
        if cell.source.startswith("checks."):
            cell.source = f"print({cell.source})"
    results = run(notebook)
    assert not [one["error"] for one in results if one["error"]]
    said = [one["printed"].splitlines()[-1].split("; ")[0] for cell, one in zip(cells, results)
            if cell.source.startswith("print(checks.")]  # behind it: that the function is kept
    assert sorted(said) == sorted(f"{name}: right" for name in solutions(stem))
