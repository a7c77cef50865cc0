// What mo.Attention reads and writes: sizes, and for each operand an offset and a stride per axis, as its attributes hold them.
#pragma once
#include "ops/op.h"

namespace mo::ops {

struct AttentionOperand {
  int64_t offset = 0;
  std::vector<int64_t> strides;  // per batch axis, then rows and columns: (row, width), of keys and values (key, width), of the mask (row, key)
};

struct AttentionView {
  std::vector<int64_t> batch;  // sizes of the batch axes; stride 0 where an operand is shared
  int64_t rows = 0, keys = 0, width = 0, value_width = 0;
  AttentionOperand q, k, v, y, mask;
  float scale = 1;
  bool keeps = true;  // a boolean mask is true where a score stays; elsewhere it becomes `fill`
  float fill = 0;
  Shape shape;  // of the output
};

std::vector<std::pair<std::string, graph::AttrValue>> attributes(const AttentionView& view);
AttentionView attention_view(const Node& node);
// Throws Code::shape unless every element read or written lies inside its tensor and outputs do not overlap. mask_elements: -1 when there is none.
void check(const AttentionView& view, int64_t q_elements, int64_t k_elements, int64_t v_elements, int64_t mask_elements);

}  // namespace mo::ops
