// Used by all kernels of this folder: how threads divide the work, and how a flat index is split into axes.

// A grid-stride loop: every thread takes element e, then the one a whole grid further on, until all `count` are done. So any
// number of blocks is correct; more of them only work at the same time.
#define EACH(e, count) \
  for (unsigned e = blockIdx.x * blockDim.x + threadIdx.x; e < (unsigned)(count); e += gridDim.x * blockDim.x)

// The last axis of a flat index: (n * length + i) gives i, and leaves n. Axes are split off from the last to the first.
__device__ __forceinline__ unsigned take(unsigned& index, unsigned length) {
  unsigned rest = index % length;
  index /= length;
  return rest;
}
