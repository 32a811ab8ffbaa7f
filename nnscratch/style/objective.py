"""What style transfer minimises: one number for "looks like the content, feels like the style", and its gradient.

Shapes: images (1, H, W, 3) in [0, 1]; features F (1, H, W, C) of the loss network; Gram matrices (1, C, C).

    loss = content_weight * content + style_weight * style + smoothness * total variation

    content   how far the features are from the content image's, at one layer
    style     how far their Gram matrices are from the style image's, averaged over all layers

Features are counted from the style's own mean, F - mean: after a ReLU all are positive, and the Gram matrix of positive
numbers says mostly how bright they are. Without that part it says which of them vary together, which is texture.

Content and style are shares: 0 when met; content 1 for an image without any features, style at most 1 for the photograph
(statistics.py; covariance 2). So the weights mean much the same for all images, sizes and networks. The gradient by the
image is a backward walk through the loss network, fed with each term's gradient where it arises.

Where each style has a mask, a region of the image, every region has a style term of its own (regions.py).

A large image is seen in strips (strips.py). A mean over pixels, such as a Gram matrix, is the mean of the strips' own,
each weighted with its share of the rows. Its gradient is known only when all strips have been seen, so the way back is a
second walk; and every strip sends its gradient to all pixels that it has seen, where those of neighbours add up.
"""
from functools import partial

from nnscratch.backend import array_module
from nnscratch.losses import mse, total_variation
from nnscratch.losses.images import TINY
from nnscratch.ops.validation import check_shape
from nnscratch.style.masks import make_regions
from nnscratch.style.memory_limit import refuse_strips
from nnscratch.style.statistics import (
    STATISTICS,
    at_places,
    directions,
    mean_square,
    moments,
    moments_backward,
    sliced_loss,
    sorted_values,
)
from nnscratch.style.tiling import cut


class Objective:
    """Call it with an image to get (loss, gradient); `terms` then holds the last content and style losses.

    styles : images, of which there is to be a share each: their means, and moments around those, are averaged.
    masks : None, or (1, H, W, 1) in [0, 1] for each style, which then is to be met there alone; shares do not count.
    statistics : "gram", "covariance" or "sliced" (statistics.py; not with masks). memory : bytes for features, None: strips.py
    decides.

    Source: Gatys, Ecker, Bethge, "Image style transfer using convolutional neural networks" (2016), equation 7.
    """

    def __init__(self, network, content, styles, shares=(1.0,), *, content_weight=1.0, style_weight, smoothness, content_layer,
                 statistics="gram", masks=None, memory=None):
        self.network, self.content_layer, self.statistics, self.terms = network, content_layer, statistics, {}
        self.content_weight, self.style_weight, self.smoothness = map(float, (content_weight, style_weight, smoothness))
        self.shape, self.memory, self.strips = content.shape, memory, cut(network, content, memory)
        self.regions = make_regions(network, styles, shares, masks)
        self.means = [self.blend(region, lambda k, ours: ours.mean(axis=(1, 2), keepdims=True)) for region in self.regions]
        if statistics == "sliced":
            self.learn_order(content, styles, shares)
        else:
            self.moments = [self.blend(region, lambda k, ours, means=means: moments(ours - means[k]))
                            for region, means in zip(self.regions, self.means)]
            self.starts = self.average(content, self.strips, self.measure)[0]
        self.targets, self.content_whole = [], TINY
        for strip in self.strips:
            target = network.forward(content[:, strip.seen])[content_layer][:, strip.own[content_layer]].copy()
            self.targets.append(target)
            self.content_whole = self.content_whole + strip.shares[content_layer] * (target * target).mean()

    def __call__(self, image):
        check_shape("Objective", "image", image, self.shape, "like the content")
        variation, gradient = total_variation(image)
        gradient *= self.smoothness
        found, features = self.average(image, self.strips, self.measure, remember_last=True)
        style, ways_back = self.compare_order(features) if self.statistics == "sliced" else self.compare_moments(found)
        content = 0
        for strip, target in zip(reversed(self.strips), reversed(self.targets)):
            if features is None:  # all but the last strip, with which the first walk ended
                features = self.network.forward(image[:, strip.seen], remember=True)
            loss, dimage = self.go_back(features, strip, target, ways_back)
            content, features = content + loss, None
            gradient[:, strip.seen] += dimage
        self.terms = {"content": content, "style": style}
        return self.content_weight * content + self.style_weight * style + self.smoothness * variation, gradient

    def blend(self, region, measure):
        """For each feature map k, measure(k, features) averaged over each style of a region, and over them by their shares."""
        each = [self.average(style, cut(self.network, style, self.memory), lambda k, ours, rows: measure(k, ours))[0]
                for style in region.styles]
        return [sum(share * value for share, value in zip(region.shares, values)) for values in zip(*each)]

    def measure(self, k, features, rows):
        """The moments of each region, one below the other, in these rows of map k: (regions, C, C + 1)."""
        if self.statistics == "sliced":
            return 0
        return array_module(features).concatenate([moments(features - means[k], part(region.weights[k], rows))
                                                   for region, means in zip(self.regions, self.means)])

    def average(self, image, strips, measure, remember_last=False):
        """For each feature map k the mean of measure(k, features, which rows of the map) over the whole image; and the last
        strip's features."""
        averages = [0] * len(self.network.outputs)
        for strip in strips:
            features = self.network.forward(image[:, strip.seen], remember=remember_last and strip is strips[-1])
            for k, (ours, own, rows, share) in enumerate(zip(features, *strip[1:])):
                averages[k] = averages[k] + share * measure(k, ours[:, own], rows)
        return averages, features

    def compare_moments(self, found):
        """The style loss; and for each map and region how the gradient of the whole loss comes to the features of any strip."""
        loss, ways_back = 0, []
        for k, (ours, start) in enumerate(zip(found, self.starts)):
            ways_back.append([])
            for r, region in enumerate(self.regions):
                share = region.area / len(found)
                layer_loss, gradient = STATISTICS[self.statistics](ours[r:r + 1], self.moments[r][k], start[r:r + 1])
                loss = loss + share * layer_loss
                ways_back[k].append(partial(moments_backward, self.style_weight * share * gradient))
        return loss, ways_back

    def learn_order(self, content, styles, shares):
        """The styles' values in order of size along some directions, for each map; what they and the content's amount to."""
        refuse_strips(self.network, [content, *styles], self.memory)
        means, = self.means
        self.directions = [directions(mean.shape[3], k, array_module(mean), mean.dtype) for k, mean in enumerate(means)]
        starts, *each = [[sorted_values(f - mean, v) for f, mean, v in
                          zip(self.network.forward(image), means, self.directions)] for image in (content, *styles)]
        self.orders = [sum(share * at_places(order, len(orders[0])) for share, order in zip(shares, orders))
                       for orders in zip(*each)]
        self.wholes = [mean_square(order) + mean_square(start) + TINY for order, start in zip(self.orders, starts)]

    def compare_order(self, features):
        """As `compare_moments`, from all features at once."""
        loss, ways_back, share = 0, [], 1 / len(features)
        for ours, mean, order, v, whole in zip(features, self.means[0], self.orders, self.directions, self.wholes):
            layer_loss, gradient = sliced_loss(ours - mean, order, v, whole)
            loss = loss + share * layer_loss
            ways_back.append([lambda _, __, gradient=self.style_weight * share * gradient: gradient])
        return loss, ways_back

    def go_back(self, features, strip, target, ways_back):
        """A strip's part of the content loss; and the gradient, by the pixels it has seen, of all that its own features do."""
        gradients = []
        for k, (ours, own, rows, share) in enumerate(zip(features, *strip[1:])):
            gradient = array_module(ours).zeros_like(ours)  # and so it stays in the halo
            for region, means, way_back in zip(self.regions, self.means, ways_back[k]):
                gradient[:, own] += share * way_back(ours[:, own] - means[k], part(region.weights[k], rows))
            gradients.append(gradient)
        k = self.content_layer
        loss, gradient = mse(features[k][:, strip.own[k]], target)
        scale = strip.shares[k] / self.content_whole
        gradients[k][:, strip.own[k]] += self.content_weight * scale * gradient
        return scale * loss, self.network.backward(gradients, wrt="input")


def part(weights, rows):
    """Those of some rows; None stays None."""
    return None if weights is None else weights[:, rows]
