"""Whole small files of every kind, made by the commands themselves in some seconds: the originals that are then damaged.

Shapes: photographs 40x32, data sets of 240 images 16x16x1 in two classes.
"""
import os
import shutil
import signal

import numpy as np
from PIL import Image

from tests.child import start, wait

__all__ = ["SETTINGS", "make_inputs", "make_originals", "run"]

SETTINGS = {  # the shortest run of each command
    "style": ["--size", "32", "--steps", "2"], "fast": ["--fast", "--size", "32"],
    "generator": ["--preset", "nano", "--groups", "0", "--steps", "2", "--batch-size", "2", "--learning-rate", "1e-4"],
    "texture data": ["--method", "texture", "--size", "16", "--steps", "1", "--batch-size", "2"],
    "classifier": ["--preset", "small", "--steps", "2", "--batch-size", "2", "--learning-rate", "1e-4"],
    "gallery": ["--size", "16", "--steps", "1"], "judge": ["--count", "40"], "generate": ["--grid", "2x2"]}


def make_originals(base):
    """Write the originals to a folder; raises RuntimeError where the library fails to make one."""
    make_inputs(base)
    for command in commands(base):
        run(command, base)
    state_of(["style", base / "photo.png", base / "style.png", "-o", base / "out.png", "--keep-colors", "luminance",
              *SETTINGS["style"]], base, "out.png.state", 1)
    write_vgg(base / "vgg.safetensors")


def make_inputs(base):
    """Write images and a data set to a folder."""
    rng = np.random.default_rng(0)
    base.mkdir(exist_ok=True)
    for name, shape in (("photo.png", (32, 40, 3)), ("style.png", (40, 48, 3)), ("mask.png", (32, 40))):
        Image.fromarray(rng.integers(0, 256, shape).astype(np.uint8)).save(base / name)
    labels = np.arange(240) % 2
    pixels = (rng.integers(0, 100, (240, 16, 16)) + 150 * labels[:, None, None] * (np.arange(16) > 7)).astype(np.uint8)
    np.savez(base / "data.npz", images=pixels, labels=labels)
    flower = Image.fromarray(rng.integers(0, 256, (150, 150, 3)).astype(np.uint8))
    flower.save(base / "large.png")


def commands(base):
    """The commands that write originals."""
    data = ["--data", base / "data.npz", "--device", "cpu"]
    yield ["train", "generator", "-o", base / "generator", *data, *SETTINGS["generator"]]
    yield ["train", "generator", "-o", base / "unlabelled", *data, "--unconditional", *SETTINGS["generator"], "--groups", "3"]
    yield ["train", "generator", "-o", base / "pieces", "--data", base / "style.png", *SETTINGS["texture data"]]
    yield ["train", "classifier", "-o", base / "classes", *data, *SETTINGS["classifier"]]
    yield ["train", "texture", "-o", base / "texture", "--steps", "2"]
    yield ["train", "stylizer", base / "large.png", "-o", base / "stylizer", "--steps", "2"]
    yield ["judge", "--from", base / "generator" / "best.safetensors", "-o", base / "judged", *data, *SETTINGS["judge"]]
    for path in ("generator", "unlabelled", "pieces"):
        yield ["generate", "--from", base / path / "best.safetensors", "-o", base / f"{path}.png", *SETTINGS["generate"]]
    for name, more in (("out", []), ("other", ["--optimizer", "adam", "--mask", base / "mask.png", "--blend", "1"])):
        yield ["style", base / "photo.png", base / "style.png", "-o", base / f"{name}.png", "--keep-colors", "luminance",
               *SETTINGS["style"], *more]


def run(command, base):
    """Run one command, which must succeed."""
    outcome = wait(start(command, base), base)
    if outcome.code:
        raise RuntimeError(f"{command} ended with {outcome.code}: {outcome.stderr[-2000:]}")


def state_of(command, base, name, at_step):
    """Keep the file that a transfer leaves when it is interrupted after so many steps, and remove it from the output."""
    def interrupt_later():
        from nnscratch.style import sidecar
        count, save = [0], sidecar.StateSaver.save

        def counted(self, state):
            save(self, state)
            count[0] += 1
            if count[0] == at_step:
                os.kill(os.getpid(), signal.SIGINT)
        sidecar.StateSaver.save = counted
    expected = (base / "out.png").read_bytes(), (base / "out.png.json").read_bytes()
    outcome = wait(start(command, base, interrupt_later), base)
    if outcome.code != 130:
        raise RuntimeError(f"an interrupted transfer ended with {outcome.code}: {outcome.stderr}")
    shutil.move(base / name, base / "style.state")
    (base / "out.png").write_bytes(expected[0])
    (base / "out.png.json").write_bytes(expected[1])


def write_vgg(path):
    """Weights with the names and shapes of VGG-16, of half precision; the colours of the first layer agree, as if trained."""
    from safetensors.numpy import save_file

    from nnscratch.networks.vgg import layout
    rng, arrays = np.random.default_rng(0), {}
    for _, _, name, inputs, width in layout("vgg16"):
        kernel = rng.standard_normal((width, inputs, 3, 3), np.float32) * (2 / 9 / inputs)**0.5
        arrays[f"{name}.weight"] = (kernel if inputs > 3 else kernel[:, :1].repeat(3, axis=1)).astype(np.float16)
        arrays[f"{name}.bias"] = np.zeros(width, np.float16)
    save_file(arrays, path)
