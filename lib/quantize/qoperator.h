// Q/DQ to the older form with integer operators.
#pragma once
#include "graph/graph.h"

namespace mo::quantize {

// DQ(x), DQ(w) -> Conv -> Q              =>   QLinearConv(x, w)
// DQ(a), DQ(b) -> MatMul -> Q            =>   QLinearMatMul(a, b)
// DQ(a), DQ(b) -> Add, Mul, ... -> Q     =>   com.microsoft.QLinearAdd ... when `microsoft` allows ONNX Runtime's own operators
// DQ(x) -> MaxPool, Reshape, ... -> Q    =>   the same on integers
// Relu and Clip in between go where the range of the Q implies them. What has no integer operator stays in Q/DQ. Returns how many nodes changed.
int to_qoperator(graph::Graph& g, bool microsoft);

}  // namespace mo::quantize
