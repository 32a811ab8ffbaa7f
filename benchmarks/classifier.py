"""`python -m benchmarks classifier`: the accuracy on the test part, and the seconds until then.

    python -m benchmarks classifier --data FOLDER    MNIST's files, Fashion-MNIST's, CIFAR's, an .npz, a folder of images
    python -m benchmarks classifier                  digits that are drawn by rule

It runs what `nnscratch train classifier` runs, with its defaults. The seconds hold everything but reading the data: the
training, the measurements on the validation part, the checkpoints on the disk, and the test.
"""
import time
from collections.abc import Iterator
from tempfile import TemporaryDirectory

from nnscratch.classify.command import training_progress
from nnscratch.classify.options import options_for
from nnscratch.classify.train import train_on_images
from nnscratch.classify.trainer import ClassifierTrainer
from nnscratch.data.parts import load_parts


def run(data: str, steps: int | None = None, augment: str | None = None, seed: int = 0) -> Iterator[dict]:
    """One row: the accuracy of the best classifier, and what it took."""
    parts = load_parts(data, seed=seed)
    chosen = {"steps": steps, "augment": augment, "seed": seed}
    options = options_for(len(parts.train), {name: value for name, value in chosen.items() if value is not None})
    start, processor = time.perf_counter(), time.process_time()
    with TemporaryDirectory() as folder:
        trainer = ClassifierTrainer(parts.train, parts.validation, options)
        with training_progress(trainer) as progress:
            _, results = train_on_images(trainer, folder, test=parts.test, progress=progress)
    assert results is not None  # the last step is a checkpoint
    yield {"name": parts.train.title, "train": len(parts.train), "steps": options.steps, "augment": options.augment,
           "seed": seed, "part": results["part"], "images": results["images"], "accuracy": results["accuracy"],
           "seconds": time.perf_counter() - start, "processor_seconds": time.process_time() - processor}
