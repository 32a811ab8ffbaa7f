"""What Sphinx reads: the stored notebooks, a folded solution below each exercise, the contents, the formula cards."""
import re
import shutil
from pathlib import Path

import nbformat

from nnscratch.course import card, cards
from notebooks.source import FOLDER, solutions

__all__ = ["write"]

README = FOLDER.parent / "README.md"
TEACHERS = FOLDER / "teachers.md"
IMAGE = re.compile(r"^!\[(.*?)\]\((.*?)\)", flags=re.M)
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)")
CARDS_PAGE = """# Formula cards

Every op of the course on a card: its shapes, its formulas forward and backward, and small numbers that the op itself
computed. In a notebook, `from nnscratch.course import card` and `card("conv2d")` show one.
"""


def write(folder: Path) -> None:
    """Write the notebooks, the cards and the teachers' page into an empty folder."""
    stored = sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))
    pages = {path.stem for path in stored}
    for path in stored:
        notebook = nbformat.read(path, 4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = relink(cell.source, pages)
            else:
                name_images(cell)
        name = path.stem
        if path.stem == "index":
            name, texts = "index", notebook.cells[0].source.partition("\n")
            text = re.sub(r" h \|", "\u00a0h |", texts[2])  # hours stay with their number
            notebook.cells[0].source = f"{texts[0]}\n\n{first_image(folder)}\n{text}"
            notebook.cells.append(nbformat.v4.new_markdown_cell(contents(stored), id="contents"))
        nbformat.write(with_solutions(notebook, solutions(path.stem)), folder / f"{name}.ipynb")
    (folder / "cards.md").write_text("\n".join([CARDS_PAGE, *map(section, cards())]), encoding="utf-8")
    if TEACHERS.exists():
        (folder / "teachers.md").write_text(relink(TEACHERS.read_text(encoding="utf-8"), pages), encoding="utf-8")


def section(name: str) -> str:
    """A card below its title, which is not repeated."""
    shown = card(name)
    return f"## {shown.title}\n\n`card(\"{name}\")`\n\n{shown._repr_markdown_().removeprefix(f'**{shown.title}.** ')}\n"


def contents(stored: list[Path]) -> str:
    """The list of pages that the sidebar shows."""
    names = [path.stem for path in stored if path.stem != "index"]
    more = ["cards", "api", *(["teachers"] if TEACHERS.exists() else [])]
    return "\n".join(f"```{{toctree}}\n:hidden:\n:caption: {title}\n\n" + "\n".join(list_) + "\n```\n"
                     for title, list_ in (("Notebooks", names), ("Besides", more)))


def first_image(folder: Path) -> str:
    """The first image of the README, copied into the folder, as Markdown."""
    text, path = IMAGE.findall(README.read_text(encoding="utf-8"))[0]
    shutil.copy(README.parent / path, folder)
    return f"![{text}]({path.rpartition('/')[2]})"


def relink(text: str, pages: set[str]) -> str:
    """Turn links to notebooks and solutions into links to pages, and links to other files, which the site lacks, into text."""
    def replace(match: re.Match[str]) -> str:
        words, target, anchor = match[1], match[2], match[3] or ""
        stem = re.sub(r"^(?:\./|notebooks/|solutions/|src/)*", "", target).rpartition(".")[0]
        if "://" in target or (target == "teachers.md" and TEACHERS.exists()):
            return match[0]
        return f"[{words}]({stem}.ipynb{anchor})" if stem in pages else words
    return LINK.sub(replace, text)


def name_images(cell: nbformat.NotebookNode) -> None:
    """Make the sentence of an image its alternative text."""
    for output in cell.outputs:
        sentence = re.fullmatch(r"<image: (.*)>", output.get("data", {}).get("text/plain", ""), flags=re.S)
        if sentence:
            cell.metadata["mystnb"] = {"image": {"alt": sentence[1]}}


def with_solutions(notebook: nbformat.NotebookNode, answers: dict[str, str]) -> nbformat.NotebookNode:
    """Add a folded solution below the check of each exercise."""
    cells, waiting = [], None
    for cell in notebook.cells:
        cells.append(cell)
        if waiting and cell.cell_type == "code":
            cells.append(nbformat.v4.new_markdown_cell(
                f'<details class="solution"><summary>A solution of {waiting}</summary>\n\n'
                f"```python\n{answers[waiting]}\n```\n\n</details>", id=f"solution-{len(cells)}"))
            waiting = None
        waiting = cell.metadata.get("exercise", waiting)
    notebook.cells = cells
    return notebook
