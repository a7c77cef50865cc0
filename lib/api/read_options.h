// The options "load" as the reader takes them.
#pragma once
#include "api/options.h"
#include "onnx/read.h"

namespace mo::api {

onnx::ReadOptions read_options(const mo_options* options);

}  // namespace mo::api
