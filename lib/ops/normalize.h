// Mean and variance of runs of elements, shared by the normalizing operators.
#pragma once
#include <cmath>

#include "base/checked.h"
#include "ops/compute.h"

namespace mo::ops {

struct Moments {
  double mean = 0, variance = 0;
};

template <class T>
Moments moments(const T* x, int64_t count) {
  Moments m;
  if (count == 0) return m;
  for (int64_t i = 0; i < count; ++i) m.mean += static_cast<double>(x[i]);
  m.mean /= static_cast<double>(count);
  for (int64_t i = 0; i < count; ++i) {
    double d = static_cast<double>(x[i]) - m.mean;
    m.variance += d * d;
  }
  m.variance /= static_cast<double>(count);
  return m;
}

// Scale or bias that broadcasts onto `shape` (never the other way round), read by flat index of `shape`.
class Spread {
 public:
  Spread(const Tensor* t, const Shape& shape, double fallback, const char* what) : values_(t ? doubles(*t) : std::vector<double>{fallback}) {
    if (!t) return;
    require(broadcast(t->shape(), shape) == shape, Code::shape, what, " of shape ", t->shape(), " does not broadcast onto ", shape);
    // Repeats over the leading axes only? Then the flat index modulo the size will do.
    Shape own = t->shape();
    while (!own.empty() && own.front() == 1) own.erase(own.begin());
    tail_ = std::equal(own.rbegin(), own.rend(), shape.rbegin());
    if (tail_ || t->size() == 1) return;
    shape_ = shape;
    strides_ = broadcast_strides(t->shape(), shape.size());
  }
  double operator[](int64_t i) const {
    if (strides_.empty()) return values_[static_cast<size_t>(i % static_cast<int64_t>(values_.size()))];
    int64_t at = 0;
    for (size_t a = shape_.size(); a-- > 0;) {
      at += i % shape_[a] * strides_[a];
      i /= shape_[a];
    }
    return values_[static_cast<size_t>(at)];
  }

 private:
  std::vector<double> values_;
  bool tail_ = true;
  Shape shape_;
  std::vector<int64_t> strides_;
};

inline Cost normalize_cost(const CostQuery& q) {
  Cost r;
  if (!q.outputs.empty() && q.outputs[0].is_static()) r.flops = checked_mul(7, element_count(q.outputs[0].shape()));
  return r;
}

// dtype of statistics named by the attribute stash_type.
inline DType stash_dtype(const Node& n) {
  DType d = static_cast<DType>(n.i("stash_type", 1));
  require(is_floating(d), Code::type, "stash_type is ", static_cast<int64_t>(d));
  return d;
}

}  // namespace mo::ops
