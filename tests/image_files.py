"""Helpers of the image tests: an image with four distinct corners, saving an image, and the message of a refusal."""
import numpy as np
import pytest
from PIL import Image

from nnscratch.errors import InputError

H, W = 20, 30
CORNERS = np.zeros((H, W, 3), np.uint8)  # red top left, green top right, blue bottom left, white bottom right
CORNERS[:10, :15], CORNERS[:10, 15:], CORNERS[10:, :15], CORNERS[10:, 15:] = (255, 0, 0), (0, 255, 0), (0, 0, 255), 255


def saved(folder, image, name="image.png", **options):
    """Save a PIL image or an array in the folder; return its path."""
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(folder / name, **options)
    return folder / name


def complaint(function, *arguments, **options):
    """The message of the InputError that the call raises; it must be one sentence on one line."""
    with pytest.raises(InputError) as caught:
        function(*arguments, **options)
    message = str(caught.value)
    assert "\n" not in message and ". " not in message and "expected" in message, message
    return message
