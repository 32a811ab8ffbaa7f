"""The command: its output, and one sentence with exit code 2 for mistakes."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from standin import strict_cupy

from nnscratch import backend, cli, info
from nnscratch.argument_parser import shown_spellings
from nnscratch.cli import main
from nnscratch.gradcheck.table import LEGEND


def test_a_memory_shortage_names_the_options_that_reduce_it(capsys):
    """The sentence names the command's own options, or suggests closing other programs."""
    for words, way_out in ((["train", "generator", "--batch", "512"], "set a smaller --batch-size (it is 512) or --size"),
                           (["generate", "-o", "x.png", "--grid", "90x90"], "set a smaller --grid (it is (90, 90))"),
                           (["judge"], "set a smaller --count (it is 5000)"), (["demo"], "close other programs"),
                           (["bench"], "try --quick, or one part alone by --only")):
        assert cli.report_memory_shortage(MemoryError(), cli.parse_arguments(words)) == 2
        assert capsys.readouterr().err == f"nnscratch: not enough memory; {way_out}\n"


@pytest.mark.slow
def test_output_that_the_terminal_cannot_show_is_replaced():
    """An ASCII terminal, and a file name that it cannot print: the output is still one sentence."""
    command = [sys.executable, "-m", "nnscratch.cli", "style", "\u1d40.png", "\u1d40.png", "-o", "out.png"]
    result = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii:strict"})
    assert result.returncode == 2 and result.stderr.startswith(b"nnscratch: cannot open ?.png"), result.stderr
    LEGEND.encode("ascii")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pipe")
def test_a_closed_pipe_ends_the_command_quietly():
    """`nnscratch info | head -0`: no traceback, and the exit code of a broken pipe."""
    process = subprocess.Popen([sys.executable, "-m", "nnscratch.cli", "info"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141


@pytest.mark.parametrize("arguments", [["paint"], ["style"], ["style", "a", "b", "-o", "c", "--size", "big"],
                                       ["demo", "--fast"], ["demo", "night"]])
def test_a_wrong_command_line_gives_one_sentence_and_exit_code_2(arguments, capsys):
    """argparse's error as one sentence that refers to --help."""
    with pytest.raises(SystemExit) as exit_code:
        main(arguments)
    assert exit_code.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("nnscratch: ") and "--help" in error and error.count("\n") == 1


@pytest.mark.slow
def test_check_prints_the_table(capsys):
    """One row per op, and the verdict."""
    assert main(["check", "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    assert "batch_norm training" in out and re.search(r"(\d+) of \1 wrong backward passes caught", out)


@pytest.mark.parametrize("words, name", [
    (["style", "a", "b", "-o", "x"], "output"), (["gallery", "-o", "x"], "output"), (["generate", "-o", "x"], "output"),
    (["compare", "a", "b", "-o", "x"], "output"), (["compare", "a", "b", "-o", "o", "--colors", "x"], "colors"),
    (["train", "generator", "-o", "x"], "output"), (["train", "texture", "-o", "x"], "output"),
    (["train", "stylizer", "-o", "x"], "output"), (["judge", "-o", "x"], "output"), (["bench", "-o", "x"], "output"),
    (["style", "a", "b", "-o", "o", "--keep-colors", "x"], "keep_colors"),
    (["style", "a", "b", "-o", "o", "--colors", "x"], "colors")])
def test_every_spelling_of_an_option_is_accepted(words, name):
    """-o, --output and --out; colour and color, also with = and abbreviated; the help shows one of them."""
    *command, option, value = words
    spellings = {"output": ["-o", "--output", "--out", "--outp"], "colors": ["--colors", "--colours", "--colour", "--color"],
                 "keep_colors": ["--keep-colors", "--keep-colours", "--keep-colour"]}[name]
    for spelling in spellings:
        forms = [[spelling, value]] + ([[f"{spelling}={value}"]] if spelling.startswith("--") else [])
        for form in forms:
            assert getattr(cli.parse_arguments([*command, *form]), name) == value


@pytest.mark.parametrize("command", [["style"], ["gallery"], ["compare"], ["generate"], ["train", "generator"],
                                     ["train", "texture"], ["train", "stylizer"], ["judge"], ["bench"]])
def test_the_help_shows_one_spelling(command, capsys):
    """-o, --output, and color; the other spellings are accepted but not shown."""
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    shown = capsys.readouterr().out
    assert re.search(r"-o \w+, --output", shown) and not re.search(r"--out\b|--\S*colour|default: None", shown)


def test_arguments_after_a_double_dash_are_unchanged():
    """After -- there are no options, only file names, which may begin with a dash."""
    assert shown_spellings(["--out", "a", "--", "--out"]) == ["--output", "a", "--", "--out"]


def test_info_names_versions_and_the_missing_gpu(capsys, monkeypatch):
    """Versions, BLAS with its number of threads, and without a GPU the reason and the remedy."""
    monkeypatch.setattr("nnscratch.backend.gpu_status", lambda: (None, "CuPy is not installed", "pip install that"))
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert f"numpy            {np.__version__}" in out and "BLAS" in out
    assert "CuPy is not installed" in out and "pip install that" in out


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_info_does_not_change_the_device(monkeypatch, device):
    """It describes the GPU, but the chosen device stays the same."""
    monkeypatch.setitem(sys.modules, "cupy", strict_cupy)
    backend.use(device)
    assert "stand-in" in dict(info.report())["array library"]
    assert backend.current_module() is (np if device == "cpu" else strict_cupy)


@pytest.mark.slow
def test_the_package_runs_as_the_command():
    """python -m nnscratch returns the command's exit code."""
    words = [sys.executable, "-m", "nnscratch"]
    assert subprocess.run([*words, "--version"], capture_output=True, text=True).stdout.startswith("nnscratch ")
    result = subprocess.run([*words, "paint"], capture_output=True, text=True)
    assert result.returncode == 2 and result.stderr.startswith("nnscratch: ")


def test_the_command_is_installed():
    """The console script runs."""
    assert shutil.which("nnscratch", path=str(Path(sys.executable).parent)), "not installed: pip install -e ."
    result = subprocess.run([sys.executable, "-m", "nnscratch.cli", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("nnscratch ")
