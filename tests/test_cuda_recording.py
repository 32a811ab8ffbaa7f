"""The moments of a recording: that it does not begin, that another one is under way, and what holds while it lasts."""
import gc
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import normal, on

from nnscratch import backend, fast
from nnscratch.backend import to_cpu
from nnscratch.errors import InputError
from nnscratch.fast import cuda
from nnscratch.recording import is_recording


def out_of_memory(*_):
    raise MemoryError("Out of memory allocating 33,554,432 bytes")


def out_of_order(*_):
    raise RuntimeError("cudaErrorIllegalState: the GPU is lost")


# What goes wrong: (where, what is replaced there, by what, what is said of it).
BEGINNINGS = {
    "no workspace": ("nnscratch.fast.cuda.graph", "handle", out_of_memory, "the GPU has not enough memory .*33,554,432"),
    "no memory": (None, None, out_of_memory, "the GPU has not enough memory .*lower the batch size or the size of images"),
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
    play = cuda.capture(lambda x: error() if where is None and is_recording() else x + 1, must)
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
        assert not is_recording() and play.refused is not must
    assert len(caplog.messages) == len(freed) == (not must)


def test_the_pool_gives_nothing_back_while_it_records(standin, monkeypatch):
    """CuPy's pool would, where CUDA has no more memory: what is free in it is what the recorded part works with. (The stand-in
    refuses that.) Before and after it may: there a pool without memory says MemoryError, and gets on once there is some."""
    backend.use("gpu")
    x = on(standin, np.ones((3, 3), np.float32))
    play = cuda.capture(lambda x: cuda.product(x, x))
    with monkeypatch.context() as little:
        little.setattr(standin.cuda.Memory, "largest", 8)
        with pytest.raises(MemoryError, match="36 bytes"):
            play(x)
    play(x)
    with monkeypatch.context() as little:
        little.setattr(standin.cuda.Memory, "largest", 8)
        with pytest.raises(InputError, match="the GPU has not enough memory .*36 bytes.*lower the batch size"):
            play(x)
    assert play(x).tolist() == [[3] * 3] * 3 and play.graph is not None


def test_what_earlier_steps_left_in_the_usual_pool_is_given_back(standin, monkeypatch):
    """A recorded step has a pool of its own, which cannot have it."""
    backend.use("gpu")
    freed = []
    monkeypatch.setattr(standin.get_default_memory_pool(), "free_all_blocks", lambda: freed.append(1), raising=False)
    play = cuda.capture(lambda x: x + 1)
    for _ in range(3):
        play(on(standin, np.ones(3, np.float32)))
    assert freed == [1]


def test_a_convolution_in_many_groups_is_recorded(cp):
    """Its parts are put side by side without a table of addresses, which would be an upload."""
    backend.use("gpu")
    x, kernel = on(cp, normal(1, 4, 4, 40).astype(np.float32), normal(3, 3, 2, 60, seed=1).astype(np.float32))
    play = cuda.capture(lambda x: fast.conv2d(x, kernel, groups=20)[0])
    expected = fast.conv2d(to_cpu(x), to_cpu(kernel), groups=20)[0]
    for _ in range(3):
        np.testing.assert_allclose(to_cpu(play(x)), expected, rtol=1e-4, atol=1e-4)
    assert play.graph is not None


def test_a_captured_step_within_another_is_a_part_of_it(cp):
    """It is recorded with the step around it, and does by itself what it did before."""
    backend.use("gpu")
    inner = cuda.capture(lambda x: x + 1)
    outer, x = cuda.capture(lambda x: inner(x) * 2), on(cp, np.ones(3, np.float32))
    for k in range(4):
        assert outer(x + k).tolist() == [2 * (2 + k)] * 3
    assert outer.graph is not None and inner.graph is None and not is_recording()
    assert all(inner(x + k).tolist() == [2 + k] * 3 for k in range(3)) and inner.graph is not None


def test_python_does_not_tidy_up_while_it_records(cp):
    """Its collector might free memory of the GPU's; afterwards it is on again, or off, as it was, refused or not."""
    backend.use("gpu")
    x, seen, was_on = on(cp, np.ones(3, np.float32)), [], gc.isenabled()

    def step(x, asks):
        seen.append((is_recording(), gc.isenabled()))
        return float(x.sum()) if asks and is_recording() else x + 1

    try:
        for before in (True, False):
            (gc.enable if before else gc.disable)()
            for asks in (False, True):
                del seen[:]
                play = cuda.capture(lambda x, asks=asks: step(x, asks), required=False)
                for _ in range(2):
                    play(x)
                    assert gc.isenabled() is before
                assert seen[:2] == [(False, before), (True, False)] and seen[2:] == [(False, before)] * asks
    finally:
        (gc.enable if was_on else gc.disable)()
