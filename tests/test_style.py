"""Style transfer: the gradient of the whole objective, the result of the optimization, and interruptions."""
from itertools import pairwise

import numpy as np
import pytest
from helpers import normal, on, same
from hypothesis import given
from hypothesis import strategies as st

from nnscratch import backend
from nnscratch.backend import to_cpu
from nnscratch.errors import InputError
from nnscratch.gradcheck import check_model, check_op
from nnscratch.layers import Conv2D
from nnscratch.networks.random_features import normalize_filters, random_features
from nnscratch.style.features import loss_network
from nnscratch.style.objective import Objective
from nnscratch.style.transfer import transfer_style


def image(height, width, seed=0):
    """Smooth colours with a little noise, in [0, 1]."""
    rows, columns = np.mgrid[:height, :width]
    waves = [np.sin(rows / (3 + seed + c)) * np.cos(columns / (4 + c)) for c in range(3)]
    noise = 0.1 * normal(height, width, 3, seed=seed)
    return np.clip(0.5 + 0.4 * np.stack(waves, -1) + noise, 0, 1)[None].astype(np.float32)


def small_network():
    return random_features(widths=(4, 5), seed=1)


@pytest.mark.slow
def test_the_loss_network_passes_the_gradient_check():
    """A network with four feature maps: dx and all filters."""
    network = small_network()
    report = check_model(network, normal(1, 8, 6, 3), smooth=False, max_elements=60)
    assert report.ok, str(report)


@pytest.mark.slow
def test_the_gradient_of_the_objective_is_right():
    """Content, style and smoothness together, through the network to the pixels, against central differences."""
    network = small_network()
    network.forward(image(8, 6))
    network.cast(np.float64)
    objective = Objective(network, image(8, 6).astype(float), [image(10, 8, 2).astype(float)], style_weight=3.0,
                          smoothness=0.5, content_layer=2)
    report = check_op(lambda x: objective(x.astype(float)), lambda dy, gradient: dy * gradient, [image(8, 6, 1)],
                      smooth=False)
    assert not [p for p in report.problems if "float32 inputs" not in p], str(report)
    assert report.error < 1e-6 and report.adjoint_error < 1e-6


def test_normalised_filters_have_mean_0_and_variance_1_on_the_style():
    """Every convolution, before its ReLU; an image of one colour gives finite features."""
    style = image(24, 20)
    network = normalize_filters(small_network(), style)
    x = style
    for layer in network.layers:
        x = layer.forward(x)
        if isinstance(layer, Conv2D):
            same(x.mean((0, 1, 2)), np.zeros(x.shape[-1]), 1e-4)
            same(x.std((0, 1, 2)), np.ones(x.shape[-1]), 1e-3)
    flat = normalize_filters(small_network(), np.full((1, 16, 16, 3), 0.5, dtype=np.float32))
    assert all(np.isfinite(features).all() for features in flat.forward(style))


@pytest.mark.slow
def test_samples_of_a_large_style_suffice_for_normalisation(xp):
    """700x530 pixels of changing colours: the first convolution has a mean near 0 and a standard deviation near 1."""
    style = on(xp, image(700, 530))
    backend.use("cpu" if xp is np else "gpu")
    network = normalize_filters(small_network(), style)
    y = to_cpu(network.layers[1].forward(network.layers[0].forward(style)))
    same(y.mean((0, 1, 2)), np.zeros(4), 0.05)
    same(y.std((0, 1, 2)), np.ones(4), 0.05)
    assert abs(y.mean((0, 1, 2))).max() > 1e-6


@pytest.mark.slow
def test_transfer_changes_the_style_and_keeps_the_content(xp):
    """The style loss falls by more than half, the image stays in range and has the content's size, on every device."""
    backend.use("cpu" if xp is np else "gpu")
    result = transfer_style(image(32, 40), image(36, 33, 3), steps=6)
    assert isinstance(result.image, np.ndarray) and result.image.shape == (1, 32, 40, 3)
    assert result.image.min() >= 0 and result.image.max() <= 1
    assert result.history[-1]["style"] < 0.5 * result.history[0]["style"]
    assert result.history[-1]["content"] < 1
    assert not result.interrupted


def test_the_same_seed_gives_the_same_image():
    """Bit for bit; another seed gives another image."""
    def run(seed):
        return transfer_style(image(16, 18), image(20, 20, 3), features="random", steps=3, seed=seed).image
    np.testing.assert_array_equal(run(1), run(1))
    assert (run(1) != run(2)).any()


def test_adam_instead_of_lbfgs():
    """The style loss falls, the image stays in range at every step, and an image passed to `progress` is not changed later."""
    seen = []
    result = transfer_style(image(32, 40), image(36, 33, 3), optimizer="adam", steps=25,
                            progress=lambda fraction, record, frame: seen.append((frame, frame.copy())))
    assert result.history[-1]["style"] < 0.6 * result.history[0]["style"] and len(seen) == 25
    assert all(np.array_equal(frame, copy) and frame.min() >= 0 and frame.max() <= 1 for frame, copy in seen)


@pytest.mark.slow
def test_large_images_are_optimized_coarse_to_fine():
    """Half the size before the full size, down to 80 pixels a side; small images at one size only."""
    result = transfer_style(image(162, 180), image(190, 161, 3), steps=2)
    assert [record["size"] for record in result.history] == [90, 90, 180, 180]
    assert {record["size"] for record in transfer_style(image(20, 30), image(64, 64, 3), steps=2).history} == {30}


@pytest.mark.slow
@pytest.mark.parametrize("stop_at", [1, 4])
def test_ctrl_c_returns_the_best_image_so_far(stop_at):
    """Interrupted at the small or the full size: the result has the full size and is marked as interrupted."""
    fractions = []

    def progress(fraction, record, image):
        fractions.append(fraction)
        if len(fractions) == stop_at:
            raise KeyboardInterrupt
    result = transfer_style(image(160, 162), image(160, 160, 3), steps=3, progress=progress)
    assert result.interrupted and len(result.history) == stop_at
    assert result.image.shape == (1, 160, 162, 3) and np.isfinite(result.image).all()
    assert np.abs(result.image - image(160, 162)).max() > 0.01


@pytest.mark.parametrize("style", [np.full((1, 20, 20, 3), 0.5), np.zeros((1, 20, 20, 3)),
                                   np.repeat(image(20, 20)[..., :1], 3, -1)], ids=["one colour", "black", "grey"])
def test_uniform_styles_give_no_nan(style):
    """One colour, black, grey."""
    result = transfer_style(image(20, 24), style.astype(np.float32), steps=3)
    assert np.isfinite(result.image).all() and np.isfinite(result.history[-1]["loss"])


@pytest.mark.slow
def test_strength_from_the_photograph_to_pure_style():
    """0 gives the photograph, bit for bit. With more strength the style loss falls and the content loss rises, at least
    fourfold from 2 to 25; at 100 the content has weight 0."""
    content, style, left = image(40, 48), image(44, 40, 3), []
    same(transfer_style(content, style, strength=0).image, content)
    for strength in (2, 25, 50, 75, 100):
        left.append(transfer_style(content, style, strength=strength, steps=20).history[-1])
    assert all(a["style"] > b["style"] and a["content"] < b["content"] for a, b in pairwise(left))
    assert left[0]["content"] < 0.25 * left[1]["content"] and loss_network("texture", style).weights(100)["content_weight"] == 0


@pytest.mark.parametrize("features, balance", [("texture", 100), ("random", 200)])
def test_the_content_layer_has_full_size(features, balance):
    """It is the second convolution, the last before the first pooling; measured to keep more of the photograph."""
    network = loss_network(features, image(32, 32))
    sides = [maps.shape[1] for maps in network.model.forward(image(32, 32))]
    assert sides[network.content_layer] == 32 and sides[network.content_layer + 1] == 16
    assert network.weights(50)["style_weight"] == balance / 2


@pytest.mark.slow
@given(st.sampled_from(["gram", "covariance", "sliced"]), st.integers(0, 10**6), st.floats(10, 1000))
def test_the_style_term_is_relative(statistics, seed, scale):
    """At most 1 for the photograph with Gram matrices, 0 for the style; and independent of the scale of the features."""
    backend.use("cpu")
    content, style = image(8, 9, seed % 5), image(9, 8, seed % 7)
    terms = []
    for times in (10, scale):
        network = small_network()
        network.forward(content)
        network.cast(np.float64)
        network.layers[1].params["kernel"] *= times
        objective = Objective(network, content.astype(float), [style.astype(float)], style_weight=1, smoothness=0,
                              content_layer=2, statistics=statistics)
        objective(content.astype(float))
        terms.append(float(objective.terms["style"]))
    assert terms[1] == pytest.approx(terms[0], rel=1e-6)
    assert 0 <= terms[0] <= (1 if statistics == "gram" else 2) + 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("features", ["texture", "random"])
@pytest.mark.parametrize("content, style", [((8, 8), (8, 8)), ((8, 8), (40, 40)), ((33, 9), (8, 70)), ((15, 300), (300, 8))])
def test_small_and_narrow_images(features, content, style):
    """8 pixels a side, and long narrow images: values stay in range and the style loss falls. Small maps are dropped."""
    result = transfer_style(image(*content), image(*style, 3), features=features, steps=4)
    assert np.isfinite(result.image).all() and result.image.shape == (1, *content, 3)
    assert result.history[-1]["style"] < result.history[0]["style"]
    for dull in (np.zeros, np.ones):
        result = transfer_style(dull((1, 8, 9, 3), np.float32), image(*style), features=features, steps=3)
        assert np.isfinite(result.image).all() and np.isfinite(result.history[-1]["loss"])


def test_maps_that_are_too_small_are_dropped():
    """With 16 pixels a side there are eight maps; with 15 or 8 there are six; the remaining maps are unchanged."""
    style = image(20, 20)
    whole = loss_network("random", style, side=16).model
    for side, count in ((15, 6), (8, 6)):
        model = loss_network("random", style, side=side).model
        assert len(whole.outputs) == 8 and len(model.outputs) == count
        same(model.forward(style), whole.forward(style)[:count])


@pytest.mark.parametrize("change, words", [
    ({"strength": -1}, "strength is -1, expected 0, the photograph, to 100, nothing but style"),
    ({"strength": 100.5}, "strength is 100.5"),
    ({"strength": float("nan")}, "strength is nan"),
    ({"strength": "50"}, "strength is 50"),
    ({"seed": -1}, "seed is -1, expected a whole number of at least 0"),
    ({"seed": 1.5}, "seed is 1.5"),
    ({"steps": 0}, "number of steps is 0"),
    ({"content": image(1, 1)}, "content image has 1x1 pixels, expected at least 8"),
    ({"style": image(20, 7)}, "style image has 7x20 pixels"),
    ({"content": image(20, 20)[0]}, r"expected \(1, H, W, 3\)"),
    ({"content": 255 * image(20, 20)}, "values from 0 to 255, expected 0 to 1"),
    ({"style": np.full((1, 20, 20, 3), np.nan)}, "values from nan to nan, expected 0 to 1"),
])
def test_mistakes_are_one_clear_sentence(change, words):
    """They are refused before the network is built."""
    options = {"content": image(20, 20), "style": image(20, 20, 1), **change}
    with pytest.raises(InputError, match=words):
        transfer_style(**options)


def test_a_loss_that_is_not_finite_is_refused_at_once(monkeypatch):
    """Before the first step; the values in the network overflow."""
    def broken(network, style):
        network.layers[1].params["kernel"][...] = np.inf
        return network
    monkeypatch.setattr("nnscratch.style.features.normalize_filters", broken)
    monkeypatch.setattr("nnscratch.lbfgs.LBFGS.step", None)
    with pytest.raises(InputError, match="the loss is (nan|inf), expected a finite number"), np.errstate(all="ignore"):
        transfer_style(image(20, 20), image(20, 20, 1), features="random")


@pytest.mark.slow
def test_the_progress_fraction_ends_at_1():
    """It rises in equal parts, and to 1 at once if the minimizer has converged."""
    fractions = []
    transfer_style(image(20, 20), image(20, 20, 1), steps=4, progress=lambda fraction, *_: fractions.append(fraction))
    assert fractions == [0.25, 0.5, 0.75, 1]
    fractions.clear()
    grey = np.full((1, 160, 160, 3), 0.5, dtype=np.float32)
    transfer_style(grey, grey, steps=4, progress=lambda fraction, *_: fractions.append(fraction))
    assert fractions == [0.2, 1]


def test_objective_terms_stay_on_the_device(xp):
    """Loss and gradient of one evaluation are device arrays: nothing is downloaded in between."""
    backend.use("cpu" if xp is np else "gpu")
    network = small_network()
    content, style = map(backend.to_device, (image(16, 16), image(16, 16, 1)))
    normalize_filters(network, style)
    objective = Objective(network, content, [style], style_weight=3.0, smoothness=1.0, content_layer=2)
    loss, gradient = objective(content)
    assert loss.shape == () and type(gradient) is type(content)
    assert float(to_cpu(objective.terms["content"])) < 1e-10
