// Float fusions: operators left and results unchanged.
#include <doctest/doctest.h>

#include "support/pass_case.h"

using mo::test::after_passes;

namespace {
const char* k_bn =
    "g = const float32[3] {1, 2, 0.5}; b = const float32[3] {0.1, -1, 2}; m = const float32[3] {0.3, 0, -0.5}; v = const float32[3] {1, 0.5, 2};";
std::string with_bn(const std::string& head, const std::string& tail) { return head + k_bn + tail; }
}  // namespace

TEST_CASE("fold_batch_norm: into convolution, transposed convolution, Gemm, MatMul and MatMul + Add") {
  CHECK(after_passes({"fold_batch_norm"},
                     with_bn("(float32[1, 2, 4, 4] x) -> (y) { w = const float32[3, 2, 1, 1] {1, 2, -1, 0.5, 3, -2}; c = Conv(x, w);",
                             "y = BatchNormalization(c, g, b, m, v); }")) == "Conv");
  CHECK(after_passes({"fold_batch_norm"},
                     with_bn("(float32[1, 2, 4, 4] x) -> (y) { w = const float32[2, 3, 1, 1] {1, 2, -1, 0.5, 3, -2}; c = ConvTranspose(x, w);",
                             "y = BatchNormalization(c, g, b, m, v); }")) == "ConvTranspose");
  CHECK(after_passes({"fold_batch_norm"}, with_bn("(float32[5, 2] x) -> (y) { w = const float32[3, 2] {1, 2, -1, 0.5, 3, -2}; d = const float32[3] "
                                                  "{1, 2, 3}; c = Gemm<transB=1>(x, w, d);",
                                                  "y = BatchNormalization(c, g, b, m, v); }")) == "Gemm");
  CHECK(after_passes({"fold_batch_norm"}, with_bn("(float32[5, 2] x) -> (y) { w = const float32[2, 3] {1, 2, -1, 0.5, 3, -2}; c = MatMul(x, w);",
                                                  "y = BatchNormalization(c, g, b, m, v); }")) == "Gemm");
  CHECK(after_passes({"fold_batch_norm"}, with_bn("(float32[5, 2] x) -> (y) { w = const float32[2, 3] {1, 2, -1, 0.5, 3, -2}; d = const float32[3] "
                                                  "{1, 2, 3}; e = MatMul(x, w); c = Add(d, e);",
                                                  "y = BatchNormalization(c, g, b, m, v); }")) == "Gemm");
}

TEST_CASE("fold_batch_norm: not when something else reads the convolution") {
  CHECK(after_passes({"fold_batch_norm"},
                     with_bn("(float32[1, 2, 4, 4] x) -> (y, c) { w = const float32[3, 2, 1, 1] {1, 2, -1, 0.5, 3, -2}; c = Conv(x, w);",
                             "y = BatchNormalization(c, g, b, m, v); }")) == "Conv BatchNormalization");
}

TEST_CASE("fold_bias: a constant per channel, or one for all, goes into the bias of a convolution") {
  const std::string head =
      "(float32[1, 2, 4, 4] x) -> (y) { w = const float32[4, 2, 1, 1] {1, 2, -1, 0.5, 3, -2, 4, 5}; b = const float32[4] {1, 2, 3, 4}; ";
  CHECK(after_passes({"fold_bias"}, head + "c = Conv(x, w); d = const float32[4, 1, 1] {5, 6, 7, 8}; y = Add(c, d); }") == "Conv");
  CHECK(after_passes({"fold_bias"}, head + "c = Conv(x, w, b); d = const float32[1, 4, 1, 1] {5, 6, 7, 8}; y = Add(d, c); }") == "Conv");
  CHECK(after_passes({"fold_bias"}, head + "c = Conv(x, w, b); d = const float32[] {5}; y = Add(c, d); }") == "Conv");
  CHECK(after_passes({"fold_bias"}, head + "c = Conv(x, w, b); d = const float32[4] {5, 6, 7, 8}; y = Add(c, d); }") == "Conv Add");
  CHECK(after_passes({"fold_bias"}, head + "c = Conv(x, w, b); d = const float32[4, 1] {5, 6, 7, 8}; y = Add(c, d); }") == "Conv Add");
  CHECK(after_passes({"fold_bias"},
                     "(float32[1, 4, 3, 3] x) -> (y) { w = const float32[4, 1, 2, 2] {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7}; c = "
                     "ConvTranspose<group=4>(x, w); d = const float32[4, 1, 1] {5, 6, 7, 8}; y = Add(c, d); }") == "ConvTranspose");
}

TEST_CASE("fuse_pad: zeros around a convolution become its padding") {
  CHECK(after_passes({"fuse_pad"},
                     "(float32[1, 1, 4, 4] x) -> (y) { p = const int64[8] {0, 0, 1, 0, 0, 0, 1, 2}; a = Pad(x, p); w = const float32[1, 1, 2, 2] {1, "
                     "2, 3, 4}; y = Conv<pads=[1, 0, 0, 0]>(a, w); }") == "Conv");
  CHECK(after_passes({"fuse_pad"},
                     "(float32[1, 1, 4, 4] x) -> (y) { p = const int64[8] {0, 0, 1, 0, 0, 0, 1, 2}; z = const float32[] {1}; a = Pad(x, p, z); w = "
                     "const float32[1, 1, 2, 2] {1, 2, 3, 4}; y = Conv(a, w); }") == "Pad Conv");
}

TEST_CASE("fuse_gelu: both spellings in several orders") {
  CHECK(after_passes({"fuse_gelu"},
                     "(float32[2, 5] x) -> (y) { r = const float32[] {1.41421356}; o = const float32[] {1}; h = const float32[] {0.5}; a = Div(x, "
                     "r); b = Erf(a); c = Add(b, o); d = Mul(x, c); y = Mul(d, h); }",
                     1e-4f) == "Gelu");
  CHECK(after_passes({"fuse_gelu"},
                     "(float32[2, 5] x) -> (y) { r = const float32[] {0.70710678}; o = const float32[] {1}; h = const float32[] {0.5}; a = Mul(r, "
                     "x); b = Erf(a); c = Add(o, b); e = Mul(h, x); y = Mul(e, c); }",
                     1e-4f) == "Gelu");
  CHECK(after_passes({"fuse_gelu"},
                     "(float32[2, 5] x) -> (y) { t = const float32[] {3}; k = const float32[] {0.044715}; s = const float32[] {0.79788456}; o = "
                     "const float32[] {1}; h = const float32[] {0.5}; a = Pow(x, t); b = Mul(a, k); c = Add(x, b); d = Mul(c, s); e = Tanh(d); f = "
                     "Add(e, o); g = Mul(x, h); y = Mul(g, f); }",
                     1e-4f) == "Gelu");
  CHECK(after_passes({"fuse_gelu"},
                     "(float32[2, 5] x) -> (y) { r = const float32[] {1.5}; o = const float32[] {1}; h = const float32[] {0.5}; a = Div(x, r); b = "
                     "Erf(a); c = Add(b, o); d = Mul(x, c); y = Mul(d, h); }",
                     1e-4f)
            .find("Gelu") == std::string::npos);
}

TEST_CASE("fuse_swish: gates made of the value itself") {
  CHECK(after_passes({"fuse_swish"}, "(float32[2, 5] x) -> (y) { s = Sigmoid(x); y = Mul(s, x); }") == "Swish");
  CHECK(after_passes({"fuse_swish"}, "(float32[2, 5] x) -> (y) { s = HardSigmoid<alpha=0.16666667, beta=0.5>(x); y = Mul(x, s); }") == "HardSwish");
  CHECK(after_passes({"fuse_swish"},
                     "(float32[2, 5] x) -> (y) { t = const float32[] {3}; l = const float32[] {0}; u = const float32[] {6}; a = Add(x, t); c = "
                     "Clip(a, l, u); m = Mul(x, c); y = Div(m, u); }") == "HardSwish");
}

TEST_CASE("fuse_layer_norm, fuse_rms_norm: the decomposed forms become one operator") {
  CHECK(after_passes({"fuse_layer_norm"},
                     "(float32[2, 3, 4] x) -> (y) { ax = const int64[1] {-1}; e = const float32[] {0.00001}; t = const float32[] {2}; s = const "
                     "float32[4] {1, 2, 3, 4}; b = const float32[4] {0, 1, 0, -1}; m = ReduceMean(x, ax); d = Sub(x, m); p = Pow(d, t); v = "
                     "ReduceMean(p, ax); w = Add(v, e); r = Sqrt(w); q = Div(d, r); u = Mul(q, s); y = Add(u, b); }",
                     1e-4f) == "LayerNormalization");
  CHECK(after_passes(
            {"fuse_rms_norm"},
            "(float32[2, 3, 4] x) -> (y) { ax = const int64[1] {-1}; e = const float32[] {0.00001}; t = const float32[] {2}; s = const float32[4] "
            "{1, 2, 3, 4}; p = Pow(x, t); v = ReduceMean(p, ax); w = Add(v, e); r = Sqrt(w); i = Reciprocal(r); q = Mul(x, i); y = Mul(s, q); }",
            1e-4f) == "RMSNormalization");
}

TEST_CASE("fuse_shuffle: a channel shuffle becomes a Gather") {
  CHECK(after_passes({"fuse_shuffle"},
                     "(float32[1, 6, 2, 2] x) -> (y) { a = const int64[5] {1, 2, 3, 2, 2}; b = const int64[4] {1, 6, 2, 2}; r = Reshape(x, a); t = "
                     "Transpose<perm=[0, 2, 1, 3, 4]>(r); y = Reshape(t, b); }") == "Gather");
}

TEST_CASE("fuse_epilogue: bias, activation and residual join the product") {
  const std::vector<std::string> names{"lower_products", "fuse_epilogue"};
  const std::string conv =
      "(float32[1, 2, 4, 4] x, float32[1, 3, 4, 4] z) -> (y) { w = const float32[3, 2, 1, 1] {1, 2, -1, 0.5, 3, -2}; b = const float32[3, 1, 1] {1, "
      "2, 3}; c = Conv(x, w); ";
  CHECK(after_passes(names, conv + "a = Add(c, b); s = Add(z, a); y = Relu(s); }") == "mo.Conv");
  CHECK(after_passes(names, conv + "a = Sigmoid(c); y = Mul(a, z); }") == "mo.Conv");
  CHECK(after_passes(names, conv + "l = const float32[] {-1}; h = const float32[] {1}; y = Clip(c, l, h); }") == "mo.Conv");
  CHECK(after_passes(names, conv + "a = Add(c, z); d = Add(a, z); y = Relu(d); }") == "mo.Conv Add Relu");
  const std::string product =
      "(float32[2, 3, 4] x, float32[2, 3, 2] z) -> (y) { w = const float32[4, 2] {1, 2, -1, 0.5, 3, -2, 1, 1}; b = const float32[2] {1, 2}; c = "
      "MatMul(x, w); ";
  CHECK(after_passes(names, product + "a = Add(b, c); g = Gelu(a); y = Add(z, g); }") == "mo.MatMul");
  CHECK(after_passes(names, product + "f = const float32[3, 1] {1, 2, 3}; y = Add(c, f); }") == "mo.MatMul Add");
  CHECK(after_passes(names,
                     "(float32[3, 4] x) -> (y) { w = const float32[2, 4] {1, 2, -1, 0.5, 3, -2, 1, 1}; b = const float32[2] {1, 2}; c = "
                     "Gemm<transB=1, beta=0.5, alpha=2.0>(x, w, b); y = Tanh(c); }") == "mo.MatMul");
}

TEST_CASE("fuse_transpose: products read and write transposed tensors") {
  const std::vector<std::string> names{"lower_products", "fuse_transpose"};
  CHECK(after_passes(names,
                     "(float32[2, 5, 3, 4] q, float32[2, 5, 3, 4] k) -> (y) { a = Transpose<perm=[0, 2, 1, 3]>(q); b = Transpose<perm=[0, 2, 3, "
                     "1]>(k); s = MatMul(a, b); d = const float32[] {2}; y = Div(s, d); }") == "mo.MatMul");
  CHECK(after_passes(names,
                     "(float32[2, 3, 5, 5] p, float32[2, 5, 3, 4] v) -> (y) { b = Transpose<perm=[0, 2, 1, 3]>(v); s = MatMul(p, b); y = "
                     "Transpose<perm=[0, 2, 1, 3]>(s); }") == "mo.MatMul");
}

TEST_CASE("lower_products: automatic padding is made explicit") {
  CHECK(after_passes({"lower_products"},
                     "(float32[1, 1, 5, 5] x) -> (y) { w = const float32[1, 1, 2, 2] {1, 2, 3, 4}; y = Conv<auto_pad=\"SAME_UPPER\", strides=[2, "
                     "2]>(x, w); }") == "mo.Conv");
}

TEST_CASE("fuse_attention: the ways exporters write it become one operator, transposes included") {
  const std::vector<std::string> names{"fuse_attention"};
  const std::string heads =
      "(float32[2, 5, 6] a, float32[2, 5, 6] b, float32[2, 5, 6] c, float32[2, 1, 1, 5] m) -> (y) { s = const int64[4] {2, 5, 3, 2}; o = const "
      "int64[3] {2, 5, 6}; f = const float32[] {2}; "
      "q = Reshape(a, s); k = Reshape(b, s); v = Reshape(c, s); qt = Transpose<perm=[0, 2, 1, 3]>(q); kt = Transpose<perm=[0, 2, 3, 1]>(k); vt = "
      "Transpose<perm=[0, 2, 1, 3]>(v); ";
  const std::string tail = "e = MatMul(p, vt); t = Transpose<perm=[0, 2, 1, 3]>(e); y = Reshape(t, o); }";
  CHECK(after_passes(names, heads + "x = MatMul(qt, kt); d = Div(x, f); w = Add(d, m); p = Softmax<axis=-1>(w); " + tail) == "mo.Attention Reshape");
  CHECK(after_passes(names, heads + "u = Mul(qt, f); x = MatMul(u, kt); w = Add(m, x); p = Softmax<axis=3>(w); " + tail) == "mo.Attention Reshape");
  CHECK(after_passes(names, heads +
                                "x = MatMul(qt, kt); g = Greater(m, f); n = const float32[] {-1e9}; w = Where(g, n, x); p = Softmax<axis=-1>(w); " +
                                tail) == "Greater mo.Attention Reshape");
  // the mask is scaled too; the scores are read twice; softmax over another axis
  CHECK(after_passes(names, heads + "x = MatMul(qt, kt); w = Add(x, m); d = Div(w, f); p = Softmax<axis=-1>(d); " + tail).find("Attention") ==
        std::string::npos);
  CHECK(after_passes(
            names,
            "(float32[2, 4, 3] q, float32[2, 3, 4] k, float32[2, 4, 3] v) -> (y, x) { x = MatMul(q, k); p = Softmax<axis=-1>(x); y = MatMul(p, v); }")
            .find("Attention") == std::string::npos);
  CHECK(after_passes(
            names,
            "(float32[2, 4, 3] q, float32[2, 3, 4] k, float32[2, 4, 3] v) -> (y) { x = MatMul(q, k); p = Softmax<axis=1>(x); y = MatMul(p, v); }")
            .find("Attention") == std::string::npos);
}

TEST_CASE("fuse_attention: one projection for all three, repeated heads, heads in the batch axis") {
  const std::vector<std::string> names{"fuse_attention"};
  CHECK(after_passes(names,
                     "(float32[2, 5, 18] a) -> (y) { s = const int64[5] {2, 5, 3, 3, 2}; o = const int64[3] {2, 5, 6}; i = const int64[] {0}; j = "
                     "const int64[] {1}; l = const int64[] {2}; r = Reshape(a, s); "
                     "t = Transpose<perm=[2, 0, 3, 1, 4]>(r); q = Gather(t, i); k = Gather(t, j); v = Gather(t, l); kt = Transpose<perm=[0, 1, 3, "
                     "2]>(k); x = MatMul(q, kt); p = Softmax<axis=-1>(x); e = MatMul(p, v); "
                     "z = Transpose<perm=[0, 2, 1, 3]>(e); y = Reshape(z, o); }") == "mo.Attention Reshape");
  CHECK(after_passes(names,
                     "(float32[2, 4, 5, 2] q, float32[2, 2, 5, 2] k, float32[2, 2, 5, 2] v) -> (y) { a = const int64[1] {2}; w = const int64[5] {2, "
                     "2, 2, 5, 2}; s = const int64[4] {2, 4, 5, 2}; ku = Unsqueeze(k, a); "
                     "ke = Expand(ku, w); kr = Reshape(ke, s); vu = Unsqueeze(v, a); ve = Concat<axis=2>(vu, vu); vr = Reshape(ve, s); kt = "
                     "Transpose<perm=[0, 1, 3, 2]>(kr); x = MatMul(q, kt); p = Softmax<axis=-1>(x); "
                     "y = MatMul(p, vr); }") == "mo.Attention");
  CHECK(after_passes(names,
                     "(float32[2, 3, 5, 2] a, float32[6, 2, 5] k, float32[6, 5, 2] v) -> (y) { s = const int64[3] {6, 5, 2}; u = const int64[4] {2, "
                     "3, 5, 2}; q = Reshape(a, s); x = MatMul(q, k); p = Softmax<axis=-1>(x); "
                     "e = MatMul(p, v); r = Reshape(e, u); y = Transpose<perm=[0, 2, 1, 3]>(r); }") == "mo.Attention");
  const std::vector<std::string> lowered{"fuse_attention", "lower_products", "fuse_transpose"};
  CHECK(after_passes(lowered,
                     "(float32[2, 5, 3, 4] q, float32[2, 5, 3, 4] k, float32[2, 5, 3, 4] v) -> (y) { a = Transpose<perm=[0, 2, 1, 3]>(q); b = "
                     "Transpose<perm=[0, 2, 3, 1]>(k); c = Transpose<perm=[0, 2, 1, 3]>(v); "
                     "s = MatMul(a, b); p = Softmax<axis=-1>(s); e = MatMul(p, c); y = Transpose<perm=[0, 2, 1, 3]>(e); }") == "mo.Attention");
}

TEST_CASE("fuse_rotary: rotated halves become one operator that reads by strides") {
  const std::string head =
      "(float32[2, 5, 12] a, float32[5, 4] c, float32[5, 4] s) -> (y) { h = const int64[4] {2, 5, 3, 4}; ax = const int64[1] {-1}; z = const "
      "int64[1] {0}; w = const int64[1] {2}; n = const int64[1] {4}; "
      "r = Reshape(a, h); x = Transpose<perm=[0, 2, 1, 3]>(r); ";
  const std::string tail = "g = Neg(v); t = Concat<axis=-1>(g, u); p = Mul(x, c); q = Mul(t, s); y = Add(p, q); }";
  CHECK(after_passes({"fuse_rotary"}, head + "u = Slice(x, z, w, ax); v = Slice(x, w, n, ax); " + tail) == "mo.Rotary");
  CHECK(after_passes({"fuse_rotary"}, head + "u, v = Split<axis=-1, num_outputs=2>(x); " + tail) == "mo.Rotary");
  const std::string parts =
      "(float32[2, 5, 3, 4, 2] x, float32[5, 1, 4, 1] c, float32[5, 1, 4, 1] s) -> (y) { a, b = Split<axis=-1, num_outputs=2>(x); m = Mul(a, c); n = "
      "Mul(b, s); o = Sub(m, n); ";
  CHECK(after_passes({"fuse_rotary"}, parts + "p = Mul(a, s); q = Mul(b, c); r = Add(p, q); y = Concat<axis=-1>(o, r); }") == "mo.Rotary");
  CHECK(after_passes({"fuse_rotary"}, parts + "p = Mul(a, s); q = Mul(b, c); r = Add(p, q); y = Concat<axis=-1>(r, o); }").find("Rotary") ==
        std::string::npos);
  CHECK(after_passes({"fuse_rotary"},
                     "(float32[2, 5, 8] x, float32[5, 4] c, float32[5, 4] s) -> (y) { a, b = Split<axis=-1, num_outputs=2>(x); m = Mul(a, c); n = "
                     "Mul(s, b); o = Sub(m, n); p = Mul(a, s); q = Mul(b, c); "
                     "r = Add(q, p); y = Concat<axis=-1>(o, r); }") == "mo.Rotary");
  CHECK(after_passes({"fuse_rotary"}, head + "v = Slice(x, z, w, ax); u = Slice(x, w, n, ax); " + tail).find("Rotary") == std::string::npos);
}
