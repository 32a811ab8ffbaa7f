"""Train to the end: progress, images on the way, a checkpoint now and then, warnings in plain words.

All lies in one folder:

    state.safetensors    everything, to go on from (`--resume`)
    best.safetensors     the best generator so far, to draw with
    samples/             a grid of images from the same noise, step by step; film.gif made of them
    history.json, curves.png
"""
import json
from collections import deque
from math import isfinite
from pathlib import Path

from nnscratch.fast import sigmoid
from nnscratch.files import make_folder, replace_file
from nnscratch.generate.adversarial import CLUELESS
from nnscratch.generate.plots import film, grid, plot, png
from nnscratch.generate.sampler import save_generator
from nnscratch.generate.trainer import SCORE_STREAM, SHOW_STREAM

RECORD_EVERY, SAVE_EVERY = 10, 250
EARLY = (0, 50, 100, 200, 400)  # steps at which a grid is shown as well: most happens at the beginning


def train(training, folder, *, score=None, progress=None, save_every=SAVE_EVERY):
    """Step until `training.options.steps`; returns why it ended: "done", "stopped" (Ctrl-C) or "failed" (NaN).

    score : callable(images, labels) -> float, larger is better; asked at each checkpoint. The generator with the best
        score is kept; without one, the latest. progress : callable(record), after every step that is recorded.
    """
    folder = Path(folder)
    make_folder(folder / "samples")
    watch, ended, stop_at = Watch(), "done", training.options.steps
    try:
        if training.steps_made == 0:
            training.save(folder / "state.safetensors")  # so that even a training stopped at once can be resumed
            show(training, folder)
        while training.steps_made < stop_at:
            facts = training.step()
            step = training.steps_made
            due = step % save_every == 0 or step == stop_at
            if step % RECORD_EVERY == 0 or due:
                record = {"step": step, **{name: float(value) for name, value in facts.items()}}
                record |= {name: float(sigmoid(facts[name])[0]) for name in ("d_real", "d_fake") if name in facts}
                if not all(isfinite(value) for value in record.values()):
                    ended = "failed"
                    watch.say(failure(training, folder, record))
                    break
                training.history.append(record)
                watch.look(record)
                if due:
                    checkpoint(training, folder, score, record)
                if progress is not None:
                    progress(record)
            if step in EARLY or due:
                show(training, folder)
    except KeyboardInterrupt:
        ended = "stopped"  # the last checkpoint is whole: at most `save_every` steps are lost
    finish(training, folder)
    return ended


def show(training, folder):
    """A grid of what the averaged generator makes at this step, from the same noise every time."""
    rows, columns = training.SHOWN
    image = grid(training.sample(rows * columns, SHOW_STREAM)[0], columns)
    replace_file(folder / "samples" / f"step-{training.steps_made:06}.png", png(image))


def checkpoint(training, folder, score, record):
    """Save everything; and the generator for itself, if it is the best so far."""
    best = max((entry["score"] for entry in training.history[:-1] if "score" in entry), default=None)
    if score is not None:
        count = 50 * max(training.classes if training.named else 0, 10)
        record["score"] = float(score(*training.sample(count, SCORE_STREAM)))
    if score is None or best is None or record["score"] >= best:
        save_generator(folder / "best.safetensors", training)
    training.save(folder / "state.safetensors")


def finish(training, folder):
    """The history as JSON and curves, the grids as a film."""
    from PIL import Image
    replace_file(folder / "history.json", json.dumps(training.history, indent=0).encode())
    if len(training.history) > 1:
        replace_file(folder / "curves.png", plot(training.history, CLUELESS[training.options.loss]))
    grids = sorted((folder / "samples").glob("step-*.png"))
    replace_file(folder / "film.gif", film([Image.open(path) for path in grids]))


def failure(training, folder, record):
    """Go back to the last good checkpoint, and say so."""
    name = next(name for name, value in record.items() if not isfinite(value))
    words, state = f"step {record['step']}: {name} is {record[name]}", folder / "state.safetensors"
    if state.exists():
        training.load(state)
        words += f"; went back to step {training.steps_made}, the last checkpoint"
    return words + ". Begin anew with half the learning rate"


class Watch:
    """Looks at the last records and says, once, in plain words, when a training goes wrong."""

    SIGNS = [
        (lambda r: r["diversity"] < 0.3 and r["step"] > 500,
         "the generator has collapsed: its images hardly differ. Begin anew with another --seed, or --loss hinge"),
        (lambda r: r.get("d_real", 0) > 0.99 and r["d_fake"] < 0.01,
         "the discriminator tells them apart without a doubt, and the generator learns little from it. "
         "Begin anew with a smaller --learning-rate, or more data"),
        (lambda r: r["g_norm"] < 1e-4 and r["step"] > 100,
         "hardly any gradient reaches the generator. Use the non-saturating loss"),
    ]

    def __init__(self, say=None, patience=20):
        self.say, self.patience, self.said = say or warn, patience, set()
        self.recent = deque(maxlen=patience)

    def look(self, record):
        self.recent.append(record)
        for sign, words in self.SIGNS:
            if len(self.recent) == self.patience and words not in self.said and all(map(sign, self.recent)):
                self.said.add(words)
                self.say(f"step {record['step']}: {words}")


def warn(text):
    from tqdm import tqdm
    tqdm.write(text)  # not through the progress bar
