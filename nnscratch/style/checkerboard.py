"""Checkerboard artifacts: why the stylizer enlarges by interpolation, and not by a transposed convolution.

Shapes: counts (H * stride, W * stride) for a map of H rows and W columns; images (N, H, W, 3).

A transposed convolution places a kernel at every `stride`-th pixel. Where kernels overlap, their values add up, and the number
of overlapping kernels depends on the position: a 3x3 kernel with stride 2 covers pixels once, twice or four times in turn, a
pattern of period 2 that exists before any training. A kernel size that is a multiple of the stride covers all pixels equally
often, but each of the stride² positions still has its own weights, and training must make them agree. If a map is enlarged by
interpolation and then convolved, one kernel serves all positions: even areas stay even from the start.

Source: Odena, Dumoulin, Olah, "Deconvolution and checkerboard artifacts" (2016).
"""
import numpy as np

from nnscratch.backend import Array
from nnscratch.fast import conv2d_transpose
from nnscratch.ops.validation import as_pair, check_form, check_int, check_is_array, check_positive

__all__ = ["checkerboard_fraction", "overlap_counts"]


def overlap_counts(shape: tuple[int, int], kernel_size: int, stride: int) -> Array:
    """Count the kernels that cover each pixel of a transposed convolution.

    Parameters
    ----------
    shape : tuple of int, (H, W) of the input map
    kernel_size : int, side of the square kernel
    stride : int, at least 1

    Returns
    -------
    Array (H * stride, W * stride)
        The counts: a transposed convolution of ones with ones.

    Examples
    --------
    >>> overlap_counts((3, 3), 3, 2)[2:4, 2:4]
    array([[4., 2.],
           [2., 1.]])
    """
    shape, kernel_size = as_pair(shape, "overlap_counts: shape"), check_int(kernel_size, "overlap_counts: kernel_size", 1)
    ones = np.ones((1, *shape, 1)), np.ones((kernel_size, kernel_size, 1, 1))
    return conv2d_transpose(*ones, strides=stride, padding="same")[0][0, :, :, 0]


def checkerboard_fraction(images: Array, stride: int = 2, width: float = 1 / 16) -> float:
    """Measure how much of an image is a checkerboard.

    Parameters
    ----------
    images : Array (N, H, W, C)
    stride : int, the period of the checkerboard in pixels
    width : float, half the width of each frequency band, in cycles per pixel

    Returns
    -------
    float
        The fraction of the variance at the frequencies of a pattern of period `stride`, averaged over the images.

    Notes
    -----
    These frequencies are the multiples of 1 / stride along rows or columns, except (0, 0), and their neighbours up to `width`
    away: a checkerboard whose strength varies over the image also has neighbouring frequencies. White noise has
    (2 width)² (stride² - 1), by default 0.05.

    Examples
    --------
    >>> board = np.indices((32, 32)).sum(axis=0) % 2
    >>> round(checkerboard_fraction(board[None, :, :, None]), 3)
    1.0
    """
    check_is_array("checkerboard_fraction", "images", images)
    images = images.astype(np.float64) if images.dtype.kind in "biu" else images  # a board of 0 and 1
    check_form("checkerboard_fraction", "images", images, ("N", "H", "W", "C"))
    stride, width = check_int(stride, "checkerboard_fraction: stride", 1), check_positive(width, "checkerboard_fraction: width")
    spectrum = abs(np.fft.fft2(images - images.mean(axis=(1, 2), keepdims=True), axes=(1, 2)))**2
    frequencies = [np.fft.fftfreq(side) for side in images.shape[1:3]]
    near_multiple = [abs(f * stride - np.rint(f * stride)) <= width * stride for f in frequencies]
    near_zero = [abs(f) <= width for f in frequencies]
    band = np.outer(*near_multiple) & ~np.outer(*near_zero)
    return float((spectrum[:, band].sum(axis=(1, 2)) / (spectrum.sum(axis=(1, 2, 3)) + 1e-12)).mean())
