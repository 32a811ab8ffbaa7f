"""Notebook 04: wrong answers, with what their diagnosis must say; right ones in other styles."""
import numpy as np

from course_answers.solutions import S, spoiled


def naive(logits, t):
    powers = np.exp(logits)
    p = powers / powers.sum(axis=1, keepdims=True)
    return -(t * np.log(p)).sum() / len(t), (p - t) / len(t)


def one_maximum(logits, t):
    """The largest logit of the whole batch is subtracted."""
    return naive(logits - logits.max(), t)


def log_of_rounded(logits, t):
    """Stable p, but its logarithm is taken after it became 0."""
    return naive(logits - logits.max(axis=1, keepdims=True), t)


def floor(logits, t):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    return -(t * np.log(p + 1e-9)).sum() / len(t), (p - t) / len(t)


def clipped(logits, t):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    return -(t * np.log(np.clip(p, 1e-12, 1))).sum() / len(t), (p - t) / len(t)


def probabilities(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def slope(change):
    return lambda logits, t: (S["softmax_cross_entropy"](logits, t)[0], change(probabilities(logits), t))


def loss(change):
    """A change of L, right elsewhere."""
    return lambda logits, t: (change(probabilities(logits), t), S["softmax_cross_entropy"](logits, t)[1])


def by_columns(logits, t):
    p = np.exp(logits) / np.exp(logits).sum(axis=0)
    return -(t * np.log(p)).sum() / len(t), (p - t) / len(t)


def whole_batch(logits, t):
    p = np.exp(logits) / np.exp(logits).sum()
    return -(t * np.log(p)).sum() / len(t), (p - t) / len(t)


def by_loops(logits, t):
    """Right: sample by sample."""
    total, dlogits = 0.0, np.zeros(logits.shape)
    for n, row in enumerate(logits):
        largest = max(row)
        powers = [np.exp(a - largest) for a in row]
        true = int(t[n].argmax())
        total += largest + np.log(sum(powers)) - row[true]
        for u, power in enumerate(powers):
            dlogits[n, u] = (power / sum(powers) - t[n, u]) / len(t)
    return total / len(t), dlogits


def by_logaddexp(logits, t):
    log_p = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    return -log_p[np.arange(len(t)), t.argmax(axis=1)].mean(), (np.exp(log_p) - t) / len(t)


def in_place(logits, t):
    logits -= logits.max(axis=1, keepdims=True)
    return naive(logits, t)


def linear(sign=-1, moved=1, n=len, steps=lambda k: k, first=False, start=0.0, late=False, db=np.sum):
    def train(x, labels, classes, lr, count):
        t, W, b = np.eye(classes)[labels], np.full((x.shape[1], classes), start), np.full(classes, start)
        losses = []
        dlogits = (probabilities(x @ W + b) - t) / n(x)
        for _ in range(steps(count)):
            losses.append(-(t * np.log(probabilities(x @ W + b))).sum() / len(x))
            dlogits = dlogits if first else (probabilities(x @ W + b) - t) / n(x)
            W, b = W + sign * lr * x.T @ dlogits, b + sign * moved * lr * db(dlogits, axis=0)
            if late:
                losses[-1] = -(t * np.log(probabilities(x @ W + b))).sum() / len(x)
        return W, b, losses
    return train


def random_start(x, labels, classes, lr, steps):
    W, b, losses = linear()(x, labels, classes, lr, steps)
    return W + np.random.default_rng(0).normal(size=W.shape), b, losses


WRONG = [
    ("first_losses", [1, 0, 3], "the base is e, not 10"),
    ("first_losses", [-2.303, 0, 6.9], "ln p is negative"),
    ("first_losses", [0.1, 0, 6.9], "the loss is -ln of it"),
    ("first_losses", [2.303, 1, 6.9], "-ln 1 is 0"),
    ("first_losses", [2.303, 0, 0.999], "this is 1 - p"),
    ("first_losses", [2.303, 0, 5], "p = 0.001 for the true class: not 5"),
    ("softmax_cross_entropy", naive, "subtract from each row its own largest logit"),
    ("softmax_cross_entropy", one_maximum, "subtract from each row its own largest logit"),
    ("softmax_cross_entropy", log_of_rounded, "take the logarithm of the sum alone"),
    ("softmax_cross_entropy", floor, "L stops growing: is a small number added"),
    ("softmax_cross_entropy", clipped, "or p clipped?"),
    ("softmax_cross_entropy", whole_batch, "one softmax goes over the whole batch"),
    ("softmax_cross_entropy", by_columns, "the sum runs down the samples"),
    ("softmax_cross_entropy", in_place, "changes logits"),
    ("softmax_cross_entropy", loss(lambda p, t: -(t * np.log(p)).sum()), "L is a sum over the samples"),
    ("softmax_cross_entropy", loss(lambda p, t: -(t * np.log(p)).mean()), "L is a mean over all N x classes"),
    ("softmax_cross_entropy", loss(lambda p, t: (t * np.log(p)).sum() / len(t)), "the sign of L is wrong"),
    ("softmax_cross_entropy", loss(lambda p, t: -np.log(p).sum() / len(t)), "only the true class counts"),
    ("softmax_cross_entropy", loss(lambda p, t: -(t * np.log10(p)).sum() / len(t)), "ln is np.log"),
    ("softmax_cross_entropy", loss(lambda p, t: -(t * np.log2(p)).sum() / len(t)), "ln is np.log"),
    ("softmax_cross_entropy", loss(lambda p, t: 1 - (t * p).sum() / len(t)), "this is 1 - p"),
    ("softmax_cross_entropy", loss(lambda p, t: -(t * np.log(p)).sum(axis=1)), "an axis left over"),
    ("softmax_cross_entropy", slope(lambda p, t: p - t), "dlogits is not divided by N"),
    ("softmax_cross_entropy", slope(lambda p, t: (p - t) / p.size), "divided by all N x classes"),
    ("softmax_cross_entropy", slope(lambda p, t: (t - p) / len(t)), "the sign of dlogits is wrong"),
    ("softmax_cross_entropy", slope(lambda p, t: p / len(t)), "the target is missing"),
    ("softmax_cross_entropy", slope(lambda p, t: t * (p - 1) / len(t)), "only the true class gets a gradient"),
    ("softmax_cross_entropy", slope(lambda p, t: -t / p / len(t)), "the derivatives of softmax are missing"),
    ("softmax_cross_entropy", lambda logits, t: S["softmax_cross_entropy"](logits, t)[::-1],
     "another order: expected L, dlogits"),
    ("accuracy", spoiled("accuracy", None, lambda one: 100 * one), "these are percent"),
    ("accuracy", lambda logits, labels: int((logits.argmax(axis=1) == labels).sum()), "this is a count"),
    ("accuracy", spoiled("accuracy", None, lambda one: 1 - one), "this is the error rate"),
    ("accuracy", lambda logits, labels: (logits.argmin(axis=1) == labels).mean(), "the smallest logit"),
    ("accuracy", lambda logits, labels: (np.abs(logits).argmax(axis=1) == labels).mean(), "not their sign"),
    ("accuracy", lambda logits, labels: (logits.argmax(axis=0) == labels).mean(), "along the wrong axis"),
    ("accuracy", lambda logits, labels: logits.argmax(axis=1) == labels, "an axis left over"),
    ("accuracy", lambda logits, labels: logits.argmax(axis=1), "an axis left over"),
    ("train_linear", linear(sign=1), "the steps go along the gradient"),
    ("train_linear", linear(moved=0), "b never changes"),
    ("train_linear", linear(db=np.mean), "db is a mean over the samples"),
    ("train_linear", linear(n=lambda x: 1), "N times too large"),
    ("train_linear", linear(steps=lambda k: k - 1), "one step is missing"),
    ("train_linear", linear(steps=lambda k: k + 1), "one step is too many"),
    ("train_linear", linear(steps=lambda k: 1), "it is one step only"),
    ("train_linear", linear(first=True), "that of the first step throughout"),
    ("train_linear", linear(start=1.0), "do not start from zeros"),
    ("train_linear", random_start, "W = "),
    ("train_linear", linear(late=True), "expected those before it"),
    ("train_linear", lambda *given: linear()(*given)[:2], "2 results, expected 3: W, b, losses"),
    ("train_linear", lambda *given: linear()(*given)[::-1], "another order: expected W, b, losses"),
]
RIGHT = [
    ("first_losses", [2.3, 0, 6.91]),
    ("softmax_cross_entropy", by_loops),
    ("softmax_cross_entropy", by_logaddexp),
    ("accuracy", lambda logits, labels: sum(row.argmax() == label for row, label in zip(logits, labels)) / len(labels)),
    ("accuracy", lambda logits, labels: np.mean(np.argmax(logits, axis=-1) == labels)),
    ("train_linear", linear()),
]
