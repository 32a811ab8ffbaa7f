"""The positions of a window for a stride and a padding, on axes of their own: a panel for sliders."""
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from nnscratch.course.draw.convolutions import centres
from nnscratch.course.draw.drawing import BLUE, FAINT, INK, ORANGE, tint
from nnscratch.hints import checked

__all__ = ["window_grid"]


@checked
def window_grid(axes: Axes, size: int, kernel: int, stride: int, padding: int) -> None:
    """Draw an image with its padding, the first window framed, and a dot in the centre of every window.

    Parameters
    ----------
    axes : matplotlib axes
    size : int
        Rows and columns of the image.
    kernel : int
        Rows and columns of the window.
    stride, padding : int
    """
    side = size + 2 * padding
    for row in range(side):
        for column in range(side):
            inside = padding <= row < padding + size and padding <= column < padding + size
            axes.add_patch(Rectangle((column, row), 1, 1, facecolor="white" if inside else tint(FAINT, 0.6), edgecolor=FAINT))
    for row, column in centres(size, kernel, stride, padding):
        axes.add_patch(Rectangle((column + 0.2, row + 0.2), 0.6, 0.6, facecolor=tint(BLUE, 0.8), edgecolor=INK, linewidth=0.6))
    axes.add_patch(Rectangle((0, 0), kernel, kernel, fill=False, edgecolor=ORANGE, linewidth=2.5))
    axes.set(xlim=(-0.2, side + 0.2), ylim=(side + 0.2, -0.2), aspect="equal")
    axes.set_axis_off()
