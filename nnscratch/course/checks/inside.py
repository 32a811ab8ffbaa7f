"""Exercises of notebook 10: the confusion matrix, saliency by a backward pass, and occlusion.

Shapes: labels and predicted (N,), C (classes, classes); image (H, W), H and W multiples of 4; params as in cnn.py, one channel;
saliency (H, W), occlusion (H - patch + 1, W - patch + 1).
"""
from typing import Any

import numpy as np

from nnscratch.course import own
from nnscratch.course.checks.classification import softmax
from nnscratch.course.checks.cnn import arrays, parameters, right_forward
from nnscratch.course.checks.cnn_gradients import right_backward
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.fresh import whole
from nnscratch.course.checks.inputs import integers, normal
from nnscratch.course.checks.named_arrays import Unpacked, unchanged
from nnscratch.course.checks.prediction import predicted

__all__ = ["confusion_matrix", "confusion_numbers", "occlusion", "saliency"]


def right_confusion_matrix(labels, predicted, classes):
    """The solution."""
    C = np.zeros((classes, classes), int)
    np.add.at(C, (labels, predicted), 1)
    return C


def counted_once(labels, predicted, classes):
    """C[labels, predicted] += 1, which counts equal pairs once."""
    C = np.zeros((classes, classes), int)
    C[labels, predicted] += 1
    return C


@exercise("10",
          "Begin with zeros of shape (classes, classes). Each image adds 1 to one element: in which row, in which column?",
          "C[labels, predicted] += 1 adds 1 only once where the same pair occurs several times. A loop adds each time.",
          "np.add.at(C, (labels, predicted), 1), or in a loop over zip(labels, predicted): C[j, k] += 1.",
          library=right_confusion_matrix)
def confusion_matrix(attempt: Attempt) -> None:
    """C, an array (classes, classes) of numbers of images."""
    cases = [{"labels": np.array([0, 0, 1]), "predicted": np.array([0, 1, 1]), "classes": 2},
             {"labels": np.array([0, 0, 0]), "predicted": np.array([1, 1, 0]), "classes": 2},
             {"labels": np.array([0, 1, 0]), "predicted": np.array([1, 0, 1]), "classes": 3},
             {"labels": np.random.default_rng(0).integers(0, 5, 40), "predicted": np.random.default_rng(1).integers(0, 5, 40),
              "classes": 6}]

    def rates(labels, predicted, classes):
        C = right_confusion_matrix(labels, predicted, classes)
        return C / C.sum(axis=1, keepdims=True).clip(1)

    compare(attempt, right_confusion_matrix, cases, "C", {
        "rows and columns are exchanged: a row is the true class, a column the predicted one":
            lambda labels, predicted, classes: right_confusion_matrix(predicted, labels, classes),
        "a pair that occurs several times is counted once: C[labels, predicted] += 1 writes each element only once":
            counted_once,
        "these are fractions of each row, expected numbers of images": rates,
        "these are fractions of all images, expected numbers of images":
            lambda labels, predicted, classes: right_confusion_matrix(labels, predicted, classes) / len(labels),
        "the diagonal is missing: what is read rightly is counted, too":
            lambda labels, predicted, classes: right_confusion_matrix(labels, predicted, classes) * (1 - np.eye(classes)),
        "only what is read rightly is counted: the mistakes are missing":
            lambda labels, predicted, classes: right_confusion_matrix(labels, predicted, classes) * np.eye(classes)},
        draw=whole(classes=(5, 9)))


@exercise("10",
          "The diagonal counts what was read rightly. A row has all images of one true class, a column all images read as one.",
          "Of all images read as 1, in the column, how many are ones? Of all ones, in the row, how many are read as 1?",
          "Accuracy is np.trace(C) / C.sum(). The next two divide C[1, 1] by the sum of a row or of a column.")
def confusion_numbers(attempt: Any) -> None:
    """Four values: three fractions and a pair of classes."""
    whole = "this is a number of images, expected a fraction"
    predicted(attempt, {
        "accuracy": 136 / 150, "fraction of the ones that are read as 1": 40 / 50,
        "fraction of what is read as 1 that is a one": 40 / 43, "commonest mistake (true, read)": (1, 0)}, {
        whole: ("accuracy", 136),
        "this is the fraction of mistakes": ("accuracy", 14 / 150),
        f"{whole} ": ("fraction of the ones that are read as 1", 40),
        "divide by the sum of the row, all ones": ("fraction of the ones that are read as 1", 40 / 43),
        "divide by the sum of the column, all that is read as 1": ("fraction of what is read as 1 that is a one", 40 / 50),
        f"{whole}  ": ("fraction of what is read as 1 that is a one", 40),
        "first the true class, the row": ("commonest mistake (true, read)", (0, 1))})


def saliency_with(upstream=lambda p, k: np.eye(len(p))[k], last=np.abs):
    """A saliency map from the gradient with respect to the logits, and from what is done with the result."""
    def saliency(image, k, K1, b1, K2, b2, W3, b3):
        x, values = image[None, :, :, None], (K1, b1, K2, b2, W3, b3)
        p = softmax(right_forward(x, *values)[-1])[0]
        dx = right_backward(upstream(p, k)[None], x, *values)[-1][0, :, :, 0]
        return last(dx) if last is not None else np.abs(dx * image)
    return saliency


right_saliency = saliency_with()


def library_saliency(image, k, params):
    """The library's, with the learner's arguments, from the parts of the course."""
    logits, cache = own.cnn_forward(image[None, :, :, None], params)
    dlogits = np.zeros_like(logits)
    dlogits[0, k] = 1
    return np.abs(own.cnn_backward(dlogits, cache, params)["x"][0, :, :, 0])


def cases_of(**more: Any) -> list[dict[str, Any]]:
    """Images with a class, other inputs and parameters, from the smallest: 4 x 4 pixels, and 8 x 12."""
    image = np.random.default_rng(0).integers(0, 9, (8, 12)) / 8
    return [{"image": image[:4, :4], "k": 1, **{name: first for name, (first, _) in more.items()},
             **arrays(integers, 1, 1, 1, 1, 2)},
            {"image": image, "k": 2, **{name: second for name, (_, second) in more.items()},
             **arrays(normal, 1, 2, 3, 2 * 3 * 3, 4)}]


@exercise("10",
          "Your cnn_backward takes any upstream gradient. Which one gives the gradient of the logit of class k alone?",
          "A network takes a batch with channels: image[None, :, :, None]. Its result belongs to image 0, channel 0.",
          'dlogits[0, k] = 1, all others 0; then np.abs(own.cnn_backward(dlogits, cache, params)["x"][0, :, :, 0]).',
          library=library_saliency)
def saliency(attempt: Attempt) -> None:
    """An array (H, W)."""
    def call(function, image, k, *values):
        return unchanged(function, image, k, parameters(*values))

    compare(Unpacked(attempt, call), right_saliency, cases_of(), "saliency", {
        "the sign is left: expected is the absolute value": saliency_with(last=lambda dx: dx),
        "these are squares, expected absolute values": saliency_with(last=np.square),
        "this is the gradient of the probability, expected that of the logit, before the softmax":
            saliency_with(lambda p, k: p[k] * (np.eye(len(p))[k] - p)),
        "this is the gradient of the loss, expected that of the logit of class k":
            saliency_with(lambda p, k: p - np.eye(len(p))[k]),
        "this is the gradient of the sum of all logits, expected that of class k": saliency_with(lambda p, k: 1 + 0 * p),
        "this is the gradient of the logit of class 0, whatever k is": saliency_with(lambda p, k: np.eye(len(p))[0]),
        "the gradient is multiplied by the image: another method, expected the gradient alone": saliency_with(last=None),
        "it is divided by its maximum: expected the values as they are": saliency_with(last=lambda d: abs(d) / abs(d).max())},
        draw=whole(k=(0, 1)))


def occlusion_with(score=lambda p, a, k: p[:, k], change=lambda before, after: before - after, keep=False, inside=False,
                   ink=0.0):
    """An occlusion map from its decisions; keep: patches stay; inside: all but the patch is covered."""
    def occlusion(image, k, patch, K1, b1, K2, b2, W3, b3):
        rows, columns = image.shape[0] - patch + 1, image.shape[1] - patch + 1
        batch, covered = [], image.copy()
        for h, w in np.ndindex(rows, columns):
            if not keep:
                covered = np.full_like(image, ink) if inside else image.copy()
            here = slice(h, h + patch), slice(w, w + patch)
            covered[here] = image[here] if inside else ink
            batch.append(covered.copy())
        logits = right_forward(np.array([image, *batch])[..., None], K1, b1, K2, b2, W3, b3)[-1]
        scores = score(softmax(logits), logits, k)
        return change(scores[0], scores[1:]).reshape(rows, columns)
    return occlusion


right_occlusion = occlusion_with()


def library_occlusion(image, k, patch, params):
    """The library's, with the learner's arguments, from the parts of the course."""
    rows, columns = image.shape[0] - patch + 1, image.shape[1] - patch + 1
    batch = np.repeat(image[None], 1 + rows * columns, axis=0)
    for n, (h, w) in enumerate(np.ndindex(rows, columns), 1):
        batch[n, h:h + patch, w:w + patch] = 0
    logits, _ = own.cnn_forward(batch[..., None], params)
    p = softmax(logits)[:, k]
    return (p[0] - p[1:]).reshape(rows, columns)


@exercise("10",
          "For each position (h, w) of the patch: a fresh copy of the image, zeros in the patch, p of class k.",
          "All covered images can go through the network as one batch. np.ndindex(rows, columns) goes through the positions.",
          "covered = image.copy(); covered[h:h + patch, w:w + patch] = 0; the drop is p_k before minus p_k after.",
          library=library_occlusion)
def occlusion(attempt: Attempt) -> None:
    """An array (H - patch + 1, W - patch + 1)."""
    def call(function, image, k, patch, *values):
        return unchanged(function, image, k, patch, parameters(*values))

    cases = cases_of(patch=(3, 5))
    for case in cases:
        case.update(W3=case["W3"] / 20, K2=case["K2"] / 5)  # probabilities away from 0 and 1
    compare(Unpacked(attempt, call), right_occlusion, cases, "drop", {
        "this is the probability with the patch: by how much does it drop?": occlusion_with(change=lambda before, after: after),
        "the sign is wrong: a drop is positive, p of the whole image minus p of the covered one":
            occlusion_with(change=lambda before, after: after - before),
        "the sign is lost: where covering helps, the drop is negative":
            occlusion_with(change=lambda before, after: abs(before - after)),
        "this is the drop of the logit, expected that of the probability": occlusion_with(lambda p, a, k: a[:, k]),
        "this is the drop of the largest probability, whatever k is": occlusion_with(lambda p, a, k: p.max(axis=1)),
        "this is the drop of class 0, whatever k is": occlusion_with(lambda p, a, k: p[:, 0]),
        "earlier patches stay covered: each position begins with a fresh copy of the image": occlusion_with(keep=True),
        "all but the patch is covered, expected the patch alone": occlusion_with(inside=True),
        "the patch is covered with ink, expected with 0, the background": occlusion_with(ink=1.0)},
        draw=whole(k=(0, 1), patch=(1, 4)))
