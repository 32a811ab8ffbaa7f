"""The teachers' page: its quiz items equal the code's, its numbers are computed here, and every name it uses exists."""
import json
import re

import numpy as np
import pytest

from nnscratch import ops
from nnscratch.course.quiz import ITEMS, in_lines
from nnscratch.course.quiz.question import ask
from nnscratch.losses import content_loss
from notebooks.source import FOLDER, read, sources

PAGE = (FOLDER / "teachers.md").read_text(encoding="utf-8")
LESSONS = {text[:2]: text for text in re.split(r"^## (?=\d\d )", PAGE, flags=re.M)[1:]}
every_lesson = pytest.mark.parametrize("source", [path for path in sources() if path.stem[0].isdigit()],
                                       ids=lambda path: path.stem)


def test_every_quiz_item_equals_the_codes():
    """One for each notebook, with its seed; and its right and wrong answers."""
    for notebook in ITEMS:
        text = LESSONS[notebook]
        seed, number = re.search(rf"quiz {notebook} --seed (\d+) --answers`:\n\n(\d)\. ", text).groups()
        block = in_lines(int(number), ask(ITEMS[notebook][int(number) - 1], int(seed)), answers=True)
        assert f"\n\n{block}\n" in text, f"the page should have\n{block}"


@every_lesson
def test_every_name_exists(source):
    """Headings in italics and exercises exist in the notebook; the lesson has its title and all of its exercises."""
    notebook, lesson = read(source), LESSONS[source.stem[:2]]
    plan, _, rest = lesson.partition("**What goes wrong.**")
    markdown = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = re.findall(r"^#+ (?:Exercise: )?(.*)$", markdown, flags=re.M)
    assert lesson.splitlines()[0] == headings[0] and f"[{source.stem}]({source.stem}.ipynb)" in lesson
    mentioned = re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", plan)
    assert len(mentioned) >= 3 and set(mentioned) <= set(headings), set(mentioned) - set(headings)
    exercises = {cell.metadata["exercise"] for cell in notebook.cells if "exercise" in cell.metadata}
    assert exercises == set(re.findall(r"`(\w+)`", plan)) & exercises, "an exercise is in no plan"
    assert rest.count('\n- "') >= 2


def test_a_lesson_has_no_gaps():
    """Each part begins when the previous one ends."""
    for lesson in LESSONS.values():
        times = [(int(a), int(b)) for a, b in re.findall(r"^\| (\d+)-(\d+) \|", lesson, flags=re.M)]
        assert times[0][0] == 0 and times[-1][1] == 45
        assert all(one[1] == two[0] for one, two in zip(times, times[1:])) and all(a < b for a, b in times)


def test_the_course_plans_name_existing_notebooks():
    """Weeks, short terms and the day: all notebooks are included; the headings and exercises of the day exist."""
    order = PAGE.split("## An order")[1].split("\n## ")[0]
    assert set(re.findall(r"\b\d\d\b(?!:)", order)) >= set(LESSONS)
    text = "\n".join(cell.source for path in sources() for cell in read(path).cells)
    day = order.split("**A day**")[1].split("\n\nIn the lessons")[0]
    for name in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", day):
        assert re.search(rf"^#+ {re.escape(name)}$", text, flags=re.M), name
    for name in re.findall(r"`(\w+)`", day):
        assert f"def {name}(" in text, name


def listed(numbers):
    return ", ".join(f"{round(float(number), 3) + 0:g}" for number in np.ravel(numbers))


def claims():
    """(notebook, text that its lesson must contain): the numbers in the texts, computed."""
    _, cache = ops.dense(np.ones((2, 1)), np.ones((1, 1)), np.zeros(1))
    dbias = ops.dense_backward(np.array([[1.0], [10]]), cache)[2][0]
    yield "01", f"the bias gets {dbias:g}, not {dbias / 2:g}"

    kernel = np.ones((4, 4, 3, 32))
    yield "03", f"are {kernel.size + 32} numbers"
    yield "03", f"{kernel[..., 0].size} weights here, not {kernel[:, :, 0, 0].size}"
    size = ops.conv2d(np.ones((1, 11, 11, 1)), np.ones((5, 5, 1, 1)), strides=3, padding=2)[0].shape[1]
    yield "03", f"{(11 + 4 - 5) / 3 + 1:.2f} is {size}"

    dy, kernel = np.array([1.0, 2]).reshape(1, 1, 2, 1), np.array([1.0, 10]).reshape(1, 2, 1, 1)
    painted = ops.conv2d_transpose(dy, kernel, padding=0)[0].ravel()
    last = np.zeros(3)
    for place in range(2):
        last[place:place + 2] = dy.ravel()[place] * kernel.ravel()
    yield "04", f"painting gives $({listed(painted)})$; overwriting gives $({listed(last)})$"
    counts = ops.col2im(*ops.im2col(np.ones((1, 4, 5, 1)), (3, 2)))[0, :, :, 0]
    assert counts[0, 0] == 1 and counts[1, 2] == 4
    yield "04", "a corner comes back once and the middle four times"

    y, cache = ops.leaky_relu(np.array([3.0, -4]), 0.2)
    yield "05", f"give $({listed(ops.leaky_relu_backward(np.array([10.0, 10]), cache))})$ for slope 0.2"

    x, dy, one = np.array([[3.0], [9], [11], [17]]), np.array([[1.0], [0], [0], [4]]), np.ones(1)
    inference, training = (ops.batch_norm_backward(dy, ops.batch_norm(
        x, 2 * one, one, 10 * one, 25 * one, training=way, epsilon=1e-14)[2])[0] for way in (False, True))
    yield "06", f"gives $({listed(inference)})$, that of training $({listed(training)})$"
    yield "06", f"the running mean is {0.9 * 0.1 * 10 + 0.1 * 20:g}; read the other way round, {0.1 * 0.9 * 10 + 0.9 * 20:g}"

    six, three = np.ones((1, 6, 6, 1)), np.ones((3, 3, 1, 1))
    small, _ = ops.conv2d(six, three, strides=2)
    back, _ = ops.conv2d_transpose(small, three, strides=2, padding=0)
    yield "07", f"make {small.shape[1]} pixels of 6, and {back.shape[1]} of these {small.shape[1]}"
    y, _ = ops.conv2d_transpose(np.ones((1, 1, 6, 1)), np.array([1.0, 5, 2, 3]).reshape(1, 4, 1, 1), strides=(1, 2), padding=0)
    yield "07", f"makes {y[0, 0, 6, 0]:g} and {y[0, 0, 7, 0]:g} in turn"

    for other in (7, 700):
        y, _, _ = ops.batch_norm(np.array([[5.0], [other]]), one, 0 * one, one, one, training=True, epsilon=1e-14)
        assert np.allclose(y, [[-1], [1]])
    yield "08", "5 and 7 become $-1$ and $+1$, and so do 5 and 700"
    yield "08", f"58 of the 64 blocks work on one pixel, with {100 / 16:.2f} % of their weights"

    yield "09", f"the loss {2 * np.log(2):.2f} ("
    sure = 1 / (1 + np.exp(5))
    yield "09", f"At $z = -5$ its slope is {sure:.4f} and the other's {1 - sure:.4f}"
    yield "09", f"{np.log(1 + np.exp(-2)):.2f} or {np.log(1 + np.exp(2)):.2f}"

    F, dG = np.array([[2.0, 0], [2, 4], [0, -2], [0, 0]]), np.array([[1.0, 10], [100, 1000]])
    _, cache = ops.gram_matrix(F[None, None])
    dF = ops.gram_matrix_backward(dG[None], cache)[0, 0]
    yield "10", f"$dF_{{10}}$ is {(F @ dG.T / 4)[1, 0]:g}, with the transposed part {dF[1, 0]:g}"
    yield "10", f"$G$ of the four pixels by hand, ${listed(ops.gram_matrix(F[None, None])[0])}$"

    P = np.array([[2.0, 2], [0, 4]])[None, None]
    assert np.allclose(ops.gram_matrix(P)[0], ops.gram_matrix(P[:, :, ::-1])[0])
    yield "11", f"the content loss is {content_loss(P[:, :, ::-1], P)[0]:.2f}."
    yield "11", f"cost {1 + 0.5**2:g} times as much, not {1 + 0.5:g}"
    yield "11", f"the factor is {(36 / 4)**0.5:g}, not {36 / 4:g}"

    yield "12", f"({int(10 * 60 / (5 - 1)) + 1})"
    yield "12", f"the variance {np.var([-1, 3]):g} and the deviation {np.std([-1, 3]):g}"

    yield "13", f"{2 * 6 * 5 * 18} FLOP, not {6 * 5 * 18}"
    yield "13", f"takes {6 + 3 - 1} for {6 * 3}, {18 / 8:g} times fewer"
    ladder = json.loads((FOLDER.parent / "benchmarks" / "results" / "ladder.json").read_text())
    gain, = (row["gain"] for row in ladder["rows"] if row["idea"].startswith("im2col -> Winograd"))
    yield "13", f"a gain of {gain:.1f} over the best without it"
    yield "13", f"{256 * 256 * 9 * 64 * 4 / 1e6:.0f} million bytes"

    yield "14", f"done after {300 * 10 + 2} µs, not {300 * 12}"
    yield "14", f"the whole is {1 / (0.1 + 0.9 / 1000):.2f} times as fast"


def test_the_numbers_are_right():
    for notebook, phrase in claims():
        assert phrase in " ".join(LESSONS[notebook].split()), (notebook, phrase)


def test_small_steps_and_ones():
    """The statements in the lesson on notebook 03 about h and `dy = 1`. (The notebook asserts those on rounding in 13.)"""
    def error(h):
        return abs((np.tanh(0.25 + h) - np.tanh(0.25 - h)) / (2 * h) - (1 - np.tanh(0.25)**2))

    from nnscratch.course.checks.upstream_gradients import check_batch_norm
    from nnscratch.gradcheck.mutants import BLIND_TO_ONES, mutants_of
    assert error(1e-6) < 1e-10 and error(1e-12) > 1e-8 and len(BLIND_TO_ONES) == 4
    rng = np.random.default_rng(0)
    for mistake in BLIND_TO_ONES:
        wrong = mutants_of("batch_norm training")[mistake]
        assert check_batch_norm(wrong, upstream=np.ones).ok and not check_batch_norm(wrong, upstream=rng.standard_normal).ok
