"""VGG from a user's file: the features equal those of an independent implementation; every wrong file gives one sentence."""
import numpy as np
import pytest
from safetensors.numpy import save_file

from nnscratch.errors import InputError
from nnscratch.networks.vgg import (
    BGR_MEAN,
    CONVOLUTIONS,
    RGB_MEAN,
    RGB_STD,
    WIDTHS,
    check_first_layer,
    vgg_features,
)

pytestmark = pytest.mark.xdist_group("vgg")  # fixtures are built once, in one process


def random_weights(kind, seed=0):
    """All 16 or 13 layers with torchvision's names and real shapes; He's scale, so that no feature vanishes."""
    rng, weights, number, inputs = np.random.default_rng(seed), {}, 0, 3
    for count, width in zip(CONVOLUTIONS[kind], WIDTHS):
        for _ in range(count):
            weights[f"features.{number}.weight"] = scale_of(inputs) * rng.standard_normal((width, inputs, 3, 3), np.float32)
            weights[f"features.{number}.bias"] = 0.1 * rng.standard_normal(width, np.float32)
            number, inputs = number + 2, width
        number += 1
    first = weights["features.0.weight"]  # filters that partly agree in the three colours, as trained ones do
    first += scale_of(3) * rng.standard_normal((64, 1, 3, 3), np.float32)
    first /= np.float32(2**0.5)
    return weights


def scale_of(inputs):
    """He's standard deviation for 3x3 kernels."""
    return np.float32((2 / (9 * inputs))**0.5)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("vgg") / "vgg19.safetensors"
    save_file(random_weights("vgg19"), path)
    return path


IMAGE = np.random.default_rng(1).random((1, 35, 32, 3), dtype=np.float32)
MEANS = {  # of the six maps for IMAGE, computed by PyTorch 2.13 (float64) with pooling, colours
    ("average", "rgb"): [0.8170, 0.7119, 0.6780, 0.5102, 0.4387, 0.2021],
    ("max", "bgr"): [45.5538, 72.3950, 95.0486, 96.3011, 80.7393, 61.1264]}


@pytest.mark.slow
@pytest.mark.parametrize("pooling, colours", MEANS)
def test_features_equal_another_implementation(file, pooling, colours):
    """Element by element if PyTorch is installed; otherwise by the stored mean of every map."""
    features = vgg_features(file, pooling=pooling, colours=colours).forward(IMAGE)
    assert [f.shape for f in features] == [(1, 35, 32, 64), (1, 17, 16, 128), (1, 8, 8, 256), (1, 4, 4, 512), (1, 4, 4, 512),
                                           (1, 2, 2, 512)]
    np.testing.assert_allclose([f.mean() for f in features], MEANS[pooling, colours], rtol=1e-3)
    torch = pytest.importorskip("torch")
    for ours, theirs in zip(features, by_torch(torch, random_weights("vgg19"), pooling, colours)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


def by_torch(torch, weights, pooling, colours):
    """The same network, written with PyTorch's functions."""
    if colours == "rgb":
        x = (IMAGE.astype(np.float64) - RGB_MEAN) / RGB_STD
    else:
        x = 255 * IMAGE[..., ::-1].astype(np.float64) - BGR_MEAN
    x, number, taps = torch.from_numpy(x.transpose(0, 3, 1, 2).copy()), 0, []
    pool = torch.nn.functional.avg_pool2d if pooling == "average" else torch.nn.functional.max_pool2d
    for stage, count in enumerate(CONVOLUTIONS["vgg19"], 1):
        x, number = (pool(x, 2), number + 1) if stage > 1 else (x, number)
        for k in range(1, (1 if stage == 5 else count) + 1):
            kernel, bias = (torch.from_numpy(weights[f"features.{number}.{part}"]).double() for part in ("weight", "bias"))
            x, number = torch.relu(torch.nn.functional.conv2d(x, kernel, bias, padding=1)), number + 2
            if k == 1 or (stage, k) == (4, 2):
                taps.append(x.numpy().transpose(0, 2, 3, 1))
    return taps


@pytest.mark.slow
def test_vgg16_has_fewer_layers(tmp_path):
    """Its own file is accepted, VGG-19's is not: the layers after the ninth have other positions."""
    save_file(random_weights("vgg16"), tmp_path / "a.safetensors")
    assert len(vgg_features(tmp_path / "a.safetensors", "vgg16").forward(IMAGE)) == 6
    with pytest.raises(InputError, match="features.16.weight"):
        vgg_features(tmp_path / "a.safetensors", "vgg19")


def untrained():
    """A randomly initialized first layer: of a plausible scale, but with independent elements."""
    return scale_of(3) * np.random.default_rng(5).standard_normal((64, 3, 3, 3), np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("change, words", [
    (lambda w: w.pop("features.5.weight"), "has no array 'features.5.weight'"),
    (lambda w: w.update({"features.0.weight": w["features.0.weight"].transpose(2, 3, 1, 0).copy()}), r"\(OIHW\)"),
    (lambda w: w["features.2.bias"].fill(np.nan), "NaN"),
    (lambda w: w.update({"features.2.bias": np.zeros(64, np.int32)}), "int32"),
    (lambda w: w["features.0.weight"].fill(0), "first layer"),
    (lambda w: w["features.0.weight"].__imul__(100), "first layer"),
    (lambda w: w["features.0.weight"][:, 1].fill(0), "first layer"),
    (lambda w: w.update({"features.0.weight": untrained()}), "correlation of -?0.0[0-5].*, expected 0.06 or more")])
def test_wrong_weights_give_one_sentence(tmp_path, change, words):
    weights = random_weights("vgg19")
    weights = {name: array.copy() for name, array in weights.items() if int(name.split(".")[1]) < 30}
    change(weights)
    save_file(weights, tmp_path / "a.safetensors")
    with pytest.raises(InputError, match=words):
        vgg_features(tmp_path / "a.safetensors")


def test_a_first_layer_with_a_small_correlation_is_accepted():
    """A correlation of 0.11, the smallest among trained networks."""
    rng = np.random.default_rng(0)
    kernel = scale_of(3) * (rng.standard_normal((3, 3, 3, 64)) + 0.36 * rng.standard_normal((3, 3, 1, 64)))
    check_first_layer("file", kernel)
    with pytest.raises(InputError, match="correlation"):
        check_first_layer("file", untrained().transpose(2, 3, 1, 0))


@pytest.mark.parametrize("data", [b"", b"\x80\x04N.", b"PK\x03\x04" + b"0" * 100, b"\xff" * 200],
                         ids=["empty", "pickle", "zip", "noise"])
def test_files_that_are_not_weights(tmp_path, data):
    """What a file is does not depend on its name; a pickle alone is neither."""
    (tmp_path / "a.safetensors").write_bytes(data)
    kind = ".pth" if data.startswith(b"PK") else "safetensors"
    with pytest.raises(InputError, match=f"not a whole {kind} file"):
        vgg_features(tmp_path / "a.safetensors")
    with pytest.raises(InputError, match="cannot open"):
        vgg_features(tmp_path / "nowhere.safetensors")
