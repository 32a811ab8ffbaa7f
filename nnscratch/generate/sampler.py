"""A trained generator in a file: save it, load it, draw from it.

Shapes: noise (N, Z), labels (N,) whole numbers, images (N, H, W, C) in [-1, 1].

The file says what it is (preset, size of the images, names of the classes), so nothing but its path is needed. Weights may
be kept in half precision: half the size, and no difference that an eye could see.
"""
from pathlib import Path

import numpy as np

from nnscratch import checkpoint
from nnscratch.errors import InputError
from nnscratch.generate.trainer import TEXTURE, images, labels_to_draw, new_generator, noise_of
from nnscratch.networks.texture_generator import SCALE
from nnscratch.ops.validation import check_int

LARGEST = 512  # pixels a side: the first weights of a generator for more would take gigabytes
LARGEST_PAINTING = 2048  # a painter's weights do not grow with the image
SHIPPED = Path(__file__).parent / "weights" / "glyphs.safetensors"


class Drawer:
    """A generator with all that is needed to draw: `drawer.draw(100, seed=0)`, `drawer.walk(60)`."""

    def __init__(self, model, info):
        self.model, self.info = model, info
        self.names, self.classes = info["names"], info["classes"]
        self.noise_length = noise_of(info["preset"], info["shape"])
        self.shares = info["shares"]  # None: the classes have names that people gave; else groups were found, so large

    def draw(self, count, *, seed=0, label=None):
        """`count` images and their labels; all classes in turn, groups by their size, or all of one class, by number.
        Deterministic for a seed.

        Raises InputError for a count below 1."""
        check_int(count, "draw: count", 1)
        rng = np.random.default_rng(seed)
        noise = rng.standard_normal((count, self.noise_length), np.float32)
        labels = labels_to_draw(count, self.classes, self.shares, rng) if label is None else np.full(count, label)
        return images(self.model, noise, labels, self.classes), labels

    def walk(self, frames, *, seed=0, stops=5, label=None):
        """`frames` images on the way through `stops` random noises and back to the first: neighbours look alike.

        The way bends around 0 (a great circle), since the straight one would lead through noise shorter than any that the
        generator has ever seen. Source: White, "Sampling generative networks" (2016), section 2.1.
        """
        check_int(frames, "walk: frames", 1)
        check_int(stops, "walk: stops", 2)
        noises = np.random.default_rng(seed).standard_normal((stops, self.noise_length), np.float32)
        places = np.arange(frames) * stops / frames
        noise = np.stack([on_the_way(noises[int(p)], noises[(int(p) + 1) % stops], p % 1) for p in places])
        return images(self.model, noise, np.full(frames, label or 0), self.classes)

    def class_number(self, name):
        """The number of a class by its name."""
        if not self.classes:
            raise InputError(f"class {name!r} was asked for, but this generator was trained without labels; leave --class out")
        if name not in self.names:
            raise InputError(f"class {name!r} is unknown, expected one of {', '.join(self.names)}")
        return self.names.index(name)


def on_the_way(a, b, share):
    """The point on the great circle from a to b, `share` of the way along."""
    cosine = a @ b / np.sqrt((a @ a) * (b @ b))
    angle = np.arccos(np.clip(cosine, -1, 1))
    return (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)


def save_generator(path, training, half=False):
    """Write the generator that a Training draws with; `half`: in half precision."""
    o = training.options
    info = {"what": "generator", "preset": o.preset, "shape": list(training.shape), "classes": training.classes,
            "names": training.dataset.class_names if training.classes else [], "shares": training.shares(),
            "data": training.dataset.title, "steps": training.steps_made, "seed": o.seed}
    write_generator(path, training.drawn(), info, half)


def write_generator(path, model, info, half=False):
    """Write a generator and what it is. As in a Drawer, `model` and `info`."""
    if half:
        copy = new_generator(info["preset"], tuple(info["shape"]), info["classes"])
        copy.cast(np.float16)
        for name, array in copy.params.items():
            array[...] = model.params[name]
        for name, array in model.buffers.items():
            copy.set_buffer(name, array.astype(np.float16))
        model = copy
    checkpoint.save(path, model, info=info)


def load_generator(path=SHIPPED, side=None):
    """The Drawer in a file of `save_generator`. side : of the images in pixels; a generator of textures can paint any.

    Raises InputError for any other file, and for a side that the generator cannot draw.
    """
    info = checkpoint.read_arrays(path)[1]["info"]
    if info.get("what") != "generator":
        raise InputError(f"{path} holds {info.get('what', 'something else')!r}, expected a generator; give best.safetensors of "
                         f"a training's folder")
    try:
        shape, classes = tuple(map(int, info["shape"])), int(info["classes"])
        sane = len(shape) == 3 and 1 <= min(shape) and max(shape) <= LARGEST and shape[2] in (1, 3) and 0 <= classes <= 10_000
        named = len(info["names"]) == classes and all(isinstance(name, str) for name in info["names"])
        shares = info.setdefault("shares", None)
        shared = shares is None or (len(shares) == classes and min(map(float, shares)) >= 0 and 0 < sum(shares) < 2)
        plain = info["preset"] != TEXTURE or classes == 0
        if not (sane and named and shared and plain and type(info["seed"]) is int):
            raise ValueError("sizes that no generator has")
        model = new_generator(info["preset"], shape, classes)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{path} does not say what its generator is ({error}); train it anew") from error
    if side is not None:
        info["shape"] = new_shape(path, info["preset"], side)
        model = new_generator(info["preset"], info["shape"], classes)
    checkpoint.load(path, model)
    return Drawer(model, info)


def new_shape(path, preset, side):
    """(side, side, 3), if this preset can draw so."""
    if preset != TEXTURE:
        raise InputError(f"a side of {side} pixels was asked for, but the generator in {path} has one size; leave it out, or "
                         f"give a generator trained with --method texture")
    if not (SCALE <= side <= LARGEST_PAINTING and side % SCALE == 0):
        raise InputError(f"a side of {side} pixels was asked for, expected a multiple of {SCALE} up to {LARGEST_PAINTING}")
    return side, side, 3
