"""GroupNormalization. Shapes: (N, H, W, C) in and out; gamma and beta (C,)."""
from typing import Any

from nnscratch import fast, initializers
from nnscratch.backend import Array
from nnscratch.layers.base import Layer
from nnscratch.layers.graph import Shape
from nnscratch.ops.validation import check_int, check_positive

__all__ = ["GroupNormalization"]


class GroupNormalization(Layer):
    """Normalize groups of channels of each image over their pixels; the same in training and at inference.

    Parameters
    ----------
    groups : int, default 32
        Number of groups; it divides the number of channels C.
    epsilon : float > 0, default 1e-3
        Added to the variance, so that the square root stays away from 0.
    name : str, optional
        Name in error messages and in the model.

    Attributes
    ----------
    params : dict
        "gamma" (C,), the scale, and "beta" (C,), the shift.
    """

    axes = 4

    def __init__(self, groups: int = 32, epsilon: float = 1e-3, name: str | None = None) -> None:
        super().__init__(name)
        self.groups, self.epsilon = check_int(groups, f"{self}: groups", 1), check_positive(epsilon, f"{self}: epsilon")

    def build(self, shape: Shape) -> None:
        self.params["gamma"] = initializers.draw("ones", shape[-1:])
        self.params["beta"] = initializers.draw("zeros", shape[-1:])

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        return fast.group_norm(x, self.params["gamma"], self.params["beta"], groups=self.groups, epsilon=self.epsilon)

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, dict[str, Array]]:
        dx, dgamma, dbeta = fast.group_norm_backward(dy, cache, wrt)
        return dx, {"gamma": dgamma, "beta": dbeta}
