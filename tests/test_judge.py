"""The classifier, its metrics and its report, on a data set of three shapes that trains in seconds."""
import json
import re

import numpy as np
import pytest

from nnscratch import checkpoint
from nnscratch.data.dataset import Dataset, to_floats
from nnscratch.errors import InputError
from nnscratch.generate.evaluate import (
    Classifier,
    corruptions,
    evaluate_images,
    frechet_distance,
    train_classifier,
    write_report,
)
from nnscratch.html_page import percent

pytestmark = pytest.mark.xdist_group("judge")  # module fixtures are computed in one process

NAMES = ["<bar>", "pole & line", "frame"]


def marks(count, seed):
    """Dataset of a horizontal bar, a vertical bar and a frame on 14 x 12 pixels, with random positions and brightness."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    images = rng.integers(0, 30, (count, 14, 12, 1)).astype(np.uint8)
    for image, label in zip(images, labels):
        top, left, ink = *rng.integers(1, 5, 2), rng.integers(180, 256)
        if label == 0:
            image[top + 2:top + 4, left:left + 7] = ink
        elif label == 1:
            image[top:top + 8, left + 2:left + 4] = ink
        else:
            image[top:top + 8, left:left + 7] = ink
            image[top + 2:top + 6, left + 2:left + 5] = 10
    return Dataset(images, labels, NAMES, "marks")


@pytest.fixture(scope="module")
def classifier():
    return train_classifier(marks(500, 0), marks(200, 1), steps=90, seed=0)


@pytest.fixture(scope="module")
def metrics(classifier):
    """The metrics of new shapes, as if from a perfect generator."""
    generated = marks(180, 2)
    return evaluate_images(classifier, to_floats(generated.images), generated.labels, marks(300, 3), marks(200, 4), seed=5)


@pytest.mark.slow
def test_the_classifier_learns_the_classes_and_none(classifier):
    """Almost all shapes are classified right, corrupted ones mostly as none; noise, blank and blurred images always as none."""
    fresh = marks(300, 6)
    seen = classifier.probabilities(to_floats(fresh.images))
    assert seen.shape == (300, 4) and (seen.argmax(axis=1) == fresh.labels).mean() > 0.97
    np.testing.assert_allclose(seen.sum(axis=1), 1, rtol=1e-5)
    assert classifier.accuracy["images"] > 0.97 and classifier.accuracy["none"] > 0.85
    assert set(classifier.accuracy["classes"]) == set(NAMES) and f"{classifier.accuracy['none']:.1%}" in str(classifier)
    rng = np.random.default_rng(0)
    for way in (corruptions.noise, corruptions.empty, corruptions.heavy_blur):
        assert (classifier.probabilities(way(to_floats(fresh.images), rng)).argmax(axis=1) == 3).mean() > 0.95, way


def test_training_is_deterministic():
    """The same seed gives the same classifier, whatever networks were created before; another seed gives another one."""
    data, images = marks(60, 0), to_floats(marks(9, 1).images)
    first, again, other = (train_classifier(data, data, steps=3, seed=seed).features(images) for seed in (0, 0, 1))
    assert (first == again).all() and (first != other).any()


def test_colour_large_and_unlabelled_images():
    """Any size and number of channels; without labels there is one class, and large images are first averaged down."""
    rng = np.random.default_rng(0)
    data = Dataset(rng.integers(0, 256, (24, 70, 50, 3)).astype(np.uint8))
    classifier = train_classifier(data, data, steps=1)
    assert classifier.names == ["image"] and classifier.probabilities(to_floats(data.images)).shape == (24, 2)
    assert max(array.size for array in classifier.model.params.values()) < 200_000


@pytest.mark.slow
def test_a_saved_classifier_is_the_same(classifier, tmp_path):
    """Probabilities and features bit for bit, also names and accuracy."""
    classifier.save(tmp_path / "classifier.safetensors")
    loaded, images = Classifier.load(tmp_path / "classifier.safetensors"), to_floats(marks(30, 7).images)
    for before, after in zip(classifier.predict(images), loaded.predict(images)):
        assert (before == after).all()
    assert (loaded.names, loaded.accuracy, loaded.shape) == (classifier.names, classifier.accuracy, classifier.shape)


def test_other_files_are_refused(classifier, tmp_path):
    """A checkpoint of something else, or of a classifier without its size, is refused in one sentence."""
    checkpoint.save(tmp_path / "other", classifier.model, info={"what": "generator"})
    with pytest.raises(InputError, match="holds 'generator', expected a classifier"):
        Classifier.load(tmp_path / "other")
    checkpoint.save(tmp_path / "odd", classifier.model, info={"what": "judge", "shape": [9], "names": ["a"], "accuracy": None})
    with pytest.raises(InputError, match="does not say what its classifier is"):
        Classifier.load(tmp_path / "odd")


def test_metrics_of_a_perfect_generator(metrics):
    """New shapes are recognized, have the requested class, cover all classes, are near real ones, and are not copies."""
    assert metrics["recognisable"] > 0.9 and metrics["label_accuracy"] > 0.95 and metrics["classes"]["covered"] == 3
    f, n = metrics["frechet"], metrics["neighbours"]
    assert f["distance"] < 3 * f["floor"] and all(f["distance"] < ceiling / 3 for ceiling in f["ceilings"].values())
    assert set(f["ceilings"]) == {"blurred", "noised", "one class"}
    assert n["precision"] > 0.8 and n["recall"] > 0.8 and n["coverage"] > 0.8 and abs(n["density"] - 1) < 0.2
    assert metrics["memorisation"]["ratio"] == pytest.approx(1, abs=0.2) and metrics["compared"] == 180
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics


def test_metrics_of_copies_and_of_mode_collapse(classifier):
    """Copies have ratio 0, and their originals are found; a single shape: one class, low recall, a large Fréchet distance."""
    train, held_out = marks(300, 3), marks(200, 4)
    copies = evaluate_images(classifier, to_floats(train.images[:100]), None, train, held_out)
    assert copies["memorisation"]["ratio"] == 0 and copies["label_accuracy"] is None
    assert all(pair["image"] == pair["train"] and pair["distance"] == 0 for pair in copies["memorisation"]["closest"])
    one = np.repeat(to_floats(train.images[:1]), 100, axis=0)
    collapsed = evaluate_images(classifier, one, None, train, held_out)
    assert collapsed["classes"]["covered"] == 1 and collapsed["neighbours"]["recall"] < 0.1
    assert collapsed["frechet"]["distance"] > 10 * collapsed["frechet"]["floor"]
    assert collapsed["kernel"]["interval"][0] > 0


def test_distances_rise_with_corruption(classifier):
    """The Fréchet distance rises with blur and with noise."""
    images, real = to_floats(marks(200, 8).images), classifier.features(to_floats(marks(200, 9).images))
    for spoiling in (corruptions.gaussian_blur, lambda x, s: corruptions.add_noise(x, s, np.random.default_rng(0))):
        values = [frechet_distance(classifier.features(spoiling(images, sigma)), real) for sigma in (0.1, 0.6, 1.0, 1.6)]
        assert values == sorted(values)


def test_the_report_is_self_contained_and_escaped(metrics, tmp_path):
    """One page without external files, class names escaped, and the same metrics as JSON."""
    path = write_report(tmp_path / "new", metrics, to_floats(marks(180, 2).images), marks(300, 3), title="Marks <script>")
    page = path.read_text(encoding="utf-8")
    assert json.loads((tmp_path / "new" / "report.json").read_text()) == metrics
    assert not re.search(r"https?:|<script|<link|@import|url\(|<bar>", page) and page.count("data:image/png;base64,") == 2
    assert "Marks &lt;script&gt;" in page and "&lt;bar&gt;" in page and "pole &amp; line" in page
    assert f"<b>{percent(metrics['recognisable'])}</b>" in page and (percent(1), percent(0.123)) == ("100 %", "12.3 %")


def test_modes_in_metrics_and_report(classifier, tmp_path):
    """With masters, recognizable images are counted by face, and the page shows the name of each face, escaped."""
    train, generated = marks(300, 3), marks(60, 2)
    masters = np.zeros((2, 3, 64, 64), np.uint8)
    masters[:, 0, 28:36, 10:54] = masters[:, 1, 10:54, 26:38] = masters[:, 2, 14:50, 12:52] = 255
    masters[:, 2, 23:41, 23:41] = masters[1, :, ::2] = 0
    faces = (masters, ["plain", "<striped>"])
    metrics = evaluate_images(classifier, to_floats(generated.images), generated.labels, train, marks(200, 4), faces)
    counts = np.array(metrics["modes"]["counts"])
    assert counts.sum() == metrics["modes"]["images"] and (counts.sum(axis=0) > 0).all() and metrics["modes"]["of"] == 6
    assert "&lt;striped&gt;" in write_report(tmp_path, metrics, to_floats(generated.images), train).read_text(encoding="utf-8")


def test_mistakes_get_one_clear_sentence(classifier, metrics, tmp_path):
    """Too few images, another size, not finite, not the images of the metrics: refused before any work."""
    train, held_out = marks(60, 0), marks(60, 1)
    images = to_floats(held_out.images)
    other = Dataset(train.images[:, 1:], train.labels, NAMES, "smaller marks")
    for action, words in [
        (lambda: evaluate_images(classifier, images[:5], None, train, held_out), "5 images were given, expected at least 20"),
        (lambda: evaluate_images(classifier, images[:, 1:], None, train, held_out), "the size that the classifier knows"),
        (lambda: evaluate_images(classifier, images, [1, 2], train, held_out), r"labels has shape \(2,\), expected \(60,\)"),
        (lambda: evaluate_images(classifier, images * np.nan, None, train, held_out), "hold NaN or infinity"),
        (lambda: evaluate_images(classifier, images, None, other, held_out), "smaller marks has images"),
        (lambda: evaluate_images(Classifier((14, 12, 1), NAMES), images, None, train, held_out), "not measured yet"),
        (lambda: train_classifier(train, other), "smaller marks has images"),
        (lambda: classifier.features(images[:, 1:]), r"images has shape \(60, 13, 12, 1\), expected \(60, 14, 12, 1\)"),
        (lambda: write_report(tmp_path, metrics, images, train), "60 images and 60 training images were given"),
    ]:
        with pytest.raises(InputError, match=words):
            action()
