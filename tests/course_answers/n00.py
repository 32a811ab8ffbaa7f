"""Notebook 00: wrong answers, with what their diagnosis must say; right answers in other styles."""
import numpy as np

from course_answers.solutions import S


def guess(place, value):
    """The right shapes, but for one."""
    shapes = list(S["array_shapes"])
    shapes[place] = value
    return shapes


def all_labels(labels, classes):
    y = np.zeros((len(labels), classes))
    y[:, labels] = 1
    return y


def without_unused_classes(labels, classes):
    return np.eye(labels.max() + 1)[labels]


def nan_columns(X):
    with np.errstate(all="ignore"):
        return (X - X.mean(axis=0)) / X.std(axis=0)


def standardised_in_place(X):
    X -= X.mean(axis=0)
    X /= np.where(X.std(axis=0) > 0, X.std(axis=0), 1)
    return X


def stretched_in_place(image):
    image -= image.min()
    return image / (image.max() or 1)


def stretched_into_nan(image):
    with np.errstate(all="ignore"):
        return (image - image.min()) / (image.max() - image.min())


def column_by_column(X):
    Z = np.zeros(X.shape)
    for d in range(X.shape[1]):
        mean = sum(X[:, d]) / len(X)
        spread = (sum((value - mean)**2 for value in X[:, d]) / len(X))**0.5
        if spread > 0:
            Z[:, d] = [(value - mean) / spread for value in X[:, d]]
    return Z


def label_by_label(labels, classes):
    y = np.zeros((len(labels), classes))
    for n, label in enumerate(labels):
        y[n, label] = 1
    return y


def copied_then_in_place(image):
    image = image.copy()
    image -= image.min()
    if image.max() > 0:
        image /= image.max()
    return image


WRONG = [
    ("array_shapes", guess(0, (1, 16, 12)), "images[0]: not (1, 16, 12): one number as an index removes its axis"),
    ("array_shapes", guess(1, (7, 5, 12)), "the end is not included"),
    ("array_shapes", guess(1, (4, 16, 12)), "the slice is of the second"),
    ("array_shapes", guess(2, (7,)), "axis=0 is the axis that disappears"),
    ("array_shapes", guess(2, ()), "leaves the others"),
    ("array_shapes", guess(3, (7, 16)), "keeps all values"),
    ("array_shapes", guess(4, (3,)), "added to every row"),
    ("array_shapes", guess(5, (5, 3)), "the inner k disappears"),
    ("array_shapes", guess(5, (4, 5)), "the rows of the first"),
    ("array_shapes", guess(6, (3,)), "axis=1 disappears"),
    ("array_shapes", guess(6, (5, 1)), "keepdims=True would leave a 1"),
    ("array_shapes", guess(7, (2, 16, 12)), "an index may occur twice"),
    ("array_shapes", guess(6, 5), "X.sum(axis=1): not 5"),
    ("one_hot", all_labels, "the ones of all labels"),
    ("one_hot", lambda labels, classes: np.eye(classes)[labels].T, "y has shape (3, 1), expected (1, 3) (transposed?)"),
    ("one_hot", without_unused_classes, "y has shape (1, 2), expected (1, 3)"),
    ("one_hot", lambda labels, classes: np.eye(classes)[labels - 1], "one column too far left"),
    ("one_hot", lambda labels, classes: labels[:, None] * np.eye(classes)[labels], "the label itself"),
    ("one_hot", lambda labels, classes: np.eye(classes)[sorted(labels)], "sorted by label"),
    ("one_hot", lambda labels, classes: 1 - np.eye(classes)[labels], "exchanged"),
    ("one_hot", lambda labels, classes: (np.arange(classes) <= labels[:, None]).astype(float), "only its own column"),
    ("one_hot", lambda labels, classes: np.eye(classes)[labels] > 0, "holds bool, expected numbers"),
    ("standardise", lambda X: (X - X.mean()) / X.std(), "those of the whole array"),
    ("standardise", lambda X: (X - X.mean(axis=1, keepdims=True)) / np.where(
        (s := X.std(axis=1, keepdims=True)) > 0, s, 1), "those of each row"),
    ("standardise", lambda X: X - X.mean(axis=0), "nothing is divided"),
    ("standardise", lambda X: X / np.where(X.std(axis=0) > 0, X.std(axis=0), 1), "the mean is not subtracted"),
    ("standardise", lambda X: (X - X.mean(axis=0)) / np.where(X.var(axis=0) > 0, X.var(axis=0), 1), "divided by the variance"),
    ("standardise", lambda X: S["standardise"](X) * np.sqrt((len(X) - 1) / len(X)), "divided by N - 1"),
    ("standardise", lambda X: np.where(X.std(axis=0) > 0, S["standardise"](X), X), "it should become 0"),
    ("standardise", nan_columns, "NaN"),
    ("standardise", standardised_in_place, "changes X"),
    ("stretch", stretched_in_place, "changes image"),
    ("stretch", stretched_into_nan, "NaN"),
    ("stretch", lambda image: image / (image.max() or 1e-9), "the smallest value is not subtracted"),
    ("stretch", lambda image: (image - image.min()) / (image.max() or 1), "before the smallest was subtracted"),
    ("stretch", lambda image: image - image.min(), "nothing is divided"),
    ("stretch", lambda image: (image - image.min(axis=0)) / np.where(
        np.ptp(image, axis=0) > 0, np.ptp(image, axis=0), 1), "each column is stretched by itself"),
    ("stretch", lambda image: 1 - S["stretch"](image), "black and white"),
    ("stretch", lambda image: S["stretch"](image) if np.ptp(image) else image.copy(), "a constant image"),
]

RIGHT = [
    ("one_hot", lambda labels, classes: np.eye(classes)[labels]),
    ("one_hot", lambda labels, classes: (labels[:, None] == np.arange(classes)) * 1.0),
    ("one_hot", lambda labels, classes: np.eye(classes, dtype=int)[labels]),
    ("one_hot", label_by_label),
    ("standardise", column_by_column),
    ("standardise", lambda X: (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-12)),
    ("standardise", lambda X: np.nan_to_num((X - X.mean(0)) / np.maximum(X.std(0), 1e-9))),
    ("stretch", copied_then_in_place),
    ("stretch", lambda image: np.interp(image, [image.min(), image.max()], [0, 1]) * bool(np.ptp(image))),
]
SHAPES_SHOWN = []
