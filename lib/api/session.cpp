// mo_session: create, run, run into the caller's tensors, explain, profile.
#include "api/session.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/buffer.h"
#include "api/control.h"
#include "api/model.h"
#include "api/read_options.h"
#include "api/shapes.h"
#include "base/memory.h"

using namespace mo;
using namespace mo::api;
using runtime::Port;
using runtime::Session;

runtime::SessionOptions mo::api::session_options(const OptionSet& o) {
  runtime::SessionOptions s;
  s.threads = static_cast<int>(o.integer("threads"));
  s.optimize = o.flag("optimize");
  s.disabled_passes = o.list("disabled_passes");
  s.disabled_kernels = o.list("disabled_kernels");
  s.extra_outputs = o.list("extra_outputs");
  s.max_plans = static_cast<int>(o.integer("max_plans"));
  s.release_weights = o.flag("release_weights");
  s.bf16 = o.text("precision") == "bf16";
  s.cache_folder = o.text("cache_folder");
  s.memory_limit = o.integer("memory_limit");
  s.seed = static_cast<uint64_t>(o.integer("seed"));
  return s;
}

std::unique_ptr<RunSlots> mo_session::take_slots() {
  {
    std::lock_guard lock(mutex_);
    if (!spare_.empty()) {
      auto slots = std::move(spare_.back());
      spare_.pop_back();
      return slots;
    }
  }
  auto slots = std::make_unique<RunSlots>();
  slots->inputs.resize(session->inputs().size());
  slots->outputs.resize(session->outputs().size());
  return slots;
}

void mo_session::give_slots(std::unique_ptr<RunSlots> slots) {
  static const Datum nothing;
  for (Datum& d : slots->inputs) d = nothing;  // lets the tensors go, keeps the room of their shapes
  for (Datum& d : slots->outputs) d = nothing;
  std::lock_guard lock(mutex_);
  spare_.push_back(std::move(slots));
}

namespace {

// Slots of one run, given back at its end.
struct Slots {
  explicit Slots(mo_session& s) : session(s), slots(s.take_slots()) {}
  ~Slots() {
    try {
      session.give_slots(std::move(slots));
    } catch (...) {  // no memory to remember them: they are just freed
    }
  }
  RunSlots* operator->() { return slots.get(); }
  mo_session& session;
  std::unique_ptr<RunSlots> slots;
};

const TensorBox* find(const mo_tensors& tensors, size_t hint, const std::string& name) {
  const auto& entries = tensors.entries;
  if (hint < entries.size() && entries[hint].name == name) return entries[hint].box.get();
  for (const auto& e : entries)
    if (e.name == name) return e.box.get();
  return nullptr;
}

[[noreturn]] void unknown_name(const mo_tensors& tensors, const std::vector<Port>& ports, const char* what) {
  std::vector<std::string> names;
  for (const Port& p : ports) names.push_back(p.name);
  for (const auto& e : tensors.entries) {
    if (std::find(names.begin(), names.end(), e.name) != names.end()) continue;
    std::vector<std::string> shown;
    for (const std::string& n : names) shown.push_back(printable(n));
    fail(Code::not_found, "the model has no ", what, " named ", printable(e.name), "; there are ", join(shown, ", "));
  }
  fail(Code::internal, "an unknown name that is none");
}

void bind(const mo_tensors& tensors, const std::vector<Port>& ports, std::vector<Datum>& dst) {
  size_t found = 0;
  for (size_t i = 0; i < ports.size(); ++i) {
    const TensorBox* box = find(tensors, i, ports[i].name);
    require(box != nullptr || ports[i].optional, Code::not_found, "input ", printable(ports[i].name), " is missing");
    if (!box) continue;
    dst[i].kind = Datum::Kind::tensor;
    dst[i].tensor = box->tensor;
    ++found;
  }
  if (found != tensors.entries.size()) unknown_name(tensors, ports, "input");
}

Tensor output_tensor(Datum& d, const Port& port) {
  require(!d.is_sequence(), Code::unsupported, "output ", printable(port.name), " is a sequence: only tensors can be returned");
  d.kind = Datum::Kind::none;
  return std::move(d.tensor);
}

// Lends the caller's output tensors to the run and puts them back, whatever happens.
class Loan {
 public:
  Loan(mo_tensors& tensors, const std::vector<Port>& ports, std::vector<Datum>& slots) : tensors_(tensors), ports_(ports), slots_(slots) {
    size_t found = 0;
    for (size_t i = 0; i < ports.size(); ++i) {
      auto* box = const_cast<TensorBox*>(find(tensors, i, ports[i].name));
      if (!box) continue;
      ++found;
      std::swap(slots_[i].tensor, box->tensor);
      slots_[i].kind = slots_[i].tensor.empty() ? Datum::Kind::none : Datum::Kind::tensor;
    }
    if (found != tensors.entries.size()) {
      give_back();
      unknown_name(tensors, ports, "output");
    }
  }
  ~Loan() { give_back(); }

  void add_new() {
    for (size_t i = 0; i < ports_.size(); ++i)
      if (!find(tensors_, i, ports_[i].name) && !slots_[i].is_none()) tensors_.set(ports_[i].name, output_tensor(slots_[i], ports_[i]));
  }

 private:
  void give_back() noexcept {
    if (returned_) return;
    returned_ = true;
    for (size_t i = ports_.size(); i-- > 0;)
      if (auto* box = const_cast<TensorBox*>(find(tensors_, i, ports_[i].name)); box && slots_[i].is_tensor()) {
        std::swap(slots_[i].tensor, box->tensor);
        slots_[i].kind = Datum::Kind::none;
      }
  }
  mo_tensors& tensors_;
  const std::vector<Port>& ports_;
  std::vector<Datum>& slots_;
  bool returned_ = false;
};

}  // namespace

namespace {

mo_session* make_session(graph::Graph g, const OptionSet& o) {
  auto session = std::make_unique<Session>(std::move(g), session_options(o));
  std::vector<std::string> shapes = o.list("shapes");
  runtime::Shapes planned;
  if (!shapes.empty() || o.flag("prepare")) planned = complete_shapes(parse_shapes(shapes, session->inputs()), session->inputs(), 1);
  if (!shapes.empty() || o.flag("prepare")) session->prepare(planned);
  auto made = std::make_unique<mo_session>(std::move(session));
  made->shapes = std::move(planned);
  return made.release();
}

}  // namespace

mo_error* mo_session_create(const mo_model* model, const mo_options* options, mo_session** out) {
  return guard([&] {
    mo_session*& result = output(out, "out");
    const mo_model& m = checked(model, "model");
    result = make_session(m.model.graph, options_for(options, "session"));
  });
}

mo_error* mo_session_load(const char* path, const mo_options* load_options, const mo_options* options, mo_session** out) {
  return guard([&] {
    mo_session*& result = output(out, "out");
    std::string file = path_argument(path, "path");
    onnx::ReadOptions r = read_options(load_options);
    OptionSet o = options_for(options, "session");
    result = make_session(std::move(onnx::read(file, r).graph), o);
  });
}

mo_error* mo_session_run(mo_session* session, const mo_tensors* inputs, mo_control* control, mo_tensors** outputs) {
  return guard([&] {
    mo_tensors*& result = output(outputs, "outputs");
    mo_session& s = checked(session, "session");
    const mo_tensors& in = checked(inputs, "inputs");
    runtime::RunOptions run;
    run.control = control_or_null(control);
    Slots slots(s);
    bind(in, s.session->inputs(), slots->inputs);
    std::vector<Datum> made = s.session->run(slots->inputs, run);
    auto tensors = std::make_unique<mo_tensors>();
    for (size_t i = 0; i < made.size(); ++i)
      if (!made[i].is_none()) tensors->set(s.session->outputs()[i].name, output_tensor(made[i], s.session->outputs()[i]));
    result = tensors.release();
  });
}

mo_error* mo_session_run_into(mo_session* session, const mo_tensors* inputs, mo_control* control, mo_tensors* outputs) {
  return guard([&] {
    mo_session& s = checked(session, "session");
    const mo_tensors& in = checked(inputs, "inputs");
    mo_tensors& into = checked(outputs, "outputs");
    runtime::RunOptions run;
    run.control = control_or_null(control);
    Slots slots(s);
    bind(in, s.session->inputs(), slots->inputs);
    Loan loan(into, s.session->outputs(), slots->outputs);
    s.session->run_into(slots->inputs, slots->outputs, run);
    loan.add_new();
  });
}

mo_error* mo_session_explain_json(mo_session* session, mo_buffer** json) {
  return guard([&] {
    mo_buffer*& result = output(json, "json");
    result = buffer(plan::to_json(checked(session, "session").session->explain()));
  });
}

mo_error* mo_session_explain_text(mo_session* session, mo_buffer** text) {
  return guard([&] {
    mo_buffer*& result = output(text, "text");
    result = buffer(plan::to_text(checked(session, "session").session->explain()));
  });
}

mo_error* mo_session_profile_json(mo_session* session, const mo_tensors* inputs, int32_t iterations, mo_buffer** json) {
  return guard([&] {
    mo_buffer*& result = output(json, "json");
    mo_session& s = checked(session, "session");
    require(iterations >= 1 && iterations <= 1000000, Code::invalid_argument, "iterations is ", iterations, ", wanted 1..1000000");
    Slots slots(s);
    if (inputs) bind(checked(inputs, "inputs"), s.session->inputs(), slots->inputs);
    else slots->inputs = runtime::synthetic_inputs(s.session->inputs(), s.shapes.empty() ? complete_shapes({}, s.session->inputs(), 1) : s.shapes);
    result = buffer(plan::to_json(s.session->profile(slots->inputs, iterations)));
  });
}

mo_error* mo_session_memory_json(mo_session* session, mo_buffer** json) {
  return guard([&] {
    mo_buffer*& result = output(json, "json");
    Session::Memory m = checked(session, "session").session->memory();
    nlohmann::ordered_json j{{"arena_bytes", m.arena_bytes},
                             {"packed_bytes", m.packed_bytes},
                             {"weight_bytes", m.weight_bytes},
                             {"peak_rss_bytes", m.peak_rss_bytes},
                             {"plans", m.plans},
                             {"contexts", m.contexts},
                             {"packs_made", m.packs_made},
                             {"packs_mapped", m.packs_mapped}};
    result = buffer(j.dump());
  });
}

void mo_session_free(mo_session* session) {
  bool large = false;
  if (valid_or_null(session)) try {
      const Session::Memory m = session->session->memory();
      large = m.arena_bytes + m.packed_bytes + m.weight_bytes >= k_worth_trimming;
    } catch (...) {  // no memory to ask: it is freed all the same
    }
  release(session);
  if (large) trim_memory();
}
