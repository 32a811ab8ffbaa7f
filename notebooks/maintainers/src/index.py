# %% [markdown]
# # From one neuron to networks that generate images
#
# [中文](zh/index.ipynb)
#
# ![Fifty digits that a network generated from random numbers, and a photograph that another network gave the style of a
# painting](images/course.jpg)
#
# **Write every part of a neural network yourself, in NumPy, and use it in the next notebook.** You start with one neuron. With
# your own functions you then build a network that reads digits, a convolutional network that reads them better, a generator
# that draws new ones, and style transfer for your own photographs. Each function comes the same way: a small case by hand, the
# formula, code, a check of its gradient, a figure, and finally the class of the library that does the same.
#
# Six milestones, **M1** to **M6**, are made of your own functions. You need Python and the derivatives of school. No notebook
# needs a GPU, a download or the network.
#
# ## Part 1: a network that reads digits
#
# | | you build | time | needs |
# |---|---|---|---|
# | 00 [NumPy in 45 minutes](00_numpy.ipynb) | one-hot rows, the mean image of each digit | ¾ h | Python |
# | 01 [One neuron, one layer](01_neuron.ipynb) | a dense layer; a sine made of ReLUs | 1¼ h | 00 |
# | 02 [Gradient descent](02_gradient_descent.ipynb) | a loss, its gradient, a line that fits itself | 1¼ h | 01 |
# | 03 [Backpropagation, and how to check it](03_backpropagation.ipynb) | gradients of any graph; a gradient check | 2 h | 02 |
# | 04 [Softmax and cross-entropy: a linear classifier](04_softmax.ipynb) | a loss for classes; 95 % of the digits | 1½ h | 03 |
# | 05 [A multilayer perceptron reads digits](05_mlp.ipynb) | two layers, mini-batches, momentum. **M1:** 97 % | 2 h | 04 |
# | 06 [When training fails](06_when_training_fails.ipynb) | a diagnosis; initialisation, augmentation | 2 h | 05 |
#
# ## Part 2: convolutional networks
#
# | | you build | time | needs |
# |---|---|---|---|
# | 07 [Convolution](07_convolution.ipynb) | a convolution as loops and as one matrix product | 1¾ h | 01, 05 |
# | 08 [Backpropagation through a convolution](08_convolution_backward.ipynb) | its three gradients | 2 h | 03, 07 |
# | 09 [A convolutional network](09_cnn.ipynb) | pooling. **M2:** 98.5 %, a ninth of the parameters | 2 h | 06, 08 |
# | 10 [Looking inside a network](10_looking_inside.ipynb) | confusion matrix, saliency, occlusion | 1¼ h | 09 |
#
# ## Part 3: images from noise, images in a style
#
# | | you build | time | needs |
# |---|---|---|---|
# | 11 [Batch normalisation](11_batch_norm.ipynb) | its forward pass and its two backward passes | 2 h | 06, 08 |
# | 12 [Transposed convolution and checkerboards](12_upsampling.ipynb) | upsampling, and a cure for its artifacts | 1½ h | 08 |
# | 13 [The shape of a generator](13_generator.ipynb) | a diagnosis by shapes; a generator | 1¼ h | 11, 12 |
# | 14 [A GAN: digits from noise](14_gan.ipynb) | both losses, Adam. **M3:** your own step draws digits | 2½ h | 11 to 13 |
# | 15 [Texture and style: the Gram matrix](15_style.ipynb) | **M4:** a photograph in a painting's style | 2½ h | 07, 10, 14 |
# | 16 [Matching statistics: colour, AdaIN, style in one pass](16_statistics.ipynb) | colour transfer, AdaIN | 1½ h | 11, 15 |
#
# ## Part 4: speed
#
# | | you build | time | needs |
# |---|---|---|---|
# | 17 [Making it fast](17_speed.ipynb) | blocks, fewer products. **M5:** a faster step of M2 | 1½ h | 09 |
# | 18 [CPU against GPU](18_gpu.ipynb) | rooflines. **M6:** the batch from which on a GPU pays | 1½ h | 17 |
#
# The times are estimates for reading and solving. Running a notebook takes seconds; 05, 06, 09, 14 and 15 take up to a
# minute. No other notebook needs 16.
#
# ## How it works
#
# **Exercises.** An exercise is a cell with `...` in it: a function to write, or a list of predictions. Write your lines in its
# place and run the cell with Shift + Enter. The cell below checks it and says *not attempted*, *right*, or *wrong*, with the
# probable reason and the smallest input that shows it. `checks.dense.hint()` gives a hint, a second call the next one, and
# `checks.dense.solution()` prints a solution. The heading says the kind of exercise: *predict* before you run, *derive* on
# paper, *build*, or *debug*. Questions at the end have folded answers.
#
# **Your own functions.** A function that its check calls right is kept in the folder `own/`, and later notebooks call it, as
# `own.dense(...)`. If you skip an exercise, the library's function stands in for yours. So every notebook runs to its end with
# nothing solved, and you can begin anywhere. `own.who("M1")` lists which parts of a milestone are yours.
#
# **Sliders.** Some figures have sliders when the notebook runs. What you see before is a row of panels for a few settings.
#
# **To look up.** The [glossary](glossary.md) has each term, in English and Chinese, with the notebook that introduces it. The
# [notation](notation.md) says what each letter means: the same in all notebooks. `from nnscratch.course import card` and
# `card("conv2d")` show the formulas of an operation with small numbers; `cards()` lists all cards.
#
# **To teach.** [For teachers](teachers.md) has a lesson plan for each notebook, and quizzes with new numbers for every seed.
#
# ## To begin
#
# In the folder of nnscratch (on Windows write `.venv\Scripts\` for `.venv/bin/`):
#
# ```text
# python3 -m venv .venv
# .venv/bin/pip install -q -e ".[notebooks]"
# .venv/bin/jupyter lab notebooks/index.ipynb
# ```
#
# That takes a minute or two and a few hundred MB, and a browser opens with this page. Next time the last of the three commands
# is enough. If no browser opens, the terminal shows an address for it. Click on 00 above and run it from its first cell to the
# last. Your changes are saved in the notebook; Ctrl + C in the terminal ends it all.
