"""Make the notebooks from their sources and run them: python -m notebooks.build [01 02 ...], all by default.

The exercises stay unsolved, and the outputs are stored: whoever reads a notebook without running it sees them. What differs
from run to run is stored of cells marked `varies` alone.
"""
import os
import sys

import nbformat
from nbclient import NotebookClient

from notebooks.source import FOLDER, read, sources


def execute(notebook, seconds=60):
    """Run it in a kernel of its own, in the folder of the notebooks, as Jupyter does; `seconds` are allowed for each cell."""
    here = os.environ | {"PYTHONPATH": str(FOLDER.parent)}  # this nnscratch, and not one that is installed
    if any(cell.cell_type == "code" for cell in notebook.cells):
        NotebookClient(notebook, timeout=seconds, kernel_name="python3", coalesce_streams=True, record_timing=False,
                       resources={"metadata": {"path": str(FOLDER)}}).execute(env=here)
    notebook.metadata.language_info = {"name": "python"}  # a kernel adds its version
    return notebook


def build(path):
    target = FOLDER / f"{path.stem}.ipynb"
    nbformat.write(execute(read(path)), target)
    return target


if __name__ == "__main__":
    for path in sources():
        if not sys.argv[1:] or path.stem[:2] in sys.argv[1:]:
            print(build(path).name)
