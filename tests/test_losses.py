"""Losses in edge cases: confident mistakes, extreme numbers, and fixed definitions. Gradients: test_gradcheck."""
import numpy as np
import pytest
from helpers import normal, on, same

from nnscratch import losses
from nnscratch.backend import to_cpu
from nnscratch.errors import InputError
from nnscratch.gradcheck import check_op
from nnscratch.ops import gram_matrix


def test_a_confident_mistake_has_its_full_gradient():
    """Logit 1000 for a fake image with label real: loss 1000 and gradient 1, where a clipped log would give 0."""
    loss, gradient = losses.binary_cross_entropy(np.array([1000.0]), np.array([0.0]))
    assert (loss, gradient[0]) == (1000, 1)
    loss, gradient = losses.softmax_cross_entropy(np.array([[1000.0, 0.0]]), np.array([[0.0, 1.0]]))
    assert loss == 1000 and gradient.tolist() == [[1, -1]]


def test_binary_cross_entropy_is_ln_2_when_undecided():
    """Logit 0 costs ln 2 for any label, smoothed or not; float32 stays finite at ±100."""
    for label in (0.0, 1.0):
        assert losses.binary_cross_entropy(np.zeros((3, 1)), np.full((3, 1), label))[0] == pytest.approx(np.log(2))
    extreme = np.array([100, -100], dtype=np.float32)
    loss, gradient = losses.binary_cross_entropy(extreme, np.array([1, 0], dtype=np.float32), label_smoothing=0.1)
    assert loss == pytest.approx(5.0) and gradient == pytest.approx(np.array([0.025, -0.025]))


def test_hinge_is_zero_beyond_the_margin():
    """Real images with a logit above 1 have loss 0 and gradient 0; fake ones likewise below -1."""
    loss, gradient = losses.hinge(np.array([2.0, 0.5, -3.0]), 1)
    assert loss == pytest.approx((0 + 0.5 + 4) / 3) and gradient.tolist() == pytest.approx([0, -1 / 3, -1 / 3])
    assert losses.hinge(np.array([-2.0]), -1)[0] == 0


def test_cross_entropy_of_any_targets_and_any_rank():
    """Targets that do not sum to 1 also get the right gradient, and (N, H, W, classes) is averaged over all N*H*W rows."""
    targets = np.abs(normal(2, 3, 4, 5))
    report = check_op(lambda z: losses.softmax_cross_entropy(z, targets), lambda dy, gradient: dy * gradient,
                      [normal(2, 3, 4, 5, seed=1)])
    assert report.ok, str(report)
    rows, row_targets = normal(6, 5), np.abs(normal(6, 5))
    same(losses.softmax_cross_entropy(rows.reshape(2, 3, 5), row_targets.reshape(2, 3, 5))[0],
         losses.softmax_cross_entropy(rows, row_targets)[0])


def test_integer_targets_keep_float32():
    """Labels of type int or float64 do not turn float32 training into float64."""
    prediction = normal(4, 3).astype(np.float32)
    for loss in (losses.mse, losses.softmax_cross_entropy, losses.binary_cross_entropy):
        for target in (np.eye(4, 3, dtype=int), np.eye(4, 3)):
            assert loss(prediction, target)[1].dtype == np.float32


def test_least_squares_is_the_mean_square():
    """(p - t)² by hand."""
    loss, gradient = losses.least_squares(np.array([1.0, 3.0]), np.array([0.0, 1.0]))
    assert loss == 2.5 and gradient.tolist() == [1, 2]


def test_image_losses_are_fractions():
    """0 for the target itself, 1 for zero features, and independent of the features' scale and the image's size."""
    x, target = normal(1, 6, 5, 3), normal(1, 6, 5, 3, seed=1)
    gram = gram_matrix(target)[0]
    assert losses.content_loss(target, target)[0] == 0 and losses.gram_style_loss(target, gram)[0] < 1e-30
    assert losses.content_loss(0 * x, target)[0] == pytest.approx(1)
    assert losses.gram_style_loss(0 * x, gram)[0] == pytest.approx(1)
    same(losses.content_loss(7 * x, 7 * target)[0], losses.content_loss(x, target)[0])
    same(losses.gram_style_loss(7 * x, 49 * gram)[0], losses.gram_style_loss(x, gram)[0])
    doubled = np.concatenate([x, x], axis=1)
    same(losses.gram_style_loss(doubled, gram)[0], losses.gram_style_loss(x, gram)[0])


def test_the_gram_matrix_ignores_positions():
    """Shuffled pixels have the same style; the content is lost."""
    x = normal(1, 6, 5, 3)
    shuffled = np.random.default_rng(0).permutation(x.reshape(30, 3)).reshape(x.shape)
    assert losses.gram_style_loss(shuffled, gram_matrix(x)[0])[0] < 1e-25
    assert losses.content_loss(shuffled, x)[0] > 0.5


def test_total_variation_by_hand():
    """One step of height 2 between the two rows of a 2x3 image: 3 differences, 6 values."""
    x = np.zeros((1, 2, 3, 1))
    x[0, 1] = 2
    loss, gradient = losses.total_variation(x)
    assert loss == 2 and gradient[0, :, :, 0].tolist() == [[-2 / 3] * 3, [2 / 3] * 3]


def test_losses_stay_on_the_device(xp):
    """A loss and its gradient are on the device (test_promises forbids synchronization); the gradient is finite."""
    prediction, target = on(xp, normal(4, 3), np.eye(4)[:, :3])
    for loss in (losses.mse, losses.softmax_cross_entropy, losses.binary_cross_entropy):
        value, gradient = loss(prediction, target)
        assert type(gradient) is type(prediction) and (xp is np or type(value) is type(prediction))
        assert np.isfinite(to_cpu(gradient)).all()


@pytest.mark.parametrize("action, words", [
    (lambda: losses.mse(normal(2, 3), normal(3, 2)), r"target has shape \(3, 2\), expected \(2, 3\)"),
    (lambda: losses.softmax_cross_entropy(normal(3), normal(3)), r"expected \(N, classes\)"),
    (lambda: losses.hinge(normal(3), 0), "sign is 0, expected \\+1 for real or -1 for fake"),
    (lambda: losses.gram_style_loss(normal(1, 4, 4, 3), normal(2, 3, 3)), r"target_gram has shape \(2, 3, 3\)"),
    (lambda: losses.mse(np.zeros(3, dtype=int), np.zeros(3)), "dtype int64, expected float32 or float64"),
    (lambda: losses.binary_cross_entropy(normal(2), normal(2), label_smoothing=1.5), "label_smoothing is 1.5"),
    (lambda: losses.gram_style_loss(normal(1, 4, 4, 3), normal(1, 2, 2)), r"target_gram has shape \(1, 2, 2\)"),
])
def test_mistakes_get_one_clear_sentence(action, words):
    """The error names the mistake before any work."""
    with pytest.raises(InputError, match=words):
        action()


def test_dir_lists_only_the_losses():
    """For tab completion; the helpers can still be imported by name."""
    assert dir(losses) == losses.__all__ and {"mse", "relative_gram_loss", "hinge"} < set(dir(losses))
    assert not {"array_module", "check_array", "np"} & set(dir(losses))


def test_the_log_gram_loss_by_hand():
    """G = 2, A = 1, B = 3: s = 1 / (4 + 0.1), loss log(1 + s), gradient 2 / (4.1 (1 + s)); of two images, the mean."""
    G, A, B = (np.array([[[value]]], float) for value in (2, 1, 3))
    loss, gradient = losses.log_gram_loss(G, A, B)
    same(np.array([loss, gradient[0, 0, 0]]), np.array([np.log(5.1 / 4.1), 2 / 5.1]), 1e-9)
    both, gradients = losses.log_gram_loss(np.concatenate([G, A]), A, B)
    same(np.array([both, *gradients.ravel()]), np.array([loss / 2, 1 / 5.1, 0]), 1e-9)
