"""What every test can ask for: `xp`, the array module under test.

A test that takes `xp` runs three times: on NumPy, on a strict stand-in for CuPy (tests/standin), which needs no GPU,
and on CuPy itself where there is a GPU. `pytest -m gpu` runs the last kind alone.
"""
import sys
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from standin import strict_cupy

from nnscratch import backend, initializers

# Derandomized, so that a red test is red for everybody. `xp` is made once a test, not once an example: that is right.
settings.register_profile("nnscratch", derandomize=True, deadline=None, max_examples=40,
                          suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("nnscratch")

real_gpu = cache(backend.gpu_status)  # asked once: the first question may take seconds


@pytest.fixture(params=["numpy", "stand-in", pytest.param("cupy", marks=pytest.mark.gpu)])
def xp(request, monkeypatch):
    """NumPy, the stand-in installed as `cupy` for the time of the test, or CuPy."""
    if request.param == "numpy":
        return np
    if request.param == "stand-in":
        monkeypatch.setitem(sys.modules, "cupy", strict_cupy)
        return strict_cupy
    module, reason, _ = real_gpu()
    if module is None:
        pytest.skip(reason)
    return module


@pytest.fixture(autouse=True)
def every_test_starts_alike():
    """No test inherits the device, or the place in the stream of initial values, that another one left behind."""
    initializers.set_seed(0)
    yield
    backend._device = "cpu"
