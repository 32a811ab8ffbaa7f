"""The text of notebooks as the site, slides and assignments need it: links, folded answers, sentences of figures."""
import re
from collections.abc import Collection, Mapping

__all__ = ["BESIDES", "relink", "sentence_of", "unfold"]

BESIDES = "glossary", "notation", "teachers"  # pages of Markdown beside the notebooks
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)")
SENTENCE = re.compile(r"<(?:image: |图像：)(.*)>", flags=re.S)
SUMMARY = re.compile(r"(</summary>)\n(?=[ ]*\S)")
DETAILS_END = re.compile(r"(?<!\n)\n([ ]*</details>)")


def relink(text: str, pages: Collection[str]) -> str:
    """Turn links to notebooks and solutions into links to pages, and links to other files, which are not there, into text.

    Parameters
    ----------
    text : str
    pages : collection of str
        The stems of the pages that are there.

    Returns
    -------
    text : str
    """
    def replace(match: re.Match[str]) -> str:
        words, target, anchor = match[1], match[2], match[3] or ""
        stem = re.sub(r"^(?:\./|notebooks/|solutions/|maintainers/|src/)*", "", target).rpartition(".")[0]
        if "://" in target:
            return match[0]
        kind = "md" if stem in BESIDES else "ipynb"
        return f"[{words}]({stem}.{kind}{anchor})" if stem in pages else words
    return LINK.sub(replace, text)


def unfold(text: str) -> str:
    """Put empty lines inside of folded answers, so that Markdown and formulas are read there.

    Parameters
    ----------
    text : str

    Returns
    -------
    text : str
    """
    return DETAILS_END.sub(r"\n\n\1", SUMMARY.sub(r"\1\n\n", text))


def sentence_of(data: Mapping[str, str]) -> str:
    """What an image shows, its alternative text.

    Parameters
    ----------
    data : mapping of str to str
        Of an output of a notebook.

    Returns
    -------
    sentence : str
        Empty if it has none.
    """
    found = SENTENCE.fullmatch(data.get("text/plain", ""))
    return found[1] if found else ""
