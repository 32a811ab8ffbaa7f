"""Initial values of the weights: small random numbers that keep the signal's variance from layer to layer.

Shapes: dense weights (inputs, units), kernels (KH, KW, inputs, outputs). They are drawn by NumPy and then moved, so that
a CPU and a GPU start from the same numbers.

An initializer is a function (shape, rng) -> array, `rng` being a numpy.random.Generator. All layers draw from one stream
that starts at seed 0, so a script gives the same network every time it is run. `set_seed` chooses another seed.
"""
from collections.abc import Callable
from math import prod, sqrt
from typing import Any, TypeAlias

import numpy as np

from nnscratch.errors import InputError
from nnscratch.ops.validation import check_choice, check_int

__all__ = ["glorot_uniform", "he_normal", "normal_002", "ones", "set_seed", "zeros"]

Initializer: TypeAlias = str | Callable[[tuple[int, ...], np.random.Generator], np.ndarray]  # a name, or the function

_rng = np.random.default_rng(0)


def set_seed(seed: int) -> None:
    """Restart the stream of initial values and of dropout seeds: the same seed gives the same networks.

    Parameters
    ----------
    seed : int
        At least 0.

    Examples
    --------
    >>> set_seed(7)
    """
    global _rng
    _rng = np.random.default_rng(check_int(seed, "set_seed: seed", 0))


def new_seed() -> int:
    """A seed for a layer that draws numbers of its own."""
    return int(_rng.integers(2**31))


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan_in, fan_out): how many values a unit adds up, and how many units a value goes to.

    They are read off a dense or convolution kernel. In a transposed kernel (KH, KW, outputs, inputs) the two change places;
    like Keras, we take them by position all the same. A bias counts as a kernel of its own length both ways.
    """
    if len(shape) == 1:
        return shape[0], shape[0]
    window = prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def check_shape_and_rng(name: str, shape: Any, rng: Any, needs_rng: bool = False) -> tuple[int, ...]:
    """The shape as a tuple of whole numbers; InputError for another shape, or for another source of random numbers."""
    if not isinstance(shape, (tuple, list)) or not shape:
        raise InputError(f"{name}: shape is {shape!r:.100}, expected a tuple of whole numbers such as (3, 3, 8, 16)")
    if not isinstance(rng, np.random.Generator) and (needs_rng or rng is not None):
        raise InputError(f"{name}: rng is a {type(rng).__name__}, expected a numpy.random.Generator")
    return tuple(check_int(side, f"{name}: a side of the shape", 1) for side in shape)


def zeros(shape: tuple[int, ...], rng: np.random.Generator | None = None) -> np.ndarray:
    """All values 0.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.
    rng : numpy.random.Generator, optional
        Not used.

    Returns
    -------
    numpy.ndarray
        The initial values.
    """
    return np.zeros(check_shape_and_rng("zeros", shape, rng))


def ones(shape: tuple[int, ...], rng: np.random.Generator | None = None) -> np.ndarray:
    """All values 1.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.
    rng : numpy.random.Generator, optional
        Not used.

    Returns
    -------
    numpy.ndarray
        The initial values.
    """
    return np.ones(check_shape_and_rng("ones", shape, rng))


def glorot_uniform(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Uniform with mean 0 and variance 2 / (fan_in + fan_out): the default of Keras and of our kernels.

    Parameters
    ----------
    shape : tuple of int
        Shape of the kernel.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    numpy.ndarray
        The initial values.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010), equation 16.
    """
    shape = check_shape_and_rng("glorot_uniform", shape, rng, needs_rng=True)
    limit = sqrt(6 / sum(fans(shape)))
    return rng.uniform(-limit, limit, shape)


def he_normal(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Normal with mean 0 and variance 2 / fan_in, for layers followed by a ReLU.

    Parameters
    ----------
    shape : tuple of int
        Shape of the kernel.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    numpy.ndarray
        The initial values.

    References
    ----------
    He et al., "Delving deep into rectifiers" (2015), section 2.2.
    """
    shape = check_shape_and_rng("he_normal", shape, rng, needs_rng=True)
    return rng.normal(0, sqrt(2 / fans(shape)[0]), shape)


def seeded_he_normal(seed: int) -> Initializer:
    """he_normal with a random stream of its own: a network's seed alone decides, not what was drawn before."""
    own = np.random.default_rng(seed)

    def he_normal_of_own_stream(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        return he_normal(shape, own)
    return he_normal_of_own_stream


def normal_002(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Normal with mean 0 and standard deviation 0.02: the initialization of DCGAN.

    Parameters
    ----------
    shape : tuple of int
        Shape of the kernel.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    numpy.ndarray
        The initial values.

    References
    ----------
    Radford, Metz, Chintala, "Unsupervised representation learning with deep convolutional generative adversarial networks"
    (2016), section 4.
    """
    shape = check_shape_and_rng("normal_002", shape, rng, needs_rng=True)
    return rng.normal(0, 0.02, shape)


INITIALIZERS = {"zeros": zeros, "ones": ones, "glorot_uniform": glorot_uniform, "he_normal": he_normal,
                "normal_002": normal_002}


def check_initializer(initializer: Any, name: str) -> Initializer:
    """The initializer, if it is a function or one of the names."""
    return initializer if callable(initializer) else check_choice(initializer, name, INITIALIZERS)


def draw(initializer: Initializer, shape: tuple[int, ...]) -> np.ndarray:
    """Initial values in float32 from an initializer, given by its name or as a function; an array of its own."""
    function = initializer if callable(initializer) else INITIALIZERS[check_choice(initializer, "initializer", INITIALIZERS)]
    drawn = np.asarray(function(shape, _rng))
    if drawn.shape != tuple(shape) or drawn.dtype.kind not in "biuf":
        raise InputError(f"an initializer returned an array of shape {drawn.shape} and dtype {drawn.dtype}, expected real "
                         f"numbers of shape {tuple(shape)}")
    return drawn.astype(np.float32)
