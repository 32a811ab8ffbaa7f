"""The version of nnscratch: in one place, which imports nothing."""

__version__ = "0.1.0"
