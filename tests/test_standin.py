"""The stand-in for CuPy (tests/standin) must refuse what a GPU refuses, allow what it allows, and compute the same values."""
from operator import attrgetter

import numpy as np
import pytest
from standin import strict_cupy as cp

from nnscratch import backend

HOST = np.ones((3, 4), np.float32)

MIXING = {
    "device + host": lambda d: d + HOST,
    "host + device": lambda d: HOST + d,
    "host @ device": lambda d: HOST.T @ d,
    "device += host": lambda d: d.__iadd__(HOST),
    "host += device": lambda d: HOST.__iadd__(d),
    "device == host": lambda d: d == HOST,
    "a function of CuPy's": lambda d: cp.maximum(d, HOST),
    "a function of NumPy's": lambda d: np.concatenate([HOST, d]),
    "a method": lambda d: d.dot(HOST.T),
    "deep in a list": lambda d: cp.stack([d, HOST]),
    "by keyword": lambda d: d.clip(max=HOST),
    "linalg": lambda d: cp.linalg.solve(d[:3, :3], HOST[:3, :3]),
    "out= on the host": lambda d: cp.exp(d, out=HOST),
    "out= on the device": lambda d: np.exp(HOST, out=d),
    "device[...] = host": lambda d: d.__setitem__(0, HOST[0]),
    "host[...] = device": lambda d: HOST.__setitem__(0, d[0]),
    "a host index": lambda d: d[np.array([0, 2])],
    "a host mask": lambda d: d[HOST > 0],
    "an index of take": lambda d: cp.take(d, np.array([0, 2])),
    "a 0-d host array": lambda d: d * np.array(2.0),
}

CONVERSION = {
    "np.asarray": np.asarray,
    "np.array of a list": lambda d: np.array([d]),
    "np.float64": np.float64,
    "a NumPy test": lambda d: np.testing.assert_array_equal(d, HOST),
    "a position": lambda d: range(d[0, 0].astype(int)),
    "the bound of a slice": lambda d: HOST[:d[0, 1].astype(int)],
    "a NumPy reduction": np.add.reduce,
    "a key of a dict": hash,
}

ONLY_NUMPY = {
    "where= in a function": lambda d: cp.sum(d, where=d > 0),
    "where= in a method": lambda d: d.mean(where=d > 0),
    "where= in a ufunc": lambda d: cp.exp(d, where=d > 0),
    "initial=": lambda d: d.max(initial=0),
    "a list as operand": lambda d: d * [1, 2, 3, 4],
    "a tuple as operand": lambda d: cp.maximum((1, 2, 3, 4), d),
    "a list assigned": lambda d: d.__setitem__(0, [1, 2, 3, 4]),
    "an index for item": lambda d: d.item(3),
}

WAITS = {
    "float": lambda d: float(d.sum()),
    "int": lambda d: int(d[0, 0]),
    "bool": lambda d: bool((d > 1).any()),
    "complex": lambda d: complex(d[0, 0]),
    "if": lambda d: 1 if d[0, 0] > 0 else 2,
    "max of Python": lambda d: max(d[0]),
    "allclose": lambda d: bool(cp.allclose(d, d)),
    "item": lambda d: d[0, 0].item(),
    "get": lambda d: d.get(),
    "tolist": lambda d: d.tolist(),
    "asnumpy": lambda d: cp.asnumpy(d),
    "to_cpu": backend.to_cpu,
    "read by a mask": lambda d: d[d > 3],
    "write by a mask": lambda d: d.__setitem__(d > 3, 0),
    "a mask beside a slice": lambda d: d[d[:, 0] > 3, 1:],
    "nonzero": lambda d: d.nonzero(),
    "where with one argument": lambda d: cp.where(d > 3),
    "unique": cp.unique,
    "bincount": lambda d: cp.bincount(d[0].astype(int)),
    "print": str,
    "an f-string": lambda d: f"{d.sum():.3f}",
    "synchronize": lambda d: cp.cuda.Device().synchronize(),
}

DOES_NOT_WAIT = {
    "arithmetic": lambda d: (2 * d - d / 3) ** 2 @ d.T,
    "reductions": lambda d: (d.sum(), d.mean(axis=0), d.max(axis=(0, 1), keepdims=True), d.argmax()),
    "where with three arguments": lambda d: cp.where(d > 3, d, 0),
    "allclose, not yet asked": lambda d: cp.allclose(d, d),
    "indices on the device": lambda d: d[cp.asarray([0, 2])],
    "iterating": lambda d: [row * 2 for row in d],
    "uploading": lambda d: cp.asarray(HOST) + d,
    "metadata": lambda d: (d.shape, d.dtype, d.size, d.ndim, len(d), d.nbytes),
}


UPLOADS = {
    "a list": lambda d: cp.array([1.0, 2.0]),
    "an index in a list": lambda d: d[[0, 2]],
    "an index in a list, to write": lambda d: d.__setitem__([0, 2], 1),
    "a list for take": lambda d: d.take([0, 2]),
    "nine arrays side by side": lambda d: cp.concatenate([d] * 9),
    "nine arrays on each other": lambda d: cp.stack([d] * 9),
}


@pytest.mark.parametrize("name", MIXING)
def test_host_and_device_arrays_cannot_be_mixed(device, name):
    """Every way to mix a NumPy array with a device array raises, whichever is on the left."""
    with pytest.raises(TypeError, match="NumPy array"):
        MIXING[name](device)
    assert np.all(HOST == 1)


@pytest.mark.parametrize("name", CONVERSION)
def test_no_implicit_conversion(device, name):
    """NumPy and Python cannot read the numbers of the stand-in implicitly."""
    with pytest.raises(TypeError):
        CONVERSION[name](device)


@pytest.mark.parametrize("name", ONLY_NUMPY)
def test_numpy_only_arguments_raise(device, name):
    """Keywords and operands that only NumPy accepts are refused."""
    with pytest.raises(TypeError):
        ONLY_NUMPY[name](device)


def test_names_missing_in_cupy_raise(device):
    """Functions, submodules and methods of NumPy that CuPy 14.2 lacks; and random, whose numbers differ."""
    for name in ("nanquantile", "errstate", "strings", "random", "linalg.multi_dot", "lib.format", "no_such_name"):
        with pytest.raises(AttributeError, match=r"CuPy 14\.2 has no"):
            attrgetter(name)(cp)
    for name in ("ctypes", "setflags", "resize", "flat", "__array_interface__", "__index__", "no_such_name"):
        with pytest.raises(AttributeError):
            getattr(device, name)
    with pytest.raises(AttributeError):
        np.nanquantile(device, 0.5)


@pytest.mark.parametrize("name", WAITS)
def test_synchronization_is_counted_and_can_be_forbidden(device, name):
    """An operation that needs a number on the host is counted outside forbid_sync(), and raises inside."""
    before = cp.counts["waits"]
    WAITS[name](device)
    assert cp.counts["waits"] > before
    with pytest.raises(RuntimeError, match="waits for the GPU"), cp.forbid_sync():
        WAITS[name](device)
    WAITS[name](device)  # allowed again


@pytest.mark.parametrize("name", DOES_NOT_WAIT)
def test_asynchronous_work_is_never_forbidden(device, name):
    """The GPU computes while the program continues."""
    with cp.forbid_sync():
        DOES_NOT_WAIT[name](device)


def test_nested_forbid_sync_stays_forbidden(device):
    """Leaving the inner block does not end the outer one."""
    with cp.forbid_sync():
        with cp.forbid_sync():
            pass
        with pytest.raises(RuntimeError):
            float(device.sum())


def test_memory_has_only_an_address(device):
    """A library call gets a pointer; no buffer is exposed. Uninitialized memory is NaN."""
    assert isinstance(device.data.ptr, int) and device[1:].data.ptr == device.data.ptr + 16
    with pytest.raises(TypeError):
        memoryview(device.data)
    assert np.isnan(cp.empty((2, 3), np.float32).get()).all() and np.isnan(cp.empty(4).get()).all()
    assert cp.empty(3, dtype=np.int32).dtype == np.int32


def test_views_share_memory_and_results_do_not(device):
    """Slices, single elements, reshape, transpose, real and as_strided are views of one memory, as in CuPy."""
    device[:, 1::2] += 100
    device[0, 0] = -1
    element, row, turned = device[2, 2], device[1], device.T
    element += 1000
    row[...] = 7
    turned[0, 2] = 5
    assert device.tolist() == [[-1, 101, 2, 103], [7, 7, 7, 7], [5, 109, 1010, 111]]
    columns = cp.lib.stride_tricks.as_strided(device, (2, 2), (16, 8))
    columns *= 0
    z = cp.zeros(2, dtype=complex)
    z.real[...], z.imag[...] = 3, 4
    assert device.tolist()[:2] == [[0, 101, 0, 103], [0, 7, 0, 7]] and z.tolist() == [3 + 4j, 3 + 4j]
    same = device
    same -= 1
    assert same is device and cp.asarray(device) is device
    same @= cp.ones((4, 4))
    assert same is not device  # CuPy has no in-place @=
    copy = device.copy()
    copy += 1
    assert copy[0, 0].item() == 0 and device[0, 0].item() == -1


def test_uploads_copy_and_are_counted():
    """The device has its own memory: a later change of the host array does not affect it."""
    host, before = np.ones(3), cp.counts["uploads"]
    device = cp.asarray(host)
    host[:] = 0
    assert device.tolist() == [1, 1, 1] and cp.counts["uploads"] == before + 1
    back = device.get()
    back[:] = 0
    assert device.tolist() == [1, 1, 1] and cp.array([device, device])[1].tolist() == [1, 1, 1]


@pytest.mark.parametrize("name", UPLOADS)
def test_cupys_implicit_uploads_are_counted(device, name):
    """Lists of indices, and the table of addresses for more than eight arrays; not while a graph is captured."""
    before = cp.counts["uploads"]
    UPLOADS[name](device)
    assert cp.counts["uploads"] == before + 1
    cp.concatenate([device] * 8), device.take(device[0].astype(int) * 0), device[1:, None, 0]
    assert cp.counts["uploads"] == before + 1
    with cp.cuda.Stream() as stream, cp.cuda.using_allocator(cp.cuda.MemoryPool().malloc):
        stream.begin_capture()
        with pytest.raises(RuntimeError, match="not permitted when stream is capturing"):
            UPLOADS[name](device)


def test_a_pool_without_memory_while_a_graph_is_captured(device, monkeypatch):
    """On an out-of-memory error of CUDA, CuPy releases the free blocks of the pool, which the graph may use."""
    monkeypatch.setattr(cp.cuda.Memory, "largest", 100)
    with cp.cuda.Stream() as stream, cp.cuda.using_allocator(cp.cuda.MemoryPool().malloc):
        cp.zeros(10)  # 80 bytes, which become free again
        with pytest.raises(MemoryError, match="Out of memory allocating 7,920 bytes"):
            cp.zeros(1000)
        with pytest.raises(RuntimeError, match="cudaErrorMemoryAllocation"), cp.cuda.using_allocator():
            cp.zeros(1000)
        stream.begin_capture()
        with pytest.raises(AssertionError, match="gives memory back"):
            cp.zeros(1000)


def test_numbers_of_any_kind_mix_with_device_arrays(device):
    """Python numbers and NumPy scalars, on both sides, with NumPy's dtype rules; the result is on the device."""
    for result in (device * 2, 2.0 - device, np.float32(2) * device, device**np.float32(2), -device,
                   abs(device), divmod(device, 2)[0], cp.maximum(device, 0), cp.exp(device),
                   cp.where(device > 1, device, np.float32(0))):
        assert type(result) is cp.ndarray and result.dtype == np.float32
    assert (device * np.float64(2)).dtype == np.float64 and (device * 1j).dtype == np.complex64
    assert device.astype(cp.float16).dtype == cp.float16 is np.float16
    assert (1 - device)[0].tolist() == [1, 0, -1, -2] and (2.0**device)[0].tolist() == [1, 2, 4, 8]


@pytest.mark.parametrize("compute", [
    lambda xp, x: x.sum(), lambda xp, x: x.real.max(axis=-1, keepdims=True), lambda xp, x: x.mean(axis=(0, 1)),
    lambda xp, x: xp.expm1(x) + xp.log1p(x) - xp.tanh(x) * xp.sqrt(x), lambda xp, x: xp.sign(x.real) * xp.abs(x),
    lambda xp, x: xp.concatenate([xp.zeros_like(x), x, xp.ones((1, 4))]), lambda xp, x: xp.stack(xp.split(x, 2, 1)),
    lambda xp, x: xp.pad(x, ((1, 0), (0, 2)), mode="edge"), lambda xp, x: xp.repeat(x, 2, axis=0),
    lambda xp, x: xp.broadcast_to(x[:, None], (3, 2, 4)), lambda xp, x: xp.moveaxis(x[None], 0, -1),
    lambda xp, x: xp.take(x, xp.asarray([2, 0]), axis=1), lambda xp, x: xp.linalg.norm(x), lambda xp, x: xp.fft.fft(x),
    lambda xp, x: xp.linalg.qr(x)[1], lambda xp, x: xp.einsum("ij,kj->ik", x, x), lambda xp, x: x[::-1, [0, 3]],
    lambda xp, x: xp.exp(x, out=xp.empty_like(x)), lambda xp, x: xp.full(2, -xp.inf, dtype=xp.result_type(x, x)),
    lambda xp, x: x.reshape(2, -1).T @ x.reshape(2, -1), lambda xp, x: np.sum(np.exp(x), axis=0),
    lambda xp, x: np.linalg.norm(x), lambda xp, x: np.lib.stride_tricks.sliding_window_view(x, (2, 2)),
])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_results_equal_numpys(compute, dtype):
    """The same line gives the same bits and dtype on both, by CuPy's name, by NumPy's name or as a method."""
    x = (np.arange(12).reshape(3, 4) / 8).astype(dtype)
    expected, result = np.asarray(compute(np, x)), compute(cp, cp.asarray(x))
    assert type(result) is cp.ndarray and result.dtype == expected.dtype
    np.testing.assert_array_equal(result.get(), expected)


def test_the_library_treats_it_as_cupy(device):
    """array_module, gpu_status, use, move and describe_device work with it, without special cases."""
    assert backend.array_module(HOST, device) is cp and backend.array_module(HOST) is np
    assert backend.gpu_status() == (cp, "a product and a kernel ran", "")
    assert backend.use("gpu") == "gpu" and backend.current_module() is cp
    assert backend.describe_device() == "GPU, stand-in, CuPy 14.2.0 (stand-in)"
    np.testing.assert_array_equal(backend.to_cpu(backend.move(HOST, cp)), HOST)
    assert backend.move(device, cp) is device


def test_the_fixture_gives_the_right_module(xp):
    """`import cupy` gives the module under test, and each test starts on the CPU whatever the previous test chose."""
    assert backend._device == "cpu"
    assert backend.array_module(xp.ones(1)) is xp
    if xp is not np:
        import cupy
        assert cupy is xp
        assert backend.use("gpu") == "gpu"
