"""The formula of each layer as one line, which the tests evaluate with the names below standing for arrays.

x, y and their gradients dx, dy; W and b of a dense layer; K the kernel of a convolution as a matrix of KH*KW*C rows; f the
activation, f' its derivative, a the pre-activation that it gets; mean, inv_std = 1 / sqrt(var + epsilon) and x_hat of batch
normalisation, whose means run over `axes`, all but the last; M the pixels of an image. A layer without a formula here is shown
by its name.
"""
import ast
from collections.abc import Sequence

from nnscratch import layers
from nnscratch.backend import Array, array_module
from nnscratch.errors import InputError
from nnscratch.layers import Layer
from nnscratch.layers.activation import ACTIVATIONS
from nnscratch.layers.dense import KernelLayer
from nnscratch.ops.validation import check_flag, check_int

__all__ = ["FORMULAS", "backward_formula", "forward_formula"]

NORMAL = "gamma * (x - mean) * inv_std + beta"

FORMULAS: dict[type, tuple[str, str]] = {  # class: (y, dx)
    layers.Dense: ("x @ W + b", "dy @ W.T"),
    layers.Conv2D: ("im2col(x) @ K + b", "col2im(dy @ K.T)"),
    layers.ReLU: ("maximum(0, x)", "dy * (x > 0)"),
    layers.LeakyReLU: ("where(x > 0, x, slope * x)", "dy * where(x > 0, 1, slope)"),
    layers.Activation: ("f(x)", "dy * f'(x)"),
    layers.Flatten: ("x.reshape(N, -1)", "dy.reshape(x.shape)"),
    layers.Add: ("x0 + x1", "dy, dy"),
    layers.BatchNormalization: (NORMAL, "gamma * inv_std * (dy - dy.mean(axes) - x_hat * (dy * x_hat).mean(axes))"),
    layers.GlobalAveragePooling2D: ("x.mean(axis=(1, 2))", "dy[:, None, None] / M * ones(x.shape)"),
}
AT_INFERENCE = {  # where it differs
    layers.BatchNormalization: (NORMAL, "gamma * inv_std * dy"),
}
SOFTMAX = "y * (dy - (dy * y).sum(axis=-1, keepdims=True))"  # every output depends on all inputs


def forward_formula(layer: Layer, training: bool = False, inputs: int = 1) -> str:
    """The formula of a layer.

    Parameters
    ----------
    layer : Layer
    training : bool
    inputs : int
        How many it has.

    Returns
    -------
    line : str
        A line of Python.

    Examples
    --------
    >>> forward_formula(layers.Dense(3, activation="relu"))
    'y = f(x @ W + b)'
    """
    found = lines(layer, training, inputs)
    if not found:
        return f"y = {type(layer).__name__}({', '.join(input_names(inputs))})"
    text = found[0]
    if isinstance(layer, KernelLayer):
        text = text if layer.use_bias else text.replace(" + b", "")
        return f"y = f({text})" if layer.activation else f"y = {text}"
    return f"y = {text}"


def backward_formula(layer: Layer, training: bool = False, inputs: int = 1) -> str:
    """The formula of the gradient with respect to a layer's input.

    Parameters
    ----------
    layer : Layer
    training : bool
    inputs : int
        How many it has.

    Returns
    -------
    line : str
        A line of Python, but for f', the derivative of the activation.

    Examples
    --------
    >>> backward_formula(layers.Dense(3, activation="relu"))
    "dx = (dy * f'(a)) @ W.T"
    """
    found = lines(layer, training, inputs)
    if not found:
        return f"dx = {type(layer).__name__}.backward(dy)"
    if type(layer) is layers.Activation:
        return f"dx = {through(layer.function, 'x')}"
    if isinstance(layer, KernelLayer) and layer.activation:
        return f"dx = {found[1].replace('dy', f'({through(layer.activation[0])})')}"
    return f"dx = {found[1]}"


def through(activation: object, given: str = "a") -> str:
    """The gradient with respect to what an activation gets; of a function of the user's nothing is known."""
    name = next((name for name, (forward, _) in ACTIVATIONS.items() if forward is activation), None)
    return {None: "f_backward(dy)", "softmax": SOFTMAX}.get(name, f"dy * f'({given})")


def lines(layer: Layer, training: bool, inputs: int) -> tuple[str, str] | None:
    """Both formulas; a frozen layer computes as at inference."""
    if not isinstance(layer, layers.Layer):
        raise InputError(f"the layer is a {type(layer).__name__}, expected a Layer")
    trains, count = check_flag(training, "training") and layer.trainable, max(check_int(inputs, "inputs", 1), 2)
    if type(layer) is layers.Add:
        return " + ".join(input_names(count)), ", ".join(["dy"] * count)
    return (FORMULAS if trains else FORMULAS | AT_INFERENCE).get(type(layer))


def named_arrays(layer: Layer, formula: str, inputs: Sequence[Array], y: Array, training: bool = False) -> dict[str, Array]:
    """The arrays that a formula names, first the inputs; dy and the result are not among them."""
    x = inputs[0]
    arrays = dict(zip(input_names(len(inputs)), inputs))
    arrays |= {letter(name, array): array.copy() for name, array in layer.params.items()}
    if isinstance(layer, layers.BatchNormalization):
        mean, var = (x.mean(axes_of(x)), x.var(axes_of(x))) if training and layer.trainable else (
            layer.buffers["moving_mean"].copy(), layer.buffers["moving_variance"].copy())
        inv_std = 1 / array_module(x).sqrt(var + layer.epsilon)
        arrays |= {"mean": mean, "inv_std": inv_std, "x_hat": (x - mean) * inv_std}
    if isinstance(layer, KernelLayer) and layer.activation:
        arrays["a"] = layer.linear(x, layer.params["kernel"], layer.params.get("bias"))[0]
    names = names_in(formula)
    return {name: array for name, array in (arrays | {"y": y}).items() if name in names}


def input_names(count: int) -> list[str]:
    """The letters of the inputs."""
    return ["x"] if count == 1 else [f"x{k}" for k in range(count)]


def axes_of(x: Array) -> tuple[int, ...]:
    """All axes but the last."""
    return tuple(range(x.ndim - 1))


def letter(name: str, array: Array) -> str:
    """A parameter by its letter in the formulas."""
    return {"kernel": "K" if array.ndim == 4 else "W", "bias": "b"}.get(name, name)


def names_in(formula: str) -> set[str]:
    """The names on the right of a formula."""
    right = ast.parse(formula.replace("f'", "f").partition(" = ")[2])
    return {node.id for node in ast.walk(right) if isinstance(node, ast.Name)}
