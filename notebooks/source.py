"""A notebook as plain text: a Python file in the percent format, read into cells.

    # %% [markdown]                 text follows, each line behind "# "
    # %%                            code follows
    # %% exercise=dense_backward    code to be completed: a function whose body is `...`
    # %% varies                     code whose output is another on every run, such as times: it is stored, but not compared

Solutions are functions of the same name in solutions/, and can be put in their places.
"""
import ast
import re
from pathlib import Path

import nbformat

from nnscratch.errors import InputError

FOLDER = Path(__file__).parent
MARKER = re.compile(r"^# %%(?: \[(markdown)\])?(?: (varies))?(?: exercise=(\w+))?$", flags=re.M)


def sources():
    """The notebooks' sources, in the order of the course."""
    return sorted((FOLDER / "src").glob("*.py"))


def read(path):
    """The source as a notebook without outputs. A cell's id is its place, so that equal sources give equal files."""
    first, *parts = MARKER.split(path.read_text(encoding="utf-8"))
    if first.strip():
        raise InputError(f"{path.name} begins with {first.strip()[:40]!r}, expected a line # %% or # %% [markdown]")
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


def markdown(text):
    return nbformat.v4.new_markdown_cell("\n".join(re.sub("^# ?", "", line) for line in text.strip().splitlines()))


def solutions(stem):
    """{name: text of the function} for the notebook of that stem; {} where it has no exercises."""
    path = FOLDER / "solutions" / f"{stem}.py"
    if not path.exists():
        return {}
    text = path.read_text(encoding="utf-8")
    return {node.name: ast.get_source_segment(text, node) for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef)}


def solve(notebook, answers):
    """Put the solutions in the places of the exercises; changes the notebook, and returns it."""
    for cell in notebook.cells:
        if "exercise" in cell.metadata:
            cell.source = answers[cell.metadata["exercise"]]
    return notebook
