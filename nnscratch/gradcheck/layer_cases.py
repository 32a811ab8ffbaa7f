"""A case for every layer: how to make it, the shape of its input (a list for several inputs), and whether it is smooth.

All sizes differ, so that no two can be confused.
"""
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nnscratch import initializers, layers
from nnscratch.backend import Array
from nnscratch.gradcheck.layers import check_layer
from nnscratch.gradcheck.report import Report
from nnscratch.layers.base import Layer

__all__ = ["LAYER_CASES", "LayerCase", "check_case"]


class LayerCase(NamedTuple):
    """One layer to check.

    Parameters
    ----------
    make : callable, () -> a new layer
    shape : tuple, or list of tuples for several inputs
    smooth : bool, True for complex steps, False for central differences
    """
    make: Callable[[], Layer]
    shape: Any
    smooth: bool = True


IMAGES = 2, 6, 5, 4
LAYER_CASES: dict[str, list[LayerCase]] = {
    "Activation": [LayerCase(lambda: layers.Activation("tanh"), (3, 4))],
    "Add": [LayerCase(layers.Add, [(3, 4), (3, 4)])],
    "AveragePooling2D": [LayerCase(lambda: layers.AveragePooling2D(3, 2, "same"), IMAGES)],
    "BatchNormalization": [LayerCase(layers.BatchNormalization, IMAGES)],
    "Concatenate": [LayerCase(layers.Concatenate, [(3, 4), (3, 2)])],
    "Conv2D": [LayerCase(lambda: layers.Conv2D(3, (3, 2), (2, 1), "same"), IMAGES),
               LayerCase(lambda: layers.Conv2D(4, 3, groups=2, activation="leaky_relu"), IMAGES, False)],
    "Conv2DTranspose": [LayerCase(lambda: layers.Conv2DTranspose(3, 4, 2, "same"), IMAGES)],
    "Dense": [LayerCase(lambda: layers.Dense(3, activation="sigmoid"), (3, 4))],
    "Dot": [LayerCase(layers.Dot, [(3, 4), (3, 4)])],
    "Dropout": [LayerCase(lambda: layers.Dropout(0.4, seed=1), IMAGES)],
    "ELU": [LayerCase(layers.ELU, (3, 4), False)],
    "Flatten": [LayerCase(layers.Flatten, IMAGES)],
    "GlobalAveragePooling2D": [LayerCase(layers.GlobalAveragePooling2D, IMAGES)],
    "GroupNormalization": [LayerCase(lambda: layers.GroupNormalization(2), IMAGES)],
    "InstanceNormalization": [LayerCase(layers.InstanceNormalization, IMAGES)],
    "LeakyReLU": [LayerCase(layers.LeakyReLU, (3, 4), False)],
    "MaxPooling2D": [LayerCase(lambda: layers.MaxPooling2D(2), IMAGES, False)],
    "Modulation": [LayerCase(layers.Modulation, [IMAGES, (2, 8)])],
    "Padding2D": [LayerCase(lambda: layers.Padding2D(2), IMAGES)],
    "ReLU": [LayerCase(layers.ReLU, (3, 4), False)],
    "Reshape": [LayerCase(lambda: layers.Reshape((5, -1)), IMAGES)],
    "ResizeConv2D": [LayerCase(lambda: layers.ResizeConv2D(3, ((1, 1), (1, 2))), IMAGES),
                     LayerCase(lambda: layers.ResizeConv2D(3, activation="leaky_relu"), IMAGES, False)],
    "SpatialDropout2D": [LayerCase(lambda: layers.SpatialDropout2D(0.4, seed=1), IMAGES)],
    "UpSampling2D": [LayerCase(lambda: layers.UpSampling2D(2, "bilinear"), IMAGES)],
    "ZeroPadding2D": [LayerCase(layers.ZeroPadding2D, IMAGES)],
}


def check_case(name: str, case: LayerCase) -> Report:
    """Check dx and every parameter of one layer.

    The parameters are random: the usual 0 of a bias and 1 of gamma hide mistakes.

    Parameters
    ----------
    name : str, the class of the layer
    case : LayerCase

    Returns
    -------
    report : Report
        `report.ok`, and what is wrong.
    """
    rng = np.random.default_rng(len(name))
    initializers.set_seed(0)
    shapes = case.shape if isinstance(case.shape, list) else [case.shape]
    arrays: list[Array] = [rng.normal(size=shape) for shape in shapes]
    single = [array.astype(np.float32) for array in arrays]
    layer = case.make()
    layer.forward(single if isinstance(case.shape, list) else single[0])
    for array in layer.params.values():
        array += 0.5 * rng.normal(size=array.shape).astype(array.dtype)
    return check_layer(layer, arrays if isinstance(case.shape, list) else arrays[0], smooth=case.smooth, strict=True)
