// Corrections: what is changed about a model before or after quantization so that less is lost.
#pragma once
#include <memory>
#include <set>
#include <string>

#include "quantize/quantize.h"

namespace mo::quantize {

// Equalization, SmoothQuant, AWQ as the options want: rewrites result.model and returns what was done. `again` receives statistics of the
// rewritten model where the old ones no longer hold (made from the calibration's kept inputs; Code::invalid_argument without them).
std::vector<Rescale> correct_scales(Result& result, const Calibration* calibration, const Options& options, std::unique_ptr<Calibration>& again,
                                    Control* control);

// x -> reader   =>   x * (1 / factor) -> reader with weights * factor, the division folded into what makes x where that is possible.
void apply_rescale(graph::Graph& g, const Rescale& rescale);

// The parts of correct_scales.
// `calibration` may be null: then no Clip is crossed.
std::vector<Rescale> equalize(graph::Graph& g, const Calibration* calibration, const Options& options, Result& result, Control* control);
std::vector<Rescale> smooth(graph::Graph& g, const Calibration& calibration, const Options& options, Result& result, Control* control);
std::vector<Rescale> awq(graph::Graph& g, const Calibration& calibration, const Options& options, Result& result, Control* control);

// Bias correction (Nagel et al. 2019, Finkelstein et al. 2019): the mean shift of every quantized product's outputs, channel by channel, goes
// into its bias. `before`: the float graph. `nodes`: those to correct, by name. The shifts go into result.scheme; where that holds one already it is taken
// instead of a new one.
void correct_biases(const graph::Graph& before, Result& result, const std::set<std::string>& nodes, const Calibration* calibration,
                    const Options& options, Control* control);

// The nodes whose biases the options want corrected: every quantized one, or with "auto" convolutions in mode static, and those of fewer than 8 bits in
// mode weight_only where a calibration saw samples: there the shift of means is what costs accuracy; products of transformers gain nothing from it. And
// those whose shift the scheme holds.
std::set<std::string> to_correct(const graph::Graph& g, const Scheme& scheme, const Calibration* calibration, const Options& options);

}  // namespace mo::quantize
