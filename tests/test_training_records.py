"""What a training of a generator writes about itself: data are found again, damage is noticed, nothing is in vain."""
import contextlib
import json
import shlex
import shutil
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

from nnscratch import checkpoint
from nnscratch.cli import main
from nnscratch.errors import InputError
from nnscratch.generate.evaluate import classifier
from nnscratch.generate.evaluate.classifier import Classifier
from nnscratch.generate.sampler import SHIPPED, load_generator
from nnscratch.style import stylizer

TRAIN = ["train", "generator", "--preset", "nano", "--batch", "4", "--device", "cpu", "--groups", "0"]


def marks(path, count=200, side=12):
    """An .npz of two classes: a bar that lies, and one that stands."""
    rng, labels = np.random.default_rng(0), np.arange(count) % 2
    images = rng.integers(0, 40, (count, side, side)).astype(np.uint8)
    for image, label in zip(images, labels):
        place = rng.integers(2, side - 3)
        if label:
            image[:, place:place + 2] = 250
        else:
            image[place:place + 2] = 250
    np.savez(path, images=images, labels=labels)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A current folder with data and a short training of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nnscratch.generate.evaluate.command.STEPS", 20)
    marks("marks.npz", 400)
    return tmp_path


# --- the data ---------------------------------------------------------------------------------------------------------

@pytest.mark.slow
def test_a_generator_is_judged_by_its_own_data(place, monkeypatch, capsys):
    """Without --data, those that the generator's file names, also from another folder; if they are gone, one sentence."""
    assert main([*TRAIN, "--data", "marks.npz", "--steps", "2"]) == 0
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    judge = ["judge", "--from", "../generator/best.safetensors", "--count", "100", "--device", "cpu"]
    assert main(judge) == 0
    assert set(json.loads(Path("judged/report.json").read_text())["classes"]["fractions"]) == {"0", "1"}
    assert main(["judge", "--from", "../generator", "--count", "100", "--device", "cpu", "--data", "glyphs"]) == 2
    assert "the data have (28, 28, 1)" in capsys.readouterr().err
    (place / "marks.npz").rename(place / "moved.npz")
    assert main(judge) == 2
    assert f"the data {place / 'marks.npz'}, on which the generator was trained, are gone" in capsys.readouterr().err
    assert main([*judge, "--data", str(place / "moved.npz")]) == 0


@pytest.mark.slow
def test_what_judge_advises_can_be_run(place, capsys):
    """A generator of images that were resized, whose file does not say from what: the advice names the size."""
    assert main([*TRAIN, "--data", "marks.npz", "--size", "8", "--steps", "2"]) == 0
    arrays, header = checkpoint.read_arrays("generator/best.safetensors")
    checkpoint.write_arrays("old.safetensors", arrays, checkpoint.header_text(None, header["info"] | {"source": None}))
    judge = ["judge", "--from", "old.safetensors", "--count", "100", "--device", "cpu"]
    for more in ([], ["--data", "marks.npz"]):
        assert main([*judge, *more]) == 2
        assert capsys.readouterr().err.endswith(" with --data and --size 8\n")
    assert main([*judge, "--data", "marks.npz", "--size", "8"]) == 0


@pytest.mark.slow
def test_data_are_known_by_their_content(place, capsys):
    """Renamed data are the same data; other data under the old name are not."""
    assert main([*TRAIN, "--data", "marks.npz", "--steps", "2"]) == 0
    resume = ["train", "generator", "--resume", "--steps"]
    Path("marks.npz").rename("renamed.npz")
    assert main([*resume, "4"]) == 2 and "give their new place with --data" in capsys.readouterr().err
    assert main([*resume, "4", "--data", "renamed.npz"]) == 0
    assert main([*resume, "6"]) == 0, "the new place is remembered"
    marks("renamed.npz", 300)
    capsys.readouterr()
    assert main([*resume, "8"]) == 2 and "holds a training with data shape" in capsys.readouterr().err


# --- nothing is trained in vain ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("height, width", [(8, 528), (528, 8), (1, 60_000)])
def test_what_could_not_be_read_is_not_trained(tmp_path, monkeypatch, capsys, height, width):
    """Images that no generator's file may have are refused before the first step, and no folder is made."""
    monkeypatch.chdir(tmp_path)
    np.save("wide.npy", np.random.default_rng(0).integers(0, 256, (24, height, width)).astype(np.uint8))
    assert main([*TRAIN, "--data", "wide.npy", "--steps", "3"]) == 2
    assert "expected" in capsys.readouterr().err and not Path("generator").exists()


def test_a_training_is_not_made_shorter(place, capsys):
    assert main([*TRAIN, "--data", "marks.npz", "--steps", "4"]) == 0
    assert main(["train", "generator", "--resume", "--steps", "2"]) == 2
    assert "has made 4 already; give more" in capsys.readouterr().err
    assert main(["train", "generator", "--resume"]) == 0, "a training that is done stays done"


def test_the_best_generator_is_not_lost(place, capsys):
    """A new training in a folder that holds a generator, but no state, is refused."""
    Path("generator").mkdir()
    shutil.copy(SHIPPED, "generator/best.safetensors")
    assert main([*TRAIN, "--data", "marks.npz", "--steps", "2"]) == 2
    assert "holds best.safetensors, but no state.safetensors to go on from" in capsys.readouterr().err
    assert Path("generator/best.safetensors").read_bytes() == SHIPPED.read_bytes()


# --- damaged files ----------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with data and a training of two steps."""
    folder = tmp_path_factory.mktemp("trained")
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr("nnscratch.generate.evaluate.command.STEPS", 20)
        marks("marks.npz", 400)
        assert main([*TRAIN, "--data", "marks.npz", "--steps", "2"]) == 0
    return folder


def rewritten(source, path, change):
    """A copy of a file with another info, and a right checksum."""
    arrays, header = checkpoint.read_arrays(source)
    info = header["info"]
    for name, value in change.items():
        inside = info
        *outer, last = name.split(".")
        for part in outer:
            inside = inside[part]
        inside[last] = value
    checkpoint.write_arrays(path, arrays, checkpoint.header_text(header["optimizer"], info))


@pytest.mark.parametrize("change", [
    {"options.batch_size": 10**30}, {"options.steps": 10**30}, {"options.steps": "3"}, {"options.loss": 3}, {"options.r1": "x"},
    {"options.smoothing": "x"}, {"options.conditional": 3}, {"options.unknown": 3}, {"options": 3}, {"step": 10**30},
    {"step": -1}, {"history": [{"step": 2}, {"d_loss": 3.0}]}, {"history": [{"d_loss": 3.0}]},
    {"history": [{"step": 2, "d_loss": "x"}]},
    {"history": [{"step": 2, "d_loss": 1.0}, {"step": 3, "g_loss": 1.0}]}, {"source": {"data": 3, "size": None}},
    {"source": {"data": "marks.npz"}}, {"source": None}, {"source": {"data": "marks.npz", "size": 10**9}}, {"data": 3}])
def test_a_wrong_state_is_refused(trained, tmp_path, monkeypatch, capsys, change):
    """At the start, by one sentence, and nothing is changed."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    state = Path("generator/state.safetensors")
    rewritten(state, state, change)
    before = state.read_bytes()
    capsys.readouterr()
    assert main(["train", "generator", "--resume"]) == 2
    assert capsys.readouterr().err.count("\n") == 1 and state.read_bytes() == before


@pytest.mark.parametrize("accuracy", [3, [], {}, "x", {"images": "x", "classes": {}, "none": 1}, {"images": 0.5},
                                      {"images": 2, "classes": {}, "none": 1}, {"images": 0.5, "classes": 3, "none": 1},
                                      {"images": 0.5, "classes": {"a": None}, "none": 1}])
def test_a_classifier_with_an_odd_accuracy_is_refused(tmp_path, accuracy):
    classifier = Classifier((12, 12, 1), ["a", "b"])
    classifier.accuracy = accuracy
    classifier.save(tmp_path / "judge.safetensors")
    with pytest.raises(InputError, match=r"accuracy.* train it anew"):
        Classifier.load(tmp_path / "judge.safetensors")


@pytest.mark.parametrize("change", [{"shape": [512, 512, 3]}, {"shape": [512, 512, 1], "preset": "dcgan64"}, {"shape": "x"},
                                    {"shape": [0, 1, 1]}, {"classes": 10**6}, {"names": []}, {"shares": [1.0]}, {"seed": None},
                                    {"preset": "huge"}, {"source": 3}, {"data": None}])
def test_a_generator_that_its_file_cannot_hold_is_refused(tmp_path, change):
    """Before arrays of its size are made, which might be gigabytes."""
    rewritten(SHIPPED, tmp_path / "other.safetensors", change)
    with pytest.raises(InputError):
        load_generator(tmp_path / "other.safetensors")


def test_weights_that_make_no_images_are_refused(tmp_path, monkeypatch, capsys):
    """Numbers of 3e38 pass for weights, but not what they generate."""
    monkeypatch.chdir(tmp_path)
    arrays, header = checkpoint.read_arrays(SHIPPED)
    arrays = {name: np.full(a.shape, 3e38, np.float32) if name.endswith("kernel") else a for name, a in arrays.items()}
    checkpoint.write_arrays("huge.safetensors", arrays, checkpoint.header_text(None, header["info"]))
    assert main(["generate", "--from", "huge.safetensors", "-o", "a.png"]) == 2
    assert "the generator's images hold NaN" in capsys.readouterr().err and not Path("a.png").exists()


def test_a_texture_of_a_wide_painting(tmp_path, monkeypatch):
    """300x120 pixels for pieces of 64: it is shrunk by its shorter side, or not at all."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (120, 300, 3)).astype(np.uint8)).save("wide.png")
    assert main(["train", "generator", "--method", "texture", "--data", "wide.png", "--size", "64", "--steps", "1"]) == 0


def counted_reads(monkeypatch):
    """The paths of checkpoints, as they are read."""
    read, paths = checkpoint.read_safetensors, []

    def counted(path):
        paths.append(Path(path))
        return read(path)
    monkeypatch.setattr(checkpoint, "read_safetensors", counted)
    return paths


@pytest.mark.parametrize("reader, path", [
    (load_generator, SHIPPED), (Classifier.load, classifier.SHIPPED), (stylizer.Stylizer, stylizer.SHIPPED)])
def test_a_file_is_read_once(monkeypatch, reader, path):
    """Header and arrays together: a file that is replaced between two reads would give those of two files."""
    paths = counted_reads(monkeypatch)
    reader(path)
    assert paths.count(path) == 1


def test_a_state_is_read_once(place, monkeypatch):
    """By --resume."""
    assert main([*TRAIN, "--data", "marks.npz", "--steps", "2"]) == 0
    paths = counted_reads(monkeypatch)
    assert main(["train", "generator", "--resume", "--steps", "4"]) == 0
    assert paths == [Path("generator/state.safetensors"), Path("generator/judge.safetensors")]


@pytest.mark.slow
def test_what_a_training_advises_can_be_run(place, monkeypatch, capsys):
    """Also in a folder whose name has a space."""
    assert main([*TRAIN, "--data", "marks.npz", "--steps", "2", "-o", "my generator"]) == 0
    advice = capsys.readouterr().out.splitlines()[-1].partition("  nnscratch ")[2]
    assert main(shlex.split(advice)) == 0 and Path("images.png").exists()

    def stop(*_):
        raise KeyboardInterrupt
    with monkeypatch.context() as patch:
        patch.setattr("nnscratch.generate.methods.gan.GANTrainer.train_step", stop)
        assert main([*TRAIN, "--data", "marks.npz", "--steps", "2", "-o", "it's another"]) == 130
    advice = capsys.readouterr().out.splitlines()[-1].partition("  nnscratch ")[2]
    assert main(shlex.split(advice)) == 0 and Path("it's another/best.safetensors").exists()


@pytest.mark.slow
@pytest.mark.parametrize("command", [TRAIN, ["train", "classifier", "--preset", "small", "--device", "cpu"]])
def test_a_training_without_a_state_is_not_to_be_resumed(command, place, monkeypatch, capsys):
    """Ctrl-C twice, while the first state is written."""
    monkeypatch.setattr(checkpoint, "save", Mock(side_effect=KeyboardInterrupt))
    monkeypatch.setattr("nnscratch.generate.command.classifier_for", lambda *_: None)
    assert main([*command, "--data", "marks.npz", "--steps", "2", "-o", "out"]) == 130
    assert capsys.readouterr().out.endswith("stopped before the first step\n")
