// Where a window stands on an image, for convolution and pooling; the fields of Window in ops/window.py, in the same order.
//
// Shapes: x (N, H, W, C), output (N, OH, OW, ...). Output pixel (oh, ow) reads, through tap (i, j), the pixel
//
//     (h, v) = (oh * SH + i * DH - top,  ow * SW + j * DW - left)
//
// if the image has it.

struct Window {
  int H, W, KH, KW, SH, SW, DH, DW, top, bottom, left, right, OH, OW;
};

__device__ __forceinline__ bool on_image(Window w, int h, int v) {
  return h >= 0 && h < w.H && v >= 0 && v < w.W;
}

// For the backward pass, along one axis: which output o reads pixel h through tap i? o * S + i * D - before = h has one
// solution or none (-1): h must be reached by whole strides, and o must exist.
__device__ __forceinline__ int output_of(int h, int i, int stride, int dilation, int before, int outputs) {
  int way = h + before - i * dilation;
  return way >= 0 && way % stride == 0 && way / stride < outputs ? way / stride : -1;
}

// The index of x[n, h, v, c]. In 64 bits: a batch of images can have more values than 32 bits can count.
__device__ __forceinline__ size_t place(Window w, int C, unsigned n, int h, int v, unsigned c) {
  return (((size_t)n * w.H + h) * w.W + v) * C + c;
}
