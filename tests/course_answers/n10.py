"""Notebook 10: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S
from nnscratch import ops


def loop(labels, predicted, classes):
    C = np.zeros((classes, classes))
    for j, k in zip(labels, predicted):
        C[j, k] += 1
    return C


def once(labels, predicted, classes):
    C = np.zeros((classes, classes), int)
    C[labels, predicted] += 1
    return C


def by_rows(labels, predicted, classes):
    C = loop(labels, predicted, classes)
    return C / np.maximum(1, C.sum(axis=1))[:, None]


def logits_of(images, params):
    return S["cnn_forward"](images[..., None], params)


def mapped(upstream, last=abs):
    """saliency from the gradient with respect to the logits, and from what becomes of the result."""
    def saliency(image, k, params):
        logits, cache = logits_of(image[None], params)
        return last(S["cnn_backward"](upstream(logits, k), cache, params)["x"][0, :, :, 0])
    return saliency


def one(logits, k):
    return np.eye(logits.shape[1])[[k]]


def p(logits):
    return ops.softmax(logits)[0]


def covered_one_by_one(image, k, patch, params, score=lambda a, k: p(a)[0, k], change=lambda before, after: before - after,
                       fresh=True, value=0.0):
    before, other = score(logits_of(image[None], params)[0], k), image.copy()
    drop = np.zeros((image.shape[0] - patch + 1, image.shape[1] - patch + 1))
    for h in range(drop.shape[0]):
        for w in range(drop.shape[1]):
            other = image.copy() if fresh else other
            other[h:h + patch, w:w + patch] = value
            drop[h, w] = change(before, score(logits_of(other[None], params)[0], k))
    return drop


def covered(**options):
    return lambda *arguments: covered_one_by_one(*arguments, **options)


def alone(image, k, patch, params):
    """All but the patch is covered."""
    before, drop = p(logits_of(image[None], params)[0])[0, k], np.zeros((len(image) - patch + 1, image.shape[1] - patch + 1))
    for h, w in np.ndindex(drop.shape):
        other = 0 * image
        other[h:h + patch, w:w + patch] = image[h:h + patch, w:w + patch]
        drop[h, w] = before - p(logits_of(other[None], params)[0])[0, k]
    return drop


NUMBERS = [136 / 150, 0.8, 40 / 43, (1, 0)]


def numbers(place, value):
    return [value if k == place else right for k, right in enumerate(NUMBERS)]


WRONG = [
    ("confusion_matrix", lambda labels, predicted, classes: loop(predicted, labels, classes), "rows and columns are exchanged"),
    ("confusion_matrix", once, "writes each element only once"),
    ("confusion_matrix", by_rows, "these are fractions of each row"),
    ("confusion_matrix", lambda *a: loop(*a) / len(a[0]), "these are fractions of all images"),
    ("confusion_matrix", lambda *a: loop(*a) - np.diag(np.diag(loop(*a))), "the diagonal is missing"),
    ("confusion_matrix", lambda *a: np.diag(np.diag(loop(*a))), "the mistakes are missing"),
    ("confusion_matrix", lambda labels, predicted, classes: loop(labels, predicted, max(labels.max(), predicted.max()) + 1),
     "expected (3, 3)"),
    ("confusion_numbers", numbers(0, 136), "a number of images, expected a fraction"),
    ("confusion_numbers", numbers(0, 14 / 150), "the fraction of mistakes"),
    ("confusion_numbers", numbers(1, 40 / 43), "divide by the sum of the row"),
    ("confusion_numbers", numbers(1, 40), "expected a fraction"),
    ("confusion_numbers", numbers(2, 0.8), "divide by the sum of the column"),
    ("confusion_numbers", numbers(2, 40), "expected a fraction"),
    ("confusion_numbers", numbers(3, (0, 1)), "first the true class"),
    ("saliency", mapped(one, lambda dx: dx), "the sign is left"),
    ("saliency", mapped(one, np.square), "these are squares"),
    ("saliency", mapped(lambda a, k: p(a)[0, k] * (one(a, k) - p(a))), "the gradient of the probability"),
    ("saliency", mapped(lambda a, k: p(a) - one(a, k)), "the gradient of the loss"),
    ("saliency", mapped(lambda a, k: np.ones_like(a)), "the sum of all logits"),
    ("saliency", mapped(lambda a, k: one(a, 0)), "the logit of class 0"),
    ("saliency", lambda image, k, params: image * S["saliency"](image, k, params), "multiplied by the image"),
    ("saliency", mapped(one, lambda dx: abs(dx) / abs(dx).max()), "divided by its maximum"),
    ("saliency", mapped(one, lambda dx: abs(dx)[None, :, :, None]), "is an axis left over"),
    ("occlusion", covered(change=lambda before, after: after), "this is the probability with the patch"),
    ("occlusion", covered(change=lambda before, after: after - before), "the sign is wrong"),
    ("occlusion", covered(change=lambda before, after: abs(after - before)), "the sign is lost"),
    ("occlusion", covered(score=lambda a, k: a[0, k]), "the drop of the logit"),
    ("occlusion", covered(score=lambda a, k: p(a)[0].max()), "the largest probability"),
    ("occlusion", covered(score=lambda a, k: p(a)[0, 0]), "the drop of class 0"),
    ("occlusion", covered(fresh=False), "earlier patches stay covered"),
    ("occlusion", covered(value=1.0), "covered with ink"),
    ("occlusion", alone, "all but the patch is covered"),
    ("occlusion", lambda image, k, patch, params: S["occlusion"](image, k, patch, params)[::patch, ::patch], "drop has shape"),
]
RIGHT = [("confusion_matrix", loop),
         ("confusion_matrix", lambda j, k, n: np.bincount(n * j + k, minlength=n * n).reshape(n, n)),
         ("confusion_matrix", lambda j, k, n: np.eye(n)[j].T @ np.eye(n)[k]),
         ("saliency", mapped(one, np.abs)), ("occlusion", covered_one_by_one)]
SHAPES_SHOWN = [text for name, attempt, text in WRONG if name in ("saliency", "occlusion")]
