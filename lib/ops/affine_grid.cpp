// AffineGrid: theta applied to the homogeneous positions of an evenly spaced grid over [-1, 1]^2 or [-1, 1]^3.
#include "ops/compute.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  expect_rank(c, 0, 3);
  auto size = c.known_ints(1);
  int64_t rank = size ? static_cast<int64_t>(size->size()) : dim_of(c, 1, 0).size;
  if (rank < 0) return c.set_unranked(0, c.dtype());
  require(rank == 4 || rank == 5, Code::shape, "size has ", rank, " entries, wants 4 or 5");
  std::vector<Dim> dims(static_cast<size_t>(rank));
  dims[0] = dim_of(c, 0, 0);
  if (size) {
    for (int64_t d : *size) require(d >= 0, Code::shape, "size is ", *size);
    dims[0] = known_dim((*size)[0]);
    for (size_t i = 2; i < size->size(); ++i) dims[i - 1] = known_dim((*size)[i]);
  }
  dims.back() = known_dim(rank - 2);
  c.set(0, c.dtype(), std::move(dims));
}

void run(Run& c) {
  std::vector<int64_t> size = c.in(1).integers();
  require(size.size() == 4 || size.size() == 5, Code::shape, "size has ", size.size(), " entries, wants 4 or 5");
  int64_t axes = static_cast<int64_t>(size.size()) - 2;
  require_shape(c, 0, {size[0], axes, axes + 1});
  Shape spatial(size.begin() + 2, size.end()), shape{size[0]};
  shape.insert(shape.end(), spatial.begin(), spatial.end());
  shape.push_back(axes);
  bool align = c.node.i("align_corners", 0) != 0;
  std::vector<double> theta = doubles(c.in(0));
  Tensor& y = c.out(0, c.dtype(), shape);
  void* dst = y.raw_mutable();
  int64_t positions = element_count(spatial);
  for (int64_t n = 0; n < size[0]; ++n)
    for (int64_t p = 0; p < positions; ++p) {
      double position[4];  // x, y, (z), 1
      int64_t rest = p;
      for (int64_t a = axes; a-- > 0;) {
        int64_t count = spatial[static_cast<size_t>(a)], i = rest % count;
        rest /= count;
        double v = align ? (count > 1 ? -1 + 2.0 * static_cast<double>(i) / static_cast<double>(count - 1) : 0.0)
                         : -1 + (2.0 * static_cast<double>(i) + 1) / static_cast<double>(count);
        position[axes - 1 - a] = v;
      }
      position[axes] = 1;
      for (int64_t r = 0; r < axes; ++r) {
        double sum = 0;
        for (int64_t k = 0; k <= axes; ++k) sum += theta[static_cast<size_t>((n * axes + r) * (axes + 1) + k)] * position[k];
        store_number(c.dtype(), dst, (n * positions + p) * axes + r, sum);
      }
    }
}

}  // namespace

extern const OpDef affine_grid{.name = "AffineGrid", .min_inputs = 2, .max_inputs = 2, .infer = infer, .run = run, .since = 20};

}  // namespace mo::ops
