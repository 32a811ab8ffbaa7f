"""Measurements that lie in the repository, benchmarks/results/*.json, for notebooks to show beside their own.

They are no part of the installed package: whoever has only that sees a sentence instead.
"""
import json
from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "benchmarks" / "results"
MISSING = "no results are at hand here: they lie in benchmarks/results of nnscratch's repository"


def committed(name, folder=FOLDER):
    """What the file NAME.json holds: {"machine": facts, "rows": [dict, ...], ...}; None where it is not at hand."""
    path = Path(folder) / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def of_gpus(folder=FOLDER):
    """{name: what it holds} of the results that `nnscratch bench` measured on a GPU: their machine has one, and layers."""
    names = [path.relative_to(folder).with_suffix("").as_posix() for path in sorted(Path(folder).rglob("*.json"))]
    found = {name: committed(name, folder) for name in names}
    return {name: held for name, held in found.items() if "gpu" in held.get("machine", {}) and held.get("layers")}
