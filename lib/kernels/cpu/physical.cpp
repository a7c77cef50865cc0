// Memory order of axes and broadcast loops.
#include "kernels/cpu/physical.h"

namespace mo::kernels {

std::vector<int> axis_order(size_t rank, Layout layout) {
  std::vector<int> order;
  for (size_t i = 0; i < rank; ++i) order.push_back(static_cast<int>(i));
  if (layout == Layout::channels_last && rank > 2) {
    order.erase(order.begin() + 1);
    order.push_back(1);
  }
  return order;
}

Shape physical_shape(const Operand& x) {
  Shape out;
  for (int a : axis_order(x.shape.size(), x.layout)) out.push_back(x.shape[a]);
  return out;
}

int64_t physical_axis(const Operand& x, int64_t axis) {
  std::vector<int> order = axis_order(x.shape.size(), x.layout);
  for (size_t i = 0; i < order.size(); ++i)
    if (order[i] == axis) return static_cast<int64_t>(i);
  return axis;
}

Fibre fibre(const Operand& x, int64_t axis) {
  Shape s = physical_shape(x);
  int64_t at = physical_axis(x, axis);
  Fibre f;
  for (size_t i = 0; i < s.size(); ++i) {
    if (static_cast<int64_t>(i) < at) f.outer *= s[i];
    else if (static_cast<int64_t>(i) == at) f.n = s[i];
    else f.inner *= s[i];
  }
  return f;
}

int64_t Loops::rows() const {
  int64_t n = 1;
  for (size_t i = 0; i + 1 < dims.size(); ++i) n *= dims[i];
  return n;
}

void Loops::offsets(int64_t r, int64_t* at) const {
  for (size_t k = 0; k < strides.size(); ++k) at[k] = 0;
  for (size_t i = dims.size() - 1; i-- > 0;) {
    int64_t index = r % dims[i];
    r /= dims[i];
    for (size_t k = 0; k < strides.size(); ++k) at[k] += index * strides[k][i];
  }
}

namespace {

// Stride of each logical axis of the destination in the operand's memory.
std::vector<int64_t> logical_strides(const Operand& x, const Shape& dst) {
  require(x.shape.size() <= dst.size(), Code::shape, "operand of shape ", x.shape, " does not broadcast onto ", dst);
  for (size_t i = 0; i < x.shape.size(); ++i)
    require(x.shape[i] == 1 || x.shape[i] == dst[dst.size() - x.shape.size() + i], Code::shape, "operand of shape ", x.shape,
            " does not broadcast onto ", dst);
  std::vector<int64_t> own(x.shape.size(), 0);
  std::vector<int> order = axis_order(x.shape.size(), x.layout);
  int64_t step = 1;
  for (size_t i = order.size(); i-- > 0;) {
    own[order[i]] = step;
    step *= x.shape[order[i]];
  }
  std::vector<int64_t> out(dst.size(), 0);
  size_t shift = dst.size() - x.shape.size();
  for (size_t i = 0; i < own.size(); ++i)
    if (x.shape[i] != 1) out[i + shift] = own[i];
  return out;
}

}  // namespace

Loops loops_of(std::span<const Operand* const> operands, const Operand& dst) {
  std::vector<std::vector<int64_t>> logical;
  for (const Operand* x : operands) logical.push_back(logical_strides(*x, dst.shape));
  Loops l;
  l.strides.resize(operands.size());
  for (int axis : axis_order(dst.shape.size(), dst.layout)) {
    int64_t n = dst.shape[axis];
    if (n == 1) continue;
    bool joins = !l.dims.empty();
    for (size_t k = 0; joins && k < logical.size(); ++k) joins = l.strides[k].back() == logical[k][axis] * n;
    if (joins) {
      l.dims.back() *= n;
      for (size_t k = 0; k < logical.size(); ++k) l.strides[k].back() = logical[k][axis];
    } else {
      l.dims.push_back(n);
      for (size_t k = 0; k < logical.size(); ++k) l.strides[k].push_back(logical[k][axis]);
    }
  }
  if (l.dims.empty()) {
    l.dims.push_back(1);
    for (auto& s : l.strides) s.push_back(0);
  }
  return l;
}

}  // namespace mo::kernels
