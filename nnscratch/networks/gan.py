"""The two networks of a GAN, for images of any size: a generator, and a discriminator that is its mirror image.

Shapes: noise (N, Z), labels (N, K) one-hot, images (N, H, W, C) in [-1, 1], logits (N, 1).

    generator       noise -> Dense -> small image of many channels -> transposed convolutions, each twice the size -> image
                    (in the preset "small", resize-convolutions)
    discriminator   image -> convolutions, each half the size -> Dense -> one logit, "how real"

A convolution with stride 2 and "same" padding turns n pixels into ceil(n / 2). The generator goes through the same sizes in
reverse: to 2n pixels, or to 2n - 1 where the side is odd. So 28 pixels are made from 14 and 7, 30 from 15 and 8.

With labels, the generator gets the class beside the noise, and the discriminator adds to its logit how well the image's
features agree with the class: <features, embedding of the class>.

References: Radford, Metz, Chintala, "Unsupervised representation learning with deep convolutional generative adversarial
networks" (2016), section 3; Miyato and Koyama, "cGANs with projection discriminator" (2018), equation 4; He et al., "Delving
deep into rectifiers" (2015), section 2.2, for "he_normal".
"""
from typing import Any, NamedTuple

from nnscratch.hints import checked
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
    ResizeConv2D,
    Symbol,
)
from nnscratch.models import Model
from nnscratch.ops.validation import check_choice

__all__ = ["PRESETS", "Preset", "discriminator", "encoder", "generator"]


class Preset(NamedTuple):
    """The widths of the networks.

    Parameters
    ----------
    noise_length : int
        Length Z of the noise vector.
    up : tuple of int
        Channels of the generator's images, each twice as large as the one before.
    down : tuple of int
        Channels of the discriminator's images, each half as large as the one before.
    hidden : int
        Units of a dense layer before the logit; 0 for none.
    refine : bool
        Whether a 3x3 convolution at full size makes the image, or the last transposed convolution does.
    side : int
        Pixels of the images that the preset is meant for; any other size works too.
    channels : int
        Channels of those images.
    resize : bool, default False
        Whether the generator enlarges by resize-convolutions, which draw no checkerboard before the training, or by 4x4
        transposed convolutions.
    initializer : str, default "normal_002"
        Initial kernels of the discriminator's layers before the logit. With "he_normal" each layer keeps the size of its
        input, so the logits, and with them the generator's gradients, are of use from the first step.
    """
    noise_length: int
    up: tuple[int, ...]
    down: tuple[int, ...]
    hidden: int
    refine: bool
    side: int
    channels: int
    resize: bool = False
    initializer: str = "normal_002"


PRESETS = {
    "nano": Preset(32, (32, 16, 16), (16, 32), 128, False, 28, 1),
    "tiny": Preset(64, (64, 32, 16), (32, 64), 256, True, 28, 1, False, "he_normal"),
    "small": Preset(64, (128, 64, 32, 16), (32, 64, 128), 256, True, 32, 3, True, "he_normal"),
    "dcgan64": Preset(100, (1024, 512, 256, 128), (128, 256, 512, 1024), 0, False, 64, 3),
}
SLOPE, EPSILON, MOMENTUM = 0.2, 1e-5, 0.9  # Keras' momentum 0.99 would keep much of the initial values in a short training
KERNEL_INITIALIZER = "normal_002"  # as in the DCGAN paper


@checked
def generator(preset: str | Preset, shape: tuple[int, int, int], num_classes: int = 0) -> Model:
    """Build a generator.

    Parameters
    ----------
    preset : str or Preset
        A name in PRESETS, or widths of your own.
    shape : (H, W, C)
        Shape of an image.
    num_classes : int, default 0
        Length K of the labels; 0 for a generator without labels.

    Returns
    -------
    Model
        From noise (N, Z), or [noise, labels (N, K)], to images (N, H, W, C) in [-1, 1].

    Examples
    --------
    >>> generator("nano", (28, 28, 1)).outputs[0].shape
    (None, 28, 28, 1)
    """
    preset = find_preset(preset)
    sizes = halved_sizes(shape[:2], len(preset.up) - preset.refine)[::-1]
    noise, labels = Input((preset.noise_length,)), [Input((num_classes,))] if num_classes else []
    x = Concatenate()([noise, *labels]) if labels else noise
    (h, w), channels = sizes[0], preset.up[0]
    x = Dense(h * w * channels, use_bias=False, kernel_initializer=KERNEL_INITIALIZER)(x)
    x = normalize_and_activate(Reshape((h, w, channels))(x))
    for filters, size in zip(preset.up[1:], sizes[1:]):
        x = normalize_and_activate(upsample(preset, x, filters, size, use_bias=False))
    if preset.refine:
        y = Conv2D(shape[2], 3, padding="same", activation="tanh", kernel_initializer=KERNEL_INITIALIZER)(x)
    else:
        y = upsample(preset, x, shape[2], sizes[-1], activation="tanh")
    return Model([noise, *labels] if labels else noise, y, name="generator")


def dense_size(preset: str | Preset, shape: tuple[int, ...]) -> int:
    """The number of weights of the generator's dense layer without labels: most of a generator for large images."""
    preset = find_preset(preset)
    h, w = halved_sizes(shape[:2], len(preset.up) - preset.refine)[-1]
    return preset.noise_length * h * w * preset.up[0]


def upsample(preset: Preset, x: Symbol, filters: int, size: tuple[int, ...], **options: Any) -> Symbol:
    """From ceil(n / 2) pixels to n = `size`: by a transposed convolution, the discriminator's adjoint, or by resizing."""
    padding = tuple((1, 1 + n % 2) for n in size)  # that of "same", and one pixel more where the side is odd
    if preset.resize:
        return ResizeConv2D(filters, padding, kernel_initializer=KERNEL_INITIALIZER, **options)(x)
    return Conv2DTranspose(filters, 4, 2, padding, kernel_initializer=KERNEL_INITIALIZER, **options)(x)


def normalize_and_activate(x: Symbol) -> Symbol:
    """Batch normalization and a leaky ReLU."""
    return LeakyReLU(SLOPE)(BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON)(x))


@checked
def discriminator(preset: str | Preset, shape: tuple[int, int, int], num_classes: int = 0) -> Model:
    """Build a discriminator.

    Parameters
    ----------
    preset : str or Preset
        A name in PRESETS, or widths of your own.
    shape : (H, W, C)
        Shape of an image.
    num_classes : int, default 0
        Length K of the labels; 0 for a discriminator without labels.

    Returns
    -------
    Model
        From images (N, H, W, C), or [images, labels (N, K)], to logits (N, 1): above 0 means "real".

    Notes
    -----
    It has no batch normalization: by a batch's statistics it could tell real from fake without looking at an image.
    """
    image, labels = Input(shape), [Input((num_classes,))] if num_classes else []
    x = image_features(preset, image)
    logit = Dense(1, kernel_initializer=KERNEL_INITIALIZER)(x)
    if labels:
        embedding = Dense(x.sample_shape[0], use_bias=False, kernel_initializer=KERNEL_INITIALIZER)(labels[0])
        logit = Add()([logit, Dot()([x, embedding])])
    return Model([image, *labels] if labels else image, logit, name="discriminator")


@checked
def encoder(preset: str | Preset, shape: tuple[int, int, int], length: int) -> Model:
    """Build an encoder: the discriminator with another last layer.

    Parameters
    ----------
    preset : str or Preset
        A name in PRESETS, or widths of your own.
    shape : (H, W, C)
        Shape of an image.
    length : int
        Length of a code.

    Returns
    -------
    Model
        From images (N, H, W, C) to codes (N, length).
    """
    image = Input(shape)
    code = Dense(length, kernel_initializer=KERNEL_INITIALIZER)(image_features(preset, image))
    return Model(image, code, name="encoder")


def image_features(preset: str | Preset, x: Symbol) -> Symbol:
    """The layers that discriminator and encoder share: from images to features (N, F)."""
    preset = find_preset(preset)
    for filters in preset.down:
        x = LeakyReLU(SLOPE)(Conv2D(filters, 4, 2, padding="same", kernel_initializer=preset.initializer)(x))
    x = Flatten()(x)
    return LeakyReLU(SLOPE)(Dense(preset.hidden, kernel_initializer=preset.initializer)(x)) if preset.hidden else x


def halved_sizes(size: tuple[int, ...], times: int) -> list[tuple[int, ...]]:
    """The size (H, W), then `times` sizes that are each ceil(n / 2) of the one before."""
    sizes = [tuple(size)]
    for _ in range(times):
        sizes.append(tuple(-(-n // 2) for n in sizes[-1]))
    return sizes


def find_preset(preset: str | Preset) -> Preset:
    """A Preset, or the one of that name."""
    return preset if isinstance(preset, Preset) else PRESETS[check_choice(preset, "preset", PRESETS)]
