// How a block sums the rows of a (rows, C) matrix, one result for each channel, always in the same order.
//
// A block is 8 rows of 32 threads. The 32 threads of a row read 32 neighbouring channels, which are neighbours in memory;
// the 8 rows share the work. blockIdx.x selects 32 channels, blockIdx.y a part of the matrix' rows.
// The grid is (C / 32 rounded up, parts); a part is `part_rows` rows long, the last one perhaps shorter.

#define LANES 32
#define ROWS 8

__device__ __forceinline__ float combine(float a, float b) { return a + b; }

// Combine the results of the block's 8 rows in pairs, until row 0 has the total: 8 -> 4 -> 2 -> 1. The order of a tree does not
// depend on which thread is first, and it rounds less than adding one by one.
template <class Value> __device__ __forceinline__ Value tree(Value mine, Value (*shared)[LANES], int row, int lane) {
  shared[row][lane] = mine;
  for (int half = ROWS / 2; half > 0; half /= 2) {
    __syncthreads();  // wait until the other threads have written what is read next
    if (row < half) shared[row][lane] = combine(shared[row][lane], shared[row + half][lane]);
  }
  return shared[row][lane];
}
