# %% [markdown]
# # 13 The shape of a generator
#
# An article about generating images gives the network below, in the language of Keras. It runs without an error. *Can it
# generate images?* Write down yes or no before you read on; the rest of this notebook finds out by shapes and by gradients.
#
# **You will build** the tools to read a network by its shapes, find the weights in it that can never learn, and design a
# generator of your own.
#
# **You need** notebooks [11](11_batch_norm.ipynb) and [12](12_upsampling.ipynb).
#
# **It takes** about an hour and a quarter; the notebook itself runs in seconds.

# %%
import numpy as np

from nnscratch.course import checks, draw, own
from nnscratch.layers import BatchNormalization, Conv2D, Conv2DTranspose, Input
from nnscratch.models import Model

inputs = Input(shape=(64, 64, 3))
x = Conv2D(128, 4, 2, activation='leaky_relu', padding='same')(inputs)
x = BatchNormalization()(x)
for _ in range(64 - 1):
    x = Conv2D(128, 4, 2, activation='leaky_relu', padding='same')(x)
    x = BatchNormalization()(x)
model = Model(inputs=inputs, outputs=x)

# %% [markdown]
# A [generator](glossary.md#generator-discriminator) turns random numbers into an image. These numbers are the [latent
# vector](glossary.md#latent-vector-latent-space) $z$, a point of the latent space: 32 or 100 values, mean 0, variance 1. Its
# opposite, the discriminator, turns an image into one number: real, or generated?
#
# ## Shapes by hand
#
# `Conv2D(128, 4, 2)` has 128 filters of 4 x 4 and the stride 2. With the padding `'same'` there is one window for every two
# pixels, and one for a single pixel left over; as many zeros are added as these windows need. On 64 pixels that is 1 zero at
# either end:

# %%
print("64 ->", own.output_size(64, 4, 2, 1), "  then ->", own.output_size(32, 4, 2, 1))
assert own.output_size(64, 4, 2, 1) == 32

# %% [markdown]
# On 5 pixels there are three windows of 4, two pixels apart. Together they cover $2 + 2 + 4 = 8$ values, so three zeros are
# added: one before the image, two behind it.
#
# ### Exercise (build): the side after some blocks
#
# A block is such a convolution, with kernel 4, stride 2 and `'same'`, and its batch normalisation. Sides may be odd.

# %% exercise=side_after
def side_after(size, blocks):
    """The side of an image after so many blocks: a whole number."""
    ...

# %%
checks.side_after(side_after)

# %%
from nnscratch.networks.article import image_sides

sides = [own.side_after(64, k) for k in range(10)]
assert image_sides(model)[:9] == sides[1:] and image_sides(model)[-1] == 1
draw.curves({"Conv2D with stride 2": (np.arange(10), np.log2(sides))},
            "the side falls from 64 to 1 within six blocks, and stays 1", "blocks",
            "log2 of the side in pixels")

# %% [markdown]
# **Figure 13.1.** After six of the 64 blocks one pixel is left. The other 58 blocks process that pixel.
#
# That is the **first** reason why it cannot generate: it only shrinks.
#
# ## A kernel of 4 x 4 on a single pixel
#
# Around that pixel, everything is padding. A weight that meets zeros alone changes nothing; its gradient is 0, so that it never
# learns. Call one of the 4 x 4 positions in a kernel a *tap*. A tap is live if it meets a pixel at *some* output position.
#
# With a kernel of 3 on 2 pixels and stride 2 there is one output position. The window needs 3 values, so that one zero is
# added. It stands behind the image (half of it, rounded down, would stand before). Two of three taps are live along this axis,
# so 4 of 9.
#
# ### Exercise (derive): live taps
#
# For stride 2 and `'same'`: how many output positions are there, how many zeros does the last window need, and how many of them
# stand before the image?

# %% exercise=live_taps
def live_taps(side, kernel):
    """How many of the kernel * kernel taps meet a pixel at some output position: a whole number."""
    ...

# %%
checks.live_taps(live_taps)

# %% [markdown]
# Does the network agree? A tap lives if its gradient is not 0. A copy of eight blocks with 16 filters shows all there is to
# see:

# %%
from nnscratch.networks import article
from nnscratch.networks.article import article_stack

stack = article_stack((64, 64, 3), blocks=8, filters=16)
images = np.random.default_rng(0).standard_normal((4, 64, 64, 3)).astype(np.float32)
measured = [16 * fraction for fraction in article.live_taps(stack, images)]
counted = [own.live_taps(own.side_after(64, k), 4) for k in range(8)]
print("counted", counted)
assert counted == measured == [16, 16, 16, 16, 16, 4, 1, 1]

# %%
def kernel_grid(axes, side, kernel):
    k = np.arange(kernel)
    count = round(own.live_taps(side, kernel)**0.5)
    first = (kernel - count) // 2  # live taps stand in the middle
    live = (k >= first) & (k < first + count)
    axes.imshow(np.outer(live, live), cmap="Blues", vmin=0, vmax=1.6, extent=(0, kernel, kernel, 0))
    axes.set(xticks=range(kernel + 1), yticks=range(kernel + 1), xticklabels=[], yticklabels=[],
             xlabel=f"{count**2} of {kernel**2} taps live")
    axes.grid(color="#bbbbbb")
    axes.tick_params(length=0)


draw.explore(kernel_grid, "live taps of a kernel on images of one, two, three and five pixels",
             side=[1, 2, 3, 5], kernel=[3, 4, 5, 7],
             shown=[(1, 4), (2, 4), (3, 4), (1, 7), (3, 7), (5, 7)], size=(2.0, 2.2))

# %% [markdown]
# **Figure 13.2.** Blue taps meet a pixel, white ones only padding: the smaller the image, the more of the kernel is dead.

# %%
kernels = [layer.grads["kernel"] for layer in stack.layers if isinstance(layer, Conv2D)]
taps = [np.abs(gradient).max(axis=(2, 3)) for gradient in kernels]
draw.heatmaps({f"block {k + 1}": taps[k] / taps[k].max() for k in (4, 5, 6)},
              "gradients of the 4 x 4 taps: all live in block 5, four in 6, one in 7", 0.4)

# %% [markdown]
# **Figure 13.3.** Size of the gradient of each tap, measured: 16 live taps in block 5, four in block 6, one in block 7.
#
# The **second** reason: from block 7 on, 15 of 16 weights are dead. One tap is left, a matrix of 128 x 128 weights, and it
# meets one pixel, 128 numbers: that is a dense layer, such as yours of notebook 01. Here is block 21 of the article's network,
# with slope 0.2 in its leaky ReLU:

# %%
layer = [layer for layer in model.layers if isinstance(layer, Conv2D)][20]
pixel = np.random.default_rng(1).standard_normal((3, 1, 1, 128)).astype(np.float32)
a = own.dense(pixel[:, 0, 0], layer.params["kernel"][1, 1], layer.params["bias"])
same = np.allclose(layer.forward(pixel)[:, 0, 0], np.where(a > 0, a, 0.2 * a), atol=1e-5)
print("one tap, a dense layer and a leaky ReLU give the same:", same)
assert same

# %% [markdown]
# ## Batch normalisation of a single value
#
# **Third:** train that network with one image at a time. A channel then has a single value, which is its own mean. Your
# `batch_norm` of notebook 11 shows what is left of the input:

# %%
gamma, beta = np.ones(1), np.full(1, 0.5)
for value in (5.0, -80.0, 1e6):
    y = own.batch_norm(np.full((1, 1, 1, 1), value), gamma, beta, 1e-3)
    print(f"{value:9g} -> {y.item():g}")
    assert y.item() == 0.5
rng = np.random.default_rng(0)
outputs = [model.forward(rng.standard_normal((1, 64, 64, 3)).astype(np.float32), training=True,
                         remember=False) for _ in range(3)]
print("three different inputs, equal outputs:", np.array_equal(outputs[0], outputs[1]))
assert np.array_equal(outputs[0], outputs[1]) and np.array_equal(outputs[0], outputs[2])

# %% [markdown]
# **Fourth:** the output has 128 channels without bounds, while an image has one or three, in a range such as $[-1, 1]$.
#
# None of this is a fault of the *layers*. Six such blocks turn an image into a few numbers: a good start for a discriminator.
#
# ## The other direction
#
# `Conv2DTranspose` enlarges (notebook 12). With a kernel of 4, stride 2 and padding 1 it doubles the side exactly, from $z$ as
# one pixel to 64:

# %%
sides = [1]
for _ in range(6):
    sides.append(own.transposed_size(sides[-1], 4, 2, 1))
repaired = article_stack((1, 1, 16), blocks=6, filters=16, layer=Conv2DTranspose)
print(sides)
assert image_sides(repaired) == sides[1:] == [2, 4, 8, 16, 32, 64]
z = np.random.default_rng(0).standard_normal((2, 1, 1, 16)).astype(np.float32)
y = repaired.forward(z, training=True)
print("two latent vectors, two different images:", np.abs(y[0] - y[1]).max() > 0.1)
assert np.abs(y[0] - y[1]).max() > 0.1

# %% [markdown]
# ### Exercise (debug): four networks
#
# Below, *block* means the layer named first, with a kernel of 4, stride 2, `'same'` and `leaky_relu`, followed by batch
# normalisation. Which one can generate images with values in $[-1, 1]$, and what is wrong with the others?
#
# | | input | layers | last layer | batch |
# |---|---|---|---|---|
# | A | noise (64, 64, 3) | six `Conv2D` blocks | `Conv2D(3, 3)`, tanh | 64 |
# | B | z (1, 1, 16) | six `Conv2DTranspose` blocks | `Conv2D(3, 3)`, tanh | 64 |
# | C | z (1, 1, 16) | batch normalisation, six `Conv2DTranspose` blocks | `Conv2D(3, 3)`, tanh | 1 |
# | D | z (1, 1, 16) | six `Conv2DTranspose` blocks | `Conv2D(3, 3)`, `leaky_relu` | 64 |
#
# Write for each of A to D one of: `"generates"`; `"shrinks"`, the image gets smaller; `"range"`, values leave $[-1, 1]$;
# `"forgets z"`, every z gives the same image.

# %% exercise=which_generate
which_generate = [..., ..., ..., ...]

# %%
checks.which_generate(which_generate)

# %% [markdown]
# ## A generator of your own
#
# Digits have 16 x 16 pixels and one channel. Radford et al. (2016) start a generator with a dense layer, whose values become a
# small image of many channels. Transposed convolutions then double the side, with fewer channels each time. An activation
# follows each of these layers, after batch normalisation; the last one has no batch normalisation, and tanh as its activation.
#
# ### Exercise (build): from z to a digit
#
# From $z$ of shape (32,) to an image (16, 16, 1) in $[-1, 1]$: the first image has 4 x 4 pixels, two transposed convolutions
# double it, their kernels overlap evenly (notebook 12), and there are at most 40,000 parameters, biases included. Batch
# normalisation is up to you. Return a list of such rows, `padding` being a number:
#
# | row | |
# |---|---|
# | `("dense", units)` | `("reshape", height, width, channels)` |
# | `("conv_transpose", filters, kernel, stride, padding)` | `("conv", filters, kernel, stride, padding)` |
# | `("batch_norm",)` | `("leaky_relu",)` or `("tanh",)` |

# %% exercise=generator_shapes
def generator_shapes():
    """The layers from a latent vector (32,) to an image (16, 16, 1) in [-1, 1], a list of rows."""
    ...

# %%
answer = checks.generator_shapes(generator_shapes)
answer

# %% [markdown]
# Until yours is right, the library has an example (its rows stay hidden). Does it do what it should?

# %%
from nnscratch.course.checks.generator_design import build_generator, example_generator

yours = answer.state == "right"
generator = build_generator(generator_shapes() if yours else example_generator())
z = np.random.default_rng(1).standard_normal((64, 32)).astype(np.float32)
generated = generator.forward(z, training=True)
assert generated.shape == (64, 16, 16, 1) and np.abs(generated).max() <= 1
dy = np.random.default_rng(2).standard_normal(generated.shape).astype(np.float32)
dz = generator.backward(dy)
assert dz.shape == z.shape and np.abs(dz).max(axis=1).min() > 0
dead = [name for name, g in generator.grads.items() if "kernel" in name and not g.any()]
print("every kernel gets a gradient, and so does z:", not dead)
assert not dead
draw.tiles({"eight latent vectors, before any training": generated[:8]},
           "eight generated images of an untrained generator: noise without digits", columns=8)

# %% [markdown]
# **Figure 13.4.** The shapes are right, values are in range, different $z$ give different images. It does
# not draw digits yet.
#
# The library's `nnscratch/networks/gan.py` builds such generators for any size of image.
#
# ## Questions
#
# 1. Suppose the images had 256 x 256 pixels. How many blocks would read more than one pixel?
#    <details><summary>Answer</summary>
#
#    Eight: their inputs have the sides 256, 128, 64, 32, 16, 8, 4 and 2.
#
#    </details>
# 2. From which side on are all 16 taps of a 4 x 4 kernel live?
#    <details><summary>Answer</summary>
#
#    From 3 on: the two output positions meet the pixels with the taps 1 to 3 and 0 to 1 of each axis.
#
#    </details>
# 3. Why does the example start with 4 x 4 pixels of many channels, and not with one pixel?
#    <details><summary>Answer</summary>
#
#    On one pixel, `'same'` cuts off most of each transposed kernel, and a dense layer reaches 4 x 4 pixels at once.
#
#    </details>
# 4. What is still missing, so that the generator learns to draw digits?
#    <details><summary>Answer</summary>
#
#    A loss: a number that says how good a generated image is. No image is given as the target of a $z$.
#
#    </details>
#
# ## References
#
# - Radford, Metz, Chintala (2016), *Unsupervised representation learning with deep convolutional generative adversarial
#   networks*, section 3
# - Dumoulin and Visin (2016), *A guide to convolution arithmetic for deep learning*, section 4
# - Ioffe and Szegedy (2015), *Batch normalization*, section 3
#
# **Next:** [14 A GAN: digits from noise](14_gan.ipynb)
