"""The readers: for each, how a hostile file is made and which command reads it.

    case = make_case("mask", rng, place)      writes the file below place.inputs, and perhaps what is resumed below place.output
"""
from tests.fuzz import data_sets
from tests.fuzz.cases import WHOLE, Case, Place, style
from tests.fuzz.damage import pick, put_something_else
from tests.fuzz.originals import SETTINGS
from tests.fuzz.pictures import film, picture
from tests.fuzz.videos import fast_video, video_state
from tests.fuzz.weights import (
    classifier,
    generator_file,
    image_classifier,
    sidecar,
    style_state,
    stylizer,
    texture_features,
    training,
    vgg,
)

__all__ = ["READERS", "Case", "Place", "make_case"]


def hostile_picture(rng, place, name="odd"):
    """(path, words) of a hostile picture, or of something else."""
    if rng.random() < 0.12:
        return put_something_else(rng, place.inputs / f"{name}.png")
    data, extension, words = picture(rng)
    path = place.inputs / f"{name}.{extension}"
    path.write_bytes(data)
    return path, words


def photograph(rng, place):
    path, words = hostile_picture(rng, place)
    more = pick(rng, [[], [], ["--keep-colors", "luminance"], ["--mask", place.base / "mask.png"], ["--every", "1"],
                      ["--features", "random"], ["--max-memory", "1"]])
    return Case(style(place, path, "night", *more), words, place.output / "out.png")


def style_image(rng, place):
    path, words = hostile_picture(rng, place)
    more = pick(rng, [[], [], ["--keep-colors", "match"], ["--style-scale", "4"], ["--statistics", "covariance"]])
    return Case(style(place, None, path, *more), words, place.output / "out.png")


def mask(rng, place):
    path, words = hostile_picture(rng, place)
    if rng.random() < 0.3:
        other, more = hostile_picture(rng, place, "other")
        command = style(place, None, None, "--mask", path, "--mask", other)
        return Case([*command[:3], "night", *command[3:]], f"{words} and {more}", place.output / "out.png")
    return Case(style(place, None, None, "--mask", path), words, place.output / "out.png")


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


def classified(rng, place):
    path, words = hostile_picture(rng, place)
    return Case(["classify", path, "--from", place.base / "classes", "-o", place.output / "why.png"], words,
                place.output / "why.png")


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
    "style state": style_state, "sidecar": sidecar, "output": output, "image classifier": image_classifier,
    "image classifier state": training("classes", "classifier", "--steps", "3"), "classified image": classified,
    "fast video": fast_video, "video state": video_state}


def make_case(reader, rng, place):
    """Write the hostile file and return the case."""
    case = READERS[reader](rng, place)
    if case.words.endswith(WHOLE):
        case.codes = (0,)
    return case
