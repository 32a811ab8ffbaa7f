"""KNOWN FAULTS: what the two instruments find and nobody has mended yet. The aim is an empty table.

A row has a regular expression for what the instrument prints, an example that shows the fault, and the reason why it stands
here. The table is strict: tests/test_fuzz.py and tests/test_interruptions.py run every example, and one that is right by now
must leave the table.
"""
import re

__all__ = ["KNOWN", "is_known"]

KNOWN = {
    "fuzz": [
        (r"np[yz]: 1\.\d GB of memory.*zeros \(1, 9000, 9000\)", "--seed 5 --case 64",
         "floats are converted to bytes 1024 images at a time, however large they are"),
        (r"unhashable type: 'list' \[checkpoint.py.*check_optimizer", "--seed 5 --case 153",
         "the header's name of an optimizer is not checked to be text"),
    ],
    "interruptions": [
        (r"faults style interrupt .*: at the end a-film.gif differs", "faults style interrupt 39",
         "Ctrl-C while a frame is written: the state after its step is kept, the frame is not"),
    ],
}  # (what is printed, example, reason)


def is_known(instrument, line):
    """Whether a row of the table describes a finding."""
    return any(re.search(pattern, line) for pattern, _, _ in KNOWN[instrument])
