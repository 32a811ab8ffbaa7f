"""GroupNormalization. Shapes: (N, H, W, C) in and out."""
from typing import Any

from nnscratch import fast, initializers
from nnscratch.layers.base import Layer


class GroupNormalization(Layer):
    """Normalize groups of channels of each image by themselves; the same in training and at inference.

    Parameters
    ----------
    groups : int, how many groups; a divisor of the number of channels
    epsilon : float > 0, keeps the root away from 0
    name : str, optional
    """

    axes = 4

    def __init__(self, groups: int = 32, epsilon: float = 1e-3, name: str | None = None) -> None:
        super().__init__(name)
        self.groups, self.epsilon = groups, epsilon

    def build(self, shape: tuple) -> None:
        self.params["gamma"] = initializers.draw("ones", shape[-1:])
        self.params["beta"] = initializers.draw("zeros", shape[-1:])

    def compute(self, x: Any, training: bool) -> tuple[Any, Any]:
        return fast.group_norm(x, self.params["gamma"], self.params["beta"], groups=self.groups, epsilon=self.epsilon)

    def differentiate(self, dy: Any, cache: Any, wrt: str) -> tuple[Any, dict]:
        dx, dgamma, dbeta = fast.group_norm_backward(dy, cache, wrt)
        return dx, {"gamma": dgamma, "beta": dbeta}
