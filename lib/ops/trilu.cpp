// Trilu: the upper or lower triangle of the last two axes, shifted by k diagonals; zero elsewhere.
#include <algorithm>

#include "ops/movement.h"

namespace mo::ops {

namespace {

void infer(Infer& c) {
  infer_same(c);
  require(!c.input(0).ranked || c.rank(0) >= 2, Code::shape, "rank ", c.rank(0), " is below 2");
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  require(x.rank() >= 2, Code::shape, "rank ", x.rank(), " is below 2");
  int64_t rows = x.dim(-2), columns = x.dim(-1);
  int64_t k = c.has(1) ? std::clamp(scalar_integer(c, 1), -rows - 1, columns + 1) : 0;
  bool upper = c.node.i("upper", 1) != 0;
  Tensor& y = c.out(0, x.dtype(), x.shape());
  if (x.size() == 0) return;
  fill(y, nullptr);
  Mover m(y, x);
  for (int64_t row = 0, count = x.size() / columns; row < count; ++row) {
    int64_t edge = row % rows + k;  // column of the diagonal
    int64_t from = upper ? std::clamp<int64_t>(edge, 0, columns) : 0, to = upper ? columns : std::clamp<int64_t>(edge + 1, 0, columns);
    if (to > from) m.copy(row * columns + from, row * columns + from, to - from);
  }
}

}  // namespace

extern const OpDef trilu{
    .name = "Trilu",
    .min_inputs = 1,
    .max_inputs = 2,
    .infer = infer,
    .run = run,
    .since = 14,
};

}  // namespace mo::ops
