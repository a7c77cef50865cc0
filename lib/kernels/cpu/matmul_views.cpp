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

}  // namespace mo::kernels
