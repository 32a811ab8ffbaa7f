"""What every test can ask for: `xp`, the array module under test, or `cp`, where our CUDA kernels run.

A test that takes `xp` runs three times: on NumPy, on a strict stand-in for CuPy (tests/standin), which needs no GPU,
and on CuPy itself where there is a GPU. `pytest -m gpu` runs the last kind alone. `cp` is the same without NumPy.
"""
import linecache
import os
import sys
from functools import cache

# Before NumPy comes: with one thread sums come in one order, and threads that wait for each other cost a busy machine minutes.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest
from helpers import NO_KERNELS, save_images
from hypothesis import HealthCheck, settings
from standin import strict_cupy
from standin.column_major import ColumnMajor

from nnscratch import backend, initializers
from nnscratch.fast import cuda
from nnscratch.fast.cuda import cublas

# Derandomized, so that a red test is red for everybody. `xp` is made once a test, not once an example: that is right.
settings.register_profile("nnscratch", derandomize=True, deadline=None, max_examples=40,
                          suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("nnscratch")


def pytest_make_parametrize_id(val):
    """In a test's name a lambda is its own text, `SGD(0.1)`, not `<lambda>`; and a command line is as it is written."""
    if isinstance(val, list) and all(isinstance(word, str) for word in val):
        return " ".join(val)[:70]
    if getattr(val, "__name__", "") != "<lambda>":
        return None
    places = [place for place in val.__code__.co_positions() if place[0] and place[3]]  # of all that it computes
    (line, begin), (last, end) = min(place[::2] for place in places), max(place[1::2] for place in places)
    *lines, tail = linecache.getlines(val.__code__.co_filename)[line - 1:last]
    text = "".join([*lines, tail[:end]])[begin:]
    return " ".join(text.split())[:70]


real_gpu = cache(backend.gpu_status)  # asked once: the first question may take seconds
ON_GPU = ["stand-in", pytest.param("cupy", marks=pytest.mark.gpu)]


@pytest.fixture
def device(monkeypatch):
    """Twelve numbers on the device, while `cupy` is the stand-in."""
    monkeypatch.setitem(sys.modules, "cupy", strict_cupy)
    return strict_cupy.asarray(np.arange(12, dtype=np.float32).reshape(3, 4))


@pytest.fixture
def standin(monkeypatch):
    """The stand-in installed as `cupy`, and cuBLAS by NumPy, for the time of the test."""
    monkeypatch.setitem(sys.modules, "cupy", strict_cupy)
    monkeypatch.setattr(cublas, "load_library", ColumnMajor)
    cuda.free()
    yield strict_cupy
    cuda.free()


@pytest.fixture
def played(standin, monkeypatch):
    """The stand-in's CUDA graphs in the order in which they are launched."""
    graphs, launch = [], standin.cuda.Graph.launch
    monkeypatch.setattr(standin.cuda.Graph, "launch", lambda self, *stream: (graphs.append(self), launch(self, *stream)))
    return graphs


def module_called(name, request):
    """NumPy, the stand-in, or CuPy itself."""
    if name == "numpy":
        return np
    if name == "stand-in":
        return request.getfixturevalue("standin")
    module, reason, _ = real_gpu()
    if module is None:
        pytest.skip(reason)
    return module


@pytest.fixture(params=["numpy", *ON_GPU])
def xp(request):
    """The module under test: NumPy, the stand-in, or CuPy."""
    return module_called(request.param, request)


@pytest.fixture(params=ON_GPU)
def cp(request):
    """As `xp`, where our CUDA kernels run: on the stand-in by way of g++, or on a GPU."""
    module = module_called(request.param, request)
    if not hasattr(module, "RawModule"):
        pytest.skip(NO_KERNELS)
    return module


@pytest.fixture(autouse=True)
def every_test_starts_alike():
    """No test inherits the device, or the place in the stream of initial values, that another one left behind."""
    initializers.set_seed(0)
    yield
    backend._device = "cpu"
    cuda.precision("strict")


@pytest.fixture
def images(tmp_path):
    """A folder with a content and a style file, which helpers.run_style takes."""
    return save_images(tmp_path)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the web pages; tests that take it are in the xdist_group "site", so that it is built once."""
    for package in ("nbformat", "sphinx", "myst_nb", "furo", "math_core", "ziamath"):
        pytest.importorskip(package, reason="the site is made by Sphinx and others: pip install -e '.[site]'")
    from notebooks.site.build import build
    return build(tmp_path_factory.mktemp("site")).parent
