"""Build the notebooks from their sources and run them: python -m notebooks.build [zh] [7 8 ...], all by default.

The exercises stay unsolved. The outputs are stored, so that a notebook can be read without running it. Only cells tagged
`varies` have an output that differs from run to run.
"""
import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from nnscratch.files import replace_file
from notebooks.source import FOLDER, SOURCES, Notebook, add_setup, needed, read, report, sources, stem_of, write_notebook
from notebooks.translation import PAGES, chinese, translated

__all__ = ["build", "execute", "main"]


def execute(notebook: Notebook, seconds: int = 60, own: str | Path | None = None,
            language: str = "en") -> Notebook:
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
    client = needed("nbclient", "test").NotebookClient
    with TemporaryDirectory() as empty:
        here = os.environ | {"PYTHONPATH": str(FOLDER.parent),  # import this nnscratch, not an installed one
                             "NNSCRATCH_OWN": str(own or Path(empty) / "own"), "NNSCRATCH_STATIC": "1",
                             "NNSCRATCH_LANGUAGE": language}
        if any(cell.cell_type == "code" for cell in notebook.cells):
            client(notebook, timeout=seconds, kernel_name="python3", coalesce_streams=True, record_timing=False,
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
    folder.mkdir(exist_ok=True)
    return write_notebook(add_setup(execute(notebook, language=language), language), folder / f"{path.stem}.ipynb")


def build_all(names: list[str], language: str) -> str:
    """Build these notebooks, or all and in Chinese the pages beside them; say so after each, since one takes minutes."""
    stems = [stem_of(name) for name in names] or [path.stem for path in sources()]
    for stem in stems:
        print(build(SOURCES / f"{stem}.py", language).relative_to(FOLDER), flush=True)
    for page in PAGES if language == "zh" and not names else ():
        replace_file(FOLDER / "zh" / f"{page}.md", ("\n\n".join(translated(page)) + "\n").encode())
    return f"built: {len(stems)}"


def main(arguments: list[str] | None = None) -> int:
    """Build notebooks; return the exit code, 0 or 2."""
    parser = argparse.ArgumentParser(prog="python -m notebooks.build", description="Run notebooks and store their outputs.")
    parser.add_argument("notebooks", nargs="*", help="their numbers, such as 07 (default: all); zh: those in Chinese")
    names = parser.parse_args(arguments).notebooks
    return report(lambda: build_all([name for name in names if name != "zh"], "zh" if "zh" in names else "en"))


if __name__ == "__main__":
    sys.exit(main())
