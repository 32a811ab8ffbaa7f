"""A page printed to PDF by a headless Chromium, Chrome or Edge."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from nnscratch.errors import InputError

__all__: list[str] = []  # for formats/__init__.py

NAMES = "chromium", "chromium-browser", "google-chrome", "chrome", "msedge", "microsoft-edge"
WAY_OUT = "write --format html, open it in a browser, and print it to a PDF"


def as_pdf(html: str) -> bytes:
    """An HTML page as PDF."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise InputError(f"a PDF is printed by Chromium, Chrome or Edge, and none is found: install one, or {WAY_OUT}")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "quiz.html"), Path(folder, "quiz.pdf")
        source.write_text(html, encoding="utf-8")
        command = [program, "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={folder}/profile",
                   "--no-pdf-header-footer", f"--print-to-pdf={target}", source.as_uri()]
        if getattr(os, "geteuid", lambda: 1)() == 0:
            command.insert(1, "--no-sandbox")  # as root, as in a container, Chromium does not start with one
        try:
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=True)
            return target.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise InputError(f"{program} printed no PDF: {WAY_OUT}") from error
