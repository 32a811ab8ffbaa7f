"""A handout on A4 paper: python -m notebooks.handout 07 [-o FILE.pdf]; of the formula cards: python -m notebooks.handout cards

In Chinese: python -m notebooks.handout 07 --language zh

Chromium prints the page of the site with the print rules of site/style.css: text, formulas and figures, room below each
exercise and question, no solutions.
"""
import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from nnscratch.course.quiz.formats.pdf import needed_browser, print_to_pdf
from nnscratch.errors import InputError
from nnscratch.files import check_replaceable, make_folder, replace_file
from notebooks.site.build import NEEDED, build
from notebooks.source import needed, report, stem_of

__all__ = ["main"]

WAY_OUT = "print the page of the site, which python -m notebooks.site makes, in any browser"


def write(name: str, target: Path | None, site: Path | None, language: str) -> Path:
    """Print a page of the site, or of one that is built for it; return the path of the PDF file."""
    stem = "cards" if name == "cards" else stem_of(name)
    page = Path("" if language == "en" else language, f"{stem}.html")
    target = target or Path("build", "handouts", page.with_suffix(".pdf"))
    if site and not (site / page).exists():
        raise InputError(f"{site / page} does not exist: build the site with python -m notebooks.site")
    for module in () if site else NEEDED:
        needed(module, "site")
    if not site:
        needed_browser(WAY_OUT)  # before the work, as the target
    make_folder(target.parent)
    check_replaceable(target)
    with TemporaryDirectory() as aside:
        folder = site or build(Path(aside, "site"), languages=(language,)).parent
        replace_file(target, print_to_pdf(folder / page, WAY_OUT))
    return target


def main(arguments: list[str] | None = None) -> int:
    """Print a handout; return the exit code, 0 or 2."""
    parser = argparse.ArgumentParser(prog="python -m notebooks.handout", description="Print a notebook on A4 paper, as a "
                                     "PDF file.")
    parser.add_argument("page", help="the number of a notebook, such as 07, or cards")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: build/handouts/NN_stem.pdf, in "
                        "Chinese build/handouts/zh/NN_stem.pdf")
    parser.add_argument("--site", type=Path, metavar="FOLDER", help="print from this site (default: build one, which is slow)")
    parser.add_argument("--language", choices=["en", "zh"], default="en", help="zh: in Chinese (default: en)")
    options = parser.parse_args(arguments)
    return report(lambda: write(options.page, options.output, options.site, options.language))


if __name__ == "__main__":
    sys.exit(main())
