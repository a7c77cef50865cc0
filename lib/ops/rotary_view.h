// What mo.Rotary reads: sizes, and for each operand an offset and a stride per axis, as its attributes hold them.
#pragma once
#include "ops/op.h"

namespace mo::ops {

struct RotaryOperand {
  int64_t offset = 0;
  std::vector<int64_t> strides;  // per outer axis, then along the width
};

struct RotaryView {
  std::vector<int64_t> outer;  // sizes of all axes but the last
  int64_t width = 0;           // the last axis: pairs (e, e + width / 2) are rotated, or (2 e, 2 e + 1)
  bool interleaved = false;    // the latter
  bool by_pair = false;        // cos and sin have an entry per pair instead of one per element
  RotaryOperand x, cosine, sine;
  Shape shape;  // of the output, which is dense in the order of `outer`, width
};

std::vector<std::pair<std::string, graph::AttrValue>> attributes(const RotaryView& view);
RotaryView rotary_view(const Node& node);
void check(const RotaryView& view, int64_t x_elements, int64_t cosine_elements, int64_t sine_elements);  // throws Code::shape

}  // namespace mo::ops
