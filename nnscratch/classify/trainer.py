"""The trainer of a classifier: it draws batches, steps, measures, saves and resumes.

Shapes: images (N, H, W, C) of bytes, labels (N,).

Every random number is determined by (seed, purpose, number of the step), so there is no state of a random generator to save.
"""
from dataclasses import asdict
from typing import Any

import numpy as np

from nnscratch import checkpoint
from nnscratch.backend import Array
from nnscratch.classify.augment import augmented
from nnscratch.classify.classifier import CLASSIFIER, ImageClassifier
from nnscratch.classify.ink import look_of
from nnscratch.classify.options import ClassifierOptions
from nnscratch.classify.results import cross_entropy
from nnscratch.classify.step import classifier_step
from nnscratch.data.dataset import Dataset, fingerprint, to_floats
from nnscratch.errors import InputError
from nnscratch.files import FilePath
from nnscratch.hints import checked
from nnscratch.optimizers import Adam, cosine_decay
from nnscratch.parallel import ALONE, Communicator
from nnscratch.schema import Rule, anything, check, mapping, one_of, record, whole
from nnscratch.training.curves import AT_CHECKPOINTS
from nnscratch.training.resume import Resumable, history_rule

__all__ = ["ClassifierTrainer"]

BATCH_STREAM, AUGMENT_STREAM = 1, 2  # purposes of random numbers
TRAINING: Rule = record(what=one_of("classifier training"), options=mapping(anything), data=mapping(anything), step=whole(),
                        history=history_rule("loss", AT_CHECKPOINTS))


class ClassifierTrainer(Resumable):
    """A training of a classifier that can be stepped, saved, and resumed bit for bit.

    Parameters
    ----------
    train : Dataset, with labels
    validation : Dataset, of the same classes; the network that is best on it is kept
    options : ClassifierOptions

    Attributes
    ----------
    classifier : ImageClassifier
    step_count : int, steps made so far
    history : list of dict, the records
    """

    FILE = TRAINING, "nnscratch train classifier"

    @checked
    def __init__(self, train: Dataset, validation: Dataset, options: ClassifierOptions) -> None:
        if train.labels is None or validation.labels is None or validation.class_names != train.class_names or (
                validation.images.shape[1:] != train.images.shape[1:]):
            raise InputError(f"ClassifierTrainer: {train.title} has images {train.images.shape[1:]} of {train.num_classes} "
                             f"classes, {validation.title} has {validation.images.shape[1:]} of {validation.num_classes}, "
                             f"expected the same, with labels; divide one data set")
        self.train, self.validation, self.options = train, validation, options
        self.labels, self.validation_labels = train.labels, validation.labels
        self.step_count, self.source, self.history = 0, None, []
        self.fingerprint = {"train": fingerprint(train), "validation": fingerprint(validation)}
        self.look = look_of(train)
        check(self.classifier_info(), CLASSIFIER, "ClassifierTrainer", "the file could not be loaded, give other data")
        self.classifier = ImageClassifier(train.images.shape[1:], train.class_names, options.preset, options.seed)
        self.models = self.classifier.model
        self.optimizers = Adam(cosine_decay(options.learning_rate, options.steps))
        self.share(ALONE)

    def step(self) -> dict[str, Array]:
        o, k, rows = self.options, self.step_count, self.shard.rows
        indices = np.random.default_rng([o.seed, BATCH_STREAM, k]).integers(len(self.train), size=o.batch_size)
        images = augmented(self.train.images[indices], o.augment, np.random.default_rng([o.seed, AUGMENT_STREAM, k]))
        loss, accuracy = classifier_step(self.models, self.optimizers, to_floats(images[rows]), self.labels[indices[rows]],
                                         self.shard)
        self.step_count += 1
        return self.shard.mean_metrics({"loss": loss, "accuracy": accuracy})

    def share(self, world: Communicator) -> None:
        super().share(world)
        self.shard.set_on(self.models)

    def measure(self) -> dict[str, float]:
        """Measure the network on the validation part.

        Returns
        -------
        dict
            "score", the accuracy, and "validation_loss", the cross-entropy.
        """
        probabilities = predict_all(self.classifier, self.validation)
        return {"score": float((probabilities.argmax(axis=1) == self.validation_labels).mean()),
                "validation_loss": cross_entropy(probabilities, self.validation_labels)}

    def info(self) -> dict[str, Any]:
        return {"what": "classifier training", "options": asdict(self.options), "data": self.fingerprint,
                "source": self.source, "step": self.step_count, "history": self.history}

    @checked
    def save_classifier(self, path: FilePath) -> None:
        """Write the classifier by itself, and what it is.

        Parameters
        ----------
        path : str or Path, of a .safetensors file
        """
        checkpoint.save(path, self.models, info=self.classifier_info())

    def classifier_info(self) -> dict[str, Any]:
        """What the file of the classifier says about it.

        Returns
        -------
        dict
            JSON values.
        """
        scores = [entry["score"] for entry in self.history if "score" in entry and entry["step"] == self.step_count]
        return {"what": "classifier", "preset": self.options.preset, "shape": list(self.train.images.shape[1:]),
                "names": self.train.class_names, "score": scores[-1] if scores else None, "steps": self.step_count,
                "seed": self.options.seed, "source": self.source, "look": self.look}


def predict_all(classifier: ImageClassifier, dataset: Dataset, at_once: int = 1024) -> np.ndarray:
    """The probabilities (N, K) of all images, which are never all floats at once."""
    return np.concatenate([classifier.probabilities(to_floats(dataset.images[k:k + at_once]))
                           for k in range(0, len(dataset), at_once)])
