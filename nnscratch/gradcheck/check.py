"""check_op: measure the gradient, compare it with the backward, and say what is wrong.

The upstream gradient is random. Checking with ones, that is, differentiating sum(y), is blind: batch normalisation's
gradient is then exactly zero, and a backward that is wrong everywhere passes.
"""
from dataclasses import dataclass, field

import numpy as np

from nnscratch import backend
from nnscratch.gradcheck.diagnose import Evidence, diagnose
from nnscratch.gradcheck.numeric import central_difference, complex_step, directional

SMOOTH_TOLERANCE, KINKED_TOLERANCE, FLOAT32_TOLERANCE = 1e-10, 1e-6, 1e-5


@dataclass
class Report:
    """What a check found. Errors are relative: norm of the difference over the larger norm, the worst input counting."""
    name: str
    method: str                      # "complex step" or "central difference"
    error: float = 0.0               # backward against the numeric gradient
    adjoint_error: float = 0.0       # <u, J v> against <Jᵀ u, v>
    float32_error: float = 0.0       # the forward in float32 against float64
    kinks: int = 0                   # elements left out: not differentiable there
    problems: list = field(default_factory=list)

    @property
    def ok(self):
        return not self.problems

    def __str__(self):
        head = f"{self.name}: {'right' if self.ok else 'WRONG'} by {self.method}, worst relative error {self.error:.1e}"
        return "\n  ".join([head, *self.problems])


class Measurement:
    """A forward with its inputs, its upstream gradient and its measured gradients; any backward can be held against it.

    forward(*inputs) -> (y, cache). `inputs` are float64 NumPy arrays; `xp` is the module (device) the forward runs on.
    Of each input at most `max_elements`, chosen at random, are measured one by one. The tolerances are for single ops
    and shallow networks; a deep one that magnifies rounding errors needs wider ones.
    """

    def __init__(self, name, forward, inputs, *, smooth=True, names=None, upstream=None, seed=0, xp=np, max_elements=400,
                 tolerance=None, float32_tolerance=FLOAT32_TOLERANCE):
        self.name, self.forward, self.smooth, self.xp = name, forward, smooth, xp
        self.tolerance = tolerance or (SMOOTH_TOLERANCE if smooth else KINKED_TOLERANCE)
        self.float32_tolerance = float32_tolerance
        self.inputs = [np.asarray(array, dtype=np.float64) for array in inputs]
        self.names = names or [f"input {k}" for k in range(len(self.inputs))]
        rng = np.random.default_rng(seed)
        shape = self.run(self.inputs)[0].shape
        self.u = rng.standard_normal(shape) if upstream is None else np.asarray(upstream(shape), dtype=np.float64)
        self.elements = [np.sort(rng.permutation(x.size)[:max_elements]) for x in self.inputs]
        self.measure = complex_step if smooth else central_difference
        self.numeric, self.kinks = self.measure(self.loss, self.inputs, self.elements)
        self.directions = [rng.standard_normal(x.shape) for x in self.inputs]
        for direction, chosen, kinks in zip(self.directions, self.elements, self.kinks):
            direction.flat[chosen[kinks]] = 0  # nothing can be said along a direction that bends
        self.slope = float(directional(self.loss, self.inputs, self.directions, smooth))

    def run(self, inputs, dtype=None):
        """y (a NumPy array) and the cache, for inputs moved to the device."""
        y, cache = self.forward(*(backend.move(x if dtype is None else x.astype(dtype), self.xp) for x in inputs))
        return backend.to_cpu(y), cache

    def loss(self, *inputs):
        return (self.u * self.run(inputs)[0]).sum()

    def check(self, backward):
        """Hold a backward(dy, cache) -> gradient or tuple of gradients against the measurement."""
        report = Report(self.name, "complex step" if self.smooth else "central difference")
        report.kinks = int(sum(k.sum() for k in self.kinks))
        gradients = self.run_backward(backward, report)
        if not report.problems:
            self.compare(gradients, report)
            self.check_adjoint(gradients, report)
            self.check_float32(backward, report)
        return report

    def run_backward(self, backward, report):
        """The gradients, from a run that is repeated and watched: nothing may be changed, nothing may differ."""
        given = [x.copy() for x in self.inputs]
        on_device = [backend.move(x, self.xp) for x in given]
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
            report.problems.append("two runs on the same numbers differ: something random or left over is in there")
        gradients = results[0][1:]
        for name, x, gradient in zip(self.names, self.inputs, gradients, strict=True):
            if gradient.shape != x.shape:
                report.problems.append(f"the gradient of {name} has shape {gradient.shape}, {name} has {x.shape}")
        return gradients

    def compare(self, gradients, report):
        largest = max(np.linalg.norm(numeric) for numeric in self.numeric)
        if largest <= 1e-8 * np.linalg.norm(self.u):
            report.problems.append("the true gradient is zero everywhere, so this check proves nothing; choose other inputs")
        floor = 1e-5 * largest + 1e-300  # a gradient that is exactly zero has rounding errors, but no scale of its own
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
                worst = np.unravel_index(elements[np.argmax(np.abs(difference))], x.shape)
                at = tuple(int(k) for k in worst)
                report.problems.append(
                    f"{name}: relative error {error:.1e}, worst at {at}: backward says {gradient[at]:.6g}, measured "
                    f"{numeric[np.argmax(np.abs(difference))]:.6g}")
                if len(elements) == x.size and not kinks.any():
                    report.problems.append(diagnose(self.evidence(name, gradient, numeric.reshape(x.shape))))

    def evidence(self, name, gradient, numeric):
        """What `diagnose` needs to know about a wrong gradient."""
        k = self.names.index(name)

        def measure(inputs):
            only_this = [e if j == k else e[:0] for j, e in enumerate(self.elements)]
            return self.measure(self.loss, list(inputs.values()), only_this)[0][k].reshape(gradient.shape)

        return Evidence(name, gradient, numeric, self.u, dict(zip(self.names, self.inputs)), measure)

    def check_adjoint(self, gradients, report):
        """<u, J v> = <Jᵀ u, v> for random v: one scalar that sees every element of every input at once."""
        terms = [(g * v).sum() for g, v in zip(gradients, self.directions)]
        scale = sum(np.abs(g * v).sum() for g, v in zip(gradients, self.directions)) + 1e-300
        report.adjoint_error = float(abs(sum(terms) - self.slope) / scale)
        if not report.adjoint_error <= self.tolerance:
            report.problems.append(f"the adjoint identity <u, J v> = <Jᵀ u, v> is off by {report.adjoint_error:.1e}")

    def check_float32(self, backward, report):
        """float32 stays float32, forward and backward, and agrees with float64."""
        exact = self.run(self.inputs)[0]
        y, cache = self.run(self.inputs, np.float32)
        gradients = as_tuple(backward(backend.move(self.u.astype(np.float32), self.xp), cache))
        for name, array in [("y", y), *zip(self.names, gradients)]:
            if array.dtype != np.float32:
                report.problems.append(f"float32 inputs give a {array.dtype} {'' if name == 'y' else 'gradient of '}{name}")
        report.float32_error = float(np.linalg.norm(y - exact) / (np.linalg.norm(exact) + 1e-300))
        if not report.float32_error <= self.float32_tolerance:
            report.problems.append(f"the forward in float32 is {report.float32_error:.1e} away from float64")


def as_tuple(gradients):
    return gradients if isinstance(gradients, (tuple, list)) else (gradients,)


def check_op(forward, backward, inputs, *, name="op", **options):
    """Check a pair of pure functions: forward(*inputs) -> (y, cache) and backward(dy, cache) -> gradients.

    Parameters
    ----------
    inputs : list of arrays; one gradient is expected for each, in this order
    smooth : bool, True for analytic functions (complex step), False where there are kinks (central differences)
    names, upstream, seed, xp, max_elements, tolerance, float32_tolerance : see `Measurement`; upstream=np.ones shows what
        a check by sum(y) misses

    Returns
    -------
    Report : `report.ok`, and `print(report)` for what is wrong and why it probably is
    """
    return Measurement(name, forward, inputs, **options).check(backward)
