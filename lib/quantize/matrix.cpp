// Tensors to matrices and back.
#include "quantize/matrix.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/threads.h"

namespace mo::quantize {

namespace {

struct Split {
  int64_t outer, count, inner;
};

Split split_at(const Shape& shape, int64_t axis) {
  Split s{1, 1, 1};
  if (axis < 0) {
    s.inner = element_count(shape);
    return s;
  }
  MO_ASSERT(axis < static_cast<int64_t>(shape.size()));
  for (int64_t a = 0; a < static_cast<int64_t>(shape.size()); ++a)
    (a < axis ? s.outer : a == axis ? s.count : s.inner) *= shape[static_cast<size_t>(a)];
  return s;
}

// visit(row, column, place in the tensor) for every element; rows are dealt out to threads, and columns whose elements lie far apart in the
// tensor are taken tile by tile.
template <class Visit>
void walk(const Split& s, int threads, const Visit& visit) {
  bool runs = s.inner > 1 || s.outer == 1;
  parallel_for(int64_t{0}, s.count, rows_at_once(s.outer * s.inner), threads, [&](int64_t from, int64_t to) {
    for (int64_t c = from; runs && c < to; ++c)
      for (int64_t o = 0; o < s.outer; ++o)
        for (int64_t i = 0; i < s.inner; ++i) visit(c, o * s.inner + i, (o * s.count + c) * s.inner + i);
    for (int64_t o = 0; !runs && o < s.outer; o += k_tile)
      for (int64_t c = from; c < to; c += k_tile)
        for (int64_t i = o; i < std::min(s.outer, o + k_tile); ++i)
          for (int64_t j = c; j < std::min(to, c + k_tile); ++j) visit(j, i, i * s.count + j);
  });
}

}  // namespace

Matrix rows_of(const Tensor& weights, int64_t axis) {
  Split s = split_at(weights.shape(), axis);
  Matrix m{s.count, s.outer * s.inner, RawVector<float>(static_cast<size_t>(weights.size()))};
  const float* w = weights.data<float>();
  std::atomic<bool> odd = false;
  parallel_for(int64_t{0}, weights.size(), k_elements, available_threads(), [&](int64_t from, int64_t to) {
    if (std::any_of(w + from, w + to, [](float x) { return !std::isfinite(x); })) odd = true;
  });
  require(!odd, Code::invalid_argument, "the weights hold NaN or infinity");
  walk(s, available_threads(), [&](int64_t row, int64_t col, int64_t at) { m.row(row)[col] = w[at]; });
  return m;
}

Tensor tensor_of(const Matrix& m, const Shape& shape, int64_t axis, DType dtype) {
  Split s = split_at(shape, axis);
  Tensor t = Tensor::zeros(dtype, shape);
  int threads = available_threads();
  if (dtype == DType::f32) {
    float* to = t.mutable_data<float>();
    walk(s, threads, [&](int64_t row, int64_t col, int64_t at) { to[at] = m.row(row)[col]; });
  } else if (dtype == DType::i8 || dtype == DType::u8) {
    auto* to = static_cast<uint8_t*>(t.raw_mutable());
    walk(s, threads, [&](int64_t row, int64_t col, int64_t at) { to[at] = static_cast<uint8_t>(static_cast<int>(m.row(row)[col])); });
  } else if (info(dtype).bits == 4 && is_integer(dtype)) {  // two elements share a byte: one thread
    auto* to = static_cast<uint8_t*>(t.raw_mutable());
    walk(s, 1, [&](int64_t row, int64_t col, int64_t at) { packed_set_4(to, at, static_cast<uint8_t>(static_cast<int>(m.row(row)[col])) & 15); });
  } else {
    walk(s, 1, [&](int64_t row, int64_t col, int64_t at) { t.set_number(at, m.row(row)[col]); });
  }
  return t;
}

Matrix real(const Codes& codes) {
  Matrix m = codes.q;
  for (int64_t r = 0; r < m.rows; ++r)
    for (int64_t c = 0; c < m.cols; ++c) {
      auto at = static_cast<size_t>(codes.at(r, c));
      m.row(r)[c] = (m.row(r)[c] - codes.zero[at]) * codes.scale[at];
    }
  return m;
}

Codes Rounded::codes() const { return {{rows, cols, {q.begin(), q.end()}}, block, blocks, scale, zero}; }

}  // namespace mo::quantize
