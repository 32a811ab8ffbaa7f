"""Adam's step by one kernel for each parameter, and the clock, which runs on the GPU (adam.cu).

Shapes: w, g, m, v alike, of any shape.
"""
import numpy as np

from nnscratch.fast.cuda.launch import launch


class AdamClock:
    """The number of the step, the learning rate, and the rate they come to, as arrays of one number on the GPU.

    A CUDA graph (graph.py) freezes every number it was given while it was recorded, but not what it reads from arrays: played
    again, it goes on counting in `steps`. What it cannot know is told by `set`, before the step and outside of the graph.
    """

    def __init__(self):
        self.steps, self.given, self.due = None, None, False

    def set(self, xp, step, learning_rate):
        """Before step number `step`: write down, in place, what the GPU cannot know by itself."""
        if self.steps is None:
            self.steps, self.learning_rate, self.result = (xp.zeros(1, dtype=d) for d in (np.int64, np.float32, np.float32))
        self.steps[...] = step - 1  # mostly it is so already; not where a state was loaded, or a step was refused half-way
        if learning_rate != self.given:
            self.learning_rate[...] = learning_rate
        self.given = learning_rate

    def rate(self, beta_1, beta_2):
        """The rate of this step, an array. The first parameter of a step (`due`) moves the clock on; the others read it."""
        if self.due:
            launch("adam_rate", 1, self.steps, self.learning_rate, self.result, beta_1, beta_2, 1)
            self.due = False
        return self.result


def adam(w, g, m, v, rate, beta_1, beta_2, epsilon):
    """Change w, m and v in place; `rate` is the clock's."""
    launch("adam", w.size, w, g, m, v, rate, beta_1, beta_2, 1 - beta_1, 1 - beta_2, epsilon, w.size)
