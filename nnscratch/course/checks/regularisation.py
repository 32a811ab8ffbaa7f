"""Exercises of notebook 06: dropout and random shifts.

Shapes: x, y and mask alike; images (N, H, W).
"""
from itertools import product

import numpy as np

from nnscratch import ops
from nnscratch.course.checks.exercise import Attempt, Wrong, describe_inputs, exercise, run
from nnscratch.course.checks.fresh import renewed, whole
from nnscratch.course.checks.inputs import normal
from nnscratch.course.checks.randomness import check_randomness

__all__ = ["dropout", "shifted"]


def library_dropout(x, rate, rng):
    """The library's, with the learner's arguments."""
    y, (mask, _) = ops.dropout(x, rate, seed=int(rng.integers(2**31)))
    return y, mask


@exercise("06", "rng.random(x.shape) gives numbers from 0 to 1, all equally likely. How often is one of them below rate?",
          "The mask is 0 where a value is dropped. Which number keeps the mean of x, where it is not?",
          "mask = (rng.random(x.shape) >= rate) / (1 - rate); return x * mask, mask", library=library_dropout)
def dropout(attempt: Attempt) -> None:
    """Two arrays like x: y and the mask."""
    small = {"x": np.array([1.0, 2.0, 3.0, 4.0]), "rate": 0.25}
    check_mask(attempt, small)
    check_mask(attempt, {"x": np.array([1.0, -2.0, 0.0, 4.0, 5.0, 6.0]).reshape(2, 3), "rate": 0.4})
    for rate in (renewed({"rate": rate})["rate"] for rate in (0.0, 0.3, 0.8)):
        mask = check_mask(attempt, {"x": normal(100, 90), "rate": rate})
        check_zeros(mask, rate)
    check_randomness(attempt, {"x": normal(9, 8), "rate": 0.5}, lambda result: result[1])


def check_mask(attempt, inputs):
    """The mask of an attempt; Wrong unless y = x * mask, and the mask is 0 or 1 / (1 - rate)."""
    inputs = {**inputs, "x": renewed(inputs)["x"]}
    result = run(attempt, {**inputs, "rng": np.random.default_rng(0)})
    x, rate, where = inputs["x"], inputs["rate"], describe_inputs(inputs) if inputs["x"].size < 9 else ""
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Wrong(f"expected two results, y and mask: the backward pass needs the mask\n{where}")
    y, mask = (np.asarray(one, float) for one in result)
    if y.shape != x.shape or mask.shape != x.shape:
        raise Wrong(f"y has shape {y.shape} and the mask {mask.shape}, expected {x.shape} for both\n{where}")
    if not np.allclose(y, x * mask, atol=1e-6):
        swapped = np.allclose(mask, x * y, atol=1e-6)
        raise Wrong(f"y and the mask are in the other order: expected y, mask\n{where}" if swapped else
                    "y is not x times the mask: the mask holds the factor by which each value is multiplied, here "
                    f"0 or {1 / (1 - rate):.3g}, so that dx = dy * mask\n{where}")
    check_factor(np.unique(mask.round(5)), rate, where)
    return mask


def check_factor(factors, rate, where):
    """Wrong unless the factors are 0 and 1 / (1 - rate)."""
    kept = factors[factors != 0]
    if rate and len(kept) and not np.allclose(kept, 1 / (1 - rate), rtol=1e-4):
        why = {"what stays is not scaled: the mean of y would be smaller than that of x": 1,
               "what stays is multiplied by 1 - rate, expected divided": 1 - rate,
               "what stays is divided by the rate, expected by 1 - rate, the fraction that stays": 1 / rate,
               "what stays is multiplied by the rate": rate}
        named = [sentence for sentence, factor in why.items() if np.allclose(kept, factor, rtol=1e-4)]
        raise Wrong(f"the factors are {[float(factor) for factor in factors[:4]]}, expected 0 and {1 / (1 - rate):.3g}\n{where}"
                    f"\n{named[0] if named else ''}".rstrip())


def check_zeros(mask, rate):
    """Wrong unless a fraction `rate` of the mask is 0, each value for itself."""
    zeros = mask == 0
    if zeros.mean(axis=0).std() > 0.15 or zeros.mean(axis=1).std() > 0.15:
        raise Wrong("whole rows or columns are dropped together: draw a number for each value, rng.random(x.shape)")
    fraction = zeros.mean()
    if abs(fraction - rate) > 0.03:
        kept = ": what should stay is dropped, and the other way round" * bool(abs(fraction - 1 + rate) < 0.03)
        raise Wrong(f"for rate {rate:g}, {fraction:.0%} of the values are dropped, expected about {rate:.0%}{kept}")
    if rate and zeros.sum(axis=1).std() == 0:
        raise Wrong("each row loses exactly the same number of values: every value is dropped by a chance of its own")


def moved(images, offsets, roll=False):
    """Each image shifted by its (rows, columns), zeros where nothing was; roll: what leaves at a side enters at the other."""
    result = np.zeros_like(images)
    (h, w), most = images.shape[1:], int(np.abs(offsets).max(initial=0))
    wide = np.pad(images, ((0, 0), (most, most), (most, most)), mode="wrap" if roll else "constant")
    for n, (down, right) in enumerate(offsets):
        result[n] = wide[n, most - down:most - down + h, most - right:most - right + w]
    return result


def library_shifted(images, most, rng):
    """With the learner's arguments."""
    return moved(images, rng.integers(-most, most + 1, (len(images), 2)))


@exercise("06", "rng.integers(-most, most + 1, (N, 2)) draws a shift of rows and one of columns for each image; the upper end "
          "is not included.",
          "Pad every image by `most` zeros on each side. A shifted image is then a window of the padded one.",
          "wide = np.pad(images, ((0, 0), (most, most), (most, most))); in a loop over n, with 0 <= i, j <= 2 most drawn for "
          "each: result[n] = wide[n, i:i + H, j:j + W]", library=library_shifted)
def shifted(attempt: Attempt) -> None:
    """An array like images: each image shifted by whole pixels, at random."""
    for images, most in ((np.arange(1.0, 10).reshape(1, 3, 3), 1), (1 + np.abs(normal(400, 7, 6)), 2),
                         (1 + np.abs(normal(300, 6, 7)), 1)):
        inputs = renewed({"images": images, "most": most}, whole(most=(1, 2)))
        images, most = inputs.values()
        where = describe_inputs(inputs) if len(images) == 1 else f"for most = {most}"
        result = np.asarray(run(attempt, {**inputs, "rng": np.random.default_rng(0)}))
        if result.shape != images.shape:
            raise Wrong(f"the result has shape {result.shape}, expected that of the images, {images.shape}\n{where}")
        offsets = offsets_of(images, result, most, where)
        if len(images) > 1:
            check_offsets(offsets, most, where)
    check_randomness(attempt, {"images": 1 + np.abs(normal(20, 5, 6)), "most": 2})


def offsets_of(images, results, most, where):
    """(rows, columns) by which each image was shifted, (N, 2); Wrong if one was not."""
    found: dict[int, tuple[bool, tuple[int, ...]]] = {}  # image: whether it is rolled, and its shift; of several the first
    for roll in (False, True):
        for at in product(range(-most - 1, most + 2), repeat=2):
            fits = np.isclose(results, moved(images, len(images) * [at], roll), rtol=1e-4).all(axis=(1, 2))
            found = {n: (roll, at) for n in map(int, np.flatnonzero(fits))} | found
    for n, result in enumerate(results):
        if n not in found:
            small = f": {result.round(2).tolist()}" if result.size < 10 else ""
            raise Wrong(f"the result is not a shifted image{small}\n{where}")
        roll, at = found[n]
        if roll and any(at):
            raise Wrong(f"what leaves the image at one side enters at the other: expected zeros there\n{where}")
        if max(map(abs, at)) > most:
            raise Wrong(f"an image is shifted by {at}, expected at most {most} pixels\n{where}")
    return np.array([found[n][1] for n in range(len(images))])


def check_offsets(offsets, most, where):
    """Wrong unless every image has its own shift, of all sizes, along rows and columns."""
    if (offsets == offsets[0]).all():
        raise Wrong(f"all images are shifted alike, by {tuple(map(int, offsets[0]))}: draw a shift for each of them\n{where}")
    for axis, word in ((0, "rows"), (1, "columns")):
        seen = sorted(set(offsets[:, axis].tolist()))
        if seen == [0]:
            raise Wrong(f"nothing is shifted along the {word}\n{where}")
        if len(seen) < 2 * most + 1:
            end = ": the upper end of rng.integers is not included" * (seen == list(range(-most, most)))
            raise Wrong(f"along the {word} the shifts are {seen}, expected all from {-most} to {most}{end}\n{where}")
    if (offsets[:, 0] == offsets[:, 1]).all():
        raise Wrong(f"rows and columns are always shifted by the same number: draw two for each image\n{where}")
