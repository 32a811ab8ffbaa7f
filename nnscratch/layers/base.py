"""What every layer is: it owns parameters, remembers what backward needs, and calls ops.

    y  = layer.forward(x, training=True)      compute, and remember
    dx = layer.backward(dy)                   add to layer.grads, and forget

A layer remembers on a stack. Two forwards (a discriminator on real and on fake images, a layer used twice in a graph)
followed by two backwards in reverse order are therefore right, and their gradients add up until `zero_grads()`. The
parameters must stay as they are between a forward and its backward: step the optimizer afterwards.

A subclass writes `compute` and `differentiate`; with parameters also `build`, and where the shape changes also
`output_shape`. Shapes in those two are of one sample, without the batch axis.
"""
import numpy as np

from nnscratch import backend
from nnscratch.errors import InputError
from nnscratch.fast.recording import changing
from nnscratch.layers.graph import Symbol
from nnscratch.ops.validation import check_array, check_choice


class Layer:
    """The base class. Attributes: `params`, `grads` (same keys and shapes), `buffers` (state that is not trained),
    `trainable` (False freezes the parameters, and batch normalisation's statistics with them; `trainable_params` is
    what an optimizer should step on)."""

    axes = None  # 4 for layers of images (N, H, W, C); None: any number

    def __init__(self, name=None):
        self.name, self.trainable, self.built = name, True, False
        self.params, self.grads, self.buffers = {}, {}, {}
        self.channels = None  # of the input the parameters were made for
        self._saved = []

    # --- what a subclass writes -----------------------------------------------------------------------------------

    def build(self, shape):
        """Put first values into `params` and `buffers`, for a sample of this shape."""

    def output_shape(self, shape):
        return shape

    def compute(self, x, training):
        """y, cache"""
        raise NotImplementedError

    def differentiate(self, dy, cache, wrt):
        """dx, {name of parameter: its gradient}"""
        raise NotImplementedError

    def multiply_adds(self, shape):
        """Multiply-adds of one forward of one sample of this shape, for the summary."""
        return 0

    # --- what everybody calls -------------------------------------------------------------------------------------

    def forward(self, x, training=False, remember=None):
        """Compute y. `remember` (default: when training) keeps what backward needs."""
        shape, first = _sample_shape(x), x[0] if isinstance(x, (list, tuple)) else x
        if not self.built:  # parameters take the input's precision, so it must be one we compute in
            check_array(repr(self), "the input", first, None)
        self._get_ready(shape, backend.array_module(first), first.dtype)
        y, cache = self.compute(x, training)
        if training if remember is None else remember:
            changing(self._saved)
            self._saved.append((cache, y.shape))
        return y

    def backward(self, dy, wrt="all"):
        """Backpropagate through the latest pending forward pass; accumulate into `grads`, and return dx.

        wrt : "all" | "input" (grads stay untouched and are not paid for) | "parameters" (dx is None)
        """
        self._check_pending(wrt)
        changing(self._saved)
        cache, shape = self._saved[-1]
        if tuple(dy.shape) != tuple(shape):
            raise InputError(f"{self}: dy has shape {tuple(dy.shape)}, expected that of the output, {tuple(shape)}")
        self._saved.pop()
        if not self.trainable:
            if wrt == "parameters":
                return None
            wrt = "input"
        dx, gradients = self.differentiate(dy, cache, wrt)
        for name, gradient in gradients.items():
            if gradient is not None:
                self.grads[name] += gradient
        return dx

    def _check_pending(self, wrt):
        """`wrt` is one of the three words, and there is a pending forward pass."""
        check_choice(wrt, f"{self}: wrt", ("all", "input", "parameters"))
        if not self._saved:
            raise InputError(f"{self}: backward() was called without a pending forward(); call forward(x, training=True) "
                             f"first, or forward(x, remember=True) for inference mode")

    def __call__(self, x):
        """On symbols: the next node of a graph. On arrays: the forward pass in inference mode."""
        takes_list = isinstance(x, (list, tuple))
        symbols = list(x) if takes_list else [x]
        if not all(isinstance(s, Symbol) for s in symbols):
            return self.forward(x)
        shape = [s.sample_shape for s in symbols] if takes_list else x.sample_shape
        self._get_ready(shape, backend.current_module(), np.float32)
        return Symbol(self.output_shape(shape), self, symbols, takes_list)

    def discard_forward(self):
        """Drop the latest pending forward pass: nobody will call its backward."""
        if self._saved:
            changing(self._saved)
            self._saved.pop()

    @property
    def trainable_params(self):
        """The parameters an optimizer should change: `params`, or none of them where the layer is frozen."""
        return self.params if self.trainable else {}

    def zero_grads(self):
        """Set all gradients to 0: the start of a step."""
        for gradient in self.grads.values():
            gradient[...] = 0

    def set_buffer(self, name, value):
        """Give one buffer a new value: running statistics, a dropout's count of calls.

        On a GPU it stays where it is, so that a step recorded there (fast/cuda/graph.py) goes on with it.
        """
        old = self.buffers.get(name)
        if backend.array_module(old) is np or backend.array_module(value) is np or old.dtype != value.dtype:
            self.buffers[name] = value
        elif value is not old:
            old[...] = value

    def cast(self, dtype):
        """Give parameters and buffers another floating-point type: float64 or complex128 for gradient checks."""
        for arrays in (self.params, self.grads, self.buffers):
            for name, array in arrays.items():
                if array.dtype.kind in "fc":
                    arrays[name] = (array.real if np.dtype(dtype).kind == "f" else array).astype(dtype)

    def _get_ready(self, shape, module, dtype):
        """Check the input's shape; at the first input, make the parameters on its device and in its precision."""
        axes = None if isinstance(shape, list) else len(shape) + 1
        if self.axes is not None and axes != self.axes:
            raise InputError(f"{self}: the input has shape {('N', *shape)}, expected {self.axes} axes (N, H, W, C)")
        if self.built:
            if self.params and shape[-1] != self.channels:
                raise InputError(f"{self}: the input has shape {('N', *shape)}, but the layer was built for {self.channels} "
                                 f"channels; use a layer of its own for each")
            if self.params and backend.array_module(*self.params.values()) is not module:
                raise InputError(f"{self}: the input and the layer's parameters live on different devices; call "
                                 f'backend.use("cpu" or "gpu") before building, and move x with backend.to_device')
            return
        self.build(shape)
        if self.params:
            self.channels = shape[-1]
        for arrays in (self.params, self.buffers):
            for name, array in arrays.items():
                if array.dtype.kind in "fc":
                    arrays[name] = backend.move(array.astype(dtype), module)
        self.grads = {name: module.zeros_like(array) for name, array in self.params.items()}
        self.built = True

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r})" if self.name else type(self).__name__


def _sample_shape(x):
    """The shape without the batch; a list of them for a list of inputs."""
    if isinstance(x, (list, tuple)):
        return [tuple(part.shape[1:]) for part in x]
    if not hasattr(x, "shape"):
        raise InputError(f"a layer got a {type(x).__name__}, expected an array or a Symbol; wrap it in np.asarray(...)")
    return tuple(x.shape[1:])
