// Pooling: the maximum or the average of each window, forward and backward (ops/pool.py).
//
// Shapes: x, dx (N, H, W, C), y, dy (N, OH, OW, C). One thread for each value of the result. In the backward pass that is a
// pixel, which reads from every window that covers it: so the order of the sum does not depend on chance.

#include "grid.h"
#include "window.h"

#define MINUS_INFINITY __int_as_float(0xff800000)

// x[n, h, v, c]; outside the image minus infinity, which is never the maximum.
__device__ __forceinline__ float pixel(const float* x, Window w, int C, unsigned n, int h, int v, unsigned c) {
  return on_image(w, h, v) ? x[place(w, C, n, h, v, c)] : MINUS_INFINITY;
}

extern "C" __global__ void __launch_bounds__(256)
max_pool(const float* __restrict__ x, float* __restrict__ y, Window w, int C, int count) {
  EACH(e, count) {
    unsigned n = e, c = take(n, C), ow = take(n, w.OW), oh = take(n, w.OH);
    float best = MINUS_INFINITY;
    for (int i = 0; i < w.KH; ++i)
      for (int j = 0; j < w.KW; ++j) {
        float value = pixel(x, w, C, n, oh * w.SH + i * w.DH - w.top, ow * w.SW + j * w.DW - w.left, c);
        if (value > best || value != value) best = value;  // NaN stays, as in NumPy
      }
    y[e] = best;
  }
}

// Whether no tap before (i, j), row by row, is the maximum too: of equal ones the first wins.
__device__ bool is_first(const float* x, Window w, int C, unsigned n, int oh, int ow, unsigned c, int i, int j, float best) {
  for (int t = 0; t < i * w.KW + j; ++t) {
    int h = oh * w.SH + t / w.KW * w.DH - w.top, v = ow * w.SW + t % w.KW * w.DW - w.left;
    if (pixel(x, w, C, n, h, v, c) == best) return false;
  }
  return true;
}

//     dx[n, h, v, c] = sum of dy over the windows in which this pixel is the maximum
extern "C" __global__ void __launch_bounds__(256)
max_pool_backward(const float* __restrict__ dy, const float* __restrict__ x, const float* __restrict__ y,
                  float* __restrict__ dx, Window w, int C, int count) {
  EACH(e, count) {
    unsigned n = e, c = take(n, C), v = take(n, w.W), h = take(n, w.H);
    float sum = 0.0f;
    for (int i = 0; i < w.KH; ++i) {
      int oh = output_of(h, i, w.SH, w.DH, w.top, w.OH);
      if (oh < 0) continue;
      for (int j = 0; j < w.KW; ++j) {
        int ow = output_of(v, j, w.SW, w.DW, w.left, w.OW);
        if (ow < 0) continue;
        size_t window = (((size_t)n * w.OH + oh) * w.OW + ow) * C + c;
        if (x[e] == y[window] && is_first(x, w, C, n, oh, ow, c, i, j, x[e])) sum += dy[window];
      }
    }
    dx[e] = sum;
  }
}

// Taps of one axis that lie on the image: those i of K for which 0 <= start + i * D < length.
__device__ __forceinline__ int taps_on_image(int start, int taps, int dilation, int length) {
  int count = 0;
  for (int i = 0; i < taps; ++i) count += start + i * dilation >= 0 && start + i * dilation < length;
  return count;
}

// The divisor of the average at (oh, ow): all taps, or those on the image.
__device__ __forceinline__ float pixels_counted(Window w, int oh, int ow, int count_padding) {
  if (count_padding) return w.KH * w.KW;
  return taps_on_image(oh * w.SH - w.top, w.KH, w.DH, w.H) * taps_on_image(ow * w.SW - w.left, w.KW, w.DW, w.W);
}

extern "C" __global__ void __launch_bounds__(256)
average_pool(const float* __restrict__ x, float* __restrict__ y, Window w, int C, int count_padding, int count) {
  EACH(e, count) {
    unsigned n = e, c = take(n, C), ow = take(n, w.OW), oh = take(n, w.OH);
    float sum = 0.0f;
    for (int i = 0; i < w.KH; ++i)
      for (int j = 0; j < w.KW; ++j) {
        int h = (int)(oh * w.SH) + i * w.DH - w.top, v = (int)(ow * w.SW) + j * w.DW - w.left;
        if (on_image(w, h, v)) sum += x[place(w, C, n, h, v, c)];
      }
    y[e] = sum / pixels_counted(w, oh, ow, count_padding);
  }
}

//     dx[n, h, v, c] = sum over the windows that cover this pixel:  dy / pixels counted there
extern "C" __global__ void __launch_bounds__(256)
average_pool_backward(const float* __restrict__ dy, float* __restrict__ dx, Window w, int C, int count_padding, int count) {
  EACH(e, count) {
    unsigned n = e, c = take(n, C), v = take(n, w.W), h = take(n, w.H);
    float sum = 0.0f;
    for (int i = 0; i < w.KH; ++i) {
      int oh = output_of(h, i, w.SH, w.DH, w.top, w.OH);
      if (oh < 0) continue;
      for (int j = 0; j < w.KW; ++j) {
        int ow = output_of(v, j, w.SW, w.DW, w.left, w.OW);
        if (ow >= 0)
          sum += dy[(((size_t)n * w.OH + oh) * w.OW + ow) * C + c] / pixels_counted(w, oh, ow, count_padding);
      }
    }
    dx[e] = sum;
  }
}
