"""Checkerboard artifacts: how kernels overlap, and how much of an image is a checkerboard."""
import numpy as np
import pytest
from helpers import normal, same
from hypothesis import assume, given
from hypothesis import strategies as st

from nnscratch.style.checkerboard import checkerboard_fraction, overlap_counts


def waves(h, w, period):
    """cos along both axes, with a period in pixels."""
    return np.outer(*(np.cos(2 * np.pi * np.arange(side) / period) for side in (h, w)))[None, :, :, None]


@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 7), st.integers(1, 7))
def test_overlaps_equal_a_count_by_loops(kernel_size, stride, h, w):
    """Two loops over the kernels of one axis count the overlaps; kernels are cropped at the border."""
    assume(kernel_size >= stride)  # no gaps

    def along(length):
        counts, before = np.zeros(length * stride), (kernel_size - stride) // 2
        for k in range(length):
            for pixel in range(k * stride - before, k * stride - before + kernel_size):
                if 0 <= pixel < len(counts):
                    counts[pixel] += 1
        return counts
    same(overlap_counts((h, w), kernel_size, stride), np.outer(along(h), along(w)), 1e-12)


def test_a_kernel_divisible_by_the_stride_covers_pixels_equally():
    """Except at the border. Size 3 with stride 2 gives one, two and four overlaps alternately."""
    assert (overlap_counts((8, 8), 4, 2)[1:-1, 1:-1] == 4).all()
    same(overlap_counts((8, 8), 3, 2)[4:6, 4:6], np.array([[4.0, 2.0], [2.0, 1.0]]))


def test_checkerboard_fraction():
    """1 for a pattern of the period, also with decreasing amplitude; 0 for a slow wave and for grey; noise as documented."""
    assert checkerboard_fraction(waves(64, 64, 2)) > 0.999
    assert checkerboard_fraction(waves(64, 64, 2) * (1.5 + waves(64, 64, 32))) > 0.999
    assert checkerboard_fraction(waves(48, 48, 3)) < 1e-12 < 0.999 < checkerboard_fraction(waves(48, 48, 3), stride=3)
    assert checkerboard_fraction(waves(64, 64, 16)) < 1e-12 and checkerboard_fraction(np.full((1, 16, 16, 3), 0.5)) < 1e-12
    assert checkerboard_fraction(normal(8, 256, 256, 1)) == pytest.approx(3 / 64, rel=0.1)
