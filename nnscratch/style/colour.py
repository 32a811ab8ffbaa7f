"""Keep the photograph's colours: two ways around a style that would bring its own.

Shapes: images (1, H, W, 3) in [0, 1]; their pixels as rows (M, 3).

    match        recolour the style before the transfer, so that its colours have the content's mean and covariance
    luminance    transfer light and dark alone, and put the content's colours back on afterwards

Source: Gatys, Bethge, Hertzmann, Shechtman, "Preserving color in neural artistic style transfer" (2016), sections 2 and 3.
"""
import numpy as np

# Y, I and Q of the NTSC standard: how bright, and two directions of colour.
TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
LEAST = 1e-4  # a colour that does not vary in the style, such as any in a grey one, cannot be stretched


def recoloured(content, styles, keep):
    """The images that the transfer is to see, content first: as they are, or made fit to `keep` the photograph's colours."""
    if keep == "match":
        return [content, *(match_colours(style, content) for style in styles)]
    if keep == "luminance":
        return [grey(content), *(match_light(grey(style), grey(content)) for style in styles)]
    return [content, *styles]


def match_colours(image, other, shares=(1.0,)):
    """The image with the other's colours: x -> A (x - its mean) + the other's mean, A = Co^½ Cp^-½.

    Cp, Co : covariances of the colours. Then A Cp Aᵀ = Co. What leaves [0, 1] is clipped. `other` may be a list, of which
    there is to be a share each.
    """
    x = image.reshape(-1, 3).astype(np.float64)
    mean, covariance = colour_moments(other if isinstance(other, list) else [other], shares)
    a = root(covariance, 0.5) @ root(np.cov(x.T) + LEAST * np.eye(3), -0.5)
    return ((x - x.mean(axis=0)) @ a.T + mean).clip(0, 1).reshape(image.shape).astype(image.dtype)


def colour_moments(images, shares):
    """Mean (3,) and covariance (3, 3) of the colours of a mixture of images."""
    rows = [image.reshape(-1, 3).astype(np.float64) for image in images]
    mean = sum(share * x.mean(axis=0) for share, x in zip(shares, rows))
    return mean, sum(share * ((x - mean).T @ (x - mean)) / len(x) for share, x in zip(shares, rows))


def root(matrix, power):
    """A power of a symmetric matrix that is not negative, by its eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values.clip(1e-12)**power) @ vectors.T


def grey(image):
    """Y three times over: an image without colour that networks for colour images can see."""
    return np.repeat(image @ TO_YIQ[0].astype(image.dtype), 3).reshape(image.shape)


def match_light(style, content):
    """A grey style, as bright as the grey content, and with as much contrast."""
    light = (style - style.mean()) * (content.std() / max(style.std(), LEAST)) + content.mean()
    return light.clip(0, 1).astype(style.dtype)


def put_colours_back(made, content):
    """The light and dark of `made`, the colours of `content`: Y of one, I and Q of the other."""
    yiq = content.astype(np.float64) @ TO_YIQ.T
    yiq[..., 0] = made.astype(np.float64) @ TO_YIQ[0]
    return (yiq @ np.linalg.inv(TO_YIQ).T).clip(0, 1).astype(made.dtype)
