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
# | 02 | [The chain rule, and how to know that a gradient is right](03_backpropagation.ipynb) | 1½ h | 01 |
# | 03 | [Convolution: from loops to one matrix product](07_convolution.ipynb) | 1½ h | 01 |
# | 04 | [Convolution backwards](08_convolution_backward.ipynb) | 2 h | 01, 03, a little of 02 |
# | 05 | [Pooling, LeakyReLU, dropout](09_cnn.ipynb) | 1½ h | 01, 03, a little of 02 |
# | 06 | [Batch normalisation and its two backwards](11_batch_norm.ipynb) | 2 h | 01, 02 |
# | 07 | [Transposed convolution and checkerboards](12_upsampling.ipynb) | 1½ h | 03, 04 |
# | 08 | [Assembling a network, and why one of them cannot generate](13_generator.ipynb) | 1½ h | 01 to 04 |
# | 09 | [Training the generator: from noise to digits](14_gan.ipynb) | 2 h | 01, 02, 06, a little of 07 |
# | 10 | [The Gram matrix: what goes with what, wherever it is](15_style.ipynb) | 1½ h | 01, 02, 03 |
# | 11 | [Style transfer on your own photograph](15b_transfer.ipynb) | 1½ h | 02, 10 |
# | 12 | [Style in one pass](16_statistics.ipynb) | 2 h | 06, 10, a little of 07 |
# | 13 | [Making it fast](17_speed.ipynb) | 1½ h | 03 |
# | 14 | [CPU against GPU](18_gpu.ipynb) | 1½ h | 03, 13 |
#
# The times are for reading and solving the exercises, and are estimates. Running a notebook takes a few seconds on two CPU
# cores, 09 and 11 half a minute; none of them needs a GPU, a download or the network.
#
# **Exercises.** Each is a function whose body is `...`. Write your lines in its place and run the cell: click into it, then
# Shift + Enter; a notebook's cells are run from the top to the bottom. The cell below checks your answer, and says *not
# attempted*, *right*, or *wrong* and what it probably is, with the smallest input for which it shows. `checks.dense.hint()`
# gives a hint, a second call the next; `checks.dense.solution()` prints a solution. You can run every notebook to its end
# with nothing solved.
#
# **Formula cards.** In any notebook `from nnscratch.course import card` and then `card("conv2d")` shows an op on one card: its
# shapes, its formulas forward and backward, small numbers to follow by hand, the library's lines. `cards()` lists them.
#
# **To teach it:** [For teachers](teachers.md) has a lesson to each notebook, and quizzes with new numbers for every seed.
#
# **To begin:** in the folder of nnscratch (on Windows write `.venv\Scripts\` for `.venv/bin/`)
#
# ```
# python3 -m venv .venv && .venv/bin/pip install -q -e ".[notebooks]" && .venv/bin/jupyter lab notebooks/index.ipynb
# ```
#
# That takes a minute or two and some hundred MB, and a browser opens with this page; the next time the last of the three
# commands is enough. If no browser opens, the terminal shows an address for it. Then click on 01 above, and run it from its
# first cell on. Your changes are saved in the notebook; Ctrl + C in the terminal ends it all.
