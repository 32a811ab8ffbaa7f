"""python -m nnscratch.course.quiz: a sheet of questions. A wrong argument gives one sentence and exit code 2."""
import os
import sys

from nnscratch.arguments import Parser
from nnscratch.course.quiz import ITEMS, sheet

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Print a sheet; return the exit code: 0, or 141 if the output is closed early."""
    parser = Parser(prog="python -m nnscratch.course.quiz",
                    description="A quiz on a notebook of the course, in Markdown, with new numbers for every seed.")
    parser.add_argument("notebook", help=f"number of the notebook: {', '.join(ITEMS)}")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same sheet (default: 0)")
    parser.add_argument("--answers", action="store_true", help="add the answers, and the mistakes behind typical wrong answers")
    options = parser.parse_args(arguments)
    notebook = options.notebook.zfill(2)
    if notebook not in ITEMS:
        parser.error(f"expected a notebook from {min(ITEMS)} to {max(ITEMS)}, got {options.notebook!r}")
    if options.seed < 0:
        parser.error(f"--seed: expected an integer of at least 0, got {options.seed}")
    try:
        print(sheet(notebook, options.seed, options.answers), flush=True)
    except BrokenPipeError:  # `... | head -5`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # otherwise Python's flush at exit raises
        return 141
    return 0


if __name__ == "__main__":
    sys.exit(main())
