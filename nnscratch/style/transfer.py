"""Style transfer by optimisation: change the pixels until content and style are met, coarse to fine.

Shapes: images (1, H, W, 3) in [0, 1].

The image itself is the unknown; the network stays fixed. Its filters see a few pixels at a time, so at full size they
know only the grain of a brush stroke. On an image of a quarter the size they see the whole stroke: the small image
settles the large forms, at a sixteenth of the cost, and each larger one only adds what is finer.
"""
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter

import numpy as np

from nnscratch.backend import array_module, move, to_cpu, to_device
from nnscratch.errors import InputError
from nnscratch.fast import avg_pool2d, resize2d
from nnscratch.style.colour import match_colours, put_colours_back, recoloured
from nnscratch.style.features import loss_network, smallest_side
from nnscratch.style.memory_limit import for_features
from nnscratch.style.minimizers import MINIMIZERS
from nnscratch.style.objective import Objective
from nnscratch.style.settings import Settings

SMALLEST_SCALE = 80   # with fewer pixels a side, a face is painted over as if it were a stroke


@dataclass
class Transfer:
    """What came out: the image (NumPy, in [0, 1]) and how it went."""
    image: np.ndarray
    history: list = field(default_factory=list)  # one dict a step: size, loss, content, style
    interrupted: bool = False


def transfer_style(content, style, *, masks=None, progress=None, save=None, resume=None, **settings):
    """Paint `content` in the style of `style`.

    Parameters
    ----------
    content, style : arrays (1, H, W, 3) in [0, 1], any two sizes of at least 8 pixels a side (16 for VGG); `style` may be a
        list of images, whose styles are mixed.
    masks : None, or for each of several styles an array (1, H, W, 1) in [0, 1] of the content's size: 1 where that style is to
        come; where none is, hardly anything changes
    progress : callable(share, record, image), called after each step with the share of the work done (steps count by
        pixels), the last entry of the history, and the image at its size of the moment
    save : callable(state), called after each step; state() gives ({name: array}, dict of JSON values), from which
    resume : goes on, bit for bit, with the same images and settings
    settings : see Settings: features="texture", strength=50.0, steps=40, seed=0, keep_colors=None, ...

    Returns
    -------
    Transfer : with the best image so far also when it is interrupted by Ctrl-C

    Raises
    ------
    InputError : images of a wrong shape, size or range, a setting that makes no sense.

    Source: Gatys, Ecker, Bethge (2016), section 2; several styles: Dumoulin et al., "A learned representation for artistic
    style" (2017), section 2.
    """
    s = Settings(**settings)
    styles = list(style) if isinstance(style, (list, tuple)) else [style]
    shares = check(content, styles, s, masks)
    if s.strength == 0:
        return Transfer(to_cpu(content).astype(np.float32))
    photograph, *styles = (to_cpu(image).astype(np.float32) for image in (content, *styles))
    content, *styles = map(to_device, recoloured(photograph, styles, s.keep_colors))
    network = network_for(content, styles, s)
    memory = for_features(network.model, content, styles, s.max_memory, s.statistics)
    scales = coarse_to_fine(content, styles, on_device(masks))
    image, history, interrupted = first_image(*scales[0], shares, s), [], False
    start = 0 if resume is None else resume[1]["scale"]
    work, done = (s.steps * sum(small.size for small, *_ in part) for part in (scales, scales[:start]))
    try:
        for scale, (small, small_styles, small_masks) in enumerate(scales[start:], start):
            image = array_module(image).clip(resize2d(image, small.shape[1:3])[0], 0, 1)
            objective = make_objective(network, small, small_styles, shares, s, memory, small_masks)
            minimizer = MINIMIZERS[s.optimizer](objective, image)
            if not np.isfinite(minimizer.loss):
                raise InputError(f"the loss is {minimizer.loss}, expected a finite number; use other images or weights")
            made = take_up(minimizer, resume, history) if resume is not None and scale == start else 0
            image = minimizer.x
            for step in range(made + 1, s.steps + 1):
                if minimizer.converged:
                    break
                loss = minimizer.step()
                image = minimizer.x
                history.append({"size": max(small.shape[1:3]), "loss": loss,
                                **{name: float(value) for name, value in objective.terms.items()}})
                if save is not None:
                    save(partial(state_of, minimizer, scale, step, history))
                if progress is not None:
                    used = s.steps if minimizer.converged else step  # the steps it does not need count as done
                    progress((done + used * small.size) / work, history[-1], image)
            done += s.steps * small.size
    except KeyboardInterrupt:
        interrupted = True  # at whatever point: `image` is the best so far
    image = to_cpu(array_module(image).clip(resize2d(image, content.shape[1:3])[0], 0, 1))
    if s.keep_colors == "luminance":
        image = put_colours_back(image, photograph)
    return Transfer(image, history, interrupted)


def state_of(minimizer, scale, step, history):
    """What `save` is given a function for: ({name: NumPy array}, dict of JSON values)."""
    arrays, numbers = minimizer.state()
    return {name: to_cpu(array) for name, array in arrays.items()}, {
        "scale": scale, "step": step, "history": list(history), **numbers}


def take_up(minimizer, state, history):
    """Go on from a state: fills the history, returns how many steps at this size were made."""
    arrays, numbers = state
    minimizer.load_state({name: to_device(array) for name, array in arrays.items()}, numbers)
    history.extend(numbers["history"])
    return numbers["step"]


def on_device(masks):
    return masks and [to_device(to_cpu(mask).astype(np.float32)) for mask in masks]


def coarse_to_fine(content, styles, masks=None):
    """[(content, styles, masks)] of all sizes, the smallest first, each half the next; none below SMALLEST_SCALE pixels a
    side."""
    scales = [(content, styles, masks)]
    while min(side for image in [scales[0][0], *scales[0][1]] for side in image.shape[1:3]) >= 2 * SMALLEST_SCALE:
        content, styles, masks = scales[0]
        scales.insert(0, (half(content), [half(style) for style in styles], masks and [half(mask) for mask in masks]))
    return scales


def half(image):
    """Half the size, every pixel the mean of four."""
    return avg_pool2d(image, 2, padding="same")[0]


def steps_in(minutes, content, styles, settings, masks=None):
    """How many steps at each size fit in so many minutes, by one evaluation of the loss at the full size, the second one."""
    content, *styles = (to_device(to_cpu(image).astype(np.float32)) for image in (content, *styles))
    network = network_for(content, styles, settings)
    memory = for_features(network.model, content, styles, settings.max_memory, settings.statistics)
    objective = make_objective(network, content, styles, settings.shares(len(styles)), settings, memory, on_device(masks))
    objective(content)  # the first one makes everything
    start = perf_counter()
    float(objective(content)[0])
    # A step takes one evaluation and now and then a second; the smaller sizes a third of the full one's time together.
    return max(1, int(60 * minutes / (1.2 * 4 / 3 * (perf_counter() - start))))


def network_for(content, styles, s):
    """The LossNetwork that the settings s ask for."""
    side = min(side for image in (content, *styles) for side in image.shape[1:3])
    return loss_network(s.features, together(styles), side=side, seed=s.seed, weights=s.weights, colours=s.colours)


def check_memory(content, styles, s):
    """One sentence where the settings s ask for what does not fit into memory."""
    if s.max_memory is not None or s.statistics == "sliced":
        network = network_for(to_device(content), [to_device(style) for style in styles], s).model
        for_features(network, content, styles, s.max_memory, s.statistics)


def make_objective(network, content, styles, shares, s, memory=None, masks=None):
    """The Objective that the settings s ask for, on a LossNetwork, with features in so many bytes."""
    return Objective(network.model, content, styles, shares, content_layer=network.content_layer, statistics=s.statistics,
                     masks=masks, memory=memory, **network.weights(s.strength))


def together(styles):
    """Several styles as one batch, cut to the smallest height and width; one alone as it is."""
    if len(styles) == 1:
        return styles[0]
    height, width = (min(style.shape[axis] for style in styles) for axis in (1, 2))
    return array_module(styles[0]).concatenate([style[:, :height, :width] for style in styles])


def first_image(content, styles, masks, shares, settings):
    """What the smallest image is before the first step: the content in the style's colours, under each mask in those of its
    style, below strength 50 part of the way; or noise."""
    if settings.init == "content":
        start, way = to_cpu(content), min(1.0, settings.strength / 50)
        for mask, parts in [(1, shares)] if masks is None else zip(map(to_cpu, masks), np.eye(len(styles))):
            made = match_colours(to_cpu(content), [to_cpu(x) for x in (content, *styles)], [1 - way, *(way * p for p in parts)])
            start = start + mask * (made - to_cpu(content))
        return move(start.clip(0, 1), array_module(content))
    noise = np.random.default_rng([settings.seed, 1]).random(content.shape, np.float32)
    return move(noise, array_module(content))


def check(content, styles, settings, masks=None):
    """One sentence about the first image that makes no sense; returns how much of each style there is to be."""
    shares, smallest = settings.shares(len(styles)), smallest_side(settings.features)
    for name, image in (("content", content), *(("style", image) for image in styles)):
        shape = getattr(image, "shape", None)
        if shape is None or len(shape) != 4 or shape[0] != 1 or shape[3] != 3:
            raise InputError(f"the {name} image has shape {shape}, expected (1, H, W, 3); read it with read_image")
        if min(shape[1:3]) < smallest:
            raise InputError(f"the {name} image has {shape[2]}x{shape[1]} pixels, expected at least {smallest} a side; "
                             f"use a larger image")
        values = to_cpu(image)
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise InputError(f"the {name} image has values outside 0 to 1 or NaN; divide bytes by 255")
    if masks is not None and (len(masks) != len(styles) or settings.blend is not None or settings.statistics == "sliced"):
        raise InputError(f"{len(masks)} masks were given for {len(styles)} style(s), the blend {settings.blend} and the "
                         f"statistics {settings.statistics}, expected a mask for each style, no blend, and gram or covariance")
    for number, mask in enumerate(masks or (), 1):
        if getattr(mask, "shape", None) != (1, *content.shape[1:3], 1):
            raise InputError(f"mask {number} has shape {getattr(mask, 'shape', None)}, expected {(1, *content.shape[1:3], 1)}")
        if not (mask.min() >= 0 and 0 < mask.max() <= 1):
            raise InputError(f"mask {number} has values from {mask.min():g} to {mask.max():g}, expected 0 to 1 and not black "
                             f"everywhere; leave its style out")
    return shares
