// Adam, with everything that changes from step to step kept on the GPU: a recorded step goes on counting when replayed.
//
// Shapes: w, g, m, v (count,): a parameter, its gradient, the running means of g and g^2. One number each: steps, rates.
//
//     m = b1 m + (1 - b1) g        v = b2 v + (1 - b2) g^2
//     w -= rate * m / (sqrt(v) + epsilon),        rate = learning rate * sqrt(1 - b2^k) / (1 - b1^k)  in step number k

#include "grid.h"

// Once in each step, by one thread: count it and compute its rate. In double: in float, 1 - b2 loses three digits for k = 1.
extern "C" __global__ void __launch_bounds__(256)
adam_rate(long long* __restrict__ steps, const float* __restrict__ learning_rate, float* __restrict__ rate, double beta_1,
          double beta_2, int count) {
  EACH(e, count) {
    double k = (double)++steps[e];
    rate[e] = (float)(learning_rate[e] * sqrt(1.0 - pow(beta_2, k)) / (1.0 - pow(beta_1, k)));
  }
}

// Once for each parameter. Changes w, m and v in place.
extern "C" __global__ void __launch_bounds__(256)
adam(float* __restrict__ w, const float* __restrict__ g, float* __restrict__ m, float* __restrict__ v,
     const float* __restrict__ rate, float beta_1, float beta_2, float rest_1, float rest_2, float epsilon, int count) {
  EACH(e, count) {
    m[e] = beta_1 * m[e] + rest_1 * g[e];         // rest_1 = 1 - beta_1, rest_2 = 1 - beta_2, rounded once
    v[e] = beta_2 * v[e] + rest_2 * g[e] * g[e];
    w[e] -= rate[0] * m[e] / (sqrtf(v[e]) + epsilon);
  }
}
