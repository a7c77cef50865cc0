// Q/DQ graphs become integer steps.
#include <doctest/doctest.h>

#include "support/pass_case.h"

using mo::test::after_passes;

namespace {
// A quantized tensor of that name: <name>q is its 8-bit form, <name>d its float form.
const char* k_scales = "s = const float32[] {0.05}; z = const uint8[] {120}; t = const float32[] {0.1}; u = const uint8[] {100};";
}  // namespace

TEST_CASE("slide_quantize: moves 8-bit data and cancels equal pairs") {
  CHECK(after_passes({"slide_quantize"},
                     std::string("(float32[2, 3] x) -> (y) {") + k_scales +
                         "p = QuantizeLinear(x, s, z); d = DequantizeLinear(p, s, z); r = Transpose<perm=[1, 0]>(d); q = QuantizeLinear(r, s, z); e "
                         "= DequantizeLinear(q, s, z); f = const int64[1] {6}; w = Reshape(e, f); y = QuantizeLinear(w, s, z); }") ==
        "QuantizeLinear Transpose Reshape");
  CHECK(after_passes({"slide_quantize"}, std::string("(float32[2, 3] x) -> (y) {") + k_scales +
                                             "e = Exp(x); r = Transpose<perm=[1, 0]>(e); y = QuantizeLinear(r, s, z); }") ==
        "Exp QuantizeLinear Transpose");
  CHECK(after_passes({"slide_quantize"}, std::string("(uint8[2, 3] x) -> (y) {") + k_scales +
                                             "d = DequantizeLinear(x, s, z); y = QuantizeLinear(d, t, u); }") == "DequantizeLinear QuantizeLinear");
}

TEST_CASE("slide_quantize: Concat and Split stay 8-bit, parts with other parameters go through a table") {
  const std::string head = std::string("(uint8[2, 3] x, uint8[2, 5] v, float32[2, 2] f) -> (y) {") + k_scales + "d = DequantizeLinear(x, s, z); ";
  const std::vector<std::string> names{"slide_quantize", "lookup"};
  CHECK(after_passes(names, head + "e = DequantizeLinear(v, t, u); c = Concat<axis=1>(d, e); y = QuantizeLinear(c, t, u); }") == "mo.Lookup Concat");
  CHECK(after_passes(names, head + "e = DequantizeLinear(v, s, z); c = Concat<axis=1>(d, e); y = Exp(c); }") == "Concat DequantizeLinear Exp");
  CHECK(after_passes(names, head + "c = Concat<axis=1>(d, f); y = QuantizeLinear(c, s, z); }") == "QuantizeLinear Concat");
  CHECK(
      after_passes(names, std::string("(uint8[2, 4] x) -> (a, b) {") + k_scales +
                              "d = DequantizeLinear(x, s, z); p, r = Split<axis=1, num_outputs=2>(d); a = QuantizeLinear(p, s, z); b = Exp(r); }") ==
      "Split DequantizeLinear Exp");
}

TEST_CASE("lower_quantized: convolution and products of 8-bit operands, quantized again in the same step") {
  const std::vector<std::string> names{"lower_quantized", "fuse_epilogue"};
  const std::string conv = std::string("(uint8[1, 2, 4, 4] x, uint8[1, 3, 4, 4] r) -> (y) {") + k_scales +
                           "w = const int8[3, 2, 1, 1] {10, 20, -100, 50, 3, -2}; ws = const float32[3] {0.01, 0.02, 0.03}; wd = "
                           "DequantizeLinear<axis=0>(w, ws); xd = DequantizeLinear(x, s, z);"
                           "b = const int32[3] {100, -200, 300}; bs = const float32[3] {0.0005, 0.001, 0.0015}; bz = const int32[3] {0, 0, 0}; bd = "
                           "DequantizeLinear<axis=0>(b, bs, bz); c = Conv(xd, wd, bd); ";
  CHECK(after_passes(names, conv + "a = Relu(c); y = QuantizeLinear(a, t, u); }", 1e-5f, 1) == "mo.Conv");
  CHECK(after_passes(names, conv + "y = Relu(c); }") == "mo.Conv");
  CHECK(after_passes(names, conv + "rd = DequantizeLinear(r, t, z); a = Add(c, rd); e = Relu(a); y = QuantizeLinear(e, t, u); }", 1e-5f, 1) ==
        "mo.Conv");
  const std::string product =
      std::string("(uint8[2, 3, 4] x, uint8[2, 4, 3] v) -> (y) {") + k_scales + "xd = DequantizeLinear(x, s, z); vd = DequantizeLinear(v, t, u); ";
  CHECK(after_passes(names, product + "c = MatMul(xd, vd); y = QuantizeLinear(c, t, u); }", 1e-5f, 1) == "mo.MatMul");
  CHECK(after_passes(names, product + "w = const int8[4, 2] {10, 20, -100, 50, 3, -2, 7, 8}; ws = const float32[2] {0.01, 0.02}; wd = "
                                      "DequantizeLinear<axis=1>(w, ws); y = MatMul(xd, wd); }") == "mo.MatMul");
}

TEST_CASE("fuse_epilogue: a quantizer between a product and a sum that is quantized becomes a rounding in the product") {
  const std::vector<std::string> names{"lower_quantized", "fuse_epilogue"};
  const std::string head = std::string("(uint8[1, 2, 4, 4] x, uint8[1, 3, 4, 4] r) -> (y) {") + k_scales +
                           "w = const int8[3, 2, 1, 1] {10, 20, -100, 50, 3, -2}; ws = const float32[3] {0.010137, 0.020293, 0.030719}; wd = "
                           "DequantizeLinear<axis=0>(w, ws); xd = DequantizeLinear(x, s, z);"
                           "c = Conv(xd, wd); cq = QuantizeLinear(c, t, u); cd = DequantizeLinear(cq, t, u); ";
  CHECK(after_passes(names, head + "rd = DequantizeLinear(r, s, z); a = Add(cd, rd); e = Relu(a); y = QuantizeLinear(e, t, u); }", 1e-5f, 1) ==
        "mo.Conv");
  CHECK(after_passes(names, head + "b = const float32[3, 1, 1] {1, 2, 3}; a = Add(cd, b); y = QuantizeLinear(a, s, z); }", 1e-5f, 1) == "mo.Conv");
  CHECK(after_passes(names, head + "rd = DequantizeLinear(r, s, z); y = Add(cd, rd); }", 1e-5f, 1) ==
        "mo.Conv DequantizeLinear DequantizeLinear Add");
}

TEST_CASE("lower_quantized: weights off centre are integers too, and an int32 bias in their units stays one") {
  const std::string head = std::string("(uint8[1, 1, 2, 2] x) -> (y) {") + k_scales +
                           "xd = DequantizeLinear(x, s, z); w = const uint8[1, 1, 1, 1] {10}; wd = DequantizeLinear(w, t, u); ";
  CHECK(after_passes({"lower_quantized"}, head + "y = Conv(xd, wd); }") == "mo.Conv");
  CHECK(after_passes({"lower_quantized"},
                     head + "b = const int32[1] {70}; bs = const float32[] {0.005}; bd = DequantizeLinear(b, bs); y = Conv(xd, wd, bd); }") ==
        "mo.Conv");
  CHECK(after_passes({"lower_quantized"},
                     head + "b = const int32[1] {70}; bs = const float32[] {0.5}; bd = DequantizeLinear(b, bs); y = Conv(xd, wd, bd); }") ==
        "mo.Conv");
}

TEST_CASE("lower_dynamic: a product of dynamically quantized data takes its computed scale, bias and activation in") {
  const std::vector<std::string> names{"lower_dynamic", "fuse_epilogue"};
  const std::string head =
      "(float32[2, 4] x) -> (y) { q, s, z = DynamicQuantizeLinear(x); w = const int8[4, 3] {10, 20, -100, 50, 3, -2, 7, 8, 9, -4, 5, 6}; "
      "ws = const float32[3] {0.01, 0.02, 0.03}; i = MatMulInteger(q, w, z); f = Cast<to=1>(i); m = Mul(s, ws); ";
  CHECK(after_passes(names, head + "y = Mul(f, m); }") == "DynamicQuantizeLinear mo.MatMul");
  CHECK(after_passes(names, head + "p = Mul(m, f); b = const float32[3] {1, 2, 3}; a = Add(p, b); y = Relu(a); }") ==
        "DynamicQuantizeLinear mo.MatMul");
  CHECK(after_passes(names, head + "p = Mul(f, m); t = const float32[] {0.1}; u = const uint8[] {100}; y = QuantizeLinear(p, t, u); }", 1e-5f, 1) ==
        "DynamicQuantizeLinear mo.MatMul QuantizeLinear");
}

TEST_CASE("lower_dynamic: a convolution of dynamically quantized data, scales and biases per channel") {
  CHECK(after_passes(
            {"lower_dynamic", "fuse_epilogue"},
            "(float32[1, 2, 4, 5] x) -> (y) { q, s, z = DynamicQuantizeLinear(x); w = const uint8[3, 2, 1, 2] {10, 20, 200, 50, 3, 2, 7, 8, 9, "
            "4, 5, 6}; wz = const uint8[] {128}; ws = const float32[1, 3, 1, 1] {0.01, 0.02, 0.03}; "
            "i = ConvInteger<pads=[0, 1, 0, 1]>(q, w, z, wz); f = Cast<to=1>(i); m = Mul(s, ws); p = Mul(f, m); "
            "b = const float32[1, 3, 1, 1] {1, 2, 3}; a = Add(p, b); y = Relu(a); }") == "DynamicQuantizeLinear mo.Conv");
}

TEST_CASE("lower_quantized: operators of the QLinear kind") {
  CHECK(after_passes({"lower_quantized"},
                     std::string("(uint8[2, 4] x) -> (y) {") + k_scales +
                         "w = const int8[4, 2] {10, 20, -100, 50, 3, -2, 7, 8}; ws = const float32[] {0.01}; wz = const int8[] {0}; y = "
                         "QLinearMatMul(x, s, z, w, ws, wz, t, u); }",
                     1e-5f, 1) == "mo.MatMul");
}

TEST_CASE("lookup: a chain of unary operators becomes one table, exactly") {
  CHECK(after_passes({"lookup"}, std::string("(uint8[2, 5] x) -> (y) {") + k_scales +
                                     "d = DequantizeLinear(x, s, z); a = Sigmoid(d); b = Mul(a, d); y = QuantizeLinear(b, t, u); }") == "mo.Lookup");
  // a GELU with quantizers between its parts
  CHECK(after_passes(
            {"lookup"},
            std::string("(uint8[2, 5] x) -> (y) {") + k_scales +
                "r = const float32[] {1.4142135}; o = const float32[] {1}; d = DequantizeLinear(x, s, z); a = Div(d, r); b = Erf(a); bq = "
                "QuantizeLinear(b, s, z); bd = DequantizeLinear(bq, s, z);"
                "c = Add(bd, o); cq = QuantizeLinear(c, s, z); cd = DequantizeLinear(cq, s, z); e = Mul(d, cd); y = QuantizeLinear(e, t, u); }") ==
        "mo.Lookup");
  CHECK(after_passes({"lookup"}, std::string("(uint8[2, 5] x, uint8[2, 5] v) -> (y) {") + k_scales +
                                     "d = DequantizeLinear(x, s, z); e = DequantizeLinear(v, s, z); a = Add(d, e); y = QuantizeLinear(a, t, u); }") ==
        "DequantizeLinear DequantizeLinear Add QuantizeLinear");
}

TEST_CASE("lower_arithmetic: sums of 8-bit tensors and global averages") {
  const std::vector<std::string> names{"lower_arithmetic", "fuse_epilogue"};
  const std::string head = std::string("(uint8[1, 3, 4, 4] x, uint8[1, 3, 4, 4] v) -> (y) {") + k_scales +
                           "d = DequantizeLinear(x, s, z); e = DequantizeLinear(v, t, u); ";
  CHECK(after_passes(names, head + "a = Add(d, e); b = Relu(a); y = QuantizeLinear(b, t, u); }", 1e-5f, 1) == "mo.Binary");
  CHECK(after_passes(names, head + "y = Add(d, e); }") == "DequantizeLinear DequantizeLinear Add");
  CHECK(after_passes(names, head + "a = GlobalAveragePool(d); y = QuantizeLinear(a, t, u); }", 1e-5f, 1) == "mo.Pool");
  CHECK(after_passes(names, head + "a = AveragePool<kernel_shape=[2, 2], strides=[2, 1], pads=[1, 0, 0, 1]>(d); y = QuantizeLinear(a, t, u); }",
                     1e-5f, 1) == "mo.Pool");
}

TEST_CASE("unfold_qlinear: operators of com.microsoft run by the steps that Q/DQ become") {
  const std::string head = std::string("(uint8[1, 2, 4, 4] x, uint8[1, 2, 4, 4] v) -> (y) {") + k_scales;
  const std::vector<std::string> all{"unfold_qlinear", "slide_quantize", "lower_quantized", "fuse_epilogue", "lookup", "lower_arithmetic"};
  CHECK(after_passes(all, head + "y = com.microsoft.QLinearAdd(x, s, z, v, t, u, t, z); }", 1e-5f, 1) == "mo.Binary");
  CHECK(after_passes(all, head + "y = com.microsoft.QLinearMul(x, s, z, v, t, u, t, z); }", 1e-5f, 1) == "mo.Binary");
  CHECK(after_passes(all, head + "y = com.microsoft.QLinearSigmoid(x, s, z, t, u); }") == "mo.Lookup");
  CHECK(after_passes(all, head + "y = com.microsoft.QLinearLeakyRelu<alpha=0.1>(x, s, z, t, u); }") == "mo.Lookup");
  CHECK(after_passes(all, head + "y = com.microsoft.QLinearGlobalAveragePool(x, s, z, t, u); }", 1e-5f, 1) == "mo.Pool");
  CHECK(after_passes(all, head + "y = com.microsoft.QLinearAveragePool<kernel_shape=[2, 2]>(x, s, z, t, u); }", 1e-5f, 1) == "mo.Pool");
  CHECK(after_passes(all, head + "y = com.microsoft.QLinearConcat<axis=1>(t, u, x, s, z, v, t, u); }") == "mo.Lookup Concat");
  const std::string weights =
      "w = const int8[4, 2] {10, 20, -100, 50, 3, -2, 7, 8}; ws = const float32[2] {0.01, 0.02}; wz = const int8[2] {0, 0}; b = const int32[2] {70, "
      "-9}; ";
  const std::string rows = std::string("(uint8[3, 4] x) -> (y) {") + k_scales + weights;
  CHECK(after_passes(all, rows + "y = com.microsoft.QGemm(x, s, z, w, ws, wz, b, t, u); }", 1e-5f, 1) == "mo.MatMul");
  CHECK(after_passes(all, rows + "y = com.microsoft.QGemm(x, s, z, w, ws, wz, b); }") == "mo.MatMul");
  CHECK(after_passes(all, rows + "y = com.microsoft.MatMulIntegerToFloat(x, w, s, ws, z, wz); }") == "mo.MatMul");
}
