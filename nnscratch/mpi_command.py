"""A command that mpiexec started several times: rank 0 alone speaks, and a failure of any process ends all of them.

A process that fails must not call MPI_Finalize, as mpi4py does at the end of Python: it would wait there for the others, and
they for it in their next sum. It exits at once, and mpiexec, seeing its exit code, kills the others.
"""
import io
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from nnscratch.errors import InputError
from nnscratch.processes import launched

__all__: list[str] = []  # for __main__.py and cli.py

PATIENCE = 2.0  # seconds that rank 0 has to find the same mistake and end the others, so that it is reported once


def run_as_one(main: Callable[[], int]) -> int:
    """Run a command in this process, one of those that mpiexec started, or the only one; returns its exit code."""
    rank, size = launched()
    if size == 1:
        return main()
    streams, said = (sys.stdout, sys.stderr), io.StringIO()
    if rank:
        sys.stdout, sys.stderr = io.StringIO(), said
    code = exit_code(main)
    if code == 0:
        return 0
    try:
        if rank:
            time.sleep(PATIENCE + 0.3 * rank)  # one after the other: the first ends the others
            streams[1].write(said.getvalue())
        for stream in streams:
            stream.flush()
    finally:  # also where a stream is closed, or at Ctrl-C: the others must not wait for this process
        os._exit(code)


def check_command(name: str) -> None:
    """Raise InputError if several processes were started for a command that is neither a training nor `info`."""
    _, size = launched()
    if size > 1 and name != "info" and not name.startswith("train_"):
        raise InputError(f"mpiexec started {size} processes, but only trainings, and `info`, run in several; leave mpiexec out")


def exit_code(main: Callable[[], int]) -> int:
    """The exit code of a command, also where it ends by an exception, whose traceback is printed."""
    try:
        return main()
    except SystemExit as error:  # argparse's own exit
        code: Any = error.code
        return code if isinstance(code, int) else int(code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
