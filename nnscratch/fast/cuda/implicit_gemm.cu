// A convolution as one matrix product on tensor cores, without writing the columns down: an implicit GEMM.
//
// Shapes: x (N, H, W, C), kernel (K, OC) with K = KH*KW*C, bias (OC,), y (M, OC) with M = N*OH*OW.
//
//     y[m, o] = f(b[o] + sum over k of  columns[m, k] * kernel[k, o]),     f(u) = u where u > 0, else slope * u
//
// The columns are those of im2col (conv.cu), but they are never written to memory: each block loads the piece that it needs
// from the image into shared memory. A block of 256 threads computes 128 x 64 values of y, in steps of 32 along k; each of its
// 8 warps computes 32 x 32, as 2 x 4 tiles of 16 x 8. The factors are rounded to TF32 (10 bits behind the point), the sums are
// float32.
// Needs a GPU of compute capability 8.0 (Ampere) or newer, and x at an address divisible by 16 where C is divisible by 4.

#include "grid.h"
#include "window.h"
#include "leaky_relu.h"

#define TILE_M 128
#define TILE_N 64
#define TILE_K 32
#define PITCH_A (TILE_K + 4)  // rows in shared memory are a little longer than needed: the 8 x 4 values that the 32 threads
#define PITCH_B (TILE_N + 8)  // of a warp read at once are then in 32 different banks

#ifndef ON_CPU  // tests that run this file on a CPU have these two functions in C++
__device__ __forceinline__ float to_tf32(float value) {
  unsigned bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
  return __uint_as_float(bits);
}

// d += a b for tiles of 16 x 8 (a), 8 x 8 (b) and 16 x 8 (d), by the 32 threads of a warp together, each of which holds a few
// numbers of every tile. Thread `lane`, with g = lane / 4 and t = lane % 4, has
//
//     a[0], a[1], a[2], a[3] = A[g, t], A[g + 8, t], A[g, t + 4], A[g + 8, t + 4]
//     b[0], b[1]             = B[t, g], B[t + 4, g]
//     d[0], d[1], d[2], d[3] = D[g, 2t], D[g, 2t + 1], D[g + 8, 2t], D[g + 8, 2t + 1]
//
// Source: NVIDIA, "PTX ISA", section "Matrix fragments for mma.m16n8k8".
__device__ __forceinline__ void multiply_tiles(float (&d)[4], const float (&a)[4], const float (&b)[2]) {
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
               "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])),
                 "r"(__float_as_uint(a[3])), "r"(__float_as_uint(b[0])), "r"(__float_as_uint(b[1])));
}
#endif

// The window of row m: its image, and the pixel under its first tap.
struct FirstTap { unsigned n; int h, v; };

__device__ __forceinline__ FirstTap first_tap(Window w, unsigned m) {
  unsigned ow = take(m, w.OW), oh = take(m, w.OH);
  return {m, (int)(oh * w.SH) - w.top, (int)(ow * w.SW) - w.left};
}

// columns[m, k]; 0 beyond the last k.
__device__ __forceinline__ float column(const float* x, Window w, int C, FirstTap s, unsigned k, int K) {
  if (k >= K) return 0.0f;
  unsigned c = take(k, C), j = take(k, w.KW), i = k;
  int h = s.h + (int)(i * w.DH), v = s.v + (int)(j * w.DW);
  return on_image(w, h, v) ? x[place(w, C, s.n, h, v, c)] : 0.0f;
}

// columns[m, k ... k + 3]: if C is divisible by 4 they are neighbours in memory, and one load reads all four.
__device__ __forceinline__ float4 four_columns(const float* x, Window w, int C, FirstTap s, unsigned k, int K) {
  if (C % 4)
    return make_float4(column(x, w, C, s, k, K), column(x, w, C, s, k + 1, K), column(x, w, C, s, k + 2, K),
                       column(x, w, C, s, k + 3, K));
  if (k >= K) return make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  unsigned c = take(k, C), j = take(k, w.KW), i = k;
  int h = s.h + (int)(i * w.DH), v = s.v + (int)(j * w.DW);
  if (!on_image(w, h, v)) return make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  return *reinterpret_cast<const float4*>(x + place(w, C, s.n, h, v, c));
}

// The grid is (M / 128, OC / 64), both rounded up.
extern "C" __global__ void __launch_bounds__(256)
implicit_gemm(const float* __restrict__ x, const float* __restrict__ kernel, const float* __restrict__ bias,
              float* __restrict__ y, Window w, int C, int OC, int M, float slope) {
  __shared__ float a_tile[TILE_M][PITCH_A];
  __shared__ float b_tile[TILE_K][PITCH_B];
  const int K = w.KH * w.KW * C, first_m = blockIdx.x * TILE_M, first_o = blockIdx.y * TILE_N;
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const int warp_m = warp / 2 * 32, warp_o = warp % 2 * 32;  // where this warp's 32 x 32 numbers begin
  const int fetch_m = threadIdx.x / 8, fetch_k = threadIdx.x % 8 * 4;  // it loads 4 values of every 32nd row, from here

  FirstTap first_taps[4];
  for (int p = 0; p < 4; ++p) first_taps[p] = first_tap(w, min(first_m + fetch_m + 32 * p, M - 1));  // past the end: any row
  float sums[2][4][4] = {};

  for (int k = 0; k < K; k += TILE_K) {
    for (int p = 0; p < 4; ++p) {
      float4 four = four_columns(x, w, C, first_taps[p], k + fetch_k, K);
      float* to = &a_tile[fetch_m + 32 * p][fetch_k];
      to[0] = to_tf32(four.x), to[1] = to_tf32(four.y), to[2] = to_tf32(four.z), to[3] = to_tf32(four.w);
    }
    for (int e = threadIdx.x; e < TILE_K * TILE_N; e += 256) {
      int row = k + e / TILE_N, o = first_o + e % TILE_N;
      b_tile[e / TILE_N][e % TILE_N] = row < K && o < OC ? to_tf32(kernel[(size_t)row * OC + o]) : 0.0f;
    }
    __syncthreads();  // both tiles are complete
    for (int step = 0; step < TILE_K; step += 8) {
      float a[2][4], b[4][2];
      for (int p = 0; p < 2; ++p)
        for (int q = 0; q < 4; ++q) a[p][q] = a_tile[warp_m + 16 * p + g + q % 2 * 8][step + t + q / 2 * 4];
      for (int p = 0; p < 4; ++p)
        for (int q = 0; q < 2; ++q) b[p][q] = b_tile[step + t + q * 4][warp_o + 8 * p + g];
      for (int p = 0; p < 2; ++p)
        for (int q = 0; q < 4; ++q) multiply_tiles(sums[p][q], a[p], b[q]);
    }
    __syncthreads();  // all threads have read them
  }

  for (int q = 0; q < 4; ++q)
    for (int j = 0; j < 2; ++j) {
      int o = first_o + warp_o + 8 * q + 2 * t + j;
      if (o >= OC) continue;
      for (int p = 0; p < 2; ++p)
        for (int i = 0; i < 2; ++i) {
          int m = first_m + warp_m + 16 * p + g + 8 * i;
          if (m < M) y[(size_t)m * OC + o] = rectify(sums[p][q][2 * i + j] + bias[o], slope);
        }
    }
}
