"""The drawings of notebooks 06 to 08: learning curves that end in NaN, positions of a window, scaled copies of a kernel."""
import numpy as np
import pytest
from helpers import normal

from nnscratch import ops
from nnscratch.course import draw
from nnscratch.course.draw.drawing import new_figure, number
from nnscratch.errors import InputError

HEALTHY = {"step": [0, 20, 40], "train": [2.3, 0.5, 0.1], "validation": [2.3, 0.6, 0.2]}
FAILED = {"step": [0, 20, 40], "train": [600.0, np.inf, np.nan], "validation": [600.0, np.nan, np.nan]}


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_a_loss_that_is_not_finite_is_said():
    """A panel for each log, on axes of one scale; the first step without a finite loss is named in its panel alone."""
    drawn = draw.training_panels({"A": HEALTHY, "B": FAILED, "C": HEALTHY, "D": HEALTHY}, HEALTHY, "four trainings")
    assert drawn._repr_png_() and drawn.text == "four trainings"
    panels = [axes for axes in drawn.figure.axes if axes.axison]
    assert [axes.get_title() for axes in panels] == list("ABCD")
    assert [texts(axes) for axes in panels] == [[], ["NaN from step\n20 on"], [], []]
    with pytest.raises(InputError, match="one log or more"):
        draw.training_panels({}, HEALTHY, "none")


@pytest.mark.parametrize("stride, padding", [(1, 0), (2, 1), (3, 2)])
def test_every_position_of_a_window_is_drawn(stride, padding):
    """A square for each pixel of the padded image and for each position, and the frame of the first window."""
    axes = new_figure(3, 3).subplots()
    draw.window_grid(axes, size=6, kernel=3, stride=stride, padding=padding)
    y, _ = ops.conv2d(np.ones((1, 6, 6, 1)), np.ones((3, 3, 1, 1)), strides=stride, padding=padding)
    assert len(axes.patches) == (6 + 2 * padding)**2 + y.size + 1


def test_scaled_copies_add_up_to_the_gradient():
    """After the last output gradient, dx is that of conv2d."""
    dy, kernel = normal(2, 3), normal(2, 2)
    _, cache = ops.conv2d(np.zeros((1, 3, 4, 1)), kernel[:, :, None, None])
    dx = ops.conv2d_backward(dy[None, :, :, None], cache)[0]
    (axes,) = draw.scaled_kernels(dy, kernel, [(1, 2)]).figure.axes
    assert texts(axes)[-12:] == [number(value) for value in dx.ravel()]
