"""Minimal filtering F(m, r): m outputs of a filter with r taps by m + r - 1 multiplications instead of m * r.

Shapes: d (m+r-1,) samples, g (r,) taps, y (m,) outputs,  y[i] = Σ_l d[i + l] * g[l].  k = m + r - 1.

    y = Aᵀ [ (G g) * (Bᵀ d) ]        A (k, m), G (k, r), B (k, k);  * multiplies element by element

Where the matrices come from: multiply a polynomial p of degree m - 1 by a polynomial g of degree r - 1. The product has k
coefficients, so it is known from its values at k points, and there it costs one multiplication each: p(a) * g(a).

    evaluate p at the points        A:  row a is (1, a, a², ..., a^(m-1))
    evaluate g at the points        G:  row a is (1, a, a², ..., a^(r-1)), divided by Π_{b≠a} (a - b)
    interpolate the product         B:  column a has the coefficients of Π_{b≠a} (x - b)

The last "point" is infinity, where a polynomial's value is its leading coefficient. So the product's coefficients are
B[(G g) * (A p)]: for fixed g a linear map of p, and its matrix has g[l] in row i + l, column i. The filter above has
g[l] in row i, column i + l: it is the transpose, and transposing reverses the order: y = Aᵀ[(G g) * (Bᵀ d)].

Source: Winograd, "Arithmetic complexity of computations" (1980), chapter V; Lavin and Gray, "Fast algorithms for
convolutional neural networks" (2016), section 4.
"""
from collections.abc import Iterable
from fractions import Fraction
from functools import cache

import numpy as np

__all__ = ["winograd_matrices"]

# Small points keep the powers in A and G small, and with them the rounding error: in float32 it is 6e-7 for F(4, 3) and 1.2e-6
# for F(6, 3), in the relative Euclidean norm, where the plain sum has 3e-7. The point 1 comes first, because winograd.py adds
# the bias to its product.
POINTS = (Fraction(1), Fraction(-1), Fraction(0), Fraction(2), Fraction(-1, 2), Fraction(-2), Fraction(1, 2))
ZERO, ONE = Fraction(0), Fraction(1)
MAX_PRODUCTS = len(POINTS) + 1  # with infinity; more points would cost more accuracy than they save time


@cache
def winograd_matrices(outputs: int, taps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the matrices of F(m, r).

    Parameters
    ----------
    outputs, taps : int
        m and r; k = m + r - 1 is at most 8.

    Returns
    -------
    AT, G, BT : array (m, k), (k, r), (k, k)
        In float64.

    Examples
    --------
    >>> AT, G, BT = winograd_matrices(2, 3)
    >>> d, g = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 0.0, -1.0])
    >>> AT @ ((G @ g) * (BT @ d))
    array([-2., -2.])
    """
    count = outputs + taps - 1
    points = POINTS[:count - 1]
    a: list[list[Fraction]] = []
    g: list[list[Fraction]] = []
    bt: list[list[Fraction]] = []
    for point in points:
        others = [other for other in points if other != point]
        scale = ONE
        for other in others:
            scale *= point - other
        a.append([point**i for i in range(outputs)])
        g.append([point**i / scale for i in range(taps)])
        bt.append(polynomial(others) + [ZERO])
    a.append([ZERO] * (outputs - 1) + [ONE])
    g.append([ZERO] * (taps - 1) + [ONE])
    bt.append(polynomial(points))
    return np.array(a, dtype=np.float64).T, np.array(g, dtype=np.float64), np.array(bt, dtype=np.float64)


def polynomial(roots: Iterable[Fraction]) -> list[Fraction]:
    """The coefficients of Π (x - root), the constant one first."""
    coefficients = [Fraction(1)]
    for root in roots:
        shifted = [Fraction(0), *coefficients]                              # x * p
        scaled = [*(root * value for value in coefficients), Fraction(0)]   # root * p
        coefficients = [p - q for p, q in zip(shifted, scaled)]
    return coefficients
