"""`python -m benchmarks kernels` runs through: every kernel it times is compared first, and agrees."""
import numpy as np
import pytest
from helpers import normal, same

pytest.importorskip("benchmarks", reason="run from the project's root, where benchmarks/ is")
from benchmarks import kernels  # noqa: E402
from nnscratch import backend, cuda, ops  # noqa: E402
from nnscratch.bench import clock  # noqa: E402


def test_every_kernel_is_compared_and_timed(cp, monkeypatch):
    """Tiny sizes: no row failed, every part is there, and the precision is what it was."""
    for name in "PAUSE", "SAMPLE":
        monkeypatch.setattr(clock, name, 0)
    backend.use("gpu")
    rows = list(kernels.run(cp, pixels=1024, side=70, convolutions=[(2, 6, 3, 5, 3, 1), (1, 8, 4, 4, 4, 2)], rounds=1))
    assert not [row for row in rows if "failed" in row]
    assert {row["part"] for row in rows} == {"memory", "products", "conv", "launch"}
    assert all(row["figure"] > 0 for row in rows) and sum("implicit gemm" in row["name"] for row in rows) == 2
    assert cuda.precision() == "strict"


@pytest.mark.parametrize("size, stride", [(3, 1), (4, 2)])
def test_the_rival_convolves_the_same(size, stride):
    """PyTorch's convolution as it is set beside ours: the same numbers in the same places, in bf16 up to its rounding."""
    torch = pytest.importorskip("torch", reason="PyTorch is the rival")
    x, kernel = normal(2, 8, 8, 3).astype(np.float32), normal(size, size, 3, 5).astype(np.float32)
    expected = ops.conv2d(x, kernel, strides=stride, padding="same")[0]
    for precision, tolerance in (("strict", 1e-5), ("bf16", 5e-2)):
        same(kernels.as_ours(kernels.cudnn(torch, precision, x, kernel, stride, device="cpu")()), expected, tolerance)
