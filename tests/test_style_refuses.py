"""The arguments of `transfer_style`, `estimate_steps` and `Settings`: what is wrong is one sentence, before any work."""
import numpy as np
import pytest

from nnscratch.errors import InputError
from nnscratch.style.settings import Settings
from nnscratch.style.transfer import estimate_steps, transfer_style

IMAGE = np.random.default_rng(0).random((1, 12, 14, 3))
MASK = np.ones((1, 12, 14, 1))
STATE = {"x": IMAGE.astype(np.float32), "gradient": IMAGE.astype(np.float32)}
NUMBERS = {"scale": 0, "step": 1, "loss": 1.0, "converged": False, "history": []}


@pytest.fixture(autouse=True)
def no_work(monkeypatch):
    """Building the network would be the first work."""
    monkeypatch.setattr("nnscratch.style.transfer.build_network", None)


def transfer(content=IMAGE, style=IMAGE, **more):
    """A transfer, or the estimate of its steps."""
    transfer_style(content, style, **{"features": "random", "steps": 1, **more})


def estimate(content=IMAGE, style=IMAGE, masks=None):
    estimate_steps(1.0, content, style if isinstance(style, list) else [style], Settings(features="random"), masks)


@pytest.mark.parametrize("function", [transfer, estimate])
@pytest.mark.parametrize("key, value", [
    *(("style", value) for value in (
        [], IMAGE.tolist(), [IMAGE[0].tolist()], IMAGE + 0j, [IMAGE, IMAGE + 0j], [None], 3, "night", np.array(0.5),
        np.stack([IMAGE, IMAGE]), np.ma.masked_greater(IMAGE, 0.5))),
    *(("masks", value) for value in (
        3, True, MASK, np.stack([MASK]), np.array(1.0), [], [3], [MASK + 0j], [MASK * np.nan], "ab", [MASK > 0], [MASK[0]],
        [MASK, MASK])),
    *(("content", value) for value in (None, IMAGE + 0j, IMAGE[0], IMAGE.tolist(), IMAGE * np.nan))])
def test_images_and_masks_of_the_wrong_kind(function, key, value):
    with pytest.raises(InputError) as caught:
        function(**{key: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key, value", [
    *(("blend", value) for value in (3, [], (), [True], [np.nan], np.ones(1), "1", [[1]])),
    *(("weights", value) for value in (True, 0, [], [IMAGE], {})),
    *((key, True) for key in ("strength", "steps", "seed", "max_memory"))])
def test_settings_of_the_wrong_kind(key, value):
    with pytest.raises(InputError):
        transfer(**{key: value})


@pytest.mark.parametrize("state", [
    (), ({}, {}), (STATE, {}), (STATE, NUMBERS | {"scale": "a"}), (STATE, NUMBERS | {"scale": -1}),
    (STATE, NUMBERS | {"step": 0}), (STATE, NUMBERS | {"history": [{}]}), (STATE, NUMBERS | {"loss": np.nan})])
def test_states_of_the_wrong_kind(state):
    with pytest.raises(InputError, match="state|resume"):
        transfer(resume=state)


@pytest.mark.parametrize("arrays", [{}, {"x": STATE["x"]}, STATE | {"x": 3}, STATE | {"gradient": STATE["x"][:, 1:]}], ids=len)
def test_states_with_other_arrays(arrays, monkeypatch):
    """They fit no minimizer."""
    monkeypatch.undo()
    with pytest.raises(InputError, match="of the state"):
        transfer(resume=(arrays, NUMBERS))
