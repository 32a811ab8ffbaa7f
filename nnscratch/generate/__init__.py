"""Train a generator, sample images from it, evaluate them."""
__all__: list[str] = []
