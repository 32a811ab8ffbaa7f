"""python -m notebooks.site [-o FOLDER] [--lite ADDRESS]"""
import argparse
import sys
from pathlib import Path

from notebooks.site.build import build
from notebooks.source import report

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Build the site; return the exit code, 0 or 2."""
    parser = argparse.ArgumentParser(prog="python -m notebooks.site", description="Make web pages of the notebooks as they are "
                                     "stored and of the docstrings; no notebook is run. Open index.html in any browser.")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/site"), help="a folder (default: build/site)")
    parser.add_argument("--lite", metavar="ADDRESS", help="of what notebooks.lite made, such as ../lite, if it lies beside the "
                        "site: then the pages offer to open the notebooks in the browser")
    options = parser.parse_args(arguments)
    return report(lambda: build(options.output, options.lite))


if __name__ == "__main__":
    sys.exit(main())
