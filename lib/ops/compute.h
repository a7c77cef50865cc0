// Helpers of reference kernels that compute in float or double whatever the stored dtype: operands are converted in, results out.
#pragma once
#include "ops/op.h"
#include "ops/strides.h"
#include "tensor/convert.h"

namespace mo::ops {

// The tensor itself when it holds T already, else a converted copy.
template <class T>
Tensor as(const Tensor& t) {
  return t.dtype() == dtype_of<T>() ? t : t.cast(dtype_of<T>());
}

// An output of dtype `dtype` that the kernel fills as T; finish() converts when the two differ.
template <class T>
class Result {
 public:
  Result(Run& c, size_t index, DType dtype, const Shape& shape) : target_(&c.out(index, dtype, shape)) {
    if (dtype != dtype_of<T>()) staging_ = Tensor::allocate(dtype_of<T>(), shape);
  }
  T* data() { return staging_ ? staging_.mutable_data<T>() : target_->mutable_data<T>(); }
  int64_t size() const { return target_->size(); }
  void finish() {
    if (staging_) convert_elements(dtype_of<T>(), staging_.raw(), target_->dtype(), target_->raw_mutable(), target_->size());
  }

 private:
  Tensor* target_;
  Tensor staging_;
};

// Calls f(double{}) for float64, f(float{}) for float32, float16 and bfloat16; anything else is an error.
template <class F>
void with_float(DType dtype, F&& f) {
  switch (dtype) {
    case DType::f64: return f(double{});
    case DType::f32:
    case DType::f16:
    case DType::bf16: return f(float{});
    default: fail(Code::type, "takes float tensors, got ", name(dtype));
  }
}

// with_float, and also the 32- and 64-bit integers.
template <class F>
void with_product_type(DType dtype, F&& f) {
  switch (dtype) {
    case DType::i32: return f(int32_t{});
    case DType::u32: return f(uint32_t{});
    case DType::i64: return f(int64_t{});
    case DType::u64: return f(uint64_t{});
    default: return with_float(dtype, f);
  }
}

// All elements as double.
inline std::vector<double> doubles(const Tensor& t) {
  std::vector<double> v(static_cast<size_t>(t.size()));
  for (int64_t i = 0; i < t.size(); ++i) v[static_cast<size_t>(i)] = t.number(i);
  return v;
}

inline void require_dtype(const Run& c, size_t i, DType wanted) {
  require(c.dtype(i) == wanted, Code::type, "input ", i, " is ", name(c.dtype(i)), ", wants ", name(wanted));
}
inline void require_rank(const Run& c, size_t i, int64_t rank) {
  require(c.in(i).rank() == rank, Code::shape, "input ", i, " has shape ", c.in(i).shape(), ", wants rank ", rank);
}
inline void require_shape(const Run& c, size_t i, const Shape& shape) {
  require(c.in(i).shape() == shape, Code::shape, "input ", i, " has shape ", c.in(i).shape(), ", wants ", shape);
}

// Output `i` has the type of input `from`.
inline void same_type(Infer& c, size_t i = 0, size_t from = 0) {
  if (c.has(from)) c.output(i) = c.input(from);
}

// --- the same for inference: unknown parts pass
inline void expect_rank(const Infer& c, size_t i, int64_t rank) {
  require(!c.has(i) || c.rank(i) < 0 || c.rank(i) == rank, Code::shape, "input ", i, " is ", describe(c.input(i)), ", wants rank ", rank);
}
inline void expect_same_dtype(const Infer& c, size_t i, size_t j) {
  require(c.dtype(i) == DType::undefined || c.dtype(j) == DType::undefined || c.dtype(i) == c.dtype(j), Code::type, "inputs ", i, " and ", j, " are ",
          name(c.dtype(i)), " and ", name(c.dtype(j)));
}
// The dtype of the first input among `from` that is known.
inline DType first_dtype(const Infer& c, std::initializer_list<size_t> from) {
  for (size_t i : from)
    if (c.dtype(i) != DType::undefined) return c.dtype(i);
  return DType::undefined;
}
// Both dims must agree where known; the better known of the two.
inline Dim same_dim(const Dim& a, const Dim& b, const char* what) {
  require(!a.known() || !b.known() || a.size == b.size, Code::shape, what, ": ", a.size, " and ", b.size);
  return a.known() ? a : b;
}
inline Dim dim_of(const Infer& c, size_t i, size_t axis) {
  if (!c.has(i) || !c.input(i).ranked || axis >= c.input(i).dims.size()) return {};
  return c.input(i).dims[axis];
}

// Opset from which bfloat16 is allowed, for operators whose newest form otherwise equals an older one.
template <int Base, int Bf16>
int since_bf16(const Node&, std::span<const Type> inputs) {
  for (const Type& t : inputs)
    if (t.dtype == DType::bf16) return Bf16;
  return Base;
}

}  // namespace mo::ops
