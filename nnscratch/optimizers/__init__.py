"""Optimizers: how a step is made from a gradient.

    optimizer = Adam(learning_rate=2e-4, beta_1=0.5)
    optimizer.step(model.trainable_params, model.grads)   # changes the parameters in place

    rules           SGD, RMSprop, Adam
    base            Optimizer: the step, saving and restoring; arguments: its checks
    schedules       learning rates that change: linear_decay, cosine_decay, warmup
    clipping        gradients that are too large: clip_by_global_norm, clip_by_value

`learning_rate` is a number, or a function of the number of steps already made (a schedule). An optimizer keeps its memory per
parameter name in `state`, so each model needs an optimizer of its own; `save_state` / `load_state` carry it over a restart bit
for bit.
"""
from typing import TYPE_CHECKING

from nnscratch.optimizers.base import *
from nnscratch.optimizers.clipping import *
from nnscratch.optimizers.rules import *
from nnscratch.optimizers.schedules import *

if not TYPE_CHECKING:  # type checkers follow the star imports themselves
    __all__ = sorted(name for name, value in globals().items() if callable(value) and not name.startswith("_"))
