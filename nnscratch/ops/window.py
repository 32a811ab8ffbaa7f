"""Where a window stands on an image: strides, dilation and padding, shared by convolution and pooling.

Shapes: x (N, H, W, C). The window has KH x KW taps, DH x DW pixels apart; it moves by SH x SW and stands on OH x OW
places. Output pixel (oh, ow) reads, through tap (i, j), the padded image's pixel

    (oh * SH + i * DH,  ow * SW + j * DW).
"""
from typing import Any, NamedTuple, TypeAlias

from nnscratch.backend import array_module
from nnscratch.errors import InputError
from nnscratch.ops.validation import as_pair, check_int

Pair: TypeAlias = int | tuple[int, int]         # one number for both axes, or (rows, columns)
Padding: TypeAlias = str | int | tuple          # "valid", "same", pixels, or ((top, bottom), (left, right))


class Window(NamedTuple):
    """The whole geometry, as pairs (rows, columns)."""
    input: tuple      # (H, W)
    taps: tuple       # (KH, KW)
    strides: tuple    # (SH, SW)
    dilation: tuple   # (DH, DW)
    pads: tuple       # ((top, bottom), (left, right))
    output: tuple     # (OH, OW)


def extent(taps: int, dilation: int) -> int:
    """Pixels from the first tap to the last, both included."""
    return (taps - 1) * dilation + 1


def make_window(op: str, size: tuple, kernel_size: Pair, strides: Pair = 1, padding: Padding = "valid",
                dilation: Pair = 1) -> Window:
    """The window of a convolution or pooling over an image of `size` (H, W).

    `padding` is "valid" (none), "same" (output = ceil(input / stride); an odd pixel goes to the bottom and the right,
    as Keras has it), an int, or ((top, bottom), (left, right)).
    """
    taps = as_pair(kernel_size, f"{op}: kernel_size")
    strides = as_pair(strides, f"{op}: strides")
    dilation = as_pair(dilation, f"{op}: dilation")
    reach = tuple(map(extent, taps, dilation))
    pads = resolve_padding(op, padding, size, reach, strides)
    padded = tuple(n + before + after for n, (before, after) in zip(size, pads))
    if any(n < r for n, r in zip(padded, reach)):
        raise InputError(f"{op}: a window of {reach[0]}x{reach[1]} pixels does not fit on an image of "
                         f'{padded[0]}x{padded[1]} (padding included); use padding="same" or a larger image')
    output = tuple((n - r) // s + 1 for n, r, s in zip(padded, reach, strides))
    return Window(tuple(size), taps, strides, dilation, pads, output)


def resolve_padding(op: str, padding: Padding, size: tuple, reach: tuple, strides: tuple) -> tuple:
    """Any allowed form of padding as ((top, bottom), (left, right))."""
    padding = read_padding(op, padding)
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        total = [max(0, (-(-n // s) - 1) * s + r - n) for n, r, s in zip(size, reach, strides)]
        return tuple((t // 2, t - t // 2) for t in total)
    return padding


def read_padding(op: str, padding: Padding) -> str | tuple:
    """"valid", "same", or what an int or ((top, bottom), (left, right)) says, as the latter."""
    if isinstance(padding, str) and padding in ("valid", "same"):
        return padding
    try:
        if isinstance(padding, (tuple, list)):
            rows, columns = padding
            return tuple(as_pair(list(p), op, minimum=0) for p in (rows, columns))
        return ((check_int(padding, op, 0),) * 2,) * 2
    except (TypeError, ValueError) as error:
        raise InputError(f'{op}: padding is {padding!r}, expected "valid", "same", an int of at least 0, '
                         f"or ((top, bottom), (left, right))") from error


def explicit_padding(op: str, padding: Padding) -> tuple:
    """As `read_padding`, where there is no window that "valid" and "same" could refer to."""
    if isinstance(padding, str):
        raise InputError(f"{op}: padding is {padding!r}, expected an int of at least 0, or ((top, bottom), (left, right))")
    return read_padding(op, padding)


def pad(x: Any, window: Window, value: float = 0.0) -> Any:
    """x with the window's padding around it, filled with `value`."""
    (top, bottom), (left, right) = window.pads
    if top == bottom == left == right == 0:
        return x
    n, h, w, c = x.shape
    padded = array_module(x).full((n, top + h + bottom, left + w + right, c), value, dtype=x.dtype)
    padded[:, top:top + h, left:left + w] = x
    return padded


def empty_padded(xp: Any, images: int, window: Window, channels: int, dtype: Any) -> Any:
    """A padded image full of zeros, ready to be added to; `crop` takes the padding off again."""
    (top, bottom), (left, right) = window.pads
    h, w = window.input
    return xp.zeros((images, top + h + bottom, left + w + right, channels), dtype=dtype)


def crop(padded: Any, window: Window) -> Any:
    """The inside of a padded image: the adjoint of `pad`."""
    (top, _), (left, _) = window.pads
    h, w = window.input
    return padded[:, top:top + h, left:left + w]


def each_tap(padded: Any, window: Window) -> Any:
    """For every tap (i, j): the pixels of the padded image it meets, (N, OH, OW, C), as a view to read or add to."""
    (kh, kw), (sh, sw), (dh, dw), (oh, ow) = window.taps, window.strides, window.dilation, window.output
    for i in range(kh):
        for j in range(kw):
            top, left = i * dh, j * dw
            yield i, j, padded[:, top:top + (oh - 1) * sh + 1:sh, left:left + (ow - 1) * sw + 1:sw]
