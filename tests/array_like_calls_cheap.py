"""Plausible arguments of what is too slow, or writes: {name: () -> (function, arguments)}, for test_array_likes.py.

None of these is called as it stands: one argument at a time is replaced by junk, which must be refused before any work. A path
is a Path, a choice a Word; a string is any text. The arguments that are left out have defaults, and are not tried.
"""
from functools import cache, partial
from pathlib import Path

import numpy as np
from array_like_calls import small_model, stepped
from array_like_calls_more import batch, critic, picture, small_dataset
from array_like_junk import Word
from helpers import normal

from nnscratch import checkpoint, files, marks, outputs
from nnscratch.classify import command as classify_command
from nnscratch.classify import results, saliency
from nnscratch.classify import train as classify_train
from nnscratch.classify.classifier import ImageClassifier, load_classifier
from nnscratch.classify.network import classifier_network
from nnscratch.classify.options import ClassifierOptions, options_for
from nnscratch.classify.trainer import ClassifierTrainer
from nnscratch.data import images as image_files
from nnscratch.data.parts import load_parts
from nnscratch.generate import adversarial, command, composite, headers, methods, options, plots, sampler, train_loop, trainer
from nnscratch.generate.adversarial_losses import LOSSES
from nnscratch.generate.evaluate import classifier, classifier_training, metrics, report
from nnscratch.generate.evaluate import command as judge
from nnscratch.layers import Conv2D
from nnscratch.networks import article, gan, random_features, stylizer, texture_features, texture_generator, vgg
from nnscratch.optimizers import Adam
from nnscratch.style import command as style_command
from nnscratch.style import (
    compare,
    explain,
    features,
    frames,
    gallery,
    memory_limit,
    one_pass,
    pairs,
    provenance,
    settings,
    sidecar,
    train_stylizer,
    train_texture,
    transfer,
)
from nnscratch.style import stylizer as fast_stylizer

CHEAP = {}
PHOTO, GENERATOR, OUT = Path(image_files.photograph()), sampler.SHIPPED, Path("out.png")


def plausible(name, function, /, **arguments):
    """Enter a function; arguments that are functions of nothing, and no result of `given`, are made anew."""
    CHEAP[name] = lambda: (function, {key: value() if getattr(value, "__name__", "") == "<lambda>" else value
                                      for key, value in arguments.items()})


def plausible_method(name, make, key, /, **arguments):
    """Enter a method of what `make()` returns."""
    CHEAP[name] = lambda: (getattr(make(), key), {k: value() if getattr(value, "__name__", "") == "<lambda>" else value
                                                  for k, value in arguments.items()})


def nothing(*arguments, **named):
    """A function for arguments that are functions."""


@cache
def small_trainer():
    return methods.make_trainer(small_dataset(), small_options())


def small_options():
    return options.Options(preset="nano", groups=0, steps=10, batch_size=4)


@cache
def small_classifier():
    found = classifier.Classifier((8, 8, 1), ["a", "b", "c"])
    found.measure(small_dataset(24))
    return found


@cache
def painting_network():
    return stylizer.stylizer()


@cache
def image_classifier():
    return ImageClassifier((8, 8, 1), ["a", "b", "c"], "small")


@cache
def classifier_trainer():
    return ClassifierTrainer(small_dataset(), small_dataset(), ClassifierOptions(10, batch_size=4))


def held_folder():
    """A folder in which there need not be anything."""
    found = outputs.OutputFolder("folder", ["*.png"])
    found.files |= {"one.png": None}
    return found


@cache
def network():
    return random_features.random_features((4, 4))


# --- files and outputs ----------------------------------------------------------------------------------------------
for name in ("open_regular_file", "read_file"):
    plausible(f"files.{name}", getattr(files, name), path=PHOTO)
plausible("files.make_folder", files.make_folder, path=Path("folder"))
plausible("files.replace_file", files.replace_file, path=OUT, data=b"bytes")
plausible("marks.users_entries", marks.users_entries, folder=PHOTO.parent)
plausible("outputs.OutputFolder", outputs.OutputFolder, path=Path("folder"), names=["*.png"], inputs=[PHOTO], adopt=False)
plausible_method("outputs.OutputFolder.file", held_folder, "file", name="one.png")
plausible("outputs.OutputFolder.remove", lambda names: held_folder().remove(names), names="one.png")
plausible_method("outputs.OutputFolder.subfolder", held_folder, "subfolder", name="samples", names=["*.png"])
plausible("outputs.writing", lambda **given: outputs.writing(**given).__enter__(), output=OUT, derived=[Path("out.json")],
          inputs=[PHOTO])
plausible("checkpoint.save", checkpoint.save, path=OUT, model=lambda: small_model(), optimizer=lambda: Adam(), info={})
plausible("checkpoint.load", checkpoint.load, path=GENERATOR, model=lambda: sampler.load_generator().model)
plausible("checkpoint.read_arrays", checkpoint.read_arrays, path=GENERATOR)

# --- generate -------------------------------------------------------------------------------------------------------
plausible("generate.adversarial.adversarial_step", adversarial.adversarial_step,
          pair=lambda: adversarial.Pair(gan.generator("nano", (16, 16, 1)), critic(), Adam(), Adam()),
          loss=LOSSES["hinge"](), real=lambda: batch(), noise=lambda: normal(6, 32).astype(np.float32),
          rng=lambda: np.random.default_rng(0), penalty=1.0)
plausible("generate.command.generate", command.generate, path=GENERATOR, output=OUT, shape=(2, 2), label=Word("3"), seed=0,
          device=Word("cpu"))
plausible("generate.command.steps_for_minutes", command.steps_for_minutes, minutes=1.0, dataset=small_dataset(),
          options=small_options())
plausible("generate.command.train_generator", command.train_generator, chosen={"preset": "nano"}, folder=Path("folder"),
          data=Word("glyphs"), size=28, minutes=1.0, resume=False, device=Word("cpu"))
plausible("generate.composite.CompositeModel", composite.CompositeModel, parts=lambda: {"one": small_model()})
plausible("generate.composite.CompositeOptimizer", composite.CompositeOptimizer, parts=lambda: {"one": Adam()})
plausible_method("generate.composite.CompositeModel.set_buffer", lambda: composite.CompositeModel(
    {"one": gan.generator("nano", (16, 16, 1))}), "set_buffer", name=Word("one/batchnormalization_0/moving_mean"),
    value=lambda: np.zeros(32, np.float32))
plausible_method("generate.composite.CompositeOptimizer.load_state", lambda: composite.CompositeOptimizer({"one": Adam()}),
                 "load_state", arrays=lambda: composite.CompositeOptimizer({"one": stepped(Adam)}).save_state(),
                 params=lambda: {"one/w": normal(3, 4)})
for kind in ("Classifier", "Judge"):
    place = f"generate.evaluate.classifier.{kind}"
    plausible(place, getattr(classifier, kind), shape=(8, 8, 1), names=["a", "b"], seed=0)
    plausible(f"{place}.load", classifier.Classifier.load, path=classifier.SHIPPED)
    plausible_method(f"{place}.save", small_classifier, "save", path=OUT)
    plausible_method(f"{place}.measure", small_classifier, "measure", dataset=small_dataset(), seed=0)
plausible("generate.evaluate.classifier_training.train_classifier", classifier_training.train_classifier,
          dataset=small_dataset(), held_out=small_dataset(), steps=10, seed=0, progress=nothing)
plausible("generate.evaluate.command.evaluate_generator", judge.evaluate_generator, path=GENERATOR, data=Word("glyphs"),
          folder=Path("folder"), count=100, seed=0, size=28, device=Word("cpu"))
plausible("generate.evaluate.metrics.evaluate_images", metrics.evaluate_images, classifier=small_classifier(),
          images=lambda: normal(30, 8, 8, 1), labels=lambda: np.arange(30) % 3, train=small_dataset(24),
          held_out=small_dataset(24), seed=0)
plausible("generate.evaluate.report.write_report", report.write_report, folder=Path("folder"),
          metrics={"images": 30, "memorisation": {"closest": [{"image": 0, "train": 0}]}},
          images=lambda: normal(30, 8, 8, 1), train=small_dataset())
plausible("generate.headers.check_limits", partial(headers.check_limits, "data"), preset=Word("nano"), shape=(28, 28, 1),
          num_classes=10)
plausible("generate.methods.make_trainer", methods.make_trainer, dataset=small_dataset(), options=small_options())
plausible("generate.options.Options", options.Options, method=Word("gan"), preset=Word("tiny"), loss=Word("hinge"), steps=10,
          batch_size=8, learning_rate=1e-3, beta_1=0.5, smoothing=0.9, conditional=True, groups=5, augment=False, r1=1.0,
          spectral_norm=False, seed=0)
plausible("generate.options.make_options", options.make_options, chosen={"preset": "nano"})
plausible("generate.plots.plot_history", plots.plot_history, history=[{"step": 1, "rmse": 1.0}, {"step": 2, "rmse": 0.5}],
          chance={"d_loss": 1.4, "g_loss": 0.7})
plausible("generate.plots.png", plots.png, image=lambda: plots.grid(batch()))
plausible("generate.sampler.Sampler", sampler.Sampler, model=lambda: sampler.load_generator().model,
          info=lambda: sampler.load_generator().info)
plausible("generate.sampler.load_generator", sampler.load_generator, path=GENERATOR)
plausible("generate.sampler.save_generator", sampler.save_generator, path=OUT, trainer=small_trainer(), half=False)
plausible("generate.train_loop.train", train_loop.train, trainer=small_trainer(), folder=Path("folder"), score=nothing,
          progress=nothing, save_every=10)
plausible("generate.trainer.Trainer", trainer.Trainer, dataset=small_dataset(), options=small_options())
for name, given in (("optimizer", {"name": Word("generator")}), ("sample", {"count": 2, "stream": 3})):
    plausible_method(f"generate.trainer.Trainer.{name}", small_trainer, name, **given)

# --- classify -------------------------------------------------------------------------------------------------------
plausible("classify.classifier.ImageClassifier", ImageClassifier, shape=(8, 8, 1), names=["a", "b"], preset=Word("small"),
          seed=0)
plausible_method("classify.classifier.ImageClassifier.predict", small_classifier, "predict", images=lambda: normal(4, 8, 8, 1),
                 batch_size=2)
for name in ("features", "probabilities"):
    plausible_method(f"classify.classifier.ImageClassifier.{name}", small_classifier, name, images=lambda: normal(4, 8, 8, 1))
plausible("classify.classifier.load_classifier", load_classifier, path=GENERATOR)
plausible("classify.command.classify", classify_command.classify, paths=[PHOTO], path=GENERATOR, output=OUT, top=3,
          device=Word("cpu"))
plausible("classify.command.train_classifier", classify_command.train_classifier, chosen={"preset": "small"},
          folder=Path("folder"), data=Word("glyphs"), size=28, resume=False, device=Word("cpu"))
plausible("classify.network.classifier_network", classifier_network, shape=(8, 8, 1), num_classes=2, seed=0,
          preset=Word("small"))
plausible("classify.options.ClassifierOptions", ClassifierOptions, steps=10, preset=Word("small"), augment=Word("shift"),
          batch_size=8, learning_rate=1e-3, seed=0)
plausible("classify.options.options_for", options_for, count=100, chosen={"preset": "small"})
plausible("classify.results.draw_confusion", results.draw_confusion, matrix=lambda: np.eye(2, dtype=int), names=["a", "b"],
          title="mistakes")
plausible("classify.results.plot_training", results.plot_training, history=[{"step": 1, "loss": 1.0, "accuracy": 0.5}])
plausible("classify.saliency.saliency", saliency.saliency, classifier=image_classifier(), images=lambda: normal(4, 8, 8, 1),
          labels=lambda: np.arange(4) % 3)
plausible("classify.saliency.saliency_picture", saliency.saliency_picture, images=lambda: normal(2, 8, 8, 1),
          maps=lambda: normal(2, 8, 8), captions=["a", "b"])
plausible("classify.train.evaluate_classifier", classify_train.evaluate_classifier, classifier=image_classifier(),
          dataset=small_dataset(), part="test")
plausible("classify.train.train_on_images", classify_train.train_on_images, trainer=classifier_trainer(), folder=Path("folder"),
          test=small_dataset(), progress=nothing, save_every=10)
plausible("classify.trainer.ClassifierTrainer", ClassifierTrainer, train=small_dataset(), validation=small_dataset(),
          options=ClassifierOptions(10))
plausible_method("classify.trainer.ClassifierTrainer.save_classifier", classifier_trainer, "save_classifier", path=OUT)
plausible("data.parts.load_parts", load_parts, name=Word("glyphs"), size=28, seed=0, count=100)

# --- training -------------------------------------------------------------------------------------------------------
for name, given in (("load", {"path": GENERATOR}), ("save", {"path": OUT})):
    plausible_method(f"training.resume.Resumable.{name}", small_trainer, name, **given)

# --- networks -------------------------------------------------------------------------------------------------------
plausible("networks.article.article_stack", article.article_stack, shape=(8, 8, 3), blocks=2, filters=4, layer=Conv2D)
plausible("networks.article.explain", article.explain, blocks=2, filters=4, print_fn=nothing)
for name in ("generator", "discriminator"):
    plausible(f"networks.gan.{name}", getattr(gan, name), preset=Word("nano"), shape=(16, 16, 1), num_classes=3)
plausible("networks.gan.encoder", gan.encoder, preset=Word("nano"), shape=(16, 16, 1), length=8)
plausible("networks.random_features.random_features", random_features.random_features, widths=(4, 4), seed=0)
plausible("networks.stylizer.stylizer", stylizer.stylizer, seed=0)
plausible("networks.stylizer.noise", stylizer.noise, shape=(1, 8, 8, 3), seed=0)
plausible("networks.texture_features.texture_classifier", texture_features.texture_classifier, num_classes=3, seed=0)
plausible("networks.texture_features.texture_features", texture_features.texture_features,
          path=Path(texture_features.__file__).parent / "weights" / "textures.safetensors")
plausible("networks.texture_features.without_batch_norm", texture_features.without_batch_norm,
          classifier=lambda: texture_features.texture_classifier(3))
for name in ("noise_length", "texture_generator"):
    plausible(f"networks.texture_generator.{name}", getattr(texture_generator, name), shape=(32, 32, 3))
plausible("networks.vgg.vgg_features", vgg.vgg_features, path=GENERATOR, kind=Word("vgg19"), colours=Word("rgb"),
          pooling=Word("average"))

# --- style ----------------------------------------------------------------------------------------------------------
plausible("style.command.stylize", style_command.stylize, content_path=PHOTO, style_paths=[Word("night")], output_path=OUT,
          size=64, style_scale=1.0, feather=3, minutes=1.0, every=2, device=Word("cpu"), settings={"steps": 2}, frames=0,
          explain=True)
plausible("style.command.transfer_with_progress", style_command.transfer_with_progress, content=lambda: picture(),
          style=lambda: picture(seed=1), masks=lambda: [np.ones((1, 32, 32, 1), np.float32)], on_image=nothing, save=nothing)
plausible("style.features.loss_network", features.loss_network, features=Word("random"), style=lambda: picture(), side=32,
          seed=0, colors=Word("rgb"))
plausible_method("style.features.LossNetwork.weights", lambda: features.LossNetwork(network(), 1, 0.5, 2.0), "weights",
                 strength=50.0)
plausible("style.compare.compare", compare.compare, content_path=PHOTO, style_path=Word("night"), output=Path("out.html"),
          features=["random"], colors=Word("rgb"), strength=50.0, size=32, steps=2, seed=0, device=Word("cpu"))
plausible("style.explain.explain_path", explain.explain_path, output=OUT)
plausible("style.frames.film_path", frames.film_path, output=OUT)
plausible("style.frames.Frames", frames.Frames, output=OUT, content=lambda: picture(), every=2, luminance_only=False, count=0,
          steps=0, inputs=[PHOTO])
plausible("style.frames.Frames.name", frames.Frames.name, number=1)
plausible_method("style.frames.Frames.add", lambda: frames.Frames(OUT, picture(), 2), "add", image=lambda: picture(side=16))
plausible("style.gallery.gallery", gallery.gallery, output=OUT, contents=[PHOTO], styles=[PHOTO], features=["random"], size=32,
          steps=2, seed=0, device=Word("cpu"))
plausible("style.memory_limit.feature_memory", memory_limit.feature_memory, network=network(), content=lambda: picture(),
          styles=lambda: [picture()], max_memory=2.0, statistics=Word("gram"))
plausible("style.one_pass.stylize_fast", one_pass.stylize_fast, content_path=PHOTO, style_path=PHOTO, output_path=OUT, size=64,
          weights=fast_stylizer.SHIPPED, strength=50.0, device=Word("cpu"))
plausible("style.pairs.PairDataset", pairs.PairDataset, seed=0, style=PHOTO, contents=None, styles=None)
plausible_method("style.pairs.PairDataset.batch", lambda: object.__new__(pairs.PairDataset), "batch", step=1)
plausible("style.provenance.file_record", provenance.file_record, path=PHOTO)
plausible("style.provenance.style_record", provenance.style_record, path=PHOTO)
for name in ("verified_path", "verified_style"):
    plausible(f"style.provenance.{name}", getattr(provenance, name), entry=lambda: provenance.file_record(PHOTO))
plausible("style.settings.Settings", settings.Settings, features=Word("texture"), colors=Word("rgb"), strength=50.0, steps=4,
          seed=0, keep_colors=Word("match"), init=Word("noise"), optimizer=Word("adam"), statistics=Word("gram"),
          max_memory=2.0, blend=[1.0])
plausible_method("style.settings.Settings.blend_weights", lambda: settings.Settings(), "blend_weights", styles=2)
plausible("style.settings.Settings.from_saved", settings.Settings.from_saved, saved={"steps": 4})
plausible("style.sidecar.read_sidecar", sidecar.read_sidecar, path=GENERATOR)
plausible("style.sidecar.read_state", sidecar.read_state, output_path=OUT)
plausible("style.stylizer.Stylizer", fast_stylizer.Stylizer, path=fast_stylizer.SHIPPED)
plausible_method("style.stylizer.Stylizer.painter", fast_stylizer.Stylizer, "painter", style=lambda: picture(), strength=50.0)
plausible("style.train_stylizer.train_step", train_stylizer.train_step, model=painting_network(),
          network=texture_features.texture_features(), optimizer=lambda: Adam(), content=lambda: picture(),
          style=lambda: picture(), seed=0)
plausible("style.train_stylizer.train_stylizer", train_stylizer.train_stylizer, folder=Path("folder"), style=PHOTO,
          contents=Path("folder"), styles=None, steps=2, seed=0, resume=False, device=Word("cpu"))
plausible("style.train_texture.TextureDataset", train_texture.TextureDataset, seed=0, side=16, images_per_pattern=2)
plausible_method("style.train_texture.TextureDataset.batch", lambda: object.__new__(train_texture.TextureDataset), "batch",
                 step=1, batch_size=2)
plausible("style.train_texture.train_texture", train_texture.train_texture, folder=Path("folder"), steps=2, seed=0,
          resume=False, device=Word("cpu"))
plausible("style.transfer.estimate_steps", transfer.estimate_steps, minutes=1.0, content=lambda: picture(),
          styles=lambda: [picture()], settings=settings.Settings(features="random"))
plausible("style.transfer.transfer_style", transfer.transfer_style, content=lambda: picture(), style=lambda: picture(seed=1),
          progress=nothing, save=nothing, start=None)
