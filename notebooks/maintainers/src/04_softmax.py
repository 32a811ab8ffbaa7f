# %% [markdown]
# # 04 Softmax and cross-entropy: a linear classifier
#
# A dense layer turns the 256 pixels of a digit into ten numbers, one for each class. *How do ten numbers become an answer,
# and what is the loss of a wrong one?* A mean squared error treats classes as numbers.
#
# **You will build** the loss that nearly all classifiers are trained with, its gradient, and a classifier that reads 19
# digits of 20.
#
# **You need** notebook 03, and from the notebooks before it `one_hot`, `dense` and `sgd_step`.
#
# **It takes** about an hour and a half; the notebook itself runs in seconds.

# %%
import numpy as np

from nnscratch import losses
from nnscratch.course import checks, draw, own
from nnscratch.course.digits import digits

train_images, train_labels, faces = digits("train", size=16)
validation_images, validation_labels, faces = digits("validation", size=16)
first = [int(np.argmax(train_labels == u)) for u in range(10)]
assert len(train_images) == 6300 and len(set(faces)) == 21
draw.gallery(train_images[first], [f"class {u}" for u in range(10)], "a digit of each class")

# %% [markdown]
# **Figure 4.1.** One of the 6300 training images for each class; they are drawn in 21 typefaces, turned and shifted a little.
#
# ## From logits to probabilities
#
# A [classifier](glossary.md#classifier) picks one of several classes. Ours is a dense layer with a unit for each class. The
# outputs $a_u$ are called [logits](glossary.md#logit): any real numbers, the largest one wins. To say *how sure* it is, they
# become probabilities by the [softmax](glossary.md#softmax) function:
#
# $$p_u = \frac{e^{a_u}}{\sum_{u'} e^{a_{u'}}}$$
#
# The exponential makes every number positive, the division makes the sum 1. By hand, with three classes and $a = (2, 1, -1)$:

# %%
a = np.array([2.0, 1, -1])
powers = np.exp(a)
p = powers / powers.sum()
print("powers", powers.round(2), "sum", powers.sum().round(2), "probabilities", p.round(3))
assert np.allclose(p, [0.705, 0.259, 0.035], atol=0.001) and np.isclose(p.sum(), 1)

# %%
def panel(axes, a_0):
    p = np.exp([a_0, 1, -1]) / np.exp([a_0, 1, -1]).sum()
    axes.bar([0, 1, 2], p, color=["#0072b2", "#d55e00", "#009e73"])
    axes.set(xticks=[0, 1, 2], xlabel="class", ylabel="probability", ylim=(0, 1))


draw.explore(panel, "the probability of class 0 rises with its logit", a_0=[-1, 0, 1, 2, 3, 5])

# %% [markdown]
# **Figure 4.2.** The first logit grows from $-1$ to 5, the others stay at 1 and $-1$: its probability grows at the cost of
# both.
#
# ## The loss
#
# Only the probability of the true class counts. The [cross-entropy](glossary.md#cross-entropy) is $-\ln p$ of it, averaged
# over the samples. With one-hot targets $t_{nu}$ from notebook 00, which pick it out,
#
# $$L = -\frac{1}{N} \sum_n \sum_u t_{nu} \ln p_{nu}$$
#
# ### Exercise (predict): three losses
#
# The loss of one sample: with equal probabilities for ten classes; with $p = 1$ for the true class; with $p = 0.001$ for it.

# %% exercise=first_losses
first_losses = [..., ..., ...]

# %%
checks.first_losses(first_losses)

# %%
p = np.linspace(0.001, 1, 200)
draw.curves({"-ln p": (p, -np.log(p)), "1 - p": (p, 1 - p)},
            "-ln p falls from 6.9 at 0.001 to 0 at 1",
            "probability of the true class", "loss of the sample",
            {"ten equal probabilities": ([0.1], [np.log(10)])})

# %% [markdown]
# **Figure 4.3.** Cross-entropy has no upper bound, unlike $1 - p$: being sure and wrong costs much more than guessing.
#
# ## Large logits
#
# A computer has no number $e^{1000}$. Here is where `np.exp` ends:

# %%
with np.errstate(over="ignore"):
    largest, beyond = np.exp(709.0), np.exp(710.0)
print(f"e^709 = {largest:.1e}, e^710 = {beyond}")
shifted = np.exp(a - a.max())
assert np.isinf(beyond) and np.allclose(shifted / shifted.sum(), powers / powers.sum())

# %% [markdown]
# The remedy: add the same number to all logits of a row, and $p$ does not change, as the factor cancels in the fraction.
# Subtract the largest logit, and no power exceeds 1. At the other end, a power may round to 0, and its logarithm is
# $-\infty$; so do not take the logarithm of $p$, but simplify $\ln p$ on paper first. A formula that survives both ends is
# called [numerically stable](glossary.md#numerical-stability).
#
# ### Exercise (derive): softmax and cross-entropy together
#
# Write $L$ as a function of the logits, and derive $\partial L / \partial a_{nu}$. One fact helps, where $[u = u']$ is 1 if
# both are the same unit, else 0:
#
# $$\frac{\partial p_u}{\partial a_{u'}} = p_u \left([u = u'] - p_{u'}\right)$$
#
# Much cancels in the end. Remember that $L$ is a mean, and that your function has to stay finite for logits of 1000.

# %% exercise=softmax_cross_entropy
def softmax_cross_entropy(logits, t):
    """L, a number, and dlogits (N, classes) from logits and one-hot t, both (N, classes)."""
    ...

# %%
checks.softmax_cross_entropy(softmax_cross_entropy)

# %% [markdown]
# Check the gradient with your `numeric_gradient` from notebook 03:

# %%
rng = np.random.default_rng(0)
logits, t = rng.normal(size=(4, 10)), own.one_hot(np.array([3, 1, 4, 1]), 10)
L, dlogits = own.softmax_cross_entropy(logits, t)
measured = own.numeric_gradient(lambda a: own.softmax_cross_entropy(a, t)[0], logits, 1e-5)
error = np.abs(dlogits - measured).max() / np.abs(measured).max()
print(f"relative error below 1e-7: {error < 1e-7}")
assert error < 1e-7

# %% [markdown]
# For the three logits above and true class 1, the gradient is short enough to read:

# %%
L, dlogits = own.softmax_cross_entropy(np.array([[2.0, 1, -1]]), np.array([[0.0, 1, 0]]))
print(f"loss {L:.3f}, gradient {dlogits.round(3).tolist()}")
assert np.isclose(L, 1.349, atol=0.001) and np.isclose(dlogits.sum(), 0)

# %% [markdown]
# Compare it with the probabilities 0.705, 0.259, 0.035. Gradient descent lowers the logits of the wrong classes, in
# proportion to their probabilities, and raises that of the true class.
#
# ## How often is it right?
#
# The loss is what one can differentiate; the [accuracy](glossary.md#accuracy), the fraction of samples whose largest logit is
# that of the true class, is what one wants to know.
#
# ### Exercise (build): accuracy

# %% exercise=accuracy
def accuracy(logits, labels):
    """The fraction of right answers, from logits (N, classes) and labels (N,)."""
    ...

# %%
checks.accuracy(accuracy)

# %% [markdown]
# ### Exercise (build): train a linear classifier
#
# All parts are there: `own.one_hot`, `own.dense`, `own.softmax_cross_entropy`, `own.dense_backward`, `own.sgd_step`. Put them
# into a training loop. Begin with `W` and `b` full of zeros, use all samples in every step, and keep the loss before each
# step.

# %% exercise=train_linear
def train_linear(x, labels, classes, lr, steps):
    """W (inputs, classes), b (classes,) after the steps; losses (steps,), each before its step."""
    ...

# %%
checks.train_linear(train_linear)

# %% [markdown]
# Now the digits: rows of 256 pixels, and 200 steps.

# %%
x, x_validation = train_images.reshape(-1, 256), validation_images.reshape(-1, 256)
W, b, curve = own.train_linear(x, train_labels, 10, 2.0, 200)
on_train = own.accuracy(own.dense(x, W, b), train_labels)
on_validation = own.accuracy(own.dense(x_validation, W, b), validation_labels)
print(f"loss from {curve[0]:.3f} to {curve[-1]:.2f}")
print(f"accuracy {on_train:.1%} on the training images, {on_validation:.1%} on 2100 others")
assert on_validation > 0.95 and np.isclose(curve[0], np.log(10)) and curve[-1] < 0.2

# %%
draw.curves({"training loss": (np.arange(200), curve),
             "ln 10": ([0, 199], [np.log(10)] * 2)},
            "the loss falls from ln 10 to 0.16 in 200 steps", "step", "cross-entropy")

# %% [markdown]
# **Figure 4.4.** The loss begins at $\ln 10 = 2.303$, as it must when `W` is zero and all classes are equally probable. The
# bumps at the start say that the learning rate is nearly too large (notebook 02).
#
# ## What has it learned?
#
# Each column of $W$ has a weight for each pixel: it is an image.

# %%
draw.gallery(W.T.reshape(10, 16, 16), [f"column {u}" for u in range(10)],
             "the ten columns of W as images", columns=5, inches=1.25, signed=True)

# %% [markdown]
# **Figure 4.5.** Ten templates: ink on a blue pixel raises the logit of the class, ink on an orange one lowers it. Look at
# the orange middle of the 0.

# %%
logits = own.dense(x_validation, W, b)
powers = np.exp(logits - logits.max(axis=1, keepdims=True))
p = powers / powers.sum(axis=1, keepdims=True)
of_truth = p[np.arange(2100), validation_labels]
order = np.argsort(of_truth)
some = [order[-1], order[np.argmin(np.abs(np.sort(of_truth) - 0.5))], order[0]]
assert of_truth[some[0]] > 0.99 and of_truth[some[2]] < 0.01
draw.verdicts(validation_images[some], p[some], validation_labels[some],
              "a sure and right answer, an unsure one, and a sure and wrong one")

# %% [markdown]
# **Figure 4.6.** The surest right answer, one near 0.5, and the worst mistake of the validation images; the bar of the true
# class is blue.
#
# A template allows one shape for each class. Twenty-one typefaces, shifted and turned, have many. Notebook 05 puts a layer in
# between.
#
# ## The library's
#
# `losses.softmax_cross_entropy` has the same two results, and does not mind large logits either:

# %%
t = own.one_hot(validation_labels, 10)
L, dlogits = own.softmax_cross_entropy(logits, t)
theirs, gradient = losses.softmax_cross_entropy(logits, t)
assert np.isclose(L, theirs) and np.allclose(dlogits, gradient)
L, dlogits = losses.softmax_cross_entropy(np.array([[1000.0, 0]]), np.array([[0.0, 1]]))
print(f"the logits 1000 and 0, true class 1: loss {L:g}, gradient {dlogits.tolist()}")

# %% [markdown]
# ## Questions
#
# 1. You add 5 to all ten logits. What changes?
#    <details><summary>Answer</summary>
#
#    Nothing: the factor $e^5$ cancels in the fraction. So the ten columns of $W$ are determined only up to a common image.
#
#    </details>
# 2. What is the sum of $\partial L / \partial a_{nu}$ over the classes of a sample, and why?
#    <details><summary>Answer</summary>
#
#    It is 0: this is the derivative of the loss along the direction in which all logits grow equally, and there it does not
#    change.
#
#    </details>
# 3. Why not the mean of $(p - t)^2$?
#    <details><summary>Answer</summary>
#
#    Each term of its gradient contains a derivative of softmax, $p_u ([u = u'] - p_{u'})$. All of these vanish where one
#    probability is 1, even if the class is wrong, and then the classifier would not learn.
#
#    </details>
#
# ## References
#
# - Bishop (2006), *Pattern Recognition and Machine Learning*, section 4.3.4
# - Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 6.2.2.3
# - Nielsen (2015), *Neural Networks and Deep Learning*, chapter 3
#
# **Next:** [05 A multilayer perceptron reads digits](05_mlp.ipynb)
