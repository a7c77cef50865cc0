// Parsing of shape texts and filling in of free axes.
#include "api/shapes.h"

#include <algorithm>
#include <charconv>

namespace mo::api {

namespace {

Shape parse_shape(const std::string& given, std::string_view dims) {
  Shape shape;
  if (dims.empty()) return shape;  // "name=": a scalar
  for (const std::string& part : split(dims, 'x')) {
    int64_t d = -1;
    auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), d);
    require(error == std::errc() && end == part.data() + part.size() && d >= 0, Code::invalid_argument, "shape ", printable(given),
            ": wanted sizes as in input=1x3x224x224");
    shape.push_back(d);
  }
  element_count(shape);
  return shape;
}

}  // namespace

Shapes parse_shapes(const std::vector<std::string>& texts, const std::vector<runtime::Port>& inputs) {
  Shapes shapes;
  std::vector<std::string> names;
  for (const runtime::Port& p : inputs) names.push_back(p.name);
  for (const std::string& given : texts) {
    size_t equals = given.rfind('=');
    require(equals != std::string::npos || inputs.size() == 1, Code::invalid_argument, "shape ", printable(given), ": wanted name=1x3x224x224");
    std::string name = equals == std::string::npos ? names[0] : given.substr(0, equals);
    std::string near = nearest(name, names);
    bool known = std::find(names.begin(), names.end(), name) != names.end();
    require(known, Code::invalid_argument, "shape ", printable(given), ": the model has no input named ", printable(name),
            near.empty() ? "" : "; did you mean " + near + "?");
    shapes[name] = parse_shape(given, equals == std::string::npos ? given : std::string_view(given).substr(equals + 1));
  }
  return shapes;
}

Shapes complete_shapes(const Shapes& given, const std::vector<runtime::Port>& inputs, int64_t batch) {
  std::map<std::string, int64_t> symbols;  // a symbol bound by a given shape binds everywhere
  for (const runtime::Port& p : inputs)
    if (auto it = given.find(p.name); it != given.end() && it->second.size() == p.type.dims.size())
      for (size_t i = 0; i < it->second.size(); ++i)
        if (!p.type.dims[i].known() && !p.type.dims[i].symbol.empty()) symbols[p.type.dims[i].symbol] = it->second[i];
  Shapes shapes = given;
  for (const runtime::Port& p : inputs) {
    if (p.optional || shapes.count(p.name)) continue;
    require(p.type.is_tensor() && p.type.ranked, Code::shape, "input ", printable(p.name), " has no declared rank: give its shape");
    Shape shape;
    for (const graph::Dim& d : p.type.dims) {
      auto bound = symbols.find(d.symbol);
      shape.push_back(d.known() ? d.size : bound != symbols.end() ? bound->second : shape.empty() ? batch : 1);
    }
    shapes[p.name] = std::move(shape);
  }
  return shapes;
}

}  // namespace mo::api
