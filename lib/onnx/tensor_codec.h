// TensorProto and SparseTensorProto to Tensor and back: every storage form that ONNX has.
#pragma once
#include <string>
#include <vector>

#include "onnx/external.h"
#include "onnx/strip.h"

namespace onnx {
class TensorProto;
class SparseTensorProto;
}  // namespace onnx

namespace mo::onnx {

// Decodes the tensors of one stripped message. A tensor met twice (in an inlined function) is decoded once and shared.
class TensorDecoder {
 public:
  TensorDecoder(Stripped& stripped, ExternalFiles* external_or_null, const Limits& limits)
      : stripped_(stripped), external_(external_or_null), limits_(limits), done_(stripped.data.size()) {}

  Tensor dense(const ::onnx::TensorProto& proto);
  Tensor sparse(const ::onnx::SparseTensorProto& proto);  // made dense

 private:
  Tensor decode(const ::onnx::TensorProto& proto, StrippedData& data);
  Stripped& stripped_;
  ExternalFiles* external_;
  const Limits& limits_;
  std::vector<Tensor> done_;
};

// Everything of a TensorProto but its name and, for fixed-width types, its raw data.
void encode_header(const Tensor& tensor, ::onnx::TensorProto& proto);
void encode_whole(const Tensor& tensor, ::onnx::TensorProto& proto);

}  // namespace mo::onnx
