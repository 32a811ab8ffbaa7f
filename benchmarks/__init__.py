"""How fast is a convolution in NumPy, and why? `python -m benchmarks --help` runs it, README.md explains it."""
