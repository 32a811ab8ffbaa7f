# %% [markdown]
# # 08 Backpropagation through a convolution
#
# Twenty images went through a filter that we do not know. We have the images before and after. **Can gradient descent find the
# kernel?** It can, once we have the gradients of a convolution.
#
# **You will build** all of its gradients: with respect to the kernel, from which it learns; with respect to the input, which
# the layer before needs; and both at once, from parts that you have. On the way: why `col2im` does not undo `im2col`.
#
# **You need** notebooks 03 and 07.
#
# **It takes** about two hours with the exercises; the notebook itself runs in seconds.

# %%
import numpy as np

from nnscratch.course import checks, draw, own
from nnscratch.course.checks.image_filters import unknown_filter
from nnscratch.course.checks.wrong_gradients import suspects
from nnscratch.course.draw import Grid

rng = np.random.default_rng(0)
images = rng.normal(size=(20, 12, 12, 1))
target = unknown_filter(images)  # the kernel is 3 x 3; no bias
draw.heatmaps({"an image": images[0, :, :, 0], "after the filter": target[0, :, :, 0]},
              "an image of random values before and after an unknown filter", inches=0.2)

# %% [markdown]
# **Figure 8.1.** One of twenty images of random values (blue is positive, orange negative), and what the unknown filter made of
# it. Which nine numbers did that?
#
# ## The smallest case
#
# Three pixels $x = (1, 2, 4)$ and a kernel of two weights $K = (3, 5)$, in one dimension. The window has two positions:
#
# $$y_0 = x_0 K_0 + x_1 K_1 = 13 \qquad y_1 = x_1 K_0 + x_2 K_1 = 26$$
#
# Let the upstream gradient be $dy = (1, 10)$. The weight $K_0$ is used twice, once with $x_0$ and once with $x_1$. It is a
# fan-out, so its gradients add; and so do those of $K_1$:
#
# $$dK_0 = dy_0 x_0 + dy_1 x_1 = 21 \qquad dK_1 = dy_0 x_1 + dy_1 x_2 = 42$$
#
# The pixel $x_1$ is read by both windows, $x_0$ and $x_2$ by one each:
#
# $$dx_0 = dy_0 K_0 = 3 \qquad dx_1 = dy_0 K_1 + dy_1 K_0 = 35 \qquad dx_2 = dy_1 K_1 = 50$$

# %%
x, K, dy = np.array([1.0, 2.0, 4.0]), np.array([3.0, 5.0]), np.array([1.0, 10.0])


def loss(x, K):
    return (dy * np.array([x[0] * K[0] + x[1] * K[1], x[1] * K[0] + x[2] * K[1]])).sum()


dx = own.numeric_gradient(lambda x: loss(x, K), x, 1e-4)
dK = own.numeric_gradient(lambda K: loss(x, K), K, 1e-4)
print("measured: dx", dx.round(6), " dK", dK.round(6))
assert np.allclose(dx, [3, 35, 50]) and np.allclose(dK, [21, 42])

# %% [markdown]
# As in notebook 03, an array $dy$ becomes a loss by $L = \sum dy \cdot y$, whose gradient with respect to $y$ is $dy$.
#
# ## The gradient with respect to the kernel
#
# In the smallest case: $dK_j = \sum_w dy_w\, x_{w+j}$. With images, channels and two dimensions, write down for one weight
# $K_{i,j,c,o}$ all products in which it occurs; the forward formula is
#
# $$y_{n,h,w,o} = b_o + \sum_i \sum_j \sum_c x_{n,\;h+i,\;w+j,\;c}\; K_{i,j,c,o}$$
#
# ### Exercise (derive): the kernel's gradient
#
# First on paper: which indices are summed over? Then as code. Two loops are enough: for a fixed $(i, j)$ the pixels that meet
# this weight form an image as large as `dy`.

# %% exercise=conv_dkernel
def conv_dkernel(dy, x):
    """(N, OH, OW, O), (N, H, W, C) -> (KH, KW, C, O)"""
    ...

# %%
checks.conv_dkernel(conv_dkernel)

# %% [markdown]
# ## The gradient with respect to the input
#
# Forward, a window reads a patch of $x$ through the kernel. A pixel lies in several windows, each of which belongs to another
# output:

# %%
middle = np.array([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]])
windows = [Grid(f"read for y[{h}, {w}]", middle, (h, w, 2, 2), numbers=False)
           for h in range(2) for w in range(2)]
draw.grids([[part for window in windows for part in (window, " ")][:-1]],
           "four windows of 2 x 2 on an image of 3 x 3; the middle pixel is in all of them", 0.4)

# %% [markdown]
# **Figure 8.2.** The four windows of 2 x 2 on an image of 3 x 3. All of them read the blue pixel: each through which weight?
#
# ### Exercise (derive): the input's gradient
#
# First for the blue pixel, with a kernel of four weights. Then with images and channels: which indices are summed over for one
# pixel $x_{n,h,w,c}$?

# %% exercise=conv_dx
def conv_dx(dy, K):
    """(N, OH, OW, O), (KH, KW, C, O) -> (N, H, W, C)"""
    ...

# %%
checks.conv_dx(conv_dx)

# %%
x, K, b = rng.normal(size=(2, 4, 5, 2)), rng.normal(size=(3, 2, 2, 3)), rng.normal(size=3)
dy = rng.normal(size=(2, 2, 4, 3))
measured = own.numeric_gradient(lambda x: (dy * own.conv2d(x, K, b)).sum(), x, 1e-4)
assert np.allclose(own.conv_dx(dy, K), measured, atol=1e-6)
print("conv_dx agrees with the measured gradient on", measured.size, "pixels")

# %% [markdown]
# Seen from the outputs, each of them gives its gradient to the pixels of its window:

# %%
draw.scaled_kernels(np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([[1.0, 10.0], [3.0, 5.0]]),
                    [(0, 0), (0, 1), (1, 1)])

# %% [markdown]
# **Figure 8.3.** Each output gradient adds a copy of the kernel, scaled by that gradient, to the input gradient.
#
# Seen from a pixel, the gradient comes from the windows that begin at it, above it or to its left.
# That is again a convolution: of $dy$ with $KH - 1$ rows and $KW - 1$ columns of zeros on each side, and with the kernel
# flipped along both axes. Input and output channels change places.

# %%
wide = np.pad(dy, ((0, 0), (2, 2), (1, 1), (0, 0)))
flipped = K[::-1, ::-1].transpose(0, 1, 3, 2)
assert np.allclose(own.conv2d(wide, flipped, np.zeros(2)), own.conv_dx(dy, K))

# %% [markdown]
# ## The adjoint
#
# Why does each backward pass look like a mirror image of the forward pass? A convolution without bias is linear in $x$, and
# everything linear is a matrix. Take an image of 3 x 4 and a kernel of 2 x 2. With the 12 pixels written as a column, each of
# the 6 outputs is a row of numbers times that column: $y = Ax$. Column $d$ of $A$ is the output for an image that is 1 at
# pixel $d$ and 0 elsewhere:

# %%
small = np.array([[1.0, 2.0], [3.0, -1.0]])[:, :, None, None]
A = own.conv2d(np.eye(12).reshape(12, 3, 4, 1), small, np.zeros(1)).reshape(12, 6).T
draw.heatmaps({"A: y = A x": A, "Aᵀ: dx = Aᵀ dy": A.T},
              "a convolution as a 6 x 12 matrix, and its transpose", inches=0.25)

# %% [markdown]
# **Figure 8.4.** A convolution as a matrix, and its transpose: most of it is 0, and each row of $A$ holds the same
# four weights, moved.
#
# $A$ is the Jacobian of the convolution. So the vector-Jacobian product of notebook 03 says $dx = A^T dy$: **the backward
# pass of anything linear is its transpose.** For the dense layer that is `dy @ W.T`. Nobody builds $A$ for a convolution;
# your `conv_dx` *is* $A^T$. A transpose that is not written as a matrix is called the [adjoint](glossary.md#adjoint), and
# needs none to be recognised: for all $u$ and $v$
#
# $$\langle u, A v \rangle = \langle A^T u, v \rangle$$
#
# where $\langle\;,\,\rangle$ is the sum of the products of the elements. Two random arrays test a whole backward pass by two
# numbers:

# %%
v, u = rng.normal(size=(1, 3, 4, 1)), rng.normal(size=(1, 2, 3, 1))
left = (u * own.conv2d(v, small, np.zeros(1))).sum()
right = (own.conv_dx(u, small) * v).sum()
print(f"<u, A v> = {left:.6f}    <Aᵀ u, v> = {right:.6f}")
assert np.isclose(left, right) and np.allclose(A.T @ u.ravel(), own.conv_dx(u, small).ravel())

# %% [markdown]
# ## The adjoint of im2col
#
# In notebook 07 a convolution became two steps: `im2col` copies patches into rows, and a dense layer multiplies them by the
# kernel. The backward pass of the dense layer you have. `im2col` is linear, so it has an adjoint. Its name is `col2im`. A
# pixel that was copied into several rows is a fan-out once more.
#
# ### Exercise (build): col2im
#
# Stride 1, no padding; rows in the order $(i, j, c)$.

# %% exercise=col2im
def col2im(columns, kh, kw):
    """(N, OH, OW, kh*kw*C) -> (N, H, W, C)"""
    ...

# %%
checks.col2im(col2im)

# %% [markdown]
# `col2im` sounds as if it undid `im2col`. Does it?
#
# ### Exercise (predict): ones through both
#
# An image of 4 x 5 ones and a window of 3 x 2: what is `col2im(im2col(x))` at the pixels (0, 0), (0, 2), (1, 0) and (2, 3)?

# %% exercise=coverage
coverage = [..., ..., ..., ...]

# %%
checks.coverage(coverage)

# %%
count = own.col2im(own.im2col(np.ones((1, 4, 5, 1)), 3, 2), 3, 2)[0, :, :, 0]
image = np.arange(1.0, 21).reshape(1, 4, 5, 1)
both = own.col2im(own.im2col(image, 3, 2), 3, 2)
assert np.allclose(both[0, :, :, 0], image[0, :, :, 0] * count)
draw.grids([[Grid("x", image[0, :, :, 0]), "·", Grid("windows", count), "=",
             Grid("col2im(im2col(x))", both[0, :, :, 0])]],
           "an image, how many windows cover each pixel, and their product", inches=0.38)

# %% [markdown]
# **Figure 8.5.** `col2im(im2col(x))` is every pixel times the number of windows that cover it: the adjoint is not the inverse.
#
# ### Exercise (build): the whole backward pass
#
# Three gradients from parts that you have: `own.im2col`, `own.dense_backward`, `own.col2im`. Mind the shapes:
# `dense_backward` wants two axes.

# %% exercise=conv2d_backward
def conv2d_backward(dy, x, K):
    """(N, OH, OW, O), (N, H, W, C), (KH, KW, C, O) -> dx, dK, db"""
    ...

# %%
checks.conv2d_backward(conv2d_backward)

# %%
measured = [own.numeric_gradient(f, start, 1e-4) for f, start in [
    (lambda x: (dy * own.conv2d(x, K, b)).sum(), x),
    (lambda K: (dy * own.conv2d(x, K, b)).sum(), K),
    (lambda b: (dy * own.conv2d(x, K, b)).sum(), b)]]
for name, mine, slope in zip(("dx", "dK", "db"), own.conv2d_backward(dy, x, K), measured):
    assert np.allclose(mine, slope, atol=1e-6)
    print(name, mine.shape, "agrees with the measured gradient")

# %% [markdown]
# ### Exercise (debug): five backward passes
#
# `suspects()` is a dictionary of five functions, "A" to "E", each called like yours: `backward(dy, x, K)`. Some are wrong.
# Return the letters of the wrong ones. You cannot read their code, but you can call them; which inputs let a wrong one show
# itself?

# %%
x_ones = np.ones((1, 3, 3, 1))
for letter, backward in suspects().items():
    dx, dK, db = backward(np.ones((1, 1, 1, 1)), x_ones, np.ones((3, 3, 1, 1)))
    print(letter, dx.sum(), dK.sum(), db[0])
    assert (dx.sum(), dK.sum(), db[0]) == (9, 9, 1)  # all alike: these inputs show nothing

# %% exercise=guilty
def guilty():
    """The letters of the wrong ones, as a set such as {"A"}."""
    ...

# %%
checks.guilty(guilty)

# %% [markdown]
# ## The unknown kernel
#
# Now for the question at the beginning. Start with zeros, and descend on the mean squared error between our outputs and the
# filtered images, with the gradient from your `conv2d_backward`:

# %%
found, snapshots, losses = np.zeros((3, 3, 1, 1)), {}, []
for step in range(41):
    if step in (0, 2, 10, 40):
        snapshots[f"step {step}"] = found[:, :, 0, 0]
    difference = own.conv2d(images, found, np.zeros(1)) - target
    losses.append((difference**2).mean())
    _, dK, _ = own.conv2d_backward(2 * difference / difference.size, images, found)
    found = found - 0.1 * dK
print(f"loss at the start {losses[0]:.1f}, at the end {losses[-1]:.0e}")
assert losses[-1] < 1e-4 * losses[0] and np.allclose(found, found.round(), atol=0.02)

# %%
row = [part for title, array in snapshots.items() for part in (Grid(title, array), "→")]
draw.grids([row[:-1]], "the kernel after 0, 2, 10 and 40 steps", inches=0.42)

# %% [markdown]
# **Figure 8.6.** The kernel after 0, 2, 10 and 40 steps: nine whole numbers appear.
#
# It is the *emboss* kernel of notebook 07, which makes an image look like a relief: it subtracts the upper left from the lower
# right, and adds the middle. The loss is almost 0, so the found kernel does to these images what the unknown one does. A
# convolutional network learns all its kernels in this way, from the class of an image instead of a filtered image: notebook 09.
#
# ## In the library
#
# `layers.Conv2D` keeps the columns from its forward pass, and leaves its gradients in `grads`:

# %%
from nnscratch.layers import Conv2D

layer = Conv2D(filters=3, kernel_size=(3, 2))
layer.forward(x, training=True)
dx = layer.backward(dy)
mine = own.conv2d_backward(dy, x, layer.params["kernel"])
agree = [np.allclose(a, b) for a, b in zip((dx, layer.grads["kernel"], layer.grads["bias"]), mine)]
print("gradients that agree:", sum(agree), "of", len(agree))
assert all(agree)

# %% [markdown]
# ## Questions
#
# 1. Over which axes is $db$ summed, and why over one only in a dense layer?
#    <details><summary>Answer</summary>
#
#    Over n, h and w: the bias is used at every output position of every image. A dense layer has no positions.
#
#    </details>
# 2. With a kernel of 1 x 1, is `col2im` the inverse of `im2col`?
#    <details><summary>Answer</summary>
#
#    Yes: every pixel is in exactly one window, so nothing is added.
#
#    </details>
# 3. Dividing `col2im` by the number of windows would give an inverse. Why is that wrong in the backward pass?
#    <details><summary>Answer</summary>
#
#    A pixel that is used four times gets the sum of four gradients. A mean would not pass the adjoint test.
#
#    </details>
# 4. Why must the images with the unknown filter vary? What if all were constant?
#    <details><summary>Answer</summary>
#
#    On constant images only the sum of the kernel matters, so many kernels have loss 0.
#
#    </details>
#
# ## References
#
# - Goodfellow, Bengio and Courville (2016), *Deep Learning*, section 9.5
# - Dumoulin and Visin (2016), *A guide to convolution arithmetic for deep learning*, section 4
# - Claerbout (1992), *Earth Soundings Analysis: Processing versus Inversion*
#
# **Next:** [09 A convolutional network](09_cnn.ipynb)
