"""VGG-16 and VGG-19 as loss networks, with weights from your file: the usual networks for style transfer.

Shapes: image (N, H, W, 3) in [0, 1] -> features relu1_1 (N, H, W, 64), relu2_1 (N, H/2, W/2, 128), relu3_1 (.., 256),
relu4_1, relu4_2 and relu5_1 (N, H/16, W/16, 512).

Nothing is downloaded and no weights are included: give a .pth file as PyTorch saves it, or a .safetensors file, with the
names of torchvision and timm: features.0.weight (OIHW), features.0.bias, features.2.weight, ..., or these after a prefix, such
as module.features.0.weight. torchvision's files are vgg19-dcbb9e9d.pth (575 MB) and vgg16-397923af.pth (553 MB); the eight
characters begin the file's SHA-256, which is checked. Two families of files look alike but expect different images, so the
argument `colours` tells which one it is:

    "rgb"   torchvision, timm: red, green, blue in [0, 1], minus the mean, divided by the standard deviation of ImageNet
    "bgr"   converted from Caffe: blue, green, red in [0, 255], minus the mean

References: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition" (2015), table 1,
columns D and E; Gatys, Ecker, Bethge (2016), section 2, for average pooling.
"""
from collections.abc import Iterator
from os import PathLike
from typing import Any, TypeAlias

import numpy as np

from nnscratch.backend import array_module, move, to_device
from nnscratch.errors import InputError
from nnscratch.files import check_digest, open_regular_file, reason
from nnscratch.layers import AveragePooling2D, Conv2D, Input, MaxPooling2D, ReLU
from nnscratch.models import Model
from nnscratch.ops.validation import check_choice

__all__ = ["vgg_features"]

File: TypeAlias = str | PathLike[str]
CONVOLUTIONS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}  # in each stage
WIDTHS = 64, 128, 256, 512, 512
TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu4_2", "relu5_1")
FIRST = "features.0.weight"
CONTENT = TAPS.index("relu4_2")
RGB_MEAN, RGB_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BGR_MEAN = (103.939, 116.779, 123.68)
MIN_CORRELATION = 0.06  # of a trained first layer's weights for two colours
POOLINGS: dict[str, type[AveragePooling2D] | type[MaxPooling2D]] = {"average": AveragePooling2D, "max": MaxPooling2D}


def vgg_features(path: File, kind: str = "vgg19", *, colours: str = "rgb", pooling: str = "average") -> Model:
    """Load VGG as a loss network.

    Parameters
    ----------
    path : str or path
        A .pth or .safetensors file.
    kind : "vgg19" or "vgg16", default "vgg19"
        The network in the file.
    colours : "rgb" or "bgr", default "rgb"
        What the network was trained on: see the two families above.
    pooling : "average" or "max", default "average"
        Average pooling gives smoother images (Gatys); the network was trained with the maximum.

    Returns
    -------
    Model
        From an image (N, H, W, 3) to the list of its six feature maps; frozen.

    Raises
    ------
    InputError
        The file is missing or foreign, lacks a layer, has one of a wrong shape or with NaN, or is not trained.
    """
    check_choice(kind, "vgg_features: kind", CONVOLUTIONS)
    check_choice(colours, "vgg_features: colours", ("rgb", "bgr"))
    pool = POOLINGS[check_choice(pooling, "vgg_features: pooling", POOLINGS)]
    weights = read_weights(path, kind) | {"colours": colour_kernel(colours)}
    image = Input((None, None, 3))
    x, features = Conv2D(3, 1, name="colours")(image), {}
    for stage, k, name, _, width in layout(kind):
        if stage > 1 and k == 1:
            x = pool(2)(x)
        x = features[f"relu{stage}_{k}"] = ReLU()(Conv2D(width, 3, padding="same", name=name)(x))
    model = Model(image, [features[name] for name in TAPS], name=kind)
    model.forward(to_device(np.zeros((1, 32, 32, 3), np.float32)))  # the first input builds the layers
    model.trainable = False
    for layer in model.layers:
        if isinstance(layer, Conv2D):
            kernel, bias = weights[str(layer.name)]
            layer.params["kernel"][...] = move(kernel, array_module(layer.params["kernel"]))
            layer.params["bias"][...] = move(bias, array_module(layer.params["bias"]))
    return model


def layout(kind: str) -> Iterator[tuple[int, int, str, int, int]]:
    """The convolutions up to relu5_1, the last map: (stage, number in it, name, channels in and out).

    The numbers in the names count ReLUs and poolings, too.
    """
    number, inputs = 0, 3
    for stage, (count, width) in enumerate(zip(CONVOLUTIONS[kind], WIDTHS), 1):
        for k in range(1, (1 if stage == 5 else count) + 1):
            yield stage, k, f"features.{number}", inputs, width
            number, inputs = number + 2, width
        number += 1


def colour_kernel(colours: str) -> tuple[np.ndarray, np.ndarray]:
    """The preprocessing of the training images as a 1x1 convolution: (kernel (1, 1, 3, 3), bias (3,))."""
    if colours == "bgr":
        return 255 * np.eye(3, dtype=np.float32)[:, ::-1][None, None], -np.array(BGR_MEAN, np.float32)
    mean, std = np.array(RGB_MEAN, np.float32), np.array(RGB_STD, np.float32)
    return np.diag(1 / std)[None, None], -mean / std


def read_weights(path: File, kind: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """{"features.0": (kernel HWIO, bias)} of all layers up to relu5_1, each checked."""
    from nnscratch.tensor_files import safe_open
    from nnscratch.torch_files import TorchFile, is_torch_file
    weights, by_torch = {}, False
    with open_regular_file(path, "a .pth or .safetensors file") as stream:
        try:
            by_torch = is_torch_file(stream.read(32))
            if by_torch:
                check_digest(path)
            with TorchFile(stream) if by_torch else safe_open(path, framework="numpy") as file:
                prefix = find_prefix(path, file.keys())
                for _, _, name, inputs, width in layout(kind):
                    kernel = read_array(path, file, prefix, f"{name}.weight", (width, inputs, 3, 3), kind)
                    bias = read_array(path, file, prefix, f"{name}.bias", (width,), kind)
                    weights[name] = kernel.transpose(2, 3, 1, 0), bias
        except InputError:
            raise
        except OSError as error:
            raise InputError(f"cannot read {path} ({reason(error)}); give the path of a .pth or .safetensors file") from error
        except Exception as error:  # a damaged file can raise any exception
            expected, way_out = ((".pth file of tensors alone", "torch.save(model.state_dict(), FILE)") if by_torch else
                                 ("safetensors file of plain numbers", "safetensors.torch.save_file"))
            raise InputError(f"{path} is not a whole {expected} ({reason(error)[:90]}); fetch it again, or convert the weights "
                             f"with {way_out}") from error
    check_first_layer(path, weights["features.0"][0])
    return weights


def find_prefix(path: File, names: list[str]) -> str:
    """What stands before the names of torchvision: "", or for instance "module." or "state_dict.vgg."."""
    prefixes = [name.removesuffix(FIRST) for name in names if f".{name}".endswith(f".{FIRST}")]
    if "" in prefixes or not prefixes:
        return ""
    if len(prefixes) > 1:
        raise InputError(f"{path} has {len(prefixes)} arrays whose names end in {FIRST}, expected one network; give a file of "
                         f"one VGG")
    return prefixes[0]


def read_array(path: File, file: Any, prefix: str, name: str, shape: tuple[int, ...], kind: str) -> np.ndarray:
    """One array in float32; one sentence if it is missing, of another shape or not finite."""
    if prefix + name not in file.keys():
        raise InputError(f"{path} has no array {name!r}, which {kind} needs; give a file with torchvision's names")
    entry = file.get_slice(prefix + name)
    found, dtype = tuple(entry.get_shape()), entry.get_dtype()
    if found != shape:
        raise InputError(f"{path}: {name} has shape {found}, expected {shape} (OIHW) for {kind}; give the weights of {kind}")
    if dtype == "BF16" or dtype.startswith(("F8", "F4")):
        raise InputError(f"{path}: {name} holds {dtype}, which NumPy does not have; convert the weights with tensor.float() "
                         f"and save them again")
    array = file.get_tensor(prefix + name)
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise InputError(f"{path}: {name} holds {array.dtype} with NaN or infinity, or no floats at all; give trained weights")
    return array.astype(np.float32)


def check_first_layer(path: File, kernel: np.ndarray) -> None:
    """Check that the first layer's kernel (3, 3, 3, 64) looks trained.

    In trained networks its weights are of the order of 0.2, no colour of the image is ignored, and filters treat the three
    colours partly alike, as they are in images. The correlation of a filter's weights for two colours, over all filters, is
    0.11 to 0.65 in five trained networks (0.19 in our texture network), and 0 ± 0.024 for random numbers.
    """
    sizes = (kernel * kernel).mean(axis=(0, 1, 3))**0.5
    if not (sizes > 0.01).all() or not (sizes < 5).all():
        raise InputError(f"{path}: the RMS of the first layer's weights is {np.round(sizes, 4).tolist()} for the three "
                         f"colours, expected 0.01 to 5 each, as in any network trained on images; give trained weights")
    colours = kernel / sizes[:, None]
    correlation = (colours.mean(axis=2)**2).mean() * 1.5 - 0.5  # the mean of three: 1 if equal, 1/3 if independent
    if correlation < MIN_CORRELATION:
        raise InputError(f"{path}: the first layer's weights for the three colours have a correlation of {correlation:.3f}, "
                         f"expected {MIN_CORRELATION} or more, as in any network trained on images; give trained weights, or "
                         f"use the features 'random', which need none")
