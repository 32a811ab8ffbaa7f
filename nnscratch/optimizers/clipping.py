"""Gradient clipping: a single steep place of the loss must not throw the weights far away.

    optimizer.step(params, clip_by_global_norm(grads, 1.0))
"""
from collections.abc import Mapping

from nnscratch.backend import Array, array_module
from nnscratch.ops.validation import check_array, check_mapping, check_positive

__all__ = ["clip_by_global_norm", "clip_by_value", "global_norm"]


def check_grads(name: str, grads: Mapping[str, Array]) -> None:
    """Raise InputError unless these are arrays by their names."""
    check_mapping(name, "grads", grads)
    for key, g in grads.items():
        check_array(name, f"the gradient of {key!r}", g, None)


def global_norm(grads: Mapping[str, Array]) -> Array:
    """Compute sqrt(Σ g²) over all gradients together.

    Parameters
    ----------
    grads : dict of str to array
        The gradients.

    Returns
    -------
    array ()
        The norm, on the gradients' device.
    """
    check_grads("global_norm", grads)
    return sum((g * g).sum() for g in grads.values())**0.5


def clip_by_global_norm(grads: Mapping[str, Array], limit: float) -> dict[str, Array]:
    """Scale all gradients down together, so that their norm is at most `limit`; the direction stays.

    Parameters
    ----------
    grads : dict of str to array
        The gradients.
    limit : float
        The largest norm, above 0.

    Returns
    -------
    dict of str to array
        New arrays.

    References
    ----------
    Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks", 2013, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> clip_by_global_norm({"w": np.array([3.0, 4.0])}, 1.0)
    {'w': array([0.6, 0.8])}
    """
    limit = check_positive(limit, "clip_by_global_norm: limit")
    norm = global_norm(grads)
    scale = limit / array_module(norm).maximum(norm, limit)
    return {name: g * scale for name, g in grads.items()}


def clip_by_value(grads: Mapping[str, Array], limit: float) -> dict[str, Array]:
    """Clip every value of the gradients to the interval from -limit to limit.

    Parameters
    ----------
    grads : dict of str to array
        The gradients.
    limit : float
        The largest magnitude, above 0.

    Returns
    -------
    dict of str to array
        New arrays.
    """
    check_grads("clip_by_value", grads)
    limit = check_positive(limit, "clip_by_value: limit")
    return {name: array_module(g).clip(g, -limit, limit) for name, g in grads.items()}
