"""What is public and has no case: the check fails for it. Cases are found by name, so nothing has to be listed twice."""
from inspect import isabstract, isclass

from nnscratch import layers, losses, ops
from nnscratch.gradcheck.cases import all_cases
from nnscratch.gradcheck.equality import GENERATORS, accelerated_ops
from nnscratch.gradcheck.layer_cases import LAYER_CASES
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
    differentiable = [name for name in sorted(names) if f"{name}_backward" in names]
    public = [name for name, value in vars(layers).items() if isclass(value) and issubclass(value, Layer)
              and value is not Layer and not isabstract(value) and value.__name__ == name]
    return [*(f"ops.{name} has no case in gradcheck/cases.py" for name in differentiable if name not in cases),
            *(f"losses.{name} has no case in gradcheck/cases.py" for name in loss_names() if name not in cases),
            *(f"layers.{name} has no case in gradcheck/layer_cases.py" for name in public if name not in LAYER_CASES),
            *(f"fast.{name} has no generator in gradcheck/equality.py" for name in accelerated_ops() if name not in GENERATORS)]


def loss_names() -> list[str]:
    """The public losses, each under its own name: `least_squares` is `mse`, which has a case."""
    return sorted({getattr(losses, name).__name__ for name in vars(losses)["__all__"]})
