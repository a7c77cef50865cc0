// Opsets 1 to 6: broadcasting by attribute, shapes and scales as attributes, types by name, hints about memory and training.
#include "base/error.h"
#include "onnx/legalize/legalize.h"

namespace mo::onnx {

using graph::k_none;
using graph::ValueId;

namespace {

// Gives input 1 the trailing ones that put its first axis at `axis` of input 0; false while ranks are missing.
bool align(Upgrade& u, int64_t axis) {
  int64_t a = u.rank(0), b = u.rank(1);
  if (a < 0 || b < 0) {
    require(!u.last_chance(), Code::unsupported, u.node.op, " of an opset below 7 broadcasts along axis ", axis, " of operands of unknown rank");
    return false;
  }
  if (axis < 0) axis += a;
  int64_t ones = a - axis - b;
  require(axis >= 0 && ones >= 0, Code::shape, u.node.op, " broadcasts rank ", b, " to rank ", a, " from axis ", axis);
  if (ones == 0) return true;
  std::vector<int64_t> axes;
  for (int64_t i = 0; i < ones; ++i) axes.push_back(b + i);
  u.set_input(1, u.emit("Unsqueeze", {u.node.input(1), u.ints("axes", axes)}));
  return true;
}

}  // namespace

// Add<broadcast=1, axis=1>(x, y)  =>  Add(x, Unsqueeze(y, trailing axes)); without an axis the old rule is numpy's.
bool upgrade_broadcast(Upgrade& u) {
  if (u.node.i("broadcast", 0) != 0 && u.node.has("axis") && !align(u, u.node.i("axis", 0))) return false;
  u.node.erase("broadcast");
  u.node.erase("axis");
  return true;
}

// PRelu's slope lay along the channels.
bool upgrade_prelu(Upgrade& u) {
  const Tensor* slope = u.constant(1);
  if ((slope && slope->size() == 1) || u.rank(1) > 1) return true;
  if (u.rank(1) < 0) return u.last_chance();
  return align(u, 1);
}

bool upgrade_gemm(Upgrade& u) {
  u.node.erase("broadcast");
  return true;
}

// Inference or training was an attribute.
bool upgrade_is_test(Upgrade& u) {
  if (u.node.i("is_test", 0) != 0 && u.node.op == "BatchNormalization") u.node.outputs.resize(1);
  u.node.erase("is_test");
  return true;
}

bool upgrade_output_sequence(Upgrade& u) {
  u.node.erase("output_sequence");
  return true;
}

// Cast<to="FLOAT">
bool upgrade_cast(Upgrade& u) {
  const auto* to = u.node.find("to");
  const auto* word = to ? std::get_if<std::string>(to) : nullptr;
  if (!word) return true;
  std::string lower;
  for (char c : *word) lower.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  if (lower == "float") lower = "float32";
  if (lower == "double") lower = "float64";
  DType d = dtype_from_name(lower);
  require(d != DType::undefined, Code::format, "Cast to '", printable(*word), "'");
  u.node.set("to", static_cast<int64_t>(d));
  return true;
}

bool upgrade_concat(Upgrade& u) {
  if (!u.node.has("axis")) u.node.set("axis", int64_t{1});
  return true;
}

// LpPool's p was a float.
bool upgrade_p(Upgrade& u) {
  const auto* p = u.node.find("p");
  if (const auto* f = p ? std::get_if<float>(p) : nullptr) {
    require(*f >= 1 && *f < 1e6f, Code::format, u.node.op, " with p = ", *f);
    u.node.set("p", static_cast<int64_t>(*f));
  }
  return true;
}

bool upgrade_reshape(Upgrade& u) {
  require(u.node.has("shape"), Code::format, "Reshape without a shape");
  u.set_input(1, u.ints("shape", u.take_ints("shape")));
  return true;
}

// The defaults had fewer digits.
bool upgrade_selu(Upgrade& u) {
  if (!u.node.has("alpha")) u.node.set("alpha", 1.6732f);
  if (!u.node.has("gamma")) u.node.set("gamma", 1.0507f);
  return true;
}

bool upgrade_tile(Upgrade&) { fail(Code::unsupported, "Tile of an opset below 6"); }

bool upgrade_upsample_attributes(Upgrade& u) {
  std::vector<float> scales = {1, 1, u.node.f("height_scale", 1), u.node.f("width_scale", 1)};
  u.node.erase("height_scale");
  u.node.erase("width_scale");
  u.node.set("scales", scales);
  return true;
}

}  // namespace mo::onnx
