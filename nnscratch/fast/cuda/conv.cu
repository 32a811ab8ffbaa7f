// im2col and its adjoint col2im, between an image and the matrix of the pixels under its windows (ops/patches.py).
//
// Shapes: x (N, H, W, C), columns (N*OH*OW, KH*KW*C), one row for each window, C-contiguous. Only the windows first, first + 1,
// ... are written or read, as many as the matrix has rows: the columns of a whole batch need not exist at once.
//
//     columns[window, (i, j, c)] = x[n, oh * SH + i * DH - top, ow * SW + j * DW - left, c], or 0 outside the image

#include "grid.h"
#include "window.h"

// Element e of the columns.
__device__ __forceinline__ float column_value(const float* x, Window w, int C, unsigned first, unsigned e) {
  unsigned c = take(e, C), j = take(e, w.KW), i = take(e, w.KH), n = first + e;  // what is left of e is the window
  unsigned ow = take(n, w.OW), oh = take(n, w.OH);
  int h = (int)(oh * w.SH + i * w.DH) - w.top, v = (int)(ow * w.SW + j * w.DW) - w.left;
  return on_image(w, h, v) ? x[place(w, C, n, h, v, c)] : 0.0f;
}

extern "C" __global__ void __launch_bounds__(256)
im2col(const float* __restrict__ x, float* __restrict__ columns, Window w, int C, unsigned first, int count) {
  EACH(e, count) columns[e] = column_value(x, w, C, first, e);
}

// bfloat16 is the upper half of a float32: the same range, 8 bits of precision. Rounded to the nearest, ties to even;
// NaN must stay NaN, and not become infinite by rounding.
__device__ __forceinline__ unsigned short bf16(float value) {
  unsigned bits = __float_as_uint(value);
  if (value != value) return (unsigned short)(bits >> 16 | 0x40);
  return (unsigned short)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// The same columns in half the bytes: once tensor cores multiply, a convolution spends its time on the columns.
extern "C" __global__ void __launch_bounds__(256)
im2col_bf16(const float* __restrict__ x, unsigned short* __restrict__ columns, Window w, int C, unsigned first, int count) {
  EACH(e, count) columns[e] = bf16(column_value(x, w, C, first, e));
}

// The other factor of the product, rounded in the same way.
extern "C" __global__ void __launch_bounds__(256)
round_to_bf16(const float* __restrict__ x, unsigned short* __restrict__ y, int count) {
  EACH(e, count) y[e] = bf16(x[e]);
}

// The adjoint: every pixel gets the sum of its copies,
//
//     dx[n, h, v, c] += sum over the taps (i, j) through which a window reads it:  columns[that window, (i, j, c)]
//
// Each thread gathers for its own pixel. If each thread scattered its column instead, several would add to one pixel at the
// same time, in an order, and so with a rounding, that differs from run to run.
//
// Here only the windows first ... first + windows - 1 exist. They cover only the `count` values of dx that begin at row
// `first_row` of the images (N*H rows in all): no others are visited.
extern "C" __global__ void __launch_bounds__(256)
col2im(const float* __restrict__ columns, float* __restrict__ dx, Window w, int C, unsigned first, unsigned windows,
       int first_row, int count) {
  size_t start = (size_t)first_row * w.W * C;
  EACH(e, count) {
    unsigned rest = e, c = take(rest, C), v = take(rest, w.W), row = first_row + rest, h = take(row, w.H), n = row;
    float sum = dx[start + e];
    for (int i = 0; i < w.KH; ++i) {
      int oh = output_of(h, i, w.SH, w.DH, w.top, w.OH);
      if (oh < 0) continue;
      for (int j = 0; j < w.KW; ++j) {
        int ow = output_of(v, j, w.SW, w.DW, w.left, w.OW);
        unsigned window = (n * w.OH + oh) * w.OW + ow - first;  // windows before `first` wrap around to huge numbers
        if (ow >= 0 && window < windows) sum += columns[(((size_t)window * w.KH + i) * w.KW + j) * C + c];
      }
    }
    dx[start + e] = sum;
  }
}
