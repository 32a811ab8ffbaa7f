"""Exercises of notebook 05: what to expect, the backward pass of two layers, momentum, and a faulty loop.

Shapes: x (N, inputs), a and y (N, hidden), logits (N, classes), W2 (hidden, classes).
"""
from typing import Any

import numpy as np

from nnscratch import ops
from nnscratch.course import own
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, NotAttempted, Wrong, exercise
from nnscratch.course.checks.inputs import normal
from nnscratch.course.checks.prediction import as_numbers, predicted
from nnscratch.course.checks.rectifiers import library_relu_backward

__all__ = ["before_training", "faulty_lines", "mlp_backward", "momentum_step"]


@exercise("05", "A dense layer has a weight for each pair of input and unit, and a bias for each unit. Which layers are there?",
          "The last mini-batch of an epoch may be short, but it is a step.",
          "The first layer has 784 * 128 weights and 128 biases. Equal logits: p is the same for all ten classes.")
def before_training(attempt: Any) -> None:
    """Three numbers: parameters, steps of an epoch, the first loss."""
    parameters, steps, loss = "parameters", "steps of an epoch", "first loss"
    predicted(attempt, {parameters: 101770, steps: 99, loss: np.log(10)}, {
        "the biases are parameters, too": (parameters, 101632),
        "the biases of the last layer are parameters, too": (parameters, 101760),
        "the second layer is missing": (parameters, 100480), "the last mini-batch, of 28 samples, is a step, too": (steps, 98),
        "6300 / 64 is 98.4: the next whole number is 99": (steps, 100),
        "there is no fraction of a step: round up": (steps, 6300 / 64),
        "this is the number of samples: a step takes 64": (steps, 6300),
        "the logits are nearly equal, but then p is 1/10, not 1": (loss, 0.0), "the base is e, not 10": (loss, 1.0),
        "this is p, expected the loss of it, -ln p": (loss, 0.1), "a loss is -ln p, and positive": (loss, -np.log(10))})


def library_mlp_backward(dlogits, x, a, y, W2):
    """The library's, with the learner's arguments, from the parts of the course: each the learner's where there is one."""
    dy, dW2, db2 = own.dense_backward(dlogits, y, W2)
    _, dW1, db1 = own.dense_backward(own.relu_backward(dy, a), x, np.zeros((x.shape[1], a.shape[1])))
    return dW1, db1, dW2, db2


def mlp_with(da=library_relu_backward, of_second=lambda a, y: y, scale=lambda x: 1.0):
    """The backward pass of two layers; wrong answers change one of its parts."""
    def backward(dlogits, x, a, y, W2):
        dy, dW2, db2 = ops.dense_backward(dlogits, (of_second(a, y), W2, True))
        hidden = da(dy, a)
        return x.T @ hidden * scale(x), hidden.sum(axis=0) * scale(x), dW2 * scale(x), db2 * scale(x)
    return backward


@exercise("05", "Begin at the logits. own.dense_backward of the second layer gives three gradients; which of them goes on?",
          "The gradient with respect to y passes the ReLU, and is then the upstream gradient of the first layer.",
          "dy, dW2, db2 = own.dense_backward(dlogits, y, W2). The first layer needs own.relu_backward, and then two of "
          "the three gradients of a dense layer: x.T @ da and a sum.", library=library_mlp_backward)
def mlp_backward(attempt: Attempt) -> None:
    """dW1, db1, dW2, db2, in the shapes of W1, b1, W2, b2."""
    def case(dlogits, x, a, W2):
        return {"dlogits": dlogits, "x": x, "a": a, "y": np.maximum(0, a), "W2": W2}
    cases = [case(np.array([[5.0]]), np.array([[2.0]]), np.array([[3.0]]), np.array([[7.0]])),
             case(np.array([[1.0, -10.0]]), np.array([[2.0]]), np.array([[4.0, -3.0, 6.0]]),
                  np.array([[1.0, 2.0], [3.0, 4.0], [-5.0, 6.0]])),
             case(np.array([[1.0], [10.0]]), np.array([[2.0], [3.0]]), np.array([[-4.0], [5.0]]), np.array([[-7.0]])),
             case(normal(3, 2), normal(3, 5), normal(3, 4), normal(4, 2))]
    compare(attempt, mlp_with(), cases, "dW1 db1 dW2 db2", {
        "ReLU is missing: the gradient does not pass units with a negative a": mlp_with(da=lambda dy, a: dy),
        "ReLU is applied to the gradient: what counts is the sign of a": mlp_with(da=lambda dy, a: np.maximum(0, dy)),
        "the gradient is multiplied by y, expected 1 where a is positive": mlp_with(da=lambda dy, a: dy * np.maximum(0, a)),
        "the second layer reads y, not a": mlp_with(of_second=lambda a, y: a),
        "dlogits is already divided by N: no second division": mlp_with(scale=lambda x: 1 / len(x))})


def library_momentum_step(w, v, dw, lr, decay):
    """The solution."""
    v = decay * v - lr * dw
    return w + v, v


@exercise("05", "First the new velocity, then the parameter: it moves by the new velocity.",
          "Both results are new arrays: `w += v` would change the caller's w.",
          "v = decay * v - lr * dw", library=library_momentum_step)
def momentum_step(attempt: Attempt) -> None:
    """The new w and the new v, in the shape of w."""
    cases = [{"w": np.array([10.0]), "v": np.array([0.0]), "dw": np.array([4.0]), "lr": 0.5, "decay": 0.75},
             {"w": np.array([10.0, 20.0]), "v": np.array([8.0, -4.0]), "dw": np.array([4.0, 1.0]), "lr": 0.5, "decay": 0.75},
             {"w": normal(3, 2), "v": normal(3, 2, seed=1), "dw": normal(3, 2, seed=2), "lr": 0.125, "decay": 0.875}]

    def new(w, v):
        """A wrong answer from formulas of the new w, given the new v, and of the new v."""
        def step(W, V, dw, lr, decay):
            velocity = v(V, dw, lr, decay)
            return w(W, V, velocity, dw, lr), velocity
        return step

    def right_v(v, dw, lr, decay):
        return decay * v - lr * dw

    def moved(w, old, v, dw, lr):
        return w + v
    compare(attempt, library_momentum_step, cases, "w v", {
        "w moves by the old velocity, expected the new one": new(lambda w, old, v, dw, lr: w + old, right_v),
        "v has the other sign: here v is the step itself, so that w + v is the new w":
            new(lambda w, old, v, dw, lr: w - v, lambda v, dw, lr, decay: decay * v + lr * dw),
        "the step goes along the gradient: v gets minus lr times dw": new(moved, lambda v, dw, lr, decay: decay * v + lr * dw),
        "w - v goes along the gradient: v is the step itself, so add it": new(lambda w, old, v, dw, lr: w - v, right_v),
        "the decay is missing: old steps must fade": new(moved, lambda v, dw, lr, decay: v - lr * dw),
        "the old velocity is missing: this is plain gradient descent": new(moved, lambda v, dw, lr, decay: -lr * dw),
        "the learning rate is missing": new(moved, lambda v, dw, lr, decay: decay * v - dw),
        "the learning rate belongs into v: other libraries keep it outside": new(
            lambda w, old, v, dw, lr: w - lr * v, lambda v, dw, lr, decay: decay * v + dw),
        "dw is weighted by 1 - decay: this is a moving average, asked is a decaying sum":
            new(moved, lambda v, dw, lr, decay: decay * v - (1 - decay) * lr * dw),
        "this is a moving average of gradients, asked is a decaying sum of steps": new(
            lambda w, old, v, dw, lr: w - lr * v, lambda v, dw, lr, decay: decay * v + (1 - decay) * dw),
        "the gradient is subtracted once more: it is already in v":
            new(lambda w, old, v, dw, lr: w + v - lr * dw, right_v),
        "the decay multiplies the whole of v: the new gradient is not decayed yet":
            new(moved, lambda v, dw, lr, decay: decay * (v - lr * dw))})


FAULTS = {4: "the validation set is trained on", 8: "the gradients of all steps are added up, never cleared",
          9: "the step goes along the gradient", 10: "the step goes along the gradient"}  # a minus in either line mends it
FAULTLESS = {1: "line 1 names what the function reads", 2: "line 2 makes a zero for each parameter",
             3: "line 3 counts the epochs", 5: "line 5 is the forward pass", 6: "line 6 compares with this batch's targets",
             7: "line 7 is the backward pass", 11: "line 11 returns what was learned"}


@exercise("05", "Follow one number at a time: which samples does line 4 read? What does `total` hold after two steps?",
          "Three questions: is it trained on the right data, with the gradient of this step, in the right direction?",
          "One fault is in the data, one is a += that belongs to fan-out within one step, one is a sign.")
def faulty_lines(attempt: Any) -> None:
    """Three numbers of lines, from 1 to 11."""
    values = list(attempt) if isinstance(attempt, (list, tuple, set, np.ndarray)) else attempt
    if isinstance(values, list) and values and all(value is Ellipsis for value in values):
        raise NotAttempted
    count = len(set(FAULTS.values()))
    if not isinstance(values, list) or len(values) != count:
        raise Wrong(f"expected {count} values: the numbers of the faulty lines")
    values = [value if value is Ellipsis else as_numbers(value) for value in values]
    if any(value is not Ellipsis and (value.ndim or value.dtype.kind not in "iuf") for value in values):
        raise Wrong("expected the numbers of the lines, without quotes, as in [1, 2, 3]")
    values = [value if value is Ellipsis else value.item() for value in values]
    lines = [FAULTLESS.get(value, f"there is no line {value}") + ": it is right" * (value in FAULTLESS)
             for value in values if value is not Ellipsis and value not in FAULTS]
    lines += ["one is still open"] * (Ellipsis in values)
    lines += ["one fault is named twice"] * (len({FAULTS[value] for value in values if value in FAULTS}) + len(lines) < count)
    if lines:
        raise Wrong("\n".join(lines))
