"""Notebook 09: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S, spoiled
from nnscratch import ops


def all_winners(dy, x, p):
    wide = dy.repeat(p, axis=1).repeat(p, axis=2)
    return wide * (x == S["max_pool"](x, p).repeat(p, axis=1).repeat(p, axis=2))


def shared(dy, x, p):
    wide = S["max_pool"](x, p).repeat(p, axis=1).repeat(p, axis=2)
    count = ops.avg_pool2d((x == wide) * 1.0, p)[0] * p * p
    return all_winners(dy / count, x, p)


def last_winner(dy, x, p):
    dx = np.zeros_like(x)
    for n, oh, ow, c in np.ndindex(dy.shape):
        for i, j in np.ndindex(p, p):
            if x[n, oh * p + i, ow * p + j, c] == x[n, oh * p:(oh + 1) * p, ow * p:(ow + 1) * p, c].max():
                at = i, j
        dx[n, oh * p + at[0], ow * p + at[1], c] = dy[n, oh, ow, c]
    return dx


def from_zero(x, p):
    y = np.zeros((x.shape[0], x.shape[1] // p, x.shape[2] // p, x.shape[3]))
    for n, h, w, c in np.ndindex(x.shape):
        y[n, h // p, w // p, c] = max(y[n, h // p, w // p, c], x[n, h, w, c])
    return y


def by_loops(x, p):
    y = np.full((x.shape[0], x.shape[1] // p, x.shape[2] // p, x.shape[3]), -np.inf)
    for n, h, w, c in np.ndindex(x.shape):
        y[n, h // p, w // p, c] = max(y[n, h // p, w // p, c], x[n, h, w, c])
    return y


def from_hundred(x, p):
    return np.maximum(S["max_pool"](x, p), -100)


def first_by_columns(dy, x, p):
    turned = S["max_pool_backward"](dy.swapaxes(1, 2), x.swapaxes(1, 2), p)
    return turned.swapaxes(1, 2)


def nearly(dy, x, p):
    wide = S["max_pool"](x, p).repeat(p, axis=1).repeat(p, axis=2)
    return S["max_pool_backward"](dy, np.isclose(x, wide, atol=1e-9) * 1.0, p)


def looped(dy, x, p):
    """The usual loops."""
    dx = np.zeros_like(x)
    for n, h, w, c in np.ndindex(dy.shape):
        i, j = divmod(int(x[n, h * p:(h + 1) * p, w * p:(w + 1) * p, c].argmax()), p)
        dx[n, h * p + i, w * p + j, c] += dy[n, h, w, c]
    return dx


def still_free(dy, x, p):
    """Whole arrays: a pixel takes what no earlier pixel of its window has taken."""
    dx, free = np.zeros_like(x), np.ones(dy.shape, bool)
    y = S["max_pool"](x, p)
    for i in range(p):
        for j in range(p):
            wins = free & (x[:, i::p, j::p] == y)
            dx[:, i::p, j::p] = dy * wins
            free = free & ~wins
    return dx


def without_offset(dy, x, p, add=0):
    dx = np.zeros_like(x)
    for n, h, w, c in np.ndindex(dy.shape):
        i, j = divmod(int(x[n, h * p:(h + 1) * p, w * p:(w + 1) * p, c].argmax()), p)
        dx[n, i, j, c] = dy[n, h, w, c] + add * dx[n, i, j, c]
    return dx


def small_offset(dy, x, p):
    dx = np.zeros_like(x)
    for n, h, w, c in np.ndindex(dy.shape):
        i, j = divmod(int(x[n, h * p:(h + 1) * p, w * p:(w + 1) * p, c].argmax()), p)
        dx[n, h + i, w + j, c] += dy[n, h, w, c]
    return dx


def over_channels(dy, x, p, own_channel=True, add=False):
    dx = np.zeros_like(x)
    for n, h, w, c in np.ndindex(dy.shape):
        window = x[n, h * p:(h + 1) * p, w * p:(w + 1) * p, :]
        i, j, k = np.unravel_index(window.argmax(), window.shape)
        at = n, h * p + i, w * p + j, c if own_channel else k
        dx[at] = dx[at] + dy[n, h, w, c] if add else dy[n, h, w, c]
    return dx


def exchanged(dy, x, p):
    dx = np.zeros_like(x)
    for n, h, w, c in np.ndindex(dy.shape):
        j, i = divmod(int(x[n, h * p:(h + 1) * p, w * p:(w + 1) * p, c].argmax()), p)
        dx[n, h * p + i, w * p + j, c] = dy[n, h, w, c]
    return dx


def always_two(dy, x, p):
    dx = np.zeros_like(x)
    for n, h, w, c in np.ndindex(dy.shape):
        i, j = divmod(int(x[n, h * 2:(h + 1) * 2, w * 2:(w + 1) * 2, c].argmax()), 2)
        dx[n, h * 2 + i, w * 2 + j, c] = dy[n, h, w, c]
    return dx


def changed(name, key, change):
    """cnn_forward or cnn_backward with one array of its dict changed."""
    def wrong(*arguments):
        if name == "cnn_backward":
            return (grads := S[name](*arguments)) | {key: change(grads[key])}
        logits, cache = S[name](*arguments)
        return logits, cache | {key: change(cache[key])}
    return wrong


def network(pool=lambda y: ops.max_pool2d(y, 2)[0], first=True, second=True, value=0.0, flat=lambda p: p.reshape(len(p), -1),
            last=lambda a: a, K=lambda K: K, bias=1.0):
    """cnn_forward in another style, with something wrong."""
    def forward(x, params):
        sides = ((0, 0), (1, 1), (1, 1), (0, 0))
        x1 = np.pad(x, sides, constant_values=value)
        a1 = ops.conv2d(x1, K(params["K1"]), bias * params["b1"])[0]
        y1 = a1 * (a1 > 0) if first else a1
        x2 = np.pad(pool(y1), sides, constant_values=value)
        a2 = ops.conv2d(x2, K(params["K2"]), params["b2"])[0]
        y2 = a2 * (a2 > 0) if second else a2
        x3 = flat(pool(y2))
        return last(x3 @ params["W3"] + params["b3"]), {"x1": x1, "a1": a1, "y1": y1, "x2": x2, "a2": a2, "y2": y2, "x3": x3}
    return forward


def gradients(relu1=True, relu2=True, pool=looped, crop=slice(1, -1), order=(0, 1, 2, 3), of=lambda x: x):
    """cnn_backward in another style, with something wrong."""
    def backward(dlogits, cache, params):
        (N, H, W, O), grads = cache["y2"].shape, {"W3": cache["x3"].T @ dlogits, "b3": dlogits.sum(axis=0)}
        dp2 = (dlogits @ params["W3"].T).reshape(np.array([N, H // 2, W // 2, O])[list(order)]).transpose(np.argsort(order))
        da2 = pool(dp2, cache["y2"], 2) * ((cache["a2"] > 0) | (not relu2))
        dx2, grads["K2"], grads["b2"] = ops.conv2d_backward(da2, ops.conv2d(cache["x2"], params["K2"], params["b2"])[1])
        da1 = pool(dx2[:, crop, crop], cache["y1"], 2) * ((cache["a1"] > 0) | (not relu1))
        dx1, grads["K1"], grads["b1"] = ops.conv2d_backward(da1, ops.conv2d(cache["x1"], params["K1"], params["b1"])[1])
        grads["x"] = of(dx1)[:, 1:-1, 1:-1]
        return grads
    return backward


def averaged(dy, x, p):
    return ops.avg_pool2d_backward(dy, ops.avg_pool2d(x, p)[1])


def spoils_the_cache(dlogits, cache, params):
    cache["y2"][:] = 0
    return S["cnn_backward"](dlogits, cache, params)


TABLE = [(8, 8, 8), (8, 8, 16), (4, 4, 16), 80, 1168, 2570, 4, 8, 10]


def table(place, value):
    return [value if k == place else right for k, right in enumerate(TABLE)]


WRONG = [
    ("max_pool_backward", first_by_columns, "column by column, expected row by row"),
    ("max_pool", lambda x, p: ops.avg_pool2d(x, p)[0], "it is the average"),
    ("max_pool", lambda x, p: p * p * ops.avg_pool2d(x, p)[0], "it is the sum"),
    ("max_pool", from_zero, "must not begin with 0"),
    ("max_pool", from_hundred, "for x = [[[[-3000], [-2000]], [[-4000], [-5000]]]]"),
    ("max_pool", lambda x, p: x.reshape(len(x), x.shape[1] // p, x.shape[2] // p, p, p, x.shape[3]).max(axis=(3, 4)),
     "the windows are cut wrongly"),
    ("max_pool", lambda x, p: ops.max_pool2d(x, p, strides=1)[0], "y has shape"),
    ("max_pool", lambda x, p: -S["max_pool"](-x, p), "it is the minimum"),
    ("max_pool", lambda x, p: S["max_pool"](x, p).max(axis=3, keepdims=True).repeat(x.shape[3], axis=3), "over all channels"),
    ("max_pool", lambda x, p: x[:, ::p, ::p], "only one pixel of each window is read"),
    ("max_pool_backward", all_winners, "each of them gets all of dy"),
    ("max_pool_backward", shared, "they share dy; that would do"),
    ("max_pool_backward", last_winner, "the last one wins, expected the first"),
    ("max_pool_backward", nearly, "nearly equal is not a tie"),
    ("max_pool_backward", lambda dy, x, p: dy.repeat(p, axis=1).repeat(p, axis=2), "the whole window gets dy"),
    ("max_pool_backward", averaged, "average pooling"),
    ("max_pool_backward", lambda dy, x, p: S["max_pool_backward"](dy * 0 + 1, x, p), "dy itself is missing"),
    ("max_pool_backward", lambda dy, x, p: S["max_pool_backward"](S["max_pool"](x, p), x, p), "it holds the maxima themselves"),
    ("max_pool_backward", spoiled("max_pool_backward", None, lambda g: -g), "right but for the sign"),
    ("max_pool_backward", lambda dy, x, p: S["max_pool_backward"](dy, abs(x), p), "for dy = [[[[-3]]]]"),
    ("max_pool_backward", lambda dy, x, p: S["max_pool_backward"](dy, x, p) * (x > 0), "for dy = [[[[-3]]]]"),
    ("max_pool_backward", lambda dy, x, p: S["max_pool_backward"](dy, x[..., :1] + 0 * x, p), "for dy = [[[[5, 7]]]]"),
    ("max_pool_backward", lambda dy, x, p: x * S["max_pool_backward"](dy, x, p), "x is a factor of it"),
    ("max_pool_backward", without_offset, "add p * h and p * w, where the window begins"),
    ("max_pool_backward", lambda dy, x, p: without_offset(dy, x, p, add=1), "add p * h and p * w, where the window begins"),
    ("max_pool_backward", small_offset, "not h and w alone"),
    ("max_pool_backward", over_channels, "the argmax is over all channels"),
    ("max_pool_backward", lambda dy, x, p: over_channels(dy, x, p, False), "the argmax is over all channels"),
    ("max_pool_backward", lambda dy, x, p: over_channels(dy, x, p, False, add=True), "the argmax is over all channels"),
    ("max_pool_backward", exchanged, "row and column are exchanged"),
    ("max_pool_backward", always_two, "the window's size is fixed to 2"),
    ("cnn_table", table(3, 72), "parameters of the first convolution: not 72: the biases count"),
    ("cnn_table", table(0, (1, 8, 8, 8)), "without a batch axis"),
    ("cnn_table", table(6, (4, 4)), "one side of it, a number"),
    ("cnn_table", table(4, 160), "each kernel reads all 8 channels"),
    ("cnn_table", table(1, (6, 6, 16)), "padding 1 keeps the size"),
    ("cnn_table", table(6, 6), "each 3 wide, overlap"),
    ("cnn_table", table(7, 6), "neighbours are 2 pixels apart"),
    ("cnn_table", table(5, 2560), "8 of 9 right"),
    ("cnn_forward", network(first=False), "the first ReLU is missing"),
    ("cnn_forward", network(second=False), "the second ReLU is missing"),
    ("cnn_forward", network(first=False, second=False), "y1 is max(0, a1)"),
    ("cnn_forward", network(pool=lambda y: ops.avg_pool2d(y, 2)[0]), "this is average pooling"),
    ("cnn_forward", network(value=1.0), "the padding holds ones"),
    ("cnn_forward", network(flat=lambda p: p.transpose(0, 3, 1, 2).reshape(len(p), -1)), "the channels come first"),
    ("cnn_forward", network(flat=lambda p: p.reshape(-1, len(p)).T), "values of several images are mixed"),
    ("cnn_forward", network(last=lambda a: np.maximum(0, a)), "the last layer has no ReLU"),
    ("cnn_forward", network(last=lambda a: ops.softmax(a)[0]), "the softmax belongs to the loss"),
    ("cnn_forward", network(bias=0.0), "the first bias is missing"),
    ("cnn_forward", lambda x, params: S["cnn_forward"](x, params | {"b2": 0 * params["b2"]}), "the second bias is missing"),
    ("cnn_forward", lambda x, params: S["cnn_forward"](x, params | {"b3": 0 * params["b3"]}), "the last bias is missing"),
    ("cnn_forward", network(K=lambda K: K[::-1, ::-1]), "a1[0, 0"),
    ("cnn_forward", lambda x, params: S["cnn_forward"](x, params)[0], "expected two: logits, cache"),
    ("cnn_forward", lambda x, params: (S["cnn_forward"](x, params)[0], {}), "cache has no x1, a1"),
    ("cnn_forward", lambda x, params: S["cnn_forward"](x, params | {"K1": params["K9"]}), "KeyError"),
    ("cnn_forward", changed("cnn_forward", "x2", lambda a: a[:, 1:-1, 1:-1]), "x2 has shape"),
    ("cnn_backward", gradients(relu1=False), "the backward pass of the first ReLU is missing"),
    ("cnn_backward", gradients(relu2=False), "the backward pass of the second ReLU is missing"),
    ("cnn_backward", gradients(relu1=False, relu2=False), "where a2 is not positive"),
    ("cnn_backward", gradients(pool=averaged), "dy is spread over each window"),
    ("cnn_backward", gradients(crop=slice(2, None)), "the wrong part of dx is cut out"),
    ("cnn_backward", gradients(crop=slice(0, -2)), "the wrong part of dx is cut out"),
    ("cnn_backward", gradients(order=(0, 3, 1, 2)), "dx3 is put into images in the order (c, h, w)"),
    ("cnn_backward", lambda d, cache, params: {k: g / len(d) for k, g in S["cnn_backward"](d, cache, params).items()},
     "the mean is already in dlogits"),
    ("cnn_backward", lambda *arguments: {k: -g for k, g in S["cnn_backward"](*arguments).items()}, "expected the gradients"),
    ("cnn_backward", lambda *arguments: {k: g for k, g in S["cnn_backward"](*arguments).items() if k != "x"}, "grads has no x"),
    ("cnn_backward", lambda *arguments: list(S["cnn_backward"](*arguments).values()), "expected a dict"),
    ("cnn_backward", spoils_the_cache, "your code changes y2"),
]
RIGHT = [("max_pool", by_loops),
         ("max_pool", lambda x, p: np.stack([x[:, i::p, j::p] for i in range(p) for j in range(p)]).max(0)),
         ("max_pool_backward", looped), ("max_pool_backward", still_free),
         ("cnn_forward", network()), ("cnn_forward", lambda x, params: list(network()(x, dict(params)))),
         ("cnn_backward", gradients()), ("cnn_backward", gradients(pool=still_free)),
         ("cnn_table", tuple(TABLE))]
SHAPES_SHOWN = [text for name, attempt, text in WRONG if name in ("cnn_forward", "cnn_backward")]
