"""Films without flicker: what stands still in the film stands still in the painting.

Shapes: images (1, H, W, 3) in [0, 1]; weights (1, H, W, 1).

Two photographs of a still scene differ by noise, and a stylizer paints the noise, too: every frame has other strokes. So a
frame x[t] and its painting p[t] are averaged with those before, with the same weight w[t] at each pixel:

    d[t] = |x[t] - a[t-1]|, the mean of 4x4 pixels and three colours, then the maximum of 11x11 such means
    w[t] = 0.9 where d[t] is below 0.03, falling to 0 at 0.06
    a[t] = w[t] a[t-1] + (1 - w[t]) x[t]       the average of the film
    o[t] = w[t] o[t-1] + (1 - w[t]) p[t]       the average of the paintings: what is shown

The mean tells noise from change. The maximum reaches 20 pixels further: a stroke depends on what is around it. And x is
compared with the average, not with the frame before: where something moves slowly, the difference adds up until the average is
left behind. So what is shown is nowhere the painting of a film that differs by more than 0.06 from what is there.

Where w is constant and the paintings differ by independent noise, consecutive frames of o differ by (1 - w) / √(1 + w) of what
those of p do: a fourteenth for w = 0.9.
"""
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from nnscratch.backend import Array
from nnscratch.fast import avg_pool2d, max_pool2d, resize2d

__all__: list[str] = []  # for films and videos

Start: TypeAlias = tuple[Array, Array]  # the painting that was shown (1, H, W, 3), and how far it still holds (1, H, W, 1)
Paint: TypeAlias = Callable[[Array, Start | None], Array]  # paints a frame (1, H, W, 3)

MOST = 0.9                # the largest weight of the frames before
SAME, OTHER = 0.03, 0.06  # differences: up to that of noise with a standard deviation of 7 levels of 255; something else
BLOCK, REACH = 4, 11      # pixels a side; blocks a side


class TemporalAverage:
    """The averages a and o: `average(x, paint)` paints the next frame and returns what is shown. The first is as painted."""

    def __init__(self) -> None:
        self.before: tuple[Array, Array] | None = None  # a and o

    def restart(self, film: Array, painting: Array) -> None:
        """Begin again after a frame and what was shown of it, both (1, H, W, 3)."""
        self.before = film, painting

    def __call__(self, x: Array, paint: Paint) -> Array:
        """Take the next frame (1, H, W, 3)."""
        if self.before is None:
            shown = paint(x, None)
        else:
            film, painting = self.before
            w = weight(x, film)
            shown = paint(x, (painting, w / MOST))
            if shown is x:
                return x  # strength 0
            x, shown = w * film + (1 - w) * x, w * painting + (1 - w) * shown
        self.before = x, shown
        return shown


def weight(x: Array, average: Array) -> Array:
    """The weight (1, H, W, 1) of the frames before, where the film's average is `average` and its next frame x."""
    blocks = avg_pool2d(np.abs(x - average), BLOCK, padding="same")[0].mean(axis=-1, keepdims=True)
    d = max_pool2d(blocks, REACH, 1, padding="same")[0]
    return resize2d(MOST * ((OTHER - d) / (OTHER - SAME)).clip(0, 1), x.shape[1:3])[0]
