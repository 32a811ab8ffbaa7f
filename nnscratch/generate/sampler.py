"""A trained generator in a file: save it, load it, sample from it.

Shapes: noise (N, Z), labels (N,) whole numbers, images (N, H, W, C) in [-1, 1].

The file describes itself (preset, size of the images, names of the classes), so its path is enough to use it. Weights may be
kept in half precision: half the size, and no visible difference.

Noise of a smaller standard deviation (temperature) gives more typical images, noise of a larger one more varied ones; see
Brock, Donahue, Simonyan, "Large scale GAN training", 2019, section 3.1, where the noise is truncated.
"""
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from nnscratch import checkpoint
from nnscratch.errors import InputError
from nnscratch.files import FilePath
from nnscratch.generate.headers import GENERATOR, MAX_TEXTURE_SIDE, check_file_size, check_limits
from nnscratch.generate.inputs import TEXTURE, generate_images, new_generator, noise_length_of, sample_labels
from nnscratch.generate.trainer import Trainer
from nnscratch.hints import checked
from nnscratch.models import Model
from nnscratch.networks.gan import PRESETS
from nnscratch.networks.texture_generator import SCALE
from nnscratch.ops.validation import check_choice, check_form, check_int, check_number, check_positive, check_seed
from nnscratch.schema import check, check_kind
from nnscratch.training.resume import best_of
from nnscratch.training.source import SOURCE

__all__ = ["SHIPPED", "Sampler", "load_generator", "save_generator", "slerp"]

SHIPPED = Path(__file__).parent / "weights" / "glyphs.safetensors"


class Sampler:
    """A generator with everything needed to sample from it.

    Parameters
    ----------
    model : Model
    info : dict, what `save_generator` wrote about it

    Attributes
    ----------
    names : list of str, the classes or groups
    num_classes : int, K; 0 without labels
    fractions : list of float, of each group in the training data; None if the labels were classes of the data
    """

    @checked
    def __init__(self, model: Model, info: dict[str, Any]) -> None:
        self.model, self.info = model, info
        self.names, self.num_classes, self.fractions = info["names"], info["classes"], info["shares"]
        self.noise_length = noise_length_of(info["preset"], info["shape"])

    def sample(self, count: int, *, seed: int | list[int] = 0, label: int | None = None,
               temperature: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """Images of all classes in turn, or of pseudo-labels in proportion, or of one label; deterministic for a seed.

        Parameters
        ----------
        count : int, N, at least 1
        seed : int or list of int
        label : int, of all images; None for all labels
        temperature : float > 0, standard deviation of the noise

        Returns
        -------
        images : ndarray (N, H, W, C)
            In [-1, 1].
        labels : ndarray (N,)
            The labels they were conditioned on.

        Examples
        --------
        >>> images, labels = load_generator().sample(20)
        >>> images.shape, labels[:3].tolist()
        ((20, 28, 28, 1), [0, 1, 2])
        """
        check_int(count, "sample: count", 1)
        rng, label = np.random.default_rng(check_seed(seed, "sample: seed")), self._checked(label, "sample: label")
        noise = check_positive(temperature, "sample: temperature") * rng.standard_normal((count, self.noise_length), np.float32)
        labels = sample_labels(count, self.num_classes, self.fractions, rng) if label is None else np.full(count, label)
        return generate_images(self.model, noise, labels, self.num_classes), labels

    def _checked(self, label: int | None, name: str) -> int | None:
        """The label, if there is such a class."""
        if label is not None and check_int(label, name, 0) >= max(self.num_classes, 1):
            raise InputError(f"{name} is {label}, expected a whole number below {self.num_classes}, the number of classes")
        return label

    def walk(self, frames: int, *, seed: int = 0, stops: int = 5, label: int | None = None,
             temperature: float = 1.0) -> np.ndarray:
        """Images along a closed path through random noises: each looks like the one before.

        Parameters
        ----------
        frames : int, N
        seed : int
        stops : int, random noises on the path, at least 2
        label : int, of all images
        temperature : float > 0, standard deviation of the noise

        Returns
        -------
        ndarray (N, H, W, C)
            Images in [-1, 1].
        """
        check_int(frames, "walk: frames", 1)
        check_int(stops, "walk: stops", 2)
        rng, label = np.random.default_rng(check_seed(seed, "walk: seed")), self._checked(label, "walk: label")
        noises = check_positive(temperature, "walk: temperature") * rng.standard_normal((stops, self.noise_length), np.float32)
        positions = np.arange(frames) * stops / frames
        noise = np.stack([slerp(noises[int(p)], noises[(int(p) + 1) % stops], p % 1) for p in positions])
        return generate_images(self.model, noise, np.full(frames, label or 0), self.num_classes)

    def class_number(self, name: str) -> int:
        """The label of a class.

        Parameters
        ----------
        name : str

        Returns
        -------
        int
            Its place among `names`.

        Raises
        ------
        InputError
            An unknown name, or a generator without labels.
        """
        if not self.num_classes:
            raise InputError(f"class {name!r} was requested, but this generator was trained without labels; leave --class out")
        if not isinstance(name, str) or name not in self.names:
            raise InputError(f"class {name!r} is unknown, expected one of {', '.join(self.names)}")
        return self.names.index(name)


def slerp(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    """Spherical linear interpolation: the point on the great circle from a to b, a fraction t of the way.

    Parameters
    ----------
    a : ndarray (Z,)
    b : ndarray (Z,)
    t : float, 0 for a, 1 for b

    Returns
    -------
    ndarray (Z,)
        On a straight line, the noise would get shorter than any that the generator was trained on.

    References
    ----------
    White, "Sampling generative networks", 2016, section 2.1.

    Examples
    --------
    >>> slerp(np.array([1.0, 0]), np.array([0.0, 1]), 0.5).round(3)
    array([0.707, 0.707])
    """
    check_form("slerp", "a", a, ("Z",))
    check_form("slerp", "b", b, a.shape)
    check_number(t, "slerp: t")
    cosine = a @ b / np.sqrt((a @ a) * (b @ b))
    angle = np.arccos(np.clip(cosine, -1, 1))
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


@checked
def save_generator(path: FilePath, trainer: Trainer, half: bool = False) -> None:
    """Write a trainer's sampling model to a file of its own.

    Parameters
    ----------
    path : str or Path, of a .safetensors file
    trainer : Trainer
    half : bool, write half precision
    """
    o = trainer.options
    info = {"what": "generator", "preset": o.preset, "shape": list(trainer.shape), "classes": trainer.num_classes,
            "names": trainer.dataset.class_names if trainer.num_classes else [], "shares": trainer.label_fractions(),
            "data": trainer.dataset.title, "source": trainer.source, "steps": trainer.step_count, "seed": o.seed}
    write_generator(path, trainer.sampling_model(), info, half)


def write_generator(path: FilePath, model: Any, info: dict[str, Any], half: bool = False) -> None:
    """Write a generator and what it is: `model` and `info` as in a Sampler."""
    if half:
        params, buffers = ({name: array.astype(np.float16) for name, array in arrays.items()}
                           for arrays in (model.params, model.buffers))
        model = SimpleNamespace(params=params, buffers=buffers)  # all that is saved of a model
    checkpoint.save(path, model, info=info)


@checked
def load_generator(path: FilePath = SHIPPED, side: int | None = None) -> Sampler:
    """Load a generator saved by `save_generator`.

    Parameters
    ----------
    path : str or Path; by default the generator of digits that comes with nnscratch
    side : int, of the images in pixels, a multiple of 16; only a generator of textures can generate other sizes

    Returns
    -------
    Sampler
        Ready to sample from.

    Raises
    ------
    InputError
        Another file, or a side that the generator does not have.
    """
    path = best_of(path)
    saved = checkpoint.read_arrays(path)
    info = saved[1]["info"]
    check_kind(info, "generator", path, "give best.safetensors of a training's folder")
    info.setdefault("shares", None)
    check(info, GENERATOR, path, "it does not say what its generator is, train it anew")
    check(info.get("source"), SOURCE, path)
    preset, shape, num_classes, fractions = info["preset"], tuple(info["shape"]), info["classes"], info["shares"]
    check_choice(preset, f"{path}: preset", [*PRESETS, TEXTURE])
    check_limits(str(path), preset, shape, num_classes)
    if len(info["names"]) != num_classes or (preset == TEXTURE and num_classes) or (
            fractions is not None and (len(fractions) != num_classes or not 0.5 < sum(fractions) < 1.5)):
        raise InputError(f"{path} does not say what its generator is: {num_classes} classes, {len(info['names'])} names, "
                         f"fractions {str(fractions)[:40]}; train it anew")
    check_file_size(str(path), preset, shape, sum(array.size for array in saved[0].values()))
    transposed = preset != TEXTURE and any("conv2dtranspose" in name for name in saved[0])  # as in all presets of version 0.1
    model = new_generator(PRESETS[preset]._replace(resize=False) if transposed else preset, shape, num_classes)
    if side is not None:
        info["shape"] = square_shape(path, preset, side)
        model = new_generator(preset, info["shape"], num_classes)
    checkpoint.restore(path, saved, model)
    return Sampler(model, info)


def square_shape(path: FilePath, preset: str, side: int) -> tuple[int, int, int]:
    """(side, side, 3), if a generator of this preset can generate it."""
    if preset != TEXTURE:
        raise InputError(f"a side of {side} pixels was requested, but the generator in {path} has one size; leave it out, or "
                         f"give a generator trained with --method texture")
    if not (SCALE <= side <= MAX_TEXTURE_SIDE and side % SCALE == 0):
        raise InputError(f"a side of {side} pixels was requested, expected a multiple of {SCALE} up to {MAX_TEXTURE_SIDE}")
    return side, side, 3
