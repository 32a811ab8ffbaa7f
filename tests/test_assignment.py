"""An assignment for nbgrader: what learners get shows no answer, and the marks of every kind of learner are exactly right."""
import copy
import csv
import os
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("nbformat", reason="notebooks are read with nbformat: pip install -e '.[test]'")

import nbformat

from notebooks import assignment as module
from notebooks import source
from notebooks.assignment import assignment, main
from notebooks.source import FOLDER, solutions, sources

STEMS = [path.stem for path in sources() if solutions(path.stem)]
NBGRADER = find_spec("nbgrader") is not None
GRADED = {"00_numpy": 7, "07_convolution": 9}  # notebook: points in all
HIDDEN = "BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "marks import", "seed="


def graded(notebook):
    """The cells with nbgrader's metadata, by grade_id."""
    return {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}


def released(cell):
    """The source of a cell as nbgrader gives it to learners."""
    text = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "...", cell.source, flags=re.S)
    return re.sub(r"\n### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "", text, flags=re.S)


@pytest.mark.parametrize("stem", STEMS)
def test_every_exercise_has_a_solution_and_a_locked_test(stem):
    """The solution cell runs; without solution and hidden test both cells are those of the course."""
    notebook, answers = assignment(stem, seed=7), solutions(stem)
    cells = graded(notebook)
    assert sorted(cells) == sorted([*answers, *(f"solution-{name}" for name in answers)])
    given = {cell.metadata.get("exercise"): cell.source for cell in nbformat.read(FOLDER / f"{stem}.ipynb", 4).cells}
    for name, answer in answers.items():
        solution, test = cells[f"solution-{name}"], cells[name]
        compile(solution.source, name, "exec")
        assert answer.splitlines()[-1] in solution.source
        function = answer.startswith("def ")
        assert released(solution) == (given[name] if function else f"{given[name]}\n...")
        assert released(test).endswith((f"checks.{name}({name})", "\nanswer"))
        assert test.metadata.nbgrader["locked"] and test.metadata.nbgrader["points"] == (2 if function else 1)
        assert solution.metadata.nbgrader["solution"] and not solution.metadata.nbgrader["locked"]


@pytest.mark.parametrize("stem", STEMS)
def test_an_exercise_without_its_check_is_refused(stem, monkeypatch):
    """No exercise is silently without points: if the cell below it is another, or its solution is missing."""
    given = source.read(source.SOURCES / f"{stem}.py")
    place = next(k for k, cell in enumerate(given.cells) if "exercise" in cell.metadata)
    name = given.cells[place].metadata["exercise"]
    for change in (lambda cells: cells.pop(place + 1), lambda cells: cells.insert(place + 1, nbformat.v4.new_code_cell("1"))):
        changed = copy.deepcopy(given)
        change(changed.cells)
        monkeypatch.setattr(module, "read", lambda path, changed=changed: changed)
        with pytest.raises(ValueError, match=f"^{stem}: the exercise {name} cannot be marked: .*not its check"):
            assignment(stem, 7)
    monkeypatch.setattr(module, "read", lambda path: given)
    monkeypatch.setattr(module, "solutions", lambda stem: {"another": "def another():\n    ..."})
    with pytest.raises(ValueError, match=f"the exercise {name} cannot be marked: it has no solution"):
        assignment(stem, 7)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["writes", "mkdtemp", "rename", "replace_file"])
def test_a_failure_leaves_nothing(error, step, tmp_path, monkeypatch, capsys):
    """Neither half an assignment, nor a folder, nor settings; what was there stays. The next try makes it."""
    def fails(*_, **__):
        raise error
    (tmp_path / "mine").touch()
    places = {"writes": nbformat, "mkdtemp": tempfile, "rename": Path, "replace_file": module}
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(places[step], step, fails)
        try:
            assert main(["00", "-o", str(tmp_path / "a" / "b")]) == 2 and capsys.readouterr().err.count("\n") == 1
        except KeyboardInterrupt:
            pass
    assert [path.name for path in tmp_path.rglob("*")] == ["mine"]
    assert main(["00", "-o", str(tmp_path / "a" / "b")]) == 0
    made = tmp_path / "a" / "b"
    assert sorted(path.name for path in made.iterdir()) == ["nbgrader_config.py", "source"]


def test_errors_name_the_remedy(tmp_path, capsys):
    """One sentence each; an assignment that may have been changed is not replaced, nor a teacher's settings."""
    (tmp_path / "nbgrader_config.py").write_text("mine")
    assert main(["00", "-o", str(tmp_path)]) == 0 and (tmp_path / "nbgrader_config.py").read_text() == "mine"
    made = {path.name for path in (tmp_path / "source" / "00_numpy").iterdir()}
    assert made == {"00_numpy.ipynb", "glossary.md", "notation.md"}
    capsys.readouterr()
    for arguments, sentence in ((["00"], "exists already"), (["99"], "there is no notebook '99'"), (["index"], "no exercises")):
        assert main([*arguments, "-o", str(tmp_path)]) == 2
        said = capsys.readouterr().err
        assert sentence in said and said.count("\n") == 1
    (tmp_path / "file").write_text("")
    assert main(["00", "-o", str(tmp_path / "file")]) == 2 and "choose another folder with -o" in capsys.readouterr().err


def test_the_seed_is_secret_unless_given(tmp_path):
    made = []
    for folder in "ab":
        main(["00", "-o", str(tmp_path / folder)])
        made.append((tmp_path / folder / "source" / "00_numpy" / "00_numpy.ipynb").read_text(encoding="utf-8"))
    assert made[0] != made[1] and assignment("00_numpy", 7) == assignment("00_numpy", 7)


def nbgrader(folder, *arguments):
    """Run nbgrader in the folder of the course; return what it says."""
    here = {name: value for name, value in os.environ.items() if name != "NNSCRATCH_OWN"}
    done = subprocess.run([sys.executable, "-m", "nbgrader", *arguments], cwd=folder, capture_output=True, text=True,
                          env=here | {"PYTHONPATH": str(FOLDER.parent), "NNSCRATCH_STATIC": "1", "PATH": os.pathsep.join(
                              [str(Path(sys.executable).parent), os.environ["PATH"]])})  # nbgrader calls alembic by name
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


BY_HEART = """
from nnscratch.course import checks as learnt_from, own as right_ones
learnt = {{}}
def record(*inputs):
    learnt[str(inputs)] = learnt_from.{name}.library(*inputs)
    return learnt[str(inputs)]
learnt_from.{name}.answer(record)
def {name}(*inputs):
    return learnt[str(inputs)]
"""

WRITTEN_IN = """
from nnscratch.course import checks as learnt_from
calls = []
learnt_from.{name}.answer(lambda *inputs: calls.append(inputs) or learnt_from.{name}.library(*inputs))
def {name}(*inputs):
    calls.append(calls.pop(0))
    return learnt_from.{name}.library(*inputs[:-1], calls[-1][-1])
"""


def learners(stem):
    """{learner: ({exercise: what stands in its cell}, points)}"""
    answers = solutions(stem)
    half = dict(list(answers.items())[:len(answers) // 2])
    first, second = [name for name in answers if answers[name].startswith("def ")][:2]
    points = sum(2 if answer.startswith("def ") else 1 for answer in half.values())
    learnt = {first: BY_HEART.format(name=first), second: f"def {second}(*inputs):\n    while True:\n        pass"}
    failing = {first: f"def {first}(*inputs):\n    raise ValueError('no')",
               second: f"def {second}(*inputs):\n    raise NotImplementedError()"}
    return {"perfect": (answers, GRADED[stem]), "empty": ({}, 0), "half": (half, points),
            "learnt or endless": (answers | learnt, GRADED[stem] - 4), "fails": (answers | failing, GRADED[stem] - 4),
            "last input written in": (answers | {first: WRITTEN_IN.format(name=first)}, GRADED[stem] - 2),
            "no Python": (answers | {first: "def ("}, GRADED[stem] - 2)}


@pytest.mark.slow
@pytest.mark.skipif(not NBGRADER, reason="marks are given by nbgrader: pip install -e '.[grading]'")
@pytest.mark.parametrize("stem", GRADED)
def test_marks_by_nbgrader(stem, tmp_path):
    """Perfect, empty, half right, and who cheats: generate_assignment, autograde and export."""
    assert main([stem, "-o", str(tmp_path)]) == 0
    nbgrader(tmp_path, "generate_assignment", stem)
    release = nbformat.read(tmp_path / "release" / stem / f"{stem}.ipynb", 4)
    assert not [word for word in HIDDEN if word in nbformat.writes(release)]
    assert {name: cell.source for name, cell in graded(release).items()} == {
        name: released(cell) for name, cell in graded(assignment(stem, 0)).items()}
    for learner, (answers, _) in learners(stem).items():
        submitted = copy.deepcopy(release)
        for cell in submitted.cells:
            cell.source = answers.get(cell.metadata.get("exercise"), cell.source)
        target = tmp_path / "submitted" / learner / stem / f"{stem}.ipynb"
        target.parent.mkdir(parents=True)
        nbformat.write(submitted, target)
    nbgrader(tmp_path, "autograde", stem, "--create", "--Execute.timeout=10")
    nbgrader(tmp_path, "export")
    with open(tmp_path / "grades.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["student_id"]: float(row["score"]) for row in rows} == {
        learner: points for learner, (_, points) in learners(stem).items()}
    assert {float(row["max_score"]) for row in rows} == {GRADED[stem]}
