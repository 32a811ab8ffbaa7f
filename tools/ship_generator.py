"""How the generator that comes with nnscratch was made (in a minute's work and four of waiting):

    nnscratch train generator --seed 0 -o generator
    python -m tools.ship_generator generator/best.safetensors

The second command writes it to weights/glyphs.safetensors in half precision.
"""
import sys

from nnscratch.generate.sampler import SHIPPED, load_generator, write_generator


def ship(path, to=SHIPPED):
    sampler = load_generator(path)
    to.parent.mkdir(exist_ok=True)
    write_generator(to, sampler.model, sampler.info, half=True)


if __name__ == "__main__":
    ship(sys.argv[1])
