"""One training step of a classifier: forward, cross-entropy, backward, update.

Shapes: images (N, H, W, C) in [-1, 1], labels (N,) whole numbers, logits (N, K).
"""
import numpy as np

from nnscratch.backend import Array, to_device
from nnscratch.data.labels import one_hot_labels
from nnscratch.losses import softmax_cross_entropy
from nnscratch.models import Model
from nnscratch.optimizers import Optimizer
from nnscratch.shard import WHOLE, Shard

__all__: list[str] = []  # for trainings, at every step


def classifier_step(model: Model, optimizer: Optimizer, images: np.ndarray, labels: np.ndarray,
                    shard: Shard = WHOLE) -> tuple[Array, Array]:
    """Update a network from images to [features, logits] on a batch, or on the shard of it that this process computes; returns
    (loss, accuracy) of these images, arrays without axes."""
    _, logits = model.forward(to_device(images), training=True)
    loss, dlogits = softmax_cross_entropy(logits, to_device(one_hot_labels(labels, logits.shape[1])))
    model.zero_grads()
    model.backward([None, shard.weight * dlogits], wrt="parameters")
    optimizer.step(model.trainable_params, shard.sum(model.grads))
    return loss, (logits.argmax(axis=1) == to_device(labels)).mean()
