"""The same layers in PyTorch: each case in its two layouts, with the same inputs and the same number of threads.

PyTorch's images have the shape (N, C, H, W). "contiguous" stores them in this order; "channels last" stores them in our order,
with permuted strides. The faster layout depends on the layer, so we compare with the faster of the two.
"""
from collections.abc import Callable
from typing import Any

import numpy as np

from nnscratch.bench.cases import Case, upstream

# The permutations of our axes for PyTorch: images to (N, C, H, W), kernels with the channels first.
AXES = {"x": (0, 3, 1, 2), "kernel": (3, 2, 0, 1), "bias": (0,), "gamma": (0,), "beta": (0,)}


def load_torch(threads: int | None) -> Any:
    """The torch module, set to as many threads as NumPy's BLAS uses; None if it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(threads)
    return torch


def torch_case(torch: Any, case: Case, arrays: list[np.ndarray], layout: str,
               device: str = "cpu") -> tuple[Callable, Callable, Callable]:
    """(forward, backward) of PyTorch for a case, and a function that converts its tensors to arrays shaped like ours."""
    f = torch.nn.functional
    memory = {"contiguous": torch.contiguous_format, "channels last": torch.channels_last}[layout]
    tensors = {}
    for name, array in zip(case.arrays, arrays):
        tensor = torch.from_numpy(np.ascontiguousarray(array.transpose(AXES[name]))).to(device)
        if tensor.ndim == 4:
            tensor = tensor.contiguous(memory_format=memory)
        tensors[name] = tensor.requires_grad_()
    x, kernel, bias = tensors["x"], tensors.get("kernel"), tensors.get("bias")
    gamma, beta, o = tensors.get("gamma"), tensors.get("beta"), case.options

    def convolve():
        s, (k, width) = o["strides"], (kernel.shape[2], x.shape[3])
        total = max(0, (-(-width // s) - 1) * s + k - width)
        return f.conv2d(x, kernel, bias, stride=s, padding=total // 2, groups=o["groups"])

    forward = {
        "conv2d": convolve,
        "conv2d_transpose": lambda: f.conv_transpose2d(x, kernel, bias, stride=o["strides"], padding=1),
        "max_pool2d": lambda: f.max_pool2d(x, o["pool_size"]),
        "avg_pool2d": lambda: f.avg_pool2d(x, o["pool_size"]),
        "batch_norm": lambda: f.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-3),
        "leaky_relu": lambda: f.leaky_relu(x, o["negative_slope"]),
        "instance_norm": lambda: f.instance_norm(x, weight=gamma, bias=beta),
        "gram_matrix": lambda: gram(x),
    }[case.op]
    y = forward()
    dy = upstream(case, [y.shape[k] for k in (0, 2, 3, 1)] if y.ndim == 4 else tuple(y.shape))
    dy = torch.from_numpy(np.ascontiguousarray(dy.transpose(0, 3, 1, 2)) if y.ndim == 4 else dy).to(device)
    if dy.ndim == 4:
        dy = dy.contiguous(memory_format=memory)
    inputs = list(tensors.values())

    def backward():
        return torch.autograd.grad(y, inputs, dy, retain_graph=True)

    def as_ours(outputs):
        """Outputs of `forward` (one tensor) or `backward` (one per argument), with our axes."""
        if not isinstance(outputs, tuple):
            y = outputs.detach().cpu().numpy()
            return [y.transpose(0, 2, 3, 1) if y.ndim == 4 else y]
        return [tensor.cpu().numpy().transpose(np.argsort(AXES[name])) for tensor, name in zip(outputs, case.arrays)]

    return forward, backward, as_ours


def gram(x: Any) -> Any:
    """Fᵀ F / M of each image, (N, C, H, W) -> (N, C, C)."""
    rows = x.flatten(2)
    return rows @ rows.transpose(1, 2) / rows.shape[2]

