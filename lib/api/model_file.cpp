// mo_model from and to files and bytes.
#include <chrono>

#include "api/buffer.h"
#include "api/model.h"
#include "api/read_options.h"
#include "onnx/write.h"

using namespace mo;
using namespace mo::api;

onnx::ReadOptions mo::api::read_options(const mo_options* options) {
  OptionSet o = options_for(options, "load");
  onnx::ReadOptions r;
  std::string external = o.text("external_data");
  r.external = external == "read" ? onnx::ExternalData::read : external == "map" ? onnx::ExternalData::map : onnx::ExternalData::refuse;
  r.limits.file_bytes = o.integer("max_file_bytes");
  r.limits.structure_bytes = o.integer("max_structure_bytes");
  r.limits.items = o.integer("max_items");
  r.limits.nodes = o.integer("max_nodes");
  r.limits.depth = o.integer("max_depth");
  r.limits.tensor_bytes = o.integer("max_tensor_bytes");
  r.limits.total_bytes = o.integer("max_total_bytes");
  return r;
}

namespace {

onnx::WriteOptions write_options(const mo_options* options) {
  OptionSet o = options_for(options, "save");
  onnx::WriteOptions w;
  std::string outside = o.text("outside");
  w.outside = outside == "auto" ? onnx::Outside::automatic : outside == "never" ? onnx::Outside::never : onnx::Outside::always;
  w.outside_from_bytes = o.integer("outside_from_bytes");
  w.opset = o.integer("opset");
  w.ir_version = o.integer("ir_version");
  w.value_types = o.flag("value_types");
  return w;
}

template <class Read>
mo_model* timed(Read&& read) {
  auto start = std::chrono::steady_clock::now();
  auto m = std::make_unique<mo_model>(read());
  m->load_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return m.release();
}

}  // namespace

mo_error* mo_model_load(const char* path, const mo_options* options, mo_model** out) {
  return guard([&] {
    mo_model*& result = output(out, "out");
    std::string file = path_argument(path, "path");
    onnx::ReadOptions r = read_options(options);
    result = timed([&] { return onnx::read(file, r); });
  });
}

mo_error* mo_model_load_bytes(const void* data, int64_t size, const char* base_dir, const mo_options* options, mo_model** out) {
  return guard([&] {
    mo_model*& result = output(out, "out");
    require(data != nullptr, Code::invalid_argument, "data is NULL");
    require(size >= 0, Code::invalid_argument, "size is ", size);
    onnx::ReadOptions r = read_options(options);
    if (base_dir) r.base_dir = path_argument(base_dir, "base_dir");
    result = timed([&] { return onnx::read_bytes({static_cast<const char*>(data), static_cast<size_t>(size)}, r); });
  });
}

mo_error* mo_model_save(const mo_model* model, const char* path, const mo_options* options) {
  return guard([&] {
    const mo_model& m = checked(model, "model");
    onnx::write(m.model, path_argument(path, "path"), write_options(options));
  });
}

mo_error* mo_model_save_bytes(const mo_model* model, const mo_options* options, mo_buffer** out) {
  return guard([&] {
    mo_buffer*& result = output(out, "out");
    const mo_model& m = checked(model, "model");
    result = buffer(onnx::write_bytes(m.model, write_options(options)));
  });
}
