// Reading and writing of epilogue attributes.
#include "ops/epilogue.h"

#include "base/error.h"

namespace mo::ops {

std::vector<Post> epilogue(const graph::Node& node) {
  std::vector<Post> posts;
  std::vector<std::string> kinds = node.strings("post");
  std::vector<float> alpha = node.floats("post_alpha"), beta = node.floats("post_beta");
  require(alpha.size() == kinds.size() && beta.size() == kinds.size(), Code::internal, "post_alpha and post_beta must be as long as post");
  for (size_t i = 0; i < kinds.size(); ++i) posts.push_back({kinds[i], alpha[i], beta[i]});
  return posts;
}

void append_post(graph::Node& node, const std::string& kind, float alpha, float beta) {
  std::vector<std::string> kinds = node.strings("post");
  std::vector<float> alphas = node.floats("post_alpha"), betas = node.floats("post_beta");
  kinds.push_back(kind);
  alphas.push_back(alpha);
  betas.push_back(beta);
  node.set("post", kinds);
  node.set("post_alpha", alphas);
  node.set("post_beta", betas);
}

bool is_rounding(const Post& post) { return post.kind == "round_u8" || post.kind == "round_i8"; }

bool takes_operand(const Post& post) { return post.kind == "add" || post.kind == "mul"; }

}  // namespace mo::ops
