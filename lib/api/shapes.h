// Input shapes written as text: "input=1x3x224x224".
#pragma once
#include <map>
#include <string>
#include <vector>

#include "runtime/session.h"

namespace mo::api {

using Shapes = std::map<std::string, Shape, std::less<>>;

// Throws Code::invalid_argument for text that is no such thing, or a name that is no input.
Shapes parse_shapes(const std::vector<std::string>& texts, const std::vector<runtime::Port>& inputs);

// A full shape for every input: the given one, or the declared one with `batch` for a free first axis and 1 for other free axes.
// Inputs without rank must be given (Code::shape).
Shapes complete_shapes(const Shapes& given, const std::vector<runtime::Port>& inputs, int64_t batch);

}  // namespace mo::api
