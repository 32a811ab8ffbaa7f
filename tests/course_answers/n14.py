"""Notebook 14: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S, spoiled
from nnscratch import ops


def softplus(z):
    return np.logaddexp(0, z)


def sigma(z):
    return ops.sigmoid(z)[0]


def raised(z):
    """The saturating loss, with its own gradient."""
    return -softplus(z).mean(), -sigma(z) / len(z)


def by_logarithms(z):
    with np.errstate(all="ignore"):
        return -np.log(1 / (1 + np.exp(-z))).mean(), (sigma(z) - 1) / len(z)


def adam_from(first_share=lambda b, k: 1 - b**k, square=lambda g: g**2):
    def adam(w, g, m, v, k, rate, beta_1, beta_2):
        m, v = beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * square(g)
        with np.errstate(all="ignore"):
            move = m / first_share(beta_1, k) / (np.sqrt(v / first_share(beta_2, k)) + 1e-7)
        return w - rate * move, m, v
    return adam


def smooth(real, fake, s):
    loss = (softplus(real) - s * real).mean() + (softplus(fake) - (1 - s) * fake).mean()
    return loss, (sigma(real) - s) / len(real), (sigma(fake) - 1 + s) / len(fake)


def called_real(z, s):
    return (softplus(z) - s * z).mean()


def by_exponentials(real, fake, s):
    with np.errstate(all="ignore"):
        loss = called_real(real, s) + np.log(1 + np.exp(fake)).mean()
    return loss, *S["discriminator_loss"](real, fake, s)[1:]


def moved(step):
    """m and v are right, but w moves by step(old m and v, new m and v, g, 1 - beta_1**k, 1 - beta_2**k)."""
    def adam(w, g, m, v, k, rate, beta_1, beta_2):
        _, new_m, new_v = S["adam"](w, g, m, v, k, rate, beta_1, beta_2)
        return w - rate * step(m, v, new_m, new_v, g, 1 - beta_1**k, 1 - beta_2**k), new_m, new_v
    return adam


WRONG = [
    ("discriminator_loss", lambda real, fake, s: S["discriminator_loss"](real, fake, 1.0), "smoothing is missing"),
    ("discriminator_loss", smooth, "generated images are smoothed, too"),
    ("discriminator_loss", spoiled("discriminator_loss", 2, lambda g: -g), "the sign of dfake is wrong"),
    ("discriminator_loss", lambda real, fake, s: tuple(
        part * (1 if k == 0 else len(real)) for k, part in enumerate(S["discriminator_loss"](real, fake, s))), "divided by N"),
    ("discriminator_loss", lambda real, fake, s: tuple(
        part / (1 if k == 0 else 2) for k, part in enumerate(S["discriminator_loss"](real, fake, s))), "logits of both means"),
    ("discriminator_loss", lambda real, fake, s: S["discriminator_loss"](real, fake, s)[:2], "2 results, expected 3"),
    ("discriminator_loss", lambda real, fake, s: [
        part / 2 for part in S["discriminator_loss"](real, fake, s)], "L is the sum of two means"),
    ("discriminator_loss", lambda real, fake, s: (S["discriminator_loss"](real, fake, s)[0] - softplus(fake).mean(),
                                                  *S["discriminator_loss"](real, fake, s)[1:]),
     "the generated images is missing"),
    ("discriminator_loss", lambda real, fake, s: (
        s * softplus(-real).mean() + softplus(fake).mean(), s * (sigma(real) - 1) / len(real), sigma(fake) / len(fake)),
     "s is put in once only"),
    ("discriminator_loss", lambda real, fake, s: S["discriminator_loss"](real, fake, -s), "s z is added: subtract it"),
    ("discriminator_loss", spoiled("discriminator_loss", 1, lambda g: -g), "the sign of dreal is wrong"),
    ("discriminator_loss", lambda *given: [S["discriminator_loss"](*given)[k] for k in (0, 2, 1)],
     "dreal and dfake are exchanged"),
    ("discriminator_loss", spoiled("discriminator_loss", 2, lambda g: g - 1 / len(g)), "nothing is subtracted from σ(z)"),
    ("discriminator_loss", by_exponentials, "the exponential overflows"),
    ("discriminator_loss", spoiled("discriminator_loss", 1, lambda g: g + np.nan), "dreal holds NaN (as from 0 / 0"),
    ("generator_loss", lambda z: (called_real(z, 0.9), (sigma(z) - 0.9) / len(z)), "the generator's loss is not smoothed"),
    ("generator_loss", lambda z: (-softplus(-z).mean(), (1 - sigma(z)) / len(z)), "the sign of L is wrong"),
    ("generator_loss", raised, "this is the saturating loss"),
    ("generator_loss", lambda z: (softplus(-z).mean(), -sigma(z) / len(z)), "dz is that of the saturating loss"),
    ("generator_loss", lambda z: (softplus(z).mean(), sigma(z) / len(z)), "the generator wants the opposite"),
    ("generator_loss", spoiled("generator_loss", 1, lambda g: -g), "the sign of dz is wrong"),
    ("generator_loss", lambda z: (softplus(-z).mean(), sigma(z) - 1), "is not divided by N"),
    ("generator_loss", by_logarithms, "the exponential overflows"),
    ("adam", adam_from(first_share=lambda b, k: 1), "is not divided out"),
    ("adam", adam_from(first_share=lambda b, k: 1 - b), "expected with beta**k"),
    ("adam", adam_from(square=lambda g: g), "v is made of g"),
    ("adam", lambda w, g, m, v, k, rate, a, b: S["adam"](w, g, m, v, k, -rate, a, b), "uphill"),
    ("adam", lambda w, g, m, v, k, rate, a, b: S["adam"](w, g, m, v, k, rate, b, a), "are exchanged"),
    ("adam", moved(lambda m, v, new_m, new_v, g, a, b: new_m / (np.sqrt(new_v / b) + 1e-7)), "under m the start at 0"),
    ("adam", moved(lambda m, v, new_m, new_v, g, a, b: new_m / a / (np.sqrt(new_v) + 1e-7)), "under v the start at 0"),
    ("adam", moved(lambda m, v, new_m, new_v, g, a, b: new_m * a / (np.sqrt(new_v * b) + 1e-7)), "the start is multiplied in"),
    ("adam", moved(lambda m, v, new_m, new_v, g, a, b: new_m / a / (np.sqrt(new_v) / b + 1e-7)), "and not of v alone"),
    ("adam", moved(lambda m, v, new_m, new_v, g, a, b: m / a / (np.sqrt(v / b) + 1e-7)), "make the new ones first"),
    ("adam", moved(lambda m, v, new_m, new_v, g, a, b: g / (np.sqrt(new_v / b) + 1e-7)), "w is moved by g, expected by m"),
    ("adam", lambda w, g, m, v, k, rate, a, b: S["adam"](w, g, m, v, k, 1.0, a, b), "the rate is missing"),
    ("adam", lambda w, g, m, v, k, rate, a, b: S["adam"](w, g, m, v, k, rate, a, a), "beta_1 stands in the place of beta_2"),
    ("adam", lambda *given: [S["adam"](*given)[k] for k in (0, 2, 1)], "m and v are exchanged"),
    ("adam", lambda *given: S["adam"](*given)[0], "returns one result, expected 3"),
    ("ema", lambda w, s, now, s_now, d: S["ema"](w, s, now, s_now, 0.5), "this is the plain mean"),
    ("ema", lambda w, s, now, s_now, d: (w + (1 - d) * now, s + (1 - d) * s_now), "the old average must fade"),
    ("ema", lambda w, s, now, s_now, d: (w.copy(), s.copy()), "this is the old average"),
    ("ema", lambda *given: S["ema"](*given)[::-1], "weights and statistics are exchanged"),
    ("ema", lambda w, s, now, s_now, d: (d * w + (1 - d) * now, s), "the statistics are forgotten"),
    ("ema", lambda w, s, now, s_now, d: (d * w + (1 - d) * now, s_now), "are taken over"),
    ("ema", lambda w, s, now, s_now, d: S["ema"](w, s, now, s_now, 1 - d), "the shares are exchanged"),
]
