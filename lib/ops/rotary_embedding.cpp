// RotaryEmbedding: pairs of features of each head rotated by the angles of their position.
#include "ops/compute.h"

namespace mo::ops {
namespace {

void infer(Infer& c) {
  same_type(c);
  require(c.rank() < 0 || c.rank() == 3 || c.rank() == 4, Code::shape, "X is ", describe(c.input(0)), ", wants rank 3 or 4");
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  require(x.rank() == 3 || x.rank() == 4, Code::shape, "X has shape ", x.shape(), ", wants rank 3 or 4");
  bool packed = x.rank() == 3, interleaved = c.node.i("interleaved", 0) != 0;
  int64_t batch = x.shape()[0], heads = packed ? c.node.i("num_heads", 0) : x.shape()[1], length = packed ? x.shape()[1] : x.shape()[2];
  require(heads >= 1 && (!packed || x.shape()[2] % heads == 0), Code::shape, "X of shape ", x.shape(), " in ", heads, " heads");
  int64_t width = packed ? x.shape()[2] / heads : x.shape()[3], rotated = c.node.i("rotary_embedding_dim", 0);
  if (rotated == 0) rotated = width;
  require(rotated >= 0 && rotated <= width && rotated % 2 == 0, Code::shape, "rotation of ", rotated, " of ", width, " features");
  int64_t half = rotated / 2;
  bool by_position = c.has(3);
  const Shape& table = c.in(1).shape();
  require_shape(c, 2, table);
  if (by_position) {
    require(table.size() == 2 && table[1] == half, Code::shape, "cos_cache has shape ", table, ", wants [positions, ", half, "]");
    require_shape(c, 3, {batch, length});
  } else {
    require(table == Shape({batch, length, half}), Code::shape, "cos_cache has shape ", table, ", wants ", Shape{batch, length, half});
  }
  std::vector<double> src = doubles(x), cosine = doubles(c.in(1)), sine = doubles(c.in(2));
  Tensor& y = c.out(0, x.dtype(), x.shape());
  void* dst = y.raw_mutable();
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t s = 0; s < length; ++s) {
      int64_t row = b * length + s;
      if (by_position) {
        row = c.in(3).integer(row);
        require(row >= 0 && row < table[0], Code::invalid_argument, "position ", row, " is outside 0..", table[0] - 1);
      }
      for (int64_t h = 0; h < heads; ++h) {
        int64_t at = (packed ? (b * length + s) * heads + h : (b * heads + h) * length + s) * width;
        for (int64_t k = 0; k < half; ++k) {
          int64_t i = at + (interleaved ? 2 * k : k), j = at + (interleaved ? 2 * k + 1 : k + half);
          double cs = cosine[static_cast<size_t>(row * half + k)], sn = sine[static_cast<size_t>(row * half + k)];
          double u = src[static_cast<size_t>(i)], v = src[static_cast<size_t>(j)];
          store_number(x.dtype(), dst, i, cs * u - sn * v);
          store_number(x.dtype(), dst, j, sn * u + cs * v);
        }
        for (int64_t k = rotated; k < width; ++k) store_number(x.dtype(), dst, at + k, src[static_cast<size_t>(at + k)]);
      }
    }
}

}  // namespace

extern const OpDef rotary_embedding{.name = "RotaryEmbedding", .min_inputs = 3, .max_inputs = 4, .infer = infer, .run = run, .since = 23};

}  // namespace mo::ops
