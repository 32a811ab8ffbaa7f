"""VGG-16 and VGG-19 as loss networks, with weights that you bring: what the field transfers style with.

Shapes: image (N, H, W, 3) in [0, 1] -> features relu1_1 (N, H, W, 64), relu2_1 (N, H/2, W/2, 128), relu3_1 (.., 256),
relu4_1, relu4_2 and relu5_1 (N, H/16, W/16, 512).

Nothing is downloaded and no weights come along (80 MB): give a .safetensors file whose arrays are named as torchvision and timm
name them, features.0.weight (OIHW), features.0.bias, features.2.weight, ... Two families of such files look alike and want
different images, so it must be said which one it is:

    "rgb"   torchvision, timm: red, green, blue in [0, 1], less the mean, divided by the deviation of ImageNet
    "bgr"   converted from Caffe: blue, green, red in [0, 255], less the mean

Source: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition" (2015), table 1, columns D
and E; Gatys, Ecker, Bethge (2016), section 2, for average pooling.
"""
import numpy as np

from nnscratch.backend import array_module, move, to_device
from nnscratch.errors import InputError
from nnscratch.layers import AveragePooling2D, Conv2D, Input, MaxPooling2D, ReLU
from nnscratch.models import Model
from nnscratch.ops.validation import check_choice

CONVOLUTIONS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}  # in each stage
WIDTHS = 64, 128, 256, 512, 512
TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu4_2", "relu5_1")
CONTENT = TAPS.index("relu4_2")
RGB_MEAN, RGB_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BGR_MEAN = (103.939, 116.779, 123.68)
LEAST_ALIKE = 0.06
POOLINGS = {"average": AveragePooling2D, "max": MaxPooling2D}


def vgg_features(path, kind="vgg19", *, colours="rgb", pooling="average"):
    """A Model from an image to its six feature maps.

    Parameters
    ----------
    path : a .safetensors file. kind : "vgg16" or "vgg19". colours : "rgb" or "bgr", see above.
    pooling : "average" (Gatys: smoother images) or "max" (as it was trained).

    Raises
    ------
    InputError : a file that is none, lacks a layer, or has one of a wrong shape or with NaN; a first layer that no trained
        network has.
    """
    check_choice(kind, "vgg_features: kind", CONVOLUTIONS)
    check_choice(colours, "vgg_features: colours", ("rgb", "bgr"))
    pool = POOLINGS[check_choice(pooling, "vgg_features: pooling", POOLINGS)]
    weights = read_weights(path, kind)
    image = Input((None, None, 3))
    x, features = Conv2D(3, 1, name="colours")(image), {}
    for stage, k, name, _, width in layout(kind):
        if stage > 1 and k == 1:
            x = pool(2)(x)
        x = features[f"relu{stage}_{k}"] = ReLU()(Conv2D(width, 3, padding="same", name=name)(x))
    model = Model(image, [features[name] for name in TAPS], name=kind)
    model.forward(to_device(np.zeros((1, 32, 32, 3), np.float32)))  # layers are built by the first image they see
    model.trainable = False
    for layer in model.layers:
        if isinstance(layer, Conv2D):
            kernel, bias = colour_kernel(colours) if layer.name == "colours" else weights[layer.name]
            layer.params["kernel"][...] = move(kernel, array_module(layer.params["kernel"]))
            layer.params["bias"][...] = move(bias, array_module(layer.params["bias"]))
    return model


def layout(kind):
    """The convolutions up to relu5_1, beyond which nothing is looked at: (stage, number in it, name, channels in and out).

    In the names ReLUs and poolings are counted, too.
    """
    number, inputs = 0, 3
    for stage, (count, width) in enumerate(zip(CONVOLUTIONS[kind], WIDTHS), 1):
        for k in range(1, (1 if stage == 5 else count) + 1):
            yield stage, k, f"features.{number}", inputs, width
            number, inputs = number + 2, width
        number += 1


def colour_kernel(colours):
    """What the network was trained to see, as a 1x1 convolution of the image: (kernel (1, 1, 3, 3), bias (3,))."""
    if colours == "bgr":
        return 255 * np.eye(3, dtype=np.float32)[:, ::-1][None, None], -np.array(BGR_MEAN, np.float32)
    mean, deviation = np.array(RGB_MEAN, np.float32), np.array(RGB_DEVIATION, np.float32)
    return np.diag(1 / deviation)[None, None], -mean / deviation


def read_weights(path, kind):
    """{"features.0": (kernel HWIO, bias)} of all layers up to relu5_1, each checked."""
    from safetensors import SafetensorError, safe_open
    weights = {}
    try:
        with safe_open(path, framework="numpy") as file:
            for _, _, name, inputs, width in layout(kind):
                kernel = checked(path, file, f"{name}.weight", (width, inputs, 3, 3), kind)
                weights[name] = kernel.transpose(2, 3, 1, 0), checked(path, file, f"{name}.bias", (width,), kind)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}; give the path of a .safetensors file") from error
    except (SafetensorError, ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{path} is not a whole safetensors file of plain numbers ({error}); convert the weights with "
                         f"safetensors.torch.save_file") from error
    check_first_layer(path, weights["features.0"][0])
    return weights


def checked(path, file, name, shape, kind):
    """One array in float32; one sentence if it is not there, of another shape or not finite."""
    if name not in file.keys():
        raise InputError(f"{path} has no array {name!r}, which {kind} needs; give a file with torchvision's names")
    found = tuple(file.get_slice(name).get_shape())
    if found != shape:
        raise InputError(f"{path}: {name} has shape {found}, expected {shape} (OIHW) for {kind}; give the weights of {kind}")
    array = file.get_tensor(name)
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise InputError(f"{path}: {name} holds {array.dtype} with NaN or infinity, or no floats at all; give trained weights")
    return array.astype(np.float32)


def check_first_layer(path, kernel):
    """Of trained networks the first layer's numbers are of the order of 0.2, no channel of the image is ignored, and filters
    see the three colours alike in part, since so do images. kernel : (3, 3, 3, 64).

    Correlation of a filter's weights for two colours, of all filters together: in five trained networks at hand 0.11 to 0.65
    (our own texture network: 0.19), for random numbers 0 +- 0.024.
    """
    sizes = (kernel * kernel).mean(axis=(0, 1, 3))**0.5
    if not (sizes > 0.01).all() or not (sizes < 5).all():
        raise InputError(f"{path}: the first layer's weights for the three colours are of size {np.round(sizes, 4).tolist()}, "
                         f"expected 0.01 to 5 each, as in any network trained on images; give trained weights")
    colours = kernel / sizes[:, None]
    alike = (colours.mean(axis=2)**2).mean() * 1.5 - 0.5  # the mean of three: 1 if equal, 1/3 if they are independent
    if alike < LEAST_ALIKE:
        raise InputError(f"{path}: the first layer's weights for the three colours have a correlation of {alike:.3f}, expected "
                         f"{LEAST_ALIKE} or more, as in any network trained on images; give trained weights, or take the "
                         f"features 'random', which are made fit for the style")
