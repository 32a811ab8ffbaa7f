# %% [markdown]
# # 08 Convolution backwards
#
# **You will build** the two gradients of a convolution: the one by the kernel, from which it learns, and the one by the
# picture, which goes on to the layer before. On the way you meet the *adjoint*, the idea behind every backward of a linear
# step, and see why `col2im` does not undo `im2col`. At the end a convolution finds an unknown kernel by itself.
#
# **You need** notebooks 01 and 07; of 02, that gradients can be measured.
#
# **It takes** about two hours with the exercises; the notebook itself runs in seconds.

# %%
import numpy as np

from nnscratch import ops
from nnscratch.course import checks, draw
from nnscratch.course.draw import Grid

# %% [markdown]
# ## The smallest case
#
# Three pixels $x = (1, 2, 4)$, a kernel of two weights $k = (3, 5)$. The window has two places:
#
# $$y_0 = x_0 k_0 + x_1 k_1 = 13 \qquad y_1 = x_1 k_0 + x_2 k_1 = 26$$
#
# Now let $dy = (1, 10)$ come back. Who was touched by what? The weight $k_0$ was used at both places, with $x_0$ at the first
# and $x_1$ at the second. So it collects from both, and so does $k_1$:
#
# $$dk_0 = dy_0 x_0 + dy_1 x_1 = 21 \qquad dk_1 = dy_0 x_1 + dy_1 x_2 = 42$$
#
# The pixel $x_1$ was seen by both windows, $x_0$ and $x_2$ by one each:
#
# $$dx_0 = dy_0 k_0 = 3 \qquad dx_1 = dy_0 k_1 + dy_1 k_0 = 35 \qquad dx_2 = dy_1 k_1 = 50$$

# %%
x, k, dy = np.array([1.0, 2.0, 4.0]), np.array([3.0, 5.0]), np.array([1.0, 10.0])
y = np.array([x[0] * k[0] + x[1] * k[1], x[1] * k[0] + x[2] * k[1]])
dk = np.array([dy[0] * x[0] + dy[1] * x[1], dy[0] * x[1] + dy[1] * x[2]])
dx = np.array([dy[0] * k[0], dy[0] * k[1] + dy[1] * k[0], dy[1] * k[1]])
print("y", y, " dk", dk, " dx", dx)
assert y.tolist() == [13, 26] and dk.tolist() == [21, 42] and dx.tolist() == [3, 35, 50]

# %% [markdown]
# Again the rule of notebook 01: *what was used in several places gets the sum of what comes back from there.* Everything below
# is this, with more letters.
#
# ## The gradient by the kernel
#
# Forward, place $(oh, ow)$ multiplied pixel $x_{oh+i,\,ow+j}$ with weight $K_{ij}$. Backward, that weight collects from all
# places and all pictures:
#
# $$dK_{i,j,c,o} = \sum_n \sum_{oh} \sum_{ow} dy_{n,\,oh,\,ow,\,o}\; x_{n,\;oh+i,\;ow+j,\;c}$$
#
# As loops, on two pictures of three channels:

# %%
rng = np.random.default_rng(0)
x, kernel = rng.normal(size=(2, 7, 5, 3)), rng.normal(size=(3, 2, 3, 4))
bias = rng.normal(size=4)
y, cache = ops.conv2d(x, kernel, bias)
dy = rng.normal(size=y.shape)
dkernel = np.zeros_like(kernel)
for n, oh, ow, o in np.ndindex(y.shape):
    for i, j, c in np.ndindex(3, 2, 3):
        dkernel[i, j, c, o] += dy[n, oh, ow, o] * x[n, oh + i, ow + j, c]
print("the loops agree with the library:", np.allclose(dkernel, ops.conv2d_backward(dy, cache)[1]))
assert np.allclose(dkernel, ops.conv2d_backward(dy, cache)[1])

# %% [markdown]
# Look at it for one fixed $(i, j)$: the pixels that ever met this weight are `x[:, i:i + OH, j:j + OW]`, a picture as large as
# `dy`. So two loops are enough, over $i$ and $j$; the sum over $n$, $oh$, $ow$ is a matrix product.
#
# ### Exercise: the kernel's gradient

# %% exercise=conv_dkernel
def conv_dkernel(dy, x):
    """(N, OH, OW, OC), (N, H, W, C) -> (KH, KW, C, OC)"""
    ...

# %%
checks.conv_dkernel(conv_dkernel)

# %% [markdown]
# ## The gradient by the picture
#
# Think of a stamp. Forward, the window *read* a patch through the kernel. Backward, each number of `dy` *paints* the kernel,
# times itself, onto the patch that was read. Where stamps overlap, the paint adds up:

# %%
small_dy, small_kernel = np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([[1.0, 10.0], [3.0, 5.0]])
draw.painting(small_dy, small_kernel, [(0, 0), (0, 1), (1, 1)])

# %% [markdown]
# (Frames mark the number of `dy` at work, and the patch it paints.) In letters, where $\mathrel{+}=$ means "add to what is
# there":
#
# $$dx_{n,\;oh+i,\;ow+j,\;c} \mathrel{+}= \sum_o dy_{n,\,oh,\,ow,\,o}\; K_{i,j,c,o} \quad \text{for all } n, oh, ow, i, j, c$$
#
# ### Exercise: paint
#
# Start from zeros, and mind the `+=`: with `=` only the last stamp would remain.

# %% exercise=conv_dx
def conv_dx(dy, kernel):
    """(N, OH, OW, OC), (KH, KW, C, OC) -> (N, H, W, C)"""
    ...

# %%
checks.conv_dx(conv_dx)

# %% [markdown]
# There is another way to see it. A pixel collects from all windows that saw it: those *above and to the left*. That is a
# convolution of `dy` again, with the kernel turned by 180 degrees, and with $KH - 1$ rows and $KW - 1$ columns of zeros around
# so that windows may hang over the edge. Input and output channels change places.

# %%
turned = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
dx_by_convolving, _ = ops.conv2d(dy, turned, padding=((2, 2), (1, 1)))
dx = ops.conv2d_backward(dy, cache)[0]
print("painting equals convolving with the turned kernel:", np.allclose(dx_by_convolving, dx))
assert np.allclose(dx_by_convolving, dx)

# %% [markdown]
# Painting with the stamps two pixels apart is a layer of its own, `Conv2DTranspose`: with it generators make small pictures
# large.
#
# ## Transpose, or: the adjoint
#
# Why does all this look like a mirror image? A convolution without bias is *linear* in $x$: twice the picture gives twice the
# output, and the sum of two pictures the sum of their outputs. Anything linear is a matrix. Take a 3 x 4 picture and a 2 x 2
# kernel, and lay the 12 pixels out as a column; then each of the 6 outputs is a row of numbers times this column, $y = A x$.
# Most of $A$ is 0, and the same 4 weights stand in every row, moved along. One finds column $k$ of $A$ by asking for the
# output of a picture that is 1 at pixel $k$ and 0 elsewhere:

# %%
four = np.array([[1.0, 2.0], [3.0, -1.0]])[:, :, None, None]
pixels = np.eye(12).reshape(12, 3, 4, 1)
A = ops.conv2d(pixels, four)[0].reshape(12, 6).T
draw.heatmaps({"A: y = A x": A, "Aᵀ: dx = Aᵀ dy": A.T},
              "a convolution as a 6 x 12 matrix, and its transpose", inches=0.22)

# %% [markdown]
# If $y_r = \sum_k A_{rk} x_k$, then $x_k$ touches $y_r$ with slope $A_{rk}$, and so
#
# $$dx_k = \sum_r A_{rk}\, dy_r \qquad \text{that is,} \qquad dx = A^T dy$$
#
# **The backward of anything linear is its transpose.** For dense layers that was `dy @ W.T`. Nobody builds $A$ for a
# convolution; painting *is* $A^T$. When a transpose is not written as a matrix one calls it the *adjoint*, and it can be
# recognised without any matrix: for all $u$ and $v$
#
# $$\langle u, A v \rangle = \langle A^T u, v \rangle$$
#
# where $\langle a, b \rangle = \sum a \cdot b$. Two random arrays test a whole backward with one number:

# %%
image, u = rng.normal(size=(1, 3, 4, 1)), rng.normal(size=(1, 2, 3, 1))
output, small_cache = ops.conv2d(image, four)
painted = ops.conv2d_backward(u, small_cache)[0]
print(f"<u, A v> = {(u * output).sum():.6f}    <Aᵀ u, v> = {(painted * image).sum():.6f}")
assert np.isclose((u * output).sum(), (painted * image).sum())
assert np.allclose(A @ image.ravel(), output.ravel())
assert np.allclose(A.T @ u.ravel(), painted.ravel())

# %% [markdown]
# ## im2col backwards
#
# In notebook 07 a convolution became two steps, `columns = im2col(x)` and `y = columns @ K + b`. Its backward is theirs in
# reverse. The product is the dense layer, which we know:
#
# $$dK = \text{columns}^T\, dy \qquad d\text{columns} = dy\, K^T$$
#
# And `im2col` only copies pixels. A pixel that was copied to several rows gets the sum of what comes back from its copies. This
# is the adjoint of `im2col`, and its name is `col2im`.
#
# ### Exercise: col2im

# %% exercise=col2im
def col2im(columns, kh, kw):
    """(N, OH, OW, KH*KW*C) -> (N, H, W, C)"""
    ...

# %%
checks.col2im(col2im)

# %% [markdown]
# Together they are the whole backward of a convolution, three lines, one for each gradient:

# %%
columns, window = ops.im2col(x, (3, 2))
matrix, rows = kernel.reshape(-1, 4), dy.reshape(-1, 4)
dkernel = (columns.reshape(-1, 18).T @ rows).reshape(kernel.shape)
dx = ops.col2im(dy @ matrix.T, window)
dbias = rows.sum(axis=0)
theirs = ops.conv2d_backward(dy, cache)
agree = [bool(np.allclose(a, b)) for a, b in zip((dx, dkernel, dbias), theirs)]
print("dx, dkernel, dbias agree with the library:", agree)
assert all(agree)

# %% [markdown]
# ## The adjoint is not the inverse
#
# `col2im` sounds as if it undid `im2col`. It does not. It *adds* the copies, so `col2im(im2col(x))` is each pixel times the
# number of windows that see it: once in a corner, often in the middle.
#
# ### Exercise: how many windows see a pixel?
#
# Do not count; let `ops.im2col` and `ops.col2im` count for you.

# %% exercise=coverage
def coverage(h, w, kh, kw):
    """How many windows see each pixel of an (h, w) picture."""
    ...

# %%
checks.coverage(coverage)

# %%
columns, window = ops.im2col(np.arange(1.0, 21).reshape(1, 4, 5, 1), (3, 2))
back = ops.col2im(columns, window)[0, :, :, 0]
there = np.arange(1.0, 21).reshape(4, 5)
draw.grids([[Grid("x", there), "→", Grid("col2im(im2col(x))", back),
             "=  x  ·", Grid("windows", back / there)]],
           "an image, what comes back through im2col and col2im, and their ratio: "
           "the number of windows that see each pixel")

# %% [markdown]
# Dividing by that number would give an inverse, and a wrong gradient.
#
# ## The measurement, and the class
#
# `check_op` measures all three gradients; `Conv2D` keeps the cache between forward and backward.

# %%
from nnscratch.gradcheck import check_op
from nnscratch.layers import Conv2D

report = check_op(ops.conv2d, ops.conv2d_backward, [x, kernel, bias], names=["x", "kernel", "bias"])
layer = Conv2D(filters=4, kernel_size=(3, 2))
layer.forward(x, training=True)
dx = layer.backward(dy)
same = np.allclose(layer.grads["kernel"], dkernel) and np.allclose(layer.grads["bias"], dbias)
print("measured:", report.ok, "  the class has the same gradients:", same)
assert report.ok and same

# %% [markdown]
# ## It learns a kernel
#
# Somebody filtered twenty pictures of noise with the edge detector of notebook 07, and shows us the pictures before and after.
# We start from a kernel of zeros, and walk downhill on the mean of the squared differences, as in notebook 01.

# %%
secret = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])[:, :, None, None]
noise = rng.normal(size=(20, 12, 12, 1))
target, _ = ops.conv2d(noise, secret)
found, snapshots = np.zeros((3, 3, 1, 1)), {}
for step in range(41):
    if step in (0, 2, 10, 40):
        snapshots[f"step {step}"] = found[:, :, 0, 0]
    y, cache = ops.conv2d(noise, found)
    _, dkernel, _ = ops.conv2d_backward(2 * (y - target) / y.size, cache)
    found = found - 0.1 * dkernel
assert np.allclose(found, secret, atol=0.01)

# %%
row = [part for title, array in snapshots.items() for part in (Grid(title, array), "→")]
draw.grids([[*row[:-1], "≈", Grid("secret", secret[:, :, 0, 0])]],
           "the kernel after 0, 2, 10 and 40 steps, and the secret one, which it has found")

# %% [markdown]
# ## Questions
#
# 1. Why has `dbias` of a convolution a sum over three axes, and that of a dense layer over one?
# 2. A kernel of 1 x 1: what are `coverage`, `im2col` and `col2im` then? Is `col2im` an inverse now?
# 3. With stride 2 the stamps stand two pixels apart. What does `coverage` look like for a kernel of 3, and for one of 4? (This
#    is where the checkerboards in generated pictures come from.)
#
# **Alone:** change the learning rate in the last loop. And start from a kernel of random numbers: is the same one found?
#
# **Next:** [09 Pooling, LeakyReLU, dropout](09_cnn.ipynb)
