"""Style transfer by optimisation: change the pixels until content and style match, from coarse to fine.

Shapes: images (1, H, W, 3) in [0, 1].

The image itself is the unknown; the network stays fixed. Its filters see a few pixels at a time, at full size only the grain
of a brush stroke. On an image of a quarter of the size they see the whole stroke: the small image settles the large forms, at a
sixteenth of the cost, and each larger one only adds what is finer.
"""
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeAlias

import numpy as np

from nnscratch.backend import Array, array_module, to_cpu, to_device
from nnscratch.errors import InputError
from nnscratch.fast import resize2d
from nnscratch.hints import checked
from nnscratch.ops.validation import check_shape
from nnscratch.schema import check, each, flag, number, record, whole
from nnscratch.style.bands import enlarge
from nnscratch.style.checks import check_real
from nnscratch.style.colour import recolour_inputs, restore_colours
from nnscratch.style.features import ALL_MAPS_SIDE, LossNetwork, loss_network
from nnscratch.style.inputs import check_inputs, image_pyramid, initial_image, masks_to_device, stack_styles
from nnscratch.style.memory_limit import feature_memory
from nnscratch.style.minimizers import MINIMIZERS
from nnscratch.style.objective import Objective
from nnscratch.style.settings import Settings

__all__ = ["Transfer", "estimate_steps", "transfer_style"]

State: TypeAlias = tuple[dict[str, Array], dict[str, Any]]  # arrays, and JSON values
NUMBERS = record(scale=whole(0, 20), step=whole(1), loss=number(), converged=flag, history=each(
    record(size=whole(1), loss=number(), content=number(), style=number())))


@dataclass
class Transfer:
    """The result of a style transfer.

    Parameters
    ----------
    image : NumPy array (1, H, W, 3) in [0, 1]
    history : list of dict, for each step its "size" (the longer side in pixels), "loss", "content" and "style"
    interrupted : bool, whether Ctrl-C ended it early
    """
    image: Array
    history: list[dict[str, Any]] = field(default_factory=list)
    interrupted: bool = False


@checked
def transfer_style(content: Array, style: Array | Sequence[Array], *, masks: Sequence[Array] | None = None,
                   progress: Callable[[float, dict[str, Any], Array], object] | None = None,
                   save: Callable[[Callable[[], State]], object] | None = None, resume: State | None = None,
                   start: tuple[Array, Array] | None = None, **settings: Any) -> Transfer:
    """Paint the content in the style of another image.

    Parameters
    ----------
    content : Array (1, H, W, 3) in [0, 1], at least 8 pixels a side (16 for VGG)
    style : Array (1, H', W', 3) in [0, 1], or a list of several, whose styles are mixed
    masks : list of Array (1, H, W, 1) in [0, 1], one for each of several styles, 1 where it applies; where all are 0, hardly
        anything changes
    progress : callable(fraction, record, image), called after each step with the completed fraction of the work (steps count by
        pixels), the last entry of the history, and the image at its present size
    save : callable(state), called after `progress`; state() returns ({name: array}, dict of JSON values)
    resume : such a state, from which the transfer continues bit for bit, with the same images and settings
    start : (Array like content, Array (1, H, W, 1)), an image to begin with, as the painting of a film's frame before, and how
        much of it, 0 to 1, at each pixel; the rest is as usual, but smaller sizes are left out
    **settings : see Settings: features="texture", strength=50.0, steps=40, seed=0, keep_colors=None, ...

    Returns
    -------
    Transfer
        With the best image so far if Ctrl-C interrupts it.

    Raises
    ------
    InputError
        Images of a wrong shape, size or range, an invalid setting, or a loss that is not finite.

    References
    ----------
    Gatys, Ecker, Bethge, "Image style transfer using convolutional neural networks" (2016), section 2. Several styles: Dumoulin
    et al., "A learned representation for artistic style" (2017), section 2.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> content, style = rng.random((1, 16, 20, 3)), rng.random((1, 18, 18, 3))
    >>> result = transfer_style(content, style, features="random", steps=3)
    >>> result.image.shape, len(result.history), result.history[-1]["style"] < result.history[0]["style"]
    ((1, 16, 20, 3), 3, True)
    """
    options = Settings(**settings)
    styles: list[Array] = list(style) if isinstance(style, (list, tuple)) else [style]
    blend_weights = check_inputs(content, styles, options, masks)
    if resume is not None:
        check(resume[1], NUMBERS, "the state", "start again without it")
    for name, array, form in zip(("the painting", "the amount"), start or (), (content.shape, (*content.shape[:3], 1))):
        check_real("style transfer", f"{name} to start from", array, form)
    if options.strength == 0:
        return Transfer(to_cpu(content).astype(np.float32))
    photograph, *styles = (to_cpu(image).astype(np.float32).clip(0, 1) for image in (content, *styles))
    content, *styles = map(to_device, recolour_inputs(photograph, styles, options.keep_colors))
    network = build_network(content, styles, options)
    memory = feature_memory(network.model, content, styles, options.max_memory, options.statistics)
    levels = image_pyramid(content, styles, masks_to_device(masks))[0 if start is None else -1:]
    image, unpainted, interrupted = content, None, False
    history: list[dict[str, Any]] = []
    first_level = 0 if resume is None else resume[1]["scale"]
    if first_level >= len(levels):
        raise InputError(f"the state is of size number {first_level + 1}, expected 1 to {len(levels)} for these images; start "
                         f"again without it")
    work, done = (options.steps * sum(small.size for small, *_ in part) for part in (levels, levels[:first_level]))
    try:
        for level, (small, small_styles, small_masks) in enumerate(levels[first_level:], first_level):
            before, unpainted = unpainted, initial_image(small, small_styles, small_masks, blend_weights, options)
            if before is not None:
                image = enlarged(image, before, unpainted, options.init)
            elif start is not None:
                painting, amount = (to_device(to_cpu(array).astype(np.float32)) for array in start)
                image = unpainted + amount * (painting - unpainted)
            else:
                image = unpainted
            objective = build_objective(network, small, small_styles, blend_weights, options, memory, small_masks)
            minimizer = MINIMIZERS[options.optimizer](objective, image)
            if not np.isfinite(minimizer.loss):
                raise InputError(f"the loss is {minimizer.loss}, expected a finite number; use other images or weights")
            completed = restore(minimizer, resume, history) if resume is not None and level == first_level else 0
            image = minimizer.x
            for step in range(completed + 1, options.steps + 1):
                if minimizer.converged:
                    break
                loss = minimizer.step()
                image = minimizer.x
                history.append({"size": max(small.shape[1:3]), "loss": loss,
                                **{name: float(value) for name, value in objective.terms.items()}})
                if progress is not None:
                    used = options.steps if minimizer.converged else step  # the remaining steps are not needed: done
                    progress((done + used * small.size) / work, history[-1], image)
                if save is not None:
                    save(snapshot(minimizer, level, step, history))
            done += options.steps * small.size
    except KeyboardInterrupt:
        interrupted = True  # at any point, `image` is the best so far
    image = to_cpu(array_module(image).clip(resize2d(image, content.shape[1:3])[0], 0, 1))
    if options.keep_colors == "luminance":
        image = restore_colours(image, photograph)
    return Transfer(image, history, interrupted)


def enlarged(image: Array, before: Array, unpainted: Array, init: str) -> Array:
    """The image at the next size. `before` and `unpainted` are the images before the first step at both sizes: what the steps
    changed is enlarged and added to `unpainted`, which has the detail that an enlarged image lacks."""
    if init == "noise":
        return enlarge(image, unpainted.shape[1:3])  # the new noise is not of the same picture
    return array_module(image).clip(unpainted + enlarge(image - before, unpainted.shape[1:3]), 0, 1)


def snapshot(minimizer: Any, level: int, step: int, history: list[dict[str, Any]]) -> Callable[[], State]:
    """A function that returns the state after this step, with NumPy arrays. (Files call the level of the pyramid "scale".)"""
    (arrays, numbers), made = minimizer.state(), len(history)  # the minimizer never changes these arrays in place
    return lambda: ({name: to_cpu(array) for name, array in arrays.items()},
                    {"scale": level, "step": step, "history": history[:made], **numbers})


def restore(minimizer: Any, state: State, history: list[dict[str, Any]]) -> int:
    """Load a state into the minimizer and the history; return the number of completed steps at this size."""
    arrays, numbers = state
    for name in ("x", "gradient"):
        check_shape("style transfer", f"{name!r} of the state", arrays.get(name), minimizer.x.shape,
                    "at this size; start again without it")
    minimizer.load_state({name: to_device(array) for name, array in arrays.items()}, numbers)
    history.extend(numbers["history"])
    return numbers["step"]


@checked
def estimate_steps(minutes: float, content: Array, styles: list[Array], settings: Settings,
                   masks: Sequence[Array] | None = None) -> int:
    """Estimate the number of steps that fit in a time, from one evaluation of the loss at full size.

    Parameters
    ----------
    minutes : float, the time available
    content : Array (1, H, W, 3) in [0, 1]
    styles : list of Array (1, H', W', 3) in [0, 1]
    settings : Settings
    masks : list of Array (1, H, W, 1), one for each style, or None

    Returns
    -------
    int
        Steps at each size, at least 1.
    """
    blend_weights = check_inputs(content, styles, settings, masks)
    content, *styles = (to_device(to_cpu(image).astype(np.float32)) for image in (content, *styles))
    network = build_network(content, styles, settings)
    memory = feature_memory(network.model, content, styles, settings.max_memory, settings.statistics)
    objective = build_objective(network, content, styles, blend_weights, settings, memory, masks_to_device(masks))
    objective(content)  # the first evaluation allocates everything
    start = perf_counter()
    float(objective(content)[0])
    # A step takes one evaluation and now and then a second; the smaller sizes together a third of the time of the full one.
    return max(1, int(60 * minutes / (1.2 * 4 / 3 * (perf_counter() - start))))


def check_memory(shapes: Sequence[tuple[int, ...]], settings: Settings) -> None:
    """Raise InputError where a transfer of images of these shapes, the content's first, needs more memory than is allowed."""
    if settings.max_memory is not None or settings.statistics == "sliced":
        content, *styles = (np.broadcast_to(np.float32(0.5), shape) for shape in shapes)  # shapes without memory
        noise = np.random.default_rng(0).random((1, ALL_MAPS_SIDE, ALL_MAPS_SIDE, 3), np.float32)
        network = loss_network(settings.features, to_device(noise), side=min(min(shape[1:3]) for shape in shapes),
                               weights=settings.weights, colors=settings.colors)
        feature_memory(network.model, content, styles, settings.max_memory, settings.statistics)


def build_network(content: Array, styles: list[Array], settings: Settings) -> LossNetwork:
    """The loss network for these images."""
    side = min(side for image in (content, *styles) for side in image.shape[1:3])
    return loss_network(settings.features, stack_styles(styles), side=side, seed=settings.seed, weights=settings.weights,
                        colors=settings.colors)


def build_objective(network: LossNetwork, content: Array, styles: list[Array], blend_weights: list[float], settings: Settings,
                    memory: float | None = None, masks: list[Array] | None = None) -> Objective:
    """The loss for these images, with feature maps in so many bytes of memory."""
    return Objective(network.model, content, styles, blend_weights, content_layer=network.content_layer,
                     statistics=settings.statistics, masks=masks, memory=memory, **network.weights(settings.strength))
