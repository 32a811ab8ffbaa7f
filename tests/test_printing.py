"""PDF files of quizzes and handouts: a browser prints them, which may be missing, fail or hang, and must ask no other host."""
import http.server
import os
import re
import threading
import time

import pytest
from browser import program

from nnscratch.course.quiz.__main__ import main
from nnscratch.course.quiz.formats import pdf as pdf_module

needs_browser = pytest.mark.skipif(program is None, reason="Chromium, which prints, is not there: apt install chromium")
posix = pytest.mark.skipif(os.name != "posix", reason="a POSIX program or script is in the browser's place")


@pytest.mark.slow
@needs_browser
def test_a_pdf_has_pages_of_a4(tmp_path):
    pytest.importorskip("math_core", reason="formulas of a page are made with math-core: pip install -e '.[site]'")
    path = tmp_path / "quiz.pdf"
    assert main(["03", "--format", "pdf", "-o", str(path)]) == 0
    data = path.read_bytes()
    assert data.startswith(b"%PDF") and len(re.findall(rb"/Type /Page\b", data)) == 1
    width, height = map(float, re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data).groups())
    assert abs(width - 595.3) < 1 and abs(height - 841.9) < 1 and os.listdir(tmp_path) == ["quiz.pdf"]


@pytest.mark.parametrize("names, complaint", [
    ((), "none is found"),
    *(pytest.param((name,), f"{name} printed no PDF", marks=posix) for name in ("true", "false", "hangs"))])
def test_without_a_browser_there_is_no_pdf(names, complaint, monkeypatch, tmp_path):
    """The sentence says what to do, also of a browser that hangs."""
    stand_in(tmp_path / "hangs", "exec sleep 60")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(pdf_module, "BROWSERS", names)
    monkeypatch.setattr(pdf_module, "SECONDS", 0.3)
    start = time.monotonic()
    with pytest.raises(ValueError, match=f"{complaint}.*write --format html, open it in a browser"):
        pdf_module.as_pdf("<p>1</p>")
    assert time.monotonic() - start < 30


def stand_in(path, command):
    """A program in the place of a browser; `$@` are its arguments."""
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("place", ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
                                   r"C:\Program Files\Google\Chrome\Application\chrome.exe"])
def test_a_browser_that_is_not_on_path(place, monkeypatch):
    """macOS and Windows put none there."""
    monkeypatch.setattr(pdf_module.shutil, "which", lambda name: name if name == place else None)
    assert pdf_module.find_browser() == place


@posix
@pytest.mark.parametrize("user", [0, 1000])
def test_the_sandbox_is_off_for_root_alone(user, monkeypatch, tmp_path):
    stand_in(tmp_path / "browser", f"""printf '%s\\n' "$@" > {tmp_path}/arguments
for one; do case "$one" in --print-to-pdf=*) echo %PDF > "${{one#*=}}";; esac; done""")
    monkeypatch.setattr(pdf_module, "BROWSERS", (str(tmp_path / "browser"),))
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert pdf_module.as_pdf("<p>1</p>") == b"%PDF\n"
    assert ("--no-sandbox" in (tmp_path / "arguments").read_text().split("\n")) == (user == 0)


@pytest.mark.slow
@needs_browser
def test_printing_asks_no_host(tmp_path):
    """A page with an image and a script from elsewhere is printed without them."""
    asked = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)

    with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        (tmp_path / "page.html").write_text(f"<img src={address}/image.png><script src={address}/code.js></script>1")
        assert pdf_module.print_to_pdf(tmp_path / "page.html", "").startswith(b"%PDF")
        server.shutdown()
    assert asked == []
