"""What the files of trainings and generators say about themselves, and the limits that their writers and readers share.

Shapes: images (H, W, C), C is 1 or 3.
"""
from nnscratch.errors import InputError
from nnscratch.generate.inputs import TEXTURE
from nnscratch.hints import checked
from nnscratch.networks.gan import PRESETS, dense_size
from nnscratch.ops.validation import check_choice
from nnscratch.schema import Rule, anything, each, mapping, number, one_of, optional, record, text, whole
from nnscratch.training.resume import history_rule

__all__ = ["MAX_SIDE", "check_limits"]

MIN_SIDE, MAX_SIDE = 4, 512  # pixels: the dense layer of a generator for larger images would take gigabytes
MAX_TEXTURE_SIDE = 2048  # the weights of a texture generator do not grow with the image
MAX_CLASSES = 10_000

NAMES = each(text(), 0, MAX_CLASSES)
GENERATOR = record(what=one_of("generator"), preset=text(), shape=each(whole(1, MAX_TEXTURE_SIDE), 3, 3), names=NAMES,
                   data=text(), classes=whole(0, MAX_CLASSES), seed=whole(),
                   shares=optional(each(number(0, 1), 0, MAX_CLASSES)))
TRAINING: Rule = record(what=one_of("training"), options=mapping(anything), data=optional(mapping(anything)), step=whole(),
                        history=history_rule("g_norm", ["score"]))


@checked
def check_limits(what: str, preset: str, shape: tuple[int, ...], num_classes: int) -> None:
    """Raise InputError for a generator that could be trained, but whose file could not be read.

    Parameters
    ----------
    what : str
        Where the numbers come from, for the error message.
    preset : str
        Of the networks.
    shape : (H, W, C)
        Of an image.
    num_classes : int
        K; 0 without labels.
    """
    check_choice(preset, f"{what}: preset", (*PRESETS, TEXTURE))
    side = MAX_TEXTURE_SIDE if preset == TEXTURE else MAX_SIDE
    if not (len(shape) == 3 and MIN_SIDE <= min(shape[:2]) and max(shape) <= side and shape[2] in (1, 3)):
        raise InputError(f"{what}: images of {shape[1]}x{shape[0]} pixels and {shape[2]} channels, expected {MIN_SIDE} to "
                         f"{side} a side, grey or colour; use --size to resize them")
    if not 0 <= num_classes <= MAX_CLASSES:
        raise InputError(f"{what}: {num_classes} classes, expected at most {MAX_CLASSES}; use fewer, or --unconditional")


def check_file_size(what: str, preset: str, shape: tuple[int, ...], values: int) -> None:
    """Raise InputError if so few numbers cannot be this generator: before its arrays are made, which may be huge."""
    needed = 0 if preset == TEXTURE else dense_size(preset, shape)
    if values < needed:
        raise InputError(f"{what} holds {values} numbers, expected at least {needed} for a generator {preset} of images "
                         f"{shape}; it is damaged, use another")
