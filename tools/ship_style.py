"""How the weights that come with style transfer were made, in this order:

    nnscratch train texture -o texture                                                    # 10 minutes on two cores
    python -m tools.ship_style texture/features.safetensors
    nnscratch train stylizer --contents PHOTOGRAPHS --styles PAINTINGS -o stylizer        # 110 minutes on one core
    python -m tools.ship_style stylizer/stylizer.safetensors

`ship` writes them to networks/weights/ in half precision: half the size, and no visible difference. The stylizer is trained
with the texture network that is shipped. Its photographs and paintings, with authors and licences, are listed in
networks/weights/stylizer_images.txt.
"""
import sys
from pathlib import Path

import numpy as np

from nnscratch import checkpoint
from nnscratch.errors import InputError
from nnscratch.networks import texture_features
from nnscratch.networks.stylizer import stylizer as untrained_stylizer
from nnscratch.style import stylizer


def ship(path: str, to: Path | None = None) -> None:
    """Write the texture network or stylizer in a file to where it is shipped, or to another path."""
    info = checkpoint.read_arrays(path)[1]["info"]
    if info.get("what") == "texture features":
        model, place = texture_features.texture_features(path), texture_features.SHIPPED
    elif info.get("what") == "stylizer":
        model, place = untrained_stylizer(), stylizer.SHIPPED
        checkpoint.load(path, model)
        info |= {"contents": None, "styles": None}  # folders of one machine
    else:
        raise InputError(f"{path} holds {info.get('what', 'something else')!r}, expected texture features or a stylizer")
    model.cast(np.float16)
    checkpoint.save(to or place, model, info=info)


if __name__ == "__main__":
    ship(sys.argv[1])
