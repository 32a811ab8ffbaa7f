"""Layers: objects that own parameters, save what the backward pass needs, and call ops. Names as in Keras.

    base, state         Layer, and the arrays that it owns
    inputs, pending     what a layer is called with, and the forward passes that wait for their backward pass
    graph               Input and Symbol: how a network is written down
    dense, conv         Dense, Conv2D, Conv2DTranspose
    activation, dropout ReLU, LeakyReLU, ELU, Activation; Dropout, SpatialDropout2D
    normalization       BatchNormalization, InstanceNormalization
    group_normalization GroupNormalization
    modulation          Modulation
    resize_conv         ResizeConv2D
    pooling, resize_pad MaxPooling2D, AveragePooling2D, GlobalAveragePooling2D; UpSampling2D, ZeroPadding2D, Padding2D
    reshape_merge       Flatten, Reshape, Add, Concatenate, Dot
"""
from typing import TYPE_CHECKING

from nnscratch.layers.activation import *
from nnscratch.layers.base import *
from nnscratch.layers.conv import *
from nnscratch.layers.dense import *
from nnscratch.layers.dropout import *
from nnscratch.layers.graph import *
from nnscratch.layers.group_normalization import *
from nnscratch.layers.modulation import *
from nnscratch.layers.normalization import *
from nnscratch.layers.pooling import *
from nnscratch.layers.reshape_merge import *
from nnscratch.layers.resize_conv import *
from nnscratch.layers.resize_pad import *

if not TYPE_CHECKING:  # type checkers follow the star imports themselves
    __all__ = sorted(name for name, value in globals().items() if callable(value) and not name.startswith("_"))
