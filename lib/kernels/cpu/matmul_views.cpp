// Strided views of matrix products and the joining of their axes.
#include "kernels/cpu/matmul_views.h"

namespace mo::kernels {

View dense_view(const Shape& shape) {
  View v;
  v.dims.assign(shape.begin(), shape.end());
  v.strides = onednn::row_major(v.dims);
  return v;
}

View permuted(const View& v, std::span<const int64_t> perm) {
  View out = v;
  for (size_t i = 0; i < perm.size(); ++i) {
    out.dims[i] = v.dims[perm[i]];
    out.strides[i] = v.strides[perm[i]];
  }
  return out;
}

void swap_last(View& v) {
  size_t n = v.dims.size();
  std::swap(v.dims[n - 1], v.dims[n - 2]);
  std::swap(v.strides[n - 1], v.strides[n - 2]);
}

void pad_rank(View& v, size_t rank) {
  while (v.dims.size() < rank) {
    int64_t step = v.dims.empty() ? 1 : v.dims[0] * v.strides[0];
    v.dims.insert(v.dims.begin(), 1);
    v.strides.insert(v.strides.begin(), step);
  }
}

namespace {

// Axes i and i + 1 of v can be one axis of size full[i] * full[i + 1].
bool joins(const View& v, size_t i, const onednn::Dims& full) {
  int64_t p = v.dims[i], q = v.dims[i + 1];
  if (full[i] == 1 || full[i + 1] == 1) return true;  // one of them does not count
  if (p == 1 && q == 1) return true;                  // broadcast along both
  return p == full[i] && q == full[i + 1] && v.strides[i] == v.strides[i + 1] * q;
}

void join(View& v, size_t i) {
  if (v.dims[i + 1] == 1) v.strides[i + 1] = v.strides[i];
  v.dims[i + 1] *= v.dims[i];
  v.dims.erase(v.dims.begin() + static_cast<ptrdiff_t>(i));
  v.strides.erase(v.strides.begin() + static_cast<ptrdiff_t>(i));
}

}  // namespace

void collapse(Product& p) {
  for (size_t i = 0; i + 2 < p.y.dims.size();) {
    const bool into_rows = i + 3 == p.y.dims.size();
    bool ok;
    if (into_rows) {
      ok = p.b.dims[i] == 1 && joins(p.a, i, p.y.dims) && p.a.dims[i] == p.y.dims[i];
    } else {
      ok = joins(p.a, i, p.y.dims) && joins(p.b, i, p.y.dims);
    }
    ok = ok && joins(p.y, i, p.y.dims);
    for (const View& v : p.along) ok = ok && joins(v, i, p.y.dims);
    if (!ok) {
      ++i;
      continue;
    }
    join(p.a, i);
    if (into_rows) {
      p.b.dims.erase(p.b.dims.begin() + static_cast<ptrdiff_t>(i));
      p.b.strides.erase(p.b.strides.begin() + static_cast<ptrdiff_t>(i));
    } else {
      join(p.b, i);
    }
    join(p.y, i);
    for (View& v : p.along) join(v, i);
    i = 0;
  }
}

ProductSpec product_spec(const graph::Node& n) {
  ProductSpec s;
  if (n.is("Gemm")) {
    s.trans_a = n.i("transA", 0) != 0;
    s.trans_b = n.i("transB", 0) != 0;
    s.alpha = n.f("alpha", 1);
    s.beta = n.f("beta", 1);
  } else if (n.is("MatMul", "mo")) {
    s.trans_a = n.i("trans_a", 0) != 0;
    s.trans_b = n.i("trans_b", 0) != 0;
    s.alpha = n.f("alpha", 1);
    s.perm_a = n.ints("perm_a");
    s.perm_b = n.ints("perm_b");
    s.perm_y = n.ints("perm_y");
    s.posts = ops::epilogue(n);
  }
  return s;
}

Product product_of(const ProductSpec& s, const Request& r) {
  Product p;
  p.a = dense_view(r.in(0).shape);
  p.b = dense_view(r.in(1).shape);
  if (!s.perm_a.empty()) p.a = permuted(p.a, s.perm_a);
  if (!s.perm_b.empty()) p.b = permuted(p.b, s.perm_b);
  const bool row = p.a.dims.size() == 1, column = p.b.dims.size() == 1;
  if (row) pad_rank(p.a, 2);
  else if (s.trans_a) swap_last(p.a);
  if (column) {
    p.b.dims.push_back(1);
    p.b.strides.push_back(1);
  } else if (s.trans_b) {
    swap_last(p.b);
  }
  View y = dense_view(r.out().shape);
  if (!s.perm_y.empty()) {
    p.y = y;
    for (size_t i = 0; i < s.perm_y.size(); ++i) {
      p.y.dims[s.perm_y[i]] = y.dims[i];
      p.y.strides[s.perm_y[i]] = y.strides[i];
    }
  } else {
    p.y = y;
    if (column) {
      p.y.dims.push_back(1);
      p.y.strides.push_back(1);
    }
    if (row) {
      size_t at = p.y.dims.size() - 1;
      p.y.dims.insert(p.y.dims.begin() + static_cast<ptrdiff_t>(at), 1);
      p.y.strides.insert(p.y.strides.begin() + static_cast<ptrdiff_t>(at), p.y.dims.back());
    }
  }
  size_t rank = std::max({p.a.dims.size(), p.b.dims.size(), p.y.dims.size()});
  pad_rank(p.a, rank);
  pad_rank(p.b, rank);
  pad_rank(p.y, rank);
  return p;
}

}  // namespace mo::kernels
