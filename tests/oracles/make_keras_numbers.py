"""Run real Keras layers, optimizers and losses on small inputs, and store what comes out in keras_numbers.json.

    pip install keras jax
    python tests/oracles/make_keras_numbers.py

Needed only to add a case: the tests read the stored file. A case of a layer is its Keras name and arguments, the shape
of x, y, and for some the gradients under an upstream gradient; all inputs come from formula.py. Keras runs in float64.
"""
import json
import os
from itertools import product
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import keras
import numpy as np
from formula import numbers
from keras.src.backend.common import dtypes

COMMAND = "python tests/oracles/make_keras_numbers.py"
KERNELS = [1, 2, 3, 4, 5, (2, 5), (4, 3)]
PADDINGS = ["valid", "same"]


def rounded(array):
    """Nine significant digits, as nested lists."""
    array = np.asarray(array, dtype=np.float64)
    return np.array([float(f"{v:.9g}") for v in array.ravel()]).reshape(array.shape).tolist()


def run_layer(name, shape, training=False, gradients=False, **arguments):
    """One case: y = layer(x), with all weights from the formula; where asked for, with gradients."""
    layer = getattr(keras.layers, name)(**arguments)
    layer.build(shape)
    for weight in layer.weights:
        weight.assign(numbers(weight.shape, weight.name))
    options = {"training": training} if name == "BatchNormalization" else {}
    x, fixed = numbers(shape, "x"), [v.value for v in layer.non_trainable_variables]

    def forward(weights, x):
        return layer.stateless_call(weights, fixed, x, **options)

    y, differentiate, moved = jax.vjp(forward, [v.value for v in layer.trainable_variables], x, has_aux=True)
    case = {"layer": name, "arguments": arguments, "x": shape, **options, "y": rounded(y)}
    if name == "BatchNormalization":
        case["moved"] = {v.name: rounded(value) for v, value in zip(layer.non_trainable_variables, moved)}
    if gradients:
        by_weights, dx = differentiate(numbers(y.shape, "dy"))
        case["gradients"] = {"x": rounded(dx)}
        case["gradients"].update((v.name, rounded(g)) for v, g in zip(layer.trainable_variables, by_weights))
    return case


def convolutions():
    """Odd and even sizes stand in one image, as its rows and columns; the article's block meets images of 1x1."""
    for padding, strides, kernel in product(PADDINGS, (1, 2, 3), KERNELS):
        yield run_layer("Conv2D", (1, 7, 6, 3), filters=2, kernel_size=kernel, strides=strides, padding=padding)
    for padding in PADDINGS:
        yield run_layer("Conv2D", (2, 6, 7, 3), filters=2, kernel_size=(3, 4), strides=(2, 3), padding=padding)
        yield run_layer("Conv2D", (1, 7, 6, 3), filters=2, kernel_size=3, dilation_rate=2, padding=padding)
        yield run_layer("Conv2D", (1, 7, 6, 3), filters=2, kernel_size=(2, 3), dilation_rate=(3, 2), padding=padding)
        yield run_layer("Conv2D", (1, 5, 6, 4), filters=6, kernel_size=3, groups=2, padding=padding)
        yield run_layer("Conv2D", (1, 5, 6, 3), filters=6, kernel_size=(2, 3), strides=2, groups=3, padding=padding)
        yield run_layer("DepthwiseConv2D", (1, 5, 6, 3), kernel_size=3, depth_multiplier=2, padding=padding)
    for size in (1, 2, 3, 4):
        yield run_layer("Conv2D", (2, size, size, 3), filters=2, kernel_size=4, strides=2, padding="same",
                        gradients=True)
    yield run_layer("Conv2D", (2, 5, 6, 3), filters=2, kernel_size=(3, 4), strides=2, padding="same", gradients=True)


def transposed_convolutions():
    """Keras refuses strides together with dilation, and an output padding that reaches the strides."""
    for padding, strides, kernel, extra in product(PADDINGS, (1, 2, 3), KERNELS, (None, 0, 1, 2)):
        if extra is None or extra < strides:
            yield run_layer("Conv2DTranspose", (1, 2, 3, 3), filters=2, kernel_size=kernel, strides=strides,
                            padding=padding, output_padding=extra)
    for padding in PADDINGS:
        yield run_layer("Conv2DTranspose", (1, 3, 4, 3), filters=2, kernel_size=(2, 3), dilation_rate=2,
                        padding=padding)
        yield run_layer("Conv2DTranspose", (2, 3, 2, 3), filters=2, kernel_size=(4, 5), strides=(3, 2), padding=padding,
                        output_padding=(2, 0))
    for kernel in (3, 4):
        yield run_layer("Conv2DTranspose", (2, 2, 3, 3), filters=2, kernel_size=kernel, strides=2, padding="same",
                        gradients=True)


def resizings():
    """Pooling, upsampling and padding."""
    for name, padding, (pool, strides) in product(
            ("MaxPooling2D", "AveragePooling2D"), PADDINGS, ((2, None), (3, 2), (2, 3), (3, 1), ((3, 2), (1, 2)))):
        yield run_layer(name, (1, 7, 6, 2), pool_size=pool, strides=strides, padding=padding, gradients=pool == 3)
    yield run_layer("GlobalAveragePooling2D", (2, 3, 4, 3), gradients=True)
    for size, interpolation in product((2, 3, (3, 2)), ("nearest", "bilinear")):
        yield run_layer("UpSampling2D", (1, 3, 4, 2), size=size, interpolation=interpolation, gradients=size == 2)
    yield run_layer("ZeroPadding2D", (1, 2, 3, 2), padding=((1, 2), (0, 3)))


def others():
    """Batch normalisation, activations and dense layers. Arguments left out compare the defaults."""
    for shape, training in product(((2, 3, 4, 3), (5, 3), (1, 1, 1, 3)), (True, False)):
        yield run_layer("BatchNormalization", shape, training, gradients=True)
        yield run_layer("BatchNormalization", shape, training, momentum=0.9)
    yield run_layer("BatchNormalization", (4, 3), True, momentum=0.8, epsilon=0.1)
    for name in ("LeakyReLU", "ELU", "ReLU"):
        yield run_layer(name, (4, 5), gradients=True)
    for name in ("leaky_relu", "elu", "relu", "sigmoid", "tanh", "softmax"):
        yield run_layer("Activation", (4, 5), activation=name, gradients=True)
    yield run_layer("Dense", (4, 5), units=3, gradients=True)
    yield run_layer("Dense", (4, 5), units=3, activation="leaky_relu", gradients=True)
    yield run_layer("Conv2D", (1, 4, 5, 2), filters=3, kernel_size=3, activation="leaky_relu", padding="same")


def run_optimizer(name, scale=1.0, **arguments):
    """A parameter after each of five steps. Gradients as small as epsilon show where the formula has its epsilon."""
    optimizer, w = getattr(keras.optimizers, name)(**arguments), keras.Variable(numbers((2, 3), "w"))
    steps = []
    for k in range(1, 6):
        optimizer.apply([scale * numbers((2, 3), f"g{k}")], [w])
        steps.append(rounded(w))
    return {"optimizer": name, "arguments": arguments, "scale": scale, "steps": steps}


def optimizers():
    yield run_optimizer("Adam")
    yield run_optimizer("Adam", scale=1e-7)
    yield run_optimizer("Adam", learning_rate=2e-4, beta_1=0.5)
    yield run_optimizer("RMSprop")
    yield run_optimizer("RMSprop", scale=3e-4)
    yield run_optimizer("SGD")
    yield run_optimizer("SGD", learning_rate=0.1, momentum=0.9)
    yield run_optimizer("SGD", learning_rate=0.1, momentum=0.9, nesterov=True)


def run_loss(name, shape, target, scale=1.0, **arguments):
    """A loss and its gradient by the prediction. Logits of 50 show whether a sure mistake still has its gradient."""
    loss, prediction = getattr(keras.losses, name)(**arguments), scale * numbers(shape, "x")
    value, gradient = jax.value_and_grad(lambda p: loss(target, p))(prediction)
    return {"loss": name, "arguments": arguments, "x": shape, "scale": scale, "target": rounded(target),
            "value": rounded(value), "gradient": rounded(gradient)}


def losses():
    classes, yes_no = np.eye(4)[[2, 0, 1, 3, 3]], (numbers((5, 2), "dy") > 0).astype(float)
    yield run_loss("MeanSquaredError", (4, 3), numbers((4, 3), "dy"))
    yield run_loss("MeanSquaredError", (2, 3, 4, 2), numbers((2, 3, 4, 2), "dy"))
    for scale in (1.0, 50.0):
        yield run_loss("CategoricalCrossentropy", (5, 4), classes, scale, from_logits=True)
        for smoothing in (0.0, 0.1):
            yield run_loss("BinaryCrossentropy", (5, 2), yes_no, scale, from_logits=True, label_smoothing=smoothing)


def main():
    jax.config.update("jax_enable_x64", True)
    keras.config.set_floatx("float64")
    del dtypes.BIT64_TO_BIT32_DTYPE["float64"]  # Keras on JAX takes means, tanh and losses in float32 all the same
    content = {"layers": [*convolutions(), *transposed_convolutions(), *resizings(), *others()],
               "optimizers": [*optimizers()], "losses": [*losses()]}
    header = {"command": COMMAND, "keras": keras.__version__, "jax": jax.__version__, "numpy": np.__version__,
              "numbers": "float64, 9 significant digits; inputs from formula.py"}
    parts = [f'"header": {json.dumps(header)}']
    for name, cases in content.items():  # one case a line, so that a change shows as a changed line
        lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
        parts.append(f'"{name}": [\n{lines}\n]')
    path = Path(__file__).with_name("keras_numbers.json")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")
    counts = ", ".join(f"{len(cases)} {name}" for name, cases in content.items())
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB, {counts}")


if __name__ == "__main__":
    main()
