// Multinomial: class indices drawn by their unnormalised log-probabilities, sample_size for each row.
#include <algorithm>

#include "base/checked.h"
#include "ops/random_fill.h"

namespace mo::ops {

namespace {

int64_t sample_size(const Node& n) {
  int64_t count = n.i("sample_size", 1);
  require(count >= 0, Code::shape, "sample_size ", count);
  return count;
}

void infer(Infer& c) {
  const Type& in = c.input(0);
  require(!in.ranked || in.rank() == 2, Code::shape, "rank ", in.rank(), ", wanted 2");
  c.set(0, dtype_attribute(c.node, "dtype", DType::i32), {in.ranked ? in.dims[0] : Dim(), known_dim(sample_size(c.node))});
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  require(x.rank() == 2, Code::shape, "rank ", x.rank(), ", wanted 2");
  int64_t batches = x.dim(0), classes = x.dim(1), count = sample_size(c.node);
  require(classes > 0 || batches == 0 || count == 0, Code::shape, "no class to draw from");
  int64_t draws = checked_mul(batches, count);
  Random random = random_stream(c);
  std::vector<double> edges(static_cast<size_t>(draws > 0 ? classes : 0));  // running sums of a row's probabilities
  int64_t drawn = 0;
  fill_drawn<Types<int32_t, int64_t>>(c, dtype_attribute(c.node, "dtype", DType::i32), {batches, count}, [&] {
    int64_t row = drawn++ / count;
    if ((drawn - 1) % count == 0) {
      double top = x.number(row * classes), sum = 0;
      for (int64_t k = 1; k < classes; ++k) top = std::max(top, x.number(row * classes + k));
      for (int64_t k = 0; k < classes; ++k) edges[static_cast<size_t>(k)] = sum += std::exp(x.number(row * classes + k) - top);
    }
    auto it = std::upper_bound(edges.begin(), edges.end(), random.uniform() * edges.back());
    return static_cast<double>(std::min<int64_t>(it - edges.begin(), classes - 1));
  });
}

}  // namespace

extern const OpDef multinomial{
    .name = "Multinomial",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .run = run,
    .flags = k_random,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
