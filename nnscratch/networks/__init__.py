"""Networks assembled from layers, and nothing else."""
