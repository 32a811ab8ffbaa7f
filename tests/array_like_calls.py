"""A valid call for every public callable of the engine: {its name: () -> (function, arguments)}, for test_array_likes.py.

Each call is made anew, with its own arrays: N=2 images of 4x5 pixels and 3 channels.
"""
from functools import partial

import numpy as np
from helpers import normal

from nnscratch import backend, fast, gradcheck, initializers, layers, losses, ops, optimizers
from nnscratch.gradcheck import numeric
from nnscratch.gradcheck.layer_cases import LAYER_CASES
from nnscratch.lbfgs import LBFGS
from nnscratch.models import Model
from nnscratch.ops.window import make_window
from nnscratch.optimizers import SGD, Adam, RMSprop
from nnscratch.style.minimizers import AdamDescent

CALLS = {}
IMAGES, ROWS = (2, 4, 5, 4), (3, 4)


def images(seed=0):
    return normal(*IMAGES, seed=seed)


def channel(seed=0):
    return 1.5 + np.abs(normal(4, seed=seed))


OPS = {
    "avg_pool2d": lambda: dict(x=images(), pool_size=2, strides=2, padding="valid", count_include_pad=False),
    "batch_norm": lambda: dict(x=images(), gamma=channel(), beta=channel(1), moving_mean=channel(2), moving_variance=channel(3),
                               training=True, momentum=0.9, epsilon=1e-3, unbiased=False),
    "bias_leaky_relu": lambda: dict(x=images(), bias=channel(), negative_slope=0.2),
    "conv2d": lambda: dict(x=images(), kernel=normal(3, 2, 4, 4), bias=channel(), strides=1, padding="same", dilation=1,
                           groups=1),
    "conv2d_transpose": lambda: dict(x=images(), kernel=normal(3, 2, 4, 4), bias=channel(), strides=2, padding="same",
                                     output_padding=None, dilation=1, groups=1),
    "dense": lambda: dict(x=normal(*ROWS), weights=normal(4, 5), bias=normal(5)),
    "dot": lambda: dict(a=normal(*ROWS), b=normal(*ROWS, seed=1)),
    "dropout": lambda: dict(x=images(), rate=0.4, seed=3),
    "elu": lambda: dict(x=images(), alpha=1.0),
    "global_avg_pool2d": lambda: dict(x=images()),
    "gram_matrix": lambda: dict(x=images()),
    "group_norm": lambda: dict(x=images(), gamma=channel(), beta=channel(1), groups=2, epsilon=1e-3),
    "instance_norm": lambda: dict(x=images(), gamma=channel(), beta=channel(1), epsilon=1e-5),
    "leaky_relu": lambda: dict(x=images(), negative_slope=0.2),
    "max_pool2d": lambda: dict(x=images(), pool_size=2, strides=2, padding="valid"),
    "modulate": lambda: dict(x=images(), scale=normal(2, 4), shift=normal(2, 4, seed=1)),
    "pad2d": lambda: dict(x=images(), padding=1, mode="reflect"),
    "relu": lambda: dict(x=images()),
    "resize2d": lambda: dict(x=images(), size=(6, 7)),
    "sigmoid": lambda: dict(x=images()),
    "softmax": lambda: dict(x=images()),
    "spatial_dropout2d": lambda: dict(x=images(), rate=0.4, seed=3),
    "tanh": lambda: dict(x=images()),
    "upsample2d": lambda: dict(x=images(), factor=2, mode="nearest"),
}


def backward_of(room, name):
    """The backward pass of an op, for the cache that its forward pass returned."""
    y, *_, cache = getattr(room, name)(**OPS[name]())
    wrt = {"wrt": "all"} if "wrt" in getattr(ops, f"{name}_backward").__annotations__ else {}
    return getattr(room, f"{name}_backward"), dict(dy=normal(*y.shape, seed=5), cache=cache, **wrt)


for op, given in OPS.items():
    book = getattr(ops, op).__module__.removeprefix("nnscratch.")
    for room, place in ((ops, book), (fast, "fast")):
        CALLS[f"{place}.{op}"] = lambda room=room, op=op, given=given: (getattr(room, op), given())
        CALLS[f"{place}.{op}_backward"] = partial(backward_of, room, op)


def call(name, function, /, **arguments):
    """Enter a function, with arguments that are functions of nothing where they are arrays."""
    CALLS[name] = lambda: (function, {key: value() if callable(value) and key not in FUNCTIONS else value
                                      for key, value in arguments.items()})


def method(name, make, key, /, **arguments):
    """Enter a method of what `make()` returns."""
    CALLS[name] = lambda: (getattr(make(), key), {k: v() if callable(v) and k not in FUNCTIONS else v for k,
                                                  v in arguments.items()})


FUNCTIONS = {"function", "forward", "backward", "loss", "print_fn"}  # arguments that are functions
SIZES = dict(op="conv2d", size=(4, 5), kernel_size=(3, 2), strides=1, padding="same", dilation=1)
call("ops.patches.im2col", ops.im2col, x=images, kernel_size=2, strides=1, padding="valid", dilation=1)
call("ops.patches.col2im", ops.col2im, columns=lambda: normal(2, 3, 4, 16), cache=lambda: make_window("im2col", (4, 5), 2))
call("ops.window.make_window", make_window, **SIZES)

call("losses.predictions.mse", losses.mse, prediction=images, target=lambda: images(1))
call("losses.predictions.least_squares", losses.least_squares, prediction=images, target=lambda: images(1))
call("losses.predictions.softmax_cross_entropy", losses.softmax_cross_entropy, logits=lambda: normal(*ROWS),
     target=lambda: np.eye(4)[[0, 2, 1]])
call("losses.predictions.binary_cross_entropy", losses.binary_cross_entropy, logits=lambda: normal(*ROWS),
     target=lambda: (normal(*ROWS, seed=1) > 0) * 1.0, label_smoothing=0.1)
call("losses.predictions.hinge", losses.hinge, logits=lambda: normal(*ROWS), sign=1)
call("losses.images.content_loss", losses.content_loss, features=images, target=lambda: images(1))
call("losses.images.gram_style_loss", losses.gram_style_loss, features=images, target_gram=lambda: normal(2, 4, 4))
call("losses.images.log_gram_loss", losses.log_gram_loss, gram=lambda: normal(2, 4, 4),
     target=lambda: normal(2, 4, 4, seed=1), other=lambda: normal(2, 4, 4, seed=2))
call("losses.images.relative_gram_loss", losses.relative_gram_loss, gram=lambda: normal(2, 4, 4),
     target=lambda: normal(2, 4, 4, seed=1), other=lambda: normal(2, 4, 4, seed=2))
call("losses.images.total_variation", losses.total_variation, x=images)


def grads():
    return {"w": normal(3, 4, seed=4)}


def square(x):
    return ((x - 1)**2).sum(), 2 * (x - 1)


def stepped(make):
    optimizer = make()
    optimizer.step({"w": normal(3, 4)}, grads())
    return optimizer


for kind, given in ((SGD, dict(learning_rate=0.1, momentum=0.9, nesterov=True)),
                    (RMSprop, dict(learning_rate=0.1, rho=0.9, epsilon=1e-7)),
                    (Adam, dict(learning_rate=0.1, beta_1=0.9, beta_2=0.999, epsilon=1e-7))):
    call(f"optimizers.rules.{kind.__name__}", kind, **given)
call("optimizers.base.Optimizer", optimizers.Optimizer, learning_rate=0.1)
method("optimizers.base.Optimizer.step", Adam, "step", params=lambda: {"w": normal(3, 4)}, grads=grads)
method("optimizers.base.Optimizer.load_state", Adam, "load_state", arrays=lambda: stepped(Adam).save_state(),
       params=lambda: {"w": normal(3, 4)})
call("optimizers.clipping.clip_by_global_norm", optimizers.clip_by_global_norm, grads=grads, limit=1.0)
call("optimizers.clipping.clip_by_value", optimizers.clip_by_value, grads=grads, limit=1.0)
call("optimizers.clipping.global_norm", optimizers.global_norm, grads=grads)
call("optimizers.schedules.linear_decay", optimizers.linear_decay, rate=0.1, total=10, start=0.5)
call("optimizers.schedules.cosine_decay", optimizers.cosine_decay, rate=0.1, total=10)
call("optimizers.schedules.warmup", optimizers.warmup, schedule=0.1, steps=3)
for kind, place in ((LBFGS, "lbfgs.LBFGS"), (AdamDescent, "style.minimizers.AdamDescent")):
    more = dict(history=4, first_step=0.1) if kind is LBFGS else {}
    call(place, kind, function=square, x=lambda: normal(3, 4), **more)
    method(f"{place}.load_state", lambda kind=kind: kind(square, normal(3, 4)), "load_state",
           arrays=lambda kind=kind: kind(square, normal(3, 4, seed=2)).state()[0],
           numbers=lambda kind=kind: kind(square, normal(3, 4, seed=2)).state()[1])

for name in ("glorot_uniform", "he_normal", "normal_002", "ones", "zeros"):
    call(f"initializers.{name}", getattr(initializers, name), shape=(2, 3, 4), rng=lambda: np.random.default_rng(0))
call("initializers.set_seed", initializers.set_seed, seed=0)

LAYERS = {
    "activation.Activation": dict(activation="tanh"), "activation.ELU": dict(alpha=1.0),
    "activation.LeakyReLU": dict(negative_slope=0.3),
    "activation.ReLU": {}, "base.Layer": {}, "conv.Conv2D": dict(
        filters=4, kernel_size=3, strides=1, padding="same", dilation_rate=1, groups=1, activation="relu", use_bias=True,
        kernel_initializer="he_normal", bias_initializer="zeros"),
    "conv.Conv2DTranspose": dict(
        filters=4, kernel_size=3, strides=2, padding="same", output_padding=1, dilation_rate=1, groups=1, activation="relu",
        use_bias=True, kernel_initializer="he_normal", bias_initializer="zeros"),
    "dense.Dense": dict(units=3, activation="relu", use_bias=True, kernel_initializer="he_normal", bias_initializer="zeros"),
    "dropout.Dropout": dict(rate=0.4, seed=1), "dropout.SpatialDropout2D": dict(rate=0.4, seed=1),
    "dropout.Dropout2D": dict(rate=0.4, seed=1), "group_normalization.GroupNormalization": dict(groups=2, epsilon=1e-3),
    "modulation.Modulation": {},
    "normalization.BatchNormalization": dict(momentum=0.9, epsilon=1e-3, unbiased=False, gamma_initializer="ones"),
    "normalization.InstanceNormalization": dict(epsilon=1e-5), "pooling.AveragePooling2D": dict(
        pool_size=2, strides=2, padding="valid", count_include_pad=False), "pooling.GlobalAveragePooling2D": {},
    "pooling.MaxPooling2D": dict(pool_size=2, strides=2, padding="valid"), "reshape_merge.Add": {},
    "reshape_merge.Concatenate": {},
    "reshape_merge.Dot": {}, "reshape_merge.Flatten": {}, "reshape_merge.Reshape": dict(target_shape=(5, -1)),
    "resize_conv.ResizeConv2D": dict(filters=4, padding=1, activation="relu", use_bias=True, kernel_initializer="he_normal",
                                     bias_initializer="zeros"),
    "resize_pad.Padding2D": dict(padding=1, mode="reflect"), "resize_pad.UpSampling2D": dict(size=2, interpolation="nearest"),
    "resize_pad.ZeroPadding2D": dict(padding=1),
}
for place, given in LAYERS.items():
    CALLS[f"layers.{place}"] = lambda place=place, given=given: (getattr(layers, place.split(".")[1]), {**given, "name": "one"})
call("layers.graph.Input", layers.Input, shape=(4, 5, 3))


def layer_pass(name, case, key):
    """Forward or backward of a layer, in training; several inputs as a list."""
    initializers.set_seed(0)
    layer, shapes = case.make(), case.shape if isinstance(case.shape, list) else [case.shape]
    xs = [normal(*shape, seed=k) for k, shape in enumerate(shapes)]
    x = xs if isinstance(case.shape, list) else xs[0]
    if key == "forward":
        return layer.forward, dict(x=x, training=True, remember=True)
    return layer.backward, dict(dy=normal(*layer.forward(x, training=True).shape, seed=7), wrt="all")


for name, cases in LAYER_CASES.items():  # every layer by itself: its forward and backward are those of the base class
    for key in ("forward", "backward"):
        CALLS[f"layers.base.Layer.{key}, {name}"] = partial(layer_pass, name, cases[0], key)


def small_model():
    initializers.set_seed(0)
    x = layers.Input((4, 5, 4))
    return Model(x, layers.Dense(3)(layers.Flatten()(layers.Conv2D(2, 3, activation="relu")(x))))


def pending_model():
    model = small_model()
    model.forward(images(), training=True)
    return model


def symbols():
    x = layers.Input((4,))
    return dict(inputs=x, outputs=layers.Dense(2)(x), name="one")


CALLS["models.Model"] = lambda: (Model, symbols())
method("models.Model.forward", small_model, "forward", x=images, training=True, remember=True)
method("models.Model.backward", pending_model, "backward", dy=lambda: normal(2, 3), wrt="all")
method("models.Model.cast", small_model, "cast", dtype=np.float64)
method("models.Model.set_buffer", lambda: Model(x := layers.Input((4,)), layers.BatchNormalization()(x)), "set_buffer",
       name="batchnormalization_0/moving_mean", value=lambda: channel().astype(np.float32))

call("gradcheck.check.check_op", gradcheck.check_op, forward=lambda x: (x * x, x), backward=lambda dy, x: 2 * dy * x,
     inputs=lambda: [normal(3, 4)], name="op", smooth=True, seed=0, max_elements=400)
for name in ("check_layer", "check_model"):
    call(f"gradcheck.layers.{name}", gradcheck.check_layer, layer=lambda: layers.Dense(2), x=lambda: normal(3, 4), smooth=True,
         training=True)
call("gradcheck.numeric.complex_step", numeric.complex_step, loss=lambda x: (x**3).sum(), inputs=lambda: [normal(3)],
     elements=lambda: [np.arange(3)])
call("gradcheck.numeric.central_difference", numeric.central_difference, loss=lambda x: (x**3).sum(),
     inputs=lambda: [normal(3)],
     elements=lambda: [np.arange(3)])
call("gradcheck.numeric.directional_derivative", numeric.directional_derivative, loss=lambda x: (x**3).sum(),
     inputs=lambda: [normal(3)], directions=lambda: [normal(3, seed=1)], smooth=True)

call("backend.move", backend.move, array=images, module=np)
call("backend.to_cpu", backend.to_cpu, array=images)
call("backend.to_device", backend.to_device, array=images)
call("backend.use", backend.use, device="cpu")
