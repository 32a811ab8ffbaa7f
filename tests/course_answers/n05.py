"""Notebook 05: wrong answers, with what their diagnosis must say; right ones in other styles."""
import numpy as np

from course_answers.solutions import S


def relu_backward(dy, a):
    return dy * (a > 0)


def backward(da=relu_backward, second=lambda a, y: y, n=lambda x: 1, db1=None):
    def of_mlp(dlogits, x, a, y, W2):
        dy = dlogits @ W2.T
        hidden = da(dy, a)
        return (x.T @ hidden / n(x), (hidden if db1 is None else db1(dy)).sum(axis=0) / n(x),
                second(a, y).T @ dlogits / n(x), dlogits.sum(axis=0) / n(x))
    return of_mlp


def mlp_by_loops(dlogits, x, a, y, W2):
    """Right: index by index."""
    dW1, db1 = np.zeros((x.shape[1], a.shape[1])), np.zeros(a.shape[1])
    dW2, db2 = np.zeros(W2.shape), np.zeros(W2.shape[1])
    for n, u in np.ndindex(dlogits.shape):
        db2[u] += dlogits[n, u]
        for h in range(a.shape[1]):
            dW2[h, u] += y[n, h] * dlogits[n, u]
            if a[n, h] > 0:
                db1[h] += dlogits[n, u] * W2[h, u]
                dW1[:, h] += x[n] * dlogits[n, u] * W2[h, u]
    return dW1, db1, dW2, db2


def momentum(w=lambda w, old, v, lr, dw: w + v, v=lambda v, dw, lr, decay: decay * v - lr * dw):
    def step(W, V, dw, lr, decay):
        new = v(V, dw, lr, decay)
        return w(W, V, new, lr, dw), new
    return step


def in_place(w, v, dw, lr, decay):
    v *= decay
    v -= lr * dw
    return w + v, v


def cut(order, size):
    return [order[start:start + size] for start in range(0, len(order), size)]


def shuffled_blocks(count, size, rng):
    blocks = cut(np.arange(count), size)
    full, rest = blocks[:count // size], blocks[count // size:]
    rng.shuffle(full)
    return full + rest


def numbers(count, size, rng):
    return list(rng.permutation(count))


def by_shuffle(count, size, rng):
    """Right: an array shuffled in place, and np.split."""
    order = np.arange(count)
    rng.shuffle(order)
    return np.split(order, range(size, count, size))


def by_choice(count, size, rng):
    """Right: drawn from what is left."""
    left, result = np.arange(count), []
    while len(left):
        some = rng.choice(left, min(size, len(left)), replace=False)
        left = np.setdiff1d(left, some)
        result.append(some)
    return result


WRONG = [
    ("before_training", [100480, 99, 2.3], "the second layer is missing"),
    ("before_training", [101632, 99, 2.3], "the biases are parameters, too"),
    ("before_training", [101760, 99, 2.3], "of the last layer are parameters"),
    ("before_training", [101770, 98, 2.3], "of 28 samples, is a step"),
    ("before_training", [101770, 98.4, 2.3], "no fraction of a step"),
    ("before_training", [101770, 100, 2.3], "the next whole number is 99"),
    ("before_training", [101770, 99, 0.1], "this is p, expected the loss of it"),
    ("before_training", [101770, 99, -2.3], "a loss is -ln p, and positive"),
    ("before_training", [101770, 6300, 2.3], "a step takes 64"),
    ("before_training", [101770, 99, 0], "p is 1/10, not 1"),
    ("before_training", [101770, 99, 1], "the base is e"),
    ("relu_backward", lambda dy, a: np.maximum(0, dy), "that of a does"),
    ("relu_backward", lambda dy, a: dy * np.maximum(0, a), "not by the derivative"),
    ("relu_backward", lambda dy, a: (a > 0).astype(float), "the upstream gradient is missing"),
    ("relu_backward", lambda dy, a: dy * (a < 0), "exchange the two"),
    ("relu_backward", lambda dy, a: dy * (a >= 0), "a > 0, not a >= 0"),
    ("relu_backward", lambda dy, a: dy.copy(), "the gradient passes everywhere"),
    ("relu_backward", lambda dy, a: dy * np.sign(a), "not the sign of a"),
    ("relu_backward", lambda dy, a: dy[a > 0], "da has shape"),
    ("mlp_backward", backward(da=lambda dy, a: dy), "ReLU is missing"),
    ("mlp_backward", backward(da=lambda dy, a: np.maximum(0, dy)), "what counts is the sign of a"),
    ("mlp_backward", backward(da=lambda dy, a: dy * np.maximum(0, a)), "multiplied by y"),
    ("mlp_backward", backward(second=lambda a, y: a), "reads y, not a"),
    ("mlp_backward", backward(n=len), "no second division"),
    ("mlp_backward", backward(db1=lambda dy: dy), "ReLU is missing"),
    ("mlp_backward", lambda *given: (*S["mlp_backward"](*given)[2:], *S["mlp_backward"](*given)[:2]),
     "another order: expected dW1, db1, dW2, db2"),
    ("mlp_backward", lambda dlogits, x, a, y, W2: (x.T @ (dlogits @ W2), *S["mlp_backward"](dlogits, x, a, y, W2)[1:]),
     "is one to be transposed?"),
    ("mlp_backward", lambda *given: S["mlp_backward"](*given)[:3], "3 results, expected 4"),
    ("momentum_step", momentum(w=lambda w, old, v, lr, dw: w + old), "by the old velocity"),
    ("momentum_step", momentum(lambda w, old, v, lr, dw: w - v, lambda v, dw, lr, decay: decay * v + lr * dw), "other sign"),
    ("momentum_step", momentum(v=lambda v, dw, lr, decay: decay * v + lr * dw), "the step goes along the gradient"),
    ("momentum_step", momentum(w=lambda w, old, v, lr, dw: w - v), "so add it"),
    ("momentum_step", momentum(v=lambda v, dw, lr, decay: v - lr * dw), "the decay is missing"),
    ("momentum_step", momentum(v=lambda v, dw, lr, decay: -lr * dw), "plain gradient descent"),
    ("momentum_step", momentum(v=lambda v, dw, lr, decay: decay * v - dw), "the learning rate is missing"),
    ("momentum_step", momentum(lambda w, old, v, lr, dw: w - lr * v, lambda v, dw, lr, decay: decay * v + dw),
     "keep it outside"),
    ("momentum_step", momentum(v=lambda v, dw, lr, decay: decay * v - (1 - decay) * lr * dw), "a moving average"),
    ("momentum_step", momentum(w=lambda w, old, v, lr, dw: w + v - lr * dw), "subtracted once more"),
    ("momentum_step", momentum(v=lambda v, dw, lr, decay: decay * (v - lr * dw)), "not decayed yet"),
    ("momentum_step", lambda *given: S["momentum_step"](*given)[::-1], "another order: expected w, v"),
    ("momentum_step", momentum(lambda w, old, v, lr, dw: w - lr * v, lambda v, dw, lr, decay: decay * v + (1 - decay) * dw),
     "a moving average of gradients"),
    ("momentum_step", in_place, "changes v"),
    ("momentum_step", lambda *given: S["momentum_step"](*given)[0], "expected 2: w, v"),
    ("batches", lambda count, size, rng: cut(np.arange(count), size), "the indices are in order"),
    ("batches", lambda count, size, rng: cut(rng.integers(0, count, count), size), "appears more than once"),
    ("batches", lambda count, size, rng: cut(rng.permutation(count), size)[:count // size], "the last samples are left out"),
    ("batches", lambda count, size, rng: cut(np.random.default_rng(0).permutation(count), size), "do not make a new generator"),
    ("batches", lambda count, size, rng: cut(np.random.default_rng().permutation(count), size), "and from nothing else"),
    ("batches", shuffled_blocks, "shuffle before you cut"),
    ("batches", lambda count, size, rng: cut(1 + rng.permutation(count), size), "there is no index"),
    ("batches", lambda count, size, rng: cut(rng.permutation(count), size + 1), "all are full but the last"),
    ("batches", lambda count, size, rng: rng.permutation(count), "expected a list of arrays"),
    ("batches", numbers, "expected a list of arrays of integers"),
    ("batches", lambda count, size, rng: cut(rng.permutation(count), size) + [np.array([], int)], "one mini-batch is empty"),
    ("batches", lambda count, size, rng: rng.permutation(count).reshape(-1, size), "raised ValueError"),
    ("batches", lambda count, size, rng: (one for one in cut(rng.permutation(count), size)), "a generator, expected a list"),
    ("faulty_lines", [4, 8, 5], "line 5 is the forward pass: it is right"),
    ("faulty_lines", [4, 4, 9], "named twice"),
    ("faulty_lines", [4, 9, 10], "named twice"),
    ("faulty_lines", [4, 8, 12], "there is no line 12"),
    ("faulty_lines", [4, 8, "9"], "the numbers of the lines"),
]
RIGHT = [
    ("before_training", (101770, 99, 2.303)),
    ("relu_backward", lambda dy, a: np.where(a > 0, dy, 0)),
    ("relu_backward", lambda dy, a: np.array([d if z > 0 else 0.0 for d, z in zip(dy.ravel(), a.ravel())]).reshape(a.shape)),
    ("mlp_backward", mlp_by_loops),
    ("mlp_backward", backward()),
    ("mlp_backward", lambda dlogits, x, a, y, W2: list(backward(lambda dy, a: dy * (y > 0))(dlogits, x, a, y, W2))),
    ("momentum_step", lambda w, v, dw, lr, decay: (w + (decay * v - lr * dw), decay * v - lr * dw)),
    ("batches", by_shuffle),
    ("batches", by_choice),
    ("faulty_lines", [9, 4, 8]),
    ("faulty_lines", {8, 9, 4}),
    ("faulty_lines", [4, 8, 10]),
]
