"""Feature-wise linear modulation (FiLM): a scale and a shift for each channel of each image, which another network computed.

Shapes: x and y (N, H, W, C); scale and shift (N, C).

After instance normalization this is conditional instance normalization: a style, a class or a sentence decides the mean and the
standard deviation of every channel.
"""
from nnscratch.backend import Array
from nnscratch.ops.validation import ARRAY, check_array, check_cache, check_dy, check_shape

__all__ = ["modulate", "modulate_backward"]


def modulate(x: Array, scale: Array, shift: Array) -> tuple[Array, tuple]:
    """y = scale * x + shift, channel by channel, with numbers of its own for each image.

    Parameters
    ----------
    x : array (N, H, W, C)
    scale, shift : array (N, C)

    Returns
    -------
    y, cache : array (N, H, W, C), tuple
        The output, and what `modulate_backward` needs.

    Raises
    ------
    InputError
        A wrong shape.

    References
    ----------
    Perez et al., "FiLM: visual reasoning with a general conditioning layer", 2018, equation 2; Dumoulin, Shlens, Kudlur, "A
    learned representation for artistic style", 2017, equation 5, for style.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 2, 1, 2)
    >>> modulate(x, np.array([[10.0, 0.0]]), np.array([[0.0, 7.0]]))[0].ravel().tolist()
    [10.0, 7.0, 30.0, 7.0]
    """
    check_array("modulate", "x", x, 4)
    for name, array in (("scale", scale), ("shift", shift)):
        check_array("modulate", name, array, 2, "(N, C)")
        check_shape("modulate", name, array, (len(x), x.shape[3]), "one number for each channel of each image")
    return scale[:, None, None] * x + shift[:, None, None], (x, scale)


def modulate_backward(dy: Array, cache: tuple) -> tuple[Array, Array, Array]:
    """Gradients of the loss with respect to x, scale and shift, given dy = dL/dy; scale and shift reach all pixels (h, w).

        dL/dx = scale * dy        dL/dscale = Σhw dy * x        dL/dshift = Σhw dy

    Parameters
    ----------
    dy : array (N, H, W, C)
    cache : tuple, from `modulate`

    Returns
    -------
    dx, dscale, dshift : arrays in the shapes of x, scale and shift
        The gradients above.

    Raises
    ------
    InputError
        dy has another shape than y.
    """
    check_cache("modulate_backward", cache, ARRAY, ARRAY)
    x, scale = cache
    check_dy("modulate_backward", dy, x.shape)
    return scale[:, None, None] * dy, (dy * x).sum((1, 2)), dy.sum((1, 2))
