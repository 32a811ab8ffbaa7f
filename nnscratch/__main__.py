"""The entry point of `nnscratch`, and of `python -m nnscratch`: Ctrl-C can stop the command even while it is imported."""
import os
import signal
import sys

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
    neighbours = os.environ.get("OMPI_COMM_WORLD_LOCAL_SIZE", "")  # processes that mpiexec started on this machine
    if neighbours.isdigit():
        os.environ.setdefault("OPENBLAS_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // int(neighbours))))
    import numpy  # noqa: F401  # NumPy would turn an interruption of its import into an advice on its installation

    from nnscratch import cli, mpi_command
    if interruptible:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return mpi_command.run_as_one(cli.main)


def stop_import(number: int, frame: object) -> None:
    """End the process at once: nothing has begun."""
    os.write(2, b"nnscratch: stopped\n")
    os._exit(130)


if __name__ == "__main__":
    sys.exit(main())
