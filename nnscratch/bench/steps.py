"""Whole training steps: forward, backward, optimizer. On a GPU once as usual, and once recorded as a CUDA graph.

    GAN        one step of each network, `adversarial_step`, with 64 images in a batch
    style      loss and gradient through the loss network, and a step of Adam on the image

Three regimes. `resident`: all arrays stay on the device. `transfers`: each step uploads a new batch and downloads the losses.
`first`: the very first call, which also compiles the kernels that were not used before, and makes every array but the weights.
"""
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from nnscratch import backend, initializers
from nnscratch.backend import Array, move
from nnscratch.bench.agree import RUN_ERRORS, compare_losses, failure_reason, tolerances
from nnscratch.bench.clock import CPU, GPU, Contender, once, time_in_turn
from nnscratch.fast import cuda
from nnscratch.generate.adversarial import Pair, adversarial_step
from nnscratch.generate.adversarial_losses import non_saturating
from nnscratch.memory import peak_bytes
from nnscratch.networks import gan
from nnscratch.optimizers import Adam
from nnscratch.style.features import loss_network
from nnscratch.style.objective import Objective

__all__: list[str] = []

TRIAL = 3  # steps whose losses are compared


class Work(NamedTuple):
    """A step ready to run."""

    step: Callable[..., list]  # step(*inputs) returns a list of losses
    inputs: list
    host: list                 # the inputs as NumPy arrays
    parts: Any                 # what the step is made of, for rivals


def gan_work(preset: Any, batch: int, xp: Any) -> Work:
    """The networks of a preset on random images of its size."""
    initializers.set_seed(0)
    backend.use("cpu" if xp is np else "gpu")
    chosen = gan.find_preset(preset)
    shape = (chosen.side, chosen.side, chosen.channels)
    adams = (Adam(5e-4, beta_1=0.5) for _ in range(2))
    pair = Pair(gan.generator(preset, shape), gan.discriminator(preset, shape), *adams)
    rng = np.random.default_rng(0)
    real, noise = rng.uniform(-1, 1, (batch, *shape)), rng.standard_normal((batch, chosen.noise_length))
    host = [real.astype(np.float32), noise.astype(np.float32)]

    def step(real: Array, noise: Array) -> list:
        metrics = adversarial_step(pair, non_saturating(), real, noise)
        return [metrics["d_loss"], metrics["g_loss"]]
    return Work(step, [move(array, xp) for array in host], host, pair)


def style_work(side: int, xp: Any) -> Work:
    """Style transfer from one random image to another."""
    backend.use("cpu" if xp is np else "gpu")
    rng = np.random.default_rng(0)
    content, painting = (move(rng.random((1, side, side, 3), np.float32), xp) for _ in range(2))
    network = loss_network("random", painting)
    objective = Objective(network.model, content, [painting], content_layer=network.content_layer, **network.weights(50))
    image, adam = content.copy(), Adam(0.02, beta_2=0.99)

    def step() -> list:
        loss, gradient = objective(image)
        adam.step({"image": image}, {"image": gradient})
        image[...] = image.clip(0, 1)
        return [loss]
    return Work(step, [], [], (network.model, objective, image))


STEPS = {"GAN tiny": partial(gan_work, "tiny", 64), "GAN small": partial(gan_work, "small", 64),
         "GAN dcgan64": partial(gan_work, "dcgan64", 64), "style 256 px": partial(style_work, 256),
         "style 512 px": partial(style_work, 512), "style 1024 px": partial(style_work, 1024)}
QUICK = ("GAN tiny", "style 256 px")


def run(modules: Mapping[str, Any], rivals: Sequence[Any], quick: bool,
        steps: Mapping[str, Callable[[Any], Work]] = STEPS) -> Iterator[dict]:
    """A row for each step. rivals : see run.py."""
    for name, make in steps.items():
        if not quick or steps is not STEPS or name in QUICK:
            yield measure(name, make, modules, rivals, 3 if quick else 7, 4.0 if quick else 20.0)


def measure(name: str, make: Callable[[Any], Work], modules: Mapping[str, Any], rivals: Sequence[Any], rounds: int,
            budget: float) -> dict[str, Any]:
    """Compare the losses of the first steps, then time both regimes: a row."""
    entrants: dict[str, tuple] = {}
    row: dict[str, Any] = {"name": name, "times": {}, "transfers": {}, "first": {}, "peak_bytes": {}, "failed": {},
                           "losses": {}}
    makers: dict[str, Callable[[], tuple]] = {who: partial(ours, make, xp, False) for who, xp in modules.items()}
    makers |= {f"{who} graph": partial(ours, make, xp, True) for who, xp in modules.items() if xp is not np}
    makers |= {who: maker for rival in rivals for who, maker in rival.step(name, make).items()}
    for who, maker in makers.items():
        try:
            entrants[who] = resident, _, peak = maker()
            row["first"][who], losses = once(resident)
            history = row["losses"][who] = [[float(loss) for loss in losses]]
            while len(history) < TRIAL:
                history.append([float(loss) for loss in resident.run()])
            row["peak_bytes"][who] = peak()
        except RUN_ERRORS as error:
            row["failed"][who] = failure_reason(error)
            for part in (entrants, row["losses"]):
                part.pop(who, None)
    reference: list = row["losses"].get("NumPy") or next(iter(row["losses"].values()), [])
    row["errors"], refused = compare_losses(row["losses"], reference, tolerances(rivals))
    row["failed"] |= refused
    for key, k in (("times", 0), ("transfers", 1)):
        runnable = [entrant[k]._replace(name=who) for who, entrant in entrants.items()
                    if entrant[k] and who not in row["failed"]]
        row[key], stopped = time_in_turn(runnable, rounds, budget)
        row["failed"] |= stopped
    return row


def ours(make: Callable[[Any], Work], xp: Any,
         graph: bool) -> tuple[Contender, Contender | None, Callable[[], int]]:
    """(resident, with transfers, function that returns the peak of memory) of our own step; a CPU has nothing to transfer."""
    work = make(xp)
    step = cuda.capture(work.step) if graph else work.step

    def resident() -> list:
        return step(*work.inputs)

    def with_transfers() -> list[float]:
        return [float(loss) for loss in step(*(move(array, xp) for array in work.host))]

    if xp is np:
        return Contender("", resident, CPU()), None, partial(peak_bytes, resident)
    return Contender("", resident, GPU(xp)), Contender("", with_transfers, GPU(xp)), partial(peak_on_gpu, xp, resident, step)


def peak_on_gpu(cupy: Any, function: Callable[[], Any], step: Callable) -> int:
    """The GPU memory that a call needs, beyond what was allocated: a pool frees nothing, so its size is the most it ever held.
    That of a recorded step also holds what its first call made once, such as Adam's memory, so this is subtracted."""
    if isinstance(step, cuda.Captured):
        return step.pool.total_bytes() - step.kept_bytes
    pool = cupy.cuda.MemoryPool()
    with cupy.cuda.using_allocator(pool.malloc):
        function()
    return pool.total_bytes()


