"""The engine: the names, signatures and results of ops, quicker.

    from nnscratch import fast
    y, cache = fast.conv2d(x, kernel, bias)
    dx, dkernel, dbias = fast.conv2d_backward(dy, cache)

    dispatch        which code computes an op: cpu, cuda, or the formula itself
    cpu, cuda       the quicker code, one file an op in each
    recording       how a step may be recorded and replayed
    workspace       scratch memory

Every op of ops is here, equal up to rounding. One that nobody made quicker is the formula. A cache is for the backward of
the same name alone. Inside `with fast.disabled():` everything is the formula.
"""
from typing import TYPE_CHECKING, Any

from nnscratch.fast import recording, workspace
from nnscratch.fast.dispatch import choose_room, disabled
from nnscratch.fast.rooms import ROOMS, accelerate, table
from nnscratch.fast.updates import adam_supported, adam_update

if TYPE_CHECKING:
    from nnscratch.ops import *

vars().update(accelerate())
