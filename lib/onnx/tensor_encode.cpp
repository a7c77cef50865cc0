// Encoding of tensors: dims, type and raw little-endian data; strings in string_data.
#include "base/error.h"
#include "onnx/onnx-ml.pb.h"
#include "onnx/tensor_codec.h"

namespace mo::onnx {

void encode_header(const Tensor& tensor, ::onnx::TensorProto& proto) {
  for (int64_t d : tensor.shape()) proto.add_dims(d);
  proto.set_data_type(static_cast<int32_t>(tensor.dtype()));
  if (tensor.dtype() == DType::string)
    for (int64_t i = 0; i < tensor.size(); ++i) proto.add_string_data(tensor.strings()[i]);
}

void encode_whole(const Tensor& tensor, ::onnx::TensorProto& proto) {
  encode_header(tensor, proto);
  if (tensor.dtype() == DType::string) return;
  require(tensor.bytes() < INT32_MAX, Code::limit, "a tensor of ", tensor.bytes(), " bytes inside a subgraph or attribute cannot be saved");
  proto.set_raw_data(tensor.raw(), static_cast<size_t>(tensor.bytes()));
}

}  // namespace mo::onnx
