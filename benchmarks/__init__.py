"""How fast is a convolution in NumPy, and why? `python -m benchmarks --help` runs it, README.md explains it."""
import os
import sys

# These settings make NumPy's BLAS, and only that, behave as on an older processor. PyTorch ignores them, so with them set no
# comparison would be fair. They are removed before NumPy is imported; the run begins by printing which were dropped.
DROPPED = {}
if "--keep-settings" not in sys.argv:
    DROPPED = {name: os.environ.pop(name) for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if os.environ.get(name)}
