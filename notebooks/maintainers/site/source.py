"""What Sphinx reads: the stored notebooks, a folded solution below each exercise, contents, glossary, formula cards."""
import os
import re
import shutil
from itertools import count
from pathlib import Path
from unittest.mock import patch

import nbformat

from nnscratch.course import card, cards
from notebooks.site.words import WORDS
from notebooks.source import FOLDER, solutions, stored
from notebooks.text import BESIDES, relink, sentence_of, unfold

__all__ = ["write"]

DEMOS = {"2.3": "descent", "3.6": "difference", "7.7": "windows", "12.3": "overlap"}  # a figure, and its sliders in live.js
PART = re.compile(r"^## ((?:Part \d: |第.部分：).+)\n((?:(?!## ).*\n?)*)", flags=re.M)
CAPTION = re.compile(r"^(\*\*(?:Figure|图) (\d+\.\d+)\.\*\*(?:.+\n?)+)", flags=re.M)
NUMBER = re.compile(r"(</summary>\n\n[ ]*\d+)\.(?= )")  # an answer such as "0. Since ..." is no list
PERCENT = re.compile(r"(?<=\d) (?=%(?! \d))")  # the space in "97 %", where no line ends; not that of a remainder, "7 % 2"
TWIN = re.compile(r"\[(?:中文|English)\]\(\S*index\.ipynb\)\n")  # in the index


def write(folder: Path, language: str = "en", lite: str | None = None) -> None:
    """Write the notebooks, the glossary, the notation, the cards and the teachers' page into an empty folder.

    Parameters
    ----------
    folder : Path
    language : str
        "en" or "zh".
    lite : str, optional
        The address of what notebooks.lite makes, as seen from the index of this language.
    """
    home, words = FOLDER if language == "en" else FOLDER / language, WORDS[language]
    paths = [home / "index.ipynb", *sorted(home.glob("[0-9][0-9]_*.ipynb"))]
    pages = {path.stem for path in paths} | {name for name in BESIDES if beside(home, name).exists()}
    for path in paths:
        notebook = stored(path.stem, home)
        first, twin = notebook.cells[0], words.twin.format(path.stem)
        if path.stem == "index":
            parts = contents(first.source, pages, words.look_up)
            notebook.cells.append(nbformat.v4.new_markdown_cell(parts, id="contents"))
            first.source = as_index(first.source, offers(twin))
        else:
            links = [f'<a href="{path.name}" download>{words.download}</a>', twin]
            if lite:
                inside = path.relative_to(FOLDER).as_posix()
                links.insert(1, f'<a href="{lite}/lab/index.html?path={inside}">{words.open}</a>')
            first.source = below_title(first.source, offers(*links))
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = as_page(cell.source, pages)
            else:
                name_images(cell)
        nbformat.write(with_solutions(notebook, solutions(path.stem), words.solution), folder / path.name)
    shutil.copytree(FOLDER / "images", folder / "images")
    with patch.dict(os.environ, NNSCRATCH_LANGUAGE=language):
        text = words.cards.format(offers(words.twin.format("cards")))
        (folder / "cards.md").write_text("\n".join([text, *map(section, cards())]), encoding="utf-8")
    for name in pages.intersection(BESIDES):
        text = beside(home, name).read_text(encoding="utf-8")
        text = re.sub(r'^### (?:<a id="([\w-]+)"></a>)?(.*)', place, text, flags=re.M)
        text = below_title(as_page(text, pages), offers(words.twin.format(name)))
        (folder / f"{name}.md").write_text(f"({name})=\n{text}", encoding="utf-8")


def beside(home: Path, name: str) -> Path:
    """A page of Markdown beside the notebooks."""
    return home / f"{name}.md"


def place(match: re.Match[str]) -> str:
    """A heading one level higher, so that none is left out, below the place that links lead to, if it is named otherwise."""
    anchor, title = match.groups()
    name = re.sub(r"[^\w-]", "", title.lower().replace(" ", "-"))
    return f"## {title}" if anchor in (None, name) else f"({anchor})=\n## {title}"


def as_index(text: str, twin: str) -> str:
    """The text of the index with a link to the other language, and with places part-1, part-2, ... above the parts."""
    number = count(1)
    text = re.sub(r"(?<=[\d¼½¾]) (?=h|小时)", "\u00a0", TWIN.sub(twin, text))  # units stay with their numbers
    return PART.sub(lambda match: f"(part-{next(number)})=\n{match[0]}", text)


def below_title(text: str, added: str) -> str:
    """A page with a paragraph below its first line."""
    title, _, rest = text.partition("\n")
    return f"{title}\n\n{added}\n{rest}"


def offers(*links: str) -> str:
    """A paragraph: what to do with this page."""
    return f'<p class="offers">{" · ".join(links)}</p>\n'


def as_page(text: str, pages: set[str]) -> str:
    """Text of a notebook as MyST: links to pages, captions with a class, Markdown and formulas inside of folded answers."""
    text = unfold(text).replace("](../images/", "](images/")
    text = PERCENT.sub("\u00a0", NUMBER.sub(r"\1\\.", text))
    return CAPTION.sub(caption, relink(text, pages))


def caption(match: re.Match[str]) -> str:
    """The text of a figure with a class, and below it the place of its sliders, if it has some."""
    demo = DEMOS.get(match[2])
    live = f'\n<div class="live" data-demo="{demo}"></div>\n' if demo else ""
    return "{.caption}\n" + match[1] + live


def section(name: str) -> str:
    """A card below its title, which is not repeated."""
    shown = card(name)
    title, _, rest = shown._repr_markdown_().removeprefix("**").partition(".** ")
    return f"## {title}\n\n`card(\"{name}\")`\n\n{rest}\n"


def contents(index: str, pages: set[str], look_up: str) -> str:
    """The list of pages that the sidebar shows: the parts of the index, then what one looks up."""
    parts = [(title, re.findall(r"\]\((\d\d_\w+)\.ipynb\)", text)) for title, text in PART.findall(index)]
    more = [name for name in ("glossary", "notation", "cards", "api", "teachers") if name in pages | {"cards", "api"}]
    return "\n".join(f"```{{toctree}}\n:hidden:\n:caption: \"{title}\"\n\n" + "\n".join(names) + "\n```\n"
                     for title, names in [*parts, (look_up, more)] if names)


def name_images(cell: nbformat.NotebookNode) -> None:
    """Make the sentence of an image its alternative text."""
    for output in cell.outputs:
        if sentence := sentence_of(output.get("data", {})):
            cell.metadata["mystnb"] = {"image": {"alt": sentence}}


def with_solutions(notebook: nbformat.NotebookNode, answers: dict[str, str], title: str) -> nbformat.NotebookNode:
    """Add a folded solution below the check of each exercise."""
    cells, waiting = [], None
    for cell in notebook.cells:
        cells.append(cell)
        if waiting and cell.cell_type == "code":
            cells.append(nbformat.v4.new_markdown_cell(
                f'<details class="solution"><summary>{title.format(waiting)}</summary>\n\n'
                f"```python\n{answers[waiting]}\n```\n\n</details>", id=f"solution-{len(cells)}"))
            waiting = None
        waiting = cell.metadata.get("exercise", waiting)
    notebook.cells = cells
    return notebook
