"""Quiz of notebook 14: the losses of two players, Adam, and the running average of weights."""
import numpy as np

from nnscratch.course.quiz.question import Question, choice, integers, question
from nnscratch.generate.adversarial_losses import non_saturating, saturating
from nnscratch.optimizers import Adam

__all__: list[str] = []  # quiz.ITEMS has the items

PROBABILITIES = (0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8)


def logit(probability: float) -> np.ndarray:
    """The logit a with this sigma(a), as a batch of one: (1, 1)."""
    return np.log([[probability / (1 - probability)]])


def real_gradient(rng: np.random.Generator) -> Question:
    """The discriminator's gradient of a real logit."""
    p, t, n = choice(rng, *PROBABILITIES), choice(rng, 0.9, 0.8), choice(rng, 2, 4, 5, 10)
    _, gradients = non_saturating(t).real(np.repeat(logit(p), n, axis=0))
    return question(
        r"The discriminator gives a real sample $\sigma(a) = {p}$. It is one of {n} real samples of the batch, and their "
        "target is $t = {t}$. What is the gradient of its loss with respect to this logit?",
        {"p": p, "n": n, "t": t}, gradients[0, 0], {
            "not divided by the number of samples, though the loss is their mean": p - t,
            "the smoothing was forgotten: the gradient is 0 at t, not at 1": (p - 1) / n,
            "the sign: below t a larger logit makes the loss smaller": (t - p) / n})


def generator_gradients(rng: np.random.Generator) -> Question:
    """The generator's gradients of both losses."""
    p = integers(rng, low=1, high=99) / 100
    (_, first), (_, second) = (kind().generator(logit(p)) for kind in (saturating, non_saturating))
    return question(
        r"The discriminator gives a generated sample $\sigma(a) = {p}$. What is the gradient with respect to $a$ of the "
        r"generator's saturating loss $\ln(1 - \sigma(a))$, and what that of the non-saturating one, $-\ln \sigma(a)$?",
        {"p": p}, (first[0, 0], second[0, 0]), {
            "exchanged: the saturating one vanishes where the discriminator is sure": (second[0, 0], first[0, 0]),
            "the signs: for the generator a larger logit makes the loss smaller": (p, 1 - p),
            "both were taken for the same, but their sizes are sigma(a) and 1 - sigma(a)": (first[0, 0], first[0, 0])})


def first_step(rng: np.random.Generator) -> Question:
    """Adam's first step."""
    w, g, lr, beta_1, beta_2 = integers(rng, 2), integers(rng, 2) * choice(rng, 0.1, 2, 4), 0.1, 0.5, 0.99
    moved = w.copy()
    Adam(lr, beta_1, beta_2, epsilon=1e-12).step({"w": moved}, {"w": g})
    return question(
        r"Two weights, $w = {w}$, have the gradient $g = {g}$. What are they after Adam's first step, with $\eta = {lr}$, "
        r"$\beta_1 = {beta_1}$ and $\beta_2 = {beta_2}$? ($\epsilon$ is next to nothing.)",
        {"w": w, "g": g, "lr": lr, "beta_1": beta_1, "beta_2": beta_2}, moved, {
            "this is gradient descent: Adam divides by the gradient's own size": w - lr * g,
            "m and v begin at 0: that was not divided out": w - lr * (1 - beta_1) / (1 - beta_2)**0.5 * np.sign(g),
            "the sign: the step goes against the gradient": w + lr * np.sign(g)})


def average_weight(rng: np.random.Generator) -> Question:
    """One step of an exponential moving average."""
    held, now, decay = 10 * integers(rng), 10 * integers(rng), choice(rng, 0.9, 0.8, 0.99)
    return question(
        "The average of a weight is {held}, the weight itself is now {now}, and the decay is {decay}. What is the new average?",
        {"held": held, "now": now, "decay": decay}, decay * held + (1 - decay) * now, {
            "exchanged: the decay belongs to the old average": decay * now + (1 - decay) * held,
            "the plain mean of the two": (held + now) / 2,
            "added, but the old one did not fade": held + (1 - decay) * now})


def best_answer(rng: np.random.Generator) -> Question:
    """The optimal discriminator with label smoothing."""
    p, t = integers(rng, low=1, high=9), choice(rng, 0.9, 0.8, 0.7)
    q = 10 - p
    return question(
        "Of ten samples of some kind {p} are real and {q} are generated. With the targets {t} for real and 0 for generated "
        r"ones, which $\sigma(a)$ does the best discriminator give to such a sample?",
        {"p": p, "q": q, "t": t}, t * p / (p + q), {
            "the smoothing was forgotten": p / (p + q),
            "the target alone: generated samples of that kind count, too": t,
            "both sides were smoothed": (t * p + (1 - t) * q) / (p + q)})
