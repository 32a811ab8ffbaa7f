"""Notebook 14: wrong answers, with what their diagnosis must say, and right ones in another style."""
import numpy as np

from course_answers.solutions import S, spoiled
from nnscratch import ops
from nnscratch.course.checks.gan_training import step_with


def softplus(a):
    return np.logaddexp(0, a)


def sigma(a):
    return ops.sigmoid(a)[0]


def saturating(a):
    """The saturating loss, with its own gradient."""
    return -softplus(a).mean(), -sigma(a) / len(a)


def by_logarithms(a):
    with np.errstate(all="ignore"):
        return -np.log(1 / (1 + np.exp(-a))).mean(), (sigma(a) - 1) / len(a)


def smooth_both(real, generated, smooth):
    loss = (softplus(real) - smooth * real).mean() + (softplus(generated) - (1 - smooth) * generated).mean()
    return loss, (sigma(real) - smooth) / len(real), (sigma(generated) - 1 + smooth) / len(generated)


def cost(a, t):
    return (softplus(a) - t * a).mean()


def by_exponentials(real, generated, smooth):
    with np.errstate(all="ignore"):
        loss = cost(real, smooth) + np.log(1 + np.exp(generated)).mean()
    return loss, *S["discriminator_loss"](real, generated, smooth)[1:]


def sums(real, generated, smooth):
    return cost(real, smooth) * len(real) + softplus(generated).sum(), sigma(real) - smooth, sigma(generated)


def sum_gradients(real, generated, smooth):
    L, d_real, d_generated = S["discriminator_loss"](real, generated, smooth)
    return L, len(real) * d_real, len(generated) * d_generated


def of_both_means(real, generated, smooth):
    n = len(real) + len(generated)
    return S["discriminator_loss"](real, generated, smooth)[0], (sigma(real) - smooth) / n, sigma(generated) / n


def loss_by_loops(real, generated, smooth):
    L, d_real, d_generated = 0.0, np.zeros(real.shape), np.zeros(generated.shape)
    for n in range(len(real)):
        L += (np.logaddexp(0, real[n, 0]) - smooth * real[n, 0]) / len(real)
        d_real[n, 0] = (ops.sigmoid(real[n:n + 1])[0][0, 0] - smooth) / len(real)
    for n in range(len(generated)):
        L += np.logaddexp(0, generated[n, 0]) / len(generated)
        d_generated[n, 0] = ops.sigmoid(generated[n:n + 1])[0][0, 0] / len(generated)
    return L, d_real, d_generated


def through_logarithms(real, generated, smooth):
    """-smooth ln σ(a) - (1 - smooth) ln(1 - σ(a)), each by a stable logarithm."""
    L = (smooth * softplus(-real) + (1 - smooth) * softplus(real)).mean() + softplus(generated).mean()
    return np.float64(L), (sigma(real) - smooth) / real.size, sigma(generated) / generated.size


def adam_from(correct=lambda b, k: 1 - b**k, square=lambda dw: dw**2):
    def adam(w, m, v, dw, step, lr, beta1, beta2, epsilon):
        m, v = beta1 * m + (1 - beta1) * dw, beta2 * v + (1 - beta2) * square(dw)
        with np.errstate(all="ignore"):
            move = m / correct(beta1, step) / (np.sqrt(v / correct(beta2, step)) + epsilon)
        return w - lr * move, m, v
    return adam


def moved(move):
    """m and v are right, but w moves by move(old m and v, new m and v, dw, 1 - beta1**k, 1 - beta2**k, epsilon)."""
    def adam(w, m, v, dw, step, lr, beta1, beta2, epsilon):
        _, new_m, new_v = S["adam"](w, m, v, dw, step, lr, beta1, beta2, epsilon)
        return w - lr * move(m, v, new_m, new_v, dw, 1 - beta1**step, 1 - beta2**step, epsilon), new_m, new_v
    return adam


def constant(epsilon, inside=False):
    """A constant epsilon: besides the root, or within it."""
    def move(m, v, new_m, new_v, dw, a, b, given):
        return new_m / a / (np.sqrt(new_v / b + epsilon) if inside else np.sqrt(new_v / b) + epsilon)
    return moved(move)


def one_by_one(w, m, v, dw, step, lr, beta1, beta2, epsilon):
    """Adam in a loop over elements."""
    w, m, v = np.array(w), np.array(m), np.array(v)
    for place in np.ndindex(w.shape):
        m[place] += (1 - beta1) * (dw[place] - m[place])
        v[place] += (1 - beta2) * (dw[place]**2 - v[place])
        w[place] -= lr * m[place] / (1 - beta1**step) / ((v[place] / (1 - beta2**step))**0.5 + epsilon)
    return w, m, v


def step_in_two_batches(gen, dis, real, z, smooth):
    """Real and generated samples one after the other: gradients add."""
    fake = gen.forward(z)
    dis.zero_grads()
    on_real = dis.forward(real)
    L_real, d_real, _ = S["discriminator_loss"](on_real, on_real, smooth)
    dis.backward(d_real)
    logits = dis.forward(fake)
    L, _, d_generated = S["discriminator_loss"](on_real, logits, smooth)
    dis.backward(d_generated)
    dis.step()
    L_gen, d_logits = S["generator_loss"](dis.forward(fake))
    d_fake = dis.backward(d_logits)
    gen.zero_grads()
    gen.backward(d_fake)
    gen.step()
    dis.zero_grads()
    return L, L_gen


def without_epsilon(w, m, v, dw, step, lr, beta1, beta2, epsilon):
    """0/0 where all is 0."""
    m, v = beta1 * m + (1 - beta1) * dw, beta2 * v + (1 - beta2) * dw**2
    with np.errstate(all="ignore"):
        return w - lr * m / (1 - beta1**step) / np.sqrt(v / (1 - beta2**step)), m, v


def swapped_losses(*given):
    return S["gan_step"](*given)[::-1]


def discriminator_alone(gen, dis, real, z, smooth):
    fake = gen.forward(z)
    logits = dis.forward(np.concatenate([real, fake]))
    L, d_real, d_generated = S["discriminator_loss"](logits[:len(real)], logits[len(real):], smooth)
    dis.zero_grads()
    dis.backward(np.concatenate([d_real, d_generated]))
    dis.step()
    return L, S["generator_loss"](dis.forward(fake))[0]


def wrong_batch(gen, dis, real, z, smooth):
    """Backward through Dis for the generated samples alone, after a forward with both."""
    fake = gen.forward(z)
    logits = dis.forward(np.concatenate([real, fake]))
    gen.backward(dis.backward(S["generator_loss"](logits[len(real):])[1]))
    return 0.0, 0.0


WRONG = [
    ("discriminator_loss", lambda a, b, smooth: S["discriminator_loss"](a, b, 1.0), "smoothing is missing"),
    ("discriminator_loss", smooth_both, "generated samples are smoothed, too"),
    ("discriminator_loss", spoiled("discriminator_loss", 2, lambda g: -g), "the sign of d_generated is wrong"),
    ("discriminator_loss", sum_gradients, "divided by the number of logits of its mean"),
    ("discriminator_loss", of_both_means, "logits of both means"),
    ("discriminator_loss", sums, "the means are sums"),
    ("discriminator_loss", lambda *given: S["discriminator_loss"](*given)[:2], "2 results, expected 3"),
    ("discriminator_loss", lambda *given: [part / 2 for part in S["discriminator_loss"](*given)], "L is the sum of two means"),
    ("discriminator_loss", lambda real, generated, smooth: (
        S["discriminator_loss"](real, generated, smooth)[0] - softplus(generated).mean(),
        *S["discriminator_loss"](real, generated, smooth)[1:]), "the generated samples is missing"),
    ("discriminator_loss", lambda real, generated, smooth: (
        smooth * softplus(-real).mean() + softplus(generated).mean(), smooth * (sigma(real) - 1) / len(real),
        sigma(generated) / len(generated)), "smooth enters once only"),
    ("discriminator_loss", lambda real, generated, smooth: S["discriminator_loss"](real, generated, -smooth), "subtract it"),
    ("discriminator_loss", spoiled("discriminator_loss", 1, lambda g: -g), "the sign of d_real is wrong"),
    ("discriminator_loss", spoiled("discriminator_loss", 2, lambda g: g - 1 / len(g)), "that of samples with the target 1"),
    ("discriminator_loss", by_exponentials, "the exponential overflows"),
    ("discriminator_loss", spoiled("discriminator_loss", 1, lambda g: g + np.nan), "d_real holds NaN (as from 0 / 0"),
    ("generator_loss", lambda a: (cost(a, 0.9), (sigma(a) - 0.9) / len(a)), "the generator's loss is not smoothed"),
    ("generator_loss", lambda a: (-softplus(-a).mean(), (1 - sigma(a)) / len(a)), "the sign of L is wrong"),
    ("generator_loss", saturating, "this is the saturating loss"),
    ("generator_loss", lambda a: (softplus(-a).mean(), -sigma(a) / len(a)), "d_generated is that of the saturating loss"),
    ("generator_loss", lambda a: (softplus(a).mean(), sigma(a) / len(a)), "the generator's target is 1"),
    ("generator_loss", spoiled("generator_loss", 1, lambda g: -g), "the sign of d_generated is wrong"),
    ("generator_loss", lambda a: (softplus(-a).mean(), sigma(a) - 1), "is not divided by N"),
    ("generator_loss", lambda a: (softplus(-a).sum(), sigma(a) - 1), "it is a sum"),
    ("generator_loss", by_logarithms, "the exponential overflows"),
    ("two_slopes", [0.0067, -0.9933], "the slope is negative"),
    ("two_slopes", [-0.9933, -0.0067], "this is the slope of the other loss"),
    ("two_slopes", [-0.0067, 0.9933], "its slope is negative"),
    ("two_slopes", [-0.9933, ...], "still open"),
    ("adam", adam_from(correct=lambda b, k: 1), "the bias correction is missing"),
    ("adam", adam_from(correct=lambda b, k: 1 - b), "expected 1 - beta**step"),
    ("adam", adam_from(correct=lambda b, k: 1 - b**(k + 1)), "steps are counted from 1"),
    ("adam", adam_from(square=lambda dw: dw), "v is made of dw"),
    ("adam", lambda w, m, v, dw, k, lr, a, b, e: S["adam"](w, m, v, dw, k, -lr, a, b, e), "along the gradient"),
    ("adam", lambda w, m, v, dw, k, lr, a, b, e: S["adam"](w, m, v, dw, k, lr, b, a, e), "beta1 and beta2 are exchanged"),
    ("adam", moved(lambda m, v, M, V, dw, a, b, e: M / (np.sqrt(V / b) + e)), "bias correction of m is missing"),
    ("adam", moved(lambda m, v, M, V, dw, a, b, e: M / a / (np.sqrt(V) + e)), "bias correction of v is missing"),
    ("adam", moved(lambda m, v, M, V, dw, a, b, e: M / a / (np.sqrt(V / a) + e)), "correction of v has beta1"),
    ("adam", moved(lambda m, v, M, V, dw, a, b, e: M * a / (np.sqrt(V * b) + e)), "the correction multiplies"),
    ("adam", moved(lambda m, v, M, V, dw, a, b, e: M / a / (np.sqrt(V) / b + e)), "and not of v alone"),
    ("adam", moved(lambda m, v, M, V, dw, a, b, e: m / a / (np.sqrt(v / b) + e)), "make the new ones first"),
    ("adam", moved(lambda m, v, M, V, dw, a, b, e: dw / (np.sqrt(V / b) + e)), "w is moved by dw"),
    ("adam", moved(lambda m, v, M, V, dw, a, b, e: M / a / np.sqrt(V / b + e)), "epsilon is inside the root"),
    ("adam", moved(lambda m, v, M, V, dw, a, b, e: np.sqrt(b) / a * M / (np.sqrt(V) + e)), "this is Keras' form"),
    ("adam", constant(1e-8), "it is an argument"), ("adam", constant(1e-6), "it is an argument"),
    ("adam", constant(1e-7), "it is an argument"), ("adam", constant(1e-5), "w = "),
    ("adam", constant(1e-14, inside=True), "it is an argument"), ("adam", constant(1e-7, inside=True), "w = "),
    ("adam", lambda w, m, v, dw, k, lr, a, b, e: S["adam"](w, m, v, dw, k, 1.0, a, b, e), "the learning rate is missing"),
    ("adam", lambda w, m, v, dw, k, lr, a, b, e: S["adam"](w, m, v, dw, k, lr, a, a, e), "beta1 stands in the place of beta2"),
    ("adam", lambda *given: [S["adam"](*given)[k] for k in (0, 2, 1)], "another order: expected w, m, v"),
    ("adam", without_epsilon, "epsilon is missing"),
    ("adam", lambda w, m, v, dw, k, lr, a, b, e: [part / by for part, by in zip(
        S["adam"](w, m, v, dw, k, lr, a, b, e), (1, 1 - a**k, 1 - b**k))], "are returned with their correction"),
    ("adam", lambda *given: S["adam"](*given)[0], "returns one result, expected 3"),
    ("gan_step", step_with(clear_dis=False), "dis.zero_grads() is missing"),
    ("gan_step", step_with(clear_gen=False), "gen.zero_grads() is missing"),
    ("gan_step", step_with(fresh_logits=False), "that of Dis before its step"),
    ("gan_step", step_with(first="gen"), "Dis moves first"),
    ("gan_step", step_with(dis_again=True), "and so helps to be fooled"),
    ("gan_step", step_with(gen_by=lambda d: -d), "the sign of the generator's gradient"),
    ("gan_step", step_with(generated_only=True), "from generated samples alone"),
    ("gan_step", step_with(of_loss=lambda a: (S["generator_loss"](a)[0], sigma(a) / len(a))), "the saturating loss"),
    ("gan_step", discriminator_alone, "W_gen"),
    ("gan_step", wrong_batch, "backward got dy of shape"),
    ("gan_step", swapped_losses, "the losses are exchanged: return L_dis, L_gen"),
    ("gan_step", lambda *given: S["gan_step"](*given)[0], "expected two results, L_dis and L_gen"),
    ("exhibits", ["A", "F"], "which sheet has blots"),
    ("exhibits", ["F", "C"], "here the training itself is behind"),
    ("exhibits", ["C", "A"], "as black and white as it should be"),
]
RIGHT = [
    ("discriminator_loss", loss_by_loops),
    ("discriminator_loss", through_logarithms),
    ("generator_loss", lambda a: (-np.minimum(a, 0).mean() + np.log1p(np.exp(-abs(a))).mean(), -sigma(-a) / len(a))),
    ("adam", one_by_one),
    ("gan_step", step_in_two_batches),
    ("exhibits", ["c", "f"]),
]
