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
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from nnscratch.course.checks.exercise import name_of
from nnscratch.errors import InputError
from nnscratch.files import reason, replace_file

if TYPE_CHECKING:
    import nbformat  # when the code runs, `needed` imports it, which says so if it is missing

__all__ = ["FOLDER", "SETUP", "SOURCES", "WHEEL", "Notebook", "add_setup", "needed", "notebook_format", "read", "report",
           "solutions", "solve", "sources", "stem_of", "stored", "write_notebook"]

Notebook: TypeAlias = "nbformat.NotebookNode"

FOLDER = Path(__file__).parent.parent  # notebooks/
SOURCES = Path(__file__).with_name("src")
WHEEL = "nnscratch"  # for pip, where it is missing; set an address such as git+https://... until the name is registered
SETUP = f"""#@title Setup: installs nnscratch where it is missing, as in a browser or on Colab
import importlib.util

if importlib.util.find_spec("nnscratch") is None:
    %pip install -q {WHEEL} ipywidgets"""
TITLES = {"zh": "准备：没有 nnscratch 时安装它，例如在浏览器里或 Colab 上"}
MARKER = re.compile(r"^# %%(?: \[(markdown)\])?(?: (varies))?(?: exercise=(\w+))?$", flags=re.M)


def sources() -> list[Path]:
    """The sources of the notebooks in the order of the course.

    Returns
    -------
    paths : list of Path
    """
    return sorted(SOURCES.glob("*.py"))


def stem_of(number: str) -> str:
    """The file name of a notebook without its suffix.

    Parameters
    ----------
    number : str
        "7", "07" or "07_convolution"; the index has no number, but its name.

    Returns
    -------
    stem : str

    Raises
    ------
    InputError
        There is no such notebook.
    """
    stems = {path.stem.partition("_")[0]: path.stem for path in sources()}  # by number
    stem = stems.get(f"0{number}" if len(number) == 1 else number, number)
    if stem not in stems.values():
        raise InputError(f"there is no notebook {number!r}: expected one of {', '.join(stems)}")
    return stem


def needed(module: str, extra: str) -> Any:
    """A module that an extra of nnscratch installs; if it is missing, an InputError names the extra."""
    try:
        return import_module(module)
    except ImportError as error:
        raise InputError(f"{module} is missing: pip install -e '.[{extra}]' ({error})") from error


def notebook_format() -> Any:
    """The package nbformat, which makes, reads and writes notebooks."""
    return needed("nbformat", "test")


def read(path: Path) -> Notebook:
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
    notebook = notebook_format().v4.new_notebook()
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
                         "language_info": {"name": "python"}}
    for place, (kind, varies, exercise, text) in enumerate(zip(*(parts[k::4] for k in range(4)))):
        cell = markdown(text) if kind else notebook_format().v4.new_code_cell(text.strip())
        cell.id = f"{path.stem[:2]}-{place:02}"
        if exercise:
            cell.metadata = {"tags": ["exercise"], "exercise": exercise}
        elif varies:
            cell.metadata = {"tags": ["varies"]}
        notebook.cells.append(cell)
    return notebook


def add_setup(notebook: Notebook, language: str = "en") -> Notebook:
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
    source = SETUP if language == "en" else re.sub("(?<=#@title ).+", TITLES[language], SETUP, count=1) + (
        f"\nimport os\n\nos.environ['NNSCRATCH_LANGUAGE'] = '{language}'")
    setup = notebook_format().v4.new_code_cell(source, id="setup")
    setup.metadata = {"jupyter": {"source_hidden": True}, "cellView": "form"}  # collapsed in JupyterLab, on Colab
    notebook.cells.insert(0, setup)
    return notebook


def stored(stem: str, folder: Path = FOLDER) -> Notebook:
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
    notebook = notebook_format().read(folder / f"{stem}.ipynb", 4)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "setup"]
    return notebook


def write_notebook(notebook: Notebook, path: Path) -> Path:
    """Write a notebook; return its path. A reader sees the old file or the whole new one."""
    replace_file(path, (notebook_format().writes(notebook) + "\n").encode())
    return path


def markdown(text: str) -> Notebook:
    """A cell of text from lines that begin with "# "."""
    return notebook_format().v4.new_markdown_cell("\n".join(re.sub("^# ?", "", line) for line in text.strip().splitlines()))


def report(make: Callable[[], Any]) -> int:
    """Print what a command makes; an InputError, or that of a file, is printed as one sentence.

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
    except OSError as error:
        print(f"{error.filename}: {reason(error)}" if error.filename else reason(error), file=sys.stderr)
    else:
        return 0
    return 2


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

    Raises
    ------
    InputError
        The file is not Python.
    """
    path = FOLDER / "solutions" / f"{stem}.py"
    if not path.exists():
        return {}
    text = path.read_text(encoding="utf-8")
    try:
        nodes = ast.parse(text).body
    except SyntaxError as error:
        raise InputError(f"{path}, line {error.lineno}: {error.msg}") from error
    return {name_of(node): ast.get_source_segment(text, node) or "" for node in nodes if name_of(node)}


def solve(notebook: Notebook, answers: dict[str, str]) -> Notebook:
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
