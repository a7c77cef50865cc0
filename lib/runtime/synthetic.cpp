// Made-up inputs.
#include "runtime/synthetic.h"

#include <algorithm>
#include <random>

namespace mo::runtime {

namespace {

// Symbols bound by the shapes that were given.
std::map<std::string, int64_t> bind_symbols(const std::vector<Port>& inputs, const Shapes& given) {
  std::map<std::string, int64_t> symbols;
  for (const Port& p : inputs) {
    auto it = given.find(p.name);
    if (it == given.end() || !p.type.ranked || p.type.dims.size() != it->second.size()) continue;
    for (size_t i = 0; i < p.type.dims.size(); ++i)
      if (!p.type.dims[i].known() && !p.type.dims[i].symbol.empty()) symbols.emplace(p.type.dims[i].symbol, it->second[i]);
  }
  return symbols;
}

}  // namespace

Shapes resolve_shapes(const std::vector<Port>& inputs, const Shapes& given, int64_t batch) {
  std::vector<std::string> names;
  for (const Port& p : inputs) names.push_back(p.name);
  for (const auto& [name, shape] : given)
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      std::string near = nearest(name, names);
      fail(Code::not_found, "no input '", printable(name), "'", near.empty() ? std::string() : "; did you mean '" + printable(near) + "'");
    }
  std::map<std::string, int64_t> symbols = bind_symbols(inputs, given);
  Shapes out;
  for (const Port& p : inputs) {
    if (p.optional || !p.type.is_tensor()) continue;
    if (auto it = given.find(p.name); it != given.end()) {
      out[p.name] = it->second;
      continue;
    }
    Shape shape;
    bool known = p.type.ranked;
    for (size_t i = 0; known && i < p.type.dims.size(); ++i) {
      const graph::Dim& d = p.type.dims[i];
      auto symbol = symbols.find(d.symbol);
      if (d.known()) shape.push_back(d.size);
      else if (!d.symbol.empty() && symbol != symbols.end()) shape.push_back(symbol->second);
      else if (i == 0) shape.push_back(std::max<int64_t>(batch, 1));
      else known = false;
    }
    require(known, Code::invalid_argument, "the shape of input '", printable(p.name), "' (", graph::describe(p.type), ") must be given");
    if (batch > 0 && !shape.empty() && !p.type.dims[0].known()) shape[0] = batch;
    out[p.name] = std::move(shape);
  }
  return out;
}

std::vector<Datum> synthetic_inputs(const std::vector<Port>& inputs, const Shapes& given, int64_t batch, uint64_t seed) {
  Shapes shapes = resolve_shapes(inputs, given, batch);
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<Datum> out;
  for (const Port& p : inputs) {
    if (p.optional) {
      out.emplace_back();
      continue;
    }
    require(p.type.is_tensor() && info(p.type.dtype).bits > 0, Code::unsupported, "no values can be made up for input '", printable(p.name), "' (",
            graph::describe(p.type), ")");
    Tensor t = Tensor::allocate(p.type.dtype, shapes.at(p.name));
    bool floating = is_floating(t.dtype()) || t.dtype() == DType::c64 || t.dtype() == DType::c128;
    for (int64_t i = 0; i < t.size(); ++i) t.set_number(i, floating ? normal(random) : static_cast<double>(random() >> 63));
    out.emplace_back(std::move(t));
  }
  return out;
}

}  // namespace mo::runtime
