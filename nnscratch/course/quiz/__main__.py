"""python -m nnscratch.course.quiz: a sheet of questions. A wrong argument gives one sentence and exit code 2."""
import io
import os
import sys

from nnscratch.arguments import Parser
from nnscratch.course.quiz import ITEMS
from nnscratch.course.quiz.formats import BINARY, FORMATS, in_format
from nnscratch.errors import InputError
from nnscratch.files import check_replaceable, reason, replace_file

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Print or write a sheet; return the exit code: 0, 2 for wrong input, or 141 if the output is closed early."""
    parser = Parser(prog="python -m nnscratch.course.quiz",
                    description="A quiz on a notebook of the course, with new numbers for every seed.")
    parser.add_argument("notebook", help=f"number of the notebook: {', '.join(ITEMS)}")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same sheet (default: 0)")
    parser.add_argument("--answers", action="store_true", help="add the answers, and the mistakes behind typical wrong answers")
    parser.add_argument("--format", default="markdown", metavar="FORMAT",
                        help="markdown (default), html or pdf, to print; gift or moodle, for Moodle; qti, for Canvas: these "
                             "three always have the answers")
    parser.add_argument("-o", "--output", metavar="FILE", help="file to write (default: print it)")
    options = parser.parse_args(arguments)
    notebook = options.notebook.zfill(2)
    if notebook not in ITEMS:
        parser.error(f"expected a notebook from {min(ITEMS)} to {max(ITEMS)}, got {options.notebook!r}")
    if options.seed < 0:
        parser.error(f"--seed: expected an integer of at least 0, got {options.seed}")
    if options.format not in FORMATS:
        parser.error(f"--format: expected one of {', '.join(FORMATS)}, got {options.format!r}")
    if options.format in BINARY and options.output is None:
        parser.error(f"--format {options.format} is a binary file: add -o {BINARY[options.format]}")
    try:
        if options.output is not None:
            check_replaceable(options.output)
        content = in_format(options.format, notebook, options.seed, options.answers)
        if options.output is not None:
            replace_file(options.output, content)
            return 0
    except InputError as error:
        parser.error(str(error))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # as a file is written; a sheet has letters that not every terminal's code has
    try:
        print(content.decode(), end="", flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # otherwise Python's flush at exit raises
        if isinstance(error, BrokenPipeError):  # `... | head -5`
            return 141
        parser.error(f"the sheet cannot be printed ({reason(error)})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
