"""KNOWN FAULTS: what the two instruments find and nobody has mended yet. The aim is an empty table.

A row has a regular expression for what the instrument prints, an example that shows the fault, and the reason why it stands
here. The table is strict: tests/test_fuzz.py and tests/test_interruptions.py run every example, and one that is right by now
must leave the table.
"""
import re

__all__ = ["KNOWN", "is_known"]

KNOWN: dict[str, list[tuple[str, str, str]]] = {"fuzz": [], "interruptions": []}  # (what is printed, example, reason)


def is_known(instrument, line):
    """Whether a row of the table describes a finding."""
    return any(re.search(pattern, line) for pattern, _, _ in KNOWN[instrument])
