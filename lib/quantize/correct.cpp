// The order of corrections before quantization.
#include "quantize/correct.h"

#include <algorithm>

namespace mo::quantize {

namespace {

using graph::Graph;

bool wants(const Options& o, const char* name) { return std::find(o.corrections.begin(), o.corrections.end(), name) != o.corrections.end(); }

}  // namespace

std::vector<Rescale> correct_scales(Result& result, const Calibration* calibration, const Options& o, std::unique_ptr<Calibration>& again,
                                    Control* control) {
  std::vector<Rescale> all;
  Graph& g = result.model.graph;
  auto take = [&](std::vector<Rescale> more) { all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end())); };
  auto samples = [&](const char* name) {
    require(calibration && !calibration->kept_inputs().empty(), Code::invalid_argument, name,
            " needs samples: feed a calibration (statistics loaded from a file hold none)");
  };
  if (wants(o, "equalization")) take(equalize(g, calibration, o, result, control));
  if (wants(o, "smoothquant")) {
    require(o.mode != "weight_only", Code::invalid_argument,
            "smoothquant moves the difficulty from activations to weights: it has no sense in mode weight_only (awq has)");
    samples("smoothquant");
    take(smooth(g, *calibration, o, result, control));
  }
  if (wants(o, "awq")) {
    require(o.mode == "weight_only", Code::invalid_argument, "awq is a correction of mode weight_only (smoothquant is its sibling for activations)");
    samples("awq");
    take(awq(g, *calibration, o, result, control));
  }
  if (!all.empty() && o.mode == "static") {
    samples("equalization and smoothquant in mode static change what calibration saw: it");
    CalibrationOptions c;
    c.threads = o.threads;
    c.attention = o.attention;
    again = std::make_unique<Calibration>(result.model, c);
    for (const runtime::Named& inputs : calibration->kept_inputs()) again->feed(inputs, control);
  }
  return all;
}

}  // namespace mo::quantize
