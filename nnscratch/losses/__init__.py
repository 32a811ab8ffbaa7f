"""Losses: how wrong a result is, as one number, together with its gradient with respect to that result.

    loss, gradient = mse(prediction, target)

    predictions     mse, least_squares, softmax_cross_entropy, binary_cross_entropy, hinge
    images          content_loss, gram_style_loss, log_gram_loss, relative_gram_loss, total_variation

Shapes: the gradient has the shape of the first argument; `loss` is a 0-d array, which stays on the GPU until it is read.
"""
from typing import TYPE_CHECKING

from nnscratch.losses.images import *
from nnscratch.losses.predictions import *

if not TYPE_CHECKING:  # type checkers follow the star imports themselves
    __all__ = sorted(name for name, value in globals().items() if callable(value) and not name.startswith("_"))

    def __dir__() -> list[str]:
        """The losses alone, for tab completion."""
        return __all__
