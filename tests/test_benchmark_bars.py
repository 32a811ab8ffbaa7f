"""`python -m benchmarks bars`: its parts run on the stand-in, and its summary lists every bar, measured or not."""
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("benchmarks", reason="run from the project's root, where benchmarks/ is")
from benchmarks import __main__ as command  # noqa: E402
from benchmarks import bars  # noqa: E402
from nnscratch import backend  # noqa: E402
from nnscratch.bench import clock, steps  # noqa: E402
from nnscratch.bench.cases import conv, plain  # noqa: E402
from nnscratch.errors import InputError  # noqa: E402
from nnscratch.fast import cuda  # noqa: E402
from nnscratch.fast.rooms import ROOMS  # noqa: E402
from nnscratch.networks import gan  # noqa: E402
from nnscratch.recording import is_recording  # noqa: E402

SMALL = [conv("test", "small conv", 2, 6, 3, 4, 3), plain("test", "small norm", "batch_norm", 2, 4, 4, 3)]
TINY = gan.Preset(5, (4, 3), (3, 4), 4, False, 6, 1)


@pytest.fixture
def small(monkeypatch):
    """Tiny cases, steps and samples instead of the real ones; no PyTorch."""
    monkeypatch.setattr(bars.gradients, "__defaults__", (SMALL,))
    monkeypatch.setattr(bars.trained, "__defaults__", (TINY, 2))
    monkeypatch.setattr(steps, "STEPS", {name: lambda xp: steps.gan_work(TINY, 2, xp) for name in bars.STEPS["gan"]})
    monkeypatch.setattr(command, "load_torch", lambda threads: None)
    for name in "PAUSE", "SAMPLE":
        monkeypatch.setattr(clock, name, 0)


def run(*arguments):
    return command.main(["bars", *map(str, arguments)])


@pytest.mark.slow
def test_gradients_and_repeats(small, cp, tmp_path):
    """Every layer and every way to run a GAN's steps has a row: close to the CPU, with identical bits in two runs."""
    assert run("--part", "gradients", "-o", tmp_path) == 0
    rows = json.loads((tmp_path / "gradients.json").read_text())["rows"]
    assert [row["name"] for row in rows[:2]] == ["small conv", "small norm"] and len(rows) == 5
    assert all(0 < row["apart"] < 1e-6 and row["arrays"] == 4 for row in rows[:2])
    assert all(row["identical"] == row["arrays"] > 0 for row in rows)


@pytest.mark.slow
def test_differing_gradients_are_reported(small, cp, tmp_path, monkeypatch, capsys):
    """Exit code 1, and the summary shows the number: a dbeta off by 0.1 % to 0.2 %, different in each run."""
    noise, real = np.random.default_rng(0), ROOMS["cuda"].batch_norm_backward

    def wrong(*arguments):
        dx, dgamma, dbeta = real(*arguments)
        return dx, dgamma, dbeta * np.float32(1.001 + 1e-3 * noise.random())

    monkeypatch.setattr(ROOMS["cuda"], "batch_norm_backward", wrong)
    assert run("--part", "gradients", "-o", tmp_path) == 1
    assert run("--part", "summary", "-o", tmp_path) == 0
    assert re.search(r"worst [12]\.\de-03 of 2 layers, 1 within 1e-05", capsys.readouterr().out)
    rows = json.loads((tmp_path / "gradients.json").read_text())["rows"]
    assert rows[1]["identical"] == 3 and rows[0]["identical"] == 4
    assert rows[1]["gpu_error"] > 1e-3 > 1e-6 > rows[1]["cpu_error"] > 0, "either's own, from float64"


APART = "apart", lambda dbeta, calls: dbeta * np.float32(1.001)                       # always wrong, by the same factor
OTHERS = "identical", lambda dbeta, calls: dbeta * np.float32(1 + 1e-6 * (calls % 2))  # within tolerance, not identical


@pytest.mark.parametrize("column, change", [APART, OTHERS], ids=lambda given: given if isinstance(given, str) else "")
def test_either_difference_fails(small, cp, tmp_path, monkeypatch, column, change):
    """Exit code 1 if repeats are identical but wrong, and if they are right but not identical."""
    calls, real = [], ROOMS["cuda"].batch_norm_backward

    def changed(*arguments):
        dx, dgamma, dbeta = real(*arguments)
        calls.append(1)
        return dx, dgamma, change(dbeta, len(calls))

    monkeypatch.setattr(ROOMS["cuda"], "batch_norm_backward", changed)
    monkeypatch.setattr(bars, "trained", lambda *_: [np.ones(1)])
    assert run("--part", "gradients", "-o", tmp_path) == 1
    row = json.loads((tmp_path / "gradients.json").read_text())["rows"][1]
    assert (row["apart"] > 1e-5, row["identical"] < row["arrays"]) == (column == "apart", column == "identical")


def test_failures_are_reported(small, cp, tmp_path, monkeypatch, capsys):
    """Exit code 1; a layer out of memory and a step that cannot be recorded have a sentence each, all others have numbers."""
    def lost(*_, **__):
        raise MemoryError

    def refused(step):
        raise InputError("it cannot be recorded")

    monkeypatch.setattr(ROOMS["cuda"], "batch_norm", lost)
    monkeypatch.setattr(cuda, "capture", refused)
    monkeypatch.setattr(steps, "gan_work", lambda *_: SimpleNamespace(step=lambda: None, inputs=[], parts=()))
    assert run("--part", "gradients", "-o", tmp_path) == 1
    rows = json.loads((tmp_path / "gradients.json").read_text())["rows"]
    assert [row.get("failed") for row in rows] == [None, "not enough memory", None] + ["InputError: it cannot be recorded"] * 2
    assert run("--part", "summary", "-o", tmp_path) == 0
    text = capsys.readouterr().out
    lost = "; 3 of 5 rows did not run"
    assert f"of 1 layers, 1 within 1e-05{lost}" in text and f"4 of 4 arrays{lost}" in text
    assert f"{'small norm':48} not enough memory\n" in text


def test_rows_are_kept_if_the_gpu_is_lost(small, cp, tmp_path, monkeypatch):
    """If the GPU no longer even reports its name, all rows are kept, with the name it had."""
    def lost(*_, **__):
        monkeypatch.setattr(command, "gpu_card", lost)
        raise RuntimeError("cudaErrorIllegalAddress")

    monkeypatch.setattr(ROOMS["cuda"], "batch_norm", lost)
    monkeypatch.setattr(bars, "trained", lost)
    assert run("--part", "gradients", "-o", tmp_path) == 1
    found = json.loads((tmp_path / "gradients.json").read_text())
    assert [row.get("failed") for row in found["rows"]] == [None] + ["RuntimeError: cudaErrorIllegalAddress"] * 4
    assert found["machine"]["gpu"]["name"]


@pytest.mark.slow
def test_five_steps_eager_and_recorded(small, standin, played, monkeypatch):
    """Two eager trainings and two recorded ones: of the five steps the first is eager, the others are replayed."""
    taken, real = [], steps.gan_work

    def counted(*arguments):
        work = real(*arguments)
        return work._replace(step=lambda *inputs: taken.append(is_recording()) or work.step(*inputs))

    monkeypatch.setattr(steps, "gan_work", counted)
    assert all(row["identical"] == row["arrays"] for row in bars.gradients(standin, ()))
    assert taken == [False] * 5 + [False] * 5 + [False, True] * 2 and len(played) == 8 and len(set(played)) == 2


@pytest.mark.slow
def test_steps(small, cp, tmp_path, capsys):
    """Both GAN steps, for all our contenders; the style step is a separate part."""
    assert run("--part", "gan", "-o", tmp_path) == 0
    rows = json.loads((tmp_path / "gan.json").read_text())["rows"]
    assert [row["name"] for row in rows] == ["GAN tiny", "GAN small"]
    assert all(set(row["times"]) == {"NumPy", "CuPy", "CuPy graph"} for row in rows)
    run("--part", "summary", "-o", tmp_path)
    text = capsys.readouterr().out
    assert "PyTorch: missing, pip install torch" in text and "ms; PyTorch not measured" in text and "times as fast" in text


def keep(folder, part, rows):
    (folder / f"{part}.json").write_text(json.dumps({"rows": rows}))


def step(name, **walls):
    return {"name": name, "times": {contender.replace("_", " "): {"wall": wall} for contender, wall in walls.items()}}


def test_the_summary_has_every_bar(tmp_path, capsys):
    """Ratios of given times, with numerator and denominator in the right order."""
    keep(tmp_path, "gradients", [{"name": "a", "apart": 2e-6, "identical": 3, "arrays": 3},
                                 {"name": "b", "apart": None, "identical": 1, "arrays": 2}])
    keep(tmp_path, "gan", [step("GAN tiny", NumPy=1.0, CuPy=0.004, CuPy_graph=0.001, torch=0.005, torch_NHWC=0.003),
                           step("GAN small", NumPy=0.6, CuPy_graph=0.002)])
    keep(tmp_path, "style", [step("style 512 px", CuPy_graph=0.02, torch=0.01)])
    conv_rows = [{"part": "conv", "name": f"1x4x4x1 -> 1, 3x3/1, {way}", "seconds": seconds, **more} for way, seconds, more in (
        ("columns, strict", 4.0, {"share": 0.5, "wall": 9.0}), ("cuDNN, strict", 2.0, {"share": 0.9}),
        ("columns, tf32", 3.0, {}), ("implicit gemm, tf32", 2.0, {}), ("cuDNN, tf32", 1.0, {}), ("columns, bf16", 1.5, {}))]
    failed = {"part": "conv", "name": "1x4x4x1 -> 1, 3x3/1, cuDNN, bf16", "failed": "not enough memory"}
    keep(tmp_path, "kernels", [*conv_rows, failed, {"part": "launch", "name": "our launch()", "wall": 5e-6}])
    (tmp_path / "layers").mkdir()
    layers = [{"flop": flop, "bytes": 1, "times": {"NumPy": {"device": 9}, "CuPy": {"device": 2.0}}} for flop in (0, 1e9, 2e9)]
    machine = {"ceilings": {"CuPy": {"gflops": 1.0, "gb_per_s": 1.0}}}
    (tmp_path / "layers" / "bench.json").write_text(json.dumps({"machine": machine, "layers": layers}))
    assert run("--part", "summary", "-o", tmp_path) == 0
    found = json.loads((tmp_path / "bars.json").read_text())
    assert found == {
        "gradients, GPU against CPU, strict": "worst inf of 2 layers, 1 within 1e-05",
        "bit-identical repeats": "4 of 5 arrays",
        "GAN tiny, graph against PyTorch eager": "1.00 ms, torch NHWC 3.00 ms: 3.00 times as fast",
        "GAN small, graph against NumPy": "2.00 ms, NumPy 600.0 ms: 300 times as fast",
        "GAN small, graph against PyTorch eager": "2.00 ms; PyTorch not measured",
        "style 512 px, graph against PyTorch eager": "20.00 ms, torch 10.00 ms: 0.50 times as fast",
        "convolutions, strict: share of the roofline": "50% to 50%, median 50%, of 1",
        "layers, strict, both ways: share of the roofline": "50% to 100%, median 75%, of 2",
        "convolutions, strict: our time over cuDNN's": "2.00 to 2.00, median 2.00, of 1",
        "convolutions, tf32: our time over cuDNN's": "2.00 to 2.00, median 2.00, of 1",
        "convolutions, bf16: our time over cuDNN's": "not measured",
        "one launch": "5.0 us"}
    text = capsys.readouterr().out
    assert all(f"{name:48} {sentence}\n" in text for name, sentence in found.items())


def test_the_summary_of_an_empty_folder_has_every_bar(tmp_path, capsys):
    """Missing measurements are listed."""
    assert run("--part", "summary", "-o", tmp_path / "new") == 0
    assert capsys.readouterr().out.count("not measured") == len(json.loads((tmp_path / "new" / "bars.json").read_text())) == 12


def test_a_part_needs_a_name(capsys):
    """One sentence, exit code 2."""
    assert run() == 2
    assert "bars: --part None is unknown: choose one of gradients, gan, style, summary" in capsys.readouterr().err
    assert backend._device == "cpu"
