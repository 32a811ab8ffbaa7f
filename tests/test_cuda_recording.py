"""The moments of a recording: that it does not begin, that another one is under way, and what holds while it lasts."""
import gc
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import on

from nnscratch import backend, cuda
from nnscratch.errors import InputError


def out_of_memory(*_):
    raise MemoryError("Out of memory allocating 33,554,432 bytes")


def out_of_order(*_):
    raise RuntimeError("cudaErrorIllegalState: the GPU is lost")


# What goes wrong: (where, what is replaced there, by what, what is said of it).
BEGINNINGS = {
    "no workspace": ("nnscratch.cuda.graph", "handle", out_of_memory, "the GPU has not enough memory .*33,554,432"),
    "no memory": (None, None, out_of_memory, "the GPU has not enough memory .*lower the batch size or the size of pictures"),
    "no capture": ("stream", "begin_capture", out_of_order,
                   "cannot be recorded as a CUDA graph .cudaErrorIllegalState: the GPU")}


@pytest.mark.parametrize("name", BEGINNINGS)
@pytest.mark.parametrize("must", [True, False])
def test_a_recording_that_does_not_begin_is_over(cp, monkeypatch, caplog, name, must):
    """Without memory for the workspace of cuBLAS or for the step, or where CUDA does not begin: nothing is being recorded
    afterwards, one sentence says why, and what need not be recorded goes on as it stands, the pool's memory given back."""
    backend.use("gpu")
    caplog.set_level("INFO", logger="nnscratch")
    where, attribute, error, sentence = BEGINNINGS[name]
    play = cuda.capture(lambda x: error() if where is None and cuda.recording() else x + 1, must)
    x, freed = on(cp, np.ones(3, np.float32)), []
    play(x)
    if where:
        monkeypatch.setattr(type(play.stream) if where == "stream" else sys.modules[where], attribute, error)
    play.pool = SimpleNamespace(malloc=play.pool.malloc, free_all_blocks=lambda: freed.append(1))
    for _ in range(2):
        if must:
            with pytest.raises(InputError, match=sentence):
                play(x)
        else:
            assert play(x).tolist() == [2, 2, 2]
        assert not cuda.recording() and play.refused is not must
    assert len(caplog.messages) == len(freed) == (not must)


def test_a_captured_step_within_another_is_a_part_of_it(cp):
    """It is recorded with the step around it, and does by itself what it did before."""
    backend.use("gpu")
    inner = cuda.capture(lambda x: x + 1)
    outer, x = cuda.capture(lambda x: inner(x) * 2), on(cp, np.ones(3, np.float32))
    for k in range(4):
        assert outer(x + k).tolist() == [2 * (2 + k)] * 3
    assert outer.graph is not None and inner.graph is None and not cuda.recording()
    assert all(inner(x + k).tolist() == [2 + k] * 3 for k in range(3)) and inner.graph is not None


def test_python_does_not_tidy_up_while_it_records(cp):
    """Its collector might free memory of the GPU's; afterwards it is on again, or off, as it was, refused or not."""
    backend.use("gpu")
    x, seen, was_on = on(cp, np.ones(3, np.float32)), [], gc.isenabled()

    def step(x, asks):
        seen.append((cuda.recording(), gc.isenabled()))
        return float(x.sum()) if asks and cuda.recording() else x + 1

    try:
        for before in (True, False):
            (gc.enable if before else gc.disable)()
            for asks in (False, True):
                del seen[:]
                play = cuda.capture(lambda x, asks=asks: step(x, asks), must=False)
                for _ in range(2):
                    play(x)
                    assert gc.isenabled() is before
                assert seen[:2] == [(False, before), (True, False)] and seen[2:] == [(False, before)] * asks
    finally:
        (gc.enable if was_on else gc.disable)()
