// A node test passes when inferred types hold for the results, and every engine's results are the expected ones.
#include "node/run_case.h"

#include "node/agree.h"
#include "node/case_files.h"
#include "onnx/read.h"
#include "ops/interpret.h"
#include "runtime/session.h"

namespace mo::node_tests {

namespace {

std::string told(const Error& e) { return text(e.op().empty() ? "" : e.op() + ": ", e.message()); }

std::string compare(const Case& c, const std::vector<Datum>& got) {
  if (got.size() != c.outputs.size()) return text(got.size(), " outputs for ", c.outputs.size());
  for (size_t i = 0; i < got.size(); ++i) {
    std::string d = difference(got[i], c.outputs[i], c.rtol, c.atol);
    if (!d.empty()) return text("output ", i, ": ", d);
  }
  return {};
}

// Inference from the inputs' types alone must not contradict what the test expects.
std::string check_inference(graph::Graph g, const Case& c) {
  for (graph::ValueId v = 0; v < g.value_count(); ++v)
    if (!g.is_input(v) && !g.value(v).is_constant()) g.value(v).type = graph::Type();
  ops::infer_graph(g);
  for (size_t i = 0; i < g.outputs.size() && i < c.outputs.size(); ++i) {
    const graph::Type& type = g.value(g.outputs[i]).type;
    if (!c.outputs[i].is_tensor() || !type.is_tensor()) continue;
    const Tensor& want = c.outputs[i].tensor;
    bool fits = type.dtype == DType::undefined || type.dtype == want.dtype();
    if (type.ranked) {
      fits = fits && type.rank() == want.rank();
      for (int64_t a = 0; fits && a < want.rank(); ++a) {
        const graph::Dim& d = type.dims[static_cast<size_t>(a)];
        fits = !d.known() || d.size == want.dim(a);
      }
    }
    if (!fits) return text("output ", i, " is ", describe(want), ", inferred ", describe(type));
  }
  return {};
}

}  // namespace

namespace {

void collect(const graph::Graph& g, std::set<std::string>& ops) {
  for (graph::NodeId id : g.order()) {
    const graph::Node& n = g.node(id);
    ops.insert(n.domain + "/" + n.op);
    for (const auto& [attribute, body] : graph::subgraphs(n)) collect(*body, ops);
  }
}

}  // namespace

std::set<std::string> operators_of(const std::string& root, const std::string& name) {
  std::set<std::string> ops;
  collect(onnx::read(root + "/" + name + "/model.onnx").graph, ops);
  return ops;
}

std::string run_case(const std::string& root, const std::string& name, const Engines& engines) {
  const char* stage = "case";
  try {
    Case c = read_case(root, name);
    stage = "read";
    graph::Model model = onnx::read(c.folder + "/model.onnx");
    stage = "inference";
    std::string wrong = check_inference(model.graph, c);
    if (!wrong.empty()) return text(stage, ": ", wrong);
    if (engines.interpreter) {
      stage = "interpreter";
      wrong = compare(c, ops::interpret(model.graph, c.inputs));
      if (!wrong.empty()) return text(stage, ": ", wrong);
    }
    if (engines.session) {
      stage = "session";
      runtime::SessionOptions options;
      options.threads = 1;
      runtime::Session session(model, options);
      wrong = compare(c, session.run(c.inputs));
      if (!wrong.empty()) return text(stage, ": ", wrong);
    }
    return {};
  } catch (const Error& e) { return text(stage, ": ", told(e)); } catch (const std::exception& e) {
    return text(stage, ": ", e.what());
  }
}

}  // namespace mo::node_tests
