"""Modulation. Shapes: x (N, H, W, C) and s (N, 2C) in, (N, H, W, C) out."""
from typing import Any

from nnscratch import fast
from nnscratch.backend import Array, concatenate
from nnscratch.errors import InputError
from nnscratch.layers.base import Layer
from nnscratch.layers.graph import Shape

__all__ = ["Modulation"]


class Modulation(Layer):
    """Scale and shift each channel as a second input says: y = (1 + g) x + b, for s = [g, b].

    At s = 0 nothing changes, so a Dense layer whose kernel starts at 0 can compute s.

    Parameters
    ----------
    name : str, optional
        Name in error messages and in the model.

    Examples
    --------
    >>> from nnscratch.layers import Input
    >>> Modulation()([Input((8, 8, 4)), Input((8,))])
    <Symbol (None, 8, 8, 4) from Modulation()>
    """

    def output_shape(self, shapes: list[Shape]) -> Shape:
        check_pair(self, shapes, 3, 1)
        return shapes[0]

    def compute(self, xs: list[Array], training: bool) -> tuple[Array, Any]:
        check_pair(self, [getattr(x, "shape", ()) for x in xs], 4, 2)
        x, s = xs
        channels = x.shape[3]
        return fast.modulate(x, 1 + s[:, :channels], s[:, channels:])

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[list[Array], dict[str, Array]]:
        dx, dscale, dshift = fast.modulate_backward(dy, cache)
        return [dx, concatenate([dscale, dshift], axis=-1)], {}


def check_pair(layer: Layer, shapes: list[Shape], *axes: int) -> None:
    """Check that there are two inputs, x and s, and that s has two numbers for each channel of x."""
    if [len(shape) for shape in shapes] != list(axes) or shapes[1][-1] != 2 * shapes[0][-1]:
        raise InputError(f"{layer}: the inputs have shapes {shapes}, expected x (N, H, W, C) and s (N, 2C)")
