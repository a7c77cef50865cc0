// Offsets that index tensors point at, validated element by element.
#include "ops/index_walk.h"

namespace mo::ops {

std::vector<int64_t> element_offsets(const Shape& data, const Shape& index, std::span<const int64_t> values, int64_t axis) {
  require(data.size() == index.size(), Code::shape, "data of shape ", data, " with indices of shape ", index);
  size_t rank = data.size(), a = static_cast<size_t>(normal_axis(axis, static_cast<int64_t>(rank)));
  for (size_t i = 0; i < rank; ++i)
    require(i == a || index[i] <= data[i], Code::shape, "indices of shape ", index, " reach outside data of shape ", data);
  std::vector<int64_t> strides = strides_of(data), at(rank, 0), out(values.size());
  int64_t base = 0;  // offset of the coordinates other than `axis`
  for (size_t n = 0; n < values.size(); ++n) {
    out[n] = base + normal_index(values[n], data[a]) * strides[a];
    for (size_t i = rank; i-- > 0;) {
      if (i != a) base += strides[i];
      if (++at[i] < index[i]) break;
      if (i != a) base -= strides[i] * index[i];
      at[i] = 0;
    }
  }
  return out;
}

TupleOffsets tuple_offsets(const Shape& data, const Shape& index, std::span<const int64_t> values, int64_t batch) {
  int64_t rank = static_cast<int64_t>(data.size()), index_rank = static_cast<int64_t>(index.size());
  require(rank >= 1 && index_rank >= 1, Code::shape, "data of shape ", data, " with indices of shape ", index);
  require(batch >= 0 && batch < index_rank && batch < rank, Code::shape, "batch_dims ", batch, " for data of shape ", data, " and indices of shape ",
          index);
  int64_t width = index.back();
  require(width >= 0 && width <= rank - batch, Code::shape, "index tuples of ", width, " for data of shape ", data);
  int64_t batches = 1;
  for (int64_t i = 0; i < batch; ++i) {
    size_t k = static_cast<size_t>(i);
    require(data[k] == index[k], Code::shape, "batch axis ", i, " is ", data[k], " in data and ", index[k], " in indices");
    batches *= data[k];
  }
  std::vector<int64_t> strides = strides_of(data);
  TupleOffsets out;
  out.slice = product(data, static_cast<size_t>(batch + width), data.size());
  int64_t tuples = product(index, 0, index.size() - 1);
  if (tuples == 0) return out;
  int64_t per_batch = tuples / batches;
  int64_t batch_stride = batch == 0 ? 0 : strides[static_cast<size_t>(batch - 1)];
  out.offsets.resize(static_cast<size_t>(tuples));
  for (int64_t t = 0; t < tuples; ++t) {
    int64_t offset = t / per_batch * batch_stride;
    for (int64_t k = 0; k < width; ++k) {
      size_t axis = static_cast<size_t>(batch + k);
      offset += normal_index(values[static_cast<size_t>(t * width + k)], data[axis]) * strides[axis];
    }
    out.offsets[static_cast<size_t>(t)] = offset;
  }
  return out;
}

}  // namespace mo::ops
