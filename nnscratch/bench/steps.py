"""Whole training steps: forward, backward, optimizer. On a GPU once as they stand, once recorded as a CUDA graph.

    GAN        one turn of each player, `adversarial_step`, 64 images a batch
    style      loss and gradient through the loss network, a step of Adam on the image

Three regimes: `resident`, all arrays are where they are computed with; `transfers`, a new batch comes from the host at every
step and the losses go back to it; `first`, the very first call, which compiles the kernels that nothing used before, and makes
every array but the weights.
"""
from functools import partial
from typing import NamedTuple

import numpy as np

from nnscratch import backend, initializers
from nnscratch.backend import move
from nnscratch.bench.agree import CANNOT, allowed, sort_out_courses, why_not
from nnscratch.bench.clock import CPU, GPU, Contender, in_turn, once
from nnscratch.fast import cuda
from nnscratch.generate.adversarial import Pair, adversarial_step
from nnscratch.generate.adversarial_losses import non_saturating
from nnscratch.memory import peak_bytes
from nnscratch.networks import gan
from nnscratch.optimizers import Adam
from nnscratch.style.features import loss_network
from nnscratch.style.objective import Objective

TRIAL = 3  # steps whose losses are compared


class Work(NamedTuple):
    """A step ready to run: `step(*inputs)` returns a list of losses; `host` are the inputs as NumPy arrays; `parts` what it is
    made of, for rivals."""
    step: object
    inputs: list
    host: list
    parts: object


def gan_work(preset, batch, xp):
    """The pair of a preset on random images of its size."""
    initializers.set_seed(0)
    backend.use("cpu" if xp is np else "gpu")
    chosen = gan.find_preset(preset)
    shape = (chosen.side, chosen.side, chosen.channels)
    adams = (Adam(5e-4, beta_1=0.5) for _ in range(2))
    pair = Pair(gan.generator(preset, shape), gan.discriminator(preset, shape), *adams)
    rng = np.random.default_rng(0)
    real, noise = rng.uniform(-1, 1, (batch, *shape)), rng.standard_normal((batch, chosen.noise_length))
    host = [real.astype(np.float32), noise.astype(np.float32)]

    def step(real, noise):
        metrics = adversarial_step(pair, non_saturating(), real, noise)
        return [metrics["d_loss"], metrics["g_loss"]]
    return Work(step, [move(array, xp) for array in host], host, pair)


def style_work(side, xp):
    """A random image on its way from one random image to another."""
    backend.use("cpu" if xp is np else "gpu")
    rng = np.random.default_rng(0)
    content, painting = (move(rng.random((1, side, side, 3), np.float32), xp) for _ in range(2))
    network = loss_network("random", painting)
    objective = Objective(network.model, content, [painting], content_layer=network.content_layer, **network.weights(50))
    image, adam = content.copy(), Adam(0.02, beta_2=0.99)

    def step():
        loss, gradient = objective(image)
        adam.step({"image": image}, {"image": gradient})
        image[...] = image.clip(0, 1)
        return [loss]
    return Work(step, [], [], (network.model, objective, image))


STEPS = {"GAN tiny": partial(gan_work, "tiny", 64), "GAN small": partial(gan_work, "small", 64),
         "GAN dcgan64": partial(gan_work, "dcgan64", 64), "style 256 px": partial(style_work, 256),
         "style 512 px": partial(style_work, 512), "style 1024 px": partial(style_work, 1024)}
QUICK = ("GAN tiny", "style 256 px")


def run(modules, rivals, quick, steps=STEPS):
    """A row for each step. rivals : see run.py."""
    for name, make in steps.items():
        if not quick or steps is not STEPS or name in QUICK:
            yield measure(name, make, modules, rivals, 3 if quick else 7, 4.0 if quick else 20.0)


def measure(name, make, modules, rivals, rounds, budget):
    """Losses of the first steps compared, then both regimes timed."""
    entrants, row = {}, {"name": name, "times": {}, "transfers": {}, "first": {}, "peak_bytes": {}, "failed": {}, "losses": {}}
    makers = {who: partial(ours, make, xp, False) for who, xp in modules.items()}
    makers |= {f"{who} graph": partial(ours, make, xp, True) for who, xp in modules.items() if xp is not np}
    makers |= {who: maker for rival in rivals for who, maker in rival.step(name, make).items()}
    for who, maker in makers.items():
        try:
            entrants[who] = resident, _, peak = maker()
            row["first"][who], losses = once(resident)
            course = row["losses"][who] = [[float(loss) for loss in losses]]
            while len(course) < TRIAL:
                course.append([float(loss) for loss in resident.run()])
            row["peak_bytes"][who] = peak()
        except CANNOT as error:
            row["failed"][who] = why_not(error)
            for part in (entrants, row["losses"]):
                part.pop(who, None)
    reference = row["losses"].get("NumPy") or next(iter(row["losses"].values()), [])
    row["errors"], refused = sort_out_courses(row["losses"], reference, allowed(rivals))
    row["failed"] |= refused
    for key, k in (("times", 0), ("transfers", 1)):
        able = [entrant[k]._replace(name=who) for who, entrant in entrants.items() if entrant[k] and who not in row["failed"]]
        row[key], stopped = in_turn(able, rounds, budget)
        row["failed"] |= stopped
    return row


def ours(make, xp, graph):
    """(resident, with transfers, function that tells the peak of memory) of our own step; a CPU has nothing to transfer."""
    work = make(xp)
    step = cuda.capture(work.step) if graph else work.step

    def resident():
        return step(*work.inputs)

    def with_transfers():
        return [float(loss) for loss in step(*(move(array, xp) for array in work.host))]

    if xp is np:
        return Contender("", resident, CPU()), None, partial(peak_bytes, resident)
    return Contender("", resident, GPU(xp)), Contender("", with_transfers, GPU(xp)), partial(peak_on_gpu, xp, resident, step)


def peak_on_gpu(cupy, function, step):
    """What a call needs of the GPU beside what was there: a pool gives nothing back, and so tells the most it ever held. That
    of a recorded step also holds what its first call made once, such as Adam's memory, which the others had already."""
    if isinstance(step, cuda.Captured):
        return step.pool.total_bytes() - step.kept_bytes
    pool = cupy.cuda.MemoryPool()
    with cupy.cuda.using_allocator(pool.malloc):
        function()
    return pool.total_bytes()


