// Convolution candidates against the reference.
#include <doctest/doctest.h>

#include "kernels/cpu/onednn_attr.h"
#include "ops/epilogue.h"
#include "support/kernel_case.h"

using namespace mo;
using namespace mo::test;

namespace {

struct Shapes {
  int64_t n, c, h, w, m, k, stride, pad, dilation, groups;
};

graph::Node conv_node(const Shapes& s) {
  return node("Conv", "mo",
              {{"strides", std::vector<int64_t>{s.stride, s.stride}},
               {"pads", std::vector<int64_t>(4, s.pad)},
               {"dilations", std::vector<int64_t>{s.dilation, s.dilation}},
               {"group", s.groups}});
}

const Shapes k_shapes[] = {
    {1, 3, 9, 11, 8, 3, 1, 1, 1, 1},   {2, 16, 7, 7, 17, 3, 2, 1, 1, 1},  {1, 17, 5, 6, 64, 1, 1, 0, 1, 1},
    {1, 24, 12, 12, 24, 3, 1, 1, 1, 24}, {1, 16, 13, 9, 16, 3, 1, 2, 2, 1}, {1, 12, 8, 8, 18, 3, 1, 1, 1, 3},
    {1, 64, 4, 4, 33, 1, 2, 0, 1, 1},  {1, 1, 28, 28, 8, 5, 1, 2, 1, 1},  {1, 96, 7, 7, 96, 5, 2, 2, 1, 96},
};

}  // namespace

TEST_CASE("float convolution with bias and activation equals the reference, and no reference implementation runs") {
  for (const Shapes& s : k_shapes) {
    CAPTURE(s.c);
    CAPTURE(s.m);
    for (const char* post : {"", "relu", "clip", "silu", "hard_swish", "gelu_erf"}) {
      KernelCase c{conv_node(s), {{random_floats({s.n, s.c, s.h, s.w}, 1)}, constant(random_floats({s.m, s.c / s.groups, s.k, s.k}, 2)), constant(random_floats({s.m}, 3))}};
      if (*post) ops::append_post(c.node, post, -0.2f, 0.5f);
      KernelResult r = check_candidates(c);
      CAPTURE(post);
      CHECK(r.fast());
      for (const std::string& name : r.ran) CHECK(name.find("ref") == std::string::npos);
    }
  }
}

TEST_CASE("float convolution adds a residual before or after the activation") {
  Shapes s{1, 16, 6, 6, 24, 3, 1, 1, 1, 1};
  for (bool after : {false, true}) {
    KernelCase c{conv_node(s), {{random_floats({1, 16, 6, 6}, 1)}, constant(random_floats({24, 16, 3, 3}, 2)), {}, {random_floats({1, 24, 6, 6}, 4)}}};
    if (after) ops::append_post(c.node, "relu");
    ops::append_post(c.node, "add");
    if (!after) ops::append_post(c.node, "relu");
    CHECK(check_candidates(c).fast());
  }
}

TEST_CASE("8-bit convolution equals the integer reference up to one step of rounding") {
  if (!kernels::onednn::exact_int8()) {
    MESSAGE("skipped: this machine has no exact 8-bit products");
    return;
  }
  for (const Shapes& s : k_shapes)
    for (DType x : {DType::u8, DType::i8})
      for (int out = 0; out < 3; ++out)
        for (bool per_channel : {false, true}) {
          Tensor xz = x == DType::u8 ? Tensor::scalar<uint8_t>(7) : Tensor::scalar<int8_t>(-3);
          KernelCase c{conv_node(s),
                       {{random_bytes(x, {s.n, s.c, s.h, s.w}, 1)},
                        constant(random_bytes(DType::i8, {s.m, s.c / s.groups, s.k, s.k}, 2)),
                        constant(random_floats({s.m}, 3)),
                        {},
                        constant(Tensor::scalar(0.02f)),
                        constant(xz),
                        constant(per_channel ? random_floats({s.m}, 5, 0.001f, 0.01f) : Tensor::scalar(0.004f))}};
          c.inputs.resize(8);
          if (out == 1) c.inputs.insert(c.inputs.end(), {constant(Tensor::scalar(0.1f)), constant(Tensor::scalar<uint8_t>(128))});
          if (out == 2) c.inputs.insert(c.inputs.end(), {constant(Tensor::scalar(0.1f)), constant(Tensor::scalar<int8_t>(0))});
          c.steps = 1;
          if (out == 1) ops::append_post(c.node, "relu");
          KernelResult r = check_candidates(c);
          CAPTURE(s.c);
          CAPTURE(s.groups);
          for (const std::string& why : r.declined) INFO(why);
          CHECK(r.fast());
        }
}

TEST_CASE("8-bit convolution adds a quantized residual in place") {
  if (!kernels::onednn::exact_int8()) return;
  Shapes s{1, 32, 6, 6, 24, 3, 1, 1, 1, 1};
  KernelCase c{conv_node(s),
               {{random_bytes(DType::u8, {1, 32, 6, 6}, 1)}, constant(random_bytes(DType::i8, {24, 32, 3, 3}, 2)), {}, {random_bytes(DType::u8, {1, 24, 6, 6}, 4)},
                constant(Tensor::scalar(0.02f)), constant(Tensor::scalar<uint8_t>(11)), constant(Tensor::scalar(0.004f)), {}, constant(Tensor::scalar(0.2f)),
                constant(Tensor::scalar<uint8_t>(90)), constant(Tensor::scalar(0.1f)), constant(Tensor::scalar<uint8_t>(100))}};
  ops::append_post(c.node, "add");
  ops::append_post(c.node, "relu");
  c.steps = 1;
  CHECK(check_candidates(c).fast());
}
