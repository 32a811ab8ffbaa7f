"""The verdict on a generator: every number that judge/ can give, with what each would be for real and for spoilt images.

Shapes: images (N, H, W, C) float32 in [-1, 1]; asked (N,), the class each was to show, or None.

Features are scaled so that those of real images have mean square 1: otherwise distances would depend on how large the
judge's numbers happen to be. All crowds compared are of one size, since the Fréchet distance falls as they grow (but for "one
class", a ceiling, for which there are fewer images). Every random choice comes from the seed, so the same images get the
same verdict.
"""
import numpy as np

from nnscratch.data.dataset import to_floats
from nnscratch.errors import InputError
from nnscratch.generate.evaluate.corruptions import blurred, noised
from nnscratch.generate.evaluate.distances import frechet_distance, kernel_distance, kernel_distance_interval
from nnscratch.generate.evaluate.modes import classes_covered, modes_hit
from nnscratch.generate.evaluate.neighbours import density_coverage, memorisation, precision_recall
from nnscratch.ops.validation import check_array, check_int, check_shape

SURE = 0.9  # an image is recognisable if the judge gives a class more than this
FOR_DISTANCES, FOR_NEIGHBOURS, FOR_PIXELS = 5000, 2000, 1000  # images at most
LEAST, SHOWN = 20, 16
BLUR, GRAIN = 0.05, 0.4  # ceilings: 1.4 of 28 pixels; a fifth of the way from black to white


def judge_images(judge, images, asked, train, held_out, masters=None, seed=0):
    """Everything about these images, as a dict of JSON values; write_report makes a page of it.

    Parameters
    ----------
    judge : a Judge, trained on neither of the two data sets. images, asked : what was made, and the class each should show.
    train : Dataset that the generator learnt from. held_out : Dataset of the same kind that it never saw.
    masters : what `glyph_templates()` returns, (masters, names of the faces), to count modes; None for other data.

    Raises
    ------
    InputError : images of another size, fewer than 20 of anything, labels that are not one whole number an image.
    """
    check(judge, images, asked, train, held_out)
    rng = np.random.default_rng(check_int(seed, "judge_images: seed", 0))
    count = min(len(images), len(train), len(held_out), FOR_DISTANCES)
    mine, known, fresh = (rng.choice(len(x), count, replace=False) for x in (images, train, held_out))
    fresh_images = to_floats(held_out.images[fresh])
    features, probabilities = judge.look(images)
    fresh_real, fresh_probabilities = judge.look(fresh_images)
    real = judge.features(to_floats(train.images[known]))
    scale = np.float32(1 / max(np.sqrt((real * real).mean()), 1e-12))
    made, real, fresh_real = features[mine] * scale, real * scale, fresh_real * scale
    one = of_one_class(fresh_real, held_out.labels, fresh)
    seen, sure = probabilities.argmax(axis=1), recognised(probabilities)
    near = min(count, FOR_NEIGHBOURS)
    return {
        "images": len(images), "compared": count, "neighbours_of": near, "judge": judge.accuracy,
        "recognisable": float(sure.mean()),
        "asked_equals_seen": None if asked is None else float((seen == asked).mean()),
        "classes": shares_of_classes(seen, judge.names),
        "floor": {"recognisable": float(recognised(fresh_probabilities).mean()),
                  "none": float((fresh_probabilities.argmax(axis=1) == len(judge.names)).mean())},
        "frechet": frechet(lambda x: judge.features(x) * scale, made, real, fresh_real, fresh_images, one, rng),
        "kernel": {"distance": kernel_distance(made, real), "floor": kernel_distance(fresh_real, real),
                   "interval": list(kernel_distance_interval(made, real, seed))},
        "neighbours": neighbours(made[:near], real[:near], fresh_real[:near]),
        "memorisation": copies(images[mine[:FOR_PIXELS]], mine, train, fresh_images[:FOR_PIXELS]),
        "modes": None if masters is None else modes(images[mine[sure[mine]]], fresh_images, *masters),
    }


def recognised(probabilities):
    """(N,) True where the judge is sure of a class, and that is not "none"."""
    return probabilities[:, :-1].max(axis=1) > SURE


def shares_of_classes(seen, names):
    """How many classes occur often enough, the share of each, and of "none"."""
    covered, shares = classes_covered(seen, len(names))
    return {"covered": covered, "of": len(names), "none": float((seen == len(names)).mean()),
            "shares": {name: float(share) for name, share in zip(names, shares)}}


def frechet(features, made, real, fresh_real, fresh_images, one, rng):
    """The distance from real images: of these, of fresh real ones (floor), of spoilt ones and of one class (ceilings)."""
    spoilt = {"blurred": blurred(fresh_images, BLUR * fresh_images.shape[1]),
              "noised": noised(fresh_images, GRAIN, rng)}
    ceilings = {name: frechet_distance(features(images), real) for name, images in spoilt.items()}
    if one is not None:
        ceilings["one class"] = frechet_distance(one, real)
    return {"distance": frechet_distance(made, real), "floor": frechet_distance(fresh_real, real), "ceilings": ceilings}


def of_one_class(features, labels, chosen):
    """The features of those chosen images that belong to the most frequent class; None without classes."""
    if labels is None or len(np.unique(labels)) == 1:
        return None
    labels = labels[chosen]
    return features[labels == np.bincount(labels).argmax()]


def neighbours(made, real, fresh_real):
    """Precision, recall, density, coverage of the images, and the same of fresh real ones."""
    def four(fake):
        return dict(zip(("precision", "recall", "density", "coverage"), precision_recall(real, fake)
                        + density_coverage(real, fake)))
    return four(made) | {"floor": four(fresh_real)}


def copies(made, numbers, train, fresh_images):
    """The memorisation ratio, and the images that lie nearest to a training image, nearest first."""
    def flat(images):
        return images.reshape(len(images), -1)
    found = memorisation(flat(to_floats(train.images)), flat(fresh_images), flat(made))
    closest = np.argsort(found.distances, kind="stable")[:SHOWN]
    return {"ratio": found.ratio, "closest": [{"image": int(numbers[k]), "train": int(found.nearest[k]),
                                               "distance": float(found.distances[k])} for k in closest]}


def modes(made, fresh_images, masters, faces):
    """How many modes the recognisable images hit, and equally many real ones; None where nothing can be recognised."""
    count = min(len(made), len(fresh_images))
    if count == 0:
        return None
    ours, theirs = modes_hit(made[:count], masters), modes_hit(fresh_images[:count], masters)
    return {"hit": ours.hit, "of": ours.counts.size, "divergence": ours.divergence, "images": count,
            "floor": {"hit": theirs.hit, "divergence": theirs.divergence},
            "faces": list(faces), "counts": ours.counts.tolist()}


def check(judge, images, asked, train, held_out):
    check_array("judge_images", "images", images, 4)
    check_shape("judge_images", "images", images, (len(images), *judge.shape), "the size that the judge knows")
    for words, length in (("images", len(images)), ("training images", len(train)), ("held-out images", len(held_out))):
        if length < LEAST:
            raise InputError(f"judge_images: {length} {words} were given, expected at least {LEAST}; give more, thousands "
                             f"for numbers to rely on")
    for dataset in (train, held_out):
        if dataset.images.shape[1:] != judge.shape or (dataset.class_names or judge.names) != judge.names:
            raise InputError(f"judge_images: {dataset.title} has images {dataset.images.shape[1:]} in {dataset.num_classes} "
                             f"classes, but the judge knows {judge.shape} in {len(judge.names)}; give data of the judge's kind")
    if asked is not None and (np.shape(asked) != (len(images),) or np.asarray(asked).dtype.kind not in "iu"):
        raise InputError(f"judge_images: asked has shape {np.shape(asked)}, expected ({len(images)},) whole numbers, the "
                         f"class of each image, or None")
    if judge.accuracy is None:
        raise InputError(f"judge_images: the {judge}, expected one whose accuracy is known; call judge.measure(held_out)")
    if not np.isfinite(images).all():
        raise InputError("judge_images: the images hold NaN or infinity, expected numbers from -1 to 1; draw them "
                         "from an earlier checkpoint")
