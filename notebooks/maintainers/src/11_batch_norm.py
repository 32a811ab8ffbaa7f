# %% [markdown]
# # 11 Batch normalisation
#
# Six hidden layers with small weights do not train: each layer shrinks its input, until nothing is left. Why not repair the
# scale inside the network, after every layer? Forward that takes two lines. But the mean of a batch depends on every sample of
# it. How does a gradient pass through a mean?
#
# **You will build** batch normalisation: its forward pass; its backward pass, one intermediate result after the other, and then
# in one formula; and its backward pass at inference, which is another one. You will find an upstream gradient that exposes four
# wrong backward passes.
#
# **You need** notebooks [06](06_when_training_fails.ipynb) and [08](08_convolution_backward.ipynb).
#
# **It takes** about two hours with the exercises; the notebook itself runs in seconds.

# %%
import numpy as np

from nnscratch.course import checks, draw, own
from nnscratch.course.digits import digits
from nnscratch.course.draw import Node

# %% [markdown]
# ## Six layers lose their signal
#
# A network of six hidden layers of 64 units reads the digits. Its weights have the standard deviation 0.01, or He's (notebook
# 06). `normalise` is what we may do with the pre-activations; at first, nothing.

# %%
train, validation = digits("train", 16), digits("validation", 16)
X, X_val = (part.images.reshape(len(part.images), -1) for part in (train, validation))
SIZES = [256, 64, 64, 64, 64, 64, 64, 10]


def make_layers(scale):
    rng = np.random.default_rng(0)
    return [{"W": rng.normal(0, scale or (2 / m)**0.5, (m, n)), "b": np.zeros(n),
             "gamma": np.ones(n), "beta": np.zeros(n)} for m, n in zip(SIZES, SIZES[1:])]


def forward(x, layers, normalise):
    cache = []
    for p in layers[:-1]:
        a = own.dense(x, p["W"], p["b"])
        y = normalise(a, p)
        cache.append((x, a, y))
        x = np.maximum(y, 0)
    return own.dense(x, layers[-1]["W"], layers[-1]["b"]), [*cache, (x,)]

# %%
def plain(a, p):
    return a


small, he = ([y.std() for _, _, y in forward(X[:500], make_layers(scale), plain)[1][:-1]]
             for scale in (0.01, None))
layer = np.arange(1, 7)
assert small[0] / small[5] > 1e6 and min(he) > 0.3
draw.curves({"weights of 0.01": (layer, small), "He": (layer, he)},
            "the standard deviation of the pre-activations in six layers: with weights of 0.01 it "
            "falls by six orders of magnitude, with He's it stays", "hidden layer",
            "standard deviation", log="y")

# %% [markdown]
# **Figure 11.1.** With weights of 0.01 every layer shrinks the pre-activations, by a factor of a million over six layers; He's
# initialisation avoids that, at the start of a training.
#
# ## Four numbers by hand
#
# [Batch normalisation](glossary.md#batch-normalisation) gives each channel mean 0 and variance 1 over the batch, then applies a
# learned scale $\gamma$ and shift $\beta$. Take one channel, $x = (3, 9, 11, 17)$, so $M = 4$ values:
#
# | | | |
# |---|---|---|
# | mean | $\mu = \frac1M \sum x$ | 10 |
# | centred | $c = x - \mu$ | $(-7, -1, 1, 7)$ |
# | variance | $\sigma^2 = \frac1M \sum c^2$ | $(49 + 1 + 1 + 49) / 4 = 25$ |
# | inverse standard deviation | $s = (\sigma^2 + \epsilon)^{-1/2}$ | $1 / 5$ |
# | normalised | $\hat x = c\, s$ | $(-1.4, -0.2, 0.2, 1.4)$ |
# | output | $y = \gamma \hat x + \beta$ | with $\gamma = 5$, $\beta = 1$: $(-6, 0, 2, 8)$ |
#
# The small $\epsilon$ avoids a division by 0 where a channel is constant. In this example it is 0.

# %%
x, gamma, beta = np.array([3.0, 9, 11, 17]), 5.0, 1.0
mean = x.mean()
c = x - mean
var = (c**2).mean()
inv_std = var**-0.5
x_hat = c * inv_std
y = gamma * x_hat + beta
print("mean", mean, " variance", var, " x_hat", x_hat, " y", y)
assert np.allclose(y, [-6, 0, 2, 8])

# %% [markdown]
# For images $(N, H, W, C)$ the values of a channel are those of *all* pixels of *all* images, $M = N \cdot H \cdot W$; behind a
# dense layer, $(N, C)$, they are those of all samples. In both cases the statistics are taken over all axes but the last. As
# loops:

# %%
rng = np.random.default_rng(0)
batch = rng.normal(size=(2, 7, 5, 3)) * [1, 3, 0.5] + [0, 5, -2]
gammas, betas, epsilon = np.array([2.0, 0.5, 1]), np.array([1.0, 0, -3]), 1e-3
by_loops = np.empty_like(batch)
for k in range(3):
    values = [batch[n, h, w, k] for n, h, w in np.ndindex(2, 7, 5)]
    mean_k = sum(values) / 70
    var_k = sum((value - mean_k)**2 for value in values) / 70
    for n, h, w in np.ndindex(2, 7, 5):
        normed = (batch[n, h, w, k] - mean_k) / (var_k + epsilon)**0.5
        by_loops[n, h, w, k] = gammas[k] * normed + betas[k]

# %% [markdown]
# ### Exercise (build): the forward pass
#
# The same without loops, for images and for rows: take the mean over `tuple(range(x.ndim - 1))`, all axes but the last.

# %% exercise=batch_norm
def batch_norm(x, gamma, beta, epsilon):
    """x (N, H, W, C) or (N, C), gamma and beta (C,), epsilon a number -> y like x"""
    ...

# %%
checks.batch_norm(batch_norm)

# %%
same = np.allclose(own.batch_norm(batch, gammas, betas, epsilon), by_loops)
print("the arrays agree with the loops:", same)
assert same

# %%
sample = rng.gamma(2.0, 2.0, size=(600, 1)) + 2


def panel(axes, γ, β):
    shown = own.batch_norm(sample, np.array([γ]), np.array([β]), 1e-3)
    for values, colour, name in ((sample, "#bbbbbb", "x"), (shown, "#0072b2", "y")):
        axes.hist(values.ravel(), bins=np.arange(-8, 16, 0.5), color=colour, alpha=0.7, label=name)
    axes.set(xlabel="value", ylabel="count", ylim=(0, 330))
    axes.legend(frameon=False, fontsize=10)


draw.explore(panel, "histograms of 600 values before and after batch normalisation, for three "
             "scales and two shifts", γ=[0.5, 1.0, 2.0], β=[-4.0, 0.0],
             shown=[(γ, β) for β in (0.0, -4.0) for γ in (1.0, 2.0, 0.5)])

# %% [markdown]
# **Figure 11.2.** $\gamma$ is the standard deviation of $y$ and $\beta$ its mean, whatever the mean and standard deviation of
# $x$ are; the shape of the distribution stays.
#
# ## The graph, with all its edges
#
# $x$ is read twice: by $c$, and by the mean, which $c$ reads too. And $c$ is read twice: by $\hat x$, and by the variance.
# Backward, gradients meet at $c$ and at $x$, and are *added* (notebook 03).
#
# Before you derive them, let us measure them. For an upstream gradient $dy = (0, 0, 8, 6)$ the loss is $L = \sum dy \odot y$.
# Your `numeric_gradient` moves one node, or what passes along one edge, and keeps everything else.

# %%
dy = np.array([0.0, 0, 8, 6])


def grad(f, at):
    return own.numeric_gradient(f, np.array(at, ndmin=1, dtype=float), 1e-5)


def loss(x_hat):
    return (dy * (gamma * x_hat + beta)).sum()


def loss_of_c(c):
    return loss(c * (c**2).mean()**-0.5)


edge = {"x → μ": grad(lambda v: loss_of_c(x - v.mean()), x),
        "x → c": grad(lambda v: loss_of_c(v - mean), x),
        "c → σ²": grad(lambda v: loss(c * (v**2).mean()**-0.5), c),
        "c → x̂": grad(lambda v: loss(v * inv_std), c)}

# %%
node = {"x": grad(lambda v: loss_of_c(v - v.mean()), x),
        "μ": grad(lambda v: loss_of_c(x - v), mean),
        "c": grad(loss_of_c, c), "σ²": grad(lambda v: loss(c * v**-0.5), var),
        "s": grad(lambda v: loss(c * v), inv_std), "x̂": grad(loss, x_hat), "y": dy,
        "γ": grad(lambda v: (dy * (v * x_hat + beta)).sum(), gamma),
        "β": grad(lambda v: (dy * (gamma * x_hat + v)).sum(), beta)}
assert np.allclose(node["c"], edge["c → σ²"] + edge["c → x̂"])
assert np.allclose(node["x"], edge["x → μ"] + edge["x → c"])

# %%
draw.graph([Node("x", (), x, node["x"]),
            Node("μ", (("x", "", edge["x → μ"]),), mean, node["μ"]),
            Node("c", (("x", "", edge["x → c"]), "μ"), c, node["c"]),
            Node("σ²", (("c", "", edge["c → σ²"]),), var, node["σ²"]),
            Node("s", ("σ²",), inv_std, node["s"]),
            Node("x̂", (("c", "", edge["c → x̂"]), "s"), x_hat, node["x̂"]),
            Node("γ", (), gamma, node["γ"]), Node("β", (), beta, node["β"]),
            Node("y", ("x̂", "γ", "β"), y, node["y"])],
           "batch normalisation as a graph: x to the mean and to c, c to the variance and to x_hat;"
           " the gradients of two edges meet at c and at x, and add up")

# %% [markdown]
# **Figure 11.3.** Values above in blue, gradients below in orange, as measured: at $c$ and at $x$ the gradients of two edges
# meet, and the node has their sum.
#
# ### Exercise (derive): every intermediate gradient
#
# On paper, from right to left: what is the gradient of each node, in terms of those to its right? $s$, $\sigma^2$ and $\mu$ are
# single numbers that all $M$ values share. Figure 11.3 tells you whether you are right. Then return all six; the check names
# the first wrong one. In code $s$ is `inv_std`. Mind $\epsilon$, which is 0 in the figure.

# %% exercise=batch_norm_steps
def batch_norm_steps(dy, x, gamma, epsilon):
    """dy and x (M,), gamma and epsilon numbers -> d_x_hat, d_inv_std, d_var, d_c, d_mean, dx"""
    ...

# %%
checks.batch_norm_steps(batch_norm_steps)

# %%
steps = own.batch_norm_steps(dy, x, gamma, 0.0)
for name, step in zip(("x̂", "s", "σ²", "c", "μ", "x"), steps):
    print(f"{name:3}", np.round(step, 3))
    assert np.allclose(step, node[name])

# %% [markdown]
# ### Exercise (derive): the whole backward pass
#
# Now for images and all channels, with the gradients of $\gamma$ and $\beta$. You may put your steps into each other on paper:
# much cancels, since $\sum \hat x = 0$, and one line for $dx$ is left.

# %% exercise=batch_norm_backward
def batch_norm_backward(dy, x, gamma, epsilon):
    """dy, x (N, H, W, C) or (N, C), gamma (C,), epsilon -> dx like x, dgamma and dbeta (C,)"""
    ...

# %%
checks.batch_norm_backward(batch_norm_backward)

# %%
u = rng.normal(size=batch.shape)
dx, dgamma, dbeta = own.batch_norm_backward(u, batch, gammas, epsilon)
measured = own.numeric_gradient(
    lambda v: (u * own.batch_norm(v, gammas, betas, epsilon)).sum(), batch, 1e-5)
error = np.abs(dx - measured).max() / np.abs(dx).max()
sums = np.abs(dx.sum(axis=(0, 1, 2))).max()
print("gradient check passed:", error < 1e-7, "  sum of dx is 0:", sums < 1e-9)
assert error < 1e-7 and sums < 1e-9

# %% [markdown]
# Adding a constant to $x$ leaves $\hat x$ unchanged, so the gradient with respect to $x$ sums to 0; for $\epsilon = 0$ the same
# holds for scaling, and the gradient is orthogonal to $\hat x$.
#
# ## The six layers again

# %%
def by_batch(a, p):
    return own.batch_norm(a, p["gamma"], p["beta"], 1e-3)


def backward(dy, layers, cache, normalise):
    grads = [{} for _ in layers]
    for p, g, (x, *rest) in reversed([*zip(layers, grads, cache)]):
        if rest:
            a, y = rest
            dy = own.relu_backward(dy, y)
            if normalise is by_batch:
                dy, g["gamma"], g["beta"] = own.batch_norm_backward(dy, a, p["gamma"], 1e-3)
        dy, g["W"], g["b"] = own.dense_backward(dy, x, p["W"])
    return grads

# %%
def fit(normalise, steps=200):
    layers, order, losses = make_layers(0.01), np.random.default_rng(1), []
    speed = [{name: 0 * value for name, value in p.items()} for p in layers]
    targets = own.one_hot(train.labels, 10)
    for p in layers[:-1]:
        p["mean"], p["var"] = np.zeros(64), np.ones(64)
    chosen = [rows for _ in range(3) for rows in own.batches(len(X), 64, order)][:steps]
    for rows in chosen:
        logits, cache = forward(X[rows], layers, normalise)
        L, dlogits = own.softmax_cross_entropy(logits, targets[rows])
        for p, v, g in zip(layers, speed, backward(dlogits, layers, cache, normalise)):
            for name, dw in g.items():
                p[name], v[name] = own.momentum_step(p[name], v[name], dw, 0.05, 0.9)
        for p, (_, a, _) in zip(layers, cache[:-1]):  # running statistics, needed below
            p["mean"] = 0.9 * p["mean"] + 0.1 * a.mean(axis=0)
            p["var"] = 0.9 * p["var"] + 0.1 * a.var(axis=0)
        losses.append(L)
    return layers, losses

# %% varies
def accuracy(images, layers, normalise):
    return own.accuracy(forward(images, layers, normalise)[0], validation.labels)


(without, loss_without), (normed, loss_normed) = fit(plain), fit(by_batch)
right = accuracy(X_val, without, plain), accuracy(X_val, normed, by_batch)
print(f"validation accuracy without: {right[0]:.0%}, with batch normalisation: {right[1]:.0%}")
assert right[0] < 0.15 and right[1] > 0.93
assert np.abs(np.array(loss_without) - np.log(10)).max() < 0.1
draw.curves({"without": (np.arange(200), loss_without),
             "batch normalisation": (np.arange(200), loss_normed)},
            "the training loss of six layers that start from weights of 0.01: without batch "
            "normalisation it stays at ln 10, with it it falls", "step", "loss (cross-entropy)")

# %% [markdown]
# **Figure 11.4.** From the same weights of 0.01, only the network with batch normalisation learns; the loss of the other stays
# at $\ln 10$.
#
# Why does it help? The paper's hypothesis is that the inputs of a layer no longer shift while the layers before it learn
# (*internal covariate shift*). Santurkar et al. find a smoother loss instead. What you saw is simpler: the scale of the weights
# no longer matters, since $s$ removes it.
#
# ## What a sum hides
#
# A gradient check needs a number to differentiate. Would $L = \sum y$ do, where $dy$ is 1 everywhere? The normalised
# values sum to 0, so $\sum y = M \beta$ for every $x$, and the gradient with respect to $x$ is 0. (That with respect to $\beta$
# is not.) A check that differentiates $\sum y$ compares 0 with 0. Four wrong backward passes:

# %%
from nnscratch.course.checks.upstream_gradients import check_batch_norm
from nnscratch.gradcheck.mutants import BLIND_TO_ONES, mutants_of

wrong = mutants_of("batch_norm training")
for mistake in BLIND_TO_ONES:
    report = check_batch_norm(wrong[mistake], upstream=np.ones)
    print(f"{mistake:31} with ones: {'passes' if report.ok else 'caught'}")
    assert report.ok

# %% [markdown]
# ### Exercise (debug): an upstream gradient that sees
#
# Return a `dy` of the shape asked for, the same at every call, with which all four are caught. Try `np.ones(shape)` first, and
# read what the check says.

# %% exercise=upstream
def upstream(shape):
    """-> dy of this shape, the same at every call"""
    ...

# %%
checks.upstream(upstream)

# %%
def mine(dy, cache):
    x_hat, gamma, inv_std, *_ = cache
    return own.batch_norm_backward(dy, x_hat / inv_std, gamma, 1e-3)  # c in the place of x


caught = [not check_batch_norm(wrong[mistake], upstream=own.upstream).ok
          for mistake in BLIND_TO_ONES]
report = check_batch_norm(mine, upstream=own.upstream)
print(sum(caught), "of 4 caught; yours is right:", report.ok)
assert all(caught) and report.ok

# %% [markdown]
# <details><summary>For the curious: how this check measures</summary>
#
# With *complex steps*: for $f(x) = x^2$, $(x + i \delta)^2 = x^2 - \delta^2 + 2 i x \delta$, and the imaginary part divided by
# $\delta$ is the derivative. Nothing is subtracted, no digits are lost, and $\delta$ may be as small as $10^{-20}$. It works
# for every function made of sums, products, powers and the like, not for one with `abs` or `max`.
#
# </details>

# %%
slope = np.imag(np.tanh(0.25 + 1e-20j)) / 1e-20
print("the complex step agrees to the last digits:", abs(slope - (1 - np.tanh(0.25)**2)) < 1e-15)
assert abs(slope - (1 - np.tanh(0.25)**2)) < 1e-15

# %% [markdown]
# ## Inference
#
# Above, 2100 validation images were one batch. [Inference](glossary.md#inference), the use of a trained network, must answer
# for a single image, whatever stands beside it:

# %%
alone = np.concatenate([forward(X_val[k:k + 1], normed, by_batch)[0] for k in range(200)])
print("logits of 200 images, each alone, all the same:", np.ptp(alone, axis=0).max() < 1e-9)
assert np.ptp(alone, axis=0).max() < 1e-9

# %% [markdown]
# A batch of one is its own mean: $\hat x = 0$, and $y = \beta$ for every image. So the layer keeps a
# [running mean](glossary.md#running-mean-moving-average) and a running variance from training:
#
# $$\mu_{k} = \rho\, \mu_{k-1} + (1 - \rho)\, \mu$$
#
# with the decay $\rho$ as in Keras; PyTorch's `momentum` is $1 - \rho$.
#
# ### Exercise (predict): running means
#
# From 0 with $\rho = 0.9$: the running mean after a batch of mean 10? After one more, of mean 20? And with $\rho = 0.99$: what
# fraction of the start is left after 100 steps?

# %% exercise=running_mean
running_mean = [..., ..., ...]

# %%
checks.running_mean(running_mean)

# %%
batch_means = 5 + np.random.default_rng(2).normal(size=300)


def running(axes, ρ):
    path = [0.0]
    for value in batch_means:
        path.append(ρ * path[-1] + (1 - ρ) * value)
    axes.plot(batch_means, ".", color="#bbbbbb", markersize=3)
    axes.plot(path, color="#0072b2", linewidth=2)
    axes.set(xlabel="step", ylabel="running mean", ylim=(0, 8))


draw.explore(running, "the running mean of noisy batch means around 5, for three decays",
             ρ=[0.7, 0.95, 0.99])

# %% [markdown]
# **Figure 11.5.** The running mean (blue) of batch means (grey): a small decay follows every batch, a large one is smooth, but
# not quite there after 300 steps.
#
# ### Exercise (derive): the backward pass at inference
#
# Style transfer (notebook 15) needs the gradient with respect to an *image*, while the network is at inference. Which arrows of
# Figure 11.3 are left?

# %% exercise=inference_backward
def inference_backward(dy, x, gamma, mean, var, epsilon):
    """as batch_norm_backward, with mean (C,) and var (C,) given -> dx, dgamma, dbeta"""
    ...

# %%
checks.inference_backward(inference_backward)

# %%
def by_running(a, p):
    return p["gamma"] * (a - p["mean"]) / np.sqrt(p["var"] + 1e-3) + p["beta"]


a, p = forward(X_val[:8], normed, by_running)[1][0][1], normed[0]
u = rng.normal(size=a.shape)
d_a = own.inference_backward(u, a, p["gamma"], p["mean"], p["var"], 1e-3)[0]
measured = own.numeric_gradient(lambda v: (u * by_running(v, p)).sum(), a, 1e-5)
print("gradient check passed:", np.allclose(d_a, measured, rtol=1e-6, atol=1e-8))
assert np.allclose(d_a, measured, rtol=1e-6, atol=1e-8)

# %% varies
right = accuracy(X_val, normed, by_running)
print(f"with running statistics: {right:.0%}")
assert right > 0.9

# %% [markdown]
# ## The library's class
#
# `BatchNormalization` keeps $\gamma$ and $\beta$ as parameters and the running statistics as buffers, which no optimiser
# changes. `training` says which statistics are used.

# %%
from nnscratch.layers import BatchNormalization

layer = BatchNormalization(momentum=0.9, epsilon=1e-3)
theirs = layer.forward(batch, training=True), layer.backward(np.cos(batch))
ours = (own.batch_norm(batch, np.ones(3), np.zeros(3), 1e-3),
        own.batch_norm_backward(np.cos(batch), batch, np.ones(3), 1e-3)[0])
same = all(np.allclose(a, b) for a, b in zip(theirs, ours))
print("forward and backward pass are yours:", same)
assert same

# %% [markdown]
# ## Questions
#
# 1. Why does a dense layer or convolution before a batch normalisation need no bias?
#    <details><summary>Answer</summary>
#
#    A bias shifts all values of a channel. The mean shifts along, and is subtracted.
#
#    </details>
# 2. What is $\sum dx$ over a channel, in training and at inference?
#    <details><summary>Answer</summary>
#
#    In training 0, since a common shift of $x$ changes nothing. At inference the mean is a constant, and the sum is any number.
#
#    </details>
# 3. In the last check but one, `mine` was given $c$ in the place of $x$. Why does that work?
#    <details><summary>Answer</summary>
#
#    The two differ by the mean of each channel, and a constant added to a channel changes neither $\hat x$ nor any gradient.
#
#    </details>
# 4. A dense layer is trained with batches of one. What does it learn?
#    <details><summary>Answer</summary>
#
#    Nothing before the normalisation: $y = \beta$ for every input, so $dx = 0$. Only what comes after it learns.
#
#    </details>
#
# ## References
#
# - Ioffe and Szegedy (2015), *Batch normalization: accelerating deep network training by reducing internal covariate shift*,
#   section 3
# - Santurkar, Tsipras, Ilyas and Madry (2018), *How does batch normalization help optimization?*
# - Wu and Johnson (2021), *Rethinking "batch" in BatchNorm*
# - Squire and Trapp (1998), *Using complex variables to estimate derivatives of real functions*
#
# **Next:** [12 Transposed convolution and checkerboards](12_upsampling.ipynb)
