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
from nnscratch.version import __version__

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
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

# What needs NumPy alone. data, style and generate need Pillow and are imported by their names.
__all__ = ["__version__", "backend", "checkpoint", "fast", "gradcheck", "initializers", "layers", "lbfgs", "losses", "models",
           "ops", "optimizers"]


def __getattr__(name: str) -> object:
    """Import a module when it is first used: `import nnscratch` takes no time, and the command can be stopped meanwhile."""
    if name in __all__:
        from importlib import import_module
        return import_module(f"nnscratch.{name}")
    raise AttributeError(f"module 'nnscratch' has no attribute {name!r}")
