"""Sliders: driven as a learner drives them, and the row of panels that stands in."""
import ast
import io

import numpy as np
import pytest
from matplotlib.figure import Figure

from nnscratch.course import draw, own
from nnscratch.course.digits import digits
from nnscratch.data.synthetic.glyphs import draw_glyphs
from nnscratch.errors import InputError
from notebooks.source import SOURCES, read, sources


def line(axes, slope, offset):
    axes.plot([0, 1], [offset, offset + slope])
    axes.set_ylim(-5, 5)


def exploration(**options):
    return draw.explore(line, "a line", slope=[-2, 0, 1, 3], offset=[0, 2], **options)


def test_sliders_redraw():
    """One for each parameter; moving one changes the image to that of its values, and back."""
    pytest.importorskip("ipywidgets", reason="pip install -e '.[test]'")
    explored = exploration(shown=[(1, 0), (3, 2)])
    box = explored.sliders()
    slope, offset, image = box.children
    assert (slope.description, slope.value, offset.value) == ("slope", 1, 0) and slope.options == (-2, 0, 1, 3)
    assert image.layout.align_self == "flex-start", "the panel is stretched to the width of the window"
    first = image.value
    assert first == explored.frame(1, 0) and first[:4] == b"\x89PNG"
    slope.value = 3
    second = image.value
    offset.value = 2
    assert len({first, second, image.value}) == 3 and image.value == explored.frame(3, 2)
    slope.value, offset.value = 1, 0
    assert image.value == first


def test_the_row_of_panels():
    """At most six, each with its values as a title; as many inches as panels."""
    explored = exploration()
    assert explored.shown == [(-2, 0), (0, 0), (1, 0), (3, 0)]
    figure = explored.strip().figure
    assert [axes.get_title() for axes in figure.axes][:4] == [f"slope = {k}, offset = 0" for k in (-2, 0, 1, 3)]
    many = draw.explore(lambda axes, k: axes.plot(k), "x", k=list(range(101)))
    assert [values[0] for values in many.shown] == [0, 20, 40, 60, 80, 100]
    file = io.BytesIO()
    many.strip().save(file)
    assert file.getvalue()[:4] == b"\x89PNG"


def test_sliders_rise_to_the_right():
    """The numbers of each slider of the course."""
    falling, found = [], 0
    for source in sources():
        for cell in read(source).cells:
            if cell.cell_type == "code" and "draw.explore(" in cell.source:
                call = next(node for node in ast.walk(ast.parse(cell.source)) if ast.unparse(node).startswith("draw.explore("))
                lists = [one.value for one in getattr(call, "value", call).keywords if isinstance(one.value, ast.List)
                         and one.arg != "shown"]
                numbers = [values for values in map(ast.literal_eval, lists) if not isinstance(values[0], str)]
                falling += [(source.stem, values) for values in numbers if values != sorted(values)]
                found += len(numbers)
    assert not falling and found > 20


@pytest.mark.parametrize("options", [{"shown": [(7, 0)]}, {"shown": [(1,)]}, {"shown": [(1, 0)] * 7}, {"shown": []}])
def test_combinations_that_do_not_exist_are_refused(options):
    with pytest.raises(InputError, match="1 to 6 combinations of slope, offset"):
        exploration(**options)


@pytest.mark.parametrize("choices", [{}, {"k": []}, {"k": 3}, {"k": "abc"}])
def test_parameters_without_values_are_refused(choices):
    with pytest.raises(InputError, match="a list of values for each parameter"):
        draw.explore(lambda axes, **values: None, "x", **choices)


def test_the_digits_of_the_course():
    """The same in every call, in [0, 1], the caller's own; three parts from three seeds."""
    images, labels, faces = digits("validation", 16)
    drawn, expected, modes = draw_glyphs(2100, seed=1000, size=16)
    assert np.array_equal(images, drawn[..., 0] / 255) and np.array_equal(labels, expected)
    assert np.array_equal(modes, 10 * faces + labels) and np.bincount(faces).tolist() == [100] * 21
    images[:], labels[:] = 7, 7
    again = digits("validation", 16)
    assert again.images.max() == 1 and again.labels.max() == 9 and again.images.dtype == np.float64
    assert [len(digits(part, 8).labels) for part in ("train", "validation", "test")] == [6300, 2100, 2100]
    assert not np.array_equal(digits("test", 8).images, digits("validation", 8).images)
    with pytest.raises(InputError, match="digits: part"):
        digits("tset")


def test_photographs_are_stored_as_jpeg():
    """The row of panels; the frames of the sliders stay PNG."""
    explored = exploration(jpeg=True)
    assert explored.strip()._repr_png_ is None and explored.strip()._repr_jpeg_()[:2] == b"\xff\xd8"
    assert explored.frame(1, 0)[:4] == b"\x89PNG" and exploration().strip()._repr_png_()[:4] == b"\x89PNG"


def of_notebook(stem, begins, **names):
    """The figure with sliders of the cell that begins so, run in a namespace of these names."""
    cell, = [cell.source for cell in read(SOURCES / f"{stem}.py").cells if cell.source.startswith(begins)]
    *before, last = ast.parse(cell).body
    names = {"np": np, "draw": draw, "own": own} | names
    exec(compile(ast.Module(before, []), stem, "exec"), names)
    return eval(compile(ast.Expression(last.value), stem, "eval"), names)


def of_layers():
    """Notebook 06: activations over six layers, with the notebook's own `spread`."""
    names = {"np": np, "own": own, "x": digits("train").images.reshape(-1, 784)}
    cells = [cell.source for cell in read(SOURCES / "06_when_training_fails.py").cells]
    exec(*[source for source in cells if source.startswith("def spread")], names)
    return of_notebook("06_when_training_fails", "by_he = ", **names)


def of_dropout():
    """Notebook 06: a logit under dropout."""
    rng, x = np.random.default_rng(0), digits("train").images[:1].reshape(1, 784)
    few = [rng.normal(0, 0.05, (784, 128)), np.zeros(128), rng.normal(0, 0.125, (128, 10)), np.zeros(10)]
    return of_notebook("06_when_training_fails", "def hidden", few=few, x=x)


def of_kernels():
    """Notebook 07: four kernels on a photograph."""
    return of_notebook("07_convolution", "presets = ", photo=digits("train").images[0])


def of_content():
    """Notebook 15: images that are computed beforehand, one for each layer."""
    return of_notebook("15_style", "def restored", kept=dict(enumerate(np.random.default_rng(0).random((9, 8, 8, 3)))))


@pytest.mark.parametrize("make, name, count", [(of_layers, "sigma", 7), (of_dropout, "rate", 5), (of_kernels, "kernel", 4),
                                               (of_content, "layer", 9)])
def test_sliders_of_the_notebooks(make, name, count):
    """Each position of the slider shows another image; the stored row has a panel for each value it names, as a title."""
    pytest.importorskip("ipywidgets", reason="pip install -e '.[test]'")
    explored = make()
    slider, image = explored.sliders().children
    assert slider.description == name and len(slider.options) == count and slider.value == explored.shown[0][0]
    seen = set()
    for value in slider.options:
        slider.value = value
        seen.add(image.value)
    assert len(seen) == count
    titles = [axes.get_title() for axes in explored.strip().figure.axes]
    assert titles == [f"{name} = {value}" for value, in explored.shown]


def test_dropout_keeps_the_mean():
    """In the figure of notebook 06 both lines agree at every rate, and the histogram widens with it."""
    explored, widths = of_dropout(), []
    for rate in explored.choices["rate"]:
        axes = Figure().subplots()
        explored.panel(axes, rate)
        (full, mean), counts = [line.get_xdata()[0] for line in axes.lines], [bar.get_height() for bar in axes.patches]
        centres = [bar.get_x() + bar.get_width() / 2 for bar in axes.patches]
        widths.append(np.sqrt(np.average((np.array(centres) - mean)**2, weights=counts)))
        assert abs(mean - full) < 5 * widths[-1] / np.sqrt(2000) and sum(counts) > 1980
    assert widths == sorted(widths) and widths[-1] > 2 * widths[0]
