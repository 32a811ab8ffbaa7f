"""How faces.npz was made: the outlines of 21 typefaces that come with matplotlib 3.11. Nothing else needs this file.

    python -m tools.trace_faces

The package contains the outlines because matplotlib before 3.11 lacks one of the faces, and because a browser's Python may have
only NumPy. Their licences are in faces_licences.txt.

Shapes: P pieces, int16 (P, 3, 2), each a curve of three points (row, column), in twelfths of a point from the middle
of the box that faces.py describes; counts, (21, 36): how many pieces each character of each face has.
"""
from pathlib import Path

import numpy as np

from nnscratch.data.synthetic.faces import FACES, FILE, HEIGHT, UNITS_PER_POINT, WIDTH, characters


def trace(face: str, character: str) -> np.ndarray:
    """The outline of one character, fitted to the box: int16 (pieces, 3, 2). The control point of a line is its middle."""
    import matplotlib
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath
    file = Path(matplotlib.get_data_path(), "fonts", "ttf", face + ".ttf")
    path = TextPath((0, 0), character, size=100, prop=FontProperties(fname=str(file)))  # unhinted, whatever FreeType
    pieces = []
    for curve, code in path.iter_bezier():
        begin, halfway, end = curve(0.0), curve(0.5), curve(1.0)
        if code != path.MOVETO and np.any(begin != end):
            pieces.append([begin, 2 * halfway - (begin + end) / 2, end])
    pieces = np.array(pieces)[..., ::-1] * [-1, 1]  # (x, y), y up, becomes (row, column)
    low, high = pieces[:, 0].min(axis=0), pieces[:, 0].max(axis=0)
    scale = min([HEIGHT, WIDTH] / (high - low))
    return np.rint((pieces - (low + high) / 2) * scale * UNITS_PER_POINT).astype(np.int16)


def main() -> None:
    """Write faces.npz, the same bytes every time."""
    traced = [[trace(face, character) for character in characters(False) + characters(True)] for face in FACES]
    counts = np.array([[len(pieces) for pieces in face] for face in traced], np.uint16)
    np.savez_compressed(FILE, pieces=np.concatenate([pieces for face in traced for pieces in face]), counts=counts)


if __name__ == "__main__":
    main()
