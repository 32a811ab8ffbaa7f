"""A whole training of a generator as one thing that can be stepped, saved, and taken up again bit for bit.

Shapes: images (N, H, W, C) in [-1, 1], noise (N, Z), labels (N, K) one-hot times LABEL.

Every random number is drawn from (seed, purpose, number of the step) and from nothing else. So there is no state of any
generator to save: step 1000 draws the same batch and the same noise whether or not the program was stopped before it.
"""
from dataclasses import asdict, dataclass

import numpy as np

from nnscratch import checkpoint, initializers
from nnscratch.backend import to_cpu, to_device
from nnscratch.data.dataset import fingerprint, to_floats
from nnscratch.errors import InputError
from nnscratch.generate.adversarial import LOSSES, Average
from nnscratch.generate.composite import SeveralModels, SeveralOptimizers
from nnscratch.generate.pseudo_labels import grouped, in_proportion
from nnscratch.networks.gan import PRESETS, generator
from nnscratch.networks.texture_generator import noise_length, texture_generator
from nnscratch.ops.validation import check_choice, check_fraction, check_int
from nnscratch.optimizers import Adam, linear_decay

METHOD_NAMES = ("gan", "vae", "glo", "imle", "texture")
TEXTURE = "texture"  # a preset of its own, and what suits it
SUITED = {TEXTURE: {"preset": TEXTURE, "groups": 0, "steps": 400, "batch": 4, "learning_rate": 5e-3, "beta_1": 0.9}}
LABEL = 3.0  # a class weighs as much as three deviations of the noise: plain ones would be drowned
PIXELS_AT_ONCE = 2**18  # when drawing: 64 images of 64 pixels a side, one of 512
BATCH_STREAM, NOISE_STREAM, SHOW_STREAM, SCORE_STREAM = 1, 2, 3, 4


@dataclass
class Options:
    """What decides how a training goes. Two with equal options, data and machine end in equal weights."""
    method: str = "gan"         # see methods.py
    preset: str = "tiny"
    loss: str = "non-saturating"
    steps: int = 2500
    batch: int = 64
    learning_rate: float = 5e-4
    beta_1: float = 0.5
    smoothing: float = 0.9      # how real the discriminator calls real images (non-saturating loss)
    conditional: bool = True    # by class, where the data has labels
    groups: int = 100           # where it has none, or they are not to be used: by so many groups of like images; 0: none
    augment: bool = False       # distort what the discriminator sees: for fewer than some 10,000 images
    r1: float = 0.0             # weight of the gradient penalty; made at every 16th step, 16 times as strong
    spectral_norm: bool = False  # the discriminator's layers stretch nothing by more than 1; goes with the hinge loss
    seed: int = 0

    def __post_init__(self):
        check_choice(self.method, "train: method", METHOD_NAMES)
        check_choice(self.preset, "train: preset", [TEXTURE] if self.method == TEXTURE else PRESETS)
        check_choice(self.loss, "train: loss", LOSSES)
        check_int(self.steps, "train: steps", 1)
        check_int(self.batch, "train: batch", 2)
        check_int(self.seed, "train: seed", 0)
        check_int(self.groups, "train: groups", 0)
        check_fraction(self.beta_1, "train: beta_1")
        if not 0.5 < self.smoothing <= 1:
            raise InputError(f"train: smoothing is {self.smoothing!r}, expected a share above 0.5, up to 1, such as 0.9")
        if self.method == TEXTURE and self.groups:
            raise InputError(f"train: groups is {self.groups} for a texture, whose pieces are all of one kind; take 0")
        for name in ("loss", "smoothing", "augment", "r1", "spectral_norm"):
            default = type(self).__dataclass_fields__[name].default
            if self.method != "gan" and getattr(self, name) != default:
                raise InputError(f"train: {name} is {getattr(self, name)!r} for the method {self.method!r}, which has no "
                                 f"discriminator; leave it out, or use the method gan")
        if not (isinstance(self.r1, (int, float)) and 0 <= self.r1 < 1e6):
            raise InputError(f"train: r1 is {self.r1!r}, expected a number of at least 0, such as 1.0")
        if not (isinstance(self.learning_rate, float) and 0 < self.learning_rate < 1):
            raise InputError(f"train: learning_rate is {self.learning_rate!r}, expected a number between 0 and 1, such as 5e-4")


class Training:
    """Generator, its average, whatever networks the method adds, an optimizer for each, and the number of steps made.

    A method (methods.py) writes `build()`, which returns the further networks by name, and `learn(real, noise, labels)`, one
    step on a batch, which returns its facts as a dict of 0-d arrays.
    """

    SHOWN = 10, 10  # rows and columns of images on a sheet

    def __init__(self, dataset, options):
        self.options, self.steps_made, self.history, self.source = options, 0, [], None
        self.shape, self.known_by = dataset.images.shape[1:], fingerprint(dataset)
        self.named = bool(options.conditional and dataset.num_classes)  # labels that somebody gave, or groups that were found
        self.dataset = dataset if self.named else grouped(dataset, options.groups, options.seed)
        self.classes = self.dataset.num_classes
        initializers.set_seed(options.seed)
        self.generator, average = (new_generator(options.preset, self.shape, self.classes) for _ in range(2))
        networks = {"generator": self.generator, **self.build()}
        rate = linear_decay(options.learning_rate, options.steps, start=0.75)  # the last quarter comes to rest
        self.average, self.models = Average(average), SeveralModels({**networks, **self.further(), "average": average})
        self.optimizers = SeveralOptimizers({name: Adam(rate, beta_1=options.beta_1) for name in networks})

    def step(self):
        """One step on a random batch; returns its facts."""
        o, k = self.options, self.steps_made
        chosen = self.chosen = np.random.default_rng([o.seed, BATCH_STREAM, k]).integers(len(self.dataset), size=o.batch)
        noise = np.random.default_rng([o.seed, NOISE_STREAM, k]).standard_normal((o.batch, self.noise_length), np.float32)
        labels = one_hot(self.dataset.labels[chosen], self.classes) if self.classes else None
        facts = self.learn(to_device(to_floats(self.dataset.images[chosen])), to_device(noise), labels)
        self.average.update(self.generator, k)
        self.steps_made += 1
        return facts

    def further(self):
        """What else a checkpoint must hold, by name: things with `params` and `buffers` that no optimizer steps on."""
        return {}

    def given(self, first, labels):
        """What a network takes: one input, or two where there are classes."""
        return first if labels is None else [first, labels]

    def optimizer(self, name):
        return self.optimizers.parts[name]

    @property
    def noise_length(self):
        return noise_of(self.options.preset, self.shape)

    def sample(self, count, stream):
        """(images, labels) by the averaged generator, classes in turn, groups by their size; the same every time."""
        rng = np.random.default_rng([self.options.seed, stream])
        noise = rng.standard_normal((count, self.noise_length), np.float32)
        labels = labels_to_draw(count, self.classes, self.shares(), rng)
        return images(self.drawn(), noise, labels, self.classes), labels

    def shares(self):
        """How large each group is, 1 in all, where labels are groups; else None."""
        if self.named or not self.classes:
            return None
        return (np.bincount(self.dataset.labels, minlength=self.classes) / len(self.dataset)).tolist()

    def drawn(self):
        """The generator to draw with: from plain noise, in inference mode."""
        return self.average.model

    # --- saving and going on ----------------------------------------------------------------------------------------

    def save(self, path):
        """Everything, in one file: networks, statistics, averages, both optimizers, history."""
        checkpoint.save(path, self.models, self.optimizers, self.info())

    def info(self):
        return {"what": "training", "options": asdict(self.options), "data": self.known_by, "source": self.source,
                "names": self.dataset.class_names, "step": self.steps_made, "history": self.history}

    def load(self, path):
        """Take up the training saved there. InputError, with nothing changed, where options or data are others; only `steps`
        may differ, so that a training can be made longer."""
        info = checkpoint.read_arrays(path)[1]["info"]
        ours = self.info()
        if isinstance(info.get("options"), dict) and "steps" in info["options"]:
            info["options"]["steps"] = self.options.steps
        for part, way in (("what", "give a file that `nnscratch train generator` wrote"),
                          ("options", "give the options it was begun with, or begin anew in another folder"),
                          ("data", "give the data it was begun with, or begin anew in another folder")):
            if info.get(part) != ours[part]:
                raise InputError(f"{path} holds a training with {part} {differing(info.get(part), ours[part])}; {way}")
        step, history = info.get("step"), info.get("history")
        if type(step) is not int or step < 0 or not isinstance(history, list) or not all(isinstance(r, dict) for r in history):
            raise InputError(f"{path} does not say how far its training was; begin anew in another folder")
        checkpoint.load(path, self.models, self.optimizers)
        self.steps_made, self.history = step, history


def options_for(given):
    """Options with what was given, and else what suits the method."""
    return Options(**SUITED.get(given.get("method"), {}) | given)


def new_generator(preset, shape, classes):
    """The generator of a preset, or the generator of textures."""
    return texture_generator(shape) if preset == TEXTURE else generator(preset, shape, classes)


def noise_of(preset, shape):
    """The length of its noise."""
    return noise_length(shape) if preset == TEXTURE else PRESETS[preset].noise_length


def one_hot(labels, classes):
    """(N,) whole numbers -> (N, classes), LABEL at each label and 0 elsewhere, on the device in use."""
    rows = np.zeros((len(labels), classes), np.float32)
    rows[np.arange(len(labels)), labels] = LABEL
    return to_device(rows)


def labels_to_draw(count, classes, shares, rng):
    """The labels of `count` images to draw: classes in turn, or groups in proportion to their shares."""
    return np.arange(count) % max(classes, 1) if shares is None else in_proportion(shares, count, rng)


def images(model, noise, labels, classes):
    """What a generator makes of noise (N, Z) and labels (N,), in inference mode: (N, H, W, C) in [-1, 1], NumPy."""
    made, (height, width, _) = [], model.outputs[0].sample_shape
    batch = max(1, min(64, PIXELS_AT_ONCE // (height * width)))
    for k in range(0, len(noise), batch):
        z = to_device(noise[k:k + batch])
        made.append(to_cpu(model.forward([z, one_hot(labels[k:k + batch], classes)] if classes else z)))
    return np.concatenate(made)


def differing(theirs, ours):
    """The first entry in which two dicts differ, for an error's sentence."""
    if not isinstance(theirs, dict) or not isinstance(ours, dict):
        return f"{theirs!r}, expected {ours!r}"
    name = next(name for name in [*ours, *theirs] if theirs.get(name) != ours.get(name))
    return f"{name} = {theirs.get(name)!r}, expected {ours.get(name)!r}"
