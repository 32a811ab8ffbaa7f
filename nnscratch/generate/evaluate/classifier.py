"""The classifier that evaluates a generator: a small network that says what an image shows, or that it shows no class.

Shapes: images (N, H, W, C) in [-1, 1] -> features (N, 64) -> probabilities (N, K + 1), of K classes and of "none".

Without the last class, softmax would assign noise to some class, often 8. So the classifier is also trained on corrupted
images (corruptions.py), all with the label "none". It must not be trained on what the generator is trained on: use glyphs of
another seed, or images held out. Its own accuracy is stored with it.
"""
from pathlib import Path
from typing import Any

import numpy as np

from nnscratch import checkpoint
from nnscratch.classify.classifier import NAMES, SHAPE, ImageClassifier
from nnscratch.data.dataset import Dataset, to_floats
from nnscratch.errors import counted
from nnscratch.files import FilePath
from nnscratch.generate.evaluate.corruptions import corrupt
from nnscratch.hints import checked
from nnscratch.schema import check, check_kind, mapping, number, optional, record

__all__ = ["Classifier", "Judge"]

NONE = "none"
SHIPPED = Path(__file__).parent.parent / "weights" / "judge.safetensors"  # of the digits of data.glyphs


HEADER = record(shape=SHAPE, names=NAMES, accuracy=optional(
    record(images=number(0, 1), classes=mapping(number(0, 1)), none=number(0, 1))))


class Classifier(ImageClassifier):
    """A classifier of K classes and "none": the last of its K + 1 probabilities.

    Parameters
    ----------
    shape : tuple (H, W, C) of the images
    names : list of str, the K classes
    seed : int, draws the first weights
    accuracy : dict, {"images": fraction right, "classes": {name: fraction}, "none": fraction} on held-out images and on
        corrupted ones; None before `measure`
    origin : dict, what it was trained on and how, as `training_origin` says
    """

    EXTRA = 1

    @checked
    def __init__(self, shape: tuple[int, ...] | list[int], names: list[str], seed: int = 0,
                 accuracy: dict[str, Any] | None = None, origin: dict[str, Any] | None = None) -> None:
        super().__init__(shape, names, "small", seed)
        self.accuracy, self.origin = accuracy, origin

    @checked
    def measure(self, dataset: Dataset, seed: int = 0) -> dict[str, Any]:
        """Measure the accuracy on a data set, and on its images when corrupted.

        Parameters
        ----------
        dataset : Dataset, not used in training
        seed : int, draws the corruptions

        Returns
        -------
        dict
            The new `accuracy`.
        """
        images, labels = to_floats(dataset.images), labels_of(dataset)
        predicted = self.probabilities(images).argmax(axis=1)
        corrupted = self.probabilities(corrupt(images, np.random.default_rng(seed))).argmax(axis=1)
        classes = {name: float((predicted[labels == k] == k).mean()) for k, name in enumerate(self.names)
                   if (labels == k).any()}
        self.accuracy = {"images": float((predicted == labels).mean()), "classes": classes,
                         NONE: float((corrupted == len(self.names)).mean())}
        return self.accuracy

    def save(self, path: FilePath) -> None:
        """Write weights, names and accuracy to one file.

        Parameters
        ----------
        path : str or Path, of a .safetensors file
        """
        checkpoint.save(path, self.model, info={"what": "judge", "shape": list(self.shape), "names": self.names,
                                                "accuracy": self.accuracy, "origin": self.origin})

    @classmethod
    def load(cls, path: FilePath) -> "Classifier":
        """Load a classifier saved by `save`.

        Parameters
        ----------
        path : str or Path

        Returns
        -------
        Classifier
            With its accuracy.

        Raises
        ------
        InputError
            Any other file.
        """
        saved = checkpoint.read_arrays(path)
        info = saved[1]["info"]
        check_kind(info, "judge", path, "train one with train_classifier and save it", "classifier")
        if isinstance(info.get("accuracy"), dict):  # version 0.1 called the images pictures
            info["accuracy"] = {"images" if key == "pictures" else key: value for key, value in info["accuracy"].items()}
        check(info, HEADER, path, "it does not say what its classifier is, train it anew")
        classifier = cls(info["shape"], info["names"], accuracy=info["accuracy"], origin=info.get("origin"))
        checkpoint.restore(path, saved, classifier.model)
        return classifier

    def __str__(self) -> str:
        what = f"classifier of {counted(len(self.names), 'class', 'classes')}"
        if self.accuracy is None or not self.accuracy["classes"]:
            return f"{what}, not measured yet"
        worst = min(self.accuracy["classes"], key=self.accuracy["classes"].get)
        return (f"{what}: {self.accuracy['images']:.1%} of held-out images right (worst: {worst}, "
                f"{self.accuracy['classes'][worst]:.1%}), {self.accuracy[NONE]:.1%} of corrupted ones called none")


Judge = Classifier  # its name in version 0.1


def labels_of(dataset: Dataset) -> np.ndarray:
    """The labels, or zeros where there are none: every image then has the class "image"."""
    return np.zeros(len(dataset), np.int64) if dataset.labels is None else dataset.labels
