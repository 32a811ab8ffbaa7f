// (Leaky) ReLU, for every kernel that ends with one. Slope 0 is ReLU, slope 1 changes nothing.
//
//     rectify(u) = u where u > 0, else slope * u

__device__ __forceinline__ float rectify(float u, float slope) {
  if (u > 0.0f) return u;
  return slope == 0.0f && u == u ? 0.0f : slope * u;  // 0 * infinity is NaN, but ReLU of -infinity is 0
}
