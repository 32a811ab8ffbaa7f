"""Model: a graph of layers. Forward walks it; backward walks it in reverse, and adds gradients where paths meet.

    x = Input((28, 28, 1))
    y = Dense(10)(Flatten()(x))
    model = Model(x, y)
    model.forward(pictures, training=True)
    model.backward(dy)                      # model.grads now holds dL/d(every parameter)

A Model is itself a Layer: it can stand in another graph, and a loss network is a Model whose outputs are its taps.
"""
from collections import Counter

from nnscratch.errors import InputError
from nnscratch.layers.base import Input as Input  # importable from here too, as in Keras
from nnscratch.layers.base import Layer, Symbol


class Model(Layer):
    """A graph from `inputs` to `outputs` (each a Symbol or a list of them).

    Raises InputError when an output depends on an Input that is not listed.
    """

    def __init__(self, inputs, outputs, name=None):
        self.name, self.built = name, True
        self.single_input, self.single_output = isinstance(inputs, Symbol), isinstance(outputs, Symbol)
        self.inputs = [inputs] if self.single_input else list(inputs)
        self.outputs = [outputs] if self.single_output else list(outputs)
        self.calls = layer_calls(self.inputs, self.outputs)
        self.layers = list(dict.fromkeys(call.layer for call in self.calls))
        self.names = unique_names(self.layers)

    # --- forward and backward -------------------------------------------------------------------------------------

    def forward(self, x, training=False, remember=None):
        """The outputs for x: an array, or a list of arrays where the model has several inputs or outputs."""
        arrays = [x] if self.single_input else list(x)
        if len(arrays) != len(self.inputs):
            raise InputError(f"{self}: {len(arrays)} inputs given, expected {len(self.inputs)}")
        for array, symbol in zip(arrays, self.inputs):
            check_input(self, array, symbol)
        values = dict(zip(self.inputs, arrays))
        for call in self.calls:
            arguments = [values[symbol] for symbol in call.inputs]
            values[call] = call.layer.forward(arguments if call.takes_list else arguments[0], training, remember)
        outputs = [values[symbol] for symbol in self.outputs]
        return outputs[0] if self.single_output else outputs

    def backward(self, dy, wrt="all"):
        """dx for dy (lists where there are several; None in a list of dy means no gradient from there).

        The chain rule on a graph: a value used in several places gets the sum of the gradients from there. With
        wrt="parameters" no layer computes a dx that no parameter lies behind.
        """
        gradients = {}

        def add(symbol, gradient):
            if gradient is not None:
                gradients[symbol] = gradients[symbol] + gradient if symbol in gradients else gradient

        for symbol, gradient in zip(self.outputs, [dy] if self.single_output else dy, strict=True):
            add(symbol, gradient)
        learns = self.calls_behind_parameters() if wrt == "parameters" else set(self.calls) | set(self.inputs)
        for call in reversed(self.calls):
            gradient = gradients.pop(call, None)
            if gradient is None or call not in learns:
                call.layer.forget()
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

    params = property(lambda self: self.gather("params"))
    grads = property(lambda self: self.gather("grads"))
    buffers = property(lambda self: self.gather("buffers"))

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

    def forget(self):
        for call in reversed(self.calls):
            call.layer.forget()

    def cast(self, dtype):
        for layer in self.layers:
            layer.cast(dtype)

    def set_buffer(self, name, value):
        """Replace one buffer, by its name in `buffers`."""
        layer, _, rest = name.partition("/")
        owner = next(one for one in self.layers if self.names[one] == layer)
        owner.set_buffer(rest, value)

    def output_shape(self, shape):
        return self.outputs[0].sample_shape if self.single_output else [s.sample_shape for s in self.outputs]

    def multiply_adds(self, shape=None):
        return sum(call_cost(call) for call in self.calls)

    def summary(self, print_fn=print):
        """Print a table: each layer's output shape, parameters, and multiply-adds for one sample."""
        rows = [("layer", "output shape", "parameters", "multiply-adds")]
        rows += [(f"Input {k}" if len(self.inputs) > 1 else "Input", str(symbol.shape), "0", "0")
                 for k, symbol in enumerate(self.inputs)]
        for call in self.calls:
            count = sum(array.size for array in call.layer.params.values())
            name = f"{self.names[call.layer]} ({type(call.layer).__name__})"
            rows.append((name, str(call.shape), f"{count:,}", f"{call_cost(call):,}"))
        total = sum(array.size for array in self.params.values())
        rows.append(("total", "", f"{total:,}", f"{self.multiply_adds():,}"))
        widths = [max(len(row[k]) for row in rows) for k in range(4)]
        for row in rows:
            cells = [row[0].ljust(widths[0]), row[1].ljust(widths[1]), row[2].rjust(widths[2]), row[3].rjust(widths[3])]
            print_fn("  ".join(cells).rstrip())


def layer_calls(inputs, outputs):
    """The layer calls between inputs and outputs, each after those it depends on.

    Walks with a stack of its own: a deep network would exceed Python's depth of recursion.
    """
    order, seen, stack = [], set(inputs), list(reversed(outputs))
    while stack:
        symbol = stack[-1]
        if symbol in seen:
            stack.pop()
            continue
        if symbol.layer is None:
            raise InputError(f"Model: an output depends on an Input of shape {symbol.shape} that is not among the inputs")
        missing = [s for s in symbol.inputs if s not in seen]
        if missing:
            stack.extend(reversed(missing))
        else:
            seen.add(stack.pop())
            order.append(symbol)
    return order


def unique_names(layers):
    """A name for each layer: its own, or its class and a number. Two layers of one name are an error."""
    counts, names = Counter(), {}
    for layer in layers:
        kind = type(layer).__name__.lower()
        names[layer] = layer.name or f"{kind}_{counts[kind]}"
        counts[kind] += 1
    repeated = [name for name, count in Counter(names.values()).items() if count > 1]
    if repeated:
        raise InputError(f"Model: {len(repeated)} layer names are used twice ({', '.join(repeated[:3])}); give each its own")
    return names


def call_cost(call):
    """Multiply-adds of one call for one sample; 0 where the picture's size is open."""
    shapes = [symbol.sample_shape for symbol in call.inputs]
    if any(None in shape for shape in shapes):
        return 0
    return call.layer.multiply_adds(shapes if call.takes_list else shapes[0])


def check_input(model, array, symbol):
    shape = getattr(array, "shape", None)
    if shape is None or len(shape) != len(symbol.shape) or any(
            want not in (None, got) for want, got in zip(symbol.sample_shape, shape[1:])):
        raise InputError(f"{model}: the input has shape {shape}, expected {('N', *symbol.sample_shape)}")
