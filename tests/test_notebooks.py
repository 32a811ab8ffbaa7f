"""The course: every notebook runs, unsolved and solved, and its output equals the stored output."""
import ast
import os
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest

pytest.importorskip("nbclient", reason="notebooks need nbclient, nbformat and ipykernel: pip install -e '.[test]'")
pytest.importorskip("ipykernel", reason="notebooks need nbclient, nbformat and ipykernel: pip install -e '.[test]'")

import nbformat
from nbclient.exceptions import CellExecutionError

from nnscratch.course import own
from nnscratch.course.checks.exercise import name_of
from nnscratch.course.own.store import MARK
from nnscratch.errors import InputError
from notebooks.build import execute
from notebooks.source import FOLDER, SETUP, SOURCES, WHEEL, read, solutions, solve, sources, stored

SECONDS, KILOBYTES, WORDS = 20, 500, (800, 1800)  # seconds of CPU time, with one thread, so other programs do not matter
LONGER = {"05": 60, "06": 60, "09": 60, "10": 30, "14": 60, "15": 60}  # seconds for those that train
ALLOWED = {"numpy", "matplotlib", "nnscratch", "math", "itertools", "sys", "time"}
BANNED_CALLS = {"eval", "exec", "open", "__import__", "get_ipython"}

# This cell is inserted before a notebook: any attempt to use the network or to start a program raises. matplotlib runs a
# program once to find the system's fonts, so that happens before.
GUARD = """
import sys
import matplotlib.font_manager
def guard(event, arguments):
    if event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect", "socket.getaddrinfo"):
        raise RuntimeError(f"a notebook tried {event}")
sys.addaudithook(guard)
"""

every_source = pytest.mark.parametrize("source", sources(), ids=lambda path: path.stem)
lessons = [path for path in sources() if path.stem[0].isdigit()]
every_lesson = pytest.mark.parametrize("source", lessons, ids=lambda path: path.stem)


def each_run(paths):
    """For tests that run notebooks: both tests of a notebook run in one process, which runs it once."""
    marks = {path: [pytest.mark.slow, pytest.mark.xdist_group(path.stem)] for path in paths}
    return pytest.mark.parametrize("source", [pytest.param(path, id=path.stem, marks=marks[path]) for path in paths])


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def exercises(notebook):
    return [cell for cell in notebook.cells if "exercise" in cell.metadata]


def shown(cell):
    """The output of a cell as text, without images and warnings."""
    streams = [output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout"]
    return "".join(streams + [output.data.get("text/plain", "") for output in cell.outputs if "data" in output])


def all_shown(notebook):
    return [shown(cell) for cell in code_cells(notebook)]


def steady(notebook):
    """The cells whose output is the same in every run and on every machine; the others are marked in the source."""
    return [cell for cell in code_cells(notebook) if "varies" not in cell.metadata.get("tags", [])]


def of_children():
    """Seconds of CPU time used by child processes that have ended; 0 on Windows."""
    return os.times().children_user + os.times().children_system


@pytest.mark.slow
def test_the_cpu_time_of_a_kernel_is_counted():
    """A second of work counts, waiting does not: otherwise no notebook could exceed its budget."""
    begin = of_children()
    execute(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(
        "import time\ntime.sleep(3)\nwhile time.process_time() < 2: pass")]))
    assert os.name == "nt" or 2 <= of_children() - begin < 5


def depending(cells, names):
    """The code cells that use one of the names, or a result of such a cell."""
    found, names = [], set(names)
    for cell in cells:
        nodes = list(ast.walk(ast.parse(cell.source)))
        if names & {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}:
            found.append(cell)
            names |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
            names |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    return found


def kept_before(source, folder):
    """Fill a folder with the functions that a learner has kept before a notebook: the solutions of those before."""
    folder.mkdir()
    for path in sources():
        for name, text in solutions(path.stem).items() if path.stem < source.stem else ():
            if text.startswith("def ") and name in own.known():
                (folder / f"{name}.py").write_text(MARK + text + "\n", encoding="utf-8")


@cache
def run(source):
    """Run a notebook as given and then solved, in one kernel: (cells as given, cells solved, seconds of CPU time).

    As given, the library's functions stand in for those of earlier notebooks; solved, they are there. The exercises, and each
    cell that depends on one or on an earlier function, are run again; the results of the others would not change. Meanwhile
    nothing uses the network or starts a program.
    """
    given = read(source)
    solved = solve(read(source), solutions(source.stem))
    changed = exercises(solved)
    changed += depending(code_cells(solved), ["own", *(cell.metadata["exercise"] for cell in changed)])
    again = [cell for cell in code_cells(solved) if cell in changed]  # in their order
    for cell in again:
        cell.id = f"{cell.id}-solved"
    with TemporaryDirectory() as folder:
        kept_before(source, Path(folder) / "own")
        switch = f"import os\nos.environ['NNSCRATCH_OWN'] = {str(Path(folder) / 'own')!r}\n" \
                 "from nnscratch.course import own\nown.FUNCTIONS.clear()"
        begin = of_children()
        ran = execute(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(GUARD), *given.cells,
                                                      nbformat.v4.new_code_cell(switch), *again]))
    count = 1 + len(given.cells)
    return ran.cells[1:count], ran.cells[count + 1:], of_children() - begin


@each_run(sources())
def test_as_given(source):
    """As given, a notebook raises nothing, calls no exercise right or wrong, shows its stored output, and keeps its budget."""
    cells, _, seconds = run(source)
    assert seconds < LONGER.get(source.stem[:2], SECONDS)
    fresh = nbformat.v4.new_notebook(cells=cells)
    kept = stored(source.stem)
    assert [(cell.id, cell.source) for cell in fresh.cells] == [(cell.id, cell.source) for cell in kept.cells], (
        "the stored notebook is older than its source: python -m notebooks.build")
    pairs = zip(steady(fresh), steady(kept))
    assert all(shown(a) == shown(b) for a, b in pairs), "the stored outputs are stale: python -m notebooks.build"
    counts = [cell.execution_count for cell in code_cells(kept)]
    assert counts == list(range(1, len(counts) + 1))
    text = "\n".join(all_shown(fresh))
    assert text.count(": not attempted") == len(exercises(fresh))
    assert ": wrong" not in text and ": right" not in text


@each_run(lessons)
def test_solved(source):
    """With the solutions every check says "right"."""
    answers, asked = solutions(source.stem), exercises(read(source))
    assert 2 <= len(asked) <= 6 and {cell.metadata["exercise"] for cell in asked} == set(answers)
    for cell in asked:  # the learner's function and the solution have the same call
        given, answer = (ast.parse(text).body[0] for text in (cell.source, answers[cell.metadata["exercise"]]))
        assert type(given) is type(answer) and name_of(given) == name_of(answer)
        assert isinstance(given, ast.Assign) or ast.dump(given.args) == ast.dump(answer.args)
    text = "\n".join(map(shown, run(source)[1]))
    assert text.count(": right") == len(asked) and ": wrong" not in text and ": not attempted" not in text
    assert "the library's stands in" not in text and "not kept" not in text, text


@every_source
def test_imports_and_access_are_limited(source):
    """Only NumPy, matplotlib, this library and some of the standard library; no shell, no files, no URLs in code."""
    for cell in code_cells(read(source)):
        for node in ast.walk(ast.parse(cell.source)):  # a line with ! or % is not Python
            if isinstance(node, ast.Import):
                assert {alias.name.split(".")[0] for alias in node.names} <= ALLOWED
            if isinstance(node, ast.ImportFrom):
                assert node.module.split(".")[0] in ALLOWED
            assert not (isinstance(node, ast.Name) and node.id in BANNED_CALLS)
        assert "://" not in cell.source


@every_source
def test_no_machine_details_are_stored(source):
    """No paths, memory addresses or times; a file size that a phone can load."""
    path = FOLDER / f"{source.stem}.ipynb"
    assert path.stat().st_size < KILOBYTES * 1024
    kept = stored(source.stem)
    assert not {"True", "False", "None"} & set(all_shown(kept)), "a cell ends in a call whose result says nothing"
    text = "\n".join(all_shown(kept)) + "".join(str(cell.metadata) for cell in kept.cells)
    assert not re.search(r"/(home|root|tmp|work|Users|usr)/|0x[0-9a-f]{6}|execution\.", text)
    assert not [output for cell in code_cells(kept) for output in cell.outputs if output.output_type == "error"]
    assert not [output for cell in code_cells(kept) for output in cell.outputs if output.get("name") == "stderr"]


@every_source
def test_installs_itself_where_it_is_missing(source):
    """The first cell is collapsed; it installs what is named once for all notebooks, and here it does nothing."""
    from IPython.core.inputtransformer2 import TransformerManager
    setup = nbformat.read(FOLDER / f"{source.stem}.ipynb", 4).cells[0]
    assert setup.source == SETUP and setup.metadata.jupyter.source_hidden and not setup.outputs
    assert setup.source.startswith("#@title ") and setup.metadata.cellView == "form"  # how Colab collapses a cell
    installed = []
    for name in ("nnscratch", "nnscratch_is_missing"):
        code = TransformerManager().transform_cell(SETUP.replace('find_spec("nnscratch")', f'find_spec("{name}")'))
        shell = SimpleNamespace(run_line_magic=lambda *call: installed.append(call))
        exec(code, {"get_ipython": lambda shell=shell: shell})
    assert installed == [("pip", f"install -q {WHEEL} ipywidgets")]


@every_lesson
def test_follows_the_pattern(source):
    """800 to 1800 words; cells of few lines; a header that states what is built, what is needed and how long it takes."""
    notebook = read(source)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert WORDS[0] <= len(text.split()) <= WORDS[1], len(text.split())
    assert max(len(line) for cell in code_cells(notebook) for line in cell.source.splitlines()) <= 100, "scrolls sideways"
    lines = sorted(len(cell.source.splitlines()) for cell in code_cells(notebook))
    assert lines[len(lines) // 2] <= 8 and lines[-1] <= 22, lines
    for word in ("You will build", "You need", "It takes"):
        assert word in notebook.cells[0].source


def test_the_index_lists_every_lesson():
    """One line and a link for each, in order, and no broken links."""
    text = "\n".join(cell.source for cell in read(SOURCES / "index.py").cells)
    assert re.findall(r"\]\((\d\d_\w+)\.ipynb\)", text) == [path.stem for path in lessons]


@pytest.mark.parametrize("source, following", [*zip(lessons, lessons[1:])], ids=lambda path: path.stem)
def test_each_lesson_links_to_the_next(source, following):
    """By a link in its last cell."""
    assert re.findall(r"\*\*Next:\*\* \[[^]]+\]\((\d\d_\w+)\.ipynb\)", read(source).cells[-1].source) == [following.stem]


def test_a_source_is_converted_as_written(tmp_path):
    """Text, code and exercises; equal sources give equal files; text before the first cell is refused."""
    path = tmp_path / "99_small.py"
    path.write_text("# %% [markdown]\n# # Title\n#\n# text\n\n# %%\n1 + 1\n\n# %% exercise=f\ndef f(x):\n    ...\n"
                    "\n# %% varies\nclock()\n")
    text, code, asked, timed = read(path).cells
    assert (text.source, code.source, asked.source) == ("# Title\n\ntext", "1 + 1", "def f(x):\n    ...")
    assert (text.cell_type, code.id, asked.metadata["exercise"]) == ("markdown", "99-01", "f")
    assert (timed.source, timed.metadata["tags"], steady(read(path))) == ("clock()", ["varies"], [code, asked])
    assert nbformat.writes(read(path)) == nbformat.writes(read(path))
    solved = solve(read(path), {"f": "def f(x):\n    return x"})
    assert solved.cells[2].source.endswith("return x")
    path.write_text("import numpy\n# %%\n1")
    with pytest.raises(InputError, match="as the first line, got 'import numpy'"):
        read(path)


@pytest.mark.parametrize("milliseconds", [(12.2, 12.1, 12.05, 12.0), (16, 14, 12, 9), (0, 0, 0, 0)])
def test_the_gpu_notebook_accepts_falling_times(milliseconds, monkeypatch):
    """A busy machine may need less time for a larger batch. The fitted slope stays positive, and nothing raises."""
    from nnscratch.bench import machine
    times = [max(t / 1000, 1e-9) for t in milliseconds]  # as `best` gives them
    monkeypatch.setattr(machine, "best", lambda *arguments, **named: times.pop(0))
    wanted = ("import numpy", "GPU = {", "shapes = {", "on_cpu = ", "each_gpu = ", "own.crossover(")
    cells = [cell.source for cell in code_cells(read(SOURCES / "18_gpu.py"))]
    chosen, names = [source for source in cells if any(part in source for part in wanted)], {}
    for source in chosen:
        exec(source, names)
    assert len(chosen) == len(wanted) and names["fixed_cpu"] >= 0 and names["each_cpu"] > 0 and not times


@pytest.mark.slow
def test_the_guard_works():
    """A notebook that starts a program is stopped: otherwise the tests above would prove nothing."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(GUARD), nbformat.v4.new_code_cell(
        "import subprocess\nsubprocess.run(['true'])")])
    with pytest.raises(CellExecutionError, match="tried subprocess.Popen"):
        execute(notebook)
