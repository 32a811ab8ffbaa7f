"""The course in a browser: what the folder holds; where JupyterLite and Pyodide are at hand, notebooks that run in it."""
import contextlib
import http.server
import json
import os
import re
import shutil
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from browser import Browser, program

pytest.importorskip("nbformat", reason="the notebooks are read with nbformat: pip install -e '.[test]'")

import nbformat

from nnscratch.course.language import said
from notebooks.lite import build as lite
from notebooks.lite.__main__ import main
from notebooks.source import FOLDER, solutions

PYODIDE = os.environ.get("NNSCRATCH_PYODIDE")  # a folder as for --offline
NEEDS_FILES = "NNSCRATCH_PYODIDE names no folder with Pyodide and the wheels that it lacks (see notebooks.lite.build)"


def test_what_a_learner_opens_is_copied(tmp_path, monkeypatch):
    """All notebooks, solutions, images, pages, in both languages; nothing of the maintainers, nothing of the learner who builds
    it, no bytecode."""
    home = shutil.copytree(FOLDER, tmp_path / "home")
    for junk in ("own/dense.py", "zh/own/dense.py", "zh/.ipynb_checkpoints/a.ipynb", "solutions/__pycache__/a.pyc"):
        (home / junk).parent.mkdir(parents=True, exist_ok=True)
        (home / junk).touch()
    monkeypatch.setattr(lite, "FOLDER", home)
    lite.copy_course(tmp_path / "content")
    files = [path.relative_to(tmp_path / "content").as_posix() for path in (tmp_path / "content").rglob("*") if path.is_file()]
    here = [*FOLDER.glob("*.ipynb"), *FOLDER.glob("*.md"), *FOLDER.glob("solutions/*.py"), FOLDER / "images" / "course.jpg",
            *FOLDER.glob("zh/*.ipynb"), *FOLDER.glob("zh/*.md")]
    assert sorted(files) == sorted(path.relative_to(FOLDER).as_posix() for path in here)


def test_links_in_the_folder(tmp_path):
    """Each leads to a file, also from notebook to notebook in Chinese; the two lists of notebooks lead to each other."""
    lite.copy_course(tmp_path)
    links = {}
    for path in (*tmp_path.rglob("*.ipynb"), *tmp_path.rglob("*.md")):
        text = path.read_text(encoding="utf-8") if path.suffix == ".md" else "\n".join(
            cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown")
        links[path] = {(path.parent / link).resolve() for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link}
    assert not [link for found in links.values() for link in found if not link.is_file()]
    one, other = tmp_path / "index.ipynb", tmp_path / "zh" / "index.ipynb"
    assert other in links[one] and one in links[other]
    assert {tmp_path / "images" / "course.jpg", tmp_path / "zh" / "07_convolution.ipynb"} <= links[other]


@pytest.mark.parametrize("offline", [False, True])
def test_settings(tmp_path, offline):
    """Offline, the kernel comes from the folder and nothing from PyPI; the wheels are named in both."""
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "nnscratch-1-py3-none-any.whl").touch()
    lite.write_settings(tmp_path, offline)
    page = json.loads((tmp_path / "jupyter-lite.json").read_text())["jupyter-config-data"]["litePluginSettings"][lite.KERNEL]
    assert page == ({"disablePyPIFallback": True, "pyodideUrl": "./static/pyodide/pyodide.js"} if offline else {})
    built = json.loads((tmp_path / "jupyter_lite_config.json").read_text())
    assert [Path(wheel).name for wheel in built["PipliteAddon"]["piplite_urls"]] == ["nnscratch-1-py3-none-any.whl"]


def test_mistakes_are_one_sentence(tmp_path, capsys, monkeypatch):
    """No Pyodide in FILES, a folder that holds something else; nothing is written, nothing is removed."""
    monkeypatch.chdir(tmp_path)
    assert main(["--offline", str(tmp_path)]) == 2 and "has no pyodide/pyodide-lock.json" in capsys.readouterr().err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    assert main(["-o", "mine"]) == 2 and "is not an earlier build" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["letter.txt", "mine"]


def test_what_is_missing_is_named(tmp_path, capsys, monkeypatch):
    """A package, or pip; nothing is left."""
    monkeypatch.setitem(sys.modules, "jupyterlite_core", None)
    assert main(["-o", str(tmp_path / "a")]) == 2
    assert "jupyterlite_core is missing: pip install -e '.[lite]'" in capsys.readouterr().err
    monkeypatch.setattr(lite, "NEEDED", ())
    monkeypatch.setitem(sys.modules, "pip", None)
    assert main(["-o", str(tmp_path / "a")]) == 2
    assert capsys.readouterr().err == "pip, which makes a wheel of nnscratch, is missing: python -m ensurepip\n"
    with pytest.raises(ValueError, match="^the browser edition was not made: nothing_there: .*No module named nothing_there"):
        lite.run(tmp_path, "nothing_there")
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The address of the folder, built offline."""
    if not PYODIDE:
        pytest.skip(NEEDS_FILES)
    for package in lite.NEEDED:
        pytest.importorskip(package, reason="the browser edition is made by JupyterLite: pip install -e '.[lite]'")
    folder = lite.build(tmp_path_factory.mktemp("lite"), Path(PYODIDE)).parent

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()


def until(browser, script, seconds):
    """Ask until the script says yes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(AssertionError):  # the app is not there yet
            if answer := browser.evaluate(script):
                return answer
        time.sleep(0.5)
    raise AssertionError(f"not within {seconds} s: {script}")


PANEL = "jupyterapp.shell.currentWidget"
IDLE = f"{PANEL}.sessionContext.session?.kernel?.status == 'idle'"
SOLVE = f"""(answers => {{ for (const cell of {PANEL}.content.model.sharedModel.cells)
  if (cell.getMetadata('exercise')) cell.setSource(answers[cell.getMetadata('exercise')]); }})"""
RUN = "window.done = 0, jupyterapp.commands.execute('notebook:run-all-cells').then(() => window.done = 1), 1"
OUTPUTS = f"""(() => {{ const cells = {PANEL}.content.model.toJSON().cells.filter(cell => cell.outputs);
  const outputs = cells.flatMap(cell => cell.outputs), texts = cell => cell.outputs.map(one => one.data?.['text/plain']);
  return {{errors: outputs.filter(one => one.output_type == 'error').map(one => one.evalue),
           images: outputs.filter(one => one.data && one.data['image/png']).length,
           checks: cells.filter(cell => String(cell.source).startsWith('checks.')).map(cell => String(texts(cell)))}} }})()"""
SLIDERS = f"""{PANEL}.content.widgets.map((cell, k) => [cell, k]).filter(([cell, k]) => cell.model.toJSON().outputs?.some(
  one => one.data?.['application/vnd.jupyter.widget-view+json'])).map(([cell, k]) => k)"""
SHOW = f"(k => {{ {PANEL}.content.activeCellIndex = k; return {PANEL}.content.scrollToItem(k, 'center').then(() => true) }})"
PART = f"((k, name) => {PANEL}.content.widgets[k].node.querySelector(name))"


def move(browser, cell):
    """Drag the first slider of a cell with the mouse until its image is another one."""
    image, handle, track = (f"{PART}({cell}, {name!r})" for name in (".jp-OutputArea img", ".noUi-handle", ".noUi-target"))
    browser.evaluate(f"{SHOW}({cell})")
    until(browser, f"{handle} && {image}?.src", 60)
    browser.evaluate(f"{handle}.scrollIntoView({{block: 'center'}})")  # of a tall cell it may lie above the window
    before = browser.evaluate(f"{image}.src")
    start, whole = (browser.evaluate(f"{part}.getBoundingClientRect().toJSON()") for part in (handle, track))
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    right = x < whole["x"] + whole["width"] / 2
    browser.drag(x, whole["x"] + whole["width"] * (0.9 if right else 0.1), y)
    until(browser, f"{image}?.src && {image}.src != {json.dumps(before)}", 60)


@pytest.mark.slow
@pytest.mark.skipif(program is None, reason="Chromium, which runs the notebooks, is not there: apt install chromium")
@pytest.mark.parametrize("notebook, sliders", [("01_neuron", 2), ("zh/07_convolution", 2), ("03_backpropagation", 1)])
def test_a_notebook_runs_in_the_browser(served, tmp_path, monkeypatch, notebook, sliders):
    """All cells, by a kernel in the browser that had no nnscratch; the exercises solved, every check says that they are right;
    each slider draws another image; no other host is asked."""
    language, _, stem = notebook.rpartition("/")
    answers = solutions(stem)
    assert answers
    with Browser(tmp_path, patience=120) as browser:
        browser.visit(f"{served}lab/index.html?path={notebook}.ipynb")
        until(browser, IDLE, 300)
        browser.evaluate(f"{SOLVE}({json.dumps(answers)})")
        browser.evaluate(RUN)
        until(browser, "window.done", 600)
        found, cells = browser.evaluate(OUTPUTS), browser.evaluate(SLIDERS)
        for cell in cells:
            move(browser, cell)
        asked = [event["params"]["request"]["url"] for event in browser.events
                 if event.get("method") == "Network.requestWillBeSent"]
    assert not found["errors"] and found["images"] >= 4 and len(cells) == sliders
    monkeypatch.setenv("NNSCRATCH_LANGUAGE", language)
    sentences = [re.split("; |；", text)[0] for text in found["checks"]]  # behind it: that the function is kept
    assert sorted(sentences) == sorted(said(f"{name}: right") for name in answers)
    assert not [url for url in asked if not url.startswith((served, "data:", "blob:"))]
