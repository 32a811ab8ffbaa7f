"""Training: stopping and resuming at any step; warnings; saved generators; options."""
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from helpers import spoil_a_step, visible

from nnscratch import checkpoint
from nnscratch.data.dataset import Dataset, to_floats
from nnscratch.errors import InputError
from nnscratch.generate import adversarial
from nnscratch.generate import train_loop as train_module
from nnscratch.generate.adversarial_losses import CHANCE_LOSS, LOSSES
from nnscratch.generate.augment import augment
from nnscratch.generate.composite import CompositeOptimizer
from nnscratch.generate.inputs import one_hot
from nnscratch.generate.methods import make_trainer
from nnscratch.generate.options import Options
from nnscratch.generate.sampler import load_generator, save_generator, slerp
from nnscratch.generate.train_loop import Monitor, train
from nnscratch.training import loop
from nnscratch.training.curves import Panel, plot_panels


def data(seed=0, size=12):
    """Discs of two sizes, which are the classes, at random positions."""
    rng = np.random.default_rng(seed)
    labels, centres = rng.integers(0, 2, 200), rng.uniform(4, size - 4, (2, 200, 1, 1))
    rows, columns = np.ogrid[:size, :size]
    inside = (rows - centres[0])**2 + (columns - centres[1])**2 < (2 + 1.5 * labels[:, None, None])**2
    return Dataset((230 * inside).astype(np.uint8)[..., None], labels, ["small", "large"], "discs")


def options(**more):
    return Options(**{"preset": "nano", "steps": 20, "batch_size": 16, "groups": 0, **more})


def everything(trainer):
    """All arrays of a trainer."""
    return trainer.models.params | trainer.models.buffers | trainer.optimizers.save_state()


def equal(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


CHILD = """
import sys, time
sys.path.insert(0, {tests!r})
from test_training import data, options
from nnscratch.generate.train_loop import train
from nnscratch.generate.methods import make_trainer
def slow(record):
    print(record["step"], flush=True)
    time.sleep(0.2)
train(make_trainer(data(), options()), {folder!r}, progress=slow, save_every=10)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
def test_resuming_after_a_kill_is_exact(tmp_path):
    """Bit for bit: weights, statistics, moving averages, both optimizers. The first ten steps run in a killed process."""
    code = CHILD.format(tests=os.path.dirname(__file__), folder=str(tmp_path))
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline().strip() == "10"
    child.kill()
    assert child.wait() == -signal.SIGKILL
    straight, resumed = make_trainer(data(), options()), make_trainer(data(), options())
    for _ in range(20):
        straight.step()
    resumed.load(tmp_path / "state.safetensors")
    assert resumed.step_count == 10
    assert train(resumed, tmp_path) == "done" and resumed.step_count == 20
    assert equal(everything(straight), everything(resumed))


def test_a_kill_while_saving_leaves_the_last_good_checkpoint(tmp_path, monkeypatch):
    """The new file is complete before it is renamed, so an interrupted save leaves the old file."""
    trainer = make_trainer(data(), options())
    trainer.step()
    trainer.save(tmp_path / "state.safetensors")
    trainer.step()

    def killed(*_):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(InputError, match="No space left on device"):
        trainer.save(tmp_path / "state.safetensors")
    again = make_trainer(data(), options())
    again.load(tmp_path / "state.safetensors")
    assert again.step_count == 1 and len(list(tmp_path.iterdir())) == 1


@pytest.mark.slow
@pytest.mark.parametrize("chosen", [
    {"augment": True, "r1": 1.0, "loss": "hinge", "conditional": False, "spectral_norm": True},
    {"method": "vae"}, {"method": "glo"}, {"method": "imle"}, {"conditional": False, "groups": 4}], ids=str)
def test_every_option_and_method_resumes_bit_for_bit(tmp_path, chosen):
    """Augmentation, penalty, extra models, codes, groups (recomputed, not saved): 3 + 15 steps equal 18."""
    straight, first, second = (make_trainer(data(), options(**chosen)) for _ in range(3))
    for _ in range(18):
        straight.step()
    for _ in range(3):
        first.step()
    first.save(tmp_path / "state.safetensors")
    second.load(tmp_path / "state.safetensors")
    for _ in range(15):
        second.step()
    assert equal(everything(straight), everything(second))


@pytest.mark.parametrize("other, words", [
    ({"preset": "tiny"}, "options preset = 'nano', now it is 'tiny'"), ({"seed": 1}, "options seed = 0, now it is 1")])
def test_a_checkpoint_of_other_options_is_refused(tmp_path, other, words):
    """The error names the first difference, and nothing changes."""
    make_trainer(data(), options()).save(tmp_path / "state.safetensors")
    trainer = make_trainer(data(), options(**other))
    before = {name: array.copy() for name, array in everything(trainer).items()}
    with pytest.raises(InputError, match=words):
        trainer.load(tmp_path / "state.safetensors")
    assert equal(before, everything(trainer))


def test_a_checkpoint_of_other_data_is_refused(tmp_path):
    make_trainer(data(), options()).save(tmp_path / "state.safetensors")
    with pytest.raises(InputError, match="data of the same shape, but with other pixels or labels"):
        make_trainer(data(seed=1), options()).load(tmp_path / "state.safetensors")


@pytest.mark.slow
def test_files_of_a_training(tmp_path):
    """Grids, animation, curves, history, and the generator with the best score, not the last one."""
    scores = iter([0.2, 0.9, 0.5])
    trainer = make_trainer(data(), options(steps=30))
    assert train(trainer, tmp_path, score=lambda images, labels: next(scores), save_every=10) == "done"
    assert visible(tmp_path) == {"samples", "film.gif", "curves.png", "history.json", "best.safetensors", "state.safetensors"}
    history = json.loads((tmp_path / "history.json").read_text())
    assert [(r["step"], r["score"]) for r in history] == [(10, 0.2), (20, 0.9), (30, 0.5)]
    assert load_generator(tmp_path / "best.safetensors").info["steps"] == 20


def test_inputs_of_the_discriminator(monkeypatch):
    """Real and generated images are both augmented; R1 is computed for the real ones, every 16th step, with a factor of 16."""
    trainer, seen, penalised = make_trainer(data(), options(augment=True, r1=0.5, batch_size=4)), [], []
    monkeypatch.setattr(adversarial, "augment", lambda x, rng, shard: seen.append(x) or augment(x, rng, shard))
    monkeypatch.setattr(adversarial, "gradient_penalty", lambda d, x, labels, weight: penalised.append((x, weight)))
    forward, into = trainer.discriminator.forward, []
    monkeypatch.setattr(trainer.discriminator, "forward", lambda x, **more: into.append(x[0]) or forward(x, **more))
    for k in range(17):
        into.clear()
        trainer.step()
        real, fake = seen[-2:]
        np.testing.assert_array_equal(real, to_floats(trainer.dataset.images[trainer.indices]))
        assert len(into[0]) == 8 and len(into[1]) == 4, "one pass for both, then the generator's"
        assert not np.array_equal(into[0][:4], real) and not np.array_equal(into[0][4:], fake), "both are distorted"
        np.testing.assert_array_equal(into[0][4:], into[1])
        if k % 16 == 0:
            assert penalised[-1][1] == 8.0 and np.array_equal(penalised[-1][0], into[0][:4])
    assert len(penalised) == 2


def test_constants_of_a_training():
    """A label is 3; the learning rate decays over the last quarter."""
    assert one_hot(np.array([1, 0]), 3).tolist() == [[0, 3, 0], [3, 0, 0]]
    trainer = make_trainer(data(), options(steps=100, learning_rate=1e-3))
    rate = trainer.optimizer("generator").learning_rate
    assert [rate(step) for step in (0, 75, 100)] == [1e-3, 1e-3, 0] and rate(88) == pytest.approx(4.8e-4)


@pytest.mark.slow
def test_records_hold_probabilities(tmp_path):
    """d_real and d_fake are the sigmoid of the mean logits of that step."""
    trainer, metrics = make_trainer(data(), options()), []
    step = trainer.step
    trainer.step = lambda: metrics.append(step()) or metrics[-1]
    train(trainer, tmp_path)
    for record, fact in zip(json.loads((tmp_path / "history.json").read_text()), (metrics[9], metrics[19])):
        for name in ("d_real", "d_fake"):
            assert record[name] == pytest.approx(1 / (1 + np.exp(-float(fact[name]))), abs=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_at_chance(loss):
    """CHANCE_LOSS holds the losses of logits 0, without smoothing."""
    three = LOSSES[loss](*[1.0] if "saturating" in loss else [])
    zeros = np.zeros((4, 1))
    assert three.real(zeros)[0] + three.fake(zeros)[0] == pytest.approx(CHANCE_LOSS[loss]["d_loss"])
    assert three.generator(zeros)[0] == pytest.approx(CHANCE_LOSS[loss]["g_loss"])


@pytest.mark.slow
def test_a_training_can_be_made_longer(tmp_path):
    """Ten steps, then ten more: the learning rate then follows the longer schedule."""
    short = make_trainer(data(), options(steps=10))
    train(short, tmp_path)
    longer = make_trainer(data(), options(steps=20))
    longer.load(tmp_path / "state.safetensors")
    assert train(longer, tmp_path) == "done" and longer.step_count == 20


@pytest.mark.parametrize("change", [{"step": None}, {"step": "7"}, {"step": -1}, {"history": 3}, {"history": [1]}])
def test_an_invalid_header_changes_nothing(tmp_path, change):
    trainer = make_trainer(data(), options())
    trainer.step()
    checkpoint.save(tmp_path / "state.safetensors", trainer.models, trainer.optimizers, trainer.info() | change)
    other = make_trainer(data(), options())
    before = {name: array.copy() for name, array in everything(other).items()}
    with pytest.raises(InputError, match=r"state.safetensors: (step|history|history\[0\]) is .*, expected a "):
        other.load(tmp_path / "state.safetensors")
    assert equal(before, everything(other)) and other.step_count == 0


@pytest.mark.parametrize("method, error", [("gan", None), ("vae", "rmse"), ("glo", "mae")])
def test_a_training_of_version_0_1_resumes(tmp_path, method, error):
    """Its file has the option `batch`, the optimizer's old name, and `off` in the history for both kinds of error."""
    straight, first, second = (make_trainer(data(), options(method=method)) for _ in range(3))
    for trainer, steps in ((straight, 4), (first, 2)):
        for _ in range(steps):
            trainer.step()
    info = first.info()
    old = {"batch" if name == "batch_size" else name: value for name, value in info["options"].items()}
    history = [{"step": 2, "off": 0.5, "g_norm": 1.0}] if error else [{"step": 2, "g_norm": 1.0}]
    path = tmp_path / "state.safetensors"

    class SeveralOptimizers(CompositeOptimizer):  # the file contains the class name
        pass
    checkpoint.save(path, first.models, SeveralOptimizers(first.optimizers.parts), info | {"options": old, "history": history})
    second.load(path)
    assert second.history == [{"step": 2, error: 0.5, "g_norm": 1.0} if error else history[0]]
    for _ in range(2):
        second.step()
    assert equal(everything(straight), everything(second))


def test_nan_ends_the_training_at_the_last_checkpoint(tmp_path, monkeypatch):
    """The weights of step 10 are restored, and the warning says what happened and what to do."""
    said, trainer = [], make_trainer(data(), options(steps=40))
    spoil_a_step(monkeypatch, trainer, trainer.discriminator.params)
    monkeypatch.setattr(train_module, "print_above_bar", said.append)
    assert train(trainer, tmp_path, save_every=10) == "failed"
    assert trainer.step_count == 10 and all(np.isfinite(a).all() for a in trainer.models.params.values())
    assert len(said) == 1 and "d_loss is nan" in said[0] and "went back to step 10" in said[0] and "learning rate" in said[0]


def test_a_long_training_says_how_long(tmp_path, monkeypatch):
    """Once, from the time of two steps, not of the first, which allocates; a short one says nothing. Also when resumed."""
    said, times = [], iter([100.0, 116.0, 500.0, 516.0])  # after the first and the third step of each run
    monkeypatch.setattr(train_module, "print_above_bar", said.append)
    train(make_trainer(data(), options(steps=5)), tmp_path / "short")
    assert said == []
    monkeypatch.setattr(loop, "perf_counter", lambda: next(times))
    trainer = make_trainer(data(), options(steps=1003))

    def stop(record):
        if record["step"] == 10:
            os.kill(os.getpid(), signal.SIGINT)
    train(trainer, tmp_path / "long", progress=stop)
    assert len(said) == 1 and said[0].startswith("a step takes 8 s, so 1000 more take 2 h 13 min; Ctrl-C loses nothing")
    resumed = make_trainer(data(), options(steps=1003))
    resumed.load(tmp_path / "long" / "state.safetensors")
    train(resumed, tmp_path / "long", progress=lambda record: os.kill(os.getpid(), signal.SIGINT))
    assert len(said) == 2 and "so 990 more take 2 h 12 min" in said[1]


@pytest.mark.parametrize("change, words", [
    ({"diversity": 0.1}, "collapsed"), ({"d_real": 0.999, "d_fake": 0.001}, "certain about all images"),
    ({"g_norm": 1e-6}, "gradient has nearly vanished")])
def test_warnings_in_plain_words(change, words):
    """Each warning appears once, after twenty records of its symptom; a healthy training has none."""
    healthy = {"diversity": 0.9, "d_real": 0.6, "d_fake": 0.4, "g_norm": 1.0}
    said = []
    monitor = Monitor(said.append)
    for step in range(1000, 2000, 10):
        monitor.check({"step": step, **healthy, **(change if step > 1500 else {})})
    assert len(said) == 1 and words in said[0] and "step 1700" in said[0]


def test_saved_generators(tmp_path):
    """Full precision is exact; half precision is within one grey level and half the size; classes are found by name."""
    trainer = make_trainer(data(), options())
    for _ in range(5):
        trainer.step()
    for half, tolerance in ((False, 0), (True, 5e-3)):
        save_generator(tmp_path / f"{half}.safetensors", trainer, half=half)
        sampler = load_generator(tmp_path / f"{half}.safetensors")
        ours, labels = trainer.sample(6, 3)
        noise = np.random.default_rng([0, 3]).standard_normal((6, 32), np.float32)
        from nnscratch.generate.inputs import generate_images
        assert np.abs(generate_images(sampler.model, noise, labels, 2) - ours).max() <= tolerance
    assert os.path.getsize(tmp_path / "True.safetensors") < 0.6 * os.path.getsize(tmp_path / "False.safetensors")
    assert sampler.class_number("large") == 1 and sampler.sample(4, label=1)[1].tolist() == [1] * 4
    with pytest.raises(InputError, match="expected one of small, large"):
        sampler.class_number("huge")
    with pytest.raises(InputError, match="expected a generator"):
        trainer.save(tmp_path / "state.safetensors")
        load_generator(tmp_path / "state.safetensors")


def test_slerp_keeps_the_norm():
    """The midpoint of two noise vectors of one norm has that norm; the ends are the vectors themselves."""
    a, b = np.random.default_rng(0).standard_normal((2, 64))
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    np.testing.assert_allclose(slerp(a, b, 0.0), a)
    np.testing.assert_allclose(slerp(a, b, 1.0), b)
    np.testing.assert_allclose(np.linalg.norm(slerp(a, b, 0.5)), np.linalg.norm(a))


@pytest.mark.parametrize("wrong", [{"preset": "huge"}, {"loss": "best"}, {"steps": 0}, {"batch_size": 1},
                                   {"learning_rate": -1.0},
                                   {"r1": -1.0}, {"method": "magic"}, {"loss": "hinge", "method": "vae"},
                                   {"augment": True, "method": "glo"},
                                   {"learning_rate": float("nan")}, {"smoothing": 0.3}, {"beta_1": 1.5}, {"seed": -1}])
def test_invalid_options(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        options(**wrong)


def test_a_panel_says_whether_its_scale_is_logarithmic():
    """Whatever its curves are called."""
    history = [{"step": step, "g_norm": 10.0**step} for step in range(3)]
    linear, log = (plot_panels(history, [Panel("norms", {"g_norm": "generator"}, {}, log)]) for log in (False, True))
    assert linear.startswith(b"\x89PNG") and linear != log
