"""A disk that is full for a while: a training goes on in memory, says so once, and keeps the last good state."""
import json
import os
from functools import cache

import pytest
from helpers import run_style
from test_training import data, equal, everything, options

from nnscratch import checkpoint
from nnscratch.bench import report
from nnscratch.classify.options import ClassifierOptions
from nnscratch.classify.train import train_on_images
from nnscratch.classify.trainer import ClassifierTrainer
from nnscratch.errors import InputError
from nnscratch.generate.evaluate.command import classifier_for
from nnscratch.generate.methods import make_trainer
from nnscratch.generate.train_loop import train
from nnscratch.outputs import TRAINING_GOES_ON, OutputFolder
from nnscratch.style import pairs, train_stylizer, train_texture


class Disk:
    """Nothing can be written while `full`."""

    def __init__(self, monkeypatch):
        self.full, fsync = False, os.fsync

        def limited(handle):
            if self.full:
                raise OSError(28, "No space left on device")
            fsync(handle)
        monkeypatch.setattr(os, "fsync", limited)


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


def step_of(path):
    """The step at which a training, or a generator, was written."""
    info = checkpoint.read_arrays(path)[1]["info"]
    return info.get("step", info.get("steps"))


def test_a_generators_training_outlives_a_full_disk(tmp_path, disk, caplog):
    """Full at steps 10 and 15 of 20: the state of step 5 stays, one line, and the end is as without."""
    kept = {}

    def progress(record):
        kept[record["step"]] = step_of(tmp_path / "state.safetensors"), step_of(tmp_path / "best.safetensors")
        disk.full = record["step"] in (5, 10)
    trainer, straight = make_trainer(data(), options()), make_trainer(data(), options())
    assert train(trainer, tmp_path, progress=progress, save_every=5) == "done"
    assert kept == {5: (5, 5), 10: (5, 5), 15: (5, 5), 20: (20, 20)}
    (line,) = [record.message for record in caplog.records]
    assert "No space left on device" in line and line.endswith(TRAINING_GOES_ON)
    for _ in range(20):
        straight.step()
    assert equal(everything(straight), everything(trainer))


def test_a_classifiers_training_outlives_a_full_disk(tmp_path, disk, caplog):
    """Full at steps 10 and 15 of 20: the state of step 5 stays, one line, and the end is as without."""
    kept = {}

    def progress(record):
        kept[record["step"]] = step_of(tmp_path / "state.safetensors"), step_of(tmp_path / "best.safetensors")
        disk.full = record["step"] in (5, 10)
    chosen = ClassifierOptions(20, preset="small", batch_size=16)
    trainer, straight = (ClassifierTrainer(data(), data(1), chosen) for _ in range(2))
    assert train_on_images(trainer, tmp_path, progress=progress, save_every=5)[0] == "done"
    assert [kept[step] for step in (5, 10, 15)] == [(5, 5)] * 3 and kept[20][0] == 20
    (line,) = [record.message for record in caplog.records]
    assert "No space left on device" in line and line.endswith(TRAINING_GOES_ON)
    for _ in range(20):
        straight.step()
    assert equal(everything(straight), everything(trainer))


@pytest.mark.parametrize("scores, best", [([0.5, 0.9, 0.6, 0.4], 15), ([0.5, 0.9, 0.4, 0.3], 5), ([0.5, 0.9, 0.4, 0.6], 20)])
def test_the_best_generator_is_the_best_of_those_that_were_written(tmp_path, disk, scores, best):
    """The disk is full at step 10, whose generator has the highest score."""
    def progress(record):
        disk.full = record["step"] == 5
    values = iter(scores)
    trainer = make_trainer(data(), options())
    assert train(trainer, tmp_path, score=lambda *_: next(values), progress=progress, save_every=5) == "done"
    assert step_of(tmp_path / "best.safetensors") == best
    assert [record.get("score") for record in trainer.history] == [0.5, None, *scores[2:]]


def test_final_weights_that_cannot_be_written_are_an_error(tmp_path, disk):
    """One sentence; the last good state is whole, and the training is resumed from it."""
    def progress(record):
        disk.full = record["step"] == 15
    with pytest.raises(InputError, match="best.safetensors .*No space left on device.*free some space"):
        train(make_trainer(data(), options()), tmp_path, progress=progress, save_every=5)
    disk.full = False
    again, straight = make_trainer(data(), options()), make_trainer(data(), options())
    again.load(tmp_path / "state.safetensors")
    assert again.step_count == 15 and train(again, tmp_path) == "done"
    for _ in range(20):
        straight.step()
    assert equal(everything(straight), everything(again))


def test_a_classifier_that_cannot_be_written_is_used(tmp_path, disk, caplog, monkeypatch):
    """It was trained for minutes; a line says that it has to be trained again."""
    from nnscratch.data.splits import Splits
    monkeypatch.setattr("nnscratch.generate.evaluate.command.STEPS", 2)
    disk.full = True
    assert classifier_for(Splits(data(), data(1), data()), tmp_path / "judge.safetensors").names == ["small", "large"]
    assert len(caplog.records) == 1 and "would have to be trained again" in caplog.records[0].message


def textures(folder, resume=False):
    return train_texture.train_texture(folder, steps=4, resume=resume, device="cpu")


def stylizers(folder, resume=False):
    return train_stylizer.train_stylizer(folder, steps=4, resume=resume, device="cpu")


@pytest.mark.slow
@pytest.mark.parametrize("run, module, result", [
    (textures, train_texture, "features.safetensors"), (stylizers, train_stylizer, "stylizer.safetensors")])
def test_trainings_for_style_transfer_outlive_a_full_disk(tmp_path, disk, caplog, monkeypatch, run, module, result):
    """Full at steps 2 and 3 of 4: one line, the same weights. Full at the end: one sentence, and the last good state."""
    for name, value in (("IMAGES_PER_PATTERN", 2), ("TEST_CROPS", 50), ("PAINTINGS", 1), ("PAINTING_SIDE", 160)):
        monkeypatch.setattr(train_texture, name, value)
    drawn = cache(train_texture.TextureDataset)  # once for all four runs
    monkeypatch.setattr(train_texture.TextureDataset.batch, "__defaults__", (8,))
    monkeypatch.setattr(train_texture, "TextureDataset", drawn)
    monkeypatch.setattr(pairs, "TextureDataset", lambda seed, side, count: drawn(seed, side, min(count, 2)))
    monkeypatch.setattr(pairs, "SIDE", 32)
    monkeypatch.setattr(module, "SAVE_EVERY", 1)
    run(tmp_path / "straight")
    save, full_at = checkpoint.save, {2, 3}

    def saving(path, model, optimizer=None, info=None):
        disk.full = info.get("done", 4) in full_at
        return save(path, model, optimizer, info)
    monkeypatch.setattr(checkpoint, "save", saving)
    run(tmp_path / "full")
    assert (tmp_path / "full" / result).read_bytes() == (tmp_path / "straight" / result).read_bytes()
    assert ["No space left" in record.message for record in caplog.records] == [True]
    full_at = {3, 4}
    with pytest.raises(InputError, match=f"{result} .*No space left on device"):
        run(tmp_path / "end")
    assert checkpoint.read_arrays(tmp_path / "end" / "state.safetensors")[1]["info"]["done"] == 2
    full_at, disk.full = set(), False
    run(tmp_path / "end", resume=True)
    assert (tmp_path / "end" / result).read_bytes() == (tmp_path / "straight" / result).read_bytes()


def test_a_transfer_that_cannot_be_resumed_advises_nothing_else(images, monkeypatch, capsys):
    """No state could be written, then Ctrl-C: the best image is there, --resume is not advised."""
    from nnscratch.style import command, sidecar
    whole = command.transfer_style

    def full(*_):
        raise InputError("cannot write out.png.state (No space left on device)")

    def stopped(*arguments, **options):
        result = whole(*arguments, **options)
        result.interrupted = True
        return result
    monkeypatch.setattr(command, "transfer_style", stopped)
    assert run_style(images) == 130 and "continue with  nnscratch style --resume" in capsys.readouterr().out
    monkeypatch.setattr(sidecar.checkpoint, "write_arrays", full)
    assert run_style(images) == 130
    assert "stopped early; best image so far written to" in (text := capsys.readouterr().out) and "--resume" not in text


def test_measurements_outlive_a_full_disk(tmp_path, disk, caplog):
    """Rows that could not be written are in the file at the end; one line says so."""
    with OutputFolder(tmp_path, report.FILES) as folder:
        kept = report.Report(folder, lambda line: None)
        disk.full = True
        for k in range(2):
            kept.add("sweep", {"batch": k}, ["a line"])
        disk.full = False
        kept.finish()
    assert [row["batch"] for row in json.loads((tmp_path / "bench.json").read_text())["sweep"]] == [0, 1]
    assert len(caplog.records) == 1 and caplog.records[0].message.endswith("the measurements go on in memory")
