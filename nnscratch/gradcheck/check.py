"""check_op: measure the gradient, compare it with the backward pass, and say what is wrong.

The upstream gradient is random. A check with ones, that is, of the derivative of sum(y), can be blind: the gradient of batch
normalization is then exactly zero, and a backward pass that is wrong everywhere passes.
"""
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

from nnscratch import backend
from nnscratch.backend import Array
from nnscratch.gradcheck.diagnose import Evidence, diagnose
from nnscratch.gradcheck.numeric import central_difference, complex_step, directional_derivative

__all__ = ["Report", "check_op"]

Forward: TypeAlias = Callable[..., tuple[Array, Any]]   # forward(*inputs) -> (y, cache)
Backward: TypeAlias = Callable[[Array, Any], Any]       # backward(dy, cache) -> a gradient, or a tuple of them

UPSTREAM_STREAM = 0xD5
NOT_ANALYTIC = "the forward pass is not analytic (abs, norm, var, std, ...), so it was measured by central differences"
SMOOTH_TOLERANCE, KINKED_TOLERANCE, FLOAT32_TOLERANCE = 1e-10, 1e-6, 1e-5


@dataclass
class Report:
    """The result of a check.

    An error is the norm of a difference over the larger of the two norms, for the worst input.

    Parameters
    ----------
    name : str
    method : "complex step" or "central difference"
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
        head = f"{self.name}: {'right' if self.ok else 'WRONG'} by {self.method}, worst relative error {self.error:.1e}"
        return "\n  ".join([head, *([self.remark] if self.remark else []), *self.problems])


class Measurement:
    """A forward pass, its inputs, an upstream gradient and the measured gradients, to compare backward passes with.

    The arguments are those of `check_op`. The inputs are converted to float64 NumPy arrays.
    """

    def __init__(self, name: str, forward: Forward, inputs: Sequence[Array], *, smooth: bool = True,
                 names: Sequence[str] | None = None, upstream: Callable[[tuple[int, ...]], Array] | None = None, seed: int = 0,
                 xp: ModuleType = np, max_elements: int = 400, tolerance: float | None = None,
                 float32_tolerance: float = FLOAT32_TOLERANCE) -> None:
        self.name, self.forward, self.smooth, self.xp = name, forward, smooth, xp
        self.tolerance = tolerance or (SMOOTH_TOLERANCE if smooth else KINKED_TOLERANCE)
        self.float32_tolerance = float32_tolerance
        self.inputs = [np.asarray(array, dtype=np.float64) for array in inputs]
        self.names = names or [f"input {k}" for k in range(len(self.inputs))]
        rng = np.random.default_rng([UPSTREAM_STREAM, seed])  # never the numbers that default_rng(seed) gave the inputs
        shape = self.run(self.inputs)[0].shape
        self.u = rng.standard_normal(shape) if upstream is None else np.asarray(upstream(shape), dtype=np.float64)
        self.elements = [np.sort(rng.permutation(x.size)[:max_elements]) for x in self.inputs]
        self.measure = complex_step if smooth else central_difference
        self.numeric, self.kinks = self.measure(self.loss, self.inputs, self.elements)
        self.directions = [rng.standard_normal(x.shape) for x in self.inputs]
        for direction, chosen, kinks in zip(self.directions, self.elements, self.kinks):
            direction.flat[chosen[kinks]] = 0  # along a direction with a kink there is no derivative
        self.slope = float(directional_derivative(self.loss, self.inputs, self.directions, smooth))

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
            report.problems.append("the true gradient is zero everywhere, so this check proves nothing; choose other inputs")
        floor = 1e-5 * largest + 1e-300  # the rounding errors of a gradient that is exactly 0 have no scale
        for name, x, gradient, elements, numeric, kinks in zip(self.names, self.inputs, gradients, self.elements,
                                                              self.numeric, self.kinks):
            if kinks.mean() > 0.2:
                report.problems.append(f"{name}: {kinks.sum()} of {len(kinks)} elements are not differentiable here; "
                                       f"choose inputs away from the kinks")
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
        if not report.adjoint_error <= self.tolerance:
            report.problems.append(f"the adjoint identity <u, J v> = <Jᵀ u, v> is off by {report.adjoint_error:.1e}")

    def check_float32(self, backward: Backward, report: Report) -> None:
        """float32 stays float32, forward and backward, and agrees with float64."""
        exact = self.run(self.inputs)[0]
        y, cache = self.run(self.inputs, np.float32)
        gradients = as_tuple(backward(backend.move(self.u.astype(np.float32), self.xp), cache))
        for name, array in [("y", y), *zip(self.names, gradients)]:
            if array.dtype != np.float32:
                report.problems.append(f"float32 inputs give a {array.dtype} {'' if name == 'y' else 'gradient of '}{name}")
        report.float32_error = float(np.linalg.norm(y - exact) / (np.linalg.norm(exact) + 1e-300))
        if not report.float32_error <= self.float32_tolerance:
            report.problems.append(f"the forward pass in float32 is {report.float32_error:.1e} away from float64")


def as_tuple(gradients: Any) -> Sequence[Array]:
    """One gradient, or several, as a sequence."""
    return gradients if isinstance(gradients, (tuple, list)) else (gradients,)


def check_op(forward: Forward, backward: Backward, inputs: Sequence[Array], *, name: str = "op", smooth: bool = True,
             names: Sequence[str] | None = None, upstream: Callable[[tuple[int, ...]], Array] | None = None, seed: int = 0,
             xp: ModuleType = np, max_elements: int = 400, tolerance: float | None = None,
             float32_tolerance: float = FLOAT32_TOLERANCE) -> Report:
    """Check a pair of pure functions.

    Parameters
    ----------
    forward : callable, forward(*inputs) -> (y, cache)
    backward : callable, backward(dy, cache) -> one gradient for each input, in their order
    inputs : list of arrays
    name : str, the name in the report
    smooth : bool, False where there are kinks (central differences); True is tried first (complex step) elsewhere
    names : list of str, optional, the names of the inputs
    upstream : callable, shape -> dy, optional
        The default draws random numbers; np.ones shows what a check by sum(y) misses.
    seed : int, for dy and for the elements to measure
    xp : module, numpy or cupy: the device that the functions run on
    max_elements : int, how many elements of each input are measured, chosen at random
    tolerance : float, largest error allowed; default 1e-10 for smooth functions, else 1e-6
        The default is for single ops and shallow networks; a deep one amplifies rounding errors and needs more.
    float32_tolerance : float, largest difference allowed between float32 and float64

    Returns
    -------
    report : Report
        `report.ok`, and `print(report)` for what is wrong and the likely reason.

    Examples
    --------
    >>> x = np.array([1.0, 2.0])
    >>> check_op(lambda x: (x * x, x), lambda dy, x: 2 * dy * x, [x]).ok
    True
    >>> check_op(lambda x: (x * x, x), lambda dy, x: dy * x, [x], names=["x"]).problems[0]
    'x: relative error 5.0e-01, worst at (1,): backward says -1.98708, measured -3.97417'
    """
    measure = partial(Measurement, name, forward, inputs, names=names, upstream=upstream, seed=seed, xp=xp,
                      max_elements=max_elements, float32_tolerance=float32_tolerance)
    if not smooth:
        return measure(smooth=False, tolerance=tolerance).check(backward)
    slope = np.nan
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)  # an imaginary part that is thrown away
            report, slope = (measured := measure(smooth=True, tolerance=tolerance)).check(backward), measured.slope
    except (TypeError, np.exceptions.ComplexWarning):  # a forward pass that takes no complex numbers
        report = None
    if report is not None and report.ok:
        return report
    by_differences = measure(smooth=False)  # before anything is called wrong: was the complex step right?
    scale = abs(slope) + abs(by_differences.slope) + 1e-3 * np.linalg.norm(by_differences.u)
    if report is None or not abs(slope - by_differences.slope) <= 1e-3 * scale:
        report = by_differences.check(backward)
        report.remark = NOT_ANALYTIC
    return report
