"""Checkerboards: how kernels overlap, how much of an image is a checkerboard, and that one of two ways begins with one."""
import numpy as np
import pytest
from helpers import normal, same
from hypothesis import assume, given
from hypothesis import strategies as st

from nnscratch.style.checkerboard import checkerboard_fraction, compare_upsamplings, overlap_counts


def waves(h, w, period):
    """cos along both axes, of so many pixels a period."""
    return np.outer(*(np.cos(2 * np.pi * np.arange(side) / period) for side in (h, w)))[None, :, :, None]


@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 7), st.integers(1, 7))
def test_overlaps_are_counted(kernel_size, stride, h, w):
    """As by two loops over the kernels of one axis; beyond the border they are cut off, first and last by half."""
    assume(kernel_size >= stride)  # no gaps

    def along(length):
        counts, before = np.zeros(length * stride), (kernel_size - stride) // 2
        for k in range(length):
            for pixel in range(k * stride - before, k * stride - before + kernel_size):
                if 0 <= pixel < len(counts):
                    counts[pixel] += 1
        return counts
    same(overlap_counts((h, w), kernel_size, stride), np.outer(along(h), along(w)), 1e-12)


def test_a_kernel_that_the_stride_divides_covers_all_alike():
    """But for the border. 3 over 2: one, two and four in turn."""
    assert (overlap_counts((8, 8), 4, 2)[1:-1, 1:-1] == 4).all()
    same(overlap_counts((8, 8), 3, 2)[4:6, 4:6], np.array([[4.0, 2.0], [2.0, 1.0]]))


def test_how_much_is_a_checkerboard():
    """A pattern of the period: all of it, also where it fades; a slow wave: nothing; noise as the docstring says; grey: 0."""
    assert checkerboard_fraction(waves(64, 64, 2)) > 0.999
    assert checkerboard_fraction(waves(64, 64, 2) * (1.5 + waves(64, 64, 32))) > 0.999
    assert checkerboard_fraction(waves(48, 48, 3)) < 1e-12 < 0.999 < checkerboard_fraction(waves(48, 48, 3), stride=3)
    assert checkerboard_fraction(waves(64, 64, 16)) < 1e-12 and checkerboard_fraction(np.full((1, 16, 16, 3), 0.5)) < 1e-12
    assert checkerboard_fraction(normal(8, 256, 256, 1)) == pytest.approx(3 / 64, rel=0.1)


def test_before_training_one_way_is_a_checkerboard():
    """More than a third of the transposed way's variance, less than a twentieth of the other's; a few steps bring it down."""
    image = 0.5 + 0.3 * (waves(32, 48, 16) + 0.1 * normal(1, 32, 48, 3)).astype(np.float32)
    before, after = compare_upsamplings(image), compare_upsamplings(image, steps=15)
    assert checkerboard_fraction(before["transposed"]) > 0.33 and checkerboard_fraction(before["resize"]) < 0.05
    assert checkerboard_fraction(after["transposed"]) < 0.5 * checkerboard_fraction(before["transposed"])
    assert all(made.shape == image.shape and np.isfinite(made).all() for made in after.values())
