"""Solutions of notebook 14."""
import numpy as np

from nnscratch.course import own


def discriminator_loss(real, generated, smooth):
    """Logits (N, 1) of real and of generated samples -> L, d_real (N, 1), d_generated (N, 1)"""
    def p(a):
        return np.exp(-np.logaddexp(0, -a))

    L = (np.logaddexp(0, real) - smooth * real).mean() + np.logaddexp(0, generated).mean()
    return L, (p(real) - smooth) / len(real), p(generated) / len(generated)


def generator_loss(generated):
    """Logits (N, 1) of generated samples -> L, d_generated (N, 1)"""
    p = np.exp(-np.logaddexp(0, -generated))
    return np.logaddexp(0, -generated).mean(), (p - 1) / len(generated)


two_slopes = [-0.0067, -0.9933]


def adam(w, m, v, dw, step, lr, beta1, beta2, epsilon):
    """Weights, moments, gradient, number of the step from 1, four numbers -> new w, m, v"""
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw**2
    m_hat, v_hat = m / (1 - beta1**step), v / (1 - beta2**step)
    return w - lr * m_hat / (np.sqrt(v_hat) + epsilon), m, v


def gan_step(gen, dis, real, z, smooth):
    """A step of dis, then of gen -> L_dis, L_gen; both networks are changed"""
    fake, n = gen.forward(z), len(real)
    logits = dis.forward(np.concatenate([real, fake]))
    L_dis, d_real, d_generated = own.discriminator_loss(logits[:n], logits[n:], smooth)
    dis.zero_grads()
    dis.backward(np.concatenate([d_real, d_generated]))
    dis.step()

    L_gen, d_generated = own.generator_loss(dis.forward(fake))
    gen.zero_grads()
    gen.backward(dis.backward(d_generated))
    gen.step()
    return L_dis, L_gen


exhibits = ["C", "F"]
