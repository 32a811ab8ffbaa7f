"""Squared distances between all rows of two matrices, by one matrix product.

Shapes: x (N, D), y (M, D).
"""
from nnscratch.backend import Array
from nnscratch.ops.validation import check_form

__all__ = ["squared_distances"]


def squared_distances(x: Array, y: Array) -> Array:
    """Squared Euclidean distance of each row of x from each row of y.

    Parameters
    ----------
    x : Array (N, D)
    y : Array (M, D)

    Returns
    -------
    Array (N, M)
        |x - y|² = |x|² + |y|² - 2 x·y; rounding errors below 0 become 0.

    Examples
    --------
    >>> import numpy as np
    >>> squared_distances(np.array([[0.0, 0], [3, 4]]), np.array([[0.0, 0]]))
    array([[ 0.],
           [25.]])
    """
    check_form("squared_distances", "x", x, ("N", "D"))
    check_form("squared_distances", "y", y, ("M", x.shape[1]))
    return ((x * x).sum(axis=1)[:, None] + (y * y).sum(axis=1) - 2 * x @ y.T).clip(0)
