"""The commands `nnscratch train classifier` and `nnscratch classify`. Mistakes are reported before the work begins."""
import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nnscratch import backend
from nnscratch.classify.classifier import ImageClassifier, load_classifier
from nnscratch.classify.options import ClassifierOptions, options_for
from nnscratch.classify.prepare import prepare
from nnscratch.classify.saliency import saliency, saliency_picture
from nnscratch.classify.train import TRAINING_FILES, train_on_images
from nnscratch.classify.trainer import TRAINING, ClassifierTrainer
from nnscratch.data.dataset import Dataset
from nnscratch.data.images import check_writable, encode, to_image
from nnscratch.data.parts import load_parts
from nnscratch.data.readers.folder import image_files, log_skipped, why_skipped
from nnscratch.errors import InputError, as_argument, printable
from nnscratch.files import FilePath, replace_file
from nnscratch.hints import checked, checked_command
from nnscratch.ops.validation import check_int
from nnscratch.outputs import OutputFolder, writing
from nnscratch.parallel import world
from nnscratch.plotting import legible
from nnscratch.progress import progress_bar
from nnscratch.training.distributed import shared_folder
from nnscratch.training.loop import Record, follow
from nnscratch.training.resume import BEST, STATE, how_to_resume, open_state, saved_options
from nnscratch.training.source import check_size, choose_source

__all__ = ["classify", "train_classifier"]

log = logging.getLogger("nnscratch")

MOST_IMAGES, MOST_DRAWN, SHOWN_MISTAKES = 1000, 100, 3


@checked_command
def train_classifier(chosen: dict[str, Any], folder: FilePath, *, data: str | None = None, size: int | None = None,
                     resume: bool = False, device: str = "auto") -> str:
    """Carry out `nnscratch train classifier`.

    Parameters
    ----------
    chosen : dict, entries of ClassifierOptions that differ from the defaults
    folder : str or Path, where everything goes
    data : str, a name or path for `load_parts`, by default "glyphs"
    size : int, side to shrink the images to, in pixels
    resume : bool, continue the training in the folder with its own options, data and size; only `steps` in `chosen` may be
        given, to make it longer
    device : {"auto", "cpu", "gpu"}

    Returns
    -------
    str
        Why the training ended, see `train_on_images`.
    """
    check_size(size)
    state, processes = Path(folder) / STATE, world()
    ClassifierOptions(**{"steps": 1} | chosen)  # a wrong one is refused before the data are read
    source: dict[str, Any] = {"data": "glyphs", "size": None}
    options, saved = None, open_state(folder, resume)
    if saved:
        options, source, _ = saved_options(state, saved[1]["info"], TRAINING, ClassifierOptions, chosen)
    backend.use(device)
    source = choose_source(data, size, source, "classifier")
    inputs = [source["data"]] if os.path.isfile(source["data"]) else []
    with shared_folder(processes, chosen, folder, TRAINING_FILES, inputs, resume) as output:
        parts = load_parts(source["data"], size=source["size"], seed=options.seed if options else chosen.get("seed", 0))
        options = options or options_for(len(parts.train), chosen)
        trainer = ClassifierTrainer(parts.train, parts.validation, options)
        trainer.source = source
        if saved:
            trainer.load(state, saved)
        trainer.share(processes)
        return follow(trainer) if output is None else run_training(trainer, parts.test, output)


def run_training(trainer: ClassifierTrainer, test: Dataset | None, output: OutputFolder) -> str:
    """Train with a progress bar, and print how good the classifier is; returns why the training ended."""
    shape, options = " x ".join(map(str, trainer.classifier.shape)), trainer.options
    print(f"{len(trainer.train)} {trainer.train.title}, {shape}, {trainer.train.num_classes} classes (validation: "
          f"{len(trainer.validation)}, test: {len(test) if test else 'none'}); augmentation {options.augment}, steps "
          f"{trainer.step_count} to {options.steps} on {backend.describe_device()}")
    with training_progress(trainer) as progress:
        ended, results = train_on_images(trainer, output, test=test, progress=progress)
    report(ended, results, output)
    return ended


@contextlib.contextmanager
def training_progress(trainer: ClassifierTrainer) -> Iterator[Callable[[Record], None]]:
    """A progress bar: yields the function that takes each record."""
    with progress_bar(total=trainer.options.steps, initial=trainer.step_count, desc="training", unit="step",
                      bar_format="{l_bar}{bar}| step {n_fmt}, {elapsed}, {remaining} left{postfix}") as bar:
        validation = ""

        def progress(record: Record) -> None:
            nonlocal validation
            validation = f", validation {record['score']:.1%}" if "score" in record else validation
            bar.set_postfix_str(f"loss {record['loss']:.3f}{validation}", refresh=False)
            bar.update(record["step"] - bar.n)
        yield progress


def report(ended: str, results: dict[str, Any] | None, output: OutputFolder) -> None:
    """Print how good the best classifier is, and how to go on."""
    if results:
        names, matrix = results["names"], np.array(results["confusion"])
        print(f"{results['accuracy']:.2%} of the {results['images']} images of the {results['part']} part are right; the "
              f"confusion matrix is {as_argument(output.path / 'confusion.png')}")
        np.fill_diagonal(matrix, 0)
        worst = np.argsort(matrix, axis=None, kind="stable")[::-1][:SHOWN_MISTAKES]
        mistakes = [f"{printable(names[k // len(names)])} for {printable(names[k % len(names)])} ({matrix.flat[k]})"
                    for k in worst if matrix.flat[k]]
        if mistakes:
            print(f"most often, the network takes {', '.join(mistakes)}")
    best = as_argument(output.path / BEST)
    print({"done": f"done: classify with  nnscratch classify IMAGE --from {best}",
           "stopped": how_to_resume(output.path, "classifier"),
           "failed": "ended early, see above"}[ended])


@checked
def classify(paths: Sequence[FilePath], path: FilePath, *, output: FilePath | None = None, top: int = 3,
             device: str = "auto") -> list[list[tuple[str, float]]]:
    """Carry out `nnscratch classify`: print the most probable classes of images, and draw what decides.

    Parameters
    ----------
    paths : sequence of str or Path, of image files, or of folders of them
    path : str or Path, of a classifier, or of the folder of its training
    output : str or Path, of an image that shows each image, and the pixels that decide; None for none
    top : int, classes to print for each image
    device : {"auto", "cpu", "gpu"}

    Returns
    -------
    list of list of (str, float)
        For each image the most probable classes, and their probabilities. Those of a folder that cannot be used are skipped
        with a logged line.
    """
    check_int(top, "classify: top", 1)
    if output is not None:
        check_writable(output)
    files = [found for given in paths for found in files_of(given)]
    if not files:
        raise InputError(f"no images were found in {', '.join(map(str, paths)):.200}, expected image files, or folders "
                         f"of them; sub-folders are not searched, give each")
    if len(files) > (MOST_DRAWN if output is not None else MOST_IMAGES):
        raise InputError(f"{len(files)} images were given, expected 1 to {MOST_IMAGES}, and with --output {MOST_DRAWN}; give "
                         f"fewer at a time")
    backend.use(device)
    with contextlib.nullcontext() if output is None else writing(output, inputs=[*(file for file, _ in files), path]):
        return classify_files(files, load_classifier(path), output, top)


def files_of(given: FilePath) -> list[tuple[Path, bool]]:
    """A file, or the images of a folder; and whether a folder brought it, so that it may be skipped. The others are logged."""
    if not os.path.isdir(given):
        return [(Path(given), False)]
    found, others = image_files(given)
    log_skipped(given, {name: why_skipped(Path(given, name)) for name in others})
    return [(file, True) for file in found]


def prepared_files(files: list[tuple[Path, bool]], classifier: ImageClassifier) -> tuple[list[Path], np.ndarray]:
    """The files that can be used, and their images (N, H, W, C); a line for each other that a folder brought."""
    used, images = [], []
    for file, from_folder in files:
        try:
            image, note = prepare(file, classifier.shape, classifier.info["look"])
        except InputError as error:
            if not from_folder or len(files) == 1:
                raise
            log.warning("skipped: %s", error)
            continue
        if note:
            print(note)
        used.append(file)
        images.append(image)
    if not used:
        raise InputError(f"none of the {len(files)} images can be used, see above; give others")
    return used, np.concatenate(images)


def check_sheet(images: np.ndarray, names: Sequence[str], output: FilePath) -> None:
    """Raise now the InputError of a drawing that is too large for its format: WebP has at most 16383 pixels a side."""
    from PIL import Image
    row = saliency_picture(images[:1], np.zeros((1, *images.shape[1:3])), [f"{max(names, key=len)} (100.0%)"])
    encode(Image.new("RGB", (row.shape[2], len(images) * row.shape[1])), output)


def classify_files(files: list[tuple[Path, bool]], classifier: ImageClassifier, output: FilePath | None,
                   top: int) -> list[list[tuple[str, float]]]:
    """`classify` for the files of images, when the output is held."""
    used, images = prepared_files(files, classifier)
    if output is not None:
        names = legible(classifier.names, [f"class {k}" for k in range(len(classifier.names))])
        check_sheet(images, names, output)
    probabilities = classifier.probabilities(images)
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    found = [[(classifier.names[k], float(row[k])) for k in best] for row, best in zip(probabilities, order)]
    print_table([printable(file) for file in used], found)
    if output is not None:
        captions = [f"{names[best[0]]} ({classes[0][1]:.1%})" for best, classes in zip(order, found)]
        sheet = saliency_picture(images, saliency(classifier, images), captions)
        replace_file(output, encode(to_image(sheet), output, mark=True))
        print(f"what decides is drawn in {printable(output)}")
    return found


def print_table(titles: list[str], found: list[list[tuple[str, float]]]) -> None:
    """A row for each image: its name, and the most probable classes."""
    cells = [[f"{printable(name)} {probability:.1%}" for name, probability in classes] for classes in found]
    first = max(map(len, ["image", *titles]))
    widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
    print(f"{'image':{first}}  class and probability")
    for title, row in zip(titles, cells):
        print(f"{title:{first}}  {'  '.join(f'{cell:{width}}' for cell, width in zip(row, widths))}".rstrip())
