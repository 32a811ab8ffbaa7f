# %% [markdown]
# # 16 Matching statistics: colour, AdaIN, style in one pass
#
# In notebook 15 every photograph cost dozens of steps. How far does one get without any? This notebook matches means,
# variances and covariances by formula: first of colours, then of features. A network that learnt to use such statistics then
# transfers style in one forward pass.
#
# **You will build** a colour transfer, adaptive instance normalisation (AdaIN), and its backward pass from your own batch
# normalisation.
#
# **You need** notebooks 11 and 15.
#
# **It takes** about an hour and a half; the notebook itself runs in a few seconds. No later notebook needs this one.

# %%
import numpy as np

from nnscratch import ops
from nnscratch.course import checks, draw, own
from nnscratch.data.images import photograph, read_image
from nnscratch.data.synthetic.styles import style_image

PATH = photograph()  # later your own, "me.jpg"; some assertions hold for this one alone
photo, night = read_image(PATH, 190)[0][:160, :160], style_image("night", 160)[0]
photo = photo[:len(photo) // 4 * 4, :photo.shape[1] // 4 * 4]  # sides that are multiples of 4
draw.photographs({"photograph": photo, "night": night}, "a portrait and a painted night sky", 1.6)

# %% [markdown]
# **Figure 16.1.** A photograph, and the image whose colours it is to get.
#
# ## One channel by hand
#
# The values $x = (3, 5, 7)$ have mean 5 and variance $8/3$; the values $y = (0, 1, 2)$ have mean 1 and variance $2/3$.
# Subtract the mean of $x$, multiply by $\sqrt{2/3} / \sqrt{8/3} = 1/2$, and add the mean of $y$: $(0, 1, 2)$. The result has
# the mean and the variance of $y$. (Here it is $y$ itself, since both rise evenly.)
#
# ## Three channels: the covariance
#
# A colour is a point in space, with red, green and blue as coordinates. An image is a cloud of $M$ such points. Its
# [covariance](glossary.md#covariance) is a matrix with an entry for each pair of channels: the mean product of their values,
# after the mean of each channel is subtracted. It is the Gram matrix of the centred colours. It says how wide the cloud is, and
# which channels vary together.
#
# Let $x$ have the covariance $C_x$, and $y$ the covariance $C_y$. Multiply each centred colour of $x$ by a matrix $A$. Colours
# are rows, so this is $x A^T$, and it has the covariance $A\, C_x A^T$. Which $A$ makes this $C_y$? With one channel it was a
# root of one variance divided by that of the other. A symmetric matrix has a symmetric root, too. Its eigenvectors stay, and
# its eigenvalues get the power:

# %%
C = np.array([[5.0, 4], [4, 5]])
values, vectors = np.linalg.eigh(C)  # C = vectors @ diag(values) @ vectors.T
root = vectors * values**0.5 @ vectors.T
print(root.round(6))
assert np.allclose(root, [[2, 1], [1, 2]]) and np.allclose(root @ root, C)

# %% [markdown]
# ### Exercise (derive): colours with a given mean and covariance
#
# Find the $A$ that is a product of two symmetric roots. (Other matrices do it as well.) Add $\epsilon$ to the diagonal of $C_x$
# first (`np.eye`), so that a grey photograph does no harm.

# %% exercise=matched_colours
def matched_colours(x, y, epsilon):
    """(M, C), (K, C), a number -> (M, C)"""
    ...

# %%
checks.matched_colours(matched_colours)

# %%
def recoloured(image, other):
    """The image (H, W, 3) in the colours of the other."""
    rows = own.matched_colours(image.reshape(-1, 3), other.reshape(-1, 3), 1e-4)
    return rows.reshape(image.shape).clip(0, 1)


draw.photographs({"photograph": photo, "night's colours": recoloured(photo, night),
                  "night": night, "portrait's colours": recoloured(night, photo)},
                 "a portrait and a night sky, each also in the colours of the other", 1.4)

# %% [markdown]
# **Figure 16.2.** Each image in the colours of the other: no network, and every edge stays where it was.

# %%
clouds = {"photograph": photo, "recoloured": recoloured(photo, night), "night": night}
draw.clouds({name: image.reshape(-1, 3)[:, [0, 2]] for name, image in clouds.items()},
            "three clouds of colours; the second has the place and the shape of the third",
            "red", "blue", every=61)

# %% [markdown]
# **Figure 16.3.** Red and blue of one pixel in 61. The recoloured cloud has the mean and the covariance of the night's. Each
# ellipse lies two standard deviations from the mean.
#
# ## Features instead of colours
#
# Notebook 15 went beyond colours by features. Do the same here: give the *features* of the photograph the statistics of the
# style's features. A covariance of 128 channels is expensive, so keep only the mean and the variance of each channel.
#
# Batch normalisation (notebook 11) computes both over a batch.
# [Instance normalisation](glossary.md#instance-normalisation-adain) computes them over the pixels of one image alone, and has
# no running mean:
#
# $$y = \gamma \hat x + \beta \qquad \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}$$
#
# Dumoulin et al. trained one network for 32 styles this way: all convolutions shared, and a row of $\gamma$ and $\beta$ for
# each style. The table `gammas[which]` looks the row up:

# %%
rng = np.random.default_rng(0)
x, which = rng.normal(size=(3, 4, 5, 2)), np.array([2, 0, 2])  # three images; the style of each
gammas, betas = rng.normal(size=(7, 2)), rng.normal(size=(7, 2))  # seven styles
mean, var = x.mean(axis=(1, 2), keepdims=True), x.var(axis=(1, 2), keepdims=True)
y = gammas[which][:, None, None] * (x - mean) / np.sqrt(var + 1e-5) + betas[which][:, None, None]
each = [ops.instance_norm(x[n:n + 1], gammas[k], betas[k])[0] for n, k in enumerate(which)]
print("the library's instance norm agrees:", np.allclose(y, np.concatenate(each)))
assert np.allclose(y, np.concatenate(each))

# %% [markdown]
# ## AdaIN: any style
#
# A table covers only the styles it was trained for. But any style image *has* a mean and a standard deviation in each channel.
# *Adaptive* instance normalisation takes $\gamma$ and $\beta$ from there: the result $t$ has the mean and the
# standard deviation of the style's features $s$, and the pattern of the photograph's features $f$.
#
# With the numbers of notebook 11: $f = (3, 9, 11, 17)$ has mean 10 and standard deviation 5. A style $s = (-1, 3)$ has mean 1
# and standard deviation 2. So $t = (-1.8, 0.6, 1.4, 3.8)$, for $\epsilon = 0$. Check the first: 3 is 1.4 standard deviations
# below the mean of $f$, and $-1.8$ is 1.4 standard deviations below the mean of $s$.
#
# ### Exercise (predict): what AdaIN keeps
#
# What happens to $t$ (`"same"`, `"doubled"` or `"changed"`), with $\epsilon = 0$, if
#
# 1. the pixels of $s$ change places at random,
# 2. all values of $f$ are doubled,
# 3. all values of $s$ are doubled?
# 4. The features have 128 channels. How many numbers does $t$ receive from $s$?

# %% exercise=adain_keeps
adain_keeps = [..., ..., ..., ...]

# %%
checks.adain_keeps(adain_keeps)

# %% [markdown]
# ### Exercise (build): AdaIN
#
# Put $\epsilon$ under both roots, that of $f$ and that of $s$.

# %% exercise=adain
def adain(f, s, epsilon):
    """(H, W, C), (H', W', C), a number -> t (H, W, C)"""
    ...

# %%
checks.adain(adain)

# %%
f, s = np.array([3.0, 9, 11, 17]).reshape(2, 2, 1), np.array([-1.0, 3]).reshape(1, 2, 1)
t = own.adain(f, s, 0.0)
print("t =", t.ravel().round(2), "  2f:", own.adain(2 * f, s, 0.0).ravel().round(2),
      "  2s:", own.adain(f, 2 * s, 0.0).ravel().round(2))
assert np.allclose(t.ravel(), [-1.8, 0.6, 1.4, 3.8]) and np.allclose(own.adain(2 * f, s, 0.0), t)

# %% [markdown]
# ### Exercise (derive): the backward pass of AdaIN
#
# Let $\gamma$ be the standard deviation of $s$ and $\beta$ its mean; then $t$ is a batch normalisation of $f$, which is one
# image: `f[None]` is a batch of one. So `own.batch_norm_backward(dy, x, gamma, epsilon)` of notebook 11 gives three of the
# four results. New is $ds$: how
# does one pixel of $s$ change $\beta$, and how $\gamma$? With $dt = (1, 0, 0, 4)$ and the numbers above, $\beta$ gets the
# gradient 5, $\gamma$ gets 4.2, and $ds = (0.4, 4.6)$.

# %% exercise=adain_backward
def adain_backward(dt, f, s, epsilon):
    """dt like f -> df (H, W, C), dstd (C,), dmean (C,), ds (H', W', C)"""
    ...

# %%
checks.adain_backward(adain_backward)

# %%
_, dstd, dmean, ds = own.adain_backward(np.array([1.0, 0, 0, 4]).reshape(2, 2, 1), f, s, 0.0)
print("dmean =", dmean, "  dstd =", dstd.round(2), "  ds =", ds.ravel().round(2))
assert np.allclose([*dmean, *dstd, *ds.ravel()], [5, 4.2, 0.4, 4.6])

# %%
f, s, dt = rng.normal(size=(3, 4, 2)), rng.normal(size=(2, 3, 2)), rng.normal(size=(3, 4, 2))
df, _, _, ds = own.adain_backward(dt, f, s, 0.1)
df_measured = own.numeric_gradient(lambda f: (dt * own.adain(f, s, 0.1)).sum(), f, 1e-5)
ds_measured = own.numeric_gradient(lambda s: (dt * own.adain(f, s, 0.1)).sum(), s, 1e-5)
same = np.allclose(df, df_measured, atol=1e-8) and np.allclose(ds, ds_measured, atol=1e-8)
print("gradient check passed:", same)
assert same

# %% [markdown]
# ## Style in one pass
#
# AdaIN takes $\gamma$ and $\beta$ from the map of the style that lies at the same place in the network. The library's
# `Stylizer` learns to compute them. It describes the style by the mean and the standard deviation of 352 channels of the
# texture network, as logarithms. From these 704 numbers, dense layers compute $\gamma$ and $\beta$ for eight instance
# normalisations. They stand in a network of convolutions, which draws only the change:
#
# $$y = x + \tanh(\text{network}(x, \gamma, \beta))$$
#
# Here $x$ is the photograph with the colours of the style and, for strokes of every size, its contrast. The network was trained
# to have Gram matrices like the style's: training is paid once, and not for each image. It also gets noise, from which
# it makes strokes; without it, a clear sky would stay empty in every style.

# %%
from nnscratch.networks.stylizer import noise, style_statistics
from nnscratch.style.bands import match_appearance
from nnscratch.style.stylizer import Stylizer

stylizer = Stylizer()


def one_pass(image, style):
    """The image in a style: colours and contrast, one pass of the network, colours."""
    x = match_appearance(image[None], style[None])
    numbers = style_statistics(stylizer.style_features.forward(style[None]))
    y = stylizer.network.forward([x, numbers, *noise(x.shape)])
    return recoloured(y[0].clip(0, 1), style)


styles = {name: style_image(name, 160)[0] for name in ("night", "mosaic", "hatching", "ink")}
made = {name: one_pass(photo, style) for name, style in styles.items()}
library = stylizer(photo[None], styles["ink"][None], 60)[0]
print("the library's class gives the same:", np.allclose(library, made["ink"], atol=0.01))
assert np.allclose(library, made["ink"], atol=0.01)
assert style_statistics(stylizer.style_features.forward(photo[None])).shape == (1, 704)

# %%
draw.photographs(styles, "a night sky, orange tiles, black hatching, waves of blue ink", 1.4)

# %% [markdown]
# **Figure 16.4.** Four styles. All are drawn by the library.

# %%
draw.photographs(made, "the portrait in blue, orange, black lines, and dark blue", 1.4)

# %% [markdown]
# **Figure 16.5.** The photograph in each of them, in one pass: palette, contrast and strokes of the style are there.
#
# ## What is lost
#
# Compare with 20 steps of optimisation, for the same photograph and style. How far is each image from the style's Gram
# matrices, in the sense of notebook 15?

# %%
from nnscratch.losses import gram_style_loss
from nnscratch.networks.texture_features import texture_features
from nnscratch.style.transfer import transfer_style

small, mosaic = photo[:128, 16:144], style_image("mosaic", 128)[0]
network = texture_features()


def distance(image):
    """The sum over the layers of the relative style loss."""
    total = 0
    for ours, wanted in zip(network.forward(image[None]), network.forward(mosaic[None])):
        mu = wanted.mean(axis=(1, 2), keepdims=True)
        total += float(gram_style_loss(ours - mu, ops.gram_matrix(wanted - mu)[0])[0])
    return total

# %%
optimised = transfer_style(small[None], mosaic[None], steps=20).image[0]
three = {"photograph": small, "one pass": one_pass(small, mosaic), "optimised": optimised}
far = [distance(image) for image in three.values()]
print("closer to the style from left to right:", far[0] > far[1] > far[2])
assert far[0] > far[1] > far[2]
draw.photographs({**three, "style": mosaic},
                 "the portrait, in broad orange strokes, with fine edges, and orange tiles", 1.4)

# %% [markdown]
# **Figure 16.6.** Optimisation lays fine tiles over the photograph and keeps the face; one pass draws broader strokes, much the
# same everywhere, and no tiles.
#
# That is no surprise: 704 means and standard deviations cannot say what nine Gram matrices say. The gain is speed, for
# films and for trying things out. As the network draws a change, one can also go a part of the way, or further:

# %%
amounts = {f"strength {k}": stylizer(photo[None], night[None], k)[0] for k in (15, 50, 100)}
draw.photographs({"photograph": photo, **amounts},
                 "the portrait, then three times in blue and yellow, more and more", 1.4)

# %% [markdown]
# **Figure 16.7.** A part of the way (15), five sixths of it (50, the default), and beyond (100).
#
# With a photograph of your own: `nnscratch style photo.jpg night --fast -o out.png` in a terminal.
#
# ## Questions
#
# 1. Why is the sum of $df$ over the pixels 0 in every channel, but not that of $ds$?
#
# <details><summary>Answer</summary>
#
# A constant added to $f$ does not change $t$, so its gradient is 0. A constant added to $s$ is added to $t$.
#
# </details>
#
# 2. A grey photograph: why does $C_x^{-1/2}$ not exist, and what does $\epsilon$ do?
#
# <details><summary>Answer</summary>
#
# Grey colours lie on a line, so two eigenvalues of $C_x$ are 0, and their power $-1/2$ is infinite. With $\epsilon$ they are
# $\epsilon$.
#
# </details>
#
# 3. A batch has one photograph for each of several styles. What would batch normalisation do in place of instance
#    normalisation?
#
# <details><summary>Answer</summary>
#
# It would take one mean and variance over all of them, so that each result depends on the other photographs.
#
# </details>
#
# ## References
#
# - Reinhard, Ashikhmin, Gooch, Shirley (2001), *Color transfer between images*
# - Gatys, Bethge, Hertzmann, Shechtman (2016), *Preserving color in neural artistic style transfer*, section 2
# - Ulyanov, Vedaldi, Lempitsky (2017), *Improved texture networks*
# - Dumoulin, Shlens, Kudlur (2017), *A learned representation for artistic style*, section 2
# - Huang and Belongie (2017), *Arbitrary style transfer in real-time with adaptive instance normalization*, section 5
#
# **Next:** [17 Making it fast](17_speed.ipynb)
