// Name matching and lossless casts.
#include "data/bind.h"

#include <algorithm>

namespace mo::data {

namespace {

bool fits_exactly(const Tensor& from, const Tensor& to) {
  for (int64_t i = 0; i < from.size(); ++i)
    if (from.number(i) != to.number(i)) return false;
  return true;
}

Tensor fit(const Tensor& t, const runtime::Port& port) {
  DType wanted = port.type.dtype;
  if (wanted == DType::undefined || t.dtype() == wanted) return t;
  auto numeric = [](DType d) { return is_integer(d) || is_floating(d) || d == DType::boolean; };
  require(numeric(t.dtype()) && numeric(wanted), Code::type, "input '", printable(port.name), "' takes ", name(wanted), ", the data set has ",
          name(t.dtype()));
  require(!(is_floating(t.dtype()) && is_integer(wanted)), Code::type, "input '", printable(port.name), "' takes ", name(wanted),
          ", the data set has ", name(t.dtype()));
  Tensor cast = t.cast(wanted);
  bool both_floating = is_floating(t.dtype()) && is_floating(wanted);  // float64 → float32 and the like: rounding is what the model asks for
  bool wider = is_integer(t.dtype()) && wanted == DType::i64;
  require(both_floating || wider || fits_exactly(t, cast), Code::type, "input '", printable(port.name), "' takes ", name(wanted), "; the data set's ",
          name(t.dtype()), " values do not fit");
  return cast;
}

Tensor shaped(Tensor t, const runtime::Port& port, int64_t samples) {
  const graph::Type& type = port.type;
  if (!type.ranked || t.rank() == type.rank()) return t;
  if (t.rank() == type.rank() + 1 && samples == 1 && t.dim(0) == 1) return t.reshaped(Shape(t.shape().begin() + 1, t.shape().end()));
  if (t.rank() + 1 == type.rank()) {  // [n, h, w] for [n, 1, h, w], [n] for [n, 1]
    Shape s = t.shape();
    if (type.dims.size() >= 2 && type.dims[1].size == 1) s.insert(s.begin() + 1, 1);
    return s.size() == type.dims.size() ? t.reshaped(s) : t;
  }
  return t;
}

}  // namespace

runtime::Named bind_inputs(const Batch& batch, std::span<const runtime::Port> ports) {
  auto array = [&](const std::string& name) {
    return std::find_if(batch.inputs.begin(), batch.inputs.end(), [&](const auto& a) { return a.first == name; });
  };
  auto required = std::count_if(ports.begin(), ports.end(), [](const runtime::Port& p) { return !p.optional; });
  runtime::Named out;
  for (const runtime::Port& port : ports) {
    auto it = array(port.name);
    if (it == batch.inputs.end() && batch.inputs.size() == 1 && required == 1 && !port.optional) it = batch.inputs.begin();
    if (it == batch.inputs.end()) {
      std::string names;
      for (const auto& [n, t] : batch.inputs) names += (names.empty() ? "" : ", ") + printable(n);
      require(port.optional, Code::not_found, "the data set has no array for input '", printable(port.name), "' (it has: ", names, ")");
      continue;
    }
    out.emplace(port.name, shaped(fit(it->second, port), port, batch.count));
  }
  return out;
}

}  // namespace mo::data
