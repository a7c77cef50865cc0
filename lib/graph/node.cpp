// Attribute access of a node.
#include <algorithm>

#include "graph/graph.h"

namespace mo::graph {

namespace {

template <class T>
const T* typed(const Node& n, std::string_view attribute) {
  const AttrValue* v = n.find(attribute);
  if (!v) return nullptr;
  const T* t = std::get_if<T>(v);
  if (!t) {
    Error e(Code::format, text("attribute '", attribute, "' has the wrong type"));
    e.at(printable(n.name), printable(n.op));
    throw e;
  }
  return t;
}

}  // namespace

const AttrValue* Node::find(std::string_view attribute) const {
  for (const auto& [key, v] : attributes)
    if (key == attribute) return &v;
  return nullptr;
}

void Node::set(std::string_view attribute, AttrValue v) {
  for (auto& [key, old] : attributes)
    if (key == attribute) {
      old = std::move(v);
      return;
    }
  attributes.emplace_back(std::string(attribute), std::move(v));
}

void Node::erase(std::string_view attribute) {
  std::erase_if(attributes, [&](const auto& a) { return a.first == attribute; });
}

int64_t Node::i(std::string_view attribute, int64_t fallback) const {
  const auto* v = typed<int64_t>(*this, attribute);
  return v ? *v : fallback;
}

float Node::f(std::string_view attribute, float fallback) const {
  const auto* v = typed<float>(*this, attribute);
  return v ? *v : fallback;
}

std::string Node::s(std::string_view attribute, std::string_view fallback) const {
  const auto* v = typed<std::string>(*this, attribute);
  return v ? *v : std::string(fallback);
}

std::vector<int64_t> Node::ints(std::string_view attribute, std::vector<int64_t> fallback) const {
  const auto* v = typed<std::vector<int64_t>>(*this, attribute);
  return v ? *v : fallback;
}

std::vector<float> Node::floats(std::string_view attribute, std::vector<float> fallback) const {
  const auto* v = typed<std::vector<float>>(*this, attribute);
  return v ? *v : fallback;
}

std::vector<std::string> Node::strings(std::string_view attribute) const {
  const auto* v = typed<std::vector<std::string>>(*this, attribute);
  return v ? *v : std::vector<std::string>();
}

const Tensor* Node::tensor(std::string_view attribute) const { return typed<Tensor>(*this, attribute); }
const GraphPtr* Node::subgraph(std::string_view attribute) const { return typed<GraphPtr>(*this, attribute); }

}  // namespace mo::graph
