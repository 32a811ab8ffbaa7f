"""A formula must use only names that NumPy and CuPy share: every `xp.<name>` in the library is looked up.

The stand-in refuses a wrong name if a test runs the line; this file reads all lines, run or not.
"""
import ast
import inspect
import re
from operator import attrgetter
from pathlib import Path

import pytest
from standin.strict_cupy import NAMES

LIBRARY = Path(__file__).parent.parent / "nnscratch"
# What the library uses of CuPy's own, which NumPy has not: all of it in nnscratch/fast/cuda and backend.py.
ONLY_CUPY = {"RawModule", "cuda", "cuda.Device", "cuda.get_current_stream", "cuda.Stream", "cuda.Memory", "cuda.MemoryPointer",
             "cuda.MemoryPool", "cuda.using_allocator", "cuda.compiler", "cuda.runtime", "get_default_memory_pool"}
SUBMODULES = {name.rpartition(".")[0] for name in NAMES} - {"", "ndarray"} | {"cuda"}


def used_names(source):
    """(line, name) for each `xp.name`, `xp.linalg.name` and `self.xp.name`; xp.pi.real counts as xp.pi."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and (found := re.fullmatch(r"(?:self\.)?xp\.([\w.]+)", ast.unparse(node))):
            place, _, _ = found[1].rpartition(".")
            if place in SUBMODULES or not place:
                yield node.lineno, found[1]


def unknown_names(source, known=NAMES | ONLY_CUPY):
    return [(line, name) for line, name in used_names(source) if name not in known]


def library_names():
    return {name for path in LIBRARY.rglob("*.py") for _, name in used_names(path.read_text())}


@pytest.mark.parametrize("path", sorted(LIBRARY.rglob("*.py")), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_every_name_exists_in_cupy(path):
    """Each file uses only names in cupy_names.txt."""
    assert not unknown_names(path.read_text())


@pytest.mark.slow
def test_the_library_is_read():
    """The test above would also pass for an empty folder."""
    assert {"where", "zeros", "exp", "maximum", "result_type"} <= library_names()


def test_wrong_names_are_found():
    """Functions, submodules and their functions, also in code that never runs; with the line number."""
    wrong = """
def f(x, xp):
    y = xp.exp(xp.nanquantile(x, 0.5))
    if x is None:
        return xp.linalg.multi_dot([x, y]) + self.xp.lib.format.read_array(x)
    return lambda: xp.random.default_rng(0) * xp.asnumpy(y)
"""
    assert sorted(unknown_names(wrong)) == [
        (3, "nanquantile"), (5, "lib.format"), (5, "linalg.multi_dot"), (6, "asnumpy"), (6, "random")]


def test_right_names_are_accepted():
    """Functions, constants, submodules, attributes of a result, and modules other than xp."""
    right = """
y = xp.lib.stride_tricks.as_strided(xp.zeros(3, dtype=xp.float32), (2,), (4,)).sum().item() * -xp.inf + xp.pi.real
z = xp.linalg.norm(y)[xp.newaxis] + np.nanquantile(y) + my_xp.anything + xp.float32.mro()
"""
    assert not unknown_names(right)


def test_the_list_agrees_with_the_installed_cupy():
    """If CuPy is installed (a GPU is not needed), it has every name in the list."""
    cupy = pytest.importorskip("cupy", exc_type=ImportError)
    for name in NAMES | ONLY_CUPY:
        attrgetter(name)(cupy)


@pytest.mark.slow
def test_cupys_own_names_are_used_only_for_the_gpu():
    """All other code must run on NumPy as well; and every name in the list above is used."""
    users = {name: set() for name in ONLY_CUPY}
    for path in LIBRARY.rglob("*.py"):
        for _, used in used_names(path.read_text()):
            if used in users:
                users[used].add(path.relative_to(LIBRARY).parent.as_posix())
    assert set(map(frozenset, users.values())) == {frozenset({"fast/cuda"})}


def test_keywords_exist_in_the_installed_cupy():
    """If CuPy is installed, every keyword that the library passes to one of its functions is in its signature."""
    cupy = pytest.importorskip("cupy", exc_type=ImportError)
    for path in LIBRARY.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            called = re.fullmatch(r"xp\.([\w.]+)", ast.unparse(node.func)) if isinstance(node, ast.Call) else None
            if not called or called[1] not in NAMES | ONLY_CUPY:
                continue
            try:
                parameters = inspect.signature(attrgetter(called[1])(cupy)).parameters
            except (TypeError, ValueError):  # written in C, without a signature
                continue
            if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
                assert {keyword.arg for keyword in node.keywords} <= set(parameters), f"{path.name}:{node.lineno}"
