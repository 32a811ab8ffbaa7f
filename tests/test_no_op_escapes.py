"""The proof finds by itself what it has to prove: every op, layer, loss and op of the engine."""
import pytest
from helpers import package_copy, run_python

from nnscratch import ops
from nnscratch.gradcheck.coverage import without_case
from nnscratch.gradcheck.equality import GENERATORS, differences
from nnscratch.gradcheck.layer_cases import LAYER_CASES, LayerCase, check_case
from nnscratch.layers import Activation
from nnscratch.layers.activation import ACTIVATIONS

ADDED = {  # what somebody wrote without a case, by file
    "ops/activations.py": """
__all__ += ["double", "double_backward"]
def double(x):
    return 2 * x, None
def double_backward(dy, cache):
    return dy * 7
""",
    "layers/activation.py": """
__all__ += ["Double"]
class Double(Layer):
    def compute(self, x, training):
        return 2 * x, None
    def differentiate(self, dy, cache, wrt):
        return dy * 7, {}
""",
    "losses/predictions.py": """
__all__ += ["total"]
def total(prediction, target):
    return prediction.sum(), 7 * prediction
""",
    "fast/cpu/activations.py": """
OPS += ["elu", "elu_backward"]
def elu(x, alpha=1.0):
    return 7 * x, None
def elu_backward(dy, cache):
    return dy
""",
}


def test_everything_has_a_case():
    """In this package nothing is left out."""
    assert without_case() == []


@pytest.mark.slow
def test_what_has_no_case_fails_the_check(tmp_path):
    """Four wrong gradients, each added to one file of a copy and to no list: `nnscratch check` names all of them and fails."""
    copy = package_copy(tmp_path)
    for file, text in ADDED.items():
        with (copy / file).open("a", encoding="utf-8") as stream:
            stream.write(text)
    done = run_python(tmp_path, "-m", "nnscratch.cli", "check")
    assert done.returncode == 1, done.stderr
    for name in ("ops.double", "layers.Double", "losses.total", "fast.elu"):
        assert f"WRONG: {name} has no" in done.stdout


@pytest.mark.parametrize("name, case", [pytest.param(name, case, id=f"{name}-{k}")
                                        for name, cases in LAYER_CASES.items() for k, case in enumerate(cases)])
def test_a_layer_has_the_right_gradients(name, case):
    """With respect to its input and to every parameter."""
    report = check_case(name, case)
    assert report.ok, str(report)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
@pytest.mark.parametrize("name", GENERATORS)
def test_the_engine_equals_the_formula(name, dtype):
    """On random problems: sizes, strides, paddings, dilations, groups, and how the arrays lie in memory."""
    assert not list(differences(name, dtype=dtype))


@pytest.mark.parametrize("name", GENERATORS)
def test_the_engine_on_a_gpu_equals_the_formula(name, cp):
    """Our CUDA kernels: on the stand-in by way of g++, or on a GPU."""
    assert not list(differences(name, count=10, dtype="float32", xp=cp))


def test_ops_without_a_backward_pass_and_new_activations_are_found(monkeypatch):
    """Also an op that nobody differentiates, a backward pass without its op, and an activation that is no op."""
    monkeypatch.setattr(ops, "__all__", [*vars(ops)["__all__"], "triple", "stray_backward"])
    monkeypatch.setitem(ACTIVATIONS, "double", (lambda x: (2 * x, None), lambda dy, cache: 2 * dy))
    monkeypatch.setitem(ACTIVATIONS, "mixed", (ACTIVATIONS["relu"][0], ACTIVATIONS["tanh"][1]))
    missing = without_case()
    assert len(missing) == 4
    for words in ("ops.triple has no", "ops.stray_backward has no", "the activation 'double' has no",
                  "activation 'mixed' has no"):
        assert any(words in sentence for sentence in missing)
    pair = ACTIVATIONS["double"]
    monkeypatch.setitem(LAYER_CASES, "Activation", [*LAYER_CASES["Activation"], LayerCase(lambda: Activation(pair), (3, 4))])
    assert len(without_case()) == 3
