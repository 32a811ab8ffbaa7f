"""The stylizer: its parts by hand, its gradient, its training, and its use."""
import os
import signal
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from helpers import normal, same, visible
from PIL import Image

from nnscratch import checkpoint
from nnscratch.cli import main
from nnscratch.data.images import photograph, read_image
from nnscratch.data.synthetic.styles import style_image
from nnscratch.errors import InputError
from nnscratch.losses import content_loss, gram_style_loss, total_variation
from nnscratch.memory import peak_bytes
from nnscratch.networks.stylizer import STATISTICS, fingerprint, noise, style_features, style_statistics, stylizer
from nnscratch.networks.texture_features import texture_features
from nnscratch.ops.gram import gram_matrix
from nnscratch.optimizers import Adam
from nnscratch.style import pairs, train_texture
from nnscratch.style import stylizer as stylizer_module
from nnscratch.style import train_stylizer as module
from nnscratch.style.checkerboard import checkerboard_fraction
from nnscratch.style.colour import match_colours
from nnscratch.style.stylizer import SHIPPED, Stylizer
from nnscratch.style.train_stylizer import train_step, train_stylizer
from nnscratch.training import loop


def smooth(h, w, seed=0):
    """A smooth image in [0, 1]."""
    rows, columns = np.mgrid[:h, :w]
    waves = [np.sin(rows / (5 + c + seed)) * np.cos(columns / (6 + c)) for c in range(3)]
    return (0.5 + 0.4 * np.stack(waves, -1))[None].astype(np.float32)


def test_at_first_the_network_returns_the_content():
    """The kernels of the output and of every Dense that computes g and b are 0: neither style nor noise has an effect."""
    x, model = smooth(16, 24), stylizer(seed=3)
    for seed in (0, 1):
        same(model.forward([x, np.ones((1, STATISTICS), np.float32), *noise(x.shape, seed)]), x)
    zeros = [layer for layer in model.layers if "kernel" in layer.params and not layer.params["kernel"].any()]
    assert [type(layer).__name__ for layer in zeros].count("Dense") == 8 and len(zeros) == 9


def test_the_statistics_of_a_style():
    """Mean and standard deviation of each channel of maps 2, 4, 6 and 8, by loops, as logarithms."""
    images = np.concatenate([smooth(24, 32), smooth(24, 32, 3)])
    maps = style_features().forward(images)
    for features, k in zip(maps, (2, 4, 6, 8)):
        same(features, texture_features().forward(images)[k])
    numbers = style_statistics(maps)
    assert numbers.shape == (2, STATISTICS)
    for n in range(2):
        rows = [features[n].reshape(-1, features.shape[3]) for features in maps]
        wanted = np.concatenate([part for channels in rows for part in (channels.mean(axis=0), channels.std(axis=0))])
        same(numbers[n], np.log(0.01 + wanted) + 1.5, 1e-4)
    for wrong in (maps[:2], tuple(maps), maps[::-1]):
        with pytest.raises(InputError, match="no list of four maps|maps.0. has shape"):
            style_statistics(wrong)


def test_noise_depends_on_the_seed_alone():
    """Standard normal; the same for each frame of a film."""
    first, again, other = (noise((2, 64, 48, 3), seed) for seed in (1, 1, [1, 2]))
    for a, b, c, shape in zip(first, again, other, [(2, 16, 12, 4), (2, 32, 24, 2), (2, 64, 48, 1)]):
        assert a.shape == shape and a.dtype == np.float32 and np.array_equal(a, b) and not np.array_equal(a, c)
        assert abs(a.mean()) < 0.15 and abs(a.std() - 1) < 0.1
    for shape in ((1, 10, 8, 3), (0, 8, 8, 3), (1, 8, 8, 4), (8, 8, 3)):
        with pytest.raises(InputError, match="multiples of 4"):
            noise(shape)


@pytest.mark.slow
def test_the_gradient_of_a_training_step(monkeypatch):
    """The whole loss, its terms by loops as they are returned, along a direction near the gradient of each weight array, by
    central differences; all weights are random, also those that start at 0."""
    monkeypatch.setattr(module, "clip_by_global_norm", lambda grads, _: grads)
    model, network = stylizer(), texture_features()
    for part in (model, network):
        part.cast(np.float64)
    for k, array in enumerate(model.params.values()):
        array += 0.02 * normal(*array.shape, seed=k)
    content, style = (np.concatenate([smooth(16, 16, k), smooth(16, 16, k + 1)]).astype(float) for k in (0, 2))

    def terms():
        targets, before = network.forward(style), network.forward(content)
        y = model.forward([content, style_statistics([targets[k] for k in (2, 4, 6, 8)]), *noise(content.shape, 3)])
        maps, total = network.forward(y), 0.0
        for three in zip(maps, targets, before):
            mean = three[1].mean(axis=(1, 2), keepdims=True)
            for G, A, B in zip(*(gram_matrix(x - mean)[0] for x in three)):
                total += np.log1p(((G - A)**2).sum() / ((B - A)**2 + 0.1 * A**2).sum()) / 9 / len(content)
        return float(total), float(content_loss(maps[2], before[2])[0]), float(total_variation(y)[0])

    def loss():
        return float(np.dot(terms(), (1, 0.03, 0.05)))

    style_term, content_term, _ = terms()
    returned = train_step(model, network, Adam(1e-18), content, style, 3)
    assert float(returned["style"]) == pytest.approx(style_term) and float(returned["content"]) == pytest.approx(content_term)
    gradients = {name: array.copy() for name, array in model.grads.items()}
    for k, (name, array) in enumerate(model.params.items()):
        gradient, random = gradients[name], normal(*array.shape, seed=100 + k)
        size = np.linalg.norm(gradient)
        if size < 1e-10:  # shifts of the second normalization in a block: the next one subtracts them
            assert name in NO_EFFECT, name
            continue
        direction = gradient / size + random / np.linalg.norm(random)
        start = array.copy()
        high, low = (array.__setitem__(..., start + step * direction) or loss() for step in (1e-6, -1e-6))
        array[...] = start
        assert (high - low) / 2e-6 == pytest.approx((gradient * direction).sum(), rel=5e-3), name  # kinks of ReLU


NO_EFFECT = {f"instancenormalization_{k}/beta" for k in (1, 3, 5)}


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
def test_training_on_one_style(quick, tmp_path, monkeypatch):
    """It starts from the network that nnscratch ships, whose style loss falls, on crops it was not trained on; the file can
    stylize."""
    starts = []

    def step(model, *rest):
        starts.append(fingerprint(model))
        return train_step(model, *rest)
    monkeypatch.setattr(module, "train_step", step)
    Image.fromarray((255 * style_image("glass", 64)[0]).astype(np.uint8)).save(tmp_path / "style.png")
    train_stylizer(tmp_path / "out", tmp_path / "style.png", steps=60, device="cpu")
    shipped, trained = Stylizer(), Stylizer(tmp_path / "out" / "stylizer.safetensors")
    assert starts[0] == fingerprint(shipped.network) != fingerprint(trained.network)
    batches = [pairs.PairDataset(0, tmp_path / "style.png").batch(1000 + k) for k in range(4)]
    before, after = (sum(float(train_step(one.network, texture_features(), Adam(1e-18), *batch)["style"]) for batch in batches)
                     for one in (shipped, trained))
    assert after < 0.9 * before
    result = trained(smooth(21, 18), style_image("glass", 32))
    assert result.shape == (1, 21, 18, 3) and result.min() >= 0 and result.max() <= 1


@pytest.mark.slow
def test_training_from_folders(quick, tmp_path, monkeypatch):
    """Photographs and styles of one's own; a resumed training wants the same images."""
    for part in ("contents", "styles"):
        (tmp_path / part).mkdir()
        for k in range(2):
            Image.fromarray((255 * smooth(40, 50, k)[0]).astype(np.uint8)).save(tmp_path / part / f"{k}.png")
    folders = {part: tmp_path / part for part in ("contents", "styles")}
    train_stylizer(tmp_path / "out", **folders, steps=2, device="cpu")
    info = checkpoint.read_arrays(tmp_path / "out" / "state.safetensors")[1]["info"]
    assert info["contents"] == str(tmp_path / "contents") and info["styles"] == str(tmp_path / "styles")
    second = (tmp_path / "styles" / "1.png").read_bytes()
    (tmp_path / "styles" / "1.png").unlink()
    with pytest.raises(InputError, match="images are others than when the training began"):
        train_stylizer(tmp_path / "out", resume=True, device="cpu")
    (tmp_path / "contents").rename(tmp_path / "moved")
    with pytest.raises(InputError, match="contents"):
        train_stylizer(tmp_path / "out", resume=True, device="cpu")
    (tmp_path / "styles" / "1.png").write_bytes(second)
    train_stylizer(tmp_path / "out", contents=tmp_path / "moved", resume=True, device="cpu")
    with pytest.raises(InputError, match="expected one of them"):
        train_stylizer(tmp_path / "new", "glass", styles=tmp_path / "styles", steps=2, device="cpu")


def test_pairs_for_the_stylizer(quick):
    """In [0, 1], the same for the same step, others for another; a content has the mean colour of its style. Crops of a single
    style are of that style."""
    data = pairs.PairDataset(3)
    contents, styles = data.batch(5)
    again, other = data.batch(5)[0], data.batch(6)[0]
    assert contents.shape == styles.shape == (4, 32, 32, 3) and contents.dtype == styles.dtype == np.float32
    assert contents.min() >= 0 and contents.max() <= 1 and styles.min() >= 0 and styles.max() <= 1
    assert np.array_equal(contents, again) and not np.array_equal(contents, other)
    assert abs(contents.mean(axis=(1, 2)) - styles.mean(axis=(1, 2))).max() < 0.1
    of_mosaic = pairs.PairDataset(3, "mosaic").batch(1)[1]
    same(of_mosaic.mean(axis=(0, 1, 2)), style_image("mosaic", 64)[0].mean(axis=(0, 1)), 0.06)


@pytest.mark.slow
@pytest.mark.parametrize("train, name", [(train_stylizer, "stylizer"), (train_texture.train_texture, "texture")])
def test_ctrl_c_loses_no_step(quick, tmp_path, monkeypatch, train, name):
    """Both trainings save when they are stopped, although SAVE_EVERY is far away."""
    for one in (module, train_texture):
        monkeypatch.setattr(one, "SAVE_EVERY", 1000)
    monkeypatch.setattr(train_texture, "IMAGES_PER_PATTERN", 2)
    monkeypatch.setattr(train_texture, "PAINTING_SIDE", 160)
    batches = [(pairs.PairDataset, pairs.PairDataset.batch), (train_texture.TextureDataset, train_texture.TextureDataset.batch)]
    owner, batch = batches[name == "texture"]

    def stop(self, step, *more):
        if step == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return batch(self, step, *more)
    monkeypatch.setattr(owner, "batch", stop)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "out", steps=5, device="cpu")
    info = checkpoint.read_arrays(tmp_path / "out" / "state.safetensors")[1]["info"]
    assert info["done"] == 3


@pytest.mark.slow
@pytest.mark.parametrize("train, owner", [(train_stylizer, pairs), (train_texture.train_texture, train_texture)])
def test_a_training_says_what_takes_long(quick, tmp_path, monkeypatch, capsys, train, owner):
    """A line before the patterns are drawn, and one after three steps. Ctrl-C ends the drawing at once, not after a step."""
    for name, value in (("IMAGES_PER_PATTERN", 2), ("PAINTING_SIDE", 160), ("TEST_CROPS", 50)):
        monkeypatch.setattr(train_texture, name, value)
    dataset = cache(owner.TextureDataset)
    times, stops, lines = iter([100.0, 116.0]), iter([True, False, False]), []

    def draw(*arguments):
        lines.append(capsys.readouterr().out)
        if next(stops):
            os.kill(os.getpid(), signal.SIGINT)
        return dataset(*arguments)
    monkeypatch.setattr(owner, "TextureDataset", draw)
    monkeypatch.setattr(loop, "perf_counter", lambda: next(times))
    monkeypatch.setattr(loop, "LONG", 10.0)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "out", steps=5, device="cpu")
    assert "stopped; go on with  nnscratch train" in capsys.readouterr().out
    assert checkpoint.read_arrays(tmp_path / "out" / "state.safetensors")[1]["info"]["done"] == 0
    train(tmp_path / "out", resume=True, device="cpu")
    said = "".join(lines) + capsys.readouterr().out
    assert lines[0] == lines[1] == "drawing patterns, which takes up to a minute\n"
    assert "a step takes 8 s, so 2 more take 0 h 0 min; Ctrl-C loses nothing, and --resume goes on\n" in said


@pytest.mark.slow
@pytest.mark.parametrize("train, style", [(train_stylizer, "style.png"), (train_texture.train_texture, None)])
def test_more_steps_extend_a_training_and_nothing_else_changes(quick, tmp_path, monkeypatch, train, style):
    """--resume with more steps; fewer than it has made, another seed or another style are refused, not ignored. A style that
    was moved is given anew."""
    for name, value in (("IMAGES_PER_PATTERN", 2), ("PAINTING_SIDE", 160), ("TEST_CROPS", 50),
                        ("TextureDataset", cache(train_texture.TextureDataset))):
        monkeypatch.setattr(train_texture, name, value)
    monkeypatch.chdir(tmp_path)
    for k, name in enumerate(("style.png", "other.png")):
        Image.fromarray((255 * smooth(40, 50, k)[0]).astype(np.uint8)).save(name)

    def state():
        info = checkpoint.read_arrays("out/state.safetensors")[1]["info"]
        return info["done"], info["steps"], info["seed"]
    train("out", *filter(None, [style]), steps=2, seed=3, device="cpu")
    assert state() == (2, 2, 3)
    train("out", steps=4, seed=3, resume=True, device="cpu")
    assert state() == (4, 4, 3)
    for wrong, words in (({"steps": 3}, "steps is 3, but the training in .* has made 4 already; give more"),
                         ({"steps": 0}, "steps is 0, expected a whole number of at least 1"),
                         ({"seed": 0}, "seed is 0, but the training in .* was begun with 3; leave it out")):
        with pytest.raises(InputError, match=words):
            train("out", **wrong, resume=True, device="cpu")
    if style:
        for wrong in ("other.png", "glass"):
            with pytest.raises(InputError, match=f"style {wrong} was given, .* begun with another one; leave it out"):
                train("out", wrong, resume=True, device="cpu")
        Path("style.png").rename("moved.png")
        train("out", "moved.png", steps=5, resume=True, device="cpu")
        assert state() == (5, 5, 3)


def test_flat_crops_are_drawn_anew(quick, tmp_path):
    """A uniform red image has neither content nor style, although its channels differ from each other."""
    rng = np.random.default_rng(0)
    for name, image in (("red", np.full((40, 40, 3), (200, 0, 0))), ("noise", rng.integers(0, 255, (40, 40, 3)))):
        Image.fromarray(image.astype(np.uint8)).save(tmp_path / f"{name}.png")
    data = pairs.PairDataset(0, contents=tmp_path)
    crops = [data._crop(data.photographs, rng, 1 / 2) for _ in range(30)]
    assert len(data.photographs) == 2 and all(crop.std(axis=(0, 1)).max() > pairs.FLAT for crop in crops)


@pytest.mark.slow
def test_a_training_with_other_options_is_not_resumed(quick, tmp_path):
    """A state that lacks one of the options was written with other rules."""
    train_stylizer(tmp_path, "glass", steps=2, device="cpu")
    state = tmp_path / "state.safetensors"
    model, info = stylizer(), checkpoint.read_arrays(state)[1]["info"]
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
    painter, network = Stylizer(), texture_features()
    result = painter(content, style)
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
    same(painter(content, style, 0.0), content)
    far = [np.abs(painter(content, style, strength) - content).mean() for strength in (5.0, 20.0, 50.0, 100.0)]
    assert far == sorted(far)
    grey = painter(content, np.full((1, 20, 20, 3), 0.5, np.float32))
    assert abs(grey - 0.5).max() < 0.1
    muted = 0.5 + 0.02 * (content - 0.5)
    assert abs(painter(muted, style, 0.01) - muted).max() < 1e-3, "a little strength changes little"
    assert checkerboard_fraction(painter(smooth(128, 128), style_image("ink", 128))) < 0.05


@pytest.mark.slow
def test_any_size_is_painted(monkeypatch):
    """One pixel, one row, long strips; the same in float64; nothing the caller has is returned."""
    painter = Stylizer()
    monkeypatch.setattr(stylizer_module, "MAX_PIXELS", 2**12)
    for h, w in ((1, 1), (4, 4), (3, 40), (8, 9), (1, 70), (8, 1000), (2000, 3)):
        content = smooth(h, w)
        for style in (smooth(9, 8, 1), smooth(1, 1), smooth(1, 500), smooth(90, 100)):
            for strength in (0.0, 50.0, 100.0):
                result = painter(content, style, strength)
                assert result.shape == content.shape and result.dtype == np.float32 and not np.shares_memory(result, content)
                assert 0 <= result.min() and result.max() <= 1
    content, style = smooth(20, 30), smooth(30, 20, 1)
    exact = painter(content.astype(float), style.astype(float))
    assert exact.dtype == float
    same(exact, painter(content, style), 1e-4)


def test_a_smaller_copy():
    """At most MAX_PIXELS, of the same means and nearly the same shape; never enlarged, never one row where there are more."""
    assert stylizer_module.smaller(smooth(20, 30)).shape == (1, 20, 30, 3)
    sizes = (2048, 2048, (1024, 1024)), (3000, 1000, None), (8, 2**18, (8, 2**17)), (1, 2**21, (1, 2**20))
    for *shape, wanted in sizes:
        image = np.broadcast_to(np.float32([0.2, 0.5, 0.8]), (1, *shape, 3))
        copy = stylizer_module.smaller(image)
        assert copy.shape[1] * copy.shape[2] <= 2**20 and wanted in (None, copy.shape[1:3])
        same(copy, np.broadcast_to(image[:, :1, :1], copy.shape), 1e-6)


def test_damaged_weights_and_images_are_refused():
    """NaN in the weights, the content or the style; complex numbers."""
    painter, image = Stylizer(), smooth(16, 16)
    for content, style, words in ((image * np.nan, image, "content has values from nan"), (image, 255 * image, "divide bytes"),
                                  (image * 1j, image, "content is complex"), (image, image[0], "style has shape")):
        with pytest.raises(InputError, match=words):
            painter(content, style)
    painter.network.params["conv2d_11/kernel"][...] = np.nan
    with pytest.raises(InputError, match="weights are damaged"):
        painter(image, image)


@pytest.mark.slow
def test_a_large_image_is_painted_as_a_smaller_copy(monkeypatch):
    """The network never sees more than MAX_PIXELS; the image keeps its size and its own fine detail."""
    painter, seen = Stylizer(), []
    forward = painter.network.forward
    monkeypatch.setattr(painter.network, "forward", lambda inputs: seen.append(inputs[0].shape) or forward(inputs))
    monkeypatch.setattr(stylizer_module, "MAX_PIXELS", 64 * 64)
    content = smooth(130, 101)
    content[:, ::2] *= 0.9  # finer than any smaller copy can show
    result = painter(content, style_image("glass", 48))
    assert result.shape == content.shape and len(seen) == 1 and seen[0][1] * seen[0][2] <= 68 * 68
    rows = result.mean(axis=(0, 2, 3))
    assert np.mean(rows[1::2] - rows[::2][:len(rows[1::2])]) > 0.01


@pytest.mark.slow
def test_large_images_need_no_more_memory_for_the_network(monkeypatch):
    """For a large content and for a large style."""
    painter, peaks = Stylizer(), {}
    long, short = smooth(1000, 64), smooth(64, 64, 1)
    for name, images in {"content": (long, short), "style": (short, long)}.items():
        for pixels in (2**30, 64 * 64):
            monkeypatch.setattr(stylizer_module, "MAX_PIXELS", pixels)
            peaks[name, pixels] = peak_bytes(lambda images=images: painter(*images))
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
