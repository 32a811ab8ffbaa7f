"""A notebook or a page in Chinese: its text from src_zh/NAME.md, a notebook's code from src/NAME.py.

    <!-- 5f2a90c1 -->          the mark of an English cell, or of a section of a page: the beginning of its SHA-256
    # 07 卷积                   its translation, until the next mark

If the English text changes, so does its mark, and the translation is missing until someone looks at it again.
`python -m notebooks.translation` adds what is missing, in English, and drops what is no longer there.
"""
import re
from hashlib import sha256

import nbformat

from nnscratch.errors import InputError
from notebooks.source import FOLDER, SOURCES, read, sources

__all__ = ["PAGES", "chinese", "english", "mark", "translated", "translations"]

CHINESE = SOURCES.with_name("src_zh")
PAGES = "glossary", "notation", "teachers"  # beside the notebooks
MARK = re.compile(r"^<!-- ([0-9a-f]{8}) -->\n", flags=re.M)


def mark(english: str) -> str:
    """The mark of a cell.

    Parameters
    ----------
    english : str
        Its text.

    Returns
    -------
    mark : str
        Eight hexadecimal digits.
    """
    return sha256(english.encode()).hexdigest()[:8]


def english(name: str) -> list[str]:
    """The cells of text of a notebook, or the sections of a page.

    Parameters
    ----------
    name : str
        A stem such as "07_convolution", or a page of PAGES.

    Returns
    -------
    texts : list of str
    """
    if name in PAGES:
        text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
        return [part.strip() for part in re.split(r"^(?=#)", text, flags=re.M)[1:]]
    return [cell.source for cell in read(SOURCES / f"{name}.py").cells if cell.cell_type == "markdown"]


def translations(name: str) -> dict[str, str]:
    """The translated parts, by the marks of the English ones, in their order.

    Parameters
    ----------
    name : str

    Returns
    -------
    parts : dict of str to str
        Empty if there is no translation yet.
    """
    path = CHINESE / f"{name}.md"
    parts = MARK.split(path.read_text(encoding="utf-8"))[1:] if path.exists() else []
    return {mark: text.strip() for mark, text in zip(parts[::2], parts[1::2])}


def translated(name: str) -> list[str]:
    """The translated parts in the order of the English ones.

    Parameters
    ----------
    name : str

    Returns
    -------
    texts : list of str

    Raises
    ------
    InputError
        A part has no translation.
    """
    known = translations(name)
    for text in english(name):
        words = re.search("[A-Za-z]{3}", re.sub(r"\$[^$]*\$", "", text))
        if mark(text) not in known or (words and known[mark(text)] == text.strip()):
            raise InputError(f"src_zh/{name}.md lacks {text.strip()[:60]!r}; notebooks.translation adds it in English")
    return [known[mark(text)].replace("](images/", "](../images/") for text in english(name)]


def chinese(name: str) -> nbformat.NotebookNode:
    """A notebook in Chinese, without outputs.

    Parameters
    ----------
    name : str
        Its stem.

    Returns
    -------
    notebook : NotebookNode
    """
    notebook = read(SOURCES / f"{name}.py")
    for cell, text in zip((cell for cell in notebook.cells if cell.cell_type == "markdown"), translated(name)):
        cell.source = text
    return notebook


if __name__ == "__main__":
    CHINESE.mkdir(exist_ok=True)
    for name in [*PAGES, *(path.stem for path in sources())]:
        known = translations(name)
        parts = [f"<!-- {mark(text)} -->\n{known.get(mark(text), text)}" for text in english(name)]
        (CHINESE / f"{name}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
