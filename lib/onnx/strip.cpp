// Walks the wire format with protobuf's own stream reader, level by level, checking every length against what is left.
// Only messages on the way to a TensorProto are entered; all other fields are copied as they are, unknown groups are dropped.
#include "onnx/strip.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "base/error.h"

namespace mo::onnx {

namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

// Blocks of a file for the stream reader; errors are kept and thrown by the walker, because protobuf is not exception safe.
class FileBlocks : public google::protobuf::io::ZeroCopyInputStream {
 public:
  explicit FileBlocks(const FileReader& file) : file_(file), block_(1 << 16) {}
  bool Next(const void** data, int* size) override {
    if (backed_up_ > 0) {
      *data = block_.data() + filled_ - backed_up_;
      *size = backed_up_;
      backed_up_ = 0;
      return true;
    }
    if (at_ >= file_.size() || !error_.empty()) return false;
    try {
      filled_ = static_cast<int>(file_.read_some(at_, block_.data(), static_cast<int64_t>(block_.size())));
      if (filled_ == 0) error_ = text("'", printable(file_.path()), "' shrank while it was read");
    } catch (const Error& e) { error_ = e.message(); }
    if (!error_.empty()) return false;
    at_ += filled_;
    *data = block_.data();
    *size = filled_;
    return true;
  }
  void BackUp(int count) override { backed_up_ = count; }
  bool Skip(int count) override {
    const int kept = std::min(count, backed_up_);
    backed_up_ -= kept;
    if (file_.size() - at_ < count - kept) return false;
    at_ += count - kept;
    return true;
  }
  int64_t ByteCount() const override { return at_ - backed_up_; }
  const std::string& error() const { return error_; }

 private:
  const FileReader& file_;
  std::vector<char> block_;
  int filled_ = 0, backed_up_ = 0;
  int64_t at_ = 0;
  std::string error_;
};

enum class Kind : uint8_t { opaque, model, graph, node, attribute, tensor, sparse, function, sequence, optional, dropped };

// Which message lies in which field, by the field numbers of onnx-ml.proto; opaque fields are copied.
Kind child_of(Kind kind, int field) {
  switch (kind) {
    case Kind::model: return field == 7 ? Kind::graph : field == 25 ? Kind::function : field == 20 ? Kind::dropped : Kind::opaque;
    case Kind::graph:
      return field == 1 ? Kind::node : field == 5 ? Kind::tensor : field == 15 ? Kind::sparse : field == 14 ? Kind::dropped : Kind::opaque;
    case Kind::node: return field == 5 ? Kind::attribute : Kind::opaque;
    case Kind::attribute:
      return field == 5 || field == 10    ? Kind::tensor
             : field == 6 || field == 11  ? Kind::graph
             : field == 22 || field == 23 ? Kind::sparse
                                          : Kind::opaque;
    case Kind::sparse: return field == 1 || field == 2 ? Kind::tensor : Kind::opaque;
    case Kind::function: return field == 7 ? Kind::node : field == 11 ? Kind::attribute : Kind::opaque;
    case Kind::sequence:
      return field == 3   ? Kind::tensor
             : field == 4 ? Kind::sparse
             : field == 5 ? Kind::sequence
             : field == 6 ? Kind::dropped
             : field == 7 ? Kind::optional
                          : Kind::opaque;
    case Kind::optional:
      return field == 3   ? Kind::tensor
             : field == 4 ? Kind::sparse
             : field == 5 ? Kind::sequence
             : field == 6 ? Kind::dropped
             : field == 7 ? Kind::optional
                          : Kind::opaque;
    default: return Kind::opaque;
  }
}

bool nests(Kind kind) { return kind == Kind::graph || kind == Kind::function || kind == Kind::sequence || kind == Kind::optional; }

void put_varint(std::string& dst, uint64_t value) {
  uint8_t bytes[10];
  uint8_t* end = CodedOutputStream::WriteVarint64ToArray(value, bytes);
  dst.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(end - bytes));
}

constexpr int k_direct = 1 << 16;    // bytes of a tensor from which they are not copied through the stream
constexpr int k_long_packed = 4096;  // bytes from which float_data and double_data are taken out too

class Walker {
 public:
  Walker(CodedInputStream& in, const Limits& limits, Control* control, const FileReader* file = nullptr, const std::string* stream_error = nullptr)
      : in_(in), limits_(limits), control_(control), file_(file), stream_error_(stream_error) {}

  Stripped run(Kind root, int64_t size) {
    require(size <= limits_.file_bytes, Code::limit, "model has ", size, " bytes, the limit is ", limits_.file_bytes);
    require(size <= INT32_MAX, Code::limit, "model has ", size, " bytes, protobuf ends at 2 GiB (keep weights in external data)");
    in_.SetTotalBytesLimit(INT32_MAX);
    CodedInputStream::Limit outer = in_.PushLimit(static_cast<int>(size));
    message(root, result_.structure, 0);
    in_.PopLimit(outer);
    return std::move(result_);
  }

 private:
  [[noreturn]] void malformed(const char* what) {
    if (stream_error_ && !stream_error_->empty()) fail(Code::io, *stream_error_);
    fail(Code::format, "not a valid ONNX model: ", what, " at byte ", in_.CurrentPosition());
  }

  int length() {
    int n;
    if (!in_.ReadVarintSizeAsInt(&n)) malformed("bad length");
    if (n > in_.BytesUntilLimit()) malformed("a length reaches beyond its message");
    return n;
  }

  void count(int64_t structure) {
    structure_ = checked_add(structure_, structure);
    require(structure_ <= limits_.structure_bytes, Code::limit, "model structure is larger than ", limits_.structure_bytes, " bytes");
  }

  void admit(int n) {  // before memory is taken
    require(n <= limits_.tensor_bytes, Code::limit, "tensor of ", n, " bytes, the limit is ", limits_.tensor_bytes);
    result_.data_bytes = checked_add(result_.data_bytes, n);
    require(result_.data_bytes <= limits_.total_bytes, Code::limit, "tensors hold more than ", limits_.total_bytes, " bytes");
    check(control_);
  }

  Tensor take(int n, Tensor place) {
    if (!place) place = Tensor::allocate(DType::u8, {n});
    if (file_ && n >= k_direct) read_direct(place.raw_mutable(), n);
    else if (!in_.ReadRaw(place.raw_mutable(), n)) malformed("truncated tensor data");
    return place;
  }

  // What the stream has not read yet comes from the file itself.
  void read_direct(void* to, int n) {
    const void* there = nullptr;
    int have = 0;
    in_.GetDirectBufferPointer(&there, &have);
    have = std::clamp(have, 0, n);
    if (have > 0) std::memcpy(to, there, static_cast<size_t>(have));
    file_->read_at(in_.CurrentPosition() + have, static_cast<char*>(to) + have, n - have);
    if (!in_.Skip(n)) malformed("truncated tensor data");
  }

  // Copies a field; groups (which ONNX does not have) are dropped.
  void copy(uint32_t tag, std::string& out) {
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_VARINT: {
        uint64_t v;
        if (!in_.ReadVarint64(&v)) malformed("bad number");
        put_varint(out, tag);
        put_varint(out, v);
        return count(2);
      }
      case WireFormatLite::WIRETYPE_FIXED64: return copy_fixed(tag, 8, out);
      case WireFormatLite::WIRETYPE_FIXED32: return copy_fixed(tag, 4, out);
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED: {
        int n = length();
        count(n + 2);
        put_varint(out, tag);
        put_varint(out, static_cast<uint64_t>(n));
        size_t at = out.size();
        out.resize(at + static_cast<size_t>(n));
        if (!in_.ReadRaw(out.data() + at, n)) malformed("truncated field");
        return;
      }
      case WireFormatLite::WIRETYPE_START_GROUP:
        if (!WireFormatLite::SkipField(&in_, tag)) malformed("bad group");
        return;
      default: malformed("bad field");
    }
  }

  void copy_fixed(uint32_t tag, int n, std::string& out) {
    char bytes[8];
    if (!in_.ReadRaw(bytes, n)) malformed("truncated number");
    put_varint(out, tag);
    out.append(bytes, static_cast<size_t>(n));
    count(n + 1);
  }

  void message(Kind kind, std::string& out, int64_t depth) {
    if (nests(kind)) ++depth;
    require(depth <= limits_.depth, Code::limit, "subgraphs are nested deeper than ", limits_.depth);
    require(++items_ <= limits_.items, Code::limit, "model holds more than ", limits_.items, " items");
    if (kind == Kind::tensor) return tensor(out);
    while (uint32_t tag = in_.ReadTag()) {
      Kind child = child_of(kind, WireFormatLite::GetTagFieldNumber(tag));
      if (child == Kind::opaque || WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
        copy(tag, out);
        continue;
      }
      int n = length();
      if (child == Kind::dropped) {
        if (!in_.Skip(n)) malformed("truncated field");
        continue;
      }
      nested(child, tag, n, out, depth);
    }
    if (!in_.ConsumedEntireMessage()) malformed("bad field");
  }

  void nested(Kind child, uint32_t tag, int n, std::string& out, int64_t depth) {
    CodedInputStream::Limit outer = in_.PushLimit(n);
    std::string body;
    message(child, body, depth);
    in_.PopLimit(outer);
    put_varint(out, tag);
    put_varint(out, body.size());
    out.append(body);
    count(4);
  }

  void tensor(std::string& out) {
    StrippedData data;
    Shape dims;
    int64_t dtype = 0;
    while (uint32_t tag = in_.ReadTag()) {
      int field = WireFormatLite::GetTagFieldNumber(tag);
      bool delimited = WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
      if (field == 3) fail(Code::unsupported, "tensors stored in segments are not supported");
      size_t before = out.size();
      if (field == 9 && delimited) {
        int n = length();
        admit(n);
        data.has_raw = true;
        data.raw = Tensor();
        data.raw = take(n, expected(dims, dtype, n));
        continue;
      }
      if ((field == 4 || field == 10) && delimited) {
        int n = length();
        if (n >= k_long_packed) {
          admit(n);
          data.chunks.push_back(take(n, {}));
          continue;
        }
        put_varint(out, tag);
        put_varint(out, static_cast<uint64_t>(n));
        size_t at = out.size();
        out.resize(at + static_cast<size_t>(n));
        if (!in_.ReadRaw(out.data() + at, n)) malformed("truncated field");
        count(n + 2);
        continue;
      }
      copy(tag, out);
      note(field, delimited, std::string_view(out).substr(before), dims, dtype);
    }
    if (!in_.ConsumedEntireMessage()) malformed("bad field");
    // segment { begin: index }
    std::string segment;
    put_varint(segment, 1 << 3);
    put_varint(segment, result_.data.size());
    put_varint(out, 3 << 3 | 2);
    put_varint(out, segment.size());
    out.append(segment);
    result_.data.push_back(std::move(data));
  }

  // Learns dims (1) and data_type (2) from a field just copied.
  void note(int field, bool delimited, std::string_view copied, Shape& dims, int64_t& dtype) {
    if (field != 1 && field != 2) return;
    CodedInputStream in(reinterpret_cast<const uint8_t*>(copied.data()), static_cast<int>(copied.size()));
    uint64_t v;
    in.ReadTag();
    if (delimited && !in.ReadVarint64(&v)) return;
    while (in.ReadVarint64(&v)) {
      if (field == 2) dtype = static_cast<int64_t>(v);
      else if (static_cast<int64_t>(dims.size()) <= limits_.rank) dims.push_back(static_cast<int64_t>(v));
      if (!delimited) return;
    }
  }

  // Memory of the final dtype and shape when that is known and fits the length; nothing otherwise (the decoder then complains or copes).
  Tensor expected(const Shape& dims, int64_t dtype, int n) {
    if (dtype <= 0 || dtype > INT32_MAX || static_cast<int64_t>(dims.size()) > std::min(limits_.rank, k_max_rank)) return {};
    DType d = static_cast<DType>(dtype);
    if (info(d).bits == 0) return {};
    // Sizes are recomputed with plain bounds here so that a bad shape is reported by the decoder, with the tensor's name.
    int64_t elements = 1;
    for (int64_t dim : dims) {
      if (dim < 0 || __builtin_mul_overflow(elements, dim, &elements) || elements > int64_t{1} << 40) return {};
    }
    if ((elements * info(d).bits + 7) / 8 != n) return {};
    return Tensor::allocate(d, dims);
  }

  CodedInputStream& in_;
  const Limits& limits_;
  Control* control_;
  const FileReader* file_;  // that the stream reads, if any
  const std::string* stream_error_;
  Stripped result_;
  int64_t structure_ = 0, items_ = 0;
};

Kind kind_of(Root root) {
  switch (root) {
    case Root::tensor: return Kind::tensor;
    case Root::sequence: return Kind::sequence;
    case Root::optional: return Kind::optional;
    default: return Kind::model;
  }
}

}  // namespace

Stripped strip(std::string_view bytes, Root root, const Limits& limits, Control* control) {
  require(bytes.size() <= INT32_MAX, Code::limit, "model has ", bytes.size(), " bytes, protobuf ends at 2 GiB");
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  return Walker(in, limits, control).run(kind_of(root), static_cast<int64_t>(bytes.size()));
}

Stripped strip(const FileReader& file, const Limits& limits, Control* control) {
  FileBlocks blocks(file);
  CodedInputStream in(&blocks);
  return Walker(in, limits, control, &file, &blocks.error()).run(Kind::model, file.size());
}

}  // namespace mo::onnx
