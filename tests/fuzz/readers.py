"""The readers: for each, how a hostile file is made and which command reads it.

    case = make_case("mask", rng, place)      writes the file below place.inputs, and perhaps what is resumed below place.output
"""
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import data_sets
from tests.fuzz.damage import Tensors, damage_json, damage_tensors, pick, put_something_else
from tests.fuzz.originals import SETTINGS
from tests.fuzz.pictures import film, picture

__all__ = ["READERS", "Case", "Place", "make_case"]

WHOLE = "nothing wrong with it"


@dataclass
class Place:
    """Where a case finds and puts its files; whatever touches the canary was executed."""
    base: Path
    inputs: Path
    output: Path
    canary: Path


@dataclass
class Case:
    """A command, words about the hostile file, and, where a wrong value must not change the result, the result.

    codes : the exit codes that are right
    """
    command: list
    words: str
    result: Path
    equal: Path | None = None
    codes: tuple[int, ...] = (0, 2)


def hostile_picture(rng, place, name="odd"):
    """(path, words) of a hostile picture, or of something else."""
    if rng.random() < 0.12:
        return put_something_else(rng, place.inputs / f"{name}.png")
    data, extension, words = picture(rng)
    path = place.inputs / f"{name}.{extension}"
    path.write_bytes(data)
    return path, words


def style(rng, place, content=None, painting=None, *more):
    """A command that paints in a second."""
    out = place.output / "out.png"
    return ["style", content or place.base / "photo.png", painting or place.base / "style.png", "-o", out, *SETTINGS["style"],
            "--device", "cpu", *more]


def photograph(rng, place):
    path, words = hostile_picture(rng, place)
    more = pick(rng, [[], [], ["--keep-colors", "luminance"], ["--mask", place.base / "mask.png"], ["--every", "1"],
                      ["--features", "random"], ["--max-memory", "1"]])
    return Case(style(rng, place, path, "night", *more), words, place.output / "out.png")


def style_image(rng, place):
    path, words = hostile_picture(rng, place)
    more = pick(rng, [[], [], ["--keep-colors", "match"], ["--style-scale", "4"], ["--statistics", "covariance"]])
    return Case(style(rng, place, None, path, *more), words, place.output / "out.png")


def mask(rng, place):
    path, words = hostile_picture(rng, place)
    if rng.random() < 0.3:
        other, more = hostile_picture(rng, place, "other")
        command = style(rng, place, None, None, "--mask", path, "--mask", other)
        return Case([*command[:3], "night", *command[3:]], f"{words} and {more}", place.output / "out.png")
    return Case(style(rng, place, None, None, "--mask", path), words, place.output / "out.png")


def fast_photograph(rng, place):
    path, words = hostile_picture(rng, place)
    both = pick(rng, [[path, "night"], [place.base / "photo.png", path]])
    return Case(["style", *both, "-o", place.output / "out.png", *SETTINGS["fast"]], words, place.output / "out.png")


def fast_film(rng, place):
    data, extension = film(rng)
    if rng.random() < 0.15:
        path, words = put_something_else(rng, place.inputs / "film.gif")
    else:
        path, words = place.inputs / f"film.{pick(rng, [extension, 'gif', 'GIF'])}", extension
        path.write_bytes(data)
    out = place.output / pick(rng, ["out.gif", "out.gif", "out.png"])
    return Case(["style", path, "night", "-o", out, *SETTINGS["fast"]], words, out)


def fast_folder(rng, place):
    path, words = data_sets.folder(rng, place.inputs / "folder", place.canary)
    out = place.output / "painted"
    return Case(["style", path, "night", "-o", out, *SETTINGS["fast"]], words, out, None, (0, 1, 2))  # 1: some were left out


def gallery(rng, place):
    path, words = hostile_picture(rng, place)
    return Case(["gallery", path, "-o", place.output / "out.png", *SETTINGS["gallery"]], words, place.output / "out.png")


def texture_data(rng, place):
    path, words = hostile_picture(rng, place)
    return Case(["train", "generator", "--data", path, "-o", place.output / "t", *SETTINGS["texture data"]], words,
                place.output / "t")


def single_style(rng, place):
    path, words = hostile_picture(rng, place)
    return Case(["train", "stylizer", path, "-o", place.output / "s", "--steps", "1"], words, place.output / "s")


def data(function):
    """A reader of data sets: most are trained on, some are judged by."""
    def make(rng, place):
        path, words = function(rng, place.inputs / "data", place.canary)
        if rng.random() < 0.08:
            path, words = put_something_else(rng, place.inputs / "else")
        size = pick(rng, [[], [], ["--size", "16"]])
        if rng.random() < 0.2:
            return Case(["judge", "--from", place.base / "generator" / "best.safetensors", "--data", path, *SETTINGS["judge"],
                         *size, "-o", place.output / "j"], f"judge, {words}", place.output / "j")
        return Case(["train", "generator", "--data", path, "-o", place.output / "g", *SETTINGS["generator"], *size], words,
                    place.output / "g")
    return make


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
    if rng.random() < 0.2:
        more = pick(rng, [["--class", "1"], ["--side", "64"], ["--seed", "3"]])
        return Case(["generate", "--from", path, "-o", out, *SETTINGS["generate"], *more], f"{kind}: {words}", out)
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


def stylizer(rng, place):
    path, words, wrong = hostile(rng, place.base / "stylizer" / "stylizer.safetensors", place.inputs / "s.safetensors")
    out = place.output / "out.png"
    return Case(["style", place.base / "photo.png", "night", "-o", out, "--weights", path, *SETTINGS["fast"]], words, out)


def texture_features(rng, place):
    path, words, _ = hostile(rng, place.base / "texture" / "features.safetensors", place.inputs / "f.safetensors")
    return Case(style(rng, place, None, None, "--weights", path), words, place.output / "out.png")


def vgg(rng, place):
    def small(rng, data):  # mostly without the data: 20 MB a file would be all the work
        file = Tensors(data)
        if rng.random() < 0.7:
            file.data = file.data[:3456]
            names = [name for name in file.table if file.table[name]["data_offsets"][1] <= 3456] or list(file.table)[:1]
            file.table = {name: file.table[name] for name in names}
        return damage_tensors(rng, file.pack())
    path, words, _ = hostile(rng, place.base / "vgg.safetensors", place.inputs / "v.safetensors", small)
    return Case(style(rng, place, None, None, "--features", "vgg16", "--weights", path), words, place.output / "out.png")


def style_state(rng, place):
    out = place.output / "out.png"
    words, wrong = in_place(rng, place.base / "style.state", place.output / "out.png.state")
    return Case(["style", "--resume", "-o", out], words, out, place.base / "out.png" if wrong else None)


def sidecar(rng, place):
    name = pick(rng, ["out", "other"])
    path, words, wrong = hostile(rng, place.base / f"{name}.png.json", place.inputs / "odd.json", damage_json)
    out = place.output / "again.png"
    return Case(["style", "--again", path, "-o", out], words, out, place.base / f"{name}.png" if wrong else None)


def output(rng, place):
    """A whole input, and an output that is hostile."""
    named, words = put_something_else(rng, place.output / "out.png")
    command = pick(rng, [["style", place.base / "photo.png", "night", *SETTINGS["style"], *pick(rng, [[], ["--every", "1"]])],
                         ["style", place.base / "photo.png", "night", *SETTINGS["fast"]], ["generate", *SETTINGS["generate"]],
                         ["gallery", place.base / "photo.png", *SETTINGS["gallery"]], ["generate", "--walk", "3"],
                         ["train", "generator", "--data", place.base / "data.npz", *SETTINGS["generator"]],
                         ["style", "--resume"], ["judge", *SETTINGS["judge"], "--data", place.base / "data.npz", "--from",
                                                 place.base / "generator" / "best.safetensors"]])
    return Case([*command, "-o", named], f"{command[0]} to {words}", place.output)


READERS = {
    "photograph": photograph, "style image": style_image, "mask": mask, "fast photograph": fast_photograph,
    "fast film": fast_film, "fast folder": fast_folder, "gallery": gallery, "texture data": texture_data,
    "single style": single_style,
    "npy": data(data_sets.npy), "npz": data(data_sets.npz), "idx": data(data_sets.idx), "folder": data(data_sets.folder),
    "cifar binary": data(data_sets.cifar_binary), "cifar pickle": data(data_sets.cifar_pickle),
    "class names": data(data_sets.class_names),
    "generator": generator_file, "generator state": training("generator", "generator", "--steps", "3"),
    "texture state": training("texture", "texture"), "stylizer state": training("stylizer", "stylizer"),
    "classifier": classifier, "stylizer": stylizer, "texture features": texture_features, "vgg": vgg,
    "style state": style_state, "sidecar": sidecar, "output": output}


def make_case(reader, rng, place):
    """Write the hostile file and return the case."""
    case = READERS[reader](rng, place)
    if case.words.endswith(WHOLE):
        case.codes = (0,)
    return case
