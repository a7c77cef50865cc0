// Choosing how one node runs: as a change of name, by the first candidate that accepts, or by its reference kernel.
#include <algorithm>
#include <array>

#include "base/log.h"
#include "ops/op.h"
#include "passes/origin.h"
#include "plan/builder.h"
#include "plan/layout.h"
#include "plan/refine.h"
#include "plan/team.h"

namespace mo::plan {

using graph::k_none;
using graph::Node;
using kernels::Candidate;
using kernels::Operand;
using kernels::Wish;

namespace {

bool has_no_elements(const graph::Type& t) { return element_count(t.shape()) == 0; }

bool keeps_channels(const Shape& a, const Shape& b) { return has_layouts(a) && has_layouts(b) && a[0] == b[0] && a[1] == b[1]; }

std::shared_ptr<const StepOwner> owner_of(const StepReport& report) {
  return std::make_shared<const StepOwner>(StepOwner{report.node, report.origins});
}

std::string op_name(const Node& n) { return n.domain.empty() ? n.op : n.domain + "." + n.op; }

}  // namespace

StepReport Builder::report_of(const Node& n) const {
  StepReport r;
  r.node = n.name;
  if (r.node.empty() && n.output(0) != k_none) r.node = graph_.value(n.output(0)).name;
  r.op = op_name(n);
  r.origins = passes::origins(n);
  return r;
}

void Builder::add_cost(StepReport& report, const Node& n) const {
  const ops::Cost cost = node_cost(graph_, n);
  report.macs = cost.macs;
  report.flops = cost.flops;
  report.bytes = cost.bytes;
}

namespace {

std::string operand_text(DType dtype, const Shape& shape, Layout layout) {
  return dtype == DType::undefined ? "?" : text(name(dtype), shape, layout == Layout::channels_last ? " channels_last" : "");
}

}  // namespace

std::string Builder::slots_text(const std::vector<int>& slots) const {
  std::string out;
  for (int s : slots) {
    if (!out.empty()) out += ", ";
    if (s < 0) {
      out += "_";
      continue;
    }
    const Slot& slot = plan_->slots_[static_cast<size_t>(s)];
    out += operand_text(slot.dtype, slot.shape, slot.layout);
  }
  return out;
}

void Builder::emit(NodeId id) {
  const Node& n = graph_.node(id);
  if (!emit_alias(id)) {
    std::vector<Refusal> refusals;
    if (!emit_candidate(id, refusals)) emit_reference(n, std::move(refusals));
  }
  for (ValueId v : n.outputs) watch(v);
}

bool Builder::emit_alias(NodeId id) {
  const Node& n = graph_.node(id);
  static constexpr std::array<std::string_view, 5> k_names = {"Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten"};
  if (!n.domain.empty() || n.input(0) == k_none || n.output(0) == k_none) return false;
  ValueId x = n.inputs[0], y = n.outputs[0];
  if (graph_.constant_of(x) || type(x).dtype != type(y).dtype || element_count(type(x).shape()) != element_count(type(y).shape())) return false;
  Layout from = Layout::plain, to = Layout::plain;
  if (n.op == "Transpose") {
    std::vector<int64_t> perm = ops::transpose_axes(n, type(x).rank());
    Move move = classify_transpose(perm, type(x).shape());
    if (move == Move::real || (move == Move::channels_last_to_plain && present_layout(x) == Layout::plain)) return false;
    if (move == Move::channels_last_to_plain) from = Layout::channels_last;
    if (move == Move::plain_to_channels_last) to = Layout::channels_last;
  } else if (n.op == "Identity") {
    from = to = present_layout(x);
  } else if (std::find(k_names.begin(), k_names.end(), n.op) == k_names.end()) {
    return false;
  } else if (present_layout(x) == Layout::channels_last && keeps_channels(type(x).shape(), type(y).shape())) {
    from = to = Layout::channels_last;  // only the spatial axes are regrouped
  }
  int src = slot(x, from);
  int dst = new_slot(y, to, plan_->slots_[static_cast<size_t>(src)].buffer);
  known_[static_cast<size_t>(y)].by_layout[static_cast<int>(to)] = dst;
  plan_->notes_.emplace_back(plan_->steps_.size(), alias_note(id, src, dst));
  return true;
}

std::shared_ptr<const StepReport> Builder::alias_note(NodeId id, int src, int dst) {
  if (const Choice* choice = kept(id); choice && !choice->prepared) return choice->report;
  StepReport note = report_of(graph_.node(id));
  note.kernel = "alias";
  note.detail = "no work: the same memory";
  note.where = where_;
  note.inputs = slots_text({src});
  note.outputs = slots_text({dst});
  Choice choice = new_choice(id);
  choice.report = std::make_shared<const StepReport>(std::move(note));
  if (choices_) (*choices_)[static_cast<size_t>(id)] = choice;
  return choice.report;
}

// --- candidates

bool Builder::emit_candidate(NodeId id, std::vector<Refusal>& refusals) {
  const Node& n = graph_.node(id);
  if (!shared_->options.optimize) return false;
  if (const Choice* choice = kept(id); choice && choice->prepared) {
    add_kernel(id, *choice);
    return true;
  }
  if (const Choice* other = twin(id)) {
    Choice choice = *other;
    choice.stamp = blueprint_->stamp(id);
    const auto& before = (*choices_)[static_cast<size_t>(id)];
    choice.owner = before ? before->owner : owner_of(report_of(n));
    add_kernel(id, choice);
    (*choices_)[static_cast<size_t>(id)] = std::move(choice);
    return true;
  }
  bool empty = false;
  for (ValueId v : n.inputs)
    empty |= v != k_none && !graph_.constant_of(v) && has_no_elements(type(v));  // an empty constant (Resize's roi) is an option left out
  for (ValueId v : n.outputs) empty |= v != k_none && has_no_elements(type(v));
  const auto& disabled = shared_->options.disabled_kernels;
  for (const Candidate* candidate : kernels::cpu_candidates(n.op, n.domain)) {
    if (std::find(disabled.begin(), disabled.end(), candidate->name) != disabled.end()) refusals.push_back({candidate->name, "disabled"});
    else if (empty) refusals.push_back({candidate->name, "a tensor has no elements"});
    else if (try_candidate(*candidate, id, wished_layout(*candidate, n), refusals)) return true;
  }
  return false;
}

namespace {

// The layouts a candidate gets, decided before anything is reordered.
struct Layouts {
  int64_t full_rank = 0;
  Layout wished = Layout::plain;
  Layout of(const graph::Type& t) const { return t.rank() == full_rank && full_rank >= 3 ? wished : Layout::plain; }
};

}  // namespace

Layout Builder::wished_layout(const Candidate& candidate, const Node& n) const {
  if (candidate.wish == Wish::plain) return Layout::plain;
  if (candidate.wish == Wish::channels_last) return Layout::channels_last;
  int64_t bytes[2] = {0, 0}, rank = full_rank(n);
  for (ValueId v : n.inputs)  // what most bytes already have
    if (v != k_none && type(v).rank() == rank && !graph_.constant_of(v) && !same_in_both_layouts(type(v).shape()))
      bytes[static_cast<int>(present_layout(v))] += storage_bytes(type(v).dtype, element_count(type(v).shape()));
  return bytes[1] > bytes[0] ? Layout::channels_last : Layout::plain;
}

int64_t Builder::full_rank(const Node& n) const {
  int64_t rank = 0;
  for (ValueId v : n.inputs)
    if (v != k_none) rank = std::max(rank, type(v).rank());
  return rank;
}

bool Builder::try_candidate(const Candidate& candidate, NodeId id, Layout wished, std::vector<Refusal>& refusals) {
  const Node& n = graph_.node(id);
  Layouts layouts{full_rank(n), wished};
  bool constants_follow = candidate.wish == Wish::any_same && layouts.wished == Layout::channels_last;

  std::vector<Operand> inputs(n.inputs.size()), outputs(n.outputs.size());
  bool lasting = true;
  for (size_t i = 0; i < n.inputs.size(); ++i) {
    ValueId v = n.inputs[i];
    if (v == k_none) continue;
    const Tensor* t = graph_.constant_of(v);
    inputs[i] = {true, type(v).dtype, type(v).shape(), layouts.of(type(v)), t};
    if (!t) continue;
    bool moves = constants_follow && inputs[i].layout == Layout::channels_last && !same_in_both_layouts(t->shape());
    if (moves) inputs[i].constant = nullptr;  // given reordered, like a value made at run time
    else if (candidate.wish != Wish::any_same || !same_in_both_layouts(t->shape())) inputs[i].layout = Layout::plain;
    lasting &= shared_->lasting.has(t->raw());
  }
  for (size_t i = 0; i < n.outputs.size(); ++i)
    if (ValueId v = n.outputs[i]; v != k_none) outputs[i] = {true, type(v).dtype, type(v).shape(), layouts.of(type(v)), nullptr};

  const double us = team_ > 1 ? estimated_us(graph_, id) : 0;
  const int team = step_team(us, team_);
  kernels::Request request{
      n, inputs, outputs, team, lasting ? static_cast<kernels::PackCache*>(&shared_->packs) : &plan_->own_packs_, shared_->options.bf16};
  kernels::Offer offer = candidate.prepare(request);
  if (auto* decline = std::get_if<kernels::Decline>(&offer)) {
    // Where any one layout does, a kernel that knows only the plain one is still better than none.
    if (candidate.wish == Wish::any_same && wished == Layout::channels_last) return try_candidate(candidate, id, Layout::plain, refusals);
    refusals.push_back({candidate.name, decline->reason});
    return false;
  }
  Choice choice = new_choice(id);
  auto prepared = std::make_shared<const kernels::Prepared>(std::move(std::get<kernels::Prepared>(offer)));
  for (const Operand& x : inputs) choice.in.push_back(x.layout);
  for (const Operand& y : outputs) choice.out.push_back(y.layout);
  StepReport report = report_of(n);
  add_cost(report, n);
  report.kernel = candidate.name;
  report.detail = team > 1 ? text(prepared->detail, prepared->detail.empty() ? "" : ", ", team, " threads") : prepared->detail;
  report.refusals = std::move(refusals);
  report.scratch_bytes = prepared->scratch_bytes;
  report.where = where_;
  const auto& unused = prepared->unused_inputs;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const bool skip = !inputs[i].present || std::find(unused.begin(), unused.end(), static_cast<int>(i)) != unused.end();
    report.inputs += text(i ? ", " : "", skip ? "_" : operand_text(inputs[i].dtype, inputs[i].shape, inputs[i].layout));
  }
  for (size_t i = 0; i < outputs.size(); ++i)
    report.outputs += text(i ? ", " : "", outputs[i].present ? operand_text(outputs[i].dtype, outputs[i].shape, outputs[i].layout) : "_");
  choice.owner = owner_of(report);
  choice.report = std::make_shared<const StepReport>(std::move(report));
  choice.prepared = std::move(prepared);
  choice.threads = team;
  choice.brief = us < k_brief_us;
  if (choices_) {
    (*choices_)[static_cast<size_t>(id)] = choice;
    last_.insert_or_assign(op_name(n), id);
  }
  add_kernel(id, choice);
  return true;
}

Choice Builder::new_choice(NodeId id) const {
  Choice choice;
  choice.plan_team = team_;
  if (!choices_) return choice;
  choice.stamp = blueprint_->stamp(id);
  for (ValueId v : graph_.node(id).inputs) choice.present.push_back(v == k_none ? Layout::plain : present_layout(v));
  return choice;
}

const Choice* Builder::kept(NodeId id) const {
  if (!choices_ || !(*choices_)[static_cast<size_t>(id)]) return nullptr;
  const Choice& choice = *(*choices_)[static_cast<size_t>(id)];
  if (choice.stamp != blueprint_->stamp(id) || choice.plan_team != team_) return nullptr;
  const std::vector<ValueId>& inputs = graph_.node(id).inputs;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i] != k_none && present_layout(inputs[i]) != choice.present[i]) return nullptr;
  return &choice;
}

const Choice* Builder::twin(NodeId id) const {
  if (!choices_) return nullptr;
  const Node& n = graph_.node(id);
  auto it = last_.find(op_name(n));
  return it != last_.end() && same_request(n, graph_.node(it->second)) ? &*(*choices_)[static_cast<size_t>(it->second)] : nullptr;
}

bool Builder::same_request(const Node& a, const Node& b) const {
  if (a.inputs.size() != b.inputs.size() || a.outputs.size() != b.outputs.size() || !same_attributes(a, b)) return false;
  for (size_t i = 0; i < a.inputs.size(); ++i) {
    const ValueId x = a.inputs[i], y = b.inputs[i];
    if ((x == k_none) != (y == k_none)) return false;
    if (x == k_none || x == y) continue;
    const Tensor *s = graph_.constant_of(x), *t = graph_.constant_of(y);
    if (s || t ? !s || !t || s->raw() != t->raw() : present_layout(x) != present_layout(y)) return false;
    if (!(type(x) == type(y))) return false;
    for (size_t j = 0; j < i; ++j)
      if ((a.inputs[j] == x) != (b.inputs[j] == y)) return false;
  }
  for (size_t i = 0; i < a.outputs.size(); ++i) {
    if ((a.outputs[i] == k_none) != (b.outputs[i] == k_none)) return false;
    if (a.outputs[i] != k_none && !(type(a.outputs[i]) == type(b.outputs[i]))) return false;
  }
  return true;
}

void Builder::add_kernel(NodeId id, const Choice& choice) {
  const Node& n = graph_.node(id);
  const kernels::Prepared& prepared = *choice.prepared;
  std::vector<int> src, dst;
  for (size_t i = 0; i < n.inputs.size(); ++i) {
    const auto& unused = prepared.unused_inputs;
    bool skip = n.inputs[i] == k_none || std::find(unused.begin(), unused.end(), static_cast<int>(i)) != unused.end();
    src.push_back(skip ? -1 : slot(n.inputs[i], choice.in[i]));
  }
  for (size_t i = 0; i < n.outputs.size(); ++i) dst.push_back(n.outputs[i] == k_none ? -1 : made_slot(n.outputs[i], choice.out[i]));
  Step& step = add_step(StepKind::kernel, choice.report, choice.owner);
  step.threads = choice.threads;
  step.brief = choice.brief;
  step.run = {choice.prepared, &prepared.run};
  if (prepared.in_place >= 0 && prepared.in_place < static_cast<int>(src.size()) && src[static_cast<size_t>(prepared.in_place)] >= 0)
    step.in_place = prepared.in_place;
  step.src = std::move(src);
  step.dst = std::move(dst);
  if (prepared.scratch_bytes > 0) step.scratch = new_buffer(Place::arena, prepared.scratch_bytes);
  for (int i : prepared.unused_inputs) note_packed(n.input(static_cast<size_t>(i)));
}

void Builder::note_packed(ValueId v) {
  if (v == k_none || !graph_.constant_of(v)) return;
  size_t& uses = packed_uses_[v];
  if (uses == 0) plan_->packed_bytes_ += graph_.value(v).constant.bytes();
  if (++uses == graph_.value(v).users.size() && release_ && !graph_.is_output(v)) release_(v);
}

// --- reference kernels

void Builder::add_bodies(const Node& n, Step& step) {
  for (const auto& [attribute, sub] : graph::subgraphs(n)) {
    graph::Graph copy = *sub;
    Body body;
    body.graph = sub.get();
    for (const graph::Capture& c : sub->captures) {
      graph::Value& inner = copy.value(c.inner);
      inner.type = type(c.outer);
      if (const Tensor* t = graph_.constant_of(c.outer)) {
        inner.constant = *t;
        continue;
      }
      copy.inputs.push_back(c.inner);
      int s = plain(c.outer);
      datum(s);
      body.captures.push_back(s);
    }
    copy.captures.clear();
    if (shared_->options.optimize) {
      try {
        graph::Graph better = copy;
        optimize(better, shared_->options);
        copy = std::move(better);
      } catch (const Error& e) {  // a branch that does not fit these shapes may never run; if it does, it says so then
        log(LogLevel::debug, "subgraph of '", printable(n.name), "' left as it is: ", e.message());
      }
    }
    std::string place = text(n.name.empty() ? op_name(n) : n.name, ".", attribute);
    body.program = std::make_shared<Program>(shared_, std::move(copy), where_.empty() ? place : where_ + "/" + place);
    step.bodies.push_back(std::move(body));
  }
}

void Builder::emit_reference(const Node& n, std::vector<Refusal> refusals) {
  ops::get(n);
  Step made;
  std::vector<int> src, dst;
  for (ValueId v : n.inputs) src.push_back(v == k_none ? -1 : plain(v));
  add_bodies(n, made);  // may add reorder steps, so before this step
  for (ValueId v : n.outputs) dst.push_back(v == k_none ? -1 : made_slot(v, Layout::plain));
  for (int s : src)
    if (s >= 0) datum(s);
  StepReport report = report_of(n);
  if (made.bodies.empty()) add_cost(report, n);
  report.kernel = made.bodies.empty() ? "reference" : "body";
  report.refusals = std::move(refusals);
  report.inputs = slots_text(src);
  report.outputs = slots_text(dst);
  Step& step = add_step(StepKind::reference, std::move(report));
  step.bodies = std::move(made.bodies);
  step.node = std::make_shared<const Node>(n);
  step.src = std::move(src);
  step.dst = std::move(dst);
}

void Builder::emit_loose(NodeId id) {
  const Node& n = graph_.node(id);
  ops::get(n);
  Step made;
  std::vector<int> src, dst;
  for (ValueId v : n.inputs) src.push_back(v == k_none ? -1 : plain(v));
  add_bodies(n, made);
  for (ValueId v : n.outputs) dst.push_back(v == k_none ? -1 : dynamic_slot(v));
  for (int s : src)
    if (s >= 0) datum(s);
  StepReport report = report_of(n);
  report.kernel = made.bodies.empty() ? "reference" : "body";
  report.detail = "shapes known at run time only";
  report.inputs = slots_text(src);
  report.outputs = slots_text(dst);
  Step& step = add_step(StepKind::dynamic, std::move(report));
  step.bodies = std::move(made.bodies);
  step.node = std::make_shared<const Node>(n);
  step.src = std::move(src);
  step.dst = std::move(dst);
  for (ValueId v : n.outputs) watch(v);
}

}  // namespace mo::plan
