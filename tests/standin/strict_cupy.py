"""A strict stand-in for CuPy: the library runs under CuPy's rules on a machine that has no GPU.

NumPy computes. The stand-in checks the rules that NumPy does not have and a GPU does:

  mixing      a device array and a NumPy array cannot be mixed: not in operators, functions, indices, out= or assignments
  conversion  a device array becomes a NumPy array only by .get() or asnumpy(), never by np.asarray
  names       only those that CuPy 14.2 also has (cupy_names.txt)
  keywords    where= and initial= exist only in NumPy
  waiting     float(), bool(), .get(), printing, boolean masks... block the program until the GPU has finished. They are
              counted, and forbidden inside `with forbid_sync():`, because a training step should not wait
  memory      `empty` memory is NaN, so a missing write is detected
  uploads     are counted, including CuPy's implicit ones: lists of indices, tables of addresses
  graphs      memory pools, and the operations that a CUDA graph records and refuses (graphs.py)
  order       a stream must wait before it uses another's results, or writes memory that another has read (streams.py)
  kernels     if g++ is installed, the library's CUDA kernels run, too, with checked arguments and writes (raw_module.py)

Implementation: `ndarray` stores a NumPy array in `_host` and never exposes it. Each call is unwrapped by `on_host`, which
detects NumPy arrays among the arguments, computed by NumPy, and wrapped again by `on_device`. A result is a 0-d array where
NumPy would return a number, and a view shares memory with its base, both as in CuPy.

Stricter than CuPy: a NumPy array as an index, as the indices of `take`, or 0-d in an assignment is refused; CuPy accepts
these, but copies them to the GPU each time. Not modelled: CuPy wraps an index that is out of range (here NumPy
raises), sums in another order, and never warns about a division by zero.
"""
import shutil
import sys
from contextlib import contextmanager
from functools import partial
from operator import attrgetter
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np

from standin import graphs, raw_module, streams

__version__ = "14.2.0 (stand-in)"

NAMES = {line for line in Path(__file__).with_name("cupy_names.txt").read_text().splitlines() if line[0] != "#"}

# The shape of the result depends on the values, or the result is for the host: CuPy waits in these functions.
WAITING = {"nonzero", "flatnonzero", "argwhere", "extract", "compress", "unique", "bincount", "tobytes", "tofile", "dump",
           "dumps"}
JOINING = {"concatenate", "stack", "vstack", "hstack", "dstack", "column_stack"}  # more than eight need a table of addresses

counts = {"uploads": 0, "waits": 0}
_waiting_allowed = True


def wait(what):
    """Called wherever CuPy would wait until the GPU has finished."""
    streams.refuse(what)
    counts["waits"] += 1
    if not _waiting_allowed:
        raise RuntimeError(f"{what} waits for the GPU, inside forbid_sync()")


def upload(what="an upload"):
    """Called wherever CuPy would copy data to the GPU."""
    streams.refuse(what)
    counts["uploads"] += 1


def seen(what, array):
    """The host array, after the current stream has finished its work, as CuPy does before it copies numbers to the host."""
    wait(what)
    streams.do(streams.done, [array._host])
    streams.Streams.current.synchronize()
    return array._host


def wait_for_all():
    """Device.synchronize()."""
    wait("synchronize()")
    for stream in streams.all_streams:
        stream.synchronize()


@contextmanager
def forbid_sync():
    """Inside this block nothing may wait for the GPU."""
    global _waiting_allowed
    before, _waiting_allowed = _waiting_allowed, False
    try:
        yield
    finally:
        _waiting_allowed = before


def each(function, values):
    """A list or tuple with the function applied to its elements."""
    return [*map(function, values)] if isinstance(values, list) else tuple(map(function, values))


def on_host(value):
    """NumPy's argument for `value`; a NumPy array from outside is refused."""
    if isinstance(value, ndarray):
        return value._host
    if isinstance(value, np.ndarray):
        raise TypeError("a NumPy array meets CuPy arrays: move it to the device first")
    return each(on_host, value) if isinstance(value, (list, tuple)) else value


def on_device(value):
    """The caller's result for NumPy's result: arrays, and numbers too, become device arrays."""
    if isinstance(value, (np.ndarray, np.generic)):
        return ndarray(np.asarray(value))
    return each(on_device, value) if isinstance(value, (list, tuple)) else value


def operand(value):
    """Like `on_host`, for arithmetic: NumPy would convert a list to an array there, CuPy does not."""
    if isinstance(value, (list, tuple)):
        raise TypeError(f"CuPy computes with arrays and numbers, not with a {type(value).__name__}")
    return on_host(value)


def call(name, function, *arguments, **options):
    """Call NumPy's function under CuPy's rules."""
    if refused := {"where", "initial"} & set(options):
        raise TypeError(f"{name}: CuPy has no keyword {refused.pop()!r} here")
    if name in WAITING or (name == "where" and len(arguments) == 1):
        wait(name)
    if name in JOINING and isinstance(arguments[0], (list, tuple)) and len(arguments[0]) > 8:
        upload("a table of addresses")
    if name == "take" and any(isinstance(value, (list, tuple)) for value in (*arguments, options.get("indices"))):
        upload("a list of indices")
    unwrap = operand if isinstance(function, np.ufunc) else on_host
    result = graphs.compute(name, function, *map(unwrap, arguments), **{key: unwrap(value) for key, value in options.items()})
    if name in ("allclose", "array_equal", "array_equiv"):
        result = np.asarray(result)  # NumPy returns a bool, CuPy an array whose bool() waits
    return on_device(result) if options.get("out") is None else options["out"]


def host_index(index):
    """The index for NumPy. The added `...` makes x[0] of a vector a view, as in CuPy; NumPy would copy the number."""
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(part, ndarray) and part.dtype == bool for part in parts):
        wait("a boolean mask")  # CuPy needs the number of selected elements
    if any(isinstance(part, list) for part in parts):
        upload("a list of indices")
    ellipsis = () if any(part is Ellipsis for part in parts) else (Ellipsis,)
    return on_host(parts) + ellipsis


class ndarray:
    """An array on the device. `array_module` recognizes it by its `__module__`."""
    __module__ = "cupy"
    __slots__ = ("_host",)
    __hash__ = None

    def __init__(self, host):
        self._host = host

    def __getattr__(self, name):
        """The attributes of CuPy's arrays, except those that expose the memory itself, especially __array_interface__."""
        if f"ndarray.{name}" not in NAMES or name in ("flat", "device"):
            raise AttributeError(f"a CuPy array has no {name!r}, or the stand-in does not offer it")
        found = getattr(self._host, name)
        return partial(call, name, found) if callable(found) else on_device(found)

    data = property(lambda self: SimpleNamespace(ptr=streams.address(self._host)))  # an address without access to the memory

    def __len__(self):
        return len(self._host)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index):
        return ndarray(graphs.compute("__getitem__", self._host.__getitem__, host_index(index)))

    def __setitem__(self, index, value):
        index, value = host_index(index), operand(value)
        streams.do(lambda: self._host.__setitem__(index, value), [*graphs.arrays_in([index, value])], [self._host])

    # These copy numbers to the host and so wait for them, like float(), item() and the other converters below.

    def get(self):
        return seen("get()", self).copy()

    def __repr__(self):
        return repr(seen("printing", self))

    def __format__(self, how):
        return format(seen("printing", self)[()], how)

    # NumPy calls these: to convert an array, to apply a ufunc (np.add), and for all other functions (np.sum).

    def __array__(self, dtype=None, copy=None):
        raise TypeError("a CuPy array does not become a NumPy array unasked: use .get() or asnumpy()")

    def __array_ufunc__(self, ufunc, method, *operands, **options):
        if method != "__call__":
            raise TypeError(f"np.{ufunc.__name__}.{method} does not take CuPy arrays")
        if "out" in options:
            options["out"], = options["out"]
        return find(ufunc.__name__)(*operands, **options)

    def __array_function__(self, function, types, arguments, options):
        name = f"{function.__module__}.{function.__name__}".removeprefix("numpy.")
        return find(name)(*arguments, **options)


def _operator(name, in_place=False):
    def method(self, *others):
        result = graphs.compute(name, getattr(self._host, name), *map(operand, others))
        return self if in_place else on_device(result)
    return method


def _converter(name):
    def method(self):
        return getattr(seen(f"{name.strip('_')}()", self), name)()
    return method


for _name in ("__bool__", "__int__", "__float__", "__complex__", "item", "tolist"):  # no __index__, as in CuPy
    setattr(ndarray, _name, _converter(_name))
for _name in "neg pos abs invert lt le eq ne gt ge".split():
    setattr(ndarray, f"__{_name}__", _operator(f"__{_name}__"))
for _name in "add sub mul truediv floordiv mod divmod pow matmul and or xor lshift rshift".split():
    for _side in ("", "r"):
        setattr(ndarray, f"__{_side}{_name}__", _operator(f"__{_side}{_name}__"))
    if _name not in ("divmod", "matmul"):  # CuPy lacks @=, so Python makes x @= y a new array
        setattr(ndarray, f"__i{_name}__", _operator(f"__i{_name}__", in_place=True))


# The module's own names: first those that only CuPy has or that accept NumPy arrays, then all names that NumPy has, too.

def array(obj, dtype=None):
    """A new device array, from a device array or from numbers on the host."""
    if not isinstance(obj, ndarray):
        upload()
    return ndarray(graphs.compute("array", np.array, obj if isinstance(obj, np.ndarray) else on_host(obj), dtype=dtype))


def asarray(obj, dtype=None):
    """The same, without copying an array that is already on the device."""
    return obj if isinstance(obj, ndarray) and (dtype is None or dtype == obj.dtype) else array(obj, dtype)


def asnumpy(obj):
    return obj.get() if isinstance(obj, ndarray) else np.asarray(obj)


def empty(shape, dtype=float):
    """Uninitialized memory: NaN, if the dtype has it."""
    return ndarray(graphs.keep(np.full(shape, np.nan, dtype) if np.dtype(dtype).kind in "fc" else np.empty(shape, dtype)))


if sys.platform == "linux" and shutil.which("g++"):
    RawModule = raw_module.RawModule

cuda = SimpleNamespace(
    get_current_stream=lambda: streams.Streams.current, Stream=streams.Stream, Event=streams.Event, Graph=streams.Graph,
    get_elapsed_time=streams.get_elapsed_time, MemoryPool=graphs.MemoryPool, using_allocator=graphs.using_allocator,
    Memory=graphs.Memory, MemoryPointer=graphs.MemoryPointer,
    compiler=SimpleNamespace(CompileException=raw_module.CompileException),
    is_available=lambda: True, Device=lambda number=0: SimpleNamespace(id=number, synchronize=wait_for_all),
    runtime=SimpleNamespace(getDeviceCount=lambda: 1, getDeviceProperties=lambda number: {
        "name": b"stand-in", "major": 9, "minor": 0}))


def get_default_memory_pool():
    return graphs.usual_pool


def find(name):
    """`exp` or `linalg.norm`: NumPy's function under CuPy's rules."""
    if name not in NAMES:
        raise AttributeError(f"CuPy 14.2 has no {name!r}")
    found = attrgetter(name)(np)
    if isinstance(found, ModuleType):
        return SubModule(name)
    return partial(call, name, found) if callable(found) and not isinstance(found, type) else found


class SubModule:
    """linalg, fft, lib or lib.stride_tricks."""

    def __init__(self, name):
        self._name = name

    def __getattr__(self, name):
        return find(f"{self._name}.{name}")


def __getattr__(name):
    """Every name that is not defined above, such as cupy.exp."""
    return find(name)
