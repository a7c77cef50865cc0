// MaxUnpool: puts pooled elements back where their indices say, zeros elsewhere.
#include "base/checked.h"
#include "ops/compute.h"
#include "ops/window.h"

namespace mo::ops {
namespace {

// Spatial sizes that the pooling attributes imply.
int64_t unpooled(const Window& w, size_t a, int64_t in) {
  int64_t out = checked_add(checked_mul(in - 1, w.stride[a]), w.kernel[a] - w.pad_begin[a] - w.pad_end[a]);
  require(out >= 0, Code::shape, "spatial axis ", a, " of ", in, " elements gives ", out);
  return out;
}

void infer(Infer& c) {
  const Type& x = c.input(0);
  if (!x.ranked) return c.set_unranked(0, x.dtype);
  require(x.dims.size() >= 3, Code::shape, "X is ", describe(x), ", wants [n, c, spatial...]");
  Window w = read_window(c.node, x.dims.size() - 2, {});
  std::vector<Dim> dims(x.dims.size());
  if (c.has(2)) {
    if (auto shape = c.known_ints(2)) {
      require(shape->size() == dims.size(), Code::shape, "output_shape has ", shape->size(), " entries, wants ", dims.size());
      for (size_t i = 0; i < dims.size(); ++i) {
        require((*shape)[i] >= 0, Code::shape, "output_shape is ", *shape);
        dims[i] = known_dim((*shape)[i]);
      }
    }
  } else {
    dims[0] = x.dims[0];
    dims[1] = x.dims[1];
    for (size_t a = 2; a < dims.size(); ++a)
      if (x.dims[a].known()) dims[a] = known_dim(unpooled(w, a - 2, x.dims[a].size));
  }
  c.set(0, x.dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor &x = c.in(0), &indices = c.in(1);
  require_dtype(c, 1, DType::i64);
  require_shape(c, 1, x.shape());
  require(x.rank() >= 3, Code::shape, "X has shape ", x.shape(), ", wants [n, c, spatial...]");
  Window w = read_window(c.node, x.shape().size() - 2, {});
  Shape implied{x.shape()[0], x.shape()[1]};
  for (size_t a = 2; a < x.shape().size(); ++a) implied.push_back(unpooled(w, a - 2, x.shape()[a]));
  Shape out = c.has(2) ? Shape(c.in(2).integers()) : implied;
  require(out.size() == implied.size(), Code::shape, "output_shape is ", out, ", wants ", implied.size(), " entries");
  // Indices count in the implied shape; a larger output_shape pads behind it.
  for (size_t a = 0; a < out.size(); ++a) require(out[a] >= implied[a], Code::shape, "output_shape is ", out, ", the window gives ", implied);
  Tensor y = Tensor::zeros(x.dtype(), out);
  void* dst = y.raw_mutable();
  int64_t limit = element_count(implied);
  for (int64_t i = 0; i < x.size(); ++i) {
    int64_t k = indices.integer(i);
    require(k >= 0 && k < limit, Code::invalid_argument, "index ", k, " is outside 0..", limit - 1);
    int64_t at = 0, step = 1;
    for (size_t a = out.size(); a-- > 0;) {
      at += k % implied[a] * step;
      k /= implied[a];
      step *= out[a];
    }
    store_number(x.dtype(), dst, at, load_number(x.dtype(), x.raw(), i));
  }
  c.out(0, std::move(y));
}

}  // namespace

extern const OpDef max_unpool{
    .name = "MaxUnpool", .min_inputs = 2, .max_inputs = 3, .infer = infer, .run = run, .since = 9, .since_of = since_bf16<9, 22>};

}  // namespace mo::ops
