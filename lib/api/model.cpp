// mo_model: ports, description, digest, metadata.
#include "api/model.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/buffer.h"
#include "base/memory.h"

using namespace mo;
using namespace mo::api;
using Json = nlohmann::ordered_json;

namespace {

std::unique_ptr<mo_port> port(const graph::Graph& g, graph::ValueId id) {
  auto p = std::make_unique<mo_port>();
  const graph::Value& v = g.value(id);
  p->name = v.name;
  p->dtype = v.type.dtype;
  p->ranked = v.type.is_tensor() && v.type.ranked;
  p->optional = v.is_constant();
  if (p->ranked)
    for (const graph::Dim& d : v.type.dims) p->dims.push_back(d.known() ? d.size : -1);
  return p;
}

Json json_of(const graph::Value& v) {
  Json dims;
  for (const graph::Dim& d : v.type.dims) dims.push_back(d.known() ? Json(d.size) : d.symbol.empty() ? Json(nullptr) : Json(printable(d.symbol)));
  if (v.type.ranked && dims.is_null()) dims = Json::array();
  Json j{{"name", printable(v.name)}, {"dtype", name(v.type.dtype)}, {"shape", dims}};
  if (!v.type.is_tensor()) j["type"] = graph::describe(v.type);
  if (v.is_constant()) j["optional"] = true;
  return j;
}

Json json_of(const graph::Graph& g, const std::vector<graph::ValueId>& ids) {
  Json list = Json::array();
  for (graph::ValueId id : ids) list.push_back(json_of(g.value(id)));
  return list;
}

Json describe(const mo_model& m) {
  const graph::Model& model = m.model;
  const report::Summary& s = m.summary();
  Json opsets = Json::object(), metadata = Json::object();
  for (const auto& [domain, version] : model.opsets) opsets[domain.empty() ? "ai.onnx" : printable(domain)] = version;
  for (const auto& [key, value] : model.metadata) metadata[printable(key)] = printable(value, 4096);
  return Json{{"name", printable(model.graph.name)},
              {"producer", printable(model.producer_name + (model.producer_version.empty() ? "" : " " + model.producer_version))},
              {"ir_version", model.ir_version},
              {"opsets", opsets},
              {"inputs", json_of(model.graph, model.graph.inputs)},
              {"outputs", json_of(model.graph, model.graph.outputs)},
              {"nodes", s.nodes},
              {"operators", s.operators},
              {"quantized_nodes", s.quantized_nodes},
              {"file_bytes", m.saved().bytes},
              {"parameters", s.parameters},
              {"parameter_bytes", s.parameter_bytes},
              {"bytes_by_dtype", s.bytes_by_dtype},
              {"macs", s.macs},
              {"macs_unknown_nodes", s.macs_unknown},
              {"macs_free_axes", s.free_axes},
              {"metadata", metadata},
              {"digest", m.saved().digest}};
}

const mo_port* port_at(const std::vector<std::unique_ptr<mo_port>>& ports, int64_t index) {
  return index >= 0 && index < static_cast<int64_t>(ports.size()) ? ports[static_cast<size_t>(index)].get() : nullptr;
}

}  // namespace

mo_model::mo_model(graph::Model m) : model(std::move(m)) {
  for (graph::ValueId id : model.graph.inputs) inputs.push_back(port(model.graph, id));
  for (graph::ValueId id : model.graph.outputs) outputs.push_back(port(model.graph, id));
}

const report::Summary& mo_model::summary() const {
  std::lock_guard lock(mutex_);
  if (!summary_) summary_ = report::summarize(model);
  return *summary_;
}

const report::Saved& mo_model::saved() const {
  std::lock_guard lock(mutex_);
  if (!saved_) saved_ = report::saved_form(model);
  return *saved_;
}

mo_error* mo_model_describe_json(const mo_model* model, mo_buffer** json) {
  return guard([&] {
    mo_buffer*& result = output(json, "json");
    result = buffer(describe(checked(model, "model")).dump(2));
  });
}

mo_error* mo_model_digest(const mo_model* model, mo_buffer** digest) {
  return guard([&] {
    mo_buffer*& result = output(digest, "digest");
    result = buffer(checked(model, "model").saved().digest);
  });
}

mo_error* mo_model_metadata_get(const mo_model* model, const char* key, mo_buffer** value) {
  return guard([&] {
    mo_buffer*& result = output(value, "value");
    const mo_model& m = checked(model, "model");
    std::string wanted = text_argument(key, "key");
    for (const auto& [k, v] : m.model.metadata)
      if (k == wanted) {
        result = buffer(v);
        return;
      }
    fail(Code::not_found, "the model has no metadata for ", printable(wanted));
  });
}

mo_error* mo_model_metadata_set(const mo_model* model, const char* key, const char* value, mo_model** out) {
  return guard([&] {
    mo_model*& result = output(out, "out");
    graph::Model copy = checked(model, "model").model;
    std::string wanted = name_argument(key, "key");
    auto it = std::find_if(copy.metadata.begin(), copy.metadata.end(), [&](const auto& entry) { return entry.first == wanted; });
    if (value && it != copy.metadata.end()) it->second = value;
    else if (value) copy.metadata.emplace_back(wanted, value);
    else if (it != copy.metadata.end()) copy.metadata.erase(it);
    result = new mo_model(std::move(copy));
  });
}

int64_t mo_model_input_count(const mo_model* model) {
  const mo_model* m = valid_or_null(model);
  return m ? static_cast<int64_t>(m->inputs.size()) : 0;
}

int64_t mo_model_output_count(const mo_model* model) {
  const mo_model* m = valid_or_null(model);
  return m ? static_cast<int64_t>(m->outputs.size()) : 0;
}

const mo_port* mo_model_input(const mo_model* model, int64_t index) {
  const mo_model* m = valid_or_null(model);
  return m ? port_at(m->inputs, index) : nullptr;
}

const mo_port* mo_model_output(const mo_model* model, int64_t index) {
  const mo_model* m = valid_or_null(model);
  return m ? port_at(m->outputs, index) : nullptr;
}

const char* mo_port_name(const mo_port* port) {
  const mo_port* p = valid_or_null(port);
  return p ? p->name.c_str() : "";
}

int32_t mo_port_dtype(const mo_port* port) {
  const mo_port* p = valid_or_null(port);
  return p ? static_cast<int32_t>(p->dtype) : MO_DTYPE_UNDEFINED;
}

int64_t mo_port_rank(const mo_port* port) {
  const mo_port* p = valid_or_null(port);
  return p && p->ranked ? static_cast<int64_t>(p->dims.size()) : -1;
}

const int64_t* mo_port_dims(const mo_port* port) {
  static const int64_t none = 0;
  const mo_port* p = valid_or_null(port);
  if (!p || !p->ranked) return nullptr;
  return p->dims.empty() ? &none : p->dims.data();
}

int32_t mo_port_optional(const mo_port* port) {
  const mo_port* p = valid_or_null(port);
  return p && p->optional ? 1 : 0;
}

void mo_model_free(mo_model* model) {
  int64_t bytes = 0;
  if (const mo_model* m = valid_or_null(model)) {
    const graph::Graph& g = m->model.graph;
    for (graph::ValueId v = 0; v < g.value_count(); ++v) bytes += g.value(v).constant.bytes();
  }
  release(model);
  if (bytes >= k_worth_trimming) trim_memory();
}
