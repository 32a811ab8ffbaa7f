"""`python -m benchmarks kernels` runs through: every kernel it times is compared first, and agrees."""
from functools import partial

import numpy as np
import pytest
from helpers import normal, same

pytest.importorskip("benchmarks", reason="run from the project's root, where benchmarks/ is")
from benchmarks import __main__ as command  # noqa: E402
from benchmarks import kernels  # noqa: E402
from nnscratch import backend, cuda, ops  # noqa: E402
from nnscratch.bench import clock, roofline  # noqa: E402

TINY = {"pixels": 1024, "side": 70, "convolutions": [(2, 6, 3, 5, 3, 1), (1, 8, 4, 4, 4, 2)], "rounds": 1}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    for name in "PAUSE", "SAMPLE":
        monkeypatch.setattr(clock, name, 0)


@pytest.fixture
def cp(cp):
    backend.use("gpu")
    return cp


def test_every_kernel_is_compared_and_timed(cp):
    """Tiny sizes: no row failed, every part is there, and the precision is what it was."""
    rows = list(kernels.run(cp, **TINY))
    assert not [row for row in rows if "failed" in row]
    assert {row["part"] for row in rows} == {"memory", "products", "conv", "launch"}
    assert all(row["figure"] > 0 for row in rows) and sum("implicit gemm" in row["name"] for row in rows) == 2
    assert {row["name"] for row in rows if "share" in row} == {
        *(row["name"] for row in rows if row["part"] == "memory"),
        "2x6x6x3 -> 5, 3x3/1, columns, strict", "1x8x8x4 -> 4, 4x4/2, columns, strict"}
    figures = {row["name"]: row["figure"] for row in rows}
    tops = {"gb_per_s": figures["copy"], "gflops": figures["strict"]}
    row = next(row for row in rows if row["name"].endswith("5, 3x3/1, columns, strict"))
    cost = {"flop": 2 * 72 * 27 * 5, "bytes": 4 * (2 * 36 * 3 + 27 * 5 + 72 * 5)}
    assert row["share"] == pytest.approx(roofline.share(cost, row["seconds"], tops)) and len(set(figures.values())) > 20
    assert cuda.precision() == "strict"


def test_a_wrong_kernel_gets_no_time(cp, monkeypatch, capsys):
    """Its row says by how much; code 1; all others are timed."""
    monkeypatch.setattr(cuda, "leaky_relu", lambda *given, real=cuda.leaky_relu: 1.01 * real(*given))
    monkeypatch.setattr(kernels, "run", partial(kernels.run, **{**TINY, "convolutions": []}))
    monkeypatch.setattr(command, "load_torch", lambda threads: None)
    assert command.main(["kernels", "--rounds", "1"]) == 1
    lines = capsys.readouterr().out.splitlines()
    wrong, = (line for line in lines if "wrong" in line)
    assert wrong.split() == "memory leaky relu wrong by 1e-02, more than 0.0001: not timed".split()
    assert sum("GB/s" in line or "GFLOP/s" in line or " us " in line for line in lines) == len(lines) - 1 > 10


def test_without_memory_for_one_part_the_others_are_measured(cp, monkeypatch):
    """Where its arrays cannot be made, where it runs once and not again, and where there is no ceiling to have a share of."""
    def lost(*_):
        raise MemoryError

    def only_once(*given, real=cuda.implicit_gemm):
        calls.append(1)
        return real(*given) if len(calls) == 1 else lost()

    calls = []
    monkeypatch.setattr(kernels, "copy_gb_per_s", lost)
    monkeypatch.setattr(cuda, "implicit_gemm", only_once)
    rows = list(kernels.run(cp, **TINY))
    failed = [(row["part"], row["name"]) for row in rows if "failed" in row]
    assert failed == [("memory", "what comes after"), ("conv", "2x6x6x3 -> 5, 3x3/1, implicit gemm, tf32"),
                      ("conv", "1x8x8x4 -> 4, 4x4/2, implicit gemm, tf32")]
    assert not any("share" in row for row in rows) and all("figure" in row or "failed" in row for row in rows)
    assert {row["part"] for row in rows if "figure" in row} == {"products", "conv", "launch"}


def test_cudnn_computes_in_the_precision_it_is_listed_under(monkeypatch):
    """PyTorch's switch for TF32 in convolutions is on for that row alone, whatever it was before, and bf16 has its own type."""
    torch = pytest.importorskip("torch", reason="PyTorch is the rival")
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    seen, real = [], torch.nn.functional.conv2d
    monkeypatch.setattr(torch.nn.functional, "conv2d", lambda x, *rest, **more: seen.append(
        (torch.backends.cudnn.allow_tf32, torch.backends.cudnn.benchmark, x.dtype)) or real(x, *rest, **more))
    x, kernel = np.ones((1, 4, 4, 2), np.float32), np.ones((3, 3, 2, 1), np.float32)
    functions = [kernels.cudnn(torch, name, x, kernel, 1, "cpu") for name in ("strict", "tf32", "bf16")]
    for function in [*functions, *functions]:
        function()
    assert seen == 2 * [(False, True, torch.float32), (True, True, torch.float32), (False, True, torch.bfloat16)]


@pytest.mark.parametrize("size, stride", [(3, 1), (4, 2)])
def test_the_rival_convolves_the_same(size, stride):
    """PyTorch's convolution as it is set beside ours: the same numbers in the same places, in bf16 up to its rounding."""
    torch = pytest.importorskip("torch", reason="PyTorch is the rival")
    x, kernel = normal(2, 8, 8, 3).astype(np.float32), normal(size, size, 3, 5).astype(np.float32)
    expected = ops.conv2d(x, kernel, strides=stride, padding="same")[0]
    for precision, tolerance in (("strict", 1e-5), ("bf16", 5e-2)):
        same(kernels.as_ours(kernels.cudnn(torch, precision, x, kernel, stride, device="cpu")()), expected, tolerance)
