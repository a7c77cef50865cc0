// Float fusions: operators left and results unchanged.
#include <doctest/doctest.h>

#include "support/pass_case.h"

using mo::test::after_passes;

namespace {
const char* k_bn = "g = const float32[3] {1, 2, 0.5}; b = const float32[3] {0.1, -1, 2}; m = const float32[3] {0.3, 0, -0.5}; v = const float32[3] {1, 0.5, 2};";
std::string with_bn(const std::string& head, const std::string& tail) { return head + k_bn + tail; }
}  // namespace

TEST_CASE("fold_batch_norm: into convolution, transposed convolution, Gemm, MatMul and MatMul + Add") {
  CHECK(after_passes({"fold_batch_norm"}, with_bn("(float32[1, 2, 4, 4] x) -> (y) { w = const float32[3, 2, 1, 1] {1, 2, -1, 0.5, 3, -2}; c = Conv(x, w);", "y = BatchNormalization(c, g, b, m, v); }")) == "Conv");
  CHECK(after_passes({"fold_batch_norm"}, with_bn("(float32[1, 2, 4, 4] x) -> (y) { w = const float32[2, 3, 1, 1] {1, 2, -1, 0.5, 3, -2}; c = ConvTranspose(x, w);", "y = BatchNormalization(c, g, b, m, v); }")) == "ConvTranspose");
  CHECK(after_passes({"fold_batch_norm"}, with_bn("(float32[5, 2] x) -> (y) { w = const float32[3, 2] {1, 2, -1, 0.5, 3, -2}; d = const float32[3] {1, 2, 3}; c = Gemm<transB=1>(x, w, d);", "y = BatchNormalization(c, g, b, m, v); }")) == "Gemm");
  CHECK(after_passes({"fold_batch_norm"}, with_bn("(float32[5, 2] x) -> (y) { w = const float32[2, 3] {1, 2, -1, 0.5, 3, -2}; c = MatMul(x, w);", "y = BatchNormalization(c, g, b, m, v); }")) == "Gemm");
  CHECK(after_passes({"fold_batch_norm"}, with_bn("(float32[5, 2] x) -> (y) { w = const float32[2, 3] {1, 2, -1, 0.5, 3, -2}; d = const float32[3] {1, 2, 3}; e = MatMul(x, w); c = Add(d, e);", "y = BatchNormalization(c, g, b, m, v); }")) == "Gemm");
}

TEST_CASE("fold_batch_norm: not when something else reads the convolution") {
  CHECK(after_passes({"fold_batch_norm"}, with_bn("(float32[1, 2, 4, 4] x) -> (y, c) { w = const float32[3, 2, 1, 1] {1, 2, -1, 0.5, 3, -2}; c = Conv(x, w);", "y = BatchNormalization(c, g, b, m, v); }")) == "Conv BatchNormalization");
}

TEST_CASE("fuse_pad: zeros around a convolution become its padding") {
  CHECK(after_passes({"fuse_pad"}, "(float32[1, 1, 4, 4] x) -> (y) { p = const int64[8] {0, 0, 1, 0, 0, 0, 1, 2}; a = Pad(x, p); w = const float32[1, 1, 2, 2] {1, 2, 3, 4}; y = Conv<pads=[1, 0, 0, 0]>(a, w); }") == "Conv");
  CHECK(after_passes({"fuse_pad"}, "(float32[1, 1, 4, 4] x) -> (y) { p = const int64[8] {0, 0, 1, 0, 0, 0, 1, 2}; z = const float32[] {1}; a = Pad(x, p, z); w = const float32[1, 1, 2, 2] {1, 2, 3, 4}; y = Conv(a, w); }") == "Pad Conv");
}

TEST_CASE("fuse_gelu: both spellings in several orders") {
  CHECK(after_passes({"fuse_gelu"}, "(float32[2, 5] x) -> (y) { r = const float32[] {1.41421356}; o = const float32[] {1}; h = const float32[] {0.5}; a = Div(x, r); b = Erf(a); c = Add(b, o); d = Mul(x, c); y = Mul(d, h); }", 1e-4f) == "Gelu");
  CHECK(after_passes({"fuse_gelu"}, "(float32[2, 5] x) -> (y) { r = const float32[] {0.70710678}; o = const float32[] {1}; h = const float32[] {0.5}; a = Mul(r, x); b = Erf(a); c = Add(o, b); e = Mul(h, x); y = Mul(e, c); }", 1e-4f) == "Gelu");
  CHECK(after_passes({"fuse_gelu"}, "(float32[2, 5] x) -> (y) { t = const float32[] {3}; k = const float32[] {0.044715}; s = const float32[] {0.79788456}; o = const float32[] {1}; h = const float32[] {0.5}; a = Pow(x, t); b = Mul(a, k); c = Add(x, b); d = Mul(c, s); e = Tanh(d); f = Add(e, o); g = Mul(x, h); y = Mul(g, f); }", 1e-4f) == "Gelu");
  CHECK(after_passes({"fuse_gelu"}, "(float32[2, 5] x) -> (y) { r = const float32[] {1.5}; o = const float32[] {1}; h = const float32[] {0.5}; a = Div(x, r); b = Erf(a); c = Add(b, o); d = Mul(x, c); y = Mul(d, h); }", 1e-4f).find("Gelu") == std::string::npos);
}

TEST_CASE("fuse_swish: gates made of the value itself") {
  CHECK(after_passes({"fuse_swish"}, "(float32[2, 5] x) -> (y) { s = Sigmoid(x); y = Mul(s, x); }") == "Swish");
  CHECK(after_passes({"fuse_swish"}, "(float32[2, 5] x) -> (y) { s = HardSigmoid<alpha=0.16666667, beta=0.5>(x); y = Mul(x, s); }") == "HardSwish");
  CHECK(after_passes({"fuse_swish"}, "(float32[2, 5] x) -> (y) { t = const float32[] {3}; l = const float32[] {0}; u = const float32[] {6}; a = Add(x, t); c = Clip(a, l, u); m = Mul(x, c); y = Div(m, u); }") == "HardSwish");
}

TEST_CASE("fuse_layer_norm, fuse_rms_norm: the decomposed forms become one operator") {
  CHECK(after_passes({"fuse_layer_norm"}, "(float32[2, 3, 4] x) -> (y) { ax = const int64[1] {-1}; e = const float32[] {0.00001}; t = const float32[] {2}; s = const float32[4] {1, 2, 3, 4}; b = const float32[4] {0, 1, 0, -1}; m = ReduceMean(x, ax); d = Sub(x, m); p = Pow(d, t); v = ReduceMean(p, ax); w = Add(v, e); r = Sqrt(w); q = Div(d, r); u = Mul(q, s); y = Add(u, b); }", 1e-4f) == "LayerNormalization");
  CHECK(after_passes({"fuse_rms_norm"}, "(float32[2, 3, 4] x) -> (y) { ax = const int64[1] {-1}; e = const float32[] {0.00001}; t = const float32[] {2}; s = const float32[4] {1, 2, 3, 4}; p = Pow(x, t); v = ReduceMean(p, ax); w = Add(v, e); r = Sqrt(w); i = Reciprocal(r); q = Mul(x, i); y = Mul(s, q); }", 1e-4f) == "RMSNormalization");
}

TEST_CASE("fuse_shuffle: a channel shuffle becomes a Gather") {
  CHECK(after_passes({"fuse_shuffle"}, "(float32[1, 6, 2, 2] x) -> (y) { a = const int64[5] {1, 2, 3, 2, 2}; b = const int64[4] {1, 6, 2, 2}; r = Reshape(x, a); t = Transpose<perm=[0, 2, 1, 3, 4]>(r); y = Reshape(t, b); }") == "Gather");
}

TEST_CASE("fuse_epilogue: bias, activation and residual join the product") {
  const std::vector<std::string> names{"lower_products", "fuse_epilogue"};
  const std::string conv = "(float32[1, 2, 4, 4] x, float32[1, 3, 4, 4] z) -> (y) { w = const float32[3, 2, 1, 1] {1, 2, -1, 0.5, 3, -2}; b = const float32[3, 1, 1] {1, 2, 3}; c = Conv(x, w); ";
  CHECK(after_passes(names, conv + "a = Add(c, b); s = Add(z, a); y = Relu(s); }") == "mo.Conv");
  CHECK(after_passes(names, conv + "a = Sigmoid(c); y = Mul(a, z); }") == "mo.Conv");
  CHECK(after_passes(names, conv + "l = const float32[] {-1}; h = const float32[] {1}; y = Clip(c, l, h); }") == "mo.Conv");
  CHECK(after_passes(names, conv + "a = Add(c, z); d = Add(a, z); y = Relu(d); }") == "mo.Conv Add Relu");
  const std::string product = "(float32[2, 3, 4] x, float32[2, 3, 2] z) -> (y) { w = const float32[4, 2] {1, 2, -1, 0.5, 3, -2, 1, 1}; b = const float32[2] {1, 2}; c = MatMul(x, w); ";
  CHECK(after_passes(names, product + "a = Add(b, c); g = Gelu(a); y = Add(z, g); }") == "mo.MatMul");
  CHECK(after_passes(names, product + "f = const float32[3, 1] {1, 2, 3}; y = Add(c, f); }") == "mo.MatMul Add");
  CHECK(after_passes(names, "(float32[3, 4] x) -> (y) { w = const float32[2, 4] {1, 2, -1, 0.5, 3, -2, 1, 1}; b = const float32[2] {1, 2}; c = Gemm<transB=1, beta=0.5, alpha=2.0>(x, w, b); y = Tanh(c); }") == "mo.MatMul");
}

TEST_CASE("fuse_transpose: products read and write transposed tensors") {
  const std::vector<std::string> names{"lower_products", "fuse_transpose"};
  CHECK(after_passes(names, "(float32[2, 5, 3, 4] q, float32[2, 5, 3, 4] k) -> (y) { a = Transpose<perm=[0, 2, 1, 3]>(q); b = Transpose<perm=[0, 2, 3, 1]>(k); s = MatMul(a, b); d = const float32[] {2}; y = Div(s, d); }") == "mo.MatMul");
  CHECK(after_passes(names, "(float32[2, 3, 5, 5] p, float32[2, 5, 3, 4] v) -> (y) { b = Transpose<perm=[0, 2, 1, 3]>(v); s = MatMul(p, b); y = Transpose<perm=[0, 2, 1, 3]>(s); }") == "mo.MatMul");
}

TEST_CASE("lower_products: automatic padding is made explicit") {
  CHECK(after_passes({"lower_products"}, "(float32[1, 1, 5, 5] x) -> (y) { w = const float32[1, 1, 2, 2] {1, 2, 3, 4}; y = Conv<auto_pad=\"SAME_UPPER\", strides=[2, 2]>(x, w); }") == "mo.Conv");
}
