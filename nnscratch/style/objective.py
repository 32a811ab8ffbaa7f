"""What style transfer minimises: one number for "looks like the content, feels like the style", and its gradient.

Shapes: pictures (1, H, W, 3) in [0, 1]; features F (1, H, W, C) of the loss network; Gram matrices (1, C, C).

    loss = content + style_weight * style + smoothness * total variation

    content   how far the features are from the content picture's, at one layer
    style     how far their Gram matrices are from the style picture's, averaged over all layers

Each term is a share (1 = everything missing), so the weights mean the same for all pictures and sizes. The gradient by
the picture is one backward walk through the loss network, which is fed the gradient of every term where it arises.
"""
from nnscratch.losses import content_loss, gram_style_loss, total_variation
from nnscratch.ops.gram import gram_matrix


class Objective:
    """Call it with a picture to get (loss, gradient); `terms` then holds the last content and style losses.

    Source: Gatys, Ecker, Bethge, "Image style transfer using convolutional neural networks" (2016), equation 7.
    """

    def __init__(self, network, content, style, *, style_weight, smoothness, content_layer):
        self.network, self.content_layer = network, content_layer
        self.style_weight, self.smoothness, self.terms = style_weight, smoothness, {}
        self.target = network.forward(content)[content_layer]
        self.grams = [gram_matrix(features)[0] for features in network.forward(style)]

    def __call__(self, picture):
        # remember=True: inference mode, but with the way back kept.
        features = self.network.forward(picture, remember=True)
        content, dcontent = content_loss(features[self.content_layer], self.target)
        styles, gradients = zip(*map(gram_style_loss, features, self.grams))
        share = self.style_weight / len(styles)
        gradients = [share * gradient for gradient in gradients]
        gradients[self.content_layer] = gradients[self.content_layer] + dcontent
        variation, dvariation = total_variation(picture)
        self.terms = {"content": content, "style": sum(styles) / len(styles)}
        loss = content + share * sum(styles) + self.smoothness * variation
        return loss, self.network.backward(gradients, wrt="input") + self.smoothness * dvariation
