"""First values of the weights: small random numbers whose size keeps the signal's variance from layer to layer.

Shapes: dense weights (inputs, units), kernels (KH, KW, inputs, outputs). Always drawn by NumPy and then moved, so that
a CPU and a GPU start from the same numbers.

Every initializer is a function (shape, random) -> array, `random` being a numpy Generator. Layers draw from one stream
that starts at seed 0: a script gives the same network every time it is run. `set_seed` chooses another.
"""
from math import prod, sqrt

import numpy as np

from nnscratch.ops.validation import check_choice, check_int

_random = np.random.default_rng(0)


def set_seed(seed):
    """Start the stream of initial values (and of dropout seeds) anew; the same seed gives the same networks."""
    global _random
    _random = np.random.default_rng(check_int(seed, "set_seed: seed", 0))


def new_seed():
    """A seed for a layer that draws numbers of its own."""
    return int(_random.integers(2**31))


def fans(shape):
    """How many values a unit adds up (fan_in), and how many units a value goes to (fan_out).

    Read off a dense or convolution kernel. In a transposed kernel (KH, KW, outputs, inputs) the two change places; Keras
    takes them by position all the same, and so do we. A bias counts as a kernel of its own length both ways.
    """
    if len(shape) == 1:
        return shape[0], shape[0]
    window = prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def zeros(shape, rng=None):
    return np.zeros(shape)


def ones(shape, rng=None):
    return np.ones(shape)


def glorot_uniform(shape, rng):
    """Uniform, variance 2 / (fan_in + fan_out). Glorot and Bengio (2010), equation 16; Keras' default."""
    limit = sqrt(6 / sum(fans(shape)))
    return rng.uniform(-limit, limit, shape)


def he_normal(shape, rng):
    """Normal, variance 2 / fan_in, for layers followed by a ReLU. He et al. (2015), section 2.2."""
    return rng.normal(0, sqrt(2 / fans(shape)[0]), shape)


def own_he_normal(seed):
    """he_normal from a random stream of its own, for one network: its seed alone decides, not what was drawn before."""
    rng = np.random.default_rng(seed)
    return lambda shape, _: he_normal(shape, rng)


def normal_002(shape, rng):
    """Normal, deviation 0.02: the DCGAN initialization. Radford, Metz, Chintala (2016), section 4."""
    return rng.normal(0, 0.02, shape)


INITIALIZERS = {function.__name__: function for function in (zeros, ones, glorot_uniform, he_normal, normal_002)}


def draw(initializer, shape):
    """Values of the given shape from an initializer, by name or as a function (shape, random) -> array."""
    if not callable(initializer):
        initializer = INITIALIZERS[check_choice(initializer, "initializer", INITIALIZERS)]
    return np.asarray(initializer(shape, _random), dtype=np.float32)
