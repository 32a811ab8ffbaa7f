"""python -m notebooks.lite [-o FOLDER] [--offline FILES]"""
import argparse
import sys
from pathlib import Path

from notebooks.lite.build import build
from notebooks.source import report

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Build the folder; return the exit code, 0 or 2."""
    parser = argparse.ArgumentParser(prog="python -m notebooks.lite", description="Make a folder of static files in which the "
                                     "notebooks run in a browser. Serve it with: python -m http.server -d FOLDER")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/lite"), metavar="FOLDER", help="default: build/lite")
    parser.add_argument("--offline", type=Path, metavar="FILES", help="a folder with Pyodide in pyodide/, and the wheels that "
                        "it lacks: then the pages ask no other host")
    options = parser.parse_args(arguments)
    return report(lambda: build(options.output, options.offline))


if __name__ == "__main__":
    sys.exit(main())
