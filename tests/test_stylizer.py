"""The stylizer: its parts by hand, its gradient, its training, and its use."""
from functools import cache

import numpy as np
import pytest
from helpers import normal, same, slopes, visible
from PIL import Image

from nnscratch import checkpoint
from nnscratch.cli import main
from nnscratch.data.images import photograph, read_image
from nnscratch.data.synthetic.styles import style_image
from nnscratch.errors import InputError
from nnscratch.losses import content_loss, gram_style_loss, total_variation
from nnscratch.memory import peak_bytes
from nnscratch.networks.stylizer import ENCODED, UPSAMPLINGS, adain, decoder, encoder
from nnscratch.networks.texture_features import texture_features
from nnscratch.ops.gram import gram_matrix
from nnscratch.optimizers import Adam
from nnscratch.style import pairs, train_texture
from nnscratch.style import stylizer as stylizer_module
from nnscratch.style import train_stylizer as module
from nnscratch.style.colour import match_colours
from nnscratch.style.stylizer import SHIPPED, Stylizer
from nnscratch.style.train_stylizer import train_step, train_stylizer


def smooth(h, w, seed=0):
    """A smooth image in [0, 1]."""
    rows, columns = np.mgrid[:h, :w]
    waves = [np.sin(rows / (5 + c + seed)) * np.cos(columns / (6 + c)) for c in range(3)]
    return (0.5 + 0.4 * np.stack(waves, -1))[None].astype(np.float32)


def test_adapted_features_have_the_styles_statistics():
    """For each channel of each image; the order of the values is kept."""
    f, s = normal(2, 6, 5, 3), 2 + 3 * normal(2, 8, 9, 3, seed=1)
    t = adain(f, s)
    same(t.mean(axis=(1, 2)), s.mean(axis=(1, 2)), 1e-10)
    same(t.std(axis=(1, 2)), s.std(axis=(1, 2)), 1e-4)
    assert np.corrcoef(t[0, :, :, 1].ravel(), f[0, :, :, 1].ravel())[0, 1] > 0.999


def test_the_encoder_is_the_texture_network():
    """Up to the map that the decoder starts from, at a quarter of the size; and the mean colour of 4x4 pixels."""
    image = smooth(24, 32)
    code = encoder().forward(image)
    same(code[..., :128], texture_features().forward(image)[ENCODED], 1e-6)
    same(code[..., 128:], image.reshape(1, 6, 4, 8, 4, 3).mean(axis=(2, 4)), 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("upsampling", UPSAMPLINGS)
def test_the_gradient_of_a_training_step(upsampling):
    """The whole loss, content, Gram matrices and smoothness, along a random direction of each weight array, by central
    differences; the last convolutions of the residual blocks, which start at 0, get random weights."""
    model, network, code = decoder(upsampling), texture_features(), encoder()
    for part in (model, network, code):
        part.cast(np.float64)
    for k, array in enumerate(model.params.values()):
        array += 0.02 * normal(*array.shape, seed=k)
    content, style = (np.concatenate([smooth(16, 16, k), smooth(16, 16, k + 1)]).astype(float) for k in (0, 2))

    def loss():
        targets = network.forward(style)
        t = adain(code.forward(content), code.forward(style))
        y = model.forward(t)
        total = module.CONTENT_WEIGHT * content_loss(network.forward(y)[ENCODED], t[..., :128])[0]
        total = total + module.SMOOTHNESS * total_variation(y)[0]
        for ours, theirs, before in zip(network.forward(y), targets, network.forward(content)):
            mean = theirs.mean(axis=(1, 2), keepdims=True)
            grams = [gram_matrix(x - mean)[0] for x in (ours, theirs, before)]
            for g, a, b in zip(*grams):
                total = total + ((g - a)**2).sum() / ((a**2).sum() + (b**2).sum()) / len(targets) / len(content)
        return float(total)

    train_step(model, network, code, Adam(1e-18), content, style)
    gradients = {name: array.copy() for name, array in model.grads.items()}
    for name, direction, slope in slopes(model.params, loss, 1e-6, seed=100):
        size = np.linalg.norm(gradients[name]) * np.linalg.norm(direction)
        assert slope == pytest.approx((gradients[name] * direction).sum(), abs=1e-3 * size), name  # kinks of ReLU
        assert size > 0


pytestmark = pytest.mark.xdist_group("textures")  # fixtures are drawn once, in one process
drawn_once = cache(pairs.TextureDataset)


@pytest.fixture
def quick(monkeypatch):
    """Small crops, few images, two steps between saves."""
    monkeypatch.setattr(module, "SAVE_EVERY", 2)
    monkeypatch.setattr(pairs, "SIDE", 32)
    monkeypatch.setattr(train_texture, "PAINTING_SIDE", 120)
    monkeypatch.setattr(pairs, "TextureDataset", lambda seed, side, _: drawn_once(seed, side, 2))


@pytest.mark.slow
def test_an_interrupted_training_is_resumed(quick, tmp_path, monkeypatch):
    """Five steps at once, or Ctrl-C in the fourth and then the rest: the same weights, bit for bit."""
    train_stylizer(tmp_path / "once", steps=5, device="cpu")
    batch = pairs.PairDataset.batch

    def stop(self, step):
        if step == 4:
            raise KeyboardInterrupt
        return batch(self, step)
    monkeypatch.setattr(pairs.PairDataset, "batch", stop)
    with pytest.raises(KeyboardInterrupt):
        train_stylizer(tmp_path / "twice", steps=5, device="cpu")
    monkeypatch.setattr(pairs.PairDataset, "batch", batch)
    with pytest.raises(InputError, match="holds a training already; add --resume"):
        train_stylizer(tmp_path / "twice", steps=5, device="cpu")
    train_stylizer(tmp_path / "twice", resume=True, device="cpu")
    one, two = ((tmp_path / way / "stylizer.safetensors").read_bytes() for way in ("once", "twice"))
    assert one == two


def test_a_training_stopped_before_its_first_step_is_not_to_be_resumed(tmp_path, monkeypatch, capsys):
    """Ctrl-C while the style image is read: nothing is there to go on from, and nothing says so."""
    def stop(*_):
        raise KeyboardInterrupt
    monkeypatch.setattr(module, "style_record", stop)
    with pytest.raises(KeyboardInterrupt):
        train_stylizer(tmp_path / "out", "ink", device="cpu")
    assert capsys.readouterr().out == "stopped before the first step\n" and not (tmp_path / "out").exists()


@pytest.mark.slow
def test_training_on_one_style(quick, tmp_path):
    """The style loss of a single image falls; the file can stylize."""
    Image.fromarray((255 * style_image("glass", 64)[0]).astype(np.uint8)).save(tmp_path / "style.png")
    first = train_stylizer(tmp_path / "a", tmp_path / "style.png", steps=5, upsampling="transposed", device="cpu")
    last = train_stylizer(tmp_path / "b", tmp_path / "style.png", steps=40, upsampling="transposed", device="cpu")
    assert last < 0.8 * first
    result = Stylizer(tmp_path / "b" / "stylizer.safetensors")(smooth(21, 18), style_image("glass", 32))
    assert result.shape == (1, 21, 18, 3) and result.min() >= 0 and result.max() <= 1


@pytest.mark.slow
def test_one_style_starts_from_the_shipped_decoder(quick, tmp_path, monkeypatch):
    """Before the first step it is the decoder that nnscratch ships, if the upsampling is the same; then reconstruction is
    skipped."""
    firsts, drawn, weights = [], [], []
    monkeypatch.setattr(module, "reconstruct", lambda *arguments: drawn.append(1) or 0.0)
    monkeypatch.setattr(module, "train_step", lambda *arguments: weights.append(arguments[-1]) or {"style": 0.0})
    initial_decoder = module.initial_decoder
    monkeypatch.setattr(module, "initial_decoder", lambda info: firsts.append(initial_decoder(info)) or firsts[-1])
    for style, upsampling, shipped, times, weight in (("glass", "resize", True, 0, 0.5), (None, "resize", False, 1, 1.0),
                                                      ("glass", "transposed", False, 1, 0.5)):
        drawn.clear(), weights.clear()
        train_stylizer(tmp_path / f"{style} {upsampling}", style, steps=10, upsampling=upsampling, device="cpu")
        params = firsts[-1][0].params
        assert all(np.array_equal(params[name], array) for name, array in Stylizer().decoder.params.items()
                   if array.shape == params[name].shape) == shipped
        assert len(drawn) == times and set(weights) == {weight} and len(weights) == 10 - times


@pytest.mark.slow
def test_a_training_with_other_options_is_not_resumed(quick, tmp_path):
    """A state that lacks one of the options was written with other rules."""
    train_stylizer(tmp_path, "glass", steps=2, device="cpu")
    state = tmp_path / "state.safetensors"
    model, info = decoder(), checkpoint.read_arrays(state)[1]["info"]
    del info["begins"]
    checkpoint.save(state, model, info=info)
    with pytest.raises(InputError, match="begin anew in another folder"):
        train_stylizer(tmp_path, resume=True, device="cpu")


@pytest.mark.slow
def test_the_shipped_stylizer(tmp_path):
    """At most 2 MB. The result is nearer to the style's Gram matrices than the recoloured photograph, and correlates with it.
    Any size works; strength 0 changes nothing, and more strength changes more."""
    assert SHIPPED.stat().st_size < 2e6
    content, style = read_image(photograph(), 130), style_image("mosaic", 128)
    stylizer, network = Stylizer(), texture_features()
    result = stylizer(content, style)
    assert result.shape == content.shape

    def style_distance(image):
        total = 0
        for ours, theirs in zip(network.forward(image), network.forward(style)):
            mean = theirs.mean(axis=(1, 2), keepdims=True)
            total += float(gram_style_loss(ours - mean, gram_matrix(theirs - mean)[0])[0])
        return total
    recoloured = match_colours(content, style)
    assert style_distance(result) < 0.7 * style_distance(recoloured)
    light, before = result.mean(axis=-1).ravel(), recoloured.mean(axis=-1).ravel()
    assert np.corrcoef(light, before)[0, 1] > 0.5
    same(stylizer(content, style, 0.0), content)
    far = [np.abs(stylizer(content, style, strength) - content).mean() for strength in (5.0, 20.0, 50.0, 100.0)]
    assert far == sorted(far)
    assert np.isfinite(stylizer(content, np.full((1, 20, 20, 3), 0.5, np.float32))).all()
    assert np.isfinite(stylizer(smooth(8, 9), smooth(9, 8, 1), 100.0)).all()


@pytest.mark.slow
@pytest.mark.parametrize("upsampling", UPSAMPLINGS)
def test_strips_do_not_change_the_result(monkeypatch, upsampling):
    """An image in strips equals the whole image, for any height of the last strip. With a halo that is smaller by two rows of
    codes, the decoder's output would differ."""
    content, style, stylizer = smooth(150, 61), style_image("glass", 48), Stylizer()
    stylizer.decoder, rng = decoder(upsampling, 1), np.random.default_rng(0)
    for array in stylizer.decoder.params.values():  # also of the residual blocks, which start as the identity
        array += 0.03 * rng.normal(size=array.shape)
    whole = stylizer(content, style)
    for pixels in (64 * 64, 64 * 100):
        monkeypatch.setattr(stylizer_module, "STRIP_PIXELS", pixels)
        np.testing.assert_allclose(stylizer(content, style), whole, atol=1e-4)
    monkeypatch.setattr(stylizer_module, "MAX_KEPT", 0)  # the code is computed again instead of being kept
    np.testing.assert_allclose(stylizer(content, style), whole, atol=1e-4)
    monkeypatch.setattr(stylizer_module, "HALO", 6)
    assert np.abs(stylizer(content, style) - whole).max() > 1e-3, "a halo that is too small is noticed"


@pytest.mark.slow
def test_strips_save_memory(monkeypatch):
    """For a large content and for a large style, only the maps of one strip exist at a time."""
    stylizer, peaks = Stylizer(), {}
    long, short = smooth(1000, 64), smooth(64, 64, 1)
    for name, images in {"content": (long, short), "style": (short, long)}.items():
        for pixels in (2**30, 64 * 64):
            monkeypatch.setattr(stylizer_module, "STRIP_PIXELS", pixels)
            peaks[name, pixels] = peak_bytes(lambda images=images: stylizer(*images))
        assert peaks[name, 64 * 64] < 0.6 * peaks[name, 2**30], peaks


@pytest.mark.slow
def test_fast_on_the_command_line(tmp_path, capsys):
    """An image, a folder, an animation; invalid input gives one sentence."""
    (tmp_path / "in").mkdir()
    for k in range(2):
        Image.fromarray((255 * smooth(30, 40, k)[0]).astype(np.uint8)).save(tmp_path / "in" / f"{k}.jpg")
    frames = [Image.fromarray((255 * smooth(20, 20, k)[0]).astype(np.uint8)) for k in range(3)]
    frames[0].save(tmp_path / "in.gif", save_all=True, append_images=frames[1:], duration=50)

    def run(content, output, *more, style="ink"):
        return main(["style", str(tmp_path / content), style, "--fast", "--size", "64", "-o", str(tmp_path / output), *more])
    assert run("in/0.jpg", "out.png") == 0 and Image.open(tmp_path / "out.png").size == (40, 30)
    assert run("in", "out", "--strength", "25") == 0
    assert visible(tmp_path / "out") == {"0.jpg.png", "1.jpg.png"}
    assert run("in.gif", "out.gif") == 0
    film = Image.open(tmp_path / "out.gif")
    assert film.n_frames == 3 and film.size == (20, 20) and film.info["duration"] == 50
    (tmp_path / "broken.gif").write_bytes((tmp_path / "in.gif").read_bytes()[:300])
    capsys.readouterr()
    for arguments, words in ((("in/0.jpg", "out.png", "--strength", "101"), "the strength is 101.0"),
                             (("in.gif", "a.png"), "ends in .gif"), (("in/0.jpg", "a.png", "--size", "7"), "--size is 7"),
                             (("in", "in"), "would be overwritten"), (("broken.gif", "a.gif"), "broken.gif"),
                             (("in/0.jpg", "a.png", "--blend", "1"), "blend was given together with --fast"),
                             (("out", "in.gif/x"), "cannot make the folder"), (("nowhere.jpg", "a.png"), "nowhere.jpg"),
                             (("in/0.jpg", "a.png", "--weights", str(tmp_path / "out.png")), "not a whole safetensors")):
        assert run(*arguments) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1
