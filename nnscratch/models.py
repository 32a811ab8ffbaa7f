"""Model: a graph of layers. The forward pass follows it; the backward pass goes in reverse, adding gradients where paths meet.

    x = Input((28, 28, 1))
    y = Dense(10)(Flatten()(x))
    model = Model(x, y)
    model.forward(images, training=True)
    model.backward(dy)                      # model.grads now holds dL/d(every parameter)

Shapes: those of the inputs and outputs, with the batch axis first. A Model is itself a Layer: it can stand in another graph,
and a loss network is a Model whose outputs are its feature maps.
"""
from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import Any

from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.layers.base import Layer
from nnscratch.layers.graph import Input as Input  # importable from here too, as in Keras
from nnscratch.layers.graph import (
    Shape,
    Symbol,
    calls_behind_parameters,
    check_sides,
    discard_saved,
    layer_calls,
    one_for_each,
    raise_naming_layer,
    read_symbols,
    unique_names,
)
from nnscratch.layers.inputs import check_batch, read_mode
from nnscratch.layers.pending import Pending
from nnscratch.layers.state import check_name
from nnscratch.ops.validation import check_dy
from nnscratch.summary import call_cost, print_table, sample_shapes

__all__ = ["Input", "Model"]


class Model(Layer):
    """A graph of layers, from inputs to outputs.

    Parameters
    ----------
    inputs : Symbol or list of Symbol
        What `Input` returned.
    outputs : Symbol or list of Symbol
        What layers returned.
    name : str, optional
        Name in error messages.

    Attributes
    ----------
    layers : list of Layer
        Each layer once, in the order of the forward pass.
    params, grads, buffers : mapping of str to array
        The arrays of all layers as "layer/name", such as "conv2d_0/kernel"; a read-only view.

    Raises
    ------
    InputError
        An output depends on an Input that is not listed, or two layers have one name.

    Notes
    -----
    With several inputs or outputs, `forward` and `backward` take and return lists; in a list of dy, None stands for a
    gradient of 0. By the chain rule, the gradient of a value used in several places is the sum of the gradients from there.
    With wrt="parameters" no layer computes a dx that no parameter needs. An error inside a layer names the layer, its place
    in the model and the shapes that it got.

    Examples
    --------
    >>> from nnscratch.layers import Dense, Flatten
    >>> x = Input((28, 28, 1))
    >>> model = Model(x, Dense(10)(Flatten()(x)), name="classifier")
    >>> model
    classifier: Model(2 layers)
    >>> model.layers
    [flatten_0: Flatten(), dense_0: Dense(10)]
    >>> model.params["dense_0/kernel"].shape
    (784, 10)
    """

    def __init__(self, inputs: Symbol | list[Symbol], outputs: Symbol | list[Symbol], name: str | None = None) -> None:
        self.name, self.built = check_name("Model", name), True
        self.single_input, self.single_output = isinstance(inputs, Symbol), isinstance(outputs, Symbol)
        self.inputs, self.outputs = read_symbols(inputs), read_symbols(outputs)
        self.calls = layer_calls(self.inputs, self.outputs)
        self.layers: list[Layer] = list(dict.fromkeys(call.layer for call in self.calls))
        self.names = unique_names(self.layers)
        for layer in self.layers:
            layer.join(self.names[layer])
        self.last_use = {symbol: call for call in self.calls for symbol in call.inputs  # after it the value can be freed
                         if symbol not in self.outputs}
        self._saved = Pending()  # for each forward pass: shapes of the outputs, how many caches each layer then had

    # --- forward and backward -------------------------------------------------------------------------------------

    def forward(self, x: Any, training: bool = False, remember: bool | None = None) -> Any:
        arrays = one_for_each(self, self.inputs, x, "inputs", self.single_input)
        for array, symbol in zip(arrays, self.inputs):
            check_batch(self, array)
            check_sides(self, array.shape[1:], symbol)
        training, remember = read_mode(self, training, remember)
        if not remember:
            return self._run(arrays, training, remember)
        with self._saved.claim(self):
            return self._run(arrays, training, remember)

    def _run(self, arrays: list[Array], training: bool, remember: bool) -> Any:
        """The forward pass through all layers."""
        values: dict[Symbol, Array] = dict(zip(self.inputs, arrays))
        depths: list[int] = []
        try:
            for call in self.calls:
                given = [values[symbol] for symbol in call.inputs]
                try:
                    values[call] = call.layer.forward(given if call.takes_list else given[0], training, remember)
                except Exception as error:
                    raise_naming_layer(error, self, call.layer, "input", given)
                depths.append(len(call.layer._saved))
                for symbol in set(call.inputs):
                    if self.last_use.get(symbol) is call:
                        del values[symbol]
        except BaseException:  # an error in a layer, or Ctrl-C: no backward pass will follow
            if remember:
                discard_saved(self.calls, depths)
            raise
        outputs = [values[symbol] for symbol in self.outputs]
        if remember:
            self._saved.push(self, ([y.shape for y in outputs], depths))
        return outputs[0] if self.single_output else outputs

    def backward(self, dy: Any, wrt: str = "all") -> Any:
        with self._saved.claim(self):
            return self._run_back(*self._check_backward(dy, wrt), wrt)

    def _run_back(self, dys: list[Array | None], depths: list[int], wrt: str) -> Any:
        """The backward pass through all layers."""
        gradients: dict[Symbol, Array] = {}

        def add(symbol: Symbol, gradient: Array) -> None:
            if gradient is not None:
                gradients[symbol] = gradients[symbol] + gradient if symbol in gradients else gradient

        for symbol, gradient in zip(self.outputs, dys):
            add(symbol, gradient)
        needed = calls_behind_parameters(self.calls) if wrt == "parameters" else set(self.calls) | set(self.inputs)
        for call, depth in zip(reversed(self.calls), reversed(depths)):
            if len(call.layer._saved) != depth:
                raise InputError(f"{self}: {call.layer} has been run again since this forward pass; call backward for the "
                                 f"latest forward pass first")
            gradient = gradients.pop(call, None)
            if gradient is None or call not in needed:
                call.layer.discard_forward()
                continue
            needs_dx = any(symbol in needed for symbol in call.inputs)
            part = "input" if wrt == "input" else "all" if needs_dx else "parameters"
            try:
                dx = call.layer.backward(gradient, part)
            except BaseException as error:  # or Ctrl-C: what the earlier layers saved will not be used
                discard_saved(self.calls, depths)
                raise_naming_layer(error, self, call.layer, "gradient", [gradient])
            for symbol, part_dx in zip(call.inputs, dx if isinstance(dx, list) else [dx] * len(call.inputs)):
                add(symbol, part_dx)
        if wrt == "parameters":
            return None
        dx = [gradients.get(symbol) for symbol in self.inputs]
        return dx[0] if self.single_input else dx

    def _check_backward(self, dy: Any, wrt: str) -> tuple[list[Array | None], list[int]]:
        """Check the arguments of `backward` before any layer is called; return the gradients and the saved depths, popped."""
        shapes, depths = self._saved.latest(self, wrt)
        dys = one_for_each(self, self.outputs, dy, "upstream gradients", self.single_output)
        for gradient, shape in zip(dys, shapes):
            if gradient is not None or self.single_output:
                check_dy(self, gradient, shape)
        self._saved.take()
        return dys, depths

    # --- what a Layer has, gathered from the layers ---------------------------------------------------------------

    def _gather(self, attribute: str) -> Mapping[str, Array]:
        """{"layer/name": array} over all layers; a view, because an entry replaced here would be lost."""
        return MappingProxyType({f"{self.names[layer]}/{name}": array for layer in self.layers
                                 for name, array in getattr(layer, attribute).items()})

    params = property(lambda self: self._gather("params"))
    grads = property(lambda self: self._gather("grads"))
    buffers = property(lambda self: self._gather("buffers"))
    trainable_params = property(lambda self: self._gather("trainable_params"))
    per_sample = property(lambda self: all(layer.per_sample for layer in self.layers))  # type: ignore[assignment]

    @property
    def trainable(self) -> bool:
        return any(layer.trainable for layer in self.layers)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.layers:
            layer.trainable = value

    def zero_grads(self) -> None:
        with self._saved.claim(self):
            for layer in self.layers:
                layer.zero_grads()

    def discard_forward(self) -> None:
        if self._saved:
            with self._saved.claim(self):
                self._saved.take()
                for call in reversed(self.calls):
                    call.layer.discard_forward()

    def cast(self, dtype: Any) -> None:
        for layer in self.layers:
            layer.cast(dtype)

    def set_buffer(self, name: str, value: Array) -> None:
        layer, _, rest = str(name).partition("/")
        owner = next((one for one in self.layers if self.names[one] == layer), self)
        if owner is self:
            raise InputError(f"{self}: there is no buffer {name!r:.100}; choose one of {', '.join(self.buffers) or 'none'}")
        owner.set_buffer(rest, value)

    def _ensure_built(self, shape: Any, module: ModuleType, dtype: Any) -> None:
        """Do nothing: the layers are built. `output_shape` checks the shape."""

    def output_shape(self, shape: Any) -> Shape:
        if not self.single_output:
            raise InputError(f"{self} has {len(self.outputs)} outputs and so cannot stand in a graph; call it on arrays")
        return sample_shapes(self, one_for_each(self, self.inputs, shape, "inputs", self.single_input))[self.outputs[0]]

    def multiply_adds(self, shape: Any) -> int:
        shapes = sample_shapes(self, one_for_each(self, self.inputs, shape, "inputs", self.single_input))
        return sum(call_cost(call, [shapes[symbol] for symbol in call.inputs]) for call in self.calls)

    def summary(self, print_fn: Callable[[str], Any] = print) -> None:
        """Print a table of the layers: output shape, parameters, and multiply-adds for one sample ("?" for an open size).

        Parameters
        ----------
        print_fn : callable
            Called with each line.
        """
        print_table(self, print_fn)

    def _call_text(self) -> str:
        return f"Model({len(self.layers)} layer{'s' if len(self.layers) != 1 else ''})"
