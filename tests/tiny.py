"""Makes every command quick, for the instruments that run them hundreds of times: fewer steps and images inside.

Only sizes change, not what is read, written or checked.
"""
import tqdm

from nnscratch import demo
from nnscratch.classify import train as classify_train
from nnscratch.data.synthetic import registry
from nnscratch.generate import train_loop
from nnscratch.generate.evaluate import command as judge
from nnscratch.style import pairs, train_stylizer, train_texture

__all__ = ["make_tiny"]


def make_tiny():
    """Shrink what no option of the command line can shrink; for the rest of this process and its children."""
    tqdm.tqdm.monitor_interval = 0  # no thread, which a fork would not copy
    judge.STEPS = classify_train.FEWEST = 2
    train_texture.IMAGES_PER_PATTERN, train_texture.TEST_CROPS, train_texture.PAINTINGS = 2, 50, 1
    train_texture.PAINTING_SIDE = 160
    whole = train_texture.TextureDataset
    pairs.TextureDataset = lambda seed, side, count: whole(seed, side, min(count, 2))
    train_texture.SAVE_EVERY = train_stylizer.SAVE_EVERY = 2
    train_loop.train.__wrapped__.__kwdefaults__["save_every"] = 2
    train_loop.EARLY_GRIDS = (0, 1, 3)
    demo.print_table = lambda module: True
    demo.SIZE, demo.STEPS, demo.JUDGED = 48, 2, 20
    demo.TRAINING = demo.Options(preset="nano", steps=2, batch_size=4)
    demo.glyphs = lambda: registry.make_synthetic("glyphs", 100, 0, None)
