"""L-BFGS: Newton's method on a memory of the last few steps, for problems whose unknown is one array, such as an image.

Newton's step is d = -H⁻¹ g. H⁻¹ is never built: each past step s = x' - x and the change of gradient it caused,
y = g' - g, says H⁻¹ y = s along one direction, and the two loops below apply all of those to g.

Source: Nocedal and Wright, "Numerical optimization" (2006), algorithm 7.4 (two loops); Lewis and Overton, "Nonsmooth
optimization via quasi-Newton methods" (2013), algorithm 2.6 (line search).
"""
from nnscratch.backend import array_module
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_int

ARMIJO, CURVATURE = 1e-4, 0.9  # the constants of the Wolfe conditions, as in the book


class LBFGS:
    """Minimise `function(x) -> (loss, gradient)` from x, one `step()` at a time; x always holds the best point so far.

    Parameters
    ----------
    function : callable
    x : array of any shape; not changed
    history : int, how many past steps are remembered
    first_step : float, the largest change of any number of x that the very first trial makes
    """

    def __init__(self, function, x, *, history=10, first_step=0.1):
        check_int(history, "LBFGS: history", 1)
        if not first_step > 0:
            raise InputError(f"LBFGS: first_step is {first_step!r}, expected a number above 0")
        self.function, self.x, self.history, self.first_step = function, x, history, first_step
        self.memory, self.converged, self.evaluations = [], False, 1
        self.loss, self.gradient = self.evaluate(x)

    def evaluate(self, x):
        loss, gradient = self.function(x)
        return float(loss), gradient

    def step(self):
        """One line search along Newton's direction; returns the loss. Sets `converged` when nothing lower is found."""
        direction = -self.times_inverse_hessian(self.gradient)
        slope = dot(direction, self.gradient)
        if slope >= 0:  # rounding has spoilt the memory: begin again with plain descent
            self.memory.clear()
            direction, slope = -self.gradient, -dot(self.gradient, self.gradient)
        found = self.search(direction, slope)
        if found is None:
            # Steepest descent may still help where the memory misled us.
            self.converged, self.memory = not self.memory, []
            return self.loss
        x, loss, gradient = found
        self.converged = not loss < self.loss
        s, y = x - self.x, gradient - self.gradient
        if dot(s, y) > 1e-10 * dot(y, y) > 0:  # else the step says nothing about the curvature, or rounding spoke
            self.memory = [*self.memory, (s, y)][-self.history:]
        self.x, self.loss, self.gradient = x, loss, gradient
        return self.loss

    def state(self):
        """Everything needed to go on, as ({name: array}, dict of plain numbers)."""
        pairs = {f"{name}{k}": array for k, pair in enumerate(self.memory) for name, array in zip("sy", pair)}
        return {"x": self.x, "gradient": self.gradient, **pairs}, {"loss": self.loss, "converged": self.converged}

    def load_state(self, arrays, numbers):
        """Take up what `state` gave; the next step is then, bit for bit, the one that would have come next."""
        self.x, self.gradient = arrays["x"], arrays["gradient"]
        self.memory = [(arrays[f"s{k}"], arrays[f"y{k}"]) for k in range(self.history) if f"s{k}" in arrays]
        self.loss, self.converged = numbers["loss"], numbers["converged"]

    def times_inverse_hessian(self, gradient):
        """H⁻¹ g by the two loops: newest step first, then oldest first."""
        d, alphas = gradient, []
        for s, y in reversed(self.memory):
            alphas.append(dot(s, d) / dot(s, y))
            d = d - alphas[-1] * y
        if self.memory:
            s, y = self.memory[-1]
            d = d * (dot(s, y) / dot(y, y))  # the size of H⁻¹, from the latest step
        for (s, y), alpha in zip(self.memory, reversed(alphas)):
            d = d + (alpha - dot(y, d) / dot(s, y)) * s
        return d

    def search(self, direction, slope, tries=20):
        """A step length t that lowers the loss enough (Armijo) and leaves the steep part behind (Wolfe): (x, loss, gradient).

        `low` is known to be too short, `high` too long; double until there is a `high`, then halve between the two.
        """
        low, high, best = 0.0, None, None
        t = 1.0 if self.memory else self.first_step / max(float(abs(direction).max()), 1e-30)
        for _ in range(tries):
            x = self.x + t * direction
            loss, gradient = self.evaluate(x)
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


def dot(a, b):
    """Σ a·b as a Python number; on a GPU this waits for it."""
    return float(array_module(a).vdot(a, b))
