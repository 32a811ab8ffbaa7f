"""Filters of images: the exercise of notebook 07 on four kernels, and a kernel to be found in notebook 08."""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.convolution import right_conv_loops
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.prediction import predicted
from nnscratch.hints import checked
from nnscratch.ops.validation import check_array

__all__ = ["filter_kernels", "filtered", "filters", "unknown_filter"]

SOBEL = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
MADE_BY = "DACB"  # images 1 to 4


def filter_kernels() -> dict[str, np.ndarray]:
    """Four kernels.

    Returns
    -------
    kernels : dict of str to array (3, 3)
        By letter.
    """
    sharpen = np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    return {"A": SOBEL, "B": SOBEL.T, "C": sharpen, "D": np.ones((3, 3)) / 9}


@checked
def filtered(image: np.ndarray) -> dict[str, np.ndarray]:
    """The image after each of the four kernels, in another order.

    Parameters
    ----------
    image : array (H, W)

    Returns
    -------
    images : dict of str to array (H - 2, W - 2)
        By number.
    """
    check_array("filtered", "image", image, 2, "(rows, columns)")
    kernels = filter_kernels()
    return {f"image {k + 1}": right_conv_loops(image, kernels[letter]) for k, letter in enumerate(MADE_BY)}


@exercise("07", "Which kernel has no negative weight? Its output has no negative values, so the background is black.",
          "A compares left with right, so it reacts to vertical edges. B is its transpose.",
          "D is a mean: it blurs. C makes the difference to the four neighbours larger: edges become stronger.")
def filters(attempt: Attempt) -> None:
    """The letter of the kernel that made image 1, 2, 3, 4."""
    turned = "it reacts to edges, but of the other direction: A compares left with right, B top with bottom"
    flat = "that kernel compares two sides, so the two edges of a stroke get opposite signs; here the whole stroke is bright"
    kept = "that kernel keeps a stroke bright; here one of its edges is dark"
    predicted(attempt, {f"image {k + 1}": letter for k, letter in enumerate(MADE_BY)}, {
        turned: ("image 2", "B"), f"{turned} ": ("image 4", "A"),
        flat: ("image 1", "A"), f"{flat} ": ("image 1", "B"), f"{flat}  ": ("image 3", "A"), f"{flat}   ": ("image 3", "B"),
        kept: ("image 2", "C"), f"{kept} ": ("image 2", "D"), f"{kept}  ": ("image 4", "C"), f"{kept}   ": ("image 4", "D"),
        "this image is blurred, and C makes edges stronger": ("image 1", "C"),
        "the edges of this image are stronger, and a mean makes them weaker": ("image 3", "D")})


@checked
def unknown_filter(images: np.ndarray) -> np.ndarray:
    """Filter images with a kernel of 3 x 3 that is to be found.

    Parameters
    ----------
    images : array (N, H, W, 1)

    Returns
    -------
    y : array (N, H - 2, W - 2, 1)
        The filtered images.
    """
    check_array("unknown_filter", "images", images, 4)
    kernel = np.array([[-2.0, -1, 0], [-1, 1, 1], [0, 1, 2]])
    return ops.conv2d(images, kernel[:, :, None, None].astype(images.dtype))[0]
