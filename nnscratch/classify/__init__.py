"""Classify images: train a small network on labelled ones, ask it about others, and see which pixels decide.

    network        the network, and its two sizes
    classifier     a network with the names of its classes, in a file of its own
    step, augment  one update on a batch; shifted and mirrored images
    options, trainer, train   a training that is saved, resumed, and keeps its best network
    results        accuracy, the confusion matrix, curves
    ink, prepare   photographs and scans made to look like the training images
    saliency       the gradient of a class score with respect to the pixels
    command        `nnscratch train classifier` and `nnscratch classify`
"""

__all__: list[str] = []
