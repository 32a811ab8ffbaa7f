"""Solutions of notebook 09."""
import numpy as np

from nnscratch.course import own


def max_pool(x, p):
    """(N, H, W, C) -> (N, H/p, W/p, C)"""
    N, H, W, C = x.shape
    return x.reshape(N, H // p, p, W // p, p, C).max(axis=(2, 4))


def max_pool_backward(dy, x, p):
    """(N, H/p, W/p, C), (N, H, W, C) -> (N, H, W, C)"""
    N, H, W, C = x.shape
    windows = x.reshape(N, H // p, p, W // p, p, C).transpose(0, 1, 3, 5, 2, 4).reshape(*dy.shape, p * p)
    d_windows = np.zeros_like(windows)
    np.put_along_axis(d_windows, windows.argmax(axis=4)[..., None], dy[..., None], axis=4)
    return d_windows.reshape(N, H // p, W // p, C, p, p).transpose(0, 1, 4, 2, 5, 3).reshape(x.shape)


cnn_table = [(8, 8, 8), (8, 8, 16), (4, 4, 16), 80, 1168, 2570, 4, 8, 10]


def cnn_forward(x, params):
    """(N, H, W, 1), dict -> logits (N, 10), cache"""
    x1 = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    a1 = own.conv2d(x1, params["K1"], params["b1"])
    y1 = np.maximum(0, a1)
    x2 = np.pad(own.max_pool(y1, 2), [(0, 0), (1, 1), (1, 1), (0, 0)])
    a2 = own.conv2d(x2, params["K2"], params["b2"])
    y2 = np.maximum(0, a2)
    x3 = own.max_pool(y2, 2).reshape(len(x), -1)
    logits = own.dense(x3, params["W3"], params["b3"])
    return logits, {"x1": x1, "a1": a1, "y1": y1, "x2": x2, "a2": a2, "y2": y2, "x3": x3}


def cnn_backward(dlogits, cache, params):
    """(N, 10), dict, dict -> dict: the gradients with respect to the parameters and, as "x", to the images"""
    grads = {}
    dx3, grads["W3"], grads["b3"] = own.dense_backward(dlogits, cache["x3"], params["W3"])
    N, H, W, C = cache["y2"].shape
    dy2 = own.max_pool_backward(dx3.reshape(N, H // 2, W // 2, C), cache["y2"], 2)
    da2 = own.relu_backward(dy2, cache["a2"])
    dx2, grads["K2"], grads["b2"] = own.conv2d_backward(da2, cache["x2"], params["K2"])
    dy1 = own.max_pool_backward(dx2[:, 1:-1, 1:-1], cache["y1"], 2)
    da1 = own.relu_backward(dy1, cache["a1"])
    dx1, grads["K1"], grads["b1"] = own.conv2d_backward(da1, cache["x1"], params["K1"])
    grads["x"] = dx1[:, 1:-1, 1:-1]
    return grads
