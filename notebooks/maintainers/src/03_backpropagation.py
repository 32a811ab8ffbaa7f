# %% [markdown]
# # 03 Backpropagation, and how to check it
#
# In notebook 02 two derivatives were enough, and you derived both on paper. The network of notebook 05 has 101,770
# parameters. *How does one get all their derivatives, for the price of about two more forward passes?*
#
# **You will build** the gradients of a neuron, then of a whole dense layer; a check for any gradient; and finally the
# backward pass through any graph.
#
# **You need** notebook 02 and the chain rule from school: $(f(g(x)))' = f'(g(x)) \cdot g'(x)$.
#
# **It takes** about two hours, best in two sittings; the notebook itself runs in seconds.

# %%
import math

import numpy as np

from nnscratch import ops
from nnscratch.course import checks, draw, own
from nnscratch.course.draw import Grid, Node

# %% [markdown]
# ## A computational graph
#
# Take $L = (3x + 1)^2$ at $x = 2$, and give every operation a node. That is a [computational
# graph](glossary.md#computational-graph). The [forward pass](glossary.md#forward-pass) computes the values from left to
# right. The [backward pass](glossary.md#backpropagation-backward-pass) computes the derivative of $L$ with respect to every
# value, from right to left:

# %%
x = 2.0
a = 3 * x             # forward
y = a + 1
L = y**2
dy = 2 * y * 1.0      # backward: local derivative 2y, times dL/dL = 1
da = 1 * dy           # local derivative 1
dx = 3 * da           # local derivative 3
draw.graph([Node("x", (), x, dx), Node("a = 3x", ("x",), a, da),
            Node("y = a + 1", ("a = 3x",), y, dy), Node("L = y²", ("y = a + 1",), L, 1.0)],
           "forward 2, 6, 7, 49; backward 1, 14, 14, 42")

# %% [markdown]
# **Figure 3.1.** Values (blue) are computed from left to right, gradients (orange) from right to left.
#
# A node needs to know two things only: its *local derivative*, that of its output with respect to its input; and the
# derivative of $L$ with respect to its output, the [upstream gradient](glossary.md#upstream-gradient). It multiplies the two
# and passes the product on. This is the [chain rule](glossary.md#chain-rule), applied once per node; applied to a whole
# network it is called *backpropagation*.
#
# As before, `dx` is short for $\partial L / \partial x$. Is $dx = 42$ plausible? Move $x$ a little and look at $L$:

# %%
slope = ((3 * 2.001 + 1)**2 - (3 * 1.999 + 1)**2) / 0.002
print(f"by the chain rule {dx}, measured {slope:.6f}")
assert math.isclose(dx, slope)

# %% [markdown]
# ### Exercise (derive): one neuron
#
# Now a neuron with a smooth activation, and its squared error:
#
# $$a = w x + b \qquad y = \tanh(a) \qquad L = (y - t)^2$$
#
# Draw its graph on paper. Write values at the nodes for $x = 2$, $w = 0.5$, $b = -0.75$, $t = 1.5$, then go from right to
# left. You need one fact: the derivative of $\tanh$ at $a$ is $1 - \tanh(a)^2$.

# %% exercise=chain
def chain(x, w, b, t):
    """The gradients dx, dw, db of L = (tanh(w x + b) - t)², three numbers."""
    ...

# %%
checks.chain(chain)

# %%
dx, dw, db = own.chain(2.0, 0.5, -0.75, 1.5)
y = math.tanh(0.25)
draw.graph([Node("x", (), 2.0, dx), Node("w", (), 0.5, dw), Node("b", (), -0.75, db),
            Node("a = wx + b", ("x", "w", "b"), 0.25, db),
            Node("y = tanh a", ("a = wx + b",), y, 2 * (y - 1.5)),
            Node("L = (y - t)²", ("y = tanh a",), (y - 1.5)**2, 1.0)],
           f"a neuron: L = {(y - 1.5)**2:.4f}, dx = {dx:.4f}, dw = {dw:.4f}, db = {db:.4f}")

# %% [markdown]
# **Figure 3.2.** One backward pass gives the gradients of all inputs of the graph: compare them with your paper.
#
# ## A value that is used twice
#
# Let $u = 3x$, $v = 5x$ and $y = u + v$. Someone writes the backward pass line by line:
#
# ```python
# dy = 1
# du, dv = dy, dy       # the derivatives of a sum are 1
# dx = 3 * du           # x was used here
# dx = 5 * dv           # and here
# print(dx)
# ```
#
# ### Exercise (predict): fan-out
#
# What does the code print, and what is the right $\partial y / \partial x$?

# %% exercise=fan_out
fan_out = [..., ...]

# %%
checks.fan_out(fan_out)

# %%
du = dv = dy = 1
dx = 3 * du
dx = 5 * dv
wrong = dx
dx = 3 * du
dx += 5 * dv
assert wrong == 5 and dx == 8
draw.graph([Node("x", (), 1, f"3 + 5 = {dx}"), Node("u = 3x", (("x", "3"),), 3, du),
            Node("v = 5x", (("x", "5"),), 5, dv), Node("y = u + v", ("u = 3x", "v = 5x"), 8, dy)],
           "x is used by u = 3x and v = 5x; backward 3 and 5 arrive at x, 8 in all")

# %% [markdown]
# **Figure 3.3.** A value used twice receives two gradients, 3 and 5, and they add.
#
# The line `dx = 5 * dv` forgets the first use; `dx += 5 * dv` is right. A small change of $x$ changes $y$ along both paths,
# and the two effects add:
#
# $$\frac{\partial L}{\partial x} = \frac{\partial L}{\partial u} \frac{\partial u}{\partial x} +
# \frac{\partial L}{\partial v} \frac{\partial v}{\partial x}$$
#
# A value with several uses has [fan-out](glossary.md#fan-out). In a network nearly all values have it, as you will see now.
#
# ## From one neuron to a layer
#
# The layer of notebook 01 computes, for sample $n$ and unit $u$,
#
# $$y_{nu} = \sum_d x_{nd} W_{du} + b_u$$
#
# The next layer passes on the upstream gradient `dy`, in the shape of `y`. Three gradients are wanted, each in the shape of
# its array:
#
# | given | shape | wanted | shape |
# |---|---|---|---|
# | `dy` | (N, units) | `dx` | (N, inputs) |
# | `x` | (N, inputs) | `dW` | (inputs, units) |
# | `W` | (inputs, units) | `db` | (units,) |
#
# Take two samples, one input and one unit: $x = (2, 3)$, $W = 4$, $dy = (1, 10)$. The one weight is used by both samples. The
# first sample sends $1 \cdot 2$, the second $10 \cdot 3$, so $dW = 32$.
#
# ### Exercise (derive): the dense layer
#
# On paper, for one value at a time:
#
# 1. In which $y_{nu}$ does $x_{nd}$ appear? Sum over all of them: upstream gradient times local derivative.
# 2. The same for $W_{du}$, and for $b_u$.
# 3. Write each sum as a matrix product, or as a sum over an axis. The shapes leave only one way.

# %% exercise=dense_backward
def dense_backward(dy, x, W):
    """dx (N, inputs), dW (inputs, units), db (units,) from dy (N, units)."""
    ...

# %%
checks.dense_backward(dense_backward)

# %% [markdown]
# ## What a backward pass computes
#
# The [Jacobian](glossary.md#jacobian) $J$ of a function is the table of all its partial derivatives, a row for each output
# and a column for each input. A `dy` with a single 1 picks out one row. So the whole table for two samples, three inputs, two
# units takes four backward passes:

# %%
rng = np.random.default_rng(0)
x, W = rng.normal(size=(2, 3)), np.array([[1.0, 4], [2, 5], [3, 6]])
J = np.array([own.dense_backward(one.reshape(2, 2), x, W)[0].ravel() for one in np.eye(4)])
u = rng.normal(size=(2, 2))
assert np.allclose(own.dense_backward(u, x, W)[0].ravel(), J.T @ u.ravel())
draw.grids([[Grid("∂y/∂x: 4 outputs, 6 inputs", J), "  ", Grid("W", W)]],
           "the Jacobian of a dense layer: W transposed, once for each sample, zeros elsewhere")

# %% [markdown]
# **Figure 3.4.** The Jacobian holds $W^T$ once for each sample; everything else is 0, as no sample touches another.
#
# For any array $u$ in the place of `dy` (and $y$, $u$ and $x$ each written as one column), the backward pass returns $J^T u$,
# a [vector-Jacobian product](glossary.md#vector-jacobian-product), without ever making $J$. That is its whole point. In the
# first layer of notebook 05, with 64 samples, 784 inputs and 128 units, $J$ would have 411 million values:

# %%
print(f"{64 * 128} x {64 * 784} = {64 * 128 * 64 * 784:,} values")
assert 64 * 128 * 64 * 784 == 411_041_792 and 784 * 128 + 128 + 128 * 10 + 10 == 101_770

# %% [markdown]
# ## Measuring a gradient
#
# A derivation may be wrong. A measurement needs no derivation: move $x$ up and down by a small $\delta$, and look at the
# function. For a single number this is the [central difference](glossary.md#central-difference):
#
# $$f'(x) \approx \frac{f(x + \delta) - f(x - \delta)}{2 \delta}$$
#
# ### Exercise (build): a numeric gradient
#
# For a function `f` of one array of any shape, which returns a number: the partial derivative with respect to each element.
# Each has its turn, while all others stay as they are.

# %% exercise=numeric_gradient
def numeric_gradient(f, x, delta):
    """The gradient of f, a function of one array that returns a number, in the shape of x."""
    ...

# %%
checks.numeric_gradient(numeric_gradient)

# %% [markdown]
# How small should $\delta$ be? The next figure looks at $\tanh$ near $x = 1$ through a window as wide as four steps:

# %%
def zoom(axes, delta):
    s = np.linspace(-2, 2, 401)
    axes.plot(s, (np.tanh(1 + s * delta) - np.tanh(1)) / delta, color="#0072b2", label="tanh")
    up, down = ((np.tanh(1 + k * delta) - np.tanh(1)) / delta for k in (1, -1))
    axes.plot([-1, 1], [down, up], "o-", color="#d55e00", label="difference")
    axes.plot(s, s * (1 - np.tanh(1)**2), "k:", label="tangent")
    axes.set(xlabel="(x - 1) / δ", ylabel="change / δ", xticks=[-2, -1, 0, 1, 2], ylim=(-1.3, 1.3))
    if delta == 1:
        axes.legend(frameon=False, fontsize=9, loc="upper left")


draw.explore(zoom, "tanh enlarged: curved for δ = 1, straight for 1e-5, a staircase for 1e-15",
             delta=[1e-16, 1e-15, 1e-5, 0.1, 0.3, 1],
             shown=[(1,), (0.3,), (0.1,), (1e-5,), (1e-15,), (1e-16,)])

# %% [markdown]
# **Figure 3.5.** A large $\delta$ sees the bend of the curve; a tiny one sees the steps between neighbouring floating-point
# numbers, and no slope any more.

# %%
steps = 10.0**-np.arange(1, 15)
true = 1 - np.tanh(1)**2
central = np.abs((np.tanh(1 + steps) - np.tanh(1 - steps)) / (2 * steps) - true)
one_sided = np.abs((np.tanh(1 + steps) - np.tanh(1)) / steps - true)
by_complex = abs(np.tanh(1 + 1e-20j).imag / 1e-20 - true)
assert 1e-6 < steps[central.argmin()] < 1e-4 and central.min() < 1e-10 and by_complex < 1e-15
draw.curves({"central difference": (steps, central), "one-sided difference": (steps, one_sided)},
            "the error over δ: it falls to a minimum near 1e-5 and rises again", "step δ",
            "error of the slope", log=True)

# %% [markdown]
# **Figure 3.6.** From right to left: first the error from the bend of the curve falls (*truncation error*), then that from the
# steps between floating-point numbers grows (*rounding error*); the central difference is best near $\delta = 10^{-5}$.
#
# <details><summary>For the curious: complex steps</summary>
#
# Put $x + i \delta$ into $f(x) = x^2$, with $i \cdot i = -1$. The result is $x^2 - \delta^2 + 2 x \delta \, i$, and its
# imaginary part divided by $\delta$ is $2x$: the slope. Nothing was subtracted from something nearly equal, so that $\delta$
# may be $10^{-20}$. For smooth functions that accept complex numbers the slope is right to the last digit (`by_complex`
# above). The library's own check does this where it can.
#
# </details>
#
# ## The gradient check
#
# A layer returns an array, not a loss. So make a loss of it: take an arbitrary array $u$ in the shape of $y$, multiply the two
# element by element, and let $L$ be the sum of the products. Then $\partial L / \partial y$ is the array $u$: call the
# backward pass with `dy = u`, and compare with the measured gradient. (Random numbers, not ones: notebook 11 shows what ones
# can hide.) A [gradient check](glossary.md#gradient-check) reports the *relative error*, the largest difference divided by the
# largest gradient. As a rule of thumb in double precision, below $10^{-7}$ the two agree, and above $10^{-4}$ something is
# wrong.

# %%
x, W, b = rng.normal(size=(4, 5)), rng.normal(size=(5, 3)), rng.normal(size=3)
u = rng.normal(size=(4, 3))
losses = {"dx": (lambda x: (u * own.dense(x, W, b)).sum(), x),
          "dW": (lambda W: (u * own.dense(x, W, b)).sum(), W),
          "db": (lambda b: (u * own.dense(x, W, b)).sum(), b)}
for gradient, (name, (f, at)) in zip(own.dense_backward(u, x, W), losses.items()):
    measured = own.numeric_gradient(f, at, 1e-5)
    error = np.abs(gradient - measured).max() / np.abs(measured).max()
    print(f"{name} {gradient.shape}: relative error below 1e-7: {error < 1e-7}")
    assert error < 1e-7

# %% [markdown]
# The check costs two forward passes for every element, so that one trains with the backward pass and checks it once, on small
# arrays.
#
# ## Training without a single formula for a parameter
#
# A layer of three inputs and two units has eight parameters. Forward, loss, backward, step: the loop is the same for any number
# of parameters.

# %%
W_true, b_true = np.array([[1.0, -2], [0.5, 0], [3, 1]]), np.array([-1.0, 2])
x = rng.normal(size=(60, 3))
t = x @ W_true + b_true
W, b = np.zeros((3, 2)), np.zeros(2)
for _ in range(200):
    L, dy = own.mse(own.dense(x, W, b), t)
    dx, dW, db = own.dense_backward(dy, x, W)
    W, b = own.sgd_step(W, dW, 0.1), own.sgd_step(b, db, 0.1)
print("found W:", (W.round(2) + 0).tolist())
assert np.allclose(W, W_true, atol=0.01) and np.allclose(b, b_true, atol=0.01)

# %% [markdown]
# ## Any graph
#
# A library does not derive formulas either. It stores a graph: a list of steps in forward order, each with the names that it
# reads and its own backward pass, which returns a list, one gradient for each input.

# %%
from nnscratch.course.checks.gradients import SMALL_GRAPH

print(SMALL_GRAPH)
for step in SMALL_GRAPH:
    print(f"{step.name} reads {step.inputs}; backward of 1: {step.backward(1.0)}")

# %% [markdown]
# ### Exercise (build): the backward pass of a graph
#
# Given the steps and the upstream gradient of the last one, return the gradient of the value named `"x"`. Two things matter:
# the order, since a step can only start when its upstream gradient is complete; and fan-out.

# %% exercise=walk_back
def walk_back(steps, dy):
    """dx: each step has a .name, .inputs (names) and .backward(dy), a list of gradients."""
    ...

# %%
checks.walk_back(walk_back)

# %%
dx = own.walk_back(SMALL_GRAPH, 1.0)
print(f"y = x + 3x, dx = {dx:g}")
assert dx == 4

# %% [markdown]
# ## The library's
#
# `Model` is such a graph of layers, and `check_op` and `check_model` are gradient checks. They also try to name the mistake.
# A mean over the batch where a sum belongs is a common one:

# %%
from nnscratch.gradcheck import check_model, check_op
from nnscratch.layers import Activation, Dense, Input
from nnscratch.models import Model


def averaged(dy, cache):
    dx, dW, db = ops.dense_backward(dy, cache)
    return dx, dW / len(dy), db


x, W, b = rng.normal(size=(4, 5)), rng.normal(size=(5, 3)), rng.normal(size=3)
print(check_op(ops.dense, averaged, [x, W, b], names=["x", "W", "b"]))
start = Input((3,))
model = Model(start, Dense(1)(Activation("tanh")(Dense(4)(start))))
assert check_model(model, rng.normal(size=(2, 3))).ok

# %% [markdown]
# The last line of the report compares two sums, where $\langle\;,\,\rangle$ is the sum of the products of the elements of two
# arrays: $\langle u, Jv \rangle$, how much $L$ changes along a random direction $v$, and $\langle J^T u, v \rangle$, what the
# backward pass says about it. Notebook 08 returns to this.
#
# ## Questions
#
# 1. Why does the backward pass visit the nodes in reverse order?
#    <details><summary>Answer</summary>
#
#    A node needs its whole upstream gradient, the sum over all its uses, and every use comes later in the forward pass.
#
#    </details>
# 2. What does the gradient of a million parameters cost, by a backward pass and by central differences?
#    <details><summary>Answer</summary>
#
#    A dense layer computes two matrix products backward for one forward, so about two more forward passes, however many
#    parameters there are. Central differences need two million forward passes.
#
#    </details>
# 3. ReLU has no derivative at 0. What will a central difference report at $x = 0$?
#    <details><summary>Answer</summary>
#
#    One half: the slope is 1 to the right and 0 to the left. The course takes 0 at that point, a convention. So check at
#    points that are further from 0 than $\delta$.
#
#    </details>
#
# ## References
#
# - Rumelhart, Hinton, Williams (1986), *Learning representations by back-propagating errors*, Nature 323
# - Goodfellow, Bengio, Courville (2016), *Deep Learning*, section 6.5
# - Baydin, Pearlmutter, Radul, Siskind (2018), *Automatic differentiation in machine learning: a survey*, section 3
# - Squire, Trapp (1998), *Using complex variables to estimate derivatives of real functions*
#
# **Next:** [04 Softmax and cross-entropy: a linear classifier](04_softmax.ipynb)
