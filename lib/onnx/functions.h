// The functions a model defines for itself, and a judgement on what inlining them would cost before anything is inlined.
#pragma once
#include <string>
#include <unordered_map>

#include "onnx/limits.h"

namespace onnx {
class FunctionProto;
class ModelProto;
class NodeProto;
}  // namespace onnx

namespace mo::onnx {

class Functions {
 public:
  // Throws on two functions of one name, cycles, calls nested too deep, and expansions out of proportion to the file.
  Functions(const ::onnx::ModelProto& model, const Limits& limits);
  const ::onnx::FunctionProto* find(const ::onnx::NodeProto& node) const;  // null when the node calls none

 private:
  std::unordered_map<std::string, const ::onnx::FunctionProto*> by_key_;
};

}  // namespace mo::onnx
