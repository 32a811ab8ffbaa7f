"""A measurement: the gradient of a forward pass, from that pass alone, and how a backward pass compares with it.

The upstream gradient is random. A check with ones, that is, of the derivative of sum(y), can be blind: the gradient of batch
normalization is then exactly zero, and a backward pass that is wrong everywhere passes.
"""
from collections.abc import Callable, Sequence
from functools import partial
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

from nnscratch import backend
from nnscratch.backend import Array
from nnscratch.gradcheck.calls import Mistake
from nnscratch.gradcheck.diagnose import Evidence, diagnose
from nnscratch.gradcheck.numeric import CENTRAL_H, central_difference, complex_step, directional_derivative, scale_of
from nnscratch.gradcheck.report import Report

__all__: list[str] = []

Forward: TypeAlias = Callable[..., tuple[Array, Any]]   # forward(*inputs) -> (y, cache)
Backward: TypeAlias = Callable[[Array, Any], Any]       # backward(dy, cache) -> a gradient, or a tuple of them

UPSTREAM_STREAM = 0xD5
SMOOTH_TOLERANCE, KINKED_TOLERANCE, FLOAT32_TOLERANCE, LOOSEST_TOLERANCE = 1e-10, 1e-6, 1e-5, 1e-2
UNCERTAIN = "which is uncertain at these inputs; choose others between 0.1 and 10"


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
        self.scales = [scale_of(x) for x in self.inputs]
        self.ordinary = all(scale == scale_of(x - x.mean()) == 1 for x, scale in zip(self.inputs, self.scales))
        y = self.run(self.inputs)[0]
        self.u = rng.standard_normal(y.shape) if upstream is None else np.asarray(upstream(y.shape), dtype=np.float64)
        self.elements = [np.sort(rng.permutation(x.size)[:max_elements]) for x in self.inputs]
        self.h, self.spreads = CENTRAL_H, [0.0] * len(self.inputs)
        if not (smooth or strict):
            self.choose_step()
        self.measure = complex_step if smooth else partial(central_difference, h=self.h)
        self.numeric, self.kinks = self.measure(self.loss, self.inputs, self.elements)
        self.largest = max(scale * norm(g) for scale, g in zip(self.scales, self.numeric))
        eps = np.finfo(y.dtype).eps  # that of float32, where the forward pass computes in it
        self.rounding = 30 * float(eps) * norm(self.u * y) / (1 if smooth else self.h)  # of the measured numbers
        self.directions = [scale * rng.standard_normal(x.shape) for x, scale in zip(self.inputs, self.scales)]
        for direction, chosen, kinks in zip(self.directions, self.elements, self.kinks):
            direction.flat[chosen[kinks]] = 0  # along a direction with a kink there is no derivative
        self.slope = float(directional_derivative(self.loss, self.inputs, self.directions, smooth, self.h))

    def choose_step(self) -> None:
        """Take the h whose differences agree best with those of 2h, and allow what they differ by.

        Rounding spoils small steps where the forward pass computes in float32, or subtracts large numbers; large ones are
        spoilt where it changes much along a small part of its input.
        """
        tried: list[tuple[float, float, list[float]]] = []  # the largest spread, h, the spread of each input
        for h in (CENTRAL_H, 1e-3, 1e-2, 1e-7, 1e-9, 1e-11):
            if tried and min(tried)[0] <= (self.tolerance if h > CENTRAL_H else LOOSEST_TOLERANCE):
                break
            (once, kinks), (twice, more) = (central_difference(self.loss, self.inputs, self.elements, h=step)
                                            for step in (h, 2 * h))
            floor = 1e-5 * max(scale * norm(g) for scale, g in zip(self.scales, once))
            if floor or h >= CENTRAL_H:  # else the steps are lost in rounding
                smooth = [~(k | m) for k, m in zip(kinks, more)]
                spreads = [norm((a - b)[which]) / max(norm(a[which]), floor / scale, 1e-300)
                           for a, b, which, scale in zip(once, twice, smooth, self.scales)]
                tried.append((max(spreads), h, spreads))
        _, self.h, self.spreads = min(tried)

    def run(self, inputs: Sequence[Array], dtype: Any = None) -> tuple[Array, Any]:
        """y (a NumPy array) and the cache, for inputs moved to the device."""
        y, cache = self.forward(*(backend.move(x if dtype is None else x.astype(dtype), self.xp) for x in inputs))
        return backend.to_cpu(y), cache

    def loss(self, *inputs: Array) -> Array:
        """The terms of L = Σ u·y."""
        return self.u * self.run(inputs)[0]

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
        if self.largest <= self.rounding:
            zero = all(scale * norm(gradient) <= self.rounding for scale, gradient in zip(self.scales, gradients))
            self.note(report, "the true gradient is zero everywhere, so this check proves nothing; choose other inputs",
                      None if zero and self.ordinary and not (self.strict or self.chosen_upstream) else report.doubts)
        for k, (name, x, gradient, elements, numeric, kinks) in enumerate(zip(self.names, self.inputs, gradients, self.elements,
                                                                              self.numeric, self.kinks)):
            if kinks.mean() > 0.2:
                self.note(report, f"{name}: {kinks.sum()} of {len(kinks)} elements are not differentiable here and were left "
                                  f"out; choose inputs away from the kinks",
                          report.doubts if self.strict or kinks.all() else None)
            analytic = gradient.reshape(-1)[elements]
            difference = np.where(kinks, 0, analytic - numeric)
            # The rounding errors of a gradient that is exactly 0 have no scale.
            size = max(norm(analytic[~kinks]), norm(numeric[~kinks]), (1e-5 * self.largest + 1e-300) / self.scales[k])
            error = norm(difference) / size
            report.error = max(report.error, error)
            if error <= self.tolerance:
                continue
            uncertain = error <= 10 * self.spreads[k] or self.scales[k] * norm(difference) <= self.rounding
            if uncertain and (error <= LOOSEST_TOLERANCE or self.largest <= self.rounding):
                continue
            worst = np.argmax(np.abs(difference))
            at = tuple(int(k) for k in np.unravel_index(elements[worst], x.shape))
            found = (f"{name}: relative error {error:.1e}, worst at {at}: backward says {gradient[at]:.6g}, measured "
                     f"{numeric[worst]:.6g}")
            if self.is_wrong(report, found, error, uncertain) and len(elements) == x.size and not kinks.any():
                report.problems.append(diagnose(self.evidence(name, gradient, numeric.reshape(x.shape))))

    def is_wrong(self, report: Report, found: str, error: float, uncertain: bool = False) -> bool:
        """Enter what was found among the problems, or among the doubts where the measurement itself may be wrong."""
        certain = not uncertain and (self.ordinary or (self.smooth and bool(np.isfinite(error))))
        (report.problems if certain else report.doubts).append(found if certain else f"{found}, {UNCERTAIN}")
        return certain

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
        scale = max(sum(np.abs(g * v).sum() for g, v in zip(gradients, self.directions)), abs(self.slope), 1e-300)
        error = float(abs(sum(terms) - self.slope))
        report.adjoint_error = error / scale
        allowed = max(max(self.tolerance, 10 * max(self.spreads)) * scale, self.rounding)
        if not error <= allowed and self.bend() <= 1e-3 * scale:
            self.is_wrong(report, f"the adjoint identity <u, J v> = <Jᵀ u, v> is off by {report.adjoint_error:.1e}", error)

    def is_analytic(self) -> bool:
        """Whether L is analytic along the directions, all inputs at once.

        If so, L(x + r ω v), averaged over the 8th roots of unity ω, is r ∂L/∂z after multiplication by the conjugate of ω,
        and 0 after that by ω, but for an error of r⁶. Parts that are not analytic are found down to 1e-10 of the whole. The
        error at a kink of a network vanishes on a smaller circle, that of such a part stays.
        """
        terms = [g * v.flat[chosen] for g, v, chosen in zip(self.numeric, self.directions, self.elements)]
        scale = abs(self.slope) + sum(float(np.abs(term).sum()) for term in terms)
        first = np.inf
        for r in (1e-4, 1e-6, 1e-8, 1e-10):
            wrong, rounding = self.off_circle(r), self.rounding / r + 1e-300
            known = self.ordinary or rounding < 1e-3 * scale  # else rounding could hide anything
            if wrong < 1e-10 * scale + rounding * known and (r == 1e-4 or wrong < 1e-3 * first):
                return True
            first = min(first, wrong)
        return False

    def off_circle(self, r: float) -> float:
        """By how much the slopes on a circle of radius r are not those of an analytic function."""
        roots = np.exp(2j * np.pi * np.arange(8) / 8)
        with np.errstate(all="ignore"):
            around = np.array([self.loss(*(x + r * w * v for x, v in zip(self.inputs, self.directions))).sum() for w in roots])
        wrong = abs((around * roots.conj()).mean() / r - self.slope) + abs((around * roots).mean() / r)
        return float(wrong) if np.isfinite(wrong) else np.inf

    def bend(self) -> float:
        """By how much the slopes ahead and behind differ along the directions: much where they meet a kink."""
        if self.smooth:
            return 0.0
        ahead, behind = ([x + sign * self.h * v for x, v in zip(self.inputs, self.directions)] for sign in (1, -1))
        return float(abs((self.loss(*ahead) + self.loss(*behind) - 2 * self.loss(*self.inputs)).sum()) / self.h)

    def note(self, report: Report, sentence: str, where: list[str] | None) -> None:
        """Enter a sentence among the problems or doubts, or as a remark where it says nothing against the gradient."""
        if where is None:
            report.remark = "; ".join(filter(None, [report.remark, sentence]))
        else:
            where.append(sentence)

    def check_float32(self, backward: Backward, report: Report) -> None:
        """float32 stays float32, forward and backward, and agrees with float64."""
        where = report.problems if self.strict else None
        exact = self.run(self.inputs)[0]
        try:
            y, cache = self.run(self.inputs, np.float32)
            gradients = as_tuple(backward(backend.move(np.float32(self.u), self.xp), cache))
        except Mistake as mistake:
            self.note(report, f"with float32 inputs {mistake}", where)
            return
        for name, array in [("y", y), *zip(self.names, gradients)]:
            if array.dtype != np.float32:
                self.note(report, f"float32 inputs give a {array.dtype} {'' if name == 'y' else 'gradient of '}{name}", where)
        report.float32_error = norm(y - exact) / (norm(exact) + 1e-300)
        if not report.float32_error <= self.float32_tolerance:
            self.note(report, f"the forward pass in float32 is {report.float32_error:.1e} away from float64", where)


def norm(array: Array) -> float:
    """sqrt(Σ a²)."""
    return float(np.linalg.norm(array))


def as_tuple(gradients: Any) -> Sequence[Array]:
    """One gradient, or several, as a sequence."""
    return gradients if isinstance(gradients, (tuple, list)) else (gradients,)
