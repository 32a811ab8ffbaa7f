"""CONTRIBUTING.md works: what it and README quote is the code, what it adds is right, and what is forgotten is named."""
import ast
import re
import shutil
from pathlib import Path

import pytest
from helpers import package_copy, run_python

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n# ([^\n]*)\n(.*?)^```$", TEXT, flags=re.M | re.S)


def bare(node):
    """A statement as text, without docstring and type hints."""
    for part in ast.walk(node):
        if isinstance(part, ast.FunctionDef):
            part.returns = None
            for argument in (*part.args.posonlyargs, *part.args.args, *part.args.kwonlyargs):
                argument.annotation = None
            if ast.get_docstring(part) is not None:
                part.body = part.body[1:]
    return ast.unparse(node)


def test_every_file_and_folder_exists():
    """All paths in backticks, and all files that the proving commands run."""
    paths = re.findall(r"`((?:nnscratch|tests|notebooks|benchmarks)/[\w./]*)`", TEXT) + re.findall(r"tests/test_\w+\.py", TEXT)
    assert len(paths) > 25
    for path in paths:
        assert (ROOT / path).exists(), path


def test_what_is_quoted_is_the_code():
    """Statement by statement, docstrings and hints aside."""
    quoted = [(file, text) for file, text in BLOCKS if not file.startswith("add to ")]
    assert len(quoted) == 3
    for file, text in quoted:
        statements = {bare(node) for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
                      if isinstance(node, ast.stmt)}
        for node in ast.parse(text).body:
            assert bare(node) in statements, f"{file} has no\n{ast.unparse(node)}"


def test_the_formula_in_the_readme_is_the_code():
    """Both functions, whole: docstrings and hints aside."""
    text = re.search(r"^```python\n(def dense.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.M | re.S)[1]
    source = ast.parse((ROOT / "nnscratch" / "ops" / "linear.py").read_text(encoding="utf-8"))
    functions = {node.name: bare(node) for node in source.body if isinstance(node, ast.FunctionDef)}
    shown = {node.name: bare(node) for node in ast.parse(text).body}
    assert set(shown) == {"dense", "dense_backward"} and shown == {name: functions[name] for name in shown}


@pytest.mark.slow
def test_the_additions_are_proven_right(tmp_path):
    """The loss and the optimizer, added to a copy where it says: `nnscratch check` passes, and every optimizer's tests do."""
    package = package_copy(tmp_path)
    for file, text in (block for block in BLOCKS if block[0].startswith("add to ")):
        path = tmp_path / file.split()[-1]
        source = path.read_text(encoding="utf-8")
        if "loss_cases" in file:
            last = '    yield case("total_variation"'
            assert last in source
            source = source.replace(last, f"    {text.rstrip()}\n{last}")
        else:
            source += f"\n\n{text}"
        path.write_text(source, encoding="utf-8")
    done = run_python(tmp_path, "-m", "nnscratch.cli", "check")
    assert done.returncode == 0 and re.search(r"^huber ", done.stdout, flags=re.M), done.stdout + done.stderr
    for file in ("test_optimizers.py", "helpers.py", "conftest.py"):
        shutil.copy(ROOT / "tests" / file, tmp_path)
    shutil.copytree(ROOT / "tests" / "standin", tmp_path / "standin")
    done = run_python(tmp_path, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-q", "test_optimizers.py",
                      "-k", "Lion")
    assert done.returncode == 0 and "passed" in done.stdout, done.stdout + done.stderr
    assert package.exists()


@pytest.mark.slow
@pytest.mark.parametrize("file, line, sentence", [
    ("gradcheck/cases.py", '    yield Case("group_norm", ', "ops.group_norm has no case in gradcheck/cases.py"),
    ("gradcheck/layer_cases.py", '    "GroupNormalization": ',
     "layers.GroupNormalization has no case in gradcheck/layer_cases.py"),
])
def test_a_forgotten_case_is_named(tmp_path, file, line, sentence):
    """Without its line the check fails, in one sentence that says which file lacks it."""
    package = package_copy(tmp_path)
    lines = (package / file).read_text(encoding="utf-8").splitlines()
    kept = [text for text in lines if not text.startswith(line)]
    assert len(kept) == len(lines) - 1
    (package / file).write_text("\n".join(kept), encoding="utf-8")
    done = run_python(tmp_path, "-c",
                      "from nnscratch.gradcheck.coverage import without_case; print(*without_case(), sep='\\n')")
    assert done.stdout.strip() == sentence, done.stderr
