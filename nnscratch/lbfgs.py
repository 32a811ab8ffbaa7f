"""L-BFGS: Newton's method with limited memory, for problems whose unknown is one array x, such as an image.

Shapes: x any; gradient, direction, s and y the same.

Newton's direction is d = -H⁻¹ g. H⁻¹ is never built: each past step s = x' - x and the change of gradient that it caused,
y = g' - g, tell that H⁻¹ y = s along one direction, and the two loops below apply all of those pairs to g.
"""
from collections.abc import Callable
from numbers import Real
from typing import Any

from nnscratch.backend import Array, array_module
from nnscratch.errors import InputError
from nnscratch.one_thread import OneThread
from nnscratch.ops.validation import (
    check_array,
    check_flag,
    check_function,
    check_int,
    check_number,
    check_positive,
    check_shape,
)

__all__ = ["LBFGS"]

ARMIJO, CURVATURE = 1e-4, 0.9  # the constants of the Wolfe conditions, as in the book


class LBFGS:
    """Minimizes a function of one array, one step at a time.

    Parameters
    ----------
    function : callable
        x -> (loss, gradient).
    x : array
        Starting point, of any shape; it is not changed.
    history : int, default 10
        Number of past steps that are remembered.
    first_step : float > 0, default 0.1
        Largest change of any value of x that the very first trial makes.

    Attributes
    ----------
    x : array
        The best point so far.
    loss, gradient : float, array
        The function's values there.
    converged : bool
        Whether the last step found nothing lower.
    evaluations : int
        How often the function was called.

    References
    ----------
    Nocedal and Wright, "Numerical optimization" (2006), algorithm 7.4 (two loops); Lewis and Overton, "Nonsmooth
    optimization via quasi-Newton methods" (2013), algorithm 2.6 (line search).

    Examples
    --------
    >>> import numpy as np
    >>> minimizer = LBFGS(lambda x: (((x - 3)**2).sum(), 2 * (x - 3)), np.zeros(2))
    >>> while not minimizer.converged:
    ...     loss = minimizer.step()
    >>> minimizer.x.round(6).tolist()
    [3.0, 3.0]
    """

    def __init__(self, function: Callable[[Array], tuple[Any, Array]], x: Array, *, history: int = 10,
                 first_step: float = 0.1) -> None:
        check_int(history, "LBFGS: history", 1)
        first_step = check_positive(first_step, "LBFGS: first_step")
        check_function(function, "LBFGS: function")
        check_array("LBFGS", "x", x, None)
        x = x.copy()  # nothing here is the caller's, who may change it in place
        self.function, self.x, self.history, self.first_step = function, x, history, first_step
        self.memory: list[tuple[Array, Array]] = []  # the pairs (s, y), oldest first
        self.converged, self.evaluations = False, 1
        self._one_thread = OneThread("another thread makes a step; give each thread a minimizer of its own")
        self.loss, self.gradient = evaluate("LBFGS", self.function, x)

    def step(self) -> float:
        """Make one line search along Newton's direction.

        Returns
        -------
        float
            The loss at the new x.
        """
        with self._one_thread.claim("LBFGS"):
            direction = -self._times_inverse_hessian(self.gradient)
            slope = dot(direction, self.gradient)
            if slope >= 0:  # rounding has spoilt the memory: restart with steepest descent
                self.memory.clear()
                direction, slope = -self.gradient, -dot(self.gradient, self.gradient)
            found = self._search(direction, slope)
            if found is None:
                # Steepest descent may still help where the memory gave a bad direction.
                self.converged, self.memory = not self.memory, []
                return self.loss
            x, loss, gradient = found
            self.converged = not loss < self.loss
            s, y = x - self.x, gradient - self.gradient
            if dot(s, y) > 1e-10 * dot(y, y) > 0:  # else the pair holds no curvature, or only rounding
                self.memory = [*self.memory, (s, y)][-self.history:]
            self.x, self.loss, self.gradient = x, loss, gradient
            return self.loss

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Everything needed to continue later.

        Returns
        -------
        arrays : dict of str to array
            x, gradient and the remembered pairs: the arrays themselves, which no step changes in place.
        numbers : dict
            Plain numbers: loss, converged.
        """
        pairs = {f"{name}{k}": array for k, pair in enumerate(self.memory) for name, array in zip("sy", pair)}
        return {"x": self.x, "gradient": self.gradient, **pairs}, {"loss": self.loss, "converged": self.converged}

    def load_state(self, arrays: dict[str, Array], numbers: dict[str, Any]) -> None:
        """Restore a state; the next step is then, bit for bit, the one that would have come next.

        Parameters
        ----------
        arrays, numbers : dict
            From `state`.

        Raises
        ------
        InputError
            With nothing changed, if the arrays are not those of a state, or belong to another starting point.
        """
        loss, converged = check_state("LBFGS", arrays, numbers, self.x.shape)
        count = (len(arrays) - 2) // 2
        names = {"x", "gradient"} | {f"{name}{k}" for name in "sy" for k in range(count)}
        if set(arrays) != names or not all(dot(arrays[f"s{k}"], arrays[f"y{k}"]) > 0 for k in range(count)):
            raise InputError("LBFGS: the state holds other arrays than x, gradient and pairs s, y of positive curvature; give "
                             "load_state what state() returned")
        own = {name: array.copy() for name, array in arrays.items()}
        self.x, self.gradient = own["x"], own["gradient"]
        self.memory = [(own[f"s{k}"], own[f"y{k}"]) for k in range(count)][-self.history:]
        self.loss, self.converged = loss, converged

    def _times_inverse_hessian(self, gradient: Array) -> Array:
        """H⁻¹ g by the two loops: newest step first, then oldest first."""
        d, alphas = gradient, []
        for s, y in reversed(self.memory):
            alphas.append(dot(s, d) / dot(s, y))
            d = d - alphas[-1] * y
        if self.memory:
            s, y = self.memory[-1]
            d = d * (dot(s, y) / dot(y, y))  # the scale of H⁻¹, from the latest step
        for (s, y), alpha in zip(self.memory, reversed(alphas)):
            d = d + (alpha - dot(y, d) / dot(s, y)) * s
        return d

    def _search(self, direction: Array, slope: float, tries: int = 20) -> tuple[Array, float, Array] | None:
        """(x, loss, gradient) for a step length t that meets the Armijo condition (lower loss) and Wolfe's (less steep).

        `low` is known to be too short, `high` too long; t doubles until there is a `high`, then halves the interval.
        """
        low, high, best = 0.0, None, None
        t = 1.0 if self.memory else self.first_step / max(float(abs(direction).max()), 1e-30)
        for _ in range(tries):
            x = self.x + t * direction
            loss, gradient = evaluate("LBFGS", self.function, x)
            self.evaluations += 1
            if not loss <= self.loss + ARMIJO * t * slope:  # also true for NaN
                high = t
            else:
                best = x, loss, gradient
                if dot(gradient, direction) >= CURVATURE * slope:
                    return best
                low = t
            t = 2 * low if high is None else (low + high) / 2
        return best


def check_state(name: str, arrays: Any, numbers: Any, shape: tuple[int, ...]) -> tuple[float, bool]:
    """The loss and whether it has converged, of a state whose arrays fit x."""
    for what, given, needed in (("arrays", arrays, ("x", "gradient")), ("numbers", numbers, ("loss", "converged"))):
        if not isinstance(given, dict) or any(key not in given for key in needed):
            raise InputError(f"{name}: the {what} of the state are {given!r:.100}, expected a dict with "
                             f"{' and '.join(needed)}; give load_state what state() returned")
    for key, array in arrays.items():
        check_array(name, f"{key!r} of the state", array, None)
        check_shape(name, f"{key!r} of the state", array, shape, "like x")
    return (check_number(numbers["loss"], f"{name}: the loss of the state"),
            check_flag(numbers["converged"], f"{name}: 'converged' of the state"))


def evaluate(name: str, function: Any, x: Array) -> tuple[float, Array]:
    """The loss as a number and a copy of the gradient: the function may change its x, and use its own arrays again."""
    result = function(x.copy())
    if not (isinstance(result, (tuple, list)) and len(result) == 2):
        raise InputError(f"{name}: the function returned a {type(result).__name__}, expected a pair (loss, gradient)")
    loss, gradient = result
    number = loss.item() if hasattr(loss, "item") and getattr(loss, "shape", None) == () else loss
    if not isinstance(number, Real):
        raise InputError(f"{name}: the loss is {loss!r:.100}, expected one real number")
    check_array(name, "the gradient", gradient, None)
    check_shape(name, "the gradient", gradient, x.shape, "like x")
    return float(number), gradient.copy()


def dot(a: Array, b: Array) -> float:
    """Σ a·b as a Python number; on a GPU this waits for the result."""
    return float(array_module(a).vdot(a, b))
