"""The teachers' page: its quiz items equal the code's, its numbers are computed here, and every name it uses exists."""
import json
import re

import numpy as np
import pytest

from nnscratch import ops
from nnscratch.course.digits import digits
from nnscratch.course.quiz import ITEMS, in_lines
from nnscratch.course.quiz.question import ask
from nnscratch.initializers import set_seed
from nnscratch.layers import Conv2D, Dense, Flatten, Input, LeakyReLU, MaxPooling2D, ReLU
from nnscratch.losses import softmax_cross_entropy
from nnscratch.models import Model
from nnscratch.optimizers import SGD, Adam
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


def name(heading):
    """A heading without the kind of an exercise."""
    return re.sub(r"^Exercise \(\w+\): ", "", heading)


@every_lesson
def test_every_name_exists(source):
    """Headings in italics and exercises exist in the notebook; the lesson has its title and all of its exercises."""
    notebook, lesson = read(source), LESSONS[source.stem[:2]]
    plan, _, rest = lesson.partition("**What goes wrong.**")
    markdown = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = [name(heading) for heading in re.findall(r"^#+ (.*)$", markdown, flags=re.M)]
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
    assert list(LESSONS) == [path.stem[:2] for path in sources() if path.stem[0].isdigit()]
    order = PAGE.split("## An order")[1].split("\n## ")[0]
    assert set(re.findall(r"\b\d\d\b(?!:)", order)) >= set(LESSONS)
    text = "\n".join(cell.source for path in sources() for cell in read(path).cells)
    day = order.split("**A day**")[1].split("\n\nIn the lessons")[0]
    for name in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", day):
        assert re.search(rf"^#+ {re.escape(name)}$", text, flags=re.M), name
    for name in re.findall(r"`(\w+)`", day):
        assert f"def {name}(" in text or f"{name} = [" in text, name


def listed(numbers):
    return ", ".join(f"{round(float(number), 3) + 0:g}" for number in np.ravel(numbers))


def claims():
    """(notebook, text that its lesson must contain): the numbers in the texts, computed."""
    for part in (claims_of_digits, claims_of_convolution, claims_of_generators, claims_of_style, claims_of_speed):
        yield from part()


def claims_of_digits():
    """Notebooks 00 to 06."""
    six = np.arange(6).reshape(2, 3)
    yield "00", f"`reshape(3, 2)` begins with the row ({listed(six.reshape(3, 2)[0])}), `.T` with ({listed(six.T[0])})"
    yield "00", f"(4, 5) becomes ({np.ones((4, 5)).sum(axis=0).size},)"

    heights = np.array([0, 0, 2, 0, 0])  # of the hat, at -1, 0, 1, 2, 3
    yield "01", f"at each kink? ({listed(np.diff(heights, 2))})"
    fewest, best = fewest_mistakes()
    assert (1, 1, 0) in best
    yield "01", f"{fewest} mistake among 40 points is the best"

    w = 3 * (1 - 0.8**np.arange(4))
    yield "02", f"($w = {w[3]:g}$)"
    yield "02", f"of each rate: {listed(1 - 2 * np.array([0.05, 0.3, 0.95, 1.02]))}"
    x, t = np.array([1.0, 2]), np.array([3.0, 1])
    dy = x + 1 - t
    yield "02", f"$dy = ({listed(dy)})$, $dw = {(dy * x).sum():g}$, $db = {dy.sum():g}$"
    steps = {rate: steps_of_line(rate) for rate in np.arange(1, 27) / 100}
    assert min(steps, key=steps.get) == 0.22
    yield "02", f"With 0.22 the line needs {steps[0.22]} steps to $L < 0.1$, with 0.26 it needs {steps[0.26]}."
    yield "02", f"{steps[0.22]} steps, with a rate of 0.22"
    x, t = line_points()
    yield "02", f"has the loss {np.mean((np.polyval(np.polyfit(x, t, 1), x) - t)**2):.2f}"

    _, cache = ops.dense(np.ones((2, 1)), np.ones((1, 1)), np.zeros(1))
    dbias = ops.dense_backward(np.array([[1.0], [10]]), cache)[2][0]
    yield "03", f"the bias gets {dbias:g}, not {dbias / 2:g}"
    yield "03", f"Then $dx$ is 5, not {3 + 5}"

    logits, target = np.array([[2.0, 1, -1]]), np.array([[0.0, 1, 0]])
    p = np.exp(logits) / np.exp(logits).sum()
    yield "04", f"with pocket calculators: {listed(p)}"
    yield "04", f"For true class 1 above: ({listed(softmax_cross_entropy(logits, target)[1])})"
    yield "04", f"{np.log(10):.2f}, 0 and {-np.log(0.001):.2f}"
    yield "04", f"the loss {-np.log(0.6):.2f}"

    yield "05", f"{784 * 128 + 128 + 128 * 10 + 10:,} parameters, {-(-6300 // 64)} steps"
    yield "05", f"(6300 / 64 = {6300 / 64:.0f})"
    v = 0.9 * -2 - 0.5 * 4
    yield "05", f"$-2$ becomes ${0.9 * -2:g}$, then ${v:g}$, and $w$ is {10 + v:g}"
    yield "05", f"give $({listed(np.where(np.array([3, -4]) > 0, [-1, 10], 0))})$"

    yield "06", f"on paper: {0.01 * 100:g}, {4 / 2:g}, {2 / 50:g} and 1/{2**6}"
    yield "06", f"becomes {8 / (1 - 0.25):.2f}"
    y, cache = ops.leaky_relu(np.array([3.0, -4]), 0.2)
    yield "06", f"give $({listed(ops.leaky_relu_backward(np.array([10.0, 10]), cache))})$ for the slope 0.2"


def fewest_mistakes():
    """The fewest mistakes of a line in notebook 01, and the values of its sliders that reach them."""
    rng, some = np.random.default_rng(4), (-2, -1, -0.5, 0, 0.5, 1, 2)
    classes = np.arange(40) % 2
    points = np.array([[-0.9, -0.4], [0.9, 0.7]])[classes] + rng.normal(0, 0.75, (40, 2))
    wrong = {(w0, w1, b): int(((points @ [w0, w1] + b > 0) != classes).sum()) for w0 in some for w1 in some for b in some}
    return min(wrong.values()), [values for values, count in wrong.items() if count == min(wrong.values())]


def line_points():
    """The samples of notebook 02."""
    rng = np.random.default_rng(136)
    x = rng.uniform(0, 3, 60)
    return x, 1.5 * x - 0.5 + rng.normal(0, 0.3, 60)


def steps_of_line(rate):
    """How many steps of gradient descent bring the loss of the line below 0.1."""
    (x, t), w, b, steps = line_points(), 0.0, 0.0, 0
    while np.mean((error := w * x + b - t)**2) >= 0.1:
        w, b, steps = w - rate * 2 * np.mean(error * x), b - rate * 2 * np.mean(error), steps + 1
    return steps


def claims_of_convolution():
    """Notebooks 07 to 10."""
    kernel = np.ones((4, 4, 3, 32))
    yield "07", f"have {kernel.size + 32} parameters"
    yield "07", f"{kernel[..., 0].size} weights here, not {kernel[:, :, 0, 0].size}"
    size = ops.conv2d(np.ones((1, 11, 11, 1)), np.ones((5, 5, 1, 1)), strides=3, padding=2)[0].shape[1]
    yield "07", f"{(11 + 4 - 5) / 3 + 1:.2f} is {size}"
    assert ops.col2im(*ops.im2col(np.ones((1, 3, 3, 1)), (2, 2)))[0, 1, 1, 0] == 4

    def adjoint(dy, kernel):
        image, taps = np.reshape(dy, (1, 1, -1, 1)).astype(float), np.reshape(kernel, (1, -1, 1, 1)).astype(float)
        return ops.conv2d_transpose(image, taps, padding=0)[0].ravel()
    last = np.zeros(3)
    for place, one in enumerate((1, 2)):
        last[place:place + 2] = one * np.array([1, 10])
    yield "08", f"adding gives $({listed(adjoint((1, 2), (1, 10)))})$; overwriting gives $({listed(last)})$"
    yield "08", f"$dx = ({listed(adjoint((1, 10), (3, 5)))})$"
    yield "08", f"the smallest case gives $({listed(adjoint((1, 10), (5, 3)))})$"
    counts = ops.col2im(*ops.im2col(np.ones((1, 4, 5, 1)), (3, 2)))[0, :, :, 0]
    yield "08", f"a corner becomes {counts[0, 0]:g} and the middle {counts[1, 2]:g}"

    dense = 4 * 4 * 16 * 10 + 10
    yield "09", f"{dense:,} of the {3 * 3 * 8 + 8 + 3 * 3 * 8 * 16 + 16 + dense:,} parameters"
    field = step = 1
    for kernel, stride in 2 * ((3, 1), (2, 2)):
        field, step = field + (kernel - 1) * step, step * stride
    yield "09", f"it is {field} pixels wide"

    yield "10", f"({11 * 11 + 1})"
    yield "10", f"40 of 50 ones are found, {40 / 50:.0%}; of what is read as 1, {40 / 43:.0%} is one".replace("%", " %")


def claims_of_generators():
    """Notebooks 11 to 14."""
    x, dy, one = np.array([[3.0], [9], [11], [17]]), np.array([[1.0], [0], [0], [4]]), np.ones(1)
    inference, training = (ops.batch_norm_backward(dy, ops.batch_norm(
        x, 2 * one, one, 10 * one, 25 * one, training=way, epsilon=1e-14)[2])[0] for way in (False, True))
    yield "11", f"gives $({listed(inference)})$, that of training $({listed(training)})$"
    yield "11", f"the running mean is {0.9 * 0.1 * 10 + 0.1 * 20:g}; read the other way round, {0.1 * 0.9 * 10 + 0.9 * 20:g}"
    yield "11", f"on paper: {0.1 * 10:g}, {0.9 * 0.1 * 10 + 0.1 * 20:g} and {0.99**100:.3f}"
    y = ops.batch_norm(x, 5 * one, one, 10 * one, 25 * one, training=True, epsilon=1e-14)[0]
    yield "11", f"$y = ({listed(y)})$"

    six, three = np.ones((1, 6, 6, 1)), np.ones((3, 3, 1, 1))
    small, _ = ops.conv2d(six, three, strides=2)
    wide, _ = ops.conv2d_transpose(small, three, strides=2, padding=0)
    yield "12", f"make {small.shape[1]} pixels of 6, and {wide.shape[1]} of these {small.shape[1]}"
    y, _ = ops.conv2d_transpose(np.ones((1, 1, 6, 1)), np.array([1.0, 5, 2, 3]).reshape(1, 4, 1, 1), strides=(1, 2), padding=0)
    yield "12", f"makes {y[0, 0, 6, 0]:g} and {y[0, 0, 7, 0]:g} in turn"

    for other in (7, 700):
        y, _, _ = ops.batch_norm(np.array([[5.0], [other]]), one, 0 * one, one, one, training=True, epsilon=1e-14)
        assert np.allclose(y, [[-1], [1]])
    yield "13", "5 and 7 become $-1$ and $+1$, and so do 5 and 700"
    yield "13", f"58 of the 64 blocks work on one pixel, with {100 / 16:.2f} % of their kernel elements"

    yield "14", f"the loss {2 * np.log(2):.2f} ("
    sure = 1 / (1 + np.exp(5))
    yield "14", f"At $a = -5$ its slope is {sure:.4f} long and the other's {1 - sure:.4f}"
    yield "14", f"{np.log(1 + np.exp(-2)):.2f} or {np.log(1 + np.exp(2)):.2f}"


def claims_of_style():
    """Notebooks 15 and 16."""
    F, dG = np.array([[2.0, 0], [2, 4], [0, -2], [0, 0]]), np.array([[1.0, 10], [100, 1000]])
    _, cache = ops.gram_matrix(F[None, None])
    dF = ops.gram_matrix_backward(dG[None], cache)[0, 0]
    yield "15", f"$dF_{{1,0}}$ is {(F @ dG.T / 4)[1, 0]:g}, with the transposed part {dF[1, 0]:g}"
    yield "15", f"{listed(ops.gram_matrix(F[None, None])[0])} by hand"
    P = np.array([[2.0, 2], [0, 4]])
    assert np.allclose(P.T @ P, P[::-1].T @ P[::-1])
    yield "15", f"the content loss becomes {np.mean((P - P[::-1])**2):g}."

    yield "16", f"the factor is {(36 / 4)**0.5:g}, not {36 / 4:g}"
    f, s, dt = np.array([3.0, 9, 11, 17]), np.array([-1.0, 3]), np.array([1.0, 0, 0, 4])
    f_hat, s_hat = (f - f.mean()) / f.std(), (s - s.mean()) / s.std()
    yield "16", f"$({listed(s.std() * f_hat + s.mean())})$"
    ds = dt.mean() * len(f) / len(s) + (dt @ f_hat) * s_hat / len(s)
    yield "16", f"$ds = ({listed(ds)})$ sums to {ds.sum():g}"


def claims_of_speed():
    """Notebooks 17 and 18."""
    yield "17", f"{2 * 6 * 5 * 18} FLOP, not {6 * 5 * 18}"
    yield "17", f"takes {6 + 3 - 1} for {6 * 3}, {18 / 8:g} times fewer"
    ladder = json.loads((FOLDER.parent / "benchmarks" / "results" / "ladder.json").read_text())
    gain, = (row["gain"] for row in ladder["rows"] if row["idea"].startswith("im2col -> Winograd"))
    yield "17", f"a gain of {gain:.1f} over the best without it"
    yield "17", " and ".join(f"{256 * 256 * values * 4 / 1e6:.0f}" for values in (64, 9 * 64)) + " million bytes"

    yield "18", f"done after {300 * 10 + 2} µs, not {300 * 12}"
    yield "18", f"the whole is {1 / (0.1 + 0.9 / 1000):.2f} times as fast"


def test_the_numbers_are_right():
    for notebook, phrase in claims():
        assert phrase in " ".join(LESSONS[notebook].split()), (notebook, phrase)


def test_small_steps_and_ones():
    """The statements in the lessons on 03 and 11 about δ and `dy = 1`. (The notebook asserts those on rounding in 17.)"""
    def error(delta):
        return abs((np.tanh(0.25 + delta) - np.tanh(0.25 - delta)) / (2 * delta) - (1 - np.tanh(0.25)**2))

    from nnscratch.course.checks.upstream_gradients import check_batch_norm
    from nnscratch.gradcheck.mutants import BLIND_TO_ONES, mutants_of
    assert error(1e-6) < 1e-10 and error(1e-12) > 1e-8 and len(BLIND_TO_ONES) == 4
    rng = np.random.default_rng(0)
    for mistake in BLIND_TO_ONES:
        wrong = mutants_of("batch_norm training")[mistake]
        assert check_batch_norm(wrong, upstream=np.ones).ok and not check_batch_norm(wrong, upstream=rng.standard_normal).ok


def trained(network, images, labels, steps, rate=0.05, change=lambda x, rng: x, kept=()):
    """The network after so many steps of 64 images with momentum; parameters in `kept` stay as they are."""
    rng, targets, optimizer = np.random.default_rng(1), np.eye(10, dtype=np.float32)[labels], SGD(rate, momentum=0.9)
    for _ in range(steps):
        chosen = rng.integers(len(images), size=64)
        _, dlogits = softmax_cross_entropy(network.forward(change(images[chosen], rng), training=True), targets[chosen])
        network.zero_grads()
        network.backward(dlogits, "parameters")
        for place in kept:
            list(network.grads.values())[place][...] = 0
        optimizer.step(network.params, network.grads)
    return network


def fraction_right(network, images, labels):
    return (network.forward(images).argmax(axis=1) == labels).mean()


def m2():
    """M2 with first parameters."""
    set_seed(1)
    y = pixels = Input((16, 16, 1))
    for channels in (8, 16):
        y = MaxPooling2D(2)(ReLU()(Conv2D(channels, 3, padding="same", kernel_initializer="he_normal")(y)))
    return Model(pixels, Dense(10)(Flatten()(y)))


def shifted(images, rng, most=2):
    """Each image moved at random by up to `most` rows and columns; zeros enter."""
    wide, side = np.pad(images, ((0, 0), (most, most), (most, most), (0, 0))), images.shape[1]
    corners = rng.integers(0, 2 * most + 1, (len(images), 2))
    return np.stack([image[h:h + side, w:w + side] for image, (h, w) in zip(wide, corners)])


@pytest.mark.slow
def test_answers_to_open_exercises():
    """Those of 05, 09 and 10, tried out: unseen typefaces, shifted images, first kernels that stay random."""
    train, validation = digits("train", 16), digits("validation", 16)
    images, images_val = (part.images[..., None].astype(np.float32) for part in (train, validation))
    two = np.pad(images_val, ((0, 0), (0, 0), (2, 0), (0, 0)))[:, :, :16]
    with_shifts = trained(m2(), images, train.labels, 300, change=shifted)
    assert sum(one.size for one in with_shifts.params.values()) == 3818
    assert fraction_right(with_shifts, two, validation.labels) > 0.95
    random_kernels = trained(m2(), images, train.labels, 300, kept=[0])
    assert fraction_right(random_kernels, images_val, validation.labels) > 0.95

    set_seed(0)
    pixels = Input((256,))
    mlp = Model(pixels, Dense(10)(ReLU()(Dense(128, kernel_initializer="he_normal")(pixels))))
    seen, seen_val = train.faces < 16, validation.faces < 16
    trained(mlp, images[seen].reshape(-1, 256), train.labels[seen], 600, 0.1)
    rows = images_val.reshape(-1, 256)
    wrong = [1 - fraction_right(mlp, rows[part], validation.labels[part]) for part in (seen_val, ~seen_val)]
    assert wrong[1] > 1.3 * wrong[0], wrong


@pytest.mark.slow
def test_momentum_on_the_ring():
    """The answer to the open exercise of 14: with beta1 = 0.9 the points reach the eight blobs of the ring, but later."""
    set_seed(0)
    gen, dis = (Model(x := Input((2,)), Dense(outputs)(LeakyReLU(0.2)(Dense(64)(LeakyReLU(0.2)(Dense(64)(x))))))
                for outputs in (2, 1))
    of_gen, of_dis, rng, near = Adam(1e-3, beta_1=0.9), Adam(1e-3, beta_1=0.9), np.random.default_rng(0), {}
    centres = np.array([[np.cos(angle), np.sin(angle)] for angle in np.pi * np.arange(8) / 4])
    targets = np.repeat([[0.9], [0]], 128, axis=0)
    for step in range(1, 3001):
        real = (centres[rng.integers(8, size=128)] + rng.normal(0, 0.05, (128, 2))).astype(np.float32)
        fake = gen.forward(rng.standard_normal((128, 2), np.float32), training=True)
        logits = dis.forward(np.concatenate([real, fake]), training=True)
        dis.zero_grads()
        dis.backward(((1 / (1 + np.exp(-logits)) - targets) / 128).astype(np.float32))
        of_dis.step(dis.params, dis.grads)
        logits = dis.forward(fake, training=True)
        gen.zero_grads()
        gen.backward(dis.backward(((1 / (1 + np.exp(-logits)) - 1) / 128).astype(np.float32)))
        of_gen.step(gen.params, gen.grads)
        if step in (1000, 3000):
            points = gen.forward(np.random.default_rng(1).standard_normal((500, 2), np.float32))
            far = np.linalg.norm(points[:, None] - centres, axis=2)
            near[step] = np.bincount(far.argmin(axis=1)[far.min(axis=1) < 0.2], minlength=8)
    assert near[1000].sum() < 150 and near[3000].sum() > 300 and near[3000].min() > 10, near
