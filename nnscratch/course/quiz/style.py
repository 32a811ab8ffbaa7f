"""Quiz of notebooks 15 to 16: the Gram matrix, style transfer by optimisation, and in one pass.

Shapes: features F (M, C), a row for each pixel; Gram matrices (C, C).
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.quiz.layers import channel
from nnscratch.course.quiz.question import Question, choice, image, integers, question, row
from nnscratch.losses import content_loss, total_variation
from nnscratch.networks.stylizer import channel_statistics
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
            "divided by the number of numbers, not of pixels": F.T @ F / (2 * m),
            "the means of the channels were taken away: that is the covariance": centred.T @ centred / m})


def gram_backward(rng: np.random.Generator) -> Question:
    """The gradient of a Gram matrix for one pixel."""
    m, f, dG = choice(rng, 2, 4, 10), integers(rng, 2), integers(rng, 2, 2)
    F = np.zeros((m, 2))
    F[0] = f
    _, cache = ops.gram_matrix(F[None, None])
    return question(
        "One of {m} pixels has the features ${f}$, and $dG = {dG}$ comes back. What is $dF$ of this pixel?",
        {"m": m, "f": f, "dG": dG}, ops.gram_matrix_backward(dG[None], cache)[0, 0, 0], {
            "one factor of the product only: F is in G twice, so the transpose is added": f @ dG / m,
            "doubled, as if dG were symmetric": 2 * f @ dG / m,
            "not divided by the number of pixels": f @ (dG + dG.T)})


def louder(rng: np.random.Generator) -> Question:
    """A Gram matrix of scaled features."""
    g, times = integers(rng, low=2, high=9), choice(rng, 2, 3, 5, 0.5)
    return question(
        "An entry of a Gram matrix is {g}. All features become {times} times as large. What is the entry then?",
        {"g": g, "times": times}, g * times**2, {
            "each entry is a product of two features, and both grew": g * times,
            "unchanged: that would be so for a correlation": g})


def mean_splits(rng: np.random.Generator) -> Question:
    """Gram matrix, means and covariance."""
    mean_a, mean_b, together = integers(rng, 3, low=2, high=8)
    return question(
        "Two channels have the means {mean_a} and {mean_b} and the covariance {together}. What is their entry in the Gram "
        "matrix?",
        {"mean_a": mean_a, "mean_b": mean_b, "together": together}, mean_a * mean_b + together, {
            "this is left if the means are taken away first": together,
            "the means alone: what varies together is missing": mean_a * mean_b,
            "the means were added, not multiplied": mean_a + mean_b + together})


def pull(rng: np.random.Generator) -> Question:
    """The gradient of the Gram loss."""
    c, g, a = choice(rng, 2, 4, 5), integers(rng, low=1, high=20), integers(rng, low=1, high=20)
    return question(
        "$L$ is the mean of $(G_{{ab}} - A_{{ab}})^2$ over all entries of Gram matrices of {c} channels. One entry has $G = "
        "{g}$ and $A = {a}$. What is $dG$ there?",
        {"c": c, "g": g, "a": a}, 2 * (g - a) / c**2, {
            "divided by the channels, but there are channels times channels entries": 2 * (g - a) / c,
            "the 2 of the square was forgotten": (g - a) / c**2,
            "the sign: G above A is to fall, and so its slope is positive": 2 * (a - g) / c**2})


def content_share(rng: np.random.Generator) -> Question:
    """The relative content loss."""
    target = rng.permutation(choice(rng, (0.0, 1, 3), (0.0, 2, 4), (0.0, 5, 5), (3.0, 4, 5), (0.0, 6, 8)))
    off = integers(rng, 3, low=0, high=2)  # less than the largest feature: ours are never all 0, which have no share
    features = target + off * choice(rng, 1.0, -1.0)
    loss, _ = content_loss(row(features), row(target))
    return question(
        "Three features of the photograph are ${target}$, those of our image ${features}$. The content loss is the mean of "
        "the squared differences as a share of the photograph's mean square. What is it?",
        {"target": target, "features": features}, loss, {
            "the mean of the squares itself, not a share of anything": (off**2).mean(),
            "the sums were compared: differences of both signs would cancel": abs(off.sum() / target.sum()),
            "the share of our own image's mean square": (off**2).sum() / (features**2).sum()})


def variation(rng: np.random.Generator) -> Question:
    """Total variation."""
    x = integers(rng, 2, 2, low=0, high=9)
    down, across = (x[1] - x[0]), (x[:, 1] - x[:, 0])
    squares = (down**2).sum() + (across**2).sum()
    return question(
        "A grey image, $x = {x}$. How large is its total variation: the squared differences of neighbours, down and across, "
        "divided by the number of pixels?",
        {"x": x}, total_variation(image(x))[0], {
            "across alone: neighbours stand below each other, too": (across**2).sum() / 4,
            "the differences were not squared": (abs(down).sum() + abs(across).sum()) / 4,
            "the diagonals are no neighbours": (squares + (x[0, 0] - x[1, 1])**2 + (x[0, 1] - x[1, 0])**2) / 4,
            "not divided by the pixels": squares})


def variation_slope(rng: np.random.Generator) -> Question:
    """The gradient of total variation."""
    x = integers(rng, 5, low=0, high=9)
    _, slopes = total_variation(row(x))
    return question(
        r"A row of five pixels, $x = {x}$, and $L = \frac15 \sum_k (x_{{k+1}} - x_k)^2$. What is the slope of $L$ by the "
        "middle pixel?",
        {"x": x}, slopes[0, 0, 2, 0], {
            "its left neighbour alone: a pixel is in two differences": 2 * (x[2] - x[1]) / 5,
            "the sign: a pixel above its neighbours has a positive slope": -slopes[0, 0, 2, 0],
            "the 2 of the square was forgotten": slopes[0, 0, 2, 0] / 2})


def coarse_to_fine(rng: np.random.Generator) -> Question:
    """The cost of several sizes."""
    steps, seconds, levels = choice(rng, 20, 40, 60), 16 * integers(rng, low=1, high=10), choice(rng, 2, 3)
    cost = sum(0.25**k for k in range(levels))
    return question(
        "{steps} steps at full size take {seconds} seconds, and the time goes with the number of pixels. How many seconds do "
        "{steps} steps at each of {levels} sizes take, each half as wide and half as high as the next?",
        {"steps": steps, "seconds": seconds, "levels": levels}, seconds * cost, {
            "half as wide and half as high is a quarter of the pixels": seconds * sum(0.5**k for k in range(levels)),
            "as if each size took as long: small images cost little": seconds * levels,
            "the full size was forgotten": seconds * (cost - 1)})


def matched_colour(rng: np.random.Generator) -> Question:
    """One channel of a colour transfer."""
    own_mean, mean, x = integers(rng, 3, low=1, high=9)
    own_std, std = integers(rng, low=1, high=3), integers(rng, low=2, high=9)
    own_variance, variance = own_std**2, std**2
    stretch = (matrix_power(np.array([[variance]]), 0.5) @ matrix_power(np.array([[own_variance]]), -0.5))[0, 0]
    return question(
        "One channel of a photograph has the mean {own_mean} and the variance {own_variance}, and shall get the mean {mean} "
        "and the variance {variance} of a painting, as `matched_colours` does it. What becomes of the value {x}?",
        {"own_mean": own_mean, "own_variance": own_variance, "mean": mean, "variance": variance, "x": x},
        (x - own_mean) * stretch + mean, {
            "variances were divided, not deviations": (x - own_mean) * variance / own_variance + mean,
            "not centred first": x * stretch + mean,
            "the photograph's mean was put back": (x - own_mean) * stretch + own_mean,
            "only the mean was moved": x - own_mean + mean})


def conditional_norm(rng: np.random.Generator) -> Question:
    """Conditional instance normalisation."""
    mean, d, k = integers(rng, low=8, high=20), integers(rng, low=2, high=6), choice(rng, 0, 1)
    x, gammas, betas = mean + d * np.array([-1.0, 1]), integers(rng, 3, low=2, high=9), integers(rng, 3)
    y, _ = ops.instance_norm(row(x), gammas[k:k + 1], betas[k:k + 1], epsilon=1e-14)
    return question(
        r"Conditional instance normalisation knows three styles, $\gamma = {gammas}$ and $\beta = {betas}$, counted from 0. A "
        r"image of two pixels, $x = {x}$, is to be painted in style {k}; $\varepsilon = 0$. What is $y$?",
        {"gammas": gammas, "betas": betas, "x": x, "k": k}, y.ravel(), {
            "the next style: the rows are counted from 0": gammas[k + 1] * np.array([-1, 1]) + betas[k + 1],
            "the deviation was left out": gammas[k] * (x - mean) + betas[k],
            "divided by the variance, not by its root": gammas[k] * (x - mean) / d**2 + betas[k]})


def adain_on_paper(rng: np.random.Generator) -> Question:
    """AdaIN."""
    (f, mean, c, std), middle, d = channel(rng), integers(rng, low=2, high=9), integers(rng, low=1, high=3)
    s = middle + d * np.array([-1.0, 1])
    t, _ = ops.instance_norm(row(f), np.array([d]), np.array([middle]), epsilon=1e-14)
    return question(
        r"AdaIN gives the code $f = {f}$ the statistics of the style's code $s = {s}$; $\varepsilon = 0$. What is $t$?",
        {"f": f, "s": s}, t.ravel(), {
            "the photograph's own mean was put back": d * c / std + mean,
            "variances stand for deviations": d**2 * c / std**2 + middle,
            "the deviation was left as it was": c + middle,
            "its own deviation was multiplied, not divided out": d * c * std + middle})


def adain_to_style(rng: np.random.Generator) -> Question:
    """The gradient of AdaIN with respect to the style."""
    middle, (d, mean_gradient, std_gradient) = integers(rng, low=2, high=9), integers(rng, 3, low=2, high=8)
    s = middle + d * np.array([-1.0, 1])
    return question(
        "The style's code has two pixels in a channel, $s = {s}$. Its mean got the gradient {mean_gradient}, its deviation "
        "{std_gradient}. What is $ds$?",
        {"s": s, "mean_gradient": mean_gradient, "std_gradient": std_gradient},
        (mean_gradient + std_gradient * np.array([-1, 1])) / 2, {
            "not divided by the number of pixels": mean_gradient + std_gradient * np.array([-1, 1]),
            "the mean's part alone": np.full(2, mean_gradient / 2),
            "the distance from the mean counts in deviations": (mean_gradient + std_gradient * d * np.array([-1, 1])) / 2})


def told_by_style(rng: np.random.Generator) -> Question:
    """The number of AdaIN's statistics."""
    channels = int(integers(rng, low=3, high=200))
    s = np.zeros((1, 2, 2, channels))
    return question(
        "A code has {channels} channels. By how many numbers does a style tell the decoder through AdaIN what it is?",
        {"channels": channels}, sum(part.size for part in channel_statistics(s)), {
            "that would be the Gram matrix": channels**2,
            "means alone: the deviations come beside them": channels,
            "half of a Gram matrix, which is symmetric": channels * (channels + 1) // 2})


def strength(rng: np.random.Generator) -> Question:
    """AdaIN with partial strength."""
    (own, wanted), percent = integers(rng, 2, low=1, high=9), choice(rng, 25, 75, 100)
    way = percent / 50
    return question(
        "A channel of the photograph's code has the deviation {own}, the style's has {wanted}. With strength 50 the "
        "painting's code has {wanted}, and other strengths go a part of the way, or further; a deviation cannot be less than "
        "0. What has it with strength {percent}?",
        {"own": own, "wanted": wanted, "percent": percent}, max(0, own + way * (wanted - own)), {
            "100 was taken for the whole way": own + percent / 100 * (wanted - own),
            "the style's was multiplied": wanted * way,
            "the way was counted from the style's end": wanted + way * (own - wanted)})
