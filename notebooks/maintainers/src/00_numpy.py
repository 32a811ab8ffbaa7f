# %% [markdown]
# # 00 NumPy in 45 minutes
#
# **To a computer, the image of a digit is a table of 256 numbers. How do you compute with thousands of such tables at
# once?**
#
# **You will build** `one_hot`, which turns labels into rows of zeros and ones; `standardise`, which brings columns to a
# common scale; and the mean image of each digit. On the way you repair a function that damages its input.
#
# **You need** Python: functions, lists and loops.
#
# **It takes** 45 minutes with the exercises.
#
# An exercise is a cell with `...` in it. Write your lines in its place, run the cell (Shift + Enter), then run the
# check below it. A check says *not attempted*, *right*, or *wrong* with the probable reason. A right function is kept
# in the folder `own/`, and later cells and notebooks call it by `own.name`. If you skip an exercise, the library's
# function stands in for yours.

# %%
import numpy as np

from nnscratch.course import checks, draw, own
from nnscratch.course.digits import digits

# %% [markdown]
# <details><summary><b>Do you know NumPy already?</b> A self-test of six lines</summary>
#
# Let `x = np.array([[1, 2, 3], [4, 5, 6]])`. What do these six lines give? If you know them all, do the exercises and
# skip the rest.
#
# 1. `x.shape`
# 2. `x[:, 1]`
# 3. `x.max(axis=1)`
# 4. `(x > 2).sum()`
# 5. `x.T @ np.ones(2)`
# 6. `y = x[0]; y[0] = 9; x[0, 0]`
#
# <details><summary>Answer</summary>
#
# `(2, 3)`; `[2, 5]`; `[3, 6]`; `4`; `[5, 7, 9]`; `9`, because `y` is a view of `x`.
#
# </details>
#
# </details>
#
# ## An image is an array
#
# An [array](glossary.md#array-tensor) is a block of numbers with a *shape*: its size along each axis. Here are 6300
# images of digits. Each image is one [sample](glossary.md#sample), and each sample has a label, the digit that it
# shows.

# %%
images, labels, faces = digits("train", size=16)
print("images", images.shape, "labels", labels.shape, "first labels", labels[:8])
image = images[3]
draw.pixels(image, (2, 8), (8, 14), "an image of a nine, and the numbers of a part of it")

# %% [markdown]
# **Figure 0.1.** One image: 0 is black, 1 is white. The numbers on the right are the pixels inside the frame.
#
# An index picks from an axis. One number removes the axis: `images[3]` has the shape (16, 16). A slice `2:8` keeps it,
# with the places 2 to 7; the end is not included. A lone `:` takes the whole axis, and `::-1` reverses it. Arithmetic
# and comparisons act on each element:

# %%
draw.images({"image": image, "image[:8]": image[:8], "image[:, ::-1]": image[:, ::-1],
             "image.T": image.T, "1 - image": 1 - image, "image > 0.5": image > 0.5},
            "a nine; its upper half, mirrored, transposed, inverted, and thresholded", inches=1.05)

# %% [markdown]
# **Figure 0.2.** Five expressions, five images: each makes a new view or a new array, and `image` stays as it is.
#
# A comparison gives an array of true and false, a *mask*. Its sum counts the true ones. The slider moves the threshold:

# %%
def thresholded(axes, digit, threshold):
    axes.imshow(images[digit] > threshold, cmap="gray", interpolation="nearest")
    axes.set(xticks=[], yticks=[], xlabel=f"{(images[digit] > threshold).sum()} white pixels")


draw.explore(thresholded, "a nine, thresholded at six levels", size=(2.0, 2.1),
             shown=[(3, 0.0), (3, 0.2), (3, 0.4), (3, 0.6), (3, 0.8), (3, 0.95)],
             digit=[0, 1, 3, 4, 5], threshold=[0.0, 0.2, 0.4, 0.6, 0.8, 0.95])

# %% [markdown]
# **Figure 0.3.** The higher the threshold, the thinner the digit: `images[digit] > threshold`.
# In a running notebook there are sliders; another day, run the cell again, and they are back.
#
# ## A view or a copy?
#
# A slice is a *view*: it shares its numbers with the array that it comes from. Whoever writes into the view changes the
# original. Arithmetic makes a new array, and so does `.copy()`.

# %%
x = np.array([[1, 2, 3], [4, 5, 6]])
row, copy = x[0], x[0].copy()
row[0] = 9      # a view: x changes
copy[1] = 7     # a copy: x stays
print(x)
assert x[0, 0] == 9 and x[0, 1] == 2

# %% [markdown]
# So in a function, `x *= 2` and `x[0] = 1` change the array of the caller, while `y = 2 * x` does not. In this course,
# functions return new arrays and leave their inputs unchanged. The checks notice if yours does not.
#
# ## A sum along an axis
#
# `X.sum(axis=0)` adds over axis 0, the rows. That axis disappears, and one sum remains for each column.

# %%
draw.axis_sums(np.arange(1, 13).reshape(3, 4), "a 3 x 4 array, its column sums and its row sums")

# %% [markdown]
# **Figure 0.4.** The axis that you name is the one that disappears: (3, 4) becomes (4,) along axis 0, and (3,) along
# axis 1.
#
# `mean`, `max`, `std` and `argmax` work the same way. Here is the mean of each column as loops, and as one expression.
# To replace loops by array operations is called [vectorisation](glossary.md#vectorisation). It is shorter, and much
# faster, because the loop then runs in compiled code.

# %%
X = images.reshape(6300, 256)  # each image as one row
by_loops = np.zeros(256)
for n in range(100):
    for d in range(256):
        by_loops[d] += X[n, d] / 100
print("both agree:", np.allclose(by_loops, X[:100].mean(axis=0)))
assert np.allclose(by_loops, X[:100].mean(axis=0))

# %% [markdown]
# (`np.allclose` asks whether two arrays agree up to rounding. Use it in place of `==`: sums in another order may differ
# in their last digits.)
#
# `reshape` keeps the sequence of the numbers, row by row, and only cuts it into other rows. One size may be `-1`: NumPy
# works it out. To exchange rows and columns is something else:

# %%
six = np.arange(6).reshape(2, 3)
draw.layouts([("x", six), ("x.reshape(3, 2)", six.reshape(3, 2)), ("x.T", six.T)],
             "six numbers, reshaped and transposed")

# %% [markdown]
# **Figure 0.5.** `reshape` cuts the same sequence 0, 1, 2, ... into other rows; the transpose `.T` turns rows into
# columns.
#
# ## Broadcasting
#
# Arrays of different shapes can be added if the smaller one can be repeated to fit. This is
# [broadcasting](glossary.md#broadcasting). Compare the shapes from the right. Two sizes fit if they are equal, or if
# one of them is 1 or missing.

# %%
columns, rows = np.array([10, 20, 30, 40]), np.array([[100], [200], [300]])
draw.broadcast([(np.arange(12).reshape(3, 4), columns), (rows, columns)],
               "(3, 4) + (4,) repeats the row; (3, 1) + (4,) repeats both")

# %% [markdown]
# **Figure 0.6.** Blue numbers are stored, grey ones are repeated. A row is added to every row; a column and a row make
# a table.
#
# ## The matrix product
#
# `X @ W` multiplies a row of `X` with a column of `W`, place by place, and adds up. For $X$ of shape (n, k) and $W$ of
# shape (k, m):
#
# $$(XW)_{nu} = \sum_d x_{nd} W_{du}$$
#
# The inner size k must agree, and it disappears: the result is (n, m). By hand, $(1, 2) \cdot (10, 1) = 10 + 2 = 12$
# and $(3, 4) \cdot (10, 1) = 30 + 4 = 34$.

# %%
product = np.array([[1, 2], [3, 4]]) @ np.array([[10], [1]])
print(product.tolist())
assert product.tolist() == [[12], [34]]

# %% [markdown]
# ## Indexing with arrays
#
# An index may be an array itself. A mask keeps the elements where it is true. An array of integers picks these places,
# in this order. Two arrays of integers are read in pairs, as row and column:

# %%
x = np.array([[1, 2, 3], [4, 5, 6]])
print("mask", x[x > 4], " order", x[:, [2, 0, 0]].tolist(), " pairs", x[[0, 1], [2, 0]])
assert x[x > 4].tolist() == [5, 6] and x[[0, 1], [2, 0]].tolist() == [3, 4]
print("all images of the digit 3:", images[labels == 3].shape)

# %% [markdown]
# ### Exercise (predict): eight shapes
#
# Let `images` have the shape (7, 16, 12), `X` (5, 3), `b` (3,) and `W` (3, 4). What is the shape of each line? Write
# tuples, such as `(7, 3)`.

# %% exercise=array_shapes
array_shapes = [
    ...,  # images[0]
    ...,  # images[:, 4:8]
    ...,  # images.mean(axis=0)
    ...,  # images.reshape(7, -1)
    ...,  # X + b
    ...,  # X @ W
    ...,  # X.sum(axis=1)
    ...,  # images[[0, 2, 2]]
]

# %%
checks.array_shapes(array_shapes)

# %% [markdown]
# ### Exercise (build): one-hot rows
#
# A network has one output for each class. Its target for label 2 of four classes is the row (0, 0, 1, 0): a 1 in the
# place of the label, and 0 elsewhere. This is the [one-hot encoding](glossary.md#one-hot-encoding). Write it for N
# labels at once. (Stuck? Run `checks.one_hot.hint()` in a new cell, and `checks.one_hot.solution()` if nothing else
# helps.)

# %% exercise=one_hot
def one_hot(labels, classes):
    """(N,) integers and the number of classes -> (N, classes)"""
    ...

# %%
checks.one_hot(one_hot)

# %% [markdown]
# Now `one_hot(labels, 10).T` has a row for each class, with a 1 for each of its samples. Its product with `X` adds up
# the images of each class. Divided by their count, that is the mean image of each class: ten means in one matrix
# product.

# %%
Y = own.one_hot(labels, 10)
means = Y.T @ X / Y.sum(axis=0)[:, None]
assert np.allclose(means[3], X[labels == 3].mean(axis=0))
print(Y.T.shape, "@", X.shape, "=", means.shape)
draw.images({f"{k}": means[k].reshape(16, 16) for k in range(10)},
            "the mean image of each digit", inches=0.65)

# %% [markdown]
# **Figure 0.7.** The mean image of each class: what a template of each digit could look like. Notebook 01 reads digits
# with these ten images.
#
# ### Exercise (build): standardise
#
# Many methods work best when all columns have a similar scale; notebook 02 shows why. Standardise each column of `X`:
# subtract its mean, and divide by its standard deviation (`std`). Some pixels at the border are black in every image.
# Such a column has the standard deviation 0; it should become 0.

# %% exercise=standardise
def standardise(X):
    """(N, D) -> (N, D)"""
    ...

# %%
checks.standardise(standardise)

# %%
Z = own.standardise(X)
print("columns without spread:", (X.std(axis=0) == 0).sum())
assert np.allclose(Z.mean(axis=0), 0) and np.allclose(Z.std(axis=0)[X.std(axis=0) > 0], 1)
shown = {"mean": X.mean(axis=0), "std": X.std(axis=0), "X[3]": X[3], "Z[3]": Z[3]}
draw.images({title: row.reshape(16, 16) for title, row in shown.items()},
            "mean, standard deviation, one image before and after standardising", inches=1.4)

# %% [markdown]
# **Figure 0.8.** Mean and standard deviation of every pixel, and one image before and after. In `Z[3]` the border is 0;
# lighter is above the mean of that pixel, darker below.
#
# ### Exercise (debug): a function that damages its input
#
# This function should stretch the contrast of an image to the whole range from 0 to 1. It has two faults. The cell
# shows one. The other appears for an image without contrast, whose pixels all have one value. What does it compute
# there?

# %%
def faulty_stretch(image):
    image -= image.min()
    image /= image.max()
    return image


pale = 0.4 + 0.2 * images[3]
before = pale.copy()
faulty_stretch(pale)
print("the caller's image is still the same:", np.array_equal(pale, before))

# %% [markdown]
# Write it without the faults. An image without contrast should become 0 everywhere.

# %% exercise=stretch
def stretch(image):
    """(H, W) -> (H, W), a new array"""
    ...

# %%
checks.stretch(stretch)

# %%
pair = {"pale": before, "stretched": own.stretch(before)}
draw.images({title: np.repeat(one[:, :, None], 3, axis=2) for title, one in pair.items()},
            "a pale image, and the same with its contrast stretched", inches=1.5)

# %% [markdown]
# **Figure 0.9.** All values of the left image lie between 0.4 and 0.6; on the right the same image uses the whole
# range.

# %%
x = np.array([[1, 2, 3], [4, 5, 6]])  # the answers of the self-test and of the questions
assert x.shape == (2, 3) and (x > 2).sum() == 4 and x[:, 1].tolist() == [2, 5]
assert x.max(axis=1).tolist() == [3, 6] and (x.T @ np.ones(2)).tolist() == [5, 7, 9]
assert (np.ones((5, 3)) + np.ones(3)).shape == (5, 3) and np.ones((4, 5)).sum(axis=0).shape == (5,)
assert np.shares_memory(x, x[::2]) and np.allclose([before.min(), before.max()], [0.4, 0.6])

# %% [markdown]
# ## Questions
#
# 1. What is the shape of (N, 3) + (3,)? And of (N, 3) + (N,)?
#
# <details><summary>Answer</summary>
#
# (N, 3): the row is added to every row. The second is an error unless N is 3 or 1, since shapes are compared from the
# right.
#
# </details>
#
# 2. `X` has the shape (4, 5). What is the shape of `X.sum(axis=0)`?
#
# <details><summary>Answer</summary>
#
# It is (5,): axis 0, of size 4, disappears.
#
# </details>
#
# 3. Is `X[::2]` a copy? And `X[[0, 2]]`?
#
# <details><summary>Answer</summary>
#
# `X[::2]` is a slice, so it is a view. An index array makes a copy.
#
# </details>
#
# ## References
#
# - Harris et al. (2020), *Array programming with NumPy*, Nature 585
# - van der Walt, Colbert and Varoquaux (2011), *The NumPy array: a structure for efficient numerical computation*, Computing in
#   Science & Engineering 13
#
# **Next:** [01 One neuron, one layer](01_neuron.ipynb)
