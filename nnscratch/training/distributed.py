"""What a training in several processes needs at its start: one folder, the same options and data, and the same weights."""
import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from zlib import crc32

import numpy as np

from nnscratch import checkpoint
from nnscratch.backend import current_module
from nnscratch.errors import InputError
from nnscratch.files import FilePath
from nnscratch.outputs import OutputFolder
from nnscratch.parallel import Communicator

__all__: list[str] = []  # for trainings


@contextlib.contextmanager
def shared_folder(world: Communicator, options: Any, folder: FilePath, names: Sequence[str], inputs: Iterable[FilePath],
                  adopt: bool) -> Iterator[OutputFolder | None]:
    """The folder of a training: rank 0 holds it, once all processes have looked into it; the others have None.

    Raises InputError where the processes were given different options, or where only some of them compute on a GPU: they could
    not add up their gradients.
    """
    check_same(world, {"options": options})
    on_gpu = world.total(current_module() is not np)
    if 0 < on_gpu < world.size:
        raise InputError(f"{on_gpu:.0f} of {world.size} processes have a GPU, expected all or none; start as many as there are "
                         f"GPUs, or add --device cpu")
    if world.rank:
        yield None
    else:
        with OutputFolder(folder, names, inputs, adopt) as output:
            yield output


def check_same(world: Communicator, facts: dict[str, Any]) -> None:
    """Raise InputError if a fact is not the same in all processes, as JSON or, where it is something else, as text."""
    texts = [json.dumps(fact, sort_keys=True, default=str) for fact in facts.values()]
    ours = np.array([crc32(text.encode()) for text in texts], np.float64)
    total = ours.copy()
    world.all_reduce([total])
    if differ := [name for name, equal in zip(facts, total == world.size * ours) if not equal]:
        raise InputError(f"the processes have different {' and '.join(differ)}, expected the same; give all the same command "
                         f"and the same files")


def start_as_one(world: Communicator, facts: dict[str, Any], model: Any, optimizer: Any) -> None:
    """Give all processes the weights and buffers of rank 0: on another CPU they may have other rounding errors.

    Raises InputError if a fact or the optimizer's state is not the same in all processes.
    """
    if world.size == 1:
        return
    check_same(world, facts | {"states": checkpoint.checksum(optimizer.save_state(), "")})
    for array in (*model.params.values(), *model.buffers.values()):
        if array.dtype.kind == "f":
            world.broadcast(array)
