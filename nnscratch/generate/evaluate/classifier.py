"""The judge: a small network that says what an image shows, or that it shows nothing at all.

Shapes: images (N, H, W, C) in [-1, 1] -> features (N, 64) -> probabilities (N, K + 1), of K classes and of "none".

Without the last class, softmax would have to call garbage something, and calls it an 8. So the judge also sees images
spoilt on purpose (spoil.py), all under "none". It must never be trained on what the generator is trained on: give it
glyphs of another seed, or images set apart. Its own accuracy goes with it wherever it goes.
"""
import numpy as np

from nnscratch import checkpoint
from nnscratch.backend import to_cpu, to_device
from nnscratch.data.dataset import fingerprint, to_floats
from nnscratch.errors import InputError
from nnscratch.fast import softmax
from nnscratch.generate.evaluate.corruptions import softened, spoilt
from nnscratch.initializers import seeded_he_normal
from nnscratch.layers import AveragePooling2D, Conv2D, Dense, Flatten, Input, MaxPooling2D
from nnscratch.losses import softmax_cross_entropy
from nnscratch.models import Model
from nnscratch.ops.validation import check_array, check_int, check_shape
from nnscratch.optimizers import Adam, cosine_decay

NONE, FEATURES = "none", 64
BATCH, SPOILT = 64, 20  # a step sees 64 images, and 20 more that are spoilt
WIDEST = 32  # pixels a side; a larger image is first averaged down to about that, or judging would take hours


def judge_network(shape, classes, seed):
    """A Model from images of `shape` (H, W, C) to [features (N, 64), logits (N, classes + 1)]."""
    first = seeded_he_normal(seed)

    x = image = Input(shape)
    factor = round(max(shape[:2]) / WIDEST)
    if factor > 1:
        x = AveragePooling2D(factor, padding="same")(x)
    for filters in (16, 32):
        x = Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer=first)(x)
        x = MaxPooling2D(2, padding="same")(x)
    features = Dense(FEATURES, activation="relu", kernel_initializer=first)(Flatten()(x))
    return Model(image, [features, Dense(classes + 1, kernel_initializer=first)(features)], name="judge")


class Judge:
    """names: of the K classes; accuracy: {"images": share right, "classes": {name: share}, "none": share}, as measured on
    held-out images and on spoilt ones, or None before that. origin: what it was trained on and how, as `origin` says."""

    def __init__(self, shape, names, seed=0, accuracy=None, origin=None):
        self.shape, self.names, self.accuracy, self.origin = tuple(shape), list(names), accuracy, origin
        self.model = judge_network(self.shape, len(names), seed)

    def look(self, images, batch=256):
        """(features (N, 64), probabilities (N, K + 1)) in one go. Raises InputError for images of another size."""
        check_array("Judge", "images", images, 4)
        check_shape("Judge", "images", images, (len(images), *self.shape), "the size that this judge was trained for")
        seen = [self.model.forward(to_device(images[k:k + batch])) for k in range(0, len(images), batch)]
        features, logits = (np.concatenate([to_cpu(part) for part in parts]) for parts in zip(*seen))
        return features, softmax(logits)[0]

    def features(self, images):
        """(N, 64), not negative: what the judge sees before it decides."""
        return self.look(images)[0]

    def probabilities(self, images):
        """(N, K + 1); the last is "none"."""
        return self.look(images)[1]

    def measure(self, dataset, seed=0):
        """Set and return `accuracy`: on this data set, and on its images when spoilt."""
        images, labels = to_floats(dataset.images), labels_of(dataset)
        seen = self.probabilities(images).argmax(axis=1)
        rubbish = self.probabilities(spoilt(images, np.random.default_rng(seed))).argmax(axis=1)
        classes = {name: float((seen[labels == k] == k).mean()) for k, name in enumerate(self.names) if (labels == k).any()}
        self.accuracy = {"images": float((seen == labels).mean()), "classes": classes,
                         NONE: float((rubbish == len(self.names)).mean())}
        return self.accuracy

    def save(self, path):
        """Weights, names and accuracy in one file."""
        checkpoint.save(path, self.model, info={"what": "judge", "shape": list(self.shape), "names": self.names,
                                                "accuracy": self.accuracy, "origin": self.origin})

    @classmethod
    def load(cls, path):
        """The judge in a file of `save`. Raises InputError for any other file."""
        info = checkpoint.read_arrays(path)[1]["info"]
        if info.get("what") != "judge":
            raise InputError(f"{path} holds {info.get('what', 'something else')!r}, expected a judge; train one with "
                             f"train_judge and save it")
        try:
            shape, names = [check_int(side, "side", 1) for side in info["shape"]], [str(name) for name in info["names"]]
            if len(shape) != 3 or max(shape) > 4096 or not 1 <= len(names) <= 10_000:
                raise ValueError("sizes that no judge has")
            accuracy = info["accuracy"] and {"images" if key == "pictures" else key: value  # as version 0.1 called it
                                             for key, value in info["accuracy"].items()}
            judge = cls(shape, names, accuracy=accuracy, origin=info.get("origin"))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path} does not say what its judge is ({error}); train it anew") from error
        checkpoint.load(path, judge.model)
        return judge

    def __str__(self):
        if self.accuracy is None:
            return f"judge of {len(self.names)} classes, not measured yet"
        worst = min(self.accuracy["classes"], key=self.accuracy["classes"].get)
        return (f"judge of {len(self.names)} classes: {self.accuracy['images']:.1%} of held-out images right (worst: "
                f"{worst}, {self.accuracy['classes'][worst]:.1%}), {self.accuracy[NONE]:.1%} of spoilt ones called none")


def train_judge(dataset, held_out, *, steps=1000, seed=0, progress=None):
    """A Judge trained on one Dataset and measured on another, neither of which the generator is trained on.

    A data set without labels has one class, "image". progress : callable(step, loss), after every step.
    Raises InputError where the two differ in size or classes.
    """
    steps, seed = check_int(steps, "train_judge: steps", 1), check_int(seed, "train_judge: seed", 0)
    shape, names = dataset.images.shape[1:], dataset.class_names or ["image"]
    if held_out.images.shape[1:] != shape or (held_out.class_names or ["image"]) != names:
        raise InputError(f"train_judge: {held_out.title} has images {held_out.images.shape[1:]} and {held_out.num_classes} "
                         f"classes, expected {shape} and {dataset.num_classes}, as {dataset.title} has; split one data set in "
                         f"two")
    judge, labels = Judge(shape, names, seed, origin=origin(dataset, steps, seed)), labels_of(dataset)
    rng = np.random.default_rng([seed, 1])
    target = to_device(np.eye(len(names) + 1, dtype=np.float32))
    optimizer = Adam(cosine_decay(2e-3, steps))
    for step in range(steps):
        chosen = rng.integers(len(dataset), size=BATCH + SPOILT)
        images = to_floats(dataset.images[chosen])
        images[:BATCH] = softened(images[:BATCH], rng)  # sharpness alone does not make an image
        images[BATCH:] = spoilt(images[BATCH:], rng)
        answers = np.append(labels[chosen[:BATCH]], np.full(SPOILT, len(names)))
        _, logits = judge.model.forward(to_device(images), training=True)
        loss, dlogits = softmax_cross_entropy(logits, target[to_device(answers)])
        judge.model.zero_grads()
        judge.model.backward([None, dlogits], wrt="parameters")
        optimizer.step(judge.model.trainable_params, judge.model.grads)
        if progress is not None:
            progress(step + 1, loss)
    judge.measure(held_out, seed)
    return judge


def origin(dataset, steps, seed):
    """What decides how a judge turns out, as a dict of JSON values."""
    return {"data": fingerprint(dataset), "steps": steps, "seed": seed}


def labels_of(dataset):
    """The labels, or zeros where there are none: every image is then one of "image"."""
    return np.zeros(len(dataset), np.int64) if dataset.labels is None else dataset.labels
