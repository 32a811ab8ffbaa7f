"""The training loop of a generator: sample grids, scores and warnings.

Everything is in one folder:

    state.safetensors    the whole training, to resume from (`--resume`)
    best.safetensors     the best generator so far, to sample from
    samples/             grids of images from the same noise at several steps; film.gif shows them in order
    history.json, curves.png
"""
import json
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import numpy as np

from nnscratch.data.animation import encode_gif
from nnscratch.fast import sigmoid
from nnscratch.files import FilePath, replace_file
from nnscratch.generate.adversarial_losses import CHANCE_LOSS
from nnscratch.generate.plots import grid, plot_history, png
from nnscratch.generate.sampler import save_generator
from nnscratch.generate.trainer import GRID_STREAM, SCORE_STREAM, Trainer
from nnscratch.hints import checked
from nnscratch.outputs import OutputFolder, output_folder
from nnscratch.progress import print_above_bar
from nnscratch.training.loop import Record, TrainingLoop
from nnscratch.training.resume import BEST, STATE

__all__ = ["train"]

SAVE_INTERVAL = 250  # steps
TRAINING_FILES = (STATE, BEST, "judge.safetensors", "samples", "history.json", "curves.png", "film.gif")
GRID_FILES = ("step-*.png",)
EARLY_GRIDS = (0, 50, 100, 200, 400)  # further steps with a grid: the images change most at the beginning

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
        output.file(BEST)  # in the list from now on: a full disk at the end is then reported for the file itself
        ended = GeneratorLoop(trainer, output, samples, score, progress, save_every).run()
        save_summary(trainer, output, samples)
    return ended


class GeneratorLoop(TrainingLoop):
    """The steps of `train`, with warnings, and grids of samples."""

    trainer: Trainer

    def __init__(self, trainer: Trainer, folder: OutputFolder, samples: OutputFolder, score: Score | None,
                 progress: Callable[[Record], None] | None, save_every: int) -> None:
        super().__init__(trainer, folder, progress, save_every)
        self.samples, self.score, self.monitor = samples, score, Monitor()

    def describe(self, metrics: dict[str, Any]) -> Record:
        record = super().describe(metrics)
        return record | {name: float(sigmoid(metrics[name])[0]) for name in ("d_real", "d_fake") if name in metrics}

    def observe(self, record: Record) -> None:
        self.monitor.check(record)

    def warn(self, sentence: str) -> None:
        self.monitor.warn(sentence)

    def draw(self, at_checkpoint: bool) -> None:
        """Write a grid of samples at this step, from the same noise every time."""
        trainer = self.trainer
        if at_checkpoint or trainer.step_count in EARLY_GRIDS:
            rows, columns = trainer.GRID_SHAPE
            data = png(grid(trainer.sample(rows * columns, GRID_STREAM)[0], columns))
            self.attempt(lambda: replace_file(self.samples.file(f"step-{trainer.step_count:06}.png"), data))

    def measure(self) -> Record:
        if self.score is None:
            return {}
        count = 50 * max(self.trainer.num_classes if self.trainer.labelled else 0, 10)
        return {"score": float(self.score(*self.trainer.sample(count, SCORE_STREAM)))}

    def save_best(self, path: Path) -> None:
        save_generator(path, self.trainer)


def save_summary(trainer: Trainer, folder: OutputFolder, samples: OutputFolder) -> None:
    """Write the history as JSON and as curves, and the grids as an animation."""
    replace_file(folder.file("history.json"), json.dumps(trainer.history, indent=0).encode())
    if len(trainer.history) > 1:
        replace_file(folder.file("curves.png"), plot_history(trainer.history, CHANCE_LOSS[trainer.options.loss]))
    grids = sorted(path for path in samples.path.glob("step-*.png") if path.name in samples.files)
    if grids:
        replace_file(folder.file("film.gif"), encode_gif(grids))


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
