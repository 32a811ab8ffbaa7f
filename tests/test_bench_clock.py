"""How `nnscratch bench` measures time, and what it writes: with a simulated clock that advances only during work."""
import gc
import json
from functools import partial
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest

from nnscratch import backend
from nnscratch.bench import clock, machine, report, steps, sweep
from nnscratch.errors import InputError
from nnscratch.fast import cuda
from nnscratch.networks import gan
from nnscratch.optimizers import Adam
from nnscratch.outputs import OutputFolder

TINY = gan.Preset(5, (4, 3), (3, 4), 4, False, 6, 1)


class Laboratory:
    """A simulated wall clock, and a GPU that works sequentially and has CuPy's events."""

    def __init__(self):
        self.now, self.free_at, self.rested, self.waits = 100.0, 0.0, [], 0
        self.cuda = SimpleNamespace(Event=lambda: Passed(self), Device=lambda: self, get_elapsed_time=self.elapsed)

    def perf_counter(self):
        return self.now

    def sleep(self, seconds):
        self.rested.append(seconds)
        self.now += seconds

    def synchronize(self):
        self.waits += 1
        self.now = max(self.now, self.free_at)

    def elapsed(self, start, end):
        assert self.now >= end.time, "CUDA refuses to tell of an event that has not passed yet"
        return 1e3 * (end.time - start.time)

    def work(self, asking, computing):
        """Launch a kernel; launching takes `asking` on the CPU, and the kernel takes `computing` on the GPU."""
        self.now += asking
        self.free_at = max(self.now, self.free_at) + computing
        return [1.0]


class Passed:
    def __init__(self, laboratory):
        self.laboratory = laboratory

    def record(self):
        self.time = max(self.laboratory.now, self.laboratory.free_at)


@pytest.fixture
def laboratory(monkeypatch):
    lab = Laboratory()
    monkeypatch.setattr(clock, "perf_counter", lab.perf_counter)
    monkeypatch.setattr(clock, "sleep", lab.sleep)
    return lab


def test_both_clocks_of_a_gpu(laboratory):
    """Seconds per call. Launch in 1 ms, kernel in 4 ms: both clocks give 4 ms, and the wall clock of ten calls includes the
    first launch. Launch in 3 ms, kernel in 1 ms: the GPU waits for Python, and both clocks give 3 ms."""
    gpu = clock.GPU(laboratory)
    slow = clock.Contender("slow kernel", lambda: laboratory.work(0.001, 0.004), gpu)
    asked = clock.Contender("slow Python", lambda: laboratory.work(0.003, 0.001), gpu)
    assert clock.sample(slow, 10) == (pytest.approx(0.0041), pytest.approx(0.0041))
    assert clock.sample(asked, 10) == (pytest.approx(0.0031), pytest.approx(0.0031))
    assert clock.once(slow) == (pytest.approx(0.005), [1.0])
    assert laboratory.rested == [clock.PAUSE] * 2


def test_the_clock_of_a_cpu(laboratory):
    """Wall time and device time are the same."""
    contender = clock.Contender("", lambda: laboratory.sleep(0.002), clock.CPU())
    assert clock.sample(contender, 5) == (pytest.approx(0.002), pytest.approx(0.002))


def test_contenders_take_turns(laboratory):
    """Order A, B, A, B, with a pause before each sample. A sample has as many calls as fill 20 ms; times are per call."""
    order, gpu = [], clock.GPU(laboratory)

    def doing(name, asking, computing):
        return clock.Contender(name, lambda: (order.append(name), laboratory.work(asking, computing)), gpu)

    found, failed = clock.time_in_turn([doing("a", 0.001, 0.003), doing("b", 0.0, 0.01)], 3, 1000.0)
    same = pytest.approx
    assert not failed
    assert found["a"] == {"wall": same(0.0032), "device": same(0.0032), "spread": same(0), "calls": 15}
    assert found["b"] == {"wall": same(0.01), "device": same(0.01), "spread": same(0), "calls": 6}
    assert "".join(order) == "aabb" + "aaaaabb" * 3 and laboratory.rested == [clock.PAUSE] * 6


def test_a_budget_ends_the_measurement(laboratory):
    """The measurement ends after the round that exceeds the budget."""
    contender = clock.Contender("", lambda: laboratory.work(0.0, 1.0), clock.GPU(laboratory))
    assert clock.time_in_turn([contender], 9, 3.5)[0][""]["calls"] == 2


@pytest.mark.parametrize("seconds, calls", [(1.0, 1), (0.01, 2), (1e-7, 1000)])
def test_number_of_calls_in_a_sample(laboratory, seconds, calls):
    """From 1 to 1000, determined by the second call: the first call is slow and serves as warm-up."""
    slow = count()
    contender = clock.Contender("", lambda: laboratory.work(0.0, seconds if next(slow) else 5.0), clock.GPU(laboratory))
    assert clock.calls_per_sample(contender) == calls


@pytest.mark.parametrize("error, sentence", [
    (MemoryError(), "not enough memory"), (RuntimeError("cudaErrorLaunchFailure\nat"), "RuntimeError: cudaErrorLaunchFailure"),
    (InputError("x is 3"), "InputError: x is 3")])
@pytest.mark.parametrize("calls", [0, 1, 2, 5])
def test_a_contender_that_fails_is_dropped(laboratory, calls, error, sentence):
    """After 0, 1, 2 or 5 successful calls: it has a sentence instead of times, and the others have times of every round."""
    called = []

    def fails():
        called.append(1)
        if len(called) > calls:
            raise error
        laboratory.work(0.0, 0.01)

    gpu = clock.GPU(laboratory)
    well = [clock.Contender(name, lambda: laboratory.work(0.0, 0.02), gpu) for name in "ac"]
    times, failed = clock.time_in_turn([well[0], clock.Contender("b", fails, gpu), well[1]], 3, 1000.0)
    assert failed == {"b": sentence} and len(called) == calls + 1 and gc.isenabled()
    assert {name: time["calls"] for name, time in times.items()} == {"a": 3, "c": 3}
    assert clock.time_in_turn([], 3, 1.0) == ({}, {})


def test_an_unexpected_error_is_raised(laboratory):
    """An exception that is not due to missing memory or support ends the run, because it is a bug."""
    with pytest.raises(ZeroDivisionError):
        clock.time_in_turn([clock.Contender("", lambda: 1 / 0, clock.CPU())], 1, 1.0)


def test_ceilings(laboratory, monkeypatch):
    """A product of n x n matrices in 2 ms gives 2 n³ / 0.002, a copy of b bytes 2 b / 0.002, both in 10⁹ per second; the best
    of several counts."""
    monkeypatch.setattr(machine, "CPU", lambda: clock.GPU(laboratory))
    times = count()
    slow = lambda *_: laboratory.work(0.0, 0.002 if next(times) % 3 else 0.005)  # noqa: E731
    monkeypatch.setattr(cuda, "product", slow)
    assert machine.gemm_gflops(64) == pytest.approx(2 * 64**3 / 0.002 / 1e9)
    assert machine.best(slow) == pytest.approx(0.002)


def test_the_regimes_of_the_crossover():
    """`resident` uses the times with all data in place, `transfers` those with transfers."""
    rows = [{"batch": size, "times": {"NumPy": {"wall": size}, "CuPy": {"wall": 4.0}}, "transfers": {"CuPy": {"wall": 16.0}}}
            for size in (1, 8, 64)]
    assert sweep.crossovers(rows) == {"CuPy": {"resident": pytest.approx(4), "transfers": pytest.approx(16)}}
    assert [*report.crossover_lines(rows)] == ["CuPy, resident: faster than NumPy from 4 images a batch on",
                                               "CuPy, transfers: faster than NumPy from 16 images a batch on"]


@pytest.mark.slow
def test_contenders_do_what_their_names_say(standin, played, monkeypatch):
    """"CuPy graph" replays one recorded graph per call, in both regimes, "CuPy" none; transfers upload the inputs each time."""
    entered = {}
    monkeypatch.setattr(steps, "time_in_turn", lambda able, rounds, budget: (entered.setdefault(len(entered), able) and {}, {}))
    row = steps.measure("GAN", partial(steps.gan_work, TINY, 2), {"NumPy": np, "CuPy": standin}, (), 1, 0)
    assert not row["failed"] and [c.name for c in entered[0]] == ["NumPy", "CuPy", "CuPy graph"]
    assert [c.name for c in entered[1]] == ["CuPy", "CuPy graph"]
    for contenders, uploads in ((entered[0], 0), (entered[1], 2)):
        for contender in contenders:
            del played[:]
            before = standin.counts["uploads"]
            for _ in range(2):
                contender.run()
            assert len(played) == (2 if contender.name == "CuPy graph" else 0), contender.name
            assert standin.counts["uploads"] - before == 2 * uploads
            assert isinstance(contender.clock, clock.CPU if contender.name == "NumPy" else clock.GPU)


def test_peak_memory_of_a_recorded_step(standin):
    """The step has a weight of 1 MB and results of some 100 bytes. Neither Adam's 2 MB nor cuBLAS's workspace, which the eager
    step allocated before, are in either number."""
    def make(xp):
        backend.use("gpu")
        (w, g), adam = (xp.ones((512, 512), dtype=np.float32) for _ in range(2)), Adam()

        def step(x):
            adam.step({"w": w}, {"w": g})
            return [cuda.product(x, x).sum()]
        return steps.Work(step, [xp.ones((4, 4), dtype=np.float32)], [], None)

    for graph in (False, True):
        resident, _, peak = steps.ours(make, standin, graph)
        for _ in range(3):
            resident.run()
        assert 64 <= peak() < 1000, graph


def test_nan_is_null_in_the_file_and_a_dash_in_the_table(tmp_path, monkeypatch):
    """JSON has no NaN and no Infinity, so the file has null; the table shows "-"; the plot omits the value."""
    nan, inf = float("nan"), float("inf")
    kept = report.Report(OutputFolder(tmp_path, report.FILES), lambda line: None)
    kept.figures["machine"] = {"ceilings": {"NumPy": {"gflops": 100.0, "gb_per_s": 10.0}}}
    layer = {"name": "a layer", "way": "forward", "flop": 2e9, "bytes": 4e6, "failed": {},
             "errors": {"NumPy": nan, "CuPy": inf},
             "times": {"NumPy": {"wall": 0.1, "device": 0.1}, "CuPy": {"wall": nan, "device": 0.0}}}
    step = {"name": "a step", "failed": {}, "losses": {"NumPy": [[1.0, nan], [-inf, 2.0]]}, "first": {"NumPy": nan},
            "times": {"NumPy": {"wall": 0.1, "device": 0.1}, "CuPy": {"wall": 0.0, "device": inf}}, "peak_bytes": {},
            "transfers": {"CuPy": {"wall": nan, "device": nan}}}
    names = ["NumPy", "CuPy"]
    kept.add("layers", layer, report.layer_lines(layer, names, {name: {"gflops": 9.0, "gb_per_s": 9.0} for name in names}))
    kept.add("steps", step, report.step_lines(step, names))
    kept.finish()

    def no_constants(name):
        raise AssertionError(f"{name} is not JSON")

    read = json.loads((tmp_path / "bench.json").read_text(), parse_constant=no_constants)
    assert read["layers"][0]["errors"] == {"NumPy": None, "CuPy": None}
    assert read["steps"][0]["losses"]["NumPy"] == [[1.0, None], [None, 2.0]]
    assert read["steps"][0]["times"]["NumPy"]["wall"] == 0.1
    text = (tmp_path / "bench.txt").read_text()
    assert "nan" not in text and "inf" not in text and (tmp_path / "roofline.png").exists()
    assert [line.split()[-1] for line in text.splitlines()] == ["-", "0.00", "-", "-", "-", "-", "-"]
