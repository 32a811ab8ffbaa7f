# %% [markdown]
# # 02 Gradient descent
#
# **The weights decide what a neuron computes. How does it find good ones by itself?**
#
# **You will build** a loss that says how wrong a line is, its gradient, and a loop that fits the line to 60 points by
# many small steps. All networks of this course learn this way.
#
# **You need** [notebook 01](01_neuron.ipynb), and the derivative of a square.
#
# **It takes** about 75 minutes with the exercises.

# %%
import numpy as np

from nnscratch import losses, optimizers
from nnscratch.course import checks, draw, own

# %% [markdown]
# ## How wrong is a line?
#
# A neuron with one input and no activation computes a straight line, $y = wx + b$. Here are 60 samples: inputs $x$ and
# targets $t$. Which $w$ and $b$ fit them?

# %%
rng = np.random.default_rng(136)
x = rng.uniform(0, 3, 60)
t = 1.5 * x - 0.5 + rng.normal(0, 0.3, 60)


def fit(axes, w, b):
    draw.residuals(axes, x, t, w, b)


draw.explore(fit, "60 points and three lines, with their errors", size=(2.6, 2.4),
             shown=[(0.5, 1.0), (2.0, -1.0), (1.5, -0.5)],
             w=[0.5, 1.0, 1.5, 2.0], b=[-1.0, -0.5, 0.0, 0.5, 1.0])

# %% [markdown]
# **Figure 2.1.** Three lines and their errors (orange). The number $L$ in the corner says how wrong each is: the next
# lines define it.
#
# A [loss function](glossary.md#loss-function) says in one number how wrong the outputs are. Here it is the [mean
# squared error](glossary.md#mean-squared-error): the mean of the squares of all errors $y - t$.
#
# $$L = \frac{1}{N} \sum_n (y_n - t_n)^2$$
#
# By hand, with two samples: $x = (1, 2)$, $t = (3, 1)$, $w = 1$ and $b = 1$. The outputs are $y = (2, 3)$, the errors
# $y - t = (-1, 2)$, and the loss is $L = (1 + 4)/2 = 2.5$.

# %%
x2, t2 = np.array([1.0, 2]), np.array([3.0, 1])


def line_loss(x, t, w, b):
    L = 0
    for n in range(len(x)):
        L += (w * x[n] + b - t[n])**2 / len(x)
    return L


print("L =", line_loss(x2, t2, 1, 1))
assert line_loss(x2, t2, 1, 1) == 2.5

# %% [markdown]
# $w$ and $b$ are the [parameters](glossary.md#parameter) of the line: the numbers that are learned. To learn is to
# change them so that the loss decreases.
#
# ## One parameter: steps on a parabola
#
# Take a loss of a single parameter, $L = (w - 3)^2$. Its derivative is $2(w - 3)$. Start at $w = 0$. There the
# derivative is $-6$: $L$ decreases as $w$ grows, so $w$ should grow. How far? By the derivative times a small number,
# the [learning rate](glossary.md#learning-rate) $\eta$, in code `lr`. With $\eta = 0.1$:
#
# | step | $w$ | derivative | $L$ |
# |---|---|---|---|
# | 0 | 0 | −6 | 9 |
# | 1 | 0.6 | −4.8 | 5.76 |
# | 2 | 1.08 | −3.84 | 3.6864 |
#
# This is [gradient descent](glossary.md#gradient-descent). The steps become shorter by themselves, since the derivative
# does.
#
# ### Exercise (build): one step
#
# Write one step for a parameter `w` of any shape, given its derivatives `dw`. Read the rule from the table. (`sgd` is
# short for stochastic gradient descent; notebook 05 says what is stochastic about it.)

# %% exercise=sgd_step
def sgd_step(w, dw, lr):
    """w, and dw of its shape -> the new w"""
    ...

# %%
checks.sgd_step(sgd_step)

# %%
def steps_on_parabola(lr, steps):
    w = [0.0]
    for _ in range(steps):
        w.append(own.sgd_step(w[-1], 2 * (w[-1] - 3), lr))
    return np.array(w)


three = steps_on_parabola(0.1, 2)
assert np.allclose(three, [0, 0.6, 1.08]) and np.allclose(2 * (three - 3), [-6, -4.8, -3.84])
assert np.allclose((three - 3)**2, [9, 5.76, 3.6864])

# %%
rates = np.random.default_rng(50).permutation([0.05, 0.3, 0.95, 1.02])  # in random order


def over_steps(axes, curve):
    w = steps_on_parabola(rates["ABCD".index(curve)], 20)
    axes.plot(w, "o-", color="#0072b2", markersize=3)
    axes.axhline(3, color="#bbbbbb", zorder=0)
    axes.set(xlabel="step", ylabel="w", ylim=(-4, 10), xticks=range(0, 21, 5))


draw.explore(over_steps, "w over 20 steps, for four learning rates",
             size=(2.7, 1.9), curve=["A", "B", "C", "D"])

# %% [markdown]
# **Figure 2.2.** The parameter $w$ over 20 steps from $w = 0$, for four learning rates. The grey line is the minimum,
# $w = 3$.
#
# ### Exercise (predict): which learning rate made which curve?
#
# The rates are 0.05, 0.3, 0.95 and 1.02, but in which order? The first step of each already tells.

# %% exercise=which_rate
which_rate = [
    ...,  # curve A
    ...,  # curve B
    ...,  # curve C
    ...,  # curve D
]

# %%
checks.which_rate(which_rate)

# %%
def on_parabola(axes, lr):
    draw.steps_on_curve(axes, lambda w: (w - 3)**2, steps_on_parabola(lr, 12), (-1, 7))


draw.explore(on_parabola, "steps on a parabola, for six learning rates",
             lr=[0.05, 0.3, 0.5, 0.95, 1.0, 1.02])

# %% [markdown]
# **Figure 2.3.** Twelve steps on $L = (w - 3)^2$: a small rate is slow, a large one jumps over the minimum. At 1 the
# steps alternate between 0 and 6 forever, and beyond 1 they diverge.
#
# The reason is one line of algebra. A step multiplies $w - 3$, the distance to the minimum, by a fixed factor. The new
# $w$ minus 3 is
#
# $$w - \eta \cdot 2(w - 3) - 3 = (1 - 2\eta)(w - 3)$$
#
# The steps [converge](glossary.md#converge-diverge) to the minimum if this factor lies between −1 and 1, that is, for
# $\eta < 1$. They diverge for $\eta > 1$. In general, let $\lambda$ be the second derivative, the *curvature* of a
# parabola; here $\lambda = 2$. The factor is $1 - \eta\lambda$, and gradient descent diverges for
#
# $$\eta > \frac{2}{\lambda}$$
#
# ## Two parameters: the gradient
#
# The loss of the line depends on $w$ and on $b$. The [partial derivative](glossary.md#partial-derivative)
# $\partial L / \partial w$ says how fast $L$ changes if $w$ alone changes. All partial derivatives together are the
# [gradient](glossary.md#gradient). It points in the direction in which $L$ grows fastest, and a step goes against it:
#
# $$w \leftarrow w - \eta\, \frac{\partial L}{\partial w} \qquad b \leftarrow b - \eta\, \frac{\partial L}{\partial b}$$
#
# Short names help: $dw$ is $\partial L / \partial w$, and $dy$ is $\partial L / \partial y$, in formulas and in code.
# Each has the shape of what it belongs to.
#
# You can *measure* a derivative: change $w$ a little, by $\delta$, and see how much $L$ changes.

# %%
delta = 0.001
L = line_loss(x2, t2, 1, 1)
measured_dw = (line_loss(x2, t2, 1 + delta, 1) - L) / delta
measured_db = (line_loss(x2, t2, 1, 1 + delta) - L) / delta
print(f"measured: dw = {measured_dw:.3f}, db = {measured_db:.3f}")

# %% [markdown]
# Measuring takes one more computation of $L$ for each parameter, and a network has thousands. A formula is better.
#
# ### Exercise (derive): the loss and its gradient
#
# One value $y_n$ occurs in one term of the sum. Derive $\partial L / \partial y_n$ on paper, then return $L$ and all of
# `dy`. The arrays may have any shape; the mean is over all their values.

# %% exercise=mse
def mse(y, t):
    """y and t of one shape -> L, dy"""
    ...

# %%
checks.mse(mse)

# %% [markdown]
# ### Exercise (derive): the gradient of the line
#
# Now the parameters. If $w$ grows by a little, by how much does each $y_n$ grow? And if $b$ does? Every sample
# contributes to the change of $L$, so the contributions add up. Write it with `own.mse(y, t)`, which returns `L, dy`.

# %% exercise=line_gradient
def line_gradient(x, t, w, b):
    """(N,), (N,), and numbers w and b -> dy (N,), and numbers dw and db"""
    ...

# %%
checks.line_gradient(line_gradient)

# %% [markdown]
# The formula agrees with the measurement, up to the error that a step of $\delta = 0.001$ makes:

# %%
dy, dw, db = own.line_gradient(x2, t2, 1.0, 1.0)
print(f"dw = {dw:g}, db = {db:g}")
assert np.allclose([dw, db], [measured_dw, measured_db], atol=0.005)

# %% [markdown]
# ### Exercise (build): fit the line
#
# You have all the parts: `own.line_gradient` and `own.sgd_step`. Start at $w = b = 0$ and make `steps` steps.

# %% exercise=fit_line
def fit_line(x, t, lr, steps):
    """(N,), (N,), the learning rate and the number of steps -> numbers w and b"""
    ...

# %%
checks.fit_line(fit_line)

# %%
w, b = own.fit_line(x, t, lr=0.2, steps=60)
L = line_loss(x, t, w, b)
print(f"w = {w:.2f}, b = {b:.2f}, loss {L:.3f}")
assert L < 0.1 and abs(w - 1.5) < 0.1 and abs(b + 0.5) < 0.1

# %% [markdown]
# The points were made with $w = 1.5$ and $b = -0.5$, plus noise. Nobody gave these numbers to the loop. Change `lr` and
# `steps` above: how few steps reach a loss below 0.1?
#
# ## The path through the parameters
#
# With two parameters the loss is a surface over the plane of $w$ and $b$. A contour connects points of equal loss:

# %%
def path(axes, lr, steps):
    points = np.array([own.fit_line(x, t, lr, k) for k in range(steps + 1)])
    draw.loss_map(axes, x, t, points, (1.0, 0.0))


draw.explore(path, "contours of the loss of a line, and paths of gradient descent",
             size=(2.5, 2.5), shown=[(lr, 15) for lr in (0.02, 0.1, 0.2, 0.25, 0.26, 0.27)],
             lr=[0.02, 0.1, 0.2, 0.25, 0.26, 0.27], steps=[1, 3, 5, 15, 30])

# %% [markdown]
# **Figure 2.4.** Contours of the loss and 15 steps from (0, 0); the cross is the minimum. Each step starts at a right
# angle to the contour through its point.
#
# The loss is a narrow valley: steep across, nearly flat along. The large curvature across limits the learning rate, and
# with such a rate the steps along the valley are small. The next cell computes the largest curvature of all directions:
# it is the largest eigenvalue of the matrix of the second derivatives. (If you have not met eigenvalues, take the
# number on trust.) A plot of the loss over the steps shows the limit, too:

# %%
curvature = 2 * np.array([[(x * x).mean(), x.mean()], [x.mean(), 1]])  # second derivatives of L
largest = np.linalg.eigvalsh(curvature).max()
print(f"largest curvature {largest:.2f}: diverges above 2 / {largest:.2f} = {2 / largest:.3f}")
curves = {}
for lr in (0.01, 0.05, 0.2, 0.26, 0.27):
    curves[f"lr = {lr}"] = [line_loss(x, t, *own.fit_line(x, t, lr, k)) for k in range(41)]
assert 0.26 < 2 / largest < 0.27 and curves["lr = 0.26"][-1] < curves["lr = 0.26"][0]
assert curves["lr = 0.27"][-1] > curves["lr = 0.27"][0]
draw.curves({name: (np.arange(41), loss) for name, loss in curves.items()},
            "the loss over 40 steps, for five learning rates", "step", "loss L", log="y")

# %% [markdown]
# **Figure 2.5.** One problem, five learning rates: slow, better, good, almost too large, and diverging.
#
# A curve that falls slowly asks for a larger rate. A curve that jumps or rises asks for a smaller one.
#
# ## Standardised inputs
#
# The valley is narrow because all $x$ are positive: a larger $w$ raises the line at all points, and so does a larger
# $b$. One can make up for the other, and the loss hardly changes along the valley. Standardise $x$, as in notebook 00,
# and the valley becomes a round bowl.

# %%
z = own.standardise(x[:, None])[:, 0]
best = np.polyfit(z, t, 1)  # the exact minimum: w, b
assert np.allclose(own.fit_line(z, t, lr=0.5, steps=1), best)


def bowl(axes, lr):
    points = np.array([own.fit_line(z, t, lr, k) for k in range(31)])
    draw.loss_map(axes, z, t, points, tuple(best))


draw.explore(bowl, "the same with standardised inputs: round contours",
             size=(2.5, 2.5), lr=[0.02, 0.1, 0.5])

# %% [markdown]
# **Figure 2.6.** With standardised inputs the contours are circles, and 30 steps lead straight to the minimum.
#
# Now both curvatures are 2, since the squares of standardised inputs have the mean 1. So $\eta = 1/\lambda = 0.5$
# reaches the minimum in a single step: the factor $1 - \eta\lambda$ is 0. A network has many curvatures at once. The
# largest limits its learning rate in the same way.
#
# ## The library's loss and optimiser
#
# `losses.mse` is your `mse`, and `optimizers.SGD` takes your `sgd_step` for all parameters of a dict. It changes their
# arrays in place, and returns nothing.

# %%
params, optimizer = {"w": np.zeros(1), "b": np.zeros(1)}, optimizers.SGD(0.2)
for _ in range(60):
    L, dy = losses.mse(params["w"] * x + params["b"], t)
    optimizer.step(params, {"w": (dy * x).sum(keepdims=True), "b": dy.sum(keepdims=True)})
assert np.allclose([params["w"][0], params["b"][0]], [w, b])
print("the library finds the same line")

# %% [markdown]
# ## Questions
#
# 1. Why is the loss a mean over the samples, and not a sum?
#
# <details><summary>Answer</summary>
#
# The gradient of a sum grows with N. With a mean, a good learning rate does not depend on the number of samples.
#
# </details>
#
# 2. What does a gradient of 0 tell you?
#
# <details><summary>Answer</summary>
#
# A stationary point: no small change of a parameter changes the loss to first order. For the line it is the minimum.
#
# </details>
#
# 3. With a rate of 0.02 the loss decreases slowly. What happens with a rate ten times as large, and with one of 20 times?
#
# <details><summary>Answer</summary>
#
# 0.2 is still below 2/λ and fits in far fewer steps. 0.4 is above 2/λ, so the loss grows from step to step.
#
# </details>
#
# ## References
#
# - Cauchy (1847), *Méthode générale pour la résolution des systèmes d'équations simultanées*
# - Goodfellow, Bengio and Courville (2016), *Deep Learning*, section 4.3
# - Nielsen (2015), *Neural Networks and Deep Learning*, chapter 1
#
# **Next:** [03 Backpropagation, and how to check it](03_backpropagation.ipynb)
