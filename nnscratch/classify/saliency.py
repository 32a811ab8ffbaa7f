"""Which pixels decide: the absolute gradient of a class score with respect to each pixel, by our own backward pass.

Shapes: images x (N, H, W, C) in [-1, 1], logits z (N, K), saliency (N, H, W):

    saliency = max over channels of |dz_k / dx|

A bright pixel is one whose change would change the score of class k most. The score is the logit: a probability near 1
hardly changes any more.

References: Simonyan, Vedaldi, Zisserman, "Deep inside convolutional networks: visualising image classification models and
saliency maps", 2014, section 3.
"""
from collections.abc import Sequence
from typing import Any

import numpy as np

from nnscratch.backend import array_module, to_cpu, to_device
from nnscratch.classify.classifier import ImageClassifier
from nnscratch.data.images import side_by_side
from nnscratch.errors import InputError
from nnscratch.hints import checked
from nnscratch.ops.validation import check_form

__all__ = ["saliency", "saliency_picture"]

HEIGHT, WARM = 196, (1.0, 0.45, 0.0)  # pixels of a shown image; the colour of what decides


@checked
def saliency(classifier: ImageClassifier, images: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
    """Compute how much each pixel changes the score of a class.

    Parameters
    ----------
    classifier : ImageClassifier
    images : ndarray (N, H, W, C) in [-1, 1]
    labels : ndarray (N,) of whole numbers, the classes; by default the predicted ones

    Returns
    -------
    ndarray (N, H, W)
        Not negative.

    Raises
    ------
    InputError
        Images of another size, or labels that are no classes.
    """
    check_form("saliency", "images", images, ("N", *classifier.shape))
    outputs = classifier.model.outputs[1].sample_shape[0]
    if labels is not None and (labels.shape != (len(images),) or labels.dtype.kind not in "iu" or not (
            0 <= labels.min() <= labels.max() < outputs)):
        raise InputError(f"saliency: labels has shape {labels.shape} and dtype {labels.dtype}, expected whole numbers from 0 "
                         f"to {outputs - 1}, one for each of {len(images)} images")
    _, logits = classifier.model.forward(to_device(images), remember=True)
    chosen = to_device(labels) if labels is not None else logits.argmax(axis=1)
    xp = array_module(logits)
    dlogits = (chosen[:, None] == xp.arange(outputs)).astype(logits.dtype)  # d z_k / d z: 1 at k, 0 elsewhere
    dx = classifier.model.backward([None, dlogits], wrt="input")
    return to_cpu(abs(dx).max(axis=3))


@checked
def saliency_picture(images: np.ndarray, maps: np.ndarray, captions: Sequence[str]) -> Any:
    """Draw each image as the network sees it, and beside it what decides: orange on the image, which is dimmed.

    Parameters
    ----------
    images : ndarray (N, H, W, C) in [-1, 1]
    maps : ndarray (N, H, W), from `saliency`
    captions : list of str, a text for each

    Returns
    -------
    ndarray (1, rows, columns, 3)
        In [0, 1], a row for each image.
    """
    check_form("saliency_picture", "images", images, ("N", "H", "W", "C"))
    check_form("saliency_picture", "maps", maps, images.shape[:3])
    if len(captions) != len(images) or not len(images) or images.shape[3] not in (1, 3):
        raise InputError(f"saliency_picture: {len(images)} images of {images.shape[3]} channels and {len(captions)} captions "
                         f"were given, expected one for each, and 1 or 3 channels")
    rows = []
    for image, weights, caption in zip(images, maps, captions):
        shown = np.repeat((image + 1) / 2, 3 // image.shape[2], axis=2).clip(0, 1)
        strength = (weights / max(float(np.percentile(weights, 99.5)), 1e-12)).clip(0, 1)[..., None]
        overlay = 0.35 * shown * (1 - strength) + strength * np.array(WARM)
        factor = max(1, HEIGHT // max(image.shape[:2]))  # whole: a pixel stays a square
        pair = [enlarged(part, factor) for part in (shown, overlay)]
        rows.append(side_by_side(pair, [caption, "what decides"])[0])
    width = max(row.shape[1] for row in rows)
    return np.concatenate([np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)), constant_values=1) for row in rows])[None]


def enlarged(image: np.ndarray, factor: int) -> np.ndarray:
    """Each pixel as a square of so many pixels."""
    return image.repeat(factor, axis=0).repeat(factor, axis=1).astype(np.float32)
