// MaxPool: the largest element of each window, and optionally where it was (flat index into X; column-major when storage_order is 1).
#include <limits>

#include "ops/pooling.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  infer_pool(c, 0, c.dtype());
  infer_pool(c, 1, DType::i64);
}

// Index in a plane counted with the first spatial axis fastest.
int64_t column_major(int64_t at, const Shape& in) {
  int64_t out = 0, step = 1;
  std::vector<int64_t> position(in.size());
  for (size_t a = in.size(); a-- > 0;) {
    position[a] = at % in[a];
    at /= in[a];
  }
  for (size_t a = 0; a < in.size(); ++a) {
    out += position[a] * step;
    step *= in[a];
  }
  return out;
}

template <class T>
void pool(Run& c, const PoolShape& g, const Tensor& x, T* dst) {
  bool columns = c.node.i("storage_order", 0) != 0;
  int64_t* indices = c.wants(1) ? c.out(1, DType::i64, g.result).mutable_data<int64_t>() : nullptr;
  const T* src = x.data<T>();
  for_each_window(g, [&](int64_t plane, int64_t o, std::span<const int64_t> taps, int64_t) {
    T best = std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::lowest();
    int64_t where = taps.empty() ? -1 : taps[0];
    for (int64_t i : taps) {
      T v = src[plane * g.in_plane + i];
      if (v > best) {
        best = v;
        where = i;
      }
    }
    dst[plane * g.out_plane + o] = best;
    if (indices) indices[plane * g.out_plane + o] = where < 0 ? -1 : plane * g.in_plane + (columns ? column_major(where, g.in) : where);
  });
}

void run(Run& c) {
  DType dtype = c.dtype();
  PoolShape g = pool_shape(c.node, c.in(0).shape());
  if (dtype == DType::i8) return pool<int8_t>(c, g, c.in(0), c.out(0, dtype, g.result).mutable_data<int8_t>());
  if (dtype == DType::u8) return pool<uint8_t>(c, g, c.in(0), c.out(0, dtype, g.result).mutable_data<uint8_t>());
  with_float(dtype, [&](auto zero) {
    using T = decltype(zero);
    Result<T> y(c, 0, dtype, g.result);
    pool<T>(c, g, as<T>(c.in(0)), y.data());
    y.finish();
  });
}

int since(const Node& n, std::span<const Type> in) {
  DType d = in.empty() ? DType::undefined : in[0].dtype;
  if (d == DType::bf16) return 22;
  if (d == DType::i8 || d == DType::u8) return 12;
  if (n.i("ceil_mode", 0) || n.has("dilations")) return 10;
  return n.outputs.size() > 1 ? 8 : 7;
}

}  // namespace

extern const OpDef max_pool{.name = "MaxPool",
                            .min_inputs = 1,
                            .max_inputs = 1,
                            .max_outputs = 2,
                            .infer = infer,
                            .run = run,
                            .cost = pool_cost,
                            .since = 7,
                            .since_of = since};

}  // namespace mo::ops
