// Datum: what flows along a graph's edge at run time: a tensor, a sequence of data, or nothing (an empty optional).
#pragma once
#include <memory>
#include <vector>

#include "tensor/tensor.h"

namespace mo {

struct Datum {
  enum class Kind { none, tensor, sequence };

  Datum() = default;
  Datum(Tensor t) : kind(t.empty() ? Kind::none : Kind::tensor), tensor(std::move(t)) {}
  static Datum sequence(std::vector<Datum> items);

  bool is_tensor() const { return kind == Kind::tensor; }
  bool is_sequence() const { return kind == Kind::sequence; }
  bool is_none() const { return kind == Kind::none; }

  Kind kind = Kind::none;
  Tensor tensor;
  std::shared_ptr<const std::vector<Datum>> items;  // of a sequence; elements share storage
};

}  // namespace mo
