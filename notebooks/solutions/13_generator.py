"""Solutions of notebook 13."""


def side_after(size, blocks):
    """The side of an image after so many blocks: a whole number."""
    for _ in range(blocks):
        size = (size + 1) // 2
    return size


def live_taps(side, kernel):
    """How many of the kernel * kernel taps meet a pixel at some output position: a whole number."""
    outputs = (side + 1) // 2
    before = max(2 * (outputs - 1) + kernel - side, 0) // 2
    live = {i for h in range(outputs) for i in range(kernel) if 0 <= 2 * h + i - before < side}
    return len(live)**2


which_generate = ["shrinks", "generates", "forgets z", "range"]


def generator_shapes():
    """The layers from a latent vector (32,) to an image (16, 16, 1) in [-1, 1], a list of rows."""
    return [("dense", 4 * 4 * 32), ("reshape", 4, 4, 32), ("batch_norm",), ("leaky_relu",),
            ("conv_transpose", 16, 4, 2, 1), ("batch_norm",), ("leaky_relu",),
            ("conv_transpose", 1, 4, 2, 1), ("tanh",)]
