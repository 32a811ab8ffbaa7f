"""All metrics of a generator, each with its value for real images, and for corrupted ones where that helps.

Shapes: images (N, H, W, C) float32 in [-1, 1]; labels (N,), the class that each was to show, or None.

Features are scaled so that those of real images have mean square 1: otherwise distances would depend on how large the
classifier's numbers happen to be. All sets compared are of one size, since the Fréchet distance falls as they grow (except
"one class", a ceiling, for which there are fewer images). Every random choice is determined by the seed, so the same images
get the same metrics.
"""
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnscratch.data.dataset import Dataset, to_floats
from nnscratch.errors import InputError
from nnscratch.generate.evaluate.classifier import Classifier
from nnscratch.generate.evaluate.corruptions import add_noise, gaussian_blur
from nnscratch.generate.evaluate.distances import frechet_distance, kernel_distance, kernel_distance_interval
from nnscratch.generate.evaluate.modes import classes_covered, modes_hit
from nnscratch.generate.evaluate.neighbours import density_coverage, memorisation, precision_recall
from nnscratch.hints import checked
from nnscratch.ops.validation import check_array, check_int, check_shape

__all__ = ["evaluate_images"]

CONFIDENCE = 0.9  # an image is recognisable if the classifier gives a class a higher probability
MAX_DISTANCES, MAX_NEIGHBOURS, MAX_PIXELS = 5000, 2000, 1000  # images used for features, for neighbours, for copies
MIN_IMAGES, SHOWN = 20, 16
BLUR, NOISE = 0.05, 0.4  # of the ceilings: 1.4 of 28 pixels; a fifth of the way from black to white


@checked
def evaluate_images(classifier: Classifier, images: np.ndarray, labels: np.ndarray | Sequence[int] | None, train: Dataset,
                    held_out: Dataset, masters: tuple[np.ndarray, list[str]] | None = None, seed: int = 0) -> dict[str, Any]:
    """Compute all metrics of generated images.

    Parameters
    ----------
    classifier : Classifier, trained on neither of the two data sets
    images : ndarray (N, H, W, C) in [-1, 1], the generated images
    labels : ndarray (N,), the class that each was to show, or None
    train : Dataset that the generator was trained on
    held_out : Dataset of the same kind that it has not seen
    masters : tuple, what `glyph_templates()` returns, to count modes; None for other data
    seed : int, selects the images that are compared

    Returns
    -------
    dict
        JSON values; `write_report` makes a page of them.

    Raises
    ------
    InputError
        Images of another size, fewer than 20 of anything, or labels that are not one whole number per image.
    """
    check_arguments(classifier, images, labels, train, held_out)
    rng = np.random.default_rng(check_int(seed, "evaluate_images: seed", 0))
    count = min(len(images), len(train), len(held_out), MAX_DISTANCES)
    fake_indices, train_indices, fresh_indices = (rng.choice(len(x), count, replace=False) for x in (images, train, held_out))
    fresh_images = to_floats(held_out.images[fresh_indices])
    features, probabilities = classifier.predict(images)
    fresh, fresh_probabilities = classifier.predict(fresh_images)
    real = classifier.features(to_floats(train.images[train_indices]))
    scale = np.float32(1 / max(np.sqrt((real * real).mean()), 1e-12))
    fake, real, fresh = features[fake_indices] * scale, real * scale, fresh * scale
    one_class = of_one_class(fresh, held_out.labels, fresh_indices)
    predicted, sure = probabilities.argmax(axis=1), recognised(probabilities)
    near = min(count, MAX_NEIGHBOURS)
    return {
        "images": len(images), "compared": count, "neighbours_of": near, "classifier": classifier.accuracy,
        "recognisable": float(sure.mean()),
        "label_accuracy": None if labels is None else float((predicted == labels).mean()),
        "classes": class_fractions(predicted, classifier.names),
        "floor": {"recognisable": float(recognised(fresh_probabilities).mean()),
                  "none": float((fresh_probabilities.argmax(axis=1) == len(classifier.names)).mean())},
        "frechet": frechet(lambda x: classifier.features(x) * scale, fake, real, fresh, fresh_images, one_class, rng),
        "kernel": {"distance": kernel_distance(fake, real), "floor": kernel_distance(fresh, real),
                   "interval": list(kernel_distance_interval(fake, real, seed))},
        "neighbours": neighbours(fake[:near], real[:near], fresh[:near]),
        "memorisation": copies(images[fake_indices[:MAX_PIXELS]], fake_indices, train, fresh_images[:MAX_PIXELS]),
        "modes": None if masters is None else modes(images[fake_indices[sure[fake_indices]]], fresh_images, *masters),
    }


def recognised(probabilities: np.ndarray) -> np.ndarray:
    """(N,) True where the classifier is sure of a class other than "none"."""
    return probabilities[:, :-1].max(axis=1) > CONFIDENCE


def class_fractions(predicted: np.ndarray, names: list[str]) -> dict[str, Any]:
    """How many classes are covered, the fraction of each, and of "none"."""
    covered, fractions = classes_covered(predicted, len(names))
    return {"covered": covered, "of": len(names), "none": float((predicted == len(names)).mean()),
            "fractions": {name: float(fraction) for name, fraction in zip(names, fractions)}}


def frechet(features: Callable[[np.ndarray], np.ndarray], fake: np.ndarray, real: np.ndarray, fresh: np.ndarray,
            fresh_images: np.ndarray, one_class: np.ndarray | None, rng: np.random.Generator) -> dict[str, Any]:
    """Distances from real images: of generated ones, of fresh real ones (floor), of corrupted ones and one class (ceilings)."""
    corrupted = {"blurred": gaussian_blur(fresh_images, BLUR * fresh_images.shape[1]),
                 "noised": add_noise(fresh_images, NOISE, rng)}
    ceilings = {name: frechet_distance(features(images), real) for name, images in corrupted.items()}
    if one_class is not None:
        ceilings["one class"] = frechet_distance(one_class, real)
    return {"distance": frechet_distance(fake, real), "floor": frechet_distance(fresh, real), "ceilings": ceilings}


def of_one_class(features: np.ndarray, labels: np.ndarray | None, indices: np.ndarray) -> np.ndarray | None:
    """The features of those images that belong to the most frequent class; None without classes."""
    if labels is None or len(np.unique(labels)) == 1:
        return None
    labels = labels[indices]
    return features[labels == np.bincount(labels).argmax()]


def neighbours(fake: np.ndarray, real: np.ndarray, fresh: np.ndarray) -> dict[str, Any]:
    """Precision, recall, density and coverage of generated images, and the same of fresh real ones."""
    def four(x: np.ndarray) -> dict[str, Any]:
        return dict(zip(("precision", "recall", "density", "coverage"), precision_recall(real, x) + density_coverage(real, x)))
    return four(fake) | {"floor": four(fresh)}


def copies(fake: np.ndarray, indices: np.ndarray, train: Dataset, fresh_images: np.ndarray) -> dict[str, Any]:
    """The memorisation ratio, and the images that lie nearest to a training image, nearest first."""
    def flat(images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), -1)
    found = memorisation(flat(to_floats(train.images)), flat(fresh_images), flat(fake))
    closest = np.argsort(found.distances, kind="stable")[:SHOWN]
    return {"ratio": found.ratio, "closest": [{"image": int(indices[k]), "train": int(found.nearest[k]),
                                               "distance": float(found.distances[k])} for k in closest]}


def modes(fake: np.ndarray, fresh_images: np.ndarray, masters: np.ndarray, faces: list[str]) -> dict[str, Any] | None:
    """How many modes the recognisable images hit, and equally many real ones; None where nothing is recognisable."""
    count = min(len(fake), len(fresh_images))
    if count == 0:
        return None
    ours, theirs = modes_hit(fake[:count], masters), modes_hit(fresh_images[:count], masters)
    return {"hit": ours.hit, "of": ours.counts.size, "divergence": ours.divergence, "images": count,
            "floor": {"hit": theirs.hit, "divergence": theirs.divergence},
            "faces": list(faces), "counts": ours.counts.tolist()}


def check_arguments(classifier: Classifier, images: np.ndarray, labels: np.ndarray | Sequence[int] | None, train: Dataset,
                    held_out: Dataset) -> None:
    """Raise InputError for anything wrong, before any work."""
    check_array("evaluate_images", "images", images, 4)
    check_shape("evaluate_images", "images", images, (len(images), *classifier.shape), "the size that the classifier knows")
    for words, length in (("images", len(images)), ("training images", len(train)), ("held-out images", len(held_out))):
        if length < MIN_IMAGES:
            raise InputError(f"evaluate_images: {length} {words} were given, expected at least {MIN_IMAGES}; give more, "
                             f"thousands for reliable numbers")
    for dataset in (train, held_out):
        if dataset.images.shape[1:] != classifier.shape or (dataset.class_names or classifier.names) != classifier.names:
            raise InputError(f"evaluate_images: {dataset.title} has images {dataset.images.shape[1:]} in {dataset.num_classes} "
                             f"classes, but the classifier knows {classifier.shape} in {len(classifier.names)}; give data of "
                             f"the classifier's kind")
    if labels is not None and (np.shape(labels) != (len(images),) or np.asarray(labels).dtype.kind not in "iu"):
        raise InputError(f"evaluate_images: labels has shape {np.shape(labels)}, expected ({len(images)},) whole numbers, the "
                         f"class of each image, or None")
    if classifier.accuracy is None:
        raise InputError(f"evaluate_images: the {classifier}, expected one whose accuracy is known; call "
                         f"classifier.measure(held_out)")
    if not np.isfinite(images).all():
        raise InputError("evaluate_images: the images hold NaN or infinity, expected numbers from -1 to 1; sample them "
                         "from an earlier checkpoint")
