"""R1, a gradient penalty: the discriminator should be flat at the real images. Its gradient needs no second-order pass.

Shapes: real images x (N, H, W, C), logits D(x) (N, 1), v = dD/dx like x.

    R = weight / 2 * mean over n of |v_n|²,   v = dD/dx

Its gradient with respect to D's weights θ is a second derivative: dR/dθ = weight/N Σ_n v_n · d/dθ (dD/dx_n). Hold v fixed:
then v · dD/dx is the slope of D at x in the direction v, and

    dR/dθ = weight/N * (the change of dD/dθ when x moves along v)

The complex step computes it without a difference: put v on the imaginary axis, run forward and backward as usual, and read
the imaginary part of the weights' gradients. A discriminator of linear layers and LeakyReLU is linear around x, so this is
exact for any length of step, and single precision is enough.

References: Mescheder, Geiger, Nowozin, "Which training methods for GANs do actually converge?", 2018, section 4.1.
"""
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module
from nnscratch.generate.inputs import IMAGES, with_labels
from nnscratch.generate.spectral import SpectralNormalization
from nnscratch.models import Model
from nnscratch.ops.validation import check_form, check_positive, check_type

__all__ = ["gradient_penalty"]


def gradient_penalty(d: Any, real: Array, labels: Array | None = None, weight: float = 1.0) -> Array:
    """Compute R1, and set d.grads to its gradient (later backward passes add to it).

    Parameters
    ----------
    d : Model of linear layers and LeakyReLU; its parameters do not change
    real : Array (N, H, W, C)
    labels : Array (N, K), for a conditional discriminator
    weight : float

    Returns
    -------
    0-d Array
        The penalty R.
    """
    check_type(d, "gradient_penalty: d", Model, SpectralNormalization)
    check_form("gradient_penalty", "real", real, IMAGES)
    if labels is not None:
        check_form("gradient_penalty", "labels", labels, (len(real), "K"))
    check_positive(weight, "gradient_penalty: weight", or_zero=True)
    xp, dtype, n = array_module(real), real.dtype, len(real)
    complex_dtype = np.complex64 if dtype == np.float32 else np.complex128

    logits = d.forward(with_labels(real, labels), remember=True)
    v = d.backward(xp.ones_like(logits), wrt="input")
    v = v if labels is None else v[0]

    own = [(layer, layer.params, layer.grads) for layer in d.layers]
    try:
        for layer, params, _ in own:  # each layer computes with complex copies for a while
            layer.params = {name: array.astype(complex_dtype) for name, array in params.items()}
            layer.grads = {name: xp.zeros_like(array) for name, array in layer.params.items()}
        x = real + 1j * v
        logits = d.forward(x if labels is None else [x, labels.astype(complex_dtype)], remember=True)
        d.backward(xp.full_like(logits, weight / n), wrt="parameters")
        for layer, _, grads in own:
            for name, gradient in grads.items():
                gradient[...] = layer.grads[name].imag  # in place, so that later backward passes add to it
    finally:
        for layer, params, grads in own:
            layer.params, layer.grads = params, grads
    return (v * v).sum() * (weight / (2 * n))
