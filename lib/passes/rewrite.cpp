// Small steps that several passes share.
#include "passes/rewrite.h"

namespace mo::passes {

using graph::k_none;

bool bypass(graph::Graph& g, graph::NodeId id, graph::ValueId gone, graph::ValueId kept) {
  if (!g.is_output(gone)) {
    g.replace_uses(gone, kept);
    g.remove_node(id);
    return true;
  }
  graph::NodeId producer = g.value(kept).producer;
  if (producer == k_none || g.is_output(kept)) return false;
  size_t slot = 0;
  while (g.node(producer).output(slot) != kept) ++slot;
  g.remove_node(id);
  g.set_output(producer, slot, gone);
  g.replace_uses(kept, gone);
  if (g.value(gone).type.kind == graph::Type::Kind::unknown) g.value(gone).type = g.value(kept).type;
  return true;
}

}  // namespace mo::passes
