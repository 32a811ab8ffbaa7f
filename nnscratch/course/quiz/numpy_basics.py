"""Quiz of notebook 00: shapes, broadcasting, sums along an axis, views and copies."""
import numpy as np

from nnscratch.course.quiz.question import Question, choice, integers, question

__all__: list[str] = []  # quiz.ITEMS has the items


def product_shape(rng: np.random.Generator) -> Question:
    """The shape of a product and its transpose."""
    n, d, u = (int(integers(rng, low=2, high=9)) for _ in range(3))
    found = (np.ones((n, d)) @ np.ones((d, u)) + np.ones(u)).T.shape
    return question(
        "`X` has the shape ({n}, {d}), `W` the shape ({d}, {u}), and `b` the shape ({u},). What is the shape of "
        "`(X @ W + b).T`?",
        {"n": n, "d": d, "u": u}, found, {
            "the transpose was forgotten": (n, u),
            "the inner size disappears, not the outer one": (d, d),
            "the axes of W alone were exchanged": (d, n)})


def broadcast_shape(rng: np.random.Generator) -> Question:
    """The shape of a sum of two shapes."""
    a, b = (int(integers(rng, low=2, high=9)) for _ in range(2))
    return question(
        "`X` has the shape ({a}, 1) and `y` the shape ({b},). What is the shape of `X + y`?",
        {"a": a, "b": b}, np.broadcast_shapes((a, 1), (b,)), {
            "X stays as it is: but its axis of size 1 is repeated": (a, 1),
            "shapes are compared from the right: y runs along the last axis": (b, a),
            "the sizes were added: that is what concatenate does": (a + b, 1)})


def axis_sum(rng: np.random.Generator) -> Question:
    """A sum along one axis."""
    X, axis = integers(rng, 2, 3), int(integers(rng, low=0, high=1))
    return question(
        "`X` is {X}. What is `X.sum(axis={axis})`?",
        {"X": X, "axis": axis}, X.sum(axis=axis), {
            "the other axis: the one that is named disappears": X.sum(axis=1 - axis),
            "all elements were added: that is `X.sum()`": X.sum(),
            "this is the mean": X.mean(axis=axis)})


def centred_columns(rng: np.random.Generator) -> Question:
    """X minus the means of its columns."""
    X = 2 * integers(rng, 2, 2)
    return question(
        "`X` is {X}. What is `X - X.mean(axis=0)`?",
        {"X": X}, X - X.mean(axis=0), {
            "the mean of each row was subtracted, but axis 0 runs over the rows": X - X.mean(axis=1, keepdims=True),
            "the mean of all elements was subtracted": X - X.mean(),
            "the sum of each column was subtracted": X - X.sum(axis=0)})


def view_or_copy(rng: np.random.Generator) -> Question:
    """Which of two assignments changes x."""
    x, first, k = integers(rng, 4, low=1, high=9), integers(rng, low=10, high=50), choice(rng, 1, 2)
    second = first + integers(rng, low=1, high=9)
    after, both, shifted = x.copy(), x.copy(), x.copy()
    view, copy = after[k:], after[[0, 3]]
    view[0], copy[1] = first, second
    both[k], both[3], shifted[0] = first, second, first
    return question(
        "`x` is {x}. Then `y = x[{k}:]`, `y[0] = {first}`, `z = x[[0, 3]]` and `z[1] = {second}`. What is `x` now?",
        {"x": x, "k": k, "first": first, "second": second}, after, {
            "a slice is a view: to write into y changes x": x,
            "an index array makes a copy: to write into z leaves x as it is": both,
            "y begins within x: its element 0 is not that of x": shifted})
