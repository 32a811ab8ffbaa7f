"""The commands `nnscratch train generator` and `nnscratch generate`. Mistakes are reported before the work begins."""
import gc
import os
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from nnscratch import backend
from nnscratch.data.dataset import Dataset, crops
from nnscratch.data.images import check_writable, encode, read_image
from nnscratch.data.splits import Splits, load_splits
from nnscratch.data.synthetic.styles import is_style, style_image
from nnscratch.data.webp import encode_film, is_film
from nnscratch.errors import InputError, as_argument, counted, printable
from nnscratch.files import FilePath, replace_file
from nnscratch.generate.adversarial_losses import CHANCE_LOSS
from nnscratch.generate.evaluate.command import CLASSIFIER_FILE, classifier_for, recognition_score
from nnscratch.generate.headers import MAX_SIDE, TRAINING
from nnscratch.generate.inputs import TEXTURE
from nnscratch.generate.methods import make_trainer
from nnscratch.generate.options import Options, make_options, with_current_names
from nnscratch.generate.plots import grid
from nnscratch.generate.sampler import SHIPPED, load_generator
from nnscratch.generate.train_loop import TRAINING_FILES, Score, train
from nnscratch.generate.trainer import Trainer
from nnscratch.hints import checked, checked_command
from nnscratch.networks.texture_generator import SCALE
from nnscratch.ops.validation import check_int, check_positive
from nnscratch.outputs import OutputFolder, writing
from nnscratch.parallel import world
from nnscratch.progress import progress_bar
from nnscratch.training.distributed import shared_folder
from nnscratch.training.loop import Record, follow
from nnscratch.training.resume import BEST, STATE, how_to_resume, open_state, saved_options
from nnscratch.training.source import check_size, choose_source

__all__ = ["generate", "steps_for_minutes", "train_generator"]

TEXTURE_SIDE, TEXTURE_PIECES, MAX_FRAMES = 128, 100, 10_000
BAR_LABELS = {  # of metrics in the progress bar
    "d_loss": "D", "g_loss": "G", "rmse": "RMSE", "mae": "MAE", "style": "style", "divergence": "divergence",
    "d_norm": "gradients D", "g_norm": "G", "diversity": "diversity", "score": "score"}


@checked_command
def train_generator(chosen: dict[str, Any], folder: FilePath, *, data: str | None = None, size: int | None = None,
                    minutes: float | None = None, resume: bool = False, device: str = "auto") -> str:
    """Carry out `nnscratch train generator`.

    Parameters
    ----------
    chosen : dict, entries of Options that differ from the defaults
    folder : str or Path, where everything goes
    data : str, a name or path for `load_splits`, by default "glyphs"; for textures, a path of an image or a style's name
    size : int, side to shrink the images to, in pixels
    minutes : float, make as many steps as fit
    resume : bool, continue the training in the folder with its own options, data and size; only `steps` in `chosen`, or
        `minutes`, may be given, to make it longer
    device : {"auto", "cpu", "gpu"}

    Returns
    -------
    str
        Why the training ended, see `train`.
    """
    check_size(size)
    check_minutes(minutes)
    state, processes = Path(folder) / STATE, world()
    source: dict[str, Any] = {"data": "glyphs", "size": None}
    saved = open_state(folder, resume)
    options, step_count = make_options({} if saved else chosen), 0
    if saved:
        info = with_current_names(saved[1]["info"])
        options, source, step_count = saved_options(state, info, TRAINING, Options, chosen)
    backend.use(device)
    source = choose_source(data, size, source)
    inputs = [source["data"]] if os.path.isfile(source["data"]) else []
    with shared_folder(processes, [chosen, minutes], folder, TRAINING_FILES, inputs, resume) as output:
        splits, dataset = load_data(source, options)
        if minutes is not None:
            options = replace(options, steps=step_count + steps_for_minutes(minutes, dataset, options))
        trainer = make_trainer(dataset, options)
        trainer.source = source
        if saved:
            trainer.load(state, saved)
        trainer.share(processes)
        return follow(trainer) if output is None else run_training(trainer, splits, output)


def run_training(trainer: Trainer, splits: Splits | None, output: OutputFolder) -> str:
    """Train with a progress bar, and a score where the data have classes; print how to go on."""
    options = trainer.options
    kind = ("class", "classes") if trainer.labelled else ("group", "groups")
    labels = counted(trainer.num_classes, *kind) if trainer.num_classes else "without classes"
    print(f"{len(trainer.dataset)} {trainer.dataset.title}, {' x '.join(map(str, trainer.shape))}, {labels}; "
          f"preset {options.preset}, steps {trainer.step_count} to {options.steps} on {backend.describe_device()}")
    score = None
    if splits is not None and splits.train.num_classes:
        classifier = classifier_for(splits, output.file(CLASSIFIER_FILE))
        print(classifier)
        score = recognition_score(classifier, trainer.labelled)
    ended, best = train_with_progress(trainer, output, score), output.path / BEST
    print({"done": f"done: sample with  nnscratch generate --from {as_argument(best)} -o images.png",
           "stopped": how_to_resume(output.path, "generator"),
           "failed": "ended early, see above"}[ended])
    return ended


def load_data(source: dict[str, Any], options: Options) -> tuple[Splits | None, Dataset]:
    """(splits, the images to train on) of a source; there are no splits for a texture."""
    data, size = source["data"], source["size"]
    if options.method == TEXTURE:
        return None, texture_pieces(data, size or TEXTURE_SIDE, options.seed)
    splits = load_splits(data, size=size, seed=options.seed)
    return splits, splits.train


def texture_pieces(image: str, side: int, seed: int) -> Dataset:
    """Pieces of an image that is shrunk to at most two pieces along its shorter side, so that its structures fit a piece."""
    if not SCALE <= side <= MAX_SIDE or side % SCALE:
        raise InputError(f"--size is {side}, expected a multiple of {SCALE} up to {MAX_SIDE} for the pieces of a texture")
    if is_style(image):
        return crops(style_image(image, 2 * side), side, TEXTURE_PIECES, seed)
    return crops(read_image(image, shorter=2 * side, enlarge=False), side, TEXTURE_PIECES, seed)


def check_minutes(minutes: float | None) -> None:
    """The time is possible."""
    if minutes is not None and not 0 < minutes < 100_000:
        raise InputError(f"--minutes is {minutes}, expected a number above 0")


@checked
def steps_for_minutes(minutes: float, dataset: Dataset, options: Options) -> int:
    """Measure a few steps, and compute how many fit.

    Parameters
    ----------
    minutes : float, for the steps alone: the classifier of `train_generator` is trained before
    dataset : Dataset
    options : Options

    Returns
    -------
    int
        At least 10.
    """
    trial = make_trainer(dataset, options)
    trial.share(world())
    for _ in range(3):
        trial.step()  # the first allocates; on a GPU the second is recorded, or the third after one with a penalty
    start, count = perf_counter(), 5
    for _ in range(count):
        float(trial.step()["g_norm"])
    seconds = world().total(perf_counter() - start) / (count * world().size)
    del trial
    gc.collect()  # a trainer and its recorded step refer to each other, and hold memory of the GPU
    return max(10, int(0.95 * 60 * minutes / seconds))  # the rest goes to checkpoints and grids


def train_with_progress(trainer: Trainer, folder: OutputFolder, score: Score | None) -> str:
    """`train` with a progress bar of the metrics; both losses stand beside those of a discriminator that guesses."""
    chance = CHANCE_LOSS[trainer.options.loss] if trainer.options.method == "gan" else {}
    labels = {name: f"{words} ({chance[name]:.2f})" if name in chance else words for name, words in BAR_LABELS.items()}
    with progress_bar(total=trainer.options.steps, initial=trainer.step_count, desc="training", unit="step",
                      bar_format="{l_bar}{bar}| step {n_fmt}, {elapsed}, {remaining} left{postfix}") as bar:
        def progress(record: Record) -> None:
            metrics = (f"{words} {record[name]:.3g}" for name, words in labels.items() if name in record)
            bar.set_postfix_str(", ".join(metrics), refresh=False)
            bar.update(record["step"] - bar.n)
        return train(trainer, folder, score=score, progress=progress)


@checked
def generate(path: FilePath | None, output: FilePath, *, shape: tuple[int, int] | None = None,
             walk: int | None = None, label: str | None = None, side: int | None = None, seed: int = 0,
             temperature: float = 1.0, device: str = "auto") -> None:
    """Carry out `nnscratch generate`: write a grid of images, or an animation from one image to the next.

    Parameters
    ----------
    path : str or Path, of a generator; None for the one that comes with nnscratch
    output : str or Path, of the image file
    shape : tuple, (rows, columns) of the grid; by default 8 rows, and a column for each of up to 16 classes
    walk : int, number of frames; None for a grid
    label : str, name of a class; None for all classes
    side : int, of the images in pixels, for a generator of textures; then one image is the default
    seed : int
    temperature : float, standard deviation of the noise
    device : {"auto", "cpu", "gpu"}
    """
    check_writable(output)
    check_int(seed, "generate: seed", 0)
    check_positive(temperature, "--temperature")
    if walk is not None and (not 2 <= walk <= MAX_FRAMES or not is_film(output)):
        raise InputError(f"a walk of {walk} images to {output} was requested, expected 2 to {MAX_FRAMES} images and a name "
                         f"that ends in .gif or .webp")
    backend.use(device)
    with writing(output, inputs=[path or SHIPPED]):
        sampler = load_generator(path or SHIPPED, side)
        number = None if label is None else sampler.class_number(label)
        if shape is None:
            shape = (1, 1) if side else (8, sampler.num_classes if 1 < sampler.num_classes <= 16 else 8)
        rows, columns = shape
        images: np.ndarray
        if walk:
            images = sampler.walk(walk, seed=seed, label=number, temperature=temperature)
            data = encode_film(output, [grid(image[None], gap=0, enlarge=not side) for image in images],
                               milliseconds=60, pause=60)
        else:
            images, _ = sampler.sample(rows * columns, seed=seed, label=number, temperature=temperature)
            data = encode(grid(images, columns, gap=2 if len(images) > 1 else 0, enlarge=not side), output, mark=True)
        replace_file(output, data)
    print(f"{len(images)} image{'s' if len(images) > 1 else ''} written to {printable(output)}")
