// Attributes that became inputs: axes, split, starts/ends, pads, min/max, k, ratio, scales.
#include <limits>

#include "base/error.h"
#include "onnx/legalize/legalize.h"

namespace mo::onnx {

// Reduce*, Squeeze, Unsqueeze:  Op<axes=[1]>(x)  =>  Op(x, [1])
bool upgrade_axes(Upgrade& u) {
  if (!u.node.has("axes")) return true;
  std::vector<int64_t> axes = u.take_ints("axes");
  bool empty_means_all = axes.empty() && u.node.op != "Unsqueeze";
  if (!empty_means_all) u.set_input(1, u.ints("axes", std::move(axes)));
  return true;
}

// Split<split=[2, 3]>(x)  =>  Split(x, [2, 3])
bool upgrade_split_sizes(Upgrade& u) {
  if (u.node.has("split")) u.set_input(1, u.ints("split", u.take_ints("split")));
  return true;
}

// Since opset 18 an equal split says into how many parts.
bool upgrade_split_count(Upgrade& u) {
  if (u.node.input(1) == graph::k_none && !u.node.has("num_outputs")) u.node.set("num_outputs", static_cast<int64_t>(u.node.outputs.size()));
  return true;
}

// Slice<starts, ends, axes>(x)  =>  Slice(x, starts, ends, axes)
bool upgrade_slice(Upgrade& u) {
  require(u.node.has("starts") && u.node.has("ends"), Code::format, "Slice without starts or ends");
  u.set_input(1, u.ints("starts", u.take_ints("starts")));
  u.set_input(2, u.ints("ends", u.take_ints("ends")));
  if (u.node.has("axes")) u.set_input(3, u.ints("axes", u.take_ints("axes")));
  return true;
}

// TopK<k=5>(x)  =>  TopK(x, [5])
bool upgrade_top_k(Upgrade& u) {
  require(u.node.has("k"), Code::format, "TopK without k");
  int64_t k = u.node.i("k", 0);
  u.node.erase("k");
  u.set_input(1, u.ints("k", {k}));
  return true;
}

// Clip<min=0, max=6>(x)  =>  Clip(x, 0, 6); the bounds take the dtype of x, the defaults (all of float) are left out.
bool upgrade_clip(Upgrade& u) {
  constexpr float k_most = std::numeric_limits<float>::max();
  float low = u.node.f("min", -k_most), high = u.node.f("max", k_most);
  bool bounded = low > -k_most || high < k_most;
  if (bounded && u.dtype(0) == DType::undefined && !u.last_chance()) return false;
  u.node.erase("min");
  u.node.erase("max");
  if (low > -k_most) u.set_input(1, u.scalar_like("min", low, 0));
  if (high < k_most) u.set_input(2, u.scalar_like("max", high, 0));
  return true;
}

// Pad<pads, value>(x)  =>  Pad(x, pads, value)
bool upgrade_pad(Upgrade& u) {
  const char* key = u.node.has("paddings") ? "paddings" : "pads";
  require(u.node.has(key), Code::format, "Pad without pads");
  float value = u.node.f("value", 0);
  if (value != 0 && u.dtype(0) == DType::undefined && !u.last_chance()) return false;
  u.set_input(1, u.ints("pads", u.take_ints(key)));
  u.node.erase("value");
  if (value != 0) u.set_input(2, u.scalar_like("value", value, 0));
  return true;
}

// Dropout<ratio=0.3>(x)  =>  Dropout(x, 0.3)
bool upgrade_dropout(Upgrade& u) {
  float ratio = u.node.f("ratio", 0.5f);
  u.node.erase("ratio");
  if (ratio != 0.5f) u.set_input(1, u.add("ratio", Tensor::scalar<float>(ratio)));
  return true;
}

// DFT<axis=1>(x, n)  =>  DFT(x, n, 1)
bool upgrade_dft(Upgrade& u) {
  int64_t axis = u.node.i("axis", 1);
  u.node.erase("axis");
  u.set_input(2, u.add("axis", Tensor::scalar<int64_t>(axis)));
  return true;
}

// Upsample(x, scales) or Upsample<scales>(x)  =>  Resize(x, , scales) that counts pixels from their corner.
bool upgrade_upsample(Upgrade& u) {
  graph::ValueId scales = u.node.input(1);
  if (u.node.has("scales")) {
    std::vector<float> values = u.node.floats("scales");
    u.node.erase("scales");
    scales = u.add("scales", Tensor::of<float>({static_cast<int64_t>(values.size())}, values));
  }
  require(scales != graph::k_none, Code::format, "Upsample without scales");
  u.node.op = "Resize";
  u.node.inputs = {u.node.input(0), graph::k_none, scales};
  u.node.set("coordinate_transformation_mode", std::string("asymmetric"));
  u.node.set("nearest_mode", std::string("floor"));
  return true;
}

// Resize of opset 10 counts from the corner too; when it shrinks, nearest means the next pixel up.
bool upgrade_resize(Upgrade& u) {
  bool shrinks = false;
  if (const Tensor* scales = u.constant(1); scales && scales->dtype() == DType::f32)
    for (float s : scales->values<float>()) shrinks = shrinks || s < 1;
  u.node.inputs = {u.node.input(0), graph::k_none, u.node.input(1)};
  u.node.set("coordinate_transformation_mode", std::string("asymmetric"));
  u.node.set("nearest_mode", std::string(shrinks ? "ceil" : "floor"));
  return true;
}

// Opset 11 wanted roi and scales even where they did not matter, and took empty tensors for "none".
bool upgrade_resize_inputs(Upgrade& u) {
  auto empty = [&](size_t i) { return u.constant(i) && u.constant(i)->size() == 0; };
  if (empty(1)) u.set_input(1, graph::k_none);
  if (u.node.input(3) != graph::k_none || empty(2)) u.set_input(2, graph::k_none);
  return true;
}

}  // namespace mo::onnx
