"""Spectral normalisation: a discriminator whose kernels stretch no direction by more than 1, so that it cannot be steep.

Shapes: a kernel W as a matrix (KH*KW*C, OC); v (KH*KW*C,), u (OC,), both of length 1.

    W̄ = W / σ,   σ = v · W u      largest where u and v are W's first singular vectors, and then σ is how far W stretches

u and v follow W as it changes by one step of power iteration at a time: v = W u / |W u|, u = Wᵀ v / |Wᵀ v|. For the gradient
they are constants. (This is the kernel as a matrix, as the paper has it. A convolution applies it to patches that overlap, and
a pixel lies in up to KH KW / stride² of them, so the layer can stretch by up to the root of that: by 2 for 4x4, stride 2.)
With H = dL/dW̄, and since dσ/dW = v uᵀ,

    dL/dW = (H - <H, W̄> v uᵀ) / σ

Source: Miyato et al., "Spectral normalization for generative adversarial networks" (2018), section 2.1 and equation 12.
"""
import numpy as np

from nnscratch.backend import array_module, move

FIRST_ITERATIONS = 10  # later each step begins near the goal


class SpectralNormalised:
    """A model seen through its normalised kernels. `params` are the kernels as they are, which is what an optimizer changes;
    the model inside computes with the normalised ones, and `grads` are turned back."""

    def __init__(self, model, seed=0):
        self.model, self.layers, rng = model, model.layers, np.random.default_rng(seed)
        self.kernels = {name: array.copy() for name, array in model.params.items() if name.endswith("kernel")}
        self.left, self.right = {}, {}
        for name, w in self.kernels.items():
            self.right[name] = move(rng.standard_normal(w.shape[-1]).astype(w.dtype), array_module(w))
        for _ in range(FIRST_ITERATIONS):
            self.iterate()

    def iterate(self):
        """One step of power iteration for each kernel."""
        for name, w in self.kernels.items():
            matrix = w.reshape(-1, w.shape[-1])
            self.left[name] = unit(matrix @ self.right[name])
            self.right[name] = unit(matrix.T @ self.left[name])

    def stretch(self, name):
        """σ of one kernel."""
        w = self.kernels[name]
        return self.left[name] @ (w.reshape(-1, w.shape[-1]) @ self.right[name])

    def forward(self, x, training=False, remember=None):
        inside = self.model.params
        for name, w in self.kernels.items():
            inside[name][...] = w / self.stretch(name)
        return self.model.forward(x, training, remember)

    def backward(self, dy, wrt="all"):
        return self.model.backward(dy, wrt)

    def zero_grads(self):
        """The start of a step: u and v take theirs, too."""
        self.model.zero_grads()
        self.iterate()

    @property
    def grads(self):
        """By the kernels as they are."""
        grads, inside = dict(self.model.grads), self.model.params
        for name in self.kernels:
            along = (grads[name] * inside[name]).sum()
            outer = (self.left[name][:, None] * self.right[name]).reshape(grads[name].shape)
            grads[name] = (grads[name] - along * outer) / self.stretch(name)
        return grads

    @property
    def params(self):
        return {**self.model.params, **self.kernels}

    trainable_params = params

    @property
    def buffers(self):
        vectors = {f"{name}/{side}": array for side in ("left", "right") for name, array in getattr(self, side).items()}
        return {**self.model.buffers, **vectors}

    def set_buffer(self, name, value):
        kernel, _, side = name.rpartition("/")
        if kernel in self.kernels:
            getattr(self, side)[kernel] = value
        else:
            self.model.set_buffer(name, value)


def unit(vector):
    return vector / ((vector * vector).sum()**0.5 + 1e-12)
