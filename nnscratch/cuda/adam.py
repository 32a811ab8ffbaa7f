"""Adam's step by one kernel for each parameter, and the clock, which runs on the GPU (adam.cu).

Shapes: w, g, m, v alike, of any shape.
"""
import numpy as np

from nnscratch.cuda.launch import launch


class AdamClock:
    """The number of the step, the learning rate, and the rate they come to, as arrays of one number on the GPU.

    A CUDA graph freezes every number it was given while it was recorded, but not what it reads from arrays: played again, it
    goes on counting in `steps`. Between two plays, write a new learning rate to `learning_rate[...]`, and add 1 to the
    optimizer's own `steps`, which is what a checkpoint saves.
    """

    def __init__(self):
        self.now, self.given = None, None  # the step and the learning rate that the GPU was last told

    def rate(self, xp, step, learning_rate, beta_1, beta_2):
        """The rate of this step, an array. The first parameter of a step moves the clock on; the others read it."""
        if step == self.now:
            return self.result
        if self.now is None or step != self.now + 1:  # the start, or a state that was loaded
            self.steps, self.result = xp.full(1, step - 1, dtype=np.int64), xp.empty(1, dtype=np.float32)
            self.learning_rate, self.given = xp.full(1, learning_rate, dtype=np.float32), learning_rate
        if learning_rate != self.given:  # written only when it changes, or a graph would freeze it
            self.learning_rate[...] = self.given = learning_rate
        launch("adam_rate", 1, self.steps, self.learning_rate, self.result, beta_1, beta_2, 1)
        self.now = step
        return self.result


def adam(w, g, m, v, rate, beta_1, beta_2, epsilon):
    """Change w, m and v in place; `rate` is the clock's."""
    launch("adam", w.size, w, g, m, v, rate, beta_1, beta_2, 1 - beta_1, 1 - beta_2, epsilon, w.size)
