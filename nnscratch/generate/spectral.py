"""Spectral normalization: a discriminator whose kernels stretch no direction by more than 1, so that it cannot be steep.

Shapes: a kernel W as a matrix (KH*KW*C, OC); v (KH*KW*C,), u (OC,), both of length 1.

    W̄ = W / σ,   σ = v · W u      the largest singular value of W, where u and v are its first singular vectors

u and v follow W as it changes, by one step of power iteration per training step: v = W u / |W u|, u = Wᵀ v / |Wᵀ v|. For the
gradient they are constants. (The paper, too, takes the kernel as a matrix. A convolution applies it to patches that overlap,
and a pixel lies in up to KH KW / stride² of them, so the layer can stretch by up to the root of that: by 2 for 4x4, stride 2.)
With H = dL/dW̄, and since dσ/dW = v uᵀ,

    dL/dW = (H - <H, W̄> v uᵀ) / σ

References: Miyato et al., "Spectral normalization for generative adversarial networks", 2018, section 2.1 and equation 12.
"""
import numpy as np

from nnscratch.backend import Array, array_module, move
from nnscratch.models import Model
from nnscratch.ops.validation import check_form, check_seed, check_type

__all__ = ["SpectralNormalization"]

FIRST_ITERATIONS = 10  # each later training step starts close to the singular vectors


class SpectralNormalization:
    """A model that computes with normalized kernels, with a Model's interface.

    `params` are the kernels W, which an optimizer changes; `grads` are the gradients with respect to W.

    Parameters
    ----------
    model : Model
    seed : int, draws the first vectors u
    """

    def __init__(self, model: Model, seed: int = 0) -> None:
        check_type(model, "SpectralNormalization: model", Model)
        rng = np.random.default_rng(check_seed(seed, "SpectralNormalization: seed"))
        self.model, self.layers = model, model.layers
        self.kernels = {name: array.copy() for name, array in model.params.items() if name.endswith("kernel")}
        self.left: dict[str, Array] = {}
        self.right: dict[str, Array] = {}
        for name, w in self.kernels.items():
            self.right[name] = move(rng.standard_normal(w.shape[-1]).astype(w.dtype), array_module(w))
        for _ in range(FIRST_ITERATIONS):
            self._iterate()

    def _iterate(self) -> None:
        """One step of power iteration for each kernel."""
        for name, w in self.kernels.items():
            matrix = w.reshape(-1, w.shape[-1])
            self.left[name] = unit(matrix @ self.right[name])
            self.right[name] = unit(matrix.T @ self.left[name])

    def _sigma(self, name: str) -> Array:
        """The largest singular value of one kernel."""
        w = self.kernels[name]
        return self.left[name] @ (w.reshape(-1, w.shape[-1]) @ self.right[name])

    def forward(self, x: Array | list[Array], training: bool = False, remember: bool | None = None) -> Array:
        """Compute the model's output with the normalized kernels.

        Parameters
        ----------
        x : Array or list, as for Model.forward
        training : bool
        remember : bool, keep what `backward` needs; by default when training

        Returns
        -------
        Array
            The model's output.
        """
        inside = self.model.params
        for name, w in self.kernels.items():
            inside[name][...] = w / self._sigma(name)
        return self.model.forward(x, training, remember)

    def backward(self, dy: Array, wrt: str = "all") -> Array:
        """Backpropagate through the model.

        Parameters
        ----------
        dy : Array, gradient of the loss with respect to the output
        wrt : {"all", "input", "parameters"}

        Returns
        -------
        Array or list
            As Model.backward.
        """
        return self.model.backward(dy, wrt)

    def zero_grads(self) -> None:
        """Set the gradients to 0, at the start of a training step, and update u and v."""
        self.model.zero_grads()
        self._iterate()

    @property
    def grads(self) -> dict[str, Array]:
        """Gradients with respect to the kernels W and the other parameters."""
        grads, inside = dict(self.model.grads), self.model.params
        for name in self.kernels:
            along = (grads[name] * inside[name]).sum()
            outer = (self.left[name][:, None] * self.right[name]).reshape(grads[name].shape)
            grads[name] = (grads[name] - along * outer) / self._sigma(name)
        return grads

    @property
    def per_sample(self) -> bool:
        """Whether the model treats each sample by itself, as Layer.per_sample."""
        return self.model.per_sample

    @property
    def params(self) -> dict[str, Array]:
        """The kernels W and the other parameters."""
        return {**self.model.params, **self.kernels}

    trainable_params = params

    @property
    def buffers(self) -> dict[str, Array]:
        """The model's buffers, and u and v of each kernel."""
        vectors = {f"{name}/{side}": array for side in ("left", "right") for name, array in getattr(self, side).items()}
        return {**self.model.buffers, **vectors}

    def set_buffer(self, name: str, value: Array) -> None:
        """Set one buffer.

        Parameters
        ----------
        name : str, a key of `buffers`
        value : Array
        """
        kernel, _, side = name.rpartition("/") if isinstance(name, str) else ("", "", "")
        if kernel in self.kernels and side in ("left", "right"):
            vectors = getattr(self, side)
            check_form("set_buffer", name, value, vectors[kernel].shape)
            vectors[kernel] = value.astype(vectors[kernel].dtype)
        else:
            self.model.set_buffer(name, value)


def unit(vector: Array) -> Array:
    """The vector at length 1."""
    return vector / ((vector * vector).sum()**0.5 + 1e-12)
