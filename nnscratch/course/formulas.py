"""The formula of each layer as one line, which the tests evaluate with the names below standing for arrays.

x, y and their gradients dx, dy; K the kernel (of a convolution as a matrix of KH*KW*C rows), b the bias; f the activation, and
df(dy) its backward pass. A layer without a formula here is shown by its name.
"""
from nnscratch import layers
from nnscratch.errors import InputError
from nnscratch.layers import Layer
from nnscratch.ops.validation import check_flag

__all__ = ["FORMULAS", "backward_formula", "forward_formula"]

NORMAL = "gamma * (x - mean) / sqrt(variance + epsilon) + beta"

FORMULAS: dict[type, tuple[str, str]] = {  # class: (y, dx)
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


def forward_formula(layer: Layer, training: bool = False) -> str:
    """The formula of a layer.

    Parameters
    ----------
    layer : Layer
    training : bool

    Returns
    -------
    line : str
        A line of Python.

    Examples
    --------
    >>> forward_formula(layers.Dense(3, activation="relu"))
    'y = f(x @ K + b)'
    """
    found = lines(layer, training)
    if not found:
        return f"y = {type(layer).__name__}(x)"
    text = found[0]
    if getattr(layer, "use_bias", True) is False:
        text = text.replace(" + b", "")
    return f"y = f({text})" if has_activation(layer) else f"y = {text}"


def backward_formula(layer: Layer, training: bool = False) -> str:
    """The formula of the gradient with respect to a layer's input.

    Parameters
    ----------
    layer : Layer
    training : bool

    Returns
    -------
    line : str
        A line of Python.

    Examples
    --------
    >>> backward_formula(layers.Dense(3, activation="relu"))
    'dx = df(dy) @ K.T'
    """
    found = lines(layer, training)
    if not found:
        return f"dx = {type(layer).__name__}.backward(dy)"
    return f"dx = {found[1].replace('dy', 'df(dy)')}" if has_activation(layer) else f"dx = {found[1]}"


def lines(layer: Layer, training: bool) -> tuple[str, str] | None:
    """Both formulas; a frozen layer computes as at inference."""
    if not isinstance(layer, layers.Layer):
        raise InputError(f"the layer is a {type(layer).__name__}, expected a Layer")
    trains = check_flag(training, "training") and layer.trainable
    return (FORMULAS if trains else FORMULAS | AT_INFERENCE).get(type(layer))


def has_activation(layer: Layer) -> bool:
    """Whether an activation is built into the layer."""
    return getattr(layer, "activation", None) is not None
