// LeakyReLU, alone and together with a bias in one pass over memory; with slope 0 it is ReLU.
//
// Shapes: x, y, dy, dx (rows, C), bias (C,). A convolution's y is such a matrix, a row for each pixel.
//
//     y = f(x + b),    f(u) = u where u > 0, else slope * u: `rectify`

#include "grid.h"
#include "channels.h"
#include "leaky_relu.h"

extern "C" __global__ void __launch_bounds__(256)
leaky_relu(const float* __restrict__ x, float* __restrict__ y, float slope, int count) {
  EACH(e, count) y[e] = rectify(x[e], slope);
}

//     dx = dy * f'(x),   f' = 1 where x > 0, else slope
extern "C" __global__ void __launch_bounds__(256)
leaky_relu_backward(const float* __restrict__ dy, const float* __restrict__ x, float* __restrict__ dx, float slope, int count) {
  EACH(e, count) dx[e] = x[e] > 0.0f ? dy[e] : slope * dy[e];
}

// With a bias, in place: y holds x at first, which is not needed afterwards.
extern "C" __global__ void __launch_bounds__(256)
bias_leaky_relu(float* __restrict__ y, const float* __restrict__ bias, float slope, int C, int count) {
  EACH(e, count) y[e] = rectify(y[e] + bias[e % C], slope);
}

//     dx = dy * f'(x + b)        db = sum of dx over the rows
//
// For slopes of at least 0, x + b > 0 exactly where y > 0, so only y has to be kept. While it computes dx, each block sums
// one part of the rows of 32 channels (channels.h); sums (parts, C) holds one sum for each part.
extern "C" __global__ void __launch_bounds__(256)
bias_leaky_relu_backward(const float* __restrict__ dy, const float* __restrict__ y, float* __restrict__ dx,
                         float* __restrict__ sums, float slope, int rows, int C, int part_rows) {
  __shared__ float shared[ROWS][LANES];
  int lane = threadIdx.x % LANES, row = threadIdx.x / LANES, c = blockIdx.x * LANES + lane;
  int begin = blockIdx.y * part_rows, end = min(rows, begin + part_rows);
  float sum = 0.0f;
  for (int r = begin + row; r < end && c < C; r += ROWS) {
    size_t e = (size_t)r * C + c;
    float down = y[e] > 0.0f ? dy[e] : slope * dy[e];
    dx[e] = down;
    sum += down;
  }
  sum = tree(sum, shared, row, lane);
  if (row == 0 && c < C) sums[blockIdx.y * C + c] = sum;
}

// The sums alone: x (rows, C) -> sums (parts, C).
extern "C" __global__ void __launch_bounds__(256)
channel_sums(const float* __restrict__ x, float* __restrict__ sums, int rows, int C, int part_rows) {
  __shared__ float shared[ROWS][LANES];
  int lane = threadIdx.x % LANES, row = threadIdx.x / LANES, c = blockIdx.x * LANES + lane;
  int begin = blockIdx.y * part_rows, end = min(rows, begin + part_rows);
  float sum = 0.0f;
  for (int r = begin + row; r < end && c < C; r += ROWS) sum += x[(size_t)r * C + c];
  sum = tree(sum, shared, row, lane);
  if (row == 0 && c < C) sums[blockIdx.y * C + c] = sum;
}
