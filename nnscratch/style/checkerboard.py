"""Checkerboards: why the stylizer's decoder becomes larger by repeating pixels, and not by a transposed convolution.

Shapes: counts (H * stride, W * stride) of a map of H rows and W columns; images (N, H, W, 3).

A transposed convolution lays a kernel down at every `stride`-th pixel. Where kernels overlap, their values add up, and how many
do so depends on the place: a 3x3 kernel with stride 2 meets one, two or four of its neighbours in turn, which is a pattern of
period 2 before anything was learnt. A kernel that the stride divides covers all pixels alike, but each of the stride² places
still sees weights of its own, and training must make them agree. Pixels that are repeated and then convolved agree from the
beginning: all places share one kernel.

Source: Odena, Dumoulin, Olah, "Deconvolution and checkerboard artifacts" (2016).
"""
import numpy as np

from nnscratch.backend import to_cpu, to_device
from nnscratch.fast import conv2d_transpose
from nnscratch.losses import mse
from nnscratch.networks.stylizer import UPSAMPLINGS, decoder, encoder
from nnscratch.optimizers import Adam

RATE = 1e-3


def overlap_counts(shape, kernel_size, stride):
    """How many kernels lie on each pixel: a transposed convolution of ones with ones, (H, W) -> (H * stride, W * stride)."""
    ones = np.ones((1, *shape, 1)), np.ones((kernel_size, kernel_size, 1, 1))
    return conv2d_transpose(*ones, strides=stride, padding="same")[0][0, :, :, 0]


def checkered(images, stride=2, width=1 / 16):
    """The share of an image's variance that lies at the frequencies of a pattern of period `stride`, mean over the images.

    Those are the multiples of 1/stride along rows or columns, but for (0, 0), and what is at most `width` away: a checkerboard
    that is strong here and weak there has neighbours of its frequency, too. White noise has (2 width)² (stride² - 1): 0.05.
    """
    spectrum = abs(np.fft.fft2(images - images.mean(axis=(1, 2), keepdims=True), axes=(1, 2)))**2
    near = [abs(f * stride - np.rint(f * stride)) <= width * stride for f in map(np.fft.fftfreq, images.shape[1:3])]
    low = [abs(f) <= width for f in map(np.fft.fftfreq, images.shape[1:3])]
    here = np.outer(*near) & ~np.outer(*low)
    return float((spectrum[:, here].sum(axis=(1, 2)) / (spectrum.sum(axis=(1, 2, 3)) + 1e-12)).mean())


def both_ways(images, steps=0, seed=0):
    """{"resize": ..., "transposed": ...}: what the same decoder makes of the images' codes by either way of becoming larger,
    (N, H, W, 3) with H and W multiples of 4, after so many steps of learning to draw these images back."""
    images = to_device(np.asarray(images, np.float32))
    codes, made = encoder().forward(images), {}
    for upsampling in UPSAMPLINGS:
        model, optimizer = decoder(upsampling, seed), Adam(RATE)
        for _ in range(steps):
            _, gradient = mse(model.forward(codes, training=True), images)
            model.zero_grads()
            model.backward(gradient, wrt="parameters")
            optimizer.step(model.trainable_params, model.grads)
        made[upsampling] = to_cpu(model.forward(codes))
    return made
