# %% [markdown]
# # 01 One neuron, one layer
#
# **A neuron multiplies, adds, and draws one straight line. What can many of them do together?**
#
# **You will build** a whole layer of neurons, `dense`; a hat and a sine wave from bent lines; and, without any
# training, a layer that reads most of the digits.
#
# **You need** [notebook 00](00_numpy.ipynb): shapes, broadcasting and `@`.
#
# **It takes** about 75 minutes with the exercises.

# %%
import numpy as np

from nnscratch import layers
from nnscratch.course import checks, draw, own
from nnscratch.course.digits import digits

# %% [markdown]
# ## One neuron
#
# A [neuron](glossary.md#neuron-unit), also called a unit, reads some inputs. It multiplies each by a
# [weight](glossary.md#weight), adds the products, and adds a constant, the [bias](glossary.md#bias). The sum is its
# [pre-activation](glossary.md#pre-activation) $a$. An [activation function](glossary.md#activation-function) $f$ turns
# it into the output:
#
# $$a = \sum_d w_d x_d + b \qquad y = f(a)$$
#
# A common choice of $f$ is the [ReLU](glossary.md#relu), the rectified linear unit: $f(a) = \max(0, a)$. Positive
# values pass, negative ones become 0. With $x = (1, 2, -1)$, $w = (0.5, -1, 2)$ and $b = 4$:
#
# $$a = 0.5 \cdot 1 - 1 \cdot 2 + 2 \cdot (-1) + 4 = 0.5 \qquad y = \max(0,\, 0.5) = 0.5$$

# %%
def neuron(x, w, b):
    a = b
    for d in range(len(x)):
        a += w[d] * x[d]
    return max(0.0, a)


y = neuron([1, 2, -1], [0.5, -1, 2], 4)
print("y =", y)
assert y == 0.5
draw.neuron([1, 2, -1], [0.5, -1, 2], 4, y, "ReLU")

# %% [markdown]
# **Figure 1.1.** One neuron with its numbers: three inputs, a weight at each arrow, the sum with the bias, and the
# ReLU.
#
# ### Exercise (predict): four outputs
#
# Another neuron has $w = (2, -1)$ and $b = -1$. Work out its output on paper, with the ReLU, for four inputs.

# %% exercise=neuron_outputs
neuron_outputs = [
    ...,  # x = (0, 1)
    ...,  # x = (1, 1)
    ...,  # x = (2, 1)
    ...,  # x = (-1, -4)
]

# %%
checks.neuron_outputs(neuron_outputs)

# %% [markdown]
# ## A neuron draws a line
#
# With two inputs, each sample is a point in the plane. The pre-activation is 0 on a straight line, positive on one side
# of it and negative on the other. So one neuron can separate two classes, if a line can. The weights turn the line, the
# bias moves it. Try the sliders: how few mistakes can you reach?

# %%
rng = np.random.default_rng(4)
classes = np.arange(40) % 2
centres = np.array([[-0.9, -0.4], [0.9, 0.7]])
points = centres[classes] + rng.normal(0, 0.75, (40, 2))


def line(axes, w0, w1, b):
    draw.boundary(axes, points, classes, [w0, w1], b)


some = [-2, -1, -0.5, 0, 0.5, 1, 2]
draw.explore(line, "six neurons, and the side of each that it calls positive", size=(2.6, 2.5),
             shown=[(1, 0, 0), (0, 1, 0), (1, 1, 0), (1, 1, 2), (1, 1, -2), (-1, -1, 0)],
             w0=some, w1=some, b=some)

# %% [markdown]
# **Figure 1.2.** A neuron and its line, for six choices of its parameters. On the orange side $a > 0$: the neuron says
# "triangle". Negative weights exchange the sides.
#
# ## A layer of neurons
#
# A [dense layer](glossary.md#dense-fully-connected-layer), or fully connected layer, is several units that read the
# same inputs. Each unit has its own weights and its own bias. Put the weights of unit $u$ into column $u$ of a matrix
# $W$:

# %%
draw.layer(3, 4, 1, "a dense layer of three inputs and four units; the three weights of unit 1")

# %% [markdown]
# **Figure 1.3.** Every unit reads every input. The orange lines are the weights of unit 1: column 1 of $W$.
#
# Samples arrive many at once, one a row. For sample $n$ and unit $u$, the pre-activation is the neuron's formula with
# one more index for each:
#
# $$a_{nu} = \sum_d x_{nd} W_{du} + b_u$$
#
# | | shape | holds |
# |---|---|---|
# | `x` | (N, D) | N samples of D inputs |
# | `W` | (D, U) | a column of weights for each of U units |
# | `b` | (U,) | a bias for each unit |
# | result | (N, U) | a row for each sample, a column for each unit |
#
# (Many texts write $Wx + b$, with $x$ as a column. Their $W$ is the transpose of ours.)
#
# ### Exercise (build): the dense layer
#
# Write the layer, without an activation. Start with loops if you like. There is a form of one line: notebook 00 has all
# it needs.

# %% exercise=dense
def dense(x, W, b):
    """(N, D), (D, U), (U,) -> (N, U)"""
    ...

# %%
checks.dense(dense)

# %% [markdown]
# The layer, followed by the ReLU, must agree with neurons computed one by one, by the loop above:

# %%
x = np.array([[1.0, 2, -1], [0, -1, 2]])
W = np.array([[0.5, 1, -1, 2], [-1, 0, 1, 1], [2, -2, 0, 1]])
b = np.array([4.0, 0, 1, -1])
y = own.dense(x, W, b)
by_neurons = [[neuron(x[n], W[:, u], b[u]) for u in range(4)] for n in range(2)]
assert np.allclose(np.maximum(0, y), by_neurons) and y[0, 0] == 0.5
draw.product(x, W, y, (0, 1), b)

# %% [markdown]
# **Figure 1.4.** The layer as a matrix product, $Y = XW + b$. A row of `x` and a column of `W`, both framed, and one
# bias make one number of `y`.
#
# ## Why f must not be linear
#
# $XW + b$ is an [affine map](glossary.md#affine-map). Without an activation, a second layer gains nothing, since two
# affine maps in a row are one affine map: if $y = 3x + 1$, then $2y - 5 = 6x - 3$. The ReLU breaks this rule, because
# it bends the line. One bend is a beginning. How much can you build from several?
#
# ### Exercise (derive): a hat from three ReLUs
#
# Find three factors and three kinks, so that a sum of ReLUs, $w_0\,f(x - c_0) + w_1\,f(x - c_1) + w_2\,f(x - c_2)$, is
# a hat: it goes through (0, 0), (1, 2) and (2, 0) in straight lines, and is 0 to the left and to the right of them.
# Draw it on paper first.

# %% exercise=hat
def hat(x):
    """x of any shape -> y of the same shape"""
    ...

# %%
checks.hat(hat)

# %%
x = np.linspace(-1, 3, 201)
assert np.allclose(own.hat(np.array([0.0, 1, 2, 5])), [0, 2, 0, 0])
assert np.allclose(2 * (3 * x + 1) - 5, 6 * x - 3)
draw.curves({"hat(x)": (x, own.hat(x)), "ReLU(x)": (x, np.maximum(0, x))},
            "a hat, made of three ReLUs, beside one ReLU", "x", "y")

# %% [markdown]
# **Figure 1.5.** Three bent lines add up to a hat, which is 0 everywhere else.
#
# ## From hats to any curve
#
# Each ReLU adds one kink: there, the slope changes by its factor. So a sum of ReLUs can follow any curve as a chain of
# straight pieces. That is a network of two layers. The first has one unit for each kink, the second adds them up:

# %%
def sum_of_relus(x, f, U):
    kinks = np.linspace(0, 2 * np.pi, U + 1)
    slopes = np.diff(f(kinks)) / np.diff(kinks)
    changes = np.diff(slopes, prepend=0)  # of the slope, at each kink
    hidden = np.maximum(0, own.dense(x[:, None], np.ones((1, U)), -kinks[:-1]))
    return own.dense(hidden, changes[:, None], f(kinks[:1]))[:, 0]


x = np.linspace(0, 2 * np.pi, 400)
errors = [np.abs(sum_of_relus(x, np.sin, U) - np.sin(x)).max() for U in (3, 10, 30)]
print("largest error with 3, 10, 30 ReLUs:", np.round(errors, 3))
assert errors[0] > 0.4 and errors[1] < 0.05 and errors[2] < 0.006

# %%
def approximation(axes, units):
    axes.plot(x, np.sin(x), color="#bbbbbb", linewidth=4)
    axes.plot(x, sum_of_relus(x, np.sin, units), color="#0072b2", linewidth=1.6)
    axes.set(xlabel="x", ylabel="y", ylim=(-1.2, 1.2))


draw.explore(approximation, "a sine, approximated by 2 to 30 ReLUs", units=[2, 3, 4, 6, 10, 30])

# %% [markdown]
# **Figure 1.6.** A sum of ReLUs (blue) is piecewise linear. With more units the pieces are finer, until they cover the
# sine (grey).
#
# This is [universal approximation](glossary.md#universal-approximation): with enough units, such a network comes as
# close as you like to any continuous function on a bounded interval. It does not say how to *find* the weights. That is
# what training is for.
#
# ## A layer that reads digits
#
# Here is one choice of weights that needs no training. Notebook 00 made a mean image $m_u$ of each digit. Now decide
# that an image $x$ shows the digit whose mean image is nearest to it. The squared distance is
#
# $$\sum_d (x_d - m_{ud})^2 = \sum_d x_d^2 - 2\Big(\sum_d x_d\, m_{ud} - \tfrac{1}{2}\sum_d m_{ud}^2\Big)$$
#
# The first sum is the same for all ten digits. So the smallest distance means the largest bracket, and the bracket is a
# neuron: its weights are the mean image, its bias is minus half the sum of their squares.

# %%
images, labels, faces = digits("train", size=16)
X, Y = images.reshape(-1, 256), own.one_hot(labels, 10)
W = X.T @ Y / Y.sum(axis=0)
b = -(W**2).sum(axis=0) / 2
images, labels, faces = digits("validation", size=16)  # other images
y = own.dense(images.reshape(-1, 256), W, b)
right, without_b = (sum(row.argmax() == u for row, u in zip(some, labels)) / len(labels)
                    for some in (y, y - b))
print(f"right: {right:.1%}, without the biases: {without_b:.1%}")
assert 0.84 < right < 0.86 and without_b < 0.7

# %%
n = 12
columns = {f"{u}: {y[n, u]:.1f}": W[:, u].reshape(16, 16) for u in range(10)}
draw.images({"x": images[n], **columns},
            f"an image of a {labels[n]} and the ten columns of W, each with its output", inches=0.6)

# %% [markdown]
# **Figure 1.7.** One image and the ten columns of $W$, with the output of each unit above it. The largest output names
# the digit.
#
# One dense layer reads 85 of 100 new images. Notebook 02 begins to *learn* weights from examples, and notebook 04
# trains a layer of this size to read better.
#
# ## The library's layer
#
# `layers.Dense` is the same formula. It keeps its weights under the name `kernel`:

# %%
layer = layers.Dense(10)
layer.forward(X[:1])  # the first call makes the parameters in their shapes
layer.params["kernel"], layer.params["bias"] = W, b
assert np.allclose(layer.forward(images.reshape(-1, 256)), y)
print({name: values.shape for name, values in layer.params.items()})
assert 784 * 128 == 100_352 and 100_352 + 128 == 100_480  # question 3

# %% [markdown]
# ### Exercise (debug): five faulty layers
#
# Let `X` be (5, 3), `W` (3, 4) and `b` (4,), so that a layer must return (5, 4). Each of these five lines is wrong.
# Most can be caught by their shape alone. Type the shape that each returns as a tuple, or `"error"` if NumPy refuses.

# %% exercise=layer_shapes
layer_shapes = [
    ...,  # A: W.T @ X.T + b[:, None]
    ...,  # B: X[:, :, None] * W + b
    ...,  # C: X @ W + b[:, None]
    ...,  # D: (X @ W).sum(axis=0) + b
    ...,  # E: X @ W + b.sum()
]

# %%
checks.layer_shapes(layer_shapes)

# %% [markdown]
# One of them has the right shape and the wrong numbers. That is why one also compares with loops on a small case, with
# unequal sizes, as you did above.
#
# ## Questions
#
# 1. What is a network of ten layers if every $f$ is the identity?
#
# <details><summary>Answer</summary>
#
# One affine map: affine maps in a row make an affine map again.
#
# </details>
#
# 2. What does the bias do to the line of a neuron with two inputs?
#
# <details><summary>Answer</summary>
#
# It moves the line and keeps its direction. Without it, every line goes through the origin.
#
# </details>
#
# 3. A dense layer has 784 inputs and 128 units. How many weights and biases are that?
#
# <details><summary>Answer</summary>
#
# There are 784 · 128 = 100,352 weights and 128 biases, together 100,480.
#
# </details>
#
# ## References
#
# - McCulloch and Pitts (1943), *A logical calculus of the ideas immanent in nervous activity*
# - Rosenblatt (1958), *The perceptron: a probabilistic model for information storage and organization in the brain*
# - Cybenko (1989), *Approximation by superpositions of a sigmoidal function*
# - Hornik (1991), *Approximation capabilities of multilayer feedforward networks*
# - Goodfellow, Bengio and Courville (2016), *Deep Learning*, sections 6.1 and 6.4.1
#
# **Next:** [02 Gradient descent](02_gradient_descent.ipynb)
