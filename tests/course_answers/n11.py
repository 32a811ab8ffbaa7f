"""Notebook 11: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S, spoiled
from nnscratch import ops


def axes(x):
    return tuple(range(x.ndim - 1))


def root_apart(x, gamma, beta, epsilon):
    return gamma * (x - x.mean(axis=axes(x))) / (x.std(axis=axes(x)) + epsilon) + beta


def unbiased(x, gamma, beta, epsilon):
    return gamma * (x - x.mean(axis=axes(x))) / np.sqrt(x.var(axis=axes(x), ddof=1) + epsilon) + beta


def by_image(x, gamma, beta, epsilon):
    return ops.instance_norm(x, gamma, beta, epsilon=epsilon + 1e-12)[0]


def by_reshaping(x, gamma, beta, epsilon):
    """Rows of channels instead of many axes."""
    rows = x.reshape(-1, x.shape[-1])
    return (gamma * (rows - rows.mean(axis=0)) / np.sqrt(rows.var(axis=0) + epsilon) + beta).reshape(x.shape)


def by_loops(x, gamma, beta, epsilon):
    y = np.empty_like(x, dtype=float)
    for k in range(x.shape[-1]):
        y[..., k] = gamma[k] * (x[..., k] - x[..., k].mean()) / np.sqrt(x[..., k].var() + epsilon) + beta[k]
    return y


def parts(dy, x, gamma, epsilon):
    """What every backward pass needs."""
    c = x - x.mean(axis=axes(x))
    inv_std = ((c**2).mean(axis=axes(x)) + epsilon)**-0.5
    return c, inv_std, c * inv_std


def without(what):
    """The backward pass in training with one term left out."""
    def backward(dy, x, gamma, epsilon):
        _, inv_std, x_hat = parts(dy, x, gamma, epsilon)
        scale = inv_std if what == "gamma" else gamma * inv_std
        dx = scale * dy
        if what not in ("mean", "both"):
            dx = dx - scale * dy.mean(axis=axes(x))
        if what not in ("variance", "both"):
            dx = dx - scale * x_hat * (dy * x_hat).mean(axis=axes(x))
        return dx, (dy * x_hat).sum(axis=axes(x)), dy.sum(axis=axes(x))
    return backward


def with_sums(dy, x, gamma, epsilon):
    _, inv_std, x_hat = parts(dy, x, gamma, epsilon)
    dx = gamma * inv_std * (dy - dy.sum(axis=axes(x)) - x_hat * (dy * x_hat).sum(axis=axes(x)))
    return dx, (dy * x_hat).sum(axis=axes(x)), dy.sum(axis=axes(x))


def over(what):
    """The means over some axes, or over all."""
    def backward(dy, x, gamma, epsilon):
        _, inv_std, x_hat = parts(dy, x, gamma, epsilon)
        along = {"image": (1, 2), "batch": (0,), "all": None}[what]
        dx = gamma * inv_std * (dy - dy.mean(axis=along, keepdims=True)
                                - x_hat * (dy * x_hat).mean(axis=along, keepdims=True))
        return dx, (dy * x_hat).sum(axis=axes(x)), dy.sum(axis=axes(x))
    return backward


def one_sum(which):
    """Only one of the two means is a sum."""
    def backward(dy, x, gamma, epsilon):
        _, inv_std, x_hat = parts(dy, x, gamma, epsilon)
        first, second = (a.sum(axis=axes(x)) / (1 if k == which else x[..., 0].size) for k, a in enumerate((dy, dy * x_hat)))
        return gamma * inv_std * (dy - first - x_hat * second), (dy * x_hat).sum(axis=axes(x)), dy.sum(axis=axes(x))
    return backward


def term(factor):
    """The variance's term times a factor."""
    def backward(dy, x, gamma, epsilon):
        _, inv_std, x_hat = parts(dy, x, gamma, epsilon)
        dx = gamma * inv_std * (dy - dy.mean(axis=axes(x)) - factor * x_hat * (dy * x_hat).mean(axis=axes(x)))
        return dx, (dy * x_hat).sum(axis=axes(x)), dy.sum(axis=axes(x))
    return backward


def outside(dy, x, gamma, epsilon):
    """epsilon added to the standard deviation."""
    c = x - x.mean(axis=axes(x))
    inv_std = 1 / (x.std(axis=axes(x)) + epsilon)
    x_hat = c * inv_std
    return (gamma * inv_std * (dy - dy.mean(axis=axes(x)) - x_hat * (dy * x_hat).mean(axis=axes(x))),
            (dy * x_hat).sum(axis=axes(x)), dy.sum(axis=axes(x)))


def divided_by_one_less(dy, x, gamma, epsilon):
    c = x - x.mean(axis=axes(x))
    inv_std = (x.var(axis=axes(x), ddof=1) + epsilon)**-0.5
    x_hat = c * inv_std
    return (gamma * inv_std * (dy - dy.mean(axis=axes(x)) - x_hat * (dy * x_hat).mean(axis=axes(x))),
            (dy * x_hat).sum(axis=axes(x)), dy.sum(axis=axes(x)))


def by_steps(dy, x, gamma, epsilon):
    """Channel by channel with the six steps."""
    dx, dgamma = np.empty(x.shape), np.empty(len(gamma))
    for k in range(len(gamma)):
        dx[..., k] = S["batch_norm_steps"](dy[..., k].ravel(), x[..., k].ravel(), gamma[k], epsilon)[-1].reshape(x.shape[:-1])
        dgamma[k] = (dy[..., k] * parts(dy, x, gamma, epsilon)[2][..., k]).sum()
    return dx, dgamma, dy.sum(axis=axes(x))


def rows(a):
    return a.reshape(-1, a.shape[-1])


def by_einsum(dy, x, gamma, epsilon):
    _, inv_std, x_hat = parts(dy, x, gamma, epsilon)
    count, dgamma, dbeta = x[..., 0].size, np.einsum("mc,mc->c", rows(dy), rows(x_hat)), np.einsum("mc->c", rows(dy))
    return gamma * inv_std / count * (count * dy - dbeta - x_hat * dgamma), dgamma, dbeta


def step(place, change):
    """The six steps with one of them changed, and what follows from it."""
    def steps(dy, x, gamma, epsilon):
        c = x - x.mean()
        var = (c**2).mean()
        v = {"dy": dy, "x": x, "gamma": gamma, "c": c, "var": var, "e": var + epsilon, "M": x.size,
             "s": (var + epsilon)**-0.5, "x_hat": c * (var + epsilon)**-0.5}
        for name, right in (("d_x_hat", lambda v: v["gamma"] * v["dy"]), ("d_s", lambda v: (v["d_x_hat"] * v["c"]).sum()),
                            ("d_var", lambda v: -0.5 * v["e"]**-1.5 * v["d_s"]),
                            ("d_c", lambda v: v["d_x_hat"] * v["s"] + v["d_var"] * 2 * v["c"] / v["M"]),
                            ("d_mean", lambda v: -v["d_c"].sum()), ("dx", lambda v: v["d_c"] + v["d_mean"] / v["M"])):
            v[name] = (change if name == place else right)(v)
        return tuple(v[name] for name in ("d_x_hat", "d_s", "d_var", "d_c", "d_mean", "dx"))
    return steps


def steps_by_loops(dy, x, gamma, epsilon):
    c = x - x.mean()
    s = ((c**2).mean() + epsilon)**-0.5
    d_x_hat = [gamma * one for one in dy]
    d_s = sum(a * b for a, b in zip(d_x_hat, c))
    d_var = -d_s * s**3 / 2
    d_c = [a * s + d_var * 2 * b / len(x) for a, b in zip(d_x_hat, c)]
    d_mean = -s * sum(d_x_hat)  # the part of the variance sums to 0
    return d_x_hat, d_s, d_var, d_c, d_mean, [one + d_mean / len(x) for one in d_c]


def with_batch_statistics(dy, x, gamma, mean, var, epsilon):
    return S["inference_backward"](dy, x, gamma, x.mean(axis=axes(x)), x.var(axis=axes(x)), epsilon)


def random(scale):
    return lambda shape: scale * np.random.default_rng(3).standard_normal(shape)


def partly(value):
    """One number is not finite."""
    def dy(shape):
        numbers = np.random.default_rng(0).standard_normal(shape)
        numbers[0, 1, 2, 1] = value
        return numbers
    return dy


DELTA = [  # (step, change, what the diagnosis says)
    ("d_x_hat", lambda v: v["dy"] * 1.0, "gamma is missing"),
    ("d_s", lambda v: (v["d_x_hat"] * v["x"]).sum(), "is c, not x"),
    ("d_s", lambda v: (v["d_x_hat"] * v["x_hat"]).sum(), "is c, not x_hat"),
    ("d_s", lambda v: (v["d_x_hat"] * v["c"]).mean(), "is used M times"),
    ("d_s", lambda v: v["d_x_hat"] * v["c"], "d_inv_std has shape"),
    ("d_var", lambda v: 0.5 * v["e"]**-1.5 * v["d_s"], "the sign of d_var is wrong"),
    ("d_var", lambda v: -v["e"]**-1.5 * v["d_s"], "-1/2 of the root is missing"),
    ("d_var", lambda v: -0.5 * v["e"]**-0.5 * v["d_s"], "has the exponent -3/2"),
    ("d_var", lambda v: 0.5 * v["e"]**-0.5 * v["d_s"], "the derivative of the root, expected that of one over"),
    ("d_var", lambda v: -0.5 * v["var"]**-1.5 * v["d_s"], "epsilon is missing in the derivative"),
    ("d_c", lambda v: v["d_x_hat"] * v["s"], "along the arrow from x_hat"),
    ("d_c", lambda v: v["d_var"] * 2 * v["c"] / v["M"], "along the arrow from the variance"),
    ("d_c", lambda v: v["d_x_hat"] * v["s"] + v["d_var"] * 2 * v["c"], "each c has the part 1/M"),
    ("d_c", lambda v: v["d_x_hat"] * v["s"] + v["d_var"] * v["c"] / v["M"], "the 2 is missing"),
    ("d_mean", lambda v: v["d_c"].sum(), "the sign of d_mean is wrong"),
    ("d_mean", lambda v: -v["d_c"].mean(), "the mean is subtracted M times"),
    ("dx", lambda v: v["d_c"] * 1.0, "x is in the mean, too"),
    ("dx", lambda v: v["d_c"] + v["d_mean"], "with the factor 1/M"),
    ("dx", lambda v: v["d_c"] - v["d_mean"] / v["M"], "its sign is already"),
]

RIGHT = [("batch_norm", by_reshaping), ("batch_norm", by_loops), ("batch_norm_steps", steps_by_loops),
         ("batch_norm_backward", by_steps), ("batch_norm_backward", by_einsum),
         ("batch_norm_backward", lambda *given: list(S["batch_norm_backward"](*given))),
         ("upstream", random(1.0)), ("upstream", random(1e-12)), ("upstream", random(1e-6)), ("upstream", random(1e6)),
         ("upstream", lambda shape: np.arange(np.prod(shape)).reshape(shape) % 7),
         ("upstream", lambda shape: np.sin(np.arange(np.prod(shape))).reshape(shape)),
         ("upstream", lambda shape: 1e6 + np.random.default_rng(0).standard_normal(shape)),
         ("inference_backward", lambda dy, x, gamma, mean, var, epsilon: (
             gamma * dy / (var + epsilon)**0.5, np.einsum("mc,mc->c", rows(dy), rows((x - mean) / (var + epsilon)**0.5)),
             rows(dy).sum(axis=0)))]

WRONG = [("batch_norm_steps", step(place, change), text) for place, change, text in DELTA] + [
    ("upstream", np.ones, "constant in each channel"),
    ("upstream", lambda shape: 1e-12 * np.ones(shape), "constant in each channel"),
    ("upstream", lambda shape: np.broadcast_to(np.arange(3.0), shape), "constant in each channel"),
    ("upstream", np.zeros, "0 everywhere"),
    ("upstream", lambda shape: np.ones(3), "expected the shape asked for"),
    ("upstream", lambda shape: np.random.default_rng().normal(size=shape), "give the generator a seed"),
    ("upstream", lambda shape: np.full(shape, np.inf), "dy holds infinity"),
    ("upstream", lambda shape: np.full(shape, np.nan), "dy holds NaN"),
    ("upstream", partly(np.nan), "dy holds NaN"),
    ("upstream", partly(np.inf), "dy holds infinity"),
    ("upstream", lambda shape: np.full(shape, 1j), "of type complex128"),
    ("upstream", random(1e35), "out of range"),
    ("upstream", random(1e-40), "out of range"),
    ("batch_norm", unbiased, "divided by M - 1"),
    ("batch_norm", root_apart, "epsilon stands outside the root"),
    ("batch_norm", by_image, "in each image alone"),
    ("batch_norm", lambda x, gamma, beta, epsilon: gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + epsilon + 1e-300)
     + beta, "at each pixel alone"),
    ("batch_norm", lambda x, gamma, beta, epsilon: gamma * x / np.sqrt(x.var(axis=axes(x)) + epsilon) + beta,
     "the mean is not subtracted"),
    ("batch_norm", lambda x, gamma, beta, epsilon: S["batch_norm"](x, gamma, beta, 0), "epsilon is missing"),
    ("batch_norm", lambda x, gamma, beta, epsilon: gamma * (x - x.mean(axis=axes(x))) / (x.var(axis=axes(x)) + epsilon) + beta,
     "expected by its square root"),
    ("batch_norm", lambda x, gamma, beta, epsilon: S["batch_norm"](x, gamma, 0, epsilon), "beta is missing"),
    ("batch_norm", lambda x, gamma, beta, epsilon: S["batch_norm"](x, beta, gamma, epsilon), "are exchanged"),
    ("batch_norm", lambda x, gamma, beta, epsilon: gamma * (S["batch_norm"](x, 1, 0, epsilon) + beta),
     "only x_hat is multiplied"),
    ("batch_norm", lambda x, gamma, beta, epsilon: gamma * (x - x.mean()) / np.sqrt(x.var() + epsilon) + beta, "share one"),
    ("batch_norm", lambda x, gamma, beta, epsilon: gamma * (x - x.mean(axis=(0, 1, 2))) / np.sqrt(
        x.var(axis=(0, 1, 2)) + epsilon) + beta, "raised AxisError"),
    ("batch_norm_backward", without("both"), "the backward pass at inference"),
    ("batch_norm_backward", without("mean"), "the mean of dy is not subtracted"),
    ("batch_norm_backward", without("variance"), "the variance is taken for a constant"),
    ("batch_norm_backward", without("gamma"), "a factor gamma is missing"),
    ("batch_norm_backward", lambda dy, x, gamma, epsilon: S["batch_norm_backward"](dy, x, gamma, 0),
     "epsilon is missing under the root"),
    ("batch_norm_backward", outside, "epsilon stands outside the root"),
    ("batch_norm_backward", divided_by_one_less, "divided by M - 1"),
    ("batch_norm_backward", with_sums, "a sum stands for a mean in dx"),
    ("batch_norm_backward", one_sum(0), "for the mean of dy in dx"),
    ("batch_norm_backward", one_sum(1), "for the mean of dy x_hat"),
    ("batch_norm_backward", term(2), "subtracted twice"),
    ("batch_norm_backward", term(-1), "is added, expected subtracted"),
    ("batch_norm_backward", over("image"), "in each image alone"),
    ("batch_norm_backward", over("batch"), "over the batch alone"),
    ("batch_norm_backward", over("all"), "all channels share one mean"),
    ("batch_norm_backward", lambda *given: tuple(S["batch_norm_backward"](*given)[k] for k in (0, 2, 1)),
     "another order: expected dx, dgamma, dbeta"),
    ("batch_norm_backward", lambda dy, x, gamma, epsilon: (
        S["batch_norm_backward"](dy, x, gamma, epsilon)[0], *(gamma * g for g in S["batch_norm_backward"](
            dy, x, gamma, epsilon)[1:])), "made with dy, not with gamma dy"),
    ("batch_norm_backward", lambda dy, x, gamma, epsilon: (
        S["batch_norm_backward"](dy, x, gamma, epsilon)[0], (dy * x).sum(axis=axes(x)), dy.sum(axis=axes(x))),
     "made with x, expected with the normalised x"),
    ("batch_norm_backward", lambda dy, x, gamma, epsilon: spoiled(
        "batch_norm_backward", 1, lambda g: g / x[..., 0].size)(dy, x, gamma, epsilon), "too small by exactly 4 = N*H*W"),
    ("batch_norm_backward", lambda dy, x, gamma, epsilon: (
        S["batch_norm_backward"](dy, x, gamma, epsilon)[0], (dy * parts(dy, x, gamma, epsilon)[0]).sum(axis=axes(x)),
        dy.sum(axis=axes(x))), "not divided by the standard deviation"),
    ("batch_norm_backward", spoiled("batch_norm_backward", 2, lambda g: g[None]), "dbeta has shape"),
    ("inference_backward", lambda dy, x, gamma, mean, var, epsilon: S["batch_norm_backward"](dy, x, gamma, epsilon),
     "the backward pass in training"),
    ("inference_backward", with_batch_statistics, "the standard deviation of this batch"),
    ("inference_backward", lambda dy, x, gamma, mean, var, epsilon: S["inference_backward"](dy, x, gamma, mean, var, 0),
     "epsilon is missing"),
    ("inference_backward", lambda dy, x, gamma, mean, var, epsilon: S["inference_backward"](
        dy, x, gamma, mean, (var + epsilon)**2, 0), "expected by its square root"),
    ("inference_backward", lambda dy, x, gamma, mean, var, epsilon: S["inference_backward"](
        dy, x, gamma**0, mean, var, epsilon), "a factor gamma is missing"),
    ("inference_backward", lambda *given: tuple(S["inference_backward"](*given)[k] for k in (0, 2, 1)), "in another order"),
    ("inference_backward", lambda dy, x, gamma, mean, var, epsilon: (
        S["inference_backward"](dy, x, gamma, mean, var, epsilon)[0], (dy * x).sum(axis=axes(x)), dy.sum(axis=axes(x))),
     "made with x, expected"),
    ("inference_backward", lambda dy, x, gamma, mean, var, epsilon: (
        S["inference_backward"](dy, x, gamma, mean, var, epsilon)[0], (dy * (x - mean)).sum(axis=axes(x)),
        dy.sum(axis=axes(x))), "not divided by the standard deviation"),
    ("running_mean", [9.0, 2.9, 0.366], "the decay multiplies the old value"),
    ("running_mean", [10.0, 2.9, 0.366], "the start, 0, counts, too"),
    ("running_mean", [1.0, 18.9, 0.366], "not 18.9: the decay multiplies the old value"),
    ("running_mean", [1.0, 3.0, 0.366], "the old value is multiplied by the decay"),
    ("running_mean", [1.0, 15.0, 0.366], "the mean of the two batches"),
    ("running_mean", [1.0, 2.9, 0.0], "to the power of 100"),
    ("running_mean", [1.0, 2.9, 0.634], "what has been replaced"),
]
