"""What a training looks like: grids of images, a film of them, curves of what was measured.

Shapes: images (N, H, W, C) in [-1, 1] -> a grid (rows * H + gaps, columns * W + gaps, C) of bytes.
"""
import io

import numpy as np

from nnscratch.data.dataset import to_bytes
from nnscratch.errors import InputError

SMALLEST_GRID = 480  # pixels a side: small images are enlarged by a whole number, so that a pixel stays a square


def grid(images, columns=10, gap=2, enlarge=True):
    """The images in rows on grey ground, as a Pillow image; `gap` pixels apart."""
    from PIL import Image
    n, h, w, c = images.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    sheet = np.full((rows * (h + gap) + gap, columns * (w + gap) + gap, c), 128, np.uint8)
    for k, image in enumerate(to_bytes(images)):
        top, left = gap + k // columns * (h + gap), gap + k % columns * (w + gap)
        sheet[top:top + h, left:left + w] = image
    image = Image.fromarray(sheet[..., 0] if c == 1 else sheet)
    factor = max(1, round(SMALLEST_GRID / max(image.size))) if enlarge else 1
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def film(images, milliseconds=250, pause=2000):
    """Pillow images of one size as the bytes of an animated GIF, which rests on the last one."""
    if not images:
        raise InputError("a film of no images was asked for, expected at least one")
    data, durations = io.BytesIO(), [milliseconds] * (len(images) - 1) + [pause]
    images[0].save(data, "GIF", save_all=True, append_images=images[1:], duration=durations, loop=0)
    return data.getvalue()


def png(image):
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


PANELS = [
    ("how far off a pixel is (VAE, IMLE: root mean square; GLO: mean absolute)", {"off": "generated images"}, {}),
    ("how far from the texture's statistics (1: nothing of them)", {"style": "generated images"}, {}),
    ("divergence of codes from plain noise", {"divergence": "encoder"}, {}),
    ("losses", {"d_loss": "discriminator", "g_loss": "generator"}, {}),
    ("how real the discriminator calls them", {"d_real": "real images", "d_fake": "generated images"}, {"undecided": 0.5}),
    ("length of the gradients", {"g_norm": "generator", "d_norm": "discriminator"}, {}),
    ("diversity (1: as different as real ones)", {"diversity": "generated images"}, {"real": 1.0}),
]


def plot(history, clueless=None):
    """The history of a training, a list of dicts with "step", as the bytes of a PNG; `clueless`: the value of each loss where
    the discriminator knows nothing."""
    from matplotlib.figure import Figure  # no pyplot: no window, no state
    steps = [record["step"] for record in history]
    scored = [(record["step"], record["score"]) for record in history if "score" in record]
    panels = [panel for panel in PANELS if next(iter(panel[1])) in history[0]]
    panels += [("recognised by the judge", {"score": "generated images"}, {})] if scored else []
    figure = Figure(figsize=(9, 2.3 * len(panels)), layout="constrained")
    for axes, (title, curves, marks) in zip(np.atleast_1d(figure.subplots(len(panels), sharex=True)), panels):
        for (name, label), color in zip(curves.items(), ("#0072b2", "#d55e00")):
            if name != "score" and name not in history[0]:
                continue
            points = scored if name == "score" else list(zip(steps, (record[name] for record in history)))
            axes.plot(*zip(*points), color=color, label=label, linewidth=1, marker="o" if name == "score" else None)
        if "d_loss" in curves:
            marks = {f"{label}: knows nothing": clueless[name] for name, label in curves.items()} if clueless else {}
        for label, value in marks.items():
            axes.axhline(value, color="0.5", linewidth=0.8, linestyle=":")
            axes.annotate(label, (1, value), xycoords=("axes fraction", "data"), xytext=(3, 0), textcoords="offset points",
                          color="0.4", fontsize=8, va="center")
        if "norm" in "".join(curves):
            axes.set_yscale("log")
        axes.set_title(title, loc="left", fontsize=10)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, fontsize=8, ncols=2)
    axes.set_xlabel("step")
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110)
    return data.getvalue()
