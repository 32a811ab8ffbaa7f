"""How faces.npz was made: the outlines of 21 typefaces that travel with matplotlib 3.11. Nothing else needs this file.

    python -m tools.trace_faces

Outlines travel with us because matplotlib before 3.11 lacks one of the faces, and so that a browser's Python, NumPy and
nothing else, has them too. Their licences stand in faces_licences.txt.

Shapes: P pieces, int16 (P, 3, 2), each a curve of three points (row, column), in twelfths of a point from the middle
of the box that faces.py describes; counts, (21, 36): how many pieces each character of each face has.
"""
from pathlib import Path

import numpy as np

from nnscratch.data.synthetic.faces import FACES, FILE, HEIGHT, UNITS_PER_POINT, WIDTH, characters


def trace(face, character):
    """The outline of one character, fitted to the box: int16 (pieces, 3, 2). A straight line has its control halfway."""
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


def main():
    """Write faces.npz, the same bytes every time."""
    traced = [[trace(face, character) for character in characters(False) + characters(True)] for face in FACES]
    counts = np.array([[len(pieces) for pieces in face] for face in traced], np.uint16)
    np.savez_compressed(FILE, pieces=np.concatenate([pieces for face in traced for pieces in face]), counts=counts)


if __name__ == "__main__":
    main()
