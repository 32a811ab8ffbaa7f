"""A page printed to PDF by a headless Chromium, Chrome or Edge."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from nnscratch.errors import InputError

__all__: list[str] = []  # for formats/__init__.py, and for the handouts of notebooks/

BROWSERS = (  # on PATH, or where macOS and Windows have them
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe", r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe")
SECONDS = 120  # a browser may hang
WAY_OUT = "write --format html, open it in a browser, and print it to a PDF"


def as_pdf(html: str) -> bytes:
    """An HTML page as PDF."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "quiz.html")
        page.write_text(html, encoding="utf-8")
        return print_to_pdf(page, WAY_OUT)


def find_browser() -> str | None:
    """The program that prints."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def needed_browser(way_out: str) -> str:
    """The program that prints; if there is none, an InputError has the way out."""
    browser = find_browser()
    if browser is None:
        raise InputError(f"a PDF is printed by Chromium, Chrome or Edge, and none is found: install one, or {way_out}")
    return browser


def print_to_pdf(page: Path, way_out: str) -> bytes:
    """A page on the disk as PDF; no host is asked for anything. The way out is for whoever has no browser that prints."""
    browser = needed_browser(way_out)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # a browser that is ended may still write
        target = Path(folder, "page.pdf")
        command = [browser, "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={folder}/profile",
                   "--host-resolver-rules=MAP * ~NOTFOUND", "--no-pdf-header-footer", "--virtual-time-budget=10000",
                   f"--print-to-pdf={target}", page.resolve().as_uri()]
        if getattr(os, "geteuid", lambda: 1)() == 0:
            command.insert(1, "--no-sandbox")  # as root, as in a container, Chromium does not start with one
        try:
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=SECONDS, check=True)
            return target.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise InputError(f"{browser} printed no PDF: {way_out}") from error
