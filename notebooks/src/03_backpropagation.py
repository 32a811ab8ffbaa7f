# %% [markdown]
# # 03 The chain rule, and how to know that a gradient is right
#
# **You will build** the backward of a small computation by hand, then a measuring device that needs no backward at all. You
# will see why the most usual test lets wrong backwards pass, and find out which of five suspects are wrong.
#
# **You need** notebook 01 and the chain rule from school: $(f(g(x)))' = f'(g(x)) \cdot g'(x)$.
#
# **It takes** about an hour and a half with the exercises; the notebook itself runs in seconds.

# %%
import math

import numpy as np

from nnscratch import ops
from nnscratch.course import checks, draw
from nnscratch.course.draw import Node

# %% [markdown]
# ## A chain of small steps
#
# Take one neuron with a smooth activation, and how far it is from a target $t$:
#
# $$z = w x + b \qquad y = \tanh(z) \qquad L = (y - t)^2$$
#
# Forward with $x = 2$, $w = 0.5$, $b = -0.75$ and $t = 1.5$, each step kept, because the way back will need it:

# %%
x, w, b, t = 2.0, 0.5, -0.75, 1.5
z = w * x + b
y = math.tanh(z)
L = (y - t)**2
print(f"z = {z}, y = {y:.4f}, L = {L:.4f}")

# %% [markdown]
# Backward we ask of every step: how fast does $L$ change with it? At the end that is easy, $dL/dy = 2 (y - t)$. One step
# earlier the chain rule says: multiply by the slope of the step between, $\tanh'(z) = 1 - \tanh(z)^2 = 1 - y^2$. And so on:
#
# $$dy = 2 (y - t) \qquad dz = dy \cdot (1 - y^2) \qquad dw = dz \cdot x \qquad dx = dz \cdot w \qquad db = dz$$
#
# No step needs to know the whole computation. It gets the slope from behind, multiplies by its own, and hands on. (As in
# notebook 01, `dw` is short for $\partial L / \partial w$.)

# %%
dy = 2 * (y - t)
dz = dy * (1 - y**2)
dw, dx, db = dz * x, dz * w, dz
draw.graph([Node("x", (), x, dx), Node("w", (), w, dw), Node("b", (), b, db),
            Node("z = wx + b", ("x", "w", "b"), z, dz),
            Node("y = tanh z", ("z = wx + b",), y, dy),
            Node("L = (y - t)²", ("y = tanh z",), L, 1.0)],
           f"forward to L = {L:.4f}, backward to dx = {dx:.4f}, dw = {dw:.4f}, db = {db:.4f}")

# %% [markdown]
# Is $dw = -4.72$ believable? Raise $w$ by a little and look:

# %%
def loss(x, w, b, t):
    return (math.tanh(w * x + b) - t)**2


h = 1e-5
measured = (loss(x, w + h, b, t) - loss(x, w - h, b, t)) / (2 * h)
print(f"by the chain rule {dw:.6f}, measured {measured:.6f}")
assert math.isclose(dw, measured, rel_tol=1e-8)

# %% [markdown]
# ### Exercise: the chain
#
# All five lines in one function, for any numbers.

# %% exercise=chain
def chain(x, w, b, t):
    """dL/dx, dL/dw, dL/db of L = (tanh(w x + b) - t)²"""
    ...

# %%
checks.chain(chain)

# %% [markdown]
# ## Measuring a gradient
#
# What we did with $w$ works for any function of any array: change one number by $h$ up, then by $h$ down, and divide.
#
# $$\frac{\partial f}{\partial x_k} \approx \frac{f(x + h e_k) - f(x - h e_k)}{2h}$$
#
# ($e_k$ is 1 at place $k$ and 0 elsewhere.) This is the *central difference*. It costs two forwards for each number, so nobody
# trains with it. But it needs no backward, and so it can judge one.
#
# ### Exercise: the measuring device

# %% exercise=numeric_gradient
def numeric_gradient(f, x, h):
    """The slope of f along every element of x: an array like x."""
    ...

# %%
checks.numeric_gradient(numeric_gradient)

# %% [markdown]
# ## How small should $h$ be?
#
# Not as small as possible. Two errors pull in opposite directions. A large $h$ sees the bend of the curve: the error grows with
# $h^2$. A small $h$ subtracts two numbers that are nearly equal, and what is left of their digits is divided by a tiny $h$:
# that error grows as $h$ shrinks. Together they make a V. In float32, with its 7 digits, even the bottom of the V is not good.
#
# A third way has no V at all. It uses *complex numbers*. Such a number, $a + ib$, is a pair that one computes with as usual,
# except that $i \cdot i = -1$; $a$ is called its real part and $b$ its imaginary part, written $\mathrm{Im}$. They are used
# here for one reason alone: the two parts stay apart. Put $x + ih$ into $f(x) = x^2$:
#
# $$(x + ih)^2 = x^2 - h^2 + i \cdot 2xh \qquad \frac{\mathrm{Im}\,(x + ih)^2}{h} = 2x$$
#
# That is the slope, and nothing was subtracted from something nearly equal. For any smooth function it works the same way, but
# for an error of the size of $h^2$:
#
# $$f'(x) \approx \frac{\mathrm{Im}\, f(x + ih)}{h}$$
#
# Since no digits are lost, $h$ may be so tiny that this error vanishes: the *complex step* is right to the last digit. It asks
# for a smooth function that takes complex numbers; NumPy's do, and there $i$ is written `1j`.

# %%
steps = 10.0**-np.arange(1, 15)
true = 1 - np.tanh(0.25)**2


def errors(dtype):
    at, h = dtype(0.25), steps.astype(dtype)
    return np.abs((np.tanh(at + h) - np.tanh(at - h)) / (2 * h) - true) + 1e-17


assert np.isclose(np.imag((3 + 1j * 1e-20)**2) / 1e-20, 2 * 3)
by_complex = np.abs(np.imag(np.tanh(0.25 + 1j * steps)) / steps - true) + 1e-17
assert errors(np.float64).min() < 1e-10 and errors(np.float32).min() > 1e-8
assert by_complex.min() < 1e-15

# %%
draw.curves({"central, float64": (steps, errors(np.float64)),
             "central, float32": (steps, errors(np.float32)),
             "complex step": (steps, by_complex)},
            "the error over the step: two Vs, and one line down to rounding",
            "step h", "error of the slope", log=True)

# %% [markdown]
# ## From a number to an array
#
# A layer's output is an array, and has no single slope. So we pretend that a loss stands behind it: take any array $u$ in the
# shape of $y$, and let
#
# $$L = \sum u \cdot y$$
#
# Then $\partial L / \partial y = u$: exactly what a layer receives as `dy`. Run the backward with `dy = u`, measure $L$'s
# slopes, and the two must agree. Here for the dense layer of notebook 01, with the library's own device:

# %%
from nnscratch.gradcheck import check_op
from nnscratch.gradcheck.numeric import central_difference

rng = np.random.default_rng(0)
x, weights, bias = rng.normal(size=(4, 5)), rng.normal(size=(5, 3)), rng.normal(size=3)
u = rng.normal(size=(4, 3))


def dense_loss(x, weights, bias):
    return (u * ops.dense(x, weights, bias)[0]).sum()


everywhere = [np.arange(array.size) for array in (x, weights, bias)]
slopes, _ = central_difference(dense_loss, [x, weights, bias], everywhere)
backward = ops.dense_backward(u, ops.dense(x, weights, bias)[1])
agree = [bool(np.allclose(a.ravel(), b)) for a, b in zip(backward, slopes)]
print("dx, dweights, dbias agree:", agree)
assert all(agree)

# %% [markdown]
# ## What a sum hides
#
# Which $u$? Many people take ones, which means $L = \sum y$. It looks harmless. Watch it fail.
#
# *Batch normalisation* takes a channel (a column of numbers), subtracts its mean, divides by its standard deviation, and then
# applies a factor $\gamma$ and an offset $\beta$ (`nnscratch/ops/normalize.py` derives its backward). Here one fact is enough:
# whatever goes in, the normalised numbers of a channel sum to 0. So $\sum y = M \beta$ for a channel of $M$ numbers. It does
# not depend on $x$ at all, and the true gradient by $x$ is exactly 0.

# %%
from nnscratch.course.checks.gradients import batch_norm, check_batch_norm
from nnscratch.gradcheck.mutants import BLIND_TO_ONES, mutants_of

column = rng.normal(size=(6, 1)) * 3 + 5
y, cache = batch_norm(column, np.array([2.0]), np.array([0.5]))
print(f"sum of y: {y.sum():.6f} = 6 · 0.5")
dx_of_a_sum = ops.batch_norm_backward(np.ones_like(y), cache)[0]
assert np.isclose(y.sum(), 3) and np.allclose(dx_of_a_sum, 0)

# %% [markdown]
# Now take four backwards that are wrong on purpose: one forgets $\gamma$, one takes the variance for a constant, and so on.
# Each multiplies or changes something that is 0 for `dy = 1`. We measure each of them twice, with ones and with random numbers:

# %%
for mistake in BLIND_TO_ONES:
    wrong = mutants_of("batch_norm training")[mistake]
    with_ones = check_batch_norm(wrong, upstream=np.ones)
    with_random = check_batch_norm(wrong, upstream=rng.standard_normal)
    print(f"{mistake:31} ones: {'passes' if with_ones.ok else 'caught'}   "
          f"random: {'passes' if with_random.ok else 'caught'}, error {with_random.error:.0e}")
    assert with_ones.ok and not with_random.ok

# %% [markdown]
# With ones all four agree with the measurement: 0 everywhere. A network with some of them would train badly, and its tests
# would be green. With random numbers each one is caught.
#
# ### Exercise: an upstream gradient that sees
#
# Give back a `dy` of the shape asked for, the same at every call, that lets none of the four pass. Try `np.ones(shape)` first
# and read what the check says.

# %% exercise=upstream
def upstream(shape):
    """An array of that shape, the same at every call."""
    ...

# %%
checks.upstream(upstream)

# %% [markdown]
# ## A report
#
# `check_op` does all of this at once: a random `dy`, complex steps where the function is smooth, every input. It also tries to
# *name* the mistake. A mean over the batch where a sum belongs is the most usual one:

# %%
def averaged(dy, cache):
    dx, dweights, dbias = ops.dense_backward(dy, cache)
    return dx, dweights / len(dy), dbias


x = rng.normal(size=(4, 5))
print(check_op(ops.dense, averaged, [x, weights, bias], names=["x", "weights", "bias"]))

# %% [markdown]
# The last line needs two words. Pointed brackets are a sum: $\langle a, b \rangle$ means that two arrays of one shape are
# multiplied element by element, and all products added up, so our $L$ above was $\langle u, y \rangle$. And $J$ is the table of
# all slopes, of every output by every input: $J v$ says how $y$ moves if the inputs move along a direction $v$, and $J^T u$ is
# what a backward makes of $u$. The line compares two numbers that see every element at once: how $L$ changes along a random
# $v$, measured, and what the backward says about it. Notebook 08 comes back to this.
#
# ### Exercise: find the bugs
#
# Five backwards of a convolution stand in `suspects()`, by letters. Some are right. (You do not need to know yet how a
# convolution works: that is the point.) Return the letters of the wrong ones, as a set or as one string.

# %%
from nnscratch.course.checks.gradients import suspects

print(", ".join(suspects()))
x, kernel = rng.normal(size=(2, 4, 5, 3)), rng.normal(size=(3, 2, 3, 4))
bias = rng.normal(size=4)
y, cache = ops.conv2d(x, kernel, bias)
assert y.shape == (2, 2, 4, 4) and len(suspects()["A"](y, cache)) == 3

# %% exercise=guilty
def guilty():
    """The letters of the suspects whose gradients are wrong, as a set such as {"A"}."""
    ...

# %%
checks.guilty(guilty)

# %% [markdown]
# ## The library does the same
#
# A model is a graph of layers. Its forward walks the graph; its backward walks it in reverse and hands `dy` from one to the
# next, as you did with five lines. Here is such a walk, each line with its formula, shapes, and the typical size of its
# numbers. And `check_model` measures the gradient of the whole.

# %%
from nnscratch import course
from nnscratch.gradcheck import check_model
from nnscratch.layers import Activation, Dense, Input
from nnscratch.models import Model

start = Input((3,))
model = Model(start, Dense(1)(Activation("tanh")(Dense(4)(start))))
walk = course.trace(model, rng.normal(size=(2, 3)).astype("float32"))
print(walk)
assert check_model(model, rng.normal(size=(2, 3))).ok

# %%
walk.strip()

# %% [markdown]
# `walk.player()` shows the same with buttons, and `walk.save("walk.html")` as a page for any browser.
#
# ## Questions
#
# 1. Why does the central difference err by $h^2$, and $(f(x + h) - f(x)) / h$ by $h$?
# 2. relu has no slope at 0. What will a measurement say for $x = 10^{-7}$ and $h = 10^{-5}$?
# 3. For which layers besides batch normalisation is the gradient of $\sum y$ a poor test? Think of softmax.
#
# **Alone:** `check_op` your own backward from notebook 01, as `lambda dy, cache: dense_backward(dy, *cache[:2])`; then spoil
# it, and see whether the report finds out how.
#
# **Next:** [07 Convolution: from loops to one matrix product](07_convolution.ipynb)
