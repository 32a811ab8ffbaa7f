"""Readers of the user's files; `open_dataset` recognises the format and calls the right one."""
from nnscratch.data.readers.formats import open_dataset

__all__ = ["open_dataset"]
