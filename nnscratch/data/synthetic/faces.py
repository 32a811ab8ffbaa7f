"""Printed characters as fields of distance: how far is it from here to the edge of the stroke?

A typeface stores each character as curves. From them we compute, at every point of a 64 x 64 square, the distance to the
nearest edge, in points, positive in the ink and negative on the paper. Such a field is worth more than an image of the
character: it can be enlarged, turned and bent without turning ragged, adding 1 to it makes every stroke 2 points wider,
and `clip(distance + 0.5, 0, 1)` is the ink of a smooth edge (Green, "Improved Alpha-Tested Magnification for Vector
Textures and Special Effects", SIGGRAPH 2007 courses).

The curves travel in faces.npz (trace_faces.py made it; faces_licences.txt says from what) and are drawn here, so that
no version of a font library moves a grey level. Shapes: an outline is P curves (P, 3, 2), then S straight pieces, (S, 2)
where each begins and (S, 2) where it ends, all as (row, column) from the middle of the square; a field is (64, 64).
"""
from functools import lru_cache
from pathlib import Path

import numpy as np

from nnscratch.errors import InputError

FACES = [  # of the 40 files in matplotlib, those that hold lining digits and capitals; the others are symbols, or boxes
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique",
    "DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique",
    "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic",
    "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta",
    "cmr10", "cmb10", "cmss10", "cmti10", "cmtt10"]

SIDE = 64  # points along a side of the square
HEIGHT, WIDTH = 41, 42  # the box in its middle that a character fills; the rest is room to turn and move
STEPS = 12  # faces.npz counts in twelfths of a point
FILE = Path(__file__).with_name("faces.npz")


def masters(letters=False):
    """Every character in every face, undistorted: what all images of `glyphs` are drawn from.

    Returns
    -------
    uint8 array (21, classes, 64, 64), ink 255 on 0, classes 10 (digits) or 26 (capitals); the list of 21 face names.
    All 210 digits differ, though the 1 and the 7 of DejaVuSans and DejaVuSansMono do so by a hair.

    Raises
    ------
    InputError : letters that is neither True nor False.
    """
    return np.rint(255 * (fields(letters) + 0.5).clip(0, 1)).astype(np.uint8), list(FACES)


def characters(letters):
    """The classes: the ten digits, or the capital letters."""
    if letters not in (True, False):
        raise InputError(f"letters is {letters!r}, expected True for A to Z or False for 0 to 9: give one of the two")
    return list("ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letters else "0123456789")


def fields(letters=False):
    """The distance to the nearest edge, float32 (21, classes, 64, 64), in points, positive in the ink."""
    characters(letters)  # refuses what is neither True nor False
    return _fields(bool(letters))


@lru_cache
def _fields(letters):
    with np.load(FILE) as traced:  # arrays of whole numbers, no pickles
        pieces, counts = traced["pieces"] / STEPS, traced["counts"]
    outlines = np.split(pieces, np.cumsum(counts)[:-1])
    here = slice(10, 36) if letters else slice(0, 10)
    wanted = [outlines[k] for k in np.arange(counts.size).reshape(counts.shape)[:, here].ravel()]
    made = np.stack([distance(*straight(outline)) for outline in wanted]).reshape(len(FACES), -1, SIDE, SIDE)
    made.flags.writeable = False  # all callers share it
    return made


def straight(outline, cuts=6):
    """Curves (P, 3, 2), that is begin, control and end, as six straight pieces each: begins (6 P, 2), ends (6 P, 2).

    A quadratic Bezier curve: at t from 0 to 1 it is at (1 - t)^2 begin + 2 t (1 - t) control + t^2 end.
    """
    t = np.linspace(0, 1, cuts + 1)
    points = np.stack([(1 - t) ** 2, 2 * t * (1 - t), t ** 2], axis=1) @ outline  # (P, 7, 2)
    return points[:, :-1].reshape(-1, 2), points[:, 1:].reshape(-1, 2)


def distance(begins, ends):
    """The field (64, 64) of an outline: the distance to the nearest piece, its sign from the winding number.

    On the line a + t (b - a), the point nearest to p has t = (p - a).(b - a) / |b - a|^2; on the piece, t stays in [0, 1].
    p is in the ink where the outline winds around it: right of p, unequal numbers of pieces go down and up.
    """
    begins, ends = begins.astype(np.float32), ends.astype(np.float32)
    (row, column), (down, right), last = begins.T, (ends - begins).T, ends[:, 0]
    points = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2
    rows, columns = points[:, None, None] - row, points[:, None] - column  # (64, 1, S) and (64, S): from a to p
    length2 = np.maximum(down ** 2 + right ** 2, 1e-9)  # some pieces have no length
    t = (rows * (down / length2) + columns * (right / length2)).clip(0, 1)
    nearest2 = ((rows - t * down) ** 2 + (columns - t * right) ** 2).min(axis=-1)
    rows, points = rows[:, 0], points[:, None]
    crosses = (points >= row) != (points >= last)  # p's row lies between a and b; where two pieces meet, it is in one
    where = np.divide(rows * right, down, out=np.zeros_like(rows), where=crosses)  # how far right of a
    winding = np.where(crosses[:, None] & (columns < where[:, None]), np.sign(down), 0).sum(axis=-1)
    return np.sqrt(nearest2) * np.where(winding != 0, 1, -1).astype(np.float32)
