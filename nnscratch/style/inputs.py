"""The inputs of a style transfer: checked, as a pyramid of sizes, and the image to start from.

Shapes: images (1, H, W, 3) in [0, 1]; masks (1, H, W, 1) in [0, 1].
"""
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from nnscratch.backend import Array, array_module, move, to_cpu, to_device
from nnscratch.errors import InputError
from nnscratch.style.bands import halve, match_appearance
from nnscratch.style.checks import check_filled, check_real, check_values
from nnscratch.style.features import min_side
from nnscratch.style.settings import Settings

__all__: list[str] = []

MIN_LEVEL_SIDE = 80  # pixels: on a smaller image, a face is painted over as if it were a stroke

Level: TypeAlias = tuple[Array, list[Array], list[Array] | None]  # content, styles and masks at one size


def image_pyramid(content: Array, styles: list[Array], masks: list[Array] | None = None) -> list[Level]:
    """All sizes, the smallest first, each half the next; none with a side below MIN_LEVEL_SIDE pixels."""
    levels: list[Level] = [(content, styles, masks)]
    while min(side for image in [levels[0][0], *levels[0][1]] for side in image.shape[1:3]) >= 2 * MIN_LEVEL_SIDE:
        content, styles, masks = levels[0]
        levels.insert(0, (halve(content), [halve(style) for style in styles], masks and [halve(mask) for mask in masks]))
    return levels


def initial_image(content: Array, styles: list[Array], masks: list[Array] | None, blend_weights: list[float],
                  settings: Settings) -> Array:
    """The image before the first step: noise, or the content in the colours and the contrast of the style, for each mask those
    of its style.

    Below strength 50 they change only in part.
    """
    if settings.init == "content":
        start, amount = to_cpu(content), min(1.0, settings.strength / 50)
        parts = [(1, blend_weights)] if masks is None else zip(map(to_cpu, masks), np.eye(len(styles)))
        for mask, weights in parts:
            matched = match_appearance(to_cpu(content), [to_cpu(x) for x in (content, *styles)],
                                       [1 - amount, *(amount * weight for weight in weights)])
            start = start + mask * (matched - to_cpu(content))
        return move(start.clip(0, 1), array_module(content))
    noise = np.random.default_rng([settings.seed, 1]).random(content.shape, np.float32)
    return move(noise, array_module(content))


def stack_styles(styles: list[Array]) -> Array:
    """Several styles as one batch, cropped to the smallest height and width."""
    if len(styles) == 1:
        return styles[0]
    height, width = (min(style.shape[axis] for style in styles) for axis in (1, 2))
    return array_module(styles[0]).concatenate([style[:, :height, :width] for style in styles])


def masks_to_device(masks: Sequence[Array] | None) -> list[Array] | None:
    """The masks as float32 on the chosen device; None where there are none."""
    return [to_device(to_cpu(mask).astype(np.float32)) for mask in masks] if masks else None


def check_inputs(content: Array, styles: Sequence[Array], settings: Settings,
                 masks: Sequence[Array] | None = None) -> list[float]:
    """Raise InputError for the first image or mask that is invalid; return the weight of each style."""
    check_filled("style transfer", "style", styles)
    weights, smallest = settings.blend_weights(len(styles)), min_side(settings.features)
    for name, image in (("content", content), *(("style", image) for image in styles)):
        check_values("style transfer", f"the {name} image", image)
        height, width = image.shape[1:3]
        if min(height, width) < smallest:
            raise InputError(f"the {name} image has {width}x{height} pixels, expected at least {smallest} a side; "
                             f"use a larger image")
    if masks is None:
        return weights
    check_filled("style transfer", "masks", masks)
    if len(masks) != len(styles) or settings.blend is not None or settings.statistics == "sliced":
        raise InputError(f"{len(masks)} masks were given for {len(styles)} style(s), the blend {settings.blend} and the "
                         f"statistics {settings.statistics}, expected a mask for each style, no blend, and gram or covariance")
    for number, mask in enumerate(masks, 1):
        check_real("style transfer", f"mask {number}", mask, (1, *content.shape[1:3], 1))
        if not (mask.min() >= 0 and 0 < mask.max() <= 1):
            raise InputError(f"mask {number} has values from {mask.min():g} to {mask.max():g}, expected 0 to 1 and not black "
                             f"everywhere; leave its style out")
    return weights
