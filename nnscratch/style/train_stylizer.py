"""`nnscratch train stylizer`: train the network of networks/stylizer.py to paint, in any style or in a given one.

Shapes: content and style crops (N, 128, 128, 3) in [0, 1]; feature maps of the texture network (N, h, w, C).

    x = the content in the style's colours and contrast,      y = stylizer(x, the style's statistics, noise)
    loss = mean over nine maps of log_gram_loss(y, style, x)  +  CONTENT_WEIGHT * content loss  +  SMOOTHNESS * total variation

Gram matrices of the texture network's maps are centred on the style's means, as in objective.py. The content loss compares one
early map of y and x, which still says where edges are. The texture network stays fixed.

For a single style, training starts from the network that comes with nnscratch. All random numbers depend on (seed, step) alone,
so a training that is stopped and resumed gives the same result.
"""
import os
from os import PathLike
from typing import Any

import numpy as np

from nnscratch import backend, checkpoint
from nnscratch.backend import Array, to_device
from nnscratch.errors import InputError, as_argument, printable
from nnscratch.fast import gram_matrix, gram_matrix_backward
from nnscratch.hints import checked
from nnscratch.losses import content_loss, log_gram_loss, total_variation
from nnscratch.losses.images import TINY
from nnscratch.models import Model
from nnscratch.networks.stylizer import STYLE_MAPS, fingerprint, noise, style_statistics, stylizer
from nnscratch.networks.texture_features import texture_features
from nnscratch.ops.validation import check_form, check_type
from nnscratch.optimizers import Adam, Optimizer, clip_by_global_norm, cosine_decay, warmup
from nnscratch.parallel import world
from nnscratch.schema import one_of, optional, record, text, whole
from nnscratch.shard import WHOLE, Shard
from nnscratch.style import provenance
from nnscratch.style.pairs import BATCH_SIZE, PairDataset
from nnscratch.style.provenance import style_record, verified_style
from nnscratch.style.stylizer import SHIPPED
from nnscratch.style.training import DRAWING, begin, make_steps, open_training
from nnscratch.training.resume import ANEW

__all__ = ["train_step", "train_stylizer"]

LEARNING_RATE = 1e-3
CONTENT_MAP, CONTENT_WEIGHT, SMOOTHNESS = 2, 0.03, 0.05
MAX_GRADIENT_NORM = 1.0  # of all weights together
SAVE_EVERY, MADE = 100, "stylizer.safetensors"

TRAINING = record(begins=one_of("shipped", "random"), style=optional(provenance.style), contents=optional(text()),
                  styles=optional(text()), checksum=optional(whole(0, 2**32 - 1)))


@checked
def train_stylizer(folder: str | PathLike, style: str | PathLike | None = None, *, contents: str | PathLike | None = None,
                   styles: str | PathLike | None = None, steps: int | None = None, seed: int | None = None,
                   resume: bool = False, device: str = "auto") -> float:
    """Run the whole command: train, and write stylizer.safetensors to the folder.

    Parameters
    ----------
    folder : path of a folder for the weights and the training state
    style : path of a single style image, or None to train on all styles
    contents : path of a folder of photographs, or None for the one that comes along
    styles : path of a folder of paintings, textures and the like, beside what nnscratch draws, or None
    steps : int, the number of training steps, 6500 by default
    seed : int, of the initial weights and the images, 0 by default
    resume : bool, continue the training in the folder, with its own options; more steps extend it, and images that were moved
        are given anew
    device : str, "auto", "cpu" or "gpu"

    Returns
    -------
    float
        The style loss of the last step; NaN if there was none left to make, and in all processes but rank 0.

    Raises
    ------
    InputError
        A folder that already holds a training, or holds none to resume, or one with another seed or style; images that are
        gone or have changed since.
    """
    defaults = {"style": None, "contents": None, "styles": None, "checksum": None, "steps": 6500,
                "begins": "random" if style is None else "shipped"}
    backend.use(device)
    inputs, shard = [path for path in (style, contents, styles) if path], Shard(world(), BATCH_SIZE)
    with open_training(folder, "stylizer", MADE, steps, seed, resume, defaults, TRAINING, inputs) as (output, info, saved):
        if style is not None:
            begun, info["style"] = info["style"], style_record(style)
            if saved and not same_image(begun, info["style"]):
                raise InputError(f"the style {style} was given, but the training in {folder} was begun with "
                                 f"{'all styles' if begun is None else 'another one'}; leave it out, or {ANEW}")
        for name, path in (("contents", contents), ("styles", styles)):
            if path:
                info[name] = os.path.abspath(os.fsdecode(path))
            if info[name] and not os.path.isdir(info[name]):
                raise InputError(f"{info[name]} is no folder, expected images; give the right one by --{name}")
        dataset = PairDataset(info["seed"], info["style"] and verified_style(info["style"], "the stylizer is trained"),
                              info["contents"], info["styles"])
        if info["checksum"] not in (None, dataset.checksum):
            raise InputError("the images are others than when the training began, expected the same; put the old ones back "
                             "(moved folders: --contents, --styles), or begin anew in another folder")
        info["checksum"] = dataset.checksum
        model = stylizer(info["seed"])
        if info["begins"] == "shipped" and not saved:
            checkpoint.load(SHIPPED, model)
        optimizer = Adam(warmup(cosine_decay(LEARNING_RATE, info["steps"]), min(50, info["steps"] // 10 + 1)))
        made = output.file(MADE) if output else None
        save = begin(output, info, saved, model, optimizer)
        network = texture_features()
        if info["done"] < info["steps"]:
            print(DRAWING)
            _ = dataset.textures  # now, not in the first step, for whose end Ctrl-C would wait

        def step(number: int) -> dict[str, Array]:
            content, crops = (to_device(images[shard.rows]) for images in dataset.batch(number))
            return train_step(model, network, optimizer, content, crops, [info["seed"], 11, number], shard)
        metrics = make_steps(info, step, save, SAVE_EVERY)
        if made is None:
            return np.nan
        checkpoint.save(made, model, info=info | {"what": "stylizer", "features": fingerprint(network)})
    print(f"the stylizer is {printable(made)}; paint with  nnscratch style PHOTO STYLE --fast --weights {as_argument(made)} "
          f"-o OUT")
    return float(metrics.get("style", np.nan))


def same_image(one: dict[str, Any] | None, other: dict[str, Any]) -> bool:
    """Whether two records of a style are of the same image, wherever its file is."""
    return one is not None and one | {"path": None} == other | {"path": None}


def train_step(model: Model, network: Model, optimizer: Optimizer, content: Array, style: Array,
               seed: int | list[int] = 0, shard: Shard = WHOLE) -> dict[str, Array]:
    """Train the stylizer for one step on a batch of pairs, or on the shard of it that this process computes.

    Parameters
    ----------
    model : Model, the stylizer
    network : Model, the texture network
    optimizer : Optimizer of the stylizer
    content, style : Array (N, H, W, 3) in [0, 1], the content in the style's colours and contrast; H and W multiples of 4
    seed : int or list of int, of the noise
    shard : Shard, which rows of the batch these are, where several processes share it

    Returns
    -------
    dict of Array ()
        The losses "content" and "style" of the batch.
    """
    check_type(shard, "train_step: shard", Shard)
    for one in (model, network):
        check_type(one, "train_step: a network", Model)
    check_type(optimizer, "train_step: optimizer", Optimizer)
    check_form("train_step", "content", content, ("N", "H", "W", 3))
    check_form("train_step", "style", style, (len(content), "H", "W", 3))
    content_maps, style_maps = network.forward(content), network.forward(style)
    statistics = style_statistics([style_maps[k] for k in STYLE_MAPS])
    grain = [part[shard.rows] for part in noise((shard.batch_size or len(content), *content.shape[1:]), seed)]
    y = model.forward([content, statistics, *grain], training=True)
    features, gradients, style_loss = network.forward(y, remember=True), [], 0
    for of_y, of_style, of_content in zip(features, style_maps, content_maps):
        loss, gradient = style_loss_of(of_y, of_style, of_content)
        style_loss = style_loss + loss / len(features)
        gradients.append(gradient / len(features))
    relative_content_loss, gradient = content_loss(features[CONTENT_MAP], content_maps[CONTENT_MAP])
    mean_square = (content_maps[CONTENT_MAP]**2).mean() + TINY
    relative = mean_square / shard.mean(mean_square)  # to the mean square of the whole batch, not of these rows
    gradients[CONTENT_MAP] = gradients[CONTENT_MAP] + relative * CONTENT_WEIGHT * gradient
    _, gradient = total_variation(y)
    dy = network.backward(gradients, wrt="input") + SMOOTHNESS * gradient
    model.zero_grads()
    model.backward(shard.weight * dy, wrt="parameters")
    clipped = clip_by_global_norm(shard.sum(model.grads), MAX_GRADIENT_NORM)  # a rare pair makes it huge
    optimizer.step(model.trainable_params, clipped)
    return shard.mean_metrics({"content": relative * relative_content_loss, "style": style_loss})


def style_loss_of(features: Array, style: Array, content: Array) -> tuple[Array, Array]:
    """log_gram_loss of one map of the image, its style and its content, all centred on the style's means, and its gradient with
    respect to the image's map."""
    mean = style.mean(axis=(1, 2), keepdims=True)
    gram, cache = gram_matrix(features - mean)
    loss, gradient = log_gram_loss(gram, gram_matrix(style - mean)[0], gram_matrix(content - mean)[0])
    return loss, gram_matrix_backward(gradient, cache)
