"""Notebook 15: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S, spoiled
from nnscratch import ops
from nnscratch.course.checks.gram_matrix import right_backward, right_gram, right_loss
from nnscratch.course.checks.transfer import step_with


def there_and_back(factor, divide=lambda d: d.size):
    """The solution of style_loss with another dG."""
    def changed_loss(F, G_s):
        d = F.T @ F / len(F) - G_s
        return (d * d).mean(), F @ (2 * factor * d / divide(d)) * 2 / len(F)
    return changed_loss


def gram_by_loops(F):
    G = np.zeros((F.shape[1], F.shape[1]))
    for c in range(F.shape[1]):
        for o in range(F.shape[1]):
            G[c, o] = sum(row[c] * row[o] for row in F) / len(F)
    return G


def backward_by_loops(dG, F):
    dF = np.zeros_like(F)
    for n, c in np.ndindex(F.shape):
        for o in range(F.shape[1]):
            dF[n, c] += (dG[c, o] + dG[o, c]) * F[n, o] / len(F)
    return dF


def one_side(x):
    down, across, dx = x[1:] - x[:-1], x[:, 1:] - x[:, :-1], np.zeros_like(x)
    dx[1:] += 2 * down / x.size
    dx[:, 1:] += 2 * across / x.size
    return ((down**2).sum() + (across**2).sum()) / x.size, dx


def mean_of_each(x):
    down, across = x[1:] - x[:-1], x[:, 1:] - x[:, :-1]
    count = down.size + across.size
    loss, dx = S["smoothness"](x)
    return loss * x.size / count, dx * x.size / count


def of_channels_too(x):
    (loss, dx), between = S["smoothness"](x), np.diff(x, axis=2)
    return loss + (between**2).sum() / x.size, dx - 2 * np.diff(between, axis=2, prepend=0, append=0) / x.size


def rolled(x):
    loss, dx = 0.0, np.zeros_like(x)
    for axis in (0, 1):
        d = np.roll(x, -1, axis) - x
        loss, dx = loss + (d**2).sum() / x.size, dx + 2 * (np.roll(d, 1, axis) - d) / x.size
    return loss, dx


def overwritten(x):
    down, across, dx = x[1:] - x[:-1], x[:, 1:] - x[:, :-1], np.zeros_like(x)
    dx[1:] = down
    dx[:-1] = -down
    dx[:, 1:] = across
    dx[:, :-1] = -across
    return S["smoothness"](x)[0], 2 * dx / x.size


def smoothness_by_loops(x):
    loss, dx = 0.0, np.zeros_like(x)
    for h, w, c in np.ndindex(x.shape):
        for h2, w2 in ((h + 1, w), (h, w + 1)):
            if h2 < x.shape[0] and w2 < x.shape[1]:
                d = x[h2, w2, c] - x[h, w, c]
                loss += d * d / x.size
                dx[h2, w2, c] += 2 * d / x.size
                dx[h, w, c] -= 2 * d / x.size
    return loss, dx


def smoothness_by_padding(x):
    dx = sum(-np.diff(np.diff(x, axis=axis), axis=axis, prepend=0, append=0) for axis in (0, 1))
    return sum((np.diff(x, axis=axis)**2).sum() for axis in (0, 1)) / x.size, 2 * dx / x.size


def step_by_hand(x, m, v, step, lr, network, targets, weights):
    """Without the functions of earlier notebooks, layer by layer from the last one."""
    F, backward = network(x)
    total, dx = smoothness_by_padding(x)
    total, dF = weights[2] * total, [0 * one for one in F]
    for k, (one, F_c, G_s, w_c, w_s) in enumerate(zip(F, *targets, *weights[:2])):
        d = one.T @ one / len(one) - G_s
        total += w_c * ((one - F_c)**2).mean() + w_s * (d * d).mean()
        dF[k] = w_c * 2 * (one - F_c) / one.size + w_s * 4 * one @ (d + d.T) / 2 / d.size / len(one)
    g = weights[2] * dx + backward(dF)
    m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g**2
    x = x - lr * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.99**step)) + 1e-8)
    return total, np.minimum(np.maximum(x, 0), 1), m, v


def without_smoothness(x, m, v, step, lr, network, targets, weights):
    return S["style_step"](x, m, v, step, lr, network, targets, (*weights[:2], 0.0))


def with_equal_weights(x, m, v, step, lr, network, targets, weights):
    return S["style_step"](x, m, v, step, lr, network, targets, ([1] * len(weights[0]), [1] * len(weights[1]), 1))


def right_loss_only(*given):
    return S["style_step"](*given)[0], *with_equal_weights(*given)[1:]


def new_state_forgotten(x, m, v, *others):
    return *S["style_step"](x, m, v, *others)[:2], m, v


WRONG = [
    ("gram_changes", [0, 4, 1, 1024], "order of its terms"),
    ("gram_changes", [1, 2, 1, 1024], "both factors are doubled"),
    ("gram_changes", [1, 4, 2, 1024], "a mean and not a sum"),
    ("gram_changes", [1, 4, 1, 4800**2], "pair of channels"),
    ("gram_changes", [1, 4, 1, 4800 * 32], "does not matter"),
    ("gram", lambda F: F.T @ F, "divide by their number M"),
    ("gram", lambda F: F.T @ F / F.shape[1], "divided by the number of channels"),
    ("gram", lambda F: F.T @ F / F.size, "divided by the number of all values"),
    ("gram", lambda F: np.cov(F.T, bias=True).reshape(F.shape[1], -1), "that is the covariance"),
    ("gram", lambda F: right_gram(F) / np.outer(*[np.sqrt(np.diag(right_gram(F)))] * 2), "it is the correlation"),
    ("gram", lambda F: F.reshape(F.shape[1], -1) @ F.reshape(F.shape[1], -1).T / len(F), "no reshape is needed"),
    ("gram", lambda F: F @ F.T / len(F), "G has shape"),
    ("gram", lambda F: abs(right_gram(F)), "expected [[5, -0.25], [-0.25"),
    ("gram", lambda F: abs(F).T @ abs(F) / len(F), "for F = [[1, -2], [3, 0.5]]"),
    ("gram", lambda F: ops.gram_matrix(F[None, None])[0], "G has shape (1, 1, 1)"),
    ("gram_backward", lambda dG, F: right_backward(abs(dG), F), "for dG = [[-1, 10], [0, 2]]"),
    ("gram_backward", lambda dG, F: F @ (dG + dG.T) / F.size, "divided by the number of all values"),
    ("gram_backward", lambda dG, F: F @ dG / len(F), "one of the two sums is missing"),
    ("gram_backward", lambda dG, F: F @ dG.T / len(F), "one of the two sums is missing"),
    ("gram_backward", lambda dG, F: 2 * F @ dG / len(F), "over column c is taken twice"),
    ("gram_backward", lambda dG, F: 2 * F @ dG.T / len(F), "over row c is taken twice"),
    ("gram_backward", lambda dG, F: F @ (dG + dG.T), "not divided by M"),
    ("gram_backward", lambda dG, F: F @ (dG + dG.T) / 2 / len(F), "gradients of several uses add up"),
    ("gram_backward", lambda dG, F: (dG + dG.T) @ F.T / len(F), "transposed?"),
    ("style_loss", lambda F, G_s: (right_loss(F, G_s)[0], right_loss(F, G_s)[1] * len(F)), "dF is not divided by M"),
    ("style_loss", lambda F, G_s: [part / 2 for part in right_loss(F, G_s)], "without 1/2"),
    ("style_loss", lambda F, G_s: [part / 4 for part in right_loss(F, G_s)], "as in Gatys et al."),
    ("style_loss", lambda F, G_s: (right_loss(F, G_s)[0]**0.5, right_loss(F, G_s)[1]), "a root is taken"),
    ("style_loss", lambda F, G_s: ((right_gram(F) - G_s).mean(), right_loss(F, G_s)[1]), "the square is missing in L"),
    ("style_loss", there_and_back(0.5), "a factor 2 is missing"),
    ("style_loss", there_and_back(0.25), "two factors 2 are missing"),
    ("style_loss", there_and_back(1, len), "divided by the number of channels"),
    ("style_loss", there_and_back(-1), "the sign of dF is wrong"),
    ("style_loss", there_and_back(1, lambda d: 1), "the number of entries of G is missing"),
    ("style_loss", lambda F, G_s: [part * G_s.size for part in right_loss(F, G_s)], "L is their mean"),
    ("style_loss", lambda F, G_s: right_loss(F, G_s)[0], "one result, expected 2"),
    ("smoothness", lambda x: tuple(part * x.shape[2] for part in S["smoothness"](x)), "each channel counts"),
    ("smoothness", of_channels_too, "channels are no neighbours"),
    ("smoothness", rolled, "np.roll goes around the border"),
    ("smoothness", overwritten, "= stands where += belongs"),
    ("smoothness", lambda x: ((abs(np.diff(x, axis=0)).sum() + abs(np.diff(x, axis=1)).sum()) / x.size, -sum(
        np.diff(np.sign(np.diff(x, axis=axis)), axis=axis, prepend=0, append=0) for axis in (0, 1)) / x.size),
     "which is total variation"),
    ("smoothness", one_side, "the one that is subtracted gets nothing"),
    ("smoothness", spoiled("smoothness", 1, lambda g: g / 2), "the 2 of the square is missing"),
    ("smoothness", spoiled("smoothness", 1, lambda g: -g), "the sign of dx is wrong"),
    ("smoothness", lambda x: tuple(x.size * part for part in S["smoothness"](x)), "it is a sum"),
    ("smoothness", mean_of_each, "divided by the number of differences"),
    ("smoothness", lambda x: (S["smoothness"](x)[0], x[1:] - x[:-1]), "dx has shape"),
    ("style_step", without_smoothness, "the smoothness term is missing"),
    ("style_step", step_with(terms=(0, 1, 1)), "the content term is missing"),
    ("style_step", step_with(terms=(1, 0, 1)), "the style term is missing"),
    ("style_step", step_with(in_gradient=(1, 1, 0)), "it does not go through the network"),
    ("style_step", step_with(in_gradient=(0, 1, 1)), "the gradient of the content term is missing"),
    ("style_step", step_with(in_gradient=(1, 0, 1)), "the gradient of the style term is missing"),
    ("style_step", with_equal_weights, "the weights are missing"),
    ("style_step", right_loss_only, "the weights are missing in the gradient"),
    ("style_step", step_with(layers=slice(0, 1)), "only the first layer counts"),
    ("style_step", step_with(layers=slice(-1, None)), "only the last layer counts"),
    ("style_step", step_with(clip=False), "x leaves [0, 1]"),
    ("style_step", step_with(sign=-1), "dx needs no minus"),
    ("style_step", step_with(count=lambda step: step + 1), "step counts from 1 already"),
    ("style_step", step_with(beta2=0.999), "expected 0.99"),
    ("style_step", new_state_forgotten, "return those of own.adam"),
    ("style_step", lambda *given: [S["style_step"](*given)[k] for k in (0, 1, 3, 2)], "another order: expected L, x, m, v"),
    ("style_step", lambda *given: S["style_step"](*given)[:3], "3 results, expected 4"),
]
RIGHT = [
    ("gram", gram_by_loops), ("gram", lambda F: np.einsum("nc,no->co", F, F) / len(F)),
    ("gram", lambda F: (F[:, :, None] * F[:, None]).mean(axis=0)),
    ("gram_backward", backward_by_loops), ("gram_backward", lambda dG, F: ((dG + dG.T) @ F.T / len(F)).T),
    ("style_loss", lambda F, G_s: (np.mean((gram_by_loops(F) - G_s)**2),
                                   backward_by_loops(2 * (gram_by_loops(F) - G_s) / G_s.size, F))),
    ("style_loss", lambda F, G_s: (np.mean((F.T @ F / len(F) - G_s)**2),  # Gram matrices are symmetric: the two sums are equal
                                   4 * F @ (F.T @ F / len(F) - G_s) / G_s.size / len(F))),
    ("smoothness", smoothness_by_loops), ("smoothness", smoothness_by_padding),
    ("style_step", step_by_hand), ("gram_changes", (1, 4, 1, 1024)), ("gram_changes", [1.0, 4.0, 1.0, 1024.0]),
]
