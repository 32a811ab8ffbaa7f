"""Quiz of notebooks 05 and 06: a perceptron of two layers, its training, and what helps when that fails.

Shapes: a and y (units,), logits (classes,), one sample.
"""
from math import floor, sqrt

import numpy as np

from nnscratch import ops
from nnscratch.course.quiz.question import Question, choice, integers, question
from nnscratch.layers import Dense, Input
from nnscratch.models import Model
from nnscratch.optimizers import SGD

__all__: list[str] = []  # quiz.ITEMS has the items


def mlp_weights(rng: np.random.Generator) -> Question:
    """The parameters of two dense layers."""
    side, units, classes = choice(rng, 8, 10, 16, 20), choice(rng, 20, 32, 50, 64, 100), choice(rng, 5, 10)
    inputs = side * side
    x = Input((inputs,))
    model = Model(x, Dense(classes)(Dense(units, activation="relu")(x)))
    return question(
        "Images of {side} x {side} pixels, {units} hidden units, {classes} classes. How many parameters has this perceptron of "
        "two dense layers?",
        {"side": side, "units": units, "classes": classes}, sum(array.size for array in model.params.values()), {
            "the biases were forgotten, one for each unit and one for each class": inputs * units + units * classes,
            "the second layer was forgotten": inputs * units + units,
            "one bias for a layer: each unit has its own": inputs * units + units * classes + 2})


def epoch_steps(rng: np.random.Generator) -> Question:
    """The steps of an epoch."""
    count, size = 50 * int(integers(rng, low=20, high=140)), choice(rng, 16, 32, 64, 128)
    return question(
        "{count} samples in mini-batches of {size}. How many steps has an epoch?",
        {"count": count, "size": size}, len(range(0, count, size)), {
            "the last mini-batch is short, but it is a step": floor(count / size),
            "there is no fraction of a step": count / size,
            "a step for each sample: it takes a mini-batch": count})


def relu_backward(rng: np.random.Generator) -> Question:
    """da of ReLU."""
    a, dy = integers(rng, 4), integers(rng, 4)
    return question(
        "The pre-activations of four units with ReLU are $a = {a}$, the upstream gradient is $dy = {dy}$. What is $da$?",
        {"a": a, "dy": dy}, ops.relu_backward(dy, ops.relu(a)[1]), {
            "the sign of dy was asked, but that of a decides": np.maximum(0, dy),
            "multiplied by a, not by the derivative, which is 0 or 1": dy * np.maximum(0, a),
            "the gradient passes where a is positive, not where it is negative": np.where(a > 0, 0, dy)})


def hidden_gradient(rng: np.random.Generator) -> Question:
    """da of the hidden layer of a perceptron."""
    a, weights, dlogits = integers(rng, 3), integers(rng, 3, 2), integers(rng, 2)
    y, relu_cache = ops.relu(a[None])
    dy = ops.dense_backward(dlogits[None], ops.dense(y, weights, np.zeros(2))[1])[0]
    return question(
        "A hidden layer of three units with ReLU has $a = {a}$. The dense layer after it has $W = {weights}$, and the gradient "
        "with respect to its two logits is {dlogits}. What is $da$?",
        {"a": a, "weights": weights, "dlogits": dlogits}, ops.relu_backward(dy, relu_cache)[0], {
            "this is dy: the ReLU is still to come": dy[0],
            "the ReLU was applied to the gradient: what decides is the sign of a": np.maximum(0, dy[0]),
            "the mask alone: the gradient of the next layer is a factor": (a > 0) * 1})


def momentum_step(rng: np.random.Generator) -> Question:
    """The velocity and the weight after a step with momentum."""
    w, v, g = integers(rng, low=-9, high=9), integers(rng, low=-9, high=9), integers(rng, low=-9, high=9)
    lr, decay = choice(rng, 0.1, 0.2, 0.5), choice(rng, 0.5, 0.8, 0.9)
    moved, optimizer = np.array([w]), SGD(lr, decay)
    optimizer.step({"w": moved}, {"w": np.array([-v / lr])})  # from 0 the velocity becomes v
    moved -= v
    optimizer.step({"w": moved}, {"w": np.array([g])})
    new = decay * v - lr * g
    return question(
        r"Momentum with $\eta = {lr}$ and $\rho = {decay}$: $w = {w}$, the velocity is $v = {v}$, the gradient $g = {g}$. What "
        "are the velocity and the weight after the step?",
        {"lr": lr, "decay": decay, "w": w, "v": v, "g": g}, (optimizer.state["w"]["velocity"][0], moved[0]), {
            "the weight moved by the old velocity": (new, w + v),
            "the old velocity did not decay": (v - lr * g, w + v - lr * g),
            "the sign: the velocity grows against the gradient": (decay * v + lr * g, w + decay * v + lr * g)})


def he_deviation(rng: np.random.Generator) -> Question:
    """The standard deviation of He's initialisation."""
    inputs, units = choice(rng, 8, 32, 50, 128, 200, 512, 800), choice(rng, 10, 20, 64, 100, 250)
    return question(
        "A layer of {units} units with ReLU has {inputs} inputs. Which standard deviation has He's initialisation?",
        {"units": units, "inputs": inputs}, sqrt(2 / inputs), {
            "this is the variance: take the root": 2 / inputs,
            "half of the values are 0 after a ReLU: the factor 2 makes up for them": sqrt(1 / inputs),
            "this is Glorot's, for tanh": sqrt(2 / (inputs + units)),
            "the units were counted, not the inputs": sqrt(2 / units)})


def leaky_backward(rng: np.random.Generator) -> Question:
    """da of LeakyReLU."""
    a, dy, slope = integers(rng, 4), integers(rng, 4) * 10, choice(rng, 0.1, 0.2, 0.3)
    _, cache = ops.leaky_relu(a, slope)
    return question(
        "LeakyReLU with the slope {slope} below 0: $a = {a}$ and $dy = {dy}$. What is $da$?",
        {"slope": slope, "a": a, "dy": dy}, ops.leaky_relu_backward(dy, cache), {
            "the sign of dy was asked, but that of a decides": np.where(dy > 0, dy, slope * dy),
            "nothing passes below 0: that is ReLU": np.where(a > 0, dy, 0),
            "a became a factor: the derivative is 1 or the slope, whatever a is": dy * np.where(a > 0, a, slope * a)})


def weight_decay(rng: np.random.Generator) -> Question:
    """A step with weight decay."""
    w, g, lr, strength = integers(rng) * 10, integers(rng), choice(rng, 0.1, 0.2, 0.5), choice(rng, 0.01, 0.1, 0.2)
    moved = np.array([w])
    SGD(lr).step({"w": moved}, {"w": np.array([g + strength * w])})
    return question(
        r"$w = {w}$, the gradient of the loss is $g = {g}$, $\eta = {lr}$, and weight decay has the strength $\lambda = "
        "{strength}$. What is $w$ after one step of gradient descent?",
        {"w": w, "g": g, "lr": lr, "strength": strength}, moved[0], {
            "weight decay was forgotten": w - lr * g,
            "the sign: the penalty makes the weight smaller": w - lr * (g - strength * w),
            "the penalty's gradient is a multiple of w, too, not of lambda alone": w - lr * (g + strength),
            "weight decay was not multiplied by the learning rate": w - lr * g - strength * w})


def dropout(rng: np.random.Generator) -> Question:
    """y of dropout with a given mask."""
    x, rate = integers(rng, 4, low=1, high=9), choice(rng, 0.2, 0.25, 0.5)
    _, (mask, _) = ops.dropout(x, rate, seed=int(rng.integers(1000)))
    kept = (mask > 0).astype(float)
    return question(
        "Dropout with the rate {rate} in training: of $x = {x}$ it keeps those marked 1 in {kept}. What is $y$?",
        {"rate": rate, "x": x, "kept": kept}, ops.dropout_backward(x, (mask, x.shape)), {
            "not divided by 1 - rate: later layers would get larger values at inference": x * kept,
            "multiplied by 1 - rate: that is the first paper's way, and belongs to inference": x * kept * (1 - rate),
            "divided by the rate": x * kept / rate,
            "the 1 marks what stays": x * (1 - kept) / (1 - rate)})


def unscaled_dropout(rng: np.random.Generator) -> Question:
    """What a missing scale of dropout costs at inference."""
    rate, total = choice(rng, 0.2, 0.25, 0.4, 0.6, 0.75), 3 * int(integers(rng, low=2, high=20))
    _, (mask, _) = ops.dropout(np.ones(100), rate, seed=int(rng.integers(1000)))
    return question(
        "Dropout with the rate {rate}, but what is kept was not scaled in training. Then a weighted sum of its outputs was "
        "{total} in the mean over many masks. What is the sum at inference, where nothing is dropped?",
        {"rate": rate, "total": total}, total * mask.max(), {
            "unchanged: that is so only if what is kept is divided by 1 - rate": total,
            "smaller: but more terms are added at inference": total * (1 - rate),
            "divided by the rate, the fraction that was dropped": total / rate})
