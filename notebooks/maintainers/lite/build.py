"""Build the browser edition: the notebooks, nnscratch's wheel and JupyterLite, whose kernel is Pyodide, a Python for browsers.

    offline/pyodide/    Pyodide's files: its own, and the packages numpy, pillow, matplotlib, ipython and micropip
    offline/*.whl       what Pyodide lacks: tqdm, ipywidgets, jupyterlab_widgets, comm

Without `offline`, the pages load Pyodide from its own host and the wheels from PyPI.
"""
import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nnscratch.errors import InputError
from notebooks.folder import replace_folder
from notebooks.source import FOLDER, needed

__all__ = ["build"]

NEEDED = (  # without jupyter_server, JupyterLite leaves the notebooks out, and does not say so
    "jupyterlite_core", "jupyterlite_pyodide_kernel", "jupyter_server")
MADE_HERE = ".nnscratch-lite"  # this file lists what this program wrote into the folder, which it may replace
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
SHOWN = "*.ipynb", "*.md", "images/*", "solutions/*.py", "zh/*.ipynb", "zh/*.md"
START = '<meta http-equiv="refresh" content="0; url=lab/index.html?path=index.ipynb">'  # opens the index of the course


def build(target: Path, offline: Path | None = None) -> Path:
    """Make the folder.

    Parameters
    ----------
    target : Path
        A new or empty folder, or an earlier one of this kind.
    offline : Path, optional
        The folder with Pyodide and the wheels that it lacks.

    Returns
    -------
    page : Path
        index.html, which opens the index of the course.

    Raises
    ------
    InputError
        JupyterLite or pip is missing or fails, `offline` lacks Pyodide, or `target` holds something else.
    """
    if offline is not None and not (offline / "pyodide" / "pyodide-lock.json").exists():
        raise InputError(f"{offline} has no pyodide/pyodide-lock.json; unpack a distribution of Pyodide into {offline}/pyodide")
    with replace_folder(target, MADE_HERE) as made, TemporaryDirectory() as aside:
        for module in NEEDED:
            needed(module, "lite")
        if find_spec("pip") is None:
            raise InputError("pip, which makes a wheel of nnscratch, is missing: python -m ensurepip")
        work = Path(aside)
        copy_course(work / "content")
        run(work, "pip", "wheel", "-q", "--no-deps", "-w", "wheels", str(FOLDER.parent))
        for wheel in sorted(offline.glob("*.whl")) if offline else []:
            shutil.copy(wheel, work / "wheels")
        write_settings(work, offline is not None)
        run(work, "jupyterlite_core", "build", "--output-dir", str(made), "--apps", "lab", "--no-sourcemaps",
            "--no-unused-shared-packages")
        if offline:
            shutil.copytree(offline / "pyodide", made / "static" / "pyodide")
        page = made / "index.html"  # it also holds settings that all pages read
        page.write_text(page.read_text(encoding="utf-8").replace("<head>", f"<head>{START}", 1), encoding="utf-8")
    return target / "index.html"


def copy_course(folder: Path) -> None:
    """Copy what a learner opens."""
    for pattern in SHOWN:
        for path in sorted(FOLDER.glob(pattern)):
            copy = folder / path.relative_to(FOLDER)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)


def write_settings(work: Path, offline: bool) -> None:
    """Write the settings of JupyterLite's pages, and of its build."""
    kernel: dict[str, Any] = {"disablePyPIFallback": True, "pyodideUrl": "./static/pyodide/pyodide.js"} if offline else {}
    pages = {"jupyter-lite-schema-version": 0, "jupyter-config-data": {
        "appName": "nnscratch", "exposeAppInBrowser": True, "litePluginSettings": {KERNEL: kernel}}}
    wheels = [str(path) for path in sorted((work / "wheels").glob("*.whl"))]
    (work / "jupyter-lite.json").write_text(json.dumps(pages), encoding="utf-8")
    (work / "jupyter_lite_config.json").write_text(json.dumps({
        "LiteBuildConfig": {"contents": ["content"]}, "PipliteAddon": {"piplite_urls": wheels}}), encoding="utf-8")


def run(folder: Path, module: str, *arguments: str) -> None:
    """Run a module of Python in a folder; the last line that it prints is the InputError if it fails."""
    done = subprocess.run([sys.executable, "-m", module, *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise InputError(f"the browser edition was not made: {module}: {last}")
