"""Five methods to train the same generator, each a Trainer of its own:

    gan       against a discriminator: sharp images, the hardest to train
    vae       behind an encoder: every image is covered, all are blurred
    glo       from a learned code for each image: covered, soft
    imle      by the nearest of several samples: no mode of the data is forgotten
    texture   by the Gram matrices of one texture: new pieces of it
"""
from nnscratch.data.dataset import Dataset
from nnscratch.generate.methods.gan import GANTrainer
from nnscratch.generate.methods.glo import GLOTrainer
from nnscratch.generate.methods.imle import IMLETrainer
from nnscratch.generate.methods.texture import TextureTrainer
from nnscratch.generate.methods.vae import VAETrainer
from nnscratch.generate.options import Options
from nnscratch.generate.trainer import Trainer
from nnscratch.hints import checked

__all__ = ["METHODS", "make_trainer"]

METHODS: dict[str, type[Trainer]] = {
    "gan": GANTrainer, "vae": VAETrainer, "glo": GLOTrainer, "imle": IMLETrainer, "texture": TextureTrainer}


@checked
def make_trainer(dataset: Dataset, options: Options) -> Trainer:
    """Create the trainer of a method.

    Parameters
    ----------
    dataset : Dataset, the real images
    options : Options; `options.method` selects the trainer

    Returns
    -------
    Trainer
        Before its first step.

    Examples
    --------
    >>> from nnscratch.data.synthetic.glyphs import glyphs
    >>> trainer = make_trainer(glyphs(100, size=16), Options(preset="nano", batch_size=4))
    >>> sorted(trainer.step())
    ['d_fake', 'd_loss', 'd_norm', 'd_real', 'diversity', 'g_loss', 'g_norm']
    """
    return METHODS[options.method](dataset, options)
