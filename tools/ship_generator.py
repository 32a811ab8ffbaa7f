"""How the generator that comes with nnscratch was made, in about five minutes:

    nnscratch train generator --seed 0 -o generator
    python -m tools.ship_generator generator/best.safetensors

The second command writes it to weights/glyphs.safetensors in half precision.
"""
import sys
from pathlib import Path

from nnscratch.generate.sampler import SHIPPED, load_generator, write_generator


def ship(path: str, to: Path = SHIPPED) -> None:
    """Write a trained generator to where it is shipped."""
    sampler = load_generator(path)
    to.parent.mkdir(exist_ok=True)
    write_generator(to, sampler.model, sampler.info, half=True)


if __name__ == "__main__":
    ship(sys.argv[1])
