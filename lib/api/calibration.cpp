// mo_calibration: create, feed, merge, save and load.
#include "api/calibration.h"

#include "api/control.h"
#include "api/model.h"
#include "api/options.h"
#include "api/tensor.h"
#include "data/bind.h"
#include "data/dataset.h"

using namespace mo;
using namespace mo::api;
using quantize::Calibration;

namespace {

// What of `inputs` is still wanted: the first rows of every input that has one row for each sample. False: nothing.
bool cut_to_limit(runtime::Named& inputs, int64_t wanted) {
  const Datum* first = inputs.empty() ? nullptr : &inputs.begin()->second;
  const int64_t count = first && first->is_tensor() && first->tensor.rank() > 0 ? first->tensor.dim(0) : 1;
  if (wanted <= 0) return false;
  if (count <= wanted) return true;
  for (auto& [name, d] : inputs)
    if (d.is_tensor() && d.tensor.rank() > 0 && d.tensor.dim(0) == count) d = Datum(data::rows(d.tensor, 0, wanted));
  return true;
}

}  // namespace

mo_error* mo_calibration_create(const mo_model* model, const mo_options* options, mo_calibration** out) {
  return guard([&] {
    mo_calibration*& result = output(out, "out");
    const mo_model& m = checked(model, "model");
    quantize::CalibrationOptions c;
    OptionSet o = options_for(options, "calibration");
    c.threads = static_cast<int>(o.integer("threads"));
    c.attention = o.flag("attention");
    c.kept_bytes = o.integer("kept_bytes");
    result = new mo_calibration(std::make_unique<Calibration>(m.model, c), o.integer("num_samples"));
  });
}

mo_error* mo_calibration_feed(mo_calibration* calibration, const mo_tensors* inputs, mo_control* control) {
  return guard([&] {
    mo_calibration& c = checked(calibration, "calibration");
    data::Batch batch;
    batch.inputs = named_tensors(checked(inputs, "inputs"));
    Control* watch = control_or_null(control);
    Turn turn(c.taken, "calibration");
    runtime::Named bound = data::bind_inputs(batch, c.calibration->inputs());
    if (c.limit >= 0 && !cut_to_limit(bound, c.limit - c.calibration->samples())) return;
    c.calibration->feed(bound, watch);
  });
}

int64_t mo_calibration_count(const mo_calibration* calibration) {
  const mo_calibration* c = valid_or_null(calibration);
  return c ? c->calibration->samples() : 0;
}

mo_error* mo_calibration_merge(mo_calibration* calibration, const mo_calibration* other) {
  return guard([&] {
    mo_calibration& c = checked(calibration, "calibration");
    const mo_calibration& o = checked(other, "other");
    require(&c != &o, Code::invalid_argument, "a calibration cannot be merged with itself");
    Turn turn(c.taken, "calibration");
    Turn other_turn(o.taken, "other");
    c.calibration->merge(*o.calibration);
  });
}

mo_error* mo_calibration_save(const mo_calibration* calibration, const char* path) {
  return guard([&] {
    const mo_calibration& c = checked(calibration, "calibration");
    std::string file = path_argument(path, "path");
    Turn turn(c.taken, "calibration");
    c.calibration->save(file);
  });
}

mo_error* mo_calibration_load(const char* path, const mo_model* model, mo_calibration** out) {
  return guard([&] {
    mo_calibration*& result = output(out, "out");
    std::string file = path_argument(path, "path");
    auto c = std::make_unique<Calibration>(checked(model, "model").model, quantize::CalibrationOptions{});
    c->load(file);
    result = new mo_calibration(std::move(c));
  });
}

void mo_calibration_free(mo_calibration* calibration) { release(calibration); }
