"""`nnscratch bench`: what it counts, compares, prints and saves. No test here depends on a measured speed."""
import json
import sys

import numpy as np
import pytest

from nnscratch import backend, bench, cli
from nnscratch.bench import agree, clock, layers, machine, report, roofline, run, steps, sweep
from nnscratch.bench.cases import Case, conv, deconv, plain
from nnscratch.bench.layers import cost
from nnscratch.errors import InputError
from nnscratch.fast.rooms import ROOMS
from nnscratch.networks import gan

bench_all = bench.bench
SMALL = [conv("test", "small conv", 2, 6, 3, 4, 3), deconv("test", "small deconv", 2, 3, 4, 3, 4, 2),
         plain("test", "small norm", "batch_norm", 2, 4, 4, 3), plain("test", "small Gram", "gram_matrix", 1, 5, 5, 3)]


@pytest.fixture
def small(monkeypatch):
    """Replace the real cases by tiny ones."""
    monkeypatch.setattr(layers, "measure", lambda case, modules, rivals, rounds, budget, real=layers.measure: real(
        case, modules, rivals, 1, 0))
    monkeypatch.setattr(layers.run, "__defaults__", (SMALL,))
    monkeypatch.setattr(steps, "measure", lambda name, make, modules, rivals, rounds, budget, real=steps.measure: real(
        name, make, modules, rivals, 1, 0))
    monkeypatch.setattr(steps.run, "__defaults__", ({"style 16 px": lambda xp: steps.style_work(16, xp)},))
    monkeypatch.setattr(sweep, "measure", steps.measure)
    monkeypatch.setattr(sweep.run, "__defaults__", (gan.Preset(5, (4, 3), (3, 4), 4, False, 6, 1), (2, 3)))
    monkeypatch.setattr(machine, "ceilings", lambda xp, quick: {"gflops": 100.0, "gb_per_s": 10.0})
    monkeypatch.setattr(clock, "PAUSE", 0)
    monkeypatch.setattr(clock, "SAMPLE", 0)


def test_ceiling_and_fraction():
    """With few operations per byte memory is the ceiling; with many, the matrix products are."""
    tops = {"gflops": 100.0, "gb_per_s": 10.0}
    assert roofline.ceiling(0, 10**10, tops) == pytest.approx(1.0)
    assert roofline.ceiling(2 * 10**11, 10**9, tops) == pytest.approx(2.0)
    assert roofline.fraction({"flop": 10**11, "bytes": 1}, 4.0, tops) == pytest.approx(0.25)


def test_crossover():
    """Interpolation is linear in logarithms. The first size from which it stays faster; None if it ends slower."""
    assert sweep.crossover([1, 4, 16], [1, 4, 16], [4, 4, 4]) == pytest.approx(4)
    assert sweep.crossover([1, 16], [1, 16], [4, 4]) == pytest.approx(4)
    assert sweep.crossover([2, 8], [2, 8], [1, 1]) == 2
    assert sweep.crossover([2, 8], [2, 8], [9, 9]) is None and sweep.crossover([], [], []) is None
    assert sweep.crossover([1, 2, 4, 8], [1, 2, 4, 8], [0.5, 3, 3, 3]) == pytest.approx(3)  # an earlier lead does not count
    assert sweep.crossover([1, 4], [2, 3], [0, -1]) == 1 and sweep.crossover([1, 4], [2, 0], [3, 3]) is None  # no logarithm


def test_cost_of_a_layer():
    """Forward: all arguments are read, y is written. Backward of a convolution: two products of the forward's size."""
    case = SMALL[0]
    exact = [layers.to_list(function()) for function in layers.ours(case, case.draw(np.float64))]
    x, kernel, y = 2 * 6 * 6 * 3, 3 * 3 * 3 * 4, 2 * 6 * 6 * 4
    assert layers.cost(case, exact, "forward") == {"flop": 2 * y * 27, "bytes": 4 * (x + kernel + 4 + y)}
    assert layers.cost(case, exact, "backward") == {"flop": 4 * y * 27, "bytes": 4 * (2 * (x + kernel + 4) + y)}


def test_distance():
    """The relative Euclidean distance; NaN, infinity or another shape on either side give infinity."""
    assert agree.distance([np.float32([3, 4])], [np.float64([3, 4])]) == 0
    assert agree.distance([[0.0, 0.0]], [[3.0, 4.0]]) == pytest.approx(1)
    assert agree.distance([[np.nan]], [[1.0]]) == agree.distance([[1.0, 2.0]], [[1.0]]) == float("inf")
    for wrong in np.nan, np.inf:
        assert agree.distance([[1.0, 2.0]], [[1.0, wrong]]) == agree.distance([[wrong]], [[wrong]]) == float("inf")


def test_loss_curves_are_compared():
    """First losses must agree up to rounding, later ones relative to the decrease; a do-nothing optimizer is detected."""
    ours = [[1.0, 2.0], [0.9, 2.1], [0.8, 2.2]]
    others = {"same": ours, "rounded": [[1.0, 2.0], [0.9, 2.1], [0.801, 2.2]], "still": [[1.0, 2.0]] * 3,
              "begins elsewhere": [[1.1, 2.0], *ours[1:]], "lost": [[1.0, 2.0], [0.9, 2.1], [np.nan, 2.2]]}
    _, refused = agree.compare_losses(others, ours, dict.fromkeys(others, 1e-4))
    assert set(refused) == {"still", "begins elsewhere", "lost"}
    assert refused["still"].startswith("its losses are wrong by 1e+00") and "0.0001" in refused["begins elsewhere"]


def test_summary():
    """Medians of both clocks, and half the interquartile range relative to the median."""
    assert clock.summary([(1.0, 0.5), (2.0, 0.6), (3.0, 0.7)], 9) == {"wall": 2.0, "device": 0.6, "spread": 0.25, "calls": 9}


@pytest.mark.slow
def test_on_the_cpu_alone(small, tmp_path, monkeypatch, capsys):
    """The CPU's results, one sentence on what is missing, and three consistent files."""
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr(backend, "gpu_status", lambda: (None, "CuPy is not installed", "pip install it"))
    assert cli.main(["bench", "--quick", "-o", str(tmp_path / "made")]) == 0
    text, kept = capsys.readouterr().out, json.loads((tmp_path / "made" / "bench.json").read_text())
    assert "The GPU's half is missing, because CuPy is not installed; to get it: pip install it\n" in text
    assert (tmp_path / "made" / "bench.txt").read_text() == text
    assert (tmp_path / "made" / "roofline.png").read_bytes()[:4] == b"\x89PNG"
    assert [(row["name"], row["way"]) for row in kept["layers"]] == [(c.name, way) for c in SMALL for way in layers.WAYS]
    assert all(set(row["times"]["NumPy"]) == {"wall", "device", "spread", "calls"} for row in kept["layers"] + kept["steps"])
    assert [row["batch"] for row in kept["sweep"]] == [2, 3] and kept["crossover"] == {} and not kept["interrupted"]
    assert kept["machine"]["ceilings"] == {"NumPy": {"gflops": 100.0, "gb_per_s": 10.0}} and "gpu" not in kept["machine"]
    for name in ("commit", "date", "threads", "precision", "processor"):
        assert name in kept["machine"]


@pytest.mark.slow
def test_on_the_device(small, cp, monkeypatch, tmp_path):
    """With a GPU, or the stand-in, NumPy, CuPy and the recorded step agree and are timed in all regimes."""
    lines = []
    found = bench_all(quick=True, output=tmp_path, print_fn=lines.append)
    assert all(set(row["times"]) == {"NumPy", "CuPy"} and not row["failed"] for row in found["layers"])
    for row in found["steps"] + found["sweep"]:
        assert set(row["times"]) == set(row["first"]) == set(row["peak_bytes"]) == {"NumPy", "CuPy", "CuPy graph"}
        assert set(row["transfers"]) == {"CuPy", "CuPy graph"} and not row["failed"]
    assert set(found["crossover"]) == {"CuPy", "CuPy graph"}
    assert "ceilings of CuPy: 100 GFLOP/s in products, 10 GB/s copying" in lines
    assert any(line.startswith("CuPy graph, transfers: ") for line in lines)
    assert found["machine"]["precision"] == {"NumPy": "float32", "CuPy": "float32, products strict"}
    assert found["machine"]["gpu"]["name"] and backend._device == "cpu"


def test_a_wrong_result_is_not_timed(small, cp, monkeypatch, capsys):
    """A contender with wrong results is named and not timed; the command exits with code 1."""
    def wrong(*arguments, real=ROOMS["cuda"].batch_norm, **options):
        y, *rest = real(*arguments, **options)
        return 1.01 * y, *rest

    monkeypatch.setattr(ROOMS["cuda"], "batch_norm", wrong)
    assert cli.main(["bench", "--only", "layers", "--quick", "--device", "gpu"]) == 1
    text = capsys.readouterr().out
    assert "    CuPy: wrong by 1e-02, more than 0.0001: not timed" in text
    row, = (line for line in text.splitlines() if line.startswith("small norm") and " forward " in line)
    assert row.rstrip().endswith("-")


def test_a_wrong_step_is_not_timed(small, monkeypatch):
    """The same for whole steps, including rivals; a rival that runs out of memory or fails does not affect the others."""
    def lost():
        raise MemoryError

    def broken():
        raise RuntimeError("no kernel image\nfor this device")

    class Rival:
        precision, known_by = dict.fromkeys(("wrong", "large", "broken"), "float32"), {}
        tolerance = dict.fromkeys(precision, 1e-4)

        def layer(self, case):
            return {"large": lost, "broken": broken}

        def step(self, name, make):
            wrong = clock.Contender("", lambda: [7.0], clock.CPU()), None, lambda: 1
            return {"wrong": lambda: wrong, "large": lost, "broken": broken}

    lines = []
    found = bench_all("steps", quick=True, device="cpu", rivals=[Rival()], print_fn=lines.append)
    assert set(found["steps"][0]["times"]) == {"NumPy"}
    unable = {"large": "not enough memory", "broken": "RuntimeError: no kernel image"}
    failed = found["steps"][0]["failed"]
    assert "wrong by" in failed.pop("wrong") and failed == unable
    found = bench_all("layers", quick=True, device="cpu", rivals=[Rival()], print_fn=lines.append)
    assert all(row["failed"] == unable and "NumPy" in row["times"] for row in found["layers"])


@pytest.mark.slow
def test_a_failure_during_timing_does_not_affect_the_others(small):
    """Rivals with right results run out of memory in a later call: of a step after the losses were compared, with or without
    transfers; of a layer after the forward pass was timed. A sentence reports it; earlier measurements are kept."""
    def exhausted(function, calls):
        def run():
            nonlocal calls
            calls -= 1
            if calls < 0:
                raise MemoryError
            return function()
        return run

    class Rival:
        precision, known_by, tolerance = {"rival": "float32", "early": "float32"}, {}, {"rival": 1e-4, "early": 1e-4}

        def layer(self, case):
            forward, backward = layers.ours(case, case.draw())
            return {"rival": lambda: ((forward, exhausted(backward, 2)), clock.CPU(), layers.to_list)}

        def step(self, name, make):
            def entrant():
                contender = steps.ours(make, np, False)[0]
                late = clock.Contender("", exhausted(contender.run, 2), clock.CPU())
                return contender, late, lambda: 1  # fails only with transfers

            def early():
                contender = steps.ours(make, np, False)[0]
                return contender._replace(run=exhausted(contender.run, steps.TRIAL)), contender, lambda: 1
            return {"rival": entrant, "early": early}

    lines = []
    found = bench_all(quick=True, device="cpu", rivals=[Rival()], print_fn=lines.append)
    for row in found["layers"]:
        assert "NumPy" in row["times"] and ("rival" in row["times"]) is (row["way"] == "forward")
        assert row["failed"] == ({} if row["way"] == "forward" else {"rival": "not enough memory"})
    row, = found["steps"]
    assert set(row["times"]) == {"NumPy", "rival"} and not row["transfers"], "who has no times is not tried with transfers"
    assert row["failed"] == {"rival": "not enough memory", "early": "not enough memory"}
    cells = [line.split()[2:] for line in lines if line.startswith("  first call")]
    assert [[cell == "-" for cell in row] for row in cells] == [[False, False, True]]


@pytest.mark.slow
def test_the_cpu_steps_are_timed_after_the_gpu_is_lost(small, cp, monkeypatch):
    """After the layers even the ceilings fail: a sentence reports it, the former ceilings stay, and NumPy's steps follow."""
    tops = {"gflops": 100.0, "gb_per_s": 10.0}

    def ceilings(xp, quick):
        asked.append(xp)
        if asked.count(cp) == 2:
            raise RuntimeError("cudaErrorIllegalAddress: an illegal memory access was encountered")
        return tops

    asked, lines = [], []
    monkeypatch.setattr(machine, "ceilings", ceilings)
    found = bench_all(quick=True, device="gpu", print_fn=lines.append)
    assert found["machine"]["ceilings"] == {"NumPy": tops, "CuPy": tops} and found["steps"] and found["sweep"]
    assert ("CuPy: its ceilings are those of before, because they cannot be measured again (RuntimeError: "
            "cudaErrorIllegalAddress: an illegal memory access was encountered)") in lines


def test_ctrl_c_keeps_what_was_measured(small, tmp_path, monkeypatch, capsys):
    """Ctrl-C in the second case: the file contains the first case and says that it is incomplete."""
    def stopped(case, *rest, real=layers.measure):
        if case is SMALL[1]:
            raise KeyboardInterrupt
        return real(case, *rest)

    monkeypatch.setattr(layers, "measure", stopped)
    assert cli.main(["bench", "--quick", "--device", "cpu", "-o", str(tmp_path)]) == 130
    kept = json.loads((tmp_path / "bench.json").read_text())
    assert [row["name"] for row in kept["layers"]] == ["small conv"] * 2 and kept["interrupted"] and not kept["steps"]
    assert "stopped; what was measured is kept" in capsys.readouterr().out
    assert (tmp_path / "roofline.png").exists()


@pytest.mark.parametrize("arguments, sentence", [
    (["--only", "kernels"], "bench: only 'kernels' is unknown: choose"), (["--device", "tpu"], "device 'tpu' is unknown"),
    (["-o", "/dev/null/here"], "cannot make the folder"), (["--fast"], "unrecognized arguments: --fast")])
def test_wrong_options(arguments, sentence, capsys):
    """One sentence and exit code 2, before anything is timed."""
    try:
        code = cli.main(["bench", *arguments])
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    printed = capsys.readouterr()
    assert sentence in printed.err and not printed.out


def test_the_cases_of_quick_exist():
    """Every name in the short lists is also in the long ones."""
    assert set(layers.QUICK) <= {case.name for case in layers.CASES} and set(steps.QUICK) <= set(steps.STEPS)
    with pytest.raises(InputError, match="no GPU|was asked for"):
        if backend.gpu_status()[0] is None:
            bench_all(device="gpu")
        raise InputError("no GPU is missing here")


def test_tables_line_up():
    """The header and the rows of a table have the same width, for any contenders."""
    row = {"name": "a layer", "way": "forward", "flop": 2e9, "bytes": 4e6, "failed": {},
           "times": {"NumPy": {"wall": 0.01, "device": 0.01}}}
    names = ["NumPy", "CuPy", "PyTorch strict"]
    header, (line,) = report.layer_header(names), report.layer_lines(row, names, {"NumPy": {"gflops": 400.0, "gb_per_s": 10.0}})
    assert line.index("10.00") + 5 == header.index("NumPy") + 5 and "50%" in line
    assert run.PARTS == ("layers", "steps", "sweep")


@pytest.mark.parametrize("name, forward, backward", [
    ("strided", 2 * 2 * 4 * 3 * (3 * 3 * 5 * 6), 2),  # 2 images of 7x5, stride 2: 4x3 windows of 3x3 pixels, 5 to 6 channels
    ("grouped", 2 * 2 * 7 * 5 * (3 * 3 * 1 * 6), 2),
    ("transposed", 2 * 2 * 7 * 5 * (4 * 4 * 6 * 5), 2),
    ("gram", 2 * 2 * 7 * 5 * 5 * 5, 1),
])
def test_additions_and_multiplications_are_those_of_the_formula(name, forward, backward):
    """Two operations per multiplication with a weight; backward as many for dx, and as many for a kernel."""
    x = (2, 7, 5, 5)
    case = {
        "strided": Case("", "", "conv2d", {"x": x, "kernel": (3, 3, 5, 6)}, {"strides": 2, "padding": "same"}),
        "grouped": Case("", "", "conv2d", {"x": x, "kernel": (3, 3, 1, 6)}, {"padding": "same", "groups": 5}),
        "transposed": Case("", "", "conv2d_transpose", {"x": x, "kernel": (4, 4, 6, 5)}, {"strides": 2, "padding": "same"}),
        "gram": Case("", "", "gram_matrix", {"x": x}, {})}[name]
    exact = [np.ones(3)], [np.ones(4)]
    assert cost(case, exact, "forward")["flop"] == forward and cost(case, exact, "backward")["flop"] == backward * forward
    numbers = sum(np.prod(shape) for shape in case.arrays.values()) + 3
    assert [cost(case, exact, way)["bytes"] for way in ("forward", "backward")] == [4 * numbers, 4 * (numbers + 4)]
