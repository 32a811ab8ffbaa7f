"""python -m nnscratch.course.quiz: a sheet of questions. A mistake in what it is given is one sentence and exit code 2."""
import os
import sys

from nnscratch.arguments import Parser
from nnscratch.course.quiz import ITEMS, sheet


def main(arguments=None):
    """Print a sheet; returns the exit code: 0, or 141 where nobody reads on."""
    parser = Parser(prog="python -m nnscratch.course.quiz",
                    description="A quiz to a notebook of the course, in Markdown, with new numbers for every seed.")
    parser.add_argument("notebook", help=f"its number: {', '.join(ITEMS)}")
    parser.add_argument("--seed", type=int, default=0, help="draws the numbers: the same seed, the same sheet (default: 0)")
    parser.add_argument("--answers", action="store_true", help="with the answers, and what typical wrong ones reveal")
    options = parser.parse_args(arguments)
    notebook = options.notebook.zfill(2)
    if notebook not in ITEMS:
        parser.error(f"there is no quiz to notebook {options.notebook!r}, expected a number from {min(ITEMS)} to {max(ITEMS)}")
    if options.seed < 0:
        parser.error(f"the seed is {options.seed}, expected a whole number from 0 on")
    try:
        print(sheet(notebook, options.seed, options.answers), flush=True)
    except BrokenPipeError:  # `... | head -5`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python's own flush at the end would complain
        return 141
    return 0


if __name__ == "__main__":
    sys.exit(main())
