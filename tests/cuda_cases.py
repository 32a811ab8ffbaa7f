"""Windows and numbers for the tests of the CUDA kernels."""
import numpy as np
from helpers import normal
from hypothesis import assume
from hypothesis import strategies as st

from nnscratch.errors import InputError
from nnscratch.ops.window import make_window

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
before_and_after = st.tuples(st.integers(0, 2), st.integers(0, 2))
TOLERANCE = 2e-6  # for float32 sums of some hundred numbers


@st.composite
def windows(draw, dilation=pairs):
    """A window with any strides, dilation and uneven padding, and the shape of the image that it slides over."""
    size = draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    try:
        window = make_window("test", size, draw(pairs), draw(pairs), draw(st.tuples(before_and_after, before_and_after)),
                             draw(dilation))
    except InputError:
        assume(False)
    return (draw(st.integers(1, 3)), *size, draw(st.sampled_from([1, 2, 3, 4, 8]))), window


def options(window):
    return {"strides": window.strides, "padding": window.pads, "dilation": window.dilation}


def single(*shape, seed=0):
    return normal(*shape, seed=seed).astype(np.float32)
