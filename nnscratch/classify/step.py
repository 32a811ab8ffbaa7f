"""One training step of a classifier: forward, cross-entropy, backward, update.

Shapes: images (N, H, W, C) in [-1, 1], labels (N,) whole numbers, logits (N, K).
"""
import numpy as np

from nnscratch.backend import Array, to_device
from nnscratch.data.labels import one_hot_labels
from nnscratch.losses import softmax_cross_entropy
from nnscratch.models import Model
from nnscratch.optimizers import Optimizer

__all__: list[str] = []  # for trainings, at every step


def classifier_step(model: Model, optimizer: Optimizer, images: np.ndarray, labels: np.ndarray) -> tuple[Array, Array]:
    """Update a network from images to [features, logits] on a batch; returns (loss, accuracy), arrays without axes."""
    _, logits = model.forward(to_device(images), training=True)
    loss, dlogits = softmax_cross_entropy(logits, to_device(one_hot_labels(labels, logits.shape[1])))
    model.zero_grads()
    model.backward([None, dlogits], wrt="parameters")
    optimizer.step(model.trainable_params, model.grads)
    return loss, (logits.argmax(axis=1) == to_device(labels)).mean()
