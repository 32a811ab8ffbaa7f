"""Data-parallel training: each process computes the gradient of some rows of a batch, and the sum is that of the whole batch.

    loss = 1/N Σ_n loss_n        dloss/dw = Σ over the processes of (1/N Σ over their rows n of dloss_n/dw)

So the weights stay the same in all processes: all start from those of rank 0, and take equal steps.

Shapes: rows (rows, ...) of a batch (N, ...), gradients as their parameters, means of any shape.

    shard = Shard(parallel.world(), N)          which rows of a batch of N this process computes
    loss, dlogits = softmax_cross_entropy(...)  of these rows, with their mean
    model.backward(shard.weight * dlogits)      weight = rows / N, so the mean is that over N
    optimizer.step(model.trainable_params, shard.sum(model.grads))

Batch normalization and dropout need to know the shard, `shard.set_on(model)`: mean and variance are those of the whole batch,
and random numbers are drawn for all of it.

References: Goyal et al., "Accurate, large minibatch SGD", 2017, section 3.
"""
from collections.abc import Mapping
from typing import Any

from nnscratch.backend import Array, array_module
from nnscratch.errors import InputError
from nnscratch.parallel import ALONE, Communicator

__all__ = ["WHOLE", "Shard"]


class Shard:
    """The rows of a batch that one process computes: as many as the others, or one more.

    Parameters
    ----------
    world : Communicator
    batch_size : int
        N, rows of the whole batch; 0, for a single process, if that is not known.

    Attributes
    ----------
    rows : slice
        The rows of this process.
    weight : float
        The fraction of the batch that they are.

    Raises
    ------
    InputError
        A batch of fewer rows than there are processes.

    Examples
    --------
    >>> shard = Shard(ALONE, 4)
    >>> shard.rows, shard.weight
    (slice(0, 4, None), 1.0)
    """

    def __init__(self, world: Communicator, batch_size: int) -> None:
        self.world, self.batch_size, self.rows, self.weight = world, batch_size, slice(None), 1.0
        if batch_size:
            first, last = (rank * batch_size // world.size for rank in (world.rank, world.rank + 1))
            self.rows, self.weight = slice(first, last), (last - first) / batch_size
            if batch_size < world.size:
                raise InputError(f"{world.size} processes were started for a batch of {batch_size} images, expected at least "
                                 f"one image for each; start at most {batch_size}")

    def set_on(self, network: Any) -> None:
        """Tell the layers of a network which rows their inputs are.

        Parameters
        ----------
        network : Model, or another object with `layers`
        """
        for layer in network.layers:
            layer.shard = self
            if hasattr(layer, "layers"):
                self.set_on(layer)

    def sum(self, grads: Mapping[str, Array]) -> dict[str, Array]:
        """Add up the gradients of all processes, in place.

        Parameters
        ----------
        grads : mapping of str to Array
            Gradients of the whole batch's mean loss that come from this process's rows.

        Returns
        -------
        dict of str to Array
            The gradients of the whole batch, in the same arrays.
        """
        grads = dict(grads)
        self.world.all_reduce(grads.values())
        return grads

    def mean(self, array: Array) -> Array:
        """Turn means over this process's rows into means over the batch.

        Parameters
        ----------
        array : Array

        Returns
        -------
        Array
            Σ over the processes of weight * array.
        """
        if self.world.size == 1:
            return array
        array = array_module(array).asarray(array * self.weight)  # an array also where it has no axes
        self.world.all_reduce([array])
        return array

    def mean_metrics(self, metrics: dict[str, Array]) -> dict[str, Array]:
        """The means over the batch of what a step measured on this process's rows, in one message.

        Parameters
        ----------
        metrics : dict of str to Array ()

        Returns
        -------
        dict of str to Array ()
            With the same names.
        """
        if self.world.size == 1:
            return metrics
        xp = array_module(next(iter(metrics.values())))
        return dict(zip(metrics, self.mean(xp.stack([xp.asarray(value) for value in metrics.values()]))))

    def all_gather(self, part: Array) -> Array:
        """Give every process the rows of all.

        Parameters
        ----------
        part : Array (rows, ...)
            What this process has for its rows.

        Returns
        -------
        Array (N, ...)
            The whole batch: each process fills in its rows, the others are 0, and the sum has them all.
        """
        if self.world.size == 1:
            return part
        whole = array_module(part).zeros((self.batch_size, *part.shape[1:]), part.dtype)
        whole[self.rows] = part
        self.world.all_reduce([whole])
        return whole


WHOLE = Shard(ALONE, 0)
