"""A measurement: the gradient of a forward pass, from that pass alone, and how a backward pass compares with it.

The upstream gradient is random. A check with ones, that is, of the derivative of sum(y), can be blind: the gradient of batch
normalization is then exactly zero, and a backward pass that is wrong everywhere passes.
"""
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

from nnscratch import backend
from nnscratch.backend import Array
from nnscratch.gradcheck.calls import Mistake
from nnscratch.gradcheck.diagnose import Evidence, diagnose
from nnscratch.gradcheck.numeric import CENTRAL_H, central_difference, complex_step, directional_derivative

__all__ = ["Report"]

Forward: TypeAlias = Callable[..., tuple[Array, Any]]   # forward(*inputs) -> (y, cache)
Backward: TypeAlias = Callable[[Array, Any], Any]       # backward(dy, cache) -> a gradient, or a tuple of them

UPSTREAM_STREAM = 0xD5
SMOOTH_TOLERANCE, KINKED_TOLERANCE, FLOAT32_TOLERANCE, LOOSEST_TOLERANCE = 1e-10, 1e-6, 1e-5, 1e-2


@dataclass
class Report:
    """The result of a check.

    An error is the norm of a difference over the larger of the two norms, for the worst input.

    Parameters
    ----------
    name : str
    method : "complex step" or "central difference"; empty if nothing could be measured
    error : float, the backward pass against the numeric gradient
    adjoint_error : float, <u, J v> against <Jᵀ u, v>
    float32_error : float, the forward pass in float32 against float64
    kinks : int, number of elements left out because the function is not differentiable there
    problems : list of str, one sentence for everything that is wrong
    remark : str, what else to know about the measurement
    """
    name: str
    method: str
    error: float = 0.0
    adjoint_error: float = 0.0
    float32_error: float = 0.0
    kinks: int = 0
    problems: list[str] = field(default_factory=list)
    remark: str = ""

    @property
    def ok(self) -> bool:
        """Whether there are no problems."""
        return not self.problems

    def __str__(self) -> str:
        by = f" by {self.method}, worst relative error {self.error:.1e}" if self.method else ""
        head = f"{self.name}: {'right' if self.ok else 'WRONG'}{by}"
        return "\n  ".join([head, *([self.remark] if self.remark else []), *self.problems])


class Measurement:
    """A forward pass, its inputs, an upstream gradient and the measured gradients, to compare backward passes with.

    The arguments are those of `check_op`. The inputs are copied as float64 NumPy arrays. `strict` is for this library's own
    ops: what says nothing against a gradient (a wider dtype, too many kinks) is then a problem too, and else a remark.
    """

    def __init__(self, name: str, forward: Forward, inputs: Sequence[Array], *, smooth: bool = True,
                 names: Sequence[str] | None = None, upstream: Callable[[tuple[int, ...]], Array] | None = None, seed: int = 0,
                 xp: ModuleType = np, max_elements: int = 400, tolerance: float | None = None,
                 float32_tolerance: float = FLOAT32_TOLERANCE, strict: bool = True) -> None:
        self.name, self.forward, self.smooth, self.xp, self.strict = name, forward, smooth, xp, strict
        self.tolerance = tolerance or (SMOOTH_TOLERANCE if smooth else KINKED_TOLERANCE)
        self.float32_tolerance, self.chosen_upstream = float32_tolerance, upstream is not None
        self.inputs = [np.array(array, dtype=np.float64) for array in inputs]
        self.names = names or [f"input {k}" for k in range(len(self.inputs))]
        rng = np.random.default_rng([UPSTREAM_STREAM, seed])  # never the numbers that default_rng(seed) gave the inputs
        shape = self.run(self.inputs)[0].shape
        self.u = rng.standard_normal(shape) if upstream is None else np.asarray(upstream(shape), dtype=np.float64)
        self.elements = [np.sort(rng.permutation(x.size)[:max_elements]) for x in self.inputs]
        self.h = CENTRAL_H
        if not (smooth or strict):
            self.choose_step()
        self.measure = complex_step if smooth else partial(central_difference, h=self.h)
        self.numeric, self.kinks = self.measure(self.loss, self.inputs, self.elements)
        self.directions = [rng.standard_normal(x.shape) for x in self.inputs]
        for direction, chosen, kinks in zip(self.directions, self.elements, self.kinks):
            direction.flat[chosen[kinks]] = 0  # along a direction with a kink there is no derivative
        self.slope = float(directional_derivative(self.loss, self.inputs, self.directions, smooth, self.h))

    def choose_step(self) -> None:
        """Take the h whose differences agree best with those of 2h, and allow what they differ by.

        Rounding spoils small steps where the forward pass computes in float32, or subtracts large numbers.
        """
        spreads = []
        for h in (CENTRAL_H, 1e-3, 1e-2):
            (once, kinks), (twice, more) = (central_difference(self.loss, self.inputs, self.elements, h=step)
                                            for step in (h, 2 * h))
            largest = max(float(np.linalg.norm(gradient)) for gradient in once) + 1e-300
            differences = [float(np.linalg.norm((a - b)[~(k | m)])) for a, b, k, m in zip(once, twice, kinks, more)]
            spreads.append((max(differences) / largest, h))
            if spreads[-1][0] <= self.tolerance:
                break
        spread, self.h = min(spreads)
        self.tolerance = max(self.tolerance, min(10 * spread, LOOSEST_TOLERANCE))

    def run(self, inputs: Sequence[Array], dtype: Any = None) -> tuple[Array, Any]:
        """y (a NumPy array) and the cache, for inputs moved to the device."""
        y, cache = self.forward(*(backend.move(x if dtype is None else x.astype(dtype), self.xp) for x in inputs))
        return backend.to_cpu(y), cache

    def loss(self, *inputs: Array) -> Any:
        """L = Σ u·y."""
        return (self.u * self.run(inputs)[0]).sum()

    def check(self, backward: Backward) -> Report:
        """Compare the gradients of a backward pass with the measured ones."""
        report = Report(self.name, "complex step" if self.smooth else "central difference")
        report.kinks = int(sum(k.sum() for k in self.kinks))
        gradients = self.run_backward(backward, report)
        if not report.problems:
            self.compare(gradients, report)
            self.check_adjoint(gradients, report)
            self.check_float32(backward, report)
        return report

    def run_backward(self, backward: Backward, report: Report) -> list[Array]:
        """The gradients, from two runs: no argument may change, and the results may not differ."""
        on_device = [backend.move(x.copy(), self.xp) for x in self.inputs]
        results = []
        for _ in range(2):
            y, cache = self.forward(*on_device)
            dy = backend.move(self.u.copy(), self.xp)
            results.append([backend.to_cpu(y), *map(backend.to_cpu, as_tuple(backward(dy, cache)))])
            if not np.array_equal(backend.to_cpu(dy), self.u):
                report.problems.append("backward changes the upstream gradient it was given; work on a new array")
        for name, before, after in zip(self.names, self.inputs, on_device):
            if not np.array_equal(before, backend.to_cpu(after)):
                report.problems.append(f"{name} is changed in place; work on a new array")
        for name, array in zip(["the output", *(f"the gradient of {name}" for name in self.names)], results[0]):
            if np.isnan(array).any():
                report.problems.append(f"{name} holds NaN")
        if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(*results)):
            report.problems.append("two runs on the same inputs differ: something is random, or depends on an earlier run")
        gradients = results[0][1:]
        for name, x, gradient in zip(self.names, self.inputs, gradients, strict=True):
            if gradient.shape != x.shape:
                report.problems.append(f"the gradient of {name} has shape {gradient.shape}, {name} has {x.shape}")
        return gradients

    def compare(self, gradients: list[Array], report: Report) -> None:
        """Backward pass and measurement, input by input."""
        largest = max(np.linalg.norm(numeric) for numeric in self.numeric)
        if largest <= 1e-8 * np.linalg.norm(self.u):
            zero = all(np.linalg.norm(gradient) <= 1e-8 * np.linalg.norm(self.u) for gradient in gradients)
            self.note(report, "the true gradient is zero everywhere, so this check proves nothing; choose other inputs",
                      wrong=self.strict or self.chosen_upstream or not zero)
        floor = 1e-5 * largest + 1e-300  # the rounding errors of a gradient that is exactly 0 have no scale
        for name, x, gradient, elements, numeric, kinks in zip(self.names, self.inputs, gradients, self.elements,
                                                              self.numeric, self.kinks):
            if kinks.mean() > 0.2:
                self.note(report, f"{name}: {kinks.sum()} of {len(kinks)} elements are not differentiable here and were left "
                                  f"out; choose inputs away from the kinks", wrong=self.strict or kinks.all())
            analytic = gradient.reshape(-1)[elements]
            difference = np.where(kinks, 0, analytic - numeric)
            scale = max(np.linalg.norm(analytic[~kinks]), np.linalg.norm(numeric[~kinks]), floor)
            error = float(np.linalg.norm(difference) / scale)
            report.error = max(report.error, error)
            if not error <= self.tolerance:
                worst = np.argmax(np.abs(difference))
                at = tuple(int(k) for k in np.unravel_index(elements[worst], x.shape))
                report.problems.append(f"{name}: relative error {error:.1e}, worst at {at}: backward says {gradient[at]:.6g}, "
                                       f"measured {numeric[worst]:.6g}")
                if len(elements) == x.size and not kinks.any():
                    report.problems.append(diagnose(self.evidence(name, gradient, numeric.reshape(x.shape))))

    def evidence(self, name: str, gradient: Array, numeric: Array) -> Evidence:
        """What `diagnose` needs to know about a wrong gradient."""
        k = self.names.index(name)

        def measure(inputs: dict[str, Array]) -> Array:
            only_this = [e if j == k else e[:0] for j, e in enumerate(self.elements)]
            return self.measure(self.loss, list(inputs.values()), only_this)[0][k].reshape(gradient.shape)

        return Evidence(name, gradient, numeric, self.u, dict(zip(self.names, self.inputs)), measure)

    def check_adjoint(self, gradients: list[Array], report: Report) -> None:
        """<u, J v> = <Jᵀ u, v> for random v: one scalar that depends on every element of every input."""
        terms = [(g * v).sum() for g, v in zip(gradients, self.directions)]
        scale = sum(np.abs(g * v).sum() for g, v in zip(gradients, self.directions)) + 1e-300
        report.adjoint_error = float(abs(sum(terms) - self.slope) / scale)
        if not report.adjoint_error <= self.tolerance and self.bend() <= 1e-3 * scale:
            report.problems.append(f"the adjoint identity <u, J v> = <Jᵀ u, v> is off by {report.adjoint_error:.1e}")

    def is_analytic(self) -> bool:
        """Whether a central difference agrees with the complex steps along the directions, all inputs at once."""
        by_differences = directional_derivative(self.loss, self.inputs, self.directions, smooth=False)
        terms = [numeric * v.flat[chosen] for numeric, v, chosen in zip(self.numeric, self.directions, self.elements)]
        scale = abs(self.slope) + abs(by_differences) + sum(float(np.abs(term).sum()) for term in terms)
        rounding = np.finfo(np.float64).eps * abs(self.loss(*self.inputs)) / self.h
        return bool(abs(self.slope - by_differences) <= 1e-5 * scale + 10 * rounding)

    def bend(self) -> float:
        """By how much the slopes ahead and behind differ along the directions: much where they meet a kink."""
        if self.smooth:
            return 0.0
        ahead, behind = ([x + sign * self.h * v for x, v in zip(self.inputs, self.directions)] for sign in (1, -1))
        return float(abs(self.loss(*ahead) + self.loss(*behind) - 2 * self.loss(*self.inputs)) / self.h)

    def note(self, report: Report, sentence: str, wrong: bool | None = None) -> None:
        """Enter a sentence as a problem, or as a remark where it says nothing against the gradient."""
        if self.strict if wrong is None else wrong:
            report.problems.append(sentence)
        else:
            report.remark = "; ".join(filter(None, [report.remark, sentence]))

    def check_float32(self, backward: Backward, report: Report) -> None:
        """float32 stays float32, forward and backward, and agrees with float64."""
        exact = self.run(self.inputs)[0]
        try:
            y, cache = self.run(self.inputs, np.float32)
            gradients = as_tuple(backward(backend.move(np.float32(self.u), self.xp), cache))
        except Mistake as mistake:
            self.note(report, f"with float32 inputs {mistake}")
            return
        for name, array in [("y", y), *zip(self.names, gradients)]:
            if array.dtype != np.float32:
                self.note(report, f"float32 inputs give a {array.dtype} {'' if name == 'y' else 'gradient of '}{name}")
        report.float32_error = float(np.linalg.norm(y - exact) / (np.linalg.norm(exact) + 1e-300))
        if not report.float32_error <= self.float32_tolerance:
            self.note(report, f"the forward pass in float32 is {report.float32_error:.1e} away from float64")


def as_tuple(gradients: Any) -> Sequence[Array]:
    """One gradient, or several, as a sequence."""
    return gradients if isinstance(gradients, (tuple, list)) else (gradients,)
