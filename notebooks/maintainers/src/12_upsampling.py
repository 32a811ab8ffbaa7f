# %% [markdown]
# # 12 Transposed convolution and checkerboards
#
# A generator must make images larger. The layer for it, the transposed convolution, often leaves a pattern of dots that is not
# in the data. Where do the dots come from, and how does one avoid them?
#
# **You will build** the transposed convolution and its backward pass, which you know already; a count of its overlaps, which
# explains the dots; and the usual remedy.
#
# **You need** notebooks [07](07_convolution.ipynb) and [08](08_convolution_backward.ipynb).
#
# **It takes** about an hour and a half with the exercises; the notebook itself runs in seconds.

# %%
import numpy as np

from nnscratch import ops
from nnscratch.course import checks, draw, own
from nnscratch.course.digits import digits

digit = digits("validation", 16).images[3]
large = digit[None, :, :, None]
for _ in range(2):
    large, _ = ops.conv2d_transpose(large, np.ones((3, 3, 1, 1)), strides=2, padding="same")
draw.images({"16 x 16": digit, "64 x 64": large[0, :, :, 0]},
            "a digit, and the same enlarged by two transposed convolutions: a regular pattern of "
            "dots covers its strokes", inches=2.6)

# %% [markdown]
# **Figure 12.1.** A digit enlarged by two transposed convolutions: a regular pattern of dots covers the strokes. (All weights
# are 1 here, which makes the pattern easy to see.)
#
# ## Three numbers by hand
#
# In notebook 08 the backward pass of a convolution added a copy of the kernel to $dx$ for each output gradient, scaled by that
# gradient. A [transposed convolution](glossary.md#transposed-convolution) does the same in its *forward* pass, with the copies
# $S$ pixels apart: this is [upsampling](glossary.md#upsampling). Take $x = (2, 1, 3)$, the kernel $(1, 10, 100)$ and $S = 2$:
#
# | | 0 | 1 | 2 | 3 | 4 | 5 | 6 |
# |---|---|---|---|---|---|---|---|
# | $2 \cdot (1, 10, 100)$ | 2 | 20 | 200 | | | | |
# | $1 \cdot (1, 10, 100)$ | | | 1 | 10 | 100 | | |
# | $3 \cdot (1, 10, 100)$ | | | | | 3 | 30 | 300 |
# | $y$ | 2 | 20 | 201 | 10 | 103 | 30 | 300 |
#
# Three values have become seven. Where kernels overlap, their values add up.

# %%
x, K = np.array([2.0, 1, 3]), np.array([1.0, 10, 100])
y = np.zeros(7)
for w in range(3):
    y[2 * w:2 * w + 3] += x[w] * K
print("y", y)
assert y.tolist() == [2, 20, 201, 10, 103, 30, 300]

# %%
nine = np.array([[1.0, 2, 1], [0, -1, 3], [2, 1, 1]])
draw.stamps_film(nine, np.array([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]), 2)

# %% [markdown]
# **Figure 12.2.** Each value of $x$ adds a scaled copy of the kernel to $y$, two pixels apart; where copies overlap, their
# values add up.
#
# With channels, the kernel has the shape $(KH, KW, O, C)$, output channels before input channels, for a reason that comes
# below:
#
# $$y_{n,\;S h + i,\;S w + j,\;o} \;\text{+=}\; \sum_c x_{n,h,w,c}\; K_{i,j,o,c} \qquad \text{for all } n, h, w, i, j, o$$
#
# ### Exercise (derive): the size
#
# How many values has $y$ along one side? In a convolution, a padding $P$ adds $P$ zeros at either end; here it cuts $P$ values
# off at either end. Try it for three values, a kernel of 3 and $S = 2$, as above; then for letters.

# %% exercise=transposed_size
def transposed_size(size, kernel, stride, padding):
    """whole numbers -> the size of the output along one side"""
    ...

# %%
checks.transposed_size(transposed_size)

# %%
for kernel, padding in ((3, 0), (4, 0), (4, 1)):
    size = own.transposed_size(7, kernel, 2, padding)
    print(f"7 values, kernel {kernel}, stride 2, padding {padding}: {size}")
    theirs, _ = ops.conv2d_transpose(np.ones((1, 7, 7, 1)), np.ones((kernel, kernel, 1, 1)),
                                     strides=2, padding=padding)
    assert theirs.shape[1] == size

# %% [markdown]
# A kernel of 4 with stride 2 and padding 1 doubles the size exactly, which is why generators use it so often.
#
# ### Exercise (build): the transposed convolution
#
# Your `conv_dx(dy, K)` of notebook 08 is the case of stride 1, with `x` in the place of `dy`. Generalise it. The padding is 0:
# nothing is cut off.

# %% exercise=conv_transpose
def conv_transpose(x, K, stride):
    """(N, H, W, C), (KH, KW, O, C) -> y (N, (H-1) stride + KH, (W-1) stride + KW, O)"""
    ...

# %%
checks.conv_transpose(conv_transpose)

# %%
rng = np.random.default_rng(0)
x, K = rng.normal(size=(2, 5, 4, 3)), rng.normal(size=(3, 2, 6, 3))
y = own.conv_transpose(x, K, 2)
same = np.allclose(own.conv_transpose(x, K, 1), own.conv_dx(x, K))
theirs, _ = ops.conv2d_transpose(x, K, strides=2, padding=0)
print("with stride 1 it is your conv_dx:", same, "  the library agrees:", np.allclose(y, theirs))
assert same and np.allclose(y, theirs)

# %% [markdown]
# ### Exercise (build): its backward pass
#
# Forward, $x_{h,w}$ was added to a whole window of $y$, times the kernel. Its gradient is made of the gradients of this window.
# Predict which of your functions from notebooks 07 and 08 does that; then call it, as `own.name(...)`. One line is enough. If
# it asks for a bias, give it zeros.

# %% exercise=conv_transpose_dx
def conv_transpose_dx(dy, K, stride):
    """dy in the shape of y, K (KH, KW, O, C) -> dx (N, H, W, C)"""
    ...

# %%
checks.conv_transpose_dx(conv_transpose_dx)

# %%
u = rng.normal(size=y.shape)
dx = own.conv_transpose_dx(u, K, 2)
measured = own.numeric_gradient(lambda v: (u * own.conv_transpose(v, K, 2)).sum(), x, 1e-5)
print("gradient check passed:", np.allclose(dx, measured))
assert np.allclose(dx, measured)

# %% [markdown]
# ## The adjoint of a convolution
#
# So a convolution with stride $S$ and the transposed convolution with the same kernel are each other's backward pass: they are
# adjoint. For the convolution the kernel is $(KH, KW, \text{in}, \text{out})$, and its inputs are our outputs: hence the order
# of the axes. The test of notebook 08, with two random arrays:
#
# $$\langle u, \text{conv}(v) \rangle = \langle \text{conv}^T(u), v \rangle$$

# %%
u, v = rng.normal(size=x.shape), rng.normal(size=y.shape)
left = (u * own.conv2d(v, K, np.zeros(3), 2)).sum()
right = (own.conv_transpose(u, K, 2) * v).sum()
print(f"<u, conv(v)> = {left:.6f}    <convᵀ(u), v> = {right:.6f}")
assert np.isclose(left, right)

# %% [markdown]
# It is the transpose, not the inverse, although many call it "deconvolution". It restores the size, not the image. Even the
# size is not certain: a convolution with kernel 3, stride 2 and padding 1 makes 3 pixels of 5, and of 6 as well. To get 6
# again, one asks for `output_padding=1`: at the end, one row and one column less are cut off. Kernels reach this row, so it
# does not hold zeros:

# %%
ones = np.ones((1, 3, 3, 1)), np.ones((3, 3, 1, 1))
six, _ = ops.conv2d_transpose(*ones, strides=2, padding=1, output_padding=1)
print("last row of 6:", six[0, -1, :, 0])
assert six.shape[1] == 6 and six[0, -1, :, 0].tolist() == [1, 2, 1, 2, 1, 1]

# %% [markdown]
# ## Why there are dots
#
# Let $x$ and the kernel be 1 everywhere. Then each value of $y$ is the number of kernels that cover it.
#
# ### Exercise (predict): how many kernels?
#
# Three values, a kernel of 3, stride 2, so $y_0$ to $y_6$. How many kernels cover $y_1$? And $y_2$? In an image, with a kernel
# of 3 x 3 and stride 2: how many at most cover one pixel? And in a row, with a kernel of 4 and stride 2: how many cover a value
# that is far from both ends?

# %% exercise=covering
covering = [
    ...,  # on y[1], kernel 3
    ...,  # on y[2], kernel 3
    ...,  # at most on a pixel, kernel 3 x 3
    ...,  # on a value inside of a row, kernel 4
]

# %%
checks.covering(covering)

# %% [markdown]
# ### Exercise (build): count them
#
# For any size, kernel and stride, along a row. In an image the counts of rows and columns multiply.

# %% exercise=overlap
def overlap(size, kernel, stride):
    """-> how many kernels cover each of the (size - 1) stride + kernel values of a row"""
    ...

# %%
checks.overlap(overlap)

# %%
def panel(axes, kernel, stride):
    row = own.overlap(4, kernel, stride)
    counts = np.outer(row, row)
    axes.imshow(counts, cmap="Blues", vmin=0, vmax=1.6 * counts.max())
    for (r, c), count in np.ndenumerate(counts):
        axes.text(c, r, f"{count:g}", ha="center", va="center", fontsize=10)
    axes.set(xticks=[], yticks=[])


draw.explore(panel, "how many kernels cover each pixel: kernels of 2 and 4 at stride 2 and of 3 at "
             "stride 3 cover the inside evenly, the others in a pattern",
             kernel=[2, 3, 4, 5], stride=[2, 3], size=(2.9, 3.1),
             shown=[(2, 2), (3, 2), (4, 2), (5, 2), (2, 3), (3, 3)])

# %% [markdown]
# **Figure 12.3.** How many kernels cover each pixel of $y$, made of 4 x 4 pixels of $x$: the inside is *even*, the same
# everywhere, only where the stride divides the kernel, as 2 divides 2 and 4, and 3 divides 3.
#
# Otherwise the counts repeat with the period of the stride: a [checkerboard artifact](glossary.md#checkerboard-artifact). But
# an even overlap is only half of the remedy. Let $x$ be 1 everywhere, and the kernel $(1, 5, 2, 3)$ at stride 2. A value with
# an even index gets $1 + 2 = 3$, the others $5 + 3 = 8$:

# %%
stripes = own.conv_transpose(np.ones((1, 1, 6, 1)), np.array([1.0, 5, 2, 3]).reshape(1, 4, 1, 1), 2)
print(stripes.ravel())
assert stripes.ravel()[2:-2].tolist() == [3, 8] * 5

# %% [markdown]
# Each value of $y$ meets only every second weight, and nothing makes the two groups agree.
#
# ## Resize, then convolve
#
# The other way to upsample repeats every pixel, $(1, 2) \to (1, 1, 2, 2)$, and then convolves with stride 1. Now every value of
# $y$ meets every weight, and a constant input stays constant, but at the border. It is a transposed convolution, too, but one
# of a special kind. Repeat by 2 and convolve with $(K_0, K_1, K_2)$: then $x_w$ reaches four values of $y$, with the weights
# $(K_2,\; K_1 + K_2,\; K_0 + K_1,\; K_0)$: the middle two meet both copies of $x_w$. The first and the third weight have the
# sum $K_2 + K_0 + K_1$, the second and the fourth $K_1 + K_2 + K_0$: always the same.

# %%
K = np.array([1.0, 5, 2])
line = rng.normal(size=(1, 1, 6, 1))
padded = np.pad(np.repeat(line, 2, axis=2), ((0, 0), (0, 0), (1, 1), (0, 0)))
resized = own.conv2d(padded, K.reshape(1, 3, 1, 1), np.zeros(1))
wide = np.array([K[2], K[1] + K[2], K[0] + K[1], K[0]]).reshape(1, 4, 1, 1)
added = own.conv_transpose(line, wide, 2)[:, :, 1:-1]
print("the same:", np.allclose(resized, added))
assert np.allclose(resized, added)

# %% [markdown]
# Now on images. Eight smooth images of 16 x 16 pixels become 32 x 32, in three ways, by random kernels of mean 0, as a network
# has at its start. Each kernel is scaled so that $y$ is about as large as $x$.

# %%
def transposed(x, K):
    return ops.conv2d_transpose(x, K, strides=2, padding="same")


def resize_and_convolve(x, K):
    return ops.conv2d(ops.upsample2d(x, 2)[0], K, padding="same")


def start(name, seed):
    k = WAYS[name][2]
    met = k * k / 4 if name.startswith("transposed") else k * k  # weights that meet a pixel
    return np.random.default_rng(seed).normal(0, met**-0.5, (k, k, 1, 1))


WAYS = {"transposed, 3 x 3": (transposed, ops.conv2d_transpose_backward, 3),
        "transposed, 4 x 4": (transposed, ops.conv2d_transpose_backward, 4),
        "resize, then 3 x 3": (resize_and_convolve, ops.conv2d_backward, 3)}
smooth, _ = ops.resize2d(rng.normal(size=(8, 5, 5, 1)), (32, 32))
half, _ = ops.avg_pool2d(smooth, 2)

# %%
enlarged = {name: way(half, start(name, 1))[0][0, :, :, 0] for name, (way, _, _) in WAYS.items()}
draw.images({"16 x 16": half[0, :, :, 0], **enlarged},
            "a smooth image enlarged by random kernels: both transposed convolutions cover it with "
            "a pattern of two pixels, resizing and convolving does not")

# %% [markdown]
# **Figure 12.4.** A smooth image enlarged by random kernels: both transposed convolutions cover it with a pattern of period 2,
# even the one whose overlap is even; resizing and convolving does not.
#
# ## Does training remove it?
#
# Each kernel now learns to restore the smooth images from their halves. `checkerboard_fraction` measures the *checkerboard
# energy*: which fraction of the variance of the pixels lies at a period of about two pixels. It is 1 for a checkerboard. Here
# it is before training, for three seeds:

# %%
from nnscratch.style.checkerboard import checkerboard_fraction

board = np.indices((32, 32)).sum(axis=0)[None, :, :, None] % 2
assert np.isclose(checkerboard_fraction(board), 1)
first = {name: [checkerboard_fraction(way(half, start(name, seed))[0]) for seed in range(3)]
         for name, (way, _, _) in WAYS.items()}
for name, energy in first.items():
    print(f"{name:20} {np.round(energy, 2)}")
assert min(first["transposed, 3 x 3"] + first["transposed, 4 x 4"]) > 0.35
assert max(first["resize, then 3 x 3"]) < 0.2

# %%
energies, losses = {}, {}
for name, (way, way_backward, _) in WAYS.items():
    K, path = start(name, 1), []
    for _ in range(101):
        y, cache = way(half, K)
        path.append(checkerboard_fraction(y))
        losses[name] = np.mean((y - smooth)**2)
        K = K - 0.2 * way_backward(2 * (y - smooth) / y.size, cache)[1]
    energies[name] = np.arange(101), np.array(path)
target = checkerboard_fraction(smooth)
draw.curves({**energies, "the smooth images": (np.arange(101), np.full(101, target))},
            "checkerboard energy over 100 steps: both transposed convolutions begin high and fall "
            "to the energy of the targets, resizing and convolving begins low", "step",
            "checkerboard energy", log="y")

# %% [markdown]
# **Figure 12.5.** Both transposed convolutions begin with a hundred times the checkerboard energy of the smooth images, their
# targets, and lose most of it within 50 steps; resizing and convolving begins far lower.

# %%
for name, (_, path) in energies.items():
    print(f"{name:20} energy {path[0]:.3f}, then {path[50]:.3f} and {path[100]:.3f};"
          f" loss {losses[name]:.3f}")
print(f"{'the smooth images':20} energy {target:.3f}")
for name in ("transposed, 3 x 3", "transposed, 4 x 4"):
    assert energies[name][1][0] > 100 * target and energies[name][1][50] < energies[name][1][0] / 20
assert energies["transposed, 4 x 4"][1][100] < target
assert min(losses, key=losses.get) == "resize, then 3 x 3"

# %% [markdown]
# The transposed convolution of 4 x 4 ends even *below* the energy of the targets. Yet its loss is higher than that of resizing
# and convolving, which is the lowest: energy is not quality. So training can remove the pattern. But here it adjusts only 9 or
# 16 weights. In a generator it adjusts those of many layers at once, and some of the pattern may remain. The backward pass has
# the pattern, too: that of a *convolution* with kernel 3 and stride 2 is the transposed convolution of Figure 12.3, so its
# input gradient has a checkerboard.
#
# ## The library's classes

# %%
from nnscratch.layers import Conv2D, Conv2DTranspose, UpSampling2D

layer = Conv2DTranspose(filters=6, kernel_size=4, strides=2, padding="same")
y = layer.forward(x, training=True)
by_hand = own.conv_transpose(x, layer.params["kernel"].astype(float), 2)[:, 1:-1, 1:-1]
other = Conv2D(filters=6, kernel_size=3, padding="same").forward(UpSampling2D(2).forward(x))
same = np.allclose(y, by_hand + layer.params["bias"], atol=1e-5)
print("Conv2DTranspose is yours, cropped:", same)
print("both ways:", x.shape, "->", y.shape, "=", other.shape)
assert same and other.shape == y.shape == (2, 10, 8, 6)

# %% [markdown]
# ## Questions
#
# 1. With stride 3, which kernel sizes cover the inside evenly?
#    <details><summary>Answer</summary>
#
#    The multiples of 3. Each value then meets as many weights as any other.
#
#    </details>
# 2. What does $y$ look like for a kernel of 2 and stride 4?
#    <details><summary>Answer</summary>
#
#    Pairs of values with gaps of two zeros between them, which no kernel covers.
#
#    </details>
# 3. Is the transposed convolution the inverse of the convolution?
#    <details><summary>Answer</summary>
#
#    No, its adjoint. It gives the shape back, not the values, which are lost in general.
#
#    </details>
# 4. How many products does one pixel of $y$ cost, for one channel in and out, with a transposed convolution of 4 x 4 at
#    stride 2, and how many with resizing and 3 x 3?
#    <details><summary>Answer</summary>
#
#    4 against 9: of the 16 weights only every second one in each direction meets a given pixel.
#
#    </details>
#
# ## References
#
# - Zeiler, Krishnan, Taylor and Fergus (2010), *Deconvolutional networks*
# - Dumoulin and Visin (2016), *A guide to convolution arithmetic for deep learning*, section 4
# - Odena, Dumoulin and Olah (2016), *Deconvolution and checkerboard artifacts*
# - Aitken et al. (2017), *Checkerboard artifact free sub-pixel convolution*
#
# **Next:** [13 The shape of a generator](13_generator.ipynb)
