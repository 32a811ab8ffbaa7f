"""Layers that normalise: BatchNormalization and InstanceNormalization. Shapes: (..., C) in and out."""
from nnscratch import initializers
from nnscratch.fast import batch_norm, batch_norm_backward, instance_norm, instance_norm_backward
from nnscratch.layers.base import Layer


class BatchNormalization(Layer):
    """Normalise by the batch in training, by running statistics at inference; Keras' defaults and meaning of momentum.

    Frozen (`trainable = False`) it uses the running statistics in training too, and leaves them alone.
    """

    def __init__(self, momentum=0.99, epsilon=1e-3, unbiased=False, gamma_initializer="ones", name=None):
        super().__init__(name)
        self.momentum, self.epsilon, self.unbiased, self.gamma_initializer = momentum, epsilon, unbiased, gamma_initializer

    def build(self, shape):
        channels = shape[-1:]
        self.params["gamma"] = initializers.draw(self.gamma_initializer, channels)
        self.params["beta"] = initializers.draw("zeros", channels)
        self.buffers["mean"] = initializers.draw("zeros", channels)
        self.buffers["variance"] = initializers.draw("ones", channels)

    def compute(self, x, training):
        y, (mean, variance), cache = batch_norm(
            x, self.params["gamma"], self.params["beta"], self.buffers["mean"], self.buffers["variance"],
            training=training and self.trainable, momentum=self.momentum, epsilon=self.epsilon, unbiased=self.unbiased)
        self.set_buffer("mean", mean)
        self.set_buffer("variance", variance)
        return y, cache

    def differentiate(self, dy, cache, wrt):
        dx, dgamma, dbeta = batch_norm_backward(dy, cache, wrt)
        return dx, {"gamma": dgamma, "beta": dbeta}


class InstanceNormalization(Layer):
    """Normalise each channel of each image by itself; the same in training and at inference."""

    axes = 4

    def __init__(self, epsilon=1e-5, name=None):
        super().__init__(name)
        self.epsilon = epsilon

    def build(self, shape):
        self.params["gamma"] = initializers.draw("ones", shape[-1:])
        self.params["beta"] = initializers.draw("zeros", shape[-1:])

    def compute(self, x, training):
        return instance_norm(x, self.params["gamma"], self.params["beta"], epsilon=self.epsilon)

    def differentiate(self, dy, cache, wrt):
        dx, dgamma, dbeta = instance_norm_backward(dy, cache, wrt)
        return dx, {"gamma": dgamma, "beta": dbeta}
