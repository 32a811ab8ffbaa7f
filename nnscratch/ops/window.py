"""The positions of a window on an image: strides, dilation and padding, shared by convolution and pooling.

Shapes: x (N, H, W, C). The window has KH x KW taps, DH x DW pixels apart. It moves in steps of SH x SW pixels to OH x OW
positions. At position (oh, ow), tap (i, j) reads this pixel of the padded image:

    (oh * SH + i * DH,  ow * SW + j * DW)
"""
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

from nnscratch.backend import Array, array_module
from nnscratch.errors import InputError
from nnscratch.ops.validation import as_pair

__all__ = ["Padding", "Pair", "Window", "make_window"]

Pair: TypeAlias = int | tuple[int, int]         # one number for both axes, or (rows, columns)
Padding: TypeAlias = str | int | tuple          # "valid", "same", pixels, or ((top, bottom), (left, right))
Size: TypeAlias = tuple[int, ...]               # (rows, columns)
Pads: TypeAlias = tuple[Size, ...]              # ((top, bottom), (left, right))


class Window(NamedTuple):
    """The geometry of a convolution or a pooling; every pair is (rows, columns).

    Parameters
    ----------
    input : tuple (H, W)
    taps : tuple (KH, KW)
    strides : tuple (SH, SW)
    dilation : tuple (DH, DW)
    pads : tuple ((top, bottom), (left, right))
    output : tuple (OH, OW)
    """
    input: Size
    taps: Size
    strides: Size
    dilation: Size
    pads: Pads
    output: Size


def extent(taps: int, dilation: int) -> int:
    """Pixels from the first tap to the last, both included."""
    return (taps - 1) * dilation + 1


def make_window(op: str, size: Size, kernel_size: Pair, strides: Pair = 1, padding: Padding = "valid",
                dilation: Pair = 1) -> Window:
    """The window of a convolution or a pooling over images of one size.

    Parameters
    ----------
    op : str, the name that error messages begin with
    size : tuple (H, W)
    kernel_size, strides : int or (rows, columns)
    padding : "valid" (none), "same" (output = ceil(input / stride)), int, or ((top, bottom), (left, right))
        Where "same" pads an odd number of pixels, the larger half goes to the bottom and the right, as in Keras.
    dilation : int or (rows, columns)

    Returns
    -------
    window : Window
        Its output size is (H + top + bottom - extent) // SH + 1, with extent = (KH - 1) * DH + 1; columns likewise.

    Raises
    ------
    InputError
        A wrong option, or a window larger than the padded image.

    Examples
    --------
    >>> make_window("conv2d", (5, 5), 4, 2, "same").pads
    ((1, 2), (1, 2))
    """
    h, w = size = as_pair(size, f"{op}: the size of the images")
    taps = as_pair(kernel_size, f"{op}: kernel_size")
    strides = as_pair(strides, f"{op}: strides")
    dilation = as_pair(dilation, f"{op}: dilation")
    extents = extent(taps[0], dilation[0]), extent(taps[1], dilation[1])
    pads = resolve_padding(op, padding, (h, w), extents, strides)
    padded = [n + before + after for n, (before, after) in zip(size, pads)]
    if any(n < e for n, e in zip(padded, extents)):
        raise InputError(f"{op}: a window of {extents[0]}x{extents[1]} pixels does not fit on an image of "
                         f'{padded[0]}x{padded[1]} (padding included); use padding="same" or a larger image')
    oh, ow = ((n - e) // s + 1 for n, e, s in zip(padded, extents, strides))
    return Window((h, w), taps, strides, dilation, pads, (oh, ow))


def resolve_padding(op: str, padding: Padding, size: Size, extents: Size, strides: Size) -> Pads:
    """Any allowed form of padding as ((top, bottom), (left, right))."""
    pads = read_padding(op, padding)
    if not isinstance(pads, str):
        return pads
    if pads == "valid":
        return (0, 0), (0, 0)
    rows, columns = (max(0, (-(-n // s) - 1) * s + e - n) for n, e, s in zip(size, extents, strides))
    return (rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2)


def read_padding(op: str, padding: Padding) -> str | Pads:
    """"valid" and "same" as they are, all other forms as ((top, bottom), (left, right))."""
    if isinstance(padding, str) and padding in ("valid", "same"):
        return padding
    try:
        if isinstance(padding, (tuple, list)):
            rows, columns = padding
            return as_pair(list(rows), op, minimum=0), as_pair(list(columns), op, minimum=0)
        pixels = as_pair(padding, op, minimum=0)
        return pixels, pixels
    except (TypeError, ValueError) as error:
        raise InputError(f'{op}: padding is {padding!r}, expected "valid", "same", an int of at least 0, '
                         f"or ((top, bottom), (left, right))") from error


def explicit_padding(op: str, padding: Padding) -> Pads:
    """As `read_padding`, where there is no window that "valid" and "same" could refer to."""
    pads = padding if isinstance(padding, str) else read_padding(op, padding)
    if isinstance(pads, str):
        raise InputError(f"{op}: padding is {padding!r}, expected an int of at least 0, or ((top, bottom), (left, right))")
    return pads


def pad(x: Array, window: Window, value: float = 0.0) -> Array:
    """x with the window's padding around it, filled with `value`."""
    (top, bottom), (left, right) = window.pads
    if top == bottom == left == right == 0:
        return x
    n, h, w, c = x.shape
    padded = array_module(x).full((n, top + h + bottom, left + w + right, c), value, dtype=x.dtype)
    padded[:, top:top + h, left:left + w] = x
    return padded


def padded_zeros(xp: ModuleType, images: int, window: Window, channels: int, dtype: Any) -> Array:
    """Padded images of zeros, to which gradients are added; `crop` then removes the padding."""
    (top, bottom), (left, right) = window.pads
    h, w = window.input
    return xp.zeros((images, top + h + bottom, left + w + right, channels), dtype=dtype)


def crop(padded: Array, window: Window) -> Array:
    """The images without their padding: the adjoint of `pad`."""
    (top, _), (left, _) = window.pads
    h, w = window.input
    return padded[:, top:top + h, left:left + w]


def each_tap(padded: Array, window: Window) -> Iterator[tuple[int, int, Array]]:
    """For every tap (i, j): the pixels that it reads, (N, OH, OW, C), as a view to read or to add to."""
    (kh, kw), (sh, sw), (dh, dw), (oh, ow) = window.taps, window.strides, window.dilation, window.output
    for i in range(kh):
        for j in range(kw):
            top, left = i * dh, j * dw
            yield i, j, padded[:, top:top + (oh - 1) * sh + 1:sh, left:left + (ow - 1) * sw + 1:sw]
