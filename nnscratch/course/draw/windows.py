"""Windows on images: sliding over the input, and laid out as rows by im2col.

Shapes: x (H, W), kernel (KH, KW), y (OH, OW): one image of one channel.
"""
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.patches import Rectangle

from nnscratch.course.draw.drawing import INK, PALETTE, Drawing, canvas, new_figure
from nnscratch.course.draw.number_grid import TITLE, Grid, Row, grids, pale, put
from nnscratch.hints import checked

__all__ = ["im2col", "images", "sliding"]


@checked
def sliding(x: np.ndarray, kernel: np.ndarray, places: Sequence[tuple[int, int]]) -> Drawing:
    """Draw a convolution at some places.

    Parameters
    ----------
    x : array (H, W)
    kernel : array (KH, KW)
    places : sequence of (oh, ow)

    Returns
    -------
    image : Drawing
        A row for each place: the pixels under the window, the products, and the output so far.
    """
    (kh, kw), (h, w) = kernel.shape, x.shape
    return grids(sliding_rows(x, kernel, places), f"a {kh}x{kw} window slides over a {h}x{w} image, at places {list(places)}")


def sliding_rows(x: np.ndarray, kernel: np.ndarray, places: Sequence[tuple[int, int]]) -> list[Row]:
    """The rows of `sliding`."""
    kh, kw = kernel.shape
    rows: list[Row] = []
    y = np.array([[(x[r:r + kh, s:s + kw] * kernel).sum() for s in range(x.shape[1] - kw + 1)]
                  for r in range(x.shape[0] - kh + 1)], dtype=float)
    for oh, ow in places:
        so_far = np.where(np.arange(y.size).reshape(y.shape) <= oh * y.shape[1] + ow, y, np.nan)
        products, vmax = x[oh:oh + kh, ow:ow + kw] * kernel, np.abs(y).max()
        rows.append([Grid("x", x, (oh, ow, kh, kw)), "·", Grid("kernel", kernel), "→", Grid("products", products), "sum →",
                     Grid("y", so_far, (oh, ow, 1, 1), vmax=vmax)])
    return rows


@checked
def im2col(x: np.ndarray, kernel: np.ndarray) -> Drawing:
    """Draw im2col: each patch becomes a row of its colour; the rows times the kernel as a column are y as a column.

    Parameters
    ----------
    x : array (H, W)
    kernel : array (KH, KW)

    Returns
    -------
    image : Drawing
        The patches and the product.
    """
    (kh, kw), (oh, ow) = kernel.shape, (x.shape[0] - kernel.shape[0] + 1, x.shape[1] - kernel.shape[1] + 1)
    places = list(np.ndindex(oh, ow))
    columns = np.array([x[r:r + kh, s:s + kw].ravel() for r, s in places], dtype=float)
    colours = [pale(PALETTE[k % len(PALETTE)]) for k in range(len(places))]
    scale, inches = 0.62, 0.46
    step_x, step_y = x.shape[1] * scale + 0.5, x.shape[0] * scale + 0.5
    left_width, height = ow * step_x, max(oh * step_y, len(places), kh * kw)
    figure, axes = canvas(left_width + kh * kw + 6.6, height + TITLE + 0.5, inches)
    for k, (r, s) in enumerate(places):
        patch = {(r + i, s + j): colours[k] for i in range(kh) for j in range(kw)}
        rest = {place: "white" for place in np.ndindex(x.shape)}
        put(axes, Grid("", x, colours={**rest, **patch}), 0.4 + s * step_x, TITLE + 0.2 + r * step_y, x.shape[0] * scale,
            inches, scale)
    left = left_width + 1.1
    axes.text(left_width + 0.55, TITLE + height / 2, "→", ha="center", va="center", fontsize=34 * inches, color=INK)
    in_colour = {(k, c): colours[k] for k in range(len(places)) for c in range(kh * kw)}
    put(axes, Grid("im2col(x)", columns, colours=in_colour), left, TITLE, height, inches)
    left += kh * kw
    for sign, grid in (("@", Grid("kernel", kernel.reshape(-1, 1))),
                       ("=", Grid("y", columns @ kernel.reshape(-1, 1), colours={(k, 0): c for k, c in enumerate(colours)}))):
        axes.text(left + 0.45, TITLE + height / 2, sign, ha="center", va="center", fontsize=34 * inches, color=INK)
        put(axes, grid, left + 0.8, TITLE, height, inches)
        left += 2.5
    return Drawing(figure, f"the {len(places)} patches of a {x.shape[0]}x{x.shape[1]} image become the {len(places)} rows of "
                           f"a matrix, which times the kernel as a column gives y as a column")


@checked
def images(images: Mapping[str, np.ndarray], text: str, inches: float = 2.0) -> Drawing:
    """Draw images beside each other.

    Parameters
    ----------
    images : dict of str to array (H, W) or (H, W, 3)
        By title; grey ones are scaled from their darkest to their lightest value.
    text : str
        The image in a sentence.
    inches : float
        Width of an image.

    Returns
    -------
    image : Drawing
        The images.
    """
    tallest = max(image.shape[0] / image.shape[1] for image in images.values())
    figure = new_figure(inches * len(images), inches * tallest + min(0.18 * inches, 0.36))
    for axes, (title, image) in zip(figure.subplots(1, len(images), squeeze=False)[0], images.items()):
        axes.imshow(image, cmap="gray", interpolation="nearest")
        axes.set_title(title, fontsize=10, color=INK)
        axes.set_axis_off()
        axes.add_patch(Rectangle((-0.5, -0.5), image.shape[1], image.shape[0], fill=False, edgecolor=INK, linewidth=0.8,
                                 clip_on=False))  # otherwise two of its sides are cut off
    return Drawing(figure, text)
