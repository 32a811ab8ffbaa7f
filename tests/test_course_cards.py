"""Every formula on a card, evaluated index by index, gives the op's result; the numbers shown are those of the op."""
import ast
import itertools
import math
import re

import numpy as np
import pytest
from test_course_language import TABLE, signs

from nnscratch import ops
from nnscratch.course import card, cards
from nnscratch.course.card_data import CARDS
from nnscratch.course.formula_card import number, rows_of, value_at
from nnscratch.course.notation import as_latex, as_text
from nnscratch.errors import InputError

SIZE_OF = {"h": "OH", "w": "OW", "i": "KH", "j": "KW"}  # where an index stands nowhere alone
every_card = pytest.mark.parametrize("shown", CARDS, ids=lambda card: card.name)


class Padded:
    """An array that is 0 outside its bounds."""

    def __init__(self, array):
        self.array = array

    def __getitem__(self, place):
        place = place if isinstance(place, tuple) else (place,)
        return self.array[place] if all(0 <= at < size for at, size in zip(place, self.array.shape)) else 0.0


def sizes(shown, example):
    """{"N": 2, ...}: the letters in the table of shapes, from the shapes of the arrays."""
    found = {"M": len(example["x"])} if "M" in str(shown.shapes) else {}
    for letter, text in shown.shapes.items():
        for name, size in zip(re.findall(r"\w[\w ]*", text.split(")")[0]), example[letter].shape):
            assert found.setdefault(name, size) == size, f"{letter} {text} does not fit the others"
    return found | shown.options


def range_of(index, statement, shapes, sizes):
    """The range of an index: an axis on which it stands alone; in the copies of upsampling, the factor."""
    for part in ast.walk(statement):
        if isinstance(part, ast.Subscript) and part.value.id in shapes:
            places = part.slice.elts if isinstance(part.slice, ast.Tuple) else [part.slice]
            for place, size in zip(places, shapes[part.value.id]):
                if isinstance(place, ast.Name) and place.id == index:
                    return range(size)
    return range(sizes["f"] if "f" in sizes else sizes[SIZE_OF[index]])


def evaluate(line, values, shown, sizes, example):
    """Evaluate one line by loops over all its free indices, and store the resulting array in `values`."""
    statement = ast.parse(line).body[0]
    shapes = {name: array.shape for name, array in (example | values).items()}
    adds = isinstance(statement, ast.AugAssign)
    target, value = (statement.target if adds else statement.targets[0]), statement.value
    bound = {arg.id for call in ast.walk(value) if isinstance(call, ast.Call) for arg in call.args[:-1]}
    letters = {node.id for part in ast.walk(statement) if isinstance(part, ast.Subscript) for node in ast.walk(part.slice)
               if isinstance(node, ast.Name)}
    free = sorted(letter for letter in letters - bound if letter.islower() and letter not in shown.options)
    code, scope = compile(ast.Expression(unrolled(value)), line, "eval"), {
        **{name: Padded(array) for name, array in values.items()}, **sizes, "sqrt": math.sqrt, "exp": math.exp, "log": math.log,
        "argmax": lambda terms: int(np.argmax(list(terms))),
        "over": lambda *indices: itertools.product(*(range_of(index, statement, shapes, sizes) for index in indices))}
    computed = {}
    for places in itertools.product(*(range_of(index, statement, shapes, sizes) for index in free)):
        here = scope | dict(zip(free, places))
        spot = ()
        if isinstance(target, ast.Subscript):
            spot = eval(compile(ast.Expression(target.slice), line, "eval"), here)
            spot = spot if isinstance(spot, tuple) else (spot,)
        number = eval(code, here)
        if not adds:
            assert computed.setdefault(spot, number) == number, "two numbers for one place"
        computed[spot] = computed.get(spot, 0) + number if adds else number
    name = target.value.id if isinstance(target, ast.Subscript) else target.id
    return name, computed, adds


def unrolled(value):
    """Sum(i, j, term) as sum(term for i, j in over("i", "j"))."""
    class Unroll(ast.NodeTransformer):
        def visit_Call(self, call):
            self.generic_visit(call)
            if call.func.id not in ("Sum", "Max", "ArgMax"):
                return call
            indices = [arg.id for arg in call.args[:-1]]
            text = f"{call.func.id.lower()}(0 for {', '.join(indices)}, in over{tuple(indices)!r})"
            loop = ast.parse(text, mode="eval").body
            loop.args[0].elt = call.args[-1]
            return loop
    return ast.fix_missing_locations(Unroll().visit(value))


def all_lines(shown, example):
    """{letter: array}: the results of the formulas, line by line, from the inputs and dy only."""
    letters, values = sizes(shown, example), dict(shown.inputs)
    if shown.backward:
        values[f"d{shown.output}"] = example[f"d{shown.output}"]
    computed = {}
    for line in [*shown.forward, *shown.backward]:
        name, numbers, adds = evaluate(line, values, shown, letters, example)
        shape = example[name].shape if name in example else [1 + max(place) for place in zip(*numbers)]
        if not adds or name not in computed:
            computed[name] = np.zeros(shape)
        for place, value in numbers.items():
            inside = all(0 <= index < size for index, size in zip(place, shape))
            assert inside or adds
            if inside:
                computed[name][place] = computed[name][place] + value if adds else value
        values[name] = computed[name]
    return computed


def check(shown):
    """y and every gradient of the op follow from the formulas alone."""
    example = shown.example()
    computed = all_lines(shown, example)
    for name in example.keys() - shown.inputs.keys() - {f"d{shown.output}"}:
        np.testing.assert_allclose(computed[name], example[name], rtol=1e-12, atol=1e-12, err_msg=name)


@every_card
def test_the_formulas_give_what_the_op_gives(shown):
    """For the numbers on the card; each gradient has a formula."""
    check(shown)


LARGER = {"dense": [{}], "conv2d": [{"S": 2, "P": 1}, {"S": 1, "P": 1}], "conv2d_transpose": [{"S": 2, "P": 1}, {"S": 3}],
          "im2col": [{"S": 2, "P": 1, "KH": 3, "KW": 2}], "max_pool2d": [{"S": 2, "KH": 2, "KW": 3}],
          "avg_pool2d": [{"S": 2, "KH": 3, "KW": 2}], "leaky_relu": [{"slope": 0.3}], "batch_norm": [{"epsilon": 0.1}],
          "batch_norm_inference": [{"epsilon": 0.1}], "instance_norm": [{"epsilon": 0.1}], "gram_matrix": [{}],
          "upsample2d": [{"f": 3}], "softmax_cross_entropy": [{}], "relu": [{}], "mse": [{}],
          "momentum": [{"lr": 0.1, "decay": 0.9}], "adam": [{"k": 1, "epsilon": 0.1}, {"k": 7, "beta1": 0.9, "beta2": 0.99}]}
SHAPES = {"x": (2, 5, 4, 2), "K": (3, 2, 2, 2), "b": (2,)}


@pytest.mark.parametrize("name, options", [(name, options) for name, more in LARGER.items() for options in more])
def test_the_formulas_hold_for_other_sizes(name, options):
    """Several images and channels, strides, paddings and random numbers."""
    shown, rng = card(name), np.random.default_rng(0)
    of_images = shown.shapes.get("x", "").startswith("(N, H")
    inputs = {letter: rng.standard_normal(SHAPES[letter]) if of_images and letter in SHAPES
              else array + 0.1 * rng.random(array.shape) * (letter != "t")
              for letter, array in shown.inputs.items()}
    shown = shown._replace(inputs=inputs, options=shown.options | options)
    y, _ = shown.run(*inputs.values(), **shown.options)
    check(shown._replace(dy=rng.standard_normal(np.shape(y)) if np.ndim(y) else np.array(1.0)))


def test_the_first_of_equal_pixels_gets_the_gradient():
    """The rule of the op: windows with equal numbers, adjacent and overlapping."""
    shown, rng = card("max_pool2d"), np.random.default_rng(0)
    for options in ({"S": 1, "KH": 2, "KW": 2}, {"S": 2, "KH": 2, "KW": 3}):
        tied = shown._replace(inputs={"x": rng.integers(0, 2, (2, 5, 6, 2)).astype(float)}, options=options)
        check(tied._replace(dy=rng.standard_normal(tied.run(*tied.inputs.values(), **options)[0].shape)))


def test_every_card_is_tested_with_other_sizes():
    """Except the two whose mask has a fixed shape; their masks are 0 or 1 / (1 - rate)."""
    assert set(cards()) - set(LARGER) == {"dropout", "spatial_dropout2d"}
    for name in ("dropout", "spatial_dropout2d"):
        assert set(card(name).inputs["r"].ravel()) == {0, 2} and card(name).options == {"rate": 0.5}


def test_running_statistics():
    """The two lines that no gradient depends on."""
    shown = card("batch_norm")
    _, running, _ = ops.batch_norm(*shown.inputs.values(), training=True, momentum=shown.options["decay"],
                                   epsilon=shown.options["epsilon"])
    computed = all_lines(shown, shown.example())
    assert np.allclose([computed["mean_new"], computed["variance_new"]], running)


@pytest.mark.parametrize("wrong, right", [("S*h + i - P", "S*h - i - P"), ("dy[n, h, w, o] * K", "dy[n, w, h, o] * K"),
                                          ("+= Sum(o", "+= 2 * Sum(o"), ("b[o] + ", "")])
def test_a_wrong_formula_is_detected(wrong, right):
    """Otherwise the tests above would prove nothing."""
    shown = card("conv2d")
    lines = [[line.replace(wrong, right, 1) for line in lines] for lines in (shown.forward, shown.backward)]
    with pytest.raises((AssertionError, IndexError)):
        check(shown._replace(forward=lines[0], backward=lines[1]))


@every_card
def test_the_worked_examples(shown):
    """Forward and backward: each worked example gives the number at its position."""
    example, scope = shown.example(), {"log": math.log, "max": max}
    assert any(place.startswith("d") for place in shown.by_hand) or not shown.backward
    for place, text in shown.by_hand.items():
        assert math.isclose(eval(text, scope), value_at(example, place)), place


@every_card
def test_shows_every_formula_and_number(shown):
    """As text and as Markdown; the library's lines are shown, without the argument checks."""
    text, page, example = str(shown), shown._repr_markdown_(), shown.example()
    for line in [*shown.forward, *shown.backward]:
        assert as_text(line) in text and f"$${as_latex(line)}$$" in page
    for array in example.values():
        rows = rows_of(array)
        assert " & ".join(map(number, rows[0])) in page
        assert re.search(r"\n +" + " +".join(map(number, rows[-1])) + r"(\n|$)", text)
    for function in shown.code:
        assert f"def {function.__name__}(" in page
    assert "check_" not in page and '"""' not in page and "cuda" not in page
    assert ("Backward" in page) == bool(shown.backward) == ("\nbackward\n" in text)
    assert set(shown.shapes) <= set(example) and set(shown.inputs) <= set(shown.shapes)


@pytest.mark.parametrize("line, expected", [
    ("y[n, u] = b[u] + Sum(d, x[n, d] * W[d, u])", r"y_{n, u} = b_{u} + \sum_{d} x_{n, d} \, W_{d, u}"),
    ("dx[S*h + i] += (a[i] - (b[i] - c[i])) * -d[i]",
     r"dx_{S \cdot h + i} \mathrel{+}= \left( a_{i} - \left( b_{i} - c_{i} \right) \right) \, -d_{i}"),
    ("y = (a - b)**2 / sqrt(variance + epsilon)", r"y = \frac{{\left( a - b \right)}^{2}}{\sqrt{{\sigma^2} + \epsilon}}"),
    ("y = a if a > 0 else slope * a", r"y = \begin{cases} a & a > 0 \\ s \, a & \text{else} \end{cases}"),
    ("first[n] = ArgMax(i, j, x[n, i, j])", r"\text{first}_{n} = \operatorname*{argmax}_{i, j} x_{n, i, j}"),
    ("mean_new = dgamma * (a == b)", r"\mu^{\text{new}} = d\gamma \, [a = b]"),
    ("m_hat[d] = m_new[d] / (1 - beta1**k)", r"\hat{m}_{d} = \frac{m^{\text{new}}_{d}}{1 - {\beta_1}^{k}}"),
])
def test_latex(line, expected):
    assert as_latex(line) == expected


def test_every_sign_is_in_the_notation():
    """The cards have the letters of the course; f is the factor of upsampling as well."""
    for shown in CARDS:
        found = set(signs("".join(f"$${as_latex(line)}$$" for line in [*shown.forward, *shown.backward])))
        assert found <= TABLE | {"d", "mathrel"}, (shown.name, found - TABLE)


def test_an_unknown_card_is_refused():
    with pytest.raises(InputError, match="choose one of dense, relu"):
        card("convolution")
