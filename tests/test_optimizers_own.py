"""What an optimizer keeps is its own: no array of the caller's, and no parameters of another model."""
import copy
import pickle

import numpy as np
import pytest
from helpers import normal, same
from test_optimizers import EVERY, KINDS

from nnscratch.errors import InputError
from nnscratch.layers import Dense, Input
from nnscratch.lbfgs import LBFGS
from nnscratch.models import Model
from nnscratch.optimizers import SGD, Adam, RMSprop, clip_by_global_norm, clip_by_value, cosine_decay, linear_decay, warmup
from nnscratch.style.minimizers import AdamDescent

MINIMIZERS = [LBFGS, AdamDescent]


def small_model():
    x = Input((3,))
    return Model(x, Dense(2)(x))


@pytest.mark.parametrize("make", EVERY)
def test_an_optimizer_refuses_a_second_model(make):
    """Two living models with parameters of one shape: refused, with nothing changed."""
    first, second, optimizer = small_model(), small_model(), make()
    ones = {name: np.ones_like(w) for name, w in first.params.items()}
    optimizer.step(first.params, ones)
    before, state = {name: w.copy() for name, w in second.params.items()}, optimizer.save_state()
    with pytest.raises(InputError, match="use one optimizer for each model"):
        optimizer.step(second.params, ones)
    same(list(second.params.values()), list(before.values()), 0)
    same(list(optimizer.save_state().values()), list(state.values()), 0)
    optimizer.step(first.params, ones)
    optimizer.load_state(state, second.params)  # now the state is the second model's
    optimizer.step(second.params, ones)
    with pytest.raises(InputError, match="use one optimizer for each model"):
        optimizer.step(first.params, ones)


@pytest.mark.parametrize("make", EVERY)
def test_the_functional_style_stays_possible(make):
    """`x = x.copy(); step({"x": x})`, with the old x kept or dropped, gives the bits of steps in place; so do views."""
    expected, optimizer = [np.zeros(3)], make()
    w = expected[0].copy()
    for k in range(4):
        optimizer.step({"x": w}, {"x": normal(3, seed=k)})
        expected.append(w.copy())
    x, kept, optimizer = np.zeros(3), [], make()
    for k in range(4):
        kept.append(x)
        x = x.copy()
        optimizer.step({"x": x}, {"x": normal(3, seed=k)})
    same([*kept, x], expected, 0)
    flat, optimizer, views = np.zeros(6), make(), []
    for k in range(4):
        views.append(flat[2:5])
        optimizer.step({"x": views[-1]}, {"x": normal(3, seed=k)})
    same(flat[2:5], expected[-1], 0)


@pytest.mark.parametrize("make", EVERY)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))], ids=["deepcopy", "pickle"])
def test_a_copy_goes_on_with_a_copy_of_the_model(make, copied):
    """Model and optimizer copied together make the same next step as the originals, which still live."""
    model, optimizer = small_model(), make()
    grads = {name: normal(*w.shape).astype(np.float32) for name, w in model.params.items()}
    optimizer.step(model.params, grads)
    others = copied((model, optimizer))
    for one, its in ((model, optimizer), others):
        its.step(one.params, grads)
    same(list(others[0].params.values()), list(model.params.values()), 0)


@pytest.mark.parametrize("make", EVERY)
def test_a_saved_state_is_a_copy(make):
    """It does not change with later steps, so one can go back to it; nor does a loaded one change what was saved."""
    w, optimizer = np.zeros(3), make()
    optimizer.step({"w": w}, {"w": np.ones(3)})
    state, at = optimizer.save_state(), w.copy()
    before = {name: array.copy() for name, array in state.items()}
    optimizer.step({"w": w}, {"w": 3 * np.ones(3)})
    same(list(state.values()), list(before.values()), 0)
    after = w.copy()
    w[...] = at
    optimizer.load_state(state, {"w": w})
    optimizer.step({"w": w}, {"w": 3 * np.ones(3)})
    same(w, after, 0)
    same(list(state.values()), list(before.values()), 0)


@pytest.mark.parametrize("kind", MINIMIZERS)
def test_a_function_may_use_one_array_for_all_its_gradients(kind):
    """As `model.grads[...]` does: every step equals that of a function which makes new arrays."""
    target, reused = normal(5), np.zeros(5)

    def reusing(x):
        np.multiply(4 * (x - target)**2 + 2, x - target, out=reused)
        return ((x - target)**4 + (x - target)**2).sum(), reused

    def fresh(x):
        loss, gradient = reusing(x)
        return loss, gradient.copy()

    one, other = kind(reusing, np.zeros(5)), kind(fresh, np.zeros(5))
    for _ in range(12):
        assert one.step() == other.step()
        same(one.x, other.x, 0)


@pytest.mark.parametrize("kind", MINIMIZERS)
def test_starting_point_and_state_stay_the_callers(kind):
    """The caller may change both in place afterwards, and the minimizer does not change them."""
    def function(x):
        return ((x - 0.5)**4).sum(), 4 * (x - 0.5)**3

    def path(minimizer):
        return [(minimizer.step(), minimizer.x.copy()) for _ in range(3)]

    start = np.zeros(4)
    minimizer, expected = kind(function, start), path(kind(function, np.zeros(4)))
    start[:] = 9
    assert [loss for loss, _ in path(minimizer)] == [loss for loss, _ in expected]
    arrays, numbers = minimizer.state()
    arrays = {name: np.array(array) for name, array in arrays.items()}
    expected = path(minimizer)
    restored = kind(function, np.zeros(4))
    restored.load_state(arrays, numbers)
    for array in arrays.values():
        array[...] = 7
    same([x for _, x in path(restored)], [x for _, x in expected], 0)
    assert all((array == 7).all() for array in arrays.values())


@pytest.mark.parametrize("result, words", [
    (None, "returned a NoneType"), ((1.0,), "returned a tuple"), ((1.0, np.zeros(2)), r"shape \(2,\), expected \(3,\)"),
    ((np.zeros(3), np.zeros(3)), "one real number"), ((1j, np.zeros(3)), "one real number"),
    ((1.0, "up"), "gradient is a str")])
@pytest.mark.parametrize("kind", MINIMIZERS)
def test_a_function_that_returns_something_else_is_named(kind, result, words):
    """In the sentence that the call of the minimizer raises."""
    with pytest.raises(InputError, match=words):
        kind(lambda x: result, np.zeros(3))


SCHEDULES = [linear_decay(0.1, 10, 0.5), cosine_decay(0.1, 10), warmup(0.1, 3), warmup(cosine_decay(0.1, 10), 3)]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_schedules_are_pickled_and_compared(schedule):
    """A round trip gives an equal schedule with equal rates; an optimizer with it is pickled too, and shows it."""
    again = pickle.loads(pickle.dumps(schedule))
    assert again == schedule and hash(again) == hash(schedule) and again != linear_decay(0.2, 10)
    assert [again(k) for k in range(12)] == [schedule(k) for k in range(12)]
    assert eval(repr(schedule)) == schedule
    adam = pickle.loads(pickle.dumps(Adam(schedule)))
    assert adam.learning_rate == schedule and f"learning_rate={schedule!r}" in repr(adam)


@pytest.mark.parametrize("wrong", [float("inf"), float("nan"), True, None, "1", 1j, 10**400, np.array([1.0])], ids=repr)
def test_every_option_is_a_finite_number(wrong):
    """Of all optimizers, schedules and clippings."""
    grads = {"w": np.ones(2)}
    calls = [*KINDS, lambda v: SGD(momentum=v), lambda v: RMSprop(rho=v), lambda v: RMSprop(epsilon=v),
             lambda v: Adam(beta_1=v), lambda v: Adam(beta_2=v), lambda v: Adam(epsilon=v), lambda v: warmup(v, 3),
             lambda v: linear_decay(v, 3), lambda v: linear_decay(1.0, 3, v), lambda v: cosine_decay(v, 3),
             lambda v: clip_by_value(grads, v), lambda v: clip_by_global_norm(grads, v),
             lambda v: LBFGS(lambda x: ((x * x).sum(), 2 * x), np.ones(2), first_step=v)]
    for call in calls:
        with pytest.raises(InputError, match="expected"):
            call(wrong)
