// Assembles the file from pieces: the small messages come from protobuf, tensors are framed here and streamed from where they lie.
// Order of the file: everything but the graph, then the graph's header, its structure, its initializers one by one.
#include "onnx/write.h"

#include <google/protobuf/io/coded_stream.h>

#include <dirent.h>
#include <unistd.h>

#include <memory>

#include "base/checked.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "onnx/encode.h"
#include "onnx/onnx-ml.pb.h"
#include "onnx/tensor_codec.h"

namespace mo::onnx {

namespace {

using google::protobuf::io::CodedOutputStream;

constexpr int64_t k_alignment_outside = 64;
constexpr int64_t k_largest_inside = INT32_MAX;
constexpr size_t k_hex_digits = 12;  // of the data file's name

void put_varint(std::string& dst, uint64_t value) {
  uint8_t bytes[10];
  uint8_t* end = CodedOutputStream::WriteVarint64ToArray(value, bytes);
  dst.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(end - bytes));
}

// One initializer as it goes into the file: `head`, then the tensor's raw bytes when they stay inside.
struct Piece {
  std::string head;
  const Tensor* tensor;
  bool inside;
  int64_t size() const { return static_cast<int64_t>(head.size()) + (inside ? tensor->bytes() : 0); }
};

template <class Message>
std::string serialized(const Message& m) {
  require(m.ByteSizeLong() < static_cast<size_t>(k_largest_inside), Code::limit, "the model's structure passes 2 GiB");
  std::string out;
  require(m.SerializePartialToString(&out), Code::internal, "protobuf could not write the model");
  return out;
}

class Writer {
 public:
  Writer(const graph::Model& m, const WriteOptions& options) : options_(options) {
    ::onnx::GraphProto graph;
    initializers_ = encode_main_graph(m.graph, options, graph);
    structure_ = serialized(graph);
    graph.Clear();
    header_ = serialized(header(m));
  }

  // Gives each outside tensor its place in `location` and returns the total bytes there.
  void place(bool outside, const std::string& location) {
    pieces_.clear();
    outside_bytes_ = 0;
    for (const Initializer& i : initializers_) {
      ::onnx::TensorProto t;
      encode_header(*i.tensor, t);
      t.set_name(i.name);
      bool raw = i.tensor->dtype() != DType::string;
      bool away = outside && goes_outside(*i.tensor);
      if (away) {
        outside_bytes_ = checked_add(outside_bytes_, (k_alignment_outside - outside_bytes_ % k_alignment_outside) % k_alignment_outside);
        t.set_data_location(::onnx::TensorProto::EXTERNAL);
        auto put = [&](const char* key, std::string value) {
          auto* e = t.add_external_data();
          e->set_key(key);
          e->set_value(std::move(value));
        };
        put("location", location);
        put("offset", text(outside_bytes_));
        put("length", text(i.tensor->bytes()));
        outside_bytes_ = checked_add(outside_bytes_, i.tensor->bytes());
      }
      add_piece(serialized(t), *i.tensor, raw && !away);
    }
    graph_bytes_ = static_cast<int64_t>(structure_.size());
    for (const Piece& p : pieces_) graph_bytes_ = checked_add(graph_bytes_, p.size());
  }

  // A name for the data file that changes with its contents: a replaced model keeps the data it was written with until the new one is in place.
  std::string data_name(const std::string& file_name) const {
    Sha256 hash;
    for (const Initializer& i : initializers_) {
      if (!goes_outside(*i.tensor)) continue;
      check(options_.control);
      hash.update_int(i.tensor->bytes());
      hash.update(i.tensor->raw(), static_cast<size_t>(i.tensor->bytes()));
    }
    return text(file_name, ".", hex(hash.finish()).substr(0, k_hex_digits), ".data");
  }

  bool fits_inside() const { return graph_bytes_ + static_cast<int64_t>(header_.size()) + 16 <= k_largest_inside; }
  bool has_outside() const { return outside_bytes_ > 0; }

  template <class Sink>
  void emit(Sink&& sink) const {
    std::string frame = header_;
    put_varint(frame, 7 << 3 | 2);  // ModelProto.graph
    put_varint(frame, static_cast<uint64_t>(graph_bytes_));
    sink(frame.data(), frame.size());
    sink(structure_.data(), structure_.size());
    for (const Piece& p : pieces_) {
      check(options_.control);
      sink(p.head.data(), p.head.size());
      if (p.inside && p.tensor->bytes() > 0) sink(p.tensor->raw(), static_cast<size_t>(p.tensor->bytes()));
    }
  }

  void emit_outside(AtomicFile& file) const {
    for (const Piece& p : pieces_) {
      if (p.inside || !goes_outside(*p.tensor)) continue;
      check(options_.control);
      file.pad_to(k_alignment_outside);
      file.write(p.tensor->raw(), static_cast<size_t>(p.tensor->bytes()));
    }
  }

 private:
  bool goes_outside(const Tensor& t) const { return t.dtype() != DType::string && t.bytes() > 0 && t.bytes() >= options_.outside_from_bytes; }

  ::onnx::ModelProto header(const graph::Model& m) {
    ::onnx::ModelProto p;
    Versions v = choose_versions(m, options_);
    p.set_ir_version(v.ir);
    if (!m.producer_name.empty()) p.set_producer_name(m.producer_name);
    if (!m.producer_version.empty()) p.set_producer_version(m.producer_version);
    if (!m.domain.empty()) p.set_domain(m.domain);
    if (m.model_version != 0) p.set_model_version(m.model_version);
    if (!m.doc.empty()) p.set_doc_string(m.doc);
    for (const auto& [domain, version] : v.opsets) {
      auto* o = p.add_opset_import();
      o->set_domain(domain);
      o->set_version(version);
    }
    for (const auto& [key, value] : m.metadata) {
      auto* e = p.add_metadata_props();
      e->set_key(key);
      e->set_value(value);
    }
    return p;
  }

  // GraphProto.initializer { body, raw_data }
  void add_piece(std::string body, const Tensor& tensor, bool inside) {
    if (inside) {
      put_varint(body, 9 << 3 | 2);
      put_varint(body, static_cast<uint64_t>(tensor.bytes()));
    }
    Piece p{{}, &tensor, inside};
    put_varint(p.head, 5 << 3 | 2);
    put_varint(p.head, body.size() + (inside ? static_cast<size_t>(tensor.bytes()) : 0));
    p.head.append(body);
    pieces_.push_back(std::move(p));
  }

  const WriteOptions& options_;
  std::vector<Initializer> initializers_;
  std::vector<Piece> pieces_;
  std::string structure_, header_;
  int64_t graph_bytes_ = 0, outside_bytes_ = 0;
};

}  // namespace

namespace {

// Data files of earlier saves under the same model name.
void remove_old_data(const std::string& folder, const std::string& file_name, const std::string& keep) {
  // not std::filesystem::directory_iterator, which ends the process when it gets no memory
  std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.c_str()), ::closedir);
  if (!listing) return;
  while (const dirent* entry = ::readdir(listing.get())) {
    std::string_view name = entry->d_name;
    if (name == keep || !name.starts_with(file_name + ".") || !name.ends_with(".data") || name.size() != file_name.size() + k_hex_digits + 6)
      continue;
    std::string_view middle = name.substr(file_name.size() + 1, k_hex_digits);
    if (middle.find_first_not_of("0123456789abcdef") == std::string_view::npos) ::unlink(text(folder, "/", name).c_str());
  }
}

}  // namespace

void write(const graph::Model& model, const std::string& path, const WriteOptions& options) {
  Writer writer(model, options);
  std::string file_name = path.substr(path.find_last_of('/') + 1), location;
  writer.place(false, {});
  bool outside = options.outside == Outside::always || !writer.fits_inside();
  if (outside) {
    require(options.outside != Outside::never, Code::limit, "the model passes protobuf's 2 GiB; its tensors have to go outside");
    location = writer.data_name(file_name);
    writer.place(true, location);
    require(writer.fits_inside(), Code::limit, "the model passes protobuf's 2 GiB even without its tensors");
    outside = writer.has_outside();
  }
  AtomicFile file(path);
  writer.emit([&](const void* data, size_t bytes) { file.write(data, bytes); });
  if (outside) {
    AtomicFile data(folder_of(path) + "/" + location);
    writer.emit_outside(data);
    data.commit();
  }
  file.commit();
  remove_old_data(folder_of(path), file_name, outside ? location : std::string());
}

std::string write_bytes(const graph::Model& model, const WriteOptions& options) {
  require(options.outside != Outside::always, Code::invalid_argument, "bytes cannot refer to tensors in another file");
  Writer writer(model, options);
  writer.place(false, {});
  require(writer.fits_inside(), Code::limit, "the model passes protobuf's 2 GiB; save it to a file");
  std::string out;
  writer.emit([&](const void* data, size_t bytes) { out.append(static_cast<const char*>(data), bytes); });
  return out;
}

void write_to(const graph::Model& model, const WriteOptions& options, const std::function<void(const void*, size_t)>& sink) {
  Writer writer(model, options);
  writer.place(false, {});
  writer.emit(sink);
}

std::string digest(const graph::Model& model) {
  Sha256 hash;
  write_to(model, {}, [&](const void* data, size_t bytes) { hash.update(data, bytes); });
  return hex(hash.finish());
}

}  // namespace mo::onnx
