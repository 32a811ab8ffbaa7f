"""Solutions of notebook 01."""


def neuron(x, w, b):
    """relu(Σ_k x[k] w[k] + b), a number."""
    total = b
    for k in range(len(x)):
        total = total + x[k] * w[k]
    return max(0.0, total)


def dense(x, weights, bias):
    """(N, inputs), (inputs, units), (units,) -> (N, units)"""
    return x @ weights + bias


def dense_backward(dy, x, weights):
    """dx, dweights, dbias for dy (N, units)"""
    return dy @ weights.T, x.T @ dy, dy.sum(axis=0)


def train_step(x, target, weights, bias, rate):
    """The weights and the bias after one step downhill on the mean of (y - target)²."""
    y = x @ weights + bias
    dy = 2 * (y - target) / y.size
    dweights, dbias = x.T @ dy, dy.sum(axis=0)
    return weights - rate * dweights, bias - rate * dbias
