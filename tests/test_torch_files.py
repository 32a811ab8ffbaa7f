"""PyTorch's .pth files: both formats bit for bit as torch.load reads them; hostile files run nothing, and take little."""
import hashlib
import io
import os
import struct
import sys
import time
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
from memory_use import peak_megabytes
from torch_pickles import MAGIC, Name, Raw, code, legacy, pickled, state, storage, tensor, zipped

from nnscratch.errors import InputError
from nnscratch.networks.vgg import find_prefix, layout, read_weights, vgg_features
from nnscratch.torch_files import MAX_DIRECTORY, MAX_PICKLE, TorchFile, is_torch_file

RNG = np.random.default_rng(0)
ARRAYS = {"a.weight": RNG.standard_normal((4, 3, 3, 2)), "a.bias": RNG.standard_normal(4).astype("f2"),
          "whole": np.arange(6).reshape(2, 3), "scalar": np.array(2.5, "f4"), "empty": np.zeros((0, 3), "f4"),
          "last": RNG.standard_normal((2, 3, 4, 5)).astype("f4").transpose(0, 3, 1, 2)}
READ = "__import__('nnscratch.networks.vgg').networks.vgg.read_weights(sys.argv[1], 'vgg16')"
WRITERS = {"zip": zipped, "legacy": legacy}


def same(data, arrays, prefix=""):
    """Whether the tensors in these bytes are these arrays, bit for bit."""
    assert is_torch_file(data[:32])
    with TorchFile(io.BytesIO(data)) as file:
        found = {name: file.get_tensor(prefix + name) for name in arrays}
    return all(found[name].dtype == array.dtype and found[name].shape == array.shape and
               found[name].tobytes() == np.ascontiguousarray(array).tobytes() for name, array in arrays.items())


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("form", WRITERS)
def test_tensors_come_back(form, version):
    """As of 2017, as of today, and parameters; of other strides; in a dict of its own; with what Python 2 wrote."""
    options = {"version": version, "legacy": form == "legacy"}
    stored = [array.transpose(0, 2, 3, 1) if name == "last" else array for name, array in ARRAYS.items()]
    items = state(ARRAYS, **options)
    assert same(WRITERS[form](items, stored), ARRAYS)
    checkpoint = {"epoch": 3, "loss": Raw(b"G" + bytes(8)), "state_dict": items, "more": {"lists": {"deep": [1, None]}}}
    assert same(WRITERS[form](checkpoint, stored), ARRAYS, "state_dict.")
    pairs = [[name, tensor(array, str(k), **options)] for k, (name, array) in enumerate(ARRAYS.items())]
    assert same(WRITERS[form](Name("collections.OrderedDict")(pairs), stored), ARRAYS)


@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}, {"pickle_protocol": 3},
                                     {"pickle_protocol": 5}, {"pickle_protocol": 4, "_use_new_zipfile_serialization": False}])
def test_reads_what_pytorch_saves(options):
    """State dicts of modules, views of one storage, strides, parameters and all dtypes: the bits of torch.load."""
    torch = pytest.importorskip("torch")
    tensors = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)).state_dict()
    whole = torch.randn(50)
    tensors |= {"turned": torch.randn(4, 3, 3, 3).to(memory_format=torch.channels_last), "view": whole[10:22].reshape(3, 4),
                "transposed": whole[10:22].reshape(3, 4).t(), "steps": whole[::7], "half": torch.randn(3).half(),
                "parameter": torch.nn.Parameter(torch.randn(2, 2)), "scalar": torch.tensor(3.5), "empty": torch.zeros(0, 3),
                "int": torch.arange(5), "bool": torch.tensor([True, False]), "byte": torch.arange(3, dtype=torch.uint8)}
    for prefix, saved in (("", tensors), ("state_dict.", {"epoch": 3, "loss": 0.5, "state_dict": OrderedDict(tensors)})):
        stream = io.BytesIO()
        torch.save(saved, stream, **options)
        again = torch.load(io.BytesIO(stream.getvalue()), weights_only=False)
        again = again["state_dict"] if prefix else again
        assert same(stream.getvalue(), {name: value.detach().numpy() for name, value in again.items()}, prefix)


# What must not run, by every opcode that calls: R reduce, b build, \x81 and \x92 new object, \x93 a name from the stack, i and
# o an instance, \x82 an extension. Each tuple of DEEP holds the one before twice: its hash would take 2**60 steps.
DEEP = Raw(b")" + b"".join(b"q" + bytes([k]) + b"h" + bytes([k]) + b"\x86" for k in range(60)))
X, ONE = np.zeros((2, 3), "f4"), Name("collections.OrderedDict")
BIG = b"(" + b"N" * 200_000 + b"tq\x00"
EVIL = {
    "reduce": Name("posix.system")("touch MARK"), "eval": Name("builtins.eval")("open('MARK', 'w')"),
    "os": Name("os.system")("touch MARK"), "getattr": Name("builtins.getattr")("x", "y"), "numpy": Name("numpy.load")("MARK"),
    "torch": Name("torch.load")("MARK"), "model": Name("torchvision.models.vgg.VGG")(),
    "storage name": Name("torch.os.FloatStorage")(), "dotted": Name("torch._utils._rebuild_tensor_v2.__globals__")(),
    "build": Raw(code(Name("os.path")) + code({"x": 1}) + b"b"), "build a storage": Raw(
        code(storage("0", "f4", 6)) + code({"length": 10**12, "dtype": "F64"}) + b"b"),
    "build slots": Raw(code(storage("0", "f4", 6)) + code((None, {"length": 10**12})) + b"b"),
    "build a name": Raw(b"ctorch._utils\n_rebuild_tensor_v2\n" + code((None, {"name": "os.system"})) +
        code("touch MARK") + b"\x85R"),
    "new object": Raw(b"cposix\nsystem\n" + code(("touch MARK",)) + b"\x81"), "own class": Raw(code(ONE) + b")\x81"),
    "new object ex": Raw(code(ONE) + b")}\x92"), "from the stack": Raw(code("posix") + code("system") + b"\x93"),
    "no text": Raw(b"NN\x93"), "instance": Raw(b"(" + code("touch MARK") + b"iposix\nsystem\n"),
    "object": Raw(b"(cposix\nsystem\n" + code("touch MARK") + b"o"), "extension": Raw(b"\x82\x01"),
    "extension 4": Raw(b"\x84\x01\0\0\0"), "set": Raw(b"\x8f(" + DEEP + b"\x90"), "buffer": Raw(b"\x97"),
    "call a text": Raw(code("x") + b")R"), "call a dict": Raw(b"})R"), "deep key": Raw(b"}" + DEEP + b"Ns"),
    "deep dict": Raw(b"(" + DEEP + b"Nd"), "deep pairs": ONE([(DEEP, None)]), "deep": DEEP, "deep storage": Raw(DEEP + b"Q"),
    "deep call": Name("torch._utils._rebuild_tensor_v2")(DEEP), "nested": Raw(b"(" * 500_000),
    "tuples": Raw(b")" + b"\x85" * 400_000),
    "itself": Raw(b"}q\x00X\x01\0\0\0ah\x00sX\x01\0\0\0bh\x00s"), "endless": Raw(b"N0" * 10**6),
    "memo": Raw(b"Nr\xff\xff\xff\xff"),
    "memo of text": Raw(b"Np99999999999999999999\n"), "promise": Raw(b"\x8e" + struct.pack("<Q", 2**62) + b"x"),
    "byte array": Raw(b"\x96" + struct.pack("<Q", 2**40) + b"x"), "frame": Raw(b"\x95" + struct.pack("<Q", 2**62)),
    "digits": Raw(b"I" + b"9" * 10**6 + b"\n"), "hexadecimal": Raw(b"L0x" + b"f" * 10**6 + b"L\n"),
    "long text": Raw(b"X\xff\xff\xff\xffx"), "empty stack": Raw(b"0"), "no end": Raw(b"tttt"), "not a dict": [1, 2],
    "none": None,
    "copies": Raw(BIG + b"0" + (code(Name("torch._utils._rebuild_tensor_v2")) + b"h\x00R") * 50_000),
    "copied pairs": Raw(b"](" + b"X\x01\0\0\0aN\x86" * 50_000 + b"eq\x00\x85q\x010" + (code(ONE) + b"h\x01R0") * 50_000),
    "many dicts": Raw(code(Name("torch.FloatStorage")) + b"q\x010}q\x00(" + b"".join(
        code(str(k)) + b"h\x01" for k in range(2000)) + b"u0}(" + b"".join(
        code(f"{k:0>150}") + b"h\x00" for k in range(2000)) + b"u")}


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("kind", EVIL)
def test_nothing_is_executed(tmp_path, monkeypatch, form, kind):
    """One short sentence, in little time, whatever the pickle asks for, as the whole or in a tensor's place."""
    monkeypatch.chdir(tmp_path)
    start = time.process_time()
    for value in (EVIL[kind], {"features.0.weight": EVIL[kind]}):
        (tmp_path / "a.pth").write_bytes(WRITERS[form](value, [X]))
        with pytest.raises(InputError, match="not a whole .pth file of tensors alone|has no array 'features.0") as caught:
            read_weights("a.pth", "vgg16")
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
    assert os.listdir(tmp_path) == ["a.pth"] and time.process_time() - start < 8  # a slow machine; without the checks: for ever


@pytest.mark.parametrize("kind", ["reduce", "eval", "os", "getattr", "numpy", "torch", "model", "storage name", "dotted",
                                  "build", "new object", "from the stack"])
def test_the_name_is_told(kind):
    """It is refused where it stands, not only where it is used."""
    with pytest.raises(Exception, match="asks for '[a-z.]*"):
        TorchFile(io.BytesIO(zipped({"x": EVIL[kind]}, [X])))


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux")
@pytest.mark.parametrize("kind", ["copies", "copied pairs", "tuples", "many dicts"])
def test_pickles_take_little_memory(tmp_path, kind):
    """Those that copy what they have again and again."""
    (tmp_path / "a.pth").write_bytes(zipped(EVIL[kind], [X]))
    assert peak_megabytes(READ, tmp_path / "a.pth") < 300


BAD = {  # a tensor: offset, strides, shape and the numbers in its storage
    "beyond": (0, (3, 1), (2, 4), 6), "offset": (1, (3, 1), (2, 3), 6), "negative offset": (-1, (3, 1), (2, 3), 6),
    "negative stride": (5, (-3, -1), (2, 3), 6), "huge": (0, (1, 1), (2**40, 2**40), 6),
    "repeated": (0, (0, 0), (1000, 1000), 6),
    "overlap": (0, (1, 1), (4, 3), 6), "negative shape": (0, (1, 1), (-2, -3), 6), "axes": (0, (1,), (2, 3), 6),
    "many axes": (0, (0,) * 9, (1,) * 9, 6), "no number": (0, (3, "x"), (2, 3), 6), "bool": (0, (3, True), (2, 3), 6),
    "2**64": (0, (2**64, 1), (2, 3), 6), "longer storage": (0, (3, 1), (2, 3), 10**12),
    "negative storage": (0, (3, 1), (2, 3), -6)}


@pytest.mark.parametrize("change", [{"dtype": "I32"}, (None, {"dtype": "I32"})])
def test_a_pickle_cannot_change_a_storage(change):
    """It could otherwise set what was checked."""
    changed = Raw(code(storage("0", "f4", 6)) + code(change) + b"b")
    with pytest.raises(AttributeError):
        TorchFile(io.BytesIO(zipped({"x": Name("torch._utils._rebuild_tensor")(changed, 0, (2, 3), (3, 1))}, [X])))


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("kind", BAD)
def test_a_tensor_lies_in_its_storage(form, kind):
    """It is refused before memory is taken for it."""
    offset, strides, shape, length = BAD[kind]
    rebuilt = Name("torch._utils._rebuild_tensor")(storage("0", "f4", length), offset, shape, strides)
    with pytest.raises((ValueError, EOFError)):
        TorchFile(io.BytesIO(WRITERS[form]({"x": rebuilt}, [X]))).get_tensor("x")


GOOD = state({"x": X})
TWICE = io.BytesIO()
with zipfile.ZipFile(TWICE, "w") as file, pytest.warns(UserWarning):
    for name in ("data.pkl", "data/0", "data/0"):
        file.writestr(f"archive/{name}", pickled(GOOD) if name == "data.pkl" else X.tobytes())
FALSE = bytearray(zipped(GOOD, [X]))  # stored, but its headers say lzma
for sign, place in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
    begin = -1
    while (begin := FALSE.find(sign, begin + 1)) >= 0:
        FALSE[begin + place] = zipfile.ZIP_LZMA
FILES = {
    "no pickle": (zipped(GOOD, [X], changed={"data.pkl": None}), "0 data.pkl"), "no storage": (zipped(GOOD, []), "data/0"),
    "two pickles": (zipped(GOOD, [X], changed={"b/data.pkl": b"N."}), "2 data.pkl"),
    "twice": (TWICE.getvalue(), "a name twice"),
    "big-endian": (zipped(GOOD, [X], changed={"byteorder": b"bigend"}), "not little-endian"),
    "byte order of 8 MB": (zipped(GOOD, [X], changed={"byteorder": bytes(2**23)}), "has 8388608 bytes"),
    "compressed": (zipped(GOOD, [X], compression=zipfile.ZIP_DEFLATED), "compressed"),
    "lzma": (zipped(GOOD, [X], compression=zipfile.ZIP_LZMA), "compressed"),
    "a false lzma": (bytes(FALSE), "compressed"),
    "a bomb": (zipped(GOOD, [X], changed={"data.pkl": bytes(2**26),
    "byteorder": None}, compression=zipfile.ZIP_DEFLATED), "its pickle has 67108864"),
    "a long pickle": (zipped(GOOD, [X], changed={"data.pkl": bytes(MAX_PICKLE + 1)}), "its pickle has"),
    "another size": (zipped(GOOD, [X], changed={"data/0": bytes(23)}), "has 23 bytes, expected 24"),
    "a damaged number": (zipped(GOOD, [X + 1]).replace(b"\0\0\x80?", b"\0\0\x81?", 1), "CRC"),
    "cut zip": (zipped(GOOD, [X])[:-30], "not a zip"), "long directory": (zipped(GOOD, [X], changed={
        f"{k:0>60000}": b"" for k in range(MAX_DIRECTORY // 60000 + 1)}), "its directory"),
    "cut": (legacy(GOOD, [X])[:-1], "expected"), "cut in a size": (legacy(GOOD, [X])[:-30], "ends early"),
    "no keys": (legacy(GOOD, [X], keys=[]), "'0'"), "no list": (legacy(GOOD, [X], keys="0"), "list of storages"),
    "a foreign key": (legacy(GOOD, [X], keys=["1"]), "no tensor"), "a key twice": (legacy(GOOD, [X], keys=["0", "0"]), "twice"),
    "a deep key": (legacy(GOOD, [X], keys=[DEEP]), "twice, or"), "another length": (legacy(GOOD, [X[:1]]), "another size"),
    "no magic": (pickled([MAGIC]) + legacy(GOOD, [X]), "magic"), "two types": (zipped(
        {"x": tensor(X, "0"), "y": tensor(X.astype("f8"), "0")}, [X]), "differs"),
    "a view": (legacy({"x": Name("torch._utils._rebuild_tensor")(
        storage("0", "f4", 6, ("1", 0, 6)), 0, (2, 3), (3, 1))}, [X]), "none of PyTorch's")}


@pytest.mark.parametrize("kind", FILES)
def test_damaged_files_are_refused(kind):
    """Each with its reason."""
    data, words = FILES[kind]
    with pytest.raises(Exception, match=words):  # its caller makes a sentence of any
        TorchFile(io.BytesIO(data)).get_tensor("x")


def test_any_cut_and_any_byte(tmp_path):
    """Of both formats: the right numbers or a refusal, never another exception."""
    for data in (zipped(GOOD, [X]), legacy(GOOD, [X])):
        for k in range(0, len(data), 3):
            for changed in (data[:k], data[:k] + bytes([data[k] ^ 0x55]) + data[k + 1:]):
                (tmp_path / "a.pth").write_bytes(changed)
                with pytest.raises(InputError):
                    read_weights(tmp_path / "a.pth", "vgg16")


def vgg16():
    """Weights in half precision whose first layer agrees in the three colours, as if trained."""
    arrays = {}
    for _, _, name, inputs, width in layout("vgg16"):
        kernel = RNG.standard_normal((width, inputs, 3, 3), np.float32) * (2 / 9 / inputs)**0.5
        arrays[f"{name}.weight"] = (kernel if inputs > 3 else kernel[:, :1].repeat(3, axis=1)).astype(np.float16)
        arrays[f"{name}.bias"] = np.zeros(width, np.float16)
    return arrays


@pytest.mark.slow
def test_vgg_of_both_formats_and_prefixes(tmp_path):
    """The weights are those of the arrays; a digest in the name is checked."""
    arrays = vgg16()
    for form, prefix in (("zip", ""), ("legacy", "module."), ("zip", "model.vgg.")):
        named = {prefix + name: array for name, array in arrays.items()}
        (tmp_path / "a.pth").write_bytes(WRITERS[form](state(named), list(arrays.values())))
        for name, (kernel, bias) in read_weights(tmp_path / "a.pth", "vgg16").items():
            assert np.array_equal(kernel, arrays[f"{name}.weight"].transpose(2, 3, 1, 0).astype(np.float32))
            assert np.array_equal(bias, arrays[f"{name}.bias"].astype(np.float32))
    digest = hashlib.sha256((tmp_path / "a.pth").read_bytes()).hexdigest()[:8]
    (tmp_path / "a.pth").rename(tmp_path / f"vgg16-{digest}.pth")
    features = vgg_features(tmp_path / f"vgg16-{digest}.pth", "vgg16").forward(RNG.random((1, 32, 32, 3)).astype(np.float32))
    assert len(features) == 6 and all(np.isfinite(each).all() for each in features)


def test_a_digest_that_does_not_fit_is_told(tmp_path):
    """Before anything is read; a date is no digest."""
    for name, words in (("vgg19-dcbb9e9d.pth", "begins with [0-9a-f]{8}, expected dcbb9e9d"),
                        ("vgg19-20240131.pth", "no array")):
        (tmp_path / name).write_bytes(zipped(GOOD, [X]))
        with pytest.raises(InputError, match=words):
            read_weights(tmp_path / name, "vgg19")


def test_one_prefix_is_found():
    """Plain names first; several networks are refused."""
    assert find_prefix("a", ["x.features.0.weight", "features.0.weight"]) == ""
    assert find_prefix("a", ["old_features.0.weight"]) == "" and find_prefix("a", ["x.features.0.weight", "y"]) == "x."
    with pytest.raises(InputError, match="2 arrays whose names end in features.0.weight"):
        find_prefix("a", ["x.features.0.weight", "y.features.0.weight"])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux")
def test_the_classifier_is_not_read(tmp_path):
    """A hole of 2 GB in the place of VGG's last layers takes no memory."""
    arrays, length = vgg16(), 2**29
    items = {name: tensor(array, str(k)) for k, (name, array) in enumerate(arrays.items())}
    items["classifier.0.weight"] = Name("torch._utils._rebuild_tensor")(storage("last", "f4", length), 0, (length,), (1,))
    data = legacy(items, list(arrays.values()), keys=[*map(str, range(len(arrays))), "last"])
    path = tmp_path / "a.pth"
    path.write_bytes(data + struct.pack("<q", length))
    os.truncate(path, path.stat().st_size + 4 * length)
    assert peak_megabytes(f"assert {READ}", path) < 400
