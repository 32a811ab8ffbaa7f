"""Slides of a notebook, one file for any browser: python -m notebooks.slides 07 [-o FOLDER]

    a heading begins a slide; a figure, a piece of code and a question each begin one below it
    shown    short paragraphs, lists, tables, formulas, captions, figures without their code, code of at most 14 lines
    notes    longer paragraphs, for the speaker: press S
    left out checks, references, longer code, and code without an output

nbconvert makes HTML of the cells, reveal.js makes slides of it. reveal.js is not on PyPI, but sphinx-revealjs brings it; it is
put into the file, like the figures and the font of the formulas, so that no other host is asked for anything.
"""
import argparse
import base64
import re
import sys
from copy import deepcopy
from html import escape
from importlib.resources import files
from pathlib import Path

from nnscratch.files import check_replaceable, make_folder, replace_file
from notebooks.source import Notebook, needed, notebook_format, report, stem_of, stored
from notebooks.text import relink, sentence_of, unfold

__all__ = ["main", "outline", "slides"]

NEEDED = "nbformat", "nbconvert", "sphinx_revealjs", "math_core", "ziamath"
WORDS, LINES, MOST = 36, 14, 20  # a longer paragraph is left to the speaker; longer code, or with its output, to the notebook
BELOW, BARE = 13, re.compile(r"#{1,3} [^\n]*")  # shorter code stands below a heading and its words; a heading without any
STANDS_IN = re.compile(r"^.*: the library's stands in; yours comes from notebook .*\n", flags=re.M)
FORMULA = re.compile(r"(```.*?```|`[^`]*`)|\$\$(.+?)\$\$|\$(.+?)\$", flags=re.S)
BEGINS = re.compile(r"^(?=#{1,3} |\*\*Figure )|\n(?=\d+\. )", flags=re.M)  # a piece of text
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{css}</style></head>
<body><div class="reveal"><div class="slides">
{body}
</div></div>
<script>{reveal}</script><script>{notes}</script>
<script>Reveal.initialize({{width: 1280, height: 720, margin: 0.03, center: false, hash: true, slideNumber: true,
  transition: "none", plugins: [RevealNotes]}});</script></body></html>
"""


def outline(notebook: Notebook) -> Notebook:
    """The cells of the slides, each with its kind: slide, subslide, "-" for the same slide, notes.

    Parameters
    ----------
    notebook : NotebookNode
        With outputs; it is not changed.

    Returns
    -------
    notebook : NotebookNode
    """
    made, questions = notebook_format().v4.new_notebook(), False
    for cell in deepcopy(notebook.cells):
        if cell.cell_type == "code":
            made.cells += code_slide(cell)
            continue
        for piece in BEGINS.split(relink(cell.source, set())):
            if piece.startswith("## References"):
                return placed(made)
            questions = questions or piece.startswith("## Questions")
            made.cells += text_slide(piece.strip(), questions)
    return placed(made)


def code_slide(cell: Notebook) -> list[Notebook]:
    """A figure without its code; short code with its output; else nothing."""
    figures = [output for output in cell.outputs if set(output.get("data", {})) & {"image/png", "image/jpeg", "text/html"}]
    exercise = "exercise" in cell.metadata
    if not exercise and (not cell.outputs or cell.source.startswith("checks.")):
        return []
    for output in cell.outputs:
        if output.output_type == "stream":
            output.text = STANDS_IN.sub("", output.text)
    if not figures and (cell.source.count("\n") >= LINES or height(cell) > MOST):
        return []
    shown = notebook_format().v4.new_code_cell(cell.source, outputs=figures or cell.outputs)
    shown.metadata = {"slideshow": {"slide_type": "-" if exercise else "subslide"}, "tags": ["figure"] if figures else []}
    for output in figures:
        output.data = {"text/html": image(output.data)}
    return [shown]


def image(data: dict[str, str]) -> str:
    """A figure as HTML, with its sentence as alternative text."""
    if "text/html" in data:  # a film, which has it
        return data["text/html"]
    kind = "image/png" if "image/png" in data else "image/jpeg"
    return f'<img alt="{escape(sentence_of(data) or "a figure")}" src="data:{kind};base64,{data[kind].strip()}">'


def height(cell: Notebook) -> int:
    """How many lines of code and of text outputs a cell has."""
    texts = [output.get("text", output.get("data", {}).get("text/plain", "")) for output in cell.outputs]
    return sum(text.strip().count("\n") + 1 for text in (cell.source, *texts) if text.strip())


def text_slide(piece: str, questions: bool) -> list[Notebook]:
    """What is shown of a piece of text, and what the speaker says."""
    caption, blocks = "", [piece] if questions else re.split(r"\n\n+", piece)
    begins = re.match("#{1,2} ", piece), re.match(r"### |\d+\. ", piece) or "\n|" in piece
    kind = "slide" if begins[0] else "subslide" if begins[1] else "-"
    if piece.startswith("**Figure"):  # what follows the caption has a slide of its own
        caption, *blocks = blocks
        kind = "subslide"
    long = [block for block in blocks if is_long(block) and not questions]
    shown = [block for block in blocks if block not in long]
    parts = [(caption, "-"), ("\n\n".join(long), "notes"), ("\n\n".join(shown), kind)]
    if not caption:  # notes belong to the slide that this piece begins
        parts[1:] = parts[:0:-1]
    return [notebook_format().v4.new_markdown_cell(with_formulas(text), metadata={"slideshow": {"slide_type": kind}})
            for text, kind in parts if text]


def is_long(block: str) -> bool:
    """Whether a block is a paragraph of more words than a slide takes; a table or a list is not one."""
    return not re.match(r"[#|$<]|[-*] |\d+\. ", block) and len(re.sub(r"\$.+?\$", "x", block, flags=re.S).split()) > WORDS


def placed(notebook: Notebook) -> Notebook:
    """With fewer slides: a figure stands below a bare heading, short code below a heading with a few words."""
    above = ""
    for cell in notebook.cells:
        if cell.metadata["slideshow"]["slide_type"] == "notes":
            continue
        short = cell.cell_type == "code" and "figure" not in cell.metadata["tags"] and height(cell) <= BELOW
        if cell.metadata["slideshow"]["slide_type"] == "subslide" and (
                BARE.fullmatch(above) and not cell.source.startswith("### ") or above and short):
            cell.metadata["slideshow"]["slide_type"] = "-"
        begins = cell.cell_type == "markdown" and cell.metadata["slideshow"]["slide_type"] != "-"
        above = cell.source if begins and len(cell.source.split()) <= WORDS and "$$" not in cell.source else ""
    return notebook


def with_formulas(text: str) -> str:
    """The text with MathML for LaTeX, and with Markdown inside of folded answers."""
    from notebooks.site.maths import CONVERTER

    def replace(match: re.Match[str]) -> str:
        if match[1]:
            return match[1]
        made = CONVERTER.convert_with_local_state(match[2] or match[3], displaystyle=bool(match[2]))
        return re.sub(r"\s*\n\s*", "", made).replace("*", "&#42;").replace("_", "&#95;")
    return FORMULA.sub(replace, unfold(text))


def slides(stem: str) -> str:
    """The slides of a notebook as it is stored.

    Parameters
    ----------
    stem : str
        The file name of the notebook without its suffix.

    Returns
    -------
    page : str
        HTML that holds all that it needs.
    """
    from nbconvert import SlidesExporter
    from pygments.formatters import HtmlFormatter
    from traitlets.config import Config
    reveal = files("sphinx_revealjs") / "_static" / "revealjs"
    font = (files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf").read_bytes()
    exporter = SlidesExporter(exclude_input_prompt=True, exclude_output_prompt=True, exclude_anchor_links=True, config=Config(
        {"TagRemovePreprocessor": {"enabled": True, "remove_input_tags": ["figure"]}}))
    exporter.raw_template = ("{%- extends 'base.html.j2' -%}{%- block header -%}{%- endblock -%}{%- block body_header -%}"
                             "{%- endblock -%}{%- block body_footer -%}{%- endblock -%}{%- block footer -%}{%- endblock -%}")
    body, _ = exporter.from_notebook_node(outline(stored(stem)))
    style = Path(__file__).with_suffix(".css").read_text(encoding="utf-8").replace("FONT", base64.b64encode(font).decode())
    return PAGE.format(title=stem, body=body, css="\n".join([
        (reveal / "dist" / "reveal.css").read_text(encoding="utf-8"), HtmlFormatter().get_style_defs(".highlight"), style]),
        reveal=(reveal / "dist" / "reveal.js").read_text(encoding="utf-8"),
        notes=(reveal / "plugin" / "notes" / "notes.js").read_text(encoding="utf-8").replace("</script>", r"<\/script>"))


def write(number: str, folder: Path) -> Path:
    """Write FOLDER/NN_stem.html; return its path. What could fail is looked at first."""
    stem = stem_of(number)
    target = folder / f"{stem}.html"
    for module in NEEDED:
        needed(module, "slides")
    make_folder(folder)
    check_replaceable(target)
    replace_file(target, slides(stem).encode())
    return target


def main(arguments: list[str] | None = None) -> int:
    """Write the slides; return the exit code, 0 or 2."""
    parser = argparse.ArgumentParser(prog="python -m notebooks.slides", description="Make slides of a notebook.")
    parser.add_argument("notebook", help="its number, such as 07")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/slides"), metavar="FOLDER",
                        help="default: build/slides")
    options = parser.parse_args(arguments)
    return report(lambda: write(options.notebook, options.output))


if __name__ == "__main__":
    sys.exit(main())
