"""Build the notebooks from their sources and run them: python -m notebooks.build [zh] [01 02 ...], all by default.

The exercises stay unsolved. The outputs are stored, so that a notebook can be read without running it. Only cells marked
`varies` have an output that differs from run to run.
"""
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient

from notebooks.source import FOLDER, add_setup, read, sources
from notebooks.translation import PAGES, chinese, translated

__all__ = ["build", "execute"]


def execute(notebook: nbformat.NotebookNode, seconds: int = 60, own: str | Path | None = None,
            language: str = "en") -> nbformat.NotebookNode:
    """Run a notebook in a new kernel in the folder of the notebooks, as Jupyter does, but without sliders.

    Parameters
    ----------
    notebook : NotebookNode
        It is changed: the outputs are stored in it.
    seconds : int
        Time limit of each cell.
    own : str or Path, optional
        The folder of the learner's functions; by default an empty one.
    language : str
        In which checks and figures speak.

    Returns
    -------
    notebook : NotebookNode
        The same object.
    """
    with TemporaryDirectory() as empty:
        here = os.environ | {"PYTHONPATH": str(FOLDER.parent),  # import this nnscratch, not an installed one
                             "NNSCRATCH_OWN": str(own or Path(empty) / "own"), "NNSCRATCH_STATIC": "1",
                             "NNSCRATCH_LANGUAGE": language}
        if any(cell.cell_type == "code" for cell in notebook.cells):
            NotebookClient(notebook, timeout=seconds, kernel_name="python3", coalesce_streams=True, record_timing=False,
                           resources={"metadata": {"path": str(FOLDER)}}).execute(env=here)
    notebook.metadata.language_info = {"name": "python"}  # a kernel adds its version
    return notebook


def build(path: Path, language: str = "en") -> Path:
    """Run a source and write the notebook.

    Parameters
    ----------
    path : Path
        A source in notebooks/maintainers/src.
    language : str
        "en", or "zh": the Chinese edition, whose checks and figures speak Chinese, in zh/.

    Returns
    -------
    target : Path
        The .ipynb file.
    """
    notebook, folder = (read(path), FOLDER) if language == "en" else (chinese(path.stem), FOLDER / language)
    target = folder / f"{path.stem}.ipynb"
    folder.mkdir(exist_ok=True)
    nbformat.write(add_setup(execute(notebook, language=language), language), target)
    return target


if __name__ == "__main__":
    chosen = [one for one in sys.argv[1:] if one != "zh"]
    language = "zh" if "zh" in sys.argv[1:] else "en"
    for path in sources():
        if not chosen or path.stem[:2] in chosen:
            print(build(path, language).relative_to(FOLDER))
    if language == "zh" and not chosen:
        for page in PAGES:
            (FOLDER / "zh" / f"{page}.md").write_text("\n\n".join(translated(page)) + "\n", encoding="utf-8")
