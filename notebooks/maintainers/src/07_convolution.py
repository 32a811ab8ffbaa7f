# %% [markdown]
# # 07 Convolution
#
# Shift every digit by two pixels, down and to the right, and the network of notebook 05 falls from more than 97 % to about
# 65 %. Training on shifted digits repairs that, but then the network learns every digit anew for every position. **Can one set
# of weights serve all positions?**
#
# **You will build** a convolution: by hand, in loops, as one matrix product, and with stride and padding.
#
# **You need** notebooks 01 and 05; from 06, the random shifts.
#
# **It takes** about an hour and three quarters with the exercises; the notebook itself runs in seconds.

# %%
import numpy as np

from nnscratch.course import checks, draw, own
from nnscratch.course.checks.image_filters import filter_kernels, filtered
from nnscratch.course.digits import digits

images, labels, _ = digits("train")
images_val, labels_val, _ = digits("validation")

# %% [markdown]
# ## A dense layer learns every position anew
#
# The multilayer perceptron once more, in one cell. It is trained on unshifted digits, and then reads shifted ones.

# %%
rng, t, x = np.random.default_rng(0), own.one_hot(labels, 10), images.reshape(-1, 784)
params = [own.he_normal((784, 128), 784, rng), np.zeros(128),
          own.he_normal((128, 10), 128, rng), np.zeros(10)]
v, order = [0 * w for w in params], []
for _ in range(300):
    order = order or list(own.batches(len(x), 64, rng))
    k = order.pop()
    W1, b1, W2, b2 = params
    a = own.dense(x[k], W1, b1)
    y = np.maximum(a, 0)
    _, dlogits = own.softmax_cross_entropy(own.dense(y, W2, b2), t[k])
    for p, g in enumerate(own.mlp_backward(dlogits, x[k], a, y, W2)):
        params[p], v[p] = own.momentum_step(params[p], v[p], g, 0.1, 0.9)

# %%
def accuracy_shifted(pixels):
    """On validation digits, shifted down and to the right."""
    moved = np.roll(images_val, (pixels, pixels), axis=(1, 2)).reshape(-1, 784)
    logits = own.dense(np.maximum(own.dense(moved, *params[:2]), 0), *params[2:])
    return own.accuracy(logits, labels_val)


fractions = {pixels: accuracy_shifted(pixels) for pixels in range(5)}
assert fractions[0] > 0.97 and 0.55 < fractions[2] < 0.75
draw.bars({f"{pixels} pixels": {"accuracy": 100 * f} for pixels, f in fractions.items()},
          "the accuracy of a multilayer perceptron on digits shifted by 0 to 4 pixels",
          "accuracy on shifted validation digits in %")

# %% [markdown]
# **Figure 7.1.** A shift of a few pixels, down and to the right, changes no digit, and makes the multilayer perceptron useless.
#
# No wonder: to a dense layer, a pixel and its neighbour are just two inputs. Its 128 units have 784 weights each, and what they
# learn about the ink at one position says nothing about the next. Two ideas help. A unit reads a small *window* only. And the
# *same* weights are used at every position of the window: weight sharing. A window of 3 x 3 has 9 weights, however large the
# image.
#
# ## By hand
#
# The shared weights are called the [kernel, or filter](glossary.md#kernel-filter). At each position, multiply every pixel of
# the window by its weight, and add up the nine products:

# %%
x = np.array([[0., 0, 0, 2, 2],
              [0, 0, 0, 2, 2],
              [0, 0, 2, 2, 2],
              [0, 0, 2, 2, 2],
              [0, 0, 2, 2, 2]])
K = np.array([[1., 0, -1], [2, 0, -2], [1, 0, -1]])
first = (x[0:3, 0:3] * K).sum()
print("y[0, 0] =", first, "  y[0, 1] =", (x[0:3, 1:4] * K).sum())
assert first == -2 and (x[0:3, 1:4] * K).sum() == -8
draw.sliding(x, K, [(0, 0), (0, 1), (1, 2)])

# %% [markdown]
# **Figure 7.2.** One output is a sum of nine products; the next output uses the same kernel, one pixel further.

# %%
draw.sliding_film(x, K)

# %% [markdown]
# **Figure 7.3.** All nine positions, one after the other, fill an output of 3 x 3.
#
# This kernel subtracts right from left: it is the [Sobel operator](glossary.md#sobel-operator) up to its sign, zero on constant
# regions, large at vertical edges. In letters, for one image and a kernel of $KH \times KW$:
#
# $$y_{h,w} = \sum_i \sum_j x_{h+i,\;w+j}\; K_{i,j} \qquad y = x \star K$$
#
# Strictly this is a [cross-correlation](glossary.md#convolution-cross-correlation); a convolution flips the kernel first.
# Deep-learning libraries do not flip, since kernels are learned, and call it convolution; signal processing flips.
#
# ## Loops
#
# In one dimension, two loops, one for each letter:

# %%
def conv1d(x, K):
    y = np.zeros(len(x) - len(K) + 1)
    for w in range(len(y)):
        for j in range(len(K)):
            y[w] += x[w + j] * K[j]
    return y


print(conv1d(np.array([1., 2, 4, 8]), np.array([3., 5])))
assert conv1d(np.array([1., 2, 4, 8]), np.array([3., 5])).tolist() == [13, 26, 52]

# %% [markdown]
# ### Exercise (build): two dimensions

# %% exercise=conv_loops
def conv_loops(x, K):
    """(H, W), (KH, KW) -> (H - KH + 1, W - KW + 1)"""
    ...

# %%
checks.conv_loops(conv_loops)

# %% [markdown]
# Now a photograph: Grace Hopper, a pioneer of programming (in the public domain), in grey.

# %%
from nnscratch.data.images import photograph, read_image

photo = read_image(photograph(), size=96)[0].mean(axis=2)
across, down = own.conv_loops(photo, K), own.conv_loops(photo, K.T)
draw.images({"photograph": photo, "K": across, "K transposed": down,
             "both": np.hypot(across, down)},
            "a photograph, its vertical edges, its horizontal edges, and both", inches=1.7)

# %% [markdown]
# **Figure 7.4.** The Sobel operator and its transpose: vertical edges, horizontal edges, and the root of the sum of both
# squares.
#
# ### Exercise (predict): which kernel made which image?
#
# Four kernels, A to D, were applied to a digit. Which of them made image 1, 2, 3, 4? The background is 0 in all images. Each is
# drawn from its smallest value, in black, to its largest, in white: a grey background shows that there are negative values.

# %%
for letter, kernel in filter_kernels().items():
    print(letter, *(f"[{row[0]:5.2f} {row[1]:5.2f} {row[2]:5.2f}]" for row in kernel))
digit = images[labels == 4][0]
draw.images({"digit": digit, **filtered(digit)}, "a digit and the results of four kernels",
            inches=1.4)

# %% [markdown]
# **Figure 7.5.** A digit and the outputs of the four kernels in another order.

# %% exercise=filters
filters = [..., ..., ..., ...]

# %%
checks.filters(filters)

# %% [markdown]
# Image editors offer such kernels by name. Here are four on the photograph:

# %%
presets = {"blur": np.ones((3, 3)) / 9, "edge": np.array([[0., -1, 0], [-1, 4, -1], [0, -1, 0]]),
           "sharpen": np.array([[0., -1, 0], [-1, 5, -1], [0, -1, 0]]),
           "emboss": np.array([[-2., -1, 0], [-1, 1, 1], [0, 1, 2]])}


def preset(axes, kernel):
    K = presets[kernel]
    y = own.conv_loops(photo, K) + (1 - K.sum()) / 2  # weights of sum 0: 0 becomes grey
    axes.imshow(y, cmap="gray", vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[])
    rows = [" ".join(f"{weight:6.2g}" for weight in row) for row in K]
    axes.set_xlabel("\n".join(rows), family="monospace", fontsize=10)


draw.explore(preset, "a photograph blurred, its edges on grey, sharpened, and like a relief",
             kernel=list(presets), size=(2.4, 3.1), jpeg=True)

# %% [markdown]
# **Figure 7.6.** Four kernels and what they make of the photograph. The weights of *edge* have the sum 0, so constant regions
# become 0, drawn in grey; the others have the sum 1, and constant regions keep their brightness.
#
# ## Stride and padding
#
# A window need not move by one pixel: it may skip $S - 1$ positions, where $S$ is the
# [stride](glossary.md#stride-padding). And the image may get $P$ rows and columns of zeros on each side, the *padding*.

# %%
def positions(axes, stride, padding):
    draw.window_grid(axes, size=6, kernel=3, stride=stride, padding=padding)


draw.explore(positions, "the positions of a 3 x 3 window on a 6 x 6 image for six settings",
             stride=[1, 2, 3], padding=[0, 1, 2],
             shown=[(1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (3, 1)])

# %% [markdown]
# **Figure 7.7.** A 6 x 6 image, grey padding, the first window in orange, and a blue square in the centre of every window: each
# blue square is one output.
#
# A window that hangs over the edge does not count: at stride 2 without padding the last column is never read.
#
# ### Exercise (derive): how many positions?
#
# Along one side, for any size, kernel, stride and padding. Count in the figure, then find the rule.

# %% exercise=output_size
def output_size(size, kernel, stride, padding):
    """How many positions the window has along one side."""
    ...

# %%
checks.output_size(output_size)

# %%
for size, kernel, stride, padding in [(28, 3, 1, 1), (28, 4, 2, 1), (28, 5, 3, 0)]:
    print(f"size {size}, kernel {kernel}, stride {stride}, padding {padding}:",
          own.output_size(size, kernel, stride, padding))

# %% [markdown]
# A kernel of 3 with padding 1 keeps the size; a kernel of 4 with stride 2 and padding 1 halves it. Both are common.
#
# ## Channels
#
# An image has $C$ values at each pixel, its [channels](glossary.md#channel-feature-map): three for colours, more inside a
# network. The kernel then has a slice for each channel, and all products are added up. And one kernel finds one feature, so a
# layer has $O$ of them; each gives one channel of the output, a *feature map*.
#
# $$y_{n,h,w,o} = b_o + \sum_i \sum_j \sum_c x_{n,\;Sh+i-P,\;Sw+j-P,\;c}\; K_{i,j,c,o}$$
#
# A pixel outside the image counts as 0: that is the padding.

# %%
two = np.array([[[1, 0], [2, 1], [0, 1]], [[0, 2], [1, -1], [3, 0]], [[1, 1], [0, 0], [2, 1]]])
slices = np.array([[[1, 2], [0, -1]], [[2, 0], [1, 3]]])
assert (two[0:2, 1:3] * slices).sum() + 1 == 9
draw.channels(two, slices, (0, 1), bias=1)

# %% [markdown]
# **Figure 7.8.** One output of one kernel on two channels: the sums of both channels and the bias are added.
#
# | | shape | here |
# |---|---|---|
# | `x` | (N, H, W, C) | (2, 7, 5, 3) |
# | `K` | (KH, KW, C, O) | (3, 2, 3, 4) |
# | `b` | (O,) | (4,) |
# | `y` | (N, OH, OW, O) | (2, 5, 4, 4) |

# %%
rng = np.random.default_rng(0)
x, K, b = rng.normal(size=(2, 7, 5, 3)), rng.normal(size=(3, 2, 3, 4)), rng.normal(size=4)
by_loops = np.zeros((2, 5, 4, 4)) + b
for n, h, w, o in np.ndindex(by_loops.shape):
    for i, j, c in np.ndindex(3, 2, 3):
        by_loops[n, h, w, o] += x[n, h + i, w + j, c] * K[i, j, c, o]
print(by_loops.size, "outputs from", x.size, "inputs and", K.size + b.size, "parameters")
assert (by_loops.size, x.size, K.size + b.size) == (160, 210, 76)

# %% [markdown]
# ## Each patch becomes a row
#
# Seven loops are slow. But look at one output: a sum over $i$, $j$, $c$ of a pixel times a weight. That is what a unit of a
# dense layer does, with the pixels of one *patch* as its inputs. So copy every patch into a row of a matrix, and the rest is
# the dense layer of notebook 01. The copying is called [im2col](glossary.md#im2col-col2im).

# %%
draw.im2col(np.arange(1.0, 10).reshape(3, 3), np.array([[1.0, 10.0], [0.0, -1.0]]))

# %% [markdown]
# **Figure 7.9.** Each patch becomes a row of the same colour; the rows times the kernel, written as a column, are the outputs.
#
# Pixels in several windows are copied several times: a 3 x 3 window copies most pixels nine times. That is the price of a
# single matrix product, which computers do best.
#
# ### Exercise (build): im2col
#
# A row has the order $(i, j, c)$: the order in which `reshape` reads a patch of shape (KH, KW, C). The shape of the output
# comes from `own.output_size`.

# %% exercise=im2col
def im2col(x, kh, kw, stride=1, padding=0):
    """(N, H, W, C) -> (N, OH, OW, kh*kw*C)"""
    ...

# %%
checks.im2col(im2col)

# %% [markdown]
# ### Exercise (build): the convolution
#
# With all that you have. No loop is needed any more.

# %% exercise=conv2d
def conv2d(x, K, b, stride=1, padding=0):
    """(N, H, W, C), (KH, KW, C, O), (O,) -> (N, OH, OW, O)"""
    ...

# %%
checks.conv2d(conv2d)

# %%
y = own.conv2d(x, K, b)
assert np.allclose(y, by_loops)
halved = own.conv2d(images_val[:64, :, :, None], np.ones((4, 4, 1, 8)), np.zeros(8), 2, 1)
print("a batch of digits:", images_val[:64, :, :, None].shape, "to", halved.shape)
assert halved.shape == (64, 14, 14, 8)

# %% [markdown]
# ## What is gained
#
# Shift the input by two pixels, and the output is shifted by two pixels: a convolution is
# [equivariant](glossary.md#equivariance-invariance) to shifts. It is not *invariant*: the output does change, by the same
# shift. An answer that stays, such as the class, needs more layers; notebook 09 builds and measures them.

# %%
ones = rng.normal(size=(3, 3, 1, 8))
plain = own.conv2d(images_val[:64, :, :, None], ones, np.zeros(8))
moved = own.conv2d(np.roll(images_val[:64], 2, axis=2)[..., None], ones, np.zeros(8))
assert np.allclose(moved[:, :, 2:], plain[:, :, :-2]) and not np.allclose(moved, plain)
print("shifted input, shifted output; parameters:", ones.size + 8, "against",
      784 * 128 + 128, "of the dense layer")

# %% [markdown]
# ## In the library
#
# `layers.Conv2D` is the same formula with parameters of its own. (`"same"` is the padding that keeps the size at stride 1.)

# %%
from nnscratch.layers import Conv2D

layer = Conv2D(filters=4, kernel_size=(3, 2), strides=2, padding=1)
theirs = layer.forward(x)
mine = own.conv2d(x, layer.params["kernel"], layer.params["bias"], 2, 1)
assert 4 * 4 * 3 * 32 + 32 == 1568
print("the layer agrees with own.conv2d:", "yes" if np.allclose(theirs, mine) else "no")
assert np.allclose(theirs, mine)

# %% [markdown]
# ## Questions
#
# 1. A layer has 32 kernels of 4 x 4 on 3 channels. How many parameters? Does the size of the image matter?
#    <details><summary>Answer</summary>
#
#    $4 \cdot 4 \cdot 3 \cdot 32 + 32 = 1568$ with the biases, for images of any size.
#
#    </details>
# 2. Which kernel of 3 x 3 leaves the image as it is? Which one shifts it by a pixel to the left?
#    <details><summary>Answer</summary>
#
#    A 1 in the middle and zeros elsewhere. A 1 at the right of the middle: each output is the right neighbour.
#
#    </details>
# 3. What is a convolution with a kernel of 1 x 1?
#    <details><summary>Answer</summary>
#
#    A dense layer from $C$ channels to $O$, applied at each pixel. im2col changes nothing.
#
#    </details>
# 4. Why does the last column of a 6 x 6 image not count at stride 2 without padding?
#    <details><summary>Answer</summary>
#
#    The windows begin at columns 0 and 2; one that begins at 4 would hang over the edge. Column 5 is in none of them.
#
#    </details>
#
# ## References
#
# - LeCun et al. (1989), *Backpropagation applied to handwritten zip code recognition*
# - LeCun, Bottou, Bengio and Haffner (1998), *Gradient-based learning applied to document recognition*, section II
# - Chellapilla, Puri and Simard (2006), *High performance convolutional neural networks for document processing*
# - Dumoulin and Visin (2016), *A guide to convolution arithmetic for deep learning*, section 2
# - Goodfellow, Bengio and Courville (2016), *Deep Learning*, sections 9.1 and 9.2
#
# **Next:** [08 Backpropagation through a convolution](08_convolution_backward.ipynb)
