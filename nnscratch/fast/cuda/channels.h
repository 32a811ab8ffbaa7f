// How a block adds up the rows of a (rows, C) matrix, one result for each channel, always in the same order.
//
// A block is 8 rows of 32 threads. The 32 threads of a row read 32 neighbouring channels, which lie side by side in memory;
// the 8 rows share the work. blockIdx.x says which 32 channels, blockIdx.y which part of the matrix' rows.
// The grid is (C / 32 rounded up, parts); a part is `part_rows` rows long, the last one perhaps shorter.

#define LANES 32
#define ROWS 8

__device__ __forceinline__ float together(float a, float b) { return a + b; }

// The results of the block's 8 rows, two by two, until row 0 has them all: 8 -> 4 -> 2 -> 1. A tree adds in an order that
// does not depend on which thread is first, and rounds less than adding one by one.
template <class Value> __device__ __forceinline__ Value tree(Value mine, Value (*shared)[LANES], int row, int lane) {
  shared[row][lane] = mine;
  for (int half = ROWS / 2; half > 0; half /= 2) {
    __syncthreads();  // what the others have written must be there before it is read
    if (row < half) shared[row][lane] = together(shared[row][lane], shared[row + half][lane]);
  }
  return shared[row][lane];
}
