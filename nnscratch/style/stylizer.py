"""Style transfer in one pass: `nnscratch style PHOTO STYLE --fast`.

Shapes: content (1, H, W, 3) and style (1, H', W', 3) in [0, 1]; result (1, H, W, 3).

    recolour -> encode -> AdaIN -> decode -> recolour        see networks/stylizer.py; recolouring is a formula, colour.py

Large images go through both networks in strips: a strip is seen with a halo, the rows above and below it that its own depend
on, and what comes of the halo is thrown away. So the networks' maps take no more memory for a large image. Codes and colours
are whole, some 160 bytes a pixel.
"""
from pathlib import Path

import numpy as np

from nnscratch import checkpoint, networks
from nnscratch.backend import array_module, to_cpu, to_device
from nnscratch.errors import InputError
from nnscratch.networks.stylizer import SCALE, adain, decoder, encoder, fingerprint
from nnscratch.style.colour import match_colours

PIXELS = 2**19      # of a strip
HALO = 32           # pixel rows: the decoder's 8 of a code, which are 6 at its size, 2 at twice, 2 at four times it
SHIPPED = Path(networks.__file__).parent / "weights" / "stylizer.safetensors"


class Stylizer:
    """The encoder, and a decoder in a file: by default the one that comes with nnscratch.

    Raises InputError for any other file.
    """

    def __init__(self, path=SHIPPED):
        info = checkpoint.read_arrays(path)[1]["info"]
        if info.get("what") != "stylizer":
            raise InputError(f"{path} holds {info.get('what', 'something else')!r}, expected a stylizer; train one with "
                             f"nnscratch train stylizer")
        self.encoder, self.decoder = encoder(), decoder(info.get("upsampling"))
        checkpoint.load(path, self.decoder)
        if info.get("encoder") != fingerprint(self.encoder):
            raise InputError(f"{path} was trained beside other texture weights than those that come with nnscratch; train it "
                             f"anew")

    def __call__(self, content, style, strength=50.0):
        """The painted image (1, H, W, 3), NumPy, in [0, 1].

        strength : 0 (the photograph as it is; a little above 0, as the decoder draws it), 50 (what the decoder was trained for)
        to 100. Code and colours go that part of the way from the photograph's to the style's: the code twice as far at 100, but
        where a pattern would turn into its opposite, which stops at nothing; colours no further than the style's.
        """
        if strength == 0:
            return content
        way = strength / 50
        colours = [content, style], (1 - min(1.0, way), min(1.0, way))
        recoloured = match_colours(content, *colours)
        h, w = content.shape[1:3]
        rows, columns = -h % SCALE, -w % SCALE  # up to a multiple of 4, the last rows and columns repeated
        padded = np.pad(recoloured, ((0, 0), (0, rows), (0, columns), (0, 0)), mode="edge")
        rows = rows_for(padded)
        f = in_strips(self.encoder, to_device(padded.astype(np.float32)), rows, HALO)
        style = style[:, :style.shape[1] // SCALE * SCALE]  # to whole rows of the code, as strips want it
        s = in_strips(self.encoder, to_device(style.astype(np.float32)), rows_for(style), HALO)
        made = in_strips(self.decoder, adain(f, s, way), rows // SCALE, HALO // SCALE)[:, :h, :w]
        return match_colours(to_cpu(array_module(made).clip(made, 0, 1)), *colours)


def rows_for(image):
    """Of a strip of this image, whole rows of the code."""
    return max(HALO, PIXELS // image.shape[2] // SCALE * SCALE)


def in_strips(model, x, rows, halo):
    """model.forward(x) for x (1, H, W, C), by so many of its rows at a time."""
    made, height = [], x.shape[1]
    for top in range(0, height, rows):
        low, high, bottom = max(0, top - halo), min(height, top + rows + halo), min(height, top + rows)
        y = model.forward(x[:, low:high])
        made.append(y[:, (top - low) * y.shape[1] // (high - low):(bottom - low) * y.shape[1] // (high - low)])
    return array_module(x).concatenate(made, axis=1)
