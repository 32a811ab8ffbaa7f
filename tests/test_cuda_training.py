"""`nnscratch train generator` on the device: its steps are recorded where possible, and the results are the same."""

import numpy as np
import pytest

from nnscratch import backend
from nnscratch.backend import to_cpu
from nnscratch.data.dataset import Dataset
from nnscratch.fast.cuda import cublas
from nnscratch.generate.methods import gan, make_trainer
from nnscratch.generate.options import Options


def trained(steps, stop_at=None, recorded=True, path=None, **options):
    """A training of a small generator on the device: the metrics of each step, all arrays, the trainer. Before step `stop_at`
    the training is saved, and another trainer resumes it."""
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1)).astype(np.uint8)
    data = Dataset(images, np.arange(40) % 2, ["even", "odd"], "noise")
    chosen = Options(**{"preset": "nano", "steps": 20, "batch_size": 4, "groups": 0, **options})
    trainer, metrics = make_trainer(data, chosen), []
    for k in range(steps):
        if k == stop_at:
            trainer.save(path)
            trainer = make_trainer(data, chosen)
            trainer.load(path)
        if not recorded:
            trainer.replay = trainer.update
        metrics.append([float(value) for value in trainer.step().values()])
    return metrics, to_arrays(trainer), trainer


def to_arrays(trainer):
    arrays = trainer.models.params | trainer.models.buffers | trainer.optimizers.save_state()
    return {name: to_cpu(array) for name, array in arrays.items()}


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"conditional": False}, {"r1": 1.0}], ids=str)
def test_a_recorded_training_has_the_same_results(cp, tmp_path, options):
    """`nnscratch train generator` on a GPU: metrics, weights, moving averages and both optimizers after five recorded steps
    equal those of eager steps, bit for bit; and those of a training that was stopped in the middle, saved and resumed."""
    backend.use("gpu")
    eager_metrics, eager, _ = trained(5, recorded=False, **options)
    metrics, arrays, trainer = trained(5, **options)
    resumed_metrics, resumed, again = trained(5, stop_at=3, path=tmp_path / "state.safetensors", **options)
    assert metrics == eager_metrics == resumed_metrics and np.isfinite(metrics).all()
    for name in eager:
        np.testing.assert_array_equal(arrays[name], eager[name], err_msg=name)
        np.testing.assert_array_equal(resumed[name], eager[name], err_msg=name)
    assert trainer.replay.graph is not None and again.replay.graph is not None
    if "r1" in options:
        assert metrics[0] != trained(1)[0][0], "the penalty is there, in the step before anything is recorded"
    trainer.load(tmp_path / "state.safetensors")  # back to step 3, as after a diverged step: the recorded graph is invalid
    assert [[float(value) for value in trainer.step().values()] for _ in range(2)] == metrics[3:]
    assert all(np.array_equal(array, eager[name]) for name, array in to_arrays(trainer).items())


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"augment": True}, {"spectral_norm": True, "loss": "hinge"}], ids=str)
def test_a_training_with_changing_steps_is_not_recorded(standin, options):
    """Augmentation parameters and normalized kernels are computed anew in every step."""
    backend.use("gpu")
    metrics, arrays, trainer = trained(3, **options)
    eager_metrics, eager, _ = trained(3, recorded=False, **options)
    assert metrics == eager_metrics and all(np.array_equal(arrays[name], eager[name]) for name in eager)
    assert trainer.replay.graph is None and not trainer.replay.refused, "nobody tried"


@pytest.mark.slow
def test_penalty_steps_between_recorded_steps(cp, monkeypatch):
    """Every third step is eager, the others before and after it are replayed. Both use the same arrays for weights, Adam's
    state and the step count, so the numbers equal those of a training without recording."""
    backend.use("gpu")
    monkeypatch.setattr(gan, "PENALTY_INTERVAL", 3)
    penalised, real = [], gan.adversarial_step
    monkeypatch.setattr(gan, "adversarial_step", lambda *given: penalised.append(bool(given[-2])) or real(*given))
    metrics, arrays, trainer = trained(8, r1=1.0)
    assert trainer.replay.graph is not None and penalised == [True, False, False, True, True]  # 0, 1, 2 recorded, 3, 6
    eager_metrics, eager, _ = trained(8, recorded=False, r1=1.0)
    assert metrics == eager_metrics and np.isfinite(metrics).all()
    for name in eager:
        np.testing.assert_array_equal(arrays[name], eager[name], err_msg=name)


@pytest.mark.slow
def test_a_training_continues_without_recording(standin, monkeypatch):
    """Without our cuBLAS calls, products are CuPy's, which refuses them in a recording: slower, but with right results."""
    def missing():
        raise ImportError("no such library")
    backend.use("gpu")
    monkeypatch.setattr(cublas, "load_library", missing)
    metrics, arrays, trainer = trained(4)
    eager_metrics, eager, _ = trained(4, recorded=False)
    assert metrics == eager_metrics and all(np.array_equal(arrays[name], eager[name]) for name in eager)
    assert trainer.replay.graph is None and trainer.replay.refused
