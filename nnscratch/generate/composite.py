"""Several models, or several optimizers, as one: so that a checkpoint saves all of a training, or nothing.

Names get the part's name in front: "generator/dense_0/kernel". What `checkpoint.save` and `load` ask of a model or an
optimizer is all there is.
"""
from copy import copy


class SeveralModels:
    """parts: {name: model}"""

    def __init__(self, parts):
        self.parts = parts

    def gather(self, attribute):
        return {f"{part}/{name}": array for part, model in self.parts.items()
                for name, array in getattr(model, attribute).items()}

    params = property(lambda self: self.gather("params"))
    buffers = property(lambda self: self.gather("buffers"))

    def set_buffer(self, name, value):
        part, _, rest = name.partition("/")
        self.parts[part].set_buffer(rest, value)


class SeveralOptimizers:
    """parts: {name: optimizer}, named like the models they train."""

    def __init__(self, parts):
        self.parts = parts

    def save_state(self):
        return {f"{part}/{name}": array for part, optimizer in self.parts.items()
                for name, array in optimizer.save_state().items()}

    def load_state(self, arrays, params):
        trials = {part: copy(optimizer) for part, optimizer in self.parts.items()}
        for part, trial in trials.items():  # each may refuse, and then none has changed
            trial.load_state(inside(part, arrays), inside(part, params))
        for part, optimizer in self.parts.items():
            optimizer.steps, optimizer.state = trials[part].steps, trials[part].state


def inside(part, named):
    """The entries whose names begin with "part/", without it."""
    return {name.removeprefix(f"{part}/"): value for name, value in named.items() if name.startswith(f"{part}/")}
