// Dropout: the identity unless training_mode is true; then each element is zeroed with probability `ratio` and the rest scaled by 1 / (1 - ratio).
#include <random>

#include "base/random.h"
#include "ops/compute.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  same_type(c);
  if (!c.wants(1)) return;
  c.output(1) = c.input(0);
  c.output(1).dtype = DType::boolean;
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  auto scalar = [&](size_t i, double fallback) {
    if (!c.has(i)) return fallback;
    require(c.in(i).size() == 1, Code::shape, "input ", i, " has shape ", c.in(i).shape(), ", wants a scalar");
    return c.in(i).number();
  };
  double ratio = scalar(1, 0.5);
  require(ratio >= 0 && ratio < 1, Code::invalid_argument, "ratio ", ratio, " is outside [0, 1)");
  bool active = scalar(2, 0) != 0 && ratio > 0;
  bool* mask = c.wants(1) ? c.out(1, DType::boolean, x.shape()).mutable_data<bool>() : nullptr;
  if (!active) {
    for (int64_t i = 0; mask && i < x.size(); ++i) mask[i] = true;
    return c.out(0, Datum(x));
  }
  // One stream per seed, as numpy's legacy generator draws it, so that a seed means the same in the specification's tests.
  std::mt19937 own(static_cast<uint32_t>(c.node.i("seed", 0)));
  if (!c.node.has("seed") && c.random) own.seed(static_cast<uint32_t>(c.random->next()));
  Tensor& y = c.out(0, x.dtype(), x.shape());
  void* dst = y.raw_mutable();
  double scale = 1 / (1 - ratio);
  for (int64_t i = 0; i < x.size(); ++i) {
    uint32_t high = own() >> 5, low = own() >> 6;
    double u = (high * 67108864.0 + low) / 9007199254740992.0;
    bool keep = u >= ratio;
    if (mask) mask[i] = keep;
    store_number(x.dtype(), dst, i, keep ? load_number(x.dtype(), x.raw(), i) * scale : 0.0);
  }
}

int since(const Node&, std::span<const Type> in) {
  if (!in.empty() && (in[0].dtype == DType::bf16)) return 13;
  return 12;
}

}  // namespace

// Only random in training mode; passes look at input 2 before folding.
extern const OpDef dropout{.name = "Dropout",
                           .min_inputs = 1,
                           .max_inputs = 3,
                           .max_outputs = 2,
                           .infer = infer,
                           .run = run,
                           .flags = k_random | k_shares,
                           .since = 12,
                           .since_of = since};

}  // namespace mo::ops
