# %% [markdown]
# # 14 Training the generator: from noise to digits
#
# **You will build** the losses of two networks that play against each other, their gradients, one step of the game, and the
# optimizer that makes it. Then digits come out of noise, live. At the end there is a museum of trainings with one thing wrong.
#
# **You need** notebooks 01, 03 and 11; what a transposed convolution is, notebook 12 says.
#
# **It takes** about two hours with the exercises; the notebook itself runs in half a minute.

# %%
import numpy as np

from nnscratch import initializers, ops
from nnscratch.course import checks, draw, gan_failures
from nnscratch.data.dataset import to_floats
from nnscratch.data.synthetic.glyphs import glyphs
from nnscratch.generate.inputs import one_hot
from nnscratch.networks.gan import Preset, discriminator, generator

# %% [markdown]
# ## Two players
#
# The *generator* turns noise, 32 random numbers, into a picture. What should come out for which noise nobody knows, so there is
# no target to compare with. Instead a second network, the *discriminator*, looks at pictures and gives each a number $z$, its
# *logit*. From it
#
# $$\sigma(z) = \frac{1}{1 + e^{-z}}$$
#
# makes a probability: $\sigma(0) = 0.5$, $\sigma(2) = 0.88$, $\sigma(-2) = 0.12$. It stands for "this picture is real". The
# discriminator learns to be right, and the generator to be taken for real. Both are also told which digit is meant: ten
# numbers, one of them 1.

# %%
small = Preset(noise_length=32, up=(32, 32, 16), down=(16, 32), hidden=64, refine=True,
               side=16, channels=1)


def new_pair(seed=0):
    initializers.set_seed(seed)
    return (generator(small, (16, 16, 1), num_classes=10),
            discriminator(small, (16, 16, 1), num_classes=10))


g, d = new_pair()
g.summary()

# %% [markdown]
# Noise and digit side by side, a dense layer, two transposed convolutions from 4 pixels a side to 16, a last convolution, and
# tanh, for pictures in $[-1, 1]$. The discriminator goes the other way, by convolutions of stride 2. Real pictures are digits
# that the library draws by rule, in 21 typefaces; made ones are grey still:

# %%
from nnscratch.generate.plots import grid


def sheet(images, columns=10):
    return np.stack([np.asarray(grid(images, columns, enlarge=False))] * 3, axis=-1)


data, rng = glyphs(6000, size=16), np.random.default_rng(0)
digits = [np.flatnonzero(data.labels == k)[:2] for k in range(10)]
real_sheet = sheet(to_floats(data.images[np.transpose(digits).ravel()]))
draw.images({"real": real_sheet, "made by new weights": sheet(gan_failures.sample(g, 20)[0])},
            "twenty real digits, 16 x 16 pixels, and twenty made images, all grey", 3.5)

# %% [markdown]
# ## What a logit costs
#
# A real picture is called real with probability $\sigma(z)$, which costs $-\log \sigma(z)$: at $z = 2$ little, 0.13; at
# $z = -2$ much, 2.13. A made picture costs $-\log(1 - \sigma(z))$. Put in $\sigma$, and both become one function, *softplus*:
#
# $$-\log \sigma(z) = \log(1 + e^{-z}) = \text{softplus}(-z) \qquad -\log(1 - \sigma(z)) = \log(1 + e^z) = \text{softplus}(z)$$
#
# Its slope is $e^z / (1 + e^z) = \sigma(z)$, so the slope of the first is $-\sigma(-z) = \sigma(z) - 1$: probability minus
# truth. But then a discriminator is never content: it pushes the logits of real pictures up for ever. So real pictures are
# to be called real with probability $s = 0.9$ only (*label smoothing*):
#
# $$-s \log \sigma(z) - (1 - s) \log(1 - \sigma(z)) = \text{softplus}(z) - s z \qquad \text{slope: } \sigma(z) - s$$
#
# which is 0 at $\sigma(z) = s$, and turns back beyond. In a batch, $L_D$ is the mean over the real pictures plus the mean over
# the made ones. As loops:

# %%
from nnscratch.generate.adversarial_losses import non_saturating, saturating

costs = np.logaddexp(0, np.array([-2.0, 2]))
assert np.allclose(ops.sigmoid(np.array([0, 2.0, -2]))[0], [0.5, 0.88, 0.12], atol=5e-3)
assert np.allclose(costs, [0.13, 2.13], atol=5e-3)
real, fake = rng.normal(size=(5, 1)), rng.normal(size=(5, 1))
loss, dreal = 0, np.zeros((5, 1))
for n in range(5):
    z, zf = real[n, 0], fake[n, 0]
    loss += (np.log(1 + np.exp(z)) - 0.9 * z + np.log(1 + np.exp(zf))) / 5
    dreal[n, 0] = (1 / (1 + np.exp(-z)) - 0.9) / 5
game = non_saturating(smoothing=0.9)
(on_real, theirs), (on_fake, _) = game.real(real), game.fake(fake)
same = np.allclose(loss, on_real + on_fake) and np.allclose(dreal, theirs)
print("the loops agree with the library:", same)
assert same

# %% [markdown]
# ### Exercise: the discriminator's loss
#
# $e^{800}$ overflows, but `np.logaddexp(0, z)`, which is softplus, does not; nor does `ops.sigmoid(z)[0]`.

# %% exercise=discriminator_loss
def discriminator_loss(real, fake, s):
    """Logits (N, 1) of real and of made pictures -> L, dreal (N, 1), dfake (N, 1)"""
    ...

# %%
checks.discriminator_loss(discriminator_loss)

# %% [markdown]
# ## The generator's loss, and why not the other
#
# The generator wants the opposite. Its first form just turns the sign of what the discriminator pays for made pictures:
#
# $$\text{lower } \log(1 - \sigma(z)) = -\text{softplus}(z) \qquad \text{slope: } -\sigma(z)$$
#
# Or else it lowers what its picture would cost as a real one:
#
# $$\text{lower } -\log \sigma(z) = \text{softplus}(-z) \qquad \text{slope: } \sigma(z) - 1$$
#
# Both slopes are negative: both want $z$ to rise. But at the beginning the discriminator sees through everything. At $z = -5$
# the first slope is $-0.0067$: just where the generator has most to learn it hears next to nothing. The loss *saturates*. The
# slope of the second, *non-saturating* one is $-0.9933$. In general they are $\sigma : (1 - \sigma)$, that is, $e^z : 1$.

# %%
z = np.linspace(-6, 6, 121)[:, None]
slopes = {name: -len(z) * kind().generator(z)[1] for name, kind in
          (("saturating: σ(z)", saturating), ("non-saturating: 1 - σ(z)", non_saturating))}
step = 1e-5
for kind in (saturating, non_saturating):
    up, down = (kind().generator(np.array([[-5.0 + h]]))[0] for h in (step, -step))
    print(kind.__name__, "measured at z = -5:", round(float(up - down) / (2 * step), 4))
assert np.allclose(np.divide(*slopes.values()), np.exp(z))
draw.curves({name: (z[:, 0], slope[:, 0]) for name, slope in slopes.items()},
            "how hard each loss pulls at a made image's logit: the saturating one not at all "
            "where z is low", "logit z of a made image", "pull")

# %% [markdown]
# ### Exercise: the generator's loss
#
# The second form.

# %% exercise=generator_loss
def generator_loss(z):
    """Logits (N, 1) of made pictures -> L, non-saturating, and dz (N, 1)"""
    ...

# %%
checks.generator_loss(generator_loss)

# %% [markdown]
# ## One step
#
# First the discriminator's turn. It treats every image by itself, so real and generated ones go through it as one batch.
# `zero_grads` clears gradients, `backward` adds to them; `"parameters"` asks for those of weights alone.

# %%
from nnscratch.optimizers import Adam


def batch(rng, size=64):
    chosen = rng.integers(len(data), size=size)
    noise = rng.standard_normal((size, 32), np.float32)
    return to_floats(data.images[chosen]), noise, one_hot(data.labels[chosen], 10)


real, noise, labels = batch(rng)
g_optimizer, d_optimizer = Adam(2e-3, beta_1=0.5), Adam(2e-3, beta_1=0.5)
fake = g.forward([noise, labels], training=True)
d.zero_grads()
logits = d.forward([np.concatenate([real, fake]), np.concatenate([labels, labels])], training=True)
real_loss, dreal = game.real(logits[:64])
fake_loss, dfake = game.fake(logits[64:])
d.backward(np.concatenate([dreal, dfake]), wrt="parameters")
d_optimizer.step(d.trainable_params, d.grads)

# %% [markdown]
# Then the generator's. Its gradient comes from the logits *through the discriminator*, down to the pixels: a picture that says
# of each pixel whether it should be lighter or darker to look more real. `"input"` asks for it, and leaves the discriminator's
# own gradients alone.

# %%
g.zero_grads()
g_loss, dz = game.generator(d.forward([fake, labels], training=True))
dpixels, _ = d.backward(dz, wrt="input")
g.backward(dpixels, wrt="parameters")
g_optimizer.step(g.trainable_params, g.grads)

# %% [markdown]
# The library's step, from the same first weights, on the same batch:

# %%
from nnscratch.generate.adversarial import Pair, adversarial_step

pair = Pair(*new_pair(), Adam(2e-3, beta_1=0.5), Adam(2e-3, beta_1=0.5))
metrics = adversarial_step(pair, game, real, noise, labels)
same = metrics["d_loss"] == real_loss + fake_loss and metrics["g_loss"] == g_loss
for ours, theirs in ((g, pair.generator), (d, pair.discriminator)):
    for name in ours.params:
        same = same and np.array_equal(ours.grads[name], theirs.grads[name])
        same = same and np.array_equal(ours.params[name], theirs.params[name])
print("equal losses, gradients and new weights:", same)
assert same

# %% [markdown]
# ## Adam
#
# The optimizer keeps two memories for each weight, running means of the gradient $g$ and of its square. Both begin at 0,
# which still counts $\beta^k$ after step $k$; all gradients together count only $1 - \beta^k$, which is divided out:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1) g \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2 \qquad
# w \leftarrow w - \eta\, \frac{m / (1 - \beta_1^k)}{\sqrt{v / (1 - \beta_2^k)} + \varepsilon}$$
#
# $\varepsilon = 10^{-7}$ keeps 0 from being divided by 0. In the first step $m / (1 - \beta_1) = g$ and
# the root is $|g|$: whether $g$ is 4 or 0.0004, the weight moves by the rate $\eta$.
#
# ### Exercise: a step of Adam

# %% exercise=adam
def adam(w, g, m, v, k, rate, beta_1, beta_2):
    """Weights, gradient, the memories m and v, number k of the step, from 1 -> new w, m, v"""
    ...

# %%
checks.adam(adam)

# %% [markdown]
# $\beta_1 = 0.9$, the usual value, remembers some $1 / (1 - 0.9) = 10$ steps, 0.5 two. In a game that matters, for the other
# has moved meanwhile. The smallest of all games: one player lowers $x \cdot y$ by $x$, the other raises it by $y$. Both would
# rest at 0. They circle, and old gradients drive them outwards:

# %%
paths = {}
for beta_1 in (0.0, 0.5, 0.9):
    x, y, away = np.array([1.0]), np.array([0.0]), []
    first, second = Adam(0.05, beta_1=beta_1), Adam(0.05, beta_1=beta_1)
    for _ in range(300):
        second.step({"y": y}, {"y": -x})
        first.step({"x": x}, {"x": y.copy()})
        away.append(float(np.hypot(x, y)[0]))
    paths[f"beta_1 = {beta_1}"] = np.arange(300), np.array(away)
assert paths["beta_1 = 0.0"][1][-1] < 0.5 and paths["beta_1 = 0.9"][1][-1] > 5
draw.curves(paths, "distance from the goal: 0.4 with beta_1 = 0, 1.9 with 0.5, 5.5 with 0.9",
            "step", "distance from 0")

# %% [markdown]
# ## An average
#
# Who circles around a goal is never there, but the mean of his places is near it. So a second generator follows, never trained,
# whose weights are a running mean (*EMA*) of the first one's: $\text{average} \leftarrow d \cdot \text{average} + (1 - d) \cdot
# \text{now}$, with $d$ rising to 0.995. Pictures are drawn with it.
#
# ### Exercise: a step of the average
#
# Batch normalisation's running statistics (notebook 11) are no weights: no optimizer touches them. Think of them.

# %% exercise=ema
def ema(weights, statistics, new_weights, new_statistics, decay):
    """The average so far and the network of now -> the new average: weights, statistics"""
    ...

# %%
checks.ema(ema)

# %% [markdown]
# ## From noise to digits
#
# Seven hundred steps, the rate going to 0 in the last quarter. This takes some twenty seconds:

# %%
from nnscratch.generate.ema import EMA
from nnscratch.optimizers import linear_decay

rate = linear_decay(2e-3, 700, start=0.75)
pair = Pair(*new_pair(), Adam(rate, beta_1=0.5), Adam(rate, beta_1=0.5))
average, rng, seen = EMA(new_pair()[0]), np.random.default_rng(0), {}
for step in range(700):
    if step in (0, 200):
        seen[f"step {step}"], wanted = gan_failures.sample(average.model, 500)
    adversarial_step(pair, game, *batch(rng))
    average.update(pair.generator, step)
seen["step 700"], _ = gan_failures.sample(average.model, 500)

# %%
draw.images({title: sheet(some[:30], 6) for title, some in seen.items()},
            "made digits after 0, 200 and 700 steps, six to a row: grey, rough digits, digits", 2.7)

# %% [markdown]
# How good are they? A plain judge: for each made picture, find the nearest of 2000 real ones, pixel by pixel. Is it the digit
# that was asked for? Guessing would be right for 10 %, and real pictures themselves are for 95 %.

# %%
shares = {title: gan_failures.label_accuracy(some, wanted) for title, some in seen.items()}
made = seen["step 700"]
print("mostly what was asked for:", shares["step 700"] > 0.85)
assert shares["step 0"] < 0.3 and shares["step 700"] > 0.85

# %% [markdown]
# And between two noises? A straight way cuts the corner, through noise shorter than nearly all of the training, so we walk on
# a circle. Forms change little by little, and every one on the way is a digit, or nearly.

# %%
from nnscratch.generate.inputs import generate_images
from nnscratch.generate.sampler import slerp

start, end = np.random.default_rng(0).standard_normal((2, 32), np.float32)
places = np.linspace(0, 1, 10, dtype=np.float32)
way = np.stack([slerp(start, end, place) for place in places])
walks = [generate_images(average.model, way, np.full(10, digit), 10) for digit in (2, 4, 7)]
draw.images({"from one noise to another": sheet(np.concatenate(walks))},
            "three digits, each in ten steps between two noises", 6)

# %% [markdown]
# ## The museum of broken GANs
#
# The same training with one thing changed, three seeds each, made beforehand in six minutes by
# `python -m nnscratch.course.gan_failures`. Means of the three: how much is what was asked for, after 200 and after 700 steps;
# and how many of the 210 printed forms, ten digits in 21 typefaces, appear among 2100 pictures.

# %%
shown = gan_failures.stored_results()
shares, forms = shown["label_accuracy"].mean(axis=1), shown["modes"].mean(axis=1)
print(f"{'':18} step 200  step 700  forms of 210")
for name, share, form in zip(shown["names"], shares, forms):
    print(f"{name:18} {share[1]:8.0%} {share[3]:9.0%} {form[3]:13.0f}")
print(f"{'real images':27} {shown['real'][0]:9.0%} {shown['real'][1]:13.0f}")

# %%
draw.images({name: sheet(made, 5) for name, made in zip(shown["names"], shown["images"])},
            "twenty digits of each exhibit: beta_1 = 0.9 gives blots, no statistics pale "
            "digits, the others digits", 1.65)

# %% [markdown]
# **$\beta_1 = 0.9$** breaks: 41 % are what was asked for, and a third of the forms is lost. The little game above says why: the
# memory drives both players past their goal. The pictures are blots.
#
# **No batch normalisation** is slow: 24 % after 200 steps instead of 81 %. Yet it arrives, at 92 %.
#
# **The saturating loss** does *not* break here: 95 %, as without it. Is the formula wrong? Let the discriminator learn alone
# for 20 steps, and look at the gradient that reaches the generator:

# %%
(g, d), optimizer = new_pair(), Adam(2e-3, beta_1=0.5)
for _ in range(20):
    real, noise, labels = batch(rng)
    fake = g.forward([noise, labels], training=True)
    d.zero_grads()
    for cost, given in ((game.real, real), (game.fake, fake)):
        d.backward(cost(d.forward([given, labels], training=True))[1], wrt="parameters")
    optimizer.step(d.trainable_params, d.grads)

# %%
reach = []
for kind in (saturating(), game):
    g.zero_grads()
    fake = g.forward([noise, labels], training=True)
    _, dz = kind.generator(d.forward([fake, labels], training=True))
    g.backward(d.backward(dz, wrt="input")[0], wrt="parameters")
    reach.append(np.concatenate([gradient.ravel() for gradient in g.grads.values()]))
sizes = np.linalg.norm(reach, axis=1)
alike = reach[0] @ reach[1] / sizes.prod()
moves = []
for gradient in reach:  # Adam's first step from 0
    w = {"w": np.zeros_like(gradient)}
    Adam(2e-3, beta_1=0.5).step(w, {"w": gradient})
    moves.append(np.linalg.norm(w["w"]))
print("the saturating gradient is less than a hundredth:", sizes[0] < sizes[1] / 100)
print("same direction:", alike > 0.99, "  Adam's step over half:", moves[0] > moves[1] / 2)
assert sizes[0] < sizes[1] / 100 and alike > 0.99 and moves[0] > moves[1] / 2

# %% [markdown]
# So the gradient does vanish, but only its *length*, and Adam divides lengths out: the optimizer saves the exhibit.
#
# **Smoothing on both sides**: made pictures are to be called real with probability $t = 0.1$ instead of 0. If a picture comes
# $p$ times as a real one and $q$ times as a made one, it costs $p\,(\text{softplus}(z) - s z) + q\,(\text{softplus}(z) - t z)$;
# its slope $p\,(\sigma - s) + q\,(\sigma - t)$ is 0 at
#
# $$\sigma = \frac{s\,p + t\,q}{p + q}$$
#
# With $t > 0$ made pictures count in the numerator, so a generator is praised for staying where it is. So the argument goes;
# here nothing is lost in the end: 94 %, and as many forms.
#
# **Forgotten statistics** break it quietly. Only weights are averaged, and the second generator normalises by the mean 0 and
# the variance 1 that it was born with. No loss rises, for the losses are the first generator's. One sees it only in what is
# drawn: pale, and 78 % instead of 95 %. (Forms are told by shape alone; paleness does not count there.) With the generator
# trained here less may be lost, but it is pale all the same:

# %%
forgotten = new_pair()[0]
for name, array in forgotten.params.items():
    array[...] = average.model.params[name]
spoilt, _ = gan_failures.sample(forgotten, 500)
print("contrast is lower by a fifth or more:", spoilt.std() < 0.8 * made.std())
assert spoilt.std() < 0.8 * made.std()
draw.images({"statistics averaged": sheet(made[:20]), "statistics forgotten": sheet(spoilt[:20])},
            "the same weights; without their statistics the digits are pale", 3.5)

# %% [markdown]
# ## Questions
#
# 1. Both players know nothing, and every logit is 0. How large are $L_D$ and $L_G$? Does $s$ matter?
# 2. Why must the gradient that goes through the discriminator not be added to the discriminator's own?
# 3. With $s = 0.9$ and as many real as made pictures of a kind: what does the best discriminator say?
#
# **Alone:** `gan_failures.train(gan_failures.VARIANTS["beta_1 = 0.9"], steps=2000)` returns a generator for
# `gan_failures.sample`. Does more time help? And what does half the rate do? (`gan_failures.RATE`)
#
# **Next:** [15 The Gram matrix](15_style.ipynb), another way to say what a good picture is.
