"""The sentences of the course that are translated, read from its code: python -m notebooks.sentences adds the new ones, each
under itself, to the catalogues in nnscratch/course/zh, and drops those that the code no longer has. What stays in English, such
as code, has null there."""
import argparse
import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from nnscratch.files import make_folder, replace_file
from notebooks.catalogue import renewed, summary
from notebooks.source import FOLDER, report

__all__ = ["catalogue_of", "catalogues", "main", "sentences", "spoken", "update"]

PACKAGE = FOLDER.parent / "nnscratch"
SILENT = {"language.py", "gan_failures.py", "results.py", "tracing.py", "notation.py", "formulas.py",  # formulas, data
          "xml.py", "qti_package.py"}
WORDS = re.compile(r"[A-Za-z]{2,}")


def spoken() -> list[Path]:
    """The modules that say something to learners."""
    course = [path for path in sorted((PACKAGE / "course").rglob("*.py"))
              if path.name not in SILENT]
    return [*course, PACKAGE / "gradcheck" / "diagnose.py"]  # the checks quote it


def catalogue_of(module: Path, code: str = "zh") -> Path:
    """Where the translations of a module's sentences lie."""
    return PACKAGE / "course" / code / module.relative_to(PACKAGE).with_suffix(".json")


def catalogues(code: str = "zh") -> list[Path]:
    """The catalogues of modules that are there; those written by hand, figures.json and words.json, are of no module."""
    return sorted((PACKAGE / "course" / code).glob("*/**/*.json"))


def sentences(module: Path) -> list[str]:
    """The sentences of a module, in its order: each line of each text with two words or more, and what is `said`; {}
    stands for a value.

    Docstrings are shown by exercises alone.
    """
    tree = ast.parse(module.read_text(encoding="utf-8"))
    silent = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            exercise = isinstance(node, ast.FunctionDef) and any("exercise" in ast.unparse(one) for one in node.decorator_list)
            if not exercise:
                silent.add(node.body[0].value)
        if isinstance(node, ast.JoinedStr):
            silent |= {part for part in ast.walk(node) if isinstance(part, ast.Constant) and part in node.values}
    found = [line.strip() for node in ast.walk(tree) if node not in silent for text in texts(node) for line in text.split("\n")]
    asked = [node.args[0].value for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "said"
             and isinstance(node.args[0], ast.Constant)]
    return list(dict.fromkeys([*(line for line in found if len(WORDS.findall(line)) > 1 and " " in line), *asked]))


def texts(node: ast.AST) -> Iterator[str]:
    """The text of a string, or of an f-string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)


def update() -> str:
    """Write the catalogues, and delete those of modules that are gone, or say nothing any more."""
    known = {str(path): json.loads(path.read_text(encoding="utf-8")) for path in catalogues()}
    new = renewed(known, {str(catalogue_of(module)): found for module in spoken() if (found := sentences(module))})
    for path, made in new.items():
        make_folder(Path(path).parent)
        replace_file(path, (json.dumps(made, ensure_ascii=False, indent=0) + "\n").encode())
    for path in known.keys() - new.keys():
        Path(path).unlink()
    waiting, dropped = summary(known, new)
    return "\n".join([*dropped, f"still in English: {waiting}"])


def main(arguments: list[str] | None = None) -> int:
    """Bring the catalogues up to date; return the exit code, 0 or 2."""
    argparse.ArgumentParser(prog="python -m notebooks.sentences", description="Add to nnscratch/course/zh/ the sentences that "
                            "have no translation yet, in English, and drop what the code no longer says.").parse_args(arguments)
    return report(update)


if __name__ == "__main__":
    sys.exit(main())
