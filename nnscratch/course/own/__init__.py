"""The learner's own functions, kept from one notebook to the next.

    from nnscratch.course import own
    y = own.dense(x, W, b)      # what the learner wrote in notebook 01, or else the library's
    own.who("M1")               # whose each part of a milestone is, and how long it took

A check that says "right" stores the source of the function in the folder own/ (store.py). A stored function is judged again
before it is used, since a learner may have changed the file: by its values, not by its time or memory.
"""
import contextlib
import io
import sys
from collections.abc import Callable
from typing import Any

from nnscratch.course.checks.exercise import EXERCISES, KEEPERS
from nnscratch.course.language import filled, said
from nnscratch.course.own.function import OwnFunction
from nnscratch.course.own.store import keep, load, stored_source
from nnscratch.errors import InputError
from nnscratch.hints import checked
from nnscratch.ops.validation import check_choice

__all__ = ["who"]

MILESTONES = {  # name: (what it is, the functions in it)
    "M1": ("a multilayer perceptron reads digits", (
        "dense", "dense_backward", "relu_backward", "mlp_backward", "softmax_cross_entropy", "batches", "momentum_step")),
    "M2": ("a convolutional network beats it", (
        "im2col", "conv2d", "col2im", "conv2d_backward", "max_pool", "max_pool_backward", "dense", "dense_backward",
        "relu_backward", "cnn_forward", "cnn_backward", "softmax_cross_entropy", "batches", "momentum_step", "he_normal")),
    "M3": ("digits from noise", ("discriminator_loss", "generator_loss", "adam", "gan_step")),
    "M4": ("a photograph in the style of a painting", (
        "gram", "gram_backward", "style_loss", "smoothness", "adam", "style_step")),
    "M5": ("the convolutional network, made fast", ("im2col", "conv_in_blocks", "f23", "fast_step")),
    "M6": ("its layers on CPU and GPU", ("intensity", "roofline_seconds", "queue_seconds", "crossover")),
}
FUNCTIONS: dict[str, OwnFunction] = {}  # those that were asked for in this session


def __getattr__(name: str) -> OwnFunction:
    """`own.dense`: the learner's function, or the library's in its place."""
    if name not in FUNCTIONS:  # first, since a training asks for it in every step
        if name not in known():
            raise AttributeError(f"own has no function {name!r}: no exercise of the course keeps one under this name")
        FUNCTIONS[name] = from_store(name)
    return FUNCTIONS[name]


def __dir__() -> list[str]:
    """For completion by the tab key."""
    return ["who", *known()]


def known() -> dict[str, Any]:
    """The exercises whose functions are kept, by name: those for which a function of the library stands in."""
    return {name: exercise for name, exercise in EXERCISES.items() if exercise.library}


def kept(name: str, function: Callable[..., Any]) -> str:
    """Store a function that was judged right; return a sentence for the learner."""
    FUNCTIONS.pop(name, None)
    def is_right(made: Callable[..., Any]) -> bool:
        with contextlib.redirect_stdout(io.StringIO()):  # it printed before, when the learner's cell was judged
            return known()[name].answer(made).state == "right"
    return keep(name, function, known(), __getattr__, is_right)


KEEPERS.append(kept)


def from_store(name: str) -> OwnFunction:
    """What the folder own/ has for an exercise, judged once more."""
    exercise, mine = known()[name], None
    why = f"yours comes from notebook {exercise.notebook}"
    FUNCTIONS[name] = OwnFunction(name, exercise.library, None)  # while it is judged: it may call itself through another
    try:
        source = stored_source(name)
        if source is not None:
            mine = load(name, source, known(), __getattr__)
            if exercise.answer(mine).state != "right":
                mine, why = None, f"own/{name}.py is no longer right: run its check in notebook {exercise.notebook}"
    except (InputError, OSError) as error:  # OSError: a folder that may not be looked into
        why = str(error)
    finally:  # also if the learner interrupts an endless loop
        FUNCTIONS.pop(name, None)
    return OwnFunction(name, exercise.library, mine, why)


@checked
def who(milestone: str) -> None:
    """Print whose each part of a milestone is, and the time of its calls in this session beside the library's.

    Parameters
    ----------
    milestone : str
        "M1" to "M6".

    Raises
    ------
    InputError
        There is no such milestone.

    Examples
    --------
    >>> from nnscratch.course import own
    >>> own.who("M3")  # doctest: +ELLIPSIS
    M3, digits from noise
    ...
    """
    title, names = MILESTONES[check_choice(milestone, "own.who: milestone", MILESTONES)]
    heads = ((said("whose"), 12), (said("calls"), -7), (said("ms a call"), -12), (said("library"), -12))
    print(f"{milestone}, {said(title)}\n{'':22}{''.join(filled(head, columns) for head, columns in heads)}")
    for name in names:
        one = getattr(sys.modules[__name__], name)
        yours = filled(said("yours") if one.mine else said("library's"), 12)
        times = ["", ""]
        if one.mine and one.own_calls:
            times = [f"{1000 * seconds / one.own_calls:.3f}" for seconds in (one.seconds, one.library_seconds)]
        elif one.calls > one.own_calls:
            times[1] = f"{1000 * one.stand_in_seconds / (one.calls - one.own_calls):.3f}"
        print(f"{name:22}{yours}{one.calls:7}{times[0]:>12}{times[1]:>12}".rstrip())
