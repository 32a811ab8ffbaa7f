"""The processes that train together: who they are, and how they add up arrays. shard.py says what for.

    world = parallel.world()                  the processes that mpiexec started, or a single one
    world.all_reduce(arrays)                  each array, of any shape, becomes its sum over all processes
    world.broadcast(array)                    the array becomes that of rank 0

MPI moves the numbers between CPUs, NCCL between GPUs. All processes must call the same methods in the same order: where one
leaves out a call, the others wait forever. Start a script of your own by `mpiexec -n 2 python -m mpi4py script.py`: mpi4py then
ends all processes where one fails.

References: Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations", 2009: each of n
processes sends 2 (n - 1) / n times the bytes of the arrays, and fewer would not do.
"""
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module, move, to_cpu
from nnscratch.errors import InputError
from nnscratch.processes import launched

__all__ = ["ALONE", "Communicator", "world"]


class Communicator:
    """The processes that train together: here a single one.

    Attributes
    ----------
    rank : int, the number of this process, from 0
    size : int, how many there are

    Examples
    --------
    >>> ALONE.rank, ALONE.size
    (0, 1)
    """

    rank, size = 0, 1  # type: int, int

    def all_reduce(self, arrays: Iterable[Array]) -> None:
        """Replace each array by its sum over all processes, in place; one message carries them all.

        Parameters
        ----------
        arrays : iterable of Array, on one device, of the same shapes in all processes
        """

    def broadcast(self, array: Array) -> None:
        """Replace an array by that of rank 0, in place.

        Parameters
        ----------
        array : Array, of the same shape in all processes
        """
        if self.rank:
            array[...] = 0
        self.all_reduce([array])

    def total(self, number: float) -> float:
        """Add up a number of each process; all wait here for the last one.

        Parameters
        ----------
        number : float

        Returns
        -------
        float
            The same in all processes.
        """
        array = np.array([number], np.float64)
        self.all_reduce([array])
        return float(array[0])


class MPICommunicator(Communicator):
    """The processes that mpiexec started.

    comm : mpi4py's communicator
    """

    def __init__(self, comm: Any) -> None:
        self.comm, self.rank, self.size = comm, comm.rank, comm.size
        self.nccl: Any = None

    def all_reduce(self, arrays: Iterable[Array]) -> None:
        arrays = list(arrays)
        if not arrays:
            return
        xp = array_module(arrays[0])
        buffer = xp.concatenate([array.reshape(-1) for array in arrays])
        if xp is np or not self._all_reduce_on_gpus(xp, buffer):
            from mpi4py import MPI
            numbers = to_cpu(buffer)
            self.comm.Allreduce(MPI.IN_PLACE, numbers)
            buffer = move(numbers, xp)
        start = 0
        for array in arrays:
            array[...] = buffer[start:start + array.size].reshape(array.shape)
            start += array.size

    def _all_reduce_on_gpus(self, cupy: Any, buffer: Array) -> bool:
        """By NCCL, on CuPy's stream: the sum is ready for what is launched next, and nothing waits on the CPU. Returns whether
        NCCL is there."""
        from cupy.cuda import nccl
        if not nccl.available:
            return False
        if self.nccl is None:
            self.nccl = nccl.NcclCommunicator(self.size, self.comm.bcast(nccl.get_unique_id()), self.rank)
        numbers = buffer.view(buffer.real.dtype)  # a complex number is two
        kind = {"float16": nccl.NCCL_HALF, "float32": nccl.NCCL_FLOAT, "float64": nccl.NCCL_DOUBLE}[str(numbers.dtype)]
        pointer, stream = numbers.data.ptr, cupy.cuda.get_current_stream().ptr
        self.nccl.allReduce(pointer, pointer, numbers.size, kind, nccl.NCCL_SUM, stream)
        return True


ALONE = Communicator()


@cache
def world() -> Communicator:
    """The processes that mpiexec started together; without it, ALONE.

    Returns
    -------
    Communicator
        The same at each call.

    Raises
    ------
    InputError
        mpi4py is missing, or belongs to another MPI than mpiexec.
    """
    size = launched()[1]
    if size == 1:
        return ALONE
    fix = "make a new environment, and there: pip install \"nnscratch[mpi]\", which brings an mpiexec that fits"
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:  # RuntimeError: mpi4py is there, but no MPI library
        raise InputError(f"mpiexec started {size} processes, but Python cannot talk to it ({error}); {fix}") from error
    if MPI.COMM_WORLD.size != size:
        library = MPI.Get_library_version().split(",")[0].strip()
        raise InputError(f"mpiexec started {size} processes, but mpi4py sees {MPI.COMM_WORLD.size}: it uses {library}, and "
                         f"mpiexec belongs to another MPI; {fix}")
    return MPICommunicator(MPI.COMM_WORLD)
