# %% [markdown]
# # 14 A GAN: digits from noise
#
# Each column below shows a digit twice: once drawn by rule, once generated from random numbers by a network that was never shown
# what belongs to which. *Which is which, and how does a network learn to generate without a target?*
#
# **You will build** the losses of two networks that train each other, the optimiser Adam, and the training step of both. Eight
# blobs come out of noise first, then digits: the third milestone, M3.
#
# **You need** notebooks [11](11_batch_norm.ipynb) to [13](13_generator.ipynb).
#
# **It takes** two and a half hours, in two sittings; the notebook itself runs in half a minute.

# %%
import numpy as np

from nnscratch import initializers
from nnscratch.course import checks, draw, gan_failures, own
from nnscratch.course.digits import digits

museum = gan_failures.stored_results()
drawn, labels, _ = digits("validation", size=16)
real = 2 * drawn[[np.flatnonzero(labels == k)[1] for k in range(10)]] - 1
generated = museum["images"][0][:10, :, :, 0]
even = np.arange(10)[:, None, None] % 2 == 0
upper, lower = np.where(even, generated, real), np.where(even, real, generated)
draw.tiles({"drawn by rule, or generated?": np.concatenate([upper, lower])},
           "ten digits, each once drawn by rule and once generated")

# %% [markdown]
# **Figure 14.1.** In the columns of the even digits the upper one is generated, in the others the lower one.
#
# ## Two networks
#
# The generator Gen turns a latent vector $z$ into a sample. Nobody knows which sample belongs to which $z$, so there is no
# target. A second network, the discriminator Dis, gives each sample one logit $a$, and $\sigma(a) = 1 / (1 + e^{-a})$ is its
# probability for "real". Dis is trained to be right, Gen to be taken for real. Together they are a
# [generative adversarial network](glossary.md#generative-adversarial-network), a GAN.
#
# Cross-entropy with the target $t$, 1 for real and 0 for generated, is the cost of a logit:
#
# $$-t \ln \sigma(a) - (1 - t) \ln (1 - \sigma(a))$$
#
# By hand: $\sigma(2) = 0.88$, so $a = 2$ costs $-\ln 0.88 = 0.13$ for a real sample, and $-\ln 0.12 = 2.13$ for a generated one.

# %%
def cost(a, t):
    p = 1 / (1 + np.exp(-a))
    return -t * np.log(p) - (1 - t) * np.log(1 - p)


print(f"a = 2: real {cost(2.0, 1):.2f}, generated {cost(2.0, 0):.2f}")
with np.errstate(divide="ignore"):
    print("a generated sample at a = 40 costs", cost(40.0, 0))
assert np.allclose([cost(2.0, 1), cost(2.0, 0)], [0.13, 2.13], atol=0.005)

# %% [markdown]
# For a real sample the slope is negative for every $a$, so that Dis raises its logits for ever, and grows too sure. Therefore
# real samples get a target below 1, such as 0.9: [label smoothing](glossary.md#label-smoothing).

# %%
def costs(axes, t):
    a = np.linspace(-5, 7, 200)
    axes.plot(a, cost(a, t), color="#0072b2", label=f"real, t = {t}")
    axes.plot(a, cost(a, 0), "--", color="#d55e00", label="generated")
    if t < 1:
        lowest = np.log(t / (1 - t))
        axes.plot(lowest, cost(lowest, t), "o", color="#0072b2")
    axes.set(xlabel="logit a", ylabel="cost", ylim=(0, 6))
    axes.legend(frameon=False, fontsize=9, loc="upper center")


draw.explore(costs, "the cost of a real sample falls for ever at t = 1, and has a minimum for t below 1",
             t=[1.0, 0.9, 0.7], size=(2.7, 2.5))

# %% [markdown]
# **Figure 14.2.** With $t = 1$ the blue cost falls for ever. With a smaller target it has a minimum (dot), where
# $\sigma(a) = t$.
#
# The code above returns infinity at $a = 40$. Put $\sigma$ into the cost and simplify: one form is left that is
# never infinite, and `np.logaddexp(0, a)`, which is $\ln(1 + e^a)$ without overflow, computes it.
#
# ### Exercise (derive): the discriminator's loss
#
# $L$ is the mean cost over real logits, with the target `smooth`, plus the mean over generated ones, with the target 0.

# %% exercise=discriminator_loss
def discriminator_loss(real, generated, smooth):
    """Logits (N, 1) of real and of generated samples -> L, d_real (N, 1), d_generated (N, 1)"""
    ...

# %%
checks.discriminator_loss(discriminator_loss)

# %%
rng = np.random.default_rng(0)
a_real, a_generated = rng.normal(size=(3, 1)), rng.normal(size=(5, 1))
L, d_real, d_generated = own.discriminator_loss(a_real, a_generated, 0.9)
assert np.isclose(L, cost(a_real, 0.9).mean() + cost(a_generated, 0).mean())
for mine, at, other in ((d_real, a_real, lambda a: (a, a_generated)),
                        (d_generated, a_generated, lambda a: (a_real, a))):
    measured = own.numeric_gradient(lambda a: own.discriminator_loss(*other(a), 0.9)[0], at, 1e-5)
    assert np.allclose(mine, measured, atol=1e-9)
print("both gradients agree with the measured ones")

# %% [markdown]
# ## The generator's loss
#
# Gen wants the opposite. It can lower $\ln(1 - \sigma(a))$, which Dis raises. Or it can lower $-\ln \sigma(a)$, the cost of its
# sample if that were real. Both want a higher $a$.
#
# ### Exercise (derive): the second one
#
# The mean over generated samples, without smoothing.

# %% exercise=generator_loss
def generator_loss(generated):
    """Logits (N, 1) of generated samples -> L, d_generated (N, 1)"""
    ...

# %%
checks.generator_loss(generator_loss)

# %% [markdown]
# ### Exercise (predict): two slopes
#
# At first, Dis sees through everything: $a = -5$, $\sigma(a) = 0.0067$. What is the slope of $\ln(1 - \sigma(a))$ there, and
# of $-\ln \sigma(a)$? Four decimals.

# %% exercise=two_slopes
two_slopes = [..., ...]

# %%
checks.two_slopes(two_slopes)

# %%
from nnscratch.generate.adversarial_losses import non_saturating, saturating

a = np.linspace(-6, 6, 121)[:, None]
magnitude = [len(a) * np.abs(kind().generator(a)[1]) for kind in (saturating, non_saturating)]
draw.curves({"of ln(1 - σ(a))": (a[:, 0], magnitude[0][:, 0]),
             "of -ln σ(a)": (a[:, 0], magnitude[1][:, 0])},
            "magnitude of both gradients: the first vanishes for low logits, the second does not",
            "logit of a generated sample", "magnitude of the gradient")

# %% [markdown]
# **Figure 14.3.** Where Gen is worst, on the left, the first gradient vanishes.
#
# So the first is called the [saturating loss](glossary.md#saturating-non-saturating-loss), the second the non-saturating one,
# which is used from here on.
#
# ## Adam
#
# [Adam](glossary.md#adam) keeps two running means for each parameter: $m$ of its gradient $g$, $v$ of $g^2$. Both
# begin at 0, so that after step $k$ they are too small by $1 - \beta^k$:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1) g \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2$$
#
# $$\hat m = \frac{m}{1 - \beta_1^k} \qquad \hat v = \frac{v}{1 - \beta_2^k} \qquad
# w \leftarrow w - \eta\, \frac{\hat m}{\sqrt{\hat v} + \epsilon}$$
#
# In the first step $\hat m = g$ and $\sqrt{\hat v} = \lvert g \rvert$: whether $g$ is 4 or 0.0004, $w$ moves by $\eta$.
#
# ### Exercise (build): a step of Adam

# %% exercise=adam
def adam(w, m, v, dw, step, lr, beta1, beta2, epsilon):
    """Weights, their moments, their gradient, number of the step, and four numbers -> new w, m, v"""
    ...

# %%
checks.adam(adam)

# %% [markdown]
# This is Algorithm 1 of the paper. This library and Keras compute the paper's second form, with
# $\sqrt{v} + \hat\epsilon$: the same for $\hat\epsilon = \epsilon \sqrt{1 - \beta_2^k}$, and else different where
# gradients are tiny.
#
# $\beta_1 = 0.9$, the usual value, averages over some ten steps. But here the other network changes meanwhile. The smallest such
# game: one parameter $x$ lowers $xy$, another one, $y$, raises it. The solution is $(0, 0)$.

# %%
paths = {}
for beta1 in (0.0, 0.5, 0.9):
    x, y, far = np.ones(1), np.zeros(1), []
    moments_x = moments_y = np.zeros(1), np.zeros(1)
    for k in range(1, 301):
        y, *moments_y = own.adam(y, *moments_y, -x, k, 0.05, beta1, 0.999, 1e-7)
        x, *moments_x = own.adam(x, *moments_x, y, k, 0.05, beta1, 0.999, 1e-7)
        far.append(float(np.hypot(x, y)[0]))
    paths[f"beta1 = {beta1}"] = np.arange(1, 301), far
assert paths["beta1 = 0.0"][1][-1] < 0.5 and paths["beta1 = 0.9"][1][-1] > 5
draw.curves(paths, "the distance falls for beta1 = 0 and grows for 0.9", "step", "distance to (0, 0)")

# %% [markdown]
# **Figure 14.4.** Without momentum the game approaches its solution; with $\beta_1 = 0.9$ it spirals away from it.
#
# This suggests a small $\beta_1$, and proves nothing about networks. GANs often take 0.5.
#
# ## A training step of both
#
# A `Network` is a model of the library with your Adam. `backward` returns the gradient with respect to the input, and *adds* those
# of the parameters to the ones already there, until `zero_grads`.

# %%
class Network:
    def __init__(self, model, lr, beta1=0.5, epsilon=1e-7):
        self.model, self.lr, self.beta1, self.epsilon, self.k = model, lr, beta1, epsilon, 0
        self.moments = {name: (0 * w, 0 * w) for name, w in model.trainable_params.items()}

    def forward(self, x):
        return self.model.forward(x, training=True)

    def backward(self, dy):
        return self.model.backward(dy)

    def zero_grads(self):
        self.model.zero_grads()

    def step(self):
        self.k += 1
        for name, w in self.model.trainable_params.items():
            w[...], *self.moments[name] = own.adam(
                w, *self.moments[name], self.model.grads[name], self.k, self.lr, self.beta1,
                0.999, self.epsilon)

# %% [markdown]
# ### Exercise (build): gan_step
#
# First Dis: it reads `real` and what Gen makes of `z`, as one batch, and makes a step. Then Gen: Dis, as it is now, reads the same
# generated samples again, and the gradient passes *through* Dis into Gen. Each network moves once.

# %% exercise=gan_step
def gan_step(gen, dis, real, z, smooth):
    """A step of dis, then of gen -> L_dis, L_gen; both networks are changed"""
    ...

# %%
checks.gan_step(gan_step)

# %% [markdown]
# ## Eight blobs on a ring
#
# The real samples are points of the plane, in eight blobs. Both networks have two hidden layers of 64 units.

# %%
from nnscratch.layers import Dense, Input, LeakyReLU
from nnscratch.models import Model

angle = np.pi * np.arange(8) / 4
centres = np.stack([np.cos(angle), np.sin(angle)], axis=1)


def plane_model(outputs):
    x = Input((2,))
    y = LeakyReLU(0.2)(Dense(64)(LeakyReLU(0.2)(Dense(64)(x))))
    return Model(x, Dense(outputs)(y))


def ring(rng, size):
    blobs = centres[rng.integers(8, size=size)] + rng.normal(0, 0.05, (size, 2))
    return blobs.astype(np.float32), rng.standard_normal((size, 2), np.float32)

# %%
initializers.set_seed(0)
gen, dis = Network(plane_model(2), 1e-3), Network(plane_model(1), 1e-3)
rng, (_, z_fixed) = np.random.default_rng(0), ring(np.random.default_rng(1), 500)
axis = np.linspace(-1.6, 1.6, 60, dtype=np.float32)
plane = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
snapshots = {}
for step in range(1001):
    if step in (0, 100, 200, 400, 700, 1000):
        p = 1 / (1 + np.exp(-dis.model.forward(plane)))
        snapshots[step] = p.reshape(60, 60), gen.model.forward(z_fixed)
    own.gan_step(gen, dis, *ring(rng, 128), 0.9)

# %%
def heat_map(axes, step):
    p, points = snapshots[step]
    axes.imshow(p, extent=(-1.6, 1.6, -1.6, 1.6), origin="lower", cmap="Blues", vmin=0, vmax=1)
    axes.plot(*centres.T, "o", color="#222222", markerfacecolor="none", markersize=9)
    axes.plot(*points.T, ".", color="#d55e00", markersize=2)
    axes.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), xticks=[-1, 0, 1], yticks=[-1, 0, 1])


far = np.linalg.norm(snapshots[1000][1][:, None] - centres, axis=2)
found = np.bincount(far.argmin(axis=1)[far.min(axis=1) < 0.2], minlength=8)
print("more than half of the points lie near a blob:", found.sum() > 250, "  blobs:", (found > 5).sum())
assert found.sum() > 250 and (found > 5).all()
draw.explore(heat_map, "the generator's points spread over the eight blobs", step=list(snapshots),
             size=(2.2, 2.3))

# %% [markdown]
# **Figure 14.5.** Blue: where Dis believes in real samples. Orange: 500 points of Gen, always from the same latent vectors. Circles:
# the blobs.
#
# Gen follows the gradient of Dis, and Dis follows the points. Had Gen put all its points on few of the blobs, that would be
# [mode collapse](glossary.md#mode-collapse): each sample looks real, and most kinds are missing.
#
# ## Digits
#
# The networks are the library's, of the kind designed in notebook 13. Both also get the class, as a one-hot row times 3, so that
# it is not drowned in $z$. (`np.resize` repeats the rows for a batch of real and generated images.)

# %%
from nnscratch.networks.gan import Preset, discriminator, generator

shape = Preset(noise_length=32, up=(32, 32, 16), down=(16, 32), hidden=64, refine=True,
               side=16, channels=1)


class Labelled(Network):
    def forward(self, x):
        return self.model.forward([x, np.resize(self.labels, (len(x), 10))], training=True)

    def backward(self, dy):
        return self.model.backward(dy)[0]


def new_pair(**settings):
    initializers.set_seed(0)
    models = [make(shape, (16, 16, 1), num_classes=10) for make in (generator, discriminator)]
    return [Labelled(model, 2e-3, **settings) for model in models]

# %%
drawn, labels, _ = digits("train", size=16)
images = (2 * drawn[..., None] - 1).astype(np.float32)
hot = (3 * own.one_hot(labels, 10)).astype(np.float32)


def batch(rng, size=32):
    chosen = rng.integers(len(images), size=size)
    return images[chosen], hot[chosen], rng.standard_normal((size, 32), np.float32)

# %% [markdown]
# One step, yours and the library's, from the same weights on the same batch:

# %%
from nnscratch.generate.adversarial import Pair, adversarial_step
from nnscratch.optimizers import Adam

real, gen_labels, z = batch(rng)
gen, dis = new_pair(epsilon=1e-12)
gen.labels = dis.labels = gen_labels
L_dis, L_gen = own.gan_step(gen, dis, real, z, 0.9)
theirs = [network.model for network in new_pair()]
pair = Pair(*theirs, *(Adam(2e-3, beta_1=0.5, epsilon=1e-12) for _ in range(2)))
metrics = adversarial_step(pair, non_saturating(0.9), real, z, gen_labels)
assert np.allclose([L_dis, L_gen], [metrics["d_loss"], metrics["g_loss"]], atol=1e-5)
for model, other in zip((gen.model, dis.model), theirs):
    same = [np.isclose(w, other.params[name], atol=2e-4).mean() for name, w in model.params.items()]
    assert min(same) > 0.95
print("the same losses and the same new weights")

# %% [markdown]
# **Averaged weights.** The training circles around its goal, so that a mean of recent weights is often nearer than the last ones.
# A second generator, `average`, which is never trained, keeps a running mean, of the running statistics of batch normalisation as
# well. Its samples are the ones to use.

# %%
def update(average, model, step):
    decay = min(0.995, (1 + step) / (10 + step))
    for name, w in average.params.items():
        w[...] = decay * w + (1 - decay) * model.params[name]
    for name, one in average.buffers.items():
        average.set_buffer(name, decay * one + (1 - decay) * model.buffers[name])

# %%
gen, dis = new_pair()
average, rng, seen = new_pair()[0].model, np.random.default_rng(0), {}
for step in range(700):
    if step in (0, 200):
        seen[f"after {step} steps"], wanted = gan_failures.sample(average, 500)
    gen.lr = dis.lr = 2e-3 * min(1, (700 - step) / 175)
    real, gen.labels, z = batch(rng)
    dis.labels = gen.labels
    own.gan_step(gen, dis, real, z, 0.9)
    update(average, gen.model, step)
seen["after 700 steps"], _ = gan_failures.sample(average, 500)

# %%
draw.tiles({title: some[:30] for title, some in seen.items()},
           "thirty generated digits after 0, 200 and 700 steps: grey, rough digits, digits",
           columns=6, per_row=3)

# %% [markdown]
# **Figure 14.6.** Thirty generated digits, 0 to 9 in turn, in three states of the training.
#
# How good are they? For each generated image, take the nearest of 2000 real ones, pixel by pixel: is it of the class that was
# asked for?

# %%
score = {title: gan_failures.label_accuracy(some, wanted) for title, some in seen.items()}
print("class asked for, at least 85 %:", score["after 700 steps"] > 0.85)
assert score["after 0 steps"] < 0.3 and score["after 700 steps"] > 0.85

# %% varies
own.who("M3")

# %% [markdown]
# ## Between two digits
#
# Is the generator a store of images? Then there would be nothing in between. [Interpolation](glossary.md#interpolation): first
# from the class 3 to the class 8, with one $z$; then between the two of 60 latent vectors whose digit 3 differs most. (Along a
# circle, since a straight line would pass through vectors shorter than nearly all of the training.)

# %%
def digits_of(z, classes):
    return average.forward([z.astype(np.float32), (3 * classes).astype(np.float32)])[..., 0]


z, three, eight = np.random.default_rng(2).standard_normal((60, 32)), *np.eye(10)[[3, 8]]
many = digits_of(z, np.tile(three, (60, 1))).reshape(60, -1)
apart = ((many[:, None] - many)**2).mean(axis=2)
first, last = np.unravel_index(apart.argmax(), apart.shape)
s = np.linspace(0, 1, 8)[:, None]
angle = np.arccos(z[first] @ z[last] / np.linalg.norm(z[first]) / np.linalg.norm(z[last]))
circle = (np.sin((1 - s) * angle) * z[first] + np.sin(s * angle) * z[last]) / np.sin(angle)
classes = digits_of(np.tile(z[first], (8, 1)), (1 - s) * three + s * eight)
latents = digits_of(circle, np.tile(three, (8, 1)))
draw.tiles({"from class 3 to class 8": classes, "difference to the first": classes - classes[0],
            "from one latent vector to another": latents,
            "difference to the first ": latents - latents[0]},
           "two interpolations in eight steps, and how each image differs from the first", columns=8)

# %% [markdown]
# **Figure 14.7.** Eight steps between two classes, and between two latent vectors. In the differences grey is equal, white is
# ink added, black is ink removed.
#
# ## A museum of failures
#
# Six trainings, 700 steps each with batches of 64, made beforehand. A is the one above. The others differ in a single point: no
# batch normalisation in Gen; $\beta_1 = 0.9$; smoothing on both sides (generated samples get the target 0.1); the saturating loss;
# and an average whose running statistics were forgotten (they stay at mean 0 and variance 1).

# %%
order = dict(zip("ABCDEF", (0, 2, 3, 4, 1, 5)))
draw.tiles({letter: museum["images"][place] for letter, place in order.items()},
           "twenty digits of each of six trainings, A to F: blots in C, pale digits in F", columns=5, per_row=3)

# %% [markdown]
# **Figure 14.8.** Twenty digits from each of six trainings.
#
# ### Exercise (predict): two exhibits
#
# Which sheet is that of $\beta_1 = 0.9$, and which that of the forgotten statistics?

# %% exercise=exhibits
exhibits = [..., ...]

# %%
checks.exhibits(exhibits)

# %%
score, forms = museum["label_accuracy"].mean(axis=1), museum["modes"].mean(axis=1)
print(f"{'':20} step 200  step 700  forms of 210")
for name, one, kinds in zip(museum["names"], score, forms):
    print(f"{name:20} {one[1]:8.0%} {one[3]:9.0%} {kinds[3]:13.0f}")
assert score[3, 3] < 0.5 and score[1, 3] > 0.9

# %% [markdown]
# The columns: how often the class is the one asked for, and how many of the 210 printed forms (ten digits in 21 typefaces) appear
# in 2100 samples; means of three trainings. With $\beta_1 = 0.9$ this training fails. Without batch normalisation it is slow. And
# the forgotten statistics show in no loss: the losses belong to the network that is trained.
#
# Why does the saturating loss *not* fail? Let Dis learn alone for 20 steps, and compare the gradients that reach Gen:

# %%
(gen, dis), rng = new_pair(), np.random.default_rng(0)
for _ in range(20):
    real, gen.labels, z = batch(rng)
    dis.labels = gen.labels
    fake = gen.forward(z)
    logits = dis.forward(np.concatenate([real, fake]))
    L, *gradients = own.discriminator_loss(logits[:32], logits[32:], 0.9)
    dis.zero_grads()
    dis.backward(np.concatenate(gradients))
    dis.step()
    gen.model.discard_forward()

# %%
reach, moves = [], []
for kind in (saturating(), non_saturating()):
    gen.zero_grads()
    gen.backward(dis.backward(kind.generator(dis.forward(gen.forward(z)))[1]))
    g = np.concatenate([one.ravel() for one in gen.model.grads.values()]).astype(float)
    reach.append(g)
    moves.append(np.linalg.norm(own.adam(0 * g, 0 * g, 0 * g, g, 1, 2e-3, 0.5, 0.999, 1e-7)[0]))
size = np.linalg.norm(reach, axis=1)
alike = reach[0] @ reach[1] / size.prod()
print("a hundredth of the length:", size[0] < size[1] / 100, "  same direction:", alike > 0.99)
print("but Adam's step is more than half as long:", moves[0] > moves[1] / 2)
assert size[0] < size[1] / 100 and alike > 0.99 and moves[0] > moves[1] / 2

# %% [markdown]
# The gradient does vanish, but only its length, and Adam divides the length out. With plain gradient descent it would matter.
#
# ## Questions
#
# 1. Both networks know nothing, and all logits are 0. How large is $L$ of the discriminator, without and with smoothing?
#    <details><summary>Answer</summary>
#    $2 \ln 2 = 1.39$ in both cases: at $a = 0$ the cost is $\ln 2$ for every target.
#    </details>
# 2. In Gen's half, `backward` of Dis also computes gradients of Dis. Why are they thrown away?
#    <details><summary>Answer</summary>
#    They lower Gen's loss: they would change Dis so that it takes generated samples for real.
#    </details>
# 3. The loss of Gen falls. Are its samples better?
#    <details><summary>Answer</summary>
#    Not necessarily. The loss is measured by Dis, which changes, too: it also falls when Dis gets worse.
#    </details>
# 4. With the targets 0.9 and 0, and as many real as generated samples of a kind: which $\sigma(a)$ is best for Dis?
#    <details><summary>Answer</summary>
#    The slope is $(\sigma(a) - 0.9) + \sigma(a)$, so $\sigma(a) = 0.45$.
#    </details>
#
# **Alone:** train on the ring with $\beta_1 = 0.9$. Does it fail there, too? (It need not.)
#
# ## References
#
# - Goodfellow et al. (2014), *Generative adversarial nets*, section 3
# - Kingma and Ba (2015), *Adam: a method for stochastic optimization*, Algorithm 1 and section 2
# - Radford, Metz, Chintala (2016), *Unsupervised representation learning with deep convolutional generative adversarial networks*
# - Salimans et al. (2016), *Improved techniques for training GANs*, section 3.4 (label smoothing)
# - Mescheder, Geiger, Nowozin (2018), *Which training methods for GANs do actually converge?*
# - Yazıcı et al. (2019), *The unusual effectiveness of averaging in GAN training*
# - Kahng et al. (2018), *GAN Lab* (a GAN on points of the plane, interactive)
#
# **Next:** [15 Texture and style: the Gram matrix](15_style.ipynb)
