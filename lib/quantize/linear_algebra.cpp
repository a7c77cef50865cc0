// Products by oneDNN's sgemm; factorization in double, row by row.
#include "quantize/linear_algebra.h"

#include <dnnl.h>

#include <algorithm>
#include <cmath>

#include "base/clones.h"
#include "base/error.h"
#include "base/threads.h"

namespace mo::quantize {

namespace {

MO_CLONES double dot(const double* a, const double* b, int64_t n) {
  constexpr int k_lanes = 8;
  double sum[k_lanes] = {};
  int64_t body = n / k_lanes * k_lanes;
  for (int64_t i = 0; i < body; i += k_lanes)
    for (int k = 0; k < k_lanes; ++k) sum[k] += a[i + k] * b[i + k];
  double total = 0;
  for (double s : sum) total += s;
  for (int64_t i = body; i < n; ++i) total += a[i] * b[i];
  return total;
}

MO_CLONES void axpy_double(int64_t n, double a, const double* x, double* y) {
  for (int64_t i = 0; i < n; ++i) y[i] += a * x[i];
}

}  // namespace

MO_CLONES void axpy(int64_t n, float a, const float* x, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] += a * x[i];
}

void add_gram(const float* x, int64_t rows, int64_t k, float* gram) { add_product(x, x, rows, k, gram); }

void add_product(const float* a, const float* b, int64_t rows, int64_t k, float* product) {
  require(dnnl_sgemm('T', 'N', k, k, rows, 1, a, k, b, k, 1, product, k) == dnnl_success, Code::internal, "sgemm failed");
}

void multiply(const float* a, const float* b, bool b_transposed, int64_t m, int64_t n, int64_t k, float* c) {
  require(dnnl_sgemm('N', b_transposed ? 'T' : 'N', m, n, k, 1, a, k, b, b_transposed ? k : n, 0, c, n) == dnnl_success, Code::internal,
          "sgemm failed");
}

// With P the reversal of order and P H P = L Lᵀ: H = R Rᵀ, R = P L P upper, so U = R^-1 = P L^-1 P.
std::vector<float> inverse_factor(const std::vector<float>& h, int64_t n, double damp, int threads) {
  std::vector<double> l(static_cast<size_t>(n * n));
  double mean = 0;
  for (int64_t i = 0; i < n; ++i) mean += h[static_cast<size_t>(i * n + i)] / static_cast<double>(n);
  if (!(mean > 0)) mean = 1;
  for (double more = damp;; more *= 10) {
    require(more < 1e6, Code::internal, "the input statistics are not positive definite");
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j <= i; ++j) l[static_cast<size_t>(i * n + j)] = h[static_cast<size_t>((n - 1 - i) * n + (n - 1 - j))];
    for (int64_t i = 0; i < n; ++i) {
      double& d = l[static_cast<size_t>(i * n + i)];
      if (d == 0) d = mean;
      d += more * mean;
    }
    bool ok = true;
    for (int64_t j = 0; j < n && ok; ++j) {
      double* row_j = l.data() + j * n;
      double d = row_j[j] - dot(row_j, row_j, j);
      ok = d > 1e-12 * mean;
      if (!ok) break;
      row_j[j] = std::sqrt(d);
      parallel_for(j + 1, n, int64_t{64}, n - j > 512 ? threads : 1, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i)
          l[static_cast<size_t>(i * n + j)] = (l[static_cast<size_t>(i * n + j)] - dot(l.data() + i * n, row_j, j)) / row_j[j];
      });
    }
    if (ok) break;
  }
  std::vector<double> inverse(static_cast<size_t>(n * n), 0.0);
  for (int64_t i = 0; i < n; ++i) {
    double* row = inverse.data() + i * n;
    for (int64_t k = 0; k < i; ++k) axpy_double(k + 1, -l[static_cast<size_t>(i * n + k)], inverse.data() + k * n, row);
    double d = l[static_cast<size_t>(i * n + i)];
    for (int64_t j = 0; j < i; ++j) row[j] /= d;
    row[i] = 1 / d;
  }
  std::vector<float> u(static_cast<size_t>(n * n), 0.0f);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i; j < n; ++j)
      u[static_cast<size_t>(i * n + j)] = static_cast<float>(inverse[static_cast<size_t>((n - 1 - i) * n + (n - 1 - j))]);
  return u;
}

}  // namespace mo::quantize
