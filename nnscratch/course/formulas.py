"""The formula of each layer as a line that can be read, and evaluated: the tests do, with the names below standing for arrays.

x, y and their gradients dx, dy; K the kernel (of a convolution as a matrix of KH*KW*C rows), b the bias; f the activation, and
df(dy) its backward. What has no line of its own is called by its name.
"""
from nnscratch import layers

NORMAL = "gamma * (x - mean) / sqrt(variance + epsilon) + beta"

FORMULAS = {  # class: (y, dx)
    layers.Dense: ("x @ K + b", "dy @ K.T"),
    layers.Conv2D: ("im2col(x) @ K + b", "col2im(dy @ K.T)"),
    layers.ReLU: ("maximum(0, x)", "dy * (x > 0)"),
    layers.LeakyReLU: ("where(x > 0, x, slope * x)", "dy * where(x > 0, 1, slope)"),
    layers.Activation: ("f(x)", "df(dy)"),
    layers.Flatten: ("x.reshape(N, -1)", "dy.reshape(x.shape)"),
    layers.Add: ("x0 + x1", "dy, dy"),
    layers.BatchNormalization: (NORMAL, "gamma / sqrt(variance + epsilon) * (dy - mean_dy - xn * mean_dy_xn)"),
    layers.GlobalAveragePooling2D: ("x.mean(axis=(1, 2))", "dy[:, None, None] / (H * W) * ones(x.shape)"),
}


AT_INFERENCE = {  # where it differs
    layers.BatchNormalization: (NORMAL, "gamma / sqrt(variance + epsilon) * dy"),
}


def lines(layer, training):
    learning = training and layer.trainable
    return (FORMULAS if learning else FORMULAS | AT_INFERENCE).get(type(layer))


def forward_formula(layer, training=False):
    found = lines(layer, training)
    if not found:
        return f"y = {type(layer).__name__}(x)"
    text = found[0]
    if getattr(layer, "use_bias", True) is False:
        text = text.replace(" + b", "")
    return f"y = f({text})" if activated(layer) else f"y = {text}"


def backward_formula(layer, training=False):
    found = lines(layer, training)
    if not found:
        return f"dx = {type(layer).__name__}.backward(dy)"
    return f"dx = {found[1].replace('dy', 'df(dy)')}" if activated(layer) else f"dx = {found[1]}"


def activated(layer):
    """Whether an activation is built into the layer."""
    return getattr(layer, "activation", None) is not None
