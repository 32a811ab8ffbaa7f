"""Minimal filtering F(m, r): fewer multiplications, the same results."""
import numpy as np
import pytest
from helpers import normal, same

from nnscratch.fast.cpu.winograd_matrices import MAX_PRODUCTS, polynomial, winograd_matrices

FILTERS = [(m, k + 1 - m) for k in range(1, MAX_PRODUCTS + 1) for m in range(1, k + 1)]


@pytest.mark.parametrize("m, r", FILTERS)
def test_outputs_equal_the_filter(m, r):
    """y[i] = Σ_l d[i + l] g[l] with m + r - 1 multiplications, for all m and r up to 8 multiplications."""
    at, g, bt = winograd_matrices(m, r)
    samples, taps = normal(m + r - 1), normal(r)
    same(at @ ((g @ taps) * (bt @ samples)), np.correlate(samples, taps, mode="valid"), 1e-10)
    assert at.shape == (m, m + r - 1) and g.shape == (m + r - 1, r) and bt.shape == (m + r - 1, m + r - 1)


@pytest.mark.parametrize("m, r", FILTERS)
def test_the_input_transform_is_the_same_for_the_gradient(m, r):
    """F(m, r) and F(r, m) have the same Bᵀ: forward and dkernel of a convolution transform x in the same way."""
    same(winograd_matrices(m, r)[2], winograd_matrices(r, m)[2])


@pytest.mark.parametrize("m, r", FILTERS)
def test_the_first_product_is_added_to_all_outputs(m, r):
    """Aᵀ's first column is ones, so the bias is added there: the point 1, or infinity if it is the only point and m is 1."""
    same(winograd_matrices(m, r)[0][:, 0], np.ones(m))


def test_lavin_and_grays_numbers():
    """F(2, 3) for d = 1 2 3 4 and g = 1 10 100 is 321 and 432: constants in the test, not computed."""
    at, g, bt = winograd_matrices(2, 3)
    same(at @ ((g @ [1, 10, 100]) * (bt @ [1, 2, 3, 4])), np.array([321.0, 432.0]))


def test_a_polynomial_from_its_roots():
    """(x - 1)(x + 2)(x - 3) = 6 - 5 x - 2 x² + x³."""
    assert polynomial([1, -2, 3]) == [6, -5, -2, 1]
