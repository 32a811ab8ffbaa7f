# %% [markdown]
# # 06 When training fails
#
# The network of notebook 05 reads more than 97 % of the digits. Change one thing, such as the size of its first weights, and
# it may read 10 %. The code is still right: every gradient check passes. **How do we find out what is wrong, and what helps?**
#
# **You will build** a diagnosis of six failed trainings; `he_normal`, which makes deep networks trainable; a ReLU that cannot
# die; dropout; and random shifts, by which 100 samples are enough for more than 90 %.
#
# **You need** notebook 05: the multilayer perceptron, momentum, training and validation set.
#
# **It takes** about two hours with the exercises; the notebook itself runs in less than a minute. In a browser it runs in two
# minutes, with a third of the training steps.

# %%
import sys

import numpy as np

from nnscratch.course import checks, draw, own
from nnscratch.course.checks.failed_trainings import case_files
from nnscratch.course.digits import digits

images, labels, _ = digits("train")
images_val, labels_val, _ = digits("validation")
x, x_val = images.reshape(-1, 784), images_val.reshape(-1, 784)
IN_BROWSER = sys.platform == "emscripten"  # NumPy is slow there
STEPS = 100 if IN_BROWSER else 300  # of a training
SLACK = 0.03 if IN_BROWSER else 0  # fewer steps, lower accuracies

# %% [markdown]
# ## One training loop for all experiments
#
# The functions are those of notebooks 01 to 05, here for any number of layers: `params` is the list
# $W^{(1)}, b^{(1)}, W^{(2)}, b^{(2)}$ and so on.

# %%
def forward(params, x):
    """The pre-activations a of all layers (the last are the logits), and their inputs y."""
    a, y = [], [x]
    for W, b in zip(params[::2], params[1::2]):
        a.append(own.dense(y[-1], W, b))
        y.append(np.maximum(a[-1], 0))
    return a, y


def gradients(params, x, t, rng):
    """The loss, and its gradient with respect to each parameter."""
    a, y = forward(params, x)
    L, da = own.softmax_cross_entropy(a[-1], t)
    grads = []
    for l in reversed(range(len(a))):
        dy, dW, db = own.dense_backward(da, y[l], params[2 * l])
        grads = [dW, db, *grads]
        da = own.relu_backward(dy, a[l - 1]) if l > 0 else None
    return L, grads

# %%
def evaluate(params, x, labels):
    logits = forward(params, x)[0][-1]
    L, _ = own.softmax_cross_entropy(logits, own.one_hot(labels, 10))
    return L, own.accuracy(logits, labels)


def train(params, x, labels, x_val=x_val, lr=0.1, steps=STEPS, batch=64, weight_decay=0.0,
          gradients=gradients, change=lambda x, rng: x):
    params, v = [w.copy() for w in params], [0 * w for w in params]
    rng, t, order, log = np.random.default_rng(0), own.one_hot(labels, 10), [], []
    for step in range(steps + 1):
        if step % 20 == 0:
            log.append((step, evaluate(params, x[:500], labels[:500])[0],
                        evaluate(params, x_val[::4], labels_val[::4])[0]))
        order = order or list(own.batches(len(x), batch, rng))
        k = order.pop()
        _, grads = gradients(params, change(x[k], rng), t[k], rng)
        for p, g in enumerate(grads):
            g = g + weight_decay * params[p] * (params[p].ndim == 2)
            params[p], v[p] = own.momentum_step(params[p], v[p], g, lr, 0.9)
    return params, dict(zip(("step", "train", "validation"), zip(*log)))

# %% [markdown]
# ## Six case files
#
# In each training below a single thing is wrong, which is not shown. A, C, D and E have the layers of the healthy network,
# 784-128-10, and its learning rate of 0.1. B and F have six hidden layers and a learning rate of 0.05; that is not what is
# wrong with them.

# %%
files = case_files()
results, logs = {}, {}
with np.errstate(all="ignore"):  # one of them overflows
    for name, case in files.items():
        params, logs[name] = train(case.params, case.x, case.labels, case.validation, case.lr)
        results[name] = [evaluate(params, *data)[1] for data in
                         ((case.x, case.labels), (case.validation, labels_val))]
top, *others = sorted((of_val for _, of_val in results.values()), reverse=True)
assert top == results["healthy"][1] > 0.97 - SLACK and max(others) < 0.9

# %%
titles = {name: f"{name}: {of_train:.0%}, validation {of_val:.0%}"
          for name, (of_train, of_val) in results.items()}
draw.training_panels(
    {titles[name]: logs[name] for name in "ABCDEF"}, logs["healthy"],
    f"six panels with the loss over {STEPS} steps, each beside the healthy network's")

# %% [markdown]
# **Figure 6.1.** Learning curves of six failed trainings, with the accuracy on training and validation data: two never leave
# their first loss, one ends in NaN, one fits its training data alone.
#
# Such a [learning curve](glossary.md#learning-curve) is the first thing to look at. Three questions, in this order: Is the
# first loss near $\ln 10 = 2.303$, the loss of equal probabilities? Does the training loss fall? Does the validation loss
# follow?
#
# ### Exercise (debug): name the illness
#
# Choose for each of A to F one cause from this list; a cause may occur twice, or not at all:
#
# `"weights all zero"`, `"weights too small"`, `"weights too large"`, `"inputs too large"`, `"too few samples"`,
# `"too few units"`
#
# Curves alone do not tell all of them apart. Measure: `files["A"]` holds `params` (before the training), `x`, `labels`, `lr`.

# %% exercise=illnesses
illnesses = [..., ..., ...,
             ..., ..., ...]

# %%
checks.illnesses(illnesses)

# %% [markdown]
# ## First weights
#
# The first values of the parameters are called their [initialisation](glossary.md#initialisation). Why not zeros? Here are the
# largest gradients of E in its first step:

# %%
_, grads = gradients(files["E"].params, x[:64], own.one_hot(labels[:64], 10), None)
for name, g in zip(("dW1", "db1", "dW2", "db2"), grads):
    print(f"largest |{name}| = {np.abs(g).max():.3f}")
assert [bool(g.any()) for g in grads] == [False, False, False, True]

# %% [markdown]
# The hidden outputs are 0, so $dW^{(2)} = (y^{(1)})^T da^{(2)} = 0$; and $dy^{(1)} = da^{(2)} (W^{(2)})^T = 0$, so nothing
# reaches the first layer. Equal weights other than 0 are no better: equal units get equal gradients, and stay equal. The
# first weights must be random. Of which size? Follow the activations through six layers of 128 units:

# %%
def spread(draw_weights):
    """The standard deviation of the activations after each of six layers."""
    y, found = x[:500], []
    for inputs in (784, 128, 128, 128, 128, 128):
        y = np.maximum(own.dense(y, draw_weights((inputs, 128)), np.zeros(128)), 0)
        found.append(y.std())
    return np.array(found)


rng = np.random.default_rng(0)
spreads = {f"σ = {s}": spread(lambda shape, s=s: rng.normal(0, s, shape))
           for s in (0.01, 0.05, 0.3)}
for name, found in spreads.items():
    print(name, *(f"{value:9.2g}" for value in found))
assert spreads["σ = 0.01"][-1] < 1e-6 and spreads["σ = 0.3"][-1] > 100

# %% [markdown]
# Every layer multiplies the activations by about the same factor, and the backward pass multiplies the gradients likewise:
# [vanishing or exploding gradients](glossary.md#vanishing-exploding-gradient). The factor can be computed. Let a unit have $D$
# inputs, and weights of mean 0 that are independent of each other and of $x$. The variances of the $D$ products add up:
#
# $$a = \sum_d x_d w_d \qquad \operatorname{Var} a = D \, \operatorname{Var} w \; E[x^2]$$
#
# ### Exercise (predict): four variances
#
# 1. $D = 100$, $E[x^2] = 1$, $\operatorname{Var} w = 0.01$: what is $\operatorname{Var} a$?
# 2. $a$ is distributed symmetrically about 0 with $\operatorname{Var} a = 4$, and $y = \max(0, a)$: what is $E[y^2]$?
# 3. $D = 50$: which $\operatorname{Var} w$ makes $E[y^2] = E[x^2]$?
# 4. Six layers have half the $\operatorname{Var} w$ that keeps $E[y^2]$. By which number below 1 is $E[y^2]$ multiplied in all?

# %% exercise=variances
variances = [..., ..., ..., ...]

# %%
checks.variances(variances)

# %% [markdown]
# ### Exercise (derive): weights that keep the size
#
# Write the third answer for any number of inputs, `fan_in`, and draw normal weights of mean 0 with this variance. `rng` is a
# generator such as `np.random.default_rng(0)`.

# %% exercise=he_normal
def he_normal(shape, fan_in, rng):
    """Weights of this shape, for units that add up fan_in inputs."""
    ...

# %%
checks.he_normal(he_normal)

# %%
by_he = spread(lambda shape: own.he_normal(shape, shape[0], rng))
assert 0.15 < by_he.min() and by_he.max() < 0.6


def over_layers(axes, sigma):
    rng = np.random.default_rng(0)
    found, layers = spread(lambda shape: rng.normal(0, sigma, shape)), np.arange(1, 7)
    axes.semilogy(layers, found, "o-", color="#0072b2", label="one σ for all")
    axes.semilogy(layers, by_he, "--", color="#d55e00", label="he_normal")
    axes.set(xlabel="layer", ylabel="standard deviation", ylim=(1e-8, 1e8), xticks=layers)
    axes.legend(frameon=False, fontsize=9, loc="upper left")


draw.explore(over_layers, "the activations of six layers vanish for a small sigma, explode for a "
             "large one, and keep their size with he_normal",
             sigma=[0.01, 0.02, 0.05, 0.1, 0.125, 0.2, 0.3], shown=[(0.01,), (0.1,), (0.3,)])

# %% [markdown]
# **Figure 6.2.** With most $\sigma$ the activations vanish or explode; with `he_normal` they keep their size, and 0.1 is near
# it: for 128 inputs $\sqrt{2/D} = 0.125$.
#
# This explains D and F, too: large weights give large logits, so the network is sure of wrong answers before it has learned
# anything; with more layers they overflow. The rule $\operatorname{Var} w = 2 / D$ is that of He and others (2015). For
# activations with slope 1 at 0, such as tanh, Glorot and Bengio (2010) take $2 / (D + U)$, a compromise between the forward
# and the backward pass, where $U$ counts the units. Six layers again, now with `he_normal`:

# %% varies
def network(*sizes, rng=None):
    rng = rng or np.random.default_rng(0)
    return [array for inputs, units in zip(sizes, sizes[1:])
            for array in (own.he_normal((inputs, units), inputs, rng), np.zeros(units))]


deep, _ = train(network(784, *6 * (128,), 10), x, labels, lr=0.05)
repaired = evaluate(deep, x_val, labels_val)[1]
print(f"six layers, he_normal: {repaired:.0%} on validation (B: {results['B'][1]:.0%})")
assert repaired > 0.94 - SLACK and logs["D"]["train"][0] > 100 and logs["F"]["train"][0] > 500

# %% [markdown]
# The size of the inputs matters in the same way. Those of A lie in $[-1, 1]$ instead of $[0, 1]$, and most of a digit is black:

# %% varies
case = files["A"]
print(f"E[x²]: healthy {(x**2).mean():.2f}, A {(case.x**2).mean():.2f}")
slower, _ = train(case.params, case.x, case.labels, case.validation, lr=0.02)
cured = evaluate(slower, case.validation, labels_val)[1]
print(f"A with a learning rate of 0.02: {cured:.0%}")
assert (case.x**2).mean() > 7 * (x**2).mean() and cured > 0.94 - SLACK

# %% [markdown]
# $dW = x^T da$ grows with the inputs, and so does the curvature of the loss; the old learning rate is now too large. The cure
# is a smaller learning rate, or inputs that are standardised as in notebook 00.
#
# ## Dead units
#
# A ReLU has slope 0 below 0. A unit whose pre-activation is negative for every sample gets no gradient: it is
# [dead](glossary.md#dead-unit), unless the layers before it change its inputs. LeakyReLU keeps a small slope there:
#
# $$y = a \;\text{ if } a > 0, \qquad y = \text{slope} \cdot a \;\text{ otherwise}$$
#
# At $a = 0$ there is no derivative; the word *otherwise* decides.
#
# ### Exercise (derive): its backward pass

# %% exercise=leaky_relu_backward
def leaky_relu_backward(dy, a, slope):
    """dy and the pre-activation a, of the same shape -> da"""
    ...

# %%
checks.leaky_relu_backward(leaky_relu_backward)

# %% [markdown]
# One neuron begins with $b = -3$, so that $a < 0$ for all inputs from $-1$ to 1. It should learn $t = x + 2$:

# %%
one = np.linspace(-1, 1, 21)
losses = {}
for s in (0.0, 0.05, 0.3):
    w, b, path = 1.0, -3.0, []
    for _ in range(200):
        a = w * one + b
        y = np.where(a > 0, a, s * a)
        path.append(((y - one - 2)**2).mean())
        da = own.leaky_relu_backward(2 * (y - one - 2) / one.size, a, s)
        w, b = w - 0.1 * (da * one).sum(), b - 0.1 * da.sum()
    losses[f"slope {s}"] = np.arange(200), np.array(path)
dead, alive = losses["slope 0.0"][1], losses["slope 0.05"][1]
assert dead[-1] == dead[0] and alive[-1] < 0.01
draw.curves(losses, "the loss over 200 steps for three slopes", "step", "loss")

# %% [markdown]
# **Figure 6.3.** With slope 0 the neuron is dead, and its loss never changes; with 0.05 or 0.3 it recovers, sooner or later.
#
# ## Too few samples
#
# C had 100 samples. It fits all of them, and reads about 80 % of the validation set: it is
# [overfitting](glossary.md#overfitting-underfitting). The opposite is underfitting: two hidden units cannot even fit the
# training data.

# %% varies
narrow, _ = train(network(784, 2, 10), x, labels)
both = [evaluate(narrow, x, labels)[1], evaluate(narrow, x_val, labels_val)[1]]
print(f"two hidden units: training {both[0]:.0%}, validation {both[1]:.0%}")
assert max(both) < 0.6 and results["C"][0] == 1 and 0.75 < results["C"][1] < 0.85

# %% [markdown]
# Overfitting is plainest when some labels are wrong: the network learns them by heart, too (Zhang and others, 2017). Here are
# 200 samples, 30 % of them with a wrong label:

# %% varies
few = network(784, 128, 10)
rng = np.random.default_rng(1)
wrong = labels[:200].copy()
wrong[:60] = (wrong[:60] + rng.integers(1, 10, 60)) % 10
overfitted, log = train(few, x[:200], wrong, lr=0.03, steps=5 * STEPS // 3, batch=50)
best = log["step"][int(np.argmin(log["validation"]))]
print(f"lowest validation loss at step {best}")
assert best <= 120 and log["train"][-1] < 0.1
assert log["validation"][-1] > min(log["validation"]) + (0.15 if IN_BROWSER else 0.3)
draw.curves({"training": (log["step"], log["train"]),
             "validation": (log["step"], log["validation"])},
            "training loss falls to 0, validation loss falls, turns and rises", "step", "loss")

# %% [markdown]
# **Figure 6.4.** The training loss falls all the time; the validation loss turns. To keep the parameters of the turning point
# is called early stopping.
#
# [Early stopping](glossary.md#early-stopping) is one kind of [regularisation](glossary.md#regularisation): whatever reduces
# overfitting. [Weight decay](glossary.md#weight-decay) is another. It adds $\frac{\lambda}{2} \sum W^2$ to the loss, and so
# $\lambda W$ to the gradient: the line with `weight_decay` in `train`.
#
# [Dropout](glossary.md#dropout) is a third. In every training step it sets each hidden output to 0 with probability `rate`,
# and scales the others so that the expected value of every output stays what it was. Both are done by one mask $r$:
# $y = x \odot r$, and backward $dx = dy \odot r$ with the *same* $r$. After the training nothing is dropped, and nothing is
# scaled.
#
# ### Exercise (build): dropout
#
# Which value must the mask have where an output is kept?

# %% exercise=dropout
def dropout(x, rate, rng):
    """An array of any shape -> y and mask, both like x"""
    ...

# %%
checks.dropout(dropout)

# %%
def hidden(count):
    """The hidden outputs of the untrained network for one digit, `count` times."""
    return np.maximum(own.dense(np.tile(x[:1], (count, 1)), few[0], few[1]), 0)


def logit(axes, rate):
    y, mask = own.dropout(hidden(2000), rate, np.random.default_rng(0))
    dropped, full = y @ few[2][:, 0], (hidden(1) @ few[2][:, 0])[0]
    axes.hist(dropped, np.linspace(full - 3, full + 3, 61), color="#56b4e9")
    axes.axvline(full, ymax=0.7, color="#222222", label="no dropout")
    axes.axvline(dropped.mean(), ymax=0.7, linestyle="--", color="#d55e00", label="mean")
    axes.set(xlabel="logit of class 0", ylabel="masks", ylim=(0, 600))
    axes.legend(frameon=False, fontsize=9, loc="upper left")


draw.explore(logit, "histograms of a logit for three dropout rates: one mean, growing spread",
             rate=[0.2, 0.35, 0.5, 0.65, 0.8], shown=[(0.2,), (0.5,), (0.8,)])

# %% [markdown]
# **Figure 6.5.** One logit of an untrained network for one digit, with 2000 masks. Its mean stays; the noise grows with the
# rate.

# %%
def with_dropout(params, x, t, rng):
    W1, b1, W2, b2 = params
    a = own.dense(x, W1, b1)
    y, mask = own.dropout(np.maximum(a, 0), 0.5, rng)
    L, dlogits = own.softmax_cross_entropy(own.dense(y, W2, b2), t)
    dy, dW2, db2 = own.dense_backward(dlogits, y, W2)
    _, dW1, db1 = own.dense_backward(own.relu_backward(dy * mask, a), x, W1)
    return L, [dW1, db1, dW2, db2]


def accuracy_of(**settings):
    """On validation, after a training of twice the steps with the first 100 samples."""
    params, _ = train(few, x[:100], labels[:100], lr=0.05, steps=2 * STEPS, batch=25, **settings)
    return 100 * evaluate(params, x_val, labels_val)[1]


found = {"nothing": accuracy_of(), "weight decay 0.003": accuracy_of(weight_decay=0.003),
         "dropout 0.5": accuracy_of(gradients=with_dropout)}
assert all(75 < value < 87 for value in found.values())

# %% [markdown]
# None of them helps much, as the figure below shows. They make the network simpler, but tell it nothing new about digits. What
# do we know that the network does not? A digit that is shifted by a pixel or two is the same digit. So shift the samples at
# random, anew in every step: *data augmentation*.
#
# ### Exercise (build): random shifts
#
# Every image gets a shift of its own, of $-$`most` to `most` whole rows, and as many columns. What leaves the image is lost;
# what enters is 0.

# %% exercise=shifted
def shifted(images, most, rng):
    """(N, H, W) -> (N, H, W)"""
    ...

# %%
checks.shifted(shifted)

# %%
def shift_digits(x, rng):
    return own.shifted(x.reshape(-1, 28, 28), 2, rng).reshape(-1, 784)


found["random shifts"] = accuracy_of(change=shift_digits)
assert found["random shifts"] > 90
draw.bars({name: {"accuracy": value} for name, value in found.items()},
          "validation accuracy after training on 100 samples with four remedies",
          "accuracy on the validation set in %")

# %% [markdown]
# **Figure 6.6.** Training on 100 samples: only the random shifts help, since they add knowledge about digits.
#
# With other data and networks dropout and weight decay may help more than here: measure.
#
# ## In the library
#
# Initialisation and dropout, with their random generators inside:

# %%
from nnscratch import initializers, layers

drawn = initializers.he_normal((784, 128), np.random.default_rng(0))
assert abs(drawn.std() / own.he_normal((784, 128), 784, np.random.default_rng(0)).std() - 1) < 0.02
dropping = layers.Dropout(0.5, seed=0)
y = dropping.forward(np.ones((1, 8), np.float32), training=True)
print("training: ", y[0], "\ninference:", dropping.forward(np.ones((1, 8), np.float32))[0])
assert set(y[0].tolist()) == {0.0, 2.0}

# %% [markdown]
# | symptom | likely cause | try |
# |---|---|---|
# | first loss far above $\ln 10$, or NaN | weights too large | `he_normal` |
# | loss stays at $\ln 10$ | weights zero or too small, dead units | `he_normal`, LeakyReLU |
# | loss jumps or rises | learning rate too large for the inputs | smaller learning rate, standardise |
# | loss falls smoothly, but slowly | learning rate too small | larger learning rate |
# | training and validation both poor | too few units or steps | larger network, longer |
# | training good, validation poor | too few samples | more data, augmentation, regularisation |
#
# ## Questions
#
# 1. Why must the weights not begin at 0, while the biases may?
#    <details><summary>Answer</summary>
#
#    Random weights already make the units different. With weights of 0 all units get equal gradients, and behind a ReLU none.
#
#    </details>
# 2. Why does dropout scale the values that it keeps, and what would happen without it?
#    <details><summary>Answer</summary>
#
#    The expected value stays the same. Without it the next layer would get larger inputs at inference than in training.
#
#    </details>
# 3. By which set do we choose the step at which to stop early?
#    <details><summary>Answer</summary>
#
#    By the validation set. The test set would no longer be unseen, and the training loss never turns.
#
#    </details>
# 4. Would random mirror images, left to right, help with digits?
#    <details><summary>Answer</summary>
#
#    No: a mirrored 2 is not a 2. An augmentation must leave the label true.
#
#    </details>
#
# ## References
#
# - Glorot and Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*, equation 16
# - He, Zhang, Ren and Sun (2015), *Delving deep into rectifiers*, section 2.2
# - Srivastava et al. (2014), *Dropout: a simple way to prevent neural networks from overfitting*
# - Krogh and Hertz (1992), *A simple weight decay can improve generalization*
# - Prechelt (1998), *Early stopping: but when?*
# - Zhang, Bengio, Hardt, Recht and Vinyals (2017), *Understanding deep learning requires rethinking generalization*
#
# **Next:** [07 Convolution](07_convolution.ipynb)
