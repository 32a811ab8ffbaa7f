"""R1: a discriminator should be flat where the real images are. The gradient of a gradient, by first-order passes alone.

Shapes: real images x (N, H, W, C), logits D(x) (N, 1), v = dD/dx like x.

    R = weight / 2 * mean over n of |v_n|²,   v = dD/dx

Its gradient by D's weights θ is a second derivative: dR/dθ = weight/N Σ_n v_n · d/dθ (dD/dx_n). Hold v fixed: then
v · dD/dx is the slope of D at x in the direction v, and

    dR/dθ = weight/N * (the change of dD/dθ when x moves along v)

which the complex step gives without a difference: put v on the imaginary axis, run forward and backward as always, and read
the imaginary part of the weights' gradients. A discriminator of linear layers and LeakyReLU is linear around x, so this is
exact at any length of step, and single precision will do.

Source: Mescheder, Geiger, Nowozin, "Which training methods for GANs do actually converge?" (2018), section 4.1.
"""
import numpy as np

from nnscratch.backend import array_module


def gradient_penalty(d, real, labels=None, weight=1.0):
    """Set d.grads to the gradient of R (further backwards add to it) and return R, a 0-d array.

    d : a Model of linear layers and LeakyReLU; its parameters stay as they are.
    """
    xp, dtype, n = array_module(real), real.dtype, len(real)
    complex_dtype = np.complex64 if dtype == np.float32 else np.complex128

    logits = d.forward(real if labels is None else [real, labels], remember=True)
    v = d.backward(xp.ones_like(logits), wrt="input")
    v = v if labels is None else v[0]

    own = [(layer, layer.params, layer.grads) for layer in d.layers]
    try:
        for layer, params, _ in own:  # lend each layer complex copies
            layer.params = {name: array.astype(complex_dtype) for name, array in params.items()}
            layer.grads = {name: xp.zeros_like(array) for name, array in layer.params.items()}
        x = real + 1j * v
        logits = d.forward(x if labels is None else [x, labels.astype(complex_dtype)], remember=True)
        d.backward(xp.full_like(logits, weight / n), wrt="parameters")
        for layer, _, grads in own:
            for name, gradient in grads.items():
                gradient[...] = layer.grads[name].imag  # in place: further backwards add to it
    finally:
        for layer, params, grads in own:
            layer.params, layer.grads = params, grads
    return (v * v).sum() * (weight / (2 * n))
