"""Never to be merged: `own` has the functions of notebooks 07, 11 and 12 until their new checks are there."""
import numpy as np

from nnscratch.course import checks
from nnscratch.course.checks import batch_normalization, convolution, gradients, upsampling
from nnscratch.course.checks.exercise import exercise


def library_one_hot(labels, classes):
    return np.eye(classes)[labels]


@exercise("00", "", library=library_one_hot)
def one_hot(attempt):
    """Stand-in."""


def library_numeric_gradient(f, x, delta):
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = delta
        slopes[place] = (f(x + step) - f(x - step)) / (2 * delta)
    return slopes


def set_up() -> None:
    """Give the exercises a library function."""
    convolution.output_size.library = convolution.right_output_size
    upsampling.transposed_size.library = upsampling.right_transposed_size
    batch_normalization.batch_norm.library = batch_normalization.batch_norm_with()
    gradients.numeric_gradient.library = library_numeric_gradient
    checks.one_hot = one_hot
    checks.__all__.append("one_hot")
