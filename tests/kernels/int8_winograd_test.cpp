// 3x3 convolutions of 8-bit data by Winograd's transforms against the reference: the same integers.
#include <doctest/doctest.h>

#include <algorithm>

#include "kernels/cpu/simd.h"
#include "ops/epilogue.h"
#include "support/kernel_case.h"
#include "support/skip.h"

using namespace mo;
using namespace mo::test;

namespace {

struct Limit {
  explicit Limit(kernels::Isa most) { kernels::limit_isa(most); }
  ~Limit() { kernels::limit_isa(kernels::Isa::avx512_vnni); }
};

struct Shapes {
  int64_t n, c, h, w, m;
  std::vector<int64_t> pads;
  int64_t stride = 1;
  Shape out() const { return {n, m, (h + pads[0] + pads[2] - 3) / stride + 1, (w + pads[1] + pads[3] - 3) / stride + 1}; }
};

Tensor byte(DType type, int u8, int i8) {
  return type == DType::u8 ? Tensor::scalar(static_cast<uint8_t>(u8)) : Tensor::scalar(static_cast<int8_t>(i8));
}

KernelCase conv_case(const Shapes& s, DType x, DType w, int x_zero, int w_zero) {
  KernelCase c{node("Conv", "mo", {{"strides", std::vector<int64_t>(2, s.stride)}, {"pads", s.pads}}),
               {{random_bytes(x, {s.n, s.c, s.h, s.w}, 1)},
                constant(random_bytes(w, {s.m, s.c, 3, 3}, 2)),
                constant(random_floats({s.m}, 3)),
                {},
                constant(Tensor::scalar(0.02f)),
                constant(byte(x, x_zero, x_zero - 128)),
                constant(random_floats({s.m}, 5, 0.001f, 0.01f)),
                constant(byte(w, w_zero, w_zero - 128)),
                constant(Tensor::scalar(1.3f)),
                constant(Tensor::scalar<uint8_t>(101))}};
  c.steps = 1;
  c.exact = true;
  return c;
}

bool by_winograd(const KernelCase& c) {
  const KernelResult r = check_candidates(c);
  return std::any_of(r.ran.begin(), r.ran.end(), [](const std::string& ran) { return ran.starts_with("int8_winograd"); });
}

const Shapes k_shapes[] = {{1, 32, 12, 12, 16, {1, 1, 1, 1}}, {2, 48, 9, 11, 40, {0, 0, 0, 0}},  {1, 64, 13, 8, 33, {2, 2, 2, 2}},
                           {3, 32, 7, 7, 24, {1, 1, 1, 1}},   {1, 32, 25, 17, 31, {0, 2, 1, 0}}, {1, 80, 40, 33, 17, {1, 1, 1, 1}}};

}  // namespace

TEST_CASE("3x3 convolutions by Winograd's transforms give the integers of the reference, whatever types, zero points and borders") {
  Limit limit(kernels::Isa::avx2);
  if (kernels::isa() != kernels::Isa::avx2) MO_SKIP("needs AVX2");
  for (const Shapes& s : k_shapes)
    for (DType x : {DType::u8, DType::i8})
      for (DType w : {DType::u8, DType::i8})
        for (int x_zero : {0, 131, 255})
          for (int w_zero : {128, 3}) {
            CAPTURE(s.c);
            CAPTURE(x_zero);
            CAPTURE(w_zero);
            KernelCase c = conv_case(s, x, w, x_zero, w_zero);
            if (x_zero == 131) ops::append_post(c.node, "relu");
            CHECK(by_winograd(c));
          }
}

TEST_CASE("3x3 convolutions by Winograd's transforms hold the largest sums there are") {
  Limit limit(kernels::Isa::avx2);
  if (kernels::isa() != kernels::Isa::avx2) MO_SKIP("needs AVX2");
  for (int how = 0; how < 4; ++how) {
    CAPTURE(how);
    KernelCase c = conv_case({1, 512, 11, 12, 17, {1, 1, 1, 1}}, DType::u8, DType::u8, how % 2 ? 255 : 0, how < 2 ? 0 : 255);
    for (int which : {0, 1}) {
      auto* p = static_cast<uint8_t*>(c.inputs[static_cast<size_t>(which)].tensor.raw_mutable());
      const bool ends = which == 0 ? how % 2 == 0 : how < 2;  // as far from the zero point as there is
      for (int64_t i = 0; i < c.inputs[static_cast<size_t>(which)].tensor.bytes(); ++i) p[i] = i % 77 == 0 ? 128 : ends ? 255 : 0;
    }
    c.inputs[8] = constant(Tensor::scalar(50000.0f));
    CHECK(by_winograd(c));
  }
}

TEST_CASE("3x3 convolutions by Winograd's transforms add residuals and round inside as the reference does") {
  Limit limit(kernels::Isa::avx2);
  if (kernels::isa() != kernels::Isa::avx2) MO_SKIP("needs AVX2");
  for (const Shapes& s : k_shapes)
    for (bool inner : {false, true})
      for (bool channel : {false, true}) {
        if (channel && !inner) continue;
        CAPTURE(s.c);
        CAPTURE(inner);
        CAPTURE(channel);
        KernelCase c = conv_case(s, DType::u8, DType::i8, 7, 128);
        if (inner) ops::append_post(c.node, "relu");
        if (inner) ops::append_post(c.node, "round_u8", 0.7f, 20.0f);
        ops::append_post(c.node, "add");
        ops::append_post(c.node, "relu");
        c.inputs[3] = channel ? constant(random_floats({s.m, 1, 1}, 8, -2, 2)) : KernelInput{random_bytes(DType::u8, s.out(), 4)};
        if (!channel) c.inputs.insert(c.inputs.end(), {constant(Tensor::scalar(0.9f)), constant(Tensor::scalar<uint8_t>(3))});
        CHECK(by_winograd(c));
      }
}

TEST_CASE("other windows, few pixels and few channels are left to the general convolution") {
  Limit limit(kernels::Isa::avx2);
  if (kernels::isa() != kernels::Isa::avx2) MO_SKIP("needs AVX2");
  for (const Shapes& s : {Shapes{1, 32, 24, 24, 16, {1, 1, 1, 1}, 2},
                          {1, 16, 12, 12, 16, {1, 1, 1, 1}},
                          {1, 32, 7, 7, 16, {1, 1, 1, 1}},
                          {1, 40, 12, 12, 16, {1, 1, 1, 1}}})
    CHECK(!by_winograd(conv_case(s, DType::u8, DType::i8, 7, 128)));
}
