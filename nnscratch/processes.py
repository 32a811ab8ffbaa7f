"""What mpiexec told this process: its rank, and how many processes it started. Read before NumPy is imported."""
import os

__all__: list[str] = []  # for __main__.py, parallel.py and mpi_command.py

ALL = ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE")  # Open MPI; MPICH, Intel's and Microsoft's
ON_THIS_MACHINE = ("OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"), ("MPI_LOCALRANKID", "MPI_LOCALNRANKS")


def launched(variables: tuple[tuple[str, str], ...] = ALL) -> tuple[int, int]:
    """(rank, number of processes) among all that mpiexec started, or those of them on this machine; (0, 1) without mpiexec."""
    for names in variables:
        rank, size = (os.environ.get(name, "") for name in names)
        if rank.isdecimal() and size.isdecimal() and int(rank) < int(size):
            return int(rank), int(size)
    return 0, 1
