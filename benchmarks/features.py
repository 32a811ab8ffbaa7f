"""`python -m benchmarks features --judge FILE.onnx`: which loss network transfers style best, according to another network.

The judge is any network for photographs as an ONNX file, with one input (N, side, side, 3) or (N, 3, side, side), run by
onnxruntime. Its features are read after its activations. Where these are ReLUs, its input is blue, green, red minus MEAN, as
for networks from Caffe; where they are SiLUs, x sigmoid(x), it is red, green, blue from 0 to 1, as for YOLO. For every pair of
images, loss network and strength:

    style     100 % if means and standard deviations of the judge's features equal the style image's, 0 % for the photograph
    content   the distance of its features from the photograph's, divided by that of the style image's (0: unchanged)

More strength gives more style and less content, so networks must be compared along the whole curve, not at one strength.
"""
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from nnscratch.data.synthetic.paintings import flow_painting
from nnscratch.fast import resize2d
from nnscratch.style.transfer import transfer_style

SIDE, NETWORKS, STRENGTHS, LAYERS = 224, ("random", "texture"), (25.0, 50.0, 75.0), 8
MEAN = (104.0, 117.0, 123.0)  # blue, green, red


class Watcher:
    """The judge: features of an image after LAYERS of its activations, spread over the first two thirds of its depth."""

    def __init__(self, path: str) -> None:
        import onnx
        import onnxruntime
        model = onnx.load(path)
        nodes = model.graph.node
        sigmoids = {node.output[0] for node in nodes if node.op_type == "Sigmoid"}
        relus = [node.output[0] for node in nodes if node.op_type == "Relu"]
        self.from_caffe = bool(relus)
        names = relus or [node.output[0] for node in nodes if node.op_type == "Mul" and sigmoids & set(node.input)]
        self.names = [names[k] for k in np.linspace(0, 2 * len(names) // 3, LAYERS).astype(int)]
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in self.names)
        self.session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0]

    def __call__(self, image: np.ndarray) -> list[np.ndarray]:
        """[(C, pixels)] of one image (1, H, W, 3) in [0, 1]."""
        image = resize2d(image.astype(np.float32), SIDE)[0]
        x = (255 * image[..., ::-1] - MEAN).astype(np.float32) if self.from_caffe else image
        if self.input.shape[1] == 3:
            x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        return [f.reshape(f.shape[1], -1) for f in self.session.run(self.names, {self.input.name: x})]


def moments(features: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Mean and standard deviation of every channel, as one vector for each layer."""
    return [np.concatenate([f.mean(axis=1), f.std(axis=1)]) for f in features]


def apart(a: Sequence[np.ndarray], b: Sequence[np.ndarray], unit: Sequence[np.ndarray]) -> float:
    """The distance of two lists of vectors: per layer relative to the norm of `unit`, then averaged."""
    return float(np.mean([np.linalg.norm(p - q) / (np.linalg.norm(u) + 1e-12) for p, q, u in zip(a, b, unit)]))


def score(watcher: Watcher, made: np.ndarray, content: np.ndarray, style: np.ndarray) -> tuple[float, float]:
    """(style, content) of an image."""
    made, content, style = (watcher(image) for image in (made, content, style))
    m, c, s = moments(made), moments(content), moments(style)
    unit = [p - q for p, q in zip(c, s)]
    return 1 - apart(m, s, unit), apart(made, content, [p - q for p, q in zip(style, content)])


def pairs() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(name, content, style): photographs and textures that none of our loss networks was trained on."""
    import skimage
    folder = Path(skimage.__file__).parent / "data"
    contents = {name: square(folder / f"{name}.png") for name in ("astronaut", "coffee", "chelsea")}
    styles = {"painting": flow_painting(SIDE, seed=0), "cells": square(folder / "ihc.png"),
              "gravel": square(folder / "gravel.png"), "stars": square(folder / "hubble_deep_field.jpg")}
    for content in contents:
        for style in styles:
            yield f"{content} x {style}", contents[content], styles[style]


def square(path: Path, side: int = SIDE) -> np.ndarray:
    """The middle of an image, side x side."""
    from PIL import Image
    with Image.open(path) as image:
        image = image.convert("RGB")
        shorter = min(image.size)
        left, top = (image.width - shorter) // 2, (image.height - shorter) // 2
        image = image.crop((left, top, left + shorter, top + shorter)).resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(image, np.float32)[None] / 255


def run(judge: str, networks: Sequence[str] = NETWORKS, strengths: Sequence[float] = STRENGTHS, steps: int = 40,
        keep: Callable | None = None) -> Iterator[dict]:
    """A row for each pair, network and strength: style, content, seconds. keep(pair, network, strength, image) gets each."""
    watcher = Watcher(judge)
    for name, content, style in pairs():
        for features in networks:
            for strength in strengths:
                start = time.perf_counter()
                made = transfer_style(content, style, features=features, strength=strength, steps=steps).image
                seconds = time.perf_counter() - start
                if keep is not None:
                    keep(name, features, strength, made)
                gained, distance = score(watcher, made, content, style)
                yield {"pair": name, "features": features, "strength": strength, "style": gained, "content": distance,
                       "seconds": seconds}
