"""Plausible arguments of what the course, the data and the commands need, as in array_like_calls_cheap.py."""
import tempfile
from functools import cache, partial
from pathlib import Path

import numpy as np
import reader_files
from array_like_calls import small_model
from array_like_calls_cheap import OUT, PHOTO, nothing, plausible, plausible_method
from array_like_calls_more import picture
from array_like_junk import Word
from helpers import normal

from nnscratch import bench, demo, info, progress
from nnscratch.course import card_data, digits, gan_failures, notation, own, player, quiz, results
from nnscratch.course.checks import compare, exercise, generator_design, image_filters, upstream_gradients
from nnscratch.course.draw import (
    array_figures,
    bar_chart,
    boundaries,
    classes,
    convolutions,
    descents,
    dot_plot,
    drawing,
    exploration,
    film,
    image_tiles,
    kernel_copies,
    labelled_images,
    learning_curves,
    line_plot,
    max_pooling,
    network_arrays,
    node_graph,
    number_grid,
    photograph,
    point_clouds,
    roofline_plot,
    window_positions,
    windows,
)
from nnscratch.course.tracing import trace
from nnscratch.data import animation, masks, splits, webp
from nnscratch.data import images as image_files
from nnscratch.data.readers import cifar, folder, formats, idx, npz
from nnscratch.data.synthetic import faces, glyphs, paintings, registry, shapes, styles, textures


@cache
def inputs():
    """A folder for input files, which is removed at the end."""
    return tempfile.TemporaryDirectory()


def input_file(name, data):
    return reader_files.write(Path(inputs().name), name, data)


def image(*shape):
    return normal(*shape or (4, 4)).round(1)


axes = lambda: drawing.new_figure(2, 2).subplots()  # noqa: E731


def steps():
    return trace(small_model(), normal(2, 4, 5, 4)).steps


def grid_rows():
    return [[number_grid.Grid("x", image()), "="]]


def neuron_nodes():
    return [node_graph.Node("x"), node_graph.Node("y", ("x",))]


plausible("course.card_data.card", card_data.card, name=Word("dense"))
plausible("course.checks.compare.compare", compare.compare, attempt=nothing, right=nothing, cases=[{"x": 1}], outputs="y",
          mistakes={"none": nothing})
plausible("course.checks.exercise.Exercise", exercise.Exercise, judge=nothing, notebook="01",
          hints=("a hint",))
plausible_method("course.checks.exercise.Exercise.solution", lambda: exercise.Exercise(nothing, "01", ("a hint",)), "solution",
                 folder=Path("folder"))
plausible("course.checks.upstream_gradients.check_batch_norm", upstream_gradients.check_batch_norm, backward=nothing,
          upstream=nothing)
plausible("course.checks.generator_design.build_generator", generator_design.build_generator, listing=[("dense", 4)])
plausible("course.checks.image_filters.filtered", image_filters.filtered, image=lambda: image(5, 5))
plausible("course.checks.image_filters.unknown_filter", image_filters.unknown_filter, images=lambda: image(2, 5, 5, 1))
plausible("course.digits.digits", digits.digits, part=Word("train"), size=28)
plausible("course.own.who", own.who, milestone=Word("M1"))
plausible("course.draw.array_figures.axis_sums", array_figures.axis_sums, array=lambda: image(2, 3), text="text")
plausible("course.draw.array_figures.broadcast", array_figures.broadcast, pairs=[(image(2, 3), image(3))], text="text")
plausible("course.draw.array_figures.layouts", array_figures.layouts, arrays=[("x", image(2, 3))], text="text")
plausible("course.draw.array_figures.pixels", array_figures.pixels, image=lambda: abs(image()), rows=(0, 2), columns=(0, 2),
          text="text")
plausible("course.draw.boundaries.boundary", boundaries.boundary, axes=axes, X=lambda: image(4, 2),
          labels=lambda: np.arange(4) % 2, w=[1.0, 2.0], b=0.5, reach=3.0)
plausible("course.draw.boundaries.layer", boundaries.layer, inputs=3, units=2, unit=1, text="text")
plausible("course.draw.descents.loss_map", descents.loss_map, axes=axes, x=lambda: image(4), t=lambda: image(4),
          path=lambda: image(3, 2), centre=(0.0, 0.0))
plausible("course.draw.descents.residuals", descents.residuals, axes=axes, x=lambda: image(4), t=lambda: image(4), w=1.0, b=0.5)
plausible("course.draw.descents.steps_on_curve", descents.steps_on_curve, axes=axes, loss=nothing, path=[0.0, 1.0],
          reach=(-1.0, 2.0))
plausible("course.draw.dot_plot.dots", dot_plot.dots, groups={"one": {"a": 1.0}}, text="text", xlabel="x", log=False, width=7.0)
plausible("course.draw.exploration.explore", partial(exploration.explore, k=[2, 3]), panel=nothing, text="text",
          shown=[(2,)], size=(2.0, 2.0))
plausible("course.draw.image_tiles.tiles", image_tiles.tiles, groups={"a": abs(image(3, 4, 4))}, text="text", columns=2,
          per_row=1, width=6.0)
plausible("course.draw.roofline_plot.roofline", roofline_plot.roofline, machines={"a CPU": (100.0, 20.0)},
          layers={"dense": (4.0, 8.0)}, text="text")
plausible("course.draw.bar_chart.bars", bar_chart.bars, groups={"one": {"a": 1.0}}, text="text",
          width=7.0)
plausible("course.draw.classes.gallery", classes.gallery, images=lambda: [image()], titles=["a"], text="text", columns=2,
          inches=0.7, signed=True)
plausible("course.draw.classes.regions", classes.regions, classify=lambda: lambda x: (x[:, 0] > 0) * 1,
          points=lambda: image(4, 2), labels=lambda: abs(image(4)).round().astype(int), text="text", title="title", side=5)
plausible("course.draw.classes.verdicts", classes.verdicts, images=lambda: [image()], probabilities=lambda: image(1, 2),
          labels=[0], text="text", inches=2.0)
plausible("course.draw.convolutions.channels", convolutions.channels, x=lambda: image(4, 4, 2), kernel=lambda: image(3, 3, 2),
          place=(0, 0), bias=0.0)
plausible("course.draw.drawing.Drawing", drawing.Drawing, figure=lambda: number_grid.grids(grid_rows(), "x").figure,
          text="text")
plausible_method("course.draw.drawing.Drawing.save", lambda: number_grid.grids(grid_rows(), "x"), "save", file=Path("out.png"))
plausible("course.draw.film.Film", film.Film, rows=grid_rows(), text="text", inches=0.4)
plausible("course.draw.film.sliding_film", film.sliding_film, x=lambda: image(), kernel=lambda: image(2, 2))
plausible("course.draw.film.stamps_film", film.stamps_film, x=lambda: image(2, 2), kernel=lambda: image(2, 2), stride=2)
plausible("course.draw.labelled_images.confusion", labelled_images.confusion, matrix=lambda: abs(image(3, 3)).round(),
          text="text", inches=0.3)
plausible("course.draw.labelled_images.image_rows", labelled_images.image_rows, rows={"a": {"b": image()}}, text="text",
          signed=["b"], inches=0.9)
plausible("course.draw.line_plot.curves", line_plot.curves, lines={"a": ([0, 1], [1, 2])}, text="text", log=False, width=5.0,
          height=3.0)
plausible("course.draw.max_pooling.pooling", max_pooling.pooling, x=lambda: image(), dy=lambda: image(2, 2), p=2)
plausible("course.draw.node_graph.graph", node_graph.graph, nodes=neuron_nodes(), text="text")
plausible("course.draw.node_graph.neuron", node_graph.neuron, x=[1.0, 2.0], w=[1.0, 2.0], b=0.5, y=5.5, f="f")
plausible("course.draw.number_grid.grids", number_grid.grids, rows=grid_rows(), text="text", inches=0.4)
plausible("course.draw.number_grid.heatmaps", number_grid.heatmaps, arrays={"a": image()}, text="text", inches=0.1)
plausible("course.draw.number_grid.product", number_grid.product, x=lambda: image(2, 3), weights=lambda: image(3, 2),
          y=lambda: image(2, 2), place=(0, 0), bias=lambda: image(2))
plausible("course.draw.photograph.photographs", photograph.photographs, photos={"a": abs(image(4, 4, 3))}, text="text",
          inches=2.0)
LOG = {"step": [0, 1], "train": [2.3, 1.0], "validation": [2.3, 1.1]}
plausible("course.draw.kernel_copies.scaled_kernels", kernel_copies.scaled_kernels, dy=lambda: image(3, 3),
          kernel=lambda: image(2, 2), places=[(0, 0)])
plausible("course.draw.learning_curves.training_panels", learning_curves.training_panels, logs={"A": LOG}, healthy=LOG,
          text="text")
plausible("course.draw.window_positions.window_grid", window_positions.window_grid, size=5, kernel=3, stride=1, padding=0,
          axes=axes)
plausible("course.draw.point_clouds.clouds", point_clouds.clouds, points={"a": image(5, 2)}, text="text", every=2, inches=1.9)
plausible("course.draw.network_arrays.volumes", network_arrays.volumes, arrays={"x": (4, 4, 1), "y": (10,)}, steps=["dense"],
          text="text")
plausible("course.draw.windows.im2col", windows.im2col, x=lambda: image(), kernel=lambda: image(2, 2))
plausible("course.draw.windows.images", windows.images, images={"a": image()}, text="text", inches=2.0)
plausible("course.draw.windows.sliding", windows.sliding, x=lambda: image(), kernel=lambda: image(2, 2), places=[(0, 0)])
plausible("course.gan_failures.train", gan_failures.train, variant=gan_failures.Variant(), seed=0, steps=10, callback=nothing)
for name in ("as_latex", "as_text"):
    plausible(f"course.notation.{name}", getattr(notation, name), line="y = x")
for name in ("page", "player", "strip"):
    plausible(f"course.player.{name}", getattr(player, name), steps=steps())
plausible("course.player.save", player.save, steps=steps(), path=Path("out.html"))
plausible("course.quiz.question.ask", quiz.question.ask, item=quiz.ITEMS["01"][0], seed=0)
plausible("course.quiz.sheet", quiz.sheet, notebook=Word("01"), seed=0, answers=False)
plausible("course.results.gpu_results", results.gpu_results, folder=Path("folder"))
plausible("course.results.stored_result", results.stored_result, name=Path("one"), folder=Path("folder"))
plausible_method("course.tracing.Trace.save", lambda: trace(small_model(), normal(2, 4, 5, 4)), "save", path=Path("out.html"))

# --- data -----------------------------------------------------------------------------------------------------------
plausible("data.animation.encode_gif", animation.encode_gif, frames=[PHOTO], milliseconds=100, pause=1000, loop=0)
plausible("data.webp.encode_webp", webp.encode_webp, frames=[PHOTO], milliseconds=100, pause=1000, loop=0)
plausible("data.animation.read_film", animation.read_film, path=PHOTO, size=32, minimum=8)
plausible("data.images.check_writable", image_files.check_writable, path=OUT)
plausible("data.images.read_image", image_files.read_image, path=PHOTO, size=32, minimum=16, enlarge=True)
plausible("data.images.side_by_side", partial(image_files.side_by_side, labels=["a"]), images=lambda: [picture()], height=32)
plausible("data.images.write_image", image_files.write_image, path=OUT, image=lambda: picture())
plausible("data.masks.read_mask", masks.read_mask, path=PHOTO, size=(8, 8))
for name, read, data in (("cifar.read_cifar", cifar.read_cifar, reader_files.record([3], reader_files.PLANES[0])),
                         ("idx.read_idx", idx.read_idx, reader_files.idx(reader_files.IMAGES))):
    plausible(f"data.readers.{name}", read, path=lambda name=name, data=data: input_file(name, data), size=8, channels=1)
plausible("data.readers.npz.read_npz", npz.read_npz, size=8, channels=1,
          path=lambda: input_file("images.npy", reader_files.npy_header((2, 8, 8)) + bytes(128)))
plausible("data.readers.folder.read_folder", folder.read_folder, folder=PHOTO.parent, size=8, channels=1)
plausible("data.readers.folder.image_files", folder.image_files, folder=PHOTO.parent)
plausible("data.readers.formats.open_dataset", formats.open_dataset, path_or_name=Word("glyphs"), size=28, channels=1, count=10,
          seed=0)
plausible("data.splits.load_splits", splits.load_splits, name=Word("glyphs"), size=28, seed=0, count=10)
plausible("data.synthetic.faces.glyph_templates", faces.glyph_templates, letters=False)
for name, draw in (("glyphs.draw_glyphs", glyphs.draw_glyphs), ("glyphs.glyphs", glyphs.glyphs)):
    plausible(f"data.synthetic.{name}", draw, count=2, seed=0, letters=False, size=28)
for name, draw in (("shapes.draw_shapes", shapes.draw_shapes), ("shapes.shapes", shapes.shapes),
                   ("textures.textures", textures.textures)):
    plausible(f"data.synthetic.{name}", draw, count=2, seed=0, size=32)
plausible("data.synthetic.paintings.flow_painting", paintings.flow_painting, size=32, seed=0)
plausible("data.synthetic.registry.make_synthetic", registry.make_synthetic, name=Word("glyphs"), count=2, seed=0, size=28)
plausible("data.synthetic.styles.style_image", styles.style_image, name=Word("night"), size=32, seed=0)

# --- commands and printing ------------------------------------------------------------------------------------------
plausible("bench.run.bench", bench.run.bench, only=Word("layers"), quick=True, output=Path("folder"), device=Word("cpu"),
          print_fn=nothing)
plausible("demo.run", demo.run, folder=Path("folder"), device=Word("cpu"))
plausible("info.print_report", info.print_report, print_fn=nothing)
plausible("progress.progress_bar", progress.progress_bar, items=lambda: iter([1, 2]))
plausible_method("models.Model.summary", small_model, "summary", print_fn=nothing)
