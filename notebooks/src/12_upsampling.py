# %% [markdown]
# # 12 Transposed convolution and checkerboards
#
# **You will build** the layer that makes pictures larger, the *transposed convolution*, which every generator of pictures
# needs in one form or another. You will see that you know it already, as the backward of a convolution; why it likes to paint
# checkerboards; and what to do about them.
#
# **You need** notebooks 07 and 08.
#
# **It takes** about an hour and a half with the exercises; the notebook itself runs in seconds.

# %%
import numpy as np

from nnscratch import ops
from nnscratch.course import checks, draw
from nnscratch.course.draw import Grid

# %% [markdown]
# ## Painting with gaps
#
# In notebook 08 the backward of a convolution painted: each number of `dy` stamped the kernel, times itself, onto `dx`. Now
# let the stamps stand 2 pixels apart. Three numbers $x = (2, 1, 3)$ and a kernel $(1, 10, 100)$:
#
# | | 0 | 1 | 2 | 3 | 4 | 5 | 6 |
# |---|---|---|---|---|---|---|---|
# | 2 paints | 2 | 20 | 200 | | | | |
# | 1 paints | | | 1 | 10 | 100 | | |
# | 3 paints | | | | | 3 | 30 | 300 |
# | $y$ | 2 | 20 | 201 | 10 | 103 | 30 | 300 |
#
# Three numbers have become seven. Where stamps overlap, the paint adds up.

# %%
x, kernel = np.array([2.0, 1, 3]), np.array([1.0, 10, 100])
y = np.zeros(7)
for w in range(3):
    y[2 * w:2 * w + 3] += x[w] * kernel
print("y", y)
assert y.tolist() == [2, 20, 201, 10, 103, 30, 300]

# %%
draw.stamps(np.array([[1.0, 2], [0, -1]]), np.array([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]), 2,
            [(0, 0), (0, 1), (1, 1)])

# %% [markdown]
# With nine numbers, one after the other:

# %%
nine = np.array([[1.0, 2, 1], [0, -1, 3], [2, 1, 1]])
draw.stamps_film(nine, np.array([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]), 2)

# %% [markdown]
# In letters, with stride $s$. The kernel has the shape $(KH, KW, OC, C)$, output channels before input channels, for a reason
# that you will see:
#
# $$y_{n,\;s h + i,\;s w + j,\;o} \mathrel{+}= \sum_c x_{n,h,w,c}\; K_{i,j,o,c} \quad \text{for all } n, h, w, i, j, o$$
#
# ## How large?
#
# The first stamp begins at 0, the last at $(size - 1) \cdot s$, and it covers $k$ pixels from there. Often the rim is cropped
# afterwards, the same number of pixels on both sides.
#
# ### Exercise: the size

# %% exercise=transposed_size
def transposed_size(size, kernel, stride, crop):
    """How many pixels are painted along one side, `crop` cut off at either end."""
    ...

# %%
checks.transposed_size(transposed_size)

# %% [markdown]
# With a kernel of 4, stride 2 and a crop of 1 the size doubles exactly, $(size - 1) \cdot 2 + 4 - 2 = 2\,size$, which is why
# generators love this combination. `padding="same"` crops so that $size \cdot s$ pixels remain, whatever the kernel; here a
# 7 x 7 picture with four kernels:

# %%
seven = np.ones((1, 7, 7, 1))
for k in (2, 3, 4, 5):
    kernel = np.ones((k, k, 1, 1))
    all_painted, _ = ops.conv2d_transpose(seven, kernel, strides=2, padding=0)
    same, _ = ops.conv2d_transpose(seven, kernel, strides=2, padding="same")
    print(f"kernel {k}: {all_painted.shape[1]} painted, {same.shape[1]} with same")
    assert all_painted.shape[1] == 6 * 2 + k and same.shape[1] == 14

# %% [markdown]
# ### Exercise: paint
#
# Start from zeros. Nothing is cropped.

# %% exercise=conv_transpose
def conv_transpose(x, kernel, stride):
    """(N, H, W, C), (KH, KW, OC, C) -> (N, (H-1) stride + KH, (W-1) stride + KW, OC)"""
    ...

# %%
checks.conv_transpose(conv_transpose)

# %% [markdown]
# The loops may go over the pixels of $x$, or, with a slice of stride $s$, over the taps $(i, j)$ alone. There are few of those:

# %%
rng = np.random.default_rng(0)
x, kernel = rng.normal(size=(2, 5, 4, 3)), rng.normal(size=(3, 2, 6, 3))
y = np.zeros((2, 4 * 2 + 3, 3 * 2 + 2, 6))
for i, j in np.ndindex(3, 2):
    y[:, i:i + 9:2, j:j + 7:2] += x @ kernel[i, j].T
theirs, cache = ops.conv2d_transpose(x, kernel, strides=2, padding=0)
print("the loop agrees with the library:", np.allclose(y, theirs))
assert np.allclose(y, theirs)

# %% [markdown]
# ## The adjoint of a convolution
#
# Take a convolution with stride 2 that makes a large picture small. Its backward paints `dy` onto the large picture: it *is*
# the transposed convolution, with the same kernel. For the convolution that kernel is (KH, KW, in, out), and its inputs are our
# outputs: hence the order of the axes. Two random pictures are enough to test it (notebook 08):
#
# $$\langle u, \mathrm{conv}(v) \rangle = \langle \mathrm{conv}^T(u), v \rangle$$

# %%
u, v = rng.normal(size=x.shape), rng.normal(size=y.shape)
small, conv_cache = ops.conv2d(v, kernel, strides=2)
large, _ = ops.conv2d_transpose(u, kernel, strides=2, padding=0)
print(f"<u, conv(v)> = {(u * small).sum():.6f}    <convᵀ(u), v> = {(large * v).sum():.6f}")
assert np.isclose((u * small).sum(), (large * v).sum())
assert np.allclose(large, ops.conv2d_backward(u, conv_cache)[0])

# %% [markdown]
# It is the *transpose*, not the inverse, although many call it "deconvolution". It brings back the size of the picture before
# the convolution, not the picture.
#
# Even the size is not certain. A convolution with kernel 3 and stride 2 makes 2 pixels of 5 and also of 6: the last pixel is
# skipped. On the way back one has to say which was meant. That is `output_padding`: rows added at the end, which no stamp
# reaches.

# %%
three = np.ones((3, 3, 1, 1))
for size, extra in ((5, 0), (6, 1)):
    small, _ = ops.conv2d(np.ones((1, size, size, 1)), three, strides=2)
    back, _ = ops.conv2d_transpose(small, three, strides=2, padding=0, output_padding=extra)
    print(f"{size} -> {small.shape[1]} -> {back.shape[1]} with output_padding={extra}")
    assert back.shape[1] == size

# %% [markdown]
# ## Backward
#
# The transpose of the transpose is the thing itself. Forward, $x_{hw}$ painted a window of $y$; backward, it collects from it:
#
# $$dx_{n,h,w,c} = \sum_{i,j,o} dy_{n,\;s h + i,\;s w + j,\;o}\; K_{i,j,o,c}$$
#
# With the numbers of the beginning and $dy = (1, 2, 3, 4, 5, 6, 7)$: $dx_0 = 1 \cdot 1 + 2 \cdot 10 + 3 \cdot 100 = 321$, then
# 543 and 765. And the kernel collects from all places where it was stamped, as in notebook 08.
#
# ### Exercise: backward
#
# Loops, or one call of something you have built long ago.

# %% exercise=conv_transpose_dx
def conv_transpose_dx(dy, kernel, stride):
    """The shape of y, (KH, KW, OC, C) -> (N, H, W, C)"""
    ...

# %%
checks.conv_transpose_dx(conv_transpose_dx)

# %%
from nnscratch.gradcheck import check_op


def forward(x, kernel):
    return ops.conv2d_transpose(x, kernel, strides=2, padding=0)


def backward(dy, cache):
    return ops.conv2d_transpose_backward(dy, cache)[:2]


dy = rng.normal(size=y.shape)
dkernel = np.zeros_like(kernel)
for i, j in np.ndindex(3, 2):
    dkernel[i, j] = np.einsum("nhwo,nhwc->oc", dy[:, i:i + 9:2, j:j + 7:2], x)
report = check_op(forward, backward, [x, kernel], names=["x", "kernel"])
print("our dkernel:", np.allclose(dkernel, backward(dy, cache)[1]), "  measured:", report.ok)
assert np.allclose(dkernel, backward(dy, cache)[1]) and report.ok

# %% [markdown]
# ## Checkerboards
#
# In $y = (2, 20, 201, 10, 103, 30, 300)$ the pixels 2 and 4 got paint twice, pixel 3 once. A kernel of 3 at stride 2 overlaps
# at every second pixel. In two directions these meet, and pixels are painted 1, 2 or 4 times.
#
# ### Exercise: how many kernels lie on a pixel?
#
# As in notebook 08, let the library count.

# %% exercise=overlap
def overlap(h, w, kernel, stride):
    """How many kernels of kernel x kernel lie on each pixel painted from (h, w) pixels."""
    ...

# %%
checks.overlap(overlap)

# %%
def counts(k):
    x, ones = np.ones((1, 4, 4, 1)), np.ones((k, k, 1, 1))
    return ops.conv2d_transpose(x, ones, strides=2, padding=0)[0][0, :, :, 0]


two, three, four, five = (Grid(f"kernel {k}", counts(k)) for k in (2, 3, 4, 5))
draw.grids([[two, " ", three], [four, " ", five]],
           "how many kernels lie on each pixel, stride 2: kernels of 2 and 4 cover the inside "
           "evenly, those of 3 and 5 in a checkerboard", inches=0.3)

# %% [markdown]
# Where 4 kernels lie instead of one, $y$ is four times as large if $x$ is constant and all weights are equal (and twice as
# large if they are random, in the root mean square), before anything was learnt. If the *stride divides the kernel*, as with
# 2 and 4, the inside is even.
#
# But even counts are only half of the cure. Let $x$ be constant 1 and the kernel $(1, 5, 2, 3)$ at stride 2. An even pixel of
# $y$ gets $1 + 2 = 3$, an odd one $5 + 3 = 8$: stripes out of nothing. Each pixel meets only every second weight, and nothing
# makes the two groups agree.
#
# ## Repeat, then convolve
#
# The other way to become larger: repeat every pixel, $(1, 2) \to (1, 1, 2, 2)$, then convolve with stride 1. Now all pixels of
# $y$ meet all weights, and a constant stays constant. (The backward of repeating is the sum over the copies: what was used
# twice gets the sum.)
#
# It is a transposed convolution, too, but one that cannot go wrong. Repeat by 2 and convolve with $(a, b, c)$: then $x_w$ is
# seen from the pixels $2w - 1$ to $2w + 2$, with the weights $(c,\; b + c,\; a + b,\; a)$. Every second of them: $c + a + b$.
# The others: $b + c + a$. Always the same sum:

# %%
a, b, c = 1.0, 5.0, 2.0
line = rng.normal(size=(1, 1, 6, 1))
repeated, _ = ops.upsample2d(line, (1, 2))
resized, _ = ops.conv2d(repeated, np.array([a, b, c]).reshape(1, 3, 1, 1), padding="same")
wide = np.array([c, b + c, a + b, a]).reshape(1, 4, 1, 1)
stamped, _ = ops.conv2d_transpose(line, wide, strides=(1, 2), padding=((0, 0), (1, 1)))
print("the same:", np.allclose(resized, stamped))
assert np.allclose(resized, stamped)

# %% [markdown]
# Now to the eye. A soft picture of 16 x 16 becomes 32 x 32, by kernels of random positive numbers, as at the beginning of a
# training:

# %%
def transposed(x, kernel):
    return ops.conv2d_transpose(x, kernel, strides=2, padding="same")


def resize_and_convolve(x, kernel):
    return ops.conv2d(ops.upsample2d(x, 2)[0], kernel, padding="same")


WAYS = {"transposed, 3 x 3": (transposed, ops.conv2d_transpose_backward, 3),
        "transposed, 4 x 4": (transposed, ops.conv2d_transpose_backward, 4),
        "repeat and convolve": (resize_and_convolve, ops.conv2d_backward, 3)}
soft, _ = ops.resize2d(rng.normal(size=(8, 5, 5, 1)), (32, 32))
half, _ = ops.avg_pool2d(soft, 2)
start = {name: np.random.default_rng(1).random((k, k, 1, 1)) for name, (_, _, k) in WAYS.items()}
made = {name: way(half, start[name])[0] for name, (way, _, _) in WAYS.items()}
draw.images({"16 x 16": half[0, :, :, 0], **{name: y[0, :, :, 0] for name, y in made.items()}},
            "a soft image made larger: both transposed convolutions show a checkerboard, "
            "repeat and convolve does not")

# %% [markdown]
# Does training remove it? Each of the three learns to draw the soft pictures back from their halves. `checkerboard_fraction`
# says how much of the checkerboard is in a picture. Every picture can be written as a sum of waves, slow ones and fast ones,
# and the variance of its pixels is the sum of what the waves contribute. The fastest that fits on pixels goes up and down
# every 2 pixels. What waves of about that period contribute, as a share of the whole, is what we look at: 1 for a
# checkerboard, little for a soft picture.
#
# The kernels begin as random numbers from 0 to 1, so their mean is ½. On a pixel of $y$ lie $k^2 / 4$ weights on average with a
# transposed convolution of stride 2, and all $k^2$ after repeating. Divided by half of that, they sum to about 1, and $y$ is
# about as large as $x$: a fair start for all three.

# %%
from nnscratch.style.checkerboard import checkerboard_fraction

board = np.indices((32, 32)).sum(axis=0)[None, :, :, None] % 2
assert np.isclose(checkerboard_fraction(board), 1)
shares = {}
for name, (way, way_back, k) in WAYS.items():
    on_a_pixel = k**2 / 4 if way is transposed else k**2
    kernel, path = start[name] / (on_a_pixel / 2), []
    for _ in range(101):
        y, cache = way(half, kernel)
        path.append(checkerboard_fraction(y))
        kernel = kernel - 0.2 * way_back(2 * (y - soft) / y.size, cache)[1]
    shares[name] = np.arange(101) + 1, np.array(path)
draw.curves(shares, "the share of the checkerboard over 100 steps of training: the transposed ones "
            "begin high and come down slowly, the other one is low from the start",
            "step", "share", log=True)

# %%
for name, (_, path) in shares.items():
    print(f"{name:20} at the start {path[0]:.3f}, after 100 steps {path[-1]:.3f}")
print(f"the soft images themselves {checkerboard_fraction(soft):.3f}")
assert shares["transposed, 3 x 3"][1][0] > 10 * shares["repeat and convolve"][1][0]

# %% [markdown]
# (The soft pictures have a share of their own, since their left edges do not fit their right ones.) So training can repair it,
# but has to: here with 9 or 16 weights, in a network in every layer, where some rest may remain. The library's stylizer repeats
# and convolves. *Gradients* deserve a thought, too: a convolution with kernel 3 and stride 2 sends a checkerboard *backward*,
# for its backward is what you saw here.
#
# ## The classes do the same

# %%
from nnscratch.layers import Conv2D, Conv2DTranspose, UpSampling2D

layer = Conv2DTranspose(filters=6, kernel_size=4, strides=2, padding="same")
y = layer.forward(x, training=True)
by_hand, cache = ops.conv2d_transpose(x, layer.params["kernel"], layer.params["bias"], strides=2,
                                      padding="same")
other = Conv2D(filters=6, kernel_size=3, padding="same").forward(UpSampling2D(2).forward(x))
same = np.allclose(y, by_hand) and np.allclose(layer.backward(y),
                                               ops.conv2d_transpose_backward(y, cache)[0])
print("the class does the same:", same, "  both ways:", x.shape, "->", y.shape, "=", other.shape)
assert same and other.shape == y.shape == (2, 10, 8, 6)

# %% [markdown]
# ## Questions
#
# 1. Stride 3: which kernel sizes cover the inside evenly?
# 2. With stride 1, is a transposed convolution anything new? (Think of the turned kernel of notebook 08.)
# 3. Kernel 2 at stride 4: what does $y$ look like?
# 4. How many multiplications does one pixel of $y$ cost with a transposed convolution of kernel 4 and stride 2, and how many
#    with repeating and a kernel of 3?
#
# **Alone:** let the last training run for 1000 steps. And start from kernels of equal numbers: which of the three now begin
# without a checkerboard, and why?
#
# **Next:** [13 Assembling a network, and why one of them cannot generate](13_generator.ipynb)
