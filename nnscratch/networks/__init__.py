"""Networks assembled from layers.

    gan                 generator and discriminator of a GAN
    texture_generator   a generator that draws textures of any size
    stylizer            conditional instance normalization: style transfer in one pass
    texture_features    loss network, trained by nnscratch
    random_features     loss network of random filters
    vgg                 loss network with VGG's weights, from a file of PyTorch (.pth) or safetensors
    article             the network of the article this library began with
"""
__all__: list[str] = []
