"""Exercises of notebook 14: the losses of both networks and their gradients, a step of Adam, a step of both networks.

Shapes: logits and their gradients (N, 1), above 0 for "real"; weights, their gradients, and moments of any shape.
"""
from typing import Any

import numpy as np

from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.neurons import normal
from nnscratch.course.checks.prediction import predicted
from nnscratch.losses.predictions import softplus
from nnscratch.ops.activations import sigmoid

__all__ = ["adam", "discriminator_loss", "exhibits", "gan_step", "generator_loss", "two_slopes"]


def column(*numbers):
    """Numbers as logits (N, 1)."""
    return np.array(numbers, dtype=float)[:, None]


def sigma(a):
    """σ(a) = 1 / (1 + exp(-a))."""
    return sigmoid(a)[0]


def cross_entropy(target, a):
    """The mean of softplus(a) - target a, and its gradient: the cost where σ(a) should be `target`."""
    return (softplus(a) - target * a).mean(), (sigma(a) - target) / a.size


def right_discriminator_loss(real, generated, smooth, of_generated=lambda smooth: 0.0):
    """The solution; with of_generated the generated samples have another target than 0."""
    (of_real, d_real), (other, d_generated) = cross_entropy(smooth, real), cross_entropy(of_generated(smooth), generated)
    return of_real + other, d_real, d_generated


def with_gradients(change):
    """The right loss with changed gradients."""
    def loss(real, generated, smooth):
        total, d_real, d_generated = right_discriminator_loss(real, generated, smooth)
        return total, *change(d_real, d_generated)
    return loss


def by_exponentials(real, generated, smooth):
    """log(1 + exp(a)) without np.logaddexp: it overflows."""
    with np.errstate(over="ignore"):
        return ((np.log(1 + np.exp(real)) - smooth * real).mean() + np.log(1 + np.exp(generated)).mean(),
                *right_discriminator_loss(real, generated, smooth)[1:])


@exercise("14",
          "Put σ(a) = 1 / (1 + exp(-a)) into the cost -t ln σ(a) - (1 - t) ln(1 - σ(a)), and collect what t does not multiply.",
          "What is left is ln(1 + exp(a)) minus a product of t and a. Its derivative is a difference of two probabilities; a "
          "mean over N values divides it by N. Real samples have t = smooth, generated ones 0.",
          "L = (np.logaddexp(0, real) - smooth * real).mean() + np.logaddexp(0, generated).mean()",
          library=right_discriminator_loss)
def discriminator_loss(attempt: Attempt) -> None:
    """L, a number; d_real and d_generated (N, 1)."""
    cases = [{"real": column(0), "generated": column(0), "smooth": 1.0},
             {"real": column(2, -1), "generated": column(1, 3), "smooth": 0.9},
             {"real": 3 * normal(4, 1), "generated": 3 * normal(4, 1, seed=1), "smooth": 0.8},
             {"real": column(2, -1, 0.5), "generated": column(1), "smooth": 0.7},
             {"real": column(800, -800), "generated": column(-800, 800), "smooth": 0.9}]
    compare(attempt, right_discriminator_loss, cases, "L d_real d_generated", {
        "smoothing is missing: the target of real samples is smooth, not 1":
            lambda real, generated, smooth: right_discriminator_loss(real, generated, 1.0),
        "generated samples are smoothed, too: their target is 0": lambda real, generated, smooth: right_discriminator_loss(
            real, generated, smooth, of_generated=lambda smooth: 1 - smooth),
        "the cost of the generated samples is missing": lambda real, generated, smooth: (
            *cross_entropy(smooth, real), sigma(generated) / generated.size),
        "smooth enters once only: a real sample costs -smooth ln σ(a) and -(1 - smooth) ln(1 - σ(a))":
            lambda real, generated, smooth: (
                (smooth * softplus(-real)).mean() + softplus(generated).mean(), smooth * (sigma(real) - 1) / real.size,
                sigma(generated) / generated.size),
        "smooth times the logit is added: subtract it":
            lambda real, generated, smooth: right_discriminator_loss(real, generated, -smooth),
        "real and generated samples are exchanged": lambda real, generated, smooth: (
            right_discriminator_loss(generated, real, smooth)[0],
            *right_discriminator_loss(generated, real, smooth)[:0:-1]),
        "L is right, but each gradient must be divided by the number of logits of its mean":
            with_gradients(lambda d_real, d_generated: (d_real * d_real.size, d_generated * d_generated.size)),
        "L is right, but each gradient is divided by the logits of both means, expected by those of its own":
            with_gradients(lambda d_real, d_generated: (d_real * d_real.size / (d_real.size + d_generated.size),
                                                        d_generated * d_generated.size / (d_real.size + d_generated.size))),
        "L is the sum of two means, and not their mean: nothing is halved": lambda real, generated, smooth: [
            part / 2 for part in right_discriminator_loss(real, generated, smooth)],
        "L is right, but the sign of d_real is wrong": with_gradients(lambda d_real, d_generated: (-d_real, d_generated)),
        "L is right, but the sign of d_generated is wrong": with_gradients(lambda d_real, d_generated: (d_real, -d_generated)),
        "d_generated is that of samples with the target 1: generated ones have the target 0":
            lambda real, generated, smooth: (*right_discriminator_loss(real, generated, smooth)[:2],
                                             cross_entropy(1.0, generated)[1]),
        "the means are sums: divide by the number of logits": lambda real, generated, smooth: (
            (softplus(real) - smooth * real).sum() + softplus(generated).sum(), sigma(real) - smooth, sigma(generated)),
        "for a = 800 the exponential overflows: np.logaddexp(0, a) is log(1 + exp(a)), and does not": by_exponentials})


def naive(generated):
    """-log σ(a) as it is written: it overflows."""
    with np.errstate(over="ignore", divide="ignore"):
        return -np.log(1 / (1 + np.exp(-generated))).mean(), (sigma(generated) - 1) / generated.size


def right_generator_loss(generated):
    """The solution."""
    return cross_entropy(1.0, generated)


@exercise("14",
          "It is the cost of samples with the target 1, without smoothing. You have derived cost and gradient for any target.",
          "-ln σ(a) = ln(1 + exp(-a)). The mean over N values makes the gradient N times smaller.",
          "L = np.logaddexp(0, -generated).mean()", library=right_generator_loss)
def generator_loss(attempt: Attempt) -> None:
    """L, a number; d_generated (N, 1)."""
    cases = [{"generated": column(0)}, {"generated": column(-4, 2)}, {"generated": 3 * normal(5, 1)},
             {"generated": column(-800, 800)}]
    compare(attempt, right_generator_loss, cases, "L d_generated", {
        "L is right, but d_generated is that of the saturating loss": lambda generated: (
            cross_entropy(1.0, generated)[0], -sigma(generated) / generated.size),
        "this is the saturating loss, ln(1 - σ(a)), whose gradient vanishes where the generator is worst":
            lambda generated: (-softplus(generated).mean(), -sigma(generated) / generated.size),
        "this is the discriminator's cost of generated samples: the generator's target is 1":
            lambda generated: cross_entropy(0.0, generated),
        "the generator's loss is not smoothed: only the discriminator's, on real samples":
            lambda generated: cross_entropy(0.9, generated),
        "L is right, but d_generated is not divided by N: L is a mean": lambda generated: (
            cross_entropy(1.0, generated)[0], sigma(generated) - 1),
        "L is right, but the sign of d_generated is wrong: a higher logit lowers L": lambda generated: (
            cross_entropy(1.0, generated)[0], (1 - sigma(generated)) / generated.size),
        "the sign of L is wrong: a cost -ln σ(a) is never negative": lambda generated: (
            -softplus(-generated).mean(), (1 - sigma(generated)) / generated.size),
        "it is a sum: divide by N": lambda generated: (softplus(-generated).sum(), sigma(generated) - 1),
        "for a = -800 the exponential overflows: np.logaddexp(0, -a) is the same, and does not": naive})


@exercise("14", "Differentiate both losses with respect to a, for a single sample. Both contain σ(-5) = 0.0067.",
          "d/da ln(1 - σ(a)) = -σ(a)")
def two_slopes(attempt: Any) -> None:
    """Two numbers: the slope of the saturating loss at a = -5, and of the non-saturating one."""
    low = float(sigma(np.array(-5.0)))
    predicted(attempt, {"saturating": -low, "non-saturating": low - 1}, {
        "the loss falls when a rises: the slope is negative": ("saturating", low),
        "the loss falls when a rises: its slope is negative": ("non-saturating", 1 - low),
        "this is the slope of the other loss": ("saturating", low - 1),
        "that is the slope of the other loss": ("non-saturating", -low)})


def adam_with(correct=lambda beta, step: 1 - beta**step, correct_first=None, correct_second=None, new=lambda beta: 1 - beta,
              square=lambda dw: dw * dw, root=np.sqrt, order=lambda a, b: (a, b), sign=1,
              below=lambda root, second, epsilon, decay: root(second) + epsilon):
    """A step of Adam from its parts; a wrong answer changes one of them."""
    def adam(w, m, v, dw, step, lr, beta1, beta2, epsilon):
        beta1, beta2 = order(beta1, beta2)
        m, v = beta1 * m + new(beta1) * dw, beta2 * v + new(beta2) * square(dw)
        first, second = m / (correct_first or correct)(beta1, step), v / (correct_second or correct)(beta2, step)
        return w - sign * lr * first / below(root, second, epsilon, 1 - beta2**step), m, v
    return adam


def moved_by(moments):
    """The right m and v, but the step is made from other ones: moments(dw, old m, old v, new m, new v)."""
    def adam(w, m, v, dw, step, lr, beta1, beta2, epsilon):
        _, new_m, new_v = right_adam(w, m, v, dw, step, lr, beta1, beta2, epsilon)
        a, b = 1 - beta1**step, 1 - beta2**step
        first, second = moments(dw, m / a, v / b, new_m / a, new_v / b)
        return w - lr * first / (np.sqrt(second) + epsilon), new_m, new_v
    return adam


def right_adam(w, m, v, dw, step, lr, beta1, beta2, epsilon):
    """The solution; in the precision of w."""
    return adam_with()(w, m, v, dw, step, lr, beta1, beta2, epsilon)


def root_first(w, m, v, dw, step, lr, beta1, beta2, epsilon):
    """The root of v alone, before the bias correction."""
    _, m, v = right_adam(w, m, v, dw, step, lr, beta1, beta2, epsilon)
    return w - lr * m / (1 - beta1**step) / (np.sqrt(v) / (1 - beta2**step) + epsilon), m, v


def corrected_moments(w, m, v, dw, step, lr, beta1, beta2, epsilon):
    """m and v are returned with their correction."""
    w, m, v = right_adam(w, m, v, dw, step, lr, beta1, beta2, epsilon)
    return w, m / (1 - beta1**step), v / (1 - beta2**step)


@exercise("14",
          "Four lines, in the order of the formulas: both moments, both corrections, the step. Which of them are returned?",
          "m and v are returned as they are before the correction: the next step corrects anew, with its own number.",
          "m = beta1 * m + (1 - beta1) * dw", library=right_adam)
def adam(attempt: Attempt) -> None:
    """The new w, m and v, in the shape of w."""
    names = "w", "m", "v", "dw", "step", "lr", "beta1", "beta2", "epsilon"
    cases = [dict(zip(names, case)) for case in (  # the root of 0.04 is 0.2: with 0.25 or 0.5 mistakes would cancel
        (np.array([1.0]), np.zeros(1), np.zeros(1), np.array([4.0]), 1, 0.1, 0.75, 0.96, 1e-8),
        (np.array([0.9]), np.array([1.0]), np.array([0.64]), np.array([-4.0]), 2, 0.1, 0.75, 0.96, 1e-8),
        (np.array([1.0]), np.zeros(1), np.zeros(1), np.array([2.0]), 1, 0.1, 0.75, 0.96, 0.1),
        (np.array([1.0, 2.0]), np.zeros(2), np.zeros(2), np.array([0.0, 3.0]), 1, 0.1, 0.75, 0.96, 1e-7),
        (normal(3, 4), normal(3, 4, seed=2), normal(3, 4, seed=3)**2, abs(normal(3, 4, seed=1)), 5, 0.01, 0.9, 0.95, 0.1))]
    compare(attempt, right_adam, cases, "w m v", {
        "the bias correction is missing: m and v start at 0": adam_with(correct=lambda b, k: 1),
        "the bias correction of m is missing": adam_with(correct_first=lambda b, k: 1),
        "the bias correction of v is missing": adam_with(correct_second=lambda b, k: 1),
        "the bias correction of v has beta1": lambda w, m, v, dw, step, lr, a, b, epsilon: adam_with(
            correct_second=lambda beta, k: 1 - a**k)(w, m, v, dw, step, lr, a, b, epsilon),
        "the correction divides by 1 - beta, expected 1 - beta**step": adam_with(correct=lambda b, k: 1 - b),
        "the correction multiplies: divide m and v by 1 - beta**step": adam_with(correct=lambda b, k: 1 / (1 - b**k)),
        "steps are counted from 1: step is that number already": adam_with(correct=lambda b, k: 1 - b**(k + 1)),
        "v is made of dw, expected of its square": adam_with(square=lambda dw: dw),
        "the gradient and its square enter with the factor 1, expected 1 - beta": adam_with(new=lambda beta: 1),
        "epsilon is inside the root: Algorithm 1 adds it to the root": adam_with(
            below=lambda root, second, epsilon, decay: root(second + epsilon)),
        "this is Keras' form, with epsilon-hat: asked is Algorithm 1, where epsilon is added to the corrected root": adam_with(
            below=lambda root, second, epsilon, decay: root(second) + epsilon / root(decay)),
        "epsilon is missing, or a constant stands in its place: it is an argument": adam_with(
            below=lambda root, second, epsilon, decay: root(second) + 1e-8),
        "the root of v is missing": adam_with(root=lambda v: v),
        "the root is that of v / (1 - beta2**step), and not of v alone": root_first,
        "w is moved by the old m and v: make the new ones first": moved_by(lambda dw, m, v, new_m, new_v: (m, v)),
        "w is moved by dw, expected by m": moved_by(lambda dw, m, v, new_m, new_v: (dw, new_v)),
        "beta1 stands in the place of beta2": adam_with(order=lambda a, b: (a, a)),
        "beta1 and beta2 are exchanged": adam_with(order=lambda a, b: (b, a)),
        "beta is the factor of the old value, and 1 - beta of the new one: they are exchanged": adam_with(
            order=lambda a, b: (1 - a, 1 - b)),
        "the step goes along the gradient: subtract it": adam_with(sign=-1),
        "the learning rate is missing": lambda w, m, v, dw, step, lr, *rest: right_adam(w, m, v, dw, step, 1.0, *rest),
        "m and v are exchanged: the order is w, m, v": lambda *given: [right_adam(*given)[k] for k in (0, 2, 1)],
        "m and v are returned with their correction, expected as they are before it": corrected_moments})


class Linear:
    """The smallest network for a step: y = x W. Its step is W - lr times the gradient that has been added up."""

    def __init__(self, W: Any, lr: float) -> None:
        self.W, self.lr, self.grads = np.array(W, dtype=float), lr, np.zeros(np.shape(W))
        self.passes: list[Any] = []

    def forward(self, x: Any) -> Any:
        """y (N, units)."""
        self.passes.append(np.asarray(x, dtype=float))
        return self.passes[-1] @ self.W

    def backward(self, dy: Any) -> Any:
        """dx of the last forward pass; the gradient with respect to W is added to `grads`."""
        if not self.passes:
            raise ValueError("backward needs a forward pass of its own")
        x = self.passes.pop()
        if np.shape(dy) != (len(x), self.W.shape[1]):
            raise ValueError(f"backward got dy of shape {np.shape(dy)}, but the last forward returned "
                             f"{(len(x), self.W.shape[1])}")
        self.grads = self.grads + x.T @ dy
        return dy @ self.W.T

    def zero_grads(self) -> None:
        """Set the gradient to 0."""
        self.grads = np.zeros(self.W.shape)

    def step(self) -> None:
        """Move W against its gradient."""
        self.W = self.W - self.lr * self.grads


class TwoSteps:
    """An attempt as a function of arrays: two steps of two small networks. `compare` shows such inputs with their numbers."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt, self.__code__, self.__name__ = attempt, getattr(attempt, "__code__", None), "gan_step"

    def __call__(self, W_gen: Any, W_dis: Any, real: Any, z: Any, smooth: float) -> Any:
        gen, dis = Linear(W_gen, 0.5), Linear(W_dis, 0.25)
        first = self.attempt(gen, dis, real, z, smooth)
        if first is Ellipsis or first is None:
            return first
        if np.shape(first)[:1] != (2,):
            raise ValueError(f"expected two results, L_dis and L_gen, got {first!r:.60}")
        L_dis, L_gen = first
        once = gen.W, dis.W
        self.attempt(gen, dis, real[::-1], z[::-1], smooth)
        return L_dis, L_gen, *once, gen.W, dis.W


def step_with(clear_dis=True, clear_gen=True, fresh_logits=True, first="dis", dis_again=False, gen_by=None, of_loss=None,
              generated_only=False, apart=False):
    """A step of both networks; a wrong answer changes a part of it."""
    def train_dis(gen, dis, real, fake, smooth):
        logits = dis.forward(np.concatenate([real, fake]))
        L, d_real, d_generated = right_discriminator_loss(logits[:len(real)], logits[len(real):], smooth)
        if clear_dis:
            dis.zero_grads()
        dis.backward(np.concatenate([0 * d_real if generated_only else d_real, d_generated]))
        dis.step()
        return L

    def train_gen(gen, dis, fake, logits):
        again = dis.forward(fake)
        L, d_generated = (of_loss or right_generator_loss)(again if fresh_logits else logits)
        if clear_gen:
            gen.zero_grads()
        d_fake = dis.backward(d_generated)
        if dis_again:
            dis.step()
        gen.backward(d_fake if gen_by is None else gen_by(d_fake))
        gen.step()
        return L

    def gan_step(gen, dis, real, z, smooth):
        fake = gen.forward(z)
        logits = dis.forward(fake)
        if first == "gen":
            L_gen = train_gen(gen, dis, fake, logits)
            return train_dis(gen, dis, real, fake, smooth), L_gen
        L_dis = train_dis(gen, dis, real, fake, smooth)
        return L_dis, train_gen(gen, dis, fake, logits)
    return gan_step


def right_gan_step(gen, dis, real, z, smooth):
    """The solution."""
    fake = gen.forward(z)
    logits = dis.forward(np.concatenate([real, fake]))
    L_dis, d_real, d_generated = right_discriminator_loss(logits[:len(real)], logits[len(real):], smooth)
    dis.zero_grads()
    dis.backward(np.concatenate([d_real, d_generated]))
    dis.step()
    L_gen, d_generated = right_generator_loss(dis.forward(fake))
    gen.zero_grads()
    gen.backward(dis.backward(d_generated))
    gen.step()
    return L_dis, L_gen


def generator_alone(gen, dis, real, z, smooth):
    """The discriminator's step is forgotten."""
    logits = dis.forward(gen.forward(z))
    L_dis = right_discriminator_loss(dis.forward(real), logits, smooth)[0]
    L_gen, d_generated = right_generator_loss(dis.forward(gen.forward(z)))
    dis.zero_grads()
    gen.zero_grads()
    gen.backward(dis.backward(d_generated))
    gen.step()
    return L_dis, L_gen


def two_steps(gan_step):
    """The numbers of two steps."""
    return TwoSteps(gan_step)


@exercise("14", "Draw both passes. Whose weights change in the first half, whose in the second, and through which network does "
          "the generator's gradient pass?",
          "Dis: forward on real and generated samples, loss, zero_grads, backward, step. Then Gen: Dis reads the generated "
          "samples once more, since it has changed, and its backward returns the gradient that Gen's backward needs.",
          "gen.backward(dis.backward(d_generated))", library=right_gan_step)
def gan_step(attempt: Attempt) -> None:
    """L_dis and L_gen, two numbers; the weights of gen and dis are changed by their own steps."""
    names = "W_gen", "W_dis", "real", "z", "smooth"
    cases = [dict(zip(names, case)) for case in (
        (column(0.5), column(2), column(3), column(1), 0.9),
        (column(0.5), column(2), column(3, 1), column(1, -2), 0.9),
        (np.array([[0.5, -1.0]]), column(2, 1), np.array([[3.0, 1.0], [2.0, 0.0]]), column(1, -1), 0.8),
        (normal(3, 2), normal(2, 1), normal(4, 2), normal(4, 3), 0.7))]
    compare(two_steps(attempt), two_steps(right_gan_step), cases,
            "L_dis L_gen W_gen W_dis W_gen_after_two_steps W_dis_after_two_steps", {
        sentence: two_steps(mistake) for sentence, mistake in {
            "dis.zero_grads() is missing: the gradients of the generator's half, or of the last step, are still there":
                step_with(clear_dis=False),
            "gen.zero_grads() is missing: the gradients of the last step are still there": step_with(clear_gen=False),
            "L_gen is that of Dis before its step: Dis moves first, and then reads the generated samples again":
                step_with(fresh_logits=False),
            "Dis moves in the generator's half, too, and so helps to be fooled": step_with(dis_again=True),
            "the sign of the generator's gradient is wrong": step_with(gen_by=lambda d: -d),
            "the generator's half takes the saturating loss, or the discriminator's": step_with(
                of_loss=lambda a: (right_generator_loss(a)[0], sigma(a) / a.size)),
            "Dis learns from generated samples alone": step_with(generated_only=True),
            "Dis does not move: its step is missing": generator_alone}.items()})


@exercise("14", "A training that diverges leaves no strokes. Statistics that belong to other weights leave strokes, but change "
          "how strong they are.",
          "Compare each sheet with A: are the digits there, and are they as white on as black?")
def exhibits(attempt: Any) -> None:
    """Two letters: the sheet of beta_1 = 0.9, and that of the forgotten statistics."""
    broken, forgotten = "beta_1 = 0.9", "no statistics"
    predicted(attempt, {broken: "C", forgotten: "F"}, {
        "these digits are legible: which sheet has blots?": (broken, "A"),
        "these digits are whole, only weaker": (broken, "F"),
        "these are blots: here the training itself failed, not the drawing": (forgotten, "C"),
        "this is as black and white as it should be": (forgotten, "A")})
