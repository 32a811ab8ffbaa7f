"""Safetensors files in NumPy: byte for byte what the library writes; both readers refuse the same files."""
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnscratch
from nnscratch import checkpoint, numpy_tensors
from nnscratch.errors import InputError

library = pytest.importorskip("safetensors")
library_save = pytest.importorskip("safetensors.numpy").save

ARRAYS = {"kernel": np.arange(12, dtype=np.float32).reshape(3, 4), "empty": np.zeros((0, 3)), "scalar": np.array(2.5),
          "half": np.ones(3, np.float16), "é\"\x1f": np.array([True, False]), "z": np.array([1 + 2j], np.complex64)}
ARRAYS |= {f"{kind}{width}": np.arange(3, dtype=f"{kind}{width}") for kind in "iu" for width in (1, 2, 4, 8)}


def read(opened):
    """All arrays of an open file as (dtype, shape, bytes), and its texts."""
    with opened as file:
        found = {name: file.get_tensor(name) for name in file.keys()}
        assert all(tuple(file.get_slice(name).get_shape()) == array.shape for name, array in found.items())
        return {name: (a.dtype.str, a.shape, a.tobytes()) for name, a in found.items()}, file.metadata()


@pytest.mark.parametrize("metadata", [None, {"nnscratch": "a \"text\"\nwith 新 and \x07"}])
@pytest.mark.parametrize("arrays", [{}, ARRAYS, {"big": np.arange(3, dtype=">f4")}, {"turned": np.eye(3)[:, ::-1].T}])
def test_writes_the_bytes_of_the_library(arrays, metadata, tmp_path):
    """Of all dtypes, shapes and names; and reads them back bit for bit, as the library does."""
    content = numpy_tensors.save(arrays, metadata)
    assert content == library_save({name: np.asarray(array, order="C") for name, array in arrays.items()}, metadata)
    (tmp_path / "a").write_bytes(content)
    ours, theirs = read(numpy_tensors.safe_open(tmp_path / "a")), read(library.safe_open(tmp_path / "a", "numpy"))
    assert ours == theirs and len(ours[0]) == len(arrays)


def parts(header, data=b"", length=None):
    """The bytes of a file of this header, a text or what JSON can say."""
    words = header if isinstance(header, bytes) else (header if isinstance(header, str) else json.dumps(header)).encode()
    return (len(words) if length is None else length).to_bytes(8, "little") + words + data


def one(**change):
    """A header of one array of two float32, with changes."""
    return {"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | change}


HOSTILE = {
    "empty": b"", "seven bytes": b"1234567", "no header": parts(""), "cut": parts(one(), bytes(7)),
    "longer": parts(one(), bytes(9)),
    "length 2**63": parts(one(), bytes(8), 2**63), "length 2**64 - 1": parts(one(), bytes(8), 2**64 - 1),
    "a length beyond the file": parts(one(), bytes(8), 10**6), "a list": parts([1]), "a number": parts("7"),
    "null": parts("null"),
    "not JSON": parts("{x"), "not UTF-8": parts(b'{"\xff":1}'), "twice": parts('{"x":1,"x":1}'), "NaN": parts('{"x":NaN}'),
    "deep": parts("[" * 100_000), "array is a number": parts({"x": 1}),
    "no dtype": parts({"x": {"shape": [], "data_offsets": [0, 0]}}),
    "foreign dtype": parts(one(dtype="F33"), bytes(8)), "dtype is a list": parts(one(dtype=[]), bytes(8)),
    "shape is text": parts(one(shape="22"), bytes(8)), "negative shape": parts(one(shape=[-2]), bytes(8)),
    "two negative sizes": parts(one(shape=[-1, -2]), bytes(8)),
    "a bool in the shape": parts(one(shape=[True, 2]), bytes(8)),
    "a float in the shape": parts(one(shape=[2.0]), bytes(8)), "huge shape": parts(one(shape=[2**62, 8]), bytes(8)),
    "overflowing shape": parts(one(shape=[2**63, 2]), bytes(8)),
    "huge times 0": parts(one(shape=[2**62, 2**62, 0], data_offsets=[0, 0])),
    "other shape": parts(one(shape=[3]), bytes(8)), "offsets backwards": parts(one(data_offsets=[8, 0]), bytes(8)),
    "offsets beyond": parts(one(data_offsets=[8, 16]), bytes(8)),
    "three offsets": parts(one(data_offsets=[0, 8, 8]), bytes(8)),
    "one offset": parts(one(data_offsets=[0]), bytes(8)), "negative offset": parts(one(data_offsets=[-8, 0]), bytes(8)),
    "gap": parts(one(data_offsets=[4, 12]), bytes(12)), "shared": parts(one() | {"y": one()["x"]}, bytes(8)),
    "overlap": parts(one() | {"y": one(data_offsets=[4, 12])["x"]}, bytes(12)),
    "metadata is text": parts({"__metadata__": "a"}), "metadata holds a number": parts({"__metadata__": {"a": 1}}),
    "metadata is a list": parts({"__metadata__": []}), "metadata is null": parts({"__metadata__": None}),
    "an unknown key": parts(one(more=1), bytes(8)), "spaces before": parts(" " + json.dumps(one()), bytes(8)),
    "spaces behind": parts(json.dumps(one()) + "   ", bytes(8)), "zeros behind": parts(json.dumps(one()) + "\0", bytes(8)),
    "pickle": b"\x80\x04cos\nsystem\n(X\x02\0\0\0lstR.", "zip": b"PK\x03\x04" + bytes(100),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_refuses_what_the_library_refuses(name, tmp_path):
    """Hostile files: the same verdict, with the same arrays where both read them."""
    (tmp_path / "a").write_bytes(HOSTILE[name])
    assert outcome(numpy_tensors, tmp_path / "a") == outcome(library, tmp_path / "a")


def outcome(module, path):
    """What a reader gives, or "refused"."""
    try:
        return read(module.safe_open(path, framework="numpy"))
    except module.SafetensorError:
        return "refused"


WHOLE = numpy_tensors.save(ARRAYS, {"nnscratch": "words"})


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=4), st.integers(0, len(WHOLE)))
def test_changed_bytes_have_one_verdict(tmp_path_factory, changes, length):
    """Some bytes changed, the end cut off: what the library says."""
    content = bytearray(WHOLE)
    for place, byte in changes:
        content[place] = byte
    path = tmp_path_factory.mktemp("changed") / "a"
    path.write_bytes(content[:length] if length % 3 == 0 else content)
    assert outcome(numpy_tensors, path) == outcome(library, path)


def test_numbers_that_numpy_lacks_are_named(tmp_path):
    """bfloat16: the dtype is told, reading says what is missing."""
    (tmp_path / "a").write_bytes(parts(one(dtype="BF16", data_offsets=[0, 4]), bytes(4)))
    with numpy_tensors.safe_open(tmp_path / "a") as file:
        assert file.get_slice("x").get_dtype() == "BF16"
        with pytest.raises(numpy_tensors.SafetensorError, match="NumPy does not have BF16"):
            file.get_tensor("x")
        with pytest.raises(numpy_tensors.SafetensorError, match="does not contain y"):
            file.get_tensor("y")
    with pytest.raises(numpy_tensors.SafetensorError, match="the format has no"):
        numpy_tensors.save({"x": np.array(["a"])})


@pytest.fixture
def without_library(monkeypatch):
    """nnscratch as it is where the library cannot be installed."""
    for name in ("SafetensorError", "safe_open", "save"):
        monkeypatch.setattr(f"nnscratch.tensor_files.{name}", getattr(numpy_tensors, name))


def test_checkpoints_do_without_the_library(without_library, tmp_path):
    """Shipped weights are read as by the library; a saved model comes back; a damaged file is one sentence."""
    shipped = sorted(Path(nnscratch.__file__).parent.rglob("*.safetensors"))
    assert len(shipped) > 3 and all(outcome(numpy_tensors, path) == outcome(library, path) for path in shipped)
    arrays, header = checkpoint.read_arrays(shipped[0])
    checkpoint.write_arrays(tmp_path / "a", arrays, json.dumps(header))
    again, words = checkpoint.read_arrays(tmp_path / "a")
    assert words == header and all(np.array_equal(again[name], array) for name, array in arrays.items())
    (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes()[:-1])
    with pytest.raises(InputError, match="not a whole safetensors file"):
        checkpoint.read_arrays(tmp_path / "a")
