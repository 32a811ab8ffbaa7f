# %% [markdown]
# # 17 Making it fast
#
# The network M2 of notebook 09 is made of functions that you wrote to be understood. Where does its time go? And can the same
# numbers come out in half of it?
#
# **You will build** a convolution whose columns stay in the processor's cache, a filter that needs four products in place of
# six, and a faster training step of M2: milestone M5.
#
# **You need** notebook 09.
#
# **It takes** about an hour and a half with the exercises; the notebook itself runs in a few seconds.

# %%
import numpy as np

from nnscratch.bench.machine import best
from nnscratch.course import checks, draw, own
from nnscratch.course.digits import digits
from nnscratch.memory import keep_freed_memory

kept = keep_freed_memory()  # or the time to get memory back from the system would be measured, too
rng = np.random.default_rng(0)
train_set = digits("train", 16)
images, t = train_set.images[..., None], own.one_hot(train_set.labels, 10)
x, t64 = images[:64], t[:64]

# %% [markdown]
# ## Measure first
#
# This is a training step of M2 without its last line, the step of the optimiser. It returns the loss of a batch and the
# gradients with respect to the parameters:

# %%
def border(x):
    return np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])


def plain_step(x, t, params):
    K1, b1, K2, b2, W3, b3 = params.values()
    x1 = border(x)
    a1 = own.conv2d(x1, K1, b1)
    y1 = np.maximum(0, a1)
    x2 = border(own.max_pool(y1, 2))
    a2 = own.conv2d(x2, K2, b2)
    y2 = np.maximum(0, a2)
    pooled = own.max_pool(y2, 2)
    x3 = pooled.reshape(len(x), -1)
    L, dlogits = own.softmax_cross_entropy(own.dense(x3, W3, b3), t)
    dx3, dW3, db3 = own.dense_backward(dlogits, x3, W3)
    da2 = own.relu_backward(own.max_pool_backward(dx3.reshape(pooled.shape), y2, 2), a2)
    dx2, dK2, db2 = own.conv2d_backward(da2, x2, K2)
    da1 = own.relu_backward(own.max_pool_backward(dx2[:, 1:-1, 1:-1], y1, 2), a1)
    dx1, dK1, db1 = own.conv2d_backward(da1, x1, K1)
    return L, {"K1": dK1, "b1": db1, "K2": dK2, "b2": db2, "W3": dW3, "b3": db3}

# %%
def start(rng):
    return {"K1": own.he_normal((3, 3, 1, 8), 9, rng), "b1": np.zeros(8),
            "K2": own.he_normal((3, 3, 8, 16), 72, rng), "b2": np.zeros(16),
            "W3": own.he_normal((256, 10), 256, rng), "b3": np.zeros(10)}


params = start(rng)
K1, b1, K2, b2, W3, b3 = params.values()
L, grads = plain_step(x, t64, params)
print("first loss", round(float(L), 2), "  gradients", {name: g.shape for name, g in grads.items()})

# %% [markdown]
# Ten more steps, and then a table: how often each function was called, and how many milliseconds a call took. Times differ in
# every run and on every machine. (What is stored here shows the library's functions; on your machine it shows yours.)

# %% varies
for _ in range(10):
    plain_step(x, t64, params)
own.who("M2")

# %% [markdown]
# A function that calls another one, as `conv2d` calls `im2col`, includes its time. The table does not tell the two convolutions
# apart, so now each part by itself. `best(f)` calls `f` several times and gives the seconds of the shortest call: other
# programs can only make a call longer. **Predict:** which part takes longest?

# %% varies
x1, x2 = border(x), border(rng.random((64, 8, 8, 8)))
y1, y2, y3 = rng.random((64, 16, 16, 8)), rng.random((64, 8, 8, 16)), rng.random((64, 256))
dy1, dy2 = rng.random((64, 8, 8, 8)), rng.random((64, 4, 4, 16))
calls = {
    "convolution 1": (lambda: own.conv2d(x1, K1, b1), lambda: own.conv2d_backward(y1, x1, K1)),
    "ReLU 1": (lambda: np.maximum(0, y1), lambda: own.relu_backward(y1, y1)),
    "pooling 1": (lambda: own.max_pool(y1, 2), lambda: own.max_pool_backward(dy1, y1, 2)),
    "convolution 2": (lambda: own.conv2d(x2, K2, b2), lambda: own.conv2d_backward(y2, x2, K2)),
    "ReLU 2": (lambda: np.maximum(0, y2), lambda: own.relu_backward(y2, y2)),
    "pooling 2": (lambda: own.max_pool(y2, 2), lambda: own.max_pool_backward(dy2, y2, 2)),
    "dense": (lambda: own.dense(y3, W3, b3), lambda: own.dense_backward(t64, y3, W3))}
seconds = {name: [best(call, times=4) for call in pair] for name, pair in calls.items()}
both = {name: {"forward": 1e3 * a, "backward": 1e3 * b} for name, (a, b) in seconds.items()}
draw.dots(both, "milliseconds of each part of a training step", "ms for 64 images")

# %% [markdown]
# **Figure 17.1.** Convolutions and poolings take nearly all of the time, and their backward passes most of it.
#
# ## Count the work
#
# Is that much for the work they do? One image of 4 x 5 pixels with two channels, five kernels of 3 x 3: count by loops, a
# multiplication and an addition for every product. Each is a floating point operation, a
# [FLOP](glossary.md#flop-gemm-cache).

# %%
count = 0
for _ in np.ndindex(1, 2, 3, 5):  # n, h, w, o
    for _ in np.ndindex(3, 3, 2):  # i, j, c
        count += 2
print(count, "FLOP")
assert count == 1080

# %% [markdown]
# ### Exercise (derive): `conv_flop`
#
# The same count without loops, for all shapes. Nothing is padded, the stride is 1.

# %% exercise=conv_flop
def conv_flop(x_shape, K_shape):
    """(N, H, W, C), (KH, KW, C, O), stride 1, no padding -> FLOP, a number"""
    ...

# %%
checks.conv_flop(conv_flop)

# %% varies
for name, one, K in (("convolution 1", x1, K1), ("convolution 2", x2, K2)):
    flop = own.conv_flop(one.shape, K.shape)
    print(f"{name}: {flop:10,} FLOP forward, {flop / seconds[name][0] / 1e9:.1f} GFLOP/s")

# %%
assert own.conv_flop((64, 18, 18, 1), (3, 3, 1, 8)) == 2_359_296
assert own.conv_flop((64, 10, 10, 8), (3, 3, 8, 16)) == 4 * 2_359_296

# %% [markdown]
# The second convolution has four times the FLOP of the first and does not take four times as long. So time is not only FLOP.
#
# ## The same work, four ways
#
# `ops.reference` has the nested loops of notebook 07, `own.conv2d` is your matrix product (GEMM), and the library's engine has
# more algorithms. All give the same, up to rounding:

# %%
from nnscratch.fast.cpu import im2col, winograd
from nnscratch.ops import reference
from nnscratch.ops.window import make_window

small, K = rng.standard_normal((1, 8, 8, 8)), rng.standard_normal((3, 3, 8, 8))
window = make_window("notebook", (8, 8), 3)  # for the library's functions
ways = {"loops": lambda: reference.convolve(small, K, window),
        "one matrix product": lambda: own.conv2d(small, K, np.zeros(8)),
        "the engine's im2col": lambda: im2col.convolve(small, K, window),
        "the engine's Winograd": lambda: winograd.convolve(small, K, window)}
results = {name: way() for name, way in ways.items()}
print("four algorithms, one result")
assert all(np.allclose(y, results["loops"]) for y in results.values())

# %% varies
flop = own.conv_flop(small.shape, K.shape)
draw.dots({name: {"": flop / best(way, times=3) / 1e6} for name, way in ways.items()},
          "million FLOP per second of four algorithms for a small convolution", "MFLOP/s")

# %% [markdown]
# **Figure 17.2.** The same products: a matrix product does them hundreds of times faster than Python's loops.
#
# Python looks up the types of two numbers before it multiplies them. A matrix product does not, and multiplies several numbers
# with one instruction.
#
# ## Memory comes in lines
#
# A processor computes faster than memory delivers. It keeps what it has just used in a small, fast memory of its own, the
# *cache*, and fetches from main memory never a single value but a *line* of 64 bytes: 16 values in float32.
#
# ### Exercise (predict): bytes for each value
#
# From a long array in float32 every $S$-th value is read, for $S = 1, 4, 16, 64$. How many bytes are fetched for each value
# that is read, on average?

# %% exercise=line_bytes
line_bytes = [..., ..., ..., ...]

# %%
checks.line_bytes(line_bytes)

# %%
for S in (1, 4, 16, 64):
    lines = len(np.unique(np.arange(0, 1024 * S, S) // 16))
    print(f"S = {S:2}: {lines:4} lines for 1024 values, {64 * lines / 1024:3g} bytes each")
    assert 64 * lines / 1024 == 4 * min(S, 16)

# %% varies
values, strides = np.ones(2**25, np.float32), np.array([1, 2, 4, 8, 16, 32, 64])
each = [1e9 * best(lambda S=S: values[::S].sum(), times=3) / len(values[::S]) for S in strides]
draw.curves({"measured": (strides, each)}, "nanoseconds for each value rise with the stride",
            "stride S (values)", "ns for each value", log=True)

# %% [markdown]
# **Figure 17.3.** Each value is one addition; values that lie far apart take many times as long.
#
# In formulas: bytes $= 4 \min(S, 16)$. This is why the layout matters. With channels last, the $KW \cdot C$ values under a row
# of the window lie side by side.
#
# ## Blocks
#
# im2col copies most pixels $KH \cdot KW$ times. Take 256 x 256 pixels with 64 channels in float32 and a window of 3 x 3:

# %%
image, columns = (256 * 256 * values * 4 for values in (64, 3 * 3 * 64))
print(f"image {image / 1e6:.0f}, columns {columns / 1e6:.0f} million bytes")
assert (round(image / 1e6), round(columns / 1e6)) == (17, 151)

# %% [markdown]
# The columns are written to main memory and read again for the product. But a row of $y$ depends on a few rows of $x$. So make
# the columns of some rows, multiply them while they are in the cache, and go on.
#
# ### Exercise (build): `conv_in_blocks`
#
# With `own.im2col`. The check looks at the result and at the memory: $y$ and the columns of two or three blocks, not of the
# whole image.

# %% exercise=conv_in_blocks
def conv_in_blocks(x, K, rows):
    """(N, H, W, C), (KH, KW, C, O) -> (N, OH, OW, O), by columns of `rows` rows of y at a time"""
    ...

# %%
checks.conv_in_blocks(conv_in_blocks)

# %% varies
from nnscratch.memory import peak_bytes

wide, K = rng.random((1, 66, 130, 64)), rng.random((3, 3, 64, 16))
times = {}
for rows in (1, 4, 16, 64):
    def blocks(rows=rows):
        return own.conv_in_blocks(wide, K, rows)

    times[f"rows = {rows}"] = {"": 1e3 * best(blocks, times=3)}
    print(f"rows = {rows:2}: {peak_bytes(blocks) / 1e6:5.1f} million bytes at once")
draw.dots(times, "milliseconds of a convolution by the rows of a block", "ms for 64 rows",
          log=False)

# %% [markdown]
# **Figure 17.4.** All 64 rows at once need the most memory and are not the fastest.
#
# (If your `im2col` loops over positions, its loop takes most of this time, and blocks change little.) The engine makes at most
# 2 MB of columns at a time.
#
# ## Fewer multiplications
#
# Can the work itself shrink? Take four values $d$ of a row, a *tile*, and a filter of three taps, $g$. Two outputs take six
# products:
#
# $$y_0 = d_0 g_0 + d_1 g_1 + d_2 g_2 \qquad y_1 = d_1 g_0 + d_2 g_1 + d_3 g_2$$
#
# With $d = (5, 2, 4, 1)$ and $g = (1, 3, 4)$: $5 + 6 + 16 = 27$ and $2 + 12 + 4 = 18$. But $d_1$ and $d_2$ are in both outputs.
# So look for four products, each a sum of some $d$ times a sum of some $g$, with
#
# $$y_0 = m_1 + m_2 + m_3 \qquad y_1 = m_2 - m_3 - m_4$$
#
# Sums cost little, and those of $g$ are computed once for a whole image. This is $F(2, 3)$, two outputs of three taps, from
# [Winograd's minimal filtering](glossary.md#winograds-minimal-filtering): he proved that $2 + 3 - 1 = 4$ is the least.
#
# ### Exercise (derive): `f23`
#
# On paper: of $d$, $m_2$ and $m_3$ hold $d_1$ and $d_2$ alone. The check counts products of something made of $d$ with
# something made of $g$; a product with a constant, as in a half, does not count.

# %% exercise=f23
def f23(d, g):
    """(4,), (3,) -> y (2,), with four products"""
    ...

# %%
checks.f23(f23)

# %% [markdown]
# A row of 16 values in seven tiles, two values further each time:

# %%
row, g = rng.normal(size=16), np.array([1.0, 3, 4])
tiled = np.concatenate([own.f23(row[k:k + 4], g) for k in range(0, 14, 2)])
print(len(tiled), "outputs by", 4 * 7, "products in place of", 3 * 14)
assert np.allclose(tiled, [row[k:k + 3] @ g for k in range(14)])

# %% [markdown]
# Sums and differences are matrices of small constants. With the letters of Lavin and Gray:
#
# $$y = A^T [\,(G g) \odot (B^T d)\,]$$

# %%
AT = np.array([[1.0, 1, 1, 0], [0, 1, -1, -1]])
G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
BT = np.array([[1.0, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
d = np.array([5.0, 2, 4, 1])
m = (G @ g) * (BT @ d)
print("m =", m, "  y =", AT @ m)
assert np.allclose(m, [1, 24, 2, 4]) and np.allclose(AT @ m, [27, 18])

# %%
grids = [draw.Grid(name, values) for name, values in (
    ("Aᵀ", AT), ("G", G), ("Bᵀ", BT), ("m", m[:, None]), ("y", (AT @ m)[:, None]))]
draw.grids([[grids[0], " ", grids[1], " ", grids[2], " ", grids[3], " → ", grids[4]]],
           "the three matrices of F(2, 3), four products and two outputs", inches=0.4)

# %% [markdown]
# **Figure 17.5.** Rows of $G$ and $B^T$ are the factors of $m_1$ to $m_4$; $A^T$ adds them up.
#
# In two directions it nests: $Y = A^T [\,(G g\, G^T) \odot (B^T d\, B)\,] A$. For $F(4 \times 4, 3 \times 3)$ these are 36
# products in place of 144:

# %%
from nnscratch.fast.cpu.winograd_matrices import winograd_matrices

AT, G, BT = winograd_matrices(4, 3)
tile, taps = rng.normal(size=(6, 6)), rng.normal(size=(3, 3))
Y = AT @ ((G @ taps @ G.T) * (BT @ tile @ BT.T)) @ AT.T
directly = own.conv2d(tile[None, :, :, None], taps[:, :, None, None], np.zeros(1))[0, :, :, 0]
print("products:", BT.shape[0]**2, "in place of", 16 * 9)
assert np.allclose(Y, directly) and (BT.shape[0]**2, 16 * 9) == (36, 144)

# %% [markdown]
# It costs digits. The constants grow with the number of outputs, large numbers are added and subtracted again, and float32 has
# only seven digits. The error, as the length of the difference over the length of the result in float64:

# %%
d, g = rng.normal(size=(8, 20000)), rng.normal(size=(3, 20000))


def error(outputs, dtype, direct=False):
    AT, G, BT = (matrix.astype(dtype) for matrix in winograd_matrices(outputs, 3))
    tiles, taps = d[:outputs + 2].astype(dtype), g.astype(dtype)
    exact = sum(d[k:k + outputs] * g[k] for k in range(3))
    y = (sum(tiles[k:k + outputs] * taps[k] for k in range(3)) if direct
         else AT @ ((G @ taps) * (BT @ tiles)))
    return np.linalg.norm(y - exact) / np.linalg.norm(exact)

# %%
outputs = np.arange(1, 7)
plain, filtered = (np.array([error(k, np.float32, way) for k in outputs]) for way in (True, False))
assert (plain < 1e-7).all() and 2 * plain[-1] < filtered[-1] < 2e-6 and error(6, float) < 1e-14
draw.curves({"minimal filtering": (outputs, 1e8 * filtered), "plain sum": (outputs, 1e8 * plain)},
            "rounding error in float32 against the outputs of a tile: only minimal filtering grows",
            "outputs of a tile", "relative error (10⁻⁸)")

# %% [markdown]
# **Figure 17.6.** The plain sum keeps its error; that of minimal filtering grows with the outputs of a tile.
#
# Six outputs at once cost most of a digit. An image with 8 bits a value does not show that.
#
# ## M5: your step, made fast
#
# Look at figure 17.1 again. Which parts pay? For each ask: is it needed, is it computed twice, is it a loop of many small
# copies? With the functions of notebooks 07 and 08, `plain_step` has all three.
#
# ### Exercise (build): `fast_step`
#
# A function like `plain_step`, which may call functions of yours, or replace them. `params` are `K1`, `b1`, `K2`, `b2`, `W3`,
# `b3`. The check compares all results, then times it against the step as the solutions of notebooks 07 to 09 write it, with
# 8 images: yours must be at least 1.25 times as fast. Can you make it twice as fast?

# %% exercise=fast_step
def fast_step(x, t, params):
    """(N, H, W, 1), (N, classes), dict -> L, dict of gradients, one for each parameter"""
    ...

# %%
checks.fast_step(fast_step)

# %% [markdown]
# Both train M2 for 60 steps, from the same start and on the same batches:

# %%
def train(step, steps=60):
    params, rng, losses = start(np.random.default_rng(1)), np.random.default_rng(2), []
    v = {name: 0 * value for name, value in params.items()}
    for n in list(own.batches(len(images), 64, rng))[:steps]:
        L, grads = step(images[n], t[n], params)
        for name in params:
            params[name], v[name] = own.momentum_step(params[name], v[name], grads[name], 0.05, 0.9)
        losses.append(float(L))
    return losses, params


(losses, params), (again, _) = train(plain_step), train(own.fast_step)
print(f"the loss falls from {losses[0]:.2f} below 0.6; both steps agree")
assert np.allclose(losses, again, rtol=1e-4) and np.mean(losses[-10:]) < 0.6

# %% [markdown]
# The library's classes compute the same gradients, too, in float32. Here with the parameters after these steps:

# %%
from nnscratch.layers import Conv2D, Dense, Flatten, MaxPooling2D, ReLU
from nnscratch.models import Input, Model

y = pixels = Input((16, 16, 1))
for channels in (8, 16):
    y = MaxPooling2D(2)(ReLU()(Conv2D(channels, 3, padding="same")(y)))
model = Model(pixels, Dense(10)(Flatten()(y)))
model.forward(x[:1])
for theirs, ours in zip(model.params.values(), params.values()):
    theirs[...] = ours


def model_step(x, t, params):
    L, dlogits = own.softmax_cross_entropy(model.forward(x.astype(np.float32), training=True), t)
    model.zero_grads()
    model.backward(dlogits.astype(np.float32), "parameters")
    return L, dict(zip(params, model.grads.values()))

# %%
agree = [np.allclose(one, other, atol=1e-5) for one, other in zip(
    model_step(x, t64, params)[1].values(), own.fast_step(x, t64, params)[1].values())]
print(sum(agree), "gradients agree")
assert agree == 6 * [True]

# %% varies
from nnscratch.course.checks.network_step import plain_step as solved_step

steps = {"as 07 to 09 are solved": solved_step, "your functions": plain_step,
         "your fast step": own.fast_step, "the library's classes": model_step}
took = {name: best(lambda step=step: step(x, t64, params), times=6) for name, step in steps.items()}
draw.dots({name: {"": 1e3 * one} for name, one in took.items()},
          "milliseconds of a step: as solved, of your functions, your fast one, the library's",
          "ms for 64 images")

# %% [markdown]
# **Figure 17.7.** One step of M2 in four implementations with the same results.

# %% varies
own.who("M5")

# %% [markdown]
# ## Questions
#
# 1. What does im2col copy for a 1 x 1 convolution?
#
# <details><summary>Answer</summary>
#
# Nothing new: each patch is one pixel, so the columns are $x$ itself, and the convolution is one matrix product.
#
# </details>
#
# 2. An image of 100 x 100 pixels is stored as (C, H, W) in float32. How far apart are two channels of a pixel, and what does
#    reading one pixel cost?
#
# <details><summary>Answer</summary>
#
# 40,000 bytes. Each channel lies in a line of its own, so 64 bytes are fetched for each value in place of 4.
#
# </details>
#
# 3. How many products has $F(2, 2)$, two outputs of two taps, and how many the direct way?
#
# <details><summary>Answer</summary>
#
# $2 + 2 - 1 = 3$ in place of 4: $(d_0 - d_1) g_0$, $d_1 (g_0 + g_1)$ and $(d_1 - d_2) g_1$. The first two add up to $y_0$; the
# second minus the third is $y_1$.
#
# </details>
#
# 4. A step becomes twice as fast in its convolutions, which take half of the time. How much faster is the whole?
#
# <details><summary>Answer</summary>
#
# It takes $0.5 + 0.25 = 0.75$ of the time: 1.33 times as fast. Notebook 18 gives the formula.
#
# </details>
#
# ## References
#
# - Goto and van de Geijn (2008), *Anatomy of high-performance matrix multiplication*
# - Winograd (1980), *Arithmetic complexity of computations*, chapter V
# - Lavin and Gray (2016), *Fast algorithms for convolutional neural networks*, section 4.1
#
# **Next:** [18 CPU against GPU](18_gpu.ipynb)
