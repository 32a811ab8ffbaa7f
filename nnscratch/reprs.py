"""A repr that shows how an object was made: `Conv2D(64, 3, padding='same')`. Layers and optimizers share it."""
import inspect
from functools import cache
from typing import Any, Self

__all__: list[str] = []


class ArgumentsRepr:
    """A base class that records the arguments of the constructor; the repr shows those that differ from their defaults.

    `name` is left out: a layer's name stands in front of its repr. With `shows_defaults` all others are shown.
    """

    shows_defaults = False

    def __new__(cls, /, *args: Any, **kwargs: Any) -> Self:
        made = super().__new__(cls)
        made._arguments = args, kwargs
        return made

    _arguments: tuple[tuple, dict[str, Any]]

    def __repr__(self) -> str:
        if not hasattr(self, "_arguments"):  # a subclass with a __new__ of its own
            return type(self).__name__
        made: Any = type(self)
        signature = signature_of(made)
        args, kwargs = self._arguments
        shown = []
        bound = signature.bind(*args, **kwargs)
        if self.shows_defaults:
            bound.apply_defaults()
        for name, value in bound.arguments.items():
            default = signature.parameters[name].default
            if default is inspect.Parameter.empty:
                shown.append(text(value))
            elif name != "name" and (self.shows_defaults or text(value) != text(default)):
                shown.append(f"{name}={text(value)}")
        return f"{type(self).__name__}({', '.join(shown)})"


@cache
def signature_of(cls: type) -> inspect.Signature:
    """Of the constructor; many error messages need it, most of which are never shown."""
    return inspect.signature(cls)


def text(value: Any) -> str:
    """The repr of an argument; a function is shown by its name, without its address."""
    if isinstance(value, tuple) and any(map(callable, value)):
        return f"({', '.join(map(text, value))})"
    return value.__name__ if callable(value) and hasattr(value, "__name__") else repr(value)
