"""Quiz of notebooks 09 and 10: pooling, shapes, weights and receptive fields of a convolutional network; looking inside it.

Shapes: x and dy (W,) or (H, W), one channel; confusion matrix (classes, classes), a row for each true class.
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.quiz.question import Question, choice, image, integers, question, row, taps
from nnscratch.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from nnscratch.models import Model

__all__: list[str] = []  # quiz.ITEMS has the items


def pooled_size(rng: np.random.Generator) -> Question:
    """The side after a convolution and a pooling."""
    k, padding, p, after = choice(rng, 3, 4, 5), choice(rng, 1, 2), choice(rng, 2, 3), int(integers(rng, low=3, high=9))
    size = p * after - 2 * padding + k - 1
    y, _ = ops.max_pool2d(ops.conv2d(np.ones((1, 1, size, 1)), np.ones((1, k, 1, 1)), padding=((0, 0), (padding, padding)))[0],
                          (1, p))
    return question(
        "A side of {size} pixels passes a convolution with a kernel of {k}, stride 1 and padding {padding}, then max pooling "
        "with windows of {p}. How long is the side then?",
        {"size": size, "k": k, "padding": padding, "p": p}, y.shape[2], {
            "the pooling was forgotten": p * after,
            "the padding was forgotten": (size - k + 1) / p,
            "the kernel was forgotten: it fits at fewer positions": (size + 2 * padding) / p,
            "the padding was added on one side only": (size + padding - k + 1) / p})


def cnn_weights(rng: np.random.Generator) -> Question:
    """The parameters of a small convolutional network."""
    side, k, c, o, classes = choice(rng, 8, 12, 16, 20), choice(rng, 3, 5), choice(rng, 2, 3), choice(rng, 4, 8, 10), 10
    x = Input((side, side, c))
    model = Model(x, Dense(classes)(Flatten()(MaxPooling2D(2)(Conv2D(o, k, padding="same")(x)))))
    left = side * side // 4 * o
    return question(
        "Images of {side} x {side} with {c} channels: a convolution with {o} kernels of {k} x {k}, padded so that the side "
        "stays, max pooling by 2, and a dense layer with {classes} logits. How many parameters has the network?",
        {"side": side, "c": c, "o": o, "k": k, "classes": classes}, sum(array.size for array in model.params.values()), {
            "the biases were forgotten": k * k * c * o + left * classes,
            "the pooling was forgotten: it leaves a quarter of the values": k * k * c * o + o + (4 * left + 1) * classes,
            "the dense layer reads every pixel of every channel, not one number a channel":
                k * k * c * o + o + (o + 1) * classes,
            "the convolution was forgotten": (left + 1) * classes})


def receptive_field(rng: np.random.Generator) -> Question:
    """The pixels that reach one value, along one side."""
    first, p, second = choice(rng, 3, 4, 5, 7), choice(rng, 2, 3, 4), choice(rng, 2, 3, 4, 5)
    size = first - 1 + p * (second + 2)
    y, conv = ops.conv2d(row(np.ones(size)), taps(np.ones(first)))
    pooled, pool = ops.avg_pool2d(y, (1, p))
    last, conv_2 = ops.conv2d(pooled, taps(np.ones(second)))
    one = np.zeros_like(last)
    one[0, 0, 1, 0] = 1
    dx = ops.conv2d_backward(ops.avg_pool2d_backward(ops.conv2d_backward(one, conv_2)[0], pool), conv)[0]
    return question(
        "Along one side: a convolution with a kernel of {first}, stride 1; pooling by {p}; a convolution with a kernel of "
        "{second}, stride 1. How many pixels can reach one value?",
        {"first": first, "p": p, "second": second}, int((dx > 0).sum()), {
            "the stride of the pooling was forgotten: after it a step is as wide": first + p - 1 + second - 1,
            "the pooling's own window was forgotten": first + p * (second - 1),
            "the kernels were multiplied": first * p * second,
            "one pixel too few: the field of a pixel itself is 1": first - 1 + p - 1 + p * (second - 1)})


def max_backward(rng: np.random.Generator) -> Question:
    """dx of max pooling with a tie."""
    x, dy = integers(rng, 2, 4, low=0, high=7), integers(rng, 2, low=2, high=9)
    x[0, 1] = x[1, 0] = x[:, :2].max() + 1  # a tie in the first window
    y, cache = ops.max_pool2d(image(x))
    largest = x == y[0, 0, :, 0].repeat(2)
    spread = dy.repeat(2) * np.ones((2, 1))
    return question(
        "Max pooling with windows of 2 x 2 on $x = {x}$, two rows of four pixels. The upstream gradient is $dy = {dy}$. What "
        "is $dx$? Of several equal maxima the first counts, row by row.",
        {"x": x, "dy": dy}, ops.max_pool2d_backward(dy.reshape(1, 1, 2, 1), cache)[0, :, :, 0], {
            "each of the equal maxima got all of dy": largest * spread,
            "divided among the pixels: that is average pooling": spread / 4,
            "x was returned at the maximum, not dy": largest * x})


def average_backward(rng: np.random.Generator) -> Question:
    """dx of average pooling."""
    size, each = choice(rng, 2, 3, 4), integers(rng, low=2, high=9)
    dy = each * size**2
    _, cache = ops.avg_pool2d(np.ones((1, size, size, 1)), size)
    return question(
        "Average pooling with windows of {size} x {size}, side by side. The upstream gradient of one window is $dy = {dy}$. "
        "What is $dx$ at each of its pixels?",
        {"size": size, "dy": dy}, ops.avg_pool2d_backward(np.full((1, 1, 1, 1), dy), cache)[0, 0, 0, 0], {
            "divided by one side of the window only": dy / size,
            "not divided: the gradients of all its pixels add up to dy": dy})


def confusion(rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """A confusion matrix (3, 3) of mostly right predictions, and a class."""
    C = integers(rng, 3, 3, low=0, high=9) + np.diag(integers(rng, 3, low=20, high=40))
    labels, predicted = (np.repeat(index.ravel(), C.astype(int).ravel()) for index in np.indices((3, 3)))
    counted = np.zeros((3, 3))
    np.add.at(counted, (labels, predicted), 1)
    return counted, int(rng.integers(3))


def confusion_sums(rng: np.random.Generator) -> Question:
    """A row sum and a column sum."""
    C, k = confusion(rng)
    return question(
        "A confusion matrix with a row for each true class is {C}. How many images are of class {k}, counted from 0, and how "
        "many are read as class {k}?",
        {"C": C, "k": k}, (C[k].sum(), C[:, k].sum()), {
            "exchanged: a row has the images of one true class": (C[:, k].sum(), C[k].sum()),
            "only what is read rightly, the diagonal": (C[k, k], C[k, k]),
            "only the mistakes: the diagonal counts, too": (C[k].sum() - C[k, k], C[:, k].sum() - C[k, k])})


def recall(rng: np.random.Generator) -> Question:
    """The fraction of a class that is read rightly."""
    C, k = confusion(rng)
    return question(
        "A confusion matrix with a row for each true class is {C}. Which fraction of the images of class {k}, counted from 0, "
        "is read rightly?",
        {"C": C, "k": k}, C[k, k] / C[k].sum(), {
            "divided by the column: this is the fraction of what is read as the class, its precision": C[k, k] / C[:, k].sum(),
            "this is the accuracy, over all classes": np.trace(C) / C.sum(),
            "divided by all images": C[k, k] / C.sum()})


def occlusion_drop(rng: np.random.Generator) -> Question:
    """An occlusion map from probabilities."""
    p = integers(rng, low=70, high=95) / 100
    covered = np.array([integers(rng, low=5, high=60), integers(rng, low=5, high=60), 100 * p + choice(rng, 1, 2, 3, 4)]) / 100
    covered = rng.permutation(covered).round(2)
    return question(
        "A network gives the class of an image the probability {p}, and with a patch at one of three positions {covered}. What "
        "is the occlusion map at these positions?",
        {"p": p, "covered": covered}, p - covered, {
            "the sign: it is the drop, positive where covering lowers the probability": covered - p,
            "these are the probabilities, not their drops": covered,
            "a covered position may also raise the probability: its drop is negative": abs(p - covered),
            "divided by the probability: the drop is a difference": covered / p})


def saliency(rng: np.random.Generator) -> Question:
    """The saliency of two pixels in a small network."""
    x = np.array(choice(rng, (1.0, 5), (5.0, 1), (1.0, 6), (2.0, 9), (7.0, 1), (9.0, 2)))  # no a is 0 for small weights
    weights, v = integers(rng, 2, 2), integers(rng, 2)
    a, cache = ops.dense(x[None], weights, np.zeros(2))
    _, mask = ops.relu(a)
    gradient = ops.dense_backward(ops.relu_backward(v[None], mask), cache)[0][0]
    return question(
        "Two pixels, $x = {x}$, two hidden units with ReLU, $a = xW$ with $W = {weights}$, and the logit of the class is the "
        "product of the hidden outputs with the weights {v}. What is the saliency of the two pixels?",
        {"x": x, "weights": weights, "v": v}, abs(gradient), {
            "the sign was kept: saliency is the absolute value": gradient,
            "the ReLU was forgotten: units with a negative a pass nothing": abs(weights @ v),
            "multiplied by the pixels: saliency is the gradient alone": abs(gradient * x)})


def occlusion_count(rng: np.random.Generator) -> Question:
    """The number of covered images."""
    side, patch = int(integers(rng, low=12, high=32)), int(integers(rng, low=3, high=8))
    columns, _ = ops.im2col(np.ones((1, side, side, 1)), (patch, patch))
    return question(
        "A patch of {patch} x {patch} moves over an image of {side} x {side}, one pixel at a time, and stays inside. How many "
        "covered images does an occlusion map need?",
        {"patch": patch, "side": side}, columns.shape[1] * columns.shape[2], {
            "one for each pixel: near the right and lower border the patch does not fit": side**2,
            "the first position was forgotten in each direction": (side - patch)**2,
            "positions along one side only": side - patch + 1})
