"""NumPy's own files as data sets: .npy with pictures, .npz with pictures and labels. Never a pickle inside.

Shapes: pictures (N, H, W), (N, H, W, 1 or 3), or channels first, (N, 1 or 3, H, W); bytes, or floats in [0, 1] or [-1, 1].
"""
import zipfile
from pathlib import Path

import numpy as np

from nnscratch.data.dataset import Dataset, to_bytes
from nnscratch.errors import InputError

PICTURES, LABELS = ("images", "x", "x_train", "data", "arr_0"), ("labels", "y", "y_train", "arr_1")
LARGEST = 8 * 2**30  # bytes of all arrays, unpacked


def read_arrays(path):
    """The Dataset in an .npy or .npz file. Raises InputError for anything that is not one, or too large."""
    path = Path(path)
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
            if size > LARGEST:
                raise InputError(f"{path} unpacks to {size} bytes, expected {LARGEST} at most; give fewer or smaller pictures")
            with np.load(path, allow_pickle=False) as found:
                images, labels = (next((found[name] for name in names if name in found), None) for names in (PICTURES, LABELS))
                if images is None:
                    raise InputError(f"{path} holds {', '.join(found)[:200] or 'nothing'}, expected pictures under one of the "
                                     f"names {', '.join(PICTURES)}; save them under one of these")
        else:
            images, labels = np.load(path, mmap_mode="r", allow_pickle=False), None  # mapped: a lying header costs nothing
            if images.nbytes > LARGEST:
                raise InputError(f"{path} holds {images.nbytes} bytes, expected {LARGEST} at most; give fewer pictures")
    except InputError:
        raise
    except Exception as error:  # a damaged file can fail in any way at all, for want of memory as well
        raise InputError(f"{path} is no whole file of NumPy ({str(error)[:90] or type(error).__name__}), expected .npy or "
                         f".npz without pickles") from error
    labels = None if labels is None else labels.reshape(-1) if labels.ndim == 2 and labels.shape[1] == 1 else labels
    return Dataset(pixels(path, images), labels, title=f"pictures of {path.name}")


def pixels(path, images):
    """Pictures in any of the allowed forms as bytes (N, H, W, C)."""
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim == 4 and images.shape[3] not in (1, 3) and images.shape[1] in (1, 3):
        images = images.transpose(0, 2, 3, 1)
    if images.ndim != 4 or images.shape[3] not in (1, 3) or images.size == 0:
        raise InputError(f"{path} holds an array {images.shape}, expected (N, H, W), (N, H, W, 1 or 3) or (N, 1 or 3, H, W)")
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    low, high = (float(images.min()), float(images.max())) if images.dtype.kind == "f" else (np.nan, np.nan)
    if not (-1 <= low and high <= 1):
        raise InputError(f"{path} holds {images.dtype} from {low:g} to {high:g}, expected bytes, or floats in [0, 1] or "
                         f"[-1, 1]; divide by 255")
    return to_bytes(images if low < 0 else images * 2 - 1)
