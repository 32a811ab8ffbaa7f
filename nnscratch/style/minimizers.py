"""The minimizers of the image: L-BFGS, or Adam with the same interface. x is the image, `step()` lowers `loss`."""
from collections.abc import Callable
from typing import Any

from nnscratch.backend import Array, array_module, to_cpu
from nnscratch.lbfgs import LBFGS, check_state, evaluate
from nnscratch.one_thread import OneThread
from nnscratch.ops.validation import check_array, check_function
from nnscratch.optimizers import Adam

__all__ = ["MINIMIZERS", "AdamDescent"]


class AdamDescent:
    """Minimise a function of an image by Adam, with the interface of LBFGS.

    Each step changes each number of the image by about LEARNING_RATE; the image is clipped to [0, 1]. Adam needs more steps
    than L-BFGS, but each is a single evaluation, and noise in the loss does not stop it.

    Parameters
    ----------
    function : callable, x -> (loss, gradient with respect to x)
    x : Array, the starting point; not changed

    Examples
    --------
    >>> import numpy as np
    >>> descent = AdamDescent(lambda x: (((x - 0.5)**2).sum(), 2 * (x - 0.5)), np.zeros(3))
    >>> round(descent.step(), 4)  # 3 (0.5 - 0.02)²
    0.6912
    """

    LEARNING_RATE = 0.02

    def __init__(self, function: Callable[[Array], tuple[Array, Array]], x: Array):
        check_function(function, "AdamDescent: function")
        check_array("AdamDescent", "x", x, None)
        self.function, self.converged = function, False
        self.image, self.x = x.copy(), x.copy()  # Adam changes `image` in place; a caller may hold x
        self.adam = Adam(self.LEARNING_RATE, beta_1=0.9, beta_2=0.99)
        self._one_thread = OneThread("another thread makes a step; give each thread a minimizer of its own")
        self.evaluate()

    def evaluate(self) -> None:
        """Set `loss` and `gradient` at x."""
        self.loss, self.gradient = evaluate("AdamDescent", self.function, self.x)

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return everything that the following steps depend on, as LBFGS.state does.

        Returns
        -------
        arrays : dict of Array
            The image, its gradient, and Adam's moments.
        numbers : dict
            JSON values.
        """
        adam = {f"adam/{name}": array for name, array in self.adam.save_state().items()}  # copies: steps change them in place
        return {"x": self.x, "gradient": self.gradient, **adam}, {"loss": self.loss, "converged": False}

    def load_state(self, arrays: dict[str, Array], numbers: dict[str, Any]) -> None:
        """Restore a state.

        Parameters
        ----------
        arrays : dict of Array, from `state`
        numbers : dict, from `state`

        Raises
        ------
        InputError
            With nothing changed, if they do not fit the image.
        """
        shapes = {name: array for name, array in arrays.items() if name != "adam/steps"} if isinstance(arrays, dict) else arrays
        loss, _ = check_state("AdamDescent", shapes, numbers, self.x.shape)
        adam = {name.removeprefix("adam/"): to_cpu(array) for name, array in arrays.items() if name.startswith("adam/")}
        self.adam.load_state({name.replace("picture/", "image/"): array for name, array in adam.items()},  # version 0.1
                             {"image": self.image})
        self.image[...], self.x = arrays["x"], arrays["x"].copy()
        self.gradient, self.loss = arrays["gradient"].copy(), loss

    def step(self) -> float:
        """Take one step.

        Returns
        -------
        float
            The loss after it.
        """
        with self._one_thread.claim("AdamDescent"):
            self.adam.step({"image": self.image}, {"image": self.gradient})
            array_module(self.image).clip(self.image, 0, 1, out=self.image)
            self.x = self.image.copy()
            self.evaluate()
            return self.loss


class ImageLBFGS(LBFGS):
    """L-BFGS that remembers ten steps; for more than a million pixels five, which halves the memory and the saved state.

    Five end within 1 % of the loss that ten reach (four styles, 40 steps).
    """

    def __init__(self, function: Callable[[Array], tuple[Array, Array]], x: Array) -> None:
        super().__init__(function, x, history=10 if x.size < 3 * 2**20 else 5)


MINIMIZERS: dict[str, type[Any]] = {"lbfgs": ImageLBFGS, "adam": AdamDescent}
