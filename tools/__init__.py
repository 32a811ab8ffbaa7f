"""Scripts that made the data and weights that come with nnscratch. The package does not need them."""
