// mo_tensors: tensors by name, in order.
#include "api/tensor.h"

using namespace mo;
using namespace mo::api;

const Tensor* mo_tensors::find(std::string_view name) const {
  for (const Entry& e : entries)
    if (e.name == name) return &e.box->tensor;
  return nullptr;
}

void mo_tensors::set(std::string name, Tensor tensor) {
  auto box = std::make_shared<TensorBox>(TensorBox{std::move(tensor)});
  for (Entry& e : entries)
    if (e.name == name) {
      e.box = std::move(box);
      return;
    }
  entries.push_back({std::move(name), std::move(box)});
}

namespace mo::api {

mo_tensors* tensors_handle(std::vector<std::pair<std::string, Tensor>> named) {
  auto tensors = std::make_unique<mo_tensors>();
  for (auto& [name, tensor] : named) tensors->set(name, std::move(tensor));
  return tensors.release();
}

std::vector<std::pair<std::string, Tensor>> named_tensors(const mo_tensors& tensors) {
  std::vector<std::pair<std::string, Tensor>> named;
  for (const auto& e : tensors.entries) named.emplace_back(e.name, e.box->tensor);
  return named;
}

}  // namespace mo::api

mo_error* mo_tensors_create(mo_tensors** out) {
  return guard([&] {
    mo_tensors*& result = output(out, "out");  // checked before anything is made
    result = new mo_tensors;
  });
}

mo_error* mo_tensors_set(mo_tensors* tensors, const char* name, const mo_tensor* tensor) {
  return guard([&] {
    mo_tensors& ts = checked(tensors, "tensors");
    std::string key = name_argument(name, "name");
    const mo_tensor& t = checked(tensor, "tensor");
    for (auto& e : ts.entries)
      if (e.name == key) {
        e.box = t.box;
        return;
      }
    ts.entries.push_back({std::move(key), t.box});
  });
}

mo_error* mo_tensors_get(const mo_tensors* tensors, const char* name, mo_tensor** out) {
  return guard([&] {
    mo_tensor*& result = output(out, "out");
    const mo_tensors& ts = checked(tensors, "tensors");
    std::string key = text_argument(name, "name");
    std::vector<std::string> names;
    for (const auto& e : ts.entries) {
      if (e.name == key) {
        result = new mo_tensor(e.box);
        return;
      }
      names.push_back(printable(e.name));
    }
    fail(Code::not_found, "no tensor is named ", printable(key), "; there are ", names.empty() ? "none" : join(names, ", "));
  });
}

int64_t mo_tensors_count(const mo_tensors* tensors) {
  const mo_tensors* ts = valid_or_null(tensors);
  return ts ? static_cast<int64_t>(ts->entries.size()) : 0;
}

const char* mo_tensors_name(const mo_tensors* tensors, int64_t index) {
  const mo_tensors* ts = valid_or_null(tensors);
  bool inside = ts && index >= 0 && index < static_cast<int64_t>(ts->entries.size());
  return inside ? ts->entries[static_cast<size_t>(index)].name.c_str() : nullptr;
}

void mo_tensors_free(mo_tensors* tensors) { release(tensors); }
