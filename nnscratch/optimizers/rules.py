"""SGD, RMSprop and Adam: how a step is made from a gradient.

Shapes: w, g and the memories alike: a parameter, its gradient, and what the optimizer remembers of earlier ones.

η is the learning rate, k the number of the step, from 1.
"""
from collections.abc import Mapping
from math import sqrt

from nnscratch.backend import Array, array_module
from nnscratch.fast import adam_supported, adam_update
from nnscratch.ops.validation import check_flag, check_fraction, check_positive
from nnscratch.optimizers.base import Optimizer
from nnscratch.optimizers.schedules import Schedule

__all__ = ["SGD", "Adam", "RMSprop"]


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if you like.

        w -= η g                              with momentum μ:  v = μ v - η g,  w += v
                                              Nesterov:         w += μ v - η g

    Parameters
    ----------
    learning_rate : float or Schedule
        η.
    momentum : float
        μ, at least 0 and below 1.
    nesterov : bool
        Whether to use Nesterov's momentum.

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> w = np.array([1.0])
    >>> SGD(0.1).step({"w": w}, {"w": np.array([2.0])})
    >>> w
    array([0.8])
    """

    slots = ("velocity",)

    def __init__(self, learning_rate: float | Schedule = 0.01, momentum: float = 0.0, nesterov: bool = False) -> None:
        super().__init__(learning_rate)
        self.momentum, self.nesterov = check_fraction(momentum, "SGD: momentum"), check_flag(nesterov, "SGD: nesterov")

    def update(self, w: Array, g: Array, memory: dict[str, Array], learning_rate: float) -> None:
        v = memory["velocity"]
        v *= self.momentum
        v -= learning_rate * g
        w += self.momentum * v - learning_rate * g if self.nesterov else v


class RMSprop(Optimizer):
    """Divide each gradient by the RMS of its recent values, so that each weight has a step size of its own.

        s = ρ s + (1 - ρ) g²        w -= η g / sqrt(s + ε)

    Parameters
    ----------
    learning_rate : float or Schedule
        η.
    rho : float
        ρ, the decay rate of the running mean s, at least 0 and below 1.
    epsilon : float
        ε, which keeps the denominator above 0.

    References
    ----------
    Hinton, "Neural networks for machine learning", 2012, lecture 6e.
    """

    slots = ("square",)

    def __init__(self, learning_rate: float | Schedule = 1e-3, rho: float = 0.9, epsilon: float = 1e-7) -> None:
        super().__init__(learning_rate)
        self.rho = check_fraction(rho, "RMSprop: rho")
        self.epsilon = check_positive(epsilon, "RMSprop: epsilon", or_zero=True)

    def update(self, w: Array, g: Array, memory: dict[str, Array], learning_rate: float) -> None:
        s = memory["square"]
        s *= self.rho
        s += (1 - self.rho) * g * g
        w -= learning_rate * g / array_module(w).sqrt(s + self.epsilon)


class Adam(Optimizer):
    """Adam: momentum, divided by the RMS of the gradient.

        m = β1 m + (1 - β1) g        v = β2 v + (1 - β2) g²
        w -= η sqrt(1 - β2^k) / (1 - β1^k) * m / (sqrt(v) + ε)

    m and v are running means of g and g². Both start at 0, so after k steps they are too small by the factors 1 - β1^k and
    1 - β2^k: the factor before m divides that out.

    Parameters
    ----------
    learning_rate : float or Schedule
        η.
    beta_1, beta_2 : float
        The decay rates β1 and β2, at least 0 and below 1.
    epsilon : float
        ε, the paper's "epsilon-hat", as in Keras.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", 2015, section 2.

    Examples
    --------
    The first step has the length η, whatever the gradient is.

    >>> import numpy as np
    >>> w = np.array([1.0, 1.0])
    >>> Adam(0.1).step({"w": w}, {"w": np.array([0.01, 100.0])})
    >>> w.round(3)
    array([0.9, 0.9])
    """

    slots = ("mean", "square")

    def __init__(self, learning_rate: float | Schedule = 1e-3, beta_1: float = 0.9, beta_2: float = 0.999,
                 epsilon: float = 1e-7) -> None:
        super().__init__(learning_rate)
        self.beta_1, self.beta_2 = check_fraction(beta_1, "Adam: beta_1"), check_fraction(beta_2, "Adam: beta_2")
        self.epsilon = check_positive(epsilon, "Adam: epsilon", or_zero=True)

    def update(self, w: Array, g: Array, memory: dict[str, Array], learning_rate: float) -> None:
        m, v = memory["mean"], memory["square"]
        m *= self.beta_1
        m += (1 - self.beta_1) * g
        v *= self.beta_2
        v += (1 - self.beta_2) * g * g
        rate = learning_rate * sqrt(1 - self.beta_2**self.steps) / (1 - self.beta_1**self.steps)
        w -= rate * m / (array_module(w).sqrt(v) + self.epsilon)

    def _fused(self, params: Mapping[str, Array], grads: Mapping[str, Array]) -> list[str]:
        return [name for name, w in params.items() if adam_supported(w, grads[name], *self.state[name].values())]

    def _update_fused(self, params: Mapping[str, Array], grads: Mapping[str, Array], names: list[str]) -> None:
        adam_update(self, [(params[name], grads[name], *self.state[name].values()) for name in names])
