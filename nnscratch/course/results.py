"""Stored benchmark results, benchmarks/results/*.json, for notebooks to show beside their own measurements.

They are part of the repository, not of the installed package: without them a notebook shows a sentence instead.
"""
import json
from os import PathLike
from pathlib import Path

from nnscratch.hints import checked

__all__ = ["FOLDER", "MISSING", "gpu_results", "stored_result"]

FOLDER = Path(__file__).parent.parent.parent / "benchmarks" / "results"
MISSING = "no stored results here: they are in benchmarks/results of nnscratch's repository"


@checked
def stored_result(name: str | PathLike[str], folder: str | Path = FOLDER) -> dict | None:
    """Read the result NAME.json.

    Parameters
    ----------
    name : str or path
    folder : str or Path

    Returns
    -------
    result : dict or None
        {"machine": dict, "rows": list of dict, ...}; None if there is no such file.
    """
    path = Path(folder) / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


@checked
def gpu_results(folder: str | Path = FOLDER) -> dict[str, dict]:
    """Read the results that `nnscratch bench` measured on a GPU: their machine has a GPU, and they have layers.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    results : dict of str to dict
        By name.
    """
    names = [path.relative_to(folder).with_suffix("").as_posix() for path in sorted(Path(folder).rglob("*.json"))]
    found = {name: stored_result(name, folder) or {} for name in names}
    return {name: result for name, result in found.items() if "gpu" in result.get("machine", {}) and result.get("layers")}
