"""The version of nnscratch, stated in this one place, which imports nothing."""

__all__ = ["__version__"]

__version__ = "0.2.0"
