"""Readers of safetensors and JSON: generators, trainings, classifiers, weights, states, records; one damage in a whole file."""
import shutil

import numpy as np

from tests.fuzz.cases import WHOLE, Case, style
from tests.fuzz.damage import Tensors, damage_bytes, damage_json, damage_tensors, pick, put_something_else
from tests.fuzz.originals import SETTINGS
from tests.fuzz.pickles import evil_pickle
from tests.torch_pickles import Raw, legacy, state, tensor, zipped

__all__ = ["classifier", "generator_file", "image_classifier", "sidecar", "style_state", "stylizer", "texture_features",
           "training", "vgg"]


def hostile(rng, original, path, damage=damage_tensors):
    """Write a damaged copy, or something else; returns (what to name on the command line, words, wrong type)."""
    if rng.random() < 0.06:  # whole: the command must succeed
        path.write_bytes(original.read_bytes())
        return path, WHOLE, True
    if rng.random() < 0.1:
        return *put_something_else(rng, path), False
    made, words, wrong = damage(rng, original.read_bytes())
    path.write_bytes(made)
    return path, words, wrong


def generator_file(rng, place):
    kind = pick(rng, ["generator", "unlabelled", "pieces"])
    path, words, wrong = hostile(rng, place.base / kind / "best.safetensors", place.inputs / "g.safetensors")
    out = place.output / "out.png"
    if rng.random() < 0.2:
        return Case(["judge", "--from", path, "--data", place.base / "data.npz", "-o", place.output / "j", *SETTINGS["judge"]],
                    f"judge, {kind}: {words}", place.output / "j")
    return Case(["generate", "--from", path, "-o", out, *SETTINGS["generate"]], f"{kind}: {words}", out,
                place.base / f"{kind}.png" if wrong else None)


def in_place(rng, original, path, damage=damage_tensors):
    """As `hostile`, where the command line does not name the file."""
    _, words, wrong = hostile(rng, original, path, damage)
    return words, wrong


def training(name, *command):
    """A reader of the state of a training."""
    def make(rng, place):
        folder = place.output / "t"
        shutil.copytree(place.base / name, folder, symlinks=True)
        path = folder / "state.safetensors"
        path.unlink()
        words, _ = in_place(rng, place.base / name / "state.safetensors", path)
        return Case(["train", *command, "--resume", "-o", folder], words, folder, None, (0, 1, 2))  # 1: huge weights diverge
    return make


def classifier(rng, place):
    training_too = rng.random() < 0.5
    original = place.base / ("generator" if training_too else "judged") / "judge.safetensors"
    folder = place.output / "t"
    shutil.copytree(original.parent, folder, symlinks=True)
    (folder / "judge.safetensors").unlink()
    if training_too:
        command = ["train", "generator", "--resume", "--steps", "3"]
    else:
        command = ["judge", "--from", place.base / "generator" / "best.safetensors", "--data", place.base / "data.npz",
                   *SETTINGS["judge"]]
    words, _ = in_place(rng, original, folder / "judge.safetensors")
    return Case([*command, "-o", folder], f"{command[0]}: {words}", folder)


def image_classifier(rng, place):
    path, words, wrong = hostile(rng, place.base / "classes" / "best.safetensors", place.inputs / "c.safetensors")
    out = place.output / "why.png"
    more = pick(rng, [[], ["-o", out]])
    return Case(["classify", place.base / "mask.png", "--from", path, "--device", "cpu", *more], words, out if more else
                place.output)


def stylizer(rng, place):
    path, words, wrong = hostile(rng, place.base / "stylizer" / "stylizer.safetensors", place.inputs / "s.safetensors")
    out = place.output / "out.png"
    return Case(["style", place.base / "photo.png", "night", "-o", out, "--weights", path, *SETTINGS["fast"]], words, out)


def texture_features(rng, place):
    path, words, _ = hostile(rng, place.base / "texture" / "features.safetensors", place.inputs / "f.safetensors")
    return Case(style(place, None, None, "--weights", path), words, place.output / "out.png")


def vgg(rng, place):
    def small(rng, data):  # mostly without the data: 20 MB a file would be all the work
        file = Tensors(data)
        if rng.random() < 0.7:
            file.data = file.data[:3456]
            names = [name for name in file.table if file.table[name]["data_offsets"][1] <= 3456] or list(file.table)[:1]
            file.table = {name: file.table[name] for name in names}
        return damage_tensors(rng, file.pack())
    if rng.random() < 0.5:
        path, words = pth(rng, place)
    else:
        path, words, _ = hostile(rng, place.base / "vgg.safetensors", place.inputs / "v.safetensors", small)
    return Case(style(place, None, None, "--features", "vgg16", "--weights", path), words, place.output / "out.png")


def pth(rng, place):
    """A .pth file of a few tensors: evil, or with one damage."""
    arrays = {"features.0.weight": np.zeros((64, 3, 3, 3), "f2"), "features.0.bias": np.zeros(64, "f2")}
    write, path = pick(rng, [zipped, legacy]), place.inputs / "v.pth"
    value, words, changed = state(arrays), "of zeros", {}
    if rng.random() < 0.4:
        evil, words = evil_pickle(rng, place.canary)
        value, changed = Raw(evil[2:-1] if evil[:1] == b"\x80" else evil[:-1]), {"data.pkl": evil}
    elif rng.random() < 0.5:
        odd = {name: pick(rng, [-1, 0, 1, 2**31, 2**62, 10**12]) for name in ("offset", "length")}
        strides = tuple(pick(rng, [-1, 0, 1, 9, 2**40]) for _ in range(4))
        value = {"features.0.weight": tensor(arrays["features.0.weight"], "0", strides=strides, **odd)}
        words = f"{strides}, {odd}"
    data = write(value, [*arrays.values()], **({"changed": changed} if write is zipped else {}))
    if rng.random() < 0.4:
        data, damage = damage_bytes(rng, data)
        words = f"{words}, {damage}"
    path.write_bytes(data)
    return path, f"{write.__name__} {words}"


def style_state(rng, place):
    out = place.output / "out.png"
    words, wrong = in_place(rng, place.base / "style.state", place.output / "out.png.state")
    return Case(["style", "--resume", "-o", out], words, out, place.base / "out.png" if wrong else None)


def sidecar(rng, place):
    name = pick(rng, ["out", "other"])
    path, words, wrong = hostile(rng, place.base / f"{name}.png.json", place.inputs / "odd.json", damage_json)
    out = place.output / "again.png"
    return Case(["style", "--again", path, "-o", out], words, out, place.base / f"{name}.png" if wrong else None)
