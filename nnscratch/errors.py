"""The one exception for every mistake a caller can make."""

__all__ = ["InputError"]


class InputError(ValueError):
    """A wrong shape, dtype, file or option, described in one sentence.

    The sentence says what was expected, what was given, and what to use instead. It is raised before any work is done.
    The command line prints it without a traceback and exits with code 2. Every other exception is a bug of this package
    and keeps its traceback.
    """
