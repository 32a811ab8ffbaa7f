"""Training of the classifier that evaluates a generator: cross-entropy on images and on corrupted ones.

Shapes: images (N, H, W, C) in [-1, 1], logits (N, K + 1), of K classes and of "none".
"""
from collections.abc import Callable
from typing import Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.classify.step import classifier_step
from nnscratch.data.dataset import Dataset, fingerprint, to_floats
from nnscratch.errors import InputError
from nnscratch.generate.evaluate.classifier import Classifier, labels_of
from nnscratch.generate.evaluate.corruptions import corrupt, soften
from nnscratch.hints import checked
from nnscratch.ops.validation import check_int
from nnscratch.optimizers import Adam, cosine_decay

__all__ = ["train_classifier"]

BATCH_SIZE, CORRUPTED = 64, 20  # each training step sees 64 images, and 20 corrupted ones


@checked
def train_classifier(dataset: Dataset, held_out: Dataset, *, steps: int = 1000, seed: int = 0,
                     progress: Callable[[int, Array], object] | None = None) -> Classifier:
    """Train a classifier on one data set, and measure it on another.

    Parameters
    ----------
    dataset : Dataset; without labels, all images are of one class, "image"
    held_out : Dataset of the same classes; the generator must be trained on neither of the two
    steps : int
    seed : int, draws the first weights and batches
    progress : callable, (step, loss), called after every step

    Returns
    -------
    Classifier
        Trained and measured.

    Raises
    ------
    InputError
        The data sets differ in size or classes.
    """
    steps, seed = check_int(steps, "train_classifier: steps", 1), check_int(seed, "train_classifier: seed", 0)
    shape, names = dataset.images.shape[1:], dataset.class_names or ["image"]
    if held_out.images.shape[1:] != shape or (held_out.class_names or ["image"]) != names:
        raise InputError(f"train_classifier: {held_out.title} has images {held_out.images.shape[1:]} and "
                         f"{held_out.num_classes} classes, expected {shape} and {dataset.num_classes}, as {dataset.title} has; "
                         f"split one data set in two")
    classifier, labels = Classifier(shape, names, seed, origin=training_origin(dataset, steps, seed)), labels_of(dataset)
    model, rng = classifier.model, np.random.default_rng([seed, 1])
    optimizer = Adam(cosine_decay(2e-3, steps))
    for step in range(steps):
        indices = rng.integers(len(dataset), size=BATCH_SIZE + CORRUPTED)
        images = to_floats(dataset.images[indices])
        images[:BATCH_SIZE] = soften(images[:BATCH_SIZE], rng)  # sharpness must not tell real images from corrupted ones
        images[BATCH_SIZE:] = corrupt(images[BATCH_SIZE:], rng)
        classes = np.append(labels[indices[:BATCH_SIZE]], np.full(CORRUPTED, len(names)))
        loss, _ = classifier_step(model, optimizer, images, classes)
        if progress is not None:
            progress(step + 1, loss)
    classifier.measure(held_out, seed)
    return classifier


def training_origin(dataset: Dataset, steps: int, seed: int) -> dict[str, Any]:
    """What determines a trained classifier, as a dict of JSON values."""
    return {"data": fingerprint(dataset), "steps": steps, "seed": seed}
