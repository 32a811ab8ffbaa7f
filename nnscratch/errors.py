"""One exception for every mistake a caller can make."""


class InputError(ValueError):
    """A wrong shape, dtype, file or option, said in one sentence: what was given, what was expected, the way out.

    It is raised before any work is done. The command line prints the sentence, without a traceback, and exits with 2;
    any other exception is a bug of ours and keeps its traceback.
    """
