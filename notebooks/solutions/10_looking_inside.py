"""Solutions of notebook 10."""
import numpy as np

from nnscratch.course import own


def confusion_matrix(labels, predicted, classes):
    """(N,), (N,), a number -> (classes, classes)"""
    C = np.zeros((classes, classes), int)
    np.add.at(C, (labels, predicted), 1)
    return C


confusion_numbers = [136 / 150, 40 / 50, 40 / 43, (1, 0)]


def saliency(image, k, params):
    """(H, W), a class, dict -> (H, W)"""
    logits, cache = own.cnn_forward(image[None, :, :, None], params)
    dlogits = np.zeros_like(logits)
    dlogits[0, k] = 1
    return np.abs(own.cnn_backward(dlogits, cache, params)["x"][0, :, :, 0])


def occlusion(image, k, patch, params):
    """(H, W), a class, rows and columns of the patch, dict -> (H - patch + 1, W - patch + 1)"""
    rows, columns = image.shape[0] - patch + 1, image.shape[1] - patch + 1
    images = np.stack([image] * (1 + rows * columns))
    for n, (h, w) in enumerate(np.ndindex(rows, columns), 1):
        images[n, h:h + patch, w:w + patch] = 0
    logits, _ = own.cnn_forward(images[..., None], params)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = p[:, k] / p.sum(axis=1)
    return (p[0] - p[1:]).reshape(rows, columns)
