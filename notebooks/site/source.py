"""What Sphinx reads: the stored notebooks, a solution folded below each exercise, the map of the course, the formula cards."""
import re
import shutil

import nbformat

from nnscratch.course import card, cards
from notebooks.source import FOLDER, solutions

README = FOLDER.parent / "README.md"
TEACHERS = FOLDER / "teachers.md"
IMAGE = re.compile(r"^!\[(.*?)\]\((.*?)\)", flags=re.M)
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)")
CARDS_PAGE = """# Formula cards

Every op of the course on a card: its shapes, its formulas forward and backward, and small numbers that the op itself has just
computed. In a notebook, `from nnscratch.course import card` and `card("conv2d")` show one.
"""


def write(folder):
    """Put everything into an empty folder."""
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
        if path.stem.startswith("00"):
            name, texts = "index", notebook.cells[0].source.partition("\n")
            text = re.sub(r" h \|", "\u00a0h |", texts[2])  # hours stay with their number
            notebook.cells[0].source = f"{texts[0]}\n\n{first_image(folder)}\n{text}"
            notebook.cells.append(nbformat.v4.new_markdown_cell(contents(stored), id="contents"))
        nbformat.write(with_solutions(notebook, solutions(path.stem)), folder / f"{name}.ipynb")
    (folder / "cards.md").write_text("\n".join([CARDS_PAGE, *map(section, cards())]), encoding="utf-8")
    if TEACHERS.exists():
        (folder / "teachers.md").write_text(relink(TEACHERS.read_text(encoding="utf-8"), pages), encoding="utf-8")


def section(name):
    """A card below its title, which is not said twice."""
    shown = card(name)
    return f"## {shown.title}\n\n`card(\"{name}\")`\n\n{shown._repr_markdown_().removeprefix(f'**{shown.title}.** ')}\n"


def contents(stored):
    """The tree of pages, shown at the side."""
    names = [path.stem for path in stored if not path.stem.startswith("00")]
    more = ["cards", *(["teachers"] if TEACHERS.exists() else [])]
    return "\n".join(f"```{{toctree}}\n:hidden:\n:caption: {title}\n\n" + "\n".join(list_) + "\n```\n"
                     for title, list_ in (("Notebooks", names), ("Besides", more)))


def first_image(folder):
    """The README's, copied."""
    text, path = IMAGE.search(README.read_text(encoding="utf-8")).groups()
    shutil.copy(README.parent / path, folder)
    return f"![{text}]({path.rpartition('/')[2]})"


def relink(text, pages):
    """Links to notebooks and solutions lead to pages; other files of the project are only named, for the site has none."""
    def replace(match):
        words, target, anchor = match[1], match[2], match[3] or ""
        stem = re.sub(r"^(?:\./|notebooks/|solutions/|src/)*", "", target).rpartition(".")[0]
        if "://" in target or (target == "teachers.md" and TEACHERS.exists()):
            return match[0]
        return f"[{words}]({'index' if stem.startswith('00') else stem}.ipynb{anchor})" if stem in pages else words
    return LINK.sub(replace, text)


def name_images(cell):
    """An image's sentence becomes its alternative text."""
    for output in cell.outputs:
        sentence = re.fullmatch(r"<image: (.*)>", output.get("data", {}).get("text/plain", ""), flags=re.S)
        if sentence:
            cell.metadata["mystnb"] = {"image": {"alt": sentence[1]}}


def with_solutions(notebook, answers):
    """Below the check of each exercise its solution, folded."""
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
