"""Catalogues of translations, {English: Chinese}: what is new waits under itself, null stays as it is, in English.

The translation of what is no longer there is shown once, so that a translator can copy it to the text that took its place.
"""
from collections.abc import Iterable, Mapping
from typing import TypeAlias

__all__ = ["Catalogues", "renewed", "summary"]

Catalogues: TypeAlias = dict[str, dict[str, str | None]]  # by their names


def renewed(known: Catalogues, found: Mapping[str, Iterable[str]]) -> Catalogues:
    """Catalogues of the texts that are there now.

    Parameters
    ----------
    known : Catalogues
        As they were.
    found : mapping of str to iterable of str
        Name of a catalogue -> texts.

    Returns
    -------
    new : Catalogues
        Of the same names as `found`. A text that moves from one to another keeps its translation.
    """
    anywhere = {text: given for each in known.values() for text, given in each.items()}
    return {name: {text: (anywhere | known.get(name, {})).get(text, text) for text in texts} for name, texts in found.items()}


def summary(known: Catalogues, new: Catalogues) -> tuple[int, list[str]]:
    """What a translator has to know.

    Parameters
    ----------
    known, new : Catalogues
        Before and after `renewed`.

    Returns
    -------
    waiting : int
        The texts that wait for their translation.
    dropped : list of str
        A line for each translation that is in none of the new ones.
    """
    kept = {text for each in new.values() for text in each}
    gone = {text: given for each in known.values() for text, given in each.items() if text not in kept}
    waiting = sum(text == given for each in new.values() for text, given in each.items())
    return waiting, [f"dropped: {text!r}: {given!r}" for text, given in gone.items() if given not in (None, text)]
