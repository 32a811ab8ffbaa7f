"""Quiz of notebook 14: the losses of two players, Adam, and the running average of weights."""
import numpy as np

from nnscratch.course.quiz.question import Question, choice, integers, question
from nnscratch.generate.adversarial_losses import non_saturating, saturating
from nnscratch.optimizers import Adam

__all__: list[str] = []  # quiz.ITEMS has the items

PROBABILITIES = (0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8)


def logit(probability: float) -> np.ndarray:
    """The z with this sigma(z), as a batch of one: (1, 1)."""
    return np.log([[probability / (1 - probability)]])


def slope_of_real(rng: np.random.Generator) -> Question:
    """The discriminator's gradient of a real logit."""
    p, s, n = choice(rng, *PROBABILITIES), choice(rng, 0.9, 0.8), choice(rng, 2, 4, 5, 10)
    _, slopes = non_saturating(s).real(np.repeat(logit(p), n, axis=0))
    return question(
        "The discriminator calls a real image real with the probability {p}. It is one of {n} real images in the batch, "
        "and the smoothing is $s = {s}$. What is the slope of its loss by this image's logit?",
        {"p": p, "n": n, "s": s}, slopes[0, 0], {
            "not divided by the number of images, though the loss is their mean": p - s,
            "the smoothing was forgotten: the slope is 0 at s, not at 1": (p - 1) / n,
            "the sign: below s a larger logit makes the loss smaller": (s - p) / n})


def slopes_of_made(rng: np.random.Generator) -> Question:
    """The generator's gradients of both losses."""
    p = integers(rng, low=1, high=99) / 100
    (_, first), (_, second) = (kind().generator(logit(p)) for kind in (saturating, non_saturating))
    return question(
        "The discriminator calls a made image real with the probability {p}. What are the slopes of the generator's loss by "
        "its logit, first of the saturating loss, then of the other?",
        {"p": p}, (first[0, 0], second[0, 0]), {
            "exchanged: the saturating one is weak where the image is seen through": (second[0, 0], first[0, 0]),
            "the signs: for the generator a larger logit makes the loss smaller": (p, 1 - p),
            "both were taken for the same, but they are p and 1 - p long": (first[0, 0], first[0, 0])})


def first_step(rng: np.random.Generator) -> Question:
    """Adam's first step."""
    w, g, rate, beta_1, beta_2 = integers(rng, 2), integers(rng, 2) * choice(rng, 0.1, 2, 4), 0.1, 0.5, 0.99
    moved = w.copy()
    Adam(rate, beta_1, beta_2, epsilon=1e-12).step({"w": moved}, {"w": g})
    return question(
        "Two weights, $w = {w}$, have the gradient $g = {g}$. Where are they after Adam's first step, with the rate {rate}, "
        r"$\beta_1 = {beta_1}$ and $\beta_2 = {beta_2}$? ($\varepsilon$ is next to nothing.)",
        {"w": w, "g": g, "rate": rate, "beta_1": beta_1, "beta_2": beta_2}, moved, {
            "this is gradient descent: Adam divides by the gradient's own size": w - rate * g,
            "the start at 0 was not divided out": w - rate * (1 - beta_1) / (1 - beta_2)**0.5 * np.sign(g),
            "uphill: the step goes against the gradient": w + rate * np.sign(g)})


def average(rng: np.random.Generator) -> Question:
    """One step of an exponential moving average."""
    held, now, decay = 10 * integers(rng), 10 * integers(rng), choice(rng, 0.9, 0.8, 0.99)
    return question(
        "The average of a weight is {held}, the weight itself is now {now}, and the decay is {decay}. What is the new average?",
        {"held": held, "now": now, "decay": decay}, decay * held + (1 - decay) * now, {
            "exchanged: the decay is the share of the old average": decay * now + (1 - decay) * held,
            "the plain mean of the two": (held + now) / 2,
            "added, but the old one did not fade": held + (1 - decay) * now})


def best_answer(rng: np.random.Generator) -> Question:
    """The optimal discriminator with smoothing."""
    p, s = integers(rng, low=1, high=9), choice(rng, 0.9, 0.8, 0.7)
    q = 10 - p
    return question(
        "Of ten images of some form {p} are real and {q} are made. With smoothing $s = {s}$ of the real ones alone, which "
        "probability does the best discriminator give to such an image?",
        {"p": p, "q": q, "s": s}, s * p / (p + q), {
            "the smoothing was forgotten": p / (p + q),
            "s alone: generated images of that form count, too": s,
            "both sides were smoothed": (s * p + (1 - s) * q) / (p + q)})
