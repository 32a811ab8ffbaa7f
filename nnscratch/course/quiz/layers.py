"""Quiz of notebooks 09 and 11: pooling, leaky ReLU, dropout, batch normalisation.

Shapes: x and dy (W,) or (H, W), one channel; of batch normalisation (M,), the numbers of one channel.
"""
from typing import Any

import numpy as np

from nnscratch import ops
from nnscratch.course.quiz.question import Question, choice, image, integers, question, row

__all__: list[str] = []  # quiz.ITEMS has the items

# Four numbers c around 0, and their standard deviation: the root of the mean of c^2.
CENTRED = [((-7, -1, 1, 7), 5), ((-1, -1, 1, 1), 1), ((-3, -3, 3, 3), 3), ((-14, -2, 2, 14), 10), ((-2, -2, 2, 2), 2)]
EPSILON = 1e-14  # batch normalisation needs one above 0; the questions say 0


def max_backward(rng: np.random.Generator) -> Question:
    """dx of max pooling with a tie."""
    x, dy = integers(rng, 2, 4, low=0, high=7), integers(rng, 2, low=2, high=9)
    x[0, 1] = x[1, 0] = x[:, :2].max() + 1  # a tie in the first window
    y, cache = ops.max_pool2d(image(x))
    winners = x == y[0, 0, :, 0].repeat(2)
    spread = dy.repeat(2) * np.ones((2, 1))
    return question(
        "Max pooling with windows of 2 x 2 on $x = {x}$, two rows of four pixels. $dy = {dy}$ comes back. What is $dx$? Of "
        "equal winners the first counts, row by row.",
        {"x": x, "dy": dy}, ops.max_pool2d_backward(dy.reshape(1, 1, 2, 1), cache)[0, :, :, 0], {
            "every equal winner got all of dy: more comes out than went in": winners * spread,
            "divided among the pixels: that is average pooling": spread / 4,
            "the largest value itself was sent back, not dy": winners * x})


def overlapping(rng: np.random.Generator) -> Question:
    """dx of max pooling with overlapping windows."""
    x, dy = integers(rng, 4, low=1, high=9), integers(rng, 3, low=1, high=9)
    y, cache = ops.max_pool2d(row(x), (1, 2), strides=1)
    last = np.zeros(4)
    for k in range(3):
        last[k + x[k:k + 2].argmax()] = dy[k]
    return question(
        "Max pooling with windows of two pixels, one pixel apart, on the row $x = {x}$; of two equal pixels the first "
        "counts. With $dy = {dy}$, what is $dx$?",
        {"x": x, "dy": dy}, ops.max_pool2d_backward(row(dy), cache).ravel(), {
            "= stands where += belongs: who wins twice gets both": last,
            "dy went to both pixels of each window": np.convolve(dy, [1, 1])})


def leaky_backward(rng: np.random.Generator) -> Question:
    """dx of LeakyReLU."""
    x, dy, slope = integers(rng, 4), integers(rng, 4) * 10, choice(rng, 0.1, 0.2, 0.3)
    _, cache = ops.leaky_relu(x, slope)
    return question(
        "LeakyReLU with the slope {slope} below 0: $x = {x}$ and $dy = {dy}$. What is $dx$?",
        {"slope": slope, "x": x, "dy": dy}, ops.leaky_relu_backward(dy, cache), {
            "the sign of dy was asked, but that of x decides": np.where(dy > 0, dy, slope * dy),
            "nothing came through below 0: that is relu": np.where(x > 0, dy, 0),
            "x was multiplied in: the slope is 1 or the small one, whatever x is": dy * np.where(x > 0, x, slope * x)})


def dropout(rng: np.random.Generator) -> Question:
    """y of dropout with a given mask."""
    x, rate = integers(rng, 4, low=1, high=9), choice(rng, 0.2, 0.25, 0.5)
    _, (mask, _) = ops.dropout(x, rate, seed=int(rng.integers(1000)))
    kept = (mask > 0).astype(float)
    return question(
        "Dropout with the rate {rate} in training: of $x = {x}$ it keeps those marked 1 in {kept}. What is $y$?",
        {"rate": rate, "x": x, "kept": kept}, ops.dropout_backward(x, (mask, x.shape)), {
            "not divided by 1 - rate: later layers would meet larger numbers at inference": x * kept,
            "multiplied by 1 - rate: that is the first paper's way, and belongs to inference": x * kept * (1 - rate),
            "divided by the rate": x * kept / rate,
            "the 1 marks what stays": x * (1 - kept) / (1 - rate)})


def average_backward(rng: np.random.Generator) -> Question:
    """dx of average pooling."""
    size, each = choice(rng, 2, 3, 4), integers(rng, low=2, high=9)
    dy = each * size**2
    _, cache = ops.avg_pool2d(np.ones((1, size, size, 1)), size)
    return question(
        "Average pooling with windows of {size} x {size}, side by side. $dy = {dy}$ comes back to one window. What does each "
        "of its pixels get?",
        {"size": size, "dy": dy}, ops.avg_pool2d_backward(np.full((1, 1, 1, 1), dy), cache)[0, 0, 0, 0], {
            "divided by one side of the window only": dy / size,
            "not divided: all pixels together get what came back": dy})


def channel(rng: np.random.Generator) -> tuple[np.ndarray, Any, np.ndarray, int]:
    """x (4,), its mean, the centred numbers and their standard deviation, all integers."""
    centred, std = choice(rng, *CENTRED)
    c, mean = rng.permutation(np.array(centred, float)), integers(rng, low=2, high=20)
    return c + mean, mean, c, std


def normalised(x: np.ndarray, gamma: float, beta: float) -> tuple[np.ndarray, tuple]:
    """Batch normalisation of one channel, and its cache."""
    one, zero = np.ones(1), np.zeros(1)
    y, _, cache = ops.batch_norm(x[:, None], gamma * one, beta * one, zero, one, training=True, epsilon=EPSILON)
    return y[:, 0], cache


def batch_norm(rng: np.random.Generator) -> Question:
    """y of batch normalisation."""
    (x, _, c, std), gamma, beta = channel(rng), integers(rng, low=2, high=5), integers(rng)
    return question(
        r"One channel, four numbers: $x = {x}$. What does batch normalisation make of them in training, with $\gamma = "
        r"{gamma}$, $\beta = {beta}$ and $\varepsilon = 0$?",
        {"x": x, "gamma": gamma, "beta": beta}, normalised(x, gamma, beta)[0], {
            "divided by the variance, not by its root": gamma * c / std**2 + beta,
            "gamma and beta were forgotten": c / std,
            "beta was added before gamma multiplied": gamma * (c / std + beta),
            "the deviation was left out: only the mean is gone": gamma * c + beta})


def gamma_gradient(rng: np.random.Generator) -> Question:
    """dγ of batch normalisation."""
    n, dy = rng.permutation(choice(rng, (-1.4, -0.2, 0.2, 1.4), (-1.0, -1.0, 1.0, 1.0))), integers(rng, 4)
    _, cache = normalised(n, 1.0, 0.0)
    return question(
        r"The normalised numbers of a channel are $n = {n}$, and $dy = {dy}$ comes back. What is $d\gamma$?",
        {"n": n, "dy": dy}, ops.batch_norm_backward(dy[:, None], cache)[1][0], {
            "this is the gradient of beta": dy.sum(),
            "a mean stands for the sum: gamma was used for each of the four": (dy * n).sum() / 4,
            "the sum of n times the sum of dy: the sum of n is always 0": 0})


def training_backward(rng: np.random.Generator) -> Question:
    """dx of batch normalisation in training."""
    d, mean, gamma, dy = choice(rng, 1, 2, 4, 5), integers(rng, low=6, high=9), integers(rng, low=1, high=4), integers(rng, 4)
    n = rng.permutation(np.array([-1.0, -1, 1, 1]))
    x, r = mean + d * n, 1 / d
    _, cache = normalised(x, gamma, 0.0)
    return question(
        r"Batch normalisation in training with $\gamma = {gamma}$ and $\varepsilon = 0$: a channel holds $x = {x}$, and $dy = "
        "{dy}$ comes back. What is $dx$?",
        {"x": x, "gamma": gamma, "dy": dy}, ops.batch_norm_backward(dy[:, None], cache)[0][:, 0], {
            "this is the backward of inference: mean and variance depend on x, too": gamma * r * dy,
            "the variance's part is missing: - n mean(dy n)": gamma * r * (dy - dy.mean()),
            "the mean's part is missing: - mean(dy)": gamma * r * (dy - n * (dy * n).mean()),
            "gamma was forgotten": r * (dy - dy.mean() - n * (dy * n).mean())})


def running_mean(rng: np.random.Generator) -> Question:
    """A running mean after two batches."""
    momentum, (first, second) = choice(rng, 0.9, 0.8), 10 * integers(rng, 2, low=1, high=9)
    running = np.zeros(1)
    for value in (first, second):
        _, (running, _), _ = ops.batch_norm(np.full((2, 1), value), np.ones(1), np.zeros(1), running, np.ones(1), training=True,
                                            momentum=momentum)
    return question(
        "A running mean begins at 0. Its momentum is {momentum}, as in Keras, and two batches have the means {first} and "
        "{second}. What is it then?",
        {"momentum": momentum, "first": first, "second": second}, running[0], {
            "momentum is the share of the old value here; PyTorch's is that of the new":
                (1 - momentum) * momentum * first + momentum * second,
            "the mean of the two batches: the start at 0 still counts for most": (first + second) / 2,
            "the first batch does not fade": (1 - momentum) * (first + second)})


def inference_backward(rng: np.random.Generator) -> Question:
    """dx of batch normalisation at inference."""
    gamma, std, dy = integers(rng, low=2, high=6), choice(rng, 2, 4, 5, 10), integers(rng, 2) * 10
    variance, one = std**2, np.ones(1)
    _, _, cache = ops.batch_norm(np.ones((2, 1)), gamma * one, one, one, variance * one, training=False, epsilon=EPSILON)
    return question(
        r"Batch normalisation at inference: $\gamma = {gamma}$, the running variance is {variance}, $\varepsilon = 0$. $dy = "
        "{dy}$ comes back for two numbers of a channel. What is $dx$?",
        {"gamma": gamma, "variance": variance, "dy": dy}, ops.batch_norm_backward(dy[:, None], cache)[0][:, 0], {
            "the mean of dy was taken away: that is for training, where the mean depends on x":
                gamma * (dy - dy.mean()) / std,
            "divided by the variance, not by its root": gamma * dy / std**2,
            "gamma was forgotten": dy / std})
