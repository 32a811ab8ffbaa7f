"""nnscratch: convolutional networks from scratch, with hand-written backward passes, on NumPy and on CuPy.

    errors, files     one exception for all mistakes of the caller; atomic writing of files
    backend           NumPy or CuPy: which module owns an array
    ops               the formulas: each forward pass with its backward pass right below it
    fast              the same functions, faster, on the CPU and with CUDA kernels on NVIDIA GPUs
    layers, models    objects that own parameters, and graphs of them
    losses, optimizers, initializers, checkpoint
    gradcheck         numeric gradients, and wrong backward passes that they must find
    networks          networks assembled from layers
    data              images and data sets: read, drawn by rule, in mini-batches
    style             style transfer
    generate          train a generator, draw from it, evaluate it
    bench             time layers and training steps
    course            what the notebooks use: exercises, images, a trace through a network
    cli, arguments    the `nnscratch` command
"""
# Only what needs NumPy alone. data, style and generate need Pillow and are imported where they are used.
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

__all__ = ["__version__", "backend", "checkpoint", "fast", "gradcheck", "initializers", "layers", "lbfgs", "losses", "models",
           "ops", "optimizers"]
