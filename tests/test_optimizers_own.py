"""What an optimizer keeps is its own: no array of the caller's, and no parameters of another model."""
import copy
import gc
import pickle
from concurrent.futures import ThreadPoolExecutor

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
def test_a_model_that_is_gone_leaves_its_state_to_no_other(make):
    """The state of a freed model is refused to the next; a state that was loaded is not."""
    model, optimizer = small_model(), make()
    ones = {name: np.ones_like(w) for name, w in model.params.items()}
    optimizer.step(model.params, ones)
    state = optimizer.save_state()
    del model
    gc.collect()
    for _ in range(3):
        model = small_model()
        before = {name: w.copy() for name, w in model.params.items()}
        with pytest.raises(InputError, match="use one optimizer for each model"):
            optimizer.step(model.params, ones)
        same(list(model.params.values()), list(before.values()), 0)
    optimizer.load_state(state, model.params)
    other = make()
    other.load_state(state, before)
    optimizer.step(model.params, ones)
    other.step(before, ones)
    same(list(model.params.values()), list(before.values()), 0)


@pytest.mark.parametrize("make", EVERY)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))], ids=["deepcopy", "pickle"])
def test_a_copy_without_its_model_goes_on_with_these_values_alone(make, copied):
    """It takes the model, or another copy of it, as long as that has not been trained since; another model is refused."""
    model, optimizer = small_model(), make()
    ones = {name: np.ones_like(w) for name, w in model.params.items()}
    optimizer.step(model.params, ones)
    alone, second, twin = copied(optimizer), copied(optimizer), copied(model)
    with pytest.raises(InputError, match="use one optimizer for each model"):
        alone.step(small_model().params, ones)
    optimizer.step(model.params, ones)
    with pytest.raises(InputError, match=r"continue from saved states by optimizer\.load_state\("):
        second.step(model.params, ones)
    alone.step(twin.params, ones)
    same(list(twin.params.values()), list(model.params.values()), 0)


@pytest.mark.parametrize("make", EVERY)
def test_a_replaced_parameter_is_refused_with_the_way_out(make):
    """`w = w / 2` makes another array; `w[...] = w / 2` is the parameter. A cast keeps the values."""
    params, ones, optimizer = {"w": np.ones(3)}, {"w": np.ones(3)}, make()
    optimizer.step(params, ones)
    halved = params["w"] / 2
    with pytest.raises(InputError, match=r"change parameters in place, as in w\[\.\.\.\] = w / 2"):
        optimizer.step({"w": halved}, ones)
    params["w"][...] = halved
    optimizer.step(params, ones)
    cast = {"w": params["w"].astype(np.float32)}
    cast["w"] /= 2  # in place, in the new precision
    optimizer.step(cast, {"w": np.ones(3, np.float32)})
    assert optimizer.steps == 3


@pytest.mark.parametrize("make", EVERY)
def test_a_step_belongs_to_one_thread(make):
    """A second thread that comes during a step is refused, and afterwards it may step."""
    w, ones = {"w": np.zeros(3)}, {"w": np.ones(3)}

    class Asks(type(make())):
        ask = True

        def update(self, *arguments):
            if self.ask:
                self.ask = False
                with ThreadPoolExecutor(1) as pool, pytest.raises(InputError, match="another thread makes a step"):
                    pool.submit(self.step, w, ones).result()
            super().update(*arguments)

    asks, plain, expected = Asks(), type(make())(), {"w": np.zeros(3)}
    asks.step(w, ones)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asks.step, w, ones).result()
    for _ in range(2):
        plain.step(expected, ones)
    same(w["w"], expected["w"], 0)


@pytest.mark.parametrize("kind", MINIMIZERS)
def test_a_step_of_a_minimizer_belongs_to_one_thread(kind):
    """Its function is called in the middle of a step: another thread is refused there."""
    refused, minimizers = [], []

    def function(x):
        if minimizers and not refused:
            with ThreadPoolExecutor(1) as pool, pytest.raises(InputError, match="another thread makes a step") as error:
                pool.submit(minimizers[0].step).result()
            refused.append(error)
        return ((x - 3)**2).sum(), 2 * (x - 3)

    minimizers.append(kind(function, np.zeros(2)))
    plain = kind(lambda x: (((x - 3)**2).sum(), 2 * (x - 3)), np.zeros(2))
    assert minimizers[0].step() == plain.step() and refused
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(minimizers[0].step).result() == plain.step()


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
