"""The loop of a training: records, checkpoints, the best so far, and an end without loss.

    state.safetensors    the whole training, to resume from (`--resume`)
    best.safetensors     the network with the highest score so far
"""
from collections.abc import Callable, Iterator
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar, TypeAlias

from nnscratch.outputs import TRAINING_GOES_ON, BestEffort, OutputFolder
from nnscratch.parallel import Communicator
from nnscratch.progress import print_above_bar
from nnscratch.terminal import delayed_signals
from nnscratch.training.resume import BEST, STATE, Resumable

__all__: list[str] = []  # for trainings

LONG = 1800.0  # seconds: a training that takes longer says so at its start
FASTER = ". A smaller --preset, --size or --batch-size is faster"
Record: TypeAlias = dict[str, float]  # "step", and the metrics of that step


def steps_to_make(steps: range, world: Communicator, stop: Callable[[], bool], say: Callable[[str], object] = str,
                  save_every: int = 1, advice: str = "") -> Iterator[int]:
    """The steps to make, one by one, until a process wants to stop: all of them ask before each step.

    After three, says how long the others take, if that is long.
    """
    started, at_ctrl_c = 0.0, "Ctrl-C loses nothing, and "
    if world.size > 1 and len(steps):
        at_ctrl_c = ""
        say(f"{world.size} processes: at Ctrl-C mpiexec ends them at once, and --resume goes on from the last checkpoint, at "
            f"most {save_every} steps back")
    for made, step in enumerate(steps):
        if world.total(stop()):
            return
        if made == 1:
            started = perf_counter()  # the first step takes longer: it allocates the memory
        elif made == 3:
            seconds, left = (perf_counter() - started) / 2, len(steps) - 3
            hours, minutes = divmod(round(left * seconds / 60), 60)
            if left * seconds > LONG:
                say(f"a step takes {seconds:.2g} s, so {left} more take {hours} h {minutes} min; {at_ctrl_c}--resume goes "
                    f"on{advice}")
        yield step


def follow(trainer: Resumable) -> str:
    """The loop of all processes but rank 0, which alone records, draws, scores and writes: they only step. Returns "done", also
    where the training was stopped or failed, which rank 0 reports."""
    with delayed_signals() as stopped:
        steps = range(trainer.step_count, trainer.options.steps)
        for _ in steps_to_make(steps, trainer.shard.world, lambda: bool(stopped)):
            trainer.step()
    return "done"


class TrainingLoop:
    """The steps of a training; a subclass says what is recorded, scored, drawn and kept as the best.

    trainer  : what is stepped, until `trainer.options.steps`
    folder   : where its files go
    progress : called with each record
    save_every : steps between checkpoints
    """

    RECORD_INTERVAL: ClassVar[int] = 10  # steps

    def __init__(self, trainer: Resumable, folder: OutputFolder, progress: Callable[[Record], None] | None,
                 save_every: int) -> None:
        self.trainer, self.folder, self.progress, self.save_every = trainer, folder, progress, save_every
        self.attempt, self.failed = BestEffort(TRAINING_GOES_ON), False

    # --- what a subclass writes

    def save_best(self, path: Path) -> None:
        """Write the network by itself."""
        raise NotImplementedError

    def measure(self) -> Record:
        """What is measured at a checkpoint; the network with the highest "score" is the best, without one the latest."""
        return {}

    def describe(self, metrics: dict[str, Any]) -> Record:
        """The metrics of a step as they are recorded."""
        return {name: float(value) for name, value in metrics.items()}

    def observe(self, record: Record) -> None:
        """Look at a record, perhaps to warn."""

    def draw(self, at_checkpoint: bool) -> None:
        """Draw what the network does now: before the first step, and after each."""

    def warn(self, sentence: str) -> None:
        """Say something while the progress bar is drawn."""
        print_above_bar(sentence)

    # --- the loop

    def run(self) -> str:
        """Train; returns why it ended: "done", "stopped" (by Ctrl-C) or "failed" (by NaN or infinity)."""
        trainer = self.trainer
        try:
            with delayed_signals() as stopped:
                if trainer.step_count == 0:
                    trainer.save(self.folder.file(STATE))  # so that even a training stopped at once can be resumed
                    self.draw(False)
                self.check_best()
                steps = range(trainer.step_count, trainer.options.steps)
                for _ in steps_to_make(steps, trainer.shard.world, lambda: bool(stopped) or self.failed, self.warn,
                                       self.save_every, FASTER):
                    self.failed = not self.step()
                if self.failed:
                    return "failed"
                if trainer.step_count < trainer.options.steps:
                    self.attempt(lambda: trainer.save(self.folder.file(STATE)))
                    return "stopped"
                return "done"
        except KeyboardInterrupt:  # a second time, or where signals cannot be delayed
            return "stopped"  # the last checkpoint is whole: at most `save_every` steps are lost

    def check_best(self) -> None:
        """Where the best network is gone, the best of those to come is kept; if none are to come, the last."""
        trainer = self.trainer
        if not (self.folder.path / BEST).exists():
            for entry in trainer.history:
                entry.pop("score", None)  # the best is the best of those that were saved
            if trainer.step_count == trainer.options.steps:
                self.save_checkpoint(next((entry for entry in trainer.history if entry["step"] == trainer.step_count), {}))

    def step(self) -> bool:
        """One step, and what follows it; returns whether it succeeded."""
        trainer = self.trainer
        metrics = trainer.step()
        step, record = trainer.step_count, None
        save = step % self.save_every == 0 or step == trainer.options.steps
        if step % self.RECORD_INTERVAL == 0 or save:
            record = {"step": step, **self.describe(metrics)}
            if not all(isfinite(value) for value in record.values()):
                self.warn(self.restore(record))
                return False
            trainer.history.append(record)
            self.observe(record)
        self.draw(save)  # before the checkpoint: a resumed training makes only what comes after it
        if save and record is not None:
            self.save_checkpoint(record)
        if self.progress is not None and record is not None:
            self.progress(record)
        return True

    def save_checkpoint(self, record: Record) -> None:
        """Save the training; and the network by itself, if it is the best so far. At the last step it must succeed."""
        trainer = self.trainer
        best = max((entry["score"] for entry in trainer.history[:-1] if "score" in entry), default=None)
        measured = self.measure()
        record.update(measured)
        if "score" not in measured or best is None or measured["score"] >= best:
            if trainer.step_count == trainer.options.steps:
                self.save_best(self.folder.file(BEST))
            elif not self.attempt(lambda: self.save_best(self.folder.file(BEST))):
                record.pop("score", None)  # the best is the best of those that were saved
        self.attempt(lambda: trainer.save(self.folder.file(STATE)))

    def restore(self, record: Record) -> str:
        """Return to the last checkpoint after a failure; the result is a sentence about it."""
        name = next(name for name, value in record.items() if not isfinite(value))
        words, state = f"step {record['step']}: {name} is {record[name]}", self.folder.path / STATE
        if state.exists():
            self.trainer.load(state)
            words += f"; went back to step {self.trainer.step_count}, the last checkpoint"
        return words + ". Begin anew with half the learning rate"
