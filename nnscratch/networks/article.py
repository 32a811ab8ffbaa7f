"""The seed article's own network, and why it cannot generate: measured on the network itself, not argued.

Shapes: images (N, H, W, C) -> (N, 1, 1, 128), at every size.

    x = Conv2D(128, 4, 2, activation='leaky_relu', padding='same')(x)
    x = BatchNormalization()(x)                                              64 times over
"""
import numpy as np

from nnscratch.layers import BatchNormalization, Conv2D, Conv2DTranspose, Input
from nnscratch.models import Model


def article_stack(shape=(64, 64, 3), blocks=64, filters=128, layer=Conv2D):
    """The listing's model. With `layer=Conv2DTranspose`, the one word that turns it round, it doubles where it halved."""
    x = inputs = Input(shape)
    for _ in range(blocks):
        x = layer(filters, 4, 2, activation="leaky_relu", padding="same")(x)
        x = BatchNormalization()(x)
    return Model(inputs, x)


def sides(model):
    """The side of the image after each block."""
    return [call.shape[1] for call in model.calls if isinstance(call.layer, (Conv2D, Conv2DTranspose))]


def live_taps(model, images):
    """The share of its kernel that each convolution uses: weights with a gradient, for a random upstream one, in training."""
    y = model.forward(images, training=True)
    model.zero_grads()
    model.backward(np.random.default_rng(0).standard_normal(y.shape).astype(y.dtype), wrt="parameters")
    return [float((np.abs(layer.grads["kernel"]).max(axis=(2, 3)) > 0).mean()) for layer in model.layers
            if isinstance(layer, Conv2D)]


def answers_to_noise(model, shape, tries=3):
    """How far what the model makes of different single noises is apart: the largest difference, in training mode."""
    rng = np.random.default_rng(0)
    made = [model.forward(rng.standard_normal((1, *shape)).astype(np.float32), training=True) for _ in range(tries)]
    return float(max(np.abs(one - made[0]).max() for one in made))


def explain(blocks=8, filters=128, print_fn=print):
    """Print the case against the listing, in numbers. Eight blocks show all there is to see; the article has 64."""
    shape = (64, 64, 3)
    model = article_stack(shape, blocks, filters)
    rng = np.random.default_rng(0)
    taps = live_taps(model, rng.standard_normal((4, *shape)).astype(np.float32))
    print_fn(f"The article's stack, {blocks} blocks of {filters} filters, on images of 64 x 64:\n")
    print_fn("block   side of the image   share of the kernel that is used")
    for k, (side, share) in enumerate(zip(sides(model), taps), start=1):
        print_fn(f"{k:5}   {side:10}            {share:8.2%}")
    print_fn("\n1. It only ever shrinks. A generator has to grow: from noise of 1 x 1 this stack makes 1 x 1.")
    print_fn("2. On 1 x 1 pixels one of the 16 taps of a 4 x 4 kernel meets the pixel, the others meet padding: 6.25 % of the")
    print_fn(f"   weights act or learn, and each of these blocks is a Dense({filters}) in disguise.")
    print_fn("3. Batch normalisation of a single 1 x 1 image subtracts it from itself: what comes out of different noises")
    apart = answers_to_noise(model, shape)
    print_fn(f"   differs by {apart:.1g}. In a batch of several, each image depends on its neighbours.")
    print_fn(f"4. What comes out has {filters} channels without bounds; an image has 1 or 3, in a range.\n")
    repaired = article_stack((1, 1, 16), 6, 16, Conv2DTranspose)
    print_fn(f"One word repairs the shapes: Conv2DTranspose for Conv2D. From noise of 1 x 1 its sides are {sides(repaired)}.")
    print_fn("With fewer channels at each size, a last layer of 3 with tanh, and a loss, that is a generator:")
    print_fn("nnscratch/networks/gan.py, and `nnscratch train generator`. Unchanged, the stack is a fair discriminator.")
