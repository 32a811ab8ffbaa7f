# %% [markdown]
# # 15 The Gram matrix: what goes with what, wherever it is
#
# **You will build** the numbers that style transfer takes for a style, and their gradient. At the end noise turns into a
# painting's texture, pulled by nothing but a few tables of averages.
#
# **You need** notebooks 01, 03 and 07.
#
# **It takes** about an hour and a half with the exercises; the notebook itself runs in some seconds.

# %%
import numpy as np

from nnscratch import ops
from nnscratch.course import checks, draw
from nnscratch.course.draw import Grid

# %% [markdown]
# ## Averages that forget where
#
# A convolution with $C$ kernels gives each pixel $C$ numbers, its *features*: how much of an edge there is, how much blue, and
# so on. Take a picture of 2 x 2 pixels with two channels. Laid out with a row for each pixel it is a matrix $F$ with
# $M = H \cdot W$ rows and $C$ columns:

# %%
x = np.array([[[2.0, 0], [2, 4]], [[0, -2], [0, 0]]])
F = x.reshape(-1, 2)
G = F.T @ F / 4
draw.grids([[Grid("Fᵀ", F.T), "@", Grid("F", F), "/ 4  =", Grid("G", G, (0, 1, 1, 1))]],
           "F transposed times F, divided by the four pixels, is G = [[2, 2], [2, 5]]")

# %% [markdown]
# The framed number asks: do channels 0 and 1 go together? Multiply them pixel by pixel, and take the mean:
# $(2 \cdot 0 + 2 \cdot 4 + 0 \cdot (-2) + 0 \cdot 0) / 4 = 2$. It is large if both are large in the same places, and below 0
# if one is above 0 where the other is below. On the diagonal each channel meets itself, and that says how strong it is. In
# letters:
#
# $$G_{ab} = \frac{1}{M} \sum_m F_{ma} F_{mb} \qquad \text{that is,} \qquad G = F^T F / M$$
#
# This is the *Gram matrix*; elsewhere you may find it without the $1/M$. It is symmetric, and its size depends on the number of
# channels alone, so pictures of different sizes can be compared. As loops, on an input whose sizes all differ:

# %%
rng = np.random.default_rng(0)
x = rng.normal(size=(4, 5, 3))
F = x.reshape(-1, 3)
by_loops = np.zeros((3, 3))
for a, b in np.ndindex(3, 3):
    for m in range(20):
        by_loops[a, b] += F[m, a] * F[m, b] / 20
print("loops and product agree:", np.allclose(by_loops, F.T @ F / 20))
assert np.allclose(by_loops, F.T @ F / 20)

# %% [markdown]
# ### Exercise: the Gram matrix
#
# Two lines: lay out, multiply.

# %% exercise=gram
def gram(x):
    """(H, W, C) -> (C, C)"""
    ...

# %%
checks.gram(gram)

# %% [markdown]
# ## Shuffle the pixels
#
# A sum does not care about the order of its terms. So if the pixels change places, $G$ stays. Here is a painting that the
# library draws, before and after. The features are its three colours:

# %%
from nnscratch.data.synthetic.styles import style_image

style = style_image("night", size=80)
shuffled = rng.permutation(style.reshape(-1, 3)).reshape(style.shape)
draw.images({"a painting": style[0], "its pixels, shuffled": shuffled[0]},
            "a painting of stars, and the same pixels in random order: noise")

# %%
before, after = ops.gram_matrix(style)[0][0], ops.gram_matrix(shuffled)[0][0]
assert np.allclose(before, after, atol=1e-5)
draw.grids([[Grid("before", before), "=", Grid("after", after)]],
           "the Gram matrices of the colours, before and after the shuffle: they are equal")

# %% [markdown]
# The colours' Gram matrix knows the palette and nothing else. Where, then, does the stroke of a brush come in? By features that
# look at more than one pixel. Take four filters of 3 x 3, each with a mean of 0, so that they answer to changes only. Shuffling
# their *answers* changes nothing, but shuffling the picture *before* the filters look at it does: what were strokes is noise,
# and noise changes from every pixel to the next.

# %%
filters = rng.normal(size=(3, 3, 3, 4)).astype(np.float32)
filters -= filters.mean(axis=(0, 1))
features, of_noise = ops.conv2d(style, filters)[0], ops.conv2d(shuffled, filters)[0]
moved = rng.permutation(features.reshape(-1, 4)).reshape(features.shape)
wanted, same, other = (ops.gram_matrix(f)[0][0] for f in (features, moved, of_noise))
assert np.allclose(wanted, same, atol=1e-3) and np.trace(other) > 2 * np.trace(wanted)
draw.grids([[Grid("of the image", wanted), "=", Grid("features shuffled", same), "≠",
             Grid("image shuffled", other)]],
           "Gram matrices of four features: shuffled features have the same, "
           "a shuffled image another")

# %% [markdown]
# That is what style transfer takes for *style*: **what goes with what, in windows of several sizes, wherever in the
# picture.** A convolution of a convolution looks at 5 x 5 pixels, a third one at 7 x 7, and pooling between them doubles
# that. So the Gram matrices of deeper layers know larger strokes. (It is a definition that works, and not all that a painter
# would call style.)
#
# ## Backward
#
# A loss $L$ will depend on $G$, and somebody gives us $dG_{ab} = \partial L / \partial G_{ab}$. What is $dF$? First with
# numbers. Back to the four pixels. Raise the 2 in row 1, column 0 of $F$, $F_{1,0}$, by a small $h$. The mean of channel 0
# squared rises by $2 \cdot 2h / 4 = h$, since the 2 meets itself (and by $h^2 / 4$, which is as good as nothing for a small
# $h$). The mean of the product with channel 1, which is 4 there, rises by $4h / 4 = h$, and this mean stands in $G$ *twice*, as
# $G_{0,1}$ and as $G_{1,0}$. With
#
# $$dG = \begin{pmatrix} 1 & 10 \\ 100 & 1000 \end{pmatrix}$$
#
# $L$ rises by $1h + 10h + 100h$, so $dF_{1,0} = 111$. Now with letters, step by step. $G_{ab}$ holds the product
# $F_{ma} F_{mb}$, so $F_{mc}$ appears as first factor where $a = c$, and as second where $b = c$. By the product rule
#
# $$\frac{\partial G_{ab}}{\partial F_{mc}} = \frac{1}{M} \big( [a = c]\, F_{mb} + F_{ma}\, [b = c] \big)$$
#
# where $[\;]$ is 1 if true and 0 if not. Multiply by $dG_{ab}$ and add over all $a$ and $b$. Each bracket leaves one sum:
#
# $$dF_{mc} = \frac{1}{M} \Big( \sum_b dG_{cb} F_{mb} + \sum_a F_{ma}\, dG_{ac} \Big)$$
#
# The first sum is $(F\, dG^T)_{mc}$, the second $(F\, dG)_{mc}$. Together:
#
# $$dF = F\, (dG + dG^T) / M$$
#
# As loops, and without, on the four pixels:

# %%
F, dG = np.array([[2.0, 0], [2, 4], [0, -2], [0, 0]]), np.array([[1.0, 10], [100, 1000]])
dF = np.zeros_like(F)
for m, c in np.ndindex(4, 2):
    for k in range(2):
        dF[m, c] += (dG[c, k] * F[m, k] + F[m, k] * dG[k, c]) / 4
print("dF[1, 0] =", dF[1, 0], "  loops and product agree:", np.allclose(dF, F @ (dG + dG.T) / 4))
assert dF[1, 0] == 111 and np.allclose(dF, F @ (dG + dG.T) / 4)

# %% [markdown]
# ### Exercise: the gradient

# %% exercise=gram_backward
def gram_backward(dG, x):
    """dx (H, W, C) for dG (C, C)"""
    ...

# %%
checks.gram_backward(gram_backward)

# %% [markdown]
# And measured, as in notebook 03. The library's op takes several pictures at once, each with a matrix of its own:

# %%
from nnscratch.gradcheck import check_op

several = rng.normal(size=(2, 4, 5, 3))
G, cache = ops.gram_matrix(several)
dG = rng.normal(size=G.shape)
F, both = several.reshape(2, 20, 3), dG + dG.swapaxes(1, 2)
same = np.allclose((F @ both / 20).reshape(several.shape), ops.gram_matrix_backward(dG, cache))
report = check_op(ops.gram_matrix, ops.gram_matrix_backward, [several], names=["x"])
print("the library has the same gradient:", same, "  measured:", report.ok)
assert same and report.ok

# %% [markdown]
# ## A pull
#
# Let $A$ be the Gram matrix of a texture. How far $G$ is from it says the mean of the squares, and its gradient by $G$ we know
# from notebook 01:
#
# $$L = \frac{1}{C^2} \sum_{ab} (G_{ab} - A_{ab})^2 \qquad dG = \frac{2}{C^2} (G - A)$$
#
# Then $dG$ goes back to the features.
#
# ### Exercise: loss and gradient
#
# Use the library's two ops. They take several pictures at once, and `x[None]` is a batch of one: `ops.gram_matrix(x[None])`
# gives $G$ in the shape (1, C, C), and a cache; `ops.gram_matrix_backward(dG, cache)` wants such a $dG$.

# %% exercise=gram_loss
def gram_loss(x, A):
    """L = mean of (G - A)², a number, and dx (H, W, C)"""
    ...

# %%
checks.gram_loss(gram_loss)

# %% [markdown]
# ## Why features are counted from their mean
#
# In the network that we will use, as in most, a relu ends each layer, so features are never negative. Two channels that have
# nothing to do with each other, but lie around 5 and 7, have $G_{ab} \approx 35$. In general a mean of products splits, with
# $\mu$ for the means:
#
# $$\text{mean}(f_a f_b) = \mu_a \mu_b + \text{mean}\big((f_a - \mu_a)(f_b - \mu_b)\big)$$
#
# The first part says only how bright channels are on average; the second says what varies with what, and is what we are after.
# The library has trained a network to tell textures apart. It gives nine feature maps: the picture itself, and what eight
# convolutions make of it, one after the other. How large are the two parts there, each as a table of $C \times C$ numbers, in
# sums of squares, beside $G$? (The shares need not add up to 100 %, for the tables are added, not their squares.)

# %%
from nnscratch.networks.texture_features import texture_features

network = texture_features()
maps = network.forward(style)
for f in maps:
    mu = f.mean(axis=(0, 1, 2))
    G, first, second = (ops.gram_matrix(f)[0], np.outer(mu, mu), ops.gram_matrix(f - mu)[0])
    assert np.allclose(G, first + second, atol=1e-4 * np.abs(G).max())
    of_first, of_second = (100 * (part**2).sum() / (G**2).sum() for part in (first, second))
    print(f"{f.shape[1]} x {f.shape[2]} pixels, {f.shape[3]:3} channels: "
          f"brightness {of_first:.0f} %, what varies {of_second:.0f} %")
    assert of_first > of_second

# %% [markdown]
# Brightness is the larger part in every map, and in the last ones nearly all there is. So we subtract the *style's* mean
# $\mu$, from the style and from our picture alike. A picture that is brighter than the style still has a $G$ that is too
# large, and is pulled back. And since $\mu$ is a constant, the backward stays as it was, with $F - \mu$ in the place of $F$.
#
# ## Noise becomes texture
#
# All parts together. Each of the nine maps has a pull, and they are added up. But numbers are larger in some maps than in
# others, and those would decide alone; so each pull is divided by the size of what there is to pull, the Gram matrix $A_k$ of
# the style and $B_k$ of the noise that we begin with:
#
# $$L = \frac19 \sum_k \frac{\text{mean}\big((G_k - A_k)^2\big)}{\text{mean}(A_k^2) + \text{mean}(B_k^2)}$$
#
# All nine gradients go backward through the network, down to the *pixels*: we do not train weights, we train the picture.

# %%
noise = rng.random(style.shape, np.float32)
means = [f.mean(axis=(1, 2), keepdims=True) for f in maps]
targets = [ops.gram_matrix(f - mu)[0] for f, mu in zip(maps, means)]
starts = [ops.gram_matrix(f - mu)[0] for f, mu in zip(network.forward(noise), means)]
wholes = [np.mean(A**2) + np.mean(B**2) for A, B in zip(targets, starts)]


def pull(image):
    loss, gradients, ours = 0, [], network.forward(image, remember=True)
    for f, mu, A, whole in zip(ours, means, targets, wholes):
        G, cache = ops.gram_matrix(f - mu)
        loss += np.mean((G - A)**2) / whole / 9
        dG = 2 * (G - A) / A.size / whole / 9
        gradients.append(ops.gram_matrix_backward(dG, cache))
    return loss, network.backward(gradients, wrt="input")

# %% [markdown]
# We could walk downhill as in notebook 01. L-BFGS as a rule needs fewer steps: from how the gradient changed over the last
# steps it guesses how the loss is bent, and so how far to go. It is a hundred lines in `nnscratch/lbfgs.py`.

# %%
from nnscratch.lbfgs import LBFGS

minimizer, images = LBFGS(pull, noise), {}
first = minimizer.loss
for step in range(61):
    if step in (0, 5, 20, 60):
        images[f"step {step}"] = minimizer.x[0].clip(0, 1)
    minimizer.step()
print("the loss is less than a hundredth of the first:", minimizer.loss < first / 100)
assert minimizer.loss < first / 100

# %%
draw.images({**images, "the style": style[0]},
            "noise after 0, 5, 20 and 60 steps: patches of blue, yellow and orange appear", 1.7)

# %% [markdown]
# Blue, yellow and orange, in patches with bright edges, and none is where it was. The long strokes are not there: tables of
# averages over small windows do not know them. The picture was pulled by nine such tables and nine rows of means, and by no
# pixel of the painting.
#
# ## The class does the same
#
# `style.objective.Objective` is our `pull` with two more terms: one for the content of a photograph, one for smoothness. With
# their weights at 0 nothing else is left. (It computes in another order, in float32: hence the tolerance.)

# %%
from nnscratch.style.objective import Objective

objective = Objective(network, noise, [style], content_weight=0, style_weight=1, smoothness=0,
                      content_layer=4)
(loss, gradient), (ours, our_gradient) = objective(noise), pull(noise)
close = np.allclose(gradient, our_gradient, rtol=1e-3, atol=1e-7)
same = np.isclose(loss, ours, rtol=1e-4) and close
print("Objective has our loss and our gradient:", same)
assert same

# %% [markdown]
# ## Questions
#
# 1. Turn the style by 90 degrees. Does the Gram matrix of its colours change? That of its filters' answers?
# 2. If all features double, what happens to $G$, and to $dF$ for the same $dG$?
# 3. $F$ has $M \cdot C$ numbers, $G$ about $C^2 / 2$ different ones, so something must be lost. Look at the last of the nine
#    maps: how small would the picture have to be for $G$ to have more numbers than $F$?
#
# **Alone:** take another style, "mosaic" or "hatching". Leave out all maps but the first two: what is lost?
#
# **Next:** [15 Style transfer on your own photograph](15b_transfer.ipynb)
