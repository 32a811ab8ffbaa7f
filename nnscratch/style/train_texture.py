"""`nnscratch train texture`: how the loss network of texture_features.py learns, from images that we make ourselves.

Shapes: crops (N, 64, 64, 3) in [0, 1]; labels (N,) of K classes; palette (N, 6), mean and deviation of each colour channel.

    loss = cross-entropy of the class + PALETTE * mean (palette said - palette)²

Everything is drawn from (seed, number of the step), so a training that was stopped goes on as if it had not been.
"""
from pathlib import Path

import numpy as np

from nnscratch import backend, checkpoint
from nnscratch.backend import to_cpu, to_device
from nnscratch.data.synthetic.paintings import flow_painting
from nnscratch.data.synthetic.patterns import PATTERNS
from nnscratch.data.synthetic.textures import tint, tones
from nnscratch.errors import InputError
from nnscratch.files import make_folder
from nnscratch.losses import mse, softmax_cross_entropy
from nnscratch.networks.texture_features import texture_classifier, without_batch_norm
from nnscratch.ops.validation import check_int
from nnscratch.optimizers import Adam, cosine_decay, warmup

SIDE, BATCH = 64, 32
RATE, PALETTE = 4e-3, 10.0
POOL, PAINTINGS = 200, 6      # images of each family of patterns; paintings, each a class of its own
PERIODS = 1.5, 5.0            # of a pattern, across a crop
SAVE_EVERY, HELD_OUT = 250, 1000


def train_texture(folder, *, steps=2500, seed=0, resume=False, device="auto"):
    """The whole job of the command: trains, measures on images never seen, writes features.safetensors to the folder.

    Returns the share of held-out crops told right. Raises InputError for a folder that holds a training already.
    """
    given = {"steps": check_int(steps, "train texture: steps", 1), "seed": check_int(seed, "train texture: seed", 0)}
    state, info = begin(folder, "texture training", given, resume)
    steps, seed, done = info["steps"], info["seed"], info["done"]
    backend.use(device)
    names = [*PATTERNS, *(f"painting {k}" for k in range(PAINTINGS))]
    model = texture_classifier(len(names), seed)
    model.forward(to_device(np.zeros((1, SIDE, SIDE, 3), np.float32)))
    optimizer = Adam(warmup(cosine_decay(RATE, steps), steps // 10 + 1))
    if resume:
        checkpoint.load(state, model, optimizer)
    images = Images(seed)
    learn(model, optimizer, images, done, steps, lambda step: checkpoint.save(
        state, model, optimizer, info | {"done": step}))
    right = measure(model, Images(seed + 1), seed)
    print(f"{right:.1%} of {HELD_OUT} crops never seen are told right ({1 / len(names):.1%} by chance)")
    path = state.with_name("features.safetensors")
    checkpoint.save(path, without_batch_norm(model), info={
        "what": "texture features", "steps": steps, "seed": seed, "right": right, "classes": names})
    print(f"the loss network is {path}; use it with  nnscratch style PHOTO STYLE --weights {path} -o OUT")
    return right


def begin(folder, what, given, resume):
    """(path of the state, its info) of a training that begins, or goes on, in a folder.

    given : what decides how it goes; a training that is resumed keeps its own. Raises InputError for a folder that cannot be
    made, that holds a training already, or none to go on with, or one of another kind.
    """
    state = Path(folder) / "state.safetensors"
    if not resume:
        if state.exists():
            raise InputError(f"{folder} holds a training; add --resume to go on with it, or give another --output")
        make_folder(folder)
        return state, {"what": what, "done": 0, **given}
    if not state.exists():
        raise InputError(f"{folder} holds no training; leave out --resume")
    info = checkpoint.read_arrays(state)[1]["info"]
    if info.get("what") != what or set(info) != {"what", "done", *given} or any(
            type(info[name]) is not int or info[name] < 0 for name in ("done", "steps", "seed")):
        raise InputError(f"{state} holds {info.get('what', 'something else')!r}, expected a {what} as this version keeps it; "
                         f"begin anew elsewhere")
    return state, info


def learn(model, optimizer, images, done, steps, save):
    """Steps done + 1 to steps, with a progress bar; `save(step)` now and then."""
    from tqdm import tqdm
    with tqdm(total=steps, initial=done, desc="training", unit="step") as bar:
        for step in range(done + 1, steps + 1):
            crops, labels = images.batch(step)
            x, target = to_device(crops), to_device(np.eye(images.classes, dtype=np.float32)[labels])
            logits, said = model.forward(x, training=True)
            loss, dlogits = softmax_cross_entropy(logits, target)
            off, dsaid = mse(said, palette(x))
            model.zero_grads()
            model.backward([dlogits, PALETTE * dsaid], wrt="parameters")
            optimizer.step(model.trainable_params, model.grads)
            if step % 20 == 0:
                right = float((logits.argmax(axis=1) == target.argmax(axis=1)).mean())
                bar.set_postfix_str(f"loss {float(loss):.2f}, right {right:.0%}, palette off by {float(off)**0.5:.3f}")
            bar.update()
            if step % SAVE_EVERY == 0 or step == steps:
                save(step)


def measure(model, images, seed):
    """The share of HELD_OUT crops whose class is told right."""
    right = 0
    for k in range(HELD_OUT // 50):
        crops, labels = images.batch(k, 50)
        right += int((to_cpu(model.forward(to_device(crops))[0]).argmax(axis=1) == labels).sum())
    return right / HELD_OUT


def palette(x):
    """Mean and deviation of each channel: (N, H, W, 3) -> (N, 6)."""
    mean = x.mean(axis=(1, 2))
    deviation = ((x - mean[:, None, None])**2).mean(axis=(1, 2))**0.5
    return backend.array_module(x).concatenate([mean, deviation], axis=1)


class Images:
    """What crops are cut from: `pool` images of every family of patterns, tinted anew each time, and a few paintings."""

    def __init__(self, seed, side=SIDE, pool=None):
        rng = np.random.default_rng([seed, 7])
        self.classes, self.seed, self.side, self.pool = len(PATTERNS) + PAINTINGS, seed, side, pool or POOL
        labels = np.repeat(np.arange(len(PATTERNS)), self.pool)
        made = [tones(part, rng.random((len(part), 5), np.float32), rng.random((len(part), 8, 8), np.float32), 2 * side,
                      PATTERNS, PERIODS) for part in np.array_split(labels, max(1, len(labels) // 100))]
        self.tones = np.rint(255 * np.concatenate(made).clip(0, 1)).astype(np.uint8)
        # Not seed 0, the painting that users try styles with.
        self.paintings = [flow_painting(320, 1000 + 100 * seed + k)[0] for k in range(PAINTINGS)]

    def batch(self, step, count=BATCH):
        """(crops, labels) of one step: mirrored, turned, a little brighter or darker."""
        rng = np.random.default_rng([self.seed, 8, step])
        labels = rng.integers(self.classes, size=count)
        crops = np.empty((count, self.side, self.side, 3), np.float32)
        drawn = labels < len(PATTERNS)
        which = labels[drawn] * self.pool + rng.integers(self.pool, size=drawn.sum())
        wild = 0.5 + 3 * (rng.random((len(which), 4, 3), np.float32) - 0.5)  # far from the palettes, too
        tone = self.tones[which].astype(np.float32) / 255
        crops[drawn] = tint(tone, rng.random(len(which)), wild, rng.random(len(which)))
        for k in np.flatnonzero(~drawn):
            crops[k] = piece(self.paintings[labels[k] - len(PATTERNS)], rng, self.side)
        light, shift = rng.uniform(0.8, 1.15, (count, 1, 1, 1)), rng.uniform(-0.1, 0.1, (count, 1, 1, 1))
        crops = crops * light.astype(np.float32) + shift.astype(np.float32)
        for k, (flip, turn) in enumerate(zip(rng.random(count) < 0.5, rng.random(count) < 0.5)):
            if flip:
                crops[k] = crops[k, :, ::-1].copy()
            if turn:
                crops[k] = crops[k].swapaxes(0, 1).copy()
        return crops.clip(0, 1), labels


def piece(image, rng, side):
    """A square from somewhere in the image, of `side` pixels or twice as large, shrunk to that."""
    factor = rng.integers(1, 3)
    top, left = (rng.integers(0, length - factor * side + 1) for length in image.shape[:2])
    square = image[top:top + factor * side, left:left + factor * side]
    return square.reshape(side, factor, side, factor, 3).mean(axis=(1, 3))
