# %% [markdown]
# # From one neuron to networks that make pictures: the course
#
# Every formula of a convolutional network, worked out by hand, written in NumPy, and then proved right. Each notebook goes the
# same way: a small example with numbers, the formula, loops that read like the formula, one line of NumPy that does the same, a
# measurement of the gradient, a picture, and at last the class of the library that does nothing else.
#
# | | | time | needs |
# |---|---|---|---|
# | 01 | [One neuron, then a layer of them](01_neuron.ipynb) | 1 h | school calculus, a little NumPy |
# | 02 | [The chain rule, and how to know that a gradient is right](02_gradient_check.ipynb) | 1½ h | 01 |
# | 03 | [Convolution: from loops to one matrix product](03_convolution.ipynb) | 1½ h | 01 |
# | 04 | [Convolution backwards](04_convolution_backward.ipynb) | 2 h | 01, 03, a little of 02 |
# | 05 | [Pooling, LeakyReLU, dropout](05_pooling.ipynb) | 1½ h | 01, 03, a little of 02 |
# | 06 | [Batch normalisation and its two backwards](06_batch_norm.ipynb) | 2 h | 01, 02 |
# | 07 | [Transposed convolution and checkerboards](07_upsampling.ipynb) | 1½ h | 03, 04 |
# | 08 | [Assembling a network, and why one of them cannot generate](08_network.ipynb) | 1½ h | 01 to 04 |
# | 09 | [Training the generator: from noise to digits](09_training.ipynb) | 2 h | 01, 02, 06, a little of 07 |
# | 10 | [The Gram matrix: what goes with what, wherever it is](10_gram.ipynb) | 1½ h | 01, 02, 03 |
# | 11 | [Style transfer on your own photograph](11_transfer.ipynb) | 1½ h | 02, 10 |
#
# The times are for reading and solving the exercises, and are estimates. Running a notebook takes a few seconds on two CPU
# cores, 09 and 11 half a minute; none of them needs a GPU, a download or the network.
#
# Still to be written: 12 to 14 (the one-pass stylizer, making it fast, CPU against GPU). Until then, the files in `nnscratch`
# are the place to read on: they begin with the formula and the shapes, too.
#
# **Exercises.** Each is a function whose body is `...`. The cell below it checks your answer, and says *not attempted*,
# *right*, or *wrong* and what it probably is, with the smallest input for which it shows. `checks.dense.hint()` gives a hint, a
# second call the next; `checks.dense.solution()` prints a solution. You can run every notebook to its end with nothing solved.
#
# **To begin:** `pip install -e ".[notebooks]"` and `jupyter lab notebooks`, in the folder of nnscratch; then open 01.
