"""Runs the command line in a forked child of this process, which has imported everything: a command starts in milliseconds.

    pid = start(["info"], folder)
    outcome = wait(pid, folder)

The child's streams go to files in the folder: "stdout", "stderr", and "log" for what is logged.
"""
import contextlib
import logging
import os
import re
import resource
import signal
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from nnscratch.cli import main

__all__ = ["Outcome", "complaint_about", "start", "wait"]

CPU_SECONDS, WALL_SECONDS = 20, 60  # the second for what waits and does not compute; a busy machine must not decide
MEMORY, ADDRESSES = 2**30, 5 * 2**30  # bytes more than the parent has: allowed at the peak; where allocations begin to fail
PROGRESS = re.compile(r"[\w ]+: +(\d+%\||\d+\w+ \[)")  # a line of a progress bar
TRACEBACK = ("Traceback (most recent", "Exception ignored")


@dataclass
class Outcome:
    """How a command ended.

    code : int, the exit code, or minus the signal that ended it
    log : str, the lines that it logged
    peak : int, bytes that it used beyond those of its parent
    left : bool, whether it left a process behind
    """
    code: int
    stdout: str
    stderr: str
    log: str
    peak: int
    left: bool


def start(command, folder, prepare=None):
    """Start a command in a child with a working directory, a temporary directory and streams of its own; returns its pid.

    prepare : callable, called in the child before the command, to change what it finds
    """
    for name in ("cwd", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        enter(folder)
        if prepare is not None:
            prepare()
        code = main([str(word) for word in command])
    except SystemExit as end:  # argparse
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def enter(folder):
    """What makes this process the child: limits, streams, signals, folders."""
    os.setsid()
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout, sys.stderr = (open(number, "w", encoding="utf-8", errors="surrogateescape", buffering=1, closefd=False)
                              for number in (1, 2))
    logging.basicConfig(filename=folder / "log", filemode="w", format="%(message)s", force=True)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (pages(0) + ADDRESSES,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(WALL_SECONDS)  # its default ends the process, whatever it waits for
    os.environ["TMPDIR"] = str(folder / "tmp")
    os.chdir(folder / "cwd")


def pages(which):
    """The size of this process in bytes: 0 its addresses, 1 its memory."""
    return int(Path("/proc/self/statm").read_text().split()[which]) * resource.getpagesize()


def wait(pid, folder):
    """Wait for the end of a command."""
    before = pages(1)
    _, status, usage = os.wait4(pid, 0)
    left = True
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        left = False
    text = {name: (folder / name).read_text(encoding="utf-8", errors="replace") for name in ("stdout", "stderr", "log")
            if (folder / name).exists()}
    return Outcome(os.waitstatus_to_exitcode(status), text.get("stdout", ""), text.get("stderr", ""), text.get("log", ""),
                   max(0, 1024 * usage.ru_maxrss - before), left)


def complaint_about(outcome, codes=(0, 2)):
    """What is wrong with how a command ended, in words; None for nothing.

    What it says on the error stream beside lines of progress: with code 0 or 1, lines that begin with "nnscratch: ";
    with any other code exactly one of them. (Logged lines go to a file of their own.)
    """
    said = [line for line in outcome.stderr.splitlines() if line.strip() and not PROGRESS.match(line)]
    trace = next((k for k, line in enumerate(said) if line.startswith(TRACEBACK)), None)
    if trace is not None:
        return f"traceback: {next((line for line in reversed(said) if line[:1] not in ' ^'), '')[:150]}{place_of(said)}"
    if outcome.code in (-signal.SIGALRM, -signal.SIGXCPU):
        return f"still running after {CPU_SECONDS if outcome.code == -signal.SIGXCPU else WALL_SECONDS} s"
    if outcome.code < 0:
        return f"ended by {signal.Signals(-outcome.code).name}"
    if outcome.code not in codes:
        return f"exit code {outcome.code}, said {said[:1]}"
    if outcome.peak > MEMORY:
        return f"{outcome.peak / 2**30:.1f} GB of memory"
    if outcome.left:
        return "left a process behind"
    foreign = [line for line in said if not line.startswith("nnscratch: ")]
    if foreign:
        return f"on the error stream, with code {outcome.code}: {foreign[0][:150]!r}"
    if outcome.code not in (0, 1) and len(said) != 1:
        return f"{len(said)} lines on the error stream, with code {outcome.code}"
    return None


def place_of(lines):
    """Where in the package a traceback ends."""
    places = [line.strip() for line in lines if "nnscratch/" in line and line.strip().startswith("File")]
    return f" [{places[-1].split('nnscratch/')[-1].replace(chr(34), '')}]" if places else ""
