"""Synthetic data sets by name: "glyphs", "letters", "shapes" and "textures", drawn by rule, without a download or an end."""
from nnscratch.data.dataset import Dataset
from nnscratch.data.limits import MAX_BYTES
from nnscratch.data.synthetic.glyphs import glyphs
from nnscratch.data.synthetic.shapes import shapes
from nnscratch.data.synthetic.textures import textures
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_choice, check_int

__all__ = ["DEFAULT_COUNT", "SYNTHETIC", "make_synthetic"]

SYNTHETIC = ("glyphs", "letters", "shapes", "textures")
DEFAULT_COUNT = 20_000  # images


def make_synthetic(name: str, count: int = DEFAULT_COUNT, seed: int = 0, size: int | None = None) -> Dataset:
    """Draw a synthetic data set.

    Parameters
    ----------
    name : {"glyphs", "letters", "shapes", "textures"}
        Which one.
    count : int
        Number of images.
    seed : int
        The same seed gives the same images.
    size : int, optional
        Rows and columns of an image; by default 28 for glyphs and letters, 32 for shapes and textures.

    Returns
    -------
    Dataset
        The images, labelled.

    Raises
    ------
    InputError
        An unknown name, more bytes than a data set may take, or what the data set's own function refuses.

    Examples
    --------
    >>> make_synthetic("letters", count=5, size=16).images.shape
    (5, 16, 16, 1)
    """
    check_choice(name, "synthetic data", SYNTHETIC)
    count, size = check_int(count, "count", 1), None if size is None else check_int(size, "size", 8)
    if 3 * count * (size or 0)**2 > MAX_BYTES:
        raise InputError(f"{count} {name} of {size}x{size} pixels would take {3 * count * (size or 0)**2 / 2**30:.0f} GB, "
                         f"expected at most {MAX_BYTES / 2**30:.0f}; use a smaller size")
    options = {} if size is None else {"size": size}
    if name in ("glyphs", "letters"):
        return glyphs(count, seed=seed, letters=name == "letters", **options)
    return {"shapes": shapes, "textures": textures}[name](count, seed=seed, **options)
