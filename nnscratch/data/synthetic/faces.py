"""Printed characters as signed distance fields: at each point, the distance to the nearest edge of the stroke.

A typeface stores each character as curves. From them this file computes, at every point of a 64 x 64 square, the distance
to the nearest edge, in points, positive in the ink and negative on the paper. Such a field is more useful than an image of
the character: it can be enlarged, rotated and bent without jagged edges, adding 1 to it makes every stroke 2 points wider,
and `clip(distance + 0.5, 0, 1)` is the ink of a smooth edge (Green, "Improved Alpha-Tested Magnification for Vector
Textures and Special Effects", SIGGRAPH 2007 courses).

The curves are stored in faces.npz (made by tools/trace_faces.py; faces_licences.txt names the sources) and rasterised here,
so that pixels do not depend on the version of a font library. Shapes: an outline is P curves (P, 3, 2), then S segments,
starts (S, 2) and ends (S, 2), all as (row, column) relative to the middle of the square; a field is (64, 64).
"""
from functools import lru_cache
from pathlib import Path

import numpy as np

from nnscratch.backend import Array
from nnscratch.errors import InputError

__all__ = ["FACES", "glyph_templates"]

FACES = [  # of matplotlib's 40 font files, those with lining digits and capitals; the others hold symbols, or boxes
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique",
    "DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique",
    "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic",
    "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta",
    "cmr10", "cmb10", "cmss10", "cmti10", "cmtt10"]

SIDE = 64  # points along a side of the square
HEIGHT, WIDTH = 41, 42  # the centred box that a character fills; the margin is room for rotations and shifts
UNITS_PER_POINT = 12  # faces.npz stores twelfths of a point
FILE = Path(__file__).with_name("faces.npz")


def glyph_templates(letters: bool = False) -> tuple[Array, list[str]]:
    """Every character in every typeface, undistorted: what all images of `glyphs` are drawn from.

    Parameters
    ----------
    letters : bool
        The capitals A to Z instead of the digits 0 to 9.

    Returns
    -------
    templates : uint8 array (21, num_classes, 64, 64)
        Ink 255 on 0. All 210 digits differ, though the 1 and the 7 of DejaVuSans and DejaVuSansMono differ very little.
    faces : list of str
        The names of the 21 typefaces.

    Raises
    ------
    InputError
        `letters` is neither True nor False.

    Examples
    --------
    >>> glyph_templates()[0].shape
    (21, 10, 64, 64)
    """
    return np.rint(255 * (distance_fields(letters) + 0.5).clip(0, 1)).astype(np.uint8), list(FACES)


def characters(letters: bool) -> list[str]:
    """The names of the classes: the ten digits, or the capital letters."""
    if not isinstance(letters, (int, np.bool_)) or letters not in (True, False):
        raise InputError(f"letters is {letters!r}, expected True for A to Z or False for 0 to 9: give one of the two")
    return list("ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letters else "0123456789")


def distance_fields(letters: bool = False) -> Array:
    """The signed distance to the nearest edge, float32 (21, num_classes, 64, 64), in points, positive in the ink."""
    characters(letters)  # refuses what is neither True nor False
    return _distance_fields(bool(letters))


@lru_cache
def _distance_fields(letters: bool) -> Array:
    with np.load(FILE) as traced:  # integer arrays, no pickles
        pieces, counts = traced["pieces"] / UNITS_PER_POINT, traced["counts"]
    outlines = np.split(pieces, np.cumsum(counts)[:-1])
    here = slice(10, 36) if letters else slice(0, 10)
    wanted = [outlines[k] for k in np.arange(counts.size).reshape(counts.shape)[:, here].ravel()]
    fields = np.stack([signed_distance(*flatten_curves(outline)) for outline in wanted]).reshape(len(FACES), -1, SIDE, SIDE)
    fields.flags.writeable = False  # all callers share it
    return fields


def flatten_curves(outline: Array, segments: int = 6) -> tuple[Array, Array]:
    """Curves (P, 3, 2), each a start, control and end point, as six segments each: starts (6 P, 2), ends (6 P, 2).

    A quadratic Bézier curve passes through (1 - t)² start + 2 t (1 - t) control + t² end, t from 0 to 1.
    """
    t = np.linspace(0, 1, segments + 1)
    points = np.stack([(1 - t) ** 2, 2 * t * (1 - t), t ** 2], axis=1) @ outline  # (P, 7, 2)
    return points[:, :-1].reshape(-1, 2), points[:, 1:].reshape(-1, 2)


def signed_distance(starts: Array, ends: Array) -> Array:
    """The field (64, 64) of an outline: the distance to the nearest segment, its sign from the winding number.

    On the line a + t (b - a), the point nearest to p has t = (p - a)·(b - a) / |b - a|²; on the segment, t is clipped to
    [0, 1]. p is in the ink where the winding number is not 0: to the right of p, unequal numbers of segments go down and up.
    One row of points at a time, so that the arrays (64, S) stay in the cache.
    """
    starts, ends = starts.astype(np.float32), ends.astype(np.float32)
    (row, column), (down, right), last = starts.T, (ends - starts).T, ends[:, 0]
    points = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2
    rows, columns = points[:, None] - row, points[:, None] - column  # (64, S): from a to p
    length2 = np.maximum(down ** 2 + right ** 2, 1e-9)  # some segments have length 0
    row_part, column_part = rows * (down / length2), columns * (right / length2)  # of t
    crosses = (points[:, None] >= row) != (points[:, None] >= last)  # p's row lies between a and b; in one of two that meet
    crossing = np.divide(rows * right, down, out=np.zeros_like(rows), where=crosses)  # columns to the right of a
    field = np.empty((SIDE, SIDE), np.float32)
    for k in range(SIDE):
        t = (row_part[k] + column_part).clip(0, 1)
        nearest2 = ((rows[k] - t * down) ** 2 + (columns - t * right) ** 2).min(axis=-1)
        winding = np.where(crosses[k] & (columns < crossing[k]), np.sign(down), 0).sum(axis=-1)
        field[k] = np.sqrt(nearest2) * np.where(winding != 0, 1, -1)
    return field
