"""Solutions of notebook 17."""
import numpy as np

from nnscratch.course import own


def conv_flop(x_shape, K_shape):
    """(N, H, W, C), (KH, KW, C, O), stride 1, no padding -> FLOP, a number"""
    (N, H, W, C), (KH, KW, _, O) = x_shape, K_shape
    return 2 * N * (H - KH + 1) * (W - KW + 1) * O * KH * KW * C


line_bytes = [4, 16, 64, 64]


def conv_in_blocks(x, K, rows):
    """(N, H, W, C), (KH, KW, C, O) -> (N, OH, OW, O), by columns of `rows` rows of y at a time"""
    (N, H, W, _), (KH, KW, _, O) = x.shape, K.shape
    y = np.zeros((N, H - KH + 1, W - KW + 1, O))
    for r in range(0, H - KH + 1, rows):
        columns = own.im2col(x[:, r:r + rows + KH - 1], KH, KW)
        y[:, r:r + rows] = columns @ K.reshape(-1, O)
    return y


def f23(d, g):
    """(4,), (3,) -> y (2,), with four products"""
    m1 = (d[0] - d[2]) * g[0]
    m2 = (d[1] + d[2]) * (g[0] + g[1] + g[2]) / 2
    m3 = (d[2] - d[1]) * (g[0] - g[1] + g[2]) / 2
    m4 = (d[1] - d[3]) * g[2]
    return np.array([m1 + m2 + m3, m2 - m3 - m4])


def fast_step(x, t, params):
    """(N, H, W, 1), (N, classes), dict -> L, dict of gradients, one for each parameter"""
    corners = [(0, 0), (0, 1), (1, 0), (1, 1)]

    def columns_of(y):
        """im2col for a window of 3 x 3 and padding 1: nine large copies."""
        N, H, W, C = y.shape
        padded = np.zeros((N, H + 2, W + 2, C), y.dtype)
        padded[:, 1:-1, 1:-1] = y
        columns = np.empty((N, H, W, 3, 3, C), y.dtype)
        for i, j in np.ndindex(3, 3):
            columns[:, :, :, i, j] = padded[:, i:i + H, j:j + W]
        return columns.reshape(N * H * W, 9 * C)

    def pool(y):
        a, b, c, d = (y[:, i::2, j::2] for i, j in corners)
        return np.maximum(np.maximum(a, b), np.maximum(c, d))

    def pool_and_relu_backward(dy, y, pooled):
        """y = relu(a) is positive where a is; of several maxima the first gets the gradient."""
        da, dy = np.zeros_like(y), dy * (pooled > 0)
        for i, j in corners:
            part = dy * (y[:, i::2, j::2] == pooled)
            da[:, i::2, j::2] = part
            dy = dy - part
        return da

    K1, K2, W3 = params["K1"], params["K2"], params["W3"]
    N, H, W, _ = x.shape
    O1, O2 = K1.shape[3], K2.shape[3]
    columns1 = columns_of(x)
    y1 = np.maximum(0, columns1 @ K1.reshape(9, O1) + params["b1"]).reshape(N, H, W, O1)
    pooled1 = pool(y1)
    columns2 = columns_of(pooled1)
    y2 = np.maximum(0, columns2 @ K2.reshape(9 * O1, O2) + params["b2"]).reshape(N, H // 2, W // 2, O2)
    pooled2 = pool(y2)
    x3 = pooled2.reshape(N, -1)
    L, dlogits = own.softmax_cross_entropy(own.dense(x3, W3, params["b3"]), t)
    dx3, dW3, db3 = own.dense_backward(dlogits, x3, W3)
    da2 = pool_and_relu_backward(dx3.reshape(pooled2.shape), y2, pooled2)
    dpadded = np.zeros((N, H // 2 + 2, W // 2 + 2, O1), x.dtype)
    for i, j in np.ndindex(3, 3):
        dpadded[:, i:i + H // 2, j:j + W // 2] += da2 @ K2[i, j].T
    da1 = pool_and_relu_backward(dpadded[:, 1:-1, 1:-1], y1, pooled1)
    da2, da1 = da2.reshape(-1, O2), da1.reshape(-1, O1)
    return L, {"K1": (columns1.T @ da1).reshape(K1.shape), "b1": da1.sum(axis=0),
               "K2": (columns2.T @ da2).reshape(K2.shape), "b2": da2.sum(axis=0), "W3": dW3, "b3": db3}
