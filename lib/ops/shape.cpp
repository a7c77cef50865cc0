// Shape: the dimensions of a tensor from `start` to `end` as int64.
#include <algorithm>
#include <limits>

#include "ops/helpers.h"

namespace mo::ops {

namespace {

std::pair<int64_t, int64_t> range_of(const Node& n, int64_t rank) {
  auto place = [&](int64_t v) { return std::clamp<int64_t>(v < 0 ? v + rank : v, 0, rank); };
  int64_t from = place(n.i("start", 0)), to = place(n.i("end", rank));
  return {from, std::max(from, to)};
}

void infer(Infer& c) {
  const Type& in = c.input(0);
  Dim count;
  if (in.ranked) {
    auto [from, to] = range_of(c.node, in.rank());
    count = known_dim(to - from);
  }
  c.set(0, DType::i64, {count});
}

void run(Run& c) {
  const Shape& shape = c.in(0).shape();
  auto [from, to] = range_of(c.node, c.in(0).rank());
  int64_t* dst = c.out(0, DType::i64, {to - from}).mutable_data<int64_t>();
  std::copy(shape.begin() + from, shape.begin() + to, dst);
}

}  // namespace

extern const OpDef shape{
    .name = "Shape",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .flags = k_shape_only,
    .since_of = [](const Node& n,
                   std::span<const Type> in) { return n.has("start") || n.has("end") ? std::max(15, since_dtypes(n, in)) : since_dtypes(n, in); },
};

}  // namespace mo::ops
