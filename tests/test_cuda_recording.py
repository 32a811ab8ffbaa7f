"""The phases of a recording: a failure at its start, a second recording at the same time, and the state during it."""
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


# What fails: (object, attribute that is replaced, replacement, expected text).
BEGINNINGS = {
    "no workspace": ("nnscratch.fast.cuda.graph", "handle", out_of_memory, "the GPU has not enough memory .*33,554,432"),
    "no memory": (None, None, out_of_memory, "the GPU has not enough memory .*lower the batch size or the size of images"),
    "no capture": ("stream", "begin_capture", out_of_order,
                   "cannot be recorded as a CUDA graph .cudaErrorIllegalState: the GPU")}


@pytest.mark.parametrize("name", BEGINNINGS)
@pytest.mark.parametrize("must", [True, False])
def test_a_recording_that_fails_at_its_start_is_over(cp, monkeypatch, caplog, name, must):
    """No memory for the cuBLAS workspace or the step, or an error of CUDA at the start: afterwards nothing is being recorded,
    one sentence says why, and a step with required=False runs eagerly, after the pool has returned its memory."""
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


def test_the_pool_keeps_its_memory_during_a_recording(standin, monkeypatch):
    """If CUDA is out of memory, CuPy's pool would return its free blocks, but the recorded work uses them. (The stand-in
    refuses this.) Before and after a recording it may: an exhausted pool raises MemoryError, and works once there is memory."""
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


def test_free_memory_of_the_default_pool_is_returned(standin, monkeypatch):
    """A recorded step has its own pool, which cannot use the default pool's free blocks."""
    backend.use("gpu")
    freed = []
    monkeypatch.setattr(standin.get_default_memory_pool(), "free_all_blocks", lambda: freed.append(1), raising=False)
    play = cuda.capture(lambda x: x + 1)
    for _ in range(3):
        play(on(standin, np.ones(3, np.float32)))
    assert freed == [1]


def test_a_convolution_in_many_groups_is_recorded(cp):
    """Its parts are concatenated without a table of addresses, which would be an upload."""
    backend.use("gpu")
    x, kernel = on(cp, normal(1, 4, 4, 40).astype(np.float32), normal(3, 3, 2, 60, seed=1).astype(np.float32))
    play = cuda.capture(lambda x: fast.conv2d(x, kernel, groups=20)[0])
    expected = fast.conv2d(to_cpu(x), to_cpu(kernel), groups=20)[0]
    for _ in range(3):
        np.testing.assert_allclose(to_cpu(play(x)), expected, rtol=1e-4, atol=1e-4)
    assert play.graph is not None


def test_a_captured_step_inside_another_is_part_of_it(cp):
    """It is recorded with the outer step, and still works on its own as before."""
    backend.use("gpu")
    inner = cuda.capture(lambda x: x + 1)
    outer, x = cuda.capture(lambda x: inner(x) * 2), on(cp, np.ones(3, np.float32))
    for k in range(4):
        assert outer(x + k).tolist() == [2 * (2 + k)] * 3
    assert outer.graph is not None and inner.graph is None and not is_recording()
    assert all(inner(x + k).tolist() == [2 + k] * 3 for k in range(3)) and inner.graph is not None


def test_the_garbage_collector_is_off_while_recording(cp):
    """The collector might free GPU memory; afterwards it is on or off as before, whether or not the recording was refused."""
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
