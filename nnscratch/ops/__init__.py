"""The formulas: pure functions, each forward pass with its backward pass right below.

    y, cache = op(x, parameters..., options)
    gradients = op_backward(dy, cache)

An op changes no argument and reads no global state. It takes arrays of NumPy or CuPy; a list, a matrix or a masked array is
refused by an InputError, because the op would have to guess a dtype. Read the files in this order:

    linear            dense: y = x @ W + b; dot
    activations       relu, leaky_relu, elu, tanh, sigmoid
    probabilities     softmax
    bias_activation   bias_leaky_relu
    window, patches   the positions of a window; im2col: the pixels under each window as a row of a matrix
    conv              conv2d
    conv_transpose    conv2d_transpose, its adjoint
    reference         the formulas as nested loops, to read beside them
    pool              max_pool2d, avg_pool2d, global_avg_pool2d
    normalize         batch_norm, instance_norm
    group_normalize   group_norm
    modulate          modulate: a scale and a shift for each image and channel
    dropouts          dropout, spatial_dropout2d
    pad, resize       pad2d, upsample2d, resize2d
    gram              gram_matrix
    validation        the checks of arguments
"""
from typing import TYPE_CHECKING

from nnscratch.ops.activations import *
from nnscratch.ops.bias_activation import *
from nnscratch.ops.conv import *
from nnscratch.ops.conv_transpose import *
from nnscratch.ops.dropouts import *
from nnscratch.ops.gram import *
from nnscratch.ops.group_normalize import *
from nnscratch.ops.linear import *
from nnscratch.ops.modulate import *
from nnscratch.ops.normalize import *
from nnscratch.ops.pad import *
from nnscratch.ops.patches import *
from nnscratch.ops.pool import *
from nnscratch.ops.probabilities import *
from nnscratch.ops.resize import *

if not TYPE_CHECKING:  # type checkers follow the star imports themselves
    __all__ = sorted(name for name, value in globals().items() if callable(value) and not name.startswith("_"))
