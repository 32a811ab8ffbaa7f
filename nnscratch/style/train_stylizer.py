"""`nnscratch train stylizer`: train the decoder of networks/stylizer.py to paint, in any style or in a given one.

Shapes: content and style crops (N, 128, 128, 3) in [0, 1]; adapted codes t (N, 32, 32, 131).

In the first tenth of the steps the decoder only learns to reconstruct images from their codes, pixel by pixel. (For a single
style this is skipped: training starts from the decoder that comes with nnscratch, which can reconstruct already.) Then

    y = decoder(t)
    loss = weight * (features(y) - t)²  +  Gram matrices of y against the style's, over all maps  +  SMOOTHNESS * variation of y

each relative, as in objective.py. Encoder and loss network are the same texture network and stay fixed. All random numbers
depend on (seed, step) alone, so a training that is stopped and resumed gives the same result.
"""
from collections.abc import Callable
from os import PathLike
from typing import Any

import numpy as np

from nnscratch import backend, checkpoint
from nnscratch.backend import Array, array_module, to_device
from nnscratch.errors import as_argument, printable
from nnscratch.fast import gram_matrix, gram_matrix_backward
from nnscratch.hints import checked
from nnscratch.losses import content_loss, mse, relative_gram_loss, total_variation
from nnscratch.models import Model
from nnscratch.networks.stylizer import CHANNELS, ENCODED, UPSAMPLINGS, adain, decoder, encoder, fingerprint
from nnscratch.networks.texture_features import texture_features
from nnscratch.ops.validation import check_choice, check_form, check_int, check_positive, check_type
from nnscratch.optimizers import Adam, Optimizer, clip_by_global_norm, cosine_decay, warmup
from nnscratch.outputs import TRAINING_GOES_ON, BestEffort
from nnscratch.progress import progress_bar
from nnscratch.schema import one_of, optional, record
from nnscratch.style import provenance
from nnscratch.style.pairs import BATCH_SIZE, PairDataset
from nnscratch.style.provenance import style_record, verified_style
from nnscratch.style.stylizer import SHIPPED
from nnscratch.style.train_texture import open_training
from nnscratch.training.resume import STATE

__all__ = ["reconstruct", "train_step", "train_stylizer"]

LEARNING_RATE = 1e-3
# A single style is matched better with less weight on the content; with 0.2 there were streaks.
CONTENT_WEIGHT, SINGLE_STYLE_CONTENT_WEIGHT, SMOOTHNESS = 1.0, 0.5, 5.0
MAX_GRADIENT_NORM = 1.0  # of all weights together
SAVE_EVERY = 100


def saved_style(value: Any, place: str) -> None:
    """The schema of the style in a state: a record, none, or the path that version 0.1 wrote."""
    if not isinstance(value, str):
        optional(provenance.style)(value, place)


TRAINING = record(upsampling=one_of(*UPSAMPLINGS), begins=one_of("shipped", "random"), style=saved_style)


@checked
def train_stylizer(folder: str | PathLike, style: str | PathLike | None = None, *, steps: int = 2000,
                   upsampling: str = "resize", seed: int = 0, resume: bool = False, device: str = "auto") -> float:
    """Run the whole command: train, and write stylizer.safetensors to the folder.

    Parameters
    ----------
    folder : path of a folder for the weights and the training state
    style : path of a single style image, or None to train on all built-in styles and patterns
    steps : int, the number of training steps
    upsampling : str, "resize" or "transposed", how the decoder enlarges
    seed : int, of the initial weights and the images
    resume : bool, continue the training in the folder, with its own options
    device : str, "auto", "cpu" or "gpu"

    Returns
    -------
    float
        The style loss of the last step; NaN if that step only reconstructed.

    Raises
    ------
    InputError
        A folder that already holds a training, or holds none to resume.
    """
    check_choice(upsampling, "train stylizer: upsampling", UPSAMPLINGS)
    start_shipped = style is not None and upsampling == checkpoint.read_arrays(SHIPPED)[1]["info"]["upsampling"]
    given = {"style": None, "upsampling": upsampling,
             "steps": check_int(steps, "train stylizer: steps", 1),
             "seed": check_int(seed, "train stylizer: seed", 0), "begins": "shipped" if start_shipped else "random"}
    backend.use(device)
    with open_training(folder, "stylizer", given, resume, TRAINING, [style] if style else []) as training:
        output, info, saved = training
        if style is not None and not saved:
            info["style"] = style_record(style)
        dataset = PairDataset(info["seed"], recorded_style(info["style"]))
        model, reconstruction_steps = initial_decoder(info)
        optimizer = Adam(warmup(cosine_decay(LEARNING_RATE, info["steps"]), 50))
        state, path = output.file(STATE), output.file("stylizer.safetensors")
        if saved:
            checkpoint.restore(state, saved, model, optimizer)
        else:
            checkpoint.save(state, model, optimizer, info)  # so that even a training stopped at once can be resumed
        attempt = BestEffort(TRAINING_GOES_ON)
        style_loss = train(model, optimizer, dataset, info, reconstruction_steps,
                           lambda: attempt(lambda: checkpoint.save(state, model, optimizer, info)))
        checkpoint.save(path, model, info=info | {"what": "stylizer", "encoder": fingerprint(encoder())})
    print(f"the stylizer is {printable(path)}; paint with  nnscratch style PHOTO STYLE --fast --weights {as_argument(path)} "
          f"-o OUT")
    return style_loss


def recorded_style(saved: Any) -> str | None:
    """The style in a state, as `PairDataset` takes it; version 0.1 wrote the path as it was given."""
    if saved is None or isinstance(saved, str):
        return saved
    return verified_style(saved, "the stylizer is trained")


def initial_decoder(info: dict[str, Any]) -> tuple[Model, int]:
    """The decoder before its first step, and the number of steps in which it only learns to reconstruct."""
    model = decoder(info["upsampling"], info["seed"])
    if info["begins"] == "random":
        return model, info["steps"] // 10
    checkpoint.load(SHIPPED, model)
    return model, 0


def train(model: Model, optimizer: Optimizer, dataset: PairDataset, info: dict[str, Any], reconstruction_steps: int,
          save: Callable[[], object]) -> float:
    """Run the steps info["done"] + 1 to info["steps"] with a progress bar; call `save()` every SAVE_EVERY steps and at the end.

    Returns the last style loss.
    """
    network, code = texture_features(), encoder()
    metrics: dict[str, Array] = {}
    content_weight = CONTENT_WEIGHT if info["style"] is None else SINGLE_STYLE_CONTENT_WEIGHT
    with progress_bar(total=info["steps"], initial=info["done"], desc="training", unit="step") as bar:
        for step in range(info["done"] + 1, info["steps"] + 1):
            content, style = (to_device(crops) for crops in dataset.batch(step))
            if step <= reconstruction_steps:
                metrics = {"rmse": reconstruct(model, code, optimizer, content, style)}
            else:
                metrics = train_step(model, network, code, optimizer, content, style, content_weight)
            if step % 10 == 0:
                bar.set_postfix_str(", ".join(f"{name} {float(value):.3f}" for name, value in metrics.items()), refresh=False)
            bar.update()
            info["done"] = step
            if step % SAVE_EVERY == 0 or step == info["steps"]:
                save()
    return float(metrics.get("style", np.nan))


def reconstruct(model: Model, code: Model, optimizer: Optimizer, content: Array, style: Array) -> Array:
    """Train the decoder for one step to reconstruct contents and styles from their own codes.

    Parameters
    ----------
    model : Model, the decoder
    code : Model, the encoder
    optimizer : Optimizer of the decoder
    content, style : Array (N, H, W, 3) in [0, 1]

    Returns
    -------
    Array ()
        The root mean square error of a pixel.
    """
    check_pair("reconstruct", (model, code), optimizer, content, style)
    images = array_module(content).concatenate([content[:BATCH_SIZE // 2], style[BATCH_SIZE // 2:]])
    loss, gradient = mse(model.forward(code.forward(images), training=True), images)
    update(model, optimizer, gradient)
    return loss**0.5


def check_pair(op: str, models: tuple[Model, ...], optimizer: Optimizer, content: Array, style: Array) -> None:
    """Raise InputError unless these are networks, an optimizer, and images of equally many pairs."""
    for model in models:
        check_type(model, f"{op}: a network", Model)
    check_type(optimizer, f"{op}: optimizer", Optimizer)
    check_form(op, "content", content, ("N", "H", "W", 3))
    check_form(op, "style", style, (len(content), "H", "W", 3))


def update(model: Model, optimizer: Optimizer, gradient: Array) -> None:
    """Backpropagate and take a step of the decoder; the gradient is clipped, because a rare pair makes it huge."""
    model.zero_grads()
    model.backward(gradient, wrt="parameters")
    optimizer.step(model.trainable_params, clip_by_global_norm(model.grads, MAX_GRADIENT_NORM))


def train_step(model: Model, network: Model, code: Model, optimizer: Optimizer, content: Array, style: Array,
               content_weight: float = CONTENT_WEIGHT) -> dict[str, Array]:
    """Train the decoder for one step on a batch of pairs.

    Parameters
    ----------
    model : Model, the decoder
    network : Model, the loss network
    code : Model, the encoder
    optimizer : Optimizer of the decoder
    content, style : Array (N, H, W, 3) in [0, 1]
    content_weight : float, the weight of the content loss

    Returns
    -------
    dict of Array ()
        The losses "content" and "style".
    """
    check_pair("train_step", (model, network, code), optimizer, content, style)
    check_positive(content_weight, "train_step: content_weight", or_zero=True)
    content_maps, style_maps = network.forward(content), network.forward(style)
    t = adain(code.forward(content), code.forward(style))
    y = model.forward(t, training=True)
    features, gradients, style_loss = network.forward(y, remember=True), [], 0
    for of_y, of_style, of_content in zip(features, style_maps, content_maps):
        loss, gradient = relative_style_loss(of_y, of_style, of_content)
        style_loss = style_loss + loss / len(features)
        gradients.append(gradient / len(features))
    relative_content_loss, gradient = content_loss(features[ENCODED], t[..., :CHANNELS])
    gradients[ENCODED] = gradients[ENCODED] + content_weight * gradient
    _, gradient = total_variation(y)
    update(model, optimizer, network.backward(gradients, wrt="input") + SMOOTHNESS * gradient)
    return {"content": relative_content_loss, "style": style_loss}


def relative_style_loss(features: Array, style: Array, content: Array) -> tuple[Array, Array]:
    """relative_gram_loss of the Gram matrices of features, style and content, all centred on the style's means, and its
    gradient with respect to the features."""
    mean = style.mean(axis=(1, 2), keepdims=True)
    gram, cache = gram_matrix(features - mean)
    loss, gradient = relative_gram_loss(gram, gram_matrix(style - mean)[0], gram_matrix(content - mean)[0])
    return loss, gram_matrix_backward(gradient, cache)
