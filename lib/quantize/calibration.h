// Calibration: the model run on samples while observers watch the values that will be quantized; constant memory, mergeable.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/control.h"
#include "graph/graph.h"
#include "runtime/session.h"

namespace mo::quantize {

// Streaming statistics of one value. All of them are kept by every observer, so that a chooser can be picked after the data were seen.
struct Statistics {
  int64_t count = 0;       // finite numbers seen
  int64_t non_finite = 0;  // NaN and infinities, left out of everything below
  int64_t masked = 0;      // magnitudes above k_mask_limit (additive attention masks such as -3.4e38), left out below
  float min = 0, max = 0;
  double sum = 0, sum_of_squares = 0;
  int64_t feeds = 0;                        // in which it had finite numbers
  double sum_of_mins = 0, sum_of_maxs = 0;  // of each feed's extremes
  // Histogram over [-span, span]; span is a power of two that doubles when a value falls outside, by which bins merge exactly in pairs:
  // statistics merge in any order to the same result.
  double span = 0;
  std::vector<int64_t> bins;
  // Inputs of convolutions only: sums per channel (axis 1) and the numbers summed in each; bias correction needs the means.
  std::vector<double> channel_sums;
  int64_t channel_count = 0;
};
inline constexpr int k_bins = 8192;
inline constexpr float k_mask_limit = 1e30f;

struct ObserveOptions {
  bool channels = false;       // sum them one by one too
  bool channels_last = false;  // they are the last axis, not axis 1
  int threads = 1;             // the result does not depend on it
};
void observe(Statistics& s, const Tensor& value, const ObserveOptions& options = {});  // floating-point tensors
void merge(Statistics& into, const Statistics& other);

struct CalibrationOptions {
  int threads = 0;                          // 0: as many as the machine gives
  bool attention = false;                   // watch the operands of products of two activations too
  int64_t kept_bytes = int64_t{128} << 20;  // of inputs kept for corrections that learn from samples
};

// One thread at a time (the C ABI guards it).
class Calibration {
 public:
  // Watches every activation of the simplified model that some set of options quantizes.
  Calibration(const graph::Model& model, const CalibrationOptions& options);
  ~Calibration();

  void feed(const runtime::Named& inputs, Control* control = nullptr);
  void merge(const Calibration& other);  // Code::invalid_argument when it is of another model
  void save(const std::string& path) const;
  void load(const std::string& path);  // replaces what was collected; Code::format, Code::invalid_argument for another model
  int64_t samples() const;             // feeds counted by the first input's axis 0
  const std::map<std::string, Statistics, std::less<>>& statistics() const;
  const std::vector<runtime::Port>& inputs() const;
  const std::vector<runtime::Named>& kept_inputs() const;  // of the fed inputs, evenly spread over the feeds; constant memory
  void rest() const;  // lets the net that feeds run through go, packed weights and all; the next feed makes it anew

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mo::quantize
