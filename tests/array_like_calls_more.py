"""Valid calls of what is above the engine, as in array_like_calls.py."""
import numpy as np
from array_like_calls import CALLS, call, method, small_model
from helpers import normal

from nnscratch import initializers, memory
from nnscratch.classify.augment import augmented
from nnscratch.classify.results import confusion_matrix
from nnscratch.course import formulas
from nnscratch.course.checks.upstream_gradients import batch_norm_op
from nnscratch.course.gan_failures import SMALL, label_accuracy, mode_count, sample
from nnscratch.course.tracing import trace
from nnscratch.data import dataset, pixels, resize
from nnscratch.data import masks as image_masks
from nnscratch.data.dataset import Dataset
from nnscratch.generate import adversarial, augment, ema, inputs, pairwise, penalty, plots, pseudo_labels, sampler, spectral
from nnscratch.generate.adversarial_losses import constant_target, non_saturating, saturating
from nnscratch.generate.evaluate import corruptions, distances, modes, neighbours
from nnscratch.layers import Dense, Flatten, Input
from nnscratch.losses import mse
from nnscratch.models import Model
from nnscratch.networks import article, random_features, stylizer
from nnscratch.networks.gan import generator
from nnscratch.style import bands, checkerboard, colour, masks, objective, statistics, tiling, train_texture


def picture(*, seed=0, side=32, channels=3):
    return np.random.default_rng(seed).random((1, side, side, channels), np.float32)


def batch(n=6, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, 16, 16, 1)).astype(np.float32)


def features(seed=0, n=30):
    return normal(n, 4, seed=seed)


def small_dataset(n=12):
    return Dataset((np.random.default_rng(0).random((n, 8, 8, 1)) * 255).astype(np.uint8), np.arange(n) % 3, ["a", "b", "c"])


def first_batches(batch_size, rng=None, one_hot=True, drop_last=False):
    return list(zip(range(2), small_dataset().batches(batch_size, rng, one_hot=one_hot, drop_last=drop_last)))


def critic():
    initializers.set_seed(0)
    x = Input((16, 16, 1))
    return Model(x, Dense(1)(Flatten()(x)))


def rng():
    return np.random.default_rng(0)


call("data.dataset.Dataset", Dataset, images=lambda: small_dataset().images, labels=lambda: np.arange(12) % 3,
     class_names=lambda: ["a", "b", "c"], title="images")
CALLS["data.dataset.Dataset.batches"] = lambda: (first_batches, dict(batch_size=4, rng=rng(), one_hot=True, drop_last=False))
call("data.dataset.crops", dataset.crops, image=picture, side=8, count=3, seed=0, title="pieces")
call("data.dataset.fingerprint", dataset.fingerprint, dataset=small_dataset)
call("data.pixels.to_bytes", pixels.to_bytes, images=batch)
call("data.pixels.to_floats", pixels.to_floats, images=lambda: small_dataset().images)
call("data.resize.resize_dataset", resize.resize_dataset, dataset=small_dataset, size=(6, 6), channels=3)

call("classify.augment.augmented", augmented, images=lambda: small_dataset().images, kind="shift-flip", rng=rng)
call("classify.results.confusion_matrix", confusion_matrix, labels=lambda: np.arange(6) % 3, predicted=lambda: np.arange(6) % 2,
     num_classes=3)

call("generate.adversarial.diversity", adversarial.diversity, fake=batch, real=lambda: batch(seed=1))
call("generate.adversarial_losses.constant_target", constant_target, loss=lambda: mse, target=1.0)
call("generate.adversarial_losses.non_saturating", non_saturating, smoothing=0.9)
call("generate.adversarial_losses.saturating", saturating, smoothing=0.9)
call("generate.augment.augment", augment.augment, x=batch, rng=rng)
call("generate.augment.augment_backward", augment.augment_backward, dy=batch, cache=lambda: augment.augment(batch(), rng())[1])
call("generate.ema.EMA", ema.EMA, model=small_model, max_decay=0.9)
call("generate.evaluate.corruptions.add_noise", corruptions.add_noise, images=batch, sigma=0.1, rng=rng)
call("generate.evaluate.corruptions.corrupt", corruptions.corrupt, images=batch, rng=rng)
call("generate.evaluate.corruptions.gaussian_blur", corruptions.gaussian_blur, images=batch, sigma=1.0)
call("generate.evaluate.distances.frechet_distance", distances.frechet_distance, a=features, b=lambda: features(1))
call("generate.evaluate.distances.kernel_distance", distances.kernel_distance, a=features, b=lambda: features(1))
call("generate.evaluate.distances.kernel_distance_interval", distances.kernel_distance_interval, a=features,
     b=lambda: features(1),
     seed=0, subsets=5, size=10)
call("generate.evaluate.modes.classes_covered", modes.classes_covered, labels=lambda: np.arange(12) % 3, num_classes=4)
call("generate.evaluate.modes.modes_hit", modes.modes_hit, images=batch,
     masters=lambda: np.random.default_rng(1).random((2, 3, 16, 16), np.float32))
call("generate.evaluate.neighbours.density_coverage", neighbours.density_coverage, real=features, fake=lambda: features(1), k=5)
call("generate.evaluate.neighbours.precision_recall", neighbours.precision_recall, real=features, fake=lambda: features(1), k=3)
call("generate.evaluate.neighbours.memorisation", neighbours.memorisation, train=features, held_out=lambda: features(1),
     generated=lambda: features(2))
call("generate.inputs.one_hot", inputs.one_hot, labels=lambda: np.arange(12) % 3, num_classes=3)
call("generate.pairwise.squared_distances", pairwise.squared_distances, x=features, y=lambda: features(1))
call("generate.penalty.gradient_penalty", penalty.gradient_penalty, d=critic, real=batch, labels=None, weight=1.0)
call("generate.plots.grid", plots.grid, images=batch, columns=3, gap=2, enlarge=True)
call("generate.pseudo_labels.k_means", pseudo_labels.k_means, x=features, count=3, rng=rng)
call("generate.pseudo_labels.with_pseudo_labels", pseudo_labels.with_pseudo_labels, dataset=small_dataset, count=2, seed=0)
call("generate.sampler.slerp", sampler.slerp, a=lambda: normal(8), b=lambda: normal(8, seed=1), t=0.3)
method("generate.sampler.Sampler.sample", sampler.load_generator, "sample", count=3, seed=0, label=None, temperature=1.1)
method("generate.sampler.Sampler.walk", sampler.load_generator, "walk", frames=4, seed=0, stops=2, label=1,
       temperature=1.1)
method("generate.sampler.Sampler.class_number", sampler.load_generator, "class_number", name="3")
CALLS["generate.inputs.generate_images"] = lambda: (inputs.generate_images, dict(
    model=(s := sampler.load_generator()).model, noise=normal(4, s.noise_length).astype(np.float32), labels=np.arange(4),
    num_classes=s.num_classes))
call("generate.spectral.SpectralNormalization", spectral.SpectralNormalization, model=critic, seed=0)
method("generate.spectral.SpectralNormalization.forward", lambda: spectral.SpectralNormalization(critic()), "forward", x=batch,
       training=True, remember=True)
method("generate.spectral.SpectralNormalization.set_buffer", lambda: spectral.SpectralNormalization(critic()), "set_buffer",
       name="dense_0/kernel/left", value=lambda: np.ones(256, np.float32))


def spectral_backward():
    model = spectral.SpectralNormalization(critic())
    model.forward(batch(), training=True)
    return model.backward, dict(dy=normal(6, 1).astype(np.float32), wrt="all")


CALLS["generate.spectral.SpectralNormalization.backward"] = spectral_backward

call("style.bands.laplacian_pyramid", bands.laplacian_pyramid, image=picture)
for name in ("match_appearance", "match_bands"):
    call(f"style.bands.{name}", getattr(bands, name), image=picture, reference=lambda: picture(seed=1), weights=(1.0,))
call("style.checkerboard.checkerboard_fraction", checkerboard.checkerboard_fraction, images=picture, stride=2, width=0.0625)
call("style.checkerboard.overlap_counts", checkerboard.overlap_counts, shape=(4, 5), kernel_size=3, stride=2)
call("style.colour.grey", colour.grey, image=picture)
call("style.colour.match_colours", colour.match_colours, image=picture, reference=lambda: picture(seed=1), weights=(1.0,))
call("style.colour.match_luminance", colour.match_luminance, style=picture, content=lambda: picture(seed=1))
call("style.colour.matrix_power", colour.matrix_power, matrix=lambda: np.cov(normal(3, 50)), power=0.5)
call("style.colour.restore_colours", colour.restore_colours, image=picture, content=lambda: picture(seed=1))
call("style.masks.make_regions", masks.make_regions, network=lambda: random_features.random_features((4, 4)),
     styles=lambda: [picture()], blend_weights=lambda: [1.0], masks=None)
call("style.objective.Objective", objective.Objective, network=lambda: random_features.random_features((4, 4)), content=picture,
     styles=lambda: [picture(seed=1)], blend_weights=(1.0,), content_weight=1.0, style_weight=1.0, smoothness=0.1,
     content_layer=1)
call("style.statistics.gram_loss", statistics.gram_loss, image=lambda: normal(1, 4, 4), style=lambda: normal(1, 4, 4, seed=1),
     photograph=lambda: normal(1, 4, 4, seed=2))
call("style.statistics.covariance_loss", statistics.covariance_loss, image=lambda: normal(1, 4, 5),
     style=lambda: normal(1, 4, 5, seed=1),
     photograph=lambda: normal(1, 4, 5, seed=2))
call("style.statistics.moments", statistics.moments, features=lambda: normal(1, 5, 4, 3), weights=None, center=None)
call("style.statistics.moments_backward", statistics.moments_backward,
     dmoments=lambda: np.ones_like(statistics.moments(normal(1, 5, 4, 3))),
     features=lambda: normal(1, 5, 4, 3), weights=None, center=None)
call("style.statistics.random_directions", statistics.random_directions, channels=4, seed=0, xp=lambda: np,
     dtype=lambda: np.float32)
call("style.statistics.sorted_values", statistics.sorted_values, features=lambda: normal(1, 5, 4, 3), v=lambda: normal(3, 3))
call("style.statistics.sliced_loss", statistics.sliced_loss, features=lambda: normal(1, 5, 4, 3),
     style=lambda: statistics.sorted_values(normal(1, 5, 4, 3, seed=1), normal(3, 3)), v=lambda: normal(3, 3), scale=1.0)
call("style.tiling.make_strips", tiling.make_strips, network=lambda: random_features.random_features((4, 4)), image=picture,
     memory=None)
call("style.train_texture.palette", train_texture.palette, x=picture)

call("networks.article.image_sides", article.image_sides, model=lambda: article.article_stack((8, 8, 3), 2, 4))
call("data.masks.feather_mask", image_masks.feather_mask, mask=lambda: np.random.default_rng(0).random((1, 6, 5, 1)), pixels=2)
call("networks.article.live_taps", article.live_taps, model=lambda: article.article_stack((8, 8, 3), 2, 4),
     images=lambda: picture(side=8))
call("networks.article.output_spread", article.output_spread, model=lambda: article.article_stack((8, 8, 3), 2, 4),
     shape=(8, 8, 3), tries=1)
call("networks.random_features.normalize_filters", random_features.normalize_filters,
     network=lambda: random_features.random_features((4, 4)), image=picture)
call("networks.stylizer.style_statistics", stylizer.style_statistics, maps=lambda: stylizer.style_features().forward(picture()))
call("networks.stylizer.fingerprint", stylizer.fingerprint, model=small_model)

call("course.tracing.trace", trace, model=small_model, x=lambda: normal(2, 4, 5, 4), dy=lambda: normal(2, 3), training=True)
for name in ("forward_formula", "backward_formula"):
    call(f"course.formulas.{name}", getattr(formulas, name), layer=lambda: Dense(3), training=False)
call("course.gan_failures.sample", sample, model=lambda: generator(SMALL, (16, 16, 1), 10), count=2)
call("course.gan_failures.label_accuracy", label_accuracy, generated=batch, labels=lambda: np.arange(6))
call("course.gan_failures.mode_count", mode_count, generated=batch)
call("memory.peak_bytes", memory.peak_bytes, function=lambda: np.zeros(10))
call("course.checks.upstream_gradients.batch_norm_op", batch_norm_op, x=lambda: normal(2, 4, 5, 4),
     gamma=lambda: normal(4), beta=lambda: normal(4))
