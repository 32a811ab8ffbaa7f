"""The engine: the names of ops, quicker."""
