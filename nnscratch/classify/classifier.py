"""A classifier: the network, the names of its classes, and what its training images looked like, in a file of its own.

Shapes: images (N, H, W, C) in [-1, 1] -> features (N, units) and probabilities (N, K).
"""
from typing import Any, ClassVar

import numpy as np

from nnscratch import checkpoint
from nnscratch.backend import to_cpu, to_device
from nnscratch.classify.ink import LOOK
from nnscratch.classify.network import PRESETS, classifier_network
from nnscratch.errors import InputError
from nnscratch.fast import softmax
from nnscratch.files import FilePath
from nnscratch.hints import checked
from nnscratch.ops.validation import check_array, check_shape
from nnscratch.schema import check, check_kind, each, number, one_of, optional, record, text, whole
from nnscratch.training.numbers import LIMITS
from nnscratch.training.resume import best_of
from nnscratch.training.source import SOURCE

__all__ = ["ImageClassifier", "load_classifier"]

SHAPE, NAMES = each(whole(1, 4096), 3, 3), each(text(), 1, 10_000)
CLASSIFIER = record(what=one_of("classifier"), preset=one_of(*PRESETS), shape=SHAPE, names=NAMES, score=optional(number(0, 1)),
                    steps=whole(0, LIMITS["steps"][1]), seed=whole(*LIMITS["seed"]), source=SOURCE, look=LOOK)


class ImageClassifier:
    """A classifier of images.

    Parameters
    ----------
    shape : tuple (H, W, C) of the images
    names : list of str, the classes
    preset : str, size of the network
    seed : int, draws the first weights

    Attributes
    ----------
    model : Model, from images to [features, logits]
    info : dict, what the file says about it
    """

    EXTRA: ClassVar[int] = 0  # outputs beyond the named classes

    @checked
    def __init__(self, shape: tuple[int, ...] | list[int], names: list[str], preset: str = "standard", seed: int = 0) -> None:
        self.shape, self.names, self.preset = tuple(shape), list(names), preset
        self.info: dict[str, Any] = {}
        self.model = classifier_network(self.shape, len(self.names) + self.EXTRA, seed, preset)

    @checked
    def predict(self, images: np.ndarray, batch_size: int = 256) -> tuple[np.ndarray, np.ndarray]:
        """Compute features and probabilities in one pass.

        Parameters
        ----------
        images : ndarray (N, H, W, C) in [-1, 1]
        batch_size : int, images at a time

        Returns
        -------
        features : ndarray (N, units)
            Not negative.
        probabilities : ndarray (N, K)
            A classifier with the class "none" has it last.

        Raises
        ------
        InputError
            Images of another size.
        """
        check_array("Classifier", "images", images, 4)
        check_shape("Classifier", "images", images, (len(images), *self.shape), "the size that it was trained for")
        outputs = [self.model.forward(to_device(images[k:k + batch_size])) for k in range(0, len(images), batch_size)]
        features, logits = (np.concatenate([to_cpu(part) for part in parts]) for parts in zip(*outputs))
        return features, softmax(logits)[0]

    def features(self, images: np.ndarray) -> np.ndarray:
        """The features alone.

        Parameters
        ----------
        images : ndarray (N, H, W, C) in [-1, 1]

        Returns
        -------
        ndarray (N, units)
            Not negative.
        """
        return self.predict(images)[0]

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """The probabilities alone.

        Parameters
        ----------
        images : ndarray (N, H, W, C) in [-1, 1]

        Returns
        -------
        ndarray (N, K)
            A classifier with the class "none" has it last.
        """
        return self.predict(images)[1]


def load_classifier(path: FilePath) -> ImageClassifier:
    """Load a classifier that `nnscratch train classifier` wrote.

    Parameters
    ----------
    path : str or Path
        Of best.safetensors, or of the folder of a training.

    Returns
    -------
    ImageClassifier
        Ready to predict.

    Raises
    ------
    InputError
        Another file.
    """
    path = best_of(path)
    saved = checkpoint.read_arrays(path)
    info = saved[1]["info"]
    check_kind(info, "classifier", path, "give best.safetensors of a folder that `nnscratch train classifier` wrote")
    check(info, CLASSIFIER, path, "it does not say what its classifier is, train it anew")
    if info["shape"][2] not in (1, 3):
        raise InputError(f"{path} is of images with {info['shape'][2]} channels, expected 1 or 3; train it anew")
    classifier = ImageClassifier(info["shape"], info["names"], info["preset"])
    checkpoint.restore(path, saved, classifier.model)
    classifier.info = info
    return classifier
