// Plans broadcast walks: drops axes of one element and merges axes that every operand crosses alike.
#include "ops/broadcast.h"

#include "ops/helpers.h"

namespace mo::ops {

BroadcastPlan plan_broadcast_to(const Shape& result, std::span<const Shape* const> operands) {
  BroadcastPlan p;
  p.shape = result;
  size_t rank = result.size(), n = operands.size();
  std::vector<std::vector<int64_t>> strides(n);
  for (size_t k = 0; k < n; ++k) {
    const Shape& s = *operands[k];
    require(s.size() <= rank, Code::shape, "shape ", s, " does not broadcast to ", result);
    strides[k].assign(rank, 0);
    std::vector<int64_t> own = strides_of(s);
    for (size_t i = 0; i < s.size(); ++i) {
      size_t axis = rank - s.size() + i;
      require(s[i] == result[axis] || s[i] == 1, Code::shape, "shape ", s, " does not broadcast to ", result);
      strides[k][axis] = s[i] == 1 ? 0 : own[i];
    }
  }
  std::vector<int64_t> extents;
  std::vector<std::vector<int64_t>> merged(n);
  for (size_t axis = 0; axis < rank; ++axis) {
    if (result[axis] == 1) continue;
    bool join = !extents.empty();
    for (size_t k = 0; k < n && join; ++k) join = merged[k].back() == strides[k][axis] * result[axis];
    if (join) extents.back() *= result[axis];
    else extents.push_back(result[axis]);
    for (size_t k = 0; k < n; ++k) {
      if (join) merged[k].back() = strides[k][axis];
      else merged[k].push_back(strides[k][axis]);
    }
  }
  p.row = 1;
  p.step.assign(n, 0);
  if (!extents.empty()) {
    p.row = extents.back();
    extents.pop_back();
    for (size_t k = 0; k < n; ++k) {
      p.step[k] = merged[k].back();
      merged[k].pop_back();
    }
  }
  p.extents = std::move(extents);
  p.strides = std::move(merged);
  return p;
}

BroadcastPlan plan_broadcast(std::span<const Shape* const> operands) {
  Shape result;
  for (const Shape* s : operands) result = broadcast(result, *s);
  element_count(result);
  return plan_broadcast_to(result, operands);
}

}  // namespace mo::ops
