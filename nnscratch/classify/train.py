"""The training of a classifier, and what is left in its folder.

    state.safetensors    the whole training, to resume from (`--resume`)
    best.safetensors     the classifier that was best on the validation part, for `nnscratch classify`
    curves.png, history.json          loss and accuracy, of training and validation
    confusion.png, results.json       the best classifier on the test part, or else on the validation part
"""
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nnscratch.classify.classifier import ImageClassifier, load_classifier
from nnscratch.classify.results import confusion_matrix, draw_confusion, plot_training
from nnscratch.classify.trainer import ClassifierTrainer, predict_all
from nnscratch.data.dataset import Dataset
from nnscratch.errors import InputError
from nnscratch.files import FilePath, replace_file
from nnscratch.hints import checked
from nnscratch.outputs import OutputFolder, output_folder
from nnscratch.training.loop import Record, TrainingLoop
from nnscratch.training.resume import BEST, STATE

__all__ = ["evaluate_classifier", "train_on_images"]

TRAINING_FILES = (STATE, BEST, "history.json", "curves.png", "confusion.png", "results.json")
CHECKPOINTS, FEWEST, MOST = 16, 25, 500  # a training has about 16; between them are 25 to 500 steps


class ClassifierLoop(TrainingLoop):
    """The steps of `train_on_images`."""

    trainer: ClassifierTrainer

    def measure(self) -> Record:
        return self.trainer.measure()

    def save_best(self, path: Path) -> None:
        self.trainer.save_classifier(path)


@checked
def train_on_images(trainer: ClassifierTrainer, folder: FilePath | OutputFolder, *, test: Dataset | None = None,
                    progress: Callable[[Record], None] | None = None,
                    save_every: int | None = None) -> tuple[str, dict[str, Any] | None]:
    """Train until `trainer.options.steps`, and evaluate the best classifier.

    Parameters
    ----------
    trainer : ClassifierTrainer
    folder : str, Path or OutputFolder; it is made if it does not exist. What an earlier training left there is replaced
    test : Dataset, never seen before; without it, the validation part is evaluated
    progress : callable, (record), called after each recorded step
    save_every : int, steps between checkpoints; by default a training has about 16

    Returns
    -------
    ended : str
        Why the training ended: "done", "stopped" (by Ctrl-C) or "failed" (by NaN or infinity).
    results : dict or None
        What `evaluate_classifier` says about the best classifier; None if there is none yet.
    """
    interval = save_every or min(max(trainer.options.steps // CHECKPOINTS, FEWEST), MOST)
    with output_folder(folder, TRAINING_FILES, trainer.step_count > 0) as output:
        if trainer.step_count == 0:
            output.remove(*output.files)  # of an earlier training
        output.file(BEST)  # in the list from now on: a full disk at the end is then reported for the file itself
        ended = ClassifierLoop(trainer, output, progress, interval).run()
        if trainer.history:
            replace_file(output.file("history.json"), json.dumps(trainer.history, indent=0).encode())
            replace_file(output.file("curves.png"), plot_training(trainer.history))
        results = None
        if (output.path / BEST).exists():
            part, data = ("validation", trainer.validation) if test is None else ("test", test)
            results = evaluate_classifier(load_classifier(output.path / BEST), data, part)
            replace_file(output.file("results.json"), json.dumps(results).encode())
            title = f"{results['accuracy']:.2%} of the {len(data)} images of the {part} part are right"
            replace_file(output.file("confusion.png"), draw_confusion(np.array(results["confusion"]), results["names"], title))
    return ended, results


@checked
def evaluate_classifier(classifier: ImageClassifier, dataset: Dataset, part: str = "test") -> dict[str, Any]:
    """Count what a classifier gets right.

    Parameters
    ----------
    classifier : ImageClassifier
    dataset : Dataset, of its classes
    part : str, what the data are called

    Returns
    -------
    dict
        JSON values: "part", "images", "accuracy", "names", and "confusion", the confusion matrix.

    Raises
    ------
    InputError
        Data of other classes, or of another size.
    """
    if dataset.labels is None or dataset.class_names != classifier.names:
        both = dataset.class_names, classifier.names
        first = next((k for k, (theirs, ours) in enumerate(zip(*both)) if theirs != ours), min(map(len, both)))
        theirs, ours = (", ".join(names[first:first + 5])[:100] or "none" for names in both)
        raise InputError(f"evaluate_classifier: {dataset.title} has {dataset.num_classes} classes, from number {first} on "
                         f"{theirs}, expected labels of the {len(classifier.names)} classes of the classifier, from there on "
                         f"{ours}: give data of these classes")
    predicted = predict_all(classifier, dataset).argmax(axis=1)
    matrix = confusion_matrix(dataset.labels, predicted, len(classifier.names))
    return {"part": part, "images": len(dataset), "accuracy": float((predicted == dataset.labels).mean()),
            "names": classifier.names, "confusion": matrix.tolist()}
