"""The language in which checks, hints, quizzes, cards and figures speak: NNSCRATCH_LANGUAGE=zh is Chinese, else it is English.

The code holds the English sentences; they are translated where they are shown. A catalogue is a folder of JSON files,
{English: translation}, such as zh/. A sentence with values is a template, with {} for each value in English, and {0}, {1}, ...
in the translation:

    "y has shape {}, expected {}": "y 的形状是 {0}，应为 {1}"

What stays in English, such as code, has null.
"""
import json
import os
import re
import unicodedata
from functools import cache
from pathlib import Path

__all__: list[str] = []  # for what the course shows

LANGUAGES = {"zh"}
DEEPEST = 3  # sentences within values within sentences
LONGEST = 300  # letters of a line that templates are tried on; a longer one holds a learner's arrays or text
FIELD = re.compile(r"\{(\w*)\}")
JOINTS = ("; ", "；"), (". ", "。"), (": ", "：")  # between sentences that stand in one line, in English and in Chinese


def language() -> str:
    """The code of the language: "en", or that of a catalogue."""
    chosen = os.environ.get("NNSCRATCH_LANGUAGE", "en")[:2].lower()  # zh_CN is zh, too
    return chosen if chosen in LANGUAGES else "en"


def said(text: str) -> str:
    """A text of the course in the chosen language, line by line; what has no translation stays in English."""
    if language() == "en" or not text:
        return text
    return "\n".join(line[:len(line) - len(line.lstrip())] + sentence(line.strip()) for line in text.split("\n"))


def label(text: str) -> str:
    """A text in a figure: the labels of figures.json are for these alone, since they are words that are names elsewhere."""
    if language() == "en" or not text.strip():
        return text
    return "\n".join(line[:len(line) - len(line.lstrip())] + line_of_label(line.strip()) for line in text.split("\n"))


def line_of_label(text: str) -> str:
    """One line of a label."""
    exact, templates = labels(language())
    if text in exact:
        return exact[text]
    for template, translation in templates:
        if match := template.fullmatch(text):
            return translation.format(*map(label, match.groups()))
    return said(text)


@cache
def labels(code: str) -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """The labels of figures without values, and those with, the longest first."""
    entries = json.loads((Path(__file__).parent / code / "figures.json").read_text(encoding="utf-8"))
    with_values = sorted((english for english in entries if "{}" in english), key=lambda english: -len(FIELD.sub("", english)))
    return entries, [(as_pattern(english), entries[english]) for english in with_values]


def sentence(text: str, depth: int = 0) -> str:
    """The translation of one line, or of the sentences in it."""
    if not text.strip() or text != text.strip():  # a value may begin with a space
        return text.replace(text.strip(), sentence(text.strip(), depth)) if text.strip() else text
    if found := whole(text, depth):
        return found
    for english, other in JOINTS if depth < DEEPEST else ():
        parts = text.split(english)
        translated = [sentence(part, depth + 1) for part in parts] if 1 < len(parts) < 9 else parts
        if translated != parts:
            return other.join(translated)
    return "".join(piece if piece.startswith("`") else patched(piece) for piece in re.split("(`[^`]*`)", text))


def patched(text: str) -> str:
    """A text with the sentences that it contains translated: lines that the code puts together of parts."""
    for english, other in catalogue(language())[2]:
        text = text.replace(english, other)
    return text


def whole(text: str, depth: int = 0) -> str | None:
    """The translation of a text that is a sentence of the catalogue, with or without values; None without one."""
    exact, templates, _ = catalogue(language())
    if text in exact:
        return exact[text]
    for template, translation in templates if depth < DEEPEST and len(text) < LONGEST else ():
        if match := template.fullmatch(text):
            return translation.format(*(sentence(value, depth + 1) for value in match.groups()))
    return None


@cache
def catalogue(code: str) -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]], list[tuple[str, str]]]:
    """The sentences without values; the templates, those with the most words first, since they say the most; and the parts of
    lines that the code puts together, such as ": it is right", the longest first."""
    entries: dict[str, str] = {}
    for path in sorted((Path(__file__).parent / code).glob("**/*.json")):
        found = json.loads(path.read_text(encoding="utf-8")) if path.name != "figures.json" else {}
        entries |= {english: other or english for english, other in found.items()}
    exact = {english: other for english, other in entries.items() if not re.search(r"\{\}", english)}
    ranked = sorted((english for english in entries if english not in exact), key=lambda english: -len(FIELD.sub("", english)))
    parts = sorted((pair for pair in exact.items() if len(pair[0]) > 7 and pair[0] != pair[1]), key=lambda pair: -len(pair[0]))
    return exact, [(as_pattern(english), entries[english]) for english in ranked], parts


def filled(text: str, columns: int) -> str:
    """A text with spaces behind it, or before it for negative columns; a Chinese character takes two columns."""
    spaces = " " * (abs(columns) - len(text) - sum(unicodedata.east_asian_width(one) in "WF" for one in text))
    return spaces + text if columns < 0 else text + spaces


def as_pattern(template: str) -> re.Pattern[str]:
    """A template as a regular expression with a group for each value."""
    return re.compile("(.*?)".join(map(re.escape, template.split("{}"))))
