# %% [markdown]
# # 11 Batch normalisation and its two backwards
#
# **You will build** batch normalisation: forward, its backward in training, which is the hardest of this course, and its
# backward at inference, which is one line. You will see why the one subtracts two things from `dy` and the other nothing.
#
# **You need** notebooks 01 and 03.
#
# **It takes** about two hours with the exercises; the notebook itself runs in seconds.

# %%
import numpy as np

from nnscratch import ops
from nnscratch.course import checks, draw
from nnscratch.course.draw import Grid

# %% [markdown]
# ## Four numbers
#
# The numbers a layer hands on may be large or small, and shift while the layers before it learn. Batch normalisation brings
# each channel to mean 0 and variance 1, and then lets the network choose a better scale $\gamma$ and offset $\beta$ by itself.
# Take one channel, $x = (3, 9, 11, 17)$:
#
# | | | |
# |---|---|---|
# | mean | $m = \frac1M \sum x$ | 10 |
# | centred | $c = x - m$ | $(-7, -1, 1, 7)$ |
# | variance | $v = \frac1M \sum c^2$ | $(49 + 1 + 1 + 49) / 4 = 25$ |
# | one over the deviation | $r = 1 / \sqrt{v + \varepsilon}$ | $1 / 5$ |
# | normalised | $n = c \cdot r$ | $(-1.4, -0.2, 0.2, 1.4)$ |
# | output | $y = \gamma n + \beta$ | with $\gamma = 2$, $\beta = 1$: $(-1.8, 0.6, 1.4, 3.8)$ |
#
# $M$ is how many numbers there are, here 4. The small $\varepsilon$ keeps the root away from 0, for a channel may be constant;
# in this example it is 0.

# %%
x, gamma, beta = np.array([3.0, 9, 11, 17]), 2.0, 1.0
m = x.mean()
c = x - m
v = (c**2).mean()
r = v**-0.5
n = c * r
y = gamma * n + beta
print("mean", m, " variance", v, " n", n, " y", y)
assert np.allclose(y, [-1.8, 0.6, 1.4, 3.8])

# %% [markdown]
# ## Channels of pictures
#
# In pictures $(N, H, W, C)$ the numbers of one channel are those of *all* pixels of *all* pictures: $M = N \cdot H \cdot W$.
# There are $C$ means, $C$ variances, $C$ gammas and betas. As loops:

# %%
rng = np.random.default_rng(0)
x = rng.normal(size=(2, 7, 5, 3)) * [1, 3, 0.5] + [0, 5, -2]
gamma, beta, epsilon = np.array([2.0, 0.5, 1]), np.array([1.0, 0, -3]), 1e-3
y = np.empty_like(x)
for channel in range(3):
    numbers = [x[n, h, w, channel] for n in range(2) for h in range(7) for w in range(5)]
    mean = sum(numbers) / 70
    variance = sum((number - mean)**2 for number in numbers) / 70
    normed = (x[..., channel] - mean) / np.sqrt(variance + epsilon)
    y[..., channel] = gamma[channel] * normed + beta[channel]
zeros = np.zeros(3)
theirs, _, cache = ops.batch_norm(x, gamma, beta, zeros, zeros, training=True, epsilon=epsilon)
print("the loops agree with the library:", np.allclose(y, theirs))
assert np.allclose(y, theirs)

# %% [markdown]
# (The zeros are running statistics, which come later; training does not need them.) The picture shows three channels of a
# larger batch. Normalised, they lie upon each other; $\gamma$ and $\beta$ may part them again, as the network likes:

# %%
large = rng.normal(size=(8, 20, 20, 3)) * [1, 3, 0.5] + [0, 5, -2]
normed = (large - large.mean(axis=(0, 1, 2))) / large.std(axis=(0, 1, 2))
stages = {"x": large, "normalised": normed, "y": gamma * normed + beta}
panels = {title: {f"channel {k}": a[..., k] for k in range(3)} for title, a in stages.items()}
draw.histograms(panels, "three channels of different mean and width; normalised they are alike, "
                "with mean 0 and deviation 1; gamma and beta give each a width and a place again")

# %% [markdown]
# ### Exercise: forward
#
# The loops again, but without loops. `x.mean(axis=(0, 1, 2))` has shape $(C,)$, and NumPy subtracts it from every pixel.

# %% exercise=batch_norm
def batch_norm(x, gamma, beta, epsilon):
    """(N, H, W, C), (C,), (C,), a number -> (N, H, W, C)"""
    ...

# %%
checks.batch_norm(batch_norm)

# %% [markdown]
# ## Backward in training, step by step
#
# The parameters are easy. $y = \gamma n + \beta$ is one neuron with the weight $\gamma$, used $M$ times:
#
# $$d\gamma = \sum dy \cdot n \qquad d\beta = \sum dy \qquad dn = \gamma\, dy$$
#
# For $x$ we walk through the table above from the bottom to the top. Every $x$ is in three places: in $c$ directly, in the mean
# that all $c$ share, and, through the $c$, in the variance that all $n$ share. *What was used in several places gets the sum*:
#
# 1. $n = c\, r$, and all $n$ share $r$: $\quad dr = \sum dn \cdot c$
# 2. $r = (v + \varepsilon)^{-1/2}$: $\quad dv = -\frac12 (v + \varepsilon)^{-3/2}\, dr = -\frac12 r^3\, dr$
# 3. $c$ is in $n = c\,r$ and in $v = \frac1M \sum c^2$: $\quad dc = dn \cdot r + dv \cdot \frac{2c}{M}$
# 4. $c = x - m$, and all $c$ share $m$: $\quad dm = -\sum dc$
# 5. $x$ is in $c = x - m$ and in $m = \frac1M \sum x$: $\quad dx = dc + \frac{dm}{M}$
#
# With the four numbers, and $dy = (1, 0, 0, 4)$:

# %%
x4, M, r = np.array([3.0, 9, 11, 17]), 4, 0.2
c = x4 - 10
n = c * r
dy4 = np.array([1.0, 0, 0, 4])
dn = 2 * dy4
dr = (dn * c).sum()
dv = -0.5 * r**3 * dr
dc = dn * r + dv * 2 * c / M
dm = -dc.sum()
dx4 = dc + dm / M
print(f"dr = {dr:g}, dv = {dv:.3f}, dm = {dm:g}, dx = {dx4.round(3)}")

# %%
def col(a):
    return np.reshape(a, (-1, 1))


forward = {"x": x4, "m": 10, "c": c, "v": 25, "r": r, "n": n, "y": 2 * n + 1}
backward = {"dx": dx4, "dm": dm, "dc": dc, "dv": dv, "dr": dr, "dn": dn, "dy": dy4}
above = [part for name, a in forward.items() for part in (Grid(name, col(a)), "→")]
below = [part for name, a in backward.items() for part in (Grid(name, col(a)), "←")]
draw.grids([above[:-1], below[:-1]],
           "above the way forward from x to y, below the way back from dy to dx, through the "
           "mean and the variance")

# %% [markdown]
# (The arrows show the order of the walk; beside them $c$ is made of $x$, too, and $n$ of $c$.) Is it true? Measure it as in
# notebook 03, moving one number after the other:

# %%
def loss(x):
    c = x - x.mean()
    return (dy4 * (2 * c * (c**2).mean()**-0.5 + 1)).sum()


steps = 1e-5 * np.eye(4)
measured = np.array([loss(x4 + h) - loss(x4 - h) for h in steps]) / 2e-5
print("measured", measured.round(3))
assert np.allclose(dx4, measured)

# %% [markdown]
# ## The same in one line
#
# Put step 2 into step 3. With $n = c\,r$ the last part becomes
#
# $$dv \cdot \frac{2c}{M} = -\frac12 r^3 \Big(\sum dn \cdot c\Big) \frac{2c}{M} = -r \cdot n \cdot \frac1M \sum dn \cdot n$$
#
# So $dc = r\,(dn - n \cdot \mathrm{mean}(dn \cdot n))$. Now step 4: as $\sum n = 0$, the second part adds nothing to the
# sum, and $dm = -r \sum dn$. With step 5, and $dn = \gamma\, dy$:
#
# $$dx = \gamma\, r \; \big(\, dy - \mathrm{mean}(dy) - n \cdot \mathrm{mean}(dy \cdot n) \,\big)$$
#
# The first subtraction is what the mean does, the second what the variance does. With our numbers: $\mathrm{mean}(dy) = 1.25$,
# $\mathrm{mean}(dy \cdot n) = (-1.4 + 5.6) / 4 = 1.05$, and the first number gets $0.4 \cdot (1 - 1.25 + 1.4 \cdot 1.05) =
# 0.488$.

# %%
one_line = 2 * r * (dy4 - dy4.mean() - n * (dy4 * n).mean())
print("in one line", one_line.round(3))
assert np.allclose(one_line, dx4)

# %% [markdown]
# ### Exercise: backward in training
#
# Five steps or one line, as you like; on pictures, with $\gamma$ of every channel, and with $\varepsilon$.

# %% exercise=batch_norm_backward
def batch_norm_backward(dy, x, gamma, epsilon):
    """(N, H, W, C), (N, H, W, C), (C,), a number -> dx (N, H, W, C), dgamma (C,), dbeta (C,)"""
    ...

# %%
checks.batch_norm_backward(batch_norm_backward)

# %% [markdown]
# ## Why the gradient of a sum is zero
#
# Add 1 to all $x$ of a channel: the mean takes it away, and $y$ stays. Double all $x$: the deviation takes it away, and $y$
# stays, but for $\varepsilon$. What cannot change $y$ cannot get gradient. That is what the two subtractions do: afterwards
# $\sum dx = 0$ and, but for $\varepsilon$, $\sum dx \cdot n = 0$.
#
# And if $L = \sum y$? Then $dy = 1$ everywhere, so $dy - \mathrm{mean}(dy) = 0$ and
# $\mathrm{mean}(dy \cdot n) = \mathrm{mean}(n) = 0$. Nothing is left. No wonder: $\sum y = M\beta$, whatever $x$ may be. So a
# test with `dy = 1` compares 0 with 0, and lets a backward pass that has forgotten $\gamma$ (notebook 03). Use random numbers:

# %%
from nnscratch.course.checks.gradients import check_batch_norm

dx, dgamma, dbeta = ops.batch_norm_backward(rng.normal(size=x.shape), cache)
n = (theirs - beta) / gamma
means = abs(dx.mean(axis=(0, 1, 2))).max(), abs((dx * n).mean(axis=(0, 1, 2))).max()
print(f"a typical dx {dx.std():.1f}, its mean {means[0]:.3f}, the mean of dx n {means[1]:.3f}")
with_ones = ops.batch_norm_backward(np.ones_like(x), cache)[0]
report = check_batch_norm(ops.batch_norm_backward, upstream=rng.standard_normal)
print("by ones all zero:", np.allclose(with_ones, 0), "  right by random numbers:", report.ok)
assert means[0] < 1e-9 and np.allclose(with_ones, 0) and report.ok

# %% [markdown]
# ## Inference: other numbers, another backward
#
# A picture's answer should not depend on which pictures happen to be beside it, and a batch may be a single one. So in
# training the layer keeps *running* statistics, and at inference these stand for mean and variance:
#
# $$\text{running} \leftarrow \text{momentum} \cdot \text{running} + (1 - \text{momentum}) \cdot \text{this batch's}$$
#
# Momentum is the share of the *old* value, as in Keras; PyTorch calls the share of the new one momentum, so its 0.1 is 0.9
# here. From 0, with momentum 0.9 and batch means of 10 and 20: $0.9 \cdot 0 + 0.1 \cdot 10 = 1$, then
# $0.9 \cdot 1 + 0.1 \cdot 20 = 2.9$.
#
# ### Exercise: running values

# %% exercise=running_average
def running_average(start, batches, momentum):
    """The running value that was `start`, after batches of these values."""
    ...

# %%
checks.running_average(running_average)

# %% [markdown]
# After $k$ steps the start still has the share $\text{momentum}^k$. With 0.99, the usual value, that is 37 % after 100 steps:
# who looks at inference too early sees wrong results. With a small momentum the value is there soon, but restless:

# %%
batches = 5 + rng.normal(size=300)
paths = {}
for momentum in (0.7, 0.95, 0.99):
    path = [0.0]
    for value in batches:
        path.append(momentum * path[-1] + (1 - momentum) * value)
    paths[f"momentum {momentum}"] = np.arange(301), np.array(path)
draw.curves(paths, "running means on their way from 0 to 5: 0.7 arrives at once and jitters, 0.99 "
            "is smooth, and not quite there after 300 steps", "step", "running mean")

# %% [markdown]
# At inference mean and variance are *constants*. Nothing flows through them: steps 1, 2 and 4 fall away, and
#
# $$dx = \gamma\, r\; dy \qquad r = 1 / \sqrt{v_{\text{running}} + \varepsilon}$$
#
# Who needs a backward at inference? Style transfer, for instance, asks how the *picture* should change while the network stays
# as it is; and so does everybody who trains on with a frozen normalisation. The wrong one of the two backwards gives no error
# message, only a wrong direction.
#
# ### Exercise: backward at inference

# %% exercise=inference_backward
def inference_backward(dy, x, gamma, mean, variance, epsilon):
    """As before, with mean (C,) and variance (C,) given -> dx, dgamma, dbeta"""
    ...

# %%
checks.inference_backward(inference_backward)

# %% [markdown]
# Both backwards held against a measurement at inference. The wrong one is caught:

# %%
from nnscratch.gradcheck import check_op
from nnscratch.gradcheck.mutants import mutants_of

running_mean, running_variance = np.array([0.2, 4, -2]), np.array([1.5, 8, 0.3])


def at_inference(x, gamma, beta):
    statistics = running_mean.astype(x.dtype), running_variance.astype(x.dtype)
    y, _, cache = ops.batch_norm(x, gamma, beta, *statistics, training=False)
    return y, cache


of_training = mutants_of("batch_norm inference")["training formula at inference"]
for name, way_back in (("inference", ops.batch_norm_backward), ("training", of_training)):
    report = check_op(at_inference, way_back, [x, gamma, beta], names=["x", "gamma", "beta"])
    print(f"the backward of {name:9} passes: {report.ok}")
    assert report.ok == (name == "inference")

# %% [markdown]
# ## The class does the same
#
# `BatchNormalization` keeps $\gamma$ and $\beta$ as parameters, which an optimizer changes, and the running statistics as
# buffers, which it does not. `training` says which statistics are used, and backward follows what forward did. (At inference
# a layer keeps nothing for a backward, unless asked to by `remember`.)

# %%
from nnscratch.layers import BatchNormalization

layer = BatchNormalization(momentum=0.9)
for _ in range(100):
    layer.forward(rng.normal(size=(16, 4, 4, 3)) * [1, 3, 0.5] + [0, 5, -2], training=True)
print("running mean    ", layer.buffers["moving_mean"].round(1))
print("running variance", layer.buffers["moving_variance"].round(1))
dy, single = rng.normal(size=(1, 4, 4, 3)), rng.normal(size=(1, 4, 4, 3))
layer.forward(single, training=False, remember=True)
r = (layer.buffers["moving_variance"] + layer.epsilon)**-0.5
same = np.allclose(layer.backward(dy), layer.params["gamma"] * r * dy)
print("backward at inference is gamma r dy:", same)
assert same

# %% [markdown]
# ## Questions
#
# 1. A dense layer with a batch of one: $M = 1$. What is $y$ in training, and what is $dx$?
# 2. A convolution stands before a batch normalisation. Why does it need no bias?
# 3. With $\varepsilon > 0$, is $\sum dx \cdot n$ exactly 0? Look at $\sum n^2$.
# 4. *Instance* normalisation takes its means over H and W of each picture alone. Which of the formulas above change?
# 5. Dropout (notebook 09) before a batch normalisation changes what that layer measures in training. Which running statistic
#    does then not fit inference, the mean or the variance?
#
# **Alone:** check your own backward. The library's cache holds $x - \mu$, $\gamma$ and more, so hand it on like this:
# `check_batch_norm(lambda dy, cache: batch_norm_backward(dy, cache[0], cache[1], 1e-3), upstream=random.standard_normal)`. Why
# does $x - \mu$ do as well as $x$? Then leave out one of the two subtractions, and read the report.
#
# **Next:** [12 Transposed convolution and checkerboards](12_upsampling.ipynb)
