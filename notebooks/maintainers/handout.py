"""A handout on A4 paper: python -m notebooks.handout 07 [-o FILE.pdf]; of the formula cards: python -m notebooks.handout cards

Chromium prints the page of the site with the print rules of site/style.css: text, formulas and figures, room below each
exercise and question, no solutions.
"""
import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from nnscratch.errors import InputError
from notebooks.assignment import stem_of
from notebooks.site.build import build

__all__ = ["main", "print_page"]

BROWSERS = "chromium", "chromium-browser", "google-chrome", "chrome"


def print_page(page: Path, target: Path) -> Path:
    """Print a web page from the disk as a PDF file.

    Parameters
    ----------
    page : Path
    target : Path
        The file; its folder is made if it is absent.

    Returns
    -------
    target : Path

    Raises
    ------
    InputError
        There is no browser, or the file cannot be written.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise InputError("a handout is printed by Chromium, which is not found: apt install chromium, or print the page of the "
                         "site in any browser")
    with TemporaryDirectory(ignore_cleanup_errors=True) as aside:
        made = Path(aside, "page.pdf")
        done = subprocess.run([browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                               f"--user-data-dir={aside}/profile", "--host-resolver-rules=MAP * ~NOTFOUND",
                               "--no-pdf-header-footer", "--virtual-time-budget=10000", f"--print-to-pdf={made}",
                               page.resolve().as_uri()], capture_output=True, text=True)
        if not made.exists():
            raise InputError(f"{browser} printed nothing: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(made, target)
        except OSError as error:
            raise InputError(f"{target}: cannot be written ({error.strerror}); choose another file with -o") from error
    return target


def main(arguments: list[str] | None = None) -> int:
    """Print a handout; return the exit code, 0 or 2."""
    parser = argparse.ArgumentParser(prog="python -m notebooks.handout", description="Print a notebook on A4 paper, as a "
                                     "PDF file.")
    parser.add_argument("page", help="the number of a notebook, such as 07, or cards")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: build/handouts/NN_stem.pdf")
    parser.add_argument("--site", type=Path, metavar="FOLDER", help="print from this site (default: build one, which is slow)")
    options = parser.parse_args(arguments)
    try:
        stem = "cards" if options.page == "cards" else stem_of(options.page)
        with TemporaryDirectory() as aside:
            page = (options.site or build(Path(aside, "site")).parent) / f"{stem}.html"
            if not page.exists():
                raise InputError(f"{page} does not exist: build the site with python -m notebooks.site")
            print(print_page(page, options.output or Path("build", "handouts", f"{stem}.pdf")))
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
