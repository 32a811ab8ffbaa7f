"""What Sphinx reads: the stored notebooks, a folded solution below each exercise, contents, glossary, formula cards."""
import re
import shutil
from pathlib import Path

import nbformat

from nnscratch.course import card, cards
from notebooks.source import FOLDER, solutions, stored

__all__ = ["write"]

LITE = "../lite/lab/index.html?path="  # what python -m notebooks.lite makes lies beside the site
DEMOS = {"2.3": "descent", "3.6": "difference", "7.7": "windows", "12.3": "overlap"}  # a figure, and its sliders in live.js
BESIDES = "glossary", "notation", "teachers"  # pages of Markdown beside the notebooks
IMAGES = FOLDER / "images"
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)")
PART = re.compile(r"^## (Part \d: .+)\n((?:(?!## ).*\n?)*)", flags=re.M)
CAPTION = re.compile(r"^(\*\*Figure (\d+\.\d+)\.\*\*(?:.+\n?)+)", flags=re.M)
SUMMARY = re.compile(r"(</summary>)\n(?=[ ]*\S)")
NUMBER = re.compile(r"(</summary>\n\n[ ]*\d+)\.(?= )")  # an answer such as "0. Since ..." is no list
PERCENT = re.compile(r"(?<=\d) (?=%(?! \d))")  # the space in "97 %", where no line ends; not that of a remainder, "7 % 2"
DETAILS_END = re.compile(r"(?<!\n)\n([ ]*</details>)")
CARDS_PAGE = """# Formula cards

Every op of the course on a card: its shapes, its formulas forward and backward, and small numbers that the op itself
computed. In a notebook, `from nnscratch.course import card` and `card("conv2d")` show one.
"""


def write(folder: Path) -> None:
    """Write the notebooks, the glossary, the notation, the cards and the teachers' page into an empty folder."""
    paths = [FOLDER / "index.ipynb", *sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))]
    pages = {path.stem for path in paths} | {name for name in BESIDES if beside(name).exists()}
    for path in paths:
        notebook = stored(path.stem)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = as_page(cell.source, pages)
            else:
                name_images(cell)
        if path.stem == "index":
            text = notebook.cells[0].source
            notebook.cells[0].source = re.sub(r"(?<=[\d¼½¾]) (?=h)", "\u00a0", text)  # units stay with their numbers
            notebook.cells.append(nbformat.v4.new_markdown_cell(contents(text, pages), id="contents"))
        else:
            notebook.cells[0].source = notebook.cells[0].source.replace("\n", offers(path.name), 1)
        nbformat.write(with_solutions(notebook, solutions(path.stem)), folder / path.name)
    if IMAGES.exists():
        shutil.copytree(IMAGES, folder / IMAGES.name)
    (folder / "cards.md").write_text("\n".join([CARDS_PAGE, *map(section, cards())]), encoding="utf-8")
    for name in pages.intersection(BESIDES):
        text = beside(name).read_text(encoding="utf-8")
        text = re.sub(r'^### (<a id="[\w-]+"></a>)?', "## ", text, flags=re.M)  # no level is left out; Sphinx makes its own ids
        (folder / f"{name}.md").write_text(as_page(text, pages), encoding="utf-8")


def beside(name: str) -> Path:
    """A page of Markdown beside the notebooks."""
    return FOLDER / f"{name}.md"


def as_page(text: str, pages: set[str]) -> str:
    """Text of a notebook as MyST: links to pages, captions with a class, Markdown and formulas inside of folded answers."""
    text = DETAILS_END.sub(r"\n\n\1", SUMMARY.sub(r"\1\n\n", text))
    text = PERCENT.sub("\u00a0", NUMBER.sub(r"\1\\.", text))
    return CAPTION.sub(caption, relink(text, pages))


def caption(match: re.Match[str]) -> str:
    """The text of a figure with a class, and below it the place of its sliders, if it has some."""
    demo = DEMOS.get(match[2])
    live = f'\n<div class="live" data-demo="{demo}"></div>\n<script src="_static/live.js" defer></script>\n' if demo else ""
    return "{.caption}\n" + match[1] + live


def offers(name: str) -> str:
    """Below the title of a page: what to do with its notebook."""
    return (f'\n\n<p class="offers"><a href="{name}" download>Download the notebook</a> · '
            f'<a href="{LITE}{name}">Open in the browser</a></p>\n')


def section(name: str) -> str:
    """A card below its title, which is not repeated."""
    shown = card(name)
    return f"## {shown.title}\n\n`card(\"{name}\")`\n\n{shown._repr_markdown_().removeprefix(f'**{shown.title}.** ')}\n"


def contents(index: str, pages: set[str]) -> str:
    """The list of pages that the sidebar shows: the parts of the index, then what one looks up."""
    parts = [(title, re.findall(r"\]\((\d\d_\w+)\.ipynb\)", text)) for title, text in PART.findall(index)]
    more = [name for name in ("glossary", "notation", "cards", "api", "teachers") if name in pages | {"cards", "api"}]
    return "\n".join(f"```{{toctree}}\n:hidden:\n:caption: \"{title}\"\n\n" + "\n".join(names) + "\n```\n"
                     for title, names in [*parts, ("To look up", more)] if names)


def relink(text: str, pages: set[str]) -> str:
    """Turn links to notebooks and solutions into links to pages, and links to other files, which the site lacks, into text."""
    def replace(match: re.Match[str]) -> str:
        words, target, anchor = match[1], match[2], match[3] or ""
        stem = re.sub(r"^(?:\./|notebooks/|solutions/|maintainers/|src/)*", "", target).rpartition(".")[0]
        if "://" in target:
            return match[0]
        kind = "md" if stem in BESIDES else "ipynb"
        return f"[{words}]({stem}.{kind}{anchor})" if stem in pages else words
    return LINK.sub(replace, text)


def name_images(cell: nbformat.NotebookNode) -> None:
    """Make the sentence of an image its alternative text."""
    for output in cell.outputs:
        sentence = re.fullmatch(r"<(?:image: |图像：)(.*)>", output.get("data", {}).get("text/plain", ""), flags=re.S)
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
