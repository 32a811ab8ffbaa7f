"""CUDA kernels of our own, for float32 on an NVIDIA GPU, and the one library they need.

    launcher          run a kernel with its arguments checked
    kernel_registry   which kernels there are, read from the .cu files
    cublas            the matrix product; its precision("strict" | "tf32" | "bf16"); free() its memory
    capability        what older GPUs lack
    memory            memory that comes from no pool, and memory whose address must not change
    conv              convolution: im2col, product, col2im
    implicit_gemm     convolution on tensor cores, without columns
    activations       leaky_relu, alone or with a bias in one pass; sums over channels
    linear            dense, gram_matrix
    normalize, pool, dropouts
    adam              Adam's update
    graph             a whole training step as one launch, recorded by capture(step)

Each Python file calls the kernels of the .cu file of its name. They compute the formulas of ops, which still run on a CPU and
for every other dtype; `supported(arrays)` decides. The .cu files are text: CuPy compiles a file when one of its kernels is
first launched.

What a GPU is fast at: thousands of threads do the same thing to neighbouring values. Mostly it waits for memory, so the kernels
read and write each value once where the formula in CuPy's operations would do it several times.
"""
from nnscratch.fast.cuda.cublas import free, gemm, precision, product
from nnscratch.fast.cuda.graph import Captured, capture
from nnscratch.fast.cuda.implicit_gemm import implicit_gemm_conv2d
from nnscratch.fast.cuda.launcher import launch, supported

__all__ = ["Captured", "capture", "free", "gemm", "implicit_gemm_conv2d", "launch", "precision", "product", "supported"]
