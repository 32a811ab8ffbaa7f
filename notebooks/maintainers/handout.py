"""A handout on A4 paper: python -m notebooks.handout 07 [-o FILE.pdf]; of the formula cards: python -m notebooks.handout cards

Chromium prints the page of the site with the print rules of site/style.css: text, formulas and figures, room below each
exercise and question, no solutions.
"""
import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from nnscratch.course.quiz.formats.pdf import print_to_pdf
from nnscratch.errors import InputError
from nnscratch.files import make_folder, replace_file
from notebooks.site.build import build
from notebooks.source import report, stem_of

__all__ = ["main"]

WAY_OUT = "print the page of the site, which python -m notebooks.site makes, in any browser"


def write(name: str, target: Path | None, site: Path | None) -> Path:
    """Print a page of the site, or of one that is built for it; return the path of the PDF file."""
    stem = "cards" if name == "cards" else stem_of(name)
    target = target or Path("build", "handouts", f"{stem}.pdf")
    with TemporaryDirectory() as aside:
        page = (site or build(Path(aside, "site")).parent) / f"{stem}.html"
        if not page.exists():
            raise InputError(f"{page} does not exist: build the site with python -m notebooks.site")
        printed = print_to_pdf(page, WAY_OUT)
    make_folder(target.parent)
    replace_file(target, printed)
    return target


def main(arguments: list[str] | None = None) -> int:
    """Print a handout; return the exit code, 0 or 2."""
    parser = argparse.ArgumentParser(prog="python -m notebooks.handout", description="Print a notebook on A4 paper, as a "
                                     "PDF file.")
    parser.add_argument("page", help="the number of a notebook, such as 07, or cards")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: build/handouts/NN_stem.pdf")
    parser.add_argument("--site", type=Path, metavar="FOLDER", help="print from this site (default: build one, which is slow)")
    options = parser.parse_args(arguments)
    return report(lambda: write(options.page, options.output, options.site))


if __name__ == "__main__":
    sys.exit(main())
