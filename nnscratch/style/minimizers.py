"""Who changes the image: L-BFGS, or Adam with the same interface. x is the image, `step()` lowers `loss`."""
from nnscratch.backend import array_module, to_cpu
from nnscratch.lbfgs import LBFGS
from nnscratch.optimizers import Adam


class AdamDescent:
    """Plain steps of about RATE in each number of the image, which is kept inside [0, 1].

    It needs more steps than L-BFGS, but each is a single evaluation, and noise in the loss does not stop it.
    """

    RATE = 0.02

    def __init__(self, function, x):
        self.function, self.x, self.converged = function, x, False
        self.adam = Adam(self.RATE, beta_1=0.9, beta_2=0.99)
        self.look()

    def look(self):
        loss, self.gradient = self.function(self.x)
        self.loss = float(loss)

    def state(self):
        """As that of LBFGS."""
        adam = {f"adam/{name}": array for name, array in self.adam.save_state().items()}
        return {"x": self.x, "gradient": self.gradient, **adam}, {"loss": self.loss, "converged": False}

    def load_state(self, arrays, numbers):
        self.x, self.gradient, self.loss = arrays["x"], arrays["gradient"], numbers["loss"]
        adam = {name.removeprefix("adam/"): to_cpu(array) for name, array in arrays.items() if name.startswith("adam/")}
        self.adam.load_state({name.replace("picture/", "image/"): array for name, array in adam.items()},  # version 0.1
                             {"image": self.x})

    def step(self):
        """One step; returns the loss after it."""
        x = self.x.copy()  # Adam changes its parameters in place, and the old image may have been handed on
        self.adam.step({"image": x}, {"image": self.gradient})
        self.x = array_module(x).clip(x, 0, 1)
        self.look()
        return self.loss


MINIMIZERS = {"lbfgs": LBFGS, "adam": AdamDescent}
