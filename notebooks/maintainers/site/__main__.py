"""python -m notebooks.site [-o FOLDER]"""
import argparse
import sys
from pathlib import Path

from nnscratch.errors import InputError
from notebooks.site.build import build

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Build the site; return the exit code, 0 or 2."""
    parser = argparse.ArgumentParser(prog="python -m notebooks.site", description="Make web pages of the notebooks as they are "
                                     "stored and of the docstrings; no notebook is run. Open index.html in any browser.")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/site"), help="a folder (default: build/site)")
    try:
        print(build(parser.parse_args(arguments).output))
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
