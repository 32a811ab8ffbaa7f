# %% [markdown]
# # 05 A multilayer perceptron reads digits
#
# Three classes of points lie on three spirals. The linear classifier of notebook 04 gets hardly more than half of them right,
# whatever one does: *what does one more layer change, and how is it trained?*
#
# **You will build** the backward pass of two layers, mini-batches and momentum. With them, your own functions read 97 % of
# digits that they have never seen: the first milestone of the course.
#
# **You need** notebook 04.
#
# **It takes** about two hours; the notebook itself runs in about ten seconds.

# %%
import numpy as np

from nnscratch.course import checks, draw, own
from nnscratch.course.digits import digits

rng = np.random.default_rng(0)
radius = np.linspace(0.05, 1, 100)
angle = [4 * radius + 2 * np.pi * u / 3 + rng.normal(0, 0.15, 100) for u in range(3)]
points = np.concatenate([np.stack([radius * np.sin(a), radius * np.cos(a)], axis=1) for a in angle])
kind = np.repeat([0, 1, 2], 100)
W, b, losses = own.train_linear(points, kind, 3, 2.0, 300)
right = own.accuracy(own.dense(points, W, b), kind)
assert 0.4 < right < 0.7
draw.regions(lambda x: own.dense(x, W, b).argmax(axis=1), points, kind,
             "three spirals, cut by the straight boundaries of a linear classifier",
             f"linear: {right:.0%} right")

# %% [markdown]
# **Figure 5.1.** The colour of the plane is the predicted class. Where it changes is the [decision
# boundary](glossary.md#decision-boundary), and for a linear classifier it is straight.
#
# ## Two layers
#
# Put a [hidden layer](glossary.md#hidden-layer) between input and logits. With a ReLU behind it, this is a [multilayer
# perceptron](glossary.md#multilayer-perceptron), short MLP. (Without the ReLU, the two layers would be one affine map.)
#
# $$a = x W^{(1)} + b^{(1)} \qquad y = \max(0, a) \qquad \text{logits} = y W^{(2)} + b^{(2)}$$
#
# One sample, two hidden units, one logit, by hand: $x = 2$ with weights $(1, -3)$ gives $a = (2, -6)$ and $y = (2, 0)$; with
# weights $(5, 4)$ and no biases the logit is $10$.

# %%
def forward(x, W1, b1, W2, b2):
    a = own.dense(x, W1, b1)
    y = np.maximum(0, a)
    return own.dense(y, W2, b2), a, y


logits, a, y = forward(np.array([[2.0]]), np.array([[1.0, -3]]), np.zeros(2),
                       np.array([[5.0], [4]]), np.zeros(1))
print(f"a = {a[0].tolist()}, y = {y[0].tolist()}, logit = {logits.item():g}")
assert logits.item() == 10

# %% [markdown]
# How fast does the logit change with each of the two weights of the first layer? The second unit gives 0, and would give 0
# for any small change of its weight. Its weight has the gradient 0. The next exercise states this for all units.
#
# ### Exercise (derive): through the ReLU
#
# Return `da`, from the upstream gradient `dy` and the pre-activation `a`, of any shape. At $a = 0$, where $\max(0, a)$ has a
# corner and no derivative, take 0.

# %% exercise=relu_backward
def relu_backward(dy, a):
    """da from dy and the pre-activation a, all of one shape."""
    ...

# %%
checks.relu_backward(relu_backward)

# %% [markdown]
# ### Exercise (derive): through both layers
#
# Draw the graph: x, a, y, logits, L. Go through it from right to left. `own.dense_backward(dy, x, W)`, which returns dx, dW and
# db, leads through the second layer, `own.relu_backward(dy, a)` through the ReLU. In the first layer, compute dW1 and db1
# yourself: the gradient with respect to x is not needed (nobody trains the pixels), so `W1` is not given.

# %% exercise=mlp_backward
def mlp_backward(dlogits, x, a, y, W2):
    """dW1, db1, dW2, db2, in the shapes of W1, b1, W2, b2."""
    ...

# %%
checks.mlp_backward(mlp_backward)

# %% [markdown]
# The parameters are kept in a list, `[W1, b1, W2, b2]`. The initial weights are random; notebook 06 derives their scale
# `sigma`. Then the gradient check:

# %%
def start(inputs, hidden, classes, rng, sigma):
    return [rng.normal(0, sigma, (inputs, hidden)), np.zeros(hidden),
            rng.normal(0, 0.01, (hidden, classes)), np.zeros(classes)]


def loss_and_gradients(x, t, params):
    logits, a, y = forward(x, *params)
    L, dlogits = own.softmax_cross_entropy(logits, t)
    return L, own.mlp_backward(dlogits, x, a, y, params[2])


params, t = start(2, 5, 3, rng, 1), own.one_hot(kind[::50], 3)
for k, gradient in enumerate(loss_and_gradients(points[::50], t, params)[1]):
    def f(p, k=k):
        return loss_and_gradients(points[::50], t, [*params[:k], p, *params[k + 1:]])[0]
    assert np.allclose(gradient, own.numeric_gradient(f, params[k], 1e-5), atol=1e-9)
print("all four gradients agree with the measured ones")

# %% [markdown]
# Now the spirals, with 2, 4 and 16 hidden units and a thousand steps of gradient descent each:

# %%
def fit_spirals(hidden):
    params, t = start(2, hidden, 3, np.random.default_rng(0), 1), own.one_hot(kind, 3)
    for _ in range(1000):
        L, gradients = loss_and_gradients(points, t, params)
        params = [own.sgd_step(w, dw, 1.0) for w, dw in zip(params, gradients)]
    return params, own.accuracy(forward(points, *params)[0], kind)


def panel(axes, hidden):
    params, right = fitted[hidden]
    draw.regions(lambda x: forward(x, *params)[0].argmax(axis=1), points, kind, "", axes=axes)
    axes.set_xlabel(f"first input\n{right:.0%} right")


fitted = {hidden: fit_spirals(hidden) for hidden in (2, 4, 16)}
assert fitted[2][1] < 0.8 and fitted[16][1] > 0.98
draw.explore(panel, "regions of 2, 4 and 16 hidden units: from three sectors to three spirals",
             hidden=[2, 4, 16], size=(2.6, 2.7))

# %% [markdown]
# **Figure 5.2.** Each hidden unit adds a straight crease, the line where its $a$ is 0; sixteen of them bend the decision
# boundary around the spirals.
#
# ## Digits: samples for three purposes
#
# The [training set](glossary.md#training-validation-test-set) fits the parameters. The *validation set* is for choices, such as
# the learning rate. The *test set* says at the end what the result is worth: it is used once, since whatever one chooses on,
# one fits to. What counts is [generalisation](glossary.md#generalisation), being right on samples never seen. Each image of 28
# x 28 pixels becomes a row of 784 numbers:

# %%
parts = {part: digits(part, size=28) for part in ("train", "validation")}
x, labels = parts["train"].images.reshape(-1, 784), parts["train"].labels
x_validation = parts["validation"].images.reshape(-1, 784)
labels_validation = parts["validation"].labels
t, t_validation = own.one_hot(labels, 10), own.one_hot(labels_validation, 10)
print(x.shape, x_validation.shape)

# %% [markdown]
# A step with all 6300 samples is slow, and 64 of them already tell roughly the same direction. So each step takes a
# [mini-batch](glossary.md#mini-batch): this is [stochastic gradient descent](glossary.md#stochastic-gradient-descent). Once
# through all samples is an [epoch](glossary.md#epoch).
#
# ### Exercise (predict): before the training
#
# A network of 784 inputs, 128 hidden units and 10 classes; mini-batches of 64 out of 6300 samples, the last one may be short;
# weights of the second layer so small that all logits are nearly 0. How many parameters? How many steps has an epoch? What is
# the first loss, to two decimals?

# %% exercise=before_training
before_training = [
    ...,  # parameters
    ...,  # steps of an epoch
    ...,  # first loss
]

# %%
checks.before_training(before_training)

# %% [markdown]
# ### Exercise (build): mini-batches
#
# Return a list of arrays of indices, `size` in each; only the last may be shorter. Each index appears once, in a random order
# that is drawn from the generator `rng`, so that every call gives another one.

# %% exercise=batches
def batches(count, size, rng):
    """A list of arrays of indices, 0 to count - 1 in random order, `size` in each but the last."""
    ...

# %%
checks.batches(batches)

# %% [markdown]
# ## Momentum
#
# In a narrow valley the gradient points across, hardly along. [Momentum](glossary.md#momentum) keeps a velocity $v$: steps
# along the valley add up, those across cancel. In each step, the old velocity first decays to a fraction $\rho$ of itself (in
# code `decay`, often 0.9); then the plain step of gradient descent is added; and the parameter moves by the result. By hand,
# with $w = 10$, $v = -2$, the gradient $g = 4$, $\eta = 0.5$ and $\rho = 0.9$: the velocity decays to $-1.8$, becomes $-3.8$,
# and moves $w$ to $6.2$.
#
# ### Exercise (build): a step with momentum

# %% exercise=momentum_step
def momentum_step(w, v, dw, lr, decay):
    """The new parameter w and the new velocity v, in the shape of w."""
    ...

# %%
checks.momentum_step(momentum_step)

# %%
def valley(axes, lr, decay):
    w, v, path = np.array([-3.0, 1.0]), np.zeros(2), []
    for _ in range(40):
        path.append(w)
        w, v = own.momentum_step(w, v, np.array([0.2, 4.0]) * w, lr, decay)
    first, second = np.meshgrid(np.linspace(-3.4, 1.4, 60), np.linspace(-1.6, 1.6, 60))
    axes.contour(first, second, 0.1 * first**2 + 2 * second**2, [0.02, 0.2, 0.9, 2, 4],
                 colors="#bbbbbb", linewidths=1)
    axes.plot(*np.array(path).T, ".-", color="#0072b2", linewidth=1)
    axes.plot(0, 0, "*", color="#d55e00", markersize=9)
    axes.set(xlim=(-3.4, 1.4), ylim=(-1.6, 1.6), xlabel="first parameter",
             ylabel="second parameter")


w, v = own.momentum_step(np.array([10.0]), np.array([-2.0]), np.array([4.0]), 0.5, 0.9)
assert np.allclose([w, v], [[6.2], [-3.8]])
draw.explore(valley, "40 steps in a narrow valley, without and with momentum",
             lr=[0.05, 0.2, 0.45], decay=[0, 0.5, 0.9],
             shown=[(0.05, 0), (0.2, 0), (0.45, 0), (0.05, 0.9), (0.2, 0.5), (0.45, 0.5)])

# %% [markdown]
# **Figure 5.3.** Forty steps from the left towards the minimum (star), on a loss with curvatures 0.2 along and 4 across. Above,
# without momentum: slow, or zigzag. Below, with it: at the same learning rates, forty steps get nearer.
#
# In letters, $v \leftarrow \rho v - \eta g$ and then $w \leftarrow w + v$. Other libraries put the signs and $\eta$
# elsewhere.
#
# ## Two checks before the training
#
# The first loss must be near $\ln 10$. And a network that sees the same mini-batch in each step must learn it by heart, within
# 30 steps. If either fails, more data will not help: the code is wrong.

# %%
def train_step(x, t, params, velocities, lr, decay):
    L, gradients = loss_and_gradients(x, t, params)
    moved = [own.momentum_step(w, v, dw, lr, decay)
             for w, v, dw in zip(params, velocities, gradients)]
    return L, [w for w, v in moved], [v for w, v in moved]


params = start(784, 128, 10, np.random.default_rng(0), 0.05)
print("parameters:", sum(p.size for p in params))
velocities, curve = [0 * p for p in params], []
for _ in range(31):
    L, params, velocities = train_step(x[:64], t[:64], params, velocities, 0.1, 0.9)
    curve.append(L)
print(f"loss before the first step {curve[0]:.2f}, after 30 steps below 0.01: {curve[30] < 0.01}")
assert abs(curve[0] - np.log(10)) < 0.05 and curve[30] < 0.01

# %% [markdown]
# ### Exercise (debug): three faults
#
# This training loop runs, but its loss rises, and its validation accuracy means nothing. Three lines are wrong. Which? `train`
# and `validation` are lists of samples. All functions that it calls are right. As above, `v` is the step itself, which is added
# to the parameter.
#
# ```
#  1  def fit(params, train, validation, lr, decay, epochs, rng):
#  2      v, total = zeros_like(params), zeros_like(params)
#  3      for epoch in range(epochs):
#  4          for x, t in shuffled_batches(train + validation, 64, rng):
#  5              logits, a, y = forward(x, *params)
#  6              L, dlogits = softmax_cross_entropy(logits, t)
#  7              gradients = mlp_backward(dlogits, x, a, y, params[2])
#  8              total = [old + g for old, g in zip(total, gradients)]
#  9              v = [decay * old + lr * g for old, g in zip(v, total)]
# 10              params = [w + one for w, one in zip(params, v)]
# 11      return params
# ```

# %% exercise=faulty_lines
faulty_lines = [..., ..., ...]

# %%
checks.faulty_lines(faulty_lines)

# %% [markdown]
# ## The training
#
# Learning rate, decay, batch size, number of hidden units: such numbers are chosen, not learned, and are called
# [hyperparameters](glossary.md#hyperparameter). The validation set chooses the learning rate, after two epochs with each:

# %%
def train(lr, epochs, seed=0):
    rng = np.random.default_rng(seed)
    params, steps, curve = start(784, 128, 10, rng, 0.05), [], []
    velocities = [0 * p for p in params]
    for _ in range(epochs):
        for batch in own.batches(len(x), 64, rng):
            L, params, velocities = train_step(x[batch], t[batch], params, velocities, lr, 0.9)
            steps.append(L)
        logits = forward(x_validation, *params)[0]
        curve.append(own.softmax_cross_entropy(logits, t_validation)[0])
    return params, steps, curve


# %% varies
chosen = {}
for lr in (0.001, 0.01, 0.1, 1.0):
    params, steps, curve = train(lr, 2)
    chosen[lr] = own.accuracy(forward(x_validation, *params)[0], labels_validation)
    print(f"lr {lr:5}: {chosen[lr]:.1%} of the validation set")
assert max(chosen, key=chosen.get) == 0.1

# %%
params, steps, curve = train(0.1, 6)
logits = forward(x_validation, *params)[0]
right = own.accuracy(logits, labels_validation)
print(f"after {len(steps)} steps: {right:.1%} of the validation set")
assert right > 0.97 and np.mean(steps[-20:]) < curve[-1] / 10
each = len(steps) // 6
smooth = [np.mean(steps[max(0, k - 10):k + 10]) for k in range(len(steps))]
draw.curves({"training, mean of 20 steps": (np.arange(len(steps)) + 1, smooth),
             "validation, after each epoch": (each * np.arange(1, 7), curve)},
            "both losses fall; the training loss falls further", "step", "cross-entropy", log="y")

# %% [markdown]
# **Figure 5.4.** Both losses fall. At the end the training loss is more than ten times smaller: the network knows its training
# digits by heart. Notebook 06 is about that gap.

# %%
powers = np.exp(logits - logits.max(axis=1, keepdims=True))
p = powers / powers.sum(axis=1, keepdims=True)
read, sure = p.argmax(axis=1), p.max(axis=1)
wrong = np.flatnonzero(read != labels_validation)
wrong = wrong[np.argsort(-sure[wrong])][:20]
draw.gallery(parts["validation"].images[wrong],
             [f"{labels_validation[n]} as {read[n]}\np = {sure[n]:.2f}" for n in wrong],
             "twenty misread digits, the surest mistakes first")

# %% [markdown]
# **Figure 5.5.** The surest mistakes of the validation set. "0 as 9" is a 0 that was read as 9, and $p$ is the probability that
# the network gave to 9. Would you have read all of them?
#
# ## The milestone
#
# All choices are made. Now the test set, once:

# %%
test_images, test_labels, faces = digits("test", size=28)
result = own.accuracy(forward(test_images.reshape(-1, 784), *params)[0], test_labels)
print(f"M1: {result:.1%} of the test set")
assert result >= 0.97

# %% varies
own.who("M1")

# %% [markdown]
# The table says which parts are yours and what they cost. (In this notebook's stored output, all parts are the library's.)
#
# ## The library's
#
# `Model` holds the same two layers as objects. With your parameters in them, it returns the same gradients:

# %%
from nnscratch.layers import Activation, Dense, Input
from nnscratch.models import Model

pixels = Input((784,))
model = Model(pixels, Dense(10)(Activation("relu")(Dense(128)(pixels))))
for name, mine in zip(model.params, params):
    model.params[name][...] = mine
few = x[:64].astype("float32")
L, dlogits = own.softmax_cross_entropy(model.forward(few, training=True).astype(float), t[:64])
model.backward(dlogits.astype("float32"))
for gradient, mine in zip(model.grads.values(), loss_and_gradients(x[:64], t[:64], params)[1]):
    assert np.allclose(gradient, mine, atol=1e-5)
print("the same four gradients")

# %% [markdown]
# ## Questions
#
# 1. What does the validation accuracy say once you have tried a thousand learning rates on it?
#    <details><summary>Answer</summary>
#
#    Too much: the best of a thousand is partly luck on these 2100 samples. The choice has been fitted to them, so another set
#    has to evaluate it.
#
#    </details>
# 2. Why not use all 6300 samples in each step? The gradient would be more accurate.
#    <details><summary>Answer</summary>
#
#    A step would cost about 100 times as much, and a direction that is roughly right is enough: 99 rough steps get further
#    than one accurate step.
#
#    </details>
# 3. How much faster does momentum get, at most, along a slope that never changes?
#    <details><summary>Answer</summary>
#
#    In the end $v$ no longer changes. Then $v = \rho v - \eta g$, so $v = -\eta g / (1 - \rho)$: ten times the plain step for
#    $\rho = 0.9$.
#
#    </details>
# 4. The test images come from the same 21 typefaces. Will a digit in a new typeface be read as well?
#    <details><summary>Answer</summary>
#
#    That was not measured. The test set stands for samples of the same kind. To find out, train without five typefaces and test
#    on those: `digits` returns the typeface of each image.
#
#    </details>
#
# ## References
#
# - Rumelhart, Hinton, Williams (1986), *Learning representations by back-propagating errors*, Nature 323
# - Polyak (1964), *Some methods of speeding up the convergence of iteration methods*
# - Sutskever, Martens, Dahl, Hinton (2013), *On the importance of initialization and momentum in deep learning*, section 2
# - Bishop (2006), *Pattern Recognition and Machine Learning*, sections 5.1 to 5.3
#
# **Next:** [06 When training fails](06_when_training_fails.ipynb)
