// What the inputs of products look like on samples: second moments, means, extremes, streamed; memory does not grow with samples.
#pragma once
#include <map>
#include <set>
#include <string>

#include "graph/graph.h"
#include "quantize/matrix.h"
#include "runtime/session.h"

namespace mo::quantize {

// 0 for a number whose square may be summed, NaN for one that is NaN, infinite or so large that a sum of squares would not be finite.
inline float vanishing(float x) {
  const float room = x * 1e6f;
  return room * room * 0.0f;
}

struct MomentsOptions {
  bool gram = true;               // second moments, else only means and extremes
  int64_t rows_per_node = 16384;  // rows (output positions of convolutions, vectors of products) summed for a node, over all samples
  int threads = 0;
};

// By node name, of Conv, Gemm and MatMul nodes of `g` named in `nodes`, whose weights are constant; others are left out.
std::map<std::string, InputMoments> collect_moments(const graph::Graph& g, const std::set<std::string>& nodes,
                                                    const std::vector<runtime::Named>& samples, const MomentsOptions& options, Control* control);

// Calls f(group, rows [n][cols]) with the vectors that the product multiplies its weights with, at most about `limit` of them, evenly spread.
// turn: 0, 1, 2 ... of the samples one after the other; each starts at another vector, so that all positions of a sequence or picture come up.
void product_rows(const graph::Node& node, const Tensor& x, const Tensor& weights, int64_t limit, int64_t turn,
                  const std::function<void(int64_t group, const float* rows, int64_t n, int64_t cols)>& f);

// Per tap of a convolution's kernel: the share of output positions at which it lies inside the input (x: its type; all 1 when its size is free).
std::vector<double> taps_inside(const graph::Node& node, const graph::Type& x, const Shape& weights);

// Bytes of second moments that one product needs, 0 when it has none.
int64_t gram_bytes(const graph::Graph& g, const graph::Node& node);

}  // namespace mo::quantize
