# %% [markdown]
# # 16 Style in one pass
#
# **You will build** the layer by which a picture tells a network its style, *adaptive instance normalisation*, forward and
# backward. Then the library's network paints a photograph in four styles, in a second; you will train one for some steps, and
# see what it cannot do.
#
# **You need** notebooks 11 and 15; of 07 the checkerboards.
#
# **It takes** about two hours with the exercises; the notebook itself runs in some seconds.

# %%
import numpy as np

from nnscratch import ops
from nnscratch.course import checks, draw

# %% [markdown]
# ## Pay once
#
# In notebook 15 a picture was pulled towards a style, step by step, forward and back through a network each time. That takes
# dozens of such rounds, for every picture anew. A network that has learnt to do it needs one way forward. Learning costs much
# more than one picture, but it is paid once.
#
# How does such a network know *which* style? The first ones did not: there was one network for each style. Then it turned out
# that styles can share nearly everything. To see what differs, take the normalisation of notebook 11.
#
# ## Each picture by itself
#
# Batch normalisation takes mean and variance of a channel over all pictures of a batch. *Instance normalisation* takes them
# over the pixels of one picture alone, and does so in training and afterwards alike:
#
# $$y = \gamma\, n + \beta \qquad n = \frac{x - \mu}{\sqrt{v + \varepsilon}} \qquad \mu, v \text{ over } H, W$$
#
# With the four numbers of notebook 11, as a picture of 2 x 2: $x = (3, 9, 11, 17)$ has $\mu = 10$ and deviation
# $\sqrt{v} = 5$, so $n = (-1.4, -0.2, 0.2, 1.4)$. How bright a channel is, and how strong its contrast, is gone from $n$; where
# it is high and where it is low is kept. $\gamma$ and $\beta$ then give it a new contrast and a new brightness.
#
# And that is enough to hold a style: **one row of $\gamma$ and $\beta$ for each style, and all convolutions in common.** Called
# *conditional* instance normalisation. Picture $n$ is painted in style $which_n$:
#
# $$y_{n} = \gamma_{which_n}\, \frac{x_n - \mu_n}{\sqrt{v_n + \varepsilon}} + \beta_{which_n}$$

# %%
rng = np.random.default_rng(0)
x = rng.normal(size=(3, 4, 5, 2))
gammas, betas, which = rng.normal(size=(7, 2)), rng.normal(size=(7, 2)), np.array([2, 0, 2])
y = np.empty_like(x)
for n, c in np.ndindex(3, 2):
    numbers = [x[n, h, w, c] for h in range(4) for w in range(5)]
    mean = sum(numbers) / 20
    variance = sum((number - mean)**2 for number in numbers) / 20
    normed = (x[n, :, :, c] - mean) / np.sqrt(variance + 1e-5)
    y[n, :, :, c] = gammas[which[n], c] * normed + betas[which[n], c]
theirs = [ops.instance_norm(x[n:n + 1], gammas[k], betas[k])[0] for n, k in enumerate(which)]
print("the loops agree with the library:", np.allclose(y, np.concatenate(theirs)))
assert np.allclose(y, np.concatenate(theirs))

# %% [markdown]
# ### Exercise: conditional instance normalisation
#
# Without loops. `gammas[which]` picks the rows.

# %% exercise=conditional_norm
def conditional_norm(x, gammas, betas, which, epsilon):
    """(N, H, W, C), (S, C), (S, C), (N,) whole numbers, a number -> (N, H, W, C)"""
    ...

# %%
checks.conditional_norm(conditional_norm)

# %% [markdown]
# ## Any style: AdaIN
#
# A table has as many styles as it has rows. But mean and deviation of a channel are something that any picture *has*. So do
# not look $\gamma$ and $\beta$ up: let the features $f$ of the photograph take over the deviation and the mean of the features
# $s$ of the style.
#
# $$t = \sigma_s\, \frac{f - \mu_f}{\sigma_f} + \mu_s \qquad \sigma = \sqrt{v + \varepsilon}$$
#
# A style of two pixels, $s = (-1, 3)$, has $\mu_s = 1$ and $\sigma_s = 2$. So $(3, 9, 11, 17)$ becomes
# $2 \cdot (-1.4, -0.2, 0.2, 1.4) + 1 = (-1.8, 0.6, 1.4, 3.8)$: mean 1, deviation 2.
#
# ### Exercise: AdaIN

# %% exercise=adain
def adain(f, s, epsilon):
    """(N, H, W, C), (N, H', W', C), a number -> t (N, H, W, C)"""
    ...

# %%
checks.adain(adain)

# %%
from nnscratch.networks.stylizer import adain as library_adain

f = np.array([3.0, 9, 11, 17]).reshape(1, 2, 2, 1)
s = np.array([-1.0, 3]).reshape(1, 1, 2, 1)
t = library_adain(f, s)
print("t =", t.ravel().round(2), "  mean", t.mean().round(2), " deviation", t.std().round(2))
assert np.allclose(t.ravel(), [-1.8, 0.6, 1.4, 3.8], atol=1e-5)

# %% [markdown]
# ## Backward
#
# To $f$ the way is that of notebook 11, with means over the pixels of each picture, and $\sigma_s$ for $\gamma$:
#
# $$df = \frac{\sigma_s}{\sigma_f} \big( dt - \text{mean}(dt) - n \cdot \text{mean}(dt \cdot n) \big)$$
#
# And to $s$? The style's mean got $d\mu_s = \sum dt$, its deviation $d\sigma_s = \sum dt \cdot n$, as $\beta$ and $\gamma$ did.
# Each of its $M$ pixels is in both. In the mean with $\frac1M$. For the deviation: $\sigma^2 = \frac1M \sum (s - \mu)^2 +
# \varepsilon$, so $2 \sigma\, \partial\sigma = \frac1M 2 (s_k - \mu)\, \partial s_k$ (moving $\mu$ changes nothing here, as the
# distances to the mean add up to 0). Together:
#
# $$ds_k = \frac{d\mu_s}{M} + d\sigma_s\, \frac{s_k - \mu_s}{M\, \sigma_s}$$
#
# With $dt = (1, 0, 0, 4)$: $d\mu_s = 5$, $d\sigma_s = -1.4 + 5.6 = 4.2$, and $s_0 - \mu_s = -2$, so
# $ds_0 = 5/2 - 4.2 \cdot 2 / (2 \cdot 2) = 0.4$ and $ds_1 = 2.5 + 2.1 = 4.6$. $df$ is what it was in notebook 11; its first
# number is 0.488.
#
# ### Exercise: backward

# %% exercise=adain_backward
def adain_backward(dt, f, s, epsilon):
    """dt like f -> df (N, H, W, C), ds (N, H', W', C)"""
    ...

# %%
checks.adain_backward(adain_backward)

# %% [markdown]
# Made of the library's instance normalisation, for one picture, and measured with a random upstream gradient:

# %%
from nnscratch.gradcheck import check_op


def forward(f, s):
    mu = s.mean(axis=(0, 1, 2))
    sigma = (((s - mu)**2).mean(axis=(0, 1, 2)) + 1e-5)**0.5
    t, cache = ops.instance_norm(f, sigma, mu)
    return t, (cache, s, mu, sigma)


def backward(dt, cache):
    cache, s, mu, sigma = cache
    df, dsigma, dmu = ops.instance_norm_backward(dt, cache)
    M = s.size // s.shape[3]
    return df, dmu / M + dsigma * (s - mu) / (M * sigma)

# %%
df, ds = backward(np.array([1.0, 0, 0, 4]).reshape(f.shape), forward(f, s)[1])
inputs = [rng.normal(size=(1, 4, 5, 3)), rng.normal(size=(1, 6, 3, 3))]
report = check_op(forward, backward, inputs, names=["f", "s"])
print("ds =", ds.ravel().round(2), "  df[0] =", df.ravel()[0].round(3), "  measured:", report.ok)
assert np.allclose(ds.ravel(), [0.4, 4.6], atol=1e-4) and abs(df[0, 0, 0, 0] - 0.488) < 1e-4
assert report.ok

# %% [markdown]
# ## The network
#
# Three parts. The *encoder* makes features of a picture, a *code* of a quarter of its size: 128 channels of the library's
# texture network, which stays as it is, and beside them the three colours. AdaIN gives the photograph's code the statistics of
# the style's. The *decoder* makes a picture of the code, and it alone is trained.

# %%
from nnscratch.data.images import photograph, read_image
from nnscratch.data.synthetic.styles import style_image
from nnscratch.style.stylizer import Stylizer

stylizer = Stylizer()
encoder, decoder = stylizer.encoder, stylizer.decoder
photo = read_image(photograph(), 190)[:, :160, :160]
f, s = encoder.forward(photo), encoder.forward(style_image("mosaic", 128))
t = library_adain(f, s)
print("photograph", photo.shape, "-> code", f.shape, "-> adapted", t.shape, "-> image",
      decoder.forward(t).shape)
print(f"weights of the decoder: {sum(a.size for a in decoder.params.values()):,}")

# %% [markdown]
# What does AdaIN tell the decoder of the style? 131 means and 131 deviations, and nothing else. So shuffle the places of the
# style's code, and the same picture must come out:

# %%
shuffled = rng.permutation(s.reshape(-1, 131)).reshape(s.shape)
again = decoder.forward(library_adain(f, shuffled))
print("the decoder is told 262 numbers:", np.allclose(again, decoder.forward(t), atol=1e-3))
assert np.allclose(again, decoder.forward(t), atol=1e-3)

# %% [markdown]
# ## Four styles, in a second
#
# The styles are pictures that the library draws; below each is what becomes of the photograph.

# %%
names = "night", "mosaic", "hatching", "ink"
styles = {name: style_image(name, 160) for name in names}
draw.photographs({"photograph": photo[0], **{name: style[0] for name, style in styles.items()}},
                 "a photograph and four styles", 1.6)

# %%
painted = {name: stylizer(photo, style) for name, style in styles.items()}
draw.photographs({"photograph": photo[0], **{name: y[0] for name, y in painted.items()}},
                 "the photograph in each of the four styles, in one pass", 1.6)

# %% [markdown]
# Beyond AdaIN the class does one thing more: before and after, it moves the picture's colours to the style's, by a formula
# (`nnscratch/style/colour.py`). So it takes nine more numbers from the style, means and covariances of three colours. Hold it
# against the parts:

# %%
from nnscratch.style.colour import match_colours

f = encoder.forward(match_colours(photo, styles["ink"]))
made = decoder.forward(library_adain(f, encoder.forward(styles["ink"]))).clip(0, 1)
same = np.allclose(match_colours(made, styles["ink"]), painted["ink"], atol=1e-4)
print("the class does the same:", same)
assert same

# %% [markdown]
# As $t$ is computed from means and deviations, one can also go only a part of the way, or further. That is the strength:

# %%
stronger = {f"strength {k}": stylizer(photo, styles["night"], k)[0] for k in (0, 15, 50, 100)}
draw.photographs(stronger, "from the photograph to more of the style than it was trained for", 1.6)

# %% [markdown]
# ## How it is trained
#
# The loss is that of style transfer, asked of the painted picture $y$. The texture network makes nine maps of it. One, $c(y)$,
# is the map that codes are made of; it is to be as the adapted code has it, in its 128 channels $t_c$ (without the three
# colours). And in all nine, the Gram matrices $G_k$ are to be the style's, $S_k$. Each is a share: of $t_c$, and of what
# style and photograph have together, with $P_k$ for the photograph.
#
# $$L = w\, \frac{\text{mean}\big((c(y) - t_c)^2\big)}{\text{mean}(t_c^2)} +
# \frac19 \sum_{k=1}^9 \frac{\text{mean}\big((G_k - S_k)^2\big)}{\text{mean}(S_k^2) + \text{mean}(P_k^2)}$$
#
# All Gram matrices are taken after the style's mean of each channel has been subtracted. $w$ is 1 where all styles are learnt,
# and $\frac12$ where it is one alone; a little for smoothness comes on top. Only now the gradient, when it has come back to the
# pixels, goes on into the decoder's weights. First, for a tenth of the steps, the decoder learns to draw pictures back from
# their own codes. From noise, in small crops, for some steps:

# %%
from nnscratch.networks.stylizer import decoder as new_decoder
from nnscratch.networks.texture_features import texture_features
from nnscratch.optimizers import Adam
from nnscratch.style.train_stylizer import reconstruct, train_step

model, network, adam = new_decoder(seed=1), texture_features(), Adam(1e-3)
crops = np.concatenate([photo[:, 8:72, 48:112], photo[:, 96:, 48:112]])
style = np.concatenate([style_image(name, 64) for name in ("night", "mosaic")])
off = [float(reconstruct(model, encoder, adam, crops, style)) for _ in range(10)]
losses = [train_step(model, network, encoder, adam, crops, style) for _ in range(16)]

# %%
steps = np.arange(1, 17)
draw.curves({name: (steps, np.array([float(loss[name]) for loss in losses]))
             for name in ("content", "style")}, "both losses fall over 16 steps",
            "step", "loss, a share")

# %%
first, last = losses[0], losses[-1]
print("drawn back from codes: better", off[-1] < off[0] / 2, "  style: lower",
      last["style"] < first["style"] / 2)
assert off[-1] < off[0] / 2 and last["style"] < first["style"] / 2

# %% [markdown]
# The one that comes along saw 2000 steps of this, with other pictures in each: patterns, pieces of the photograph, and all our
# styles. (Therefore this photograph suits it. Try yours.)
#
# ## Becoming larger
#
# The code is a quarter of the picture's size, so the decoder doubles twice. In notebook 12 you saw two ways. This is the
# library's decoder with either, before it has learnt anything and after 20 steps of drawing one picture back:

# %%
from nnscratch.style.checkerboard import checkerboard_fraction, compare_upsamplings

small = photo[:, 24:72, 56:104]
untrained, trained = compare_upsamplings(small), compare_upsamplings(small, steps=20)
smooth, grid = (checkerboard_fraction(untrained[name]) for name in ("resize", "transposed"))
print("before training more than half of the transposed one's variance is the grid:", grid > 0.5)
print("of the other's less than a twentieth:", smooth < 0.05)
assert grid > 0.5 and smooth < 0.05
shown = {f"{name}, {when}": made[name][0].mean(axis=2) for name in ("resize", "transposed")
         for when, made in (("new", untrained), ("20 steps", trained))}
draw.images({"the photograph": small[0].mean(axis=2), **shown}, "grey images: by resizing the "
            "new decoder gives a weave without a grid, transposed convolution a checkerboard; "
            "after 20 steps both show a dark band, the second one eyes and dots, too", 1.7)

# %% [markdown]
# New, the first is a cloth without a period, and the second a grid. Twenty steps are few: both have found the dark cap over the
# bright forehead, and nobody would know whose it is. The transposed one is even ahead, with two dark places for the eyes; but
# all of it is made of dots. More steps make them weaker, not at once all of them. The network that comes along repeats pixels
# and convolves.
#
# ## What is lost
#
# Optimisation against one pass, for the same photograph and style. (What a picture shows, optimisation asks of the texture
# network's second convolution, which sees every pixel; the decoder was asked by a map of a quarter of the size.) How far is
# each from the style's Gram matrices, as the texture network sees them?

# %%
import time

from nnscratch.losses import gram_style_loss
from nnscratch.style.transfer import transfer_style

small, style = photo[:, :128, 16:144], style_image("mosaic", 128)


def distance(image):
    total = 0
    for ours, wanted in zip(network.forward(image), network.forward(style)):
        mu = wanted.mean(axis=(1, 2), keepdims=True)
        total += float(gram_style_loss(ours - mu, ops.gram_matrix(wanted - mu)[0])[0])
    return total

# %%
clock = [time.perf_counter()]
fast = stylizer(small, style)
clock.append(time.perf_counter())
optimised = transfer_style(small, style, steps=20).image
clock.append(time.perf_counter())
results = {"photograph": small, "one pass": fast, "optimised": optimised}
far = [distance(image) for image in results.values()]
print("nearer to the style from left to right:", far[0] > far[1] > far[2])
assert far[0] > far[1] > far[2]

# %%
draw.photographs({**{name: image[0] for name, image in results.items()}, "style": style[0]},
                 "the photograph, in one pass, by optimisation, and the style", 2.2)

# %% varies
print("one pass {:.2f} s, optimisation {:.1f} s".format(*np.diff(clock)))

# %% [markdown]
# The optimised picture has small strokes with dark and light edges, as the style has, and keeps what is sharp in the face. In
# one pass you get the palette, the contrast and a grain. It is softer, woven of small squares (a place of the code is 4 x 4
# pixels), and has much the same brush everywhere: 262 numbers about one code cannot say what nine Gram matrices do, and the
# decoder paints what served it on average. Neither has the large curves of the mosaic. What you gain is time: for films, and
# for trying out.
#
# ## Questions
#
# 1. $f$ twice as large everywhere: what happens to $t$? And $s$ twice as large?
# 2. Why is $\sum df = 0$ in every channel, but not $\sum ds$?
# 3. With one photograph for each style in a batch, batch normalisation instead of instance normalisation: what would mix?
#
# **Alone:** mix two styles: the mean of two adapted codes, then the decoder. And your own photograph:
# `nnscratch style PHOTO STYLE --fast -o OUT.png`.
#
# **Next:** [17 Making it fast](17_speed.ipynb)
