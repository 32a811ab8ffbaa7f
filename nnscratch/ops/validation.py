"""Questions every formula asks about its arguments before it starts, each answered by one clear sentence."""
import operator
from numbers import Real

from nnscratch.errors import InputError

IMAGES = "(N, H, W, C): N images of H rows, W columns and C channels"


def check_array(op, name, array, axes, meaning=IMAGES):
    """Raise InputError unless `array` holds float32, float64 or complex numbers along the given number of axes."""
    shape, dtype = getattr(array, "shape", None), getattr(array, "dtype", None)
    if shape is None or dtype is None:
        raise InputError(f"{op}: {name} is a {type(array).__name__}, expected an array; wrap it in np.asarray(...)")
    if axes is not None and len(shape) != axes:
        hint = " (add the missing axis with x[None])" if len(shape) == axes - 1 else ""
        raise InputError(f"{op}: {name} has shape {tuple(shape)}, expected {axes} axes {meaning}{hint}")
    if 0 in shape:
        raise InputError(f"{op}: {name} has shape {tuple(shape)}, expected at least one value along every axis")
    if dtype.kind not in "fc" or dtype.itemsize < 4:
        raise InputError(f"{op}: {name} has dtype {dtype}, expected float32 or float64; convert it with "
                         f'{name}.astype("float32"), and divide by 255 if it holds bytes of an image')


def check_shape(op, name, array, shape, because):
    """Raise InputError unless `array` has exactly the shape; `because` says where that shape comes from."""
    if tuple(array.shape) != tuple(shape):
        raise InputError(f"{op}: {name} has shape {tuple(array.shape)}, expected {tuple(shape)} {because}")


def check_dy(op, dy, shape):
    """Raise InputError unless the upstream gradient has the shape of the forward's output."""
    check_array(op, "dy", dy, None)
    check_shape(op, "dy", dy, shape, "like the output of the forward")


def check_int(value, name, minimum):
    """Any kind of whole number (not True or False) of at least `minimum`, as a Python int."""
    try:
        if isinstance(value, bool) or operator.index(value) < minimum:
            raise TypeError
    except TypeError as error:
        raise InputError(f"{name} is {value!r}, expected a whole number of at least {minimum}") from error
    return operator.index(value)


def check_fraction(value, name):
    """Any kind of number of at least 0 and below 1, as a Python float."""
    if not (isinstance(value, Real) and 0 <= value < 1):
        raise InputError(f"{name} is {value!r}, expected at least 0 and below 1")
    return float(value)


def as_pair(value, name, minimum=1):
    """A whole number, or a pair of them, as a pair (rows, columns); both at least `minimum`."""
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    try:
        first, second = (check_int(v, name, minimum) for v in both)
    except ValueError as error:
        raise InputError(f"{name} is {value!r}, expected an int or a pair of ints, each at least {minimum}") from error
    return first, second


def check_choice(value, name, options):
    """The value, if it is one of the options."""
    if not isinstance(value, str) or value not in options:
        raise InputError(f"{name} {value!r} is unknown: choose one of {', '.join(options)}")
    return value
