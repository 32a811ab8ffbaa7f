"""Optimizers: how a step is made from a gradient.

    optimizer = Adam(learning_rate=2e-4, beta_1=0.5)
    optimizer.step(model.trainable_params, model.grads)   # changes the parameters in place

    rules           SGD, RMSprop, Adam
    base            Optimizer: checks, the count of steps, saving and restoring
    schedules       learning rates that change: linear_decay, cosine_decay, warmup
    clipping        gradients that are too large: clip_by_global_norm, clip_by_value

`learning_rate` is a number, or a function of the number of steps already made (a schedule). An optimizer keeps its memory per
parameter name in `state`, so each model needs an optimizer of its own; `save_state` / `load_state` carry it over a restart bit
for bit.
"""
from nnscratch.optimizers.base import Optimizer
from nnscratch.optimizers.clipping import clip_by_global_norm, clip_by_value, global_norm
from nnscratch.optimizers.rules import SGD, Adam, RMSprop
from nnscratch.optimizers.schedules import Schedule, cosine_decay, linear_decay, warmup

__all__ = ["SGD", "Adam", "Optimizer", "RMSprop", "Schedule", "clip_by_global_norm", "clip_by_value", "cosine_decay",
           "global_norm", "linear_decay", "warmup"]
