"""Small files that hold huge images take less than 1 GB, whatever reads them."""
import sys

import pytest
from memory_use import peak_megabytes
from PIL import Image
from test_colour import P3, rgb_profile

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux")]

SIDE = 9400  # just below Pillow's limit against decompression bombs


def huge(folder, name, mode, colour, **options):
    """One colour, so that the file is small, below 2 MB though it is compressed in haste."""
    image = Image.new(mode, (SIDE, SIDE), colour)
    if mode == "P":
        image.putpalette([200, 100, 50] * 256)
    image.save(folder / name, compress_level=1, **options)
    return folder / name


TURNED = Image.Exif()
TURNED[0x0112] = 6
FILES = {"colour": ("a.png", "RGB", (200, 100, 50), {"exif": TURNED}), "alpha": ("a.png", "RGBA", (200, 100, 50, 90), {}),
         "palette": ("a.gif", "P", 3, {"transparency": 3}), "bits": ("a.png", "1", 1, {}), "deep": ("a.png", "I;16", 40000, {}),
         "floats": ("a.tif", "F", 0.5, {"compression": "tiff_deflate"}), "webp": ("a.webp", "RGB", (200, 100, 50), {}),
         "profile": ("a.png", "RGBA", (200, 100, 50, 90), {"icc_profile": rgb_profile(P3)}),
         "jpeg": ("a.jpg", "CMYK", (9, 9, 9, 9), {"progressive": True, "subsampling": 0})}


@pytest.mark.parametrize("kind", FILES)
def test_huge_images(tmp_path, kind):
    """Shrunk, as a mask and in a data set; at full size they are refused."""
    name, mode, colour, options = FILES[kind]
    path = huge(tmp_path, name, mode, colour, **options)
    codes = ("from nnscratch.data.images import read_image; read_image(sys.argv[1], 4000)",
             "from nnscratch.data.images import read_image; read_image(sys.argv[1])",
             "from nnscratch.data.masks import read_mask; read_mask(sys.argv[1], (3000, 4000))",
             "from nnscratch.data.readers.folder import read_folder; read_folder(sys.argv[2], 64)",
             "from nnscratch.data.readers.folder import read_folder; read_folder(sys.argv[2])")
    for code in codes if kind == "bits" else codes[:1]:  # the others decode in the same way
        assert peak_megabytes(code, path, tmp_path) < 950
