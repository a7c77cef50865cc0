// Timing: how long each unit takes in a model made from a space, and each change of precision between units.
#pragma once
#include <memory>
#include <vector>

#include "runtime/session.h"
#include "search/space.h"

namespace mo::search {

struct TimingOptions {
  int threads = 1;
  double seconds = 1;  // per model timed, about
  int rounds = 0;      // of the models one after the other; 0: as many as the time allows, at least 3
};

// What one model took; the least of the rounds for each step, as other programs only ever add time.
struct ModelTime {
  std::vector<double> unit_us;       // steps of the unit, and of what lies between it and the units that feed it (additions, pools)
  double change_us = 0;              // QuantizeLinear, DequantizeLinear, Cast and reorders that belong to no unit
  double changed_elements = 0;       // that those steps of kind Quantize, Dequantize and Cast made
  double median_us = 0, min_us = 0;  // of whole runs
};

// Times the models in turn, round after round, on the same inputs.
std::vector<ModelTime> time_models(const Space& space, const std::vector<const graph::Model*>& models, std::span<const Datum> inputs,
                                   const TimingOptions& options, Control* control);

// The time of whole runs only, interleaved: for a verdict between models.
struct RunTime {
  double median_us = 0, min_us = 0;
};
std::vector<RunTime> race(const std::vector<const graph::Model*>& models, std::span<const Datum> inputs, const TimingOptions& options,
                          Control* control);

// Which units feed which, through nodes that are no units; elements: what travels, when the model's types tell for these input shapes.
struct Link {
  size_t from = 0, to = 0;
  graph::ValueId value = graph::k_none;  // of the base graph, as the consumer reads it
};
std::vector<Link> links_of(const Space& space);

}  // namespace mo::search
