"""The commands `nnscratch train generator`, `generate` and `judge`."""
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from test_training import data

from nnscratch.checkpoint import read_arrays
from nnscratch.cli import main
from nnscratch.generate.evaluate.command import recognition_score
from nnscratch.generate.inputs import generate_images
from nnscratch.generate.sampler import SHIPPED, load_generator
from tools.ship_generator import ship


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """A classifier that trains in a moment, and a data set of discs in a file."""
    monkeypatch.setattr("nnscratch.generate.evaluate.command.STEPS", 20)
    monkeypatch.chdir(tmp_path)
    discs = [data(seed, size=14) for seed in range(2)]
    np.savez("discs.npz", images=np.concatenate([d.images for d in discs]), labels=np.concatenate([d.labels for d in discs]))


BEST = ["--from", "generator/best.safetensors", "--device", "cpu"]
TRAIN = ["train", "generator", "--data", "discs.npz", "--preset", "nano", "--batch-size", "8", "--device", "cpu"]


@pytest.mark.slow
def test_train_resume_generate_judge(quick, capsys, tmp_path):
    """Four commands in a row, each with its report; a second training does not overwrite the first."""
    assert main([*TRAIN, "--steps", "12"]) == 0
    said = capsys.readouterr().out
    assert "360 images of discs.npz, 14 x 14 x 1, 2 classes; preset nano, steps 0 to 12" in said and "classifier of 2" in said
    assert main([*TRAIN, "--steps", "12"]) == 2
    assert "holds a training already; add --resume" in capsys.readouterr().err
    resume = ["train", "generator", "--resume"]  # no other arguments: data and options are in the folder
    assert main(resume) == 0 and "steps 12 to 12" in capsys.readouterr().out
    assert main([*resume, "--steps", "15"]) == 0 and "steps 12 to 15" in capsys.readouterr().out
    assert main([*resume, "--batch", "8"]) == 0, "the option's name in version 0.1"
    assert main([*resume, "--seed", "4"]) == 2
    assert "seed is 4, but the training in generator/state.safetensors was begun with 0" in capsys.readouterr().err
    assert main(["generate", *BEST, "-o", "grid.png", "--grid", "2x3"]) == 0
    assert "6 images written to grid.png" in capsys.readouterr().out and Image.open("grid.png").width > 300
    assert main(["generate", *BEST, "-o", "walk.gif", "--walk", "7", "--class", "1"]) == 0
    assert main(["generate", *BEST, "-o", "walk.webp", "--walk", "7", "--class", "1"]) == 0
    assert Image.open("walk.gif").n_frames == Image.open("walk.webp").n_frames == 7
    assert main(["judge", *BEST, "--data", "discs.npz", "--count", "60"]) == 0
    report = json.loads((tmp_path / "judged" / "report.json").read_text())
    assert report["images"] == 60 and report["temperature"] == 1 and "recognisable" in capsys.readouterr().out
    assert main(["judge", *BEST, "--data", "discs.npz", "--count", "60", "--temperature", "0.25", "-o", "cold"]) == 0
    cold = json.loads((tmp_path / "cold" / "report.json").read_text())
    assert cold["temperature"] == 0.25 and cold["frechet"]["distance"] != report["frechet"]["distance"]
    assert "not selected, at temperature 0.25." in (tmp_path / "cold" / "report.html").read_text()


@pytest.mark.slow
def test_a_training_limited_by_minutes(quick, capsys):
    """The number of steps is computed and printed first; groups replace labels, and all further options are used."""
    assert main([*TRAIN, "--minutes", "0.00001", "--unconditional", "--loss", "hinge", "--augment", "--r1", "0.5",
                 "--spectral-norm"]) == 0
    assert "14 groups; preset nano, steps 0 to 10" in capsys.readouterr().out


@pytest.mark.slow
def test_a_texture_from_one_image(quick, capsys):
    """Crops of the image are the data; samples have the size of a crop, or any requested size."""
    stripes = np.zeros((40, 40, 3), np.uint8)
    stripes[:, ::4] = 200, 100, 50
    Image.fromarray(stripes).save("stripes.png")
    assert main(["train", "generator", "--method", "texture", "--data", "stripes.png", "--size", "16", "--steps", "3",
                 "--device", "cpu"]) == 0
    sampler = load_generator("generator/best.safetensors")
    assert sampler.info["shape"] == [16, 16, 3] and sampler.info["preset"] == "texture" and sampler.info["steps"] == 3
    assert main(["generate", *BEST, "--side", "80", "-o", "large.png"]) == 0
    assert "1 image written" in capsys.readouterr().out and Image.open("large.png").size == (80, 80)
    for side in ("50", "4096", "-16"):  # not a multiple of 16, too large, negative
        assert main(["generate", *BEST, "--side", side, "-o", "large.png"]) == 2
    assert main(["generate", "--side", "64", "-o", "large.png"]) == 2
    error = capsys.readouterr().err
    assert "a side of 64 pixels was requested" in error and "has one size; leave it out" in error and "anew" not in error


@pytest.mark.slow
@pytest.mark.parametrize("arguments, words", [
    (["train", "generator", "--data", "nowhere"], "neither a file or folder nor one of glyphs"),
    (["train", "generator", "--preset", "huge"], "preset"),
    (["train", "generator", "--resume"], "generator holds no training to resume"),
    (["train", "generator", "--minutes", "-1"], "--minutes is -1.0"),
    (["train", "generator", "-o", "discs.npz/a"], "cannot make the folder"),
    (["train", "generator", "--method", "vae", "--r1", "5"], "r1 is 5.0 for the method 'vae'"),
    (["train", "generator", "--data", "textures", "--size", "1024"], "would take"),
    (["train", "generator", "--data", "textures", "--size", "4000"], "--size is 4000, expected pixels from 4 to 1024"),
    (["train", "generator", "--size", "-5"], "--size is -5"),
    (["generate", "-o", "a.png", "--seed", "-1"], "seed"),
    (["generate", "-o", "a.gif", "--walk", "0"], "a walk of 0 images"),
    (["judge", "--count", "-1"], "--count -1"),
    (["judge", "--data", "letters"], "of A, B, C"),
    (["judge", "-o", "discs.npz/a"], "cannot make the folder"),
    (["generate", "-o", "a.png", "--walk"], "ends in .gif"),
    (["generate", "-o", "nowhere/a.png"], "cannot write"),
    (["generate", "-o", "a.png", "--from", "discs.npz"], "not a whole safetensors file"),
    (["generate", "-o", "a.png", "--class", "x"], "expected one of 0, 1"),
    (["generate", "-o", "a.png", "--grid", "0x9"], "is not a grid"),
    (["generate", "-o", "a.png", "--temperature", "0"], "--temperature is 0.0, expected a finite number above 0"),
    (["judge", "--temperature", "-1"], "--temperature is -1.0"),
    (["judge", "--data", "shapes"], "the data have (32, 32, 3)")])
def test_mistakes_give_one_sentence(quick, capsys, arguments, words):
    """Exit code 2 and no traceback."""
    try:
        code = main(arguments)
    except SystemExit as exit:  # argparse's own exit
        code = exit.code
    error = capsys.readouterr().err
    assert code == 2 and words in error and error.count("\n") == 1


def test_the_shipped_generator(tmp_path, capsys):
    """At most 1 MB; it samples digits, the same for the same seed, ten classes in ten columns."""
    assert SHIPPED.stat().st_size < 1e6
    sampler = load_generator()
    assert sampler.names == list("0123456789")
    images, labels = sampler.sample(20, seed=3)
    np.testing.assert_array_equal(images, sampler.sample(20, seed=3)[0])
    assert labels.tolist() == [*range(10)] * 2 and images.max() > 0.9 and images.min() < -0.9
    assert main(["generate", "-o", str(tmp_path / "a.png")]) == 0
    assert "80 images" in capsys.readouterr().out


def test_temperature_scales_the_noise(tmp_path):
    """The noise is multiplied by it, in grids and in walks; 1 changes no bit; the higher, the less alike images of a class."""
    sampler = load_generator()
    noise = np.random.default_rng(3).standard_normal((20, sampler.noise_length), np.float32)
    for temperature in (1.0, 0.5):
        images, labels = sampler.sample(20, seed=3, temperature=temperature)
        expected = generate_images(sampler.model, np.float32(temperature) * noise, labels, 10)
        np.testing.assert_array_equal(images, expected)
    np.testing.assert_allclose(sampler.walk(4, seed=3, stops=4, label=7, temperature=0.5),
                               generate_images(sampler.model, np.float32(0.5) * noise[:4], np.full(4, 7), 10), atol=1e-5)
    spread = [sampler.sample(50, label=4, temperature=t)[0].std(axis=0).mean() for t in (0.5, 1.0, 1.5)]
    assert spread == sorted(spread) and spread[0] < 0.75 * spread[1]
    for name, more in (("cold.png", ["--temperature", "0.5"]), ("warm.png", [])):
        assert main(["generate", "-o", str(tmp_path / name), *more]) == 0
    assert (tmp_path / "cold.png").read_bytes() != (tmp_path / "warm.png").read_bytes()


def test_shipping_again_changes_nothing(tmp_path):
    """A file in half precision keeps every array, and from the second time on every byte. The first time, the moving averages
    get today's names instead of those of version 0.1, mean and variance."""
    again, twice = tmp_path / "weights" / "again.safetensors", tmp_path / "weights" / "twice.safetensors"
    ship(SHIPPED, again)
    ship(again, twice)
    assert again.read_bytes() == twice.read_bytes()
    (arrays, header), (given, given_header) = read_arrays(again), read_arrays(SHIPPED)
    assert header | {"nnscratch": "0.1.0"} == given_header and {name.replace("/moving_", "/") for name in arrays} == set(given)
    for name, array in arrays.items():
        old = given[name.replace("/moving_", "/")]
        assert (array.dtype, array.shape, array.tobytes()) == (old.dtype, old.shape, old.tobytes())


def test_a_texture_from_a_narrow_image(quick, capsys):
    """It is reduced to its shorter side, so that crops fit; impossible sizes are refused before a folder is created."""
    ribbon = np.random.default_rng(0).integers(0, 256, (70, 400, 3)).astype(np.uint8)
    Image.fromarray(ribbon).save("ribbon.png")
    texture = ["train", "generator", "--method", "texture", "--data", "ribbon.png", "--steps", "1", "--device", "cpu"]
    assert main([*texture, "--size", "16"]) == 0
    capsys.readouterr()
    for size, words in (("80", "400x70 pixels, expected at least 80 a side"), ("20", "expected a multiple of 16 up to 512"),
                        ("528", "expected a multiple of 16 up to 512")):
        assert main([*texture, "--size", size, "-o", f"of{size}"]) == 2
        assert words in capsys.readouterr().err and not Path(f"of{size}").exists()


@pytest.mark.slow
def test_groups_are_not_scored_as_classes(quick, capsys):
    """Pseudo-labels do not say what an image should show, so neither the report nor the score uses them."""
    assert main([*TRAIN, "--unconditional", "--groups", "3", "--steps", "6"]) == 0
    assert main(["judge", *BEST, "--data", "discs.npz", "-o", "judged", "--count", "60"]) == 0
    assert json.loads(Path("judged/report.json").read_text())["label_accuracy"] is None
    classifier = SimpleNamespace(names=["a", "b"], probabilities=lambda images: np.eye(3)[images])
    for named, fraction in ((False, 0.75), (True, 0.25)):  # three of four images have a class, one of them the right one
        assert recognition_score(classifier, named)(np.array([0, 0, 1, 2]), np.array([0, 7, 9, 1])) == fraction
