"""Formulas of the evaluation against known moments, results by hand and loops: distances, neighbours, copies, modes."""
import numpy as np
import pytest
from helpers import normal, same

from nnscratch.errors import InputError
from nnscratch.generate.evaluate import (
    classes_covered,
    density_coverage,
    distances,
    frechet_distance,
    kernel_distance,
    kernel_distance_interval,
    memorisation,
    modes_hit,
    precision_recall,
)
from nnscratch.generate.evaluate.distances import covariance


def with_moments(mean, spread, count=50):
    """Rows with exactly this mean and covariance (spread: a matrix S, covariance S Sᵀ)."""
    x = normal(count, len(mean))
    x = (x - x.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(covariance(x))).T
    return x @ np.asarray(spread).T + mean


# --- Fréchet and kernel distance ----------------------------------------------------------------------------------

def test_frechet_distance_of_known_gaussians():
    """Standard deviations 1, 2 and 3, 1, means at distance 5: 25 + (1 - 3)² + (2 - 1)² = 30; a rotation changes nothing."""
    a, b = with_moments([0, 0], np.diag([1, 2])), with_moments([3, 4], np.diag([3, 1]))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    assert frechet_distance(a, b) == pytest.approx(30) == frechet_distance(a @ turn, b @ turn)


def test_frechet_distance_where_covariances_do_not_commute():
    """The square roots of the eigenvalues of Σ1 Σ2, computed without a symmetric root, give the same value."""
    first, second = normal(4, 4), normal(4, 4, seed=1)
    a, b = with_moments([0] * 4, first), with_moments([1] * 4, second)
    values = np.linalg.eigvals(first @ first.T @ second @ second.T).real
    expected = 4 + (first**2).sum() + (second**2).sum() - 2 * np.sqrt(values).sum()
    assert frechet_distance(a, b) == pytest.approx(expected) == frechet_distance(b, a)


def test_frechet_distance_of_equal_distributions_is_zero():
    """Also with fewer rows than columns and with constant features, where a matrix square root would be complex."""
    a = normal(30, 64) * (np.arange(64) % 3 > 0)
    assert 0 <= frechet_distance(a, a) < 1e-6 * (a * a).sum()


def test_distances_rise_with_corruption():
    """Both distances rise with the amount of noise; and both accept float32 and NumPy ints."""
    a, b, noise = (normal(400, 8, seed=k).astype(np.float32) for k in range(3))
    for distance in (frechet_distance, kernel_distance):
        values = [distance(a, b + level * noise) for level in (0, 0.5, 1, 2, 4)]
        assert values == sorted(values) and values[1] > values[0]
    assert frechet_distance(np.array([[0], [2]]), np.array([[1], [3]])) == pytest.approx(1)


def test_kernel_distance_by_hand():
    """Rows 0, 1 and 1, 2 of one column: k(0,1) = 1, k(1,2) = 27; between them 1, 1, 8, 27; 1 + 27 - 2 * 37 / 4 = 9.5."""
    assert kernel_distance(np.array([[0.0], [1]]), np.array([[1.0], [2]])) == pytest.approx(9.5)


def test_kernel_distance_in_blocks_is_the_double_loop(monkeypatch):
    """Blocks of 16 rows, the last one shorter, give the same as a loop over all pairs."""
    monkeypatch.setattr(distances, "BLOCK", 16)
    a, b = normal(60, 3), normal(55, 3, seed=1)
    k = np.array([[(float(x @ y) / 3 + 1)**3 for y in np.concatenate([a, b])] for x in np.concatenate([a, b])])
    aa, bb, ab = k[:60, :60], k[60:, 60:], k[:60, 60:]
    same(kernel_distance(a, b),
         (aa.sum() - np.trace(aa)) / 60 / 59 + (bb.sum() - np.trace(bb)) / 55 / 54 - 2 * ab.mean(), 1e-10)


def test_kernel_distance_is_unbiased():
    """Over 300 pairs of samples of one distribution its mean is 0 within 3 standard errors, and both signs occur."""
    rng = np.random.default_rng(0)
    values = [kernel_distance(rng.standard_normal((10, 4)), rng.standard_normal((10, 4))) for _ in range(300)]
    assert abs(np.mean(values)) < 3 * np.std(values) / 300**0.5 and min(values) < 0 < max(values)


@pytest.mark.slow
def test_interval_of_the_kernel_distance():
    """It contains 0 for samples of one distribution, is above 0 for others, contains the distance; the seed fixes it."""
    a, b, other = normal(400, 8), normal(400, 8, seed=1), normal(400, 8, seed=2) + 0.5
    low, high = kernel_distance_interval(a, b, 0)
    assert low < 0 < high
    low, high = kernel_distance_interval(a, other, 0)
    assert 0 < low < kernel_distance(a, other) < high
    assert kernel_distance_interval(a, other, 0) == (low, high) != kernel_distance_interval(a, other, 1)


# --- neighbours ---------------------------------------------------------------------------------------------------

def test_neighbours_against_loops(monkeypatch):
    """Precision, recall, density and coverage pair by pair, as in their papers; the function uses blocks of 16 rows."""
    monkeypatch.setattr(distances, "BLOCK", 16)
    real, fake, k = normal(60, 2), 0.7 * normal(50, 2, seed=1) + 0.4, 3

    def ball(x):
        return [sorted(np.linalg.norm(x - row, axis=1))[k] for row in x]

    def inside(points, centres):
        return np.array([[np.linalg.norm(p - c) <= r for c, r in zip(centres, ball(centres))] for p in points])
    in_real, in_fake = inside(fake, real), inside(real, fake)
    same(precision_recall(real, fake, k), [in_real.any(axis=1).mean(), in_fake.any(axis=1).mean()])
    same(density_coverage(real, fake, k), [in_real.sum() / (k * 50), in_real.any(axis=0).mean()])


def test_mode_collapse_is_high_precision_and_low_recall():
    """One good image repeated: precise, dense, but without variety. Distant noise: neither. New samples: both."""
    real, middle = normal(500, 2), 0.01 * normal(500, 2, seed=1)
    assert precision_recall(real, middle)[0] == 1 and precision_recall(real, middle)[1] < 0.02
    assert density_coverage(real, middle)[0] > 1 and density_coverage(real, middle)[1] < 0.1
    assert precision_recall(real, middle + 50) == (0, 0) == density_coverage(real, middle + 50)
    fresh = normal(500, 2, seed=2)
    assert min(precision_recall(real, fresh)) > 0.9
    assert density_coverage(real, fresh) == pytest.approx((1, 1 - 2**-5), abs=0.1)


def test_memorisation_distinguishes_copies_from_new_samples():
    """Copies: exactly 0, and the index of each original. New samples: near 1. Copies with a little noise: far below 1."""
    train, held_out, fresh = normal(600, 10), normal(300, 10, seed=1), normal(300, 10, seed=2)
    chosen = np.random.default_rng(0).permutation(600)
    ratio, nearest, distances = memorisation(train + 1e4, held_out + 1e4, train[chosen] + 1e4)
    assert ratio == 0 and not distances.any() and nearest.tolist() == chosen.tolist()
    assert memorisation(train, held_out, fresh).ratio == pytest.approx(1, abs=0.1)
    assert memorisation(train, held_out, train + 0.05 * normal(600, 10, seed=3)).ratio < 0.2


# --- classes and modes --------------------------------------------------------------------------------------------

def test_classes_covered():
    """A fifth of the expected frequency is enough; "none" (4 here) is not a class, but counts in the total."""
    covered, fractions = classes_covered([0] * 70 + [1] * 5 + [2] * 4 + [4] * 21, 4)
    assert covered == 2 and fractions.tolist() == [0.70, 0.05, 0.04, 0]


def masters_and_images():
    """2 faces x 3 classes of random strokes, and images of each: half the size, shifted, some slightly wider."""
    blobs = np.random.default_rng(0).random((2, 3, 5, 5)) > 0.5
    masters = np.zeros((2, 3, 64, 64), np.uint8)
    masters[:, :, 17:47, 17:47] = 255 * np.kron(blobs, np.ones((6, 6), np.uint8))
    small = masters.reshape(6, 32, 2, 32, 2).mean(axis=(2, 4)).astype(np.float32) / 127.5 - 1
    return masters, small[..., None]


def test_modes_hit_finds_exactly_the_present_modes():
    """Modes 0, 1, 5 at any position and contrast; the divergence is log 2 for three of six, 0 for all, log 6 for one."""
    masters, images = masters_and_images()
    moved = np.roll(images[[0, 1, 5]], (3, -2), axis=(1, 2)) * 0.5 - 0.5
    found = modes_hit(moved, masters)
    assert found.nearest.tolist() == [0, 1, 5] and found.counts.tolist() == [[1, 1, 0], [0, 0, 1]] and found.hit == 3
    assert found.divergence == pytest.approx(np.log(2), abs=1e-6)
    colours = np.repeat(images, 3, axis=3)
    assert modes_hit(colours, masters).hit == 6 and modes_hit(colours, masters).divergence == pytest.approx(0, abs=1e-6)
    assert modes_hit(images[[4] * 9], masters).divergence == pytest.approx(np.log(6), abs=1e-6)


def test_modes_hit_is_robust_to_width():
    """The modes of images that are a fifth taller and wider than their masters are still found."""
    masters, _ = masters_and_images()
    large = masters.reshape(6, 64, 64)[:, 6:58, 6:58].astype(np.float32) / 127.5 - 1
    assert modes_hit(large[..., None], masters).nearest.tolist() == list(range(6))


@pytest.mark.parametrize("action, words", [
    (lambda: frechet_distance(normal(5, 2), normal(5, 3)), "2 and 3 features a row were given, expected equally many"),
    (lambda: frechet_distance(normal(1, 2), normal(5, 2)), r"the features are \(1, 2\) of float64, expected \(N, D\)"),
    (lambda: kernel_distance(normal(5), normal(5)), r"the features are \(5,\)"),
    (lambda: kernel_distance(normal(5, 2) * np.nan, normal(5, 2)), "NaN or infinity"),
    (lambda: kernel_distance_interval(normal(5, 2), normal(5, 2), -1), "seed is -1"),
    (lambda: precision_recall(normal(3, 2), normal(9, 2)), "N at least 4"),
    (lambda: density_coverage(normal(9, 2), normal(9, 2), k=0), "k is 0, expected a whole number of at least 1"),
    (lambda: memorisation(normal(9, 2), normal(9, 2), normal(4, 2, seed=1)), "held-out images are in the training set too"),
    (lambda: modes_hit(np.zeros((2, 8, 8, 1)), np.zeros((2, 64, 64))), r"the masters have shape \(2, 64, 64\)"),
])
def test_mistakes_get_one_clear_sentence(action, words):
    """They are refused before any work."""
    with pytest.raises(InputError, match=words):
        action()
