"""Images in rows and columns with labels, and a confusion matrix."""
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.patches import Rectangle

from nnscratch.course.draw.drawing import FAINT, INK, Drawing, new_figure, shade, tint
from nnscratch.hints import checked

__all__ = ["confusion", "image_rows"]


@checked
def image_rows(rows: Mapping[str, Mapping[str, np.ndarray]], text: str, signed: Sequence[str] = (),
               inches: float = 0.9) -> Drawing:
    """Draw several images of several things.

    Parameters
    ----------
    rows : dict of str to dict of str to array (H, W)
        By the label of a row, then by the title of a column; each row has the same columns.
    text : str
        The image in a sentence.
    signed : sequence of str
        Columns whose values have a sign: white is 0, blue positive, orange negative. Others are grey from their smallest to
        their largest value.
    inches : float
        Width of an image.

    Returns
    -------
    image : Drawing
        The images.
    """
    columns = list(next(iter(rows.values())))
    labelled = any(rows)
    figure = new_figure(inches * len(columns) + 0.45 * labelled, inches * len(rows) + 0.3)
    for k, (axes_row, (label, images)) in enumerate(zip(figure.subplots(len(rows), len(columns), squeeze=False), rows.items())):
        for axes, title in zip(axes_row, columns):
            image = np.asarray(images[title], dtype=float)
            if title in signed:
                vmax = float(np.nanmax(np.abs(image)))
                axes.imshow([[shade(value, vmax) for value in line] for line in image], interpolation="nearest")
            else:
                axes.imshow(image, cmap="gray", interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            for spine in axes.spines.values():
                spine.set_color(FAINT)
            if k == 0:
                axes.set_title(title, fontsize=10, color=INK)
        axes_row[0].set_ylabel(label, fontsize=10, color=INK)
    return Drawing(figure, text)


@checked
def confusion(matrix: np.ndarray, text: str, inches: float = 0.36) -> Drawing:
    """Draw a confusion matrix; the diagonal, what was read rightly, is left empty.

    Parameters
    ----------
    matrix : array (classes, classes)
        Numbers of images: a row is the true class, a column the predicted one.
    text : str
        The image in a sentence.
    inches : float
        Side of an element.

    Returns
    -------
    image : Drawing
        The matrix with its numbers; 0 is left out.
    """
    classes = len(matrix)
    wrong = matrix - np.diag(np.diag(matrix))
    figure = new_figure(inches * classes + 0.8, inches * classes + 0.7)
    axes = figure.subplots()
    for j, k in np.ndindex(matrix.shape):
        colour = tint("#888888", 0.3) if j == k else shade(float(wrong[j, k]), float(wrong.max()))
        axes.add_patch(Rectangle((k - 0.5, j - 0.5), 1, 1, facecolor=colour, edgecolor=FAINT, linewidth=0.7))
        if wrong[j, k]:
            axes.text(k, j, f"{wrong[j, k]:g}", ha="center", va="center", color=INK, fontsize=10)
    axes.set(xlim=(-0.5, classes - 0.5), ylim=(classes - 0.5, -0.5), aspect="equal")
    axes.set(xticks=range(classes), yticks=range(classes))
    axes.set_xlabel("read as", color=INK)
    axes.set_ylabel("true digit", color=INK)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return Drawing(figure, text)
