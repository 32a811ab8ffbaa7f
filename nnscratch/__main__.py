"""The entry point of `nnscratch`, and of `python -m nnscratch`: Ctrl-C can stop the command even while it is imported."""
import os
import signal
import sys

from nnscratch.processes import ON_THIS_MACHINE, launched

__all__ = ["main"]


def main() -> int:
    """Import and run the command.

    Returns
    -------
    int
        The exit code, see `nnscratch.cli.main`.
    """
    interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else it is ignored, as under nohup
    if interruptible:
        signal.signal(signal.SIGINT, stop_import)
    share_machine()
    import numpy  # noqa: F401  # NumPy would turn an interruption of its import into an advice on its installation

    from nnscratch import cli, mpi_command
    if interruptible:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return mpi_command.run_as_one(cli.main)


def share_machine() -> None:
    """Of several processes that mpiexec started on this machine, each gets its part of the cores for BLAS, and its own GPU."""
    rank, size = launched(ON_THIS_MACHINE)
    if size > 1:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1  # mpiexec may have bound it to some
        os.environ.setdefault("OPENBLAS_NUM_THREADS", str(max(1, min(cores, (os.cpu_count() or 1) // size))))
        gpus = os.environ.get("CUDA_VISIBLE_DEVICES")
        if gpus is None or gpus.count(",") + 1 >= size:
            os.environ["CUDA_VISIBLE_DEVICES"] = str(rank) if gpus is None else gpus.split(",")[rank]


def stop_import(number: int, frame: object) -> None:
    """End the process at once: nothing has begun."""
    os.write(2, b"nnscratch: stopped\n")
    os._exit(130)


if __name__ == "__main__":
    sys.exit(main())
