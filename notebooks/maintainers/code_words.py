"""The words in the code of a Chinese notebook, from src_zh/code.json: comments, docstrings, what it prints, and the sentences
of figures. Names and code stay as they are.

    {"07_convolution": {"gradient check passed:": "梯度检验通过：", ...}, ...}      an f-string is written as in the code

What stays in English, such as names in measured results, has null.
"""
import json
import re

from nnscratch.course.language import labels
from nnscratch.files import replace_file
from notebooks.catalogue import Catalogues, renewed, summary
from notebooks.source import SOURCES, Notebook, read, sources

__all__ = ["code_words", "update_words", "with_words", "words"]

CATALOGUE = SOURCES.with_name("src_zh") / "code.json"
LITERAL = re.compile(r'"""(.+?)"""|"((?:[^"\\\n]|\\.)*)"|# ([^\n]+)', flags=re.S)  # a docstring, a string, a comment


def code_words() -> Catalogues:
    """The translated words.

    Returns
    -------
    words : Catalogues
        By the stems of the notebooks.
    """
    return json.loads(CATALOGUE.read_text(encoding="utf-8"))


def words(name: str) -> list[str]:
    """The words in the code of a notebook that need a translation.

    Parameters
    ----------
    name : str
        Its stem.

    Returns
    -------
    texts : list of str
        Comments and strings of three different words or more, and others that have a translation; not labels of figures,
        which are translated where they are drawn.
    """
    code = "\n".join(cell.source for cell in read(SOURCES / f"{name}.py").cells if cell.cell_type == "code")
    found = dict.fromkeys(match[match.lastindex or 0] for match in LITERAL.finditer(code))
    known, drawn = code_words().get(name, {}), labels("zh")[0]
    plain = {text: re.sub(r"\{[^}]*\}", "{}", text) for text in found}
    return [text for text in found if text in known or (
        len(set(re.findall(r"(?<!\S)[a-z']{2,}(?=[\s,.;:]|$)", plain[text]))) > 2 and plain[text] not in drawn)]


def with_words(notebook: Notebook, name: str) -> Notebook:
    """Translate the words in the code of a notebook.

    Parameters
    ----------
    notebook : Notebook
        It is changed.
    name : str
        Its stem.

    Returns
    -------
    notebook : Notebook
        The same object.
    """
    known = code_words().get(name, {})

    def in_chinese(found: re.Match[str]) -> str:
        text = found[found.lastindex or 0]
        return found[0].replace(text, known.get(text) or text)

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = LITERAL.sub(in_chinese, cell.source)
    return notebook


def update_words() -> tuple[int, list[str]]:
    """Bring the catalogue up to date: new words in English, to be translated, and none that the code no longer has.

    Returns
    -------
    waiting : int
        Those that wait for their translation.
    dropped : list of str
        A line for each translation that is gone.
    """
    known = code_words()
    new = renewed(known, {path.stem: words(path.stem) for path in sources()})
    replace_file(CATALOGUE, (json.dumps(new, ensure_ascii=False, indent=0) + "\n").encode())
    return summary(known, new)
