"""Checkpoints: saving and loading preserves every bit, and a bad file gives one sentence and changes nothing."""
import json
import os
import pickle
from importlib.resources import files

import numpy as np
import pytest
from helpers import normal

from nnscratch import checkpoint
from nnscratch.errors import InputError
from nnscratch.layers import BatchNormalization, Dense, Dropout, Input, Layer
from nnscratch.losses import mse
from nnscratch.models import Model
from nnscratch.networks.gan import generator
from nnscratch.optimizers import SGD, Adam


def network(units=4):
    x = Input((5,))
    return Model(x, Dense(2)(Dropout(0.2, seed=1)(BatchNormalization()(Dense(units)(x)))))


def train(model, optimizer, steps):
    for k in steps:
        model.zero_grads()
        prediction = model.forward(normal(8, 5, seed=k).astype(np.float32), training=True)
        model.backward(mse(prediction, normal(8, 2, seed=k).astype(np.float32))[1])
        optimizer.step(model.params, model.grads)


def everything(model, optimizer):
    return {**model.params, **model.buffers, **optimizer.save_state()}


def test_interrupted_training_resumes_bit_for_bit(tmp_path):
    """3 steps, save, load into a new network, 3 steps: weights, statistics, dropout masks and Adam equal those of 6 steps."""
    whole, whole_adam = network(), Adam()
    start = {name: array.copy() for name, array in whole.params.items()}
    train(whole, whole_adam, range(6))
    model, adam = network(), Adam()
    for name, array in model.params.items():
        array[...] = start[name]
    train(model, adam, range(3))
    checkpoint.save(tmp_path / "a.safetensors", model, adam, {"step": 3, "note": "halfway"})
    resumed, resumed_adam = network(), Adam()
    info = checkpoint.load(tmp_path / "a.safetensors", resumed, resumed_adam)
    assert info == {"step": 3, "note": "halfway"}
    train(resumed, resumed_adam, range(3, 6))
    expected = everything(whole, whole_adam)
    for name, array in everything(resumed, resumed_adam).items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


def with_old_names(arrays):
    """Rename a batch normalization's moving averages as in version 0.1."""
    return {name.replace("/moving_", "/") if name.startswith("buffers/") else name: array for name, array in arrays.items()}


@pytest.mark.parametrize("nested", [False, True])
def test_a_training_state_of_version_0_1_still_loads(tmp_path, nested):
    """Its buffers are called mean and variance; Adam's moments keep their names."""
    def build():
        inner = network()
        return Model(x := Input((5,)), inner(x)) if nested else inner
    path, model, adam = tmp_path / "a.safetensors", build(), Adam()
    train(model, adam, range(3))
    checkpoint.save(path, model, adam)
    arrays, header = checkpoint.read_arrays(path)
    old = with_old_names(arrays)
    assert sum(name.rpartition("/")[2] in ("mean", "variance") for name in set(old) - set(arrays)) == 2
    checkpoint.write_arrays(path, old, json.dumps(header))
    loaded, loaded_adam = build(), Adam()
    checkpoint.load(path, loaded, loaded_adam)
    expected = everything(model, adam)
    for name, array in everything(loaded, loaded_adam).items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


def test_the_shipped_weights_have_the_old_names_and_load():
    """The generator of glyphs was saved by version 0.1."""
    path = files("nnscratch") / "generate" / "weights" / "glyphs.safetensors"
    arrays, header = checkpoint.read_arrays(path)
    info = header["info"]
    model = generator(info["preset"], info["shape"], info["classes"])
    assert "buffers/batchnormalization_0/variance" in arrays and checkpoint.load(path, model) == info
    for name, array in model.buffers.items():
        np.testing.assert_array_equal(array, arrays[f"buffers/{name.replace('moving_', '')}"])


def test_a_users_buffer_called_mean_is_not_renamed(tmp_path):
    """A user's layer may have a buffer of this name."""
    class Centre(Layer):
        def build(self, shape):
            self.buffers["mean"] = np.zeros(shape, np.float32)

        def compute(self, x, training):
            return x - self.buffers["mean"], None

    def build():
        x = Input((5,))
        return Model(x, BatchNormalization()(Centre()(x)))
    path, model, loaded = tmp_path / "a.safetensors", build(), build()
    model.set_buffer("centre_0/mean", np.arange(5, dtype=np.float32))
    checkpoint.save(path, model)
    checkpoint.load(path, loaded)
    assert loaded.buffers["centre_0/mean"].tolist() == [0, 1, 2, 3, 4]


def spoil(path, kind):
    """Damage a good checkpoint in one of several ways."""
    data = path.read_bytes()
    if kind == "missing":
        path.unlink()
    elif kind == "folder":
        path.unlink()
        path.mkdir()
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "truncated":
        path.write_bytes(data[:-7])
    elif kind == "header cut":
        path.write_bytes(data[:40])
    elif kind == "lying header":
        path.write_bytes((2**62).to_bytes(8, "little") + data[8:])
    elif kind == "pickle":
        path.write_bytes(pickle.dumps({"weights": [1.0]}))
    elif kind == "text":
        path.write_text("not weights at all")
    elif kind == "foreign":
        header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
        path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0\0\0\0")


@pytest.mark.parametrize("kind, words", [
    ("missing", "cannot open"), ("folder", "it is a folder"), ("empty", "not a whole safetensors file"),
    ("truncated", "not a whole safetensors file"), ("header cut", "not a whole"), ("lying header", "not a whole"),
    ("pickle", "not a whole safetensors file"), ("text", "not a whole"), ("foreign", "nnscratch did not write it"),
])
def test_a_bad_file_gives_one_sentence_and_changes_nothing(tmp_path, kind, words):
    """Every kind of bad file raises InputError; no code is executed and the network is unchanged."""
    path, model, adam = tmp_path / "a.safetensors", network(), Adam()
    train(model, adam, range(2))
    checkpoint.save(path, model, adam)
    spoil(path, kind)
    before = {name: array.copy() for name, array in everything(model, adam).items()}
    with pytest.raises(InputError, match=words) as error:
        checkpoint.load(path, model, adam)
    assert "\n" not in str(error.value)
    for name, array in everything(model, adam).items():
        np.testing.assert_array_equal(array, before[name])


def test_a_file_of_another_network_is_refused(tmp_path):
    """Another width, an additional layer, a missing layer: the sentence names the first array that differs."""
    path, model = tmp_path / "a.safetensors", network()
    checkpoint.save(path, model)
    with pytest.raises(InputError, match=r"params/dense_0/kernel has shape \(5, 4\), expected \(5, 6\)"):
        checkpoint.load(path, network(6))
    x = Input((5,))
    with pytest.raises(InputError, match=r"has an array .* that this network lacks"):
        checkpoint.load(path, Model(x, Dense(4)(x)))
    with pytest.raises(InputError, match="has no array 'params/dense_2/kernel'"):
        checkpoint.load(path, deeper())
    with pytest.raises(InputError, match="was saved without an optimizer, given Adam"):
        checkpoint.load(path, network(), Adam())


def deeper():
    x = Input((5,))
    return Model(x, Dense(1)(Dense(2)(Dropout(0.2)(BatchNormalization()(Dense(4)(x))))))


def test_nan_weights_are_refused(tmp_path):
    """The weights of a network that had diverged are not loaded silently."""
    path, model = tmp_path / "a.safetensors", network()
    model.params["dense_1/kernel"][0, 0] = np.nan
    checkpoint.save(path, model)
    with pytest.raises(InputError, match="params/dense_1/kernel holds NaN"):
        checkpoint.load(path, network())


@pytest.mark.parametrize("name, change, words", [
    ("params/dense_0/kernel", lambda a: a.astype(np.float64) + 1e300, "dense_0/kernel holds NaN or infinity in float32"),
    ("params/dense_0/kernel", lambda a: a.astype(np.int32), "dense_0/kernel holds int32, expected float32"),
    ("params/dense_1/bias", lambda a: a > 0, "dense_1/bias holds bool, expected float32"),
    ("buffers/dropout_0/calls", lambda a: a.astype(np.float32), "calls holds float32, expected int64"),
    ("optimizer/dense_1/bias/mean", lambda a: a + np.nan, "dense_1/bias/mean holds NaN"),
    ("optimizer/dense_1/bias/mean", lambda a: a[:1], r"dense_1/bias/mean has shape \(1,\)"),
    ("optimizer/steps", lambda a: a[None], "saved state does not fit"),
    ("optimizer/steps", lambda a: a.astype(np.float64), "saved state does not fit"),
    ("optimizer/stranger/mean", lambda a: np.ones(3), "saved state does not fit"),
])
def test_invalid_numbers_are_refused(tmp_path, name, change, words):
    """Too large for float32, another type, NaN in the optimizer, no step count: one sentence, nothing changed."""
    path, model, adam = tmp_path / "a.safetensors", network(), Adam()
    train(model, adam, range(2))
    checkpoint.save(path, model, adam)
    arrays, header = checkpoint.read_arrays(path)
    checkpoint.write_arrays(path, arrays | {name: change(arrays.get(name))}, json.dumps(header))
    train(model, adam, range(2, 4))
    before = {key: array.copy() for key, array in everything(model, adam).items()}
    with pytest.raises(InputError, match=words):
        checkpoint.load(path, model, adam)
    for key, array in everything(model, adam).items():
        np.testing.assert_array_equal(array, before[key])


def test_the_state_of_another_optimizer_is_refused(tmp_path):
    """Adam's state does not fit SGD; the weights alone can be loaded."""
    path, model, adam = tmp_path / "a.safetensors", network(), Adam()
    train(model, adam, range(1))
    checkpoint.save(path, model, adam)
    with pytest.raises(InputError, match="was saved with Adam, given SGD"):
        checkpoint.load(path, network(), SGD())
    assert checkpoint.load(path, network()) == {}


@pytest.mark.parametrize("info", [
    [1], "text", {"loss": np.float32(1)}, {"loss": float("nan")}, {"shape": (1, 2)}, {1: "one"}, {"path": os}])
def test_info_that_json_cannot_represent_is_refused(tmp_path, info):
    """Not a dict, not JSON, or JSON that is read back differently: one sentence, no file."""
    with pytest.raises(InputError, match="info cannot be saved") as error:
        checkpoint.save(tmp_path / "a.safetensors", network(), info=info)
    assert "\n" not in str(error.value) and not list(tmp_path.iterdir())


def test_info_is_read_back_as_given(tmp_path):
    """Also if its keys are those of the file's own header."""
    info = {"kind": "mine", "version": 3, "optimizer": None, "info": {"nested": [1, 2.5, "ü", True]}}
    checkpoint.save(tmp_path / "a.safetensors", network(), info=info)
    assert checkpoint.load(tmp_path / "a.safetensors", network()) == info


def test_a_model_that_cannot_be_saved_is_refused(tmp_path):
    """A model that is not built, a complex one, or an unusable path."""
    with pytest.raises(InputError, match="no parameters to save"):
        checkpoint.save(tmp_path / "a.safetensors", Dense(3))
    model = network()
    with pytest.raises(InputError, match="cannot write None"):
        checkpoint.save(None, model)
    model.cast(np.complex128)
    with pytest.raises(InputError, match="holds complex128, expected real numbers"):
        checkpoint.save(tmp_path / "a.safetensors", model)
    assert not list(tmp_path.iterdir())


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    """Disk full while writing, or killed before the rename: the old checkpoint is intact, no temporary file stays."""
    path, model = tmp_path / "a.safetensors", network()
    checkpoint.save(path, model, info={"step": 1})

    def full(descriptor):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        checkpoint.save(path, model, info={"step": 2})
    assert checkpoint.load(path, model)["step"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


def test_an_unwritable_place_gives_one_sentence(tmp_path):
    """A folder that does not exist."""
    with pytest.raises(InputError, match=r"cannot write .*No such file"):
        checkpoint.save(tmp_path / "nowhere" / "a.safetensors", network())


class Thing:
    """Has what it is given."""

    def __init__(self, **attributes):
        vars(self).update(attributes)


@pytest.mark.parametrize("model", [None, 3, {"w": np.ones(2)}, Dense, Thing(params={}), Thing(params=3, buffers={}),
                                   Thing(params={"w": 1}, buffers={}), Thing(params={"w": [1.0]}, buffers={}),
                                   Thing(params={}, buffers=None)], ids=lambda value: str(value)[:20])
def test_what_is_no_model_is_refused(tmp_path, model):
    with pytest.raises(InputError, match="the model is a|the model: 'params/w' of its arrays is a"):
        checkpoint.save(tmp_path / "a.safetensors", model)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("optimizer", [3, Adam, Thing(save_state=lambda: 3), Thing(save_state=lambda: {"steps": 1})],
                         ids=["number", "class", "state a number", "state of numbers"])
def test_what_is_no_optimizer_is_refused(tmp_path, optimizer):
    with pytest.raises(InputError, match="the optimizer"):
        checkpoint.save(tmp_path / "a.safetensors", network(), optimizer)
    assert not list(tmp_path.iterdir())
