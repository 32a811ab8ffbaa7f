# %% [markdown]
# # 18 CPU against GPU
#
# **You will build** a model of time: what a layer can reach at best, what it costs to bring numbers to a GPU and to ask it for
# something, and from which batch size on all that pays. The CPU's half of it you measure here and now.
#
# **You need** notebooks 07 and 17.
#
# **It takes** about an hour and a half with the exercises; the notebook itself runs in some seconds.

# %%
import numpy as np

from nnscratch.bench.machine import best, ceilings
from nnscratch.course import checks, draw, results

# %% [markdown]
# ## Another machine beside yours
#
# A GPU has thousands of multipliers where a CPU has some dozens, and a memory of its own that is ten to a hundred times as
# fast. It is a second computer at the end of a wire, and it does nothing unless it is asked to. So there are three costs: the
# numbers must go there and come back, every step must be asked for, and the step itself takes time.
#
# **When this was written no GPU had run this project**, so there is no measurement of one to show (the last cell looks for some
# all the same). Instead this notebook *models* one, with the numbers below. Change them: they are yours.

# %%
GPU = {"gflops": 19_500,   # 10⁹ FLOP a second in float32; data sheet of an A100 with 40 GB
       "gb_per_s": 1_555,  # of its memory; data sheet
       "link": 32,         # GB/s each way, from the CPU's memory: PCIe 4.0 with 16 lanes, on paper
       "latency": 10e-6,   # seconds until a transfer begins: a guess
       "launch": 10e-6,    # seconds to ask for a kernel: a guess
       "kernel": 3e-6,     # seconds that the shortest kernel takes: a guess
       "reach": 0.3}       # the share of its peak that small layers get: a guess

# %% [markdown]
# A *kernel* is here a program that the GPU runs on many numbers at once (and not the weights of a convolution). Everything
# computed from `GPU` is **a model, not a measurement**.
#
# ## The roofline
#
# A processor has two limits: how many FLOP it does a second, its *peak*, and how many bytes its memory moves a second, its
# *bandwidth*. Which one counts depends on the work. Take a machine with 100 GFLOP/s and 20 GB/s.
#
# - ReLU reads a number of 4 bytes, does one operation, and writes 4 bytes: 1/8 FLOP for each byte. Memory brings 20 billion
#   bytes a second, so there are $20 / 8 = 2.5$ GFLOP/s to be had. The other multipliers wait.
# - A product of two 600 x 600 matrices has $2 \cdot 600^3$ FLOP, and $3 \cdot 600^2$ numbers to move once each: 100 FLOP for a
#   byte. Memory would feed 2000 GFLOP/s, and the multipliers can do 100.
#
# FLOP for each byte are called the *intensity*. In letters:
#
# $$\text{attainable} = \min(\text{peak},\; \text{bandwidth} \cdot \text{intensity})$$

# %%
def attainable(intensity, gflops, gb_per_s):
    return np.minimum(gflops, gb_per_s * intensity)


product = 2 * 600**3 / (4 * 3 * 600**2)
print("ReLU", attainable(1 / 8, 100, 20), "  product", attainable(product, 100, 20), "GFLOP/s")
assert attainable(1 / 8, 100, 20) == 2.5 and attainable(product, 100, 20) == 100

# %% [markdown]
# Drawn over the intensity this is a slope and a flat roof, which gave it its name. They meet at peak / bandwidth: 5 FLOP a byte
# for our machine, $19500 / 1555 \approx 12.5$ for the GPU. The faster the multipliers, the more work for each byte they want.
#
# ### Exercise: the intensity of a convolution
#
# FLOP as in notebook 17, and bytes as few as possible: $x$ and the kernel are read once, $y$ is written once, 4 bytes each.

# %% exercise=intensity
def intensity(x_shape, kernel_shape):
    """(N, H, W, C), (KH, KW, C, OC), stride 1, no padding, float32 -> FLOP for each byte"""
    ...

# %%
checks.intensity(intensity)

# %% [markdown]
# ### Exercise: the least seconds
#
# The same turned around: `flop` operations take so long at the peak, `size` bytes so long through memory, and both happen at
# the same time. `gflops` and `gb_per_s` count in $10^9$.

# %% exercise=roofline_seconds
def roofline_seconds(flop, size, gflops, gb_per_s):
    """The least seconds for so many operations and bytes"""
    ...

# %%
checks.roofline_seconds(roofline_seconds)

# %%
from nnscratch.bench.roofline import ceiling

limits = {"gflops": 100, "gb_per_s": 20}
seconds = ceiling(2 * 600**3, 4 * 3 * 600**2, limits)
print(f"the product takes at least {1e3 * seconds:.2f} ms")
assert np.isclose(2 * 600**3 / seconds / 1e9, attainable(product, **limits))

# %% [markdown]
# ## Your CPU under its roof
#
# `ceilings` measures the two limits, by a large product and by copying a large array; twice, as other programs may hold it
# back. In between some layers of `nnscratch bench` run, forward and backward, each compared with float64 before it is timed.
# (This cell and the others that measure show other numbers on every machine; those stored here come from one thread of a
# machine that others used as well.)

# %% varies
from nnscratch.bench import cases, layers

before = ceilings(np, quick=True)
names = "4x4/2 1->32, 28 px, 64 images", "3x3 3->64, 256 px", "Gram matrix, 256 channels, 64 px"
chosen = [case for case in cases.CASES if case.name in names]
rows = list(layers.run({"NumPy": np}, (), True, chosen))
cpu = {name: max(before[name], now) for name, now in ceilings(np, quick=True).items()}
for row in rows:
    share = ceiling(row["flop"], row["bytes"], cpu) / row["times"]["NumPy"]["wall"]
    print(f"{row['name']:34}{row['way']:9}{row['flop'] / row['bytes']:6.1f} FLOP/byte {share:5.0%}")

# %% varies
per_byte = np.geomspace(0.03, 3000, 200)
roof = attainable(per_byte, GPU["gflops"], GPU["gb_per_s"])
lines = {"this CPU, measured": (per_byte, attainable(per_byte, **cpu)),
         "the GPU, from its data sheet": (per_byte, roof)}
reached = [row["flop"] / 1e9 / row["times"]["NumPy"]["wall"] for row in rows]
points = {"layers on this CPU, measured": ([row["flop"] / row["bytes"] for row in rows], reached)}
draw.curves(lines, "layers under the roofline of this CPU, and a GPU's roofline above it",
            "FLOP for each byte", "GFLOP/s", points, log=True, height=3.6)

# %% [markdown]
# These are products, so they stand under the flat part. Those with one or three input channels mostly stay well below it: their
# matrices are thin. Activations and normalisation would stand far to the left, where only bandwidth helps; so it pays to do
# several of them in one pass. (A dot may lie above the roof: small arrays come from the cache, Winograd saves products, of a
# symmetric product, as the Gram matrix is, NumPy computes one half, and on a busy machine the roof comes out too low.)
#
# ## The wire
#
# A transfer takes a moment to begin, and then so many bytes a second:
#
# $$t = \text{latency} + \frac{\text{bytes}}{\text{bandwidth}}$$
#
# One digit of 28 x 28 has 3136 bytes: 10 µs for the beginning, 0.1 µs for the bytes. Sixty-four photographs of 256 x 256 have
# 50 million: 10 µs, and 1573 µs for the bytes.

# %%
def transfer(size):
    return GPU["latency"] + size / (1e9 * GPU["link"])


def in_micro(seconds):
    return round(1e6 * float(seconds), 1)


for name, size in (("a digit", 4 * 28**2), ("64 photographs", 64 * 4 * 3 * 256**2)):
    print(f"{name:15} {size:10,} bytes  {in_micro(transfer(size)):8,} µs in the model")
assert in_micro(transfer(4 * 28**2)) == 10.1 and in_micro(transfer(64 * 4 * 3 * 256**2)) == 1582.9

# %% [markdown]
# Half of the bandwidth is reached at latency · bandwidth, here 320 thousand bytes. So: few large transfers instead of many
# small ones, and above all none in between. A loss that is printed at every step has to come back at every step.
#
# ## Asking
#
# Even a CPU takes a moment to begin. NumPy doubles arrays of different lengths; this is your machine:

# %% varies
def doubling(length):
    a = np.ones(length, np.float32)
    return 1e6 * best(lambda: a * 2)


lengths = 10**np.arange(7)
draw.curves({"a * 2 in NumPy": (lengths, np.array([doubling(n) for n in lengths]))},
            "microseconds over the length of an array: flat for short ones, then proportional",
            "numbers", "µs", log=True)

# %% [markdown]
# Up to some thousand numbers it hardly matters how many there are. With a GPU that plateau lies higher. But Python need not
# wait: it asks for a kernel, goes on and asks for the next, while the GPU works off the queue. A kernel begins when it has been
# asked for *and* the one before is done.
#
# ### Exercise: the queue
#
# Python asks for kernel 1, 2, 3, ... one after the other, `ask` seconds each. Every kernel computes for `compute` seconds. When
# is the last one done?

# %% exercise=queue_seconds
def queue_seconds(kernels, ask, compute):
    """A whole number of kernels, seconds, seconds -> seconds until the last is done"""
    ...

# %%
checks.queue_seconds(queue_seconds)

# %% [markdown]
# For equal kernels there is a formula. Either the GPU waits for Python, or Python is ahead:
#
# $$T = \max(n \cdot ask + compute,\;\; ask + n \cdot compute)$$
#
# 300 kernels of 2 µs, 10 µs to ask: $\max(3002, 610) = 3002$ µs, and four fifths of the time the GPU does nothing. A training
# step of small layers is like that. The cure is to record the whole step once, as a *graph*, and to ask for it as one:
# $ask + n \cdot compute = 610$ µs. (`nnscratch.fast.cuda.capture` does that.) For kernels of 50 µs a graph changes nothing.

# %%
def queue(n, ask, compute):
    return np.maximum(n * ask + compute, ask + n * compute)


done = 0.0
for k in range(1, 301):
    done = max(k * 10e-6, done) + 2e-6
print("by a loop", in_micro(done), "µs, by the formula", in_micro(queue(300, 10e-6, 2e-6)), "µs")
assert np.isclose(done, queue(300, 10e-6, 2e-6)) and in_micro(10e-6 + 300 * 2e-6) == 610

# %%
compute = np.geomspace(0.5e-6, 100e-6, 100)
single, graph = queue(300, GPU["launch"], compute), GPU["launch"] + 300 * compute
draw.curves({name: (1e6 * compute, 1e3 * seconds)
             for name, seconds in (("one by one", single), ("as a graph", graph))},
            "300 kernels: short ones take as long as asking for them, unless they are a graph",
            "µs a kernel (model)", "ms for 300", log=True)

# %% [markdown]
# ## From which batch size on?
#
# A step on $n$ pictures takes a fixed time and some for each picture, on both: $t(n) = fixed + n \cdot each$. The GPU's fixed
# part is larger, as the same lines of Python run, and ask for kernels besides. Its slope is smaller. So the lines cross where
#
# $$n = \frac{fixed_{GPU} - fixed_{CPU}}{each_{CPU} - each_{GPU}}$$
#
# With 5 and 9 ms fixed and 1 and 0.2 ms a picture: $4 / 0.8 = 5$; at 5 pictures they are equal, from 6 on the GPU is faster.
#
# ### Exercise: the crossover
#
# The smallest batch, a whole number from 1 on, for which the GPU takes *less* time; `np.inf` if there is none.

# %% exercise=crossover
def crossover(fixed_cpu, each_cpu, fixed_gpu, each_gpu):
    """Seconds, all four -> the smallest whole batch for which the GPU is faster, or np.inf"""
    ...

# %%
checks.crossover(crossover)

# %% [markdown]
# A real step: the library's smallest generator and its discriminator, one turn each, measured on this CPU at three batch
# sizes. A straight line through the three gives fixed and each.

# %% varies
from nnscratch.bench import sweep

sizes = np.array([2, 8, 32])
steps = list(sweep.run({"NumPy": np}, True, sizes=[int(n) for n in sizes]))
on_cpu = np.array([row["times"]["NumPy"]["wall"] for row in steps])
each_cpu, fixed_cpu = np.polyfit(sizes, on_cpu, 1)
fixed_cpu, each_cpu = max(fixed_cpu, 0), max(each_cpu, 1e-6)  # other programs can bend the line
print(f"this CPU: {1e3 * fixed_cpu:.1f} ms and {1e3 * each_cpu:.2f} ms an image")

# %% [markdown]
# Now the model of the GPU. The work of a picture: the generator goes forward and back, three products of its size; the
# discriminator sees real and false pictures forward and back, and once more for the generator, eight in all. 300 kernels are
# a guess. Asking for one takes its share of Python's lines, too; a graph is asked for once, and none of those lines runs.

# %%
from nnscratch.networks import gan

G = gan.generator("nano", (28, 28, 1)).multiply_adds((32,))
D = gan.discriminator("nano", (28, 28, 1)).multiply_adds((28, 28, 1))
flop = 2 * (3 * G + 8 * D)
each_gpu = flop / (1e9 * GPU["gflops"] * GPU["reach"]) + 4 * (28 * 28 + 32) / (1e9 * GPU["link"])
print(f"{flop / 1e6:.0f} million FLOP, {1e6 * each_gpu:.1f} µs an image in the model")
assert G == 398_336

# %% varies
x, there_and_back = np.geomspace(1, 256, 60), 2 * GPU["latency"]
ask, compute = GPU["launch"] + fixed_cpu / 300, GPU["kernel"] + x * each_gpu / 300
lines = {"this CPU, measured": fixed_cpu + x * each_cpu,
         "a GPU, model": queue(300, ask, compute) + there_and_back,
         "with a graph, model": GPU["launch"] + 300 * compute + there_and_back}
for name in list(lines)[1:]:
    n = sweep.crossover(x, lines["this CPU, measured"], lines[name])
    print(f"{name}:", "never faster" if n is None else f"faster from {n:.3g} images on")
lines = {name: (x, 1e3 * seconds) for name, seconds in lines.items()}
draw.curves(lines, "milliseconds a step over the batch size: the GPU's lines begin where they "
            "begin and stay flat, the CPU's rises", "images a batch", "ms a step",
            {"measured": (sizes, 1e3 * on_cpu)}, log=True, height=3.6)

# %% [markdown]
# (`sweep.crossover` is the library's: from measured times, where the lines between them meet.) How much of this do you believe?
# The shape: flat, then rising. Not the numbers, not even their first digit: with `launch` guessed twice as large the crossover
# of single kernels lies nearly twice as far. For a network a hundred times larger than this toy *the model* says 1.
#
# ## Amdahl's law
#
# If a share $p$ of the time becomes $s$ times as fast, and the rest stays, the whole is
#
# $$S = \frac{1}{(1 - p) + p / s}$$
#
# times as fast. With $p = 0.9$ and $s = 10$: $1 / (0.1 + 0.09) \approx 5.3$. And with $s = 1000$? Not even 10. Whatever is left
# on the CPU, reading files for instance, soon is all that counts.

# %%
def amdahl(p, s):
    return 1 / ((1 - p) + p / s)


print([round(amdahl(0.9, s), 2) for s in (10, 100, 1000)])
assert round(amdahl(0.9, 10), 1) == 5.3 and amdahl(0.9, 1e9) < 10
s = np.geomspace(1, 1000, 60)
draw.curves({f"p = {p}": (s, amdahl(p, s)) for p in (0.5, 0.9, 0.99)},
            "how much faster the whole becomes: for each share p it ends at 1 / (1 - p)",
            "s, how much faster the part is", "S, the whole", log=True)

# %% [markdown]
# ## And now a real one
#
# This cell looks for results that `nnscratch bench` has measured on a GPU, in `benchmarks/results`, and for a GPU in your
# machine. It shows what it finds, and else says what is missing.

# %% varies
from nnscratch.backend import gpu_status
from nnscratch.bench.report import layer_header, layer_lines

kept, (cupy, reason, remedy) = results.gpu_results(), gpu_status()
for name, report in kept.items():
    print(f"{name} on {report['machine']['gpu']['name']}")
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

# %% [markdown]
# `nnscratch bench -o FOLDER` does all of it, on the CPU and, where there is one, on the GPU: layers, whole steps with and
# without transfers and as a graph, and the crossover from measured times.
#
# ## Questions
#
# 1. What is the intensity of a 1 x 1 convolution with very many channels in and out? And with one each?
# 2. With bytes cut in half (numbers of 16 bits), which layers become faster, and by how much at most?
# 3. Why can a graph not help when every kernel is long?
#
# **Alone:** put the data sheet of your own GPU into `GPU`, or that of a phone. Which conclusions change?
#
# **The course ends here.** Its map is the [index](index.ipynb); the code you have read about is in `nnscratch`.
