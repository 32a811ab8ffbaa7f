"""`nnscratch style --explain`: OUT-explain.html, a page for teaching that shows how the image was made.

Shapes: images (1, H, W, 3) in [0, 1]; masks (1, H, W, 1); Gram matrices (C, C).

Content, style and result; how the two terms of the loss fell; and the Gram matrices of style, photograph and result, layer by
layer, in one colour scale. The page holds all its images, and needs no script and no network.
"""
import io
import os
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nnscratch.backend import Array, to_cpu, to_device
from nnscratch.data.images import encode, to_image
from nnscratch.errors import printable
from nnscratch.hints import checked
from nnscratch.html_page import figure, number, page, percent, section
from nnscratch.layers.conv import Conv2D
from nnscratch.layers.pooling import Pooling2D
from nnscratch.models import Model
from nnscratch.style.colour import grey, recolour_inputs
from nnscratch.style.inputs import masks_to_device
from nnscratch.style.loss_curves import CSS as CURVES_CSS
from nnscratch.style.loss_curves import draw_curves
from nnscratch.style.memory_limit import feature_memory
from nnscratch.style.settings import Settings
from nnscratch.style.statistics import MOMENT_LOSSES
from nnscratch.style.tiling import row_scales
from nnscratch.style.transfer import Transfer, build_network, build_objective

__all__ = ["explain_path"]

CHANNELS = 32            # shown of a Gram matrix: more could not be told apart
IMAGE_SIDE = 480         # pixels, of the images on the page
BLUE, WHITE, RED = (33, 102, 172), (247, 247, 247), (178, 24, 43)
CSS = CURVES_CSS + f"""
.grams {{ display: grid; grid-template-columns: repeat(3, 1fr); gap: .75rem; margin: 1rem 0 .5rem }}
.grams figure {{ margin: 0 }}
.grams img {{ image-rendering: pixelated }}
.scale {{ display: flex; align-items: center; gap: .5rem; font-size: .75rem; color: var(--quiet) }}
.scale i {{ flex: 1; height: .5rem; border-radius: 2px;
        background: linear-gradient(to right, rgb{BLUE}, rgb{WHITE}, rgb{RED}) }}
h3 {{ font-size: 1rem; margin: 2rem 0 0 }}
"""


class Layer(NamedTuple):
    """One feature map of the loss network, in one region: where there are no masks for several styles, the whole image.

    number : of the map, 1 for the first
    scale, window : pixels of the image from one feature to the next, and that one feature sees, along each axis
    grams : the Gram matrices of style, photograph and result, (C, C) each
    losses : the relative style losses of photograph and result
    """
    number: int
    scale: int
    window: int
    region: int
    grams: list[Array]
    losses: list[float]


@checked
def explain_path(output: str | PathLike) -> Path:
    """The path of the page about OUT.

    Parameters
    ----------
    output : path of the image

    Returns
    -------
    Path
        OUT-explain.html, with the whole name of OUT.
    """
    return Path(f"{os.fspath(output)}-explain.html")


def explanation(names: Sequence[str | PathLike], content: Array, styles: list[Array], painted: Array, result: Transfer,
                settings: Settings, masks: list[Array] | None = None) -> bytes:
    """The page: `names` of content and styles; `painted` is the image as it was optimised, result.image as it was written."""
    layers = measure_layers(content, styles, painted, settings, masks)
    title = "How the image was made"
    shown = [escape(printable(Path(name).name)) for name in names]
    captions = [f"<b>Photograph</b><br>{shown[0]}", *(f"<b>Style</b><br>{name}" for name in shown[1:]), "<b>Result</b>"]
    images = "".join(figure(thumbnail(image), alt, caption, "jpeg") for image, alt, caption in zip(
        (content, *styles, result.image), ("the photograph", *["the style image"] * len(styles), "the result"), captions))
    height, width = content.shape[1:3]
    pixels = f"""<p>The unknowns are the pixels of the result: {width} × {height} × 3 = {3 * width * height:,} numbers. Each
step changes all of them, so that features of the result stay near the photograph's (<i>content</i>), and their statistics come
near the style's (<i>style</i>). The features are those of the loss network <i>{settings.features}</i>, which stays as it is.
The strength is {settings.strength:g}, from 0 for the photograph to 100 for style alone.</p>"""
    return page(title, [
        f"<h1>{title}</h1>\n<div class=images>{images}</div>{pixels}", curves_part(result.history),
        section("Gram matrices, layer by layer", GRAM_WORDS, notes(settings, not np.array_equal(painted, result.image)),
                *(layer_part(layer, shown[1:], masks is not None) for layer in layers))], CSS)


GRAM_WORDS = f"""<p>Each layer of the loss network turns an image into channels, one for each of its filters. The Gram matrix
has an entry for every pair of channels: the mean, over all pixels, of their product, each channel measured from its mean in the
style. <b>Red</b>: both are strong at the same pixels. <b>Blue</b>: one is strong where the other is weak. <b>White</b>: they
have nothing to do with each other. Positions are averaged out, so the matrix says what a texture is like, not where it is.</p>
<p>The three matrices of a layer have one colour scale; what is beyond its ends has their colour. Of more than {CHANNELS}
channels, those {CHANNELS} are shown that vary most in the style, the strongest first. The relative style loss of a layer is 0
where the matrix is the style's; for the photograph it is at most 1, or 2 with covariances.</p>"""


def notes(settings: Settings, covered: bool) -> str:
    """What is measured in another way than one might think."""
    found = [
        (settings.statistics == "sliced", "The transfer compared sorted values (statistics sliced); Gram matrices are shown "
         "here all the same."),
        (settings.statistics == "covariance", "The losses also count how far the means are apart (statistics covariance)."),
        (settings.keep_colors == "match", "The network saw the style in the photograph's colours."),
        (settings.keep_colors == "luminance", "The network saw all images in grey."),
        (covered, "The matrices are those of the image before the mask covered it with the photograph.")]
    return "".join(f"<p>{words}</p>" for said, words in found if said)


def measure_layers(content: Array, styles: list[Array], image: Array, settings: Settings,
                   masks: list[Array] | None) -> list[Layer]:
    """Every layer in every region, as the objective of the transfer sees them at full size."""
    if settings.statistics == "sliced":
        settings = replace(settings, statistics="gram")
    content, *styles = map(to_device, recolour_inputs(content, styles, settings.keep_colors))
    image = to_device(grey(image) if settings.keep_colors == "luminance" else image)
    network = build_network(content, styles, settings)
    memory = feature_memory(network.model, content, styles, settings.max_memory, settings.statistics)
    objective = build_objective(network, content, styles, settings.blend_weights(len(styles)), settings, memory,
                                masks_to_device(masks))
    objective(image)
    scales, windows, compare = row_scales(network.model), window_sizes(network.model), MOMENT_LOSSES[settings.statistics]
    layers = []
    for k, symbol in enumerate(network.model.outputs):
        for r, style_moments in enumerate(objective.style_moments):
            style = style_moments[k]
            photograph, ours = (both[k][r:r + 1] for both in (objective.content_moments, objective.image_moments))
            layers.append(Layer(k + 1, scales[symbol], windows[symbol], r,
                                [to_cpu(m)[0, :, :-1] for m in (style, photograph, ours)],
                                [float(compare(m, style, photograph)[0]) for m in (photograph, ours)]))
    return layers


def window_sizes(network: Model) -> dict:
    """For each layer call, how many pixels of the image one feature sees along each axis: its receptive field."""
    size, step, sizes = 1, 1, {}
    for call in network.calls:
        if isinstance(call.layer, Conv2D):
            size += (call.layer.kernel_size[0] - 1) * step
        elif isinstance(call.layer, Pooling2D):
            size, step = size + (call.layer.pool_size[0] - 1) * step, step * call.layer.strides[0]
        sizes[call] = size
    return sizes


def layer_part(layer: Layer, styles: list[str], masked: bool) -> str:
    """A layer: its name, three heat maps, their scale, and a sentence."""
    order = np.argsort(-layer.grams[0].diagonal())[:CHANNELS]
    grams = [gram[np.ix_(order, order)] for gram in layer.grams]
    limit = float(np.quantile(np.abs(grams), 0.98)) or 1.0
    maps = "".join(figure(heat_map(gram, limit), f"Gram matrix of the {name}", name)
                   for name, gram in zip(("style", "photograph", "result"), grams))
    channels = len(layer.grams[0])
    size = "full size" if layer.scale == 1 else f"1/{layer.scale} of the size"
    title = (f"The image itself: {channels} colours" if layer.window == 1 else
             f"{channels} channels at {size}; each feature sees {layer.window} × {layer.window} pixels")
    where = f", where {styles[layer.region]} applies" if masked else ""
    before, after = layer.losses
    return (f"<h3>{layer.number}. {title}{where}</h3>\n<div class=grams>{maps}</div>\n<div class=scale>−{number(limit)}<i></i>"
            f"{number(limit)}</div>\n<p>Relative style loss: photograph <b>{number(before)}</b>, result "
            f"<b>{number(after)}</b>. {verdict(before, after)}</p>")


def verdict(before: float, after: float) -> str:
    """What one sees, by how much of the photograph's style loss is gone."""
    gone = 1 - after / before if before else 0.0
    if gone <= 0:
        return "The result's matrix has not come nearer to the style's: other layers, or the content, count for more."
    words = ("nearly the style's" if gone > 0.9 else "much nearer to the style's than to the photograph's" if gone > 0.6 else
             "between the two" if gone > 0.2 else "still the photograph's, nearly")
    return f"{percent(gone)} of it is gone: the result's matrix is {words}."


def heat_map(matrix: Array, limit: float) -> bytes:
    """A PNG, one pixel for each entry: from blue at -limit over white to red."""
    t = (matrix / limit).clip(-1, 1)[..., None]
    colours = np.where(t > 0, RED, BLUE) * abs(t) + np.array(WHITE) * (1 - abs(t))
    data = io.BytesIO()
    to_image((colours / 255).astype(np.float32)).save(data, "PNG", optimize=True)
    return data.getvalue()


def thumbnail(image: Array) -> bytes:
    """A JPEG of at most IMAGE_SIDE pixels a side."""
    small = to_image(image)
    small.thumbnail((IMAGE_SIDE, IMAGE_SIDE))
    return encode(small, "a.jpg")


def curves_part(history: list[dict[str, Any]]) -> str:
    """How the two terms of the loss fell."""
    if not history:
        return section("How the loss fell", "<p>No step was made.</p>")
    first, last = history[0], history[-1]
    return section("How the loss fell", f"<figure>{draw_curves(history)}</figure>", f"""<p class=key>After the first step,
<b class=style>style</b> was {number(first["style"])} and <b class=content>content</b> {number(first["content"])}; after the
last, {number(last["style"])} and {number(last["content"])}. Both are relative: style is 0 at the style and at most about 1 at
the photograph, content is 0 at the photograph. Paint is not in the photograph: this is why content cannot stay 0. At each
size the curves begin anew, since a larger image has finer detail, which is not painted yet.</p>""")
