"""An assignment for nbgrader: python -m notebooks.assignment 07 [-o FOLDER] [--seed N]. Then, in FOLDER, for each notebook:

    nbgrader generate_assignment 07_convolution      release/: what learners get, without solutions and hidden tests
    nbgrader autograde 07_convolution                marks for what is in submitted/LEARNER/07_convolution/
    nbgrader export                                  all marks as grades.csv

Below each exercise stands its check, which says what is wrong and why. The marks come from a hidden test in the same cell
(nnscratch.course.marks): a function must also be right on numbers that the check does not show. So the results of the check's
cases, learnt by heart, get no marks; a solution that is copied does, and so does a learner who attacks the grading from within
the notebook.
"""
import argparse
import ast
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from nnscratch.errors import InputError
from nnscratch.files import reason, replace_file
from notebooks.source import FOLDER, SOURCES, Notebook, add_setup, needed, read, report, solutions, stem_of, write_notebook
from notebooks.text import relink

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


def assignment(stem: str, seed: int) -> Notebook:
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
        The notebook has no exercises, or an exercise has no check in the next cell, or no solution.
    """
    needed("nbformat", "grading")
    notebook, answers = read(SOURCES / f"{stem}.py"), solutions(stem)
    if not answers:
        raise InputError(f"{stem} has no exercises, so nothing can be marked: choose another notebook")
    for cell, after in zip(notebook.cells, [*notebook.cells[1:], None]):
        if cell.cell_type == "markdown":
            cell.source = linked(cell.source, stem)
        elif name := cell.metadata.get("exercise"):
            checked = after and after.cell_type == "code" and f"checks.{name}({name})" in after.source
            if name not in answers or not checked:
                raise InputError(f"{stem}: the exercise {name} cannot be marked: it has no solution, or the cell after it is "
                                 f"not its check, checks.{name}({name})")
            cell.source = with_solution(cell.source, answers[name])
            cell.metadata["nbgrader"] = metadata(f"solution-{name}", solution=True)
            kind = "function" if answers[name].startswith("def ") else "prediction"
            after.source += HIDDEN.format(name=name, seed=seed)
            after.metadata["nbgrader"] = metadata(name, grade=True, points=POINTS[kind])
    return add_setup(notebook)


def linked(text: str, stem: str) -> str:
    """A text whose links lead to what lies beside the notebook; others are words."""
    return relink(text, {*BESIDE, stem})


def with_solution(given: str, answer: str) -> str:
    """The cell of an exercise with its solution between nbgrader's comments: in a function below its docstring."""
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
    notebook, target, config = assignment(stem, seed), folder / "source" / stem, folder / "nbgrader_config.py"
    absent = [above for above in target.parents if not above.exists()]  # the deepest first
    try:
        if target.exists():
            raise InputError(f"{target} exists already, and may have been changed: delete it, or choose another folder with -o")
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".") as aside:  # renamed when it is complete
            made = Path(aside, stem)
            made.mkdir()
            for name in BESIDE:
                text = linked((FOLDER / f"{name}.md").read_text(encoding="utf-8"), stem)
                (made / f"{name}.md").write_text(text, encoding="utf-8")
            write_notebook(notebook, made / f"{stem}.ipynb")
            made.rename(target)
            try:
                if not config.exists():
                    replace_file(config, CONFIG.encode())
            except BaseException:
                target.rename(made)  # and it goes with the temporary folder
                raise
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({reason(error)}); choose another folder with -o") from error
    finally:
        for above in absent:
            with suppress(OSError):  # it is not empty, or not there
                above.rmdir()
    return target / f"{stem}.ipynb"


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
