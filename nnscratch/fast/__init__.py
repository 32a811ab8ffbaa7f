"""The engine: the names, signatures and results of ops, faster.

    from nnscratch import fast
    y, cache = fast.conv2d(x, kernel, bias)
    dx, dkernel, dbias = fast.conv2d_backward(dy, cache)

    dispatch        chooses the code that computes an op: cpu, cuda, or the formula itself
    rooms           what each of the three can compute
    cpu, cuda       the faster code, one file for each kind of op
    conv            convolution, out of three products
    updates         the optimizer's update in one pass over memory
    workspace       scratch memory

Every op of ops is here, equal up to rounding; an op without faster code is the formula. A cache fits only the backward of the
same name. Inside `with fast.disabled():` everything is the formula. `python -m nnscratch.fast` prints what is computed where.
"""
from typing import TYPE_CHECKING

from nnscratch.fast import workspace
from nnscratch.fast.dispatch import choose_room, disabled
from nnscratch.fast.rooms import ROOMS, accelerate, table
from nnscratch.fast.updates import adam_supported, adam_update

if TYPE_CHECKING:
    from nnscratch.ops import *

_ops = accelerate()
vars().update(_ops)

if not TYPE_CHECKING:  # type checkers see the ops by the star import above
    __all__ = ["adam_supported", "adam_update", "choose_room", "disabled", "table", "workspace", *_ops]
