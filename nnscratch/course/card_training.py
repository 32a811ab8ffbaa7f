"""The formula cards of losses and optimisers, for card_data.py. Letters: N samples, U outputs or classes, D weights."""
from math import sqrt

import numpy as np

from nnscratch import losses
from nnscratch.course.formula_card import Card, numbers
from nnscratch.optimizers import SGD, Adam

__all__ = ["TRAINING"]

NOTHING = np.zeros(0)


def momentum(w: np.ndarray, v: np.ndarray, g: np.ndarray, lr: float, decay: float) -> tuple[np.ndarray, dict]:
    """The library's step, and the new velocity."""
    w_new, memory = w.copy(), {"velocity": v.copy()}
    SGD(lr, decay).update(w_new, g, memory, lr)
    return w_new, {"v_new": memory["velocity"]}


def adam(w: np.ndarray, m: np.ndarray, v: np.ndarray, g: np.ndarray, lr: float, beta1: float, beta2: float, epsilon: float,
         k: int) -> tuple[np.ndarray, dict]:
    """The library's step k, with the epsilon-hat that makes it Algorithm 1, and the new moments."""
    w_new, memory = w.copy(), {"mean": m.copy(), "square": v.copy()}
    optimizer = Adam(lr, beta1, beta2, epsilon * sqrt(1 - beta2**k))
    optimizer.steps = k
    optimizer.update(w_new, g, memory, lr)
    return w_new, {"m_new": memory["mean"], "v_new": memory["square"]}


TRAINING = [
    Card("mse", "Mean squared error", "The mean of the squared differences from the targets, over all values.",
         {"y": "(N, U)", "t": "(N, U)", "L": "()"}, {"y": numbers([[3, 1], [0, -2]]), "t": numbers([[1, 2], [0, 1]])}, {},
         np.array(1.0), losses.mse, lambda dL, gradient: (dL * gradient,),
         ["L = Sum(n, u, (y[n, u] - t[n, u])**2) / (N * U)"], ["dy[n, u] = 2 * (y[n, u] - t[n, u]) / (N * U)"],
         {"L[0, 0]": "(2**2 + 1**2 + 0**2 + 3**2) / 4", "dy[0, 0]": "2 * (3 - 1) / 4", "dy[1, 1]": "2 * (-2 - 1) / 4"},
         [losses.mse], output="L"),
    Card("softmax_cross_entropy", "Softmax and cross-entropy", "-ln p of the true class, averaged over the samples.",
         {"a": "(N, U)", "t": "(N, U)", "L": "()"},
         {"a": np.log(numbers([[1, 2, 1], [3, 1, 4]])), "t": numbers([[0, 1, 0], [1, 0, 0]])}, {}, np.array(1.0),
         losses.softmax_cross_entropy, lambda dL, gradient: (dL * gradient,),
         ["p[n, u] = exp(a[n, u]) / Sum(k, exp(a[n, k]))", "L = -Sum(n, u, t[n, u] * log(p[n, u])) / N"],
         ["da[n, u] = (p[n, u] - t[n, u]) / N"],
         {"L[0, 0]": "-(log(2/4) + log(3/8)) / 2", "da[0, 1]": "(2/4 - 1) / 2"}, [losses.softmax_cross_entropy], output="L"),
    Card("momentum", "SGD with momentum", "The velocity v is a decaying sum of the steps so far; the weight moves by it.",
         {"w": "(D,)", "v": "(D,)", "g": "(D,)", "v_new": "(D,)", "w_new": "(D,)"},
         {"w": numbers([10, 4]), "v": numbers([-2, 6]), "g": numbers([4, 2])}, {"lr": 0.5, "decay": 0.5}, NOTHING, momentum,
         momentum, ["v_new[d] = decay * v[d] - lr * g[d]", "w_new[d] = w[d] + v_new[d]"], [],
         {"v_new[0, 0]": "0.5 * (-2) - 0.5 * 4", "w_new[0, 0]": "10 - 3"}, [SGD.update], output="w_new"),
    Card("adam", "Adam (Algorithm 1)",
         "The running mean of the gradient, divided by the root of that of its square, both corrected for their start at 0. "
         "(The epsilon in the library's lines is the paper's epsilon-hat: epsilon * sqrt(1 - beta2**k).)",
         {"w": "(D,)", "m": "(D,)", "v": "(D,)", "g": "(D,)", "m_new": "(D,)", "v_new": "(D,)", "w_new": "(D,)"},
         {"w": numbers([10, 4]), "m": numbers([1, -2]), "v": numbers([2, 5]), "g": numbers([2, -1])},
         {"lr": 0.5, "beta1": 0.5, "beta2": 0.5, "epsilon": 2, "k": 2}, NOTHING, adam, adam,
         ["m_new[d] = beta1 * m[d] + (1 - beta1) * g[d]", "v_new[d] = beta2 * v[d] + (1 - beta2) * g[d]**2",
          "m_hat[d] = m_new[d] / (1 - beta1**k)", "v_hat[d] = v_new[d] / (1 - beta2**k)",
          "w_new[d] = w[d] - lr * m_hat[d] / (sqrt(v_hat[d]) + epsilon)"], [],
         {"m_new[0, 0]": "0.5 * 1 + 0.5 * 2", "v_new[0, 0]": "0.5 * 2 + 0.5 * 2**2",
          "w_new[0, 0]": "10 - 0.5 * (1.5 / 0.75) / ((3 / 0.75)**0.5 + 2)"}, [Adam.update], output="w_new"),
]
