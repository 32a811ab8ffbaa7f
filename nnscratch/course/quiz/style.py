"""Quiz of notebooks 15 and 16: the Gram matrix, style transfer by optimisation, matching statistics, style in one pass.

Shapes: features F (M, C), a row for each pixel; Gram matrices (C, C).
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.quiz.normalisation import channel
from nnscratch.course.quiz.question import Question, choice, integers, question, row
from nnscratch.losses import mse, total_variation
from nnscratch.style.colour import matrix_power

__all__: list[str] = []  # quiz.ITEMS has the items


def gram(rng: np.random.Generator) -> Question:
    """A Gram matrix."""
    m = choice(rng, 2, 4)
    F = integers(rng, m, 2)
    centred = F - F.mean(axis=0)
    return question(
        "{m} pixels with two channels are the rows of $F = {F}$. What is the Gram matrix $G$?",
        {"m": m, "F": F}, ops.gram_matrix(F[None, None])[0][0], {
            "not divided by the number of pixels": F.T @ F,
            "divided by the number of values, not of pixels": F.T @ F / (2 * m),
            "the means of the channels were subtracted: that is the covariance": centred.T @ centred / m})


def gram_backward(rng: np.random.Generator) -> Question:
    """The gradient of a Gram matrix for one pixel."""
    m, f, dG = choice(rng, 2, 4, 10), integers(rng, 2), integers(rng, 2, 2)
    F = np.zeros((m, 2))
    F[0] = f
    _, cache = ops.gram_matrix(F[None, None])
    return question(
        "One of {m} pixels has the features {f}, and $dG = {dG}$. What is $dF$ of this pixel?",
        {"m": m, "f": f, "dG": dG}, ops.gram_matrix_backward(dG[None], cache)[0, 0, 0], {
            "one factor of the product only: F is in G twice, so the transpose is added": f @ dG / m,
            "doubled, as if dG were symmetric": 2 * f @ dG / m,
            "not divided by the number of pixels": f @ (dG + dG.T)})


def style_gradient(rng: np.random.Generator) -> Question:
    """The gradient of the style loss."""
    c, g, target = choice(rng, 2, 4, 5), integers(rng, low=1, high=20), integers(rng, low=1, high=20)
    return question(
        "$L$ is the mean of $(G_{{co}} - G^s_{{co}})^2$ over all entries of the Gram matrices of {c} channels. At one entry "
        "$G$ is {g} and $G^s$, that of the style, is {target}. What is $dG$ there?",
        {"c": c, "g": g, "target": target}, 2 * (g - target) / c**2, {
            "divided by the channels, but there are channels times channels entries": 2 * (g - target) / c,
            "the 2 of the square was forgotten": (g - target) / c**2,
            "the sign: where G is above that of the style, a larger G makes the loss larger": 2 * (target - g) / c**2})


def content_gradient(rng: np.random.Generator) -> Question:
    """dF of the content loss."""
    features = integers(rng, choice(rng, 2, 4), 2, low=0, high=9)
    target = integers(rng, *features.shape, low=0, high=9)
    m = len(features)
    return question(
        "The features of {m} pixels with two channels are $F = {features}$, those of the photograph $F^c = {target}$. The "
        "content loss is their mean squared error. What is $dF$?",
        {"m": m, "features": features, "target": target}, mse(features, target)[1], {
            "divided by the number of pixels: the mean is over all values": 2 * (features - target) / m,
            "the 2 of the square was forgotten": (features - target) / (2 * m),
            "the sign: where F is above the photograph's, a larger F makes the loss larger": (target - features) / m})


def smoothness_gradient(rng: np.random.Generator) -> Question:
    """The gradient of the smoothness term."""
    x = integers(rng, 5, low=0, high=9)
    _, dx = total_variation(row(x))
    return question(
        r"A row of five pixels, $x = {x}$, and $L = \frac15 \sum_w (x_{{w+1}} - x_w)^2$. What is $dx$ at the middle pixel?",
        {"x": x}, dx[0, 0, 2, 0], {
            "its left neighbour alone: a pixel is in two differences": 2 * (x[2] - x[1]) / 5,
            "the sign: at a pixel above its neighbours the gradient is positive": -dx[0, 0, 2, 0],
            "the 2 of the square was forgotten": dx[0, 0, 2, 0] / 2})


def matched_colour(rng: np.random.Generator) -> Question:
    """One channel of a colour transfer."""
    own_mean, mean, x = integers(rng, 3, low=1, high=9)
    own_std, std = integers(rng, low=1, high=3), integers(rng, low=2, high=9)
    own_variance, variance = own_std**2, std**2
    stretch = (matrix_power(np.array([[variance]]), 0.5) @ matrix_power(np.array([[own_variance]]), -0.5))[0, 0]
    return question(
        "One channel of a photograph has the mean {own_mean} and the variance {own_variance}. It is matched to a painting "
        "whose channel has the mean {mean} and the variance {variance}. What does the value {x} become?",
        {"own_mean": own_mean, "own_variance": own_variance, "mean": mean, "variance": variance, "x": x},
        (x - own_mean) * stretch + mean, {
            "variances were divided, not standard deviations": (x - own_mean) * variance / own_variance + mean,
            "the mean was not subtracted first": x * stretch + mean,
            "the photograph's own mean was added": (x - own_mean) * stretch + own_mean,
            "only the mean was moved": x - own_mean + mean})


def conditional_norm(rng: np.random.Generator) -> Question:
    """Conditional instance normalisation."""
    mean, d, k = integers(rng, low=8, high=20), integers(rng, low=2, high=6), choice(rng, 0, 1)
    x, gammas, betas = mean + d * np.array([-1.0, 1]), integers(rng, 3, low=2, high=9), integers(rng, 3)
    y, _ = ops.instance_norm(row(x), gammas[k:k + 1], betas[k:k + 1], epsilon=1e-14)
    return question(
        r"Conditional instance normalisation has three styles, $\gamma = {gammas}$ and $\beta = {betas}$, counted from 0. An "
        r"image of two pixels is $x = {x}$, the style is {k}, and $\epsilon = 0$. What is $y$?",
        {"gammas": gammas, "betas": betas, "x": x, "k": k}, y.ravel(), {
            "the next style: the rows are counted from 0": gammas[k + 1] * np.array([-1, 1]) + betas[k + 1],
            "not divided by the standard deviation": gammas[k] * (x - mean) + betas[k],
            "divided by the variance, not by its root": gammas[k] * (x - mean) / d**2 + betas[k]})


def adain(rng: np.random.Generator) -> Question:
    """AdaIN."""
    (f, mean, c, std), middle, d = channel(rng), integers(rng, low=2, high=9), integers(rng, low=1, high=3)
    s = middle + d * np.array([-1.0, 1])
    t, _ = ops.instance_norm(row(f), np.array([d]), np.array([middle]), epsilon=1e-14)
    return question(
        r"AdaIN gives the features $f = {f}$ of one channel the statistics of the style's features $s = {s}$, with "
        r"$\epsilon = 0$. What is the result?",
        {"f": f, "s": s}, t.ravel(), {
            "the photograph's own mean was added": d * c / std + mean,
            "variances stand for standard deviations": d**2 * c / std**2 + middle,
            "the standard deviation was left as it was": c + middle,
            "its own standard deviation was multiplied, not divided out": d * c * std + middle})


def adain_style_gradient(rng: np.random.Generator) -> Question:
    """The gradient of AdaIN with respect to the style."""
    middle, (d, mean_gradient, std_gradient) = integers(rng, low=2, high=9), integers(rng, 3, low=2, high=8)
    s = middle + d * np.array([-1.0, 1])
    return question(
        "The style's features have two pixels in a channel, $s = {s}$. Their mean gets the gradient {mean_gradient}, their "
        "standard deviation the gradient {std_gradient}. What is $ds$?",
        {"s": s, "mean_gradient": mean_gradient, "std_gradient": std_gradient},
        (mean_gradient + std_gradient * np.array([-1, 1])) / 2, {
            "not divided by the number of pixels": mean_gradient + std_gradient * np.array([-1, 1]),
            "the part of the mean alone": np.full(2, mean_gradient / 2),
            "the distance from the mean counts in standard deviations":
                (mean_gradient + std_gradient * d * np.array([-1, 1])) / 2})


def style_strength(rng: np.random.Generator) -> Question:
    """AdaIN with partial strength."""
    (own, wanted), percent = integers(rng, 2, low=1, high=9), choice(rng, 25, 75, 100)
    times = percent / 50
    return question(
        "A channel of the photograph's features has the standard deviation {own}, that of the style's has {wanted}. Strength 0 "
        "keeps the first, strength 50 gives the second, and others are on the line through both, but never below 0. What is it "
        "with strength {percent}?",
        {"own": own, "wanted": wanted, "percent": percent}, max(0, own + times * (wanted - own)), {
            "strength 50 gives the style's, not 100": own + percent / 100 * (wanted - own),
            "the style's was multiplied": wanted * times,
            "exchanged: strength 0 keeps the photograph's": wanted + times * (own - wanted)})
