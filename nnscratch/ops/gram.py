"""The Gram matrix: which channels are bright together, anywhere in the image. It measures "style".

Shapes: x (N, H, W, C), y (N, C, C). F is one image as an (M, C) matrix, M = H*W.

    G = Fᵀ F / M,      G[a, b] = mean over all pixels of x[a] * x[b]

Shuffling the pixels does not change G: the sum drops where a feature is, and keeps which features occur together.
"""
from nnscratch.backend import Array
from nnscratch.ops.validation import check_array, check_dy

__all__ = ["gram_matrix", "gram_matrix_backward"]


def gram_matrix(x: Array) -> tuple[Array, Array]:
    """The Gram matrix of each image.

    Parameters
    ----------
    x : array (N, H, W, C)

    Returns
    -------
    y, cache : array (N, C, C), array
        The symmetric matrices, and what `gram_matrix_backward` needs.

    Raises
    ------
    InputError
        A wrong shape or dtype.

    References
    ----------
    Gatys, Ecker, Bethge, "Image style transfer using convolutional neural networks", 2016, equation 3; here divided by the
    number of pixels, so that images of different sizes compare.

    Examples
    --------
    >>> import numpy as np
    >>> gram_matrix(np.array([[1.0, 2.0], [3.0, 0.0]]).reshape(1, 1, 2, 2))[0].tolist()
    [[[5.0, 1.0], [1.0, 2.0]]]
    """
    check_array("gram_matrix", "x", x, 4)
    n, h, w, c = x.shape
    f = x.reshape(n, h * w, c)
    return f.swapaxes(1, 2) @ f / (h * w), x


def gram_matrix_backward(dy: Array, cache: Array) -> Array:
    """Gradient of the loss with respect to x, given dy = dL/dG.

    G[a, b] = Σ_m F[m, a] F[m, b] / M contains F[m, c] once for a = c and once for b = c, so

        dL/dF[m, c] = Σ_b dG[c, b] F[m, b] / M + Σ_a dG[a, c] F[m, a] / M        dF = F (dG + dGᵀ) / M

    Parameters
    ----------
    dy : array (N, C, C)
    cache : array, from `gram_matrix`

    Returns
    -------
    dx : array (N, H, W, C)
        The gradient with respect to x.

    Raises
    ------
    InputError
        dy has another shape than y.
    """
    x = cache
    check_array("gram_matrix_backward", "the cache", x, 4)
    n, h, w, c = x.shape
    check_dy("gram_matrix_backward", dy, (n, c, c))
    dx = x.reshape(n, h * w, c) @ ((dy + dy.swapaxes(1, 2)) / (h * w))
    return dx.reshape(x.shape)
