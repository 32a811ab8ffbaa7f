"""Our adversarial step in PyTorch: the same networks from the same weights, by torch.nn.functional and autograd.

    python tests/oracles/torch_gan.py      writes gan_steps.json, the numbers that stand in where PyTorch is absent
"""
import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as f


class TorchGAN:
    """Works for the presets that end in a transposed convolution or in a 3x3 one. Images (N, C, H, W) inside."""

    def __init__(self, g, d, first, options, smoothing):
        self.first, self.smoothing = first, smoothing  # (channels, H, W) of the generator's first image
        self.g, self.d = ({name: tensor(a, name) for name, a in model.params.items()} for model in (g, d))
        self.transposed = sorted({name.split("/")[0] for name in self.g if name.startswith("conv2dtranspose")})
        self.down = sorted({name.split("/")[0] for name in self.d if name.startswith("conv2d")})
        self.g_adam, self.d_adam = (torch.optim.Adam(part.values(), **options) for part in (self.g, self.d))

    def generate(self, noise, labels):
        x = noise if labels is None else torch.cat([noise, labels], 1)
        x = x @ self.g["dense_0/kernel"]
        c, h, w = self.first
        x = self.normalise(x.view(-1, h, w, c).permute(0, 3, 1, 2), 0)
        for k, name in enumerate(self.transposed):
            x = f.conv_transpose2d(x, self.g[f"{name}/kernel"], self.g.get(f"{name}/bias"), stride=2, padding=1)
            if f"batchnormalization_{k + 1}/gamma" in self.g:
                x = self.normalise(x, k + 1)
        if "conv2d_0/kernel" in self.g:
            x = f.conv2d(x, self.g["conv2d_0/kernel"], self.g["conv2d_0/bias"], padding=1)
        return torch.tanh(x)

    def normalise(self, x, k):
        name = f"batchnormalization_{k}"
        x = f.batch_norm(x, None, None, self.g[f"{name}/gamma"], self.g[f"{name}/beta"], training=True, eps=1e-5)
        return f.leaky_relu(x, 0.2)

    def judge(self, x, labels):
        for name in self.down:
            x = f.leaky_relu(f.conv2d(x, self.d[f"{name}/kernel"], self.d[f"{name}/bias"], stride=2, padding=1), 0.2)
        x = x.permute(0, 2, 3, 1).flatten(1)
        x = f.leaky_relu(x @ self.d["dense_0/kernel"] + self.d["dense_0/bias"], 0.2)
        logit = x @ self.d["dense_1/kernel"] + self.d["dense_1/bias"]
        return logit if labels is None else logit + (x * (labels @ self.d["dense_2/kernel"])).sum(1, keepdim=True)

    def step(self, real, noise, labels=None):
        """The losses (discriminator's, generator's) of one step; real is (N, H, W, C), all NumPy."""
        real, noise = torch.from_numpy(real).permute(0, 3, 1, 2), torch.from_numpy(noise)
        labels = None if labels is None else torch.from_numpy(labels)
        bce = f.binary_cross_entropy_with_logits
        fake = self.generate(noise, labels)
        ones = torch.ones(len(real), 1, dtype=real.dtype)
        self.d_adam.zero_grad()
        d_loss = bce(self.judge(real, labels), self.smoothing * ones) + bce(self.judge(fake.detach(), labels), 0 * ones)
        d_loss.backward()
        self.d_adam.step()
        self.g_adam.zero_grad()
        g_loss = bce(self.judge(fake, labels), ones)
        g_loss.backward()
        self.g_adam.step()
        return [float(d_loss.detach()), float(g_loss.detach())]


def tensor(array, name):
    """Kernels (KH, KW, a, b) -> (b, a, KH, KW), which is right for convolutions and transposed ones alike."""
    array = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array
    return torch.from_numpy(np.ascontiguousarray(array).copy()).requires_grad_()


def ours(tensors):
    """Back again, as arrays."""
    return {name: t.detach().numpy().transpose(2, 3, 1, 0) if t.ndim == 4 else t.detach().numpy()
            for name, t in tensors.items()}


if __name__ == "__main__":
    import sys
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from test_gan_parity import CASES, twenty_steps_of_torch
    numbers = {name: twenty_steps_of_torch(name, "float64")[0] for name in CASES}
    Path(__file__).with_name("gan_steps.json").write_text(json.dumps(numbers, indent=1))
