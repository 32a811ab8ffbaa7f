// Dropout's mask from a counter: random numbers without a state that threads would have to share.
//
// Shapes: mask (count,), calls (1,). mask = 0 with probability `rate`, else `kept`, which is 1 / (1 - rate).
//
// Philox mixes a counter with a key so thoroughly that the results for 1, 2, 3, ... pass tests of randomness. Here the key is
// (seed, number of the call), and counter k + 1 gives the numbers 4 k ... 4 k + 3. NumPy's Philox gives the same bits:
//
//     np.random.Generator(np.random.Philox(key=[seed, calls])).random(count) >= rate
//
// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011), section 3.3, Philox 4x64 with 10 rounds.

#include "grid.h"

typedef unsigned long long Word;

struct Four { Word a, b, c, d; };

// One round: two products of 128 bits; their upper halves are mixed with the key, and all four words change places.
__device__ __forceinline__ Four philox_round(Four x, Word key_1, Word key_2) {
  const Word first = 0xD2E7470EE14C6C93, second = 0xCA5A826395121157;
  return {__umul64hi(second, x.c) ^ x.b ^ key_1, second * x.c, __umul64hi(first, x.a) ^ x.d ^ key_2, first * x.a};
}

__device__ Four philox(Word counter, Word key_1, Word key_2) {
  Four x = {counter, 0, 0, 0};
  for (int round = 0; round < 10; ++round) {
    x = philox_round(x, key_1, key_2);
    key_1 += 0x9E3779B97F4A7C15;  // the golden ratio
    key_2 += 0xBB67AE8584CAA73B;  // sqrt(3) - 1
  }
  return x;
}

// The upper 53 bits of a word as a number in [0, 1).
__device__ __forceinline__ double uniform(Word word) { return (word >> 11) * (1.0 / 9007199254740992.0); }

// One thread for every four values.
extern "C" __global__ void __launch_bounds__(256)
dropout_mask(float* __restrict__ mask, const unsigned long long* __restrict__ calls, unsigned long long seed, double rate,
             float kept, int count) {
  EACH(k, (count + 3) / 4) {
    Four words = philox(k + 1, seed, calls[0]);
    Word four[] = {words.a, words.b, words.c, words.d};
    for (int i = 0; i < 4 && 4 * k + i < (unsigned)count; ++i) mask[4 * k + i] = uniform(four[i]) >= rate ? kept : 0.0f;
  }
}
