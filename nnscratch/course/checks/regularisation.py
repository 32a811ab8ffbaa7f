"""Exercises of notebook 06: causes of a failed training, He's initialisation, LeakyReLU's slope, dropout, random shifts.

Random results cannot be compared elementwise, so they are judged by what they must have in common: the shape, the
standard deviation, the fraction of zeros, and that all randomness comes from `rng`.
"""
import math
from typing import NamedTuple

import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, Wrong, describe_inputs, exercise, run
from nnscratch.course.checks.neurons import normal
from nnscratch.course.checks.prediction import predicted
from nnscratch.course.digits import digits

__all__ = ["case_files", "dropout", "he_normal", "illnesses", "leaky_relu_backward", "shifted", "variances"]


# --- which illness ------------------------------------------------------------------------------------------------

class Case(NamedTuple):
    """A training that failed.

    Parameters
    ----------
    params : list of array
        W1, b1, W2, b2 and so on, as they were at the start.
    x, labels : arrays (N, 784) and (N,)
        The training data.
    validation : array (2100, 784)
    lr : float
    """
    params: list[np.ndarray]
    x: np.ndarray
    labels: np.ndarray
    validation: np.ndarray
    lr: float


def case_files() -> dict[str, Case]:
    """A training of digits that worked, "healthy", and six that failed, each for one reason.

    Returns
    -------
    cases : dict of str to Case
        By letter.
    """
    train, validation = digits("train"), digits("validation")
    x, x_val, labels = train.images.reshape(-1, 784), validation.images.reshape(-1, 784), train.labels
    shallow, deep = (784, 128, 10), (784, *6 * (128,), 10)
    he = [math.sqrt(2 / inputs) for inputs in shallow]
    return {"healthy": Case(network(shallow, he), x, labels, x_val, 0.1),
            "A": Case(network(shallow, he), 2 * x - 1, labels, 2 * x_val - 1, 0.1),
            "B": Case(network(deep, 7 * [0.01]), x, labels, x_val, 0.05),
            "C": Case(network(shallow, he), x[:100], labels[:100], x_val, 0.1),
            "D": Case(network(shallow, 2 * [1.0]), x, labels, x_val, 0.1),
            "E": Case(network(shallow, 2 * [0.0]), x, labels, x_val, 0.1),
            "F": Case(network(deep, 7 * [0.3]), x, labels, x_val, 0.05)}


def network(sizes, sigmas):
    """W1, b1, W2, b2 ...: weights of these standard deviations, biases 0."""
    rng = np.random.default_rng(0)
    shapes = zip(sizes, sizes[1:], sigmas)
    return [array for inputs, units, sigma in shapes
            for array in (sigma * rng.standard_normal((inputs, units)), np.zeros(units))]


@exercise("06", "Which fits the training data, and fails on the validation data? Which starts with a loss far above ln 10?",
          "B and E look the same. Print the standard deviation of a weight matrix: case.params[0].std().",
          "A starts like a healthy network. Look at the data: case.x.min(), case.x.std(). F and D have the same cause; "
          "depth decides how it ends.")
def illnesses(attempt: Attempt) -> None:
    """The causes of A, B, C, D, E and F, each a text from the list."""
    missed = "the loss starts at ln 10 and stays: so far either would fit; look at the weights"
    samples = "it fits its training data, but look at how many samples these are: len(case.x)"
    predicted(attempt, {"A": "inputs too large", "B": "weights too small", "C": "too few samples", "D": "weights too large",
                        "E": "weights all zero", "F": "weights too large"}, {
        missed: ("B", "weights all zero"), f"{missed} ": ("E", "weights too small"),
        samples: ("C", "too few units"),
        "its first loss is that of a healthy network, so the weights fit; look at the data": ("A", "weights too large"),
        "it does not even fit its training data, of which it has 6300": ("A", "too few samples"),
        "it is wide enough: 128 units, as the healthy one; look at the data": ("A", "too few units"),
        "the first loss of D is far above ln 10: it is sure of wrong answers before it has learned": ("D", "inputs too large"),
        "the first loss of F is far above ln 10, and there are six layers to multiply": ("F", "inputs too large")})


# --- initialisation -----------------------------------------------------------------------------------------------

@exercise("06", "Var a = D Var w E[x²]: put in the numbers.",
          "E[y²]: half of all values a become 0, the other half keep their squares, and E[a²] = Var a, since the mean is 0.",
          "So one layer multiplies E[x²] by D Var w / 2.")
def variances(attempt: Attempt) -> None:
    """Four numbers."""
    half = "that is Var a; ReLU sets half of the values to 0"
    predicted(attempt, {"Var a": 1.0, "E[y²]": 2.0, "Var w": 0.04, "after six layers": 1 / 64}, {
        "the sum has 100 terms, whose variances add up": ("Var a", 0.01),
        "Var w is given, not the standard deviation: no square": ("Var a", 0.1),
        half: ("E[y²]", 4.0),
        "that is the variance of y, whose mean is not 0; asked is E[y²]": ("E[y²]", 4 * (0.5 - 0.5 / math.pi)),
        "D Var w = 1 keeps E[a²], but ReLU halves it": ("Var w", 0.02),
        "that is the standard deviation, asked is the variance": ("Var w", 0.2),
        "ReLU doubles nothing: Var w must be larger, not smaller": ("Var w", 0.01),
        "each of the six layers halves it": ("after six layers", 0.5),
        "that is six halves added, but layers multiply": ("after six layers", 3.0)})


def library_he_normal(shape, fan_in, rng):
    """With the learner's arguments."""
    return rng.normal(0, math.sqrt(2 / fan_in), shape)


def drawn(attempt, inputs, seed):
    """The attempt with a generator of this seed, called twice in a row: two results."""
    rng = np.random.default_rng(seed)
    return [run(attempt, {**inputs, "rng": rng}) for _ in range(2)]


def check_randomness(attempt, inputs, part=lambda result: result):
    """Wrong if the randomness does not come from `rng`: part(result) is what must be random."""
    (first, second), (again, _), (other, _) = (
        [np.asarray(part(result)) for result in drawn(attempt, inputs, seed)] for seed in (0, 0, 1))
    if not np.array_equal(first, again):
        raise Wrong("two generators with the same seed give different results: draw from rng, not from np.random")
    if np.array_equal(first, second) or np.array_equal(first, other):
        raise Wrong("the result is the same at every call: draw from the given rng, without a seed of your own")


@exercise("06", "The values have mean 0; which standard deviation did your derivation give for fan_in inputs?",
          "rng.normal(0, sigma, shape) draws them; sigma is the root of the variance.",
          "rng.normal(0, np.sqrt(2 / fan_in), shape)", library=library_he_normal)
def he_normal(attempt: Attempt) -> None:
    """An array of the given shape, random."""
    for shape, fan_in in (((3, 2), 3), ((50, 40), 50), ((3, 3, 16, 40), 144)):
        inputs = {"shape": shape, "fan_in": fan_in}
        w = np.asarray(run(attempt, {**inputs, "rng": np.random.default_rng(0)}))
        where = f"for shape {shape}, fan_in {fan_in}"
        if w.shape != shape:
            raise Wrong(f"the result has shape {w.shape}, expected {shape}\n{where}")
        if not np.issubdtype(w.dtype, np.floating) or not np.isfinite(w).all():
            raise Wrong(f"the result holds other things than finite numbers\n{where}")
        if w.size >= 2000:
            check_spread(w, fan_in, shape, where)
    check_randomness(attempt, {"shape": (4, 3), "fan_in": 4})


def check_spread(w, fan_in, shape, where):
    """Wrong if mean, standard deviation or distribution are not those of He's initialisation."""
    found, want = w.std(), math.sqrt(2 / fan_in)
    if not 0.93 < found / want < 1.07:
        sigmas = {"Var w = 1 / fan_in: ReLU sets half of the values to 0; make up for it": 1 / math.sqrt(fan_in),
                  "2 / fan_in is the variance; the standard deviation is its root": 2 / fan_in,
                  "fan_in stands under no fraction bar: more inputs need smaller weights": math.sqrt(2 * fan_in),
                  "that is Glorot's rule, 2 / (inputs + units); expected is He's, for ReLU":
                      math.sqrt(2 / (fan_in + shape[-1])),
                  "the root is missing, and the 2": 1 / fan_in, "the spread does not depend on fan_in": 1.0,
                  "use fan_in, not shape[0]: they differ for convolution kernels": math.sqrt(2 / shape[0])}
        why = [sentence for sentence, sigma in sigmas.items() if 0.95 < found / sigma < 1.05]
        text = f"the standard deviation is {found:.3g}, expected about {want:.3g}\n{where}"
        raise Wrong("\n".join([text, *why[:1]]))
    if abs(w.mean()) > 0.15 * want:
        raise Wrong(f"the mean is {w.mean():.3g}, expected about 0\n{where}")
    if np.abs(w).max() < 2 * want:
        raise Wrong(f"the values have the right standard deviation, but are not normal: none is beyond two of them\n{where}")


# --- a slope below 0 ----------------------------------------------------------------------------------------------

def right_leaky_relu_backward(dy, a, slope):
    """The solution."""
    return dy * np.where(a > 0, 1, slope)


@exercise("06", "How fast does y change with a on either side of 0?",
          "The derivative is 1 where a > 0, and slope elsewhere. What does the chain rule do with it?",
          "dy * np.where(a > 0, 1, slope)", library=right_leaky_relu_backward)
def leaky_relu_backward(attempt: Attempt) -> None:
    """An array like dy."""
    cases = [{"dy": np.array([3.0, 3.0]), "a": np.array([2.0, -2.0]), "slope": 0.5},
             {"dy": np.array([1.0, -1.0, 2.0, -2.0]), "a": np.array([0.5, 0.5, -4.0, -4.0]), "slope": 0.25},
             {"dy": np.array([3.0]), "a": np.array([0.0]), "slope": 0.5},
             {"dy": normal(4, 5), "a": normal(4, 5, seed=1), "slope": 0.3}]
    wrong_side = "the slope is on the wrong side: it belongs where a is not above 0"
    compare(attempt, right_leaky_relu_backward, cases, "da", {
        "this is the backward pass of ReLU: below 0 the slope is not 0": lambda dy, a, slope: dy * (a > 0),
        "this is the backward pass of ReLU: below 0 the slope is not 0 ": lambda dy, a, slope: dy * (a >= 0),
        wrong_side: lambda dy, a, slope: dy * np.where(a > 0, slope, 1),
        f"{wrong_side} ": lambda dy, a, slope: dy * np.where(a >= 0, slope, 1),
        "right except at a = 0, where two slopes meet: the definition says a > 0, so 0 belongs to the other side":
            lambda dy, a, slope: dy * np.where(a >= 0, 1, slope),
        "right except at a = 0, where two slopes meet: neither 0 nor their mean, the definition takes slope":
            lambda dy, a, slope: dy * np.where(a == 0, (1 + slope) / 2, np.where(a > 0, 1, slope)),
        "right except at a = 0, where two slopes meet: neither 0 nor their mean, the definition takes slope ":
            lambda dy, a, slope: dy * np.where(a == 0, 0, np.where(a > 0, 1, slope)),
        "the sign of dy decides, expected the sign of a": lambda dy, a, slope: dy * np.where(dy > 0, 1, slope),
        "this is the derivative alone: the chain rule multiplies it by dy": lambda dy, a, slope: np.where(a > 0, 1, slope),
        "dy is multiplied by y, expected by the derivative of y": lambda dy, a, slope: dy * np.where(a > 0, a, slope * a),
        "below 0 it is the slope without dy": lambda dy, a, slope: np.where(a > 0, dy, slope)})


# --- dropout ------------------------------------------------------------------------------------------------------

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
    for rate in (0.0, 0.3, 0.8):
        mask = check_mask(attempt, {"x": normal(100, 90), "rate": rate})
        check_zeros(mask, rate)
    check_randomness(attempt, {"x": normal(9, 8), "rate": 0.5}, lambda result: result[1])


def check_mask(attempt, inputs):
    """The mask of an attempt; Wrong unless y = x * mask, and the mask is 0 or 1 / (1 - rate)."""
    result = run(attempt, {**inputs, "rng": np.random.default_rng(0)})
    x, rate, where = inputs["x"], inputs["rate"], describe_inputs(inputs) if inputs["x"].size < 9 else ""
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise Wrong(f"expected two results, y and mask: the backward pass needs the mask\n{where}")
    y, mask = map(np.asarray, result)
    if y.shape != x.shape or mask.shape != x.shape:
        raise Wrong(f"y has shape {y.shape} and the mask {mask.shape}, expected {x.shape} for both\n{where}")
    if mask.dtype == bool or not np.allclose(y, x * mask, atol=1e-6):
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


# --- random shifts ------------------------------------------------------------------------------------------------

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
        inputs = {"images": images, "most": most}
        where = describe_inputs(inputs) if len(images) == 1 else f"for most = {most}"
        result = np.asarray(run(attempt, {**inputs, "rng": np.random.default_rng(0)}))
        if result.shape != images.shape:
            raise Wrong(f"the result has shape {result.shape}, expected that of the images, {images.shape}\n{where}")
        offsets = [offset_of(image, one, most, where) for image, one in zip(images, result)]
        if len(images) > 1:
            check_offsets(np.array(offsets), most, where)
    check_randomness(attempt, {"images": 1 + np.abs(normal(20, 5, 6)), "most": 2})


def offset_of(image, result, most, where):
    """(rows, columns) by which an image was shifted; Wrong if it was not."""
    for roll in (False, True):
        for offset in np.ndindex(2 * most + 3, 2 * most + 3):
            at = tuple(k - most - 1 for k in offset)
            if np.allclose(result, moved(image[None], [at], roll)[0], rtol=1e-4):
                if roll and any(at):
                    raise Wrong(f"what leaves the image at one side enters at the other: expected zeros there\n{where}")
                if max(map(abs, at)) > most:
                    raise Wrong(f"an image is shifted by {at}, expected at most {most} pixels\n{where}")
                return at
    raise Wrong(f"the result is not a shifted image{f': {result.round(2).tolist()}' if result.size < 10 else ''}\n{where}")


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
