// Batch normalization, forward and backward, two kernels each: the first sums, the second computes the elements.
//
// Shapes: x, y, dy, dx (rows, C); gamma, beta and the statistics (C,). The formulas are those of ops/normalize.py.
//
//     x^ = (x - mean) / sqrt(variance + epsilon)        y = gamma * x^ + beta

#include "channels.h"

// The count of some numbers, their mean, and the sum of (x - mean)^2.
struct Moments { float count, mean, square; };

// The moments of the union of two sets of numbers. If b is a single number, this adds it to a: so x is read once, and no large
// sums are subtracted from each other, as in E[x^2] - E[x]^2, where little but rounding error would remain.
// Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979).
__device__ __forceinline__ Moments combine(Moments a, Moments b) {
  float count = a.count + b.count, weight = count > 0.0f ? b.count / count : 0.0f, difference = b.mean - a.mean;
  return {count, a.mean + weight * difference, a.square + b.square + a.count * weight * difference * difference};
}

// First kernel: the moments of each part of the rows (channels.h). moments (3, parts, C): counts, means, squares.
extern "C" __global__ void __launch_bounds__(256)
batch_norm_moments(const float* __restrict__ x, float* __restrict__ moments, int rows, int C, int part_rows) {
  __shared__ Moments shared[ROWS][LANES];
  int lane = threadIdx.x % LANES, row = threadIdx.x / LANES, c = blockIdx.x * LANES + lane;
  int begin = blockIdx.y * part_rows, end = min(rows, begin + part_rows);
  Moments mine = {0.0f, 0.0f, 0.0f};
  for (int r = begin + row; r < end && c < C; r += ROWS) mine = combine(mine, {1.0f, x[(size_t)r * C + c], 0.0f});
  mine = tree(mine, shared, row, lane);
  if (row == 0 && c < C) {
    int place = blockIdx.y * C + c, all = gridDim.y * C;
    moments[place] = mine.count;
    moments[all + place] = mine.mean;
    moments[2 * all + place] = mine.square;
  }
}

// Second kernel: y. Every block first combines the parts of its channels, each of its 8 rows some of them: reading a few
// hundred numbers from the cache costs less than a third kernel. At inference there is one part: the running statistics.
//
// The first blocks write statistics (4, C): mean, 1 / sqrt(variance + epsilon), and the running mean and variance,
//
//     new = momentum * old + (1 - momentum) * this batch's,    the variance times `correction`
extern "C" __global__ void __launch_bounds__(256)
batch_norm(const float* __restrict__ x, const float* __restrict__ moments, const float* __restrict__ gamma,
           const float* __restrict__ beta, const float* __restrict__ running_mean,
           const float* __restrict__ running_variance, float* __restrict__ y, float* __restrict__ statistics, float epsilon,
           float momentum, float correction, int parts, int rows, int C, int part_rows) {
  __shared__ Moments shared[ROWS][LANES];
  int lane = threadIdx.x % LANES, row = threadIdx.x / LANES, c = blockIdx.x * LANES + lane;
  Moments all = {0.0f, 0.0f, 0.0f};
  for (int p = row; p < parts && c < C; p += ROWS) {
    int place = p * C + c, next = parts * C;
    all = combine(all, {moments[place], moments[next + place], moments[2 * next + place]});
  }
  tree(all, shared, row, lane);
  __syncthreads();  // row 0 has the result for all rows
  all = shared[0][lane];
  if (c >= C) return;
  float variance = all.square / all.count, inverse = 1.0f / sqrtf(variance + epsilon), scale = gamma[c] * inverse;
  if (blockIdx.y == 0 && row == 0) {
    statistics[c] = all.mean;
    statistics[C + c] = inverse;
    statistics[2 * C + c] = momentum * running_mean[c] + (1.0f - momentum) * all.mean;
    statistics[3 * C + c] = momentum * running_variance[c] + (1.0f - momentum) * correction * variance;
  }
  int begin = blockIdx.y * part_rows, end = min(rows, begin + part_rows);
  for (int r = begin + row; r < end; r += ROWS) {
    size_t e = (size_t)r * C + c;
    y[e] = (x[e] - all.mean) * scale + beta[c];
  }
}

// The two sums of the backward pass, of one channel.
struct Sums { float dy, dy_normal; };
__device__ __forceinline__ Sums combine(Sums a, Sums b) { return {a.dy + b.dy, a.dy_normal + b.dy_normal}; }

// Backward, first kernel: dbeta = sum of dy, dgamma = sum of dy * x^, for each part. sums (2, parts, C): dbeta, dgamma.
extern "C" __global__ void __launch_bounds__(256)
batch_norm_backward_sums(const float* __restrict__ dy, const float* __restrict__ x, const float* __restrict__ mean,
                         const float* __restrict__ inverse, float* __restrict__ sums, int rows, int C, int part_rows) {
  __shared__ Sums shared[ROWS][LANES];
  int lane = threadIdx.x % LANES, row = threadIdx.x / LANES, c = blockIdx.x * LANES + lane;
  int begin = blockIdx.y * part_rows, end = min(rows, begin + part_rows);
  Sums mine = {0.0f, 0.0f};
  for (int r = begin + row; r < end && c < C; r += ROWS) {
    size_t e = (size_t)r * C + c;
    mine = combine(mine, {dy[e], dy[e] * (x[e] - mean[c]) * inverse[c]});
  }
  mine = tree(mine, shared, row, lane);
  if (row == 0 && c < C) {
    sums[blockIdx.y * C + c] = mine.dy;
    sums[(gridDim.y + blockIdx.y) * C + c] = mine.dy_normal;
  }
}

// Backward, second kernel: with M rows,
//
//     dx = gamma / sqrt(variance + epsilon) * (dy - dbeta / M - x^ * dgamma / M)
//
// At inference mean and variance are constants, without gradients: `weight` is 1 / M in training, else 0. The blocks share the
// rows as in the other three kernels, so all four have the same limits on sizes.
extern "C" __global__ void __launch_bounds__(256)
batch_norm_backward(const float* __restrict__ dy, const float* __restrict__ x, const float* __restrict__ mean,
                    const float* __restrict__ inverse, const float* __restrict__ gamma, const float* __restrict__ dgamma,
                    const float* __restrict__ dbeta, float* __restrict__ dx, float weight, int rows, int C, int part_rows) {
  int lane = threadIdx.x % LANES, row = threadIdx.x / LANES, c = blockIdx.x * LANES + lane;
  int begin = blockIdx.y * part_rows, end = min(rows, begin + part_rows);
  if (c >= C) return;
  for (int r = begin + row; r < end; r += ROWS) {
    size_t e = (size_t)r * C + c;
    float normal = (x[e] - mean[c]) * inverse[c];
    dx[e] = gamma[c] * inverse[c] * (dy[e] - weight * (dbeta[c] + normal * dgamma[c]));
  }
}
