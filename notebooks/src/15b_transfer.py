# %% [markdown]
# # 15 Style transfer on your own photograph
#
# **You will build** what is still missing after notebook 15: a term that holds the photograph, one that calms the picture,
# weights that mean the same for all pictures, and colours that stay. Then you will paint a photograph of your own.
#
# **You need** notebooks 03 and 15.
#
# **It takes** about an hour and a half with the exercises; the notebook itself runs in half a minute.

# %%
import numpy as np

from nnscratch import ops
from nnscratch.course import checks, draw
from nnscratch.course.draw import Grid
from nnscratch.data.images import photograph, read_image
from nnscratch.data.synthetic.styles import style_image

# %% [markdown]
# **Your photograph**: put its path between quotes, as in `PATH = "me.jpg"`, and run all cells again. As it stands it is a
# portrait of Grace Hopper, a pioneer of programming, which comes with matplotlib and is in the public domain. Sentences below
# that mention her hold for yours in their own way.

# %%
PATH = photograph()
STYLE = "night"  # or "mosaic", "hatching", "ink", "glass", "coral", "leaves"

# %%
content, style = read_image(PATH, size=96), style_image(STYLE, size=96)
large, large_style = read_image(PATH, size=192), style_image(STYLE, size=192)
draw.photographs({"photograph": large[0], "style": large_style[0]},
                 "a photograph and a painting", 1.7)

# %% [markdown]
# ## Content: the same answers at the same places
#
# As in notebook 15 a fixed network turns a picture into nine maps of features. Of the photograph keep one map, $P$. A picture
# with the map $F$ shows the same things if $F$ is near $P$, *pixel by pixel*: here place matters, unlike in a Gram matrix. As a
# share of the photograph's own squares:
#
# $$L = \frac{\sum (F - P)^2}{\sum P^2} \qquad dF = \frac{2\,(F - P)}{\sum P^2}$$
#
# 0 is the photograph; 1 is as far off as no answers at all. A pixel with two features, $F = (2, 4)$ and $P = (2, 2)$: $L =
# 4 / 8 = 0.5$, and $dF = 2 \cdot (0, 2) / 8 = (0, 0.5)$. As loops:

# %%
from nnscratch.losses import content_loss

rng = np.random.default_rng(0)
F, P = rng.normal(size=(2, 4, 5, 3))
loss, dF, whole = 0.0, np.zeros_like(F), sum(number**2 for number in P.ravel())
for place in np.ndindex(F.shape):
    loss += (F[place] - P[place])**2 / whole
    dF[place] = 2 * (F[place] - P[place]) / whole
theirs, gradient = content_loss(F, P)
same = np.isclose(loss, theirs) and np.allclose(dF, gradient)
pixel, dpixel = content_loss(np.array([[2.0, 4]]), np.array([[2.0, 2]]))
print(f"the loops agree with the library: {same}; the pixel: {pixel:.3g}, {dpixel.round(3)}")
assert same and np.isclose(pixel, 0.5) and np.allclose(dpixel, [[0, 0.5]])

# %% [markdown]
# ### Exercise: the content's pull

# %% exercise=content_gradient
def content_gradient(F, P):
    """Features of the picture and of the photograph (H, W, C) -> L, dF (H, W, C)"""
    ...

# %%
checks.content_gradient(content_gradient)

# %% [markdown]
# ## Which map?
#
# Begin with noise and follow the content's pull alone, from one map at a time. What comes back is what that map knows:

# %%
from nnscratch.lbfgs import LBFGS
from nnscratch.style.features import loss_network

chosen = loss_network("texture", style)
network = chosen.model
noise, of_photo = rng.random(content.shape, np.float32), network.forward(content)


def only_content(image, k):
    ours = network.forward(image, remember=True)
    gradients = [np.zeros_like(f) for f in ours]
    loss, gradients[k] = content_loss(ours[k], of_photo[k])
    return loss, network.backward(gradients, wrt="input")


known = {}
for k in (2, 5, 8):
    minimizer = LBFGS(lambda image, k=k: only_content(image, k), noise)
    for _ in range(20):
        minimizer.step()
    known[f"from map {k}"] = minimizer.x[0].clip(0, 1)

# %%
draw.photographs({**known, "photograph": content[0]},
                 "map 2 gives the photograph back, paler, map 5 its forms without its colours, "
                 "map 8 hardly anything", 1.7)

# %% [markdown]
# Map 2 knows the photograph, its colours only palely. Map 5 knows where edges lie, and not which colours they part; map 8
# hardly a face (in 20 steps; with more, more comes back). Which one is to hold the photograph? One would think of a deep one,
# which leaves the style more room, and with other networks that is the custom. With this one it was measured, by a network
# that took no part: at the same style, map 2 leaves far more of the photograph than deeper ones. So we take that:

# %%
layer = chosen.content_layer
print("the content is compared in map", layer)

# %% [markdown]
# ## Total variation: a calm picture
#
# Features leave freedom for grain that no map minds. So neighbouring pixels should differ little:
#
# $$L = \frac{1}{M} \Big( \sum (x_{h+1,w} - x_{h,w})^2 + \sum (x_{h,w+1} - x_{h,w})^2 \Big)$$
#
# with $M$ numbers in all. Three pixels $(1, 3, 2)$ have the differences $d = (2, -1)$, so $L = (4 + 1) / 3$. Each difference
# holds two pixels, with different signs: it adds $2d/M$ to the gradient of the second, and takes it from that of the first.
# So $dx = \frac23\, (-2,\; 2 + 1,\; -1) = (-1.33, 2, -0.67)$.

# %%
from nnscratch.losses import total_variation as librarys

x = rng.normal(size=(4, 5))
loss, dx = 0.0, np.zeros_like(x)
for h, w in np.ndindex(4, 5):
    for h2, w2 in ((h + 1, w), (h, w + 1)):
        if h2 < 4 and w2 < 5:
            d = x[h2, w2] - x[h, w]
            loss += d**2 / 20
            dx[h2, w2] += 2 * d / 20
            dx[h, w] -= 2 * d / 20
theirs, gradient = librarys(x[None, :, :, None])
three = librarys(np.array([1.0, 3, 2]).reshape(1, 1, 3, 1))[1].ravel()
same = np.isclose(loss, theirs) and np.allclose(dx, gradient[0, :, :, 0])
print("the loops agree with the library:", same, "  three pixels:", three.round(2))
assert same and np.allclose(three, [-4 / 3, 2, -2 / 3])

# %% [markdown]
# ### Exercise: total variation
#
# Without loops: `x[1:] - x[:-1]` are all differences down at once.

# %% exercise=total_variation
def total_variation(x):
    """A picture (H, W, C) -> L, dx (H, W, C)"""
    ...

# %%
checks.total_variation(total_variation)

# %% [markdown]
# ## Weights that mean something
#
# $$L = w_c\, L_{content} + w_s\, L_{style} + w_t\, L_{variation}$$
#
# Raw sums of squares would be thousands here and millionths there, and good weights different for each pair of pictures. Shares
# are not: content is 0 for the photograph and 1 for nothing; style, from notebook 15, is $(G - A)^2$ as a share of $A^2 + B^2$,
# with $A$ of the style and $B$ of the photograph, averaged over the maps. So one number is enough, `strength`, from 0 (the
# photograph) to 100 (nothing but style):

# %%
for strength in (0, 50, 100):
    print(strength, chosen.weights(strength))
w_c, w_s, w_t = chosen.weights(50).values()
assert (w_c, w_s / 100, w_t / 2) == (0.5, 0.5, 0.5)

# %% [markdown]
# (Why a hundred times as much style? Its share soon falls under 1 %, while content stays above 20 %.) All terms together, with
# every gradient put in where its term arises:

# %%
means = [f.mean(axis=(1, 2), keepdims=True) for f in network.forward(style)]
targets = [ops.gram_matrix(f - mu)[0] for f, mu in zip(network.forward(style), means)]
starts = [ops.gram_matrix(f - mu)[0] for f, mu in zip(of_photo, means)]


def pull(image, w_c, w_s, w_t):
    variation, gradient = librarys(image)
    loss, gradients, ours = w_t * variation, [], network.forward(image, remember=True)
    for f, mu, A, B in zip(ours, means, targets, starts):
        G, cache = ops.gram_matrix(f - mu)
        scale = w_s / len(ours) / np.mean(A**2 + B**2)
        loss += scale * np.mean((G - A)**2)
        gradients.append(ops.gram_matrix_backward(2 * scale * (G - A) / A.size, cache))
    content, dF = content_loss(ours[layer], of_photo[layer])
    gradients[layer] += w_c * dF
    return loss + w_c * content, w_t * gradient + network.backward(gradients, wrt="input")

# %% [markdown]
# The library's class does the same:

# %%
from nnscratch.style.objective import Objective

objective = Objective(network, content, [style], content_layer=layer, **chosen.weights(50))
(loss, gradient), (ours, our_gradient) = objective(noise), pull(noise, w_c, w_s, w_t)
close = np.allclose(gradient, our_gradient, rtol=1e-3, atol=1e-3 * np.abs(gradient).max())
print("equal loss and gradient:", np.isclose(loss, ours, rtol=1e-4) and close)
assert np.isclose(loss, ours, rtol=1e-4) and close

# %% [markdown]
# And measured, in a random direction $v$, in double precision: $(L(x + hv) - L(x - hv)) / 2h$ should be $\sum dx \cdot v$. The
# step $h$ is tiny, because every ReLU that it carries over 0 is a kink.

# %%
exact = loss_network("texture", style).model
exact.cast(np.float64)
double = [a.astype(np.float64) for a in (content, style, noise)]
objective64 = Objective(exact, double[0], [double[1]], content_layer=layer, **chosen.weights(50))
v = rng.normal(size=noise.shape)
up, down = (objective64(double[2] + h * v)[0] for h in (1e-7, -1e-7))
slope = (objective64(double[2])[1] * v).sum()
print("the gradient is the measured one:", np.isclose((up - down) / 2e-7, slope, rtol=1e-5))
assert np.isclose((up - down) / 2e-7, slope, rtol=1e-5)

# %% [markdown]
# ## Colours
#
# The colours of a picture are points in space, $M$ rows of red, green, blue: a cloud with a mean $\mu$ and a *covariance*
# $C = \frac1M \sum (x - \mu)^T (x - \mu)$, which says how wide it is, and along which colours. To give the cloud $x$ the mean
# and covariance of another, $y$: centre it, stretch it by a matrix $A$, move it.
#
# $$x' = (x - \mu_x)\, A^T + \mu_y \qquad A = C_y^{1/2}\, C_x^{-1/2}$$
#
# The root of a symmetric matrix is the symmetric one whose square it is: the roots of its eigenvalues, along the same axes.
# First $C_x^{-1/2}$ makes the cloud round, then $C_y^{1/2}$ gives it the other's shape:
# $A\, C_x A^T = C_y^{1/2}\, C_x^{-1/2}\, C_x\, C_x^{-1/2}\, C_y^{1/2} = C_y$. With one channel, of deviation 2 and mean 5, to
# become 6 and 1: $x' = 3 (x - 5) + 1$.
#
# ### Exercise: matched colours
#
# `matrix_power(C, 0.5)` and `matrix_power(C, -0.5)` are at hand.

# %%
from nnscratch.style.colour import matrix_power

C = np.array([[5.0, 4], [4, 5]])
root = Grid("root", matrix_power(C, 0.5))
draw.grids([[Grid("C", C), "=", root, "@", root]],
           "C = [[5, 4], [4, 5]] is the square of its root, [[2, 1], [1, 2]]")

# %% exercise=matched_colours
def matched_colours(x, y):
    """Colours as rows, x (M, C) and y (K, C) -> x with the mean and the covariance of y"""
    ...

# %%
checks.matched_colours(matched_colours)

# %% [markdown]
# The library's `match_colours` takes whole pictures, and clips what leaves [0, 1]. It serves twice: the *style* in the
# photograph's colours, then strokes come but colours stay; and the *photograph* in the style's, as a start.

# %%
from nnscratch.style.colour import match_colours

start = match_colours(content, style)
assert np.allclose(matrix_power(C, 0.5), [[2, 1], [1, 2]])
draw.photographs({"the style's colours": start[0],
                  "the photograph's": match_colours(style, content)[0]},
                 "the photograph in the painting's colours, the painting in the photograph's", 1.7)

# %% [markdown]
# ## Where to begin, and who goes downhill
#
# The loss has many valleys, and a descent ends in a near one. From noise it must find every edge of the photograph again; the
# photograph has them. And L-BFGS (notebook 15) against Adam (notebook 14), whose steps are about equally long for every pixel:

# %%
from nnscratch.style.minimizers import AdamDescent

ways = {"L-BFGS from the photograph": LBFGS(objective, start),
        "L-BFGS from noise": LBFGS(objective, noise),
        "Adam from the photograph": AdamDescent(objective, start)}
losses = {name: [way.loss] + [way.step() for _ in range(30)] for name, way in ways.items()}
print("lowest at the end:", min(losses, key=lambda name: losses[name][-1]))
draw.curves({name: (np.arange(31), np.array(path)) for name, path in losses.items()},
            "after 30 steps L-BFGS from the photograph is lowest, the others twice as high",
            "step", "loss", log="y", height=2.4)

# %% [markdown]
# ## Coarse to fine
#
# Filters see a few pixels at a time. On a small picture those are a whole brush stroke, on a large one its grain. So the small
# picture settles the large forms, at a quarter of the price; enlarged, it is the start of the next, which adds what is finer.
# Look at the wall behind her: without the small picture it is covered with grain, with it there are wide swirls.

# %%
def paint(scales, strength=50, steps=20):
    image = match_colours(*scales[0])
    for small, small_style in scales:
        image = ops.resize2d(image, small.shape[1:3])[0].clip(0, 1)
        minimizer = LBFGS(Objective(network, small, [small_style], content_layer=layer,
                                    **chosen.weights(strength)), image)
        for _ in range(steps):
            minimizer.step()
        image = minimizer.x
    return image.clip(0, 1)


scales = [(content, style), (large, large_style)]
both, one = paint(scales), paint(scales[1:])

# %%
draw.photographs({"large at once": one[0], "small, then large": both[0]},
                 "painted at the large size at once, and at the small one before", 2.5)

# %% [markdown]
# More strength, more style, here at the small size. (All begin in the style's colours; below 50 the library begins nearer to
# the photograph's own.)

# %%
draw.photographs({f"strength {s}": paint(scales[:1], s)[0] for s in (1, 20, 95)},
                 "the same photograph at three strengths, more and more strokes", 1.7)

# %% [markdown]
# ## The library, and masks
#
# `transfer_style` is our `paint` with care for memory, interruptions and odd inputs. (Two steps are compared: in longer runs a
# rounding error may tip a pooling over, and then the ways part.) Several styles may each have a *mask*,
# white where it is to come; each then has a style term of its own, whose means over pixels are weighted by the mask.

# %%
from nnscratch.style.transfer import transfer_style

made = transfer_style(content, style, steps=2).image
print("paint does the same:", np.allclose(made, paint(scales[:1], steps=2), atol=1e-3))
assert np.allclose(made, paint(scales[:1], steps=2), atol=1e-3)
kept = transfer_style(large, large_style, steps=15, keep_colors="match").image
left = np.zeros((*content.shape[:3], 1), np.float32)
left[:, :, :content.shape[2] // 2] = 1
styles = [style_image(name, size=96) for name in ("glass", "ink")]
halves = transfer_style(content, styles, steps=15, masks=[left, 1 - left]).image

# %%
draw.photographs({"its own colours": kept[0], "two styles": halves[0]},
                 "a photograph painted in its own colours; half glass, half ink", 2.5)

# %% [markdown]
# For large pictures, `nnscratch style photo.jpg night -o out.png --size 512` in a terminal does the same with more steps.
#
# ## Questions
#
# 1. Why does the content term compare pixel by pixel, and the style term not?
# 2. What is the total variation of a checkerboard of 0 and 1, far from the border? And its gradient at a 1?
# 3. A grey photograph: why has $C_x^{-1/2}$ no answer, and what could one do?
# 4. Which of the three weights are 0 at strength 0? What is then the best picture?
#
# **Alone:** put in a photograph of your own and another style. Then let map 8 hold the content (`layer = 8`): what is lost?
#
# **Next:** [16 Style in one pass](16_statistics.ipynb). All this takes seconds for each picture; a network can learn to do it at
# once.
