# %% [markdown]
# # 18 CPU against GPU
#
# A GPU has thousands of multipliers where a core of a CPU has some dozens. Would it train M2 faster? Which of its layers, by
# how much at most, and from which batch size on?
#
# **You will build** a model of time: the least seconds that a layer can take, a queue of GPU programs, and the batch from which
# on a GPU pays. The CPU's half of it you measure here and now. This is milestone M6.
#
# **You need** notebook 17.
#
# **It takes** about an hour and a half with the exercises; the notebook itself runs in a few seconds.

# %%
import numpy as np

from nnscratch.bench.machine import best, ceilings
from nnscratch.course import checks, draw, own, results
from nnscratch.memory import keep_freed_memory

kept = keep_freed_memory()

# %% [markdown]
# ## Two machines
#
# A processor has two limits: how many FLOP it does in a second, its *peak*, and how many bytes its memory moves in a second,
# its [bandwidth](glossary.md#bandwidth-latency-kernel-launch). `ceilings` measures both on your CPU, by a large matrix product
# and by copying a large array. The GPU is described by numbers. Change them: they are yours.

# %%
GPU = {"gflops": 19_500,   # 10⁹ FLOP a second in float32; data sheet of an A100 with 40 GB
       "gb_per_s": 1_555,  # 10⁹ bytes a second of its memory; data sheet
       "link": 32,         # 10⁹ bytes a second each way, from the CPU: PCIe 4.0, 16 lanes, on paper
       "latency": 10e-6,   # seconds until a transfer begins: a guess
       "launch": 10e-6,    # seconds to launch a kernel: a guess
       "kernel": 3e-6,     # seconds that the shortest kernel takes: a guess
       "reach": 0.3}       # the fraction of the peak that small layers reach: a guess

# %% varies
cpu = ceilings(np, quick=True)
draw.dots({name: {"this CPU, measured": cpu[key], "a GPU, data sheet": GPU[key]}
           for name, key in (("FLOP", "gflops"), ("bytes of memory", "gb_per_s"))},
          "peak and bandwidth of this CPU and of a GPU, on a log axis", "10⁹ a second")

# %% [markdown]
# **Figure 18.1.** On paper the GPU is ahead in both, here by a factor of more than ten.
#
# **Everything that is computed from `GPU` is a model, not a measurement.** The last section looks for measurements.
#
# ## The roofline
#
# Take a machine with 100 GFLOP/s and 20 GB/s, and two pieces of work.
#
# - ReLU for $10^9$ values in float32: each is read, takes one operation, and is written. That is $10^9$ FLOP, or 10 ms at the
#   peak, and $8 \cdot 10^9$ bytes, or 400 ms through memory.
# - The product of two 600 x 600 matrices: $2 \cdot 600^3$ FLOP take 4.32 ms. Three matrices, moved once each, are 4.32 million
#   bytes: 0.22 ms.
#
# Computing and moving go on at the same time.
#
# ### Exercise (derive): `roofline_seconds`
#
# How long does it take at least? `gflops` and `gb_per_s` count in $10^9$, `moved` counts bytes.

# %% exercise=roofline_seconds
def roofline_seconds(flop, moved, gflops, gb_per_s):
    """The least seconds for so many operations and bytes"""
    ...

# %%
checks.roofline_seconds(roofline_seconds)

# %%
relu = own.roofline_seconds(1e9, 8e9, 100, 20)
product = own.roofline_seconds(2 * 600**3, 4 * 3 * 600**2, 100, 20)
print(f"ReLU {1 / relu:.1f} GFLOP/s, product {2 * 600**3 / product / 1e9:.0f} GFLOP/s")
assert np.allclose([1 / relu, 2 * 600**3 / product / 1e9, 1e3 * product], [2.5, 100, 4.32])
assert round(1e3 * 4 * 3 * 600**2 / 20e9, 2) == 0.22

# %% [markdown]
# ReLU reaches 2.5 of 100 GFLOP/s: it is *memory-bound*. The product is *compute-bound*. Which one it is depends on a single
# number, the FLOP for each byte that must be moved: the [arithmetic
# intensity](glossary.md#arithmetic-intensity-roofline) $I$. Divide FLOP by the least seconds:
#
# $$\text{attainable FLOP/s} = \min(\text{peak},\; \text{bandwidth} \cdot I)$$
#
# Drawn over $I$ this is a slope and a flat roof, hence *roofline*. They meet at peak / bandwidth: 5 FLOP per byte here,
# $19500 / 1555 \approx 12.5$ for the GPU.

# %%
def attainable(I, gflops, gb_per_s):
    return np.minimum(gflops, gb_per_s * I)


assert np.isclose(attainable(1 / 8, 100, 20), 2.5) and round(19_500 / 1_555, 1) == 12.5
print("ReLU", attainable(1 / 8, 100, 20), "  product", attainable(100, 100, 20), "GFLOP/s")

# %% [markdown]
# ### Exercise (derive): `intensity`
#
# Of a convolution, with as few bytes as possible. A value has `itemsize` bytes, 4 in float32. Count the FLOP with
# `own.conv_flop(x_shape, K_shape)`.

# %% exercise=intensity
def intensity(x_shape, K_shape, itemsize):
    """(N, H, W, C), (KH, KW, C, O), bytes a value; stride 1, no padding -> FLOP per byte"""
    ...

# %%
checks.intensity(intensity)

# %% [markdown]
# ## M2 under the roof
#
# **Predict:** which layers of M2 are memory-bound on your CPU? A dense layer is a 1 x 1 convolution on images of one pixel.
# ReLU has 1/8 FLOP per byte. Max pooling by 2 compares three times for four values read and one written: 3/20.

# %%
shapes = {"convolution 1": ((64, 18, 18, 1), (3, 3, 1, 8)),
          "convolution 2": ((64, 10, 10, 8), (3, 3, 8, 16)),
          "dense": ((64, 1, 1, 256), (1, 1, 256, 10))}
work = {name: (own.conv_flop(*both), own.intensity(*both, 4)) for name, both in shapes.items()}
work |= {"ReLU 1": (64 * 16 * 16 * 8, 1 / 8), "pooling 1": (3 * 64 * 8 * 8 * 8, 3 / 20),
         "512 x 512 product": (2 * 512**3, 2 * 512**3 / (4 * 3 * 512**2))}
for name, (flop, I) in work.items():
    print(f"{name:18}{flop:12,} FLOP {I:6.2f} FLOP per byte")
assert np.allclose([I for _, I in work.values()], [3.88, 20.01, 4.18, 0.125, 0.15, 85.33], 1e-3)

# %% varies
from nnscratch import fast

rng = np.random.default_rng(0)
arrays = {name: [rng.random(shape, np.float32) for shape in both] for name, both in shapes.items()}
y1, square = rng.random((64, 16, 16, 8), np.float32), rng.random((512, 512), np.float32)
calls = {name: lambda pair=pair: fast.conv2d(*pair) for name, pair in arrays.items()}
calls |= {"ReLU 1": lambda: np.maximum(y1, 0), "pooling 1": lambda: fast.max_pool2d(y1, 2),
          "512 x 512 product": lambda: square @ square}
reached = {name: (work[name][1], work[name][0] / best(call) / 1e9) for name, call in calls.items()}
cpu = {name: max(cpu[name], now) for name, now in ceilings(np, quick=True).items()}  # once more
cpu["gflops"] = max(cpu["gflops"], reached["512 x 512 product"][1])  # if others held it back
ridge = cpu["gflops"] / cpu["gb_per_s"]
for name, (_, I) in work.items():
    bound = "memory" if I < ridge else "compute"
    print(f"{name:18}{bound}-bound: {I:.2f} FLOP per byte, the ridge is at {ridge:.2f}")

# %% varies
machines = {"this CPU, measured": (cpu["gflops"], cpu["gb_per_s"]),
            "a GPU, data sheet": (GPU["gflops"], GPU["gb_per_s"])}
draw.roofline(machines, reached,
              "layers of M2 as named dots under the rooflines of this CPU and of a GPU")

# %% [markdown]
# **Figure 18.2.** Each dot but the large product is a layer of M2, computed by the library in float32 on this CPU; the product
# shows how near to the roof one can come.
#
# A dot far below both lines is held back by something else: the time of a call in Python, copies such as im2col's, matrices too
# thin to fill the multipliers. (A dot may also lie above the slope, as small arrays stay in the cache, and on a busy machine
# the roof comes out too low.)
#
# The GPU's roof is higher for all of them. For the memory-bound layers only its bandwidth counts, for the others its peak. But
# the roof counts neither transfers to the GPU nor the start of its programs.
#
# ## Transfers
#
# A GPU has a memory of its own. A transfer takes a moment to begin, its [latency](glossary.md#bandwidth-latency-kernel-launch),
# and then so many bytes a second:
#
# $$\text{time} = \text{latency} + \text{bytes} / \text{bandwidth}$$

# %%
def transfer(size):
    return GPU["latency"] + size / (1e9 * GPU["link"])


for name, size in (("one digit of 16 px", 4 * 16**2), ("64 digits", 64 * 4 * 16**2),
                   ("64 photographs of 256 px", 64 * 4 * 3 * 256**2)):
    print(f"{name:25}{size:11,} bytes {1e6 * transfer(size):9,.1f} µs in the model")
assert round(1e6 * transfer(4 * 16**2), 1) == 10.0 and round(1e6 * transfer(64 * 4 * 16**2)) == 12

# %% [markdown]
# So few large transfers beat many small ones: 64 digits together take hardly longer than one. Best is no transfer at all: a
# loss that is printed at every step is a transfer at every step.
#
# ## Launches
#
# A program that a GPU runs on many values at once is called a *kernel*, too, and starting one a *kernel launch*. Even a CPU
# takes a moment for each call:

# %% varies
lengths = 10**np.arange(7)
ones = [np.ones(length, np.float32) for length in lengths]
draw.curves({"a * 2 in NumPy": (lengths, [1e6 * best(lambda a=a: a * 2) for a in ones])},
            "microseconds against the length of an array: flat for short ones, then proportional",
            "values", "µs", log=True)

# %% [markdown]
# **Figure 18.3.** Up to a few thousand values the length of an array hardly matters: the call itself is what takes time.
#
# With a GPU that plateau lies higher. But Python need not wait. It launches a kernel, goes on and launches the next, while the
# GPU works through the queue, one kernel at a time. A kernel begins when it has been launched *and* the one before is done.
#
# ### Exercise (build): `queue_seconds`
#
# Python launches kernel 1, 2, 3, ... one after the other, `launch` seconds each. Every kernel computes for `compute` seconds.
# When is the last one done?

# %% exercise=queue_seconds
def queue_seconds(kernels, launch, compute):
    """A whole number of kernels, seconds, seconds -> seconds until the last is done"""
    ...

# %%
checks.queue_seconds(queue_seconds)

# %% [markdown]
# 300 kernels of 2 µs with 10 µs for a launch: four fifths of the time the GPU waits. The remedy is to record a whole step once,
# as a *graph*, and to launch it as one. For kernels of 50 µs both take the same time.

# %%
one_by_one, graph = own.queue_seconds(300, 10e-6, 2e-6), 10e-6 + 300 * 2e-6
print(f"one by one {1e6 * one_by_one:.0f} µs, as a graph {1e6 * graph:.0f} µs")
assert np.isclose(one_by_one, 3002e-6) and np.isclose(graph, 610e-6) and 600 / 3002 < 0.2
assert np.isclose(own.queue_seconds(300, 10e-6, 50e-6), 10e-6 + 300 * 50e-6)

# %%
compute = np.geomspace(0.5e-6, 100e-6, 60)
single = np.array([own.queue_seconds(300, GPU["launch"], one) for one in compute])
draw.curves({"one by one": (1e6 * compute, 1e3 * single),
             "as a graph": (1e6 * compute, 1e3 * (GPU["launch"] + 300 * compute))},
            "300 kernels: short ones take as long as their launches, unless they are a graph",
            "µs a kernel (model)", "ms for 300 kernels", log=True)

# %% [markdown]
# **Figure 18.4.** Short kernels take as long as their launches, unless they are launched as a graph; for long ones both are
# equal.
#
# (The library's graph is `nnscratch.fast.cuda.capture`.)
#
# ## From which batch size on?
#
# On both machines a step on $n$ images takes a fixed time, and some more for each image. The GPU's fixed time is longer: the
# same lines of Python run, and they launch kernels besides. Its time for an image is shorter. With 5 and 9 ms fixed, and 1 and
# 0.2 ms an image, both take 10 ms for 5 images, and from 6 on the GPU is faster.
#
# ### Exercise (derive): `crossover`
#
# The smallest batch, a whole number from 1 on, for which the GPU takes *less* time; `np.inf` if there is none.

# %% exercise=crossover
def crossover(fixed_cpu, each_cpu, fixed_gpu, each_gpu):
    """Seconds, all four -> the smallest whole batch for which the GPU is faster, or np.inf"""
    ...

# %%
checks.crossover(crossover)

# %% [markdown]
# Your fast step of notebook 17, measured on this CPU at four batch sizes. The straight line that fits them best has the two
# numbers. (It computes in float64; the GPU of the model in float32.)

# %% varies
sizes, rng = np.array([1, 16, 32, 64]), np.random.default_rng(0)
names, of_params = ("K1", "b1", "K2", "b2", "W3", "b3"), (
    (3, 3, 1, 8), (8,), (3, 3, 8, 16), (16,), (256, 10), (10,))
params = {name: rng.normal(size=shape) for name, shape in zip(names, of_params)}
x, t = rng.random((64, 16, 16, 1)), np.eye(10)[rng.integers(0, 10, 64)]
on_cpu = np.array([best(lambda n=n: own.fast_step(x[:n], t[:n], params)) for n in sizes])
each_cpu, fixed_cpu = np.polyfit(sizes, on_cpu, 1, w=1 / on_cpu)
fixed_cpu, each_cpu = max(fixed_cpu, 0), max(each_cpu, 1e-6)  # other programs can bend the line
print(f"this CPU: {1e3 * fixed_cpu:.2f} ms and {1e3 * each_cpu:.3f} ms an image")

# %% [markdown]
# Now the model of the GPU. A backward pass has two products of the forward pass's size, one for $dx$ and one for $dK$; the
# first convolution needs no $dx$. 40 kernels a step are a guess. Launching a kernel also costs the Python code around it: the
# CPU's fixed time, shared among the 40 kernels. A graph is launched once, without that code.

# %%
KERNELS = 40
forward = [flop / 64 for flop, _ in list(work.values())[:3]]
flop = 2 * forward[0] + 3 * forward[1] + 3 * forward[2]
each_gpu = flop / (1e9 * GPU["gflops"] * GPU["reach"]) + 4 * (16 * 16 + 10) / (1e9 * GPU["link"])
print(f"{flop:,.0f} FLOP and {1e6 * each_gpu:.2f} µs an image in the model")
extra = KERNELS * GPU["launch"] + GPU["kernel"] + 2 * GPU["latency"]  # beyond the CPU's fixed time
assert flop == 531_456 and 1.9 < (extra + KERNELS * GPU["launch"]) / extra < 2

# %% varies
n, both_ways = np.geomspace(1, 1024, 60), 2 * GPU["latency"]
launch = GPU["launch"] + fixed_cpu / KERNELS


def queued(n):
    return own.queue_seconds(KERNELS, launch, GPU["kernel"] + n * each_gpu / KERNELS) + both_ways


fixed_graph = GPU["launch"] + KERNELS * GPU["kernel"] + both_ways
models = {"this CPU, line through the measurements": fixed_cpu + n * each_cpu,
          "a GPU, model": np.array([queued(one) for one in n]),
          "a GPU with a graph, model": fixed_graph + n * each_gpu}
for name, fixed in (("a GPU, model", queued(0)), ("a GPU with a graph, model", fixed_graph)):
    size = own.crossover(fixed_cpu, each_cpu, fixed, each_gpu)
    print(f"{name}: faster from batch size {size:g} on")
draw.curves({name: (n, 1e3 * seconds) for name, seconds in models.items()},
            "milliseconds a step against the batch size: the GPU's stay flat, the CPU's rise",
            "images in a batch", "ms a step", {"measured": (sizes, 1e3 * on_cpu)}, log=True)

# %% [markdown]
# **Figure 18.5.** The CPU's time rises with the batch, the modelled GPU's stays flat: launched one by one, its kernels win
# from some batch size on; as a graph, they can win from one image on.
#
# How much of this do you believe? The shape: flat, then rising. Not the numbers. With `launch` guessed twice as large the
# crossover of single kernels is nearly doubled.
#
# ## Amdahl's law
#
# If a fraction of the time becomes faster by some factor, the gain, and the rest stays, the whole is faster by
# ([Amdahl's law](glossary.md#amdahls-law))
#
# $$\frac{1}{(1 - \text{fraction}) + \text{fraction} / \text{gain}}$$
#
# With 0.9 and a gain of 10: $1 / (0.1 + 0.09) \approx 5.3$. With a gain of 1000? Not even 10. What is left on the CPU, such as
# reading files, soon is all that counts.

# %%
def amdahl(fraction, gain):
    return 1 / ((1 - fraction) + fraction / gain)


assert round(amdahl(0.9, 10), 1) == 5.3 and 9.9 < amdahl(0.9, 1000) < 10
gains = np.geomspace(1, 1000, 60)
draw.curves({f"fraction {one}": (gains, amdahl(one, gains)) for one in (0.5, 0.9, 0.99)},
            "how much faster the whole becomes against the gain of a part: each curve levels off",
            "gain of the part", "gain of the whole", log=True)

# %% [markdown]
# **Figure 18.6.** The gain of the whole levels off: at 2, 10 and 100 for the fractions 0.5, 0.9 and 0.99.
#
# ## More than one machine
#
# A loss is a mean over images, so its gradient is a mean too. Four machines can each take a quarter of the batch, and average
# their gradients: [data parallelism](glossary.md#data-parallelism). With your step of notebook 17:

# %%
rng = np.random.default_rng(1)
x, t = rng.random((64, 16, 16, 1)), np.eye(10)[rng.integers(0, 10, 64)]
whole = own.fast_step(x, t, params)[1]
parts = [own.fast_step(x[k:k + 16], t[k:k + 16], params)[1] for k in range(0, 64, 16)]
assert all(np.allclose(sum(part[name] for part in parts) / 4, whole[name]) for name in names)

# %% [markdown]
# With equal gradients all take equal steps, and their weights stay equal.
#
# How do $n$ machines add up arrays, so that all get the sum? The ring [all-reduce](glossary.md#all-reduce) cuts each array into
# $n$ chunks. At each turn every machine sends a chunk to its right neighbour, which in the first $n - 1$ turns adds it to its
# own, and in the next $n - 1$ keeps it.


# %%
def ring_all_reduce(arrays):
    """n arrays (length,) -> the sum in each, and how many numbers each machine sent at most"""
    n, sent = len(arrays), 0
    chunks = [np.array_split(array.copy(), n) for array in arrays]  # chunks[machine][number]
    for turn in range(2 * n - 2):
        moving = [chunks[k][(k - turn) % n] for k in range(n)]  # all send at the same time
        for k in range(n):
            number, right = (k - turn) % n, (k + 1) % n
            chunks[right][number] = moving[k] + (chunks[right][number] if turn < n - 1 else 0)
        sent += max(map(len, moving))
    return [np.concatenate(parts) for parts in chunks], sent


arrays = [rng.normal(size=1000) for _ in range(4)]
sums, sent = ring_all_reduce(arrays)
assert all(np.allclose(one, sum(arrays)) for one in sums)
print(f"each of 4 machines sent {sent} numbers, to add up {arrays[0].size}")
assert sent == 2 * 3 * 250

# %% [markdown]
# Each machine sends $2 (n - 1) / n$ times the array; with less, not all of them could have the sum.
#
# [Batch normalisation](glossary.md#batch-normalisation) needs more: mean and variance of the whole batch. The mean of the four
# means is right. The mean of the four variances is not: it leaves out how far the means are apart.

# %%
values = rng.normal(size=(4, 16)) + np.arange(4)[:, None]  # 16 values on each of four machines
mean = values.mean(axis=1).mean()
within, right = values.var(axis=1).mean(), ((values - mean)**2).mean(axis=1).mean()
print(f"mean of the variances {within:.2f}, variance of all {values.var():.2f}")
assert np.isclose(mean, values.mean()) and np.isclose(right, values.var())
assert np.isclose(within + values.mean(axis=1).var(), values.var())

# %% [markdown]
# So the library sends two short messages forward, the mean and the mean square around it, and one back. Each costs latency,
# $2 \log_2 n$ times, since MPI passes it up and down a tree. In all, a step of $n$ machines takes about
#
# $$\frac{\text{compute}}{n} + \text{messages} \cdot 2 \log_2 n \cdot \text{latency}
# + \frac{2 (n - 1)}{n} \cdot \frac{\text{bytes}}{\text{bandwidth}}$$

# %%
NETWORK = {  # seconds of latency, bytes a second
    "inside a machine": (5e-6, 300e9), "a fast network": (5e-6, 25e9),
    "an office network": (1e-4, 1e8)}


def step_seconds(n, compute, latency, bandwidth, messages=18, size=3.75e6):
    """Whole number of machines -> seconds; messages and bytes are those of the preset `small`"""
    return compute / n + messages * 2 * np.log2(n) * latency + 2 * (n - 1) / n * size / bandwidth


assert 0.5 / step_seconds(64, 0.5, *NETWORK["a fast network"]) > 50
assert 0.5 / step_seconds(64, 0.5, *NETWORK["an office network"]) < 5
machines = np.array([1, 2, 4, 8, 16, 32, 64])
draw.curves({name: (machines, 0.5 / step_seconds(machines, 0.5, *link))
             for name, link in NETWORK.items()},
            "times as fast against the number of machines: the slower the network, the lower",
            "machines", "times as fast (model)", log=True)

# %% [markdown]
# **Figure 18.7.** Half a second of work. Over a good network 64 machines are more than 50 times as fast; over an office network
# the bytes soon are all that counts.
#
# `mpiexec -n 2 nnscratch train generator` does this, by `nnscratch/shard.py`.
#
# ## And a real one
#
# This cell looks for measurements on a GPU in `benchmarks/results`, made by `nnscratch bench`, and for a GPU in your machine.
# It shows what it finds, or says what is missing.

# %%
from nnscratch.bench import cases, layers

chosen = [cases.conv("M2", "convolution 1 of M2, 64 images", 64, 16, 1, 8, 3),
          cases.conv("M2", "convolution 2 of M2, 64 images", 64, 8, 8, 16, 3)]

# %% varies
from nnscratch.backend import gpu_status
from nnscratch.bench.report import layer_header, layer_lines

kept, (cupy, reason, remedy) = results.gpu_results(), gpu_status()
for name, report in kept.items():
    print(f"measured: {name} on {report['machine']['gpu']['name']}")
    print(layer_header(["NumPy", "CuPy"]))
    for row in report["layers"]:
        print(*layer_lines(row, ["NumPy", "CuPy"], report["machine"]["ceilings"]), sep="\n")
if not kept:
    print("No results of a GPU are kept: bash benchmarks/gpu_run.sh FOLDER makes them, on one.")
if cupy is None:
    print(f"No GPU computes here: {reason}.\nTo get one: {remedy}")
else:
    both, tops = {"NumPy": np, "CuPy": cupy}, {"NumPy": cpu, "CuPy": ceilings(cupy, quick=True)}
    print("here and now", layer_header(list(both)), sep="\n")
    for row in layers.run(both, (), True, chosen):
        print(*layer_lines(row, list(both), tops), sep="\n")

# %% varies
own.who("M6")

# %% [markdown]
# ## Questions
#
# 1. Values of 16 bits have half the bytes. At the same peak, which layers gain, and how much at most?
#
# <details><summary>Answer</summary>
#
# The memory-bound ones, at most a factor of 2. For compute-bound layers nothing changes.
#
# </details>
#
# 2. Why does a graph not help when every kernel is long?
#
# <details><summary>Answer</summary>
#
# The next launches happen while a kernel computes, so the GPU never waits for them.
#
# </details>
#
# 3. A fraction of 0.9 of a step runs on the GPU. What is the largest gain of the whole?
#
# <details><summary>Answer</summary>
#
# 10: the remaining tenth stays, however fast the rest is.
#
# </details>
#
# 4. What is the arithmetic intensity of a 1 x 1 convolution in float32 on very many pixels, with one channel in and out? And
#    with very many channels?
#
# <details><summary>Answer</summary>
#
# 2 FLOP for a value read and one written: 1/4. With $C$ channels in and out it is $2C^2$ FLOP for $2C$ values, so $C/4$.
#
# </details>
#
# **On your own:** put the data sheet of your GPU into `GPU`, or that of a phone. Which conclusions change?
#
# ## References
#
# - Williams, Waterman, Patterson (2009), *Roofline: an insightful visual performance model for multicore architectures*
# - Amdahl (1967), *Validity of the single processor approach to achieving large scale computing capabilities*
# - Patarasuk, Yuan (2009), *Bandwidth optimal all-reduce algorithms for clusters of workstations*
#
# **The course ends here.** Its map is the [index](index.ipynb); the code you have read about is in `nnscratch`.
