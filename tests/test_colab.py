"""The course on Colab: its versions of the packages, no repository; the first cell installs nnscratch, the others run.

It asks a package index, so it runs only where NNSCRATCH_COLAB is set:  NNSCRATCH_COLAB=1 pytest -n 0 tests/test_colab.py
"""
import os
import subprocess
import sys
from datetime import datetime

import pytest

pytest.importorskip("nbclient", reason="notebooks need nbclient, nbformat and ipykernel: pip install -e '.[test]'")
pytest.importorskip("ipykernel", reason="notebooks need nbclient, nbformat and ipykernel: pip install -e '.[test]'")

import nbformat
from test_notebooks import all_shown, code_cells, shown, steady

from notebooks.source import FOLDER, stored

# What Colab had at the end of 2025. NumPy, Pillow and safetensors are older than what pip installs today; ipywidgets is of the
# version before the present one, and stays.
COLAB = ["numpy==2.0.2", "pillow==11.3.0", "matplotlib==3.10.0", "safetensors==0.7.0", "tqdm==4.67.1", "ipykernel==6.17.1",
         "ipywidgets==7.7.1", "nbclient==0.10.2", "nbformat==5.10.4"]
WIDGET = "application/vnd.jupyter.widget-view+json"
SLIDERS = {"01_neuron": 2, "09_cnn": 0, "14_gan": 2}

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("colab"), pytest.mark.skipif(
    not os.environ.get("NNSCRATCH_COLAB"), reason="NNSCRATCH_COLAB is not set: this test installs packages from an index")]


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    """(a function that runs a command of the environment, a folder elsewhere with notebooks); nnscratch is not installed."""
    folder = tmp_path_factory.mktemp("colab")
    pip = [sys.executable, "-m", "pip"]
    subprocess.run([*pip, "wheel", "-q", "--no-deps", "-w", folder / "wheels", FOLDER.parent], check=True)
    subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
    programs, content = folder / "env" / ("Scripts" if os.name == "nt" else "bin"), folder / "content"
    subprocess.run([programs / "python", "-m", "pip", "install", "-q", *COLAB], check=True)
    content.mkdir()
    own = {"HOME": str(folder), "USERPROFILE": str(folder), "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
           "NNSCRATCH_OWN": str(folder / "own"), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder / "wheels")}
    rest = {name: text for name, text in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV", "NNSCRATCH_STATIC")}

    def run(program, *arguments):
        done = subprocess.run([programs / program, *arguments], cwd=content, env=rest | own, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout
    return run, content


def executed(colab, stem):
    """A notebook after all its cells ran in the folder elsewhere."""
    run, content = colab
    path = content / f"{stem}.ipynb"
    path.write_bytes((FOLDER / path.name).read_bytes())
    run("jupyter-execute", "--inplace", "--timeout=600", path.name)
    return nbformat.read(path, 4)


def seconds(cell):
    """How long a cell ran."""
    begin, end = (datetime.fromisoformat(cell.metadata.execution[f"iopub.{name}"])
                  for name in ("execute_input", "status.idle"))
    return (end - begin).total_seconds()


def test_the_first_cell_installs_nnscratch_once(colab):
    """From what it names, here a folder of wheels in place of an index; the second time it is silent and quick."""
    run, content = colab
    assert "not found" in run("python", "-c", "import importlib.util as u; print(u.find_spec('nnscratch') or 'not found')")
    setup = nbformat.read(FOLDER / "01_neuron.ipynb", 4).cells[0]
    path = content / "setup.ipynb"
    for installed in (True, False):
        nbformat.write(nbformat.v4.new_notebook(cells=[setup]), path)
        run("jupyter-execute", "--inplace", path.name)
        cell = nbformat.read(path, 4).cells[0]
        assert bool(cell.outputs) == installed and (installed or seconds(cell) < 0.5), cell
    where = run("python", "-c", "import nnscratch; print(nnscratch.__file__)")
    assert str(content.parent / "env") in where
    versions = run("python", "-m", "pip", "freeze").splitlines()
    assert set(COLAB) <= set(versions), "the first cell has changed what Colab has"


@pytest.mark.parametrize("stem", SLIDERS)
def test_a_notebook_runs(colab, stem):
    """Every cell; what is printed is what is stored, with NumPy's older version, too; sliders are there."""
    notebook = executed(colab, stem)
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert sum(WIDGET in output.get("data", {}) for output in outputs) == SLIDERS[stem]
    for cell in code_cells(notebook):
        cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
    notebook.cells = notebook.cells[1:]
    kept = stored(stem)
    differences = [(a.source, shown(a), shown(b)) for a, b in zip(steady(notebook), steady(kept)) if shown(a) != shown(b)]
    assert not differences and len(all_shown(notebook)) == len(all_shown(kept))
