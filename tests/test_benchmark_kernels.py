"""`python -m benchmarks kernels`: every kernel that is timed is first compared, and agrees."""
import json
from contextlib import nullcontext
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import normal, same

pytest.importorskip("benchmarks", reason="run from the project's root, where benchmarks/ is")
from benchmarks import __main__ as command  # noqa: E402
from benchmarks import kernels  # noqa: E402
from nnscratch import backend, ops  # noqa: E402
from nnscratch.bench import clock, roofline  # noqa: E402
from nnscratch.fast import cuda  # noqa: E402
from nnscratch.fast.rooms import ROOMS  # noqa: E402

TINY = {"pixels": 1024, "side": 70, "convolutions": [(2, 6, 3, 5, 3, 1), (1, 8, 4, 4, 4, 2)], "rounds": 1}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    for name in "PAUSE", "SAMPLE":
        monkeypatch.setattr(clock, name, 0)


@pytest.fixture
def cp(cp):
    backend.use("gpu")
    return cp


@pytest.mark.slow
def test_every_kernel_is_compared_and_timed(cp):
    """Tiny sizes: no row failed, every part is present, and the precision is restored."""
    cuda.precision("tf32")
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
    assert row["share"] == pytest.approx(roofline.fraction(cost, row["seconds"], tops)) and len(set(figures.values())) > 20
    assert cuda.precision() == "tf32"


@pytest.mark.slow
def test_a_wrong_kernel_is_not_timed(cp, monkeypatch, capsys):
    """Its row states the error; exit code 1; all others are timed."""
    def wrong(*given, real=ROOMS["cuda"].leaky_relu):
        y, cache = real(*given)
        return 1.01 * y, cache

    monkeypatch.setattr(ROOMS["cuda"], "leaky_relu", wrong)
    monkeypatch.setattr(kernels, "run", partial(kernels.run, **{**TINY, "convolutions": []}))
    monkeypatch.setattr(command, "load_torch", lambda threads: None)
    assert command.main(["kernels", "--rounds", "1"]) == 1
    lines = capsys.readouterr().out.splitlines()
    wrong, = (line for line in lines if "wrong" in line)
    assert wrong.split() == "memory leaky relu wrong by 1e-02, more than 0.0001: not timed".split()
    assert sum("GB/s" in line or "GFLOP/s" in line or " us " in line for line in lines) == len(lines) - 1 > 10


def lost(*_, **__):
    raise MemoryError


@pytest.mark.slow
@pytest.mark.parametrize("owner, name", [(kernels, "copy_gb_per_s"), (cuda, "product")])
def test_without_a_ceiling_there_is_no_fraction_of_it(cp, monkeypatch, owner, name):
    """If a copy or the strict product cannot be measured, convolutions are still timed."""
    monkeypatch.setattr(owner, name, lost)
    rows = list(kernels.run(cp, **TINY))
    assert {row["failed"] for row in rows if "failed" in row} == {"not enough memory"}
    conv = [row for row in rows if row["part"] == "conv"]
    assert len(conv) == 8 and all("figure" in row and "share" not in row for row in conv)


@pytest.mark.slow
def test_a_failure_during_timing_is_a_sentence(cp, monkeypatch):
    """A kernel that runs only once, for the comparison, and a launch that fails: all others have times."""
    def only_once(*given, real=cuda.implicit_gemm_conv2d):
        calls.append(1)
        return real(*given) if len(calls) == 1 else lost()

    def launch(name, threads, *given, real=cuda.launch):
        return lost() if threads == 1 else real(name, threads, *given)

    calls = []
    monkeypatch.setattr(cuda, "implicit_gemm_conv2d", only_once)
    monkeypatch.setattr(cuda, "launch", launch)
    rows = list(kernels.run(cp, **{**TINY, "convolutions": TINY["convolutions"][:1]}))
    assert [(row["name"], row["failed"]) for row in rows if "failed" in row] == [
        ("2x6x6x3 -> 5, 3x3/1, implicit gemm, tf32", "not enough memory"), ("our launch()", "not enough memory")]
    assert all(("figure" in row) is ("failed" not in row) for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("function, part, names", [
    ("memory", "memory", ["the rest"]), ("products", "products", ["the rest"]), ("one_launch", "launch", ["the rest"]),
    ("convolution", "conv", ["2x6x6x3 -> 5, 3x3/1, the rest", "1x8x8x4 -> 4, 4x4/2, the rest"])])
def test_a_part_that_ends_early_does_not_affect_the_others(cp, monkeypatch, function, part, names):
    """After its first row a sentence says which rows are missing; the other parts are complete."""
    real = getattr(kernels, function)

    def ends(*given):
        yield next(real(*given))
        lost()

    monkeypatch.setattr(kernels, function, ends)
    rows = list(kernels.run(cp, **TINY))
    assert [row for row in rows if "failed" in row] == [
        {"part": part, "name": name, "failed": "not enough memory"} for name in names]
    counts = {"memory": 9, "products": 3, "conv": 8, "launch": 1} | {part: 2 * len(names)}
    assert {name: sum(row["part"] == name for row in rows) for name in counts} == counts


@pytest.mark.slow
def test_a_rival_without_memory_does_not_affect_our_times(cp):
    """PyTorch has a GPU but cannot upload to it: each of its rows has a sentence, all of ours have times."""
    class Tensor:
        def to(self, *_):
            raise RuntimeError("CUDA out of memory\nat")

    torch = SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: True), from_numpy=lambda _: Tensor(),
                            backends=SimpleNamespace(cudnn=SimpleNamespace()), no_grad=nullcontext, bfloat16=None, float32=None,
                            channels_last=None, nn=SimpleNamespace(functional=SimpleNamespace(conv2d=None)))
    rows = [row for row in kernels.run(cp, torch, **TINY) if row["part"] == "conv"]
    assert all(("cuDNN" in row["name"]) is (row.get("failed") == "RuntimeError: CUDA out of memory") for row in rows)
    assert sum("figure" in row for row in rows) == 8 and len(rows) == 14


@pytest.mark.slow
def test_rows_are_kept_if_the_gpu_is_lost(cp, monkeypatch, tmp_path):
    """If the GPU no longer even reports its name, all rows are kept, with the name it had."""
    def broken(*_, **__):
        monkeypatch.setattr(command, "gpu_card", broken)
        raise RuntimeError("cudaErrorIllegalAddress")

    monkeypatch.setattr(ROOMS["cuda"], "leaky_relu", broken)
    monkeypatch.setattr(kernels, "run", partial(kernels.run, **TINY))
    monkeypatch.setattr(command, "load_torch", lambda threads: None)
    assert command.main(["kernels", "--rounds", "1", "--json", str(tmp_path / "kernels.json")]) == 1
    found = json.loads((tmp_path / "kernels.json").read_text())
    assert found["machine"]["name"] and len(found["rows"]) == 21


def test_zero_rounds_are_refused(capsys):
    """One sentence, exit code 2, before the GPU is used."""
    assert command.main(["kernels", "--rounds", "0"]) == 2
    assert "kernels: --rounds is 0, expected a whole number of at least 1" in capsys.readouterr().err


def test_cudnn_uses_the_listed_precision(monkeypatch):
    """PyTorch's TF32 switch for convolutions is on for that row only, whatever it was before; bf16 has its own dtype."""
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
def test_the_rival_computes_the_same_convolution(size, stride):
    """PyTorch's convolution, in the form that is timed, equals ours; in bf16 up to its rounding."""
    torch = pytest.importorskip("torch", reason="PyTorch is the rival")
    x, kernel = normal(2, 8, 8, 3).astype(np.float32), normal(size, size, 3, 5).astype(np.float32)
    expected = ops.conv2d(x, kernel, strides=stride, padding="same")[0]
    for precision, tolerance in (("strict", 1e-5), ("bf16", 5e-2)):
        same(kernels.as_ours(kernels.cudnn(torch, precision, x, kernel, stride, device="cpu")()), expected, tolerance)
