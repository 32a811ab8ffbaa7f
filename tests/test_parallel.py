"""Several processes train as one: the same weights, metrics and files for any number of them.

Here the processes are threads (ranks.py); test_mpi.py starts real ones.
"""
import os
import sys
import threading
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from helpers import normal
from ranks import in_threads
from test_training import data, options

from nnscratch import backend, fast, ops
from nnscratch.__main__ import share_machine
from nnscratch.backend import to_cpu
from nnscratch.classify.options import ClassifierOptions
from nnscratch.classify.trainer import ClassifierTrainer
from nnscratch.data.dataset import Dataset
from nnscratch.errors import InputError
from nnscratch.generate.methods import make_trainer
from nnscratch.generate.options import make_options
from nnscratch.generate.spectral import SpectralNormalization
from nnscratch.layers import BatchNormalization, Dropout, Input, SpatialDropout2D
from nnscratch.models import Model
from nnscratch.networks.stylizer import stylizer
from nnscratch.networks.texture_features import texture_classifier, texture_features
from nnscratch.optimizers import Adam
from nnscratch.parallel import ALONE, Communicator, MPICommunicator, world
from nnscratch.processes import ALL, ON_THIS_MACHINE, launched
from nnscratch.shard import WHOLE, Shard
from nnscratch.style import train_stylizer, train_texture
from nnscratch.style import training as style_training
from nnscratch.training import distributed
from nnscratch.training.distributed import shared_folder

STEPS = 20
BATCH = 13  # no multiple of 2, 3 or 4: the shares differ


def in_double_precision(trainer):
    """The trainer, with all arrays and batches in float64."""
    for model in getattr(trainer.models, "parts", {"": trainer.models}).values():
        if isinstance(model, Model):
            model.cast(np.float64)
        elif isinstance(model, SpectralNormalization):
            model.model.cast(np.float64)
            for arrays in (model.kernels, model.left, model.right):
                arrays.update({name: array.astype(np.float64) for name, array in arrays.items()})
        else:  # the codes of GLO
            model.params.update({name: array.astype(np.float64) for name, array in model.params.items()})
    if trainer.options.preset == "texture":
        trainer.features.cast(np.float64)
    if hasattr(trainer, "train_step"):
        step = trainer.train_step
        trainer.train_step = lambda *arrays: step(*(None if array is None else array.astype(np.float64) for array in arrays))
    return trainer


def colour(side):
    """Discs in colour."""
    grey = data(size=side)
    images = (grey.images * np.array([1, 0.5, 0.2])).astype(np.uint8)
    return Dataset(images, grey.labels, grey.class_names, "discs")


TRAININGS = {
    "gan": {}, "gan, hinge, augmented": {"loss": "hinge", "augment": True}, "gan, R1": {"r1": 0.5},
    "gan, spectral norm": {"loss": "hinge", "spectral_norm": True}, "gan, no labels": {"conditional": False},
    "texture": {"method": "texture", "preset": "texture", "batch_size": 5},
    "vae": {"method": "vae"}, "glo": {"method": "glo"}, "imle": {"method": "imle"},
    "imle, no labels": {"method": "imle", "conditional": False}}


def trained(make, size, steps=STEPS):
    """[(all arrays, metrics of the last step) of each rank] after some steps."""
    trainers = [make() for _ in range(size)]  # in turn: they draw from one stream

    def run(world):
        trainer = trainers[world.rank]
        trainer.share(world)
        for _ in range(steps):
            metrics = trainer.step()
        arrays = {**trainer.models.params, **trainer.models.buffers, **trainer.optimizers.save_state()}
        return {name: np.array(array) for name, array in arrays.items()}, {k: float(v) for k, v in metrics.items()}
    return in_threads(size, run)


def difference(ours, theirs):
    """The largest difference of two trainings, relative to each array's norm."""
    return max(np.linalg.norm(ours[name] - theirs[name]) / max(np.linalg.norm(theirs[name]), 1e-3) for name in theirs)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TRAININGS)
def test_ranks_train_as_one(kind):
    """After 20 steps in double precision, all weights, moving averages, optimizer states and metrics of 1, 2, 3 and 4 ranks
    agree; those of the ranks of one training are equal, bit for bit. (Of a texture after 5: there rounding errors grow
    threefold with each step.)"""
    steps = 5 if kind == "texture" else STEPS

    def make():
        chosen = {"steps": STEPS, "batch_size": BATCH, **TRAININGS[kind]}
        return in_double_precision(make_trainer(colour(16) if kind == "texture" else data(), options(**chosen)))
    [(alone, metrics)] = trained(make, 1, steps)
    for size in (2, 3, 4) if kind in ("gan", "vae", "glo", "imle") else (3,):
        results = trained(make, size, steps)
        for arrays, _ in results[1:]:
            assert all(np.array_equal(arrays[name], results[0][0][name]) for name in arrays)
        assert difference(results[0][0], alone) < 1e-8
        assert results[0][1] == pytest.approx(metrics, rel=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["standard", "small"])
def test_ranks_train_a_classifier_as_one(preset):
    """With dropout, batch normalization and shifted images."""
    def make():
        train, validation = data(), data(1)
        return in_double_precision(ClassifierTrainer(train, validation, ClassifierOptions(
            steps=STEPS, preset=preset, batch_size=BATCH)))
    [(alone, metrics)] = trained(make, 1)
    for size in (2, 3, 4):
        for arrays, of_rank in trained(make, size):
            assert difference(arrays, alone) < 1e-8
            assert of_rank == pytest.approx(metrics, rel=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["gan", "vae", "glo", "imle"])
def test_ranks_train_as_one_in_single_precision(method):
    """After 20 steps, the metrics agree to 1 % and the generator's weights to 1e-3 of their norm: Adam turns a rounding error
    of a gradient near 0 into a step of full length. Within three steps, the weights agree to 1e-4."""
    for steps, weights, metric in ((3, 1e-4, 1e-3), (STEPS, 1e-3, 1e-2)):
        def make():
            return make_trainer(data(), options(steps=STEPS, batch_size=BATCH, method=method))
        [(alone, expected)], [(ours, metrics), _, _] = trained(make, 1, steps), trained(make, 3, steps)
        kernels = [name for name in alone if name.startswith("generator/") and name.endswith("kernel")]
        assert difference(ours, {name: alone[name] for name in kernels}) < weights
        assert metrics == pytest.approx(expected, rel=metric)


@pytest.mark.parametrize("size", [2, 3])
def test_ranks_train_the_style_networks_as_one(size):
    """A few steps of `train texture` and `train stylizer`, with their batches of 32 and 4, in double precision."""
    rng = np.random.default_rng(0)
    crops, labels = rng.random((32, 16, 16, 3)), rng.integers(0, 5, 32)
    pairs = rng.random((2, 4, 16, 16, 3)) * rng.uniform(0.2, 1, (4, 1, 1, 1))  # of different contrast

    def texture(world):
        model, optimizer, shard = models[world.rank], Adam(4e-3), Shard(world, 32)
        shard.set_on(model)
        metrics = [train_texture.train_step(model, optimizer, crops, labels, shard) for _ in range(3)][-1]
        return {**model.params, **model.buffers}, metrics

    def paint(world):
        model, optimizer, shard = models[world.rank], Adam(1e-3), Shard(world, 4)
        metrics = [train_stylizer.train_step(model, networks[world.rank], optimizer, *pairs[:, shard.rows], [1, k], shard)
                   for k in range(3)][-1]
        return dict(model.params), metrics

    for run, make in ((texture, lambda: texture_classifier(5, 0)), (paint, lambda: stylizer(0))):
        models, networks = [make() for _ in range(size)], [texture_features() for _ in range(size)]
        for network in (*models, *networks):
            network.cast(np.float64)
        models[0].forward(crops) if run is texture else None  # the first input builds it
        (alone, metrics), = in_threads(1, run)
        models = [make() for _ in range(size)]
        for network in models:
            network.cast(np.float64)
        for ours, theirs in in_threads(size, run):
            assert difference(ours, alone) < 1e-8
            assert theirs.keys() == metrics.keys()
            assert [float(theirs[k]) for k in metrics] == pytest.approx([float(v) for v in metrics.values()], rel=1e-6)


def split(x, world):
    return x[Shard(world, len(x)).rows]


@pytest.mark.parametrize("room", [ops, fast])
@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("unbiased", [False, True])
def test_batch_norm_of_a_shared_batch(room, size, unbiased):
    """Output, moving averages and gradients of the ranks together are those of the whole batch."""
    x, dy, gamma, beta, mean = 3 + normal(7, 3, 2, 5), normal(7, 3, 2, 5, seed=1), *(normal(5, seed=k) for k in (2, 3, 4))
    y, moving, cache = room.batch_norm(x, gamma, beta, mean, mean**2, training=True, unbiased=unbiased)
    dx, dgamma, dbeta = room.batch_norm_backward(dy, cache)

    def run(world):
        ours, averages, cache = room.batch_norm(split(x, world), gamma, beta, mean, mean**2, training=True, unbiased=unbiased,
                                                shard=Shard(world, len(x)))
        return ours, averages, *room.batch_norm_backward(split(dy, world), cache)
    results = in_threads(size, run)
    for k, whole in ((0, y), (2, dx)):
        np.testing.assert_allclose(np.concatenate([result[k] for result in results]), whole, rtol=1e-12, atol=1e-12)
    for k, whole in ((3, dgamma), (4, dbeta)):
        np.testing.assert_allclose(sum(result[k] for result in results), whole, rtol=1e-12, atol=1e-12)
    for result in results:
        np.testing.assert_allclose(result[1], moving, rtol=1e-12)


@pytest.mark.parametrize("room", [ops, fast])
def test_gradient_of_a_shared_batch_norm(room):
    """The backward pass of three ranks is the derivative of their forward pass: the complex step, in a random direction."""
    x, dy, gamma, beta = normal(8, 2, 3, 4), normal(8, 2, 3, 4, seed=1), normal(4), normal(4, seed=2)
    step = 1e-30

    def forward(world, x, gamma, beta):
        zero = np.zeros(4, x.dtype)
        return room.batch_norm(split(x, world), gamma, beta, zero, zero + 1, training=True, shard=Shard(world, len(x)))

    for seed in range(5):
        along = [normal(*array.shape, seed=10 + seed) for array in (x, gamma, beta)]
        moved = [array + 1j * step * direction for array, direction in zip((x, gamma, beta), along)]
        slope = sum(in_threads(3, lambda world, moved=moved: (split(dy, world) * forward(world, *moved)[0]).sum())).imag / step
        grads = in_threads(3, lambda world: room.batch_norm_backward(split(dy, world), forward(world, x, gamma, beta)[2]))
        whole = np.concatenate([dx for dx, _, _ in grads]), sum(g[1] for g in grads), sum(g[2] for g in grads)
        assert sum((a * b).sum() for a, b in zip(whole, along)) == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize("layer", [Dropout, SpatialDropout2D])
def test_masks_do_not_depend_on_the_number_of_ranks(layer):
    """The masks of the ranks are the rows of one mask, at each call."""
    x = 1 + abs(normal(7, 4, 4, 3))
    alone = layer(0.5, seed=3)
    whole = [alone.forward(x, training=True) for _ in range(2)]

    def run(world):
        dropout, shard = layer(0.5, seed=3), Shard(world, 7)
        dropout.shard = shard
        return [dropout.forward(x[shard.rows], training=True) for _ in range(2)]
    for size in (2, 3):
        results = in_threads(size, run)
        for call in range(2):
            np.testing.assert_array_equal(np.concatenate([result[call] for result in results]), whole[call])


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_shards_are_a_partition(size):
    """Every row of the batch belongs to one rank; the ranks have equally many, or one more; weights add up to 1."""
    for batch in range(size, 14):
        shards = in_threads(size, lambda world, batch=batch: Shard(world, batch))
        assert sum((list(range(batch))[shard.rows] for shard in shards), []) == list(range(batch))
        counts = [shard.rows.stop - shard.rows.start for shard in shards]
        assert max(counts) - min(counts) <= 1 and sum(shard.weight for shard in shards) == pytest.approx(1)
        assert [shard.weight for shard in shards] == [count / batch for count in counts]


def test_collectives():
    """Sums, means weighted by rows, collected rows, the total of a number, what rank 0 has."""
    rows = normal(5, 2)

    def run(world):
        shard = Shard(world, 5)
        grads = {"a": np.full(3, world.rank + 1.0), "b": np.full((), 10.0 * world.rank)}
        mean, whole = shard.mean(rows[shard.rows].mean(axis=0)), shard.all_gather(rows[shard.rows])
        first = np.full(2, [7, np.nan, np.inf][world.rank])
        world.broadcast(first)
        return shard.sum(grads), mean, whole, world.total(world.rank == 1), first
    for grads, mean, whole, total, first in in_threads(3, run):
        assert first.tolist() == [7, 7]
        assert grads["a"].tolist() == [6, 6, 6] and grads["b"] == 30
        np.testing.assert_allclose(mean, rows.mean(axis=0))
        np.testing.assert_array_equal(whole, rows)
        assert total == 1 and type(total) is float


@pytest.mark.parametrize("chosen, arrays_of", [
    ({"method": "glo"}, lambda trainer: trainer.models.params["codes/codes"]),
    ({"conditional": False, "groups": 2}, lambda trainer: trainer.dataset.labels)])
def test_all_begin_like_rank_0(chosen, arrays_of):
    """Codes and groups are computed: on another CPU with other rounding errors, or other signs. Rank 0's count."""
    trainers = [make_trainer(data(), options(**chosen)) for _ in range(2)]
    arrays_of(trainers[1])[...] = arrays_of(trainers[0])[::-1]
    expected = arrays_of(trainers[0]).copy()
    in_threads(2, lambda world: trainers[world.rank].share(world))
    for trainer in trainers:
        np.testing.assert_array_equal(arrays_of(trainer), expected)
    assert not np.array_equal(expected, expected[::-1])


def test_options_that_differ(tmp_path):
    """`--minutes` in one process alone is noticed before the folder is made: that process would make trial steps."""
    def run(world):
        with shared_folder(world, [{"seed": 3}, 0.5 if world.rank else None], tmp_path / "out", ["*"], [], False):
            raise AssertionError
    with pytest.raises(InputError, match="the processes have different options, expected the same"):
        in_threads(2, run)
    assert not (tmp_path / "out").exists()


def test_trainings_that_differ():
    """Options, data and states of the optimizers: what differs is named."""
    for seed, more, words in ((0, {"seed": 2}, "options and states"), (1, {}, "data and states")):
        trainers = [make_trainer(data(), options()), make_trainer(data(seed), options(**more))]
        for trainer in trainers:
            trainer.step()
        with pytest.raises(InputError, match=f"the processes have different {words}, expected the same"):
            in_threads(2, lambda world, trainers=trainers: trainers[world.rank].share(world))


def test_weights_and_buffers_of_rank_0():
    """Also the vectors of spectral normalization are those of rank 0 at the beginning."""
    trainers = [make_trainer(data(), options(loss="hinge", spectral_norm=True)) for _ in range(2)]
    trainers[0].models.buffers["discriminator/conv2d_0/kernel/right"][...] = 7
    trainers[1].models.params["discriminator/conv2d_0/kernel"][...] = 8
    in_threads(2, lambda world: trainers[world.rank].share(world))
    for kind in ("params", "buffers"):
        arrays, others = (getattr(trainer.models, kind) for trainer in trainers)
        assert all(np.array_equal(arrays[name], others[name]) for name in arrays)
    assert (trainers[1].models.buffers["discriminator/conv2d_0/kernel/right"] == 7).all()
    assert not (trainers[0].models.params["discriminator/conv2d_0/kernel"] == 8).any()


@pytest.mark.parametrize("change, words", [({}, ""), ({"seed": 1}, "options"), ({"done": 1}, "numbers of steps"),
                                           ({"checksum": 5}, "images")])
def test_networks_for_style_begin_as_one(monkeypatch, change, words):
    """With rank 0's weights; where seed, steps made or images differ, it is said, and no state is written."""
    models, written, local = [stylizer(seed) for seed in (0, 1)], [], threading.local()
    models[0].params["conv2d_0/kernel"][...] = 7
    monkeypatch.setattr(style_training, "world", lambda: local.world)
    monkeypatch.setattr(style_training.checkpoint, "save", lambda path, *arguments: written.append(path))

    def run(world):
        local.world, info = world, {"steps": 9, "seed": 0, "done": 0, "checksum": 4}
        output = None if world.rank else SimpleNamespace(file=str)
        style_training.begin(output, info | change if world.rank else info, None, models[world.rank], Adam(1))
    if change:
        with pytest.raises(InputError, match=f"the processes have different {words}, expected the same"):
            in_threads(2, run)
        assert not written
    else:
        in_threads(2, run)
        assert written == ["state.safetensors"]
        assert all(np.array_equal(models[0].params[name], array) for name, array in models[1].params.items())
        assert (models[1].params["conv2d_0/kernel"] == 7).all()


class Adding(Communicator):
    """Rank 1 of 2, whose partner adds 1 to each number."""

    rank, size = 1, 2

    def all_reduce(self, arrays):
        for array in arrays:
            array += 1


def test_shards_on_a_gpu(standin):
    """Masks are rows of the whole batch's, and batch normalization in training asks the other processes, as on the CPU."""
    x, dy, one = (normal(*shape, seed=k).astype(np.float32) for k, shape in enumerate(((4, 4, 4, 2), (4, 4, 4, 2), (2,))))
    call, shard = np.array([4]), Shard(Adding(), 7)
    for op in ("dropout", "spatial_dropout2d"):
        expected, _ = getattr(ops, op)(x, 0.5, seed=(3, 4), shard=shard)
        y, _ = getattr(fast, op)(standin.asarray(x), 0.5, seed=(3, standin.asarray(call)), shard=shard)
        np.testing.assert_array_equal(to_cpu(y), expected)
    for is_training in (True, False):
        y, statistics, cache = ops.batch_norm(x, one, one, one, one**2, training=is_training, shard=shard)
        expected = [y, *statistics, *ops.batch_norm_backward(dy, cache)]
        array = standin.asarray(one)
        y, statistics, cache = fast.batch_norm(standin.asarray(x), array, array, array, array**2, training=is_training,
                                               shard=shard)
        for ours, theirs in zip([y, *statistics, *fast.batch_norm_backward(standin.asarray(dy), cache)], expected):
            np.testing.assert_allclose(to_cpu(ours), theirs, rtol=1e-4, atol=1e-5)


def test_a_single_process_changes_nothing():
    """The communicator of a single process and the whole batch return what they are given, the same object."""
    x = normal(3)
    for shard in (WHOLE, Shard(ALONE, 3)):
        assert shard.mean(x) is x and shard.all_gather(x) is x and shard.weight == 1 and shard.sum({"x": x})["x"] is x
    assert world() is ALONE and ALONE.total(2) == 2


def test_a_batch_too_small():
    """Fewer images than processes is one sentence, before any step."""
    trainers = [make_trainer(data(), options(batch_size=3)) for _ in range(4)]
    with pytest.raises(InputError, match="4 processes were started for a batch of 3 images"):
        in_threads(4, lambda world: trainers[world.rank].share(world))


def test_layers_in_models_are_told():
    """Also those of a model that is a layer of another."""
    x = Input((4,))
    inner = Model(x, BatchNormalization()(x))
    y = Input((4,))
    outer = Model(y, Dropout(0.5)(inner(y)))
    shard = Shard(ALONE, 8)
    shard.set_on(outer)
    assert inner.layers[0].shard is shard and outer.layers[-1].shard is shard


def test_bytes_of_a_step():
    """A step of `small` adds up all gradients, once, and less than 5 % beside them: statistics and metrics."""
    trainers = [make_trainer(colour(32), make_options({"preset": "small", "batch_size": 4, "steps": 9})) for _ in range(2)]

    def run(world):
        trainers[world.rank].share(world)
        trainers[world.rank].step()
        before = world.sent
        trainers[world.rank].step()
        return world.sent - before
    parts = trainers[0].models.parts
    parameters = sum(array.size for name in ("generator", "discriminator") for array in parts[name].params.values())
    for sent in in_threads(2, run):
        assert 1 < sent / (4 * parameters) < 1.05


@pytest.mark.parametrize("variables, expected", [
    ({}, (0, 1)), ({"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "4"}, (2, 4)),
    ({"PMI_RANK": "1", "PMI_SIZE": "2"}, (1, 2)), ({"PMI_RANK": "x", "PMI_SIZE": "2"}, (0, 1)),
    ({"PMI_RANK": "2", "PMI_SIZE": "2"}, (0, 1))])
def test_launchers(monkeypatch, variables, expected):
    """What mpiexec of Open MPI, MPICH and Intel tells the processes."""
    for names in ALL:
        for name in names:
            monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert launched() == expected


@pytest.mark.parametrize("launcher", ON_THIS_MACHINE)
@pytest.mark.parametrize("given, rank, expected", [
    (None, "1", "1"), ("4,6", "0", "4"), ("4,6", "1", "6"), ("", "1", ""), ("3", "1", "3")])
def test_each_process_has_its_own_gpu(monkeypatch, launcher, given, rank, expected):
    """And its part of the cores; what the user has set is kept, where it hides all GPUs, or leaves too few."""
    for name, value in (("CUDA_VISIBLE_DEVICES", given), *zip(launcher, (rank, "2")), ("OPENBLAS_NUM_THREADS", None)):
        monkeypatch.setenv(name, value or "")
        if value is None:
            monkeypatch.delenv(name)
    share_machine()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == expected
    assert 1 <= int(os.environ["OPENBLAS_NUM_THREADS"]) <= max(1, os.cpu_count() // 2)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    share_machine()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "7"


def test_a_single_process_has_the_whole_machine(monkeypatch):
    """Without mpiexec nothing is set."""
    for name, _ in ON_THIS_MACHINE:
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    share_machine()
    assert os.environ == before


class Doubling:
    """mpi4py's communicator of two processes, of which the other has the same arrays."""

    rank, size = 0, 2

    def Allreduce(self, place, numbers):
        numbers *= 2

    def bcast(self, value):
        return value


def install(monkeypatch, standin, nccl):
    """Make `from cupy.cuda import nccl` give this; as in CuPy, nobody else has imported it."""
    module = ModuleType("cupy.cuda")
    module.nccl = nccl
    monkeypatch.setitem(sys.modules, "cupy.cuda", module)


@pytest.mark.parametrize("rank", [0, 1])
def test_processes_on_different_devices(monkeypatch, tmp_path, rank):
    """Where only one of two has a GPU, both are told, before anything is written."""
    world = MPICommunicator(SimpleNamespace(rank=rank, size=2))
    monkeypatch.setattr(distributed, "check_same", lambda *arguments: None)
    world.total = lambda number: number + 1  # the other one has a GPU
    backend.use("cpu")
    with pytest.raises(InputError, match="1 of 2 processes have a GPU, expected all or none"), \
            shared_folder(world, [], tmp_path / "out", ["*"], [], False):
        raise AssertionError
    assert not (tmp_path / "out").exists()


def test_sums_of_gpus_without_nccl(standin, monkeypatch):
    """They go through the CPU, and come back to arrays on the GPU."""
    monkeypatch.setitem(sys.modules, "mpi4py", SimpleNamespace(MPI=SimpleNamespace(IN_PLACE=None)))
    install(monkeypatch, standin, SimpleNamespace(available=False))
    arrays = [standin.asarray(np.full((2, 3), 4, np.float32)), standin.asarray(np.ones((), np.float32))]
    MPICommunicator(Doubling()).all_reduce(arrays)
    assert all(type(array) is standin.ndarray for array in arrays)
    assert to_cpu(arrays[0]).tolist() == [[8] * 3] * 2 and float(arrays[1]) == 2


@pytest.mark.parametrize("dtype, kind, numbers", [(np.float32, "NCCL_FLOAT", 7), (np.float64, "NCCL_DOUBLE", 7),
                                                 (np.complex64, "NCCL_FLOAT", 14)])
def test_sums_of_gpus_by_nccl(standin, monkeypatch, dtype, kind, numbers):
    """NCCL is told the memory, how many numbers of which type are in it, and the stream that made them; one message for all."""
    made, calls = [], []
    link = SimpleNamespace(allReduce=lambda *arguments: calls.append(arguments))
    nccl = SimpleNamespace(available=True, get_unique_id=lambda: "id",
                           NcclCommunicator=lambda *arguments: made.append(arguments) or link,
                           **{name: name for name in ("NCCL_HALF", "NCCL_FLOAT", "NCCL_DOUBLE", "NCCL_SUM")})
    install(monkeypatch, standin, nccl)
    communicator = MPICommunicator(Doubling())
    for _ in range(2):
        communicator.all_reduce([standin.asarray(np.ones((2, 3), dtype)), standin.asarray(np.ones(1, dtype))])
    assert made == [(2, "id", 0)] and len(calls) == 2
    [(source, target, *rest), _] = calls
    assert source == target and rest == [numbers, kind, "NCCL_SUM", standin.cuda.get_current_stream().ptr]
