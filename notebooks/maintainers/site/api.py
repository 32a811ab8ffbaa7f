"""The API reference: a page for each public module, which Sphinx's autodoc fills from the docstrings.

A package whose door exports nothing gets a section for each of its modules on one page.
"""
import importlib
import inspect
import pkgutil
from pathlib import Path
from types import ModuleType

from notebooks.site.words import WORDS

__all__ = ["MODULES", "write_api", "write_stub"]

MODULES = ("ops", "fast", "layers", "models", "losses", "optimizers", "lbfgs", "initializers", "checkpoint", "gradcheck",
           "networks", "data", "training", "classify", "generate", "style", "backend")  # of nnscratch, bottom to top
INDEX = """API reference
=============

.. raw:: html

   <p class="offers">{twin}</p>

Every public function and class, with its arguments, results and sources, made from the docstrings. In Python,
``help(Conv2D)`` shows the same.

.. toctree::
   :maxdepth: 1

   {pages}
"""
STUB = """# API 参考

API 参考由文档字符串生成，只有英文：{twin}
"""


def write_api(folder: Path) -> None:
    """Write api.rst and a page for each of `MODULES` into the folder that Sphinx reads.

    Parameters
    ----------
    folder : Path
    """
    for name in MODULES:
        (folder / f"api_{name}.rst").write_text(page(f"nnscratch.{name}"), encoding="utf-8")
    pages = "\n   ".join(f"nnscratch.{name} <api_{name}>" for name in MODULES)
    (folder / "api.rst").write_text(INDEX.format(pages=pages, twin=WORDS["en"].twin.format("api")), encoding="utf-8")


def write_stub(folder: Path) -> None:
    """Write api.md for the Chinese edition: a link to the reference, which is in English.

    Parameters
    ----------
    folder : Path
    """
    (folder / "api.md").write_text(STUB.format(twin=WORDS["zh"].twin.format("api")), encoding="utf-8")


def page(name: str) -> str:
    """The page of a module or package as reStructuredText."""
    return "\n\n".join(section(importlib.import_module(name), "=")) + "\n"


def section(module: ModuleType, line: str = "-") -> list[str]:
    """What the module exports; of a package that exports nothing, what its modules do."""
    found = directives(module)
    inside = [] if found else [part for each in submodules(module) for part in section(each)]
    return [heading(module.__name__, line), f".. automodule:: {module.__name__}", *found, *inside] if found or inside else []


def heading(text: str, line: str) -> str:
    """A title with a line under it."""
    return f"{text}\n{line * len(text)}"


def submodules(package: ModuleType) -> list[ModuleType]:
    """The modules right inside a package, in the order of their names, without scripts and commands."""
    names = [found.name for found in pkgutil.iter_modules(getattr(package, "__path__", []), f"{package.__name__}.")]
    return [importlib.import_module(name) for name in names if name.rpartition(".")[2] not in ("__main__", "command")]


def directives(module: ModuleType) -> list[str]:
    """An autodoc directive for each function and class that the module exports."""
    public = {name: getattr(module, name) for name in exported(module)}
    return [f".. autoclass:: {module.__name__}.{name}\n   :members:" if inspect.isclass(thing) else
            f".. autofunction:: {module.__name__}.{name}" for name, thing in public.items()
            if inspect.isclass(thing) or inspect.isfunction(thing)]


def exported(module: ModuleType) -> list[str]:
    """What `__all__` names, or else what the module or its package defines, in the order of the source."""
    own = {name for name, thing in vars(module).items() if not name.startswith("_")
           and f"{getattr(thing, '__module__', '')}.".startswith(f"{module.__name__}.")}
    public = set(getattr(module, "__all__", own))
    return [name for name in vars(module) if name in public]
