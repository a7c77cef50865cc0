// A matrix product as strided views: batch axes..., rows, columns; axes that can be joined are joined.
#pragma once
#include "kernels/cpu/onednn.h"
#include "ops/epilogue.h"

namespace mo::kernels {

// dims 1 where an operand is broadcast; strides in elements.
struct View {
  onednn::Dims dims, strides;
  onednn::Desc desc(DType dtype) const { return onednn::strided(dtype, dims, strides); }
  onednn::Desc any(DType dtype) const { return onednn::any(dtype, dims); }
};

View dense_view(const Shape& shape);
View permuted(const View& v, std::span<const int64_t> perm);  // axis i of the result is axis perm[i] of v
void swap_last(View& v);
void pad_rank(View& v, size_t rank);  // prepends axes of size 1

struct Product {
  View a, b, y;             // [batch..., m, k], [batch..., k, n], [batch..., m, n]
  std::vector<View> along;  // operands added to y, broadcast by size-1 axes
  int64_t m() const { return y.dims[y.dims.size() - 2]; }
  int64_t n() const { return y.dims.back(); }
  int64_t k() const { return a.dims.back(); }
};

// What the attributes of MatMul, Gemm or mo.MatMul say.
struct ProductSpec {
  bool trans_a = false, trans_b = false;
  float alpha = 1, beta = 1;
  std::vector<int64_t> perm_a, perm_b, perm_y;
  std::vector<ops::Post> posts;
};
ProductSpec product_spec(const graph::Node& n);
Product product_of(const ProductSpec& s, const Request& r);

// Joins neighbouring batch axes, and batch axes into m when b does not have them.
void collapse(Product& p);

}  // namespace mo::kernels
