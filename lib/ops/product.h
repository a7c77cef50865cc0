// Matrix products with numpy's shape rules, shared by MatMul, Gemm, their integer forms and mo.MatMul.
#pragma once
#include "ops/op.h"

namespace mo::ops {

// numpy.matmul of shapes: vectors gain an axis that the result loses, leading axes broadcast.
struct ProductShape {
  int64_t m = 1, k = 1, n = 1;
  Shape batch;                              // broadcast leading axes
  std::vector<int64_t> a_stride, b_stride;  // of each batch axis, in elements; 0 where broadcast
  Shape out;
};
ProductShape product_shape(const Shape& a, const Shape& b);
void infer_product(Infer& c, size_t a, size_t b, DType dtype);
Cost product_cost(const CostQuery& q, size_t a);

// Calls f(offset into a, offset into b, offset into y) for each matrix of the batch.
template <class F>
void for_each_matrix(const ProductShape& p, F&& f) {
  int64_t count = element_count(p.batch);
  for (int64_t i = 0; i < count; ++i) {
    int64_t a = 0, b = 0, rest = i;
    for (size_t axis = p.batch.size(); axis-- > 0;) {
      int64_t at = rest % p.batch[axis];
      rest /= p.batch[axis];
      a += at * p.a_stride[axis];
      b += at * p.b_stride[axis];
    }
    f(a, b, i * p.m * p.n);
  }
}

// A matrix seen through two strides, so that transposition costs nothing.
template <class T>
struct Matrix {
  const T* data;
  int64_t row, column;
};

// Calls store(i, sums) with the n sums of each row i of a[m, k] * b[k, n].
template <class Acc, class T, class Store>
void multiply(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, Store&& store) {
  std::vector<Acc> sums(static_cast<size_t>(n));
  for (int64_t i = 0; i < m; ++i) {
    std::fill(sums.begin(), sums.end(), Acc(0));
    for (int64_t kk = 0; kk < k; ++kk) {
      Acc v = static_cast<Acc>(a.data[i * a.row + kk * a.column]);
      const T* row = b.data + kk * b.row;
      for (int64_t j = 0; j < n; ++j) sums[static_cast<size_t>(j)] += v * static_cast<Acc>(row[j * b.column]);
    }
    store(i, sums.data());
  }
}

// The type to sum products of T in: double for floats, the unsigned twin for integers (wraps, never undefined).
template <class T>
struct SumOf {
  using type = std::make_unsigned_t<T>;
};
template <>
struct SumOf<float> {
  using type = double;
};
template <>
struct SumOf<double> {
  using type = double;
};

}  // namespace mo::ops
