"""Promises about the package as a whole: what it imports, what it never imports, and that README and CI agree."""
import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import nnscratch

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "nnscratch").rglob("*.py"))


def imports(path):
    """Every module a file imports, at any depth in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.slow
def test_no_framework_is_imported():
    """No PyTorch, TensorFlow, JAX, Keras or SciPy in the library; pickle in one file, where it may name StandIns only."""
    banned = {"torch", "tensorflow", "jax", "keras", "scipy", "pickle", "autograd", "numba"}
    assert not [(path.name, name) for path in SOURCES for name in imports(path) if name.split(".")[0] in banned
                and (path, name) != (ROOT / "nnscratch" / "pickles.py", "pickle")]
    assert "pickle.load" not in (ROOT / "nnscratch" / "pickles.py").read_text()


def test_imports_run_one_way():
    """backend <- ops <- layers <- models <- networks <- style <- cli: nobody imports from further down the line."""
    rooms = ["errors", "version", "processes", "hints", "files", "schema", "marks", "locks", "outputs", "terminal", "plotting",
             "html_page", "reprs", "progress", "recording", "one_thread", "cupy_diagnosis", "backend", "parallel", "shard",
             "memory", "ops", "fast", "initializers", "layers", "summary", "models", "losses", "optimizers", "lbfgs",
             "numpy_tensors", "tensor_files", "pickles", "torch_pickles", "torch_files", "checkpoint", "gradcheck",
             "networks", "data", "training", "classify", "generate", "style", "demo", "info", "bench", "argument_parser",
             "arguments_trained", "arguments", "given_options", "mpi_command", "course", "cli"]
    for path in SOURCES:
        room = path.relative_to(ROOT / "nnscratch").parts[0].removesuffix(".py")
        for name in imports(path):
            parts = name.split(".")
            if parts[0] == "nnscratch" and len(parts) > 1 and room in rooms:
                assert parts[1] in rooms, f"{name}: give the new room its place in this list"
                assert rooms.index(parts[1]) <= rooms.index(room), f"{path} imports {name}"


def test_two_rooms_do_without_each_other():
    """Generating images and transferring style share what lies below them, and nothing else."""
    for room, other in (("generate", "style"), ("style", "generate")):
        for path in (ROOT / "nnscratch" / room).rglob("*.py"):
            assert not [name for name in imports(path) if name.startswith(f"nnscratch.{other}.")], path


def import_graph(root):
    """{module: the modules of the package that it imports}, at the module level, inside functions and for type hints alike."""
    modules = {".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
               for path in root.glob("nnscratch/**/*.py")}

    def module_of(name):
        while name and name not in modules:
            name = name.rpartition(".")[0]  # a function or class: the module before it
        return name
    return {module: {module_of(name) for name in imports(path)} - {module, ""} for module, path in modules.items()}


def test_no_import_circles():
    """Modules have an order in which each imports earlier ones only; an import inside a function does not hide a circle."""
    graph = import_graph(ROOT)
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)  # CycleError names the modules of a circle


def test_an_import_circle_is_found(tmp_path):
    """Of two modules, each of which imports the other, one inside a function and one from the package."""
    (tmp_path / "nnscratch").mkdir()
    (tmp_path / "nnscratch" / "one.py").write_text("from nnscratch.two import f")
    (tmp_path / "nnscratch" / "two.py").write_text("def f():\n    from nnscratch import one")
    with pytest.raises(CycleError, match="nnscratch.(one|two)"):
        list(TopologicalSorter(import_graph(tmp_path)).static_order())


def test_optimizers_know_no_device():
    """They are NumPy's operations, and one call of the engine."""
    for path in (ROOT / "nnscratch" / "optimizers").glob("*.py"):
        assert not re.search(r"cuda|cupy|\bgpu\b", path.read_text(), re.IGNORECASE), path


def test_files_are_short():
    """One idea a file, about 250 lines."""
    assert not [path for path in SOURCES if len(path.read_text().splitlines()) > 250]


@pytest.mark.slow
def test_using_the_library_needs_numpy_alone():
    """A network is built, trained a step and checked with Pillow, matplotlib, tqdm and safetensors out of reach."""
    code = """
import sys
for name in ("PIL", "matplotlib", "tqdm", "safetensors", "cupy", "scipy"):
    sys.modules[name] = None
import numpy as np, nnscratch
from nnscratch.layers import Input, Conv2D, Dense, Flatten
from nnscratch.models import Model
from nnscratch.losses import mse
from nnscratch.optimizers import Adam
from nnscratch import checkpoint, gradcheck
from nnscratch.course import checks, trace
x = Input((6, 6, 1))
model = Model(x, Dense(2)(Flatten()(Conv2D(3, 3)(x))))
loss, gradient = mse(model.forward(np.ones((2, 6, 6, 1), np.float32), training=True), np.zeros((2, 2), np.float32))
model.backward(gradient)
Adam().step(model.params, model.grads)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_version_is_stated_once():
    """In version.py, which pyproject names and says no other number beside."""
    project = (ROOT / "pyproject.toml").read_text()
    assert 'path = "nnscratch/version.py"' in project and not re.search(r"^version = ", project, flags=re.M)
    assert nnscratch.__version__ in (ROOT / "nnscratch" / "version.py").read_text()


def test_readme_names_what_exists():
    """Images and folders the README shows are there; the commands it lists are commands."""
    readme = (ROOT / "README.md").read_text()
    for target in re.findall(r"\]\(([^)#:]+)\)", readme):
        assert (ROOT / target).exists(), target
    from nnscratch.cli import parser
    known = parser()._subparsers._group_actions[0].choices
    assert set(re.findall(r"^(?:\.venv/bin/)?nnscratch (\w+)", readme, flags=re.M)) <= set(known)


def test_the_chinese_readme_leads_to_the_chinese_course():
    """Its links are those of the README, in the same order; what the course has in Chinese is linked in Chinese."""
    english, chinese = ([target for target in re.findall(r"\]\(([^)]+)\)", (ROOT / name).read_text(encoding="utf-8"))
                         if not target.startswith(("#", "README"))] for name in ("README.md", "README.zh.md"))
    course = ROOT / "notebooks"
    for one, other in zip(english, chinese, strict=True):
        in_chinese = course / "zh" / one.removeprefix("notebooks/")
        expected = in_chinese if one.startswith("notebooks/") and in_chinese.exists() else ROOT / one
        assert (ROOT / other).relative_to(ROOT) == expected.relative_to(ROOT)


def test_readme_code_runs_and_prints_what_it_says(capsys):
    """Every Python block of the README runs, after those before it; a block that follows without a language is its output."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / "README.md").read_text(), flags=re.M | re.S)
    names, printed = {}, None
    for language, text in blocks:
        if language == "python":
            exec(text, names)
            printed = capsys.readouterr().out
            if "optimizer.step" in text:
                assert names["loss"] < 1  # the training loop lowers it from log 10 = 2.3
        elif printed and text.startswith("op: "):
            assert printed == text
            break
    else:
        raise AssertionError("the README shows no output of a check")


def test_the_book_knows_nothing_of_the_engine():
    """No formula speaks of devices, scratch memory or algorithms; without `fast` ops imports, and a convolution runs."""
    for path in (ROOT / "nnscratch" / "ops").rglob("*.py"):
        assert not re.search(r"cuda|scratch\(|algorithm=", path.read_text()), path
    code = """
import sys
import numpy as np
import types
package = types.ModuleType("nnscratch")
package.__path__ = [sys.argv[1]]
sys.modules["nnscratch"], sys.modules["nnscratch.fast"] = package, None
from nnscratch import ops
y, cache = ops.conv2d(np.ones((1, 5, 5, 2)), np.ones((3, 3, 2, 4)), padding="same")
assert ops.conv2d_backward(y, cache)[0].shape == (1, 5, 5, 2)
"""
    subprocess.run([sys.executable, "-c", code, str(ROOT / "nnscratch")], check=True)
