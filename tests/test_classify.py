"""Classifiers: training, stopping and resuming, the best network, confusion matrices, saliency."""
import json
import os
import signal

import numpy as np
import pytest
from helpers import spoil_a_step, visible

from nnscratch import checkpoint
from nnscratch.classify.augment import augmented
from nnscratch.classify.classifier import ImageClassifier, load_classifier
from nnscratch.classify.options import ClassifierOptions, options_for
from nnscratch.classify.results import confusion_matrix, cross_entropy
from nnscratch.classify.saliency import saliency, saliency_picture
from nnscratch.classify.train import evaluate_classifier, train_on_images
from nnscratch.classify.trainer import ClassifierTrainer, predict_all
from nnscratch.data import glyphs, to_floats
from nnscratch.data.dataset import Dataset
from nnscratch.errors import InputError
from nnscratch.generate.evaluate.classifier import SHIPPED, Classifier

TRAIN, VALIDATION, TEST = (glyphs(count, seed=seed, size=14) for count, seed in ((600, 0), (100, 1), (300, 2)))


def trainer(**more):
    return ClassifierTrainer(TRAIN, VALIDATION, ClassifierOptions(**{"steps": 30, "batch_size": 16, **more}))


def everything(trainer):
    """All arrays of a trainer."""
    return trainer.models.params | trainer.models.buffers | trainer.optimizers.save_state()


def equal(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.slow
def test_digits_are_learned(tmp_path):
    """150 steps on 600 digits of 14 x 14 pixels: 9 of 10 new ones are right, and the files say the same."""
    ended, results = train_on_images(trainer(steps=150, batch_size=64, learning_rate=3e-3), tmp_path, test=TEST)
    assert ended == "done" and results["part"] == "test" and results["accuracy"] > 0.9
    assert visible(tmp_path) == {"state.safetensors", "best.safetensors", "history.json", "curves.png", "confusion.png",
                                 "results.json"}
    best = load_classifier(tmp_path / "best.safetensors")
    predicted = best.probabilities(to_floats(TEST.images)).argmax(axis=1)
    assert (predicted == TEST.labels).mean() == results["accuracy"]
    assert json.loads((tmp_path / "results.json").read_text()) == results
    history = json.loads((tmp_path / "history.json").read_text())
    assert best.info["score"] == max(entry["score"] for entry in history if "score" in entry)


@pytest.mark.parametrize("moment", [10, 14])
def test_ctrl_c_loses_no_step_and_resuming_is_exact(tmp_path, monkeypatch, moment):
    """The step that a signal meets is made and saved; 30 steps in two parts equal 30 in one, bit for bit, history included."""
    straight, first, second = (trainer() for _ in range(3))
    train_on_images(straight, tmp_path / "straight", save_every=12)
    step = first.step

    def interrupted():
        if first.step_count == moment:
            os.kill(os.getpid(), signal.SIGINT)
        return step()
    monkeypatch.setattr(first, "step", interrupted)
    ended, _ = train_on_images(first, tmp_path / "parts", save_every=12)
    assert ended == "stopped" and first.step_count == moment + 1
    second.load(tmp_path / "parts" / "state.safetensors")
    assert second.step_count == moment + 1
    assert train_on_images(second, tmp_path / "parts", save_every=12)[0] == "done"
    assert equal(everything(straight), everything(second)) and straight.history == second.history
    for name in ("best.safetensors", "history.json", "curves.png", "confusion.png", "results.json"):
        assert (tmp_path / "straight" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes(), name
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_interrupts_at_once(tmp_path, monkeypatch):
    """Within the step; the last checkpoint stays."""
    one = trainer()
    step = one.step

    def twice():
        for _ in range(2 * (one.step_count == 14)):
            os.kill(os.getpid(), signal.SIGINT)
        return step()
    monkeypatch.setattr(one, "step", twice)
    assert train_on_images(one, tmp_path, save_every=12)[0] == "stopped"
    assert checkpoint.read_arrays(tmp_path / "state.safetensors")[1]["info"]["step"] == 12


def test_the_best_on_the_validation_part_is_kept(tmp_path, monkeypatch):
    """Not the last one; without a test part, the results are those of the validation part."""
    one, scores = trainer(), iter([0.2, 0.9, 0.5])
    monkeypatch.setattr(one, "measure", lambda: {"score": next(scores), "validation_loss": 1.0})
    _, results = train_on_images(one, tmp_path, save_every=10)
    best = load_classifier(tmp_path)
    assert (best.info["steps"], best.info["score"]) == (20, 0.9) and results["part"] == "validation"
    assert results["accuracy"] == (predict_all(best, VALIDATION).argmax(axis=1) == VALIDATION.labels).mean()


def test_a_deleted_best_is_made_anew(tmp_path, monkeypatch):
    """Of the networks to come, the best, though an earlier one was better; after the last step, the last."""
    scores = iter([0.9, 0.5, 0.6, 0.4, 0.3])

    def resumed(steps):
        one = trainer(steps=steps)
        monkeypatch.setattr(one, "measure", lambda: {"score": next(scores), "validation_loss": 1.0})
        if steps > 10:
            one.load(tmp_path / "state.safetensors")
            (tmp_path / "best.safetensors").unlink()
        assert train_on_images(one, tmp_path, save_every=10)[0] == "done"
        return [load_classifier(tmp_path).info[name] for name in ("steps", "score")]
    assert [resumed(10), resumed(40), resumed(40)] == [[10, 0.9], [30, 0.6], [40, 0.3]]


def test_nan_ends_the_training_at_the_last_checkpoint(tmp_path, monkeypatch, capsys):
    """The weights of step 10 are restored."""
    one = trainer()
    spoil_a_step(monkeypatch, one, one.models.params)
    assert train_on_images(one, tmp_path, save_every=10)[0] == "failed" and one.step_count == 10
    assert "step 20: loss is nan; went back to step 10" in capsys.readouterr().out


@pytest.mark.parametrize("other, words", [
    (lambda: trainer(augment="flip"), "options augment = 'shift', now it is 'flip'"),
    (lambda: ClassifierTrainer(TEST, VALIDATION, ClassifierOptions(30, batch_size=16)),
     r"data train shape = \[.*\], now it is \["),
    (lambda: ClassifierTrainer(glyphs(600, seed=3, size=14), VALIDATION, ClassifierOptions(30, batch_size=16)),
     "data train of the same shape, but with other pixels or labels; give the data it was begun with")])
def test_a_state_of_another_training_is_refused(tmp_path, other, words):
    trainer().save(tmp_path / "state.safetensors")
    with pytest.raises(InputError, match=words):
        other().load(tmp_path / "state.safetensors")


def test_a_confusion_matrix_is_counted():
    """As by a loop; the diagonal over all is the accuracy."""
    rng = np.random.default_rng(0)
    labels, predicted = rng.integers(0, 4, (2, 200))
    counted = np.zeros((4, 4), int)
    for label, guess in zip(labels, predicted):
        counted[label, guess] += 1
    np.testing.assert_array_equal(confusion_matrix(labels, predicted, 4), counted)
    classifier = ImageClassifier((14, 14, 1), TEST.class_names, "small")
    results = evaluate_classifier(classifier, TEST)
    assert np.trace(results["confusion"]) / 300 == results["accuracy"] and np.sum(results["confusion"]) == 300
    assert cross_entropy(np.array([[0.5, 0.5], [0.2, 0.8]]), np.array([0, 1])) == pytest.approx(-np.log(0.5 * 0.8) / 2)


@pytest.mark.parametrize("shape", [(9, 8, 1), (7, 7, 3)])
def test_saliency_is_a_numerical_gradient(shape):
    """Of the score of the chosen class, the largest over the channels; in inference mode, with moving averages."""
    one = ImageClassifier(shape, ["a", "b", "c"], seed=3)
    rng = np.random.default_rng(0)
    one.model.forward(rng.uniform(-1, 1, (8, *shape)).astype(np.float32), training=True)
    one.model.discard_forward()
    one.model.cast("float64")
    images, labels, h = rng.uniform(-1, 1, (2, *shape)), np.array([2, 0]), 1e-6
    expected = np.zeros((2, *shape))
    for place in np.ndindex(2, *shape):
        moved = [images.copy() for _ in range(2)]
        moved[0][place] += h
        moved[1][place] -= h
        above, below = (one.model.forward(x)[1][place[0], labels[place[0]]] for x in moved)
        expected[place] = (above - below) / (2 * h)
    np.testing.assert_allclose(saliency(one, images, labels), abs(expected).max(axis=3), atol=1e-7)
    chosen = one.model.forward(images)[1].argmax(axis=1)
    np.testing.assert_array_equal(saliency(one, images), saliency(one, images, chosen))
    assert saliency_picture(images, saliency(one, images), ["a", "b"]).shape[0] == 1


@pytest.mark.parametrize("kind", ["none", "shift", "flip", "shift-flip"])
def test_augmented_images(kind):
    """Every image is one of those that the kind allows; all of them occur."""
    image = np.arange(15 * 16, dtype=np.uint8).reshape(1, 15, 16, 1)
    rows, columns = np.arange(15), np.arange(16)
    shifts = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)] if "shift" in kind else [(0, 0)]
    allowed = {image[0, (rows - a).clip(0, 14)][:, (columns - b).clip(0, 15)][:, ::turn].tobytes()
               for a, b in shifts for turn in ((1, -1) if "flip" in kind else (1,))}
    found = augmented(image.repeat(400, axis=0), kind, np.random.default_rng(0))
    assert {one.tobytes() for one in found} == allowed and found.dtype == np.uint8


def test_small_images_are_shifted_by_one_pixel():
    row = np.array([[[[1], [2], [3]]]], np.uint8)
    found = augmented(row.repeat(50, axis=0), "shift", np.random.default_rng(0))
    assert {tuple(one.ravel().tolist()) for one in found} == {(1, 1, 2), (1, 2, 3), (2, 3, 3)}


def test_the_evaluator_of_generators_has_the_same_network():
    """With one more class, and without batch normalization and dropout; the shipped one keeps its accuracy."""
    shipped = Classifier.load(SHIPPED)
    assert isinstance(shipped, ImageClassifier) and shipped.model.outputs[1].sample_shape == (11,)
    fresh = glyphs(300, seed=77)
    assert (shipped.probabilities(to_floats(fresh.images)).argmax(axis=1) == fresh.labels).mean() > 0.99


@pytest.mark.parametrize("wrong", [{"preset": "huge"}, {"steps": 0}, {"batch_size": 1}, {"learning_rate": -1.0},
                                   {"augment": "twist"}, {"seed": -1}, {"learning_rate": 2}, {"steps": 10**10}])
def test_invalid_options(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        ClassifierOptions(**{"steps": 3} | wrong)


def test_mistakes_get_one_clear_sentence():
    """Other classes, another size, numbers that are no classes."""
    one, images = ImageClassifier((14, 14, 1), TEST.class_names, "small"), to_floats(TEST.images[:2])
    letters = glyphs(20, letters=True, size=14)
    for action, words in [
        (lambda: ClassifierTrainer(TRAIN, letters, ClassifierOptions(3)), "of 10 classes, letters has .* of 26"),
        (lambda: evaluate_classifier(one, letters), "26 classes, from number 0 on A, B, C, D, E, expected labels of the 10"),
        (lambda: evaluate_classifier(one, Dataset(TEST.images, TEST.labels, [*"012345678g"])), "9 on g, .* there on 9"),
        (lambda: one.probabilities(images[:, 1:]), r"images has shape \(2, 13, 14, 1\), expected \(2, 14, 14, 1\)"),
        (lambda: saliency(one, images, np.array([0, 10])), "expected whole numbers from 0 to 9"),
        (lambda: confusion_matrix(np.array([0, 1]), np.array([0, 2]), 2), "predicted has .* from 0 to 1"),
        (lambda: saliency_picture(images, images[..., 0], ["a"]), "2 images of 1 channels and 1 captions")]:
        with pytest.raises(InputError, match=words):
            action()


def test_defaults_depend_on_the_number_of_images():
    """Eight epochs, 1400 batches of 64 at least; few images are shifted. What was chosen stays."""
    found = [options_for(count, chosen) for count, chosen in (
        (60_000, {}), (60_000, {"batch_size": 128}), (10, {}), (10, {"steps": 7, "augment": "flip"}))]
    assert [(one.steps, one.augment) for one in found] == [(7500, "none"), (3750, "none"), (1400, "shift"), (7, "flip")]


def test_a_classifier_of_dots_is_loaded(tmp_path):
    """What is drawn may be one pixel of 128, the seed of 63 bits."""
    labels = np.arange(40) % 2
    images = np.zeros((40, 128, 128), np.uint8)
    images[np.arange(40), 64 + labels * 9, 64] = 255
    dots = Dataset(images, labels)
    train_on_images(ClassifierTrainer(dots, dots, ClassifierOptions(2, "small", batch_size=2, seed=2**63 - 1)), tmp_path)
    info = load_classifier(tmp_path).info
    assert info["look"]["box"] == 1 / 128 and info["seed"] == 2**63 - 1


def test_what_no_file_can_hold_is_refused_before_the_first_step():
    """More classes than a classifier's file may name."""
    many = Dataset(np.zeros((10_001, 4, 4), np.uint8), np.arange(10_001))
    with pytest.raises(InputError, match="ClassifierTrainer: names is .*, expected a list of 1 to 10000 entries"):
        ClassifierTrainer(many, many, ClassifierOptions(1))
