"""Solutions of notebook 04."""
import numpy as np

from nnscratch.course import own

first_losses = [2.303, 0, 6.908]


def softmax_cross_entropy(logits, t):
    """L, a number, and dlogits (N, classes) from logits and one-hot t, both (N, classes)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(t * log_p).sum() / len(t), (np.exp(log_p) - t) / len(t)


def accuracy(logits, labels):
    """The fraction of right answers, from logits (N, classes) and labels (N,)."""
    return np.mean(logits.argmax(axis=1) == labels)


def train_linear(x, labels, classes, lr, steps):
    """W (inputs, classes), b (classes,) after the steps; losses (steps,), each before its step."""
    W, b, t = np.zeros((x.shape[1], classes)), np.zeros(classes), own.one_hot(labels, classes)
    losses = []
    for _ in range(steps):
        L, dlogits = own.softmax_cross_entropy(own.dense(x, W, b), t)
        dx, dW, db = own.dense_backward(dlogits, x, W)
        W, b = own.sgd_step(W, dW, lr), own.sgd_step(b, db, lr)
        losses.append(L)
    return W, b, losses
