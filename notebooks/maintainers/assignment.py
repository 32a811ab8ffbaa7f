"""An assignment for nbgrader: python -m notebooks.assignment 07 [-o FOLDER] [--seed N]. Then, in FOLDER, for each notebook:

    nbgrader generate_assignment 07_convolution      release/: what learners get, without solutions and hidden tests
    nbgrader autograde 07_convolution                marks for what is in submitted/LEARNER/07_convolution/
    nbgrader export                                  all marks as grades.csv

Below each exercise stands its check, which says what is wrong and why. The marks come from a hidden test in the same cell
(nnscratch.course.marks): the function must be right on numbers that the check does not show. Nothing can hide what runs in the
learner's own notebook from a learner who attacks it; to a solution that is only learnt by heart it gives nothing.
"""
import argparse
import ast
import secrets
import sys
from pathlib import Path

import nbformat

from nnscratch.errors import InputError
from notebooks.site.source import relink
from notebooks.source import FOLDER, add_setup, read, report, solutions, sources

__all__ = ["assignment", "main", "write"]

POINTS = {"function": 2, "prediction": 1}
BESIDE = "glossary", "notation"  # pages that the text links to
CONFIG = """import os
os.environ.pop("NNSCRATCH_OWN", None)  # a learner's functions must not replace yours
c = get_config()
c.CourseDirectory.course_id = "nnscratch"
c.ClearSolutions.code_stub = {"python": "..."}  # as in the course; nbgrader's own raises NotImplementedError, which is as good
c.Execute.timeout = 60  # seconds for a cell: an endless loop is interrupted, and the next cell runs
"""
HIDDEN = """
### BEGIN HIDDEN TESTS
from nnscratch.course.marks import mark

mark("{name}", {name}, seed={seed})
### END HIDDEN TESTS"""


def assignment(stem: str, seed: int) -> nbformat.NotebookNode:
    """A notebook with nbgrader's metadata: solution cells, and locked tests with points.

    Parameters
    ----------
    stem : str
        The file name of the notebook without its suffix.
    seed : int
        Of the numbers in the hidden tests.

    Returns
    -------
    notebook : NotebookNode

    Raises
    ------
    InputError
        The notebook has no exercises.
    """
    notebook, answers, waiting = read(next(path for path in sources() if path.stem == stem)), solutions(stem), ""
    if not answers:
        raise InputError(f"{stem} has no exercises, so nothing can be marked: choose another notebook")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = relink(cell.source, {*BESIDE, stem})
        elif "exercise" in cell.metadata:
            waiting = cell.metadata["exercise"]
            cell.source = with_solution(cell.source, answers[waiting])
            cell.metadata["nbgrader"] = metadata(f"solution-{waiting}", solution=True)
        elif waiting and f"checks.{waiting}({waiting})" in cell.source:
            kind = "function" if answers[waiting].startswith("def ") else "prediction"
            cell.source += HIDDEN.format(name=waiting, seed=seed)
            cell.metadata["nbgrader"] = metadata(waiting, grade=True, points=POINTS[kind])
            waiting = ""
    return add_setup(notebook)


def with_solution(given: str, answer: str) -> str:
    """The cell of an exercise with its solution between nbgrader's marks: in a function below its docstring."""
    if not given.startswith("def "):
        return f"{given}\n### BEGIN SOLUTION\n{answer}\n### END SOLUTION"
    head = given.removesuffix("    ...").rstrip()
    function = ast.parse(answer).body[0]
    assert isinstance(function, ast.FunctionDef)
    statements = function.body[1:] if ast.get_docstring(function) else function.body
    body = answer.splitlines()[statements[0].lineno - 1:]
    return "\n".join([head, "    ### BEGIN SOLUTION", *body, "    ### END SOLUTION"])


def metadata(name: str, grade: bool = False, solution: bool = False, **points: int) -> dict[str, object]:
    """What nbgrader reads of a cell; tests are locked."""
    return {"schema_version": 3, "grade_id": name, "grade": grade, "solution": solution, "locked": grade, "task": False,
            "cell_type": "code", **points}


def write(number: str, folder: Path, seed: int) -> Path:
    """Write FOLDER/source/NN_stem/NN_stem.ipynb with the pages it links to, and a nbgrader_config.py where there is none.

    Parameters
    ----------
    number : str
        Such as "07".
    folder : Path
        nbgrader's folder of the course, made if it is absent.
    seed : int
        Of the numbers in the hidden tests.

    Returns
    -------
    path : Path

    Raises
    ------
    InputError
        There is no such notebook, it has no exercises, the assignment exists already or cannot be written.
    """
    stem = stem_of(number)
    notebook, target = assignment(stem, seed), folder / "source" / stem
    try:
        if target.exists():
            raise InputError(f"{target} exists already, and may have been changed: delete it, or choose another folder with -o")
        target.mkdir(parents=True)
        for name in BESIDE:
            text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
            (target / f"{name}.md").write_text(relink(text, {*BESIDE, stem}), encoding="utf-8")
        nbformat.write(notebook, target / f"{stem}.ipynb")
        if not (folder / "nbgrader_config.py").exists():
            (folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror}); choose another folder with -o") from error
    return target / f"{stem}.ipynb"


def stem_of(number: str) -> str:
    """The file name of a notebook without its suffix, from "07" or the whole name."""
    found = [path.stem for path in sources() if number in (path.stem, path.stem[:2])]
    if not found:
        numbers = ", ".join(path.stem[:2] for path in sources() if path.stem[0].isdigit())
        raise InputError(f"there is no notebook {number!r}: expected one of {numbers}")
    return found[0]


def main(arguments: list[str] | None = None) -> int:
    """Write the assignment; return the exit code, 0 or 2."""
    parser = argparse.ArgumentParser(prog="python -m notebooks.assignment", description="Make an assignment for nbgrader.")
    parser.add_argument("notebook", help="its number, such as 07")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/grading"), metavar="FOLDER",
                        help="nbgrader's folder of the course (default: build/grading)")
    parser.add_argument("--seed", type=int, help="of the numbers in the hidden tests (default: one that nobody knows)")
    options = parser.parse_args(arguments)
    if options.seed is not None and options.seed < 0:
        parser.error(f"--seed: expected an integer of at least 0, got {options.seed}")
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    return report(lambda: write(options.notebook, options.output, seed))


if __name__ == "__main__":
    sys.exit(main())
