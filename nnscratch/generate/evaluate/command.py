"""`nnscratch judge`, and the classifier by which a training selects its best generator."""
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nnscratch import backend
from nnscratch.data.dataset import Dataset
from nnscratch.data.splits import Splits, load_splits
from nnscratch.data.synthetic.faces import glyph_templates
from nnscratch.data.synthetic.registry import SYNTHETIC, make_synthetic
from nnscratch.errors import InputError, printable
from nnscratch.files import FilePath
from nnscratch.generate.evaluate.classifier import Classifier
from nnscratch.generate.evaluate.classifier_training import train_classifier, training_origin
from nnscratch.generate.evaluate.metrics import MIN_IMAGES, evaluate_images, recognised
from nnscratch.generate.evaluate.report import REPORT_FILES, write_report
from nnscratch.generate.sampler import Sampler, load_generator
from nnscratch.hints import checked_command
from nnscratch.ops.validation import check_positive
from nnscratch.outputs import BestEffort, OutputFolder
from nnscratch.progress import progress_bar
from nnscratch.training.source import check_size, choose_source

__all__ = ["evaluate_generator"]

TITLES = {"digits": "glyphs", "letters": "letters", "shapes": "shapes", "textures": "textures"}  # of the synthetic data
CLASSIFIER_FILE, STEPS = "judge.safetensors", 1000
FRESH_SEED = 500  # added to the seed: images not used in the training, not even to select the best checkpoint


@checked_command
def evaluate_generator(path: FilePath | None, data: str | None, folder: FilePath, *, count: int = 5000, seed: int = 0,
                       size: int | None = None, temperature: float = 1.0, device: str = "auto") -> dict[str, Any]:
    """Carry out `nnscratch judge`: generate images, evaluate them, and write a report.

    Parameters
    ----------
    path : str or Path, of a generator; None for the one that comes with nnscratch
    data : str, name or path of the data that the generator was trained on; None for those that its file names
    folder : str or Path, where the report goes
    count : int, images to generate
    seed : int
    size : int, side that the images were shrunk to, in pixels; None for the one that the generator's file names
    temperature : float, standard deviation of the noise
    device : {"auto", "cpu", "gpu"}

    Returns
    -------
    dict
        The metrics of `evaluate_images`.
    """
    check_size(size)
    if not MIN_IMAGES <= count <= 1_000_000 or seed < 0:
        raise InputError(f"--count {count} and --seed {seed} were given, expected at least {MIN_IMAGES} and 0")
    check_positive(temperature, "--temperature")
    backend.use(device)
    with OutputFolder(folder, (*REPORT_FILES, CLASSIFIER_FILE), [path] if path else ()) as output:
        metrics = evaluate_into(output, path, data, count, seed, size, temperature)
    print_metrics(metrics)
    print(f"report.html and report.json are in {printable(folder)}/")
    return metrics


def evaluate_into(output: OutputFolder, path: FilePath | None, data: str | None, count: int, seed: int,
                  size: int | None, temperature: float) -> dict[str, Any]:
    """`evaluate_generator` when the folder is held."""
    sampler = load_generator(path) if path else load_generator()
    data, size = data_of(sampler, data, size)
    labelled = bool(sampler.num_classes) and sampler.fractions is None
    if data in SYNTHETIC:
        check_data(sampler, make_synthetic(data, 10, 0, size), labelled)  # before thousands of images are drawn
    known, fresh = (load_splits(data, size=size, seed=sampler.info["seed"] + more) for more in (0, FRESH_SEED))
    splits = Splits(known.train, fresh.held_out, fresh.judge_train, fresh.disjoint)
    train = splits.train
    check_data(sampler, train, labelled)
    if len(splits.held_out) < MIN_IMAGES:
        raise InputError(f"{data} has {len(splits.held_out)} images to hold out, a tenth, expected at least {MIN_IMAGES}; add "
                         f"more")
    classifier = classifier_for(splits, output.file(CLASSIFIER_FILE), seed=1)  # not the one that selected the checkpoint
    print(classifier)
    images, labels = sampler.sample(count, seed=[seed, 7], temperature=temperature)
    metrics = evaluate_images(classifier, images, labels if labelled else None, train, splits.held_out,
                              glyph_templates() if data == "glyphs" else None, seed)
    metrics["disjoint"], metrics["temperature"] = splits.disjoint, temperature
    write_report(output, metrics, images, train)
    return metrics


def data_of(sampler: Sampler, data: str | None, size: int | None) -> tuple[str, int | None]:
    """The data, and the side of their images, that the generator was trained on, where they are not given."""
    source, title = sampler.info.get("source"), sampler.info.get("data")
    if source is None and data is None and str(title) not in TITLES:
        raise InputError(f"the generator was trained on {title!r}, and its file does not say where they are; give them with "
                         f"{data_options(sampler)}")
    source = choose_source(data, size, source or {"data": TITLES.get(str(title)), "size": None})
    return source["data"], source["size"]


def data_options(sampler: Sampler) -> str:
    """The options that give the data of a generator; where the images are squares, with the side that they were resized to."""
    height, width, _ = sampler.info["shape"]
    return f"--data and --size {height}" if height == width else "--data"


def check_data(sampler: Sampler, dataset: Dataset, labelled: bool) -> None:
    """Raise InputError unless the generator makes images of this size and, where it knows classes, of these classes."""
    shape = tuple(sampler.info["shape"])
    if dataset.images.shape[1:] != shape or (labelled and sampler.names != dataset.class_names):
        raise InputError(f"the generator makes images {shape} of {list_names(sampler.names)}, the data have "
                         f"{dataset.images.shape[1:]} of {list_names(dataset.class_names)}; give the data it was trained on "
                         f"with {data_options(sampler)}")


def list_names(names: list[str]) -> str:
    """Class names for an error message."""
    return f"{', '.join(names[:10])}{', ...' if len(names) > 10 else ''}" if names else "no classes"


def classifier_for(splits: Splits, path: Path, seed: int = 0) -> Classifier:
    """The classifier saved at `path`, if it was trained on the same images; otherwise a new one, trained and saved there."""
    if path.exists():
        classifier = Classifier.load(path)
        if classifier.origin == training_origin(splits.judge_train, STEPS, seed):
            return classifier
    with progress_bar(total=STEPS, desc="training the classifier", unit="step") as bar:
        classifier = train_classifier(splits.judge_train, splits.held_out, steps=STEPS, seed=seed,
                                      progress=lambda step, loss: bar.update())
    BestEffort("the work goes on, but the classifier would have to be trained again")(lambda: classifier.save(path))
    return classifier


def recognition_score(classifier: Classifier, labelled: bool) -> Callable[[np.ndarray, np.ndarray], float]:
    """A score for `train`: the fraction of images in which the classifier is sure of a class; with labels, of the right one."""
    def score(images: np.ndarray, labels: np.ndarray) -> float:
        probabilities = classifier.probabilities(images)
        predicted = probabilities.argmax(axis=1)
        return (recognised(probabilities) & (predicted == labels if labelled else True)).mean()
    return score


def print_metrics(metrics: dict[str, Any]) -> None:
    """Print the numbers that the report explains, one per line."""
    f, n, m = metrics["frechet"], metrics["neighbours"], metrics["modes"]
    rows = [("recognisable", f"{metrics['recognisable']:.1%}")]
    if metrics["label_accuracy"] is not None:
        rows.append(("requested class predicted", f"{metrics['label_accuracy']:.1%}"))
    rows.append(("rarest class", f"{min(metrics['classes']['fractions'].values()):.1%}"))
    if m is not None:
        rows.append(("modes hit", f"{m['hit']} of {m['of']} (equally many real images: {m['floor']['hit']})"))
    rows += [("Fréchet distance", f"{f['distance']:.2f} (real: {f['floor']:.2f}; "
                                  + ", ".join(f"{name}: {value:.1f}" for name, value in f["ceilings"].items()) + ")"),
             *((name, f"{n[name]:.2f} (real: {n['floor'][name]:.2f})")
               for name in ("precision", "recall", "density", "coverage")),
             ("memorisation ratio", f"{metrics['memorisation']['ratio']:.2f} (1: no copies)")]
    for name, text in rows:
        print(f"{name:26} {text}")
