// Decoding of tensors: raw bytes, typed fields, external files; dense and sparse.
#include <cstring>

#include "base/checked.h"
#include "base/error.h"
#include "onnx/onnx-ml.pb.h"
#include "onnx/tensor_codec.h"

namespace mo::onnx {

namespace {

// Fills `t` from a typed field whose entries hold one element each.
template <class To, class Field>
void fill(Tensor& t, const Field& field) {
  require(field.size() == t.size(), Code::format, "holds ", field.size(), " values, shape ", t.shape(), " needs ", t.size());
  auto* dst = static_cast<To*>(t.raw_mutable());
  for (const auto& v : field) *dst++ = static_cast<To>(v);
}

// Complex numbers lie as pairs.
template <class To, class Field>
void fill_pairs(Tensor& t, const Field& field) {
  require(field.size() == 2 * t.size(), Code::format, "holds ", field.size(), " values, shape ", t.shape(), " needs ", 2 * t.size());
  auto* dst = static_cast<To*>(t.raw_mutable());
  for (const auto& v : field) *dst++ = v;
}

void fill_packed(Tensor& t, const ::onnx::TensorProto& proto) {  // 4- and 2-bit: every entry is one byte of the packed form
  require(proto.int32_data_size() == t.bytes(), Code::format, "holds ", proto.int32_data_size(), " values, shape ", t.shape(), " needs ", t.bytes());
  auto* dst = static_cast<uint8_t*>(t.raw_mutable());
  for (int32_t v : proto.int32_data()) *dst++ = static_cast<uint8_t>(v);
}

void fill_six_bit(Tensor& t, const ::onnx::TensorProto& proto) {  // one element per entry; storage packs them without gaps
  require(proto.int32_data_size() == t.size(), Code::format, "holds ", proto.int32_data_size(), " values, shape ", t.shape(), " needs ", t.size());
  auto* dst = static_cast<uint8_t*>(t.raw_mutable());
  std::memset(dst, 0, static_cast<size_t>(t.bytes()));
  int64_t bit = 0;
  for (int32_t v : proto.int32_data()) {
    unsigned code = static_cast<unsigned>(v) & 0x3f;
    dst[bit >> 3] = static_cast<uint8_t>(dst[bit >> 3] | code << (bit & 7));
    if ((bit & 7) > 2) dst[(bit >> 3) + 1] = static_cast<uint8_t>(code >> (8 - (bit & 7)));
    bit += 6;
  }
}

void fill_typed(Tensor& t, const ::onnx::TensorProto& proto) {
  switch (t.dtype()) {
    case DType::f32: return fill<float>(t, proto.float_data());
    case DType::f64: return fill<double>(t, proto.double_data());
    case DType::c64: return fill_pairs<float>(t, proto.float_data());
    case DType::c128: return fill_pairs<double>(t, proto.double_data());
    case DType::i64: return fill<int64_t>(t, proto.int64_data());
    case DType::u64: return fill<uint64_t>(t, proto.uint64_data());
    case DType::u32: return fill<uint32_t>(t, proto.uint64_data());
    case DType::i32: return fill<int32_t>(t, proto.int32_data());
    case DType::i16:
    case DType::u16:
    case DType::f16:
    case DType::bf16: return fill<uint16_t>(t, proto.int32_data());
    case DType::f6e2m3:
    case DType::f6e3m2: return fill_six_bit(t, proto);
    case DType::u4:
    case DType::i4:
    case DType::f4e2m1:
    case DType::u2:
    case DType::i2: return fill_packed(t, proto);
    default: return fill<uint8_t>(t, proto.int32_data());  // 8-bit types and bool
  }
}

// Long float_data or double_data, taken out of the message in one or several pieces. Mixed with short pieces it is refused.
Tensor join_chunks(std::vector<Tensor>& chunks, DType dtype, const Shape& shape, int64_t bytes, bool mixed) {
  bool floats = dtype == DType::f32 || dtype == DType::c64 || dtype == DType::f64 || dtype == DType::c128;
  require(floats, Code::format, "holds floating-point values, its type is ", name(dtype));
  require(!mixed, Code::format, "stores its values in pieces of different kinds");
  int64_t have = 0;
  for (const Tensor& c : chunks) have += c.bytes();
  require(have == bytes, Code::format, "holds ", have, " bytes of values, shape ", shape, " of ", name(dtype), " needs ", bytes);
  if (chunks.size() == 1) {
    auto owner = std::make_shared<const Tensor>(std::move(chunks[0]));
    return Tensor::adopt(dtype, shape, owner->raw(), owner);
  }
  Tensor t = Tensor::allocate(dtype, shape);
  auto* dst = static_cast<char*>(t.raw_mutable());
  for (Tensor& c : chunks) {
    std::memcpy(dst, c.raw(), static_cast<size_t>(c.bytes()));
    dst += c.bytes();
    c = Tensor();
  }
  return t;
}

void check_known(DType dtype) { require(is_known(dtype), Code::format, "has unknown data type ", static_cast<int32_t>(dtype)); }

// Padding bits of the last byte, and bytes of a bool that are neither 0 nor 1, are made what they have to be.
void normalise(Tensor& t) {
  if (t.dtype() == DType::boolean) {
    const auto* src = static_cast<const uint8_t*>(t.raw());
    bool clean = true;
    for (int64_t i = 0; i < t.size(); ++i) clean = clean && src[i] <= 1;
    if (clean) return;
    auto* dst = static_cast<uint8_t*>(t.raw_mutable());
    for (int64_t i = 0; i < t.size(); ++i) dst[i] = dst[i] != 0;
  } else if (int bits = info(t.dtype()).bits; bits > 0 && bits < 8 && t.size() * bits % 8 != 0) {
    int64_t last = t.bytes() - 1;
    auto mask = static_cast<uint8_t>((1 << (t.size() * bits % 8)) - 1);
    if (static_cast<const uint8_t*>(t.raw())[last] & ~mask) static_cast<uint8_t*>(t.raw_mutable())[last] &= mask;
  }
}

}  // namespace

Tensor TensorDecoder::dense(const ::onnx::TensorProto& proto) {
  require(proto.has_segment(), Code::format, "a tensor is announced but missing");
  size_t index = static_cast<size_t>(proto.segment().begin());
  MO_ASSERT(index < stripped_.data.size());
  Tensor& done = done_[index];
  if (!done) {
    try {
      done = decode(proto, stripped_.data[index]);
    } catch (const Error& e) {
      Error named(e.code(), text("tensor '", printable(proto.name()), "': ", e.message()));
      throw named;
    }
    stripped_.data[index] = {};
  }
  return done;
}

Tensor TensorDecoder::decode(const ::onnx::TensorProto& proto, StrippedData& data) {
  DType dtype = static_cast<DType>(proto.data_type());
  check_known(dtype);
  require(proto.dims_size() <= std::min(limits_.rank, k_max_rank), Code::limit, "rank ", proto.dims_size(), " is above ",
          std::min(limits_.rank, k_max_rank));
  Shape shape(proto.dims().begin(), proto.dims().end());
  int64_t count = element_count(shape);
  if (dtype == DType::string) {
    require(!data.has_raw && proto.data_location() != ::onnx::TensorProto::EXTERNAL, Code::format, "strings must lie in string_data");
    require(proto.string_data_size() == count, Code::format, "holds ", proto.string_data_size(), " strings, shape ", shape, " needs ", count);
    Tensor t = Tensor::allocate(dtype, shape);
    auto* dst = static_cast<std::string*>(t.raw_mutable());
    for (const std::string& s : proto.string_data()) *dst++ = s;
    return t;
  }
  int64_t bytes = storage_bytes(dtype, count);
  if (proto.data_location() == ::onnx::TensorProto::EXTERNAL) {
    require(!data.has_raw, Code::format, "has both raw and external data");
    require(external_ != nullptr, Code::unsupported, "external data is not allowed here");
    Tensor t = external_->load(proto, dtype, shape, bytes);
    normalise(t);
    return t;
  }
  Tensor t;
  if (data.has_raw) {
    require(data.raw.bytes() == bytes, Code::format, "has ", data.raw.bytes(), " raw bytes, shape ", shape, " of ", name(dtype), " needs ", bytes);
    if (data.raw.dtype() == dtype && data.raw.shape() == shape) {
      t = std::move(data.raw);
    } else {
      auto owner = std::make_shared<const Tensor>(std::move(data.raw));
      t = Tensor::adopt(dtype, shape, owner->raw(), owner);
    }
  } else if (!data.chunks.empty()) {
    t = join_chunks(data.chunks, dtype, shape, bytes, proto.float_data_size() + proto.double_data_size() > 0);
  } else {
    // What the fields hold bounds the shape before memory is taken: no entry stands for more than four elements.
    int64_t most = int64_t{4} * (proto.float_data_size() + proto.double_data_size() + proto.int32_data_size() + int64_t{proto.int64_data_size()} +
                                 proto.uint64_data_size());
    require(count <= most, Code::format, "holds too few values for shape ", shape);
    t = Tensor::allocate(dtype, shape);
    fill_typed(t, proto);
  }
  normalise(t);
  return t;
}

Tensor TensorDecoder::sparse(const ::onnx::SparseTensorProto& proto) {
  Tensor values = dense(proto.values()), indices = dense(proto.indices());
  std::string label = text("sparse tensor '", printable(proto.values().name()), "' ");
  require(proto.dims_size() <= std::min(limits_.rank, k_max_rank), Code::limit, label, "has rank ", proto.dims_size());
  Shape shape(proto.dims().begin(), proto.dims().end());
  int64_t count = element_count(shape), rank = static_cast<int64_t>(shape.size()), given = values.size();
  require(indices.dtype() == DType::i64, Code::format, label, "has ", name(indices.dtype()), " indices, wanted int64");
  bool linear = indices.shape() == Shape{given};
  require(values.rank() == 1 && (linear || indices.shape() == Shape{given, rank}), Code::format, label, "has indices of shape ", indices.shape(),
          " for ", given, " values");
  int bits = info(values.dtype()).bits;
  require(bits >= 8, Code::unsupported, label, "holds ", name(values.dtype()));
  // A few bytes may claim a huge dense form: allow a thousandfold, or 16 MiB.
  int64_t bytes = storage_bytes(values.dtype(), count);
  require(bytes <= std::max<int64_t>(int64_t{1} << 24, checked_mul(values.bytes(), 1000)) && bytes <= limits_.tensor_bytes, Code::limit, label,
          "takes ", bytes, " bytes when dense");
  Tensor t = Tensor::zeros(values.dtype(), shape);
  const int64_t* at = indices.data<int64_t>();
  size_t width = static_cast<size_t>(bits / 8);
  for (int64_t i = 0; i < given; ++i) {
    int64_t place = 0;
    if (linear) {
      place = at[i];
      require(place >= 0 && place < count, Code::format, label, "has index ", place, ", elements: ", count);
    } else {
      for (int64_t axis = 0; axis < rank; ++axis) {
        int64_t k = at[i * rank + axis], size = shape[static_cast<size_t>(axis)];
        require(k >= 0 && k < size, Code::format, label, "has index ", k, " on an axis of size ", size);
        place = place * size + k;
      }
    }
    std::memcpy(static_cast<char*>(t.raw_mutable()) + static_cast<size_t>(place) * width,
                static_cast<const char*>(values.raw()) + static_cast<size_t>(i) * width, width);
  }
  return t;
}

}  // namespace mo::onnx
