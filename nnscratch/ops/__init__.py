"""The formulas: pure functions, each forward with its backward right under it.

    y, cache = op(x, parameters..., options)
    gradients = op_backward(dy, cache)

No argument is ever changed, and nothing global is read. Read them in this order:

    dense           y = x @ W + b
    activations     relu, leaky_relu, elu, tanh, sigmoid, softmax
    window, im2col  where windows stand; their pixels as rows of a matrix
    conv            conv2d
    conv_transpose  conv2d_transpose, its adjoint
    loops           the same as nested loops, to be read beside the formula
    pool            max_pool2d, avg_pool2d, global_avg_pool2d
    normalize       batch_norm, instance_norm
    dropout         dropout, spatial_dropout2d
    pad, resize     pad2d, upsample2d, resize2d
    gram            gram_matrix
"""
from nnscratch.ops.activations import (
    elu,
    elu_backward,
    leaky_relu,
    leaky_relu_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    softmax,
    softmax_backward,
    tanh,
    tanh_backward,
)
from nnscratch.ops.conv import conv2d, conv2d_backward
from nnscratch.ops.conv_transpose import conv2d_transpose, conv2d_transpose_backward
from nnscratch.ops.dense import dense, dense_backward, dot, dot_backward
from nnscratch.ops.dropout import dropout, dropout_backward, spatial_dropout2d, spatial_dropout2d_backward
from nnscratch.ops.gram import gram_matrix, gram_matrix_backward
from nnscratch.ops.im2col import col2im, im2col
from nnscratch.ops.normalize import batch_norm, batch_norm_backward, instance_norm, instance_norm_backward
from nnscratch.ops.pad import pad2d, pad2d_backward
from nnscratch.ops.pool import (
    avg_pool2d,
    avg_pool2d_backward,
    global_avg_pool2d,
    global_avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from nnscratch.ops.resize import resize2d, resize2d_backward, upsample2d, upsample2d_backward
