// Slice: numpy slicing; input 1 starts, 2 ends, 3 axes, 4 steps.
#include <algorithm>
#include <limits>

#include "ops/movement.h"

namespace mo::ops {

namespace {

struct Range {
  int64_t first, count, step;
};

// One axis of `size` elements, with numpy's clamping.
Range slice_range(int64_t size, int64_t start, int64_t end, int64_t step) {
  require(step != 0, Code::shape, "slice step 0");
  step = std::max(step, -std::numeric_limits<int64_t>::max());
  if (start < 0) start += size;
  if (end < 0) end += size;
  if (step > 0) {
    start = std::clamp<int64_t>(start, 0, size);
    end = std::clamp<int64_t>(end, 0, size);
    int64_t n = end > start ? 1 + (end - start - 1) / step : 0;
    return {start, n, n > 1 ? step : 1};
  }
  start = std::clamp<int64_t>(start, -1, size - 1);
  end = std::clamp<int64_t>(end, -1, size - 1);
  int64_t n = start > end ? 1 + (start - end - 1) / -step : 0;
  return {n > 0 ? start : 0, n, n > 1 ? step : 1};
}

std::vector<int64_t> default_axes(size_t n) {
  std::vector<int64_t> axes(n);
  for (size_t i = 0; i < n; ++i) axes[i] = static_cast<int64_t>(i);
  return axes;
}

void check_lengths(size_t starts, size_t ends, size_t axes, size_t steps) {
  require(starts == ends && starts == axes && starts == steps, Code::shape, "slice of ", starts, " starts, ", ends, " ends, ", axes, " axes, ", steps,
          " steps");
}

void infer(Infer& c) {
  const Type& in = c.input(0);
  if (!in.ranked) return c.set_unranked(0, in.dtype);
  auto starts = c.known_ints(1), ends = c.known_ints(2), axes = c.known_ints(3), steps = c.known_ints(4);
  std::vector<Dim> dims = in.dims;
  size_t n = starts ? starts->size() : ends ? ends->size() : axes ? axes->size() : 0;
  bool counted = starts || ends || axes;
  const Type& list = c.input(1);
  if (!counted && list.ranked && list.rank() == 1 && list.dims[0].known())
    n = static_cast<size_t>(std::min(list.dims[0].size, in.rank())), counted = true;
  if (!counted || (c.has(3) && !axes)) return c.set(0, in.dtype, unknown_dims(in.rank()));
  if (!axes) axes = default_axes(n);
  std::vector<int64_t> at = normal_axes(*axes, in.rank());
  for (size_t k = 0; k < at.size(); ++k) {
    Dim& d = dims[static_cast<size_t>(at[k])];
    bool full = starts && ends && k < starts->size() && k < ends->size() && (!c.has(4) || (steps && k < steps->size()));
    int64_t step = full && steps ? (*steps)[k] : 1;
    if (full && d.known()) d = known_dim(slice_range(d.size, (*starts)[k], (*ends)[k], step).count);
    else if (full && (*starts)[k] == 0 && (*ends)[k] >= std::numeric_limits<int32_t>::max() && step == 1) continue;  // the whole axis
    else d = Dim();
  }
  c.set(0, in.dtype, std::move(dims));
}

void run(Run& c) {
  const Tensor& x = c.in(0);
  std::vector<int64_t> starts = integer_list(c, 1), ends = integer_list(c, 2);
  std::vector<int64_t> axes = c.has(3) ? integer_list(c, 3) : default_axes(starts.size());
  std::vector<int64_t> steps = c.has(4) ? integer_list(c, 4) : std::vector<int64_t>(starts.size(), 1);
  check_lengths(starts.size(), ends.size(), axes.size(), steps.size());
  axes = normal_axes(axes, x.rank());
  Shape shape = x.shape();
  std::vector<int64_t> strides = strides_of(x.shape());
  int64_t at = 0;
  for (size_t k = 0; k < axes.size(); ++k) {
    size_t axis = static_cast<size_t>(axes[k]);
    Range r = slice_range(shape[axis], starts[k], ends[k], steps[k]);
    shape[axis] = r.count;
    at += r.first * strides[axis];
    strides[axis] *= r.step;
  }
  Tensor& y = c.out(0, x.dtype(), shape);
  if (y.size() > 0) copy_box(y, 0, strides_of(shape), x, at, strides, shape);
}

}  // namespace

extern const OpDef slice{
    .name = "Slice",
    .min_inputs = 3,
    .max_inputs = 5,
    .infer = infer,
    .run = run,
    .flags = k_movement,
    .since = 10,
    .since_of = since_dtypes,
};

}  // namespace mo::ops
