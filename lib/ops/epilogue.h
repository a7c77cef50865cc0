// The epilogue attributes of libmo's own operators, as kernels read and passes write them.
#pragma once
#include <string>
#include <vector>

#include "graph/graph.h"

namespace mo::ops {

struct Post {
  std::string kind;  // docs/internal_operators.md lists them
  float alpha = 0, beta = 0;
};

std::vector<Post> epilogue(const graph::Node& node);
void append_post(graph::Node& node, const std::string& kind, float alpha = 0, float beta = 0);
bool is_rounding(const Post& post);    // round_u8, round_i8: alpha is the scale, beta the zero point
bool takes_operand(const Post& post);  // add, mul: reads input R

}  // namespace mo::ops
