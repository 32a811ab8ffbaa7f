"""Layers: thin objects that own parameters, remember what backward needs, and call ops. Names as in Keras."""
from nnscratch.layers.activation import ELU, Activation, Dropout, LeakyReLU, ReLU, SpatialDropout2D
from nnscratch.layers.base import Layer
from nnscratch.layers.dense_conv import Conv2D, Conv2DTranspose, Dense
from nnscratch.layers.graph import Input, Symbol
from nnscratch.layers.group_normalization import GroupNormalization
from nnscratch.layers.normalization import BatchNormalization, InstanceNormalization
from nnscratch.layers.pooling import (
    AveragePooling2D,
    GlobalAveragePooling2D,
    MaxPooling2D,
    Padding2D,
    UpSampling2D,
    ZeroPadding2D,
)
from nnscratch.layers.reshape_merge import Add, Concatenate, Dot, Flatten, Reshape

Dropout2D = SpatialDropout2D
