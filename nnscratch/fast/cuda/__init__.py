"""CUDA kernels of our own, for float32 on an NVIDIA GPU, and the one library call they need.

    launch, source    run a kernel with its arguments checked; what there is, read from the .cu files
    gemm              the matrix product, by cuBLAS; how precise it is: precision("strict" | "tf32" | "bf16"); free() its memory
    capability        what older GPUs lack
    memory            what lies in no pool, and what must lie still
    columns           convolution: im2col, product, col2im
    activation        leaky relu, alone or with a bias in one pass; sums over channels
    batch_norm, pooling, adam, dropout
    graph           a whole training step as one launch, recorded by capture(step)
    implicit_gemm     convolution on tensor cores without columns

Each Python file calls the kernels of the .cu file of its name. They compute what the formulas in ops/ say, which stay what
runs for every other kind of number, and on a CPU; `able(arrays)` decides. The .cu files are text: CuPy compiles a file when one
of its kernels is first launched.
"""
from nnscratch.fast.cuda.activations import (
    bias_leaky_relu,
    bias_leaky_relu_backward,
    channel_sum,
    leaky_relu,
    leaky_relu_backward,
)
from nnscratch.fast.cuda.adam import AdamClock, adam
from nnscratch.fast.cuda.conv import convolve, convolve_dkernel, convolve_dx
from nnscratch.fast.cuda.dropout import dropout_mask
from nnscratch.fast.cuda.gemm import free, gemm, precision, product
from nnscratch.fast.cuda.graph import Captured, before_each, capture, put_back, recording
from nnscratch.fast.cuda.implicit_gemm import implicit_gemm
from nnscratch.fast.cuda.launch import able, launch
from nnscratch.fast.cuda.normalize import batch_norm, batch_norm_backward
from nnscratch.fast.cuda.pool import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
