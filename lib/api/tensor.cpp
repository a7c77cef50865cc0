// mo_tensor: creation from caller's memory, reading and writing.
#include "api/tensor.h"

#include <cstring>

using namespace mo;
using namespace mo::api;

namespace {

// Dtype and shape of a new tensor, checked.
std::pair<DType, Shape> described(int32_t dtype, const int64_t* dims, int64_t rank) {
  auto type = static_cast<DType>(dtype);
  require(is_known(type) && type != DType::undefined, Code::type, "dtype ", dtype, " is not a mo_dtype");
  require(rank >= 0 && rank <= k_max_rank, Code::limit, "rank ", rank, " is outside 0..", k_max_rank);
  require(dims != nullptr || rank == 0, Code::invalid_argument, "dims is NULL with rank ", rank);
  Shape shape(dims, dims + rank);
  element_count(shape);
  return {type, std::move(shape)};
}

void check_bytes(const Tensor& t, int64_t bytes) {
  require(bytes == t.bytes(), Code::shape, describe(t), " takes ", t.bytes(), " bytes, given ", bytes);
}

// Texts of `count` elements, each ended by NUL, out of exactly `bytes` bytes.
void unpack_strings(const void* data, int64_t bytes, std::string* dst, int64_t count) {
  const char* at = static_cast<const char*>(data);
  const char* end = at + bytes;
  for (int64_t i = 0; i < count; ++i) {
    const void* nul = at < end ? std::memchr(at, 0, static_cast<size_t>(end - at)) : nullptr;
    require(nul != nullptr, Code::shape, "string tensor of ", count, " elements given ", i, " texts ended by NUL");
    dst[i].assign(at, static_cast<const char*>(nul));
    at = static_cast<const char*>(nul) + 1;
  }
  require(at == end, Code::shape, "string tensor of ", count, " elements given ", end - at, " bytes more");
}

int64_t packed_bytes(const Tensor& t) { return t.dtype() == DType::string ? t.bytes() + t.size() : t.bytes(); }

void fill(Tensor& t, const void* data, int64_t bytes) {
  require(bytes >= 0, Code::invalid_argument, "bytes is ", bytes);
  require(data != nullptr || bytes == 0, Code::invalid_argument, "data is NULL with ", bytes, " bytes");
  if (t.dtype() == DType::string) {
    Tensor texts = Tensor::allocate(DType::string, t.shape());
    unpack_strings(data, bytes, texts.mutable_data<std::string>(), t.size());
    t = std::move(texts);
    return;
  }
  check_bytes(t, bytes);
  if (bytes == 0) return;
  auto* dst = static_cast<uint8_t*>(t.raw_mutable());
  std::memcpy(dst, data, static_cast<size_t>(bytes));
  if (t.dtype() == DType::boolean)
    for (int64_t i = 0; i < bytes; ++i) dst[i] = dst[i] != 0;
}

}  // namespace

mo_tensor* mo::api::tensor_handle(Tensor tensor) { return new mo_tensor(std::make_shared<TensorBox>(TensorBox{std::move(tensor)})); }

mo_error* mo_tensor_create(int32_t dtype, const int64_t* dims, int64_t rank, const void* data, int64_t bytes, mo_tensor** out) {
  return guard([&] {
    mo_tensor*& result = output(out, "out");
    auto [type, shape] = described(dtype, dims, rank);
    bool zeros = data == nullptr && bytes == 0;
    if (!zeros && type != DType::string) {  // before any memory is taken
      int64_t wanted = storage_bytes(type, element_count(shape));
      require(bytes == wanted, Code::shape, name(type), shape, " takes ", wanted, " bytes, given ", bytes);
    }
    if (!zeros && type == DType::string) {
      require(bytes >= element_count(shape), Code::shape, "string tensor of ", element_count(shape), " elements given ", bytes, " bytes");
    }
    Tensor t = zeros ? Tensor::zeros(type, shape) : Tensor::allocate(type, shape);
    if (!zeros) fill(t, data, bytes);
    result = tensor_handle(std::move(t));
  });
}

mo_error* mo_tensor_view(int32_t dtype, const int64_t* dims, int64_t rank, void* data, int64_t bytes, mo_tensor** out) {
  return guard([&] {
    mo_tensor*& result = output(out, "out");
    auto [type, shape] = described(dtype, dims, rank);
    require(type != DType::string, Code::type, "a view cannot hold strings");
    require(data != nullptr || bytes == 0, Code::invalid_argument, "data is NULL with ", bytes, " bytes");
    static char nothing[k_alignment];
    Tensor t = Tensor::borrow(type, shape, data ? data : nothing);
    check_bytes(t, bytes);
    result = tensor_handle(std::move(t));
  });
}

int32_t mo_tensor_dtype(const mo_tensor* tensor) {
  const mo_tensor* t = valid_or_null(tensor);
  return t ? static_cast<int32_t>(t->box->tensor.dtype()) : MO_DTYPE_UNDEFINED;
}

int64_t mo_tensor_rank(const mo_tensor* tensor) {
  const mo_tensor* t = valid_or_null(tensor);
  return t ? t->box->tensor.rank() : 0;
}

const int64_t* mo_tensor_dims(const mo_tensor* tensor) {
  static const int64_t none = 0;
  const mo_tensor* t = valid_or_null(tensor);
  if (!t) return nullptr;
  return t->box->tensor.rank() ? t->box->tensor.shape().data() : &none;
}

int64_t mo_tensor_bytes(const mo_tensor* tensor) {
  const mo_tensor* t = valid_or_null(tensor);
  return t ? packed_bytes(t->box->tensor) : 0;
}

const void* mo_tensor_data(const mo_tensor* tensor) {
  const mo_tensor* t = valid_or_null(tensor);
  return t && t->box->tensor.dtype() != DType::string ? t->box->tensor.raw() : nullptr;
}

mo_error* mo_tensor_read(const mo_tensor* tensor, void* data, int64_t bytes) {
  return guard([&] {
    const Tensor& t = checked(tensor, "tensor").box->tensor;
    int64_t wanted = packed_bytes(t);
    require(bytes == wanted, Code::shape, describe(t), " has ", wanted, " bytes, given room for ", bytes);
    require(data != nullptr || bytes == 0, Code::invalid_argument, "data is NULL with ", bytes, " bytes");
    if (bytes == 0) return;
    if (t.dtype() != DType::string) {
      std::memcpy(data, t.raw(), static_cast<size_t>(bytes));
      return;
    }
    char* at = static_cast<char*>(data);
    for (int64_t i = 0; i < t.size(); ++i) {
      const std::string& s = t.strings()[i];
      std::memcpy(at, s.c_str(), s.size() + 1);
      at += s.size() + 1;
    }
  });
}

mo_error* mo_tensor_write(mo_tensor* tensor, const void* data, int64_t bytes) {
  return guard([&] { fill(checked(tensor, "tensor").box->tensor, data, bytes); });
}

void mo_tensor_free(mo_tensor* tensor) { release(tensor); }
