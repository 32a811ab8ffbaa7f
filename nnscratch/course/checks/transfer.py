"""Exercises of notebook 15: smoothness, and a step of style transfer.

Shapes: images x, dx, m, v (H, W, C); features F (M, C) of each layer.
"""
import numpy as np

from nnscratch.course import own
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.gram_matrix import right_gram, right_loss
from nnscratch.course.checks.inputs import normal
from nnscratch.losses import mse, total_variation

__all__ = ["smoothness", "style_step"]


def right_smoothness(x):
    """The solution."""
    loss, gradient = total_variation(x[None])
    return loss, gradient[0]


def smoothness_with(along=(0, 1), sides=(1, -1), factor=2, count=lambda x: x.size):
    """The smoothness term from its parts; a wrong answer changes one of them."""
    def total(x):
        loss, gradient = 0.0, np.zeros_like(x)
        for axis in along:
            d = np.diff(x, axis=axis)
            loss += (d * d).sum() / count(x)
            after, before = np.moveaxis(gradient, axis, 0)[1:], np.moveaxis(gradient, axis, 0)[:-1]
            after += sides[0] * factor * np.moveaxis(d, axis, 0) / count(x)
            before += sides[1] * factor * np.moveaxis(d, axis, 0) / count(x)
        return loss, gradient
    return total


def around_the_border(x):
    """With np.roll, where the last pixel is a neighbour of the first."""
    down, across = np.roll(x, -1, axis=0) - x, np.roll(x, -1, axis=1) - x
    ends = np.roll(down, 1, axis=0) - down + np.roll(across, 1, axis=1) - across
    return ((down**2).sum() + (across**2).sum()) / x.size, 2 * ends / x.size


def overwritten(x):
    """Each difference overwrites the previous one."""
    down, across, gradient = np.diff(x, axis=0), np.diff(x, axis=1), np.zeros_like(x)
    gradient[1:], gradient[:-1] = down, -down
    gradient[:, 1:] = across
    gradient[:, :-1] = -across
    return right_smoothness(x)[0], 2 * gradient / x.size


def differences(x):
    """The number of differences."""
    return np.diff(x, axis=0).size + np.diff(x, axis=1).size


def absolute(x):
    """Total variation: absolute differences in L."""
    return sum(abs(np.diff(x, axis=axis)).sum() for axis in (0, 1)) / x.size, right_smoothness(x)[1]


@exercise("15", "All differences down at once are x[1:] - x[:-1], those across x[:, 1:] - x[:, :-1].",
          "A difference d is the lower pixel minus the upper one. What does it add to the gradient of each of the two?",
          "dx = np.zeros_like(x); dx[1:] += down; dx[:-1] -= down; likewise across; at last times 2 / x.size.",
          library=right_smoothness)
def smoothness(attempt: Attempt) -> None:
    """A number, and an array of the shape of x."""
    cases = [{"x": np.array([[[1.0], [3.0], [2.0]]])}, {"x": np.array([[[1.0]], [[5.0]]])},
             {"x": np.array([[[1.0], [2.0]], [[4.0], [0.0]]])}, {"x": np.array([[[1.0, 0.0], [3.0, 5.0]]])},
             {"x": normal(4, 5, 3)}]
    compare(attempt, right_smoothness, cases, "L dx", {
        "L is right, but each difference belongs to two pixels: the one that is subtracted gets nothing":
            smoothness_with(sides=(1, 0)),
        "L is right, but each difference belongs to two pixels: only the one that is subtracted gets its part":
            smoothness_with(sides=(0, -1)),
        "L is right, but both pixels of a difference get the same sign": smoothness_with(sides=(1, 1)),
        "L is right, but the sign of dx is wrong": smoothness_with(factor=-2),
        "L is right, but the 2 of the square is missing in dx": smoothness_with(factor=1),
        "L is right, but dx is not divided by the number of values": lambda x: (
            right_smoothness(x)[0], right_smoothness(x)[1] * x.size),
        "it is divided by the number of differences, expected by that of values, x.size": smoothness_with(count=differences),
        "it is divided by the number of pixels, expected by that of values, x.size: each channel counts": smoothness_with(
            count=lambda x: x.size / x.shape[2]),
        "channels are no neighbours: only differences down and across count": smoothness_with(along=(0, 1, 2)),
        "the last pixel is no neighbour of the first: np.roll goes around the border": around_the_border,
        "L is right, but in dx = stands where += belongs: a pixel has up to four neighbours": overwritten,
        "L has absolute differences, which is total variation: here they are squared": absolute,
        "it is a sum: divide by the number of values, x.size": smoothness_with(count=lambda x: 1),
        "only differences down count: those across are missing": smoothness_with(along=(0,)),
        "only differences across count: those down are missing": smoothness_with(along=(1,))})


BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-8  # of Adam in style_step


def step_with(terms=(1, 1, 1), in_gradient=(1, 1, 1), weigh=lambda weights: weights, layers=slice(None), clip=True, sign=1,
              count=lambda step: step, beta2=BETA2):
    """A step of style transfer from its parts; a wrong answer changes one of them.

    terms, in_gradient : factors of content, style and smoothness in L and in the gradient.
    """
    def style_step(x, m, v, step, lr, network, targets, weights):
        w_c, w_s, w_x = weigh(weights)
        loss, dx = right_smoothness(x)
        loss, dx = terms[2] * w_x * loss, terms[2] * in_gradient[2] * w_x * dx
        F, backward = network(x)
        dF = [np.zeros_like(features) for features in F]
        for k in range(len(F))[layers]:
            content, d_content = mse(F[k], targets[0][k])
            style, d_style = right_loss(F[k], targets[1][k])
            loss = loss + terms[0] * w_c[k] * content + terms[1] * w_s[k] * style
            dF[k] = terms[1] * in_gradient[1] * w_s[k] * d_style + terms[0] * in_gradient[0] * w_c[k] * d_content
        dx = sign * (dx + backward(dF))
        m, v = BETA1 * m + (1 - BETA1) * dx, beta2 * v + (1 - beta2) * dx * dx
        k = count(step)
        x = x - lr * m / (1 - BETA1**k) / (np.sqrt(v / (1 - beta2**k)) + EPSILON)
        return loss, x.clip(0, 1) if clip else x, m, v
    return style_step


def library_step(x, m, v, step, lr, network, targets, weights):
    """The library's, with the learner's arguments, from the parts of the course: each the learner's where there is one."""
    w_c, w_s, w_x = weights
    loss, dx = (w_x * part for part in own.smoothness(x))
    F, backward = network(x)
    dF = []
    for k, features in enumerate(F):
        (content, d_content), (style, d_style) = own.mse(features, targets[0][k]), own.style_loss(features, targets[1][k])
        loss = loss + w_c[k] * content + w_s[k] * style
        dF.append(w_c[k] * d_content + w_s[k] * d_style)
    x, m, v = own.adam(x, m, v, dx + backward(dF), step, lr, BETA1, BETA2, EPSILON)
    return loss, x.clip(0, 1), m, v


def other_step(case, rng):
    """Another number of the step, another network, and Gram matrices that are symmetric."""
    (F_c, G_s), network, scale = case["targets"], case["network"], rng.uniform(0.5, 2)

    def scaled(x):
        F, backward = network(x)
        return [scale * features for features in F], lambda dF: scale * backward(dF)
    return {"step": int(rng.integers(1, 9)), "network": scaled, "targets": (F_c, tuple((G + G.T) / 2 for G in G_s))}


def pixels(x):
    """A network of one layer, the pixels themselves: (its features, its backward pass)."""
    return [x.reshape(-1, x.shape[2])], lambda dF: dF[0].reshape(x.shape)


def pixels_and_squares(x):
    """A network of two layers: the pixels, and their squares."""
    F = x.reshape(-1, x.shape[2])
    return [F, F * F], lambda dF: (dF[0] + 2 * F * dF[1]).reshape(x.shape)


def with_old_moments(x, m, v, *others):
    """The right step, but m and v are returned as they were."""
    return *step_with()(x, m, v, *others)[:2], m, v


def equal_weights(weights):
    """All weights 1."""
    return [1.0] * len(weights[0]), [1.0] * len(weights[1]), 1.0


def unweighted_gradient(*given):
    """The right L, and a step along the gradient of the terms without weights."""
    return step_with()(*given)[0], *step_with(weigh=equal_weights)(*given)[1:]


@exercise("15", "F, backward = network(x). Each layer has two terms, which both depend on its F: their gradients add up in dF.",
          "backward(dF), with dF a list of one array a layer, goes through the network. The smoothness term does not: its "
          "gradient is added to the result.",
          "L_l, d = own.style_loss(F[l], G_s[l]); L = L + w_s[l] * L_l; dF[l] = dF[l] + w_s[l] * d. Likewise own.mse(F[l], "
          "F_c[l]). At last own.adam(x, m, v, dx, step, lr, 0.9, 0.99, 1e-8), and x.clip(0, 1).", library=library_step)
def style_step(attempt: Attempt) -> None:
    """A number, and three arrays of the shape of x."""
    two = np.array([[[0.5], [0.25]]])
    targets = (np.array([[0.25], [0.25]]),), (np.array([[0.5]]),)
    both = (*targets[0], np.array([[0.5], [0.0]])), (*targets[1], np.array([[0.25]]))
    x, other = (normal(3, 4, 2, seed=seed) for seed in (0, 1))
    large = pixels_and_squares(other)[0]
    names = "x", "m", "v", "step", "lr", "network", "targets", "weights"
    cases = [dict(zip(names, case)) for case in (
        (two, np.zeros_like(two), np.zeros_like(two), 1, 0.125, pixels, targets, ((1.0,), (2.0,), 0.5)),
        (two, 0.5 * two, two**2, 4, 0.125, pixels, targets, ((2.0,), (1.0,), 4.0)),
        (two[:, ::-1] - 0.25, two, two**2, 2, 0.25, pixels, targets, ((1.0,), (1.0,), 1.0)),
        (two, two - 0.5, two**2, 3, 0.125, pixels_and_squares, both, ((0.0, 3.0), (2.0, 4.0), 0.5)),
        (0.5 + 0.1 * x, 0.1 * normal(3, 4, 2, seed=2), 0.01 + 0.1 * normal(3, 4, 2, seed=3)**2, 5, 0.02, pixels_and_squares,
         (tuple(large), tuple(right_gram(F) for F in large)), ((0.25, 2.0), (1.5, 0.5), 3.0)))]
    compare(attempt, step_with(), cases, "L x m v", {
        "L is right, but the gradient of the smoothness term is missing: it does not go through the network":
            step_with(in_gradient=(1, 1, 0)),
        "L is right, but the gradient of the content term is missing: in a layer with both terms the gradients add up":
            step_with(in_gradient=(0, 1, 1)),
        "L is right, but the gradient of the style term is missing: in a layer with both terms the gradients add up":
            step_with(in_gradient=(1, 0, 1)),
        "the content term is missing": step_with(terms=(0, 1, 1)),
        "the style term is missing": step_with(terms=(1, 0, 1)),
        "the smoothness term is missing": step_with(terms=(1, 1, 0)),
        "L is right, but the weights are missing in the gradient": unweighted_gradient,
        "the weights are missing": step_with(weigh=equal_weights),
        "only the first layer counts: the loss is a sum over all layers": step_with(layers=slice(0, 1)),
        "only the last layer counts: the loss is a sum over all layers": step_with(layers=slice(-1, None)),
        "x leaves [0, 1]: clip it": step_with(clip=False),
        "the step goes up: own.adam subtracts, so dx needs no minus": step_with(sign=-1),
        "step counts from 1 already": step_with(count=lambda step: step + 1),
        "beta2 is 0.999, expected 0.99": step_with(beta2=0.999),
        "m and v are the old ones: return those of own.adam": with_old_moments},
        draw=other_step)
