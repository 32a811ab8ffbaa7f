"""What is learnt from the public cases gets no marks: their results, and any one of their inputs, for every exercise."""
import copy
from contextlib import suppress

import numpy as np
import pytest
from course_answers.solutions import EXERCISES, S

from nnscratch.course.checks.exercise import Wrong
from nnscratch.course.marks import library_alone, mark

CODED = [name for name in EXERCISES if callable(S[name])]
RANDOM = {"batches", "he_normal", "dropout", "shifted"}  # results
WITHOUT_INPUTS = {"guilty", "generator_shapes"}  # what they return is the answer itself
IGNORED = {  # inputs on which the results do not depend, or hardly: through the side of a ReLU; `rows` decides about memory
    "cnn_backward": {(2, "b1"), (2, "b2"), (2, "b3")}, "saliency": {(2, "b2"), (2, "b3")}, "conv_in_blocks": {(2,)}}


def kind(value):
    """What stays in a fresh case: the types and shapes."""
    if isinstance(value, dict):
        return tuple(map(kind, value.values()))
    return value.shape if isinstance(value, np.ndarray) else type(value)


def become(one, old):
    """The old value; a model, which keeps its numbers and is changed by the call, gets those of the old one."""
    if not hasattr(one, "step"):
        return old
    vars(one).update(copy.deepcopy(vars(old)))
    return one


def refused(name, cheat):
    """Right in the public check, as `mark` judges there, but it gets no marks."""
    with library_alone():
        answer = EXERCISES[name].answer(cheat, EXERCISES[name].cost)
    assert answer.state == "right", answer
    with pytest.raises(AssertionError, match=f"^{name}: wrong"):
        mark(name, cheat, seed=7)


class Learnt:
    """A cheat: it knows the calls of the public check, and takes what it sees for the one of these whose turn it is."""

    def __init__(self, name):
        self.calls = {}  # kinds of the inputs: the calls with these, in order
        self.solve = S[name]
        with library_alone():
            assert EXERCISES[name].answer(self.record).state == "right"
            with suppress(Wrong):  # what is recorded takes memory
                (EXERCISES[name].cost or id)(self.record)

    def record(self, *inputs):
        calls = self.calls.setdefault(tuple(map(kind, inputs)), [])
        before = copy.deepcopy(inputs)
        result = self.solve(*inputs)
        calls.append((before, copy.deepcopy(inputs), result))
        return result

    def recall(self, inputs):
        """The inputs of the public call, the same after it, and its results."""
        calls = self.calls.get(tuple(map(kind, inputs))) or next(iter(self.calls.values()))
        calls.append(calls.pop(0))
        return calls[-1]

    def results(self, *inputs):
        """The results of the public call."""
        _, after, result = self.recall(inputs)
        for one, old in zip(inputs, after):
            become(one, old)
        return copy.deepcopy(result)

    def without(self, place):
        """The right result, but of the public call's input at this place."""
        def attempt(*inputs):
            (k, *key), changed, (old, *_) = place, list(inputs), self.recall(inputs)
            changed[k] = {**inputs[k], key[0]: old[k][key[0]]} if key else become(inputs[k], old[k])
            return self.solve(*changed)
        return attempt

    def places(self):
        """Of the inputs: (k,), or (k, key) of a dict."""
        inputs, *_ = next(iter(self.calls.values()))[0]
        return [place for k, one in enumerate(inputs) if not isinstance(one, np.random.Generator) for place in
                ([(k, key) for key in one] if isinstance(one, dict) else [(k,)])]


@pytest.mark.parametrize("name", [name for name in CODED if name not in RANDOM | WITHOUT_INPUTS])
def test_results_learnt_by_heart_get_no_marks(name):
    refused(name, Learnt(name).results)


@pytest.mark.parametrize("name", [name for name in CODED if name not in WITHOUT_INPUTS])
def test_who_writes_an_input_of_the_public_cases_into_the_function_gets_no_marks(name):
    """Each float, whole number, function and array, constant ones and upstream gradients as well."""
    places = Learnt(name).places()
    assert places
    for place in places:
        if place not in IGNORED.get(name, ()):
            refused(name, Learnt(name).without(place))
