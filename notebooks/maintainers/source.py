"""A notebook as plain text: a Python file in the percent format, read into cells.

    # %% [markdown]                 text follows, each line behind "# "
    # %%                            code follows
    # %% exercise=dense_backward    code to be completed: a function whose body is `...`, or a list of `...` to predict
    # %% varies                     code whose output differs on every run, such as times: it is stored, but not compared

A solution is a function or a list of the same name in solutions/; `solve` puts it in the place of the exercise.
"""
import ast
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat

from nnscratch.course.checks.exercise import name_of
from nnscratch.errors import InputError

__all__ = ["FOLDER", "SETUP", "SOURCES", "WHEEL", "add_setup", "read", "report", "solutions", "solve", "sources", "stored"]

FOLDER = Path(__file__).parent.parent  # notebooks/
SOURCES = Path(__file__).with_name("src")
WHEEL = "nnscratch"  # what pip installs where nnscratch is missing: a name on PyPI, or an address such as git+https://...
SETUP = f"""#@title Setup: installs nnscratch where it is missing, as in a browser or on Colab
import importlib.util

if importlib.util.find_spec("nnscratch") is None:
    %pip install -q {WHEEL} ipywidgets"""
MARKER = re.compile(r"^# %%(?: \[(markdown)\])?(?: (varies))?(?: exercise=(\w+))?$", flags=re.M)


def sources() -> list[Path]:
    """The sources of the notebooks in the order of the course.

    Returns
    -------
    paths : list of Path
    """
    return sorted(SOURCES.glob("*.py"))


def read(path: Path) -> nbformat.NotebookNode:
    """Read a source as a notebook without outputs.

    Parameters
    ----------
    path : Path

    Returns
    -------
    notebook : NotebookNode
        The id of a cell is its position, so that equal sources give equal files.

    Raises
    ------
    InputError
        The source does not begin with a cell.
    """
    first, *parts = MARKER.split(path.read_text(encoding="utf-8"))
    if first.strip():
        raise InputError(f"{path.name}: expected '# %%' or '# %% [markdown]' as the first line, got {first.strip()[:40]!r}")
    notebook = nbformat.v4.new_notebook()
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
                         "language_info": {"name": "python"}}
    for place, (kind, varies, exercise, text) in enumerate(zip(*(parts[k::4] for k in range(4)))):
        cell = markdown(text) if kind else nbformat.v4.new_code_cell(text.strip())
        cell.id = f"{path.stem[:2]}-{place:02}"
        if exercise:
            cell.metadata = {"tags": ["exercise"], "exercise": exercise}
        elif varies:
            cell.metadata = {"tags": ["varies"]}
        notebook.cells.append(cell)
    return notebook


def add_setup(notebook: nbformat.NotebookNode, language: str = "en") -> nbformat.NotebookNode:
    """Put first a collapsed cell that installs nnscratch where it is missing, and says in which language it speaks.

    Parameters
    ----------
    notebook : NotebookNode
        It is changed.
    language : str
        "en" or "zh".

    Returns
    -------
    notebook : NotebookNode
        The same object.
    """
    chosen = "" if language == "en" else f"\nimport os\n\nos.environ['NNSCRATCH_LANGUAGE'] = '{language}'"
    setup = nbformat.v4.new_code_cell(SETUP + chosen, id="setup")
    setup.metadata = {"jupyter": {"source_hidden": True}, "cellView": "form"}  # collapsed in JupyterLab, on Colab
    notebook.cells.insert(0, setup)
    return notebook


def stored(stem: str, folder: Path = FOLDER) -> nbformat.NotebookNode:
    """A notebook with the outputs that are stored in it, without the cell that installs nnscratch.

    Parameters
    ----------
    stem : str
        The file name without its suffix.
    folder : Path
        Of the language.

    Returns
    -------
    notebook : NotebookNode
    """
    notebook = nbformat.read(folder / f"{stem}.ipynb", 4)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "setup"]
    return notebook


def markdown(text: str) -> nbformat.NotebookNode:
    """A cell of text from lines that begin with "# "."""
    return nbformat.v4.new_markdown_cell("\n".join(re.sub("^# ?", "", line) for line in text.strip().splitlines()))


def report(make: Callable[[], Any]) -> int:
    """Print what a command makes; an InputError is printed as one sentence.

    Parameters
    ----------
    make : callable
        It returns what is printed.

    Returns
    -------
    code : int
        The exit code, 0 or 2.
    """
    try:
        print(make())
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def solutions(stem: str) -> dict[str, str]:
    """The solutions of a notebook.

    Parameters
    ----------
    stem : str
        The file name of the notebook without its suffix.

    Returns
    -------
    solutions : dict of str to str
        The source of the answer to each exercise; empty if the notebook has no exercises.
    """
    path = FOLDER / "solutions" / f"{stem}.py"
    if not path.exists():
        return {}
    text = path.read_text(encoding="utf-8")
    return {name_of(node): ast.get_source_segment(text, node) or "" for node in ast.parse(text).body if name_of(node)}


def solve(notebook: nbformat.NotebookNode, answers: dict[str, str]) -> nbformat.NotebookNode:
    """Put solutions in the places of the exercises.

    Parameters
    ----------
    notebook : NotebookNode
        It is changed.
    answers : dict of str to str
        From `solutions`.

    Returns
    -------
    notebook : NotebookNode
        The same object.
    """
    for cell in notebook.cells:
        if "exercise" in cell.metadata:
            cell.source = answers[cell.metadata["exercise"]]
    return notebook
