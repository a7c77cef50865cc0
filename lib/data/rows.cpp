// Cutting and joining tensors along axis 0.
#include <cstring>

#include "data/dataset.h"

namespace mo::data {

Tensor rows(const Tensor& t, int64_t from, int64_t to) {
  require(t.rank() >= 1 && from >= 0 && from <= to && to <= t.dim(0), Code::shape, "rows ", from, "..", to, " of ", t.shape());
  Shape shape = t.shape();
  shape[0] = to - from;
  int64_t per_row = t.dim(0) ? t.size() / t.dim(0) : 0;
  if (t.dtype() == DType::string) return Tensor::copy_of(t.dtype(), shape, t.strings() + from * per_row);
  require(info(t.dtype()).bits >= 8, Code::type, "rows of packed ", name(t.dtype()));
  int64_t width = info(t.dtype()).bits / 8;
  return Tensor::adopt(t.dtype(), shape, static_cast<const char*>(t.raw()) + from * per_row * width, std::make_shared<const Tensor>(t));
}

Tensor stack(std::span<const Tensor> samples) {
  require(!samples.empty(), Code::invalid_argument, "nothing to stack");
  const Tensor& first = samples[0];
  Shape shape = first.shape();
  shape.insert(shape.begin(), static_cast<int64_t>(samples.size()));
  Tensor out = Tensor::allocate(first.dtype(), shape);
  for (size_t k = 0; k < samples.size(); ++k) {
    const Tensor& s = samples[k];
    require(s.dtype() == first.dtype() && s.shape() == first.shape(), Code::shape, "sample ", k, " is ", describe(s), ", the first is ",
            describe(first));
    if (s.dtype() == DType::string) {
      for (int64_t i = 0; i < s.size(); ++i) out.mutable_data<std::string>()[static_cast<int64_t>(k) * s.size() + i] = s.strings()[i];
    } else if (s.bytes() > 0) {
      std::memcpy(static_cast<char*>(out.raw_mutable()) + static_cast<int64_t>(k) * s.bytes(), s.raw(), static_cast<size_t>(s.bytes()));
    }
  }
  return out;
}

}  // namespace mo::data
