// External data: location, offset, length. Tied weights (the same range twice) share storage; ranges that overlap in part are refused.
#include "onnx/external.h"

#include <charconv>

#include "base/checked.h"
#include "base/error.h"
#include "onnx/onnx-ml.pb.h"

namespace mo::onnx {

namespace {

int64_t parse_number(const std::string& text_value, const char* key) {
  int64_t v = 0;
  auto [end, error] = std::from_chars(text_value.data(), text_value.data() + text_value.size(), v);
  require(error == std::errc() && end == text_value.data() + text_value.size() && v >= 0, Code::format, "external data ", key, " '",
          printable(text_value), "' is not a size");
  return v;
}

}  // namespace

ExternalFiles::File& ExternalFiles::open(const std::string& location) {
  auto it = files_.find(location);
  if (it != files_.end()) return it->second;
  require(files_.size() < 4096, Code::limit, "external data lies in more than 4096 files");
  File file{FileReader::open_below(options_.base_dir, location), nullptr, {}};
  if (options_.external == ExternalData::map) file.map = std::make_shared<MappedFile>(file.reader);
  return files_.emplace(location, std::move(file)).first->second;
}

Tensor ExternalFiles::load(const ::onnx::TensorProto& proto, DType dtype, const Shape& shape, int64_t bytes) {
  require(options_.external != ExternalData::refuse, Code::unsupported, "external data is refused by the read options");
  require(!options_.base_dir.empty(), Code::invalid_argument, "the model has external data, and no base folder was given for it");
  require(dtype != DType::string, Code::format, "string tensors cannot be external");
  std::string location;
  int64_t offset = 0, length = bytes;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = parse_number(entry.value(), "offset");
    if (entry.key() == "length") length = parse_number(entry.value(), "length");
  }
  require(length == bytes, Code::format, "external data has ", length, " bytes, shape ", shape, " of ", name(dtype), " needs ", bytes);
  File& file = open(location);
  require(checked_add(offset, bytes) <= file.reader.size(), Code::format, "external data '", printable(location), "' has ", file.reader.size(),
          " bytes, wanted ", bytes, " from ", offset);
  if (bytes == 0) return Tensor::allocate(dtype, shape);

  auto next = file.ranges.lower_bound(offset);
  if (next != file.ranges.end() && next->first == offset && next->second.first == bytes) {
    const Tensor& t = next->second.second;
    if (t.dtype() == dtype) return t.reshaped(shape);
    return Tensor::adopt(dtype, shape, t.raw(), std::make_shared<const Tensor>(t));
  }
  bool clash = next != file.ranges.end() && next->first < offset + bytes;
  if (next != file.ranges.begin()) {
    auto before = std::prev(next);
    clash = clash || before->first + before->second.first > offset;
  }
  require(!clash, Code::format, "external data from ", offset, " in '", printable(location), "' overlaps another tensor");

  total_ = checked_add(total_, bytes);
  require(bytes <= options_.limits.tensor_bytes, Code::limit, "tensor of ", bytes, " bytes, the limit is ", options_.limits.tensor_bytes);
  require(total_ <= options_.limits.total_bytes, Code::limit, "external data is larger than ", options_.limits.total_bytes, " bytes");
  check(options_.control);
  Tensor t;
  const int64_t alignment = std::max(1, std::min(info(dtype).bits / 8, 8));
  if (file.map && offset % alignment == 0) {
    t = Tensor::adopt(dtype, shape, file.map->data() + offset, file.map);
  } else {
    t = Tensor::allocate(dtype, shape);
    file.reader.read_at(offset, t.raw_mutable(), bytes);
  }
  file.ranges.emplace(offset, std::make_pair(bytes, t));
  return t;
}

}  // namespace mo::onnx
