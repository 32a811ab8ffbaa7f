"""The course as web pages that can be read from a disk, without a server and without the network: python -m notebooks.site."""
