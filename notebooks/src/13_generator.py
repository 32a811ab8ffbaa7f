# %% [markdown]
# # 13 Assembling a network, and why one of them cannot generate
#
# **You will build** a network as a graph of layers, and walk through it forward and back. Then you will examine a network of 64
# blocks from an article on making pictures, find out in numbers why it cannot make any, and turn its shapes round with one
# word.
#
# **You need** notebooks 01 to 08; what batch normalisation does is said again here.
#
# **It takes** about an hour and a half with the exercises; the notebook itself runs in some seconds.

# %%
import numpy as np

from nnscratch import course, ops
from nnscratch.course import checks, draw
from nnscratch.course.draw import Node

# %% [markdown]
# ## A graph
#
# Take $u = 3x$, $v = 5x$ and $y = u + v$. With $x = 2$ forward gives $u = 6$, $v = 10$ and $y = 16$. Backward starts with
# $dy = 1$. The sum hands it on to both that it read: $du = 1$ and $dv = 1$. Then $u$ sends $3 \cdot du = 3$ to $x$, and $v$
# sends $5 \cdot dv = 5$. So two gradients arrive at $x$, and they add: $dx = 3 + 5 = 8$. Right, since $y = 8x$.

# %%
draw.graph([Node("x", (), 2, 8),
            Node("u = 3 x", ("x",), 6, 1), Node("v = 5 x", ("x",), 10, 1),
            Node("y = u + v", ("u = 3 x", "v = 5 x"), 16, 1)],
           "x = 2 is used twice, so dx = 3 + 5 = 8")

# %% [markdown]
# In letters: if a value $x$ is read by several steps, and step $k$ gives $y_k$, then
#
# $$\frac{\partial L}{\partial x} = \sum_k \frac{\partial L}{\partial y_k} \frac{\partial y_k}{\partial x}$$
#
# and this gives the order of work. Forward: each step after those that it reads. Backward: the same list from its end, so that
# a step's gradient is complete before the step hands it on. A dictionary keeps what has arrived.
#
# ### Exercise: the reverse walk
#
# `steps` is a tuple in forward order. Each step has a `name`, which is also that of the value it computes; the names of its
# `inputs`; and a function `backward(dy)`, which gives a list: one gradient for each input. The value that no step computes is
# called "x". Here is a small graph, $u = 3x$ and $y = x + u$, as you will get it:

# %%
from nnscratch.course.checks.article import SMALL_GRAPH

for step in SMALL_GRAPH:
    print(f"{step.name} reads {step.inputs}; backward(1.0) gives {step.backward(1.0)}")

# %% [markdown]
# `dy` is the gradient of what the last step computes. Return that of "x"; in this graph it is $dy + 3\,dy$.

# %% exercise=backward_pass
def backward_pass(steps, dy):
    """dx: each step has a .name, .inputs (names) and .backward(dy), a list of gradients."""
    ...

# %%
checks.backward_pass(backward_pass)

# %% [markdown]
# ## Model: the same with layers
#
# `Input` is a placeholder with a shape. A layer called on it computes nothing yet: it notes whom it reads. `Model` collects the
# notes, in `model.calls`, and puts them in forward order. Here a value is used twice again, by a leaky ReLU and by `Add`, which
# reads a list of values. (`cast` makes the weights float64, so that a measurement can be exact.)

# %%
from nnscratch.layers import Add, Conv2D, Input, LeakyReLU
from nnscratch.models import Model

inputs = Input((3, 3, 2))
u = Conv2D(2, 2)(inputs)
small = Model(inputs, Add()([u, LeakyReLU()(u)]))
small.cast(np.float64)
small.summary()

# %% [markdown]
# The forward walk, written out: a dictionary from each place in the graph, `Input` or call of a layer, to its array.

# %%
x = np.random.default_rng(0).normal(size=(2, 3, 3, 2))
values = {small.inputs[0]: x}
for call in small.calls:
    arrays = [values[place] for place in call.inputs]
    values[call] = call.layer.forward(arrays if call.takes_list else arrays[0])
print("it is what the model does:", np.array_equal(values[small.calls[-1]], small.forward(x)))
assert np.array_equal(values[small.calls[-1]], small.forward(x))

# %% [markdown]
# `course.trace` does this walk and the one back, and takes notes. Blue goes forward, orange back:

# %%
trace = course.trace(small, x)
trace.strip()  # of each array the first picture, the first channel

# %%
from nnscratch.gradcheck import check_model

small.forward(x, training=True)
dx = small.backward(np.random.default_rng(0).standard_normal(trace.y.shape))
report = check_model(small, x)
print("the model's dx is the traced one:", np.array_equal(dx, trace.dx), "  measured:", report.ok)
assert np.array_equal(dx, trace.dx) and report.ok

# %% [markdown]
# ## An article's network
#
# This listing comes from an article about generating pictures, where it was written for Keras. Only its import lines are
# changed. It runs. (`'leaky_relu'` has the slope 0.2; the class `LeakyReLU` above has 0.3. Both are Keras' numbers.)

# %%
from nnscratch.layers import BatchNormalization, Conv2D, Input
from nnscratch.models import Model

inputs = Input(shape=(64, 64, 3))
x = Conv2D(128, 4, 2, activation='leaky_relu', padding='same')(inputs)
x = BatchNormalization()(x)
for _ in range(64 - 1):
    x = Conv2D(128, 4, 2, activation='leaky_relu', padding='same')(x)
    x = BatchNormalization()(x)
model = Model(inputs=inputs, outputs=x)

# %% [markdown]
# Can it generate? Look at the shapes. The 2 is the stride: the window moves by two pixels. And `'same'` says: put as many
# zeros around the picture as it takes for the window to have a place at every second pixel. So each block halves the sides,
# rounded up.
#
# ### Exercise: the side after some blocks

# %% exercise=side_after
def side_after(side, blocks):
    """The side of the picture after so many blocks: a whole number."""
    ...

# %%
checks.side_after(side_after)

# %%
from nnscratch.networks.article import image_sides

print("sides:", image_sides(model)[:9], "...", image_sides(model)[-1])
assert image_sides(model) == [32, 16, 8, 4, 2, 1] + [1] * 58

# %% [markdown]
# **First:** it only shrinks. After 6 blocks of 64 a picture is one pixel, and 58 blocks work on that pixel.
#
# ## What a kernel of 4 x 4 does with one pixel
#
# Around the single pixel lies padding: zeros. Of the 16 weights, or *taps*, one lies on the pixel, and 15 on zeros. What is
# multiplied by zero changes nothing, and so gets no gradient and never learns. In letters, along one axis, for a picture of
# side $s$: the window has $P$ places, two pixels apart, and together they cover $2 (P - 1) + 4$ pixels. What goes beyond $s$ is
# zeros, half of them before the picture, which is $p$; an odd one comes behind it.
#
# $$P = \lceil s / 2 \rceil \qquad p = \lfloor \max(2 (P - 1) + 4 - s,\; 0) / 2 \rfloor$$
#
# Then tap $i$ at place $o$ lies on pixel $2o + i - p$, if there is one: if that is at least 0 and below $s$. For $s = 1$:
# $P = 1$, $p = \lfloor 3/2 \rfloor = 1$, so only $i = 1$ lies on pixel 0.
#
# ### Exercise: the share that lives
#
# A tap lives if it lies on a pixel at *some* place of the window. Along one axis there are 4 taps, in the kernel $4 \cdot 4$.

# %% exercise=live_fraction
def live_fraction(side):
    """The share of a kernel's 16 taps that meet a pixel at some place of the window."""
    ...

# %%
checks.live_fraction(live_fraction)

# %% [markdown]
# First counted, and then by the network's own word: the taps whose gradient is not 0. What counts is the side of the picture,
# so a copy with 8 blocks of 16 filters will do, which is faster.

# %%
from nnscratch.networks.article import article_stack, live_taps

stack = article_stack((64, 64, 3), blocks=8, filters=16)
counted = []
for side in [64, *image_sides(stack)[:-1]]:
    places = (side + 1) // 2
    before = max(2 * (places - 1) + 4 - side, 0) // 2
    pixels = 2 * np.arange(places)[:, None] + np.arange(4) - before
    counted.append(float((((pixels >= 0) & (pixels < side)).any(axis=0).sum() / 4)**2))
images = np.random.default_rng(0).standard_normal((4, 64, 64, 3)).astype(np.float32)
measured = live_taps(stack, images)
print(counted, np.allclose(counted, measured))
assert np.allclose(counted, measured)

# %%
kernels = [layer.grads["kernel"] for layer in stack.layers if isinstance(layer, Conv2D)]
taps = [np.abs(gradient).max(axis=(2, 3)) for gradient in kernels]
draw.heatmaps({f"block {k + 1}": taps[k] / taps[k].max() for k in (4, 5, 6)},
              "gradients of the 4 x 4 taps: all live in block 5, four in 6, one in 7", 0.4)

# %% [markdown]
# **Second:** from the seventh block on 1/16 of the weights, 6.25 %, act at all. Each such convolution is a dense layer of 128
# units that drags 15 times as many dead weights along. Indeed, here is the 21st, with its one live tap:

# %%
layer = [layer for layer in model.layers if isinstance(layer, Conv2D)][20]
pixel = np.random.default_rng(1).standard_normal((3, 1, 1, 128)).astype(np.float32)
z = pixel[:, 0, 0] @ layer.params["kernel"][1, 1] + layer.params["bias"]
dense = np.where(z > 0, z, 0.2 * z)
print("a dense layer gives the same:", np.allclose(layer.forward(pixel)[:, 0, 0], dense, atol=1e-5))
assert np.allclose(layer.forward(pixel)[:, 0, 0], dense, atol=1e-5)

# %% [markdown]
# ## Batch normalisation of one number
#
# In training it takes from each channel its mean over all pictures and pixels, and divides by the deviation:
#
# $$y = \gamma\, \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta$$
#
# A single picture of one pixel has a single number in a channel, say 5. Its mean is 5, so $y = \gamma \cdot 0 + \beta$:
# whatever went in, $\beta$ comes out. **Third:** in training, with one picture at a time, the network forgets its input. Three
# different noises:

# %%
rng = np.random.default_rng(0)
noises = [rng.standard_normal((1, 64, 64, 3)).astype(np.float32) for _ in range(3)]
made = [model.forward(noise, training=True, remember=False) for noise in noises]
apart = max(float(np.abs(one - made[0]).max()) for one in made)
print(f"shape {made[0].shape}; three noises, and the outputs differ by {apart:g}")
assert apart == 0

# %% [markdown]
# With two pictures, 5 and 7, the mean is 6 and the deviation 1: $-1$ and $+1$ come out. Of 5 and 700 the same. So what a
# picture gives depends on its neighbour, and in each channel only on which of the two is
# larger:

# %%
zeros, ones = np.zeros(1), np.ones(1)
for pair in ([5.0, 7], [5.0, 700]):
    two = np.reshape(pair, (2, 1, 1, 1))
    y, _, _ = ops.batch_norm(two, ones, zeros, zeros, ones, training=True)
    print(pair, "->", y.ravel().round(2))
    assert np.allclose(y.ravel(), [-1, 1], atol=1e-3)

# %% [markdown]
# (With more pictures more is left. And at inference running statistics stand in, notebook 11; but what is learnt is learnt in
# training.)
#
# **Fourth:** what comes out has 128 channels without bounds. A picture has three, in a range.
#
# None of this is a fault of the *layers*. The first six blocks shrink a picture to a few numbers, and that is what a network
# does that is to *judge* pictures.
#
# ## One word
#
# `Conv2DTranspose` paints where `Conv2D` reads (notebook 08), and with stride 2 it doubles the sides. Put it in the place of
# `Conv2D`, begin with noise of one pixel, and stop after six blocks, at 64:

# %%
from nnscratch.layers import Conv2DTranspose

repaired = article_stack((1, 1, 16), blocks=6, filters=16, layer=Conv2DTranspose)
print("sides:", image_sides(repaired))
blocks = np.arange(7)
draw.curves({"Conv2D": (blocks, np.log2([64, *image_sides(model)[:6]])),
             "Conv2DTranspose": (blocks, np.log2([1, *image_sides(repaired)]))},
            "sides over six blocks: Conv2D from 64 to 1, Conv2DTranspose from 1 to 64", "blocks",
            "side, as a power of 2")

# %%
noise = rng.standard_normal((2, 1, 1, 16)).astype(np.float32)
y = repaired.forward(noise, training=True)
dx = repaired.backward(rng.standard_normal(y.shape).astype(np.float32))
print("from noise", noise.shape, "to", y.shape, "and back to", dx.shape)
assert y.shape == (2, 64, 64, 16) and dx.shape == noise.shape and np.abs(dx).min() > 0
kernels = [layer.grads["kernel"] for layer in repaired.layers if isinstance(layer, Conv2DTranspose)]
shares = [float((np.abs(gradient).max(axis=(2, 3)) > 0).mean()) for gradient in kernels]
print("the share of the taps that learn:", shares)
assert shares == [0.25] + 5 * [1.0] and np.abs(y[0] - y[1]).max() > 0.1

# %% [markdown]
# Two noises give two pictures now, and all taps learn but for the first block, where `'same'` crops most of the stamp away. But
# so far only the shapes are right. To be a generator it still needs a last layer of three channels with a tanh, fewer
# channels where pictures are large, and above all a loss that says what a good picture is. All that is in
# `nnscratch/networks/gan.py`.
#
# ## Questions
#
# 1. Why may a step hand on its gradient only when all that read it have been passed?
# 2. Into how many blocks does more than one pixel go if pictures have 256 x 256?
# 3. For which sides are all 16 taps alive?
#
# **Alone:** replace `padding='same'` by `'valid'` in the listing. At which block does it stop, and what does the message say?
#
# **Next:** [14 Training the generator](14_gan.ipynb)
