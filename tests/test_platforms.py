"""Other platforms, simulated: what Windows, macOS, an odd locale or a browser lacks is taken away, and the commands still work.

The real ones are in .github/workflows. Shapes: photographs 40x32, a data set of 40 images 16x16.
"""
import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnscratch.cli import main

ROOT = Path(__file__).parent.parent

OPEN_FILES_STAY = """
import os
def closed(name, whole):
    def call(path, *others, **options):
        targets = {os.path.realpath(p) for p in (path, *others[:1]) if isinstance(p, (str, os.PathLike))}
        for handle in os.listdir("/proc/self/fd"):
            try:
                if os.readlink(f"/proc/self/fd/{handle}") in targets:
                    raise PermissionError(13, "The process cannot access the file because it is being used by another process")
            except FileNotFoundError:
                pass
        return whole(path, *others, **options)
    return call
for name in ("unlink", "remove", "replace", "rename"):
    setattr(os, name, closed(name, getattr(os, name)))
"""
LACKS = {  # what a platform does not have: Python that takes it away
    "no resource": "sys.modules['resource'] = None",
    "no fcntl": "sys.modules['fcntl'] = None",
    "no mallopt": "import ctypes\nwhole = ctypes.CDLL\ndef cdll(name, *a, **o):\n    if name is None:\n"
                  "        raise TypeError('no library')\n    return whole(name, *a, **o)\nctypes.CDLL = cdll",
    "no affinity": "del os.sched_getaffinity\nos.cpu_count = lambda: None",
    "no links": "def link(*a, **o): raise OSError(1314, 'A required privilege is not held by the client')\n"
                "os.symlink = os.link = link\nos.path.islink = lambda path: False",
    "no flags": "del os.O_NONBLOCK, os.O_NOFOLLOW, os.O_DIRECTORY, os.O_CLOEXEC",
    "no signals": "import signal\nfor name in ('SIGKILL', 'SIGHUP', 'SIGALRM', 'SIGPIPE', 'SIGUSR1', 'setitimer', 'alarm'):\n"
                  "    delattr(signal, name)",
    "no users": "for name in ('getuid', 'geteuid', 'getpgid', 'setsid', 'fork', 'mkfifo', 'statvfs', 'fchmod'):\n"
                "    delattr(os, name)",
    "no home": "for name in ('HOME', 'USER', 'TMPDIR', 'XDG_CACHE_HOME'):\n    os.environ.pop(name, None)",
    "no file locks": "import fcntl\ndef flock(*a): raise OSError(95, 'Operation not supported')\nfcntl.flock = flock",
    "open files stay": OPEN_FILES_STAY,
    "no threads": "import threading\ndef start(self): raise RuntimeError(\"can't start new thread\")\n"
                  "import tqdm\ntqdm.tqdm.monitor_interval = 0\nthreading.Thread.start = start"}
PLATFORMS = {  # what each lacks
    "Windows": ("no resource", "no fcntl", "no mallopt", "no affinity", "no links", "no flags", "no signals", "no users",
                "open files stay"),
    "macOS": ("no mallopt", "no affinity", "no home"), "a browser": ("no resource", "no signals", "no users", "no threads"),
    "a network drive": ("no file locks", "no links")}
RUN = """
import os, sys
{lack}
from tests.tiny import make_tiny
make_tiny()
from nnscratch.cli import main
for words in {commands!r}:
    code = main([os.fsdecode(word.encode()) for word in words])  # as a shell passes them
    assert code == 0, (words, code)
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="other platforms are simulated on Linux")


@pytest.fixture
def inputs(tmp_path):
    """A folder with a photograph, a style, and a data set."""
    rng = np.random.default_rng(0)
    for name, shape in (("photo.png", (32, 40, 3)), ("style.png", (40, 48, 3))):
        Image.fromarray(rng.integers(0, 256, shape).astype(np.uint8)).save(tmp_path / name)
    np.savez(tmp_path / "data.npz", images=rng.integers(0, 256, (40, 16, 16)).astype(np.uint8), labels=np.arange(40) % 2)
    return tmp_path


COMMANDS = [line.split() for line in (
    "style photo.png style.png -o a.png --size 32 --steps 2 --every 1", "style photo.png night -o b.jpg --fast --size 32",
    "train generator --data data.npz -o g --preset nano --groups 0 --steps 2 --batch-size 2",
    "train generator --resume -o g --steps 3", "generate --from g/best.safetensors -o c.gif --walk 3",
    "style --again a.png.json -o d.png", "generate -o e.png --grid 2x2", "gallery photo.png -o f.png --size 16 --steps 1",
    "compare photo.png night -o v.html --size 16 --steps 1",
    "train classifier --data data.npz -o k --preset small --steps 2", "classify photo.png --from k -o w.png", "info")]


def run(folder, lack, commands=COMMANDS, **environment):
    """Run the commands in one new Python, from which something was taken away."""
    (folder / "run.py").write_text(RUN.format(lack=lack, commands=commands), encoding="utf-8")
    return subprocess.run([sys.executable, "run.py"], cwd=folder, capture_output=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT)} | environment, timeout=300)


@linux
@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
def test_commands_work_on(platform, inputs):
    """Every command ends with code 0, without a traceback, and leaves no hidden file."""
    result = run(inputs, "\n".join(LACKS[lack] for lack in PLATFORMS[platform]))
    assert result.returncode == 0 and b"Traceback" not in result.stderr, result.stderr.decode(errors="replace")[-3000:]
    assert not [path for path in inputs.rglob(".nnscratch-*")]


@linux
@pytest.mark.slow
@pytest.mark.parametrize("environment", [
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "gbk"},
    {"PYTHONIOENCODING": "ascii:strict"}, {"PYTHONIOENCODING": "utf-16"}], ids=str)
def test_any_encoding_shows_something(environment, inputs):
    """A terminal or locale that lacks our letters gets others: no UnicodeEncodeError, and the files are the same."""
    (inputs / "über.png").write_bytes((inputs / "photo.png").read_bytes())
    pixels = np.random.default_rng(0).integers(0, 256, (240, 16, 16)).astype(np.uint8)
    np.savez(inputs / "data.npz", images=pixels, labels=np.arange(240) % 2)
    commands = [*(line.split() for line in (
        "train generator --data data.npz -o g --preset nano --groups 0 --steps 2 --batch-size 2",
        "judge --data data.npz --from g/best.safetensors -o j --count 40", "article", "info")),
        ["style", "über.png", "night", "-o", "nœud.png", "--size", "32", "--steps", "1"]]
    result = run(inputs, "", commands, **environment)
    assert result.returncode == 0, result.stderr.decode(errors="replace")[-3000:]
    assert (inputs / "nœud.png").exists() and (inputs / "j" / "report.html").exists()


def test_the_tests_are_collected_on_windows():
    """The browser that some of them need is only absent there."""
    code = ("import os, sys\nsys.modules['fcntl'] = None\nfrom nnscratch.course.quiz.formats import pdf\nos.name = 'nt'\n"
            "pdf.find_browser = lambda: 'chrome.exe'\nsys.path.append('tests')\nimport browser\nassert browser.program is None")
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, timeout=60)


def test_every_lack_belongs_to_a_platform():
    assert {lack for lacks in PLATFORMS.values() for lack in lacks} == set(LACKS)


@linux
@pytest.mark.parametrize("name", ["sub\\photo.png", "CON", "NUL.png", "aux.png", "photo.png.", "photo.png ", " photo.png",
                                  "C:photo.png", "ph?to*.png", "phóto.png", "pho\u0301to.png", "-photo.png", "~photo.png",
                                  "%TEMP%.png", "$HOME.png"])
def test_odd_names_of_photographs_are_only_names(name, inputs, capsys, monkeypatch):
    """Whatever another system makes of a name, here it is one; the output is named as it was asked for."""
    monkeypatch.chdir(inputs)
    (inputs / name).write_bytes((inputs / "photo.png").read_bytes())
    given = f"./{name}" if name.startswith("-") else name
    assert main(["style", given, "night", "-o", "out.png", "--size", "32", "--steps", "1"]) == 0, capsys.readouterr().err
    assert (inputs / "out.png").exists()


@pytest.mark.parametrize("name", ["out.png.", "out.png ", "out", "CON", "NUL", "out.png\\", "out.png:x", "out.aux", "."])
def test_an_output_without_a_known_extension_is_refused(name, inputs, capsys, monkeypatch):
    """Trailing dots and spaces, which Windows drops, and devices: one sentence, before any work."""
    monkeypatch.chdir(inputs)
    before = sorted(inputs.iterdir())
    assert main(["style", "photo.png", "night", "-o", name, "--size", "32", "--steps", "1"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("nnscratch: ") and error.count("\n") == 1
    assert sorted(inputs.iterdir()) == before


@linux
def test_a_photograph_is_not_overwritten_under_another_spelling(inputs, capsys, monkeypatch):
    """In a folder that ignores case, PHOTO.PNG is photo.png. A second name of the same file says so, too."""
    monkeypatch.chdir(inputs)
    os.link("photo.png", "PHOTO.PNG")
    before = (inputs / "photo.png").read_bytes()
    assert main(["style", "photo.png", "night", "-o", "PHOTO.PNG", "--size", "32", "--steps", "1"]) == 2
    assert "would overwrite" in capsys.readouterr().err and (inputs / "photo.png").read_bytes() == before


def calls_without_encoding(path):
    """Lines of a source file that open text in the locale's encoding, which differs from machine to machine."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        own = isinstance(node.func, ast.Name) or name in ("read_text", "write_text")
        words = [ast.unparse(argument) for argument in node.args]
        if name not in ("open", "read_text", "write_text") or not own or any(key.arg == "encoding" for key in node.keywords):
            continue
        mode = next((ast.unparse(key.value) for key in node.keywords if key.arg == "mode"), words[1] if words[1:] else "'r'")
        if not (name == "open" and "b" in mode) and not any(word.startswith("'/proc/") for word in words):
            yield f"{path.relative_to(ROOT)}:{node.lineno}"


def test_text_is_read_and_written_with_an_encoding():
    """Every open, read_text and write_text of text names its encoding; what Linux says in /proc is ASCII."""
    sources = [path for room in ("nnscratch", "benchmarks", "tools") for path in (ROOT / room).rglob("*.py")]
    assert [line for path in sources for line in calls_without_encoding(path)] == []
