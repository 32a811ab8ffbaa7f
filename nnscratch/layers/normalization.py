"""BatchNormalization and InstanceNormalization. Shapes: (N, ..., C) in and out; gamma, beta and the moving averages (C,)."""
from typing import Any

from nnscratch import initializers
from nnscratch.backend import Array
from nnscratch.fast import batch_norm, batch_norm_backward, instance_norm, instance_norm_backward
from nnscratch.initializers import Initializer
from nnscratch.layers.base import Layer
from nnscratch.layers.graph import Shape
from nnscratch.ops.validation import check_flag, check_fraction, check_positive

__all__ = ["BatchNormalization", "InstanceNormalization"]


class BatchNormalization(Layer):
    """Normalize each channel: over the batch in training, by moving averages at inference.

    Parameters
    ----------
    momentum : float in [0, 1], default 0.99
        Fraction of the OLD moving average that each batch keeps, as in Keras (PyTorch's 0.1 is 0.9 here).
    epsilon : float > 0, default 1e-3
        Added to the variance, so that the square root stays away from 0.
    unbiased : bool, default False
        Whether the moving variance divides by M - 1 (PyTorch) and not by M (Keras), for batches of M values a channel.
    gamma_initializer : str or callable, default "ones"
        Initial values of gamma: a name as in `Dense`, or a function (shape, rng) -> array.
    name : str, optional
        Name in error messages and in the model.

    Attributes
    ----------
    params : dict
        "gamma" (C,), the scale, and "beta" (C,), the shift.
    buffers : dict
        "moving_mean" (C,) and "moving_variance" (C,).

    Notes
    -----
    A frozen layer (`trainable = False`) uses the moving averages in training too, and does not change them.
    """

    per_sample, one_input = False, True

    def __init__(self, momentum: float = 0.99, epsilon: float = 1e-3, unbiased: bool = False,
                 gamma_initializer: Initializer = "ones", name: str | None = None) -> None:
        super().__init__(name)
        self.momentum = check_fraction(momentum, f"{self}: momentum", or_one=True)
        self.epsilon, self.unbiased = check_positive(epsilon, f"{self}: epsilon"), check_flag(unbiased, f"{self}: unbiased")
        self.gamma_initializer = initializers.check_initializer(gamma_initializer, f"{self}: gamma_initializer")

    def build(self, shape: Shape) -> None:
        channels = shape[-1:]
        self.params["gamma"] = initializers.draw(self.gamma_initializer, channels)
        self.params["beta"] = initializers.draw("zeros", channels)
        self.buffers["moving_mean"] = initializers.draw("zeros", channels)
        self.buffers["moving_variance"] = initializers.draw("ones", channels)

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        y, (mean, variance), cache = batch_norm(
            x, self.params["gamma"], self.params["beta"], self.buffers["moving_mean"], self.buffers["moving_variance"],
            training=training and self.trainable, momentum=self.momentum, epsilon=self.epsilon, unbiased=self.unbiased,
            shard=self.shard)
        self._keep_buffer("moving_mean", mean)
        self._keep_buffer("moving_variance", variance)
        return y, cache

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, dict[str, Array]]:
        dx, dgamma, dbeta = batch_norm_backward(dy, cache, wrt)
        return dx, {"gamma": dgamma, "beta": dbeta}


class InstanceNormalization(Layer):
    """Normalize each channel of each image over its pixels; the same in training and at inference.

    Parameters
    ----------
    epsilon : float > 0, default 1e-5
        Added to the variance, so that the square root stays away from 0.
    name : str, optional
        Name in error messages and in the model.

    Attributes
    ----------
    params : dict
        "gamma" (C,), the scale, and "beta" (C,), the shift.
    """

    axes = 4

    def __init__(self, epsilon: float = 1e-5, name: str | None = None) -> None:
        super().__init__(name)
        self.epsilon = check_positive(epsilon, f"{self}: epsilon")

    def build(self, shape: Shape) -> None:
        self.params["gamma"] = initializers.draw("ones", shape[-1:])
        self.params["beta"] = initializers.draw("zeros", shape[-1:])

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        return instance_norm(x, self.params["gamma"], self.params["beta"], epsilon=self.epsilon)

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, dict[str, Array]]:
        dx, dgamma, dbeta = instance_norm_backward(dy, cache, wrt)
        return dx, {"gamma": dgamma, "beta": dbeta}
