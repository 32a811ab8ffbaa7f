# %% [markdown]
# # 10 Looking inside a network
#
# M2 reads about 98 of 100 digits. What does it look at when it is right, and why is it wrong on the others?
#
# **You will build** a confusion matrix, a saliency map by your own backward pass, and an occlusion map; and you will let the
# network read your own handwriting.
#
# **You need** notebook 09.
#
# **It takes** about an hour and a quarter with the exercises; the notebook itself runs in seconds.

# %%
import numpy as np

from nnscratch.course import checks, draw, own
from nnscratch.course.digits import digits
from nnscratch.data import read_image

train_set, validation = digits("train", 16), digits("validation", 16)
images, labels = train_set.images[..., None], train_set.labels
print("images", images.shape, " labels", labels.shape)

# %%
def start(rng):
    return {"K1": own.he_normal((3, 3, 1, 8), 9, rng), "b1": np.zeros(8),
            "K2": own.he_normal((3, 3, 8, 16), 72, rng), "b2": np.zeros(16),
            "W3": 0.1 * own.he_normal((256, 10), 256, rng), "b3": np.zeros(10)}


def train(params, x, labels, lr, steps, rng):
    """M2's training, as in notebook 09; params itself stays as it is."""
    params, v, todo = dict(params), {name: 0 * value for name, value in params.items()}, []
    t = own.one_hot(labels, 10)
    for step in range(steps):
        todo = todo or list(own.batches(len(x), 32, rng))
        n = todo.pop()
        logits, cache = own.cnn_forward(x[n], params)
        grads = own.cnn_backward(own.softmax_cross_entropy(logits, t[n])[1], cache, params)
        now = lr if step < 2 * steps / 3 else lr / 5
        for name in params:
            params[name], v[name] = own.momentum_step(params[name], v[name], grads[name], now, 0.9)
    return params

# %% [markdown]
# The training is short, so that some mistakes are left to look at:

# %% varies
begin = start(np.random.default_rng(0))
params = train(begin, images, labels, 0.05, 200, np.random.default_rng(1))


def probabilities(images, params):
    """p of each class for images (N, 16, 16)."""
    logits = own.cnn_forward(images[..., None], params)[0]
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


p = probabilities(validation.images, params)
predicted, true = p.argmax(axis=1), validation.labels
wrong = np.nonzero(predicted != true)[0]
wrong = wrong[np.argsort(-p[wrong, predicted[wrong]])]
print(f"{len(wrong)} of {len(true)} validation images are read wrongly")
assert 4 <= len(wrong) < 105

# %%
worst_images = {}
for place, n in enumerate(wrong[:8], 1):
    title = f"{place}. {true[n]} as {predicted[n]}\n{100 * p[n, predicted[n]]:.0f} %"
    worst_images[title] = validation.images[n]
draw.images(worst_images, "validation images that are read wrongly, first those with the largest "
            "probability of the wrong class", inches=0.95)

# %% [markdown]
# **Figure 10.1.** The worst mistakes: true digit, predicted digit, and how sure the network was.
#
# Some are hard to read for us, too; others are not. And a probability near 100 % does not mean that the network is right.
#
# ## Which digits are confused?
#
# The [confusion matrix](glossary.md#confusion-matrix) counts: $C_{jk}$ is the number of images of class $j$ that are read as
# class $k$.
#
# ### Exercise (build): `confusion_matrix`

# %% exercise=confusion_matrix
def confusion_matrix(labels, predicted, classes):
    """(N,), (N,), a number -> (classes, classes)"""
    ...

# %%
checks.confusion_matrix(confusion_matrix)

# %% [markdown]
# ### Exercise (predict): read one
#
# Three classes 0, 1, 2 with 50 images each:
#
# | | read as 0 | read as 1 | read as 2 |
# |---|--:|--:|--:|
# | **true 0** | 48 | 1 | 1 |
# | **true 1** | 6 | 40 | 4 |
# | **true 2** | 0 | 2 | 48 |
#
# In this order: the accuracy; the fraction of the ones that are read as 1 (the *recall* of class 1); the fraction of what is
# read as 1 that is a one (its *precision*); the commonest mistake, as a pair (true, read).

# %% exercise=confusion_numbers
confusion_numbers = [..., ..., ..., ...]

# %%
checks.confusion_numbers(confusion_numbers)

# %%
C = own.confusion_matrix(true, predicted, 10)
assert (C.sum(axis=1) == 210).all() and np.trace(C) == len(true) - len(wrong)
draw.confusion(C, "the confusion matrix of M2 on validation images; the diagonal is left out")

# %% [markdown]
# **Figure 10.2.** The mistakes of M2; each row has 210 images, and the diagonal, read rightly, is left out.
#
# **Predict, then test.** What mends the commonest mistake best: to train on for 60 steps with the same images, or for 60 steps
# with images that are shifted at random by up to one pixel? Both begin with the network as it is.

# %% varies
shifts = own.shifted(train_set.images[:1920], 1, np.random.default_rng(3))[..., None]
mended = {"before": params}
for name, x in (("same images", images[:1920]), ("shifted images", shifts)):
    mended[name] = train(params, x, labels[:1920], 0.03, 60, np.random.default_rng(2))
worst = np.unravel_index((C - np.diag(np.diag(C))).argmax(), C.shape)
count = {}
for name, one in mended.items():
    D = own.confusion_matrix(true, probabilities(validation.images, one).argmax(axis=1), 10)
    count[name] = len(true) - int(np.trace(D))
    print(f"{name:15} {count[name]:3} mistakes, {D[worst]:2} are a {worst[0]} read as {worst[1]}")

# %% [markdown]
# Compare the total, too: a change that mends one mistake may make others. With counts as small as these, a difference of a few
# images is no evidence. Try other seeds before you believe it.
#
# ## What have the kernels become?
#
# It is often said that the first layer learns edge detectors. Look before you claim. An edge detector has weights that sum to
# about 0, positive on one side and negative on the other.

# %%
rows = {when: {f"{o}": one["K1"][:, :, 0, o] for o in range(8)}
        for when, one in (("random", begin), ("trained", params))}
draw.image_rows(rows, "the eight kernels of the first layer, before and after training",
                signed=list("01234567"))

# %% [markdown]
# **Figure 10.3.** The 3 x 3 kernels of the first layer, positive blue and negative orange: training has changed them little.

# %%
first, last = (one["K1"].reshape(9, 8).T for one in (begin, params))
alike = [np.corrcoef(before, after)[0, 1] for before, after in zip(first, last)]
print("mean correlation of a kernel with its first values is above 0.8:", np.mean(alike) > 0.8)
assert np.mean(alike) > 0.8

# %% [markdown]
# Most of what you see here is the random start. Large networks trained on photographs do have edge detectors in their first
# layer; this small one reads digits without a tidy set of them. (How well does it read if `K1` is not trained at all? Try it.)
#
# What a kernel responds to is easier to see in its feature map:

# %%
five = validation.images[np.nonzero((true == 5) & (predicted == 5))[0][0]]
_, cache = own.cnn_forward(five[None, :, :, None], params)
maps = {layer: {"digit": five} | {f"{o}": cache[layer][0, :, :, o] for o in range(8)}
        for layer in ("y1", "y2")}
draw.image_rows(maps, "a 5, its eight feature maps after the first ReLU, "
                "and eight of sixteen after the second")

# %% [markdown]
# **Figure 10.4.** Eight feature maps of a layer for one digit: some show edges, some the whole stroke, and some little.
#
# ## Occlusion: cover and watch
#
# Which pixels matter for this result? Cover some with background and see how far the probability $p_k$ of the class falls. This
# is [occlusion](glossary.md#occlusion). One patch of 6 x 6 pixels by hand:

# %% varies
covered = five.copy()
covered[2:8, 4:10] = 0
before, after = probabilities(np.stack([five, covered]), params)[:, 5]
print(f"p of class 5: {before:.3f}, covered {after:.3f}, drop {before - after:.3f}")

# %%
draw.images({"image": five, "covered": covered}, "a 5, and the same with a patch of 6 x 6 covered")

# %% [markdown]
# **Figure 10.5.** One of 11 x 11 positions of the patch; each gives one drop of $p_k$.
#
# ### Exercise (build): `occlusion`
#
# For all positions of the patch: $p_k$ of the image minus $p_k$ of the covered image, where $p$ is the softmax of the logits.
# All covered images fit into one batch.

# %% exercise=occlusion
def occlusion(image, k, patch, params):
    """(H, W), a class, rows and columns of the patch, dict -> (H - patch + 1, W - patch + 1)"""
    ...

# %%
checks.occlusion(occlusion)

# %% [markdown]
# ## Saliency: one backward pass
#
# Occlusion needs an image for each position. A gradient answers for all pixels at once: by how much does the logit $a_k$ change
# if a pixel is changed a little? The [saliency map](glossary.md#saliency-map) is $\lvert \partial a_k / \partial x \rvert$, one
# value for each pixel.
#
# ### Exercise (derive): `saliency`
#
# `own.cnn_backward` needs an upstream gradient. In training it came from a loss. What is it here, where $a_k$ itself takes the
# place of the loss?

# %% exercise=saliency
def saliency(image, k, params):
    """(H, W), a class, dict -> (H, W)"""
    ...

# %%
checks.saliency(saliency)

# %% [markdown]
# The gradient predicts the effect of a small change. Test it: change the most salient pixel by 0.00001.

# %%
S = own.saliency(five, 5, params)
h, w = np.unravel_index(S.argmax(), S.shape)
changed = five.copy()
changed[h, w] += 1e-5
a = own.cnn_forward(np.stack([five, changed])[..., None], params)[0][:, 5]
assert np.isclose(abs(a[1] - a[0]) / 1e-5, S[h, w], rtol=0.01)
print("the logit changes as the saliency says")

# %%
rows = {}
for k in (2, 5, 8):
    image = validation.images[np.nonzero((true == k) & (predicted == k))[0][1]]
    drop = own.occlusion(image, k, 6, params)
    rows[f"class {k}"] = {"image": image, "saliency": own.saliency(image, k, params),
                          "occlusion": np.pad(drop, (2, 3))}  # each at the middle of its patch
draw.image_rows(rows, "three digits, their saliency maps and their occlusion maps",
                signed=["occlusion"], inches=1.5)

# %% [markdown]
# **Figure 10.6.** Saliency (bright: large) and occlusion (blue: a patch around here lowers $p_k$) do not mark the same pixels.
#
# Neither is wrong. They answer different questions: what a tiny change of one pixel does, and what it does to lose 36 pixels.
#
# ## What these images do not prove
#
# A saliency map that looks like the digit seems to say that the network has found the digit. A sanity check: the same for the
# network with its *random first parameters*, which has learned nothing. **Predict** what it will look like.

# %%
examples = {k: validation.images[np.nonzero(true == k)[0][1]] for k in (2, 5, 8, 9)}
rows = {name: {f"class {k}": own.saliency(image, k, one) for k, image in examples.items()}
        for name, one in (("random", begin), ("trained", params))}
draw.image_rows(rows, "saliency maps of four digits, of an untrained and of a trained network",
                inches=1.4)

# %% [markdown]
# **Figure 10.7.** Even the untrained network's saliency lies around the strokes.

# %%
for one in (begin, params):
    alike = [np.corrcoef(own.saliency(image, k, one).ravel(), image.ravel())[0, 1]
             for image, k in zip(validation.images[:20], true)]
    assert np.mean(alike) > 0.15
print("saliency maps of both networks are correlated with the images")

# %% [markdown]
# So a map that resembles the image says something about the image, and about convolutions with ReLUs, but not yet about what
# was learned. Nor does a map give a cause: it says what would happen to *this* output if *these* pixels changed. And a covered
# image is an image of a kind that the network has never seen.
#
# ## Your own handwriting
#
# Write one digit with a thick dark pen on white paper, photograph it, and put the file's name below. The function makes of it
# what the training images are: light ink on black, the digit 11 of 16 pixels high, in the middle. The last step is the average
# pooling of notebook 09.

# %%
def to_digit(photo):
    """A photograph (H, W, 3) of dark ink on light paper -> (16, 16)"""
    grey = photo.mean(axis=-1)
    ink = np.median(grey) - grey
    ink = np.where(ink > 0.4 * ink.max(), ink, 0) / ink.max()
    h, w = np.nonzero(ink.any(axis=1))[0], np.nonzero(ink.any(axis=0))[0]
    ink = ink[h[0]:h[-1] + 1, w[0]:w[-1] + 1]
    cell = -(-max(ink.shape) // 11)
    canvas = np.zeros((16 * cell, 16 * cell))
    top, left = (16 * cell - np.array(ink.shape)) // 2
    canvas[top:top + ink.shape[0], left:left + ink.shape[1]] = ink
    small = canvas.reshape(16, cell, 16, cell).mean(axis=(1, 3))
    return small / small.max()

# %% [markdown]
# Without a file a drawn photograph stands in, of a 4 on unevenly lit paper:

# %%
FILE = None  # such as "my_digit.jpg", beside this notebook


def drawn(strokes, rows=150, columns=150):
    h, w = np.mgrid[:rows, :columns]
    distance = np.full((rows, columns), np.inf)
    for (h0, w0), (h1, w1) in strokes:
        for f in np.linspace(0, 1, 50):
            away = np.hypot(h - h0 - f * (h1 - h0), w - w0 - f * (w1 - w0))
            distance = np.minimum(distance, away)
    paper = 0.9 - 0.001 * w + np.random.default_rng(0).normal(0, 0.02, (rows, columns))
    return np.repeat(np.where(distance < 6, 0.2, paper).clip(0, 1)[..., None], 3, axis=-1)


four = [((25, 80), (85, 40)), ((85, 40), (87, 110)), ((60, 87), (125, 81))]
photo = read_image(FILE, size=200)[0] if FILE else drawn(four)
mine = to_digit(photo)
draw.images({"photograph": photo, "as the network sees it": mine},
            "a photograph of a digit, and the 16 x 16 pixels made of it")

# %% [markdown]
# **Figure 10.8.** A photograph of handwriting, turned into an image like those of the training set.

# %% varies
p_mine = probabilities(mine[None], params)[0]
for k in np.argsort(-p_mine)[:3]:
    print(f"{k}: {100 * p_mine[k]:5.1f} %")

# %% [markdown]
# Do not be surprised by mistakes, even sure ones. M2 was trained on 21 printed typefaces; handwriting comes from another
# distribution, and accuracy on the validation set says nothing about it. Occlusion and saliency of `mine` may show what misled
# the network. A few hundred photographs of your own among the training images would probably help more than a larger network.
#
# ## Questions
#
# 1. What is the sum of a row of $C$, and what the sum of a column?
#
# <details><summary>Answer</summary>
#
# A row: the images of one true class. A column: the images that are read as one class, rightly or not.
#
# </details>
#
# 2. How many images go through the network for an occlusion map of patches of 6 x 6 on 16 x 16 pixels, and how many for a
#    saliency map?
#
# <details><summary>Answer</summary>
#
# 11 x 11 = 121 covered ones and the image itself; for saliency one, forward and backward.
#
# </details>
#
# 3. Is a large saliency the cause of a result?
#
# <details><summary>Answer</summary>
#
# No, it is a local sensitivity: how much the logit would change with a small change of this pixel alone.
#
# </details>
#
# 4. Saliency maps of random weights look much like those of the trained network. What follows?
#
# <details><summary>Answer</summary>
#
# What both show comes from the image and the architecture. It is no evidence of what was learned.
#
# </details>
#
# ## References
#
# - Simonyan, Vedaldi, Zisserman (2014), *Deep inside convolutional networks: visualising image classification models and
#   saliency maps*, section 3
# - Zeiler, Fergus (2014), *Visualizing and understanding convolutional networks*, section 4.2: occlusion
# - Adebayo and others (2018), *Sanity checks for saliency maps*
#
# **Next:** [11 Batch normalisation](11_batch_norm.ipynb)
