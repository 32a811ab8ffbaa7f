"""GANs that fail: each variant has the difference in its name, and the stored results are those the notebook describes."""
import numpy as np
import pytest
from helpers import normal

from nnscratch import initializers
from nnscratch.course import gan_failures
from nnscratch.data.dataset import to_floats
from nnscratch.data.synthetic.glyphs import glyphs
from notebooks.source import SOURCES, read


def after(name, steps=2):
    return gan_failures.train(gan_failures.VARIANTS[name], seed=0, steps=steps)


@pytest.mark.slow
def test_variants_differ_in_what_their_names_say():
    """One difference each: losses and beta_1 change the weights, "no statistics" keeps them at 0 and 1, the bare one none."""
    healthy = after("healthy")
    for name in ("saturating", "beta_1 = 0.9", "both sides smooth"):
        assert any(not np.array_equal(array, healthy.params[key]) for key, array in after(name).params.items())
    forgetful = after("no statistics")
    assert all(np.array_equal(array, healthy.params[key]) for key, array in forgetful.params.items())
    assert all(set(np.unique(array)) == {float("variance" in key)} for key, array in forgetful.buffers.items())
    assert all(not np.array_equal(array, forgetful.buffers[key]) for key, array in healthy.buffers.items())
    assert not after("no batch norm").buffers
    assert gan_failures.train(gan_failures.VARIANTS["healthy"], steps=1, callback=None).buffers


def test_the_bare_generator_lacks_only_normalisation():
    """The same kernels in the same positions, and biases instead of the offsets."""
    initializers.set_seed(0)
    bare, healthy = gan_failures.bare_generator(), gan_failures.VARIANTS["healthy"].generator()
    assert {key: array.shape for key, array in bare.params.items() if "kernel" in key} == {
        key: array.shape for key, array in healthy.params.items() if "kernel" in key}


@pytest.mark.slow
def test_label_accuracy_of_real_digits_and_of_noise():
    real = glyphs(200, seed=4, size=16)
    assert gan_failures.label_accuracy(to_floats(real.images), real.labels) > 0.9
    assert gan_failures.label_accuracy(to_floats(real.images), (real.labels + 1) % 10) < 0.05
    assert gan_failures.label_accuracy(normal(200, 16, 16, 1).astype(np.float32), real.labels) < 0.3


def test_the_notebooks_results_are_stored():
    """Its percentages after 700 steps, and which variants it calls slow, lost or equal."""
    shown = gan_failures.stored_results()
    assert shown["names"] == list(gan_failures.VARIANTS) and shown["images"].shape == (6, 20, 16, 16, 1)
    late = dict(zip(shown["names"], np.rint(100 * shown["label_accuracy"][:, :, -1].mean(axis=1)).astype(int).tolist()))
    assert late == {"healthy": 95, "saturating": 95, "no batch norm": 92, "beta_1 = 0.9": 41, "both sides smooth": 94,
                    "no statistics": 78}
    early = np.rint(100 * shown["label_accuracy"][:, :, 1].mean(axis=1))
    assert (early[0], early[2]) == (81, 24) and round(100 * float(shown["real"][0])) == 95
    forms = shown["modes"][:, :, -1].mean(axis=1)
    assert 0.6 < forms[3] / forms[0] < 0.7, "a third of the forms is lost"
    assert gan_failures.FILE.stat().st_size < 100_000


@pytest.mark.parametrize("p, q, s, t", [(1.0, 1.0, 0.9, 0.0), (0.2, 0.7, 0.9, 0.1), (0.0, 1.0, 0.9, 0.1)])
def test_the_optimal_discriminator(p, q, s, t):
    """The derivative of the cost of p real and q generated images is 0 at σ = (s p + t q) / (p + q), where its sign changes."""
    def slope(sigma):
        z = np.log(sigma / (1 - sigma))
        cost = [p * (np.logaddexp(0, a) - s * a) + q * (np.logaddexp(0, a) - t * a) for a in (z + 1e-5, z - 1e-5)]
        return (cost[0] - cost[1]) / 2e-5
    best = (s * p + t * q) / (p + q)
    assert abs(slope(best)) < 1e-9 and slope(best - 0.01) < 0 < slope(best + 0.01)


def points_near_blobs(beta_1, checkpoints):
    """The ring of notebook 14, trained by its own cells: how many of 500 points are near a blob, and near how many blobs."""
    names, wanted = {}, ("import sys", "class Network", "from nnscratch.layers import Dense")
    cells = [cell.source for cell in read(SOURCES / "14_gan.py").cells if cell.source.startswith(wanted)]
    assert len(cells) == len(wanted)
    for cell in cells:
        exec(cell, names)
    initializers.set_seed(0)
    gen, dis = (names["Network"](names["plane_model"](outputs), 1e-3, beta1=beta_1) for outputs in (2, 1))
    rng, (_, z), found = np.random.default_rng(0), names["ring"](np.random.default_rng(1), 500), []
    for step in range(1, checkpoints[-1] + 1):
        names["own"].gan_step(gen, dis, *names["ring"](rng, 128), 0.9)
        if step in checkpoints:
            far = np.linalg.norm(gen.model.forward(z)[:, None] - names["centres"], axis=2)
            blobs = np.bincount(far.argmin(axis=1)[far.min(axis=1) < 0.2], minlength=8)
            found.append((int(blobs.sum()), int((blobs > 5).sum())))
    return found


@pytest.mark.slow
def test_momentum_makes_the_ring_slower(monkeypatch, tmp_path):
    """With beta_1 = 0.9 few of the points are near a blob after 1000 steps, most are after 2000: no failure."""
    monkeypatch.setenv("NNSCRATCH_OWN", str(tmp_path))
    (near, _), (later, blobs) = points_near_blobs(0.9, (1000, 2000))
    assert near < 125 and later > 250 and blobs == 8
    assert points_near_blobs(0.5, (1000,))[0][0] > 250
