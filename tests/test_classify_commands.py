"""The commands `nnscratch train classifier` and `classify`; the parts of data, and images that are made to look like them."""
import contextlib
import json
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnscratch import checkpoint
from nnscratch.classify.classifier import load_classifier
from nnscratch.classify.command import classify
from nnscratch.classify.ink import find_ink, look_of, stroke_width
from nnscratch.classify.prepare import prepare
from nnscratch.cli import main
from nnscratch.data import glyphs, to_floats
from nnscratch.data.dataset import Dataset
from nnscratch.data.parts import load_parts
from nnscratch.errors import InputError

TRAIN = ["train", "classifier", "--data", "digits.npz", "--batch-size", "32", "--preset", "small", "--device", "cpu"]
DIGITS = glyphs(700, size=20)


def save_digits():
    np.savez("digits.npz", x_train=DIGITS.images[:600], y_train=DIGITS.labels[:600], x_test=DIGITS.images[600:],
             y_test=DIGITS.labels[600:])


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A current folder with digits in a file, of which 100 are for testing."""
    monkeypatch.chdir(tmp_path)
    save_digits()
    return tmp_path


@pytest.mark.slow
def test_train_resume_classify(place, capsys):
    """Commands in a row: a training, a longer one, and a scan of each class, dark on light, is recognised."""
    assert main([*TRAIN, "--steps", "100", "--learning-rate", "0.003"]) == 0
    said = capsys.readouterr().out
    assert "540 images of digits.npz, 20 x 20 x 1, 10 classes (validation: 60, test: 100)" in said
    assert "augmentation shift, steps 0 to 100" in said
    assert "of the 100 images of the test part are right" in said
    assert main([*TRAIN, "--steps", "12"]) == 2
    assert "holds a training already; add --resume" in capsys.readouterr().err
    resume = ["train", "classifier", "--resume"]  # no other arguments: data and options are in the folder
    assert main([*resume, "--steps", "160"]) == 0 and "steps 100 to 160" in capsys.readouterr().out
    assert main([*resume, "--augment", "flip"]) == 2
    assert "augment is 'flip', but the training in classifier/state.safetensors was begun with 'shift'" in (
        capsys.readouterr().err)
    accuracy = json.loads(Path("classifier/results.json").read_text())["accuracy"]
    assert accuracy > 0.9
    best = load_classifier("classifier")
    plain = best.probabilities(to_floats(DIGITS.images[600:620])).argmax(axis=1)
    for k in range(20):
        scan(DIGITS.images[600 + k, ..., 0]).save(f"{k:02}.png")
    assert main(["classify", *(f"{k:02}.png" for k in range(20)), "--from", "classifier", "-o", "why.png"]) == 0
    said = capsys.readouterr().out
    assert "00.png: inverted (it is dark on light), cropped and centred" in said
    rows = [line.split()[1] for line in said.splitlines() if "%" in line]
    assert np.mean([int(row) == label for row, label in zip(rows, plain)]) >= 0.9
    before = len(rows)
    assert main(["classify", ".", "--from", "classifier"]) == 0, "why.png is no image to classify"
    assert len([line for line in capsys.readouterr().out.splitlines() if "%" in line]) == before


def scan(digit, side=300):
    """A bright digit on black as a dark one on paper: larger, beside the middle, in uneven light."""
    paper = np.full((side, side), 225.0) - np.linspace(0, 60, side)
    large = np.asarray(Image.fromarray(digit).resize((120, 120), Image.Resampling.BICUBIC), float)
    paper[150:270, 30:150] *= 1 - 0.8 * large / 255
    return Image.fromarray(paper.astype(np.uint8))


def test_images_like_the_training_images_are_taken_as_they_are(place):
    """The same pixels for a file of the same size and ground; colour data have no ink to look for."""
    look = look_of(DIGITS)
    assert look == {"ground": "dark", "box": look["box"], "centre": "box", "stroke": look["stroke"]} and 0.6 < look["box"] < 0.8
    Image.fromarray(DIGITS.images[5, ..., 0]).save("5.png")
    image, note = prepare("5.png", (20, 20, 1), look)
    np.testing.assert_allclose(image, to_floats(DIGITS.images[5:6]), atol=1e-6)
    assert note is None and prepare("5.png", (10, 12, 3), None)[0].shape == (1, 10, 12, 3)
    assert look_of(Dataset(np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1)).astype(np.uint8))) is None


def test_ink_is_found_in_uneven_light_and_thickened(place):
    """A thin dark cross on shaded, noisy paper with dust: only the cross is ink, its width is that of the training images."""
    rng = np.random.default_rng(0)
    paper = 0.8 - 0.3 * np.linspace(0, 1, 400)[:, None] + 0 * np.zeros((400, 400)) + rng.normal(0, 0.01, (400, 400))
    cross = np.zeros((400, 400), bool)
    cross[100:300, 148:152] = cross[198:202, 50:250] = True
    for row, column in rng.integers(0, 395, (12, 2)):
        paper[row:row + 2, column:column + 2] -= 0.3
    paper[cross] -= 0.4
    ink, darker = find_ink(paper.astype(np.float32))
    assert darker and ink[cross].min() > 0.5 and (ink[~cross] > 0.5).sum() < 50
    Image.fromarray((255 * paper.clip(0, 1)).astype(np.uint8)).save("cross.png")
    look = {"ground": "dark", "box": 20 / 28, "centre": "mass", "stroke": 3.0}
    image, _ = prepare("cross.png", (28, 28, 1), look)
    drawn = (image[0, ..., 0] + 1) / 2
    assert 2 < stroke_width(drawn) < 4.5 and drawn[13:15, 13:15].min() > 0.8, "the middle of the cross is in the middle"
    assert 18 <= (drawn > 0.3).any(axis=0).sum() <= 22 and drawn[0].max() == 0
    light, _ = prepare("cross.png", (28, 28, 1), look | {"ground": "light"})
    np.testing.assert_allclose(light, -image, atol=1e-6)


# --- the parts of data ------------------------------------------------------------------------------------------------

def idx(path, array):
    Path(path).write_bytes(struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape) + array.astype(np.uint8).tobytes())


def test_parts_that_the_data_have(place):
    """IDX, .npz and folders; labels of the test part are numbered as those of the training part, where one is missing."""
    images, labels = DIGITS.images[..., 0], DIGITS.labels
    Path("mnist").mkdir()
    few = np.flatnonzero(labels[400:] > 0)[:50] + 400
    for part, chosen in (("train", np.arange(400)), ("t10k", few)):
        idx(f"mnist/{part}-images-idx3-ubyte", images[chosen])
        idx(f"mnist/{part}-labels-idx1-ubyte", labels[chosen])
    for data, test in (("mnist", few), ("digits.npz", np.arange(600, 700))):
        parts = load_parts(data)
        np.testing.assert_array_equal(parts.test.labels, labels[test])
        np.testing.assert_array_equal(parts.test.images[..., 0], images[test])
    assert (len(load_parts("mnist").train), len(load_parts("mnist").validation)) == (360, 40)
    for part, chosen in (("train", range(40)), ("val", range(40, 60)), ("test", range(60, 70))):
        for k in chosen:
            folder = Path("folders", part, f"digit {labels[k]}")
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(images[k]).save(folder / f"{k}.png")
    parts = load_parts("folders")
    assert [len(part) for part in parts] == [40, 20, 10]
    assert parts.test.class_names == parts.train.class_names == [f"digit {k}" for k in range(10)]
    assert sorted(parts.test.labels) == sorted(labels[60:70])
    Path("folders/test/digit X").mkdir()
    Image.fromarray(images[0]).save("folders/test/digit X/a.png")
    with pytest.raises(InputError, match="the class 'digit X' is not among those that are trained on"):
        load_parts("folders")


def test_without_parts_a_tenth_of_each_class_is_held_out(place):
    """Disjoint, of all classes; synthetic parts are different images."""
    np.savez("plain.npz", images=DIGITS.images, labels=DIGITS.labels)
    parts = load_parts("plain.npz")
    assert parts.test is None and (len(parts.train), len(parts.validation)) == (630, 70)
    assert {image.tobytes() for image in parts.train.images}.isdisjoint(image.tobytes() for image in parts.validation.images)
    assert np.bincount(parts.validation.labels).min() >= 6
    drawn = load_parts("letters", size=12, count=100)
    assert [len(part) for part in drawn] == [100, 10, 10] and drawn.train.images.shape[1:] == (12, 12, 1)


def test_own_output_is_no_data(place):
    """A training in the folder of its data does not change what they are."""
    for k in range(60):
        folder = Path("data", "ab"[k % 2])
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(DIGITS.images[k, ..., 0]).save(folder / f"{k}.png")
    command = ["train", "classifier", "--data", "data", "--preset", "small", "--device", "cpu"]
    assert main([*command, "--steps", "2", "-o", "data/out"]) == 0
    assert load_parts("data").train.class_names == ["a", "b"]
    assert main(["train", "classifier", "--resume", "--steps", "3", "-o", "data/out"]) == 0


# --- mistakes ---------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def trained_once(tmp_path_factory):
    """A classifier that knows nothing, and an image."""
    place = tmp_path_factory.mktemp("trained")
    with contextlib.chdir(place):
        save_digits()
        assert main([*TRAIN, "--steps", "1", "-o", "c"]) == 0
        Image.fromarray(DIGITS.images[0, ..., 0]).save("0.png")
        Image.new("L", (40, 40), 200).save("blank.png")
        np.savez("unlabelled.npz", images=DIGITS.images)
        np.savez("one.npz", images=DIGITS.images, labels=np.zeros(len(DIGITS.images), int))
    return place


@pytest.fixture
def trained(trained_once, tmp_path, monkeypatch):
    """Its copy as the current folder."""
    shutil.copytree(trained_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("arguments, words", [
    (["train", "classifier", "--data", "nowhere"], "'nowhere' is not a file or folder"),
    (["train", "classifier", "--data", "unlabelled.npz"], "has 0 classes, expected at least 2"),
    (["train", "classifier", "--augment", "twist"], "augment"), (["train", "classifier", "--steps", "0"], "steps"),
    (["train", "classifier", "--resume"], "classifier holds no training to resume"),
    (["train", "classifier", "--size", "-5"], "--size is -5"),
    (["train", "classifier", "--data", "digits.npz", "--size", "1500"], "--size is 1500, expected pixels from 4 to 1024"),
    (["train", "classifier", "--data", "digits.npz", "--size", "3"], "--size is 3, expected pixels from 4 to 1024"),
    (["judge", "--size", "9999"], "--size is 9999, expected pixels from 4 to 1024"),
    (["train", "classifier", "--data", "one.npz"], "one.npz has 1 class, expected at least 2"),
    (["train", "classifier", "--resume", "-o", "c", "--steps", "0"], "steps"),
    (["train", "generator", "--resume", "-o", "c"], "what is 'classifier training', expected 'training'"),
    (["train", "classifier", "-o", "digits.npz/a", "--data", "digits.npz"], "cannot make the folder"),
    (["classify", "0.png"], "--from"), (["classify", "none.png", "--from", "c"], "cannot open none.png"),
    (["classify", "blank.png", "--from", "c"], "blank.png shows nothing but one shade"),
    (["classify", "0.png", "--from", "digits.npz"], "not a whole safetensors file"),
    (["classify", "0.png", "--from", "c/state.safetensors"], "holds 'classifier training', expected a classifier"),
    (["classify", "0.png", "--from", "c", "--top", "0"], "top"), (["classify", "0.png", "--from", "c", "-o", "a.xyz"], "a.xyz"),
    (["classify", "0.png", "--from", "c", "-o", "0.png"], "0.png would overwrite 0.png, which is an input")])
def test_mistakes_give_one_sentence(trained, capsys, arguments, words):
    """Exit code 2 and no traceback."""
    capsys.readouterr()
    try:
        code = main(arguments)
    except SystemExit as exit:  # argparse's own exit
        code = exit.code
    error = capsys.readouterr().err
    assert code == 2 and words in error and error.replace("running on the CPU: CuPy is not installed\n", "").count("\n") == 1


def test_what_a_folder_holds_beside_is_said(trained, caplog, capsys):
    """A blank image and what is no image are skipped, each with a line; a folder without images is refused."""
    Path("all/deeper").mkdir(parents=True)
    for name in ("0.png", "blank.png"):
        Path("all", name).write_bytes(Path(name).read_bytes())
    assert classify(["all"], "c") == classify(["0.png"], "c")
    assert "all: skipped 1 file or folder; deeper: a folder, of which the images are not read" in caplog.text
    assert "skipped: all/blank.png shows nothing but one shade" in caplog.text
    with pytest.raises(InputError, match="no images were found in all/deeper, .* sub-folders are not searched"):
        classify(["all/deeper"], "c")


def test_a_drawing_that_its_format_cannot_hold_is_refused_before_the_work(trained, capsys, monkeypatch):
    """90 rows are higher than the 16383 pixels of WebP."""
    monkeypatch.setattr("nnscratch.classify.command.saliency", None)  # never called
    capsys.readouterr()
    with pytest.raises(InputError, match="cannot make w.webp"):
        classify(["0.png"] * 90, "c", output="w.webp")
    assert "%" not in capsys.readouterr().out and not Path("w.webp").exists()


@pytest.mark.parametrize("change", [{"shape": [20, 20]}, {"shape": [20, 20, 2]}, {"names": []}, {"preset": "huge"},
                                    {"look": {"ground": "dark"}}, {"score": 2}, {"what": 3}, {"source": 5}])
def test_a_damaged_header_is_refused(trained, change):
    arrays, header = checkpoint.read_arrays("c/best.safetensors")
    checkpoint.write_arrays("odd.safetensors", arrays, checkpoint.header_text(None, header["info"] | change))
    with pytest.raises(InputError, match="odd.safetensors"):
        classify(["0.png"], "odd.safetensors")


def test_a_stopped_training_says_how_to_go_on(trained, monkeypatch, capsys):
    """Exit code 130, and the words of the way on."""
    def stop(trainer, output, **_):
        trainer.save(output.file("state.safetensors"))
        return "stopped", None
    monkeypatch.setattr("nnscratch.classify.command.train_on_images", stop)
    assert main([*TRAIN, "--steps", "9", "-o", "other"]) == 130
    assert "go on with  nnscratch train classifier --resume -o other" in capsys.readouterr().out


@pytest.mark.parametrize("sides", [(600, 600), (3, 900)])
def test_a_single_dot_is_ink(place, sides):
    """It is so little beside the ground that the mean around it rounds to 0: it is in the middle, enlarged."""
    pixels = np.full(sides, 255, np.uint8)
    pixels[1, 300] = 0
    Image.fromarray(pixels).save("dot.png")
    image, _ = prepare("dot.png", (28, 28, 1), {"ground": "dark", "box": 20 / 28, "centre": "box", "stroke": 3.0})
    bright = image[0, ..., 0] > 0
    assert image[0, 13:15, 13:15].min() > 0.7 and bright[9:19, 9:19].sum() == bright.sum() > 16


@pytest.mark.parametrize("part", ["val", "test"])
def test_a_part_without_classes_is_refused(place, part):
    for folder in ("train/a", "train/b", part):
        Path(folder).mkdir(parents=True)
        Image.fromarray(DIGITS.images[0, ..., 0]).save(f"{folder}/x.png")
    with pytest.raises(InputError, match=f"images of {part} have no classes, expected those of images of train"):
        load_parts(".")


def test_no_part_is_left_out_in_silence(place, caplog):
    """Two folders for one part are refused; others are named."""
    for folder in ("train/a", "train/b", "val/a", "val/b", "more/a"):
        Path(folder).mkdir(parents=True)
        Image.fromarray(DIGITS.images[0, ..., 0]).save(f"{folder}/x.png")
    Path("digits.npz").unlink()
    assert [len(part) for part in load_parts(".")[:2]] == [2, 2]
    assert "skipped 1 file or folder; more: none of the parts" in caplog.text
    for other, part in (("validation", "validation"), ("Training", "train")):
        Path(other).mkdir()
        with pytest.raises(InputError, match=f"has 2 folders for the {part} part, .*{other}.*, expected one"):
            load_parts(".")
        Path(other).rmdir()


def test_every_class_is_trained_on(place):
    """Of a class of one image, that is not held out; if nothing is left to hold out, the data are refused."""
    images = np.concatenate([DIGITS.images[:40], DIGITS.images[:60]])
    np.savez("few.npz", images=images, labels=np.r_[np.arange(40), np.full(60, 40)])
    parts = load_parts("few.npz")
    assert {*parts.train.labels} == {*range(41)} and {*parts.validation.labels} == {40} and len(parts.validation) == 6
    np.savez("few.npz", images=images[:40], labels=np.arange(40))
    with pytest.raises(InputError, match="has one image of most classes"):
        load_parts("few.npz")
