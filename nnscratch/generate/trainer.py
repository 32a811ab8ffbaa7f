"""The trainer of a generator: it draws batches, keeps an average of the generator, samples from it, saves and resumes.

Shapes: images (N, H, W, C) in [-1, 1], noise (N, Z), labels (N, K) one-hot, scaled (inputs.py).

Each method (methods/) is a subclass that writes two functions: `build`, which returns the networks beside the generator, and
`train_step`, one update on a batch.

Every random number is determined by (seed, purpose, number of the step). So there is no state of a random generator to save:
step 1000 draws the same batch and noise whether or not the training was interrupted before it.
"""
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, ClassVar

import numpy as np

from nnscratch import initializers
from nnscratch.backend import Array, to_device
from nnscratch.data.dataset import Dataset, fingerprint, to_floats
from nnscratch.generate.composite import CompositeModel, CompositeOptimizer
from nnscratch.generate.ema import EMA
from nnscratch.generate.headers import TRAINING, check_limits
from nnscratch.generate.inputs import generate_images, new_generator, noise_length_of, one_hot_rows, sample_labels
from nnscratch.generate.options import Options, with_current_names
from nnscratch.generate.pseudo_labels import with_pseudo_labels
from nnscratch.hints import checked
from nnscratch.models import Model
from nnscratch.ops.validation import check_choice
from nnscratch.optimizers import Adam, linear_decay
from nnscratch.parallel import ALONE, Communicator
from nnscratch.training.resume import Resumable

__all__ = ["Trainer"]

BATCH_STREAM, NOISE_STREAM, GRID_STREAM, SCORE_STREAM = 1, 2, 3, 4  # purposes of random numbers


class Trainer(Resumable):
    """A training of a generator that can be stepped, saved, and resumed bit for bit.

    Parameters
    ----------
    dataset : Dataset, the real images
    options : Options

    Attributes
    ----------
    generator : Model
    average : EMA, the average of the generator
    step_count : int, steps made so far
    history : list of dict, the records of `train`
    labelled : bool, whether the labels are those of the data; otherwise they are pseudo-labels, or there are none
    num_classes : int, K; 0 without labels
    """

    FILE = TRAINING, "nnscratch train generator"
    GRID_SHAPE: ClassVar[tuple[int, int]] = (10, 10)  # rows and columns of the sample grids

    @checked
    def __init__(self, dataset: Dataset, options: Options) -> None:
        self.options, self.step_count = options, 0
        self.source, self.history = None, []
        self.shape, self.fingerprint = dataset.images.shape[1:], fingerprint(dataset)
        self.labelled = bool(options.conditional and dataset.num_classes)
        self.dataset = dataset if self.labelled else with_pseudo_labels(dataset, options.groups, options.seed)
        self.num_classes = self.dataset.num_classes
        check_limits(self.dataset.title, options.preset, self.shape, self.num_classes)
        self.noise_length = noise_length_of(options.preset, self.shape)
        initializers.set_seed(options.seed)
        self.generator, average = (new_generator(options.preset, self.shape, self.num_classes) for _ in range(2))
        networks = {"generator": self.generator, **self.build()}
        rate = linear_decay(options.learning_rate, options.steps, start=0.75)
        self.average = EMA(average)
        self.models = CompositeModel({**networks, **self.extra_models(), "average": average})
        self.optimizers = CompositeOptimizer({name: Adam(rate, beta_1=options.beta_1) for name in networks})
        self.share(ALONE)

    # --- what a method writes ---------------------------------------------------------------------------------------

    def build(self) -> dict[str, Any]:
        """Create the networks that are trained beside the generator.

        Returns
        -------
        dict
            {name: Model}; each gets an optimizer of its own.
        """
        raise NotImplementedError

    def train_step(self, real: Array, noise: Array, labels: Array | None) -> dict[str, Array]:
        """Update the networks on one batch.

        Parameters
        ----------
        real : Array (N, H, W, C)
        noise : Array (N, Z)
        labels : Array (N, K), or None

        Returns
        -------
        dict
            Metrics of the step, as 0-d arrays; "g_norm" and "diversity" are among them.
        """
        raise NotImplementedError

    def extra_models(self) -> dict[str, Any]:
        """What else a checkpoint must hold.

        Returns
        -------
        dict
            {name: an object with `params` and `buffers`} that no optimizer updates.
        """
        return {}

    def sampling_model(self) -> Model:
        """The generator to sample from, for plain noise, in inference mode.

        Returns
        -------
        Model
            The average, unless a method needs another.
        """
        return self.average.model

    # --- training and sampling --------------------------------------------------------------------------------------

    def step(self) -> dict[str, Array]:
        o, k, rows = self.options, self.step_count, self.shard.rows
        self.indices = np.random.default_rng([o.seed, BATCH_STREAM, k]).integers(len(self.dataset), size=o.batch_size)
        noise = np.random.default_rng([o.seed, NOISE_STREAM, k]).standard_normal((o.batch_size, self.noise_length), np.float32)
        ours, labels = self.indices[rows], None
        if self.dataset.labels is not None:
            labels = one_hot_rows(self.dataset.labels[ours], self.num_classes)
        metrics = self.train_step(to_device(to_floats(self.dataset.images[ours])), to_device(noise[rows]), labels)
        self.average.update(self.generator, k)
        self.step_count += 1
        return self.shard.mean_metrics(metrics)

    def share(self, world: Communicator) -> None:
        super().share(world)
        if not self.labelled and self.dataset.labels is not None:
            world.broadcast(self.dataset.labels)
        for name in self.optimizers.parts:
            self.shard.set_on(self.models.parts[name])

    def optimizer(self, name: str) -> Adam:
        """The optimizer of one network.

        Parameters
        ----------
        name : str, "generator" or a key of what `build` returns

        Returns
        -------
        Adam
            With its own state.
        """
        return self.optimizers.parts[check_choice(name, "optimizer: name", self.optimizers.parts)]

    def optimize(self, name: str) -> dict[str, Array]:
        """Update one network by the gradients of all processes.

        Parameters
        ----------
        name : str, "generator" or a key of what `build` returns

        Returns
        -------
        dict of str to Array
            The gradients over the whole batch.
        """
        model = self.models.parts[name]
        grads = self.shard.sum(model.grads)
        self.optimizer(name).step(model.trainable_params, grads)
        return grads

    @checked
    def sample(self, count: int, stream: int) -> tuple[np.ndarray, np.ndarray]:
        """Images of the averaged generator: classes in turn, pseudo-labels in proportion.

        Parameters
        ----------
        count : int, N
        stream : int, selects the noise; the same noise every time

        Returns
        -------
        images : ndarray (N, H, W, C)
            In [-1, 1].
        labels : ndarray (N,)
            The labels they were conditioned on.
        """
        rng = np.random.default_rng([self.options.seed, stream])
        noise = rng.standard_normal((count, self.noise_length), np.float32)
        labels = sample_labels(count, self.num_classes, self.label_fractions(), rng)
        return generate_images(self.sampling_model(), noise, labels, self.num_classes), labels

    def label_fractions(self) -> Sequence[float] | None:
        """The fraction of the images that has each pseudo-label.

        Returns
        -------
        list of float or None
            K numbers with sum 1; None for labels of the data, and without labels.
        """
        if self.labelled or self.dataset.labels is None:
            return None
        return (np.bincount(self.dataset.labels, minlength=self.num_classes) / len(self.dataset)).tolist()

    # --- saving and resuming ----------------------------------------------------------------------------------------

    def info(self) -> dict[str, Any]:
        return {"what": "training", "options": asdict(self.options), "data": self.fingerprint, "source": self.source,
                "names": self.dataset.class_names, "step": self.step_count, "history": self.history}

    @classmethod
    def current(cls, info: dict[str, Any]) -> dict[str, Any]:
        info = with_current_names(info)
        if isinstance(info.get("data"), dict):  # version 0.1 compared titles, too
            info = info | {"data": {name: value for name, value in info["data"].items() if name != "title"}}
        return info
