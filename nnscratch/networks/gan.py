"""The two networks of an adversarial pair, for images of any size: a generator, and a discriminator that is its mirror.

Shapes: noise (N, Z), labels (N, K) one-hot, images (N, H, W, C) in [-1, 1], logits (N, 1).

    generator       noise -> Dense -> small image of many channels -> transposed convolutions, each twice the size -> image
    discriminator   image -> convolutions, each half the size -> Dense -> one number, "how real": a logit

A convolution with stride 2 and "same" padding makes ceil(n / 2) of n pixels. The generator walks the same sizes upwards: to
2n pixels, or to 2n - 1 where the side is odd. So 28 pixels are made from 14 and 7, 30 from 15 and 8.

With labels, the generator sees its class beside the noise, and the discriminator adds to its logit how well the image's
features agree with the class: <features, embedding of the class>.

Source: Radford, Metz, Chintala, "Unsupervised representation learning with deep convolutional generative adversarial
networks" (2016), section 3; Miyato and Koyama, "cGANs with projection discriminator" (2018), equation 4.
"""
from typing import NamedTuple

from nnscratch.layers import (
    Add,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dot,
    Flatten,
    Input,
    LeakyReLU,
    Reshape,
)
from nnscratch.models import Model
from nnscratch.ops.validation import check_choice


class Preset(NamedTuple):
    """How wide the networks are: one entry a size, the generator's from its first image on, the discriminator's down."""
    noise: int       # length of the noise vector
    up: tuple        # channels of the generator's images, each twice as large as the one before
    down: tuple      # channels of the discriminator's images, each half as large
    hidden: int      # units before the logit; 0: none
    refine: bool     # a last 3x3 convolution at full size; else the last transposed convolution makes the image
    side: int        # what it is meant for; any other size will do
    channels: int


PRESETS = {
    "nano": Preset(32, (32, 16, 16), (16, 32), 128, False, 28, 1),
    "tiny": Preset(64, (64, 32, 16), (32, 64), 256, True, 28, 1),
    "small": Preset(64, (128, 64, 32, 16), (32, 64, 128), 256, True, 32, 3),
    "dcgan64": Preset(100, (1024, 512, 256, 128), (128, 256, 512, 1024), 0, False, 64, 3),
}
SLOPE, EPSILON, MOMENTUM = 0.2, 1e-5, 0.9  # Keras' momentum 0.99 would still hold the first values after a short training
WEIGHTS = "normal_002"  # the DCGAN paper's first weights


def generator(preset, shape, classes=0):
    """A Model from noise (N, Z), or [noise, labels (N, classes)], to images (N, *shape) in [-1, 1].

    preset : a name in PRESETS, or a Preset. shape : (H, W, C). Raises InputError for an unknown preset.
    """
    preset = find(preset)
    sizes = halvings(shape[:2], len(preset.up) - preset.refine)[::-1]
    noise, labels = Input((preset.noise,)), Input((classes,)) if classes else None
    x = Concatenate()([noise, labels]) if classes else noise
    (h, w), channels = sizes[0], preset.up[0]
    x = Dense(h * w * channels, use_bias=False, kernel_initializer=WEIGHTS)(x)
    x = normalised(Reshape((h, w, channels))(x))
    for filters, size in zip(preset.up[1:], sizes[1:]):
        x = normalised(larger(x, filters, size, use_bias=False))
    if preset.refine:
        y = Conv2D(shape[2], 3, padding="same", activation="tanh", kernel_initializer=WEIGHTS)(x)
    else:
        y = larger(x, shape[2], sizes[-1], activation="tanh")
    return Model([noise, labels] if classes else noise, y, name="generator")


def larger(x, filters, size, **options):
    """A transposed convolution from ceil(n / 2) pixels to n = `size`: the adjoint of the convolution that goes down."""
    padding = tuple((1, 1 + n % 2) for n in size)  # what "same" takes away, and one pixel more where the side is odd
    return Conv2DTranspose(filters, 4, 2, padding, kernel_initializer=WEIGHTS, **options)(x)


def normalised(x):
    return LeakyReLU(SLOPE)(BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON)(x))


def discriminator(preset, shape, classes=0):
    """A Model from images (N, *shape), or [images, labels (N, classes)], to logits (N, 1): above 0 means "real".

    No batch normalisation: by a batch's statistics it could tell real from fake without looking at an image.
    """
    image, labels = Input(shape), Input((classes,)) if classes else None
    x = trunk(preset, image)
    logit = Dense(1, kernel_initializer=WEIGHTS)(x)
    if classes:
        embedding = Dense(x.sample_shape[0], use_bias=False, kernel_initializer=WEIGHTS)(labels)
        logit = Add()([logit, Dot()([x, embedding])])
    return Model([image, labels] if classes else image, logit, name="discriminator")


def encoder(preset, shape, length):
    """A Model from images (N, *shape) to codes (N, length): the discriminator with another end."""
    image = Input(shape)
    return Model(image, Dense(length, kernel_initializer=WEIGHTS)(trunk(preset, image)), name="encoder")


def trunk(preset, x):
    """What discriminator and encoder have in common: from an image to its features (N, F)."""
    preset = find(preset)
    for filters in preset.down:
        x = LeakyReLU(SLOPE)(Conv2D(filters, 4, 2, padding="same", kernel_initializer=WEIGHTS)(x))
    x = Flatten()(x)
    return LeakyReLU(SLOPE)(Dense(preset.hidden, kernel_initializer=WEIGHTS)(x)) if preset.hidden else x


def halvings(size, times):
    """The sizes (H, W) on the way down, each ceil(n / 2) of the one before: the given one first."""
    sizes = [tuple(size)]
    for _ in range(times):
        sizes.append(tuple(-(-n // 2) for n in sizes[-1]))
    return sizes


def find(preset):
    return preset if isinstance(preset, Preset) else PRESETS[check_choice(preset, "preset", PRESETS)]
