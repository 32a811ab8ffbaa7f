"""Model: a graph of layers. Forward walks it; backward walks it in reverse, and adds gradients where paths meet.

    x = Input((28, 28, 1))
    y = Dense(10)(Flatten()(x))
    model = Model(x, y)
    model.forward(images, training=True)
    model.backward(dy)                      # model.grads now holds dL/d(every parameter)

A Model is itself a Layer: it can stand in another graph, and a loss network is a Model whose outputs are its taps.
"""
from types import MappingProxyType

from nnscratch.errors import InputError
from nnscratch.fast.recording import changing
from nnscratch.layers.base import Layer
from nnscratch.layers.graph import Input as Input  # importable from here too, as in Keras
from nnscratch.layers.graph import Symbol, check_input, check_sides, layer_calls, unique_names
from nnscratch.ops.validation import check_dy


class Model(Layer):
    """A graph from `inputs` to `outputs` (each a Symbol or a list of them).

    Raises InputError when an output depends on an Input that is not listed.
    """

    def __init__(self, inputs, outputs, name=None):
        self.name, self.built = name, True
        self.single_input, self.single_output = isinstance(inputs, Symbol), isinstance(outputs, Symbol)
        self.inputs = [inputs] if self.single_input else list(inputs)
        self.outputs = [outputs] if self.single_output else list(outputs)
        if not self.outputs or not all(isinstance(s, Symbol) for s in [*self.inputs, *self.outputs]):
            raise InputError("Model: inputs and outputs must be Symbols, or lists of them, as Input and layers give them")
        self.calls = layer_calls(self.inputs, self.outputs)
        self.layers = list(dict.fromkeys(call.layer for call in self.calls))
        self.names = unique_names(self.layers)
        self.last_use = {symbol: call for call in self.calls for symbol in call.inputs}  # then its value can go
        for symbol in self.outputs:
            self.last_use.pop(symbol, None)
        self._saved = []  # for each forward not yet gone back through: output shapes, and how much each layer remembered

    # --- forward and backward -------------------------------------------------------------------------------------

    def forward(self, x, training=False, remember=None):
        """The outputs for x: an array, or a list of arrays where the model has several inputs or outputs."""
        arrays = self.one_for_each_input(x)
        for array, symbol in zip(arrays, self.inputs):
            check_input(self, array, symbol)
        remember = training if remember is None else remember
        values, depths = dict(zip(self.inputs, arrays)), []
        try:
            for call in self.calls:
                arguments = [values[symbol] for symbol in call.inputs]
                values[call] = call.layer.forward(arguments if call.takes_list else arguments[0], training, remember)
                depths.append(len(call.layer._saved))
                for symbol in set(call.inputs):
                    if self.last_use.get(symbol) is call:
                        del values[symbol]
        except BaseException:  # an error on the way, or Ctrl-C: nobody will go back through the first half
            if remember:
                for call, _ in zip(self.calls, depths):
                    call.layer.discard_forward()
            raise
        outputs = [values[symbol] for symbol in self.outputs]
        if remember:
            changing(self._saved)
            self._saved.append(([y.shape for y in outputs], depths))
        return outputs[0] if self.single_output else outputs

    def backward(self, dy, wrt="all"):
        """dx for dy (lists where there are several; None in a list of dy means no gradient from there).

        The chain rule on a graph: a value used in several places gets the sum of the gradients from there. With
        wrt="parameters" no layer computes a dx that no parameter lies behind.
        """
        dys = [dy] if self.single_output else list(dy)
        depths = self.check_backward(dys, wrt)
        gradients = {}

        def add(symbol, gradient):
            if gradient is not None:
                gradients[symbol] = gradients[symbol] + gradient if symbol in gradients else gradient

        for symbol, gradient in zip(self.outputs, dys):
            add(symbol, gradient)
        learns = self.calls_behind_parameters() if wrt == "parameters" else set(self.calls) | set(self.inputs)
        for call, depth in zip(reversed(self.calls), reversed(depths)):
            if len(call.layer._saved) != depth:
                raise InputError(f"{self}: {call.layer} has been run again since this forward; go back through the latest "
                                 f"forward first")
            gradient = gradients.pop(call, None)
            if gradient is None or call not in learns:
                call.layer.discard_forward()
                continue
            needs_dx = any(symbol in learns for symbol in call.inputs)
            part = "input" if wrt == "input" else "all" if needs_dx else "parameters"
            dx = call.layer.backward(gradient, part)
            for symbol, part_dx in zip(call.inputs, dx if isinstance(dx, list) else [dx] * len(call.inputs)):
                add(symbol, part_dx)
        if wrt == "parameters":
            return None
        dx = [gradients.get(symbol) for symbol in self.inputs]
        return dx[0] if self.single_input else dx

    def check_backward(self, dys, wrt):
        """Everything that can be wrong with the arguments of backward, before any layer is asked; takes up its memory."""
        self._check_pending(wrt)
        shapes, depths = self._saved[-1]
        if len(dys) != len(shapes):
            raise InputError(f"{self}: {len(dys)} upstream gradients given, expected {len(shapes)}, one for each output")
        for gradient, shape in zip(dys, shapes):
            if gradient is not None:
                check_dy(repr(self), gradient, shape)
        changing(self._saved)
        self._saved.pop()
        return depths

    def calls_behind_parameters(self):
        """The calls whose value depends on a parameter that is being trained."""
        learns = set()
        for call in self.calls:
            if (call.layer.params and call.layer.trainable) or any(symbol in learns for symbol in call.inputs):
                learns.add(call)
        return learns

    # --- what a Layer has, gathered from the layers ---------------------------------------------------------------

    def gather(self, attribute):
        """{"layer/name": array} over all layers."""
        return {f"{self.names[layer]}/{name}": array for layer in self.layers
                for name, array in getattr(layer, attribute).items()}

    # Views: the arrays are the layers' own, but an entry cannot be replaced here and be lost.
    params = property(lambda self: MappingProxyType(self.gather("params")))
    grads = property(lambda self: MappingProxyType(self.gather("grads")))
    buffers = property(lambda self: MappingProxyType(self.gather("buffers")))
    trainable_params = property(lambda self: MappingProxyType(self.gather("trainable_params")))

    @property
    def trainable(self):
        return any(layer.trainable for layer in self.layers)

    @trainable.setter
    def trainable(self, value):
        for layer in self.layers:
            layer.trainable = value

    def zero_grads(self):
        for layer in self.layers:
            layer.zero_grads()

    def discard_forward(self):
        if self._saved:
            changing(self._saved)
            self._saved.pop()
            for call in reversed(self.calls):
                call.layer.discard_forward()

    def cast(self, dtype):
        for layer in self.layers:
            layer.cast(dtype)

    def set_buffer(self, name, value):
        """Replace one buffer, by its name in `buffers`."""
        layer, _, rest = name.partition("/")
        owner = next(one for one in self.layers if self.names[one] == layer)
        owner.set_buffer(rest, value)

    def _get_ready(self, shape, module, dtype):
        """Nothing to make: the layers are. The shape is checked by `output_shape`."""

    def one_for_each_input(self, given):
        """What was given for the inputs (arrays, or shapes) as a list of the right length."""
        listed = [given] if self.single_input else list(given)
        if len(listed) != len(self.inputs):
            raise InputError(f"{self}: {len(listed)} inputs given, expected {len(self.inputs)}")
        return listed

    def shapes_for(self, shape):
        """{symbol: sample shape} for inputs of the given sample shape (a list where there are several)."""
        given = self.one_for_each_input(shape)
        for one, symbol in zip(given, self.inputs):
            check_sides(self, one, symbol)
        shapes = dict(zip(self.inputs, given))
        for call in self.calls:
            ours = [shapes[symbol] for symbol in call.inputs]
            shapes[call] = call.layer.output_shape(ours if call.takes_list else ours[0])
        return shapes

    def output_shape(self, shape):
        if not self.single_output:
            raise InputError(f"{self} has {len(self.outputs)} outputs and so cannot stand in a graph; call it on arrays")
        return self.shapes_for(shape)[self.outputs[0]]

    def multiply_adds(self, shape):
        shapes = self.shapes_for(shape)
        return sum(call_cost(call, [shapes[symbol] for symbol in call.inputs]) for call in self.calls)

    def summary(self, print_fn=print):
        """Print a table: each layer's output shape, parameters, and multiply-adds for one sample ("?" for an open size)."""
        rows = [("layer", "output shape", "parameters", "multiply-adds")]
        rows += [("Input", str(symbol.shape), "", "") for symbol in self.inputs]
        counted, costs = set(), []
        for call in self.calls:
            shapes = [symbol.sample_shape for symbol in call.inputs]
            costs.append(None if any(None in shape for shape in shapes) else call_cost(call, shapes))
            size = sum(array.size for array in call.layer.params.values())
            rows.append((f"{self.names[call.layer]} ({type(call.layer).__name__})", str(call.shape),
                         "(shared)" if call.layer in counted else f"{size:,}", "?" if costs[-1] is None else f"{costs[-1]:,}"))
            counted.add(call.layer)
        total = sum(array.size for array in self.params.values())
        rows.append(("total", "", f"{total:,}", "?" if None in costs else f"{sum(costs):,}"))
        widths = [max(len(row[k]) for row in rows) for k in range(4)]
        for row in rows:
            cells = [row[0].ljust(widths[0]), row[1].ljust(widths[1]), row[2].rjust(widths[2]), row[3].rjust(widths[3])]
            print_fn("  ".join(cells).rstrip())


def call_cost(call, shapes):
    """Multiply-adds of one layer call for one sample, its inputs being of these shapes."""
    return call.layer.multiply_adds(shapes if call.takes_list else shapes[0])
