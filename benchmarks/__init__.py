"""How fast is a convolution in NumPy, and why? `python -m benchmarks --help` runs it, README.md explains it."""
import os
import sys

# Orders to NumPy's BLAS alone to behave as on an older processor. PyTorch's does not obey them, so with them set no
# comparison would be fair. They must go before NumPy is imported; the run begins by saying which were dropped.
DROPPED = {}
if "--keep-settings" not in sys.argv:
    DROPPED = {name: os.environ.pop(name) for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if os.environ.get(name)}
