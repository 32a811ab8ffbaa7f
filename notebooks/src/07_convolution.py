# %% [markdown]
# # 07 Convolution: from loops to one matrix product
#
# **You will build** a convolution four times: by hand on a picture of 25 numbers, as loops that read like the formula, as
# *im2col*, which lays patches out as rows, and at last as the dense layer of notebook 01 on those rows.
#
# **You need** notebook 01.
#
# **It takes** about an hour and a half with the exercises; the notebook itself runs in seconds.

# %%
import numpy as np

from nnscratch import ops
from nnscratch.course import checks, draw

# %% [markdown]
# ## A dense layer is wasteful with pictures
#
# A dense layer on a small picture of 28 x 28 pixels has 784 weights for each unit, and a picture shifted by one pixel is
# something entirely new to it. Two ideas help. Let a unit look at a small *window* only. And use the *same* weights wherever
# the window stands. A window of 3 x 3 then has 9 weights, however large the picture is.
#
# The weights are called the *kernel*. Put the window somewhere, multiply each pixel under it with the weight that lies on it,
# add up, write the sum down, and move on:

# %%
x = np.array([[0., 0, 0, 2, 2],
              [0, 0, 0, 2, 2],
              [0, 0, 2, 2, 2],
              [0, 0, 2, 2, 2],
              [0, 0, 2, 2, 2]])
kernel = np.array([[1., 0, -1], [2, 0, -2], [1, 0, -1]])
draw.sliding(x, kernel, [(0, 0), (0, 1), (1, 2)])

# %% [markdown]
# And all nine places, one after the other:

# %%
draw.sliding_film(x, kernel)

# %% [markdown]
# This kernel subtracts the right from the left. Where the picture does not change from left to right its answer is 0; at the
# edge between dark and bright it is large. Such *edge detectors* are what networks find by themselves in their first layers.
#
# In letters, with a kernel of $KH$ rows and $KW$ columns. ($oh$ and $ow$, the row and the column of the output, are one number
# each, with a name of two letters, as in the code.)
#
# $$y_{oh,\,ow} = \sum_i \sum_j x_{oh+i,\;ow+j}\; k_{ij}$$
#
# By hand at $(0, 0)$ only the third column of the window has anything: $-1 \cdot 0 - 2 \cdot 0 - 1 \cdot 2 = -2$.

# %%
first = (x[0:3, 0:3] * kernel).sum()
print(f"y[0, 0] = {first:g}")
assert first == -2

# %% [markdown]
# (Mathematicians turn the kernel by 180 degrees first and call *that* a convolution, and this one a correlation. In this field
# nobody does.)
#
# ### Exercise: four loops
#
# One loop for each letter of the formula: `oh`, `ow`, `i`, `j`. The output has $OH = H - KH + 1$ rows and $OW = W - KW + 1$
# columns.

# %% exercise=conv_loops
def conv_loops(x, kernel):
    """(H, W), (KH, KW) -> (OH, OW)"""
    ...

# %%
checks.conv_loops(conv_loops)

# %% [markdown]
# On something that looks like a picture: bars, a disc, a slope of grey. Two kernels, one for edges from left to right, its
# transpose for edges from top to bottom.

# %%
def some_image(size=48):
    rows, columns = np.mgrid[0:size, 0:size] / size
    disc = ((rows - 0.35)**2 + (columns - 0.3)**2 < 0.05).astype(float)
    return disc + (columns > 0.7) * (np.floor(columns * 24) % 2) + 0.6 * rows * (rows > 0.7)


def apply(kernel, image):
    return ops.conv2d(image[None, :, :, None], kernel[:, :, None, None])[0][0, :, :, 0]


image = some_image()
draw.images({"image": image, "left - right": apply(kernel, image),
             "top - bottom": apply(kernel.T, image),
             "mean of 5x5": apply(np.ones((5, 5)) / 25, image)},
            "an image, its edges in two directions, and blurred")

# %% [markdown]
# ## How large is the output?
#
# A window of 3 has 3 places on a row of 5. If we put $p$ pixels of zeros around the picture first (*padding*), it has more; if
# it moves by $s$ pixels at a time (the *stride*), fewer:
#
# $$OH = \left\lfloor \frac{H + 2p - KH}{s} \right\rfloor + 1$$
#
# The brackets $\lfloor\;\rfloor$ mean: round down. A place that hangs over the edge does not count. Below, the first window has
# a frame, the middle of every window is blue, and padding is grey: count the blue pixels.

# %%
draw.window_places(5, 3, [(1, 0), (1, 1), (2, 0), (2, 1)])

# %% [markdown]
# ### Exercise: the size

# %% exercise=output_size
def output_size(size, kernel, stride, padding):
    """How many places the window has along a side."""
    ...

# %%
checks.output_size(output_size)

# %%
for size, k, stride, padding in [(5, 3, 1, 0), (5, 3, 1, 1), (28, 4, 2, 1), (11, 5, 3, 2)]:
    y, _ = ops.conv2d(np.zeros((1, size, size, 1)), np.zeros((k, k, 1, 1)),
                      strides=stride, padding=padding)
    print(f"size {size:2}, kernel {k}, stride {stride}, padding {padding}: output {y.shape[1]}")
    assert y.shape[1] == (size + 2 * padding - k) // stride + 1

# %% [markdown]
# With a kernel of 3 and padding 1 the size stays; with a kernel of 4, stride 2 and padding 1 it is halved. These two are the
# ones you will meet most.
#
# ## Many pictures, channels, kernels
#
# Pictures come $N$ at a time, and a pixel has $C$ numbers, its *channels*: three for a colour picture, more inside a network. A
# kernel then has $C$ slices, one for each channel, and all products are added up. And one kernel finds one kind of thing, so we
# take $OC$ of them; each makes one channel of the output.
#
# $$y_{n,\,oh,\,ow,\,o} = b_o + \sum_i \sum_j \sum_c x_{n,\;oh+i,\;ow+j,\;c}\; K_{i,j,c,o}$$
#
# One number of $y$, from a picture of two channels and one kernel:

# %%
two = np.array([[[1, 0], [2, 1], [0, 1]], [[0, 2], [1, -1], [3, 0]], [[1, 1], [0, 0], [2, 1]]])
slices = np.array([[[1, 2], [0, -1]], [[2, 0], [1, 3]]])
draw.channels(two, slices, (0, 1), bias=1)

# %%
y, _ = ops.conv2d(two[None].astype(float), slices[..., None].astype(float), np.ones(1))
print(f"y[0, 1] = {y[0, 0, 1, 0]:g}")
assert y[0, 0, 1, 0] == 7 + 1 + 1

# %% [markdown]
# With $N$ pictures and $OC$ kernels:
#
# | | shape | here |
# |---|---|---|
# | `x` | (N, H, W, C) | (2, 7, 5, 3) |
# | `kernel` | (KH, KW, C, OC) | (3, 2, 3, 4) |
# | `bias` | (OC,) | (4,) |
# | `y` | (N, OH, OW, OC) | (2, 5, 4, 4) |

# %%
rng = np.random.default_rng(0)
x, kernel = rng.normal(size=(2, 7, 5, 3)), rng.normal(size=(3, 2, 3, 4))
bias = rng.normal(size=4)
by_loops = np.zeros((2, 5, 4, 4)) + bias
for n, oh, ow, o in np.ndindex(by_loops.shape):
    for i, j, c in np.ndindex(3, 2, 3):
        by_loops[n, oh, ow, o] += x[n, oh + i, ow + j, c] * kernel[i, j, c, o]
y, _ = ops.conv2d(x, kernel, bias)
print("seven loops agree with the library:", np.allclose(by_loops, y))
assert np.allclose(by_loops, y)

# %% [markdown]
# ## Patches as rows
#
# Look at the formula again: a sum over $i$, $j$ and $c$ of a pixel times a weight. If we number the triples $(i, j, c)$ through
# with *one* index $k$, it reads
#
# $$y_{row,\,o} = b_o + \sum_k \text{patch}_{row,\,k}\; K_{k,\,o}$$
#
# and that is the dense layer. The kernel becomes a matrix by `kernel.reshape(-1, OC)`. The patches have to be laid out: one row
# for each place of the window. This is called *im2col*. One channel, a window of 2 x 2 on 3 x 4 pixels:

# %%
draw.im2col(np.arange(1.0, 13).reshape(3, 4), np.array([[1.0, 10.0], [0.0, -1.0]]))

# %% [markdown]
# Every patch keeps its colour: on the left it is a place, in the matrix a row, on the right one number. Pixels under several
# windows are copied several times. That is the price: a 3 x 3 window copies most pixels nine times. The gain is that everything
# left to do is one matrix product, which is what computers do best.
#
# ### Exercise: im2col
#
# Two loops, over `oh` and `ow`; the rest is slicing and `reshape`. The last axis goes $(i, j, c)$: that is the order in which
# `reshape` reads a patch of shape (KH, KW, C).

# %% exercise=im2col
def im2col(x, kh, kw):
    """(N, H, W, C) -> (N, OH, OW, KH*KW*C)"""
    ...

# %%
checks.im2col(im2col)

# %% [markdown]
# ### Exercise: convolution in two lines
#
# With `ops.im2col(x, kernel.shape[:2])`, which gives the columns and, as always, a cache. You return `y` alone.

# %% exercise=conv2d
def conv2d(x, kernel, bias):
    """(N, H, W, C), (KH, KW, C, OC), (OC,) -> (N, OH, OW, OC)"""
    ...

# %%
checks.conv2d(conv2d)

# %%
columns, _ = ops.im2col(x, (3, 2))
by_product = columns @ kernel.reshape(-1, 4) + bias
print("columns", columns.shape, "@ matrix", kernel.reshape(-1, 4).shape, "=", by_product.shape)
assert np.allclose(by_product, by_loops)
dense_y, _ = ops.dense(columns, kernel.reshape(-1, 4), bias)
assert np.allclose(dense_y, by_product)

# %% [markdown]
# ## Faster by how much?
#
# Both do the same multiplications. The loops do them one by one in Python, the product all at once. How long that takes
# depends on the computer, so only a safe bound is printed here; look at `slow` and `fast` on yours.

# %%
import time

from nnscratch.ops import reference
from nnscratch.ops.window import make_window


def seconds(convolve):
    begin = time.perf_counter()
    convolve()
    return time.perf_counter() - begin


large, many = rng.normal(size=(1, 16, 16, 8)), rng.normal(size=(3, 3, 8, 8))
window = make_window("notebook", (16, 16), 3)
slow = seconds(lambda: reference.convolve(large, many, window))
fast = min(seconds(lambda: ops.conv2d(large, many)) for _ in range(5))
assert slow > 20 * fast
print("the loops take more than twenty times as long")

# %% [markdown]
# ## The gradient, and the class
#
# Is the forward one that can be learnt? `check_op` measures its gradient and compares the library's backward, which is the
# subject of the next notebook. And `layers.Conv2D` is the same formula with a memory.

# %%
from nnscratch.gradcheck import check_op
from nnscratch.layers import Conv2D

report = check_op(ops.conv2d, ops.conv2d_backward, [x, kernel, bias], names=["x", "kernel", "bias"])
print("backward agrees with the measurement:", report.ok)
layer = Conv2D(filters=4, kernel_size=(3, 2))
y = layer.forward(x)
same = ops.im2col(x, (3, 2))[0] @ layer.params["kernel"].reshape(-1, 4) + layer.params["bias"]
print("the layer is im2col and a product:", np.allclose(y, same))
assert report.ok and np.allclose(y, same)

# %% [markdown]
# ## Questions
#
# 1. A `Conv2D` of 32 filters of 4 x 4 on a picture of 3 channels: how many weights? Does it matter how large the picture is?
# 2. Which kernel of 3 x 3 leaves a picture as it is? Which one moves it by a pixel to the left?
# 3. For a 1 x 1 kernel, what is `im2col(x)`?
#
# **Alone:** put your own kernels into `apply`. What does one whose numbers sum to 0 do to a plain area, and one that sums to 1?
#
# **Next:** [08 Convolution backwards](08_convolution_backward.ipynb)
