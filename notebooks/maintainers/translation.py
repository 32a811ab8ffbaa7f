"""A notebook or a page in Chinese: its text from src_zh/NAME.md, a notebook's code from src/NAME.py, with translated words.

    <!-- 5f2a90c1 -->          the digest of an English cell, or of a section of a page: the beginning of its SHA-256
    # 07 卷积                   its translation, until the next digest

If the English text changes, so does its digest, and the translation is missing until someone looks at it again.
`python -m notebooks.translation` adds what is missing, in English, and drops what is no longer there. The translation of a
text that has changed stays above the new one, in a comment <!-- was ... -->; translate the new one and delete the comment.
"""
import argparse
import re
import sys
from difflib import SequenceMatcher
from hashlib import sha256

from nnscratch.errors import InputError
from nnscratch.files import replace_file
from notebooks.code_words import update_words, with_words
from notebooks.source import FOLDER, SOURCES, Notebook, read, report, sources

__all__ = ["PAGES", "chinese", "english", "main", "translated", "translations", "update"]

CHINESE = SOURCES.with_name("src_zh")
PAGES = "glossary", "notation", "teachers"  # beside the notebooks
DIGEST = re.compile(r"^<!-- ([0-9a-f]{8}) -->\n", flags=re.M)
WAS = re.compile(r"<!-- was\n(.*)\n-->\n(.*)", flags=re.S)  # the translation of an earlier text, and the new text


def digest(text: str) -> str:
    """The digest of a text: eight hexadecimal digits."""
    return sha256(text.encode()).hexdigest()[:8]


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
    """The translated parts, by the digests of the English ones, in their order.

    Parameters
    ----------
    name : str

    Returns
    -------
    parts : dict of str to str
        Empty if there is no translation yet.
    """
    path = CHINESE / f"{name}.md"
    parts = DIGEST.split(path.read_text(encoding="utf-8"))[1:] if path.exists() else []
    return {one: text.strip() for one, text in zip(parts[::2], parts[1::2])}


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
        if is_missing(text, known.get(digest(text), "")):
            raise InputError(f"src_zh/{name}.md lacks {text.strip()[:60]!r}; notebooks.translation adds it in English")
    return [known[digest(text)].replace("](images/", "](../images/") for text in english(name)]


def is_missing(text: str, given: str) -> bool:
    """Whether a text with words is not translated yet, or has the translation of an earlier one above it."""
    words = re.search("[A-Za-z]{3}", re.sub(r"\$[^$]*\$", "", text))
    return not given or WAS.match(given) is not None or (words is not None and given == text.strip())


def chinese(name: str) -> Notebook:
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
    return with_words(notebook, name)


def update(name: str) -> int:
    """Bring the file of a notebook or a page up to date.

    Parameters
    ----------
    name : str
        Its stem.

    Returns
    -------
    count : int
        The parts that wait for their translation.
    """
    texts, known = english(name), translations(name)
    old, new = list(known), [digest(text) for text in texts]
    was: dict[str, str] = {}  # what stood in the place of a new text
    for _, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        added = [one for one in new[c:d] if one not in known]
        removed = [WAS.sub(r"\1\n\n\2", known[one]) for one in old[a:b] if one not in new]
        was |= zip(added, removed if len(removed) == len(added) else ["\n\n".join(removed)])
    parts = {one: known.get(one) or (f"<!-- was\n{was[one]}\n-->\n" if was.get(one) else "") + text
             for one, text in zip(new, texts)}
    CHINESE.mkdir(exist_ok=True)
    made = "\n\n".join(f"<!-- {one} -->\n{parts[one]}" for one in new) + "\n"
    replace_file(CHINESE / f"{name}.md", made.encode())
    return sum(is_missing(text, parts[one]) for one, text in zip(new, texts))


def update_all() -> str:
    """Bring all pages, notebooks and the words in their code up to date."""
    texts = sum(map(update, [*PAGES, *(path.stem for path in sources())]))
    words, dropped = update_words()
    return "\n".join([*dropped, f"to be translated: {texts + words}"])


def main(arguments: list[str] | None = None) -> int:
    """Bring all files in src_zh up to date; return the exit code, 0 or 2."""
    argparse.ArgumentParser(prog="python -m notebooks.translation", description="Add to src_zh/ what has no translation yet, "
                            "in English, and drop what is no longer there.").parse_args(arguments)
    return report(update_all)


if __name__ == "__main__":
    sys.exit(main())
