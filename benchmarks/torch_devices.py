"""PyTorch as a rival of `nnscratch bench` (defined in nnscratch/bench/run.py): the same layers and steps.

    torch           PyTorch's defaults: on a GPU convolutions in TF32, other products in float32
    torch strict    float32 throughout, as is our default
    torch NHWC      strict, images in our layout ("channels last"), with cuDNN's fastest algorithm

`python -m benchmarks devices` runs it.
"""
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.rivals import torch_case
from benchmarks.torch_steps import TorchStyle, images, layouts, parameters
from nnscratch.bench.agree import TOLERANCE
from nnscratch.bench.cases import Case
from nnscratch.bench.clock import CPU, Contender
from nnscratch.layers import BatchNormalization, Conv2D, Conv2DTranspose, Dense, Flatten, LeakyReLU, Reshape


class TorchClock:
    """CUDA events of PyTorch."""

    def __init__(self, torch: Any) -> None:
        self.cuda = torch.cuda

    def wait(self) -> None:
        """Wait until the GPU has finished all work."""
        self.cuda.synchronize()

    def event(self) -> Any:
        """Record an event in the stream."""
        event = self.cuda.Event(enable_timing=True)
        event.record()
        return event

    def between(self, start: Any, end: Any) -> float:
        """Seconds between two events."""
        return 1e-3 * start.elapsed_time(end)


class TorchRival:
    """PyTorch with the three settings listed at the top of this file."""

    def __init__(self, torch: Any) -> None:
        self.torch, self.on_gpu = torch, torch.cuda.is_available()
        self.device = "cuda" if self.on_gpu else "cpu"
        self.known_by = {"pytorch": torch.__version__, "pytorch_device": self.device}
        tf32 = "convolutions TF32, products float32" if self.on_gpu else "float32"
        self.precision = {"torch": tf32, "torch strict": "float32", "torch NHWC": "float32"}
        self.tolerance = {"torch": TOLERANCE["tf32" if self.on_gpu else "strict"], "torch strict": TOLERANCE["strict"],
                          "torch NHWC": TOLERANCE["strict"]}
        self.layout = {"torch": "contiguous", "torch strict": "contiguous", "torch NHWC": "channels last"}

    def clock(self) -> TorchClock | CPU:
        """The clock of the device in use."""
        return TorchClock(self.torch) if self.on_gpu else CPU()

    def pinned(self, name: str, function: Callable[[], Any]) -> Callable[[], Any]:
        """The function, run with PyTorch's global switches set as in `name`."""
        cudnn, matmul = self.torch.backends.cudnn, self.torch.backends.cuda.matmul

        def run():
            cudnn.allow_tf32, matmul.allow_tf32, cudnn.benchmark = name == "torch", False, name == "torch NHWC"
            return function()
        return run

    def layer(self, case: Case) -> dict[str, Callable]:
        """A factory for each of the three settings."""
        return {name: partial(self.make_layer, name, case) for name in self.precision}

    def make_layer(self, name: str, case: Case) -> tuple:
        """((forward, backward), clock, function that converts results to NumPy arrays)."""
        *pair, as_ours = torch_case(self.torch, case, case.draw(), self.layout[name], self.device)
        return tuple(self.pinned(name, function) for function in pair), self.clock(), as_ours

    def step(self, name: str, make: Callable) -> dict[str, Callable]:
        """A factory for each of the three settings."""
        kind = GANStep if name.startswith("GAN") else StyleStep
        return {who: partial(self.make_step, who, kind, make) for who in self.precision}

    def make_step(self, name: str, kind: type, make: Callable) -> tuple:
        """(resident, with transfers, peak memory), with the same weights and images as ours."""
        work = make(np)
        step = kind(self.torch, work, self.layout[name], self.device)
        resident, transfers = (Contender(name, self.pinned(name, run), self.clock()) for run in (step.run, step.with_transfers))
        return resident, transfers if self.on_gpu else None, partial(self.peak, resident)

    def peak(self, resident: Contender) -> int | None:
        """Bytes beyond those allocated before, as for ours; None on a CPU, where PyTorch does not report it."""
        if not self.on_gpu:
            return None
        self.torch.cuda.reset_peak_memory_stats()
        before = self.torch.cuda.memory_allocated()
        resident.run()
        self.torch.cuda.synchronize()
        return self.torch.cuda.max_memory_allocated() - before


class Chain:
    """A sequential Model in PyTorch, with the same weights."""

    def __init__(self, torch: Any, model: Any, layout: str, device: str) -> None:
        self.torch, self.f, self.layers = torch, torch.nn.functional, [call.layer for call in model.calls]
        self.tensors = [parameters(torch, layer, layouts(torch)[layout], device=device) for layer in self.layers]
        self.format = layouts(torch)[layout]

    def parameters(self) -> list:
        """All trained tensors."""
        return [tensor for tensors in self.tensors for tensor in tensors.values()]

    def __call__(self, x: Any) -> Any:
        for layer, p in zip(self.layers, self.tensors):
            x = self.apply(layer, p, x)
        return x

    def apply(self, layer: Any, p: dict, x: Any) -> Any:
        """Apply one layer."""
        f = self.f
        match layer:
            case Flatten():
                return x.permute(0, 2, 3, 1).flatten(1) if x.ndim == 4 else x
            case Reshape():
                return x.view(len(x), *layer.target_shape).permute(0, 3, 1, 2).contiguous(memory_format=self.format)
            case BatchNormalization():
                return f.batch_norm(x, None, None, p["gamma"], p["beta"], training=True, eps=layer.epsilon)
            case LeakyReLU():
                return f.leaky_relu(x, layer.negative_slope)
            case Dense():
                return x @ p["kernel"] + p.get("bias", 0)
            case Conv2DTranspose():
                y = f.conv_transpose2d(x, p["kernel"], p.get("bias"), stride=2, padding=1)
            case Conv2D():
                y = f.conv2d(x, p["kernel"], p.get("bias"), stride=layer.options["strides"], padding=1)
            case _:
                raise TypeError(f"{layer} has no counterpart here")
        return self.torch.tanh(y) if layer.activation else y


def our_step(adam: Any, beta_2: float, epsilon: float = 1e-7) -> None:
    """A step with our (and Keras's) epsilon; PyTorch adds epsilon after the bias correction."""
    adam.made = getattr(adam, "made", 0) + 1
    adam.param_groups[0]["eps"] = epsilon / (1 - beta_2**adam.made)**0.5
    adam.step()


class GANStep:
    """`adversarial_step` with autograd."""

    def __init__(self, torch: Any, work: Any, layout: str, device: str) -> None:
        self.torch, self.format, self.device, self.host = torch, layouts(torch)[layout], device, work.host
        self.g, self.d = (Chain(torch, model, layout, device) for model in work.parts[:2])
        self.adams = [torch.optim.Adam(chain.parameters(), lr=5e-4, betas=(0.5, 0.999)) for chain in (self.g, self.d)]
        self.inputs = self.upload()

    def upload(self) -> tuple:
        """The batch as tensors on the device."""
        real, noise = self.host
        return images(self.torch, real, self.format, self.device), self.torch.from_numpy(noise).to(self.device)

    def run(self) -> list:
        """A step on a batch that is already on the device."""
        return self.learn(*self.inputs)

    def with_transfers(self) -> list[float]:
        """A step that uploads its batch and downloads the losses."""
        return [float(loss) for loss in self.learn(*self.upload())]

    def learn(self, real: Any, noise: Any) -> list:
        """The step itself."""
        bce, full = self.torch.nn.functional.binary_cross_entropy_with_logits, self.torch.full_like
        adam_g, adam_d = self.adams
        fake = self.g(noise)
        adam_d.zero_grad()
        real_logits, fake_logits = self.d(real), self.d(fake.detach())
        d_loss = bce(real_logits, full(real_logits, 0.9)) + bce(fake_logits, full(fake_logits, 0.0))
        d_loss.backward()
        our_step(adam_d, 0.999)
        adam_g.zero_grad()
        logits = self.d(fake)
        g_loss = bce(logits, full(logits, 1.0))
        g_loss.backward(inputs=self.g.parameters())  # without the discriminator's parameters, as in ours
        our_step(adam_g, 0.999)
        return [d_loss.detach(), g_loss.detach()]


class StyleStep(TorchStyle):
    """Loss and gradient of Objective, and a step of Adam on the image."""

    def __init__(self, torch: Any, work: Any, layout: str, device: str) -> None:
        super().__init__(torch, *work.parts, layout, device)
        self.adam = torch.optim.Adam([self.image], lr=0.02, betas=(0.9, 0.99))

    def run(self) -> list:
        """A step; nothing is uploaded."""
        loss, self.image.grad = self.loss_and_gradient()
        our_step(self.adam, 0.99)
        self.image.data.clamp_(0, 1)
        return [loss.detach()]

    def with_transfers(self) -> list[float]:
        """A step that downloads the loss."""
        return [float(loss) for loss in self.run()]
