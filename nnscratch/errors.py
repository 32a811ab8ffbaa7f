"""The one exception for every mistake a caller can make, and how a foreign name is shown in its sentence."""
import unicodedata
from shlex import quote

__all__ = ["InputError", "printable"]


class InputError(ValueError):
    """A wrong shape, dtype, file or option, described in one sentence.

    The sentence says what was expected, what was given, and what to use instead. It is raised before any work is done.
    The command line prints it without a traceback and exits with code 2. Every other exception is a bug of this package
    and keeps its traceback.

    Parameters
    ----------
    message : str
        The sentence. Names of files in it may hold anything; they are made printable.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def printable(text: object) -> str:
    """Escape what would break a line, command a terminal, or could not be encoded.

    Parameters
    ----------
    text : object
        Anything, such as the name of a file.

    Returns
    -------
    str
        Its text on one line.

    Examples
    --------
    >>> printable("two\\nlines"), printable("\\x1b[2J")
    ('two\\\\nlines', '\\\\x1b[2J')
    """
    hidden = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control and format characters, halves of pairs (undecodable bytes), separators
    return "".join(repr(c)[1:-1] if unicodedata.category(c) in hidden else c for c in str(text))


def counted(number: int, one: str, more: str) -> str:
    """A number and its noun: "1 class", "2 classes"."""
    return f"{number} {one if number == 1 else more}"


def as_argument(path: object) -> str:
    """A path in a command that a message advises: printable, and quoted where a shell needs it, as for a space."""
    return quote(printable(path))
