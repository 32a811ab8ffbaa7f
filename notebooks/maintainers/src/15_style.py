# %% [markdown]
# # 15 Texture and style: the Gram matrix
#
# Can a style be written down in numbers? This notebook takes a painting, reduces it to nine tables of averages, and
# changes a photograph until its own tables are close to them. All gradients outside the network are your own.
#
# **You will build** the Gram matrix and its backward pass, a style loss, a smoothness term, and finally milestone M4: a
# step that takes a photograph towards the style of a painting, with your own Adam.
#
# **You need** notebooks 07, 10 and 14.
#
# **It takes** about two and a half hours, in two sittings; the notebook itself runs in less than a minute. In a browser it runs
# in two minutes, with smaller images and fewer steps.

# %%
import sys

import numpy as np

from nnscratch import ops
from nnscratch.course import checks, draw, own
from nnscratch.course.draw import Grid
from nnscratch.data.images import photograph, read_image
from nnscratch.data.synthetic.styles import style_image

PATH = photograph()  # later your own, "me.jpg"; some assertions hold for this one alone
IN_BROWSER = sys.platform == "emscripten"  # NumPy is slow there
SIZE, CORAL, STEPS = (48, 48, 10) if IN_BROWSER else (96, 72, 20)
photo = read_image(PATH, SIZE)[0]
style, coral = style_image("night", SIZE)[0], style_image("coral", CORAL)[0]
draw.photographs({"photograph": photo, "night": style, "coral": coral},
                 "a woman in uniform, a night sky, dark and light cells with red edges", 1.3)

# %% [markdown]
# **Figure 15.1.** The photograph (Grace Hopper, 1984), and two images whose style is to be measured: a night sky in broad
# strokes, and a coral.
#
# ## A table that forgets positions
#
# A convolutional layer gives each pixel $C$ features. Write them as a matrix $F$, one row for each of the $M = H W$ pixels.
# The [Gram matrix](glossary.md#gram-matrix) $G$ has one entry for each pair of channels. Entry $G_{co}$ is the mean, over all
# pixels, of the product of channel $c$ and channel $o$. Here are four pixels with two channels. The framed entry is
# $(2 \cdot 0 + 2 \cdot 4 + 0 \cdot (-2) + 0 \cdot 0) / 4 = 2$:

# %%
four = np.array([[2.0, 0], [2, 4], [0, -2], [0, 0]])
entries = np.array([[2.0, 2], [2, 5]])
assert entries[0, 1] == (four[:, 0] * four[:, 1]).mean()
draw.grids([[Grid("F", four), "→", Grid("G", entries, (0, 1, 1, 1))]],
           "four pixels with two channels have the Gram matrix [[2, 2], [2, 5]]", 0.5)

# %% [markdown]
# **Figure 15.2.** $G$ has a row and a column for each channel; the pixels are averaged out.
#
# A large $G_{co}$ says that both features are strong at the same pixels. The diagonal says how strong each one is.
#
# ### Exercise (predict): what changes the Gram matrix?
#
# By which factor does every entry of $G$ change if
#
# 1. the pixels change places at random,
# 2. all features are doubled,
# 3. the image is put beside a copy of itself, so that there are twice as many pixels?
# 4. How many entries has $G$ for an image of 80 x 60 pixels with 32 channels?

# %% exercise=gram_changes
gram_changes = [..., ..., ..., ...]

# %%
checks.gram_changes(gram_changes)

# %% [markdown]
# ### Exercise (build): the Gram matrix
#
# Loops first if you like; it can be done in one line.

# %% exercise=gram
def gram(F):
    """(M, C) -> (C, C)"""
    ...

# %%
checks.gram(gram)

# %%
assert np.allclose(own.gram(four), entries)
doubled, twice = own.gram(2 * four), own.gram(np.concatenate([four, four]))
print("features doubled:", doubled.ravel() / entries.ravel(),
      "  beside its copy:", twice.ravel() / entries.ravel())
assert np.allclose(doubled, 4 * entries) and np.allclose(twice, entries)

# %% [markdown]
# ## Style is what survives a shuffle of the features
#
# Shuffle the pixels of an image, and the Gram matrix of its colours stays. But the features of a convolution see several
# pixels at once. Four random filters of 3 x 3, each with mean 0, respond to changes between neighbours. Shuffle their
# *output*, and $G$ stays. Shuffle the *image*, and the filters see noise:

# %%
rng = np.random.default_rng(0)
shuffled = rng.permutation(coral.reshape(-1, 3)).reshape(coral.shape)
filters = rng.normal(size=(3, 3, 3, 4)).astype(np.float32)
filters -= filters.mean(axis=(0, 1))
features, of_noise = (ops.conv2d(image[None], filters)[0].reshape(-1, 4)
                      for image in (coral, shuffled))
tables = [own.gram(F) for F in (features, rng.permutation(features), of_noise)]
colours, same_colours = (own.gram(image.reshape(-1, 3)) for image in (coral, shuffled))
assert np.allclose(colours, same_colours, atol=1e-4)
assert np.allclose(tables[0], tables[1], atol=1e-4)
assert np.trace(tables[2]) > 2 * np.trace(tables[0])
names = "image", "features shuffled", "image shuffled"
first, second, third = (Grid(name, table) for name, table in zip(names, tables))
draw.grids([[first, "=", second, "≠", third]],
           "four filters: equal for shuffled features, another for a shuffled image", 0.42)

# %% [markdown]
# **Figure 15.3.** The Gram matrix of four filters keeps the pattern inside their windows, and nothing about where it is.
#
# So a texture is described by how strongly its features occur together, at any position. Deeper layers see larger windows.
# This is a definition that works, and not all that a painter would call style.
#
# ## Backward
#
# A loss $L$ depends on $G$, and $dG$ is given. What is $dF$? By hand, with the four pixels and
#
# $$dG = \begin{pmatrix} 1 & 10 \\ 100 & 1000 \end{pmatrix}$$
#
# Raise $F_{1,0} = 2$, in row 1 and column 0, by a small $\delta$. It is multiplied by itself in $G_{00}$, which rises by $2
# \cdot 2 \delta / 4 = \delta$ (and by $\delta^2/4$, which is negligible). It is multiplied by its neighbour 4 in $G_{01}$,
# which rises by $4 \delta / 4 = \delta$, and so does $G_{10}$. Altogether $L$ rises by $1 \delta + 10 \delta + 100 \delta$:
# $dF_{1,0} = 111$. The value 1000 plays no part.
#
# ### Exercise (derive): the gradient of the Gram matrix
#
# On paper: in which entries of $G$ does $F_{n,c}$, channel $c$ of pixel $n$, occur? Write $dF_{n,c}$ as a sum, then all of $dF$
# with a matrix product.

# %% exercise=gram_backward
def gram_backward(dG, F):
    """(C, C), (M, C) -> dF (M, C)"""
    ...

# %%
checks.gram_backward(gram_backward)

# %%
dF = own.gram_backward(np.array([[1.0, 10], [100, 1000]]), four)
print(f"dF[1, 0] = {dF[1, 0]:g}")
assert np.isclose(dF[1, 0], 111)

# %% [markdown]
# ### Exercise (build): the style loss of a layer
#
# Let $G^s$ be the Gram matrix of the style. The *style loss* is the mean squared difference of the entries:
#
# $$L = \frac{1}{C^2} \sum_{c,\,o} (G_{co} - G^s_{co})^2$$
#
# Return $L$ and its gradient with respect to $F$, with the two functions that you have built: `own.gram` and
# `own.gram_backward`.

# %% exercise=style_loss
def style_loss(F, G_s):
    """(M, C), (C, C) -> L, dF (M, C)"""
    ...

# %%
checks.style_loss(style_loss)

# %%
F, G_s = rng.normal(size=(6, 3)), np.eye(3)
L, dF = own.style_loss(F, G_s)
measured = own.numeric_gradient(lambda F: own.style_loss(F, G_s)[0], F, 1e-5)
print("gradient check passed:", np.allclose(dF, measured, atol=1e-8))
assert np.allclose(dF, measured, atol=1e-8)

# %% [markdown]
# ## Noise becomes texture
#
# The features come from a network that the library has trained to tell textures apart. It has nine layers: the image itself,
# layer 0, and eight convolutions. Its weights are fixed. Gatys, Ecker and Bethge, who invented the method, used a larger
# network, VGG. We differ in three points:
#
# - They have no $1/M$ in $G$, and divide the loss instead.
# - We subtract the style's mean $\mu$ from each channel. Features after a ReLU are never negative, so without this most of $G$
#   would be products of means.
# - We divide the style loss of each layer by the mean of $(G^s)^2$ plus the mean of $G^2$ at the start, so that no layer
#   decides alone.

# %%
from nnscratch.networks.texture_features import texture_features

model = texture_features()

# %%
for f in model.forward(style[None]):
    mu, G = f.mean(axis=(0, 1, 2)), own.gram(f.reshape(-1, f.shape[3]))
    assert np.linalg.norm(np.outer(mu, mu)) > np.linalg.norm(G - np.outer(mu, mu))  # most of G


def centred(style):
    """The network, with the style's mean subtracted from each channel."""
    means = [f.mean(axis=(0, 1, 2)) for f in model.forward(style[None])]

    def network(x):
        maps = model.forward(x[None].astype(np.float32), remember=True)

        def backward(dF):
            dF = [d.reshape(f.shape).astype(f.dtype) for d, f in zip(dF, maps)]
            return model.backward(dF, wrt="input")[0]
        return [f.reshape(-1, f.shape[3]) - mu for f, mu in zip(maps, means)], backward
    return network

# %% [markdown]
# `network(x)` returns the features of all layers, and a function that takes the list of their gradients back to the pixels:
# we train the image, not the weights.

# %%
def relative(G_s, F):
    """A weight for each layer: the mean of the layers' losses, each divided by its size."""
    return [1 / len(F) / (np.mean(G**2) + np.mean(own.gram(f)**2)) for G, f in zip(G_s, F)]


noise, of_coral = rng.random(coral.shape, np.float32), centred(coral)
coral_G = [own.gram(F) for F in of_coral(coral)[0]]
coral_w = relative(coral_G, of_coral(noise)[0])


def texture_loss(x):
    F, backward = of_coral(x)
    parts = [own.style_loss(f, G) for f, G in zip(F, coral_G)]
    return (sum(w * L for w, (L, _) in zip(coral_w, parts)),
            backward([w * dF for w, (_, dF) in zip(coral_w, parts)]))

# %% [markdown]
# Gradient descent would do. L-BFGS needs fewer steps: it estimates the curvature from the last ten gradients (the library's
# `lbfgs.py`). This is [texture synthesis](glossary.md#texture-synthesis):

# %%
from nnscratch.lbfgs import LBFGS

minimizer, frames = LBFGS(texture_loss, noise), {}
first_loss = minimizer.loss
for step in range(61):
    if step in (0, 5, 20, 60):
        frames[f"step {step}"] = minimizer.x.clip(0, 1)
    minimizer.step()
print("loss below a hundredth of the first:", minimizer.loss < first_loss / 100)
assert minimizer.loss < first_loss / 100
draw.photographs({**frames, "style": coral}, "noise becomes cells with red edges", 1.2)

# %% [markdown]
# **Figure 15.4.** Noise after 0, 5, 20 and 60 steps: cells of the style's size and colour, at other places than in the style.
#
# ## Content: features at their positions
#
# [Style transfer](glossary.md#style-transfer) adds a photograph. Its [content loss](glossary.md#content-loss-style-loss) is
# the mean squared error of notebook 02 between the features of one layer: `own.mse(F, F_c)`. Here positions matter. What does a
# layer keep? Start from noise, and minimise the content loss of one layer alone:

# %%
network = centred(style)
F_c, start = network(photo)[0], rng.random(photo.shape, np.float32)


def content_alone(x, k):
    F, backward = network(x)
    dF = [np.zeros_like(f) for f in F]
    L, dF[k] = own.mse(F[k], F_c[k])
    return L, backward(dF)


kept = {}
for k in (1, 2, 3, 5, 8):
    one = LBFGS(lambda x, k=k: content_alone(x, k), start)
    for _ in range(STEPS):
        one.step()
    kept[k] = one.x.clip(0, 1)

# %%
def restored(axes, layer):
    axes.imshow(kept[layer], interpolation="nearest")
    axes.set_axis_off()


draw.explore(restored, "from layer 2 the portrait in paler colours, from 5 its edges amid coloured "
             "noise, from 8 patches in noise", layer=list(kept), shown=[(2,), (5,), (8,)],
             size=(1.7, 2.1), jpeg=True)

# %% [markdown]
# **Figure 15.5.** What a layer keeps of the photograph: layer 2 nearly everything in paler colours, layer 5 edges amid coloured
# noise, layer 8 little. In a running notebook a slider shows five layers.
#
# Gatys et al. take a deep layer. We take layer 2: from a deep layer of this small network, little of the photograph comes
# back.
#
# ## Smoothness
#
# Content and style loss hardly penalise noise of single pixels. So neighbouring pixels should differ little. The
# [smoothness term](glossary.md#total-variation-smoothness) is the sum of all squared differences of neighbours, down and
# across, divided by the number of values in $x$. (Total variation sums absolute differences; squares make it a quadratic
# smoothness term.) The three pixels $(1, 3, 2)$ have the differences $2$ and $-1$, so $L = (4 + 1) / 3$. If the middle one
# rises by a small $\delta$, then $2^2$ rises by $4 \delta$ and $(-1)^2$ by $2 \delta$: its gradient is $6/3 = 2$.
#
# ### Exercise (derive): the smoothness term
#
# Derive $dx$ for a pixel with four neighbours first.

# %% exercise=smoothness
def smoothness(x):
    """(H, W, C) -> L, dx (H, W, C)"""
    ...

# %%
checks.smoothness(smoothness)

# %%
L, dx = own.smoothness(np.array([1.0, 3, 2]).reshape(1, 3, 1))
print(f"L = {L:.3f}, dx of the middle pixel = {dx[0, 1, 0]:.3f}")
assert np.isclose(L, 5 / 3) and np.isclose(dx[0, 1, 0], 2)

# %% [markdown]
# ## Milestone M4: one step of style transfer
#
# The whole loss has a weight for each term and layer $\ell$:
#
# $$L = \sum_\ell \big( w_c^\ell L_c^\ell + w_s^\ell L_s^\ell \big) + w_x L_x$$
#
# $L_c^\ell$ is the content loss of layer $\ell$, $L_s^\ell$ its style loss, $L_x$ the smoothness term.
#
# ### Exercise (build): `style_step`
#
# Compute $L$ at $x$ and the gradient with respect to $x$. Then take a step by `own.adam(w, m, v, dw, step, lr, beta1, beta2,
# epsilon)` of notebook 14, with 0.9, 0.99 and 1e-8 for the last three, and clip the new $x$ to [0, 1]. As above, `F, backward
# = network(x)`. `targets` is the pair of lists `F_c`, `G_s`, and `weights` the triple `w_c`, `w_s` (lists) and `w_x` (a
# number). The check has a network `pixels`, whose only layer is the pixels themselves.

# %% exercise=style_step
def style_step(x, m, v, step, lr, network, targets, weights):
    """x, m, v (H, W, C); network(x) -> F, backward; F_c, G_s; w_c, w_s, w_x -> L, x, m, v"""
    ...

# %%
checks.style_step(style_step)

# %% [markdown]
# Content has weight 1, relative to the photograph's features, in layer 2 alone. Style has weight 30, spread over all layers,
# and smoothness 0.3.

# %%
style_G = [own.gram(F) for F in network(style)[0]]
targets = F_c, style_G
w_c = [0.0] * 9
w_c[2] = 1 / np.mean(model.forward(photo[None])[2]**2)
weights = w_c, [30 * w for w in relative(style_G, F_c)], 0.3

x, losses = (photo, np.zeros_like(photo), np.zeros_like(photo)), []
for step in range(1, 61):
    L, *x = own.style_step(*x, step, 0.02, network, targets, weights)
    losses.append(float(L))
print("loss below a tenth of the first:", losses[-1] < losses[0] / 10)
assert losses[-1] < losses[0] / 10
draw.photographs({"photograph": photo, "60 steps": x[0], "style": style},
                 "the portrait, the same in blue and yellow strokes, and the night sky", 1.6)

# %% [markdown]
# **Figure 15.6.** The photograph after 60 of your own steps: the colours and strokes of the night, at the photograph's forms.

# %% varies
own.who("M4")

# %% [markdown]
# ## The library's class, and L-BFGS
#
# `style.objective.Objective` computes the same loss. After the first step Adam's $m$ is a tenth of the gradient, so both can be
# compared:

# %%
from nnscratch.style.objective import Objective


def objective(content, painting, weight):
    return Objective(model, content[None], [painting[None]], content_weight=1, style_weight=weight,
                     smoothness=weight / 100, content_layer=2)

# %%
loss, gradient = objective(photo, style, 30)(photo[None])
L, _, m, _ = own.style_step(photo, 0 * photo, 0 * photo, 1, 0.02, network, targets, weights)
close = np.allclose(10 * m, gradient[0], atol=1e-3 * abs(gradient).max())
same = np.isclose(L, loss, rtol=1e-4) and close
print("the same loss and gradient:", same)
assert same

# %%
def minimise(function, begin, steps):
    """The image after so many steps of L-BFGS, and the losses."""
    descent = LBFGS(function, begin[None])
    falling = [descent.loss] + [descent.step() for _ in range(steps)]
    return descent.x[0].clip(0, 1), falling


random = np.random.default_rng(1).random(photo.shape, np.float32)
by_lbfgs, from_noise = (minimise(objective(photo, style, 30), begin, 40)[1]
                        for begin in (photo, random))

# %%
assert by_lbfgs[-1] < 0.9 * min(from_noise[-1], losses[-1])
paths = {"Adam, from the photograph": losses, "L-BFGS, from the photograph": by_lbfgs,
         "L-BFGS, from noise": from_noise}
draw.curves({name: (np.arange(len(path)), np.array(path) / losses[0])
             for name, path in paths.items()},
            "three falling losses; L-BFGS from the photograph is lowest", "step",
            "loss / first loss", log="y", height=2.8)

# %% [markdown]
# **Figure 15.7.** L-BFGS needs fewer steps than Adam. From noise it needs more than from the photograph, whose edges it must
# find first.
#
# ## How much style?
#
# Only the ratio of the weights decides where the minimum is. Weights that look far apart may give images that look alike, so
# let us measure the mean absolute difference of the pixels, which are in [0, 1]:

# %%
strengths = [0.1, 1, 10, 100, 1000]
stylised = {s: minimise(objective(photo, style, s), photo, STEPS)[0] for s in strengths}
apart = [abs(stylised[a] - stylised[b]).mean() for a, b in ((0.1, 10), (10, 1000))]
print("neighbours differ by more than 0.05:", min(apart) > 0.05)
assert min(apart) > 0.05


def panel(axes, weight):
    axes.imshow(stylised[weight], interpolation="nearest")
    axes.set_axis_off()


draw.explore(panel, "the portrait at three style weights: more and more blue, yellow and rough",
             weight=strengths, shown=[(0.1,), (10,), (1000,)], size=(1.7, 2.1), jpeg=True)

# %% [markdown]
# **Figure 15.8.** Three style weights; neighbouring images differ by more than 0.05 a pixel on average. In a running notebook a
# slider shows five.
#
# ## Small first, then large
#
# On a large image a filter sees only the grain of a brush stroke. So stylise a small image first, where the same window covers
# a whole stroke; then enlarge the result, and start the large one from it.

# %%
large, large_style = (read_image(PATH, 5 * SIZE // 3)[0],
                      style_image("night", 5 * SIZE // 3)[0])
at_large = objective(large, large_style, 100)
enlarged = ops.resize2d(stylised[100][None], large.shape[:2])[0][0]
at_once, both = (minimise(at_large, begin, 15)[0] for begin in (large, enlarged))
draw.photographs({"large at once": at_once, "small, then large": both},
                 "two portraits in blue and yellow: fine curls on the wall, and broad swirls", 2.1)

# %% [markdown]
# **Figure 15.9.** With the small image first, the wall behind her has broad swirls; without it, grain.
#
# In a terminal, `nnscratch style photo.jpg night -o out.png` does all this, with several styles and masks if you like.
#
# ## Questions
#
# 1. The image is turned by 90 degrees. Does the Gram matrix of its colours change? That of its filters?
#
# <details><summary>Answer</summary>
#
# Colours: no, the same pixels are averaged. Filters: yes, since an edge filter responds to one direction.
#
# </details>
#
# 2. Why does the content loss compare position by position, and the style loss not?
#
# <details><summary>Answer</summary>
#
# The content is where things are, so positions must be kept. A style should fit anywhere.
#
# </details>
#
# 3. $F$ has $M C$ values, $G$ about $C^2/2$ different ones. When does $G$ have more?
#
# <details><summary>Answer</summary>
#
# If $M < C/2$: with 128 channels for fewer than 64 pixels, as in the last layers of a very small image.
#
# </details>
#
# ## References
#
# - Gatys, Ecker, Bethge (2015), *Texture synthesis using convolutional neural networks*
# - Gatys, Ecker, Bethge (2016), *Image style transfer using convolutional neural networks*, section 2
# - Li, Wang, Liu, Hou (2017), *Demystifying neural style transfer*
# - Mahendran and Vedaldi (2015), *Understanding deep image representations by inverting them*
# - Rudin, Osher, Fatemi (1992), *Nonlinear total variation based noise removal algorithms*
# - Liu and Nocedal (1989), *On the limited memory BFGS method for large scale optimization*
#
# **Next:** [16 Matching statistics: colour, AdaIN, style in one pass](16_statistics.ipynb)
