// Imputer: replaces the elements equal to one value (NaN included) by a value given for all features or for each.
#include <cmath>

#include "ops/dispatch.h"
#include "ops/helpers.h"

namespace mo::ops {

namespace {

void run(Run& c) {
  const Tensor& x = c.in(0);
  Tensor& y = c.out(0, x.dtype(), x.shape());
  int64_t features = x.rank() == 0 ? 1 : x.dim(-1);
  dispatch(Types<float, double, int64_t, int32_t>{}, x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::vector<T> values;
    T replaced;
    if constexpr (std::is_integral_v<T>) {
      for (int64_t v : c.node.ints("imputed_value_int64s")) values.push_back(static_cast<T>(v));
      replaced = static_cast<T>(c.node.i("replaced_value_int64", 0));
    } else {
      for (float v : c.node.floats("imputed_value_floats")) values.push_back(static_cast<T>(v));
      replaced = static_cast<T>(c.node.f("replaced_value_float", 0));
    }
    require(values.size() == 1 || static_cast<int64_t>(values.size()) == features, Code::format, values.size(), " imputed values for ", features,
            " features");
    const T* src = x.data<T>();
    T* dst = y.mutable_data<T>();
    for (int64_t i = 0; i < x.size(); ++i) {
      bool hit = src[i] == replaced || (src[i] != src[i] && replaced != replaced);
      dst[i] = hit ? values[values.size() == 1 ? 0 : static_cast<size_t>(i % features)] : src[i];
    }
  });
}

}  // namespace

extern const OpDef imputer{
    .name = "Imputer",
    .domain = "ai.onnx.ml",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer_same,
    .run = run,
    .cost = elementwise_cost<1>,
    .since = 1,
};

}  // namespace mo::ops
