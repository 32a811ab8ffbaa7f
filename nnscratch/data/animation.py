"""Animated GIFs: frames in, the bytes of a file out.

Shapes: frames are Pillow images (H, W) of one size.
"""
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nnscratch.errors import InputError

if TYPE_CHECKING:  # `import nnscratch` needs NumPy alone
    from PIL.Image import Image

__all__ = ["encode_gif"]


def encode_gif(frames: "Sequence[Image]", milliseconds: int = 250, pause: int = 2000) -> bytes:
    """Encode images as an endless animation.

    Parameters
    ----------
    frames : sequence of Pillow images of one size
    milliseconds : int, duration of each frame but the last
    pause : int, duration of the last frame in milliseconds

    Returns
    -------
    bytes
        The GIF file.

    Raises
    ------
    InputError
        No frames.
    """
    if not frames:
        raise InputError("expected at least one frame for an animation, got none; give one or more images")
    from PIL import Image
    frames = [Image.open(f) if not isinstance(f, Image.Image) else f for f in frames]
    data, durations = io.BytesIO(), [milliseconds] * (len(frames) - 1) + [pause]
    frames[0].save(data, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return data.getvalue()
