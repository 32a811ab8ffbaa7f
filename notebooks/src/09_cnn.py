# %% [markdown]
# # 09 Pooling, LeakyReLU, dropout
#
# **You will build** three layers without weights: pooling, which makes pictures smaller; LeakyReLU, which keeps units alive;
# and dropout, which removes values by chance. Each is a few lines forward and a few backward, and each has one place where
# people go wrong.
#
# **You need** notebooks 01 and 07; of 02, that gradients can be measured.
#
# **It takes** about an hour and a half with the exercises; the notebook itself runs in seconds.

# %%
import numpy as np

from nnscratch import ops
from nnscratch.course import checks, draw
from nnscratch.gradcheck import check_op

# %% [markdown]
# ## Max pooling
#
# After a convolution a picture is nearly as large as before, and often "is there an edge around here?" matters more than where
# exactly. So cut the picture into windows of 2 x 2 and keep the largest number of each. From 16 pixels 4 remain:

# %%
x = np.array([[1.0, 2, 0, 5], [4, 3, 1, 1], [7, 0, 2, 2], [1, 6, 2, 0]])
dy = np.array([[1.0, 10], [-2, 3]])
draw.pooling(x, dy, 2)

# %% [markdown]
# On the right is the way back. Raise the 4 by a little, and its $y$ rises by as much: slope 1. Raise the 3 by a little, and
# nothing happens, because it is still not the largest: slope 0. So all of `dy` goes to the pixel that won, and the others get
# nothing. In letters, for windows of $p \times p$ that stand side by side:
#
# $$y_{n,oh,ow,c} = \max_{i,j < p}\; x_{n,\;p \cdot oh + i,\;p \cdot ow + j,\;c}$$
#
# Every channel is pooled for itself. As loops:

# %%
rng = np.random.default_rng(0)
x = rng.normal(size=(2, 6, 4, 3))
y = np.empty((2, 3, 2, 3))
for n, oh, ow, c in np.ndindex(y.shape):
    y[n, oh, ow, c] = max(x[n, 2 * oh + i, 2 * ow + j, c] for i in range(2) for j in range(2))
print("the loops agree with the library:", np.allclose(y, ops.max_pool2d(x, 2)[0]))
assert np.allclose(y, ops.max_pool2d(x, 2)[0])

# %% [markdown]
# ### Exercise: max pooling
#
# Loops will do. But a `reshape` can cut rows into windows without any; then the maximum is one call. $H$ and $W$ are multiples
# of $p$.

# %% exercise=max_pool
def max_pool(x, p):
    """(N, H, W, C) -> (N, H/p, W/p, C)"""
    ...

# %%
checks.max_pool(max_pool)

# %% [markdown]
# ## Who won?
#
# Look at the last window of the picture above: it holds 2, 2, 2 and 0. Three pixels tie. Raise the first by a little and $y$
# rises; lower it and $y$ stays, held up by the others. The slope is 1 to the right and 0 to the left:

# %%
tied = np.array([[2.0, 2], [2, 0]])[None, :, :, None]
h = np.zeros_like(tied)
h[0, 0, 0, 0] = 0.01
at = ops.max_pool2d(tied)[0].item()
right = (ops.max_pool2d(tied + h)[0].item() - at) / 0.01
left = (at - ops.max_pool2d(tied - h)[0].item()) / 0.01
print(f"slope to the right {right:.0f}, to the left {left:.0f}")
assert np.isclose(right, 1) and left == 0

# %% [markdown]
# There is no derivative here, and one has to choose. Sending `dy` to *all* three would be a mistake: three times as much would
# come out as went in. We let the first winner have it, row by row. Ties are not as rare as they sound: after a relu, many
# windows hold nothing but zeros.
#
# ### Exercise: the way back
#
# `window.argmax()` counts through the window row by row and gives the first of several winners.

# %% exercise=max_pool_backward
def max_pool_backward(dy, x, p):
    """(N, H/p, W/p, C), (N, H, W, C) -> (N, H, W, C)"""
    ...

# %%
checks.max_pool_backward(max_pool_backward)

# %% [markdown]
# Windows may also *overlap*. The pixels $(1, 5, 2)$, windows of 2, one pixel apart: $y = (5, 5)$. The 5 has won twice, so with
# $dy = (1, 10)$ it gets $1 + 10$. It is the rule of notebook 01 again:

# %%
row = np.array([1.0, 5, 2]).reshape(1, 1, 3, 1)
y, cache = ops.max_pool2d(row, (1, 2), strides=1)
dx = ops.max_pool2d_backward(np.array([1.0, 10]).reshape(1, 1, 2, 1), cache)
print("y", y.ravel(), " dx", dx.ravel())
assert dx.ravel().tolist() == [0, 11, 0]

# %% [markdown]
# ## Average pooling
#
# The average of a window of $p \times p$ is $\sum x / p^2$. It is linear, and each pixel has the slope $1 / p^2$. So `dy` is
# divided fairly, with no winner and no ties: $dx = dy / p^2$, repeated over the window. Forward and backward in one line each:

# %%
y = x.reshape(2, 3, 2, 2, 2, 3).mean(axis=(2, 4))
dy = rng.normal(size=y.shape)
dx = (dy / 4).repeat(2, axis=1).repeat(2, axis=2)
theirs, cache = ops.avg_pool2d(x, 2)
agree = np.allclose(y, theirs) and np.allclose(dx, ops.avg_pool2d_backward(dy, cache))
print("both agree with the library:", agree)
assert agree

# %% [markdown]
# *Global* average pooling takes the whole picture for one window, $(N, H, W, C) \to (N, C)$. Many networks end so. Now all
# three measured. Max pooling has kinks, but no ties in random numbers, so they are not met:

# %%
for name in ("max_pool2d", "avg_pool2d", "global_avg_pool2d"):
    report = check_op(getattr(ops, name), getattr(ops, name + "_backward"), [x], names=["x"],
                      smooth=name != "max_pool2d")
    print(f"{name:18} right: {report.ok}, kinks met: {report.kinks}")
    assert report.ok and report.kinks == 0

# %% [markdown]
# What is the difference to the eye? A drawing with thin bright lines, made smaller by 4 in both directions:

# %%
rows, columns = np.mgrid[:48, :48] - 23.5
distance = np.hypot(rows, columns)
lines = (abs(distance - 18) < 0.8) | (abs(rows - columns) < 0.8) & (distance < 18)
photo = lines[None, :, :, None] * 1.0
small = {name: pool(photo, 4)[0][0, :, :, 0]
         for name, pool in (("maximum", ops.max_pool2d), ("average", ops.avg_pool2d))}
draw.images({"48 x 48": photo[0, :, :, 0], **small},
            "a circle with a diagonal: the maximum keeps the lines, and makes them thick and "
            "jagged; the average makes them grey and smooth")

# %% [markdown]
# The maximum says *whether* a feature was there, the average *how much* of it. For style transfer the average is often
# preferred, since its gradient reaches every pixel.
#
# ## LeakyReLU
#
# A relu, $\max(0, x)$, has the slope 0 below 0. A unit whose sum is negative for every example gets no gradient, so it never
# changes, so its sum stays negative: it is *dead*. LeakyReLU keeps a small slope $s$ there:
#
# $$y = \begin{cases} x & x > 0 \\ s\,x & \text{else} \end{cases} \qquad
# dx = \begin{cases} dy & x > 0 \\ s\,dy & \text{else} \end{cases}$$
#
# With $s = 0.2$: $x = (3, -4)$ gives $y = (3, -0.8)$, and $dy = (10, 10)$ comes back as $dx = (10, 2)$.
#
# At $x = 0$ the two slopes meet, and there is no derivative: one has to choose, as with ties above. The formula has chosen: 0
# is not above 0, so it falls under "else", and $dx = s\,dy$. No choice would be wrong, but backwards are compared number by
# number, and exact zeros do occur; so everybody has to choose alike. The library and PyTorch take $s$, too.

# %%
y, cache = ops.leaky_relu(np.array([3.0, -4, 0]), 0.2)
dx = ops.leaky_relu_backward(np.array([10.0, 10, 10]), cache)
print("y", y, " dx", dx)
assert np.allclose(y, [3, -0.8, 0]) and np.allclose(dx, [10, 2, 2])

# %% [markdown]
# ### Exercise: its backward
#
# Which sign decides, that of `x` or that of `dy`? And mind the 0.

# %% exercise=leaky_relu_backward
def leaky_relu_backward(dy, x, slope):
    """Arrays of the same shape; slope is the slope below 0, and at 0."""
    ...

# %%
checks.leaky_relu_backward(leaky_relu_backward)

# %% [markdown]
# Can a dead unit come back? One neuron starts with $b = -3$, so that its sum is negative for all $x$ from -1 to 1. It shall
# learn $t = x + 2$. With each slope it walks 200 steps downhill:

# %%
x = np.linspace(-1, 1, 21)
losses = {}
for s in (0.0, 0.05, 0.3):
    w, b, path = 1.0, -3.0, []
    for _ in range(200):
        y, cache = ops.leaky_relu(w * x + b, s)
        path.append(((y - x - 2)**2).mean())
        dz = ops.leaky_relu_backward(2 * (y - x - 2) / x.size, cache)
        w, b = w - 0.1 * (dz * x).sum(), b - 0.1 * dz.sum()
    losses[f"slope {s}"] = np.arange(200), np.array(path)
draw.curves(losses, "the loss over 200 steps: with slope 0 it never moves; with 0.3 it falls soon, "
            "with 0.05 later", "step", "loss")

# %%
first, last = ([round(float(path[k]), 3) for _, path in losses.values()] for k in (0, -1))
print("loss at the first step", first, "and at the last", last)
assert first[0] == last[0] and max(last[1:]) < 0.01

# %% [markdown]
# ## Dropout
#
# A network that can rely on one single value will do so. Dropout forbids it: in training every value is set to 0 with
# probability `rate`, anew at every step. What stays is divided by $1 - rate$:
#
# $$y = x \cdot m \qquad m = \begin{cases} 0 & \text{with probability } rate \\ 1 / (1 - rate) & \text{else} \end{cases}
# \qquad dx = dy \cdot m$$
#
# Why divide? With $rate = 0.25$ three of four values stay, so the mean of $m$ is $\frac34 \cdot \frac43 = 1$: the next layer
# meets numbers of the size it will meet later. At inference nothing is dropped *and nothing is scaled*. (This is *inverted*
# dropout; the first paper scaled down at inference.) Backward multiplies by the *same* $m$: drawing a new one is the
# classical mistake.

# %%
x = np.array([1.0, 2, 3, 4])
for k in range(3):
    print("a draw:", ops.dropout(x, 0.25, seed=k)[0].round(2))
mean = ops.dropout(np.tile(x, (40000, 1)), 0.25, seed=0)[0].mean(axis=0)
print("mean of 40000 draws:", mean.round(1))
assert np.allclose(mean, x, rtol=0.02)

# %% [markdown]
# ### Exercise: dropout
#
# To be checked, your function cannot roll the dice itself: it gets them as `chance`.

# %% exercise=dropout
def dropout(x, rate, chance, training):
    """chance holds a number from 0 to 1 for each value of x: drop where it is below rate."""
    ...

# %%
checks.dropout(dropout)

# %% [markdown]
# In a picture, dropping single pixels hides little: the neighbours tell what was there. *Spatial* dropout drops whole channels
# of a picture, with a mask of shape $(N, 1, 1, C)$. Here are three channels, each way with rate 0.5:

# %%
waves = np.stack([np.sin(rows / 4), np.sin(columns / 4), np.sin(distance / 3)], axis=-1)[None] + 1.2
single, _ = ops.dropout(waves, 0.5, seed=0)
whole, _ = ops.spatial_dropout2d(waves, 0.5, seed=1)
parts = {"given": waves, "dropout": single, "spatial dropout": whole}
draw.heatmaps({title: np.hstack([a[0, :, :, c] for c in range(3)]) for title, a in parts.items()},
              "three channels of waves; with single pixels dropped one still sees the waves; "
              "spatial dropout leaves some channels whole and removes the others", inches=0.022)

# %% [markdown]
# ## Measured, and the classes
#
# First the gradients of this half. With its seed, dropout is a function like any other: the same mask each time it is asked.

# %%
x = rng.normal(size=(2, 6, 4, 3))
forwards = {"leaky_relu": lambda x: ops.leaky_relu(x, 0.2),
            "dropout": lambda x: ops.dropout(x, 0.25, seed=7),
            "spatial_dropout2d": lambda x: ops.spatial_dropout2d(x, 0.25, seed=7)}
for name, forward in forwards.items():
    report = check_op(forward, getattr(ops, name + "_backward"), [x], names=["x"],
                      smooth=name != "leaky_relu")
    print(f"{name:17} right: {report.ok}")
    assert report.ok

# %% [markdown]
# A layer keeps between forward and backward what its backward needs: the winners, the signs, the mask.

# %%
from nnscratch.layers import Dropout, LeakyReLU, MaxPooling2D, SpatialDropout2D

for layer, (y, _) in [
    (MaxPooling2D(2), ops.max_pool2d(x, 2)),
    (LeakyReLU(0.2), ops.leaky_relu(x, 0.2)),
    (Dropout(0.25, seed=7), ops.dropout(x, 0.25, seed=(7, 0))),
    (SpatialDropout2D(0.25, seed=7), ops.spatial_dropout2d(x, 0.25, seed=(7, 0))),
]:
    assert np.allclose(layer.forward(x, training=True), y)
    assert layer.backward(y).shape == x.shape
layer = Dropout(0.25, seed=7)
print("dropout changes nothing at inference:", np.array_equal(layer.forward(x, training=False), x))

# %% [markdown]
# ## Questions
#
# 1. Max pooling looks at 4 pixels for each number it gives. Why is $dx$ still so full of zeros, and does that hurt?
# 2. LeakyReLU with slope 1 is what? And a stack of dense layers with it?
# 3. A backward of dropout draws a new mask instead of using that of the forward. For which values of $x$ is $dx$ then wrong,
#    and would a loss that goes down all the same prove anything?
#
# **Alone:** change the start of the dead neuron to $b = -0.5$. Does a relu learn now, and why?
#
# **Next:** [11 Batch normalisation and its two backwards](11_batch_norm.ipynb)
