// CUDA C++ on a CPU: with this header in front, g++ compiles the text of a .cu file, and its kernels can be tested.
//
// Blocks run one after another. Within a block, threads of a kernel without barriers are a plain loop. Otherwise each thread is
// a fiber: it runs until its next barrier, then the next one does. A warp, once begun, goes on as long as it can without the
// others: what they have not written yet, or still want to read, is then wrong. `order` says who is first; a kernel whose
// result depends on it has a barrier too few.
//
//     0 first to last     1 last to first     2 and above at random, by that seed
//
// Shared memory is full of NaN when a block begins, between two guard zones which must be untouched when it ends.
//
// There is what the kernels use, no more: no dynamic shared memory, no votes, no atomics, no textures. Nothing here says
// anything about speed, or about what threads of different warps see of each other's writes without a barrier.
#pragma once
#define ON_CPU
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define __global__
#define __device__ static
#define __forceinline__ inline

struct Three { unsigned x, y, z; };
struct alignas(16) float4 { float x, y, z, w; };  // read in one piece, from such addresses alone
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
static inline int min(int a, int b) { return a < b ? a : b; }
static inline int max(int a, int b) { return a > b ? a : b; }
static inline unsigned __float_as_uint(float value) { unsigned bits; memcpy(&bits, &value, 4); return bits; }
static inline float __uint_as_float(unsigned bits) { float value; memcpy(&value, &bits, 4); return value; }
static inline float __int_as_float(int bits) { return __uint_as_float((unsigned)bits); }
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)((unsigned __int128)a * b >> 64);
}

static Three threadIdx, blockIdx, blockDim, gridDim;

namespace cpu {

enum Result { FINE, DIVERGENT, SHARED_OVERRUN, UNEXPECTED_BARRIER };
enum State { RUNS, AT_BLOCK, AT_WARP, DONE };
const int MOST_THREADS = 1024, STACK = 64 << 10, GUARD = 4096, MOST_SHARED = 16;

struct Fiber { ucontext_t context; State state; char* stack; };
static Fiber fibers[MOST_THREADS];
static ucontext_t scheduler;
static int current, threads;     // which thread runs, and how many a block has
static bool with_fibers;
static void (*body)();           // the kernel with its arguments

// --- shared memory: made fresh by the first thread of a block that comes to its declaration ---

struct Shared { char* start; size_t before, size, total; };
static Shared shared[MOST_SHARED];
static int shared_count;

static void fresh(void* start, size_t before, size_t size, size_t total) {
  for (int i = 0; i < shared_count; ++i) if (shared[i].start == start) return;
  memset(start, 0xFF, total);  // as floats: no numbers
  shared[shared_count++] = {(char*)start, before, size, total};
}

static bool guards_untouched() {
  for (int i = 0; i < shared_count; ++i)
    for (size_t k = 0; k < shared[i].total; ++k) {
      if (k == shared[i].before) k += shared[i].size;
      if (shared[i].start[k] != (char)0xFF) return false;
    }
  return true;
}

// --- threads ---

static void become(int thread) {
  current = thread;
  threadIdx = {thread % blockDim.x, thread / blockDim.x % blockDim.y, thread / (blockDim.x * blockDim.y)};
}

struct Unexpected {};

static void wait(State state) {
  if (!with_fibers) throw Unexpected();
  fibers[current].state = state;
  swapcontext(&fibers[current].context, &scheduler);
}

static void run_fiber() {
  body();
  fibers[current].state = DONE;
  swapcontext(&fibers[current].context, &scheduler);
}

static bool all(State state, const int* some, int length) {
  for (int i = 0; i < length; ++i) if (fibers[some[i]].state != state) return false;
  return true;
}

static void wake(const int* some, int length) { for (int i = 0; i < length; ++i) fibers[some[i]].state = RUNS; }

// A warp, until its threads wait for other warps or are done. False where some wait for others of the same warp, in vain.
static bool run_warp(const int* warp, int length) {
  for (;;) {
    for (int i = 0; i < length; ++i)
      if (fibers[warp[i]].state == RUNS) become(warp[i]), swapcontext(&scheduler, &fibers[warp[i]].context);
    if (!all(AT_WARP, warp, length)) break;
    wake(warp, length);
  }
  for (int i = 0; i < length; ++i) if (fibers[warp[i]].state == AT_WARP) return false;
  return true;
}

static Result run_block(const int* order) {
  if (!with_fibers) {
    for (int i = 0; i < threads; ++i) become(order[i]), body();
    return FINE;
  }
  for (int t = 0; t < threads; ++t) {
    Fiber& fiber = fibers[t];
    if (!fiber.stack) fiber.stack = (char*)malloc(STACK);
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack, fiber.context.uc_stack.ss_size = STACK, fiber.state = RUNS;
    makecontext(&fiber.context, run_fiber, 0);
  }
  for (;;) {
    for (int i = 0, length; i < threads; i += length) {
      for (length = 1; i + length < threads && order[i + length] / 32 == order[i] / 32;) ++length;
      if (!run_warp(order + i, length)) return DIVERGENT;
    }
    if (all(DONE, order, threads)) return FINE;
    if (!all(AT_BLOCK, order, threads)) return DIVERGENT;  // some wait for others that will never come
    wake(order, threads);
  }
}

static void arrange(int* order, int length, int how) {
  for (int i = 0; i < length; ++i) order[i] = how == 1 ? length - 1 - i : i;
  unsigned long long state = how;
  for (int i = length - 1; how > 1 && i > 0; --i) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    int j = (state >> 33) % (i + 1), moved = order[i];
    order[i] = order[j], order[j] = moved;
  }
}

static int launch(const unsigned* grid, const unsigned* block, int how, bool has_barriers, void (*kernel)()) {
  gridDim = {grid[0], grid[1], grid[2]}, blockDim = {block[0], block[1], block[2]};
  body = kernel, with_fibers = has_barriers, threads = block[0] * block[1] * block[2];
  int order[MOST_THREADS], warps[MOST_THREADS], lanes[32], found = 0, blocks = grid[0] * grid[1] * grid[2];
  arrange(warps, (threads + 31) / 32, how);
  arrange(lanes, 32, how);
  for (int i = 0; i < (threads + 31) / 32 * 32; ++i) {
    int thread = warps[i / 32] * 32 + lanes[i % 32];
    if (thread < threads) order[found++] = thread;
  }
  for (int i = 0; i < blocks; ++i) {
    unsigned b = how == 1 ? blocks - 1 - i : i;
    blockIdx = {b % gridDim.x, b / gridDim.x % gridDim.y, b / (gridDim.x * gridDim.y)};
    shared_count = 0;
    try {
      Result result = run_block(order);
      if (result != FINE) return result;
    } catch (Unexpected) { return UNEXPECTED_BARRIER; }
    if (!guards_untouched()) return SHARED_OVERRUN;
  }
  return FINE;
}

}  // namespace cpu

// What `__shared__ type name[..]...;` is turned into.
#define SHARED(type, name, sizes)                                                                     \
  struct Shared_##name { char before[cpu::GUARD]; type it sizes; char after[cpu::GUARD]; };           \
  alignas(256) static Shared_##name shared_##name;                                                    \
  cpu::fresh(&shared_##name, offsetof(Shared_##name, it), sizeof shared_##name.it, sizeof shared_##name); \
  auto& name = shared_##name.it

static inline void __syncthreads() { cpu::wait(cpu::AT_BLOCK); }
static inline void __syncwarp(unsigned = 0xffffffffu) { cpu::wait(cpu::AT_WARP); }

// --- what the 32 threads of a warp do together: each leaves its numbers, waits for the others, and takes theirs ---

namespace cpu {
typedef float Lanes[32][8];                    // a few numbers of each thread
static Lanes left_here[MOST_THREADS / 32][2];  // two sets in turn, so that a slow thread can still read the last one
static bool turn[MOST_THREADS];

static Lanes& exchange(const float* mine, int length) {
  Lanes& lanes = left_here[current / 32][turn[current]];
  turn[current] = !turn[current];
  memcpy(lanes[current % 32], mine, length * sizeof(float));
  wait(AT_WARP);
  return lanes;
}
}  // namespace cpu

static inline float __shfl_xor_sync(unsigned, float value, int mask) {
  return cpu::exchange(&value, 1)[(cpu::current % 32) ^ mask][0];
}
static inline float __shfl_down_sync(unsigned, float value, int by) {
  int lane = cpu::current % 32;
  return cpu::exchange(&value, 1)[lane + by < 32 ? lane + by : lane][0];
}

// cvt.rna.tf32.f32: to the nearest number with 10 bits behind the point, away from zero between two.
static inline float to_tf32(float value) { return __uint_as_float((__float_as_uint(value) + 0x1000u) & ~0x1fffu); }

// mma.sync.m16n8k8: d += a b, by which thread holds which numbers (implicit_gemm.cu). Tensor cores round the sums in a way
// NVIDIA does not tell; here they are made in double. Bits below TF32 are cut off, as tensor cores ignore them.
static inline void multiply_tiles(float (&d)[4], const float (&a)[4], const float (&b)[2]) {
  float mine[6] = {a[0], a[1], a[2], a[3], b[0], b[1]};
  for (float& value : mine) value = __uint_as_float(__float_as_uint(value) & ~0x1fffu);
  int lane = cpu::current % 32;
  cpu::Lanes& lanes = cpu::exchange(mine, 6);
  for (int i = 0; i < 4; ++i) {
    int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
    double sum = d[i];
    for (int k = 0; k < 8; ++k)
      sum += (double)lanes[row % 8 * 4 + k % 4][row / 8 + k / 4 * 2] * lanes[column * 4 + k % 4][4 + k / 4];
    d[i] = (float)sum;
  }
}
