"""What is public and has no case: the check fails for it. Cases are found by name, so nothing has to be listed twice."""
from inspect import isabstract, isclass
from typing import Any

from nnscratch import fast, layers, losses, ops
from nnscratch.gradcheck.cases import all_cases
from nnscratch.gradcheck.equality import GENERATORS, accelerated_ops
from nnscratch.gradcheck.layer_cases import LAYER_CASES
from nnscratch.layers.activation import ACTIVATIONS
from nnscratch.layers.base import Layer

__all__ = ["without_case"]


def without_case() -> list[str]:
    """Every public op, loss, layer and accelerated op that no check covers.

    Returns
    -------
    missing : list of str
        One sentence each.
    """
    cases = {case.name.split()[0] for case in all_cases()}
    names = set(vars(ops)["__all__"])
    forward = sorted(name for name in names if name.removesuffix("_backward") not in names - {name})
    alone = [name for name in forward if f"{name}_backward" not in names and name not in cases]
    public = [name for name, value in vars(layers).items() if isclass(value) and issubclass(value, Layer)
              and value is not Layer and not isabstract(value) and value.__name__ == name]
    return [*(f"ops.{name} has no backward pass and no case in gradcheck/cases.py" for name in alone),
            *(f"ops.{name} has no case in gradcheck/cases.py" for name in forward if name not in {*cases, *alone}),
            *(f"the activation {name!r} has no case in gradcheck/cases.py or layer_cases.py" for name in unproven(cases)),
            *(f"losses.{name} has no case in gradcheck/cases.py" for name in loss_names() if name not in cases),
            *(f"layers.{name} has no case in gradcheck/layer_cases.py" for name in public if name not in LAYER_CASES),
            *(f"fast.{name} has no generator in gradcheck/equality.py" for name in accelerated_ops() if name not in GENERATORS)]


def unproven(cases: set[str]) -> list[str]:
    """The names of activations that are neither an op with a case nor checked as a layer."""
    ops_with_cases = [(getattr(fast, name), getattr(fast, f"{name}_backward", None)) for name in cases if hasattr(fast, name)]
    made: list[Any] = [case.make() for case in LAYER_CASES["Activation"]]
    proven = [*ops_with_cases, *((layer.function, layer.function_backward) for layer in made)]
    return [name for name, pair in ACTIVATIONS.items() if pair not in proven]


def loss_names() -> list[str]:
    """The public losses, each under its own name: `least_squares` is `mse`, which has a case."""
    return sorted({getattr(losses, name).__name__ for name in vars(losses)["__all__"]})
