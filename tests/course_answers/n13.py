"""Notebook 13: wrong answers, with what their diagnosis must say, and right ones in another style."""
import numpy as np

from course_answers.solutions import S
from nnscratch.course.checks.generator_design import example_generator


def padded(before):
    """The live taps with other padding before the image: before(total padding)."""
    def taps(side, kernel):
        outputs = (side + 1) // 2
        p = before(max(2 * (outputs - 1) + kernel - side, 0))
        pixels = 2 * np.arange(outputs)[:, None] + np.arange(kernel) - p
        return int(((pixels >= 0) & (pixels < side)).any(axis=0).sum())**2
    return taps


def one_position(side, kernel):
    p = max(2 * ((side + 1) // 2 - 1) + kernel - side, 0) // 2
    return len([i for i in range(kernel) if 0 <= i - p < side])**2


def by_image(side, kernel):
    """A convolution of ones with a kernel of ones shows which taps meet a pixel."""
    outputs = -(-side // 2)
    total = max(2 * (outputs - 1) + kernel - side, 0)
    padded_row = np.pad(np.ones(side), (total // 2, total - total // 2))
    met = np.zeros(kernel)
    for h in range(outputs):
        met = np.maximum(met, padded_row[2 * h:2 * h + kernel])
    return int(np.outer(met, met).sum())


def rows(*changes):
    """The example with rows replaced: (number, row), or removed: (number, None)."""
    listing = example_generator()
    for number, row in changes:
        listing[number] = row
    return lambda: [row for row in listing if row is not None]


WRONG = [
    ("side_after", lambda size, blocks: size // 2**blocks, "rounded down"),
    ("side_after", lambda size, blocks: (size + 1) // 2, "one block only"),
    ("side_after", lambda size, blocks: max(1, size // 2**blocks), "rounded down"),
    ("side_after", lambda size, blocks: max(1, round(size / 2**blocks)), "to the nearest"),
    ("side_after", lambda size, blocks: S["side_after"](size, max(blocks, 1)), "size = 7, blocks = 0"),
    ("side_after", lambda size, blocks: size / 2**blocks, "no half pixels"),
    ("side_after", lambda size, blocks: size - 2 * blocks, "two pixels away"),
    ("live_taps", lambda side, kernel: round(S["live_taps"](side, kernel)**0.5), "this is along one axis"),
    ("live_taps", lambda side, kernel: S["live_taps"](side, kernel) / kernel**2, "this is a fraction"),
    ("live_taps", lambda side, kernel: kernel * kernel, "no tap is ever dead"),
    ("live_taps", lambda side, kernel: kernel**2 - S["live_taps"](side, kernel), "these are the dead taps"),
    ("live_taps", lambda side, kernel: min(side, kernel)**2, "this is min(side, kernel)"),
    ("live_taps", one_position, "one output position alone"),
    ("live_taps", padded(lambda padding: padding), "half of the padding before"),
    ("live_taps", padded(lambda padding: 0), "half of the padding before"),
    ("which_generate", ["generates", "generates", "forgets z", "range"], "one pixel is left"),
    ("which_generate", ["shrinks", "range", "forgets z", "range"], "tanh bounds its three channels"),
    ("which_generate", ["shrinks", "generates", "generates", "range"], "normalises one value alone"),
    ("which_generate", ["shrinks", "generates", "forgets z", "generates"], "Look at the last layer"),
    ("which_generate", ["shrinks", "generates", "range", "forgets z"], "the batch has 64 samples"),
    ("which_generate", ["shrinks", "generates", "forgets z", "shrinks"], "doubles the side"),
    ("generator_shapes", lambda: 5, "expected a list of rows"),
    ("generator_shapes", lambda: [("linear", 512)], "'linear' is no layer"),
    ("generator_shapes", rows((0, ("dense",))), "dense has 1 whole numbers, got none"),
    ("generator_shapes", rows((0, ("dense", 500))), "reshape to (4, 4, 32) needs 512 values"),
    ("generator_shapes", rows((1, None)), "reads an image"),
    ("generator_shapes", rows((1, ("reshape", 2, 2, 128))), "is to have 4 x 4 pixels"),
    ("generator_shapes", rows((6, None)), "no activation stands before it"),
    ("generator_shapes", rows((4, ("conv_transpose", 16, 3, 2, 1))), "the kernel is no multiple of the stride"),
    ("generator_shapes", rows((4, ("conv_transpose", 16, 4, 2, 0))), "the last shape is (20, 20, 1), expected (16, 16, 1)"),
    ("generator_shapes", rows((7, ("conv_transpose", 3, 4, 2, 1))), "the last shape is (16, 16, 3)"),
    ("generator_shapes", rows((8, ("leaky_relu",))), "are not bounded"),
    ("generator_shapes", rows((4, ("conv_transpose", 16, 4, 4, 0)), (7, ("conv", 1, 3, 1, 1))), "two transposed convolutions"),
    ("generator_shapes", rows((0, ("dense", 2048)), (1, ("reshape", 4, 4, 128))), "parameters are more than"),
]
RIGHT = [
    ("side_after", lambda size, blocks: -(-size // 2**blocks)),
    ("side_after", lambda size, blocks: int(np.ceil(size / 2**blocks))),
    ("live_taps", by_image),
    ("live_taps", padded(lambda padding: (padding + 1) // 2)),  # a mirror image: it has as many
    ("which_generate", {"A": "Shrinks", "B": "generates", "C": "forgets z", "D": "range"}),
    ("generator_shapes", lambda: [["dense", 256], ["leaky_relu"], ["reshape", 4, 4, 16], ["conv_transpose", 16, 4, 2, 1],
                                  ["leaky_relu"], ["conv_transpose", 8, 6, 2, 2], ["batch_norm"], ["leaky_relu"],
                                  ["conv", 1, 3, 1, 1], ["tanh"]]),
]
