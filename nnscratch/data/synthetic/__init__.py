"""Images drawn by rule: data sets (glyphs, shapes, textures), style images, and the patterns that they are made of."""
from nnscratch.data.synthetic.registry import SYNTHETIC, make_synthetic

__all__ = ["SYNTHETIC", "make_synthetic"]
