"""Exercises of notebook 14: a step of both networks, and a look at the results of six trainings.

Shapes: real (N, values), z (N, latent), logits (N, 1).
"""
from typing import Any

import numpy as np

from nnscratch.course import own
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.gan_losses import right_discriminator_loss, right_generator_loss, sigma
from nnscratch.course.checks.inputs import column, normal
from nnscratch.course.checks.prediction import predicted

__all__ = ["exhibits", "gan_step"]


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


def right_gan_step(gen, dis, real, z, smooth, discriminator_loss=right_discriminator_loss,
                   generator_loss=right_generator_loss):
    """The solution."""
    fake = gen.forward(z)
    logits = dis.forward(np.concatenate([real, fake]))
    L_dis, d_real, d_generated = discriminator_loss(logits[:len(real)], logits[len(real):], smooth)
    dis.zero_grads()
    dis.backward(np.concatenate([d_real, d_generated]))
    dis.step()
    L_gen, d_generated = generator_loss(dis.forward(fake))
    gen.zero_grads()
    gen.backward(dis.backward(d_generated))
    gen.step()
    return L_dis, L_gen


def library_gan_step(gen, dis, real, z, smooth):
    """The library's, with the learner's arguments, from the parts of the course: each the learner's where there is one."""
    return right_gan_step(gen, dis, real, z, smooth, own.discriminator_loss, own.generator_loss)


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


@exercise("14", "Draw both passes. Whose weights change in the first half, whose in the second, and through which network does "
          "the generator's gradient pass?",
          "Dis: forward on real and generated samples, loss, zero_grads, backward, step. Then Gen: Dis reads the generated "
          "samples once more, since it has changed, and its backward returns the gradient that Gen's backward needs.",
          "gen.backward(dis.backward(d_generated))", library=library_gan_step)
def gan_step(attempt: Attempt) -> None:
    """L_dis and L_gen, two numbers; the weights of gen and dis are changed by their own steps."""
    names = "W_gen", "W_dis", "real", "z", "smooth"
    cases = [dict(zip(names, case)) for case in (
        (column(0.5), column(2), column(3), column(1), 0.9),
        (column(0.5), column(2), column(3, 1), column(1, -2), 0.9),
        (np.array([[0.5, -1.0]]), column(2, 1), np.array([[3.0, 1.0], [2.0, 0.0]]), column(1, -1), 0.8),
        (normal(3, 2), normal(2, 1), normal(4, 2), normal(4, 3), 0.7))]
    compare(TwoSteps(attempt), TwoSteps(right_gan_step), cases,
            "L_dis L_gen W_gen W_dis W_gen_after_two_steps W_dis_after_two_steps", {
        sentence: TwoSteps(mistake) for sentence, mistake in {
            "dis.zero_grads() is missing: the gradients of the generator's half, or of the last step, are still there":
                step_with(clear_dis=False),
            "gen.zero_grads() is missing: the gradients of the last step are still there": step_with(clear_gen=False),
            "L_gen is that of Dis before its step: Dis moves first, and then reads the generated samples again":
                step_with(fresh_logits=False),
            "Dis moves in the generator's half, too, and so helps to be fooled": step_with(dis_again=True),
            "the losses are exchanged: return L_dis, L_gen": lambda *given: right_gan_step(*given)[::-1],
            "the sign of the generator's gradient is wrong": step_with(gen_by=lambda d: -d),
            "the generator's half takes the saturating loss, or the discriminator's": step_with(
                of_loss=lambda a: (right_generator_loss(a)[0], sigma(a) / a.size)),
            "Dis learns from generated samples alone": step_with(generated_only=True),
            "Dis does not move: its step is missing": generator_alone}.items()})


@exercise("14", "A training that has not got far leaves no strokes. Statistics that belong to other weights leave strokes, but "
          "change how strong they are.",
          "Compare each sheet with A: are the digits there, and are they as white on as black?")
def exhibits(attempt: Any) -> None:
    """Two letters: the sheet of beta_1 = 0.9, and that of the forgotten statistics."""
    broken, forgotten = "beta_1 = 0.9", "no statistics"
    predicted(attempt, {broken: "C", forgotten: "F"}, {
        "these digits are legible: which sheet has blots?": (broken, "A"),
        "these digits are whole, only weaker": (broken, "F"),
        "these are blots: here the training itself is behind, not the drawing": (forgotten, "C"),
        "this is as black and white as it should be": (forgotten, "A")})
