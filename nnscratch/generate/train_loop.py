"""The training loop: progress, sample grids, checkpoints, warnings.

Everything is in one folder:

    state.safetensors    the whole training, to resume from (`--resume`)
    best.safetensors     the best generator so far, to sample from
    samples/             grids of images from the same noise at several steps; film.gif shows them in order
    history.json, curves.png
"""
import json
from collections import deque
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import ClassVar, TypeAlias

import numpy as np

from nnscratch.data.animation import encode_gif
from nnscratch.fast import sigmoid
from nnscratch.files import FilePath, replace_file
from nnscratch.generate.adversarial_losses import CHANCE_LOSS
from nnscratch.generate.plots import grid, plot_history, png
from nnscratch.generate.sampler import save_generator
from nnscratch.generate.trainer import GRID_STREAM, SCORE_STREAM, Trainer
from nnscratch.hints import checked
from nnscratch.outputs import TRAINING_GOES_ON, BestEffort, OutputFolder, output_folder
from nnscratch.progress import print_above_bar

__all__ = ["train"]

RECORD_INTERVAL, SAVE_INTERVAL = 10, 250  # steps
TRAINING_FILES = ("state.safetensors", "best.safetensors", "judge.safetensors", "samples", "history.json", "curves.png",
                  "film.gif")
GRID_FILES = ("step-*.png",)
EARLY_GRIDS = (0, 50, 100, 200, 400)  # further steps with a grid: the images change most at the beginning

Record: TypeAlias = dict[str, float]  # "step", and the metrics of that step
Score: TypeAlias = Callable[[np.ndarray, np.ndarray], float]


@checked
def train(trainer: Trainer, folder: FilePath | OutputFolder, *, score: Score | None = None,
          progress: Callable[[Record], None] | None = None, save_every: int = SAVE_INTERVAL) -> str:
    """Train until `trainer.options.steps`.

    Parameters
    ----------
    trainer : Trainer
    folder : str, Path or OutputFolder; it is made if it does not exist. What an earlier training left there is replaced
    score : callable, (images, labels) -> float, called at each checkpoint: the generator with the highest score is kept as
        the best; without it, the latest
    progress : callable, (record), called after each recorded step
    save_every : int, steps between checkpoints

    Returns
    -------
    str
        Why the training ended: "done", "stopped" (by Ctrl-C) or "failed" (by NaN or infinity).
    """
    resumed = trainer.step_count > 0
    with output_folder(folder, TRAINING_FILES, resumed) as output, output.subfolder("samples", GRID_FILES) as samples:
        if not resumed:
            for held in (output, samples):
                held.remove(*(held.files.keys() - {"judge.safetensors"}))  # of an earlier training
        output.file("best.safetensors")  # in the list from now on: a full disk at the end is then reported for the file itself
        ended = run_steps(trainer, output, samples, score, progress, save_every)
        save_summary(trainer, output, samples)
    return ended


def run_steps(trainer: Trainer, folder: OutputFolder, samples: OutputFolder, score: Score | None,
              progress: Callable[[Record], None] | None, save_every: int) -> str:
    """The steps of `train`, with records, checkpoints and grids; why they ended."""
    monitor, last_step, attempt = Monitor(), trainer.options.steps, BestEffort(TRAINING_GOES_ON)
    try:
        if trainer.step_count == 0:
            trainer.save(folder.file("state.safetensors"))  # so that even a training stopped at once can be resumed
            save_grid(trainer, samples, attempt)
        while trainer.step_count < last_step:
            metrics = trainer.step()
            step = trainer.step_count
            save, record = step % save_every == 0 or step == last_step, None
            if step % RECORD_INTERVAL == 0 or save:
                record = {"step": step, **{name: float(value) for name, value in metrics.items()}}
                record |= {name: float(sigmoid(metrics[name])[0]) for name in ("d_real", "d_fake") if name in metrics}
                if not all(isfinite(value) for value in record.values()):
                    monitor.warn(restore_after_failure(trainer, folder.path, record))
                    return "failed"
                trainer.history.append(record)
                monitor.check(record)
            if step in EARLY_GRIDS or save:
                save_grid(trainer, samples, attempt)  # before the checkpoint: a resumed training makes only what comes after it
            if save and record is not None:
                save_checkpoint(trainer, folder, score, record, attempt)
            if progress is not None and record is not None:
                progress(record)
    except KeyboardInterrupt:
        return "stopped"  # the last checkpoint is whole: at most `save_every` steps are lost
    return "done"


def save_grid(trainer: Trainer, samples: OutputFolder, attempt: BestEffort) -> None:
    """Write a grid of samples at this step, from the same noise every time."""
    rows, columns = trainer.GRID_SHAPE
    data = png(grid(trainer.sample(rows * columns, GRID_STREAM)[0], columns))
    attempt(lambda: replace_file(samples.file(f"step-{trainer.step_count:06}.png"), data))


def save_checkpoint(trainer: Trainer, folder: OutputFolder, score: Score | None, record: Record, attempt: BestEffort) -> None:
    """Save the training; and the generator by itself, if it is the best so far. At the last step it must succeed."""
    best = max((entry["score"] for entry in trainer.history[:-1] if "score" in entry), default=None)
    if score is not None:
        count = 50 * max(trainer.num_classes if trainer.labelled else 0, 10)
        record["score"] = float(score(*trainer.sample(count, SCORE_STREAM)))
    if score is None or best is None or record["score"] >= best:
        if trainer.step_count == trainer.options.steps:
            save_generator(folder.file("best.safetensors"), trainer)
        elif not attempt(lambda: save_generator(folder.file("best.safetensors"), trainer)):
            record.pop("score", None)  # the best is the best of those that were saved
    attempt(lambda: trainer.save(folder.file("state.safetensors")))


def save_summary(trainer: Trainer, folder: OutputFolder, samples: OutputFolder) -> None:
    """Write the history as JSON and as curves, and the grids as an animation."""
    replace_file(folder.file("history.json"), json.dumps(trainer.history, indent=0).encode())
    if len(trainer.history) > 1:
        replace_file(folder.file("curves.png"), plot_history(trainer.history, CHANCE_LOSS[trainer.options.loss]))
    grids = sorted(path for path in samples.path.glob("step-*.png") if path.name in samples.files)
    if grids:
        replace_file(folder.file("film.gif"), encode_gif(grids))


def restore_after_failure(trainer: Trainer, folder: Path, record: Record) -> str:
    """Return to the last checkpoint; the result is a sentence about it."""
    name = next(name for name, value in record.items() if not isfinite(value))
    words, state = f"step {record['step']}: {name} is {record[name]}", folder / "state.safetensors"
    if state.exists():
        trainer.load(state)
        words += f"; went back to step {trainer.step_count}, the last checkpoint"
    return words + ". Begin anew with half the learning rate"


class Monitor:
    """Reads the records, and warns once about each sign of a failing training that lasts for `patience` records."""

    SIGNS: ClassVar[list[tuple[Callable[[Record], bool], str]]] = [
        (lambda r: r["diversity"] < 0.3 and r["step"] > 500,
         "the generator has collapsed: its images hardly differ. Begin anew with another --seed, or --loss hinge"),
        (lambda r: r.get("d_real", 0) > 0.99 and r["d_fake"] < 0.01,
         "the discriminator is certain about all images, so the generator learns little from it. "
         "Begin anew with a smaller --learning-rate, or more data"),
        (lambda r: r["g_norm"] < 1e-4 and r["step"] > 100,
         "the generator's gradient has nearly vanished. Use the non-saturating loss"),
    ]

    def __init__(self, warn: Callable[[str], None] | None = None, patience: int = 20) -> None:
        self.warn = warn or print_above_bar
        self.patience, self.warned = patience, set[str]()
        self.recent: deque[Record] = deque(maxlen=patience)

    def check(self, record: Record) -> None:
        """Take the next record."""
        self.recent.append(record)
        for sign, words in self.SIGNS:
            if len(self.recent) == self.patience and words not in self.warned and all(map(sign, self.recent)):
                self.warned.add(words)
                self.warn(f"step {record['step']}: {words}")
