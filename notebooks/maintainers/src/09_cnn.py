# %% [markdown]
# # 09 A convolutional network
#
# The multilayer perceptron of notebook 05, milestone M1, gives every pixel weights of its own. A convolution uses the same few
# weights at all positions. Does a network of convolutions read digits better, with fewer weights?
#
# **You will build** max pooling and its backward pass, and from your own functions a convolutional network: milestone M2.
#
# **You need** notebooks 05 to 08.
#
# **It takes** about two hours with the exercises; the notebook itself runs in half a minute.

# %%
import numpy as np

from nnscratch import ops
from nnscratch.course import checks, draw, own
from nnscratch.course.digits import Digits, digits

train_set, validation = digits("train", 16), digits("validation", 16)
images, labels = train_set.images[..., None], train_set.labels
print("images", images.shape, " labels", labels.shape)

# %% [markdown]
# The digits have 16 x 16 pixels here, and one channel. Below is one of them, then where two Sobel kernels respond to it, and
# then the same at half the size:

# %%
sobel = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
K = np.stack([sobel, sobel.T], axis=-1)[:, :, None]
edges = np.maximum(0, own.conv2d(images[4:5], K, np.zeros(2), padding=1))
small = ops.max_pool2d(edges, 2)[0]
draw.images({"a digit": images[4, :, :, 0],
             "right edges": edges[0, :, :, 0], "pooled": small[0, :, :, 0],
             "lower edges": edges[0, :, :, 1], "pooled ": small[0, :, :, 1]},
            "a digit, two kinds of edges of 16 x 16 pixels, and both pooled to 8 x 8", inches=1.5)

# %% [markdown]
# **Figure 9.1.** Pooling leaves a quarter of the values, and the edges can still be recognised.
#
# ## Max pooling
#
# Often "is there an edge around here?" matters more than where exactly. So cut the image into windows of 2 x 2 and keep the
# largest value of each. This is [max pooling](glossary.md#pooling-max-average-global-average):
#
# $$y_{n,h,w,c} = \max_{i,\,j \in \{0, 1\}} x_{n,\,2h+i,\,2w+j,\,c}$$

# %%
x = np.array([[1.0, 2, 0, 5], [4, 3, 1, 1], [7, 0, 2, 2], [1, 6, 2, 0]])
y = np.array([[4.0, 5], [7, 2]])
tints = ["#cfe3f0", "#f6dccd", "#cdeadf", "#f3e3ec"]
of_x = {(h, w): tints[2 * (h // 2) + w // 2] for h in range(4) for w in range(4)}
of_y = {(h, w): tints[2 * h + w] for h in range(2) for w in range(2)}
draw.grids([[draw.Grid("x", x, colours=of_x), "max →", draw.Grid("y", y, colours=of_y)]],
           "an array of 4 x 4 numbers in four windows of 2 x 2, and the largest number of each")

# %% [markdown]
# **Figure 9.2.** Four windows of $x$ side by side, and four values of $y$.
#
# Each channel is pooled for itself, and there are no weights.
#
# ### Exercise (build): `max_pool`
#
# Windows have `p` x `p` pixels here, and begin `p` pixels apart; `H` and `W` are multiples of `p`. Four loops are right. A
# `reshape` that splits rows and columns into windows is right, too, and faster.

# %% exercise=max_pool
def max_pool(x, p):
    """(N, H, W, C) -> (N, H/p, W/p, C)"""
    ...

# %%
checks.max_pool(max_pool)

# %% [markdown]
# ## Its gradient, measured first
#
# Take the first window, with $y = 4$. By how much does $y$ change if one of the four pixels is changed a little? And in a
# window where three pixels are equal?

# %%
def slopes(window, step):
    """Four copies of the window, one pixel changed in each."""
    changed = window + step * np.eye(4).reshape(4, 2, 2)
    y = own.max_pool(changed[..., None], 2)[:, 0, 0, 0]
    return (y - window.max()) / step


for window in (np.array([[1.0, 2], [4, 3]]), np.array([[2.0, 2], [2, 0]])):
    print(window.tolist(), " slopes up", slopes(window, 0.01).round(2) + 0,
          " down", slopes(window, -0.01).round(2) + 0)

# %% [markdown]
# With one maximum the slopes up and down agree. With a tie they do not: there is no derivative, so a convention is needed. Ours
# is a usual one. The first of several equal pixels counts as the maximum, row by row. Ties are common: after a ReLU many
# windows hold nothing but zeros.
#
# ### Exercise (derive): `max_pool_backward`
#
# On paper first: $\partial L / \partial y = 5$ for the first window. What is $\partial L / \partial x$ at each of its four
# pixels? Then for all windows, with `dy` as upstream gradient.

# %% exercise=max_pool_backward
def max_pool_backward(dy, x, p):
    """(N, H/p, W/p, C), (N, H, W, C) -> (N, H, W, C)"""
    ...

# %%
checks.max_pool_backward(max_pool_backward)

# %% [markdown]
# The next figure shows both directions; the last window has a tie. After it comes the gradient check, with random numbers,
# among which there are no ties.

# %%
dy = np.array([[1.0, 10], [-2, 3]])
draw.pooling(x, dy, 2)

# %% [markdown]
# **Figure 9.3.** Each `dy` goes to one pixel, the maximum of its window; all other pixels get 0.

# %%
rng = np.random.default_rng(0)
x, dy = rng.normal(size=(2, 6, 4, 3)), rng.normal(size=(2, 3, 2, 3))
measured = own.numeric_gradient(lambda x: (own.max_pool(x, 2) * dy).sum(), x, 1e-6)
print("your backward pass agrees with the measured gradient")
assert np.allclose(own.max_pool_backward(dy, x, 2), measured)

# %% [markdown]
# *Average* pooling takes the mean of a window instead; each of its four pixels has the slope 1/4. *Global* average pooling
# takes the mean of a whole channel, of $M = H \cdot W$ values, and leaves one number for each channel: $y_{n,c} = \frac{1}{M}
# \sum_{h,w} x_{n,h,w,c}$.

# %%
average = x.reshape(2, 3, 2, 2, 2, 3).mean(axis=(2, 4))
assert np.allclose(average, ops.avg_pool2d(x, 2)[0])
assert np.allclose(x.mean(axis=(1, 2)), ops.global_avg_pool2d(x)[0])
print("average", average.shape, " global average", x.mean(axis=(1, 2)).shape)

# %% [markdown]
# ## The network on paper
#
# M2 has seven steps: a convolution with 8 kernels of 3 x 3 and padding 1, ReLU, max pooling by 2; a convolution with 16 kernels
# of 3 x 3 and padding 1, ReLU, max pooling by 2; and a dense layer with 10 logits. An image has the shape (16, 16, 1).
#
# Which pixels does a value deep in the network depend on? Its [receptive field](glossary.md#receptive-field) is the set of
# input pixels that can reach it. Count along one side. The field of a pixel is 1. A layer with a kernel of $KH$ reads $KH$
# neighbours, so it adds $KH - 1$ steps from one to the next. Each of these steps is as many pixels wide as the product of the
# strides of all layers before it. Two convolutions of 3 with stride 1: $1 + 2 + 2 = 5$. A pooling by 2 is a kernel of 2 with
# stride 2.
#
# ### Exercise (predict): shapes, parameters, receptive fields
#
# In this order: the shapes of an image after the first pooling, the second convolution, the second pooling; the numbers of
# parameters, biases included, of the first convolution, the second, the dense layer; one side of the receptive field after the
# first pooling, the second convolution, the second pooling.

# %% exercise=cnn_table
cnn_table = [..., ..., ...,  # shapes, as (16, 16, 1)
             ..., ..., ...,  # numbers of parameters
             ..., ..., ...]  # sides of receptive fields

# %%
checks.cnn_table(cnn_table)

# %%
draw.volumes({"x": (16, 16, 1), "y1": (16, 16, 8), "pooled y1": (8, 8, 8), "y2": (8, 8, 16),
              "pooled y2": (4, 4, 16), "logits": (10,)},
             [*2 * ("conv 3 x 3,\nReLU", "max pool\n2 x 2"), "dense"],
             "six arrays of the network, each a stack of channels, smaller and with more channels")

# %% [markdown]
# **Figure 9.4.** From left to right the images get smaller and the channels more.
#
# ### Exercise (build): `cnn_forward`
#
# Every array is one line of code, with functions of yours: `own.conv2d(x, K, b)`, `own.max_pool(x, p)`, `own.dense(x, W, b)`.
# `x1` and `x2` have their border of zeros already, so `own.conv2d` is called without padding. `params` is a dict of `K1`, `b1`,
# `K2`, `b2`, `W3`, `b3`. Return the logits and the cache, a dict of the seven other arrays by name, for the backward pass.
#
# | array | is made from | by |
# |---|---|---|
# | `x1` | `x` | a border of zeros, one pixel wide, around each image |
# | `a1`, `y1` | `x1` | convolution with `K1` and `b1`; ReLU |
# | `x2` | `y1` | max pooling, then a border as in `x1` |
# | `a2`, `y2` | `x2` | convolution with `K2` and `b2`; ReLU |
# | `x3` | `y2` | max pooling, then one row for each image |
# | `logits` | `x3` | dense layer with `W3` and `b3` |

# %% exercise=cnn_forward
def cnn_forward(x, params):
    """(N, H, W, 1), dict -> logits (N, 10), cache"""
    ...

# %%
checks.cnn_forward(cnn_forward)

# %% [markdown]
# The receptive fields can be measured. Let all kernels hold ones, so that nothing cancels, and take 256 images: in each of them
# another pixel is 1, and all others are 0. If a value in the middle of an array is not 0, that pixel reaches it.

# %%
def start(rng, side=16):
    """Initial parameters by He's rule, with small logits; x3 has (side/4)² * 16 = side² values."""
    return {"K1": own.he_normal((3, 3, 1, 8), 9, rng), "b1": np.zeros(8),
            "K2": own.he_normal((3, 3, 8, 16), 72, rng), "b2": np.zeros(16),
            "W3": 0.1 * own.he_normal((side * side, 10), side * side, rng), "b3": np.zeros(10)}


ones = {name: np.full(value.shape, float(value.ndim > 1)) for name, value in start(rng).items()}
_, cache = own.cnn_forward(np.eye(256).reshape(256, 16, 16, 1), ones)
reached = {"y1: 3 x 3": cache["y1"][:, 7, 7, 0], "pooled y1: 4 x 4": cache["x2"][:, 4, 4, 0],
           "y2: 8 x 8": cache["y2"][:, 3, 3, 0],
           "pooled y2: 10 x 10": cache["x3"].reshape(256, 4, 4, 16)[:, 1, 1, 0]}
fields = {name: (value != 0).reshape(16, 16) for name, value in reached.items()}
print([int(field.any(axis=0).sum()) for field in fields.values()], "pixels wide")
assert [field.any(axis=0).sum() for field in fields.values()] == [3, 4, 8, 10]

# %%
digit = images[4, :, :, 0]
shown = {name: np.stack([digit * (1 - 0.6 * field), np.maximum(digit, 0.5 * field),
                         digit * (1 - 0.6 * field)], axis=-1) for name, field in fields.items()}
draw.images(shown, "a digit with the receptive fields of one value in four arrays, "
            "3, 4, 8 and 10 pixels wide", inches=1.8)

# %% [markdown]
# **Figure 9.5.** The green pixels can reach one value: 3, 4, 8 and 10 pixels wide, and most of the digit in the end.
#
# ## The backward pass
#
# Now in reverse, with `own.dense_backward(dy, x, W)`, which returns dx, dW, db; `own.max_pool_backward(dy, x, p)`;
# `own.relu_backward(dy, a)`; and `own.conv2d_backward(dy, x, K)`, which returns dx, dK, db. Two steps have no function yet: the
# row for each image, and the border of zeros. Both are linear maps, so their backward passes are adjoints. The border has a
# simple one: which elements of `x1` came from `x`?
#
# ### Exercise (build): `cnn_backward`
#
# Return a dict with a gradient for each parameter, under the parameter's name, and under `"x"` the gradient with respect to the
# images. Training does not need that one; the next notebook does.

# %% exercise=cnn_backward
def cnn_backward(dlogits, cache, params):
    """(N, 10), dict, dict -> dict"""
    ...

# %%
checks.cnn_backward(cnn_backward)

# %% [markdown]
# ## Before the training: three checks
#
# The gradient check, on two small images of random numbers. The first loss, which must be near $\ln 10 = 2.30$. And one batch,
# which the network must be able to learn by heart.

# %%
x, t, params = rng.normal(size=(2, 8, 8, 1)), own.one_hot(np.array([3, 7]), 10), start(rng, side=8)


def loss(name, value):
    inputs = {"x": x} | params | {name: value}
    return own.softmax_cross_entropy(own.cnn_forward(inputs["x"], inputs)[0], t)[0]


logits, cache = own.cnn_forward(x, params)
grads = own.cnn_backward(own.softmax_cross_entropy(logits, t)[1], cache, params)
for name in ("x", "K1", "b1", "b2", "b3"):  # K2 and W3 have too many elements to measure here
    first = x if name == "x" else params[name]
    measured = own.numeric_gradient(lambda value, name=name: loss(name, value), first, 1e-6)
    assert np.allclose(grads[name], measured, atol=1e-7), name
print("the gradients agree with the measured ones")

# %%
def train(network, params, x, labels, lr, steps=400, size=64, seed=0, watch=None):
    """Mini-batches with momentum; after two thirds of the steps a smaller learning rate."""
    (forward, backward), rng, todo = network, np.random.default_rng(seed), []
    t, v = own.one_hot(labels, 10), {name: 0 * value for name, value in params.items()}
    for step in range(steps):
        todo = todo or list(own.batches(len(x), size, rng))
        n = todo.pop()
        logits, cache = forward(x[n], params)
        L, dlogits = own.softmax_cross_entropy(logits, t[n])
        grads = backward(dlogits, cache, params)
        now = lr if step < 2 * steps / 3 else lr / 5
        for name in params:
            params[name], v[name] = own.momentum_step(params[name], v[name], grads[name], now, 0.9)
        if watch:
            watch(step, float(L), params)
    return params

# %%
M2 = own.cnn_forward, own.cnn_backward
losses = []
train(M2, start(rng), images[:64], labels[:64], 0.05, 60,
      watch=lambda step, L, params: losses.append(L))
assert abs(losses[0] - np.log(10)) < 0.1 and losses[-1] < 0.05
print(f"first loss {losses[0]:.2f}; the loss of one batch falls below 0.05")

# %% [markdown]
# ## M2 against M1
#
# A fair comparison gives both the same images, the same number of steps and the same batches, and each the learning rate that
# was best for it on the validation set (of 0.05, 0.1, 0.2, 0.3 and 0.4): 0.3 for M1, 0.05 for M2. Here M1 reads 16 x 16 pixels,
# too, with 128 hidden units. The learning rate is a fifth in the last third of the steps: then the noise of mini-batches
# matters less.

# %%
def mlp_forward(x, params):
    x = x.reshape(len(x), -1)
    a = own.dense(x, params["W1"], params["b1"])
    y = np.maximum(0, a)
    return own.dense(y, params["W2"], params["b2"]), (x, a, y)


def mlp_backward(dlogits, cache, params):
    return dict(zip(("W1", "b1", "W2", "b2"), own.mlp_backward(dlogits, *cache, params["W2"])))


def mlp_start(rng):
    return {"W1": own.he_normal((256, 128), 256, rng), "b1": np.zeros(128),
            "W2": own.he_normal((128, 10), 128, rng), "b2": np.zeros(10)}


def right(forward, params, data):
    return own.accuracy(forward(data.images[..., None], params)[0], data.labels)

# %% varies
some = Digits(*(part[:700] for part in validation))  # 700 samples, to be quick
curves, size = {"M1": [], "M2": []}, {}


def watcher(name, forward):
    def watch(step, L, params):
        if step % 40 == 39:
            curves[name].append((step + 1, 100 * right(forward, params, some)))
    return watch


networks = {"M1": ((mlp_forward, mlp_backward), mlp_start(np.random.default_rng(0)), 0.3),
            "M2": (M2, start(np.random.default_rng(0)), 0.05)}
for name, (network, params, lr) in networks.items():
    train(network, params, images, labels, lr, watch=watcher(name, network[0]))
    size[name] = sum(value.size for value in params.values())
    accuracy = right(network[0], params, validation)
    print(f"{name}: {size[name]:6,} parameters, {100 * accuracy:.1f} % right")
assert size == {"M1": 34186, "M2": 3818}

# %%
lines = {f"{name}, {size[name]:,} parameters": tuple(zip(*curves[name])) for name in curves}
draw.curves(lines, "accuracy on 700 validation images over 400 steps: M2 ends above M1",
            "step", "right on validation images (%)")

# %% [markdown]
# **Figure 9.6.** With a ninth of the parameters M2 ends above M1.

# %%
final = {name: params for name, (_, params, _) in networks.items()}
errors = {name: 1 - right(networks[name][0][0], final[name], validation) for name in final}
assert errors["M2"] < 0.75 * errors["M1"] and 8.9 < size["M1"] / size["M2"] < 9.1
print("M2 makes at most three quarters of the mistakes of M1")

# %% [markdown]
# ### Few samples
#
# **Predict:** 100 training images, about ten of each digit. Is M2 still ahead, or does it need more samples than M1? Trainings
# with 100, 300 and 1000 images take 120 steps with mini-batches of 32; for 6300 the two networks above stand.

# %% varies
counts, wrong = [100, 300, 1000, 6300], {"M1": [], "M2": []}
for name, begin, lr in (("M1", mlp_start, 0.1), ("M2", start, 0.05)):  # 0.3 is too much here
    network = networks[name][0]
    for count in counts[:-1]:
        params = begin(np.random.default_rng(1))
        train(network, params, images[:count], labels[:count], lr, 120, 32)
        wrong[name].append(100 - 100 * right(network[0], params, validation))
    wrong[name].append(100 * errors[name])
    print(name, "mistakes:", ", ".join(f"{value:.1f} %" for value in wrong[name]))

# %%
draw.curves({name: (counts, values) for name, values in wrong.items()},
            "mistakes on validation images against the number of training images, log axes",
            "training images", "wrong (%)", log=True)

# %% [markdown]
# **Figure 9.7.** M2 makes fewer mistakes with any number of images; both make far fewer with many.
#
# Local, shared weights are a good assumption about images. But an assumption does not replace samples.

# %%
assert all(m2 < m1 for m1, m2 in zip(wrong["M1"], wrong["M2"]))
assert all(values[-1] < values[0] / 4 for values in wrong.values())

# %% [markdown]
# ### Shifted images
#
# A convolution is equivariant: shift its input, and its output is shifted. Is M2 then invariant: does it read a shifted digit
# as before? **Predict**, and note that its dense layer has weights of its own for each position. For comparison a third
# network, of the library's classes: no flattening, but a third convolution with 32 kernels and then *global* average pooling.

# %%
from nnscratch.initializers import set_seed
from nnscratch.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D, MaxPooling2D, ReLU
from nnscratch.losses import softmax_cross_entropy
from nnscratch.models import Input, Model
from nnscratch.optimizers import SGD

set_seed(1)
y = pixels = Input((16, 16, 1))
for channels in (8, 16, 32):
    y = MaxPooling2D(2)(y) if channels > 8 else y
    y = ReLU()(Conv2D(channels, 3, padding="same", kernel_initializer="he_normal")(y))
pooling_net = Model(pixels, Dense(10)(GlobalAveragePooling2D()(y)))

# %%
order, t = np.random.default_rng(1), np.eye(10)[labels]
for step in range(300):
    n = order.choice(len(images), 64, replace=False)
    if step in (0, 200):
        optimizer = SGD(0.02 if step else 0.1, momentum=0.9)
    _, dlogits = softmax_cross_entropy(pooling_net.forward(images[n], training=True), t[n])
    pooling_net.zero_grads()
    pooling_net.backward(dlogits, "parameters")
    optimizer.step(pooling_net.params, pooling_net.grads)
print("parameters:", sum(value.size for value in pooling_net.params.values()))

# %% varies
readers = {"M1": lambda x: mlp_forward(x, final["M1"])[0],
           "M2": lambda x: own.cnn_forward(x, final["M2"])[0],
           "global pooling": pooling_net.forward}
shifted = {}
for name, read in readers.items():
    shifted[name] = []
    for shift in range(3):
        x = np.pad(some.images, ((0, 0), (0, 0), (shift, 0)))[:, :, :16, None]
        shifted[name].append(100 * own.accuracy(read(x), some.labels))
    print(f"{name:15}", ", ".join(f"{value:.0f} %" for value in shifted[name]))

# %%
plot = draw.curves({name: (range(3), values) for name, values in shifted.items()},
                   "accuracy on digits shifted by 0, 1, 2 pixels: M1 falls fastest",
                   "shift to the right (pixels)", "right on validation images (%)")
plot.figure.axes[0].set_xticks(range(3))
plot

# %% [markdown]
# **Figure 9.8.** At two pixels M1 has lost half of the digits, M2 a good part, and the network with global average pooling few.

# %%
assert shifted["M1"][2] < shifted["M2"][2] < shifted["global pooling"][2]

# %% [markdown]
# Shared weights alone do not make a network invariant. Averaging over all positions nearly does. (Not quite: a pooling by 2 has
# stride 2, so a shift by one pixel changes what falls into a window.) Training on shifted images helps as well, as in notebook
# 06, and helps M1, too. So compare networks only when both had the same images.
#
# ## The result, once
#
# All choices are made. Now the test set, on which none of them was made:

# %% varies
test = digits("test", 16)
result = {name: right(networks[name][0][0], final[name], test) for name in final}
print({name: f"{100 * value:.1f} %" for name, value in result.items()})
assert result["M2"] >= 0.985

# %% varies
own.who("M2")

# %% [markdown]
# This is milestone **M2**: at least 98.5 % with 3,818 parameters. (The library's `conv2d`, which stands in here, calls no
# `im2col` of the table; yours may.) The library's classes build the same network, and with your parameters they give the same
# logits:

# %%
y = pixels = Input((16, 16, 1))
for channels in (8, 16):
    y = MaxPooling2D(2)(ReLU()(Conv2D(channels, 3, padding="same")(y)))
same = Model(pixels, Dense(10)(Flatten()(y)))
same.forward(images[:1])
for ours, theirs in zip(final["M2"].values(), same.params.values()):
    theirs[...] = ours
logits, _ = own.cnn_forward(images[:5], final["M2"])
agree = np.allclose(same.forward(images[:5]), logits, atol=1e-4)
print("the same logits:", agree)
assert agree

# %% [markdown]
# **On your own:** stay below 4,000 parameters and reach more than 90 % on images shifted by two pixels. Shifted training
# images, global pooling, strides: what you like.
#
# ## Questions
#
# 1. A window holds (3, 3, 1, 0) and `dy` is 8. What is the sum of `dx` over the window, and what would it be if each maximum
#    got all of `dy`?
#
# <details><summary>Answer</summary>
#
# It is 8, all at the first 3. Otherwise it would be 16: more gradient would come out than went in.
#
# </details>
#
# 2. Where are most of the 3,818 parameters, and how many would the dense layer have without the two poolings?
#
# <details><summary>Answer</summary>
#
# In the dense layer: 2,570. Without pooling it would read 16 x 16 x 16 values and have 40,970 parameters.
#
# </details>
#
# 3. Is a convolutional network invariant to shifts?
#
# <details><summary>Answer</summary>
#
# A convolution is equivariant, up to the border. With flattening the network is hardly invariant; with global average pooling
# nearly.
#
# </details>
#
# 4. Why does `max_pool_backward` need `x`, though the forward pass of pooling has no weights?
#
# <details><summary>Answer</summary>
#
# It must know where each maximum was. Keeping the position of the maximum would do, too.
#
# </details>
#
# ## References
#
# - LeCun, Bottou, Bengio, Haffner (1998), *Gradient-based learning applied to document recognition*, section II
# - Lin, Chen, Yan (2014), *Network in network*, section 3.2: global average pooling
# - Goodfellow, Bengio, Courville (2016), *Deep learning*, section 9.3: pooling
# - Zhang (2019), *Making convolutional networks shift-invariant again*
#
# **Next:** [10 Looking inside a network](10_looking_inside.ipynb)
