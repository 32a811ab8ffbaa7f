"""What style transfer minimises: one number for "looks like the content, feels like the style", and its gradient.

Shapes: pictures (1, H, W, 3) in [0, 1]; features F (1, H, W, C) of the loss network; Gram matrices (1, C, C).

    loss = content + style_weight * style + smoothness * total variation

    content   how far the features are from the content picture's, at one layer
    style     how far their Gram matrices are from the style picture's, averaged over all layers

Features are counted from the style's own mean, F - mean: after a ReLU all are positive, and the Gram matrix of positive
numbers says mostly how bright they are. Without that part it says which of them vary together, which is texture.

Each term is a share (0 when met, 1 when all is missing), so the weights mean the same for all pictures and sizes. The
gradient by the picture is one backward walk through the loss network, fed with each term's gradient where it arises.
"""
from nnscratch.losses import TINY, content_loss, gram_style_loss, total_variation
from nnscratch.ops.gram import gram_matrix


class Objective:
    """Call it with a picture to get (loss, gradient); `terms` then holds the last content and style losses.

    Source: Gatys, Ecker, Bethge, "Image style transfer using convolutional neural networks" (2016), equation 7.
    """

    def __init__(self, network, content, style, *, style_weight, smoothness, content_layer):
        self.network, self.content_layer = network, content_layer
        self.style_weight, self.smoothness, self.terms = float(style_weight), float(smoothness), {}
        self.layers = []  # for each feature map: the style's mean, its Gram matrix, and what counts as wholly wrong
        content_features, style_features = network.forward(content), network.forward(style)
        for ours, theirs in zip(content_features, style_features):
            mean = theirs.mean(axis=(1, 2), keepdims=True)
            start, target = gram_matrix(ours - mean)[0], gram_matrix(theirs - mean)[0]
            # A style of one colour has a Gram matrix of zeros, and nothing is a share of that: count a little of the
            # content's in.
            whole = (target * target).sum() + 0.01 * (start * start).sum() + TINY
            self.layers.append((mean, target, whole))
        self.target = content_features[content_layer]

    def __call__(self, picture):
        # remember=True: inference mode, but with the way back kept.
        features = self.network.forward(picture, remember=True)
        content, dcontent = content_loss(features[self.content_layer], self.target)
        style, gradients, share = 0, [], self.style_weight / len(features)
        for ours, (mean, target, whole) in zip(features, self.layers):
            loss, gradient = gram_style_loss(ours - mean, target, whole)
            style = style + loss / len(features)
            gradients.append(share * gradient)
        gradients[self.content_layer] = gradients[self.content_layer] + dcontent
        variation, dvariation = total_variation(picture)
        self.terms = {"content": content, "style": style}
        loss = content + self.style_weight * style + self.smoothness * variation
        return loss, self.network.backward(gradients, wrt="input") + self.smoothness * dvariation
