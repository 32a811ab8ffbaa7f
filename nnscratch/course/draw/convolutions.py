"""What a convolution has besides its window: stride and padding, and channels.

Shapes: x (H, W, C), kernel (KH, KW, C), y (OH, OW): one image, and one of the kernels.
"""
import numpy as np

from nnscratch.course.draw.drawing import BLUE, FAINT, tint
from nnscratch.course.draw.number_grid import Grid, grids
from nnscratch.ops.window import make_window


def window_places(size, kernel, settings):
    """For each (stride, padding) an image of size x size pixels, the padding around it grey, the first window framed, and the
    pixel in the middle of every window blue: there are as many as there will be numbers in y."""
    row = []
    for stride, padding in settings:
        side = size + 2 * padding
        inside = range(padding, padding + size)
        colours = {(r, c): "white" if r in inside and c in inside else tint(FAINT, 0.9) for r, c in np.ndindex(side, side)}
        colours |= dict.fromkeys(middles(size, kernel, stride, padding), tint(BLUE, 0.55))
        title, lit = f"stride {stride}, padding {padding}", (0, 0, kernel, kernel)
        row += [Grid(title, np.zeros((side, side)), lit, colours, numbers=False), " "]
    sizes = [f"{side}x{side}" for stride, padding in settings
             for side in make_window("draw", (size, size), kernel, stride, padding).output[:1]]
    return grids([row[:-1]], f"where a {kernel}x{kernel} window stands on a {size}x{size} image for (stride, padding) "
                 f"{', '.join(map(str, settings))}: {', '.join(sizes)} places", inches=0.3)


def middles(size, kernel, stride, padding):
    """The pixel in the middle of each window, in the padded image."""
    window = make_window("draw", (size, size), kernel, stride, padding)
    return [(r * stride + (kernel - 1) // 2, s * stride + (kernel - 1) // 2) for r, s in np.ndindex(window.output)]


def channels(x, kernel, place, bias=0.0):
    """One number of y from several channels: each channel has a slice of the kernel of its own, and everything is added up."""
    (kh, kw, count), (oh, ow) = kernel.shape, place
    under = x[oh:oh + kh, ow:ow + kw]
    y = np.full((x.shape[0] - kh + 1, x.shape[1] - kw + 1), np.nan)
    y[place] = (under * kernel).sum() + bias
    rows = [[Grid(f"x, channel {c}", x[:, :, c], (oh, ow, kh, kw)), "·", Grid(f"kernel, channel {c}", kernel[:, :, c]), "→",
             Grid("products", under[:, :, c] * kernel[:, :, c]), "sum →", Grid("", [[(under * kernel)[:, :, c].sum()]])]
            for c in range(count)]
    rows.append([Grid("sums", [(under * kernel).sum(axis=(0, 1))]), "+", Grid("bias", [[bias]]), "add →",
                 Grid("y", y, (*place, 1, 1))])
    return grids(rows, f"y{list(place)} = {y[place]:g}: in each of {count} channels the window times that channel's slice of "
                 f"the kernel, all added up", inches=0.38)
