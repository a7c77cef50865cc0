// Measured times, a cut, a race.
#include "search/faster.h"

#include <algorithm>

#include "ops/op.h"
#include "runtime/synthetic.h"
#include "search/cut.h"

namespace mo::search {

namespace {

constexpr double k_pays = 0.97;  // an integer form that saves less than this is noise, and its size still pays: it stays

// Elements of the linked values, for these inputs. 0 where only running would tell.
std::vector<double> elements_of(const Space& space, const std::vector<Link>& links, std::span<const Datum> inputs) {
  graph::Graph g = space.base().graph;
  std::vector<graph::ValueId> ports;
  for (graph::ValueId v : g.inputs)
    if (!g.value(v).is_constant()) ports.push_back(v);
  for (size_t i = 0; i < ports.size() && i < inputs.size(); ++i)
    if (inputs[i].is_tensor()) g.value(ports[i]).type = graph::Type::tensor(inputs[i].tensor.dtype(), inputs[i].tensor.shape());
  for (graph::NodeId id : g.order())
    for (graph::ValueId v : g.node(id).outputs)
      if (v != graph::k_none) g.value(v).type = {};
  ops::infer_graph(g);
  std::vector<double> out;
  for (const Link& l : links) {
    const graph::Type& t = g.value(l.value).type;
    out.push_back(t.is_tensor() && t.is_static() ? static_cast<double>(element_count(t.shape())) : 0);
  }
  return out;
}

}  // namespace

Assignment faster_sides(const Assignment& assignment, const std::vector<double>& float_us, const std::vector<double>& quantized_us,
                        const std::vector<Link>& links, const std::vector<double>& change_us) {
  std::vector<Sides> sides(assignment.size());
  for (size_t u = 0; u < sides.size(); ++u) {
    constexpr double never = 1e15;
    sides[u] = assignment[u] == 0 ? Sides{0, never} : Sides{float_us[u], quantized_us[u] * k_pays};
  }
  std::vector<Tie> ties;
  for (size_t k = 0; k < links.size(); ++k) ties.push_back({links[k].from, links[k].to, change_us[k]});
  std::vector<bool> quantized = cheapest_sides(sides, ties);
  Assignment out = assignment;
  for (size_t u = 0; u < out.size(); ++u)
    if (!quantized[u]) out[u] = 0;
  return out;
}

Faster keep_faster(const Space& space, const Assignment& assignment, std::span<const Datum> inputs, const TimingOptions& options, Control* control) {
  Faster r;
  r.assignment = assignment;
  graph::Model given = space.build(assignment, control).model;
  std::vector<ModelTime> times = time_models(space, {&space.base(), &given}, inputs, options, control);
  const ModelTime &plain = times[0], &quantized = times[1];
  for (size_t u = 0; u < assignment.size(); ++u)
    if (assignment[u] != 0) r.units.push_back({u, plain.unit_us[u], quantized.unit_us[u]});
  double per_element = quantized.changed_elements > 0 ? quantized.change_us / quantized.changed_elements : 2e-4;
  std::vector<Link> links = links_of(space);
  std::vector<double> change = elements_of(space, links, inputs);
  for (double& c : change) c *= 2 * per_element;  // a quantization on one side, a dequantization on the other
  Assignment wanted = faster_sides(assignment, plain.unit_us, quantized.unit_us, links, change);
  graph::Model proposed;
  std::vector<const graph::Model*> runners = {&space.base(), &given};
  bool differs = wanted != assignment;
  if (differs) proposed = space.build(wanted, control).model, runners.push_back(&proposed);
  std::vector<RunTime> won = race(runners, inputs, options, control);
  r.float_us = won[0].median_us, r.before_us = r.after_us = won[1].median_us;
  if (differs && won[2].median_us < won[1].median_us) r.assignment = wanted, r.after_us = won[2].median_us;
  if (r.after_us > r.float_us / k_pays) {  // nothing is gained by integers as a whole
    r.assignment = space.all(0);
    r.after_us = r.float_us;
    r.slower = true;
  }
  for (size_t u = 0; u < assignment.size(); ++u)
    if (r.assignment[u] != assignment[u]) r.returned.push_back(u);
  return r;
}

}  // namespace mo::search
