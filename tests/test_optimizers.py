"""Optimizers against formulas by hand, their state across a restart, and L-BFGS on problems with known solutions."""
from inspect import isclass

import numpy as np
import pytest
from helpers import normal, on, same

from nnscratch import optimizers
from nnscratch.errors import InputError
from nnscratch.lbfgs import LBFGS
from nnscratch.optimizers import (
    SGD,
    Adam,
    Optimizer,
    RMSprop,
    clip_by_global_norm,
    clip_by_value,
    cosine_decay,
    global_norm,
    linear_decay,
    warmup,
)

# All optimizers, so that a new one is tested automatically.
KINDS = [kind for kind in vars(optimizers).values() if isclass(kind) and issubclass(kind, Optimizer) and kind is not Optimizer]
EVERY = [*KINDS, lambda: SGD(0.1, momentum=0.9), lambda: SGD(0.1, momentum=0.9, nesterov=True)]


def run(optimizer, w, gradients):
    params = {"w": w.copy()}
    for g in gradients:
        optimizer.step(params, {"w": g})
    return params["w"]


def test_the_first_steps_by_hand():
    """SGD: -ηg; momentum adds 0.9 of the last step; Nesterov looks ahead; Adam's first step is η for any gradient."""
    w, g = np.array([1.0]), np.array([2.0])
    assert run(SGD(0.1), w, [g, g]) == pytest.approx(0.6)
    assert run(SGD(0.1, momentum=0.9), w, [g, g]) == pytest.approx(1 - 0.2 - 0.38)
    assert run(SGD(0.1, momentum=0.9, nesterov=True), w, [g]) == pytest.approx(1 - 0.2 - 0.18)
    assert run(RMSprop(0.1, epsilon=1e-12), w, [g]) == pytest.approx(1 - 0.1 / np.sqrt(0.1))
    for size in (1e-3, 1, 1e3):
        assert run(Adam(0.1, epsilon=1e-12), w, [size * g]) == pytest.approx(0.9)


@pytest.mark.parametrize("make", EVERY)
def test_every_optimizer_minimizes_a_quadratic(make, xp):
    """(w - 3)² from 0, on every device; the parameter array itself is changed, not replaced."""
    optimizer = make()
    optimizer.learning_rate = 0.05
    w = on(xp, np.zeros(4))
    for _ in range(400):
        optimizer.step({"w": w}, {"w": 2 * (w - 3)})
    assert float(abs(w - 3).max()) < 0.05


@pytest.mark.parametrize("make", EVERY)
def test_a_restart_from_saved_state_is_bit_for_bit(make):
    """3 steps, save, load into a new optimizer, 3 steps: the same bits as 6 steps."""
    gradients, w = [normal(3, 2, seed=k).astype(np.float32) for k in range(6)], normal(3, 2).astype(np.float32)
    whole = run(make(), w, gradients)
    first, second = make(), make()
    middle = run(first, w, gradients[:3])
    second.load_state(first.save_state(), {"w": middle})
    np.testing.assert_array_equal(run(second, middle, gradients[3:]), whole)


def test_clipping_keeps_the_direction():
    """The norm of all gradients together is reduced to the limit; smaller gradients are unchanged."""
    grads = {"a": np.array([3.0, 0.0]), "b": np.array([4.0])}
    assert global_norm(grads) == 5
    clipped = clip_by_global_norm(grads, 1.0)
    same([clipped["a"], clipped["b"]], [np.array([0.6, 0]), np.array([0.8])])
    same(list(clip_by_global_norm(grads, 10.0).values()), list(grads.values()), 0)
    assert clip_by_value(grads, 1.5)["a"].tolist() == [1.5, 0] and grads["a"][0] == 3


def test_schedules():
    """Start, middle and end of each; an optimizer calls the schedule with the number of completed steps."""
    assert [linear_decay(1.0, 100, start=0.75)(k) for k in (0, 75, 90, 100)] == pytest.approx([1, 1, 0.4, 0])
    assert [cosine_decay(2.0, 100)(k) for k in (0, 50, 100, 150)] == pytest.approx([2, 1, 0, 0])
    assert [warmup(1.0, 4)(k) for k in (0, 1, 3, 9)] == [0.25, 0.5, 1, 1]
    assert run(SGD(lambda step: 1.0 if step == 0 else 0.5), np.zeros(1), [np.ones(1)] * 3) == pytest.approx(-2)


def two_models_one_optimizer():
    optimizer = Adam()
    optimizer.step({"dense_0/kernel": np.zeros(2)}, {"dense_0/kernel": np.ones(2)})
    optimizer.step({"dense_0/kernel": np.zeros(3)}, {"dense_0/kernel": np.ones(3)})


@pytest.mark.parametrize("action, words", [
    (lambda: two_models_one_optimizer(), "use one optimizer for each model"),
    (lambda: Adam("fast"), "learning_rate is 'fast', expected a finite number above 0, or a function"),
    (lambda: Adam(beta_1=1.0), "beta_1 is 1.0, expected at least 0 and below 1"),
    (lambda: cosine_decay(1.0, 0), "total is 0, expected a whole number of at least 1"),
    (lambda: Adam(0), "learning_rate is 0, expected a finite number above 0"),
    (lambda: SGD().step({"w": np.zeros(2)}, {}), "parameter 'w' of shape .* got no gradient"),
    (lambda: SGD().step({"w": np.zeros(2)}, {"w": np.zeros(3)}), r"got \(3,\)"),
    (lambda: Adam().load_state({"steps": np.array(1), "v/mean": np.zeros(2)}, {"w": np.zeros(2)}), "does not fit"),
    (lambda: Adam().load_state({}, {"w": np.zeros(2)}), "does not fit"),
    (lambda: clip_by_global_norm({}, -1), "limit is -1"),
    (lambda: LBFGS(None, None, history=0), "history is 0"),
])
def test_mistakes_get_one_clear_sentence(action, words):
    """The error names the mistake before anything changes."""
    with pytest.raises(InputError, match=words):
        action()


NOT_POSITIVE = [0.0, -1.0, float("inf"), float("nan"), True, None, "0.1", 1j]


@pytest.mark.parametrize("wrong", NOT_POSITIVE, ids=str)
def test_numbers_are_finite_and_positive(wrong):
    """Learning rates, epsilons (which may be 0), first steps: a finite number, not a bool, before anything is computed."""
    calls = [*KINDS, lambda rate: linear_decay(rate, 10), lambda rate: cosine_decay(rate, 10),
             lambda first: LBFGS(None, None, first_step=first)]
    if wrong != 0:
        calls += [lambda epsilon: Adam(epsilon=epsilon), lambda epsilon: RMSprop(epsilon=epsilon)]
    for call in calls:
        with pytest.raises(InputError, match="expected a finite number"):
            call(wrong)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", [-0.1, float("inf"), float("nan"), None])
def test_a_schedule_that_fails_changes_nothing(kind, wrong):
    """A rate that is no finite number is found at its step, before the parameters, the state or the count change."""
    rates, params = iter([0.1, wrong, 0.1]), {"w": np.ones(2)}
    optimizer = kind(lambda step: next(rates))
    optimizer.step(params, {"w": np.ones(2)})
    w, state = params["w"].copy(), optimizer.save_state()
    with pytest.raises(InputError, match="the learning rate of step 1 is"):
        optimizer.step(params, {"w": np.ones(2)})
    same([params["w"], *optimizer.save_state().values()], [w, *state.values()], 0)
    optimizer.step(params, {"w": np.ones(2)})
    assert optimizer.steps == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("w, g", [
    (np.zeros(2, int), np.ones(2)), (np.zeros(2), np.ones(2, complex)), (np.zeros(2, bool), np.ones(2)),
    (np.zeros(2), [1.0, 1.0]), (np.zeros(2), None)], ids=["int", "complex", "bool", "list", "None"])
def test_a_step_is_made_for_all_parameters_or_for_none(kind, w, g):
    """A gradient that does not fit the last parameter is found before the first one changes."""
    params, optimizer = {"a": np.zeros(2), "b": w}, kind()
    with pytest.raises(InputError, match="'b'"):
        optimizer.step(params, {"a": np.ones(2), "b": g})
    assert (params["a"] == 0).all() and optimizer.steps == 0 and not optimizer.state


def rosenbrock(x):
    a, b = x
    return (1 - a)**2 + 100 * (b - a**2)**2, np.array([-2 * (1 - a) - 400 * a * (b - a**2), 200 * (b - a**2)])


def test_lbfgs_minimizes_rosenbrocks_function():
    """The classic curved valley: (1, 1) to ten digits in under 60 steps, and the loss never increases."""
    minimizer, last = LBFGS(rosenbrock, np.array([-1.2, 1.0])), np.inf
    for _ in range(60):
        loss = minimizer.step()
        assert loss <= last
        last = loss
    same(minimizer.x, np.ones(2), 1e-10)


@pytest.mark.slow
def test_lbfgs_minimizes_a_badly_conditioned_quadratic(xp):
    """30 unknowns with curvatures from 1 to 10,000: as near the minimum after 200 steps as SciPy's L-BFGS-B (3.3e-4)."""
    curvature, centre = on(xp, np.logspace(0, 4, 30), normal(30))
    minimizer = LBFGS(lambda x: ((curvature * (x - centre)**2).sum() / 2, curvature * (x - centre)), 0 * centre)
    for _ in range(200):
        minimizer.step()
    assert minimizer.loss < 1e-3 and minimizer.evaluations < 250


def test_lbfgs_handles_nan_and_stops_at_the_minimum():
    """If the function is NaN beyond a wall, the line search stays on this side; at the minimum `converged` is set."""
    def walled(x):
        if x[0] > 2:
            return np.nan, np.full(1, np.nan)
        return float((x[0] - 1.9)**2), 2 * (x - 1.9)
    minimizer = LBFGS(walled, np.zeros(1), first_step=10.0)
    for _ in range(50):
        minimizer.step()
    assert minimizer.x[0] == pytest.approx(1.9) and minimizer.converged


def test_the_repr_shows_the_arguments():
    """All of them, with the values that the optimizer uses."""
    assert repr(Adam(2e-4)) == "Adam(learning_rate=0.0002, beta_1=0.9, beta_2=0.999, epsilon=1e-07)"
    assert repr(SGD(warmup)) == "SGD(learning_rate=warmup, momentum=0.0, nesterov=False)"
