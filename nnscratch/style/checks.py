"""What the functions of this package check of their arguments, before any work: shapes that fit together.

Shapes: image (1, H, W, 3); mask (1, H, W, 1); features (1, H, W, C); moments (1, C, C + 1); directions (C, K).
"""
from typing import Any

from nnscratch.backend import Array, to_cpu
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_form, check_positive

__all__: list[str] = []

ROUNDING = 1e-3  # what a computation may leave outside 0 to 1; it is clipped
IMAGE, MASK, FEATURES = (1, "H", "W", 3), (1, "H", "W", 1), (1, "H", "W", "C")


def check_image(op: str, name: str, image: Array) -> None:
    """Raise InputError unless this is one image."""
    check_form(op, name, image, IMAGE)


def check_real(op: str, name: str, array: Array, form: tuple[int | str, ...]) -> None:
    """Raise InputError unless this is an array of this form, of real numbers."""
    check_form(op, name, array, form)
    if array.dtype.kind == "c":
        raise InputError(f"{op}: {name} is complex, expected real numbers; take its .real")


def check_values(op: str, name: str, image: Array) -> None:
    """Raise InputError unless this is one image of real numbers in [0, 1]."""
    check_real(op, name, image, IMAGE)
    values = to_cpu(image)
    if not (values.min() >= -ROUNDING and values.max() <= 1 + ROUNDING):  # true for NaN, too
        raise InputError(f"{op}: {name} has values from {values.min():g} to {values.max():g}, expected 0 to 1, not values "
                         f"outside 0 to 1 or NaN; divide bytes by 255")


def check_filled(op: str, name: str, arrays: Any) -> None:
    """Raise InputError unless this is a list of at least one thing."""
    if not isinstance(arrays, (list, tuple)) or not arrays:
        raise InputError(f"{op}: {name} is a {type(arrays).__name__}, expected a list of arrays, at least one")


def check_list(op: str, name: str, arrays: Any, form: tuple[int | str, ...]) -> None:
    """Raise InputError unless `arrays` is a list of arrays of this form, at least one."""
    check_filled(op, name, arrays)
    for array in arrays:
        check_form(op, name, array, form)


def check_features(op: str, features: Array, weights: Array | None, center: Array | None) -> None:
    """Raise InputError unless features, the weights of their pixels and their center fit together."""
    check_form(op, "features", features, FEATURES)
    if weights is not None:
        check_form(op, "weights", weights, (1, *features.shape[1:3], 1))
    if center is not None:
        check_form(op, "center", center, (1, 1, 1, features.shape[3]))


def check_moments(op: str, image: Array, style: Array, photograph: Array) -> None:
    """Raise InputError unless these are the moments of three maps of equally many channels."""
    check_form(op, "image", image, (1, "C", "C + 1"))
    for name, array in (("style", style), ("photograph", photograph)):
        if type(array) is not type(image) or array.shape != image.shape or array.dtype != image.dtype:  # rarely: it is quicker
            check_form(op, name, array, image.shape)


def check_directions(op: str, features: Array, v: Array) -> None:
    """Raise InputError unless the directions have as many channels as the features."""
    check_form(op, "features", features, FEATURES)
    check_form(op, "v", v, (features.shape[3], "K"))


def check_sliced(op: str, features: Array, style: Array, v: Array, scale: Array | float) -> None:
    """As `check_directions`, with the style's sorted values along them, and the scale: a number, or an array without axes."""
    check_directions(op, features, v)
    check_form(op, "style", style, ("M", v.shape[1]))
    if isinstance(scale, (int, float)):
        check_positive(scale, f"{op}: scale")
    else:
        check_form(op, "scale", scale, ())
