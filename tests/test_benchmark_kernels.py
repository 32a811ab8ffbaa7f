"""`python -m benchmarks kernels` runs through: every kernel it times is compared first, and agrees."""
import pytest

pytest.importorskip("benchmarks", reason="run from the project's root, where benchmarks/ is")
from benchmarks import kernels  # noqa: E402
from nnscratch import backend, cuda  # noqa: E402
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
