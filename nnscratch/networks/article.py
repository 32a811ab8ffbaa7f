"""The seed article's own network, and why it cannot generate images: measured on the network itself.

Shapes: images (N, H, W, C) -> (N, 1, 1, 128), for every image size.

    x = Conv2D(128, 4, 2, activation='leaky_relu', padding='same')(x)
    x = BatchNormalization()(x)                                              64 times over
"""
from collections.abc import Callable
from typing import Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.hints import checked
from nnscratch.layers import BatchNormalization, Conv2D, Conv2DTranspose, Input
from nnscratch.layers.inputs import check_model
from nnscratch.models import Model
from nnscratch.ops.validation import check_int

__all__ = ["article_stack", "explain", "image_sides", "live_taps", "output_spread"]


@checked
def article_stack(shape: tuple[int, int, int] = (64, 64, 3), blocks: int = 64, filters: int = 128,
                  layer: type[Conv2D] | type[Conv2DTranspose] = Conv2D) -> Model:
    """Build the model of the article's listing.

    Parameters
    ----------
    shape : (H, W, C), default (64, 64, 3)
        Shape of an image.
    blocks : int, default 64
        Number of blocks of a convolution and a batch normalization.
    filters : int, default 128
        Channels of each convolution.
    layer : Conv2D or Conv2DTranspose, default Conv2D
        With Conv2DTranspose each block doubles the side instead of halving it.

    Returns
    -------
    Model
        From images (N, H, W, C) to (N, ceil(H / 2^blocks), ceil(W / 2^blocks), filters).
    """
    x = inputs = Input(shape)
    for _ in range(blocks):
        x = layer(filters, 4, 2, activation="leaky_relu", padding="same")(x)
        x = BatchNormalization()(x)
    return Model(inputs, x)


def image_sides(model: Model) -> list[int]:
    """List the side of the image after each block.

    Parameters
    ----------
    model : Model
        From `article_stack`.

    Returns
    -------
    list of int
        Pixels.
    """
    check_model("image_sides", model)
    return [call.shape[1] for call in model.calls if isinstance(call.layer, (Conv2D, Conv2DTranspose))]


def live_taps(model: Model, images: Array) -> list[float]:
    """Measure the fraction of its kernel that each convolution uses.

    Parameters
    ----------
    model : Model
        From `article_stack`; its gradients are overwritten.
    images : array (N, H, W, C)
        Input of a forward pass in training mode.

    Returns
    -------
    list of float
        For each convolution, the fraction of kernel positions (i, j) with a gradient that is not 0, for a random upstream
        gradient.
    """
    check_model("live_taps", model)
    y = model.forward(images, training=True)
    model.zero_grads()
    model.backward(np.random.default_rng(0).standard_normal(y.shape).astype(y.dtype), wrt="parameters")
    return [float((np.abs(layer.grads["kernel"]).max(axis=(2, 3)) > 0).mean()) for layer in model.layers
            if isinstance(layer, Conv2D)]


def output_spread(model: Model, shape: tuple[int, int, int], tries: int = 3) -> float:
    """Measure how much the output depends on the noise, in training mode and for single images.

    Parameters
    ----------
    model : Model
        From `article_stack`.
    shape : (H, W, C)
        Shape of a sample of noise.
    tries : int, default 3
        Number of samples.

    Returns
    -------
    float
        Largest difference between two outputs.
    """
    check_model("output_spread", model)
    check_int(tries, "output_spread: tries", 1)
    if not isinstance(shape, (tuple, list)) or len(shape) != 3:
        raise InputError(f"output_spread: shape is {shape!r:.100}, expected (H, W, C)")
    for side in shape:
        check_int(side, "output_spread: a side of the shape", 1)
    rng = np.random.default_rng(0)
    made = [model.forward(rng.standard_normal((1, *shape)).astype(np.float32), training=True, remember=False)
            for _ in range(tries)]
    return float(max(np.abs(one - made[0]).max() for one in made))


@checked
def explain(blocks: int = 8, filters: int = 128, print_fn: Callable[[str], Any] = print) -> None:
    """Print in numbers why the listing cannot generate images.

    Parameters
    ----------
    blocks : int, default 8
        Number of blocks; the article has 64, but eight show all that there is to see.
    filters : int, default 128
        Channels of each convolution.
    print_fn : callable
        Called with each line.
    """
    shape = (64, 64, 3)
    model = article_stack(shape, blocks, filters)
    rng = np.random.default_rng(0)
    taps = live_taps(model, rng.standard_normal((4, *shape)).astype(np.float32))
    print_fn(f"The article's stack, {blocks} blocks of {filters} filters, on images of 64 x 64:\n")
    print_fn("block   side of the image   fraction of the kernel that is used")
    for k, (side, fraction) in enumerate(zip(image_sides(model), taps), start=1):
        print_fn(f"{k:5}   {side:10}            {fraction:8.2%}")
    print_fn("\n1. It only shrinks. A generator has to grow: from noise of 1 x 1 this stack makes 1 x 1.")
    print_fn("2. On 1 x 1 pixels one of the 16 taps of a 4 x 4 kernel meets the pixel, the others meet padding: 6.25 % of the")
    print_fn(f"   weights act or learn, and each of these blocks is a Dense({filters}) in disguise.")
    print_fn("3. Batch normalization of a single 1 x 1 image subtracts it from itself: the outputs for different noises")
    print_fn(f"   differ by {output_spread(model, shape):.1g}. In a batch of several, each image depends on its neighbours.")
    print_fn(f"4. The output has {filters} channels without bounds; an image has 1 or 3, in a range.\n")
    repaired = article_stack((1, 1, 16), 6, 16, Conv2DTranspose)
    sides = image_sides(repaired)
    print_fn(f"One word repairs the shapes: Conv2DTranspose for Conv2D. From noise of 1 x 1 its sides are {sides}.")
    print_fn("With fewer channels at each size, a last layer of 3 with tanh, and a loss, that is a generator:")
    print_fn("nnscratch/networks/gan.py, and `nnscratch train generator`. Unchanged, the stack is a fair discriminator.")
