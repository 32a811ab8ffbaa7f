"""Limits on what an untrusted file may ask for: a few bytes can promise terabytes; a promise beyond these is refused."""
from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.files import FilePath

__all__: list[str] = []

MAX_BYTES = 4 * 2**30  # of a data set, unpacked: 350,000 colour images of 64x64
MAX_CLASSES = 2**16    # the largest data sets have some 20,000


def check_labels(path: FilePath, labels: Array, num_classes: int = MAX_CLASSES) -> None:
    """Raise InputError unless all labels (N,) are in 0 to num_classes - 1: each class has a name, so a huge one eats memory."""
    if labels.size and labels.dtype.kind in "iu" and not (labels.min() >= 0 and labels.max() < num_classes):
        raise InputError(f"{path} has labels from {labels.min()} to {labels.max()}, expected 0 to {num_classes - 1}: number "
                         f"the classes from 0, or take the file that belongs to these images")
