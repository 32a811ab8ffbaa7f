"""Style transfer by optimisation: change the pixels until content and style are met, coarse to fine.

Shapes: pictures (1, H, W, 3) in [0, 1].

The picture itself is the unknown; the network stays fixed. Its filters see a few pixels at a time, so at full size they
know only the grain of a brush stroke. On a picture of a quarter the size they see the whole stroke: the small picture
settles the large forms, at a sixteenth of the cost, and each larger one only adds what is finer.
"""
from dataclasses import dataclass, field

import numpy as np

from nnscratch.backend import array_module, to_cpu, to_device
from nnscratch.errors import InputError
from nnscratch.lbfgs import LBFGS
from nnscratch.networks.random_features import normalise, random_features
from nnscratch.ops.checks import whole
from nnscratch.ops.pool import avg_pool2d
from nnscratch.ops.resize import resize2d
from nnscratch.style.objective import Objective

CONTENT_LAYER = 3     # of the eight feature maps: the second at half the size
SMOOTHNESS = 10.0     # weight of the total variation: enough to calm the grain of random filters
SMALLEST_SCALE = 80   # with fewer pixels a side, a face is painted over as if it were a stroke
SMALLEST_SIDE = 16    # three poolings still leave 2 pixels, which a mirrored border needs
LARGEST_WEIGHT = 1e6  # the content counts for nothing long before; float32 fails not much later


@dataclass
class Transfer:
    """What came out: the picture (NumPy, in [0, 1]) and how it went."""
    picture: np.ndarray
    history: list = field(default_factory=list)  # one dict a step: size, loss, content, style
    interrupted: bool = False


def transfer_style(content, style, *, style_weight=10.0, steps=40, seed=0, progress=None):
    """Paint `content` in the style of `style`.

    Parameters
    ----------
    content, style : arrays (1, H, W, 3) in [0, 1], any two sizes of at least 16 pixels a side
    style_weight : float above 0, at most 1e6; 1 is a hint of style, 10 a painting, 100 nearly nothing but style
    steps : int, L-BFGS steps at each size: the full one, a half, a quarter, ... down to 80 pixels a side
    seed : int of at least 0, draws the filters of the loss network
    progress : callable(share, record), called after each step with the share of the work done (steps count by pixels)

    Returns
    -------
    Transfer : with the best picture so far also when it is interrupted by Ctrl-C

    Raises
    ------
    InputError : pictures of a wrong shape, size or range, a weight, seed or number of steps that makes no sense.

    Source: Gatys, Ecker, Bethge (2016), section 2.
    """
    check(content, style, style_weight, steps, seed)
    content, style = (to_device(to_cpu(picture).astype(np.float32)) for picture in (content, style))
    network = normalise(random_features(seed=seed), style)
    scales = [(content, style)]
    while min(scales[0][0].shape[1:3] + scales[0][1].shape[1:3]) >= 2 * SMALLEST_SCALE:
        scales.insert(0, tuple(map(half, scales[0])))
    work, done = steps * sum(content.size for content, _ in scales), 0
    picture, history, interrupted = scales[0][0], [], False
    try:
        for small_content, small_style in scales:
            picture = array_module(picture).clip(resize2d(picture, small_content.shape[1:3])[0], 0, 1)
            objective = Objective(network, small_content, small_style, style_weight=style_weight, smoothness=SMOOTHNESS,
                                  content_layer=CONTENT_LAYER)
            minimizer = LBFGS(objective, picture)
            if not np.isfinite(minimizer.loss):  # if it is, it stays so: a step never makes it larger
                raise InputError(f"the loss is {minimizer.loss}, expected a finite number; use a smaller style weight")
            for step in range(1, steps + 1):
                loss = minimizer.step()
                picture = minimizer.x
                history.append({"size": max(small_content.shape[1:3]), "loss": loss,
                                **{name: float(value) for name, value in objective.terms.items()}})
                if progress is not None:
                    used = steps if minimizer.converged else step  # the steps it does not need count as done
                    progress((done + used * small_content.size) / work, history[-1])
                if minimizer.converged:
                    break
            done += steps * small_content.size
    except KeyboardInterrupt:
        interrupted = True  # at whatever point: `picture` is the best so far
    picture = resize2d(picture, content.shape[1:3])[0]
    return Transfer(to_cpu(array_module(picture).clip(picture, 0, 1)), history, interrupted)


def half(picture):
    """Half the size, every pixel the mean of four."""
    return avg_pool2d(picture, 2, padding="same")[0]


def check(content, style, style_weight, steps, seed):
    """One sentence about the first argument of `transfer_style` that makes no sense."""
    for name, picture in (("content", content), ("style", style)):
        shape = getattr(picture, "shape", None)
        if shape is None or len(shape) != 4 or shape[0] != 1 or shape[3] != 3:
            raise InputError(f"the {name} picture has shape {shape}, expected (1, H, W, 3); read it with read_picture")
        if min(shape[1:3]) < SMALLEST_SIDE:
            raise InputError(f"the {name} picture has {shape[2]}x{shape[1]} pixels, expected at least {SMALLEST_SIDE} a side; "
                             f"use a larger picture")
        values = to_cpu(picture)
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise InputError(f"the {name} picture has values outside 0 to 1 or NaN; divide bytes by 255")
    if not 0 < style_weight <= LARGEST_WEIGHT:  # NaN is refused here, too
        raise InputError(f"the style weight is {style_weight}, expected a number above 0 and up to {LARGEST_WEIGHT:g}; "
                         f"take 10 to begin with")
    whole(steps, "style transfer: the number of steps", 1)
    whole(seed, "style transfer: seed", 0)
