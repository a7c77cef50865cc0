// mo_tensor and mo_tensors: handles on boxes, so that every handle on a tensor sees what is written to it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "api/handle.h"
#include "tensor/tensor.h"

namespace mo::api {

struct TensorBox {
  Tensor tensor;
};
using BoxPtr = std::shared_ptr<TensorBox>;

}  // namespace mo::api

struct mo_tensor : mo::api::Handle<0x6d6f7465> {
  explicit mo_tensor(mo::api::BoxPtr b) : box(std::move(b)) {}
  mo::api::BoxPtr box;
};

struct mo_tensors : mo::api::Handle<0x6d6f7473> {
  struct Entry {
    std::string name;
    mo::api::BoxPtr box;
  };
  std::vector<Entry> entries;

  const mo::Tensor* find(std::string_view name) const;  // null when absent
  void set(std::string name, mo::Tensor tensor);
};

namespace mo::api {
mo_tensor* tensor_handle(Tensor tensor);
mo_tensors* tensors_handle(std::vector<std::pair<std::string, Tensor>> named);
std::vector<std::pair<std::string, Tensor>> named_tensors(const mo_tensors& tensors);
}  // namespace mo::api
