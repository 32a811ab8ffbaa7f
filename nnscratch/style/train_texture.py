"""`nnscratch train texture`: train the loss network of texture_features.py, on images that nnscratch draws itself.

Shapes: crops (N, 64, 64, 3) in [0, 1]; labels (N,) of K classes; palette (N, 6), mean and standard deviation of each channel.

    loss = cross-entropy of the class + PALETTE_WEIGHT * mean (predicted palette - palette)²

All random numbers depend on (seed, step) alone, so a training that is stopped and resumed gives the same result.
"""
from os import PathLike

import numpy as np

from nnscratch import backend, checkpoint
from nnscratch.backend import Array, to_cpu, to_device
from nnscratch.data.labels import one_hot_labels
from nnscratch.data.synthetic.paintings import flow_painting
from nnscratch.data.synthetic.patterns import PATTERNS
from nnscratch.data.synthetic.textures import tint, tones
from nnscratch.errors import as_argument, printable
from nnscratch.hints import checked
from nnscratch.losses import mse, softmax_cross_entropy
from nnscratch.models import Model
from nnscratch.networks.texture_features import texture_classifier, without_batch_norm
from nnscratch.ops.validation import check_form, check_int
from nnscratch.optimizers import Adam, Optimizer, cosine_decay, warmup
from nnscratch.parallel import world
from nnscratch.shard import Shard
from nnscratch.style.training import DRAWING, begin, make_steps, open_training

__all__ = ["TextureDataset", "palette", "train_texture"]

SIDE, BATCH_SIZE, PAINTING_SIDE = 64, 32, 320
LEARNING_RATE, PALETTE_WEIGHT = 4e-3, 10.0
IMAGES_PER_PATTERN, PAINTINGS = 200, 6  # each painting is a class of its own
PERIODS = 1.5, 5.0                      # of a pattern, across a crop
SAVE_EVERY, TEST_CROPS = 250, 1000
MADE = "features.safetensors"


@checked
def train_texture(folder: str | PathLike, *, steps: int | None = None, seed: int | None = None, resume: bool = False,
                  device: str = "auto") -> float:
    """Run the whole command: train, evaluate on new images, and write features.safetensors to the folder.

    Parameters
    ----------
    folder : path of a folder for the weights and the training state
    steps : int, the number of training steps, 2500 by default
    seed : int, of the initial weights and the images, 0 by default
    resume : bool, continue the training in the folder, with its own steps and seed; more steps extend it
    device : str, "auto", "cpu" or "gpu"

    Returns
    -------
    float
        The accuracy on test crops; NaN in all processes but rank 0.

    Raises
    ------
    InputError
        A folder that already holds a training, or holds none to resume, or one with another seed.
    """
    backend.use(device)
    shard = Shard(world(), BATCH_SIZE)
    with open_training(folder, "texture", MADE, steps, seed, resume, {"steps": 2500}) as (output, info, saved):
        steps, seed = info["steps"], info["seed"]
        names = [*PATTERNS, *(f"painting {k}" for k in range(PAINTINGS))]
        model = texture_classifier(len(names), seed)
        model.forward(to_device(np.zeros((1, SIDE, SIDE, 3), np.float32)))
        optimizer = Adam(warmup(cosine_decay(LEARNING_RATE, steps), steps // 10 + 1))
        made = output.file(MADE) if output else None
        save = begin(output, info, saved, model, optimizer)
        shard.set_on(model)
        print(DRAWING)
        dataset = TextureDataset(seed)
        make_steps(info, lambda step: train_step(model, optimizer, *dataset.batch(step), shard), save, SAVE_EVERY)
        if made is None:
            return np.nan
        print(f"{DRAWING}, to evaluate the network")
        accuracy = evaluate(model, TextureDataset(seed + 1))
        print(f"{accuracy:.1%} of {TEST_CROPS} new crops are classified correctly ({1 / len(names):.1%} by chance)")
        checkpoint.save(made, without_batch_norm(model), info={
            "what": "texture features", "steps": steps, "seed": seed, "right": accuracy, "classes": names})
    print(f"the loss network is {printable(made)}; use it with  nnscratch style PHOTO STYLE --weights {as_argument(made)} "
          f"-o OUT")
    return accuracy


def train_step(model: Model, optimizer: Optimizer, crops: Array, labels: Array, shard: Shard) -> dict[str, Array]:
    """Train for one step on a batch, of which this process computes a shard; returns the metrics of the batch."""
    x, labels = to_device(crops[shard.rows]), labels[shard.rows]
    logits, predicted = model.forward(x, training=True)
    loss, dlogits = softmax_cross_entropy(logits, to_device(one_hot_labels(labels, logits.shape[1])))
    error, dpredicted = mse(predicted, palette(x))
    model.zero_grads()
    model.backward([shard.weight * dlogits, shard.weight * PALETTE_WEIGHT * dpredicted], wrt="parameters")
    optimizer.step(model.trainable_params, shard.sum(model.grads))
    accuracy = (logits.argmax(axis=1) == to_device(labels)).mean()
    return shard.mean_metrics({"loss": loss, "accuracy": accuracy, "palette rmse": shard.mean(error)**0.5})


def evaluate(model: Model, dataset: "TextureDataset") -> float:
    """The accuracy on TEST_CROPS crops."""
    correct = 0
    for k in range(TEST_CROPS // 50):
        crops, labels = dataset.batch(k, 50)
        correct += int((to_cpu(model.forward(to_device(crops))[0]).argmax(axis=1) == labels).sum())
    return correct / TEST_CROPS


def palette(x: Array) -> Array:
    """Compute the mean and the standard deviation of each channel.

    Parameters
    ----------
    x : Array (N, H, W, 3)

    Returns
    -------
    Array (N, 6)
        Three means, three standard deviations.
    """
    check_form("palette", "x", x, ("N", "H", "W", "C"))
    mean = x.mean(axis=(1, 2))
    std = ((x - mean[:, None, None])**2).mean(axis=(1, 2))**0.5
    return backend.array_module(x).concatenate([mean, std], axis=1)


class TextureDataset:
    """Random crops of patterns, tinted anew each time, and of a few paintings, with the label of each.

    Parameters
    ----------
    seed : int, of everything
    side : int, of a crop in pixels
    images_per_pattern : int, images of each family of patterns; None for IMAGES_PER_PATTERN
    """

    @checked
    def __init__(self, seed: int, side: int = SIDE, images_per_pattern: int | None = None):
        rng = np.random.default_rng([seed, 7])
        self.num_classes, self.seed, self.side = len(PATTERNS) + PAINTINGS, seed, side
        self.images_per_pattern = images_per_pattern or IMAGES_PER_PATTERN
        labels = np.repeat(np.arange(len(PATTERNS)), self.images_per_pattern)
        parts = [tones(part, rng.random((len(part), 5), np.float32), rng.random((len(part), 8, 8), np.float32), 2 * side,
                       PATTERNS, PERIODS) for part in np.array_split(labels, max(1, len(labels) // 100))]
        self.tones = np.rint(255 * np.concatenate(parts).clip(0, 1)).astype(np.uint8)
        # Never seed 0, the painting on which users try style transfer.
        self.paintings = [flow_painting(PAINTING_SIDE, 1000 + 100 * seed + k)[0] for k in range(PAINTINGS)]

    def batch(self, step: int, batch_size: int = BATCH_SIZE) -> tuple[Array, Array]:
        """Draw the batch of a step: mirrored, rotated, a little brighter or darker.

        Parameters
        ----------
        step : int
        batch_size : int, N

        Returns
        -------
        crops : Array (N, side, side, 3) in [0, 1]
            float32.
        labels : Array (N,) of int
            The class of each crop: first the patterns, then the paintings.
        """
        check_int(step, "TextureDataset: step", 0)
        check_int(batch_size, "TextureDataset: batch_size", 1)
        rng = np.random.default_rng([self.seed, 8, step])
        labels = rng.integers(self.num_classes, size=batch_size)
        crops = np.empty((batch_size, self.side, self.side, 3), np.float32)
        is_pattern = labels < len(PATTERNS)
        indices = labels[is_pattern] * self.images_per_pattern + rng.integers(self.images_per_pattern, size=is_pattern.sum())
        colours = 0.5 + 3 * (rng.random((len(indices), 4, 3), np.float32) - 0.5)  # also far from the palettes
        tone = self.tones[indices].astype(np.float32) / 255
        crops[is_pattern] = tint(tone, rng.random(len(indices)), colours, rng.random(len(indices)))
        for k in np.flatnonzero(~is_pattern):
            crops[k] = random_crop(self.paintings[labels[k] - len(PATTERNS)], rng, self.side)
        gain, shift = rng.uniform(0.8, 1.15, (batch_size, 1, 1, 1)), rng.uniform(-0.1, 0.1, (batch_size, 1, 1, 1))
        crops = crops * gain.astype(np.float32) + shift.astype(np.float32)
        for crop, flip, transpose in zip(crops, rng.random(batch_size) < 0.5, rng.random(batch_size) < 0.5):
            if flip:
                crop[...] = crop[:, ::-1].copy()
            if transpose:
                crop[...] = crop.swapaxes(0, 1).copy()
        return crops.clip(0, 1), labels


def random_crop(image: Array, rng: np.random.Generator, side: int) -> Array:
    """A random square of `side` pixels, or of twice as many, then shrunk to `side`."""
    factor = int(rng.integers(1, 3))
    top, left = (rng.integers(0, length - factor * side + 1) for length in image.shape[:2])
    square = image[top:top + factor * side, left:left + factor * side]
    return square.reshape(side, factor, side, factor, 3).mean(axis=(1, 3))
