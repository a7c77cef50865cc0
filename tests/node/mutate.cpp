// Mutations of operands (absent, reshaped, resized, other dtypes, extreme contents) and of attributes (extreme, missing, wrong length).
#include "node/mutate.h"

#include <cmath>
#include <limits>

#include "onnx/read.h"
#include "ops/interpret.h"
#include "runtime/session.h"

namespace mo::node_tests {

namespace {

using graph::AttrValue;

constexpr int64_t k_integers[] = {0, -1, 1, 3, 9, -9, int64_t{1} << 31, int64_t{1} << 62, INT64_MAX, INT64_MIN};

Tensor filled(DType dtype, Shape shape, double value) {
  Tensor t = Tensor::zeros(dtype, std::move(shape));
  if (dtype == DType::string || info(dtype).bits > 64 || dtype == DType::c64) return t;
  for (int64_t i = 0; i < t.size(); ++i) t.set_number(i, value);
  return t;
}

void add_tensor_mutations(const Tensor& t, const std::string& what, const std::function<void(graph::Model&, Case&, Tensor)>& put,
                          std::vector<Mutation>& out) {
  auto add = [&](std::string how, Tensor changed) {
    out.push_back({text(what, ": ", how), [put, changed](graph::Model& m, Case& c) { put(m, c, changed); }});
  };
  add("absent", Tensor());
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{3}, Shape{1, 1}, Shape{2, 3, 1}, Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}, Shape{2, 0, 3}})
    add(text("shape ", std::span<const int64_t>(shape)), filled(t.dtype(), shape, 1));
  for (size_t a = 0; a < t.shape().size() && a < 6; ++a)
    for (int64_t size : {int64_t{0}, t.shape()[a] + 1, std::max<int64_t>(t.shape()[a] - 1, 0)}) {
      Shape shape = t.shape();
      shape[a] = size;
      add(text("axis ", a, " of ", size), filled(t.dtype(), shape, 1));
    }
  for (DType d :
       {DType::f32, DType::i64, DType::i32, DType::u8, DType::boolean, DType::f16, DType::f64, DType::string, DType::i4, DType::c64, DType::f8e4m3fn})
    if (d != t.dtype()) add(text("as ", name(d)), filled(d, t.shape(), 1));
  for (double v : {0.0, -1.0, 3e9, 4e18, -4e18, 1e300, HUGE_VAL, std::numeric_limits<double>::quiet_NaN()})
    add(text("all ", v), filled(t.dtype(), t.shape(), v));
}

struct ListAttribute {
  std::vector<Mutation>& out;
  graph::NodeId node;
  std::string attribute;

  void set(const std::string& how, AttrValue value) {
    auto id = node;
    auto key = attribute;
    out.push_back({text("attribute ", key, " = ", how), [id, key, value](graph::Model& m, Case&) { m.graph.edit(id).set(key, value); }});
  }
  void operator()(int64_t) {
    for (int64_t v : k_integers) set(text(v), v);
    set("text", std::string("x"));
  }
  void operator()(float) {
    for (float v : {0.0f, -1.0f, 1e30f, HUGE_VALF, std::numeric_limits<float>::quiet_NaN()}) set(text(v), v);
  }
  void operator()(const std::string&) {
    for (const char* v : {"", "bogus"}) set(v, std::string(v));
  }
  void operator()(const std::vector<int64_t>& list) {
    set("[]", std::vector<int64_t>());
    for (size_t i = 0; i < list.size() && i < 4; ++i)
      for (int64_t v : k_integers) {
        std::vector<int64_t> changed = list;
        changed[i] = v;
        set(text("entry ", i, " ", v), changed);
      }
    std::vector<int64_t> longer = list, shorter = list;
    longer.push_back(1);
    set("longer", longer);
    if (!shorter.empty()) shorter.pop_back();
    set("shorter", shorter);
  }
  void operator()(const std::vector<float>& list) {
    std::vector<float> longer = list;
    longer.push_back(1);
    set("[]", std::vector<float>());
    set("longer", longer);
    set("nan", std::vector<float>(list.size(), std::numeric_limits<float>::quiet_NaN()));
    set("huge", std::vector<float>(list.size(), 1e30f));
  }
  void operator()(const std::vector<std::string>& list) {
    std::vector<std::string> longer = list;
    longer.emplace_back("bogus");
    set("[]", std::vector<std::string>());
    set("longer", longer);
  }
  void operator()(const Tensor& t) {
    set("scalar", filled(t.dtype(), {}, 1));
    set("empty", filled(t.dtype(), {0}, 1));
    set("-1", filled(t.dtype(), t.shape(), -1));
    set("text", Tensor::of<std::string>({1}, {"x"}));
  }
  template <class Other>
  void operator()(const Other&) {}
};

}  // namespace

std::vector<Mutation> mutations(const graph::Model& model, const Case& c) {
  std::vector<Mutation> out;
  const graph::Graph& g = model.graph;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    if (!c.inputs[i].is_tensor()) continue;
    add_tensor_mutations(
        c.inputs[i].tensor, text("input ", i), [i](graph::Model&, Case& changed, Tensor t) { changed.inputs[i] = std::move(t); }, out);
  }
  for (graph::NodeId id : g.order()) {
    const graph::Node& n = g.node(id);
    for (const auto& [key, value] : n.attributes) {
      ListAttribute list{out, id, key};
      std::visit(list, value);
      out.push_back({text("attribute ", key, " missing"), [id, key = key](graph::Model& m, Case&) { m.graph.edit(id).erase(key); }});
    }
    for (size_t i = 0; i < n.inputs.size(); ++i) {
      const Tensor* t = g.constant_of(n.inputs[i]);
      if (!t) continue;
      graph::ValueId v = n.inputs[i];
      add_tensor_mutations(
          *t, text("constant ", i), [v](graph::Model& m, Case&, Tensor changed) { m.graph.value(v).constant = std::move(changed); }, out);
    }
    // edges last: they renumber nothing, but change arity
    for (size_t i = 0; i < n.inputs.size(); ++i)
      out.push_back({text("edge ", i, " cut"), [id, i](graph::Model& m, Case&) { m.graph.set_input(id, i, graph::k_none); }});
    if (!n.inputs.empty()) {
      out.push_back({"last edge gone", [id](graph::Model& m, Case&) { m.graph.resize_inputs(id, m.graph.node(id).inputs.size() - 1); }});
      out.push_back(
          {"one edge more", [id](graph::Model& m, Case&) { m.graph.set_input(id, m.graph.node(id).inputs.size(), m.graph.node(id).inputs[0]); }});
    }
  }
  return out;
}

size_t mutation_count(const std::string& root, const std::string& name) {
  Case c = read_case(root, name);
  try {
    return mutations(onnx::read(c.folder + "/model.onnx"), c).size();
  } catch (const Error&) { return 0; }
}

std::string mutation_name(const std::string& root, const std::string& name, size_t index) {
  Case c = read_case(root, name);
  return mutations(onnx::read(c.folder + "/model.onnx"), c)[index].what;
}

std::string run_mutation(const std::string& root, const std::string& name, size_t index) {
  Case c = read_case(root, name);
  graph::Model model = onnx::read(c.folder + "/model.onnx");
  Mutation mutation = mutations(model, c)[index];
  const char* stage = "mutating";
  std::string wrong;
  bool is_model = false;
  auto attempt = [&](const char* what, const std::function<void(Control&)>& run) {
    stage = what;
    Control control;  // endless loops are legal; they must be stoppable
    control.set_deadline(1);
    try {
      run(control);
    } catch (const Error& e) {
      if (e.code() == Code::internal) wrong += text(stage, ": ", e.message(), "; ");
    } catch (const std::bad_alloc&) {
      // a size that memory does not hold: the ABI tells it as such
    } catch (const std::exception& e) { wrong += text(stage, ": foreign exception: ", e.what(), "; "); }
  };
  graph::Graph& g = model.graph;
  attempt("mutating", [&](Control&) {
    mutation.apply(model, c);
    for (graph::ValueId v = 0; v < g.value_count(); ++v)
      if (!g.value(v).is_constant()) g.value(v).type = graph::Type();
    for (size_t i = 0; i < g.inputs.size() && i < c.inputs.size(); ++i)
      if (c.inputs[i].is_tensor()) g.value(g.inputs[i]).type = graph::Type::tensor(c.inputs[i].tensor.dtype(), c.inputs[i].tensor.shape());
    g.verify();  // as after reading: a constant that is gone without its edge is no model
    is_model = true;
  });
  if (!is_model) return wrong;
  attempt("session", [&](Control& control) {
    runtime::SessionOptions options;
    options.threads = 1;
    runtime::RunOptions run;
    run.control = &control;
    runtime::Session(model, options).run(c.inputs, run);
  });
  attempt("interpreter", [&](Control& control) {
    ops::InterpretOptions options;
    options.control = &control;
    ops::interpret(g, c.inputs, options);
  });
  attempt("inference", [&](Control&) { ops::infer_graph(g); });
  return wrong;
}

}  // namespace mo::node_tests
