"""The public API is typed and documented: `__all__` in every module, type hints, numpydoc sections, examples that run."""
import doctest
import importlib
import inspect
import pkgutil

import pytest

import nnscratch

numpydoc = pytest.importorskip("numpydoc.validate")

# numpydoc's own codes: no docstring, unknown or misordered sections, parameters that are undocumented, unknown, misordered or
# without a type, a result that is not documented or not described, no summary.
ERRORS = {"GL06", "GL07", "GL08", "PR01", "PR02", "PR03", "PR04", "PR10", "RT01", "RT03", "SS01"}


def modules():
    """The name of every module of the package, except scripts."""
    names = [m.name for m in pkgutil.walk_packages(nnscratch.__path__, "nnscratch.")]
    return ["nnscratch", *(name for name in names if not name.endswith("__main__"))]


def members(module):
    """(dotted name, object) for each public function, class and method that this module defines."""
    for name in getattr(module, "__all__", []):
        thing = getattr(module, name)
        if getattr(thing, "__module__", None) != module.__name__ or not (inspect.isclass(thing) or inspect.isroutine(thing)):
            continue
        yield f"{module.__name__}.{name}", thing
        if inspect.isclass(thing):
            for key, value in vars(thing).items():
                if not key.startswith("_") and (inspect.isfunction(value) or isinstance(value, (classmethod, staticmethod))):
                    yield f"{module.__name__}.{name}.{key}", getattr(thing, key)


def unhinted(thing):
    """The parameters without a type hint."""
    function = thing.__init__ if inspect.isclass(thing) else thing
    if not (inspect.isfunction(function) or inspect.ismethod(function)):  # inherited from a built-in class
        return []
    parameters = list(inspect.signature(function).parameters.values())
    return [p.name for p in parameters if p.annotation is p.empty and p.name not in ("self", "cls")]


every_module = pytest.mark.parametrize("name", modules())


@every_module
def test_a_module_lists_its_public_names(name):
    """Every name in `__all__` exists."""
    module = importlib.import_module(name)
    assert hasattr(module, "__all__") and all(hasattr(module, public) for public in module.__all__)


@every_module
def test_parameters_have_hints(name):
    """Every parameter of the public API."""
    missing = {dotted: unhinted(thing) for dotted, thing in members(importlib.import_module(name)) if unhinted(thing)}
    assert not missing


@every_module
def test_docstrings_are_numpydoc(name):
    """numpydoc's own validator checks them. A method that overrides a documented one inherits its docstring, as in `help`."""
    wrong = []
    for dotted, thing in members(importlib.import_module(name)):
        if inspect.isroutine(thing) and thing.__doc__ is None and inspect.getdoc(thing):
            continue
        wrong += [f"{dotted}: {code} {text}" for code, text in numpydoc.validate(dotted)["errors"] if code in ERRORS]
    assert not wrong, "\n".join(wrong)


@every_module
def test_examples_run(name):
    """The doctests of the module."""
    assert doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0
