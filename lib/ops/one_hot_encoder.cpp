// OneHotEncoder: a new last axis with 1 at the category of each element; unknown categories give zeros, or an error when zeros is 0.
#include <string>
#include <unordered_map>

#include "ops/helpers.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  const Type& in = c.input(0);
  if (!in.ranked) return c.set_unranked(0, DType::f32);
  std::vector<Dim> dims = in.dims;
  dims.push_back(known_dim(static_cast<int64_t>(std::max(c.node.strings("cats_strings").size(), c.node.ints("cats_int64s").size()))));
  c.set(0, DType::f32, std::move(dims));
}

template <class Key, class F>
void encode(Run& c, const std::vector<Key>& categories, F&& element) {
  const Tensor& x = c.in(0);
  bool zeros = c.node.i("zeros", 1) != 0;
  std::unordered_map<Key, int64_t> place;
  for (const Key& k : categories) place.emplace(k, static_cast<int64_t>(&k - categories.data()));
  Shape shape = x.shape();
  int64_t width = static_cast<int64_t>(categories.size());
  shape.push_back(width);
  Tensor& y = c.out(0, DType::f32, shape);
  float* dst = y.mutable_data<float>();
  std::fill_n(dst, y.size(), 0.0f);
  for (int64_t i = 0; i < x.size(); ++i) {
    auto it = place.find(element(i));
    require(it != place.end() || zeros, Code::invalid_argument, "element ", i, " is of no known category");
    if (it != place.end()) dst[i * width + it->second] = 1;
  }
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  if (x.dtype() == DType::string) encode<std::string>(c, c.node.strings("cats_strings"), [&](int64_t i) { return x.strings()[i]; });
  else encode<int64_t>(c, c.node.ints("cats_int64s"), [&](int64_t i) { return x.integer(i); });
}

}  // namespace

extern const OpDef one_hot_encoder{
    .name = "OneHotEncoder",
    .domain = "ai.onnx.ml",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .since = 1,
};

}  // namespace mo::ops
