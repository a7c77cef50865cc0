// How many threads each step gets.
#include "plan/team.h"

#include <algorithm>

#include "base/cpu.h"
#include "ops/op.h"

namespace mo::plan {

using graph::k_none;

namespace {

// Multiply-accumulates, other operations and bytes of one core in a microsecond, on the fast side, so that estimates are low.
double mac_rate(bool eight_bits) {
  const CpuFeatures& c = cpu();
  const double floats = c.avx512 ? 80e3 : c.avx2 && c.fma ? 40e3 : 10e3;
  return eight_bits ? floats * (c.avx512_vnni ? 4 : 2) : floats;
}
constexpr double k_flop_rate = 16e3, k_byte_rate = 40e3;

}  // namespace

ops::Cost node_cost(const graph::Graph& g, const graph::Node& n) {
  std::vector<graph::Type> in, out;
  for (graph::ValueId v : n.inputs) in.push_back(v == k_none ? graph::Type() : g.value(v).type);
  for (graph::ValueId v : n.outputs) out.push_back(v == k_none ? graph::Type() : g.value(v).type);
  const ops::OpDef* def = ops::find(n.op, n.domain);
  ops::Cost cost;
  if (def && (def->flags & ops::k_movement) && !out.empty() && out[0].is_static() && info(out[0].dtype).bits > 0)
    cost.bytes = 2 * storage_bytes(out[0].dtype, element_count(out[0].shape()));  // a Gather does not read its whole table
  else cost = ops::cost_of(n, in, out);
  return cost;
}

double estimated_us(const graph::Graph& g, graph::NodeId id) {
  const graph::Node& n = g.node(id);
  const bool eight_bits = !n.inputs.empty() && n.inputs[0] != k_none && info(g.value(n.inputs[0]).type.dtype).bits == 8;
  const ops::Cost cost = node_cost(g, n);
  return static_cast<double>(cost.macs) / mac_rate(eight_bits) + static_cast<double>(cost.flops) / k_flop_rate +
         static_cast<double>(cost.bytes) / k_byte_rate;
}

double copy_us(int64_t bytes) { return static_cast<double>(bytes) / k_byte_rate; }

int plan_team(const graph::Graph& g, std::span<const graph::NodeId> nodes, int threads) {
  if (threads <= 1) return 1;
  double total = 0;
  for (graph::NodeId id : nodes) {
    const double us = estimated_us(g, id);
    if (us >= k_step_us) total += us;
    if (total >= k_plan_us) return threads;
  }
  return 1;
}

int step_team(double us, int plan_team) { return us >= k_step_us ? plan_team : 1; }

}  // namespace mo::plan
