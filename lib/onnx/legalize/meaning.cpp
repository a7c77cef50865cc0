// Operators whose old form meant something else: softmax over flattened axes, normalisation, renamed modes.
#include "base/error.h"
#include "onnx/legalize/legalize.h"

namespace mo::onnx {

using graph::AttrValue;
using graph::k_none;
using graph::ValueId;

// Before opset 13 the axes from `axis` on were flattened into one:
//   Softmax<axis=a>(x)  =>  Softmax<axis=-1>(x)                                          when a is the last axis
//                       =>  Reshape(Softmax<axis=-1>(Flatten<axis=a>(x)), Shape(x))      else
bool upgrade_softmax(Upgrade& u) {
  int64_t axis = u.node.i("axis", 1), rank = u.rank(0);
  bool last = axis == -1 || (rank >= 0 && axis == rank - 1);
  if (!last && rank < 0 && !u.last_chance()) return false;
  u.node.erase("axis");
  if (last) {
    u.node.set("axis", int64_t{-1});
    return true;
  }
  ValueId x = u.node.input(0);
  ValueId flat = u.emit("Flatten", {x}, {{"axis", axis}});
  ValueId y = u.emit(u.node.op, {flat}, {{"axis", int64_t{-1}}});
  ValueId shape = u.emit("Shape", {x});
  u.node.op = "Reshape";
  u.node.inputs = {y, shape};
  u.node.set("allowzero", int64_t{1});
  return true;
}

// BatchNormalization<spatial=0> normalises every element of a sample by its own statistics:
//   y = (x - mean) / sqrt(var + epsilon) * scale + bias
bool upgrade_batch_norm_spatial(Upgrade& u) {
  int64_t spatial = u.node.i("spatial", 1);
  u.node.erase("spatial");
  if (spatial != 0) return true;
  require(u.node.outputs.size() == 1, Code::unsupported, "training outputs of BatchNormalization with spatial=0");
  ValueId x = u.node.input(0), scale = u.node.input(1), bias = u.node.input(2), mean = u.node.input(3), var = u.node.input(4);
  ValueId epsilon = u.scalar_like("epsilon", u.node.f("epsilon", 1e-5f), 1);
  ValueId deviation = u.emit("Sqrt", {u.emit("Add", {var, epsilon})});
  ValueId normal = u.emit("Div", {u.emit("Sub", {x, mean}), deviation});
  ValueId scaled = u.emit("Mul", {normal, scale});
  u.node.op = "Add";
  u.node.attributes.clear();
  u.node.inputs = {scaled, bias};
  return true;
}

// Further outputs used to mean training; the two "saved" ones are gone.
bool upgrade_batch_norm_outputs(Upgrade& u) {
  bool training = false;
  for (size_t i = 1; i < u.node.outputs.size(); ++i) training = training || u.node.outputs[i] != k_none;
  u.node.outputs.resize(std::min<size_t>(u.node.outputs.size(), training ? 3 : 1));
  if (training) u.node.set("training_mode", int64_t{1});
  return true;
}

// Scale and bias were given per group; now per channel:
//   scale'  =  Reshape(Expand(Unsqueeze(scale, 1), [groups, channels / groups]), [-1])
bool upgrade_group_norm(Upgrade& u) {
  int64_t groups = u.node.i("num_groups", 0);
  require(groups > 0, Code::format, "GroupNormalization without num_groups");
  ValueId channels = u.emit("Shape", {u.node.input(0)}, {{"start", int64_t{1}}, {"end", int64_t{2}}});
  ValueId count = u.ints("groups", {groups});
  ValueId width = u.emit("Div", {channels, count});
  ValueId shape = u.emit("Concat", {count, width}, {{"axis", int64_t{0}}});
  ValueId one = u.ints("one", {1}), all = u.ints("all", {-1});
  for (size_t i : {1u, 2u}) {
    ValueId column = u.emit("Unsqueeze", {u.node.input(i), one});
    u.set_input(i, u.emit("Reshape", {u.emit("Expand", {column, shape}), all}));
  }
  return true;
}

// The modes were renamed.
bool upgrade_grid_sample(Upgrade& u) {
  std::string mode = u.node.s("mode", "bilinear");
  if (mode == "bilinear") mode = "linear";
  if (mode == "bicubic") mode = "cubic";
  u.node.set("mode", mode);
  return true;
}

// Before opset 16 boxes were not shifted by half a pixel.
bool upgrade_roi_align(Upgrade& u) {
  if (!u.node.has("coordinate_transformation_mode")) u.node.set("coordinate_transformation_mode", std::string("output_half_pixel"));
  return true;
}

bool upgrade_scatter(Upgrade& u) {
  u.node.op = "ScatterElements";
  return true;
}

}  // namespace mo::onnx
