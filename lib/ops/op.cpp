// The operator table, and the contexts that inference and reference kernels work in.
#include "ops/op.h"

#include <algorithm>
#include <map>

#include "base/checked.h"

namespace mo::ops {

#define MO_OP(identifier) extern const OpDef identifier;
#include "ops/ops.inc"
#undef MO_OP

namespace {

constexpr const OpDef* k_table[] = {
#define MO_OP(identifier) &identifier,
#include "ops/ops.inc"
#undef MO_OP
    nullptr,
};

using Key = std::pair<std::string_view, std::string_view>;

const std::map<Key, const OpDef*>& index() {
  static const std::map<Key, const OpDef*> map = [] {
    std::map<Key, const OpDef*> m;
    for (const OpDef* def : all()) m.emplace(Key{def->name, def->domain}, def);
    return m;
  }();
  return map;
}

std::string op_text(const Node& n) { return printable(n.domain.empty() ? n.op : n.domain + "." + n.op); }

[[noreturn]] void rethrow_at(Error& e, const Node& n) {
  e.at(printable(n.name.empty() ? std::string("(unnamed)") : n.name), op_text(n));
  throw;
}

void check_arity(const Node& n, const OpDef& def, size_t inputs, size_t outputs) {
  auto count = [&](const char* what, size_t got, int low, int high) {
    if (static_cast<int>(got) < low) fail(Code::format, op_text(n), " takes at least ", low, " ", what, ", got ", got);
    if (high >= 0 && static_cast<int>(got) > high) fail(Code::format, op_text(n), " takes at most ", high, " ", what, ", got ", got);
  };
  count("inputs", inputs, def.min_inputs, def.max_inputs);
  count("outputs", outputs, std::min(def.min_outputs, 1), def.max_outputs);
}

}  // namespace

std::span<const OpDef* const> all() { return {k_table, std::size(k_table) - 1}; }

const OpDef* find(std::string_view op, std::string_view domain) {
  auto it = index().find({op, domain == "ai.onnx" ? std::string_view() : domain});
  return it == index().end() ? nullptr : it->second;
}

const OpDef& get(const Node& node) {
  const OpDef* def = find(node.op, node.domain);
  if (!def) {
    Error e(Code::unsupported, text("operator ", op_text(node), " is unknown"));
    e.at(printable(node.name), op_text(node));
    throw e;
  }
  return *def;
}

// --- Infer

const Type& Infer::input(size_t i) const {
  require(has(i), Code::format, "input ", i, " is missing");
  return inputs_[i];
}

std::optional<std::vector<int64_t>> Infer::known_ints(size_t i) const {
  const Tensor* t = known(i);
  if (!t || !(is_integer(t->dtype()) || t->dtype() == DType::boolean)) return std::nullopt;
  return t->integers();
}

Type& Infer::output(size_t i) {
  static thread_local Type ignored;
  if (i < outputs_.size()) return outputs_[i];
  return ignored = Type();
}

void Infer::set(size_t i, DType dtype, std::vector<Dim> dims) {
  Type& t = output(i);
  t = Type::tensor(dtype);
  t.ranked = true;
  t.dims = std::move(dims);
}

// --- Run

const Datum& Run::datum(size_t i) const {
  require(has(i), Code::format, "input ", i, " is missing");
  return *inputs_[i];
}

const Tensor& Run::in(size_t i) const {
  const Datum& d = datum(i);
  require(d.is_tensor(), Code::type, "input ", i, " is not a tensor");
  return d.tensor;
}

Tensor& Run::out(size_t i, DType dtype, const Shape& shape) {
  static thread_local Tensor ignored;
  if (i >= outputs_.size()) return ignored = Tensor::allocate(dtype, shape);
  Datum& d = outputs_[i];
  // Planned memory arrives as a borrowed tensor of the expected type and shape.
  bool planned = d.is_tensor() && !d.tensor.owns() && d.tensor.dtype() == dtype && d.tensor.shape() == shape;
  if (!planned) d = Datum(Tensor::allocate(dtype, shape));
  return d.tensor;
}

void Run::out(size_t i, Datum datum) {
  if (i < outputs_.size()) outputs_[i] = std::move(datum);
}

// --- entry points that add where it happened

void infer_node(Infer& c) {
  const OpDef& def = get(c.node);
  try {
    check_arity(c.node, def, c.inputs(), c.outputs());
    if (def.infer) def.infer(c);
  } catch (Error& e) { rethrow_at(e, c.node); }
}

void run_node(Run& c) {
  const OpDef& def = get(c.node);
  try {
    check_arity(c.node, def, c.inputs(), c.outputs());
    require(def.run != nullptr, Code::unsupported, "operator ", op_text(c.node), " has no reference kernel");
    def.run(c);
  } catch (Error& e) { rethrow_at(e, c.node); }
}

Cost cost_of(const Node& node, std::span<const Type> inputs, std::span<const Type> outputs) {
  const OpDef* def = find(node.op, node.domain);
  Cost cost;
  if (def && def->cost) cost = def->cost({node, inputs, outputs});
  auto bytes = [](std::span<const Type> types) {
    int64_t n = 0;
    for (const Type& t : types)
      if (t.is_static() && info(t.dtype).bits > 0) n = checked_add(n, storage_bytes(t.dtype, element_count(t.shape())));
    return n;
  };
  if (cost.bytes == 0) cost.bytes = bytes(inputs) + bytes(outputs);
  return cost;
}

// --- helpers

int64_t normal_axis(int64_t axis, int64_t rank) {
  require(axis >= -rank && axis < rank, Code::shape, "axis ", axis, " outside rank ", rank);
  return axis < 0 ? axis + rank : axis;
}

Shape broadcast(std::span<const int64_t> a, std::span<const int64_t> b) {
  Shape out(std::max(a.size(), b.size()));
  for (size_t i = 0; i < out.size(); ++i) {
    int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    require(x == y || x == 1 || y == 1, Code::shape, "shapes ", a, " and ", b, " do not broadcast");
    out[out.size() - 1 - i] = x == 1 ? y : x;
  }
  return out;
}

Dim known_dim(int64_t size) { return Dim{size, {}}; }

std::vector<Dim> broadcast_dims(const std::vector<Dim>& a, const std::vector<Dim>& b) {
  std::vector<Dim> out(std::max(a.size(), b.size()));
  for (size_t i = 0; i < out.size(); ++i) {
    Dim x = i < a.size() ? a[a.size() - 1 - i] : known_dim(1);
    Dim y = i < b.size() ? b[b.size() - 1 - i] : known_dim(1);
    Dim& d = out[out.size() - 1 - i];
    if (x.known() && y.known()) {
      require(x.size == y.size || x.size == 1 || y.size == 1, Code::shape, "dimensions ", x.size, " and ", y.size, " do not broadcast");
      d = x.size == 1 ? y : x;
    } else if (x.known() || y.known()) {
      const Dim& known = x.known() ? x : y;
      d = known.size == 1 ? (x.known() ? y : x) : known;  // an unknown dim against n > 1 must be 1 or n
    } else if (x == y && !x.symbol.empty()) {
      d = x;
    }
  }
  return out;
}

}  // namespace mo::ops
