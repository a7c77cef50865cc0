// TensorProto, SequenceProto and OptionalProto as whole files. The latter two belong to another schema file; their few fields are walked by hand.
#include "onnx/tensor_file.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "base/error.h"
#include "onnx/onnx-ml.pb.h"
#include "onnx/strip.h"
#include "onnx/tensor_codec.h"

namespace mo::onnx {

namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

template <class Proto>
Proto parsed(std::string_view bytes) {
  Proto p;
  require(p.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size())), Code::format, "not a valid TensorProto");
  return p;
}

// Both messages: 2 = element type, 3 = tensor(s), 4 = sparse tensor(s), 5 = sequence(s), 7 = optional(s).
class DataWalker {
 public:
  explicit DataWalker(TensorDecoder& tensors) : tensors_(tensors) {}

  std::vector<Datum> items(std::string_view bytes, int depth) {
    require(depth < 32, Code::limit, "sequences are nested deeper than 32");
    std::vector<Datum> out;
    CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
    while (uint32_t tag = in.ReadTag()) {
      int field = WireFormatLite::GetTagFieldNumber(tag), length = 0;
      if (field < 3 || WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
        require(WireFormatLite::SkipField(&in, tag), Code::format, "not a valid sequence or optional");
        continue;
      }
      require(in.ReadVarintSizeAsInt(&length) && length <= static_cast<int>(bytes.size()) - in.CurrentPosition(), Code::format,
              "not a valid sequence or optional");
      std::string_view body = bytes.substr(static_cast<size_t>(in.CurrentPosition()), static_cast<size_t>(length));
      in.Skip(length);
      switch (field) {
        case 3: out.emplace_back(tensors_.dense(parsed<::onnx::TensorProto>(body))); break;
        case 4: out.emplace_back(tensors_.sparse(parsed<::onnx::SparseTensorProto>(body))); break;
        case 5: out.push_back(Datum::sequence(items(body, depth + 1))); break;
        case 7: {
          std::vector<Datum> inner = items(body, depth + 1);
          out.push_back(inner.empty() ? Datum() : inner[0]);
          break;
        }
        default: fail(Code::unsupported, "maps are not supported");
      }
    }
    require(in.ConsumedEntireMessage(), Code::format, "not a valid sequence or optional");
    return out;
  }

 private:
  TensorDecoder& tensors_;
};

template <class F>
auto named(std::string_view where, F work) {
  try {
    return work();
  } catch (const Error& e) { throw Error(e.code(), text("'", printable(where), "': ", e.message())); }
}

std::vector<Datum> parse_items(std::span<const char> bytes, Root root) {
  Limits limits;
  Stripped stripped = strip({bytes.data(), bytes.size()}, root, limits, nullptr);
  TensorDecoder decoder(stripped, nullptr, limits);
  return DataWalker(decoder).items(stripped.structure, 0);
}

}  // namespace

NamedTensor parse_tensor(std::span<const char> bytes, std::string_view where) {
  return named(where, [&] {
    Limits limits;
    Stripped stripped = strip({bytes.data(), bytes.size()}, Root::tensor, limits, nullptr);
    auto proto = parsed<::onnx::TensorProto>(stripped.structure);
    TensorDecoder decoder(stripped, nullptr, limits);
    return NamedTensor{proto.name(), decoder.dense(proto)};
  });
}

Datum parse_sequence(std::span<const char> bytes, std::string_view where) {
  return named(where, [&] { return Datum::sequence(parse_items(bytes, Root::sequence)); });
}

Datum parse_optional(std::span<const char> bytes, std::string_view where) {
  return named(where, [&] {
    std::vector<Datum> inner = parse_items(bytes, Root::optional);
    return inner.empty() ? Datum() : inner[0];
  });
}

std::string serialize_tensor(const NamedTensor& t) {
  ::onnx::TensorProto proto;
  encode_whole(t.tensor, proto);
  proto.set_name(t.name);
  return proto.SerializePartialAsString();
}

}  // namespace mo::onnx
