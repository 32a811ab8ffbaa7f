"""Faster code for the CPU, in NumPy: the same results as the formulas of ops, up to rounding.

    conv            the three products of a convolution, each by one of these algorithms:
      im2col          columns by one copy of long items, then one matrix product
      winograd        fewer multiplications (winograd_tiles, winograd_matrices)
      col2im          multiply first, then add
      subpixel        a strided dx as one product
      folded          a strided dkernel by Winograd
      depthwise       one filter for each channel
    activations     leaky_relu, alone or with a bias
    normalize       batch_norm, instance_norm
    pool            max_pool2d, avg_pool2d

Two costs decide on a CPU: the multiplications, and how often numbers travel between memory and the processor. So the code here
leaves everything to BLAS that is a matrix product, and keeps blocks small enough for the processor's cache.
"""

__all__: list[str] = []
