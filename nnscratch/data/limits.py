"""How much a file from a stranger may ask for. A few bytes can promise terabytes; a promise beyond these is refused."""
from nnscratch.errors import InputError

LARGEST = 4 * 2**30    # bytes of a data set, unpacked: 350,000 colour images of 64x64
MOST_CLASSES = 2**16   # the largest data sets have some 20,000


def check_labels(path, labels, most=MOST_CLASSES):
    """Raises InputError unless all labels (N,) are from 0 to most - 1: each class gets a name, so a huge one eats memory."""
    if labels.size and labels.dtype.kind in "iu" and not (labels.min() >= 0 and labels.max() < most):
        raise InputError(f"{path} has labels from {labels.min()} to {labels.max()}, expected 0 to {most - 1}: number the "
                         f"classes from 0, or take the file that belongs to these images")
