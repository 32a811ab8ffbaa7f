# %% [markdown]
# # 17 Making it fast
#
# **You will build** a convolution whose columns stay in the processor's cache, and a filter that gives two outputs for four
# multiplications instead of six. You will count work and bytes, and measure on your own machine what each idea is worth.
#
# **You need** notebook 07.
#
# **It takes** about an hour and a half with the exercises; the notebook itself runs in some seconds.

# %%
import numpy as np

from nnscratch import fast, ops
from nnscratch.bench.machine import best
from nnscratch.course import checks, draw, results
from nnscratch.course.draw import Grid
from nnscratch.fast.cpu import im2col, winograd
from nnscratch.memory import keep_freed_memory
from nnscratch.ops import reference
from nnscratch.ops.window import make_window

kept = keep_freed_memory()

# %% [markdown]
# `best(f)` calls `f` eight times and gives the seconds of the shortest call after the first: other programs can only make a
# call longer. (The last line asks the system to leave freed memory to us, or we would measure how slowly it comes back.)
#
# Times are different on every machine and in every run. Cells that show some are the only ones here whose output is not the
# same every time; what is stored in them comes from one thread of a machine that others used as well.
#
# ## How much work is it?
#
# A picture of 4 x 5 pixels with two channels, five kernels of 3 x 3: the window has $2 \cdot 3 = 6$ places, so there are
# $6 \cdot 5 = 30$ outputs. Each is a sum of $3 \cdot 3 \cdot 2 = 18$ products. Every product is multiplied and added: two
# *floating point operations*, FLOP. Together $30 \cdot 18 \cdot 2 = 1080$. In letters:
#
# $$\text{FLOP} = 2 \cdot N \cdot OH \cdot OW \cdot OC \cdot KH \cdot KW \cdot C$$

# %%
count, x_shape, kernel_shape = 0, (1, 4, 5, 2), (3, 3, 2, 5)
for _ in np.ndindex(1, 4 - 3 + 1, 5 - 3 + 1, 5):
    for _ in np.ndindex(3, 3, 2):
        count += 2
print("counted by loops:", count)
assert count == 1080

# %% [markdown]
# ### Exercise: count
#
# A function of the two shapes. Nothing is padded, the stride is 1.

# %% exercise=conv_flop
def conv_flop(x_shape, kernel_shape):
    """(N, H, W, C), (KH, KW, C, OC), stride 1, no padding -> FLOP, a number"""
    ...

# %%
checks.conv_flop(conv_flop)

# %% [markdown]
# ## The same work, three times
#
# The formula stands in `ops`, and its nested loops in `ops.reference`. The engine, `fast`, has algorithms for the same formula;
# two of them are here. All give the same, up to rounding:

# %%
rng = np.random.default_rng(0)
x = rng.standard_normal((1, 8, 8, 8), np.float32)
kernel = rng.standard_normal((3, 3, 8, 8), np.float32)
window = make_window("notebook", (8, 8), 3)
ways = {"loops": reference.convolve, "formula": lambda x, kernel, window: ops.conv2d(x, kernel)[0],
        "row im2col": im2col.convolve, "winograd": winograd.convolve}
made = {name: way(x, kernel, window) for name, way in ways.items()}
same = all(np.allclose(y, made["loops"], atol=1e-3) for y in made.values())
print("four algorithms, one result:", same)
assert same

# %% varies
def seconds(way):
    return best(lambda: way(x, kernel, window), times=3)


flop = 2 * 6 * 6 * 8 * 3 * 3 * 8
rates = {name: {"MFLOP/s": flop / seconds(way) / 1e6} for name, way in ways.items()}
draw.bars(rates, "how many FLOP a second each way does, in millions", "MFLOP/s", log=True)

# %% [markdown]
# Loops and the formula do the same multiplications. Python looks up the types of two numbers before it multiplies them, and the
# matrix product does not: its inner loop multiplies eight or sixteen numbers with one instruction. The other two are for larger
# images, below.
#
# ## Memory comes in lines
#
# A processor multiplies faster than memory delivers. It therefore keeps what it has just used in a small, fast memory of its
# own, the *cache*, and fetches from main memory not a number but a *line* of 64 bytes: 16 numbers in float32. Walk with steps
# of $s$ numbers, and each number costs
#
# $$\text{bytes} = 4 \cdot \min(s, 16)$$
#
# Counted, for 1024 numbers:

# %%
for s in (1, 4, 16, 64):
    lines = len(np.unique(np.arange(0, 1024 * s, s) // 16))
    print(f"step {s:2}: {lines:4} lines of 64 bytes, {64 * lines / 1024:3g} bytes for each number")
    assert 64 * lines / 1024 == 4 * min(s, 16)

# %% varies
numbers = np.ones(2**25, np.float32)


def for_each(step):
    return 1e9 * best(lambda: numbers[::step].sum(), times=4) / len(numbers[::step])


draw.bars({f"step {s}": {"ns": for_each(s)} for s in (1, 2, 4, 8, 16, 32, 64)},
          "nanoseconds for each number by the distance between them: far steps are slow",
          "ns for each number")

# %% [markdown]
# Each number is one addition. Next to each other they are fast; far apart each one waits for its own line. (Every walk goes
# through the whole array of 134 million bytes, so that a cache has forgotten its beginning when the next walk comes; the
# largest servers have caches that hold it all. From 16 on the formula stands still, and the times do not: a processor fetches
# the next lines before they are asked for, and that works for near ones only.) This is why the layout matters: with channels
# last, the $KW \cdot C$ numbers under a row of the window lie next to each other.
#
# ## Blocks
#
# im2col copies most pixels $KH \cdot KW$ times. For 256 x 256 pixels with 64 channels the columns take
#
# $$256 \cdot 256 \cdot (3 \cdot 3 \cdot 64) \cdot 4 \approx 151 \text{ million bytes}$$
#
# where the picture itself has 17. They go out to main memory, and come back for the product. But a row of $y$ needs only its
# own columns. So make the columns of a few rows, multiply while they are still in the cache, and go on:
#
# $$y_{r \ldots r + R} = \text{im2col}(x_{r \ldots r + R + KH - 1})\; K$$
#
# ### Exercise: in blocks
#
# $R$ is called `rows`. The check looks at the result, at how high the pieces are that you cut from `x`, and at how much memory
# your code holds at once: $y$ and the columns of two or three blocks, not of the whole picture.

# %% exercise=conv_in_blocks
def conv_in_blocks(x, kernel, rows):
    """(N, H, W, C), (KH, KW, C, OC) -> (N, OH, OW, OC), columns of `rows` rows of y at a time"""
    ...

# %%
checks.conv_in_blocks(conv_in_blocks)

# %% [markdown]
# How many rows are best? A few make a product too small to be fast; all of them leave the cache.

# %% varies
x = rng.standard_normal((1, 130, 258, 32), np.float32)
kernel = rng.standard_normal((3, 3, 32, 32), np.float32)


def piece(x):
    return ops.im2col(x, (3, 3))[0] @ kernel.reshape(-1, 32)


def all_pieces(R):
    return 1e3 * best(lambda: [piece(x[:, r:r + R + 2]) for r in range(0, 128, R)], times=3)


draw.bars({f"{R} rows a block": {"ms": all_pieces(R)} for R in (2, 8, 32, 128)},
          "milliseconds for 128 rows, by the rows of a block", "ms")

# %% [markdown]
# The engine's im2col makes at most 2 MB of columns at a time: beside $x$ and $y$ themselves a large image needs no more memory
# than a small one. And it copies the three pixels under a row of the window, which are neighbours in memory, in one piece.
#
# ## Fewer multiplications
#
# Can the work itself shrink? Take one row of four numbers $d$ and a filter of three, $g$. The two outputs
#
# $$y_0 = d_0 g_0 + d_1 g_1 + d_2 g_2 \qquad y_1 = d_1 g_0 + d_2 g_1 + d_3 g_2$$
#
# take six products. But $d_1$ and $d_2$ are in both, and that can be used. We look for a sum and a difference of the same two
# products, $m_2 + m_3$ for $y_0$ and $m_2 - m_3$ for $y_1$:
#
# $$m_2 = (d_1 + d_2) \tfrac{g_0 + g_1 + g_2}{2} \qquad m_3 = (d_2 - d_1) \tfrac{g_0 - g_1 + g_2}{2}$$
#
# Multiply out: $m_2 + m_3 = d_1 g_1 + d_2 (g_0 + g_2)$ and $m_2 - m_3 = d_1 (g_0 + g_2) + d_2 g_1$. The first has $d_1 g_1 +
# d_2 g_2$, as wanted, and $d_2 g_0$ in the place of $d_0 g_0$; the second has $d_1 g_2$ in the place of $d_3 g_2$. One product
# each puts that right:
#
# $$m_1 = (d_0 - d_2)\, g_0 \qquad m_4 = (d_1 - d_3)\, g_2$$
#
# $$y_0 = m_1 + m_2 + m_3 \qquad y_1 = m_2 - m_3 - m_4$$
#
# Four products. With $d = (5, 2, 4, 1)$ and $g = (1, 3, 4)$: $m = (1, 24, 2, 4)$, so $y_0 = 27$ and $y_1 = 18$. Directly:
# $5 + 6 + 16 = 27$ and $2 + 12 + 4 = 18$. The halves of the filter are computed once for the whole picture. This is $F(2, 3)$,
# Winograd's *minimal filtering*: two outputs of three taps, and he proved that $2 + 3 - 1 = 4$ is the fewest there can be.
#
# ### Exercise: four products

# %% exercise=f23
def f23(d, g):
    """(4,), (3,) -> y (2,), with four products"""
    ...

# %%
checks.f23(f23)

# %% [markdown]
# ## As matrices
#
# Sums and differences are matrices of small constants, and the products are taken number by number:
#
# $$y = A\, [\,(G g) * (B d)\,]$$

# %%
from nnscratch.fast.cpu.winograd_matrices import winograd_matrices

A, G, B = winograd_matrices(outputs=2, taps=3)
d, g = np.array([5.0, 2, 4, 1]), np.array([1.0, 3, 4])
y = A @ ((G @ g) * (B @ d))
draw.grids([[Grid("A", A), " ", Grid("G", G), " ", Grid("B", B), " → ", Grid("y", y[:, None])]],
           "the matrices of F(2, 3), and y = (27, 18)", inches=0.4)

# %%
print("y =", y)
assert np.allclose(y, [27, 18]) and np.allclose(y, [d[:3] @ g, d[1:] @ g])
assert np.allclose((G @ g) * (B @ d), [24, 2, 1, -4])  # m2, m3, m1, -m4

# %% [markdown]
# The rows of $G$ and $B$ are our $m_2$, $m_3$, $m_1$, $m_4$, in this order. (Some signs stand elsewhere: both factors of $m_1$
# are negative here, which cancels, and $m_4$ comes out negative, which $A$ turns around.) The same can be had for more outputs.
# In two directions it nests: $d$ is a tile, and every matrix works on its rows and on its columns.
#
# $$Y = A\, [\,(G\, g\, G^T) * (B\, d\, B^T)\,]\, A^T$$
#
# $m \times m$ outputs then take $(m + r - 1)^2$ products and not $m^2 r^2$. For $F(4 \times 4, 3 \times 3)$ these are 36 and
# 144, four times fewer:

# %%
A, G, B = winograd_matrices(4, 3)
tile, taps = rng.normal(size=(6, 6)), rng.normal(size=(3, 3))
Y = A @ ((G @ taps @ G.T) * (B @ tile @ B.T)) @ A.T
directly = ops.conv2d(tile[None, :, :, None], taps[:, :, None, None])[0][0, :, :, 0]
print("products:", B.shape[0]**2, "instead of", 16 * 9, "  the same:", np.allclose(Y, directly))
assert np.allclose(Y, directly) and 16 * 9 / B.shape[0]**2 == 4

# %% [markdown]
# Nothing is free. The transforms cost additions, and tiles have to be collected. The library therefore filters down the rows
# only, with $F(6, 3)$: a "number" is then a whole row of pixels, nothing is collected, and 8 products stand for 18.
#
# And it costs digits. The constants grow with $m$, large numbers are added and taken away again, and float32 keeps only seven
# digits. The error against float64, as the length of the difference over the length of the result:

# %%
d, g = rng.normal(size=(8, 20000)), rng.normal(size=(3, 20000))


def error(m, dtype, direct=False):
    A, G, B = (matrix.astype(dtype) for matrix in winograd_matrices(m, 3))
    samples, taps = d[:m + 2].astype(dtype), g.astype(dtype)
    exact = sum(d[k:k + m] * g[k] for k in range(3))
    y = (sum(samples[k:k + m] * taps[k] for k in range(3)) if direct
         else A @ ((G @ taps) * (B @ samples)))
    return np.linalg.norm(y - exact) / np.linalg.norm(exact)


outputs = np.arange(1, 7)
plain, filtered = (np.array([error(m, np.float32, way) for m in outputs]) for way in (True, False))
assert (plain < 1e-7).all() and 2 * plain[-1] < filtered[-1] < 2e-6 and error(6, float) < 1e-14
draw.curves({"F(m, 3)": (outputs, 1e8 * filtered), "plain sum": (outputs, 1e8 * plain)},
            "rounding errors in float32: the plain sum stays where it is, Winograd's grow with m",
            "m, outputs at once", "error, in 10⁻⁸")

# %% [markdown]
# Six outputs at once cost most of a digit, which no picture shows.
#
# ## What each idea is worth
#
# Three steps, measured here and now, beside what is kept in `benchmarks/results/ladder.json`, from two threads and in part on
# larger layers:

# %% varies
wide, many = (rng.standard_normal(shape, np.float32)
              for shape in ((1, 128, 128, 64), (3, 3, 64, 64)))
large = make_window("notebook", (128, 128), 3)
whole = best(lambda: ops.im2col(wide, (3, 3))[0] @ many.reshape(-1, 64), times=3)
blocks, fewer = (best(lambda way=way: way(wide, many, large), times=3)
                 for way in (im2col.convolve, winograd.convolve))
live = {"loops -> im2col": seconds(ways["loops"]) / seconds(ways["row im2col"]),
        "one piece -> blocks": whole / blocks, "im2col -> Winograd": blocks / fewer}
gains = {name: {"here": gain} for name, gain in live.items()}
if held := results.stored_result("ladder"):
    for gain, start in zip(gains.values(), ("loops", "im2col in one", "im2col -> Winograd")):
        gain["kept"] = next(r["gain"] for r in held["rows"] if r["idea"].startswith(start))
else:
    print(results.MISSING)
draw.bars(gains, "how many times faster each idea is, here and in the kept results",
          "times faster", log=True)

# %% [markdown]
# `benchmarks/README.md` tells the rest of the story, step by step, and what did not pay.
#
# ## The class does the same
#
# `Conv2D` calls the engine, which chooses an algorithm by the shapes (`python -m nnscratch.fast` prints the rule). Inside
# `with fast.disabled():` everything is the formula again. Winograd's gradient is measured like any other:

# %%
from nnscratch.fast.cpu.col2im import adjoint_window, flip_kernel
from nnscratch.gradcheck import check_op

small = make_window("notebook", (7, 5), (3, 2))


def by_winograd(x, kernel):
    return winograd.convolve(x, kernel, small), (x, kernel)


def backward(dy, cache):
    x, kernel = cache
    dx = winograd.convolve(dy, flip_kernel(kernel), adjoint_window(small))
    return dx, winograd.convolve_dkernel(x, dy, small)


arrays = [rng.normal(size=(2, 7, 5, 3)), rng.normal(size=(3, 2, 3, 4))]
report = check_op(by_winograd, backward, arrays, names=["x", "kernel"])
print("measured:", report.ok)
assert report.ok

# %% [markdown]
# And a layer gives the same with the engine as without it:

# %%
from nnscratch.layers import Conv2D

layer = Conv2D(64, 3)
y = layer.forward(wide)
with fast.disabled():
    same = np.allclose(y, layer.forward(wide), atol=1e-4)
print("the layer does the same:", same)
assert same

# %% [markdown]
# ## Questions
#
# 1. How many FLOP has a 1 x 1 convolution, and why does im2col copy nothing there?
# 2. A picture is stored as (C, H, W). How far apart are the channels of one pixel, and what does reading them cost?
# 3. Why is there no gain in Winograd's trick for a kernel of one tap?
#
# **Alone:** find the largest block that is still fast, and compare its columns, in bytes, with the caches of your processor.
# Then derive $F(2, 2)$: two outputs of two taps with three products.
#
# **Next:** [18 CPU against GPU](18_gpu.ipynb)
