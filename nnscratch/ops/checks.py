"""Questions every formula asks about its arguments before it starts, each answered by one clear sentence."""
from nnscratch.errors import InputError

PICTURES = "(N, H, W, C): N pictures of H rows, W columns and C channels"


def check_array(op, name, array, axes, meaning=PICTURES):
    """Raise InputError unless `array` is a floating-point (or complex) array with the given number of axes."""
    shape, dtype = getattr(array, "shape", None), getattr(array, "dtype", None)
    if shape is None or dtype is None:
        raise InputError(f"{op}: {name} is a {type(array).__name__}, expected an array; wrap it in np.asarray(...)")
    if axes is not None and len(shape) != axes:
        hint = " (add the missing axis with x[None])" if len(shape) == axes - 1 else ""
        raise InputError(f"{op}: {name} has shape {tuple(shape)}, expected {axes} axes {meaning}{hint}")
    if dtype.kind not in "fc":
        raise InputError(f"{op}: {name} has dtype {dtype}, expected floating point; convert it with "
                         f'{name}.astype("float32"), and divide by 255 if it holds bytes of a picture')


def check_shape(op, name, array, shape, because):
    """Raise InputError unless `array` has exactly the shape; `because` says where that shape comes from."""
    if tuple(array.shape) != tuple(shape):
        raise InputError(f"{op}: {name} has shape {tuple(array.shape)}, expected {tuple(shape)} {because}")


def pair(value, name, minimum=1):
    """An int, or a pair of ints, as a pair (rows, columns); both at least `minimum`."""
    both = (value, value) if isinstance(value, int) else tuple(value) if isinstance(value, (tuple, list)) else ()
    if len(both) != 2 or any(not isinstance(v, int) or v < minimum for v in both):
        raise InputError(f"{name} is {value!r}, expected an int or a pair of ints, each at least {minimum}")
    return both
