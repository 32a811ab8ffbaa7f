"""The base class of all layers. A layer owns parameters, saves what the backward pass needs, and calls the ops.

    y  = layer.forward(x, training=True)      compute y, and push the op's cache on a stack
    dx = layer.backward(dy)                   pop the cache, compute dx, and add to layer.grads

Because the caches form a stack, two forward passes (a discriminator on real and on fake images, a layer used twice in a
graph) followed by two backward passes in reverse order are right; their gradients add up until `zero_grads()`. A cache holds
arrays, not copies: neither x nor a parameter may change in place between a forward pass and its backward pass, or the gradients
are wrong. So step the optimizer afterwards. The stack belongs to one thread at a time; another one is refused.

A subclass writes `compute` and `differentiate`; with parameters also `build`, and where the shape changes `output_shape`: their
shapes are of one sample, without the batch axis.
"""
from types import ModuleType
from typing import Any

import numpy as np

from nnscratch import backend
from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.layers.graph import Shape, Symbol, sample_shape
from nnscratch.layers.inputs import check_gradient, check_input, read_mode
from nnscratch.layers.state import LayerState

__all__ = ["Layer"]


class Layer(LayerState):
    """The base class of all layers.

    Parameters
    ----------
    name : str, optional
        Name in error messages and, inside a model, in saved files.

    Attributes
    ----------
    params, grads : dict of str to array
        The parameters and their accumulated gradients, with the same keys and shapes.
    buffers : dict of str to array
        State that is saved and not trained, such as moving averages.
    trainable : bool
        False freezes the parameters, and the moving averages of batch normalization.
    per_sample : bool
        Whether y of a sample depends on that sample alone, also in training; False where a layer mixes samples or draws masks.

    Notes
    -----
    `forward` keeps x itself, not a copy: do not change x in place before `backward`. Layers are not thread-safe: while a
    forward pass waits for its backward pass, other threads are refused.

    Examples
    --------
    >>> import numpy as np
    >>> class Double(Layer):
    ...     def compute(self, x, training):
    ...         return 2 * x, None
    ...     def differentiate(self, dy, cache, wrt):
    ...         return 2 * dy, {}
    >>> layer = Double()
    >>> layer.forward(np.ones((1, 3)), training=True)
    array([[2., 2., 2.]])
    >>> layer.backward(np.ones((1, 3)))
    array([[2., 2., 2.]])
    """

    one_input: bool = False  # True: never a list of several inputs
    axes: int | None = None  # 4 for layers of images (N, H, W, C); None: any number
    per_sample: bool = True  # False: a discriminator sees real and generated images apart (generate/adversarial.py)

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self.built = False
        self.channels: int | None = None  # of the input for which the parameters were made

    # --- what a subclass writes
    def build(self, shape: Shape) -> None:
        """Set the initial values of `params` and `buffers`.

        Parameters
        ----------
        shape : tuple
            Shape of one sample of the input.
        """

    def output_shape(self, shape: Any) -> Shape:
        """Compute the shape of one sample of the output.

        Parameters
        ----------
        shape : tuple, or list of tuples for a layer of several inputs
            Shape of one sample of the input; None for a side of any size.

        Returns
        -------
        tuple
            Shape of one sample of the output.
        """
        return shape

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        """Compute the output.

        Parameters
        ----------
        x : array, or list of arrays for a layer of several inputs
            The input, with the batch axis.
        training : bool
            Training or inference mode.

        Returns
        -------
        y : array
            The output.
        cache : object
            What `differentiate` needs.
        """
        raise NotImplementedError

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[Any, dict[str, Array]]:
        """Compute the gradients.

        Parameters
        ----------
        dy : array
            Gradient of the loss with respect to the output.
        cache : object
            From `compute`.
        wrt : "all", "input" or "parameters"
            What is needed; the other results may be None.

        Returns
        -------
        dx : array, or list of arrays for a layer of several inputs
            Gradient with respect to the input.
        gradients : dict of str to array
            Gradient with respect to each parameter.
        """
        raise NotImplementedError

    def multiply_adds(self, shape: Any) -> int:
        """Count the multiply-adds of a forward pass.

        Parameters
        ----------
        shape : tuple, or list of tuples for a layer of several inputs
            Shape of one sample of the input.

        Returns
        -------
        int
            Multiply-adds for one sample.
        """
        return 0

    # --- what users call
    def forward(self, x: Array, training: bool = False, remember: bool | None = None) -> Array:
        """Compute the output; the first input also builds the layer.

        Parameters
        ----------
        x : array, or list of arrays for a layer of several inputs
            The input, with the batch axis.
        training : bool, default False
            Training or inference mode.
        remember : bool, default `training`
            Whether to save what `backward` needs.

        Returns
        -------
        array
            The output y.
        """
        check_input(self, x)
        training, remember = read_mode(self, training, remember)
        shape, first = sample_shape(x), x[0] if isinstance(x, (list, tuple)) else x
        if self.built and not remember:
            self._ensure_built(shape, backend.array_module(first), first.dtype)
            return self.compute(x, training)[0]
        with self._saved.claim(self):
            self._ensure_built(shape, backend.array_module(first), first.dtype)
            y, cache = self.compute(x, training)
            if remember:
                self._saved.push(self, (cache, y.shape))
        return y

    def backward(self, dy: Array, wrt: str = "all") -> Any:
        """Backpropagate through the latest pending forward pass, and accumulate into `grads`.

        Parameters
        ----------
        dy : array
            Gradient of the loss with respect to the output.
        wrt : "all", "input" or "parameters", default "all"
            "input" neither changes nor computes `grads`; "parameters" does not compute dx.

        Returns
        -------
        array, list of arrays, or None
            Gradient dx with respect to the input; None for wrt="parameters".
        """
        with self._saved.claim(self):
            check_gradient(self, dy, self._saved.latest(self, wrt)[1])
            cache, _ = self._saved.take()
            if not self.trainable:
                if wrt == "parameters":
                    return None
                wrt = "input"
            dx, gradients = self.differentiate(dy, cache, wrt)
            for name, gradient in gradients.items():
                if gradient is not None:
                    self.grads[name] += gradient
        return dx

    def __call__(self, x: Any) -> Any:
        """On a Symbol, or a list of them: the next Symbol of a graph. On arrays: the forward pass in inference mode."""
        symbols = list(x) if (takes_list := isinstance(x, (list, tuple))) else [x]
        if not all(isinstance(s, Symbol) for s in symbols):
            return self.forward(x)
        if takes_list and (self.one_input or not symbols):
            raise InputError(f"{self}: got a list of {len(symbols)} Symbols, expected {'one Symbol' if symbols else 'some'}")
        shape = [s.sample_shape for s in symbols] if takes_list else x.sample_shape
        self._ensure_built(shape, backend.current_module(), np.float32)
        return Symbol(self.output_shape(shape), self, symbols, takes_list)

    def _ensure_built(self, shape: Any, module: ModuleType, dtype: Any) -> None:
        """Check the input's shape; at the first input, make the parameters on its device and in its precision."""
        axes = None if isinstance(shape, list) else len(shape) + 1
        if self.axes is not None and axes != self.axes:
            raise InputError(f"{self}: the input has shape {('N', *shape)}, expected {self.axes} axes (N, H, W, C)")
        if self.built:
            if self.params and shape[-1] != self.channels:
                raise InputError(f"{self}: the input has shape {('N', *shape)}, but the layer was built for {self.channels} "
                                 f"channels; use a layer of its own for each")
            if self.params and backend.array_module(*self.params.values()) is not module:
                raise InputError(f"{self}: the input and the layer's parameters are on different devices; call "
                                 f'backend.use("cpu" or "gpu") before building, and move x with backend.to_device')
            return
        if shape == () and type(self).build is not Layer.build:
            raise InputError(f"{self}: the input has shape ('N',), expected (N, ..., C); add the batch axis with x[None]")
        self.build(shape)
        if self.params:
            self.channels = shape[-1]
        dtype = np.dtype(dtype).newbyteorder("=")
        for arrays in (self.params, self.buffers):
            for name, array in arrays.items():
                arrays[name] = backend.move(array.astype(dtype) if array.dtype.kind in "fc" else array, module)
        self.grads = {name: module.zeros_like(array) for name, array in self.params.items()}
        self.built = True
