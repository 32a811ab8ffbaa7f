"""nnscratch: convolutional networks from scratch, every gradient by hand, on NumPy and on CuPy.

    errors, files     mistakes in one sentence; files that are whole or not there
    backend           which array library owns an array
    cuda              kernels of our own for NVIDIA GPUs, and the one library call they need
    ops               the formulas: each forward with its backward right below it
    layers, models    objects that own parameters, and graphs of them
    losses, optimizers, initializers, checkpoint
    gradcheck         the proof: numeric gradients, and wrong backwards that must be caught
    networks, data    networks assembled from layers; images in and out
    style             a photograph painted in another image's style
    generate          a generator trained, drawn from, and judged
    course            what the notebooks call: exercises, images, a walk through a network
    cli, arguments    the `nnscratch` command
"""
# What needs NumPy alone. data and style, which need Pillow, are imported where they are used.
from nnscratch import (
    backend,
    checkpoint,
    fast,
    gradcheck,
    initializers,
    layers,
    lbfgs,
    losses,
    models,
    ops,
    optimizers,
)
from nnscratch.version import __version__
