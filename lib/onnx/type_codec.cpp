// Types of values: tensors, sparse tensors, sequences, optionals, maps.
#include "onnx/type_codec.h"

#include "base/error.h"
#include "onnx/onnx-ml.pb.h"

namespace mo::onnx {

using graph::Dim;
using graph::Type;

namespace {

constexpr int k_depth = 16;

template <class Proto>
Type tensor_type(const Proto& proto, Type::Kind kind) {
  Type t;
  t.kind = kind;
  t.dtype = static_cast<DType>(proto.elem_type());
  if (!is_known(t.dtype)) t.dtype = DType::undefined;
  t.ranked = proto.has_shape();
  if (!t.ranked) return t;
  require(proto.shape().dim_size() <= k_max_rank, Code::limit, "type of rank ", proto.shape().dim_size(), ", the limit is ", k_max_rank);
  for (const auto& d : proto.shape().dim()) {
    Dim dim;
    if (d.has_dim_value() && d.dim_value() >= 0) dim.size = d.dim_value();  // some exporters write -1 for "unknown"
    if (d.has_dim_param()) dim.symbol = d.dim_param();
    t.dims.push_back(std::move(dim));
  }
  return t;
}

template <class Proto>
void encode_tensor_type(const Type& type, Proto& proto) {
  proto.set_elem_type(static_cast<int32_t>(type.dtype));
  if (!type.ranked) return;
  auto* shape = proto.mutable_shape();
  for (const Dim& d : type.dims) {
    auto* dim = shape->add_dim();
    if (d.known()) dim->set_dim_value(d.size);
    else if (!d.symbol.empty()) dim->set_dim_param(d.symbol);
  }
}

std::shared_ptr<const Type> element(const ::onnx::TypeProto& proto, int depth) { return std::make_shared<const Type>(decode_type(proto, depth + 1)); }

}  // namespace

Type decode_type(const ::onnx::TypeProto& proto, int depth) {
  require(depth < k_depth, Code::limit, "type nested deeper than ", k_depth);
  Type t;
  switch (proto.value_case()) {
    case ::onnx::TypeProto::kTensorType: return tensor_type(proto.tensor_type(), Type::Kind::tensor);
    case ::onnx::TypeProto::kSparseTensorType: return tensor_type(proto.sparse_tensor_type(), Type::Kind::sparse);
    case ::onnx::TypeProto::kSequenceType:
      t.kind = Type::Kind::sequence;
      t.element = element(proto.sequence_type().elem_type(), depth);
      return t;
    case ::onnx::TypeProto::kOptionalType:
      t.kind = Type::Kind::optional;
      t.element = element(proto.optional_type().elem_type(), depth);
      return t;
    case ::onnx::TypeProto::kMapType:
      t.kind = Type::Kind::map;
      t.dtype = static_cast<DType>(proto.map_type().key_type());
      if (!is_known(t.dtype)) t.dtype = DType::undefined;
      t.element = element(proto.map_type().value_type(), depth);
      return t;
    default: return t;
  }
}

void encode_type(const Type& type, ::onnx::TypeProto& proto) {
  switch (type.kind) {
    case Type::Kind::tensor: encode_tensor_type(type, *proto.mutable_tensor_type()); break;
    case Type::Kind::sparse: encode_tensor_type(type, *proto.mutable_sparse_tensor_type()); break;
    case Type::Kind::sequence:
      if (auto* elem = proto.mutable_sequence_type()->mutable_elem_type(); type.element) encode_type(*type.element, *elem);
      break;
    case Type::Kind::optional:
      if (auto* elem = proto.mutable_optional_type()->mutable_elem_type(); type.element) encode_type(*type.element, *elem);
      break;
    case Type::Kind::map:
      proto.mutable_map_type()->set_key_type(static_cast<int32_t>(type.dtype));
      if (auto* elem = proto.mutable_map_type()->mutable_value_type(); type.element) encode_type(*type.element, *elem);
      break;
    case Type::Kind::unknown: break;
  }
}

}  // namespace mo::onnx
