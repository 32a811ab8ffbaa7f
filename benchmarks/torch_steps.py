"""The steps of steps.py in PyTorch eager: the same networks with the same weights, by torch.nn.functional and autograd."""
from collections.abc import Iterator
from typing import Any

import numpy as np

from nnscratch.layers import Conv2D, Reshape


def layouts(torch: Any) -> dict[str, Any]:
    """PyTorch's two memory formats by name."""
    return {"contiguous": torch.contiguous_format, "channels last": torch.channels_last}


def images(torch: Any, array: np.ndarray, memory_format: Any, device: str = "cpu") -> Any:
    """(N, H, W, C) array -> (N, C, H, W) tensor."""
    return torch.from_numpy(array.transpose(0, 3, 1, 2).copy()).to(device).contiguous(memory_format=memory_format)


def parameters(torch: Any, layer: Any, memory_format: Any, train: bool = True, device: str = "cpu") -> dict[str, Any]:
    """A layer's parameters as tensors."""
    tensors = {}
    for name, array in layer.params.items():
        if array.ndim == 4:
            kernel = torch.from_numpy(array.transpose(3, 2, 0, 1).copy()).to(device)
            tensors[name] = kernel.contiguous(memory_format=memory_format)
        else:
            tensors[name] = torch.from_numpy(array.copy()).to(device)
        tensors[name].requires_grad_(train)
    return tensors


class TorchGAN:
    """The same step with torch.nn.functional and autograd."""

    def __init__(self, torch: Any, ours: Any, layout: str) -> None:
        self.torch, self.f, self.format = torch, torch.nn.functional, layouts(torch)[layout]
        self.g, self.d = ([parameters(torch, layer, self.format) for layer in network.layers if layer.params]
                          for network in (ours.g, ours.d))
        _, self.side, self.maps = next(layer.target_shape for layer in ours.g.layers if isinstance(layer, Reshape))
        self.noise, self.real = torch.from_numpy(ours.noise), images(torch, ours.real, self.format)
        options = {"lr": 5e-4, "betas": (0.5, 0.999), "eps": 1e-7}
        self.adam_g, self.adam_d = (torch.optim.Adam([p for layer in part for p in layer.values()], **options)
                                    for part in (self.g, self.d))

    def generate(self) -> Any:
        """Images from the noise."""
        x = self.noise @ self.g[0]["kernel"]
        x = x.view(len(x), self.side, -1, self.maps).permute(0, 3, 1, 2).contiguous(memory_format=self.format)
        x = self.normalise(x, self.g[1])
        for up, norm in zip(self.g[2:-1:2], self.g[3:-1:2]):
            x = self.normalise(self.f.conv_transpose2d(x, up["kernel"], stride=2, padding=1), norm)
        return self.torch.tanh(self.f.conv2d(x, self.g[-1]["kernel"], self.g[-1]["bias"], padding=1))

    def normalise(self, x: Any, p: dict) -> Any:
        """Batch normalization and LeakyReLU."""
        return self.f.leaky_relu(self.f.batch_norm(x, None, None, p["gamma"], p["beta"], training=True, eps=1e-5), 0.2)

    def judge(self, x: Any) -> Any:
        """The discriminator's logits."""
        for layer in self.d[:-1]:
            x = self.f.leaky_relu(self.f.conv2d(x, layer["kernel"], layer["bias"], stride=2, padding=1), 0.2)
        return x.permute(0, 2, 3, 1).flatten(1) @ self.d[-1]["kernel"] + self.d[-1]["bias"]

    def step(self) -> tuple[float, float]:
        """The losses of one step."""
        bce, torch = self.f.binary_cross_entropy_with_logits, self.torch
        ones, zeros = torch.ones(len(self.real), 1), torch.zeros(len(self.real), 1)
        fake = self.generate()
        self.adam_d.zero_grad()
        real_logits, fake_logits = self.judge(torch.cat([self.real, fake.detach()])).chunk(2)
        d_loss = bce(real_logits, 0.9 * ones) + bce(fake_logits, zeros)
        d_loss.backward()
        self.adam_d.step()
        self.adam_g.zero_grad()
        g_loss = bce(self.judge(fake), ones)
        g_loss.backward(inputs=[p for layer in self.g for p in layer.values()])  # not the discriminator's, as in ours
        self.adam_g.step()
        return float(d_loss.detach()), float(g_loss.detach())


class TorchStyle:
    """Loss and gradient of Objective, term by term."""

    def __init__(self, torch: Any, network: Any, objective: Any, image: np.ndarray, layout: str, device: str = "cpu") -> None:
        self.torch, self.f, self.format = torch, torch.nn.functional, layouts(torch)[layout]
        layers = [layer for layer in network.layers if isinstance(layer, Conv2D)]
        self.kernels = [parameters(torch, layer, self.format, train=False, device=device) for layer in layers]
        self.image, self.ours = images(torch, image, self.format, device).requires_grad_(), objective

        def tensor(array):
            return torch.from_numpy(array.copy()).to(device)

        self.layers = [(tensor(mean.transpose(0, 3, 1, 2)), tensor(style[..., :-1]),
                        float((style[..., :-1]**2 + photograph[..., :-1]**2).mean()))
                       for mean, style, photograph in zip(self.ours.style_means[0], self.ours.style_moments[0],
                                                          self.ours.content_moments)]
        self.target = images(torch, self.ours.content_features[0], self.format, device)  # one strip, because the image is small

    def features(self, x: Any) -> Iterator[Any]:
        """The activations of every layer."""
        for k, layer in enumerate(self.kernels):
            if k > 0 and k % 2 == 0:
                x = self.f.avg_pool2d(x, 2)
            x = self.f.conv2d(self.f.pad(x, (1, 1, 1, 1), mode="reflect"), layer["kernel"], layer["bias"])
            x = self.f.relu(x)
            yield x

    def loss_and_gradient(self) -> tuple[Any, Any]:
        """Of the objective with respect to the image, by autograd."""
        features, style = list(self.features(self.image)), 0
        for x, (mean, target, whole) in zip(features, self.layers):
            rows = (x - mean).flatten(2)
            gram = rows @ rows.transpose(1, 2) / rows.shape[2]
            style = style + ((gram - target)**2).mean() / whole
        content = ((features[self.ours.content_layer] - self.target)**2).sum() / (self.target**2).sum()
        down, right = (self.image.diff(dim=axis) for axis in (2, 3))
        variation = ((down**2).sum() + (right**2).sum()) / self.image.numel()
        loss = (self.ours.content_weight * content + self.ours.style_weight * style / len(features)
                + self.ours.smoothness * variation)
        gradient, = self.torch.autograd.grad(loss, [self.image])
        return loss, gradient

    def step(self) -> tuple[float, float]:
        """The loss, and the norm of its gradient."""
        loss, gradient = self.loss_and_gradient()
        return float(loss.detach()), float(gradient.norm())
