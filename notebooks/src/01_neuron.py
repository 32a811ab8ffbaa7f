# %% [markdown]
# # 01 One neuron, then a layer of them
#
# **You will build** a neuron with four lines of Python, then a whole layer as one matrix product, then its backward: the three
# gradients that let it learn. At the end a layer finds a straight line through points by itself.
#
# **You need** school calculus (the derivative of a sum and of a square) and a little NumPy: arrays, shapes, `@`.
#
# **It takes** about an hour with the exercises; the notebook itself runs in seconds.
#
# An exercise is a function whose body is `...`. Write yours in its place, run the cell (Shift + Enter), and run the check
# below it. A check says *not attempted*, *right*, or *wrong*, and then what it probably is. Nothing breaks if you leave
# exercises for later: the cells after them never use your functions.
#
# One rule holds for all of them: return something new, and do not change what you were given, for others still need it. A
# line such as `x *= 2` or `x[0] = 1` changes the caller's array; `y = 2 * x` makes a new one. The checks notice.

# %%
import numpy as np

from nnscratch import ops
from nnscratch.course import checks, draw

# %% [markdown]
# ## A neuron
#
# Three numbers come in. Each is multiplied by a number of its own, its *weight*; the products are added up, together with one
# more number, the *bias*. The sum goes through a function $f$, the *activation*. That is all:
#
# $$y = f\Big(\sum_k x_k w_k + b\Big)$$
#
# With $x = (1, 2, -1)$, $w = (0.5, -1, 2)$ and $b = 4$ the sum is $0.5 - 2 - 2 + 4 = 0.5$. As $f$ we take *relu*, which lets
# positive numbers pass and turns negative ones into 0: $f(z) = \max(0, z)$. So $y = 0.5$.

# %%
x, w, b = np.array([1.0, 2.0, -1.0]), np.array([0.5, -1.0, 2.0]), 4.0
z = sum(x * w) + b
y = max(0.0, z)
print(f"sum {z}, output {y}")
assert y == 0.5

# %%
draw.neuron(x, w, b, y, "relu")

# %% [markdown]
# A weight says how much an input counts, and in which direction. The bias moves the threshold: with $b = 3$ the sum would be
# $-0.5$, and this neuron silent.
#
# ### Exercise: the neuron as a loop
#
# Write the formula with a loop over $k$. It is slow, but one reads it as one reads the sum. (A check looks at the numbers
# alone, so `np.sum` passes, too; write the loop once all the same.)

# %% exercise=neuron
def neuron(x, w, b):
    """relu(Σ_k x[k] w[k] + b), a number."""
    ...

# %%
checks.neuron(neuron)

# %% [markdown]
# ## Why $f$?
#
# Without $f$, neurons behind neurons would be a waste. A sum of sums is again a sum: if $y = 3x + 1$ and $u = 2y - 5$, then $u
# = 6x - 3$, which a single neuron can do. A bend between them changes that. Three relus make a hat, and from hats one can build
# any curve.

# %%
t = np.linspace(-2, 2, 81)
straight = 2 * (3 * t + 1) - 5
assert np.allclose(straight, 6 * t - 3)
hat = np.maximum(0, t + 1) - 2 * np.maximum(0, t) + np.maximum(0, t - 1)
draw.curves({"relu(t)": (t, np.maximum(0, t)), "three relus, added": (t, hat)},
            "relu, and a hat made of three of them", "t")

# %% [markdown]
# ## Many neurons, many samples
#
# A *layer* is several neurons that read the same inputs; here they are called *units*. Each unit has its weights, so the
# weights become a table with a column for each unit. Samples also come many at once, a row each. For sample $n$ and unit $u$
# the neuron's formula reads
#
# $$y_{nu} = \sum_k x_{nk} W_{ku} + b_u$$
#
# and that is how a matrix product is defined. The whole layer is one line, `y = x @ W + b`:
#
# | | shape | here |
# |---|---|---|
# | `x` | (N, inputs) | (3, 2) |
# | `weights` | (inputs, units) | (2, 4) |
# | `bias` | (units,) | (4,) |
# | `y` | (N, units) | (3, 4) |

# %%
x = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]])
weights = np.array([[1.0, 0.5, -1.0, 2.0], [2.0, -3.0, 4.0, 0.0]])
bias = np.array([0.5, 1.0, -2.0, 0.0])
y = x @ weights + bias
draw.product(x, weights, y, (1, 2), bias)

# %% [markdown]
# The framed row of `x` and column of `weights` make the framed number: $0 \cdot (-1) + (-1) \cdot 4 - 2 = -6$. We leave $f$ out
# from here on; it is a step of its own, and notebook 03 comes back to it.
#
# Loops and product must agree. Numbers computed in another order may differ in their last digits, so one asks `np.allclose`,
# never `==`:

# %%
by_loops = np.zeros((3, 4))
for n, u in np.ndindex(3, 4):
    by_loops[n, u] = bias[u]
    for k in range(2):
        by_loops[n, u] += x[n, k] * weights[k, u]
print("loops and product agree:", np.allclose(by_loops, y))
assert np.allclose(by_loops, y) and y[1, 2] == -6

# %% [markdown]
# ### Exercise: the layer
#
# One line.

# %% exercise=dense
def dense(x, weights, bias):
    """(N, inputs), (inputs, units), (units,) -> (N, units)"""
    ...

# %%
checks.dense(dense)

# %% [markdown]
# ## Backward: who is to blame?
#
# To learn is to change weights so that some number $L$, the *loss*, becomes smaller. For that we ask of every weight: if it
# grew a little, how much would $L$ grow? That slope is written $\partial L / \partial W_{ku}$: the derivative of $L$ when this
# number alone moves, and all others stay. All slopes together are the *gradient*. In code and in short, `dw` means the slope of
# $L$ by $w$, and so for every name.
#
# Somebody behind the layer tells us the slopes of $L$ by our outputs, $\partial L / \partial y_{nu}$. We call this table `dy`;
# it has the shape of `y`. From it the layer works out three tables, `dx`, `dweights` and `dbias`, each in the shape of what it
# belongs to.
#
# Begin with one number of each: $y = x w + b$ with $x = 2$, $w = 3$, $b = 1$, and let $dy = 5$. Raise $w$ by $0.001$: $y$ rises
# by $2 \cdot 0.001$, because $w$ is multiplied by $x = 2$; and $L$ by five times as much. So
#
# $$dw = dy \cdot x = 10 \qquad dx = dy \cdot w = 15 \qquad db = dy = 5$$

# %%
x1, w1, b1, dy1 = 2.0, 3.0, 1.0, 5.0
dx1, dw1, db1 = dy1 * w1, dy1 * x1, dy1
step = 0.001
for name, grown, slope in [("x", (x1 + step) * w1 + b1, dx1), ("w", x1 * (w1 + step) + b1, dw1),
                           ("b", x1 * w1 + (b1 + step), db1)]:
    rise = grown - (x1 * w1 + b1)
    print(f"{name} grows by {step}, y by {rise:.3f}, L by {dy1 * rise:.3f}: slope {slope:g}")
    assert np.isclose(dy1 * rise / step, slope)

# %%
draw.graph([draw.Node("x", (), x1, dx1), draw.Node("w", (), w1, dw1), draw.Node("b", (), b1, db1),
            draw.Node("x·w", ("x", "w"), x1 * w1, dy1),
            draw.Node("y", ("x·w", "b"), x1 * w1 + b1, dy1)],
           "y = x w + b forward, 2 · 3 + 1 = 7; backward 5 at y gives 15, 10, 5 at x, w, b")

# %% [markdown]
# Blue numbers went forward, orange ones came back. Now with all indices. The weight $W_{ku}$ touches unit $u$ of *every*
# sample, so it collects from every sample. The input $x_{nk}$ feeds *every* unit, so it collects from every unit. The bias
# $b_u$ is added in every sample:
#
# $$dx_{nk} = \sum_u dy_{nu} W_{ku} \qquad dW_{ku} = \sum_n x_{nk}\, dy_{nu} \qquad db_u = \sum_n dy_{nu}$$
#
# The rule behind all three: **what was used in several places gets the sum of what comes back from there.** As loops:

# %%
dy = np.array([[1.0, 0.0, 2.0, -1.0], [0.5, 1.0, 0.0, 1.0], [0.0, -2.0, 1.0, 3.0]])
dx, dweights, dbias = np.zeros_like(x), np.zeros_like(weights), np.zeros_like(bias)
for n, u in np.ndindex(3, 4):
    dbias[u] += dy[n, u]
    for k in range(2):
        dx[n, k] += dy[n, u] * weights[k, u]
        dweights[k, u] += x[n, k] * dy[n, u]
print(dweights)

# %% [markdown]
# ### Exercise: backward without loops
#
# Each sum is a matrix product again, one of the two factors transposed. Let the shapes lead you.

# %% exercise=dense_backward
def dense_backward(dy, x, weights):
    """dx, dweights, dbias for dy (N, units)"""
    ...

# %%
checks.dense_backward(dense_backward)

# %% [markdown]
# ## Is it true? The library's layer, and a gradient check
#
# `ops.dense` and `ops.dense_backward` are the library's. The forward returns two things: `y`, and a `cache` with what the
# backward will need. They must give our numbers. And a gradient can be *measured*, too, from the forward alone, by changing
# each number a little, as we did with $w$. `check_op` does so for every number of every input; notebook 03 builds it.

# %%
from nnscratch.gradcheck import check_op

y_ops, cache = ops.dense(x, weights, bias)
ours, theirs = (dx, dweights, dbias), ops.dense_backward(dy, cache)
print("the loops agree with the library:", [bool(np.allclose(a, b)) for a, b in zip(ours, theirs)])
assert np.allclose(y_ops, y) and all(np.allclose(a, b) for a, b in zip(ours, theirs))
report = check_op(ops.dense, ops.dense_backward, [x, weights, bias], names=["x", "weights", "bias"])
print("and the library with a measurement:", report.ok)
assert report.ok

# %% [markdown]
# ## It learns
#
# Sixty points lie around a straight line. A layer with one input and one unit *is* a straight line, $y = x w + b$, and we want
# it to go through them. How wrong it is says the mean of the squares,
#
# $$L = \frac{1}{M} \sum (y - t)^2 \qquad dy = \frac{2}{M} (y - t)$$
#
# where $t$ are the targets and $M$ is how many there are. Then every weight takes a small step *against* its slope:
# $w \leftarrow w - r \cdot dw$. The number $r$ is the *learning rate*.
#
# ### Exercise: one step
#
# Compute $y$, `dy`, the two gradients, and return the new weights and the new bias.

# %% exercise=train_step
def train_step(x, target, weights, bias, rate):
    """The weights and the bias after one step downhill on the mean of (y - target)²."""
    ...

# %%
checks.train_step(train_step)

# %%
rng = np.random.default_rng(0)
points = rng.uniform(-2, 2, (60, 1))
target = 1.5 * points - 0.5 + rng.normal(0, 0.3, (60, 1))
weights, bias, losses = np.zeros((1, 1)), np.zeros(1), []
for _ in range(60):
    y, cache = ops.dense(points, weights, bias)
    losses.append(np.mean((y - target)**2))
    _, dweights, dbias = ops.dense_backward(2 * (y - target) / y.size, cache)
    weights, bias = weights - 0.1 * dweights, bias - 0.1 * dbias
print(f"w = {weights[0, 0]:.2f}, b = {bias[0]:.2f}; loss from {losses[0]:.2f} to {losses[-1]:.2f}")
assert losses[-1] < 0.1 < losses[0]

# %%
ends = np.array([[-2.0], [2.0]])
draw.curves({"the layer after 60 steps": (ends, ends @ weights + bias), "before": (ends, 0 * ends)},
            "points around a line, and the line that the layer found", "x", "y",
            {"points": (points, target)})

# %% [markdown]
# The points were made with $w = 1.5$ and $b = -0.5$, plus noise. Nobody told the layer; it followed sixty slopes downhill.
#
# ## The class does the same
#
# `layers.Dense` owns its `kernel` (the weights) and `bias`, remembers the cache between forward and backward, and adds what
# comes out to `grads`. Nothing else is new in it.

# %%
from nnscratch.layers import Dense

layer = Dense(4)
y = layer.forward(x, training=True)
dx = layer.backward(dy)
assert np.allclose(y, x @ layer.params["kernel"] + layer.params["bias"])
assert np.allclose(layer.grads["kernel"], x.T @ dy)
assert np.allclose(dx, dy @ layer.params["kernel"].T)
print({name: gradient.shape for name, gradient in layer.grads.items()})

# %% [markdown]
# ## Questions
#
# 1. Why is `dbias` a sum over samples, and `dx` not?
# 2. If you double all of `dy`, what happens to the three gradients?
# 3. `dweights` has the shape of `weights` whatever N is. Where did the N go?
#
# **Alone:** change the rate in the training cell to 0.01, 0.3 and 1.0. When does it get too slow, when does it fly off?
#
# **Next:** [03 The chain rule, and how to know that a gradient is right](03_backpropagation.ipynb)
