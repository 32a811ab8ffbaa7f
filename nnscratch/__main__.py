"""`python -m nnscratch` is the command `nnscratch`, for when the console script is not on the path."""
import sys

from nnscratch.cli import main

if __name__ == "__main__":
    sys.exit(main())
