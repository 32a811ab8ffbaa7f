"""The loss of style transfer, one number for "shows the content, looks like the style", and its gradient.

Shapes: images (1, H, W, 3) in [0, 1]; features F (1, H, W, C) of the loss network; Gram matrices (1, C, C).

    loss = content_weight * content + style_weight * style + smoothness * total variation

    content   the distance of the features from those of the content image, at one layer
    style     the distance of their Gram matrices from those of the style image, averaged over all layers

Features are centred on the style's own mean: after a ReLU all are positive, and the Gram matrix of positive numbers mostly
says how bright they are. Without that part it says which of them vary together, which is texture.

Content and style are relative: 0 at the target; content 1 for an image without any features, style at most 1 for the photograph
(statistics.py; covariance 2). So the weights mean much the same for all images, sizes and networks. The gradient with respect
to the image is one backward pass through the loss network, which starts with each term's gradient at the layer of that term.

With a mask for each style, every region of the image has its own style term (masks.py).

A large image is processed in strips (tiling.py). A mean over pixels, such as a Gram matrix, is the mean over the strips, each
weighted with its fraction of the rows. Its gradient is known only after all strips, so the backward pass needs a second forward
pass; and every strip adds its gradient to all pixels that it depends on, so the gradients of neighbours add up.
"""
from collections.abc import Callable, Sequence
from functools import partial

from nnscratch.backend import Array, array_module
from nnscratch.errors import InputError
from nnscratch.losses import mse, total_variation
from nnscratch.losses.images import TINY
from nnscratch.models import Model
from nnscratch.ops.validation import check_choice, check_int, check_positive, check_shape, check_type
from nnscratch.style.checks import check_image
from nnscratch.style.masks import Region, make_regions
from nnscratch.style.memory_limit import check_single_strip
from nnscratch.style.statistics import (
    MOMENT_LOSSES,
    STATISTICS,
    mean_square,
    moments,
    moments_backward,
    random_directions,
    resample_sorted,
    sliced_loss,
    sorted_values,
)
from nnscratch.style.tiling import Strip, make_strips

__all__ = ["Objective"]

# For each feature map and region: (a strip's fraction of the image, its features, their pixel weights) -> the gradient of the
# loss with respect to these features.
StyleBackward = list[list[Callable[[float, Array, Array | None], Array]]]


class Objective:
    """The loss of style transfer: call it with an image (1, H, W, 3) to get (loss, gradient with respect to the image).

    `terms` then holds the content and style losses of that image, `image_moments` for each feature map the moments of its
    regions, (regions, C, C + 1).

    Parameters
    ----------
    network : Model from an image to feature maps
    content : Array (1, H, W, 3) in [0, 1]
    styles : list of Array (1, H', W', 3) in [0, 1]
    blend_weights : sequence of float, the weight of each style's statistics, 1 in all; ignored with masks
    content_weight, style_weight, smoothness : float, the weights of the three terms
    content_layer : int, the feature map that represents the content
    statistics : str, "gram", "covariance" or "sliced" (not with masks), see statistics.py
    masks : list of Array (1, H, W, 1) in [0, 1], where each style applies; or None
    memory : float, bytes for feature maps; None for the defaults of tiling.py

    References
    ----------
    Gatys, Ecker, Bethge, "Image style transfer using convolutional neural networks" (2016), equation 7.

    Examples
    --------
    >>> import numpy as np
    >>> from nnscratch.networks.random_features import random_features
    >>> rng = np.random.default_rng(0)
    >>> content, style = rng.random((1, 16, 16, 3)), rng.random((1, 20, 18, 3))
    >>> objective = Objective(random_features((4, 8)), content, [style], content_layer=1, style_weight=9, smoothness=0.1)
    >>> loss, gradient = objective(content)
    >>> gradient.shape, float(objective.terms["content"])
    ((1, 16, 16, 3), 0.0)
    """

    def __init__(self, network: Model, content: Array, styles: list[Array], blend_weights: Sequence[float] = (1.0,), *,
                 content_weight: float = 1.0, style_weight: float, smoothness: float, content_layer: int,
                 statistics: str = "gram", masks: list[Array] | None = None, memory: float | None = None):
        check_type(network, "Objective: network", Model)
        check_image("Objective", "content", content)
        if check_int(content_layer, "Objective: content_layer", 0) >= len(network.outputs):
            raise InputError(f"Objective: content_layer is {content_layer}, expected at most {len(network.outputs) - 1}")
        self.network, self.content_layer = network, content_layer
        self.statistics = check_choice(statistics, "Objective: statistics", STATISTICS)
        self.terms: dict[str, Array] = {}
        self.image_moments: list[Array] = []
        self.content_weight, self.style_weight, self.smoothness = (
            check_positive(weight, f"Objective: {name}", or_zero=True) for name, weight in (
                ("content_weight", content_weight), ("style_weight", style_weight), ("smoothness", smoothness)))
        self.shape, self.memory, self.strips = content.shape, memory, make_strips(network, content, memory)
        self.regions = make_regions(network, styles, blend_weights, masks)
        self.style_means = [self._blend(region, lambda k, features: features.mean(axis=(1, 2), keepdims=True))
                            for region in self.regions]
        if statistics == "sliced":
            self._prepare_sliced(content, styles, blend_weights)
        else:
            self.style_moments = [self._blend(region, partial(centred_moments, means))
                                  for region, means in zip(self.regions, self.style_means)]
            self.content_moments = self._average(content, self.strips, self._region_moments)[0]
        self.content_features, self.content_scale = [], TINY
        for strip in self.strips:
            target = network.forward(content[:, strip.input_rows])[content_layer][:, strip.own[content_layer]].copy()
            self.content_features.append(target)
            self.content_scale = self.content_scale + strip.fractions[content_layer] * (target * target).mean()

    def __call__(self, image: Array) -> tuple[Array, Array]:
        check_shape("Objective", "image", image, self.shape, "like the content")
        variation, gradient = total_variation(image)
        gradient *= self.smoothness
        self.image_moments, last = self._average(image, self.strips, self._region_moments, remember_last=True)
        style, backward = self._sliced_style(last) if self.statistics == "sliced" else self._moment_style(self.image_moments)
        content = 0
        features: list[Array] | None = last
        for strip, target in zip(reversed(self.strips), reversed(self.content_features)):
            if features is None:  # all but the last strip, whose forward pass is still remembered
                features = self.network.forward(image[:, strip.input_rows], remember=True)
            loss, dimage = self._strip_backward(features, strip, target, backward)
            content, features = content + loss, None
            gradient[:, strip.input_rows] += dimage
        self.terms = {"content": content, "style": style}
        return self.content_weight * content + self.style_weight * style + self.smoothness * variation, gradient

    def _blend(self, region: Region, measure: Callable[[int, Array], Array]) -> list[Array]:
        """For each feature map k, the weighted mean over a region's styles of measure(k, features)."""
        each = [self._average(style, make_strips(self.network, style, self.memory), lambda k, own, rows: measure(k, own))[0]
                for style in region.styles]
        return [sum(weight * value for weight, value in zip(region.blend_weights, values)) for values in zip(*each)]

    def _region_moments(self, k: int, features: Array, rows: slice) -> Array:
        """The moments of each region, one below the other, in these rows of map k: (regions, C, C + 1)."""
        if self.statistics == "sliced":
            return 0
        return array_module(features).concatenate([moments(features, select_rows(region.pixel_weights[k], rows), means[k])
                                                   for region, means in zip(self.regions, self.style_means)])

    def _average(self, image: Array, strips: list[Strip], measure: Callable[[int, Array, slice], Array],
                 remember_last: bool = False) -> tuple[list[Array], list[Array]]:
        """For each feature map k, the mean over the image of measure(k, features, rows of map k); the last strip's features."""
        averages = [0] * len(self.network.outputs)
        for strip in strips:
            features = self.network.forward(image[:, strip.input_rows], remember=remember_last and strip is strips[-1])
            for k, (y, own, rows, fraction) in enumerate(zip(features, *strip[1:])):
                averages[k] = averages[k] + fraction * measure(k, y[:, own], rows)
        return averages, features

    def _moment_style(self, image_moments: list[Array]) -> tuple[Array, StyleBackward]:
        """The style loss, and its backward functions."""
        compare = MOMENT_LOSSES[self.statistics]
        loss: Array = 0
        backward: StyleBackward = []
        for k, (ours, photograph) in enumerate(zip(image_moments, self.content_moments)):
            backward.append([])
            for r, region in enumerate(self.regions):
                weight = region.area / len(image_moments)
                layer_loss, gradient = compare(ours[r:r + 1], self.style_moments[r][k], photograph[r:r + 1])
                loss = loss + weight * layer_loss
                dmoments, center = self.style_weight * weight * gradient, self.style_means[r][k]
                backward[k].append(partial(moment_gradient, dmoments, center))
        return loss, backward

    def _prepare_sliced(self, content: Array, styles: list[Array], blend_weights: Sequence[float]) -> None:
        """For each map: random directions, the blended sorted values of the styles, and the scale of the loss."""
        check_single_strip(self.network, [content, *styles], self.memory)
        means, = self.style_means
        self.directions = [random_directions(mean.shape[3], k, array_module(mean), mean.dtype) for k, mean in enumerate(means)]
        of_content, *of_styles = [[sorted_values(f - mean, v) for f, mean, v in
                                   zip(self.network.forward(image), means, self.directions)] for image in (content, *styles)]
        self.style_values = [sum(weight * resample_sorted(one, len(values[0])) for weight, one in zip(blend_weights, values))
                             for values in zip(*of_styles)]
        self.sliced_scales = [mean_square(style) + mean_square(photograph) + TINY
                              for style, photograph in zip(self.style_values, of_content)]

    def _sliced_style(self, features: list[Array]) -> tuple[Array, StyleBackward]:
        """As `_moment_style`, for all features of the image at once."""
        loss, weight = 0, 1 / len(features)
        backward: StyleBackward = []
        for y, mean, values, v, scale in zip(features, self.style_means[0], self.style_values, self.directions,
                                             self.sliced_scales):
            layer_loss, gradient = sliced_loss(y - mean, values, v, scale)
            loss = loss + weight * layer_loss
            backward.append([partial(constant, self.style_weight * weight * gradient)])
        return loss, backward

    def _strip_backward(self, features: list[Array], strip: Strip, target: Array,
                        backward: StyleBackward) -> tuple[Array, Array]:
        """A strip's part of the content loss, and the gradient of its whole loss with respect to its input rows."""
        gradients = []
        for k, (y, own, rows, fraction) in enumerate(zip(features, *strip[1:])):
            gradient, *others = [style_backward(fraction, y[:, own], select_rows(region.pixel_weights[k], rows))
                                 for region, style_backward in zip(self.regions, backward[k])]
            for other in others:
                gradient += other
            if k == self.content_layer:
                loss, dcontent = mse(y[:, own], target)
                scale = fraction / self.content_scale
                gradient += self.content_weight * scale * dcontent
            gradients.append(with_halo(gradient, y, own))
        return scale * loss, self.network.backward(gradients, wrt="input")


def with_halo(gradient: Array, y: Array, own: slice) -> Array:
    """The gradient with respect to all features y of a strip, given that of its own rows: the halo has none."""
    if gradient.shape == y.shape:
        return gradient
    whole = array_module(y).zeros_like(y)
    whole[:, own] = gradient
    return whole


def select_rows(weights: Array | None, rows: slice) -> Array | None:
    """Pixel weights in some rows; None stays None."""
    return None if weights is None else weights[:, rows]


def centred_moments(means: list[Array], k: int, features: Array) -> Array:
    """The moments of features of map k around their means."""
    return moments(features, center=means[k])


def moment_gradient(dmoments: Array, center: Array, fraction: float, features: Array, weights: Array | None) -> Array:
    """The backward function of a loss of moments, which are a mean over the strips."""
    return moments_backward(fraction * dmoments, features, weights, center)


def constant(gradient: Array, fraction: float, features: Array, weights: Array | None) -> Array:
    """The backward function of a term whose gradient is known already, for the whole image in one strip."""
    return gradient
