"""CUDA kernels of our own, for float32 on an NVIDIA GPU, and the one library call they need.

    launch, kernel_registry    run a kernel with its arguments checked; what there is, read from the .cu files
    gemm              the matrix product, by cuBLAS; how precise it is: precision("strict" | "tf32" | "bf16"); free() its memory
    capability        what older GPUs lack
    memory            what lies in no pool, and what must lie still
    conv              convolution: im2col, product, col2im
    activations       leaky relu, alone or with a bias in one pass; sums over channels
    normalize, pool, adam, dropouts, linear
    graph           a whole training step as one launch, recorded by capture(step)
    implicit_gemm     convolution on tensor cores without columns

Each Python file calls the kernels of the .cu file of its name. They compute what the formulas in ops/ say, which stay what
runs for every other kind of number, and on a CPU; `supported(arrays)` decides. The .cu files are text: CuPy compiles a file
when one of its kernels is first launched.
"""
from nnscratch.fast.cuda.cublas import free, gemm, precision, product
from nnscratch.fast.cuda.graph import Captured, capture
from nnscratch.fast.cuda.implicit_gemm import implicit_gemm_conv2d
from nnscratch.fast.cuda.launcher import launch, supported
