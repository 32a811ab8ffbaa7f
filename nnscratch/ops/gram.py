"""The Gram matrix: which channels are bright together, wherever in the picture. It is what "style" means here.

Shapes: x (N, H, W, C), y (N, C, C). F is one picture as an (M, C) matrix, M = H*W.

    G = Fᵀ F / M,      G[a, b] = mean over all pixels of x[a] * x[b]

Shuffle the pixels and G stays: the sum forgets where, and keeps what goes with what.
"""
from nnscratch.backend import array_module, common_dtype
from nnscratch.fast.cuda import product
from nnscratch.ops.validation import check_array, check_dy


def gram_matrix(x):
    """The Gram matrix of each picture.

    Parameters: x (N, H, W, C). Returns y (N, C, C), symmetric, and the cache for `gram_matrix_backward`.
    Raises InputError for a wrong shape or dtype.

    Source: Gatys, Ecker, Bethge, "Image style transfer using convolutional neural networks" (2016), equation 3, divided
    by the number of pixels so that pictures of all sizes compare.
    """
    check_array("gram_matrix", "x", x, 4)
    n, h, w, c = x.shape
    y = array_module(x).empty((n, c, c), dtype=x.dtype)
    for f, gram in zip(x.reshape(n, h * w, c), y):  # picture by picture: a GPU is fastest with products of two matrices
        product(f.T, f, out=gram)
    return y / (h * w), x


def gram_matrix_backward(dy, cache):
    """dx of `gram_matrix`.

    G[a, b] = Σ_m F[m, a] F[m, b] / M holds F[m, c] once for a = c and once for b = c, so

        dL/dF[m, c] = Σ_b dG[c, b] F[m, b] / M + Σ_a dG[a, c] F[m, a] / M        dF = F (dG + dGᵀ) / M.
    """
    x = cache
    n, h, w, c = x.shape
    check_dy("gram_matrix_backward", dy, (n, c, c))
    both = (dy + dy.swapaxes(1, 2)) / (h * w)
    dx = array_module(x).empty((n, h * w, c), dtype=common_dtype(x, dy))
    for f, d, df in zip(x.reshape(n, h * w, c), both, dx):
        product(f, d, out=df)
    return dx.reshape(x.shape)
