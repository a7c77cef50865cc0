// Convolution candidates against the reference.
#include <doctest/doctest.h>

#include <algorithm>

#include "kernels/cpu/simd.h"
#include "ops/epilogue.h"
#include "support/kernel_case.h"
#include "support/skip.h"

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
    {1, 3, 9, 11, 8, 3, 1, 1, 1, 1},   {2, 16, 7, 7, 17, 3, 2, 1, 1, 1}, {1, 17, 5, 6, 64, 1, 1, 0, 1, 1},  {1, 24, 12, 12, 24, 3, 1, 1, 1, 24},
    {1, 16, 13, 9, 16, 3, 1, 2, 2, 1}, {1, 12, 8, 8, 18, 3, 1, 1, 1, 3}, {1, 64, 4, 4, 33, 1, 2, 0, 1, 1},  {1, 1, 28, 28, 8, 5, 1, 2, 1, 1},
    {1, 96, 7, 7, 96, 5, 2, 2, 1, 96}, {1, 12, 9, 7, 16, 1, 1, 0, 1, 1}, {1, 8, 11, 13, 24, 3, 1, 1, 1, 1}, {1, 200, 9, 8, 200, 3, 1, 1, 1, 200},
    {2, 80, 9, 7, 80, 3, 2, 1, 1, 80}, {1, 16, 5, 9, 32, 3, 2, 0, 1, 1}, {1, 13, 6, 5, 13, 3, 1, 1, 1, 13}, {2, 3, 10, 8, 9, 3, 2, 1, 1, 1},
    {1, 2, 7, 12, 5, 3, 3, 2, 2, 1},
};

#ifdef __x86_64__
constexpr bool k_tuned = true;
#else
constexpr bool k_tuned = false;  // oneDNN has little but reference implementations
#endif

}  // namespace

TEST_CASE("float convolution with bias and activation equals the reference, and no reference implementation runs") {
  for (const Shapes& s : k_shapes) {
    CAPTURE(s.c);
    CAPTURE(s.m);
    for (const char* post : {"", "relu", "clip", "silu", "hard_swish", "gelu_erf"}) {
      KernelCase c{
          conv_node(s),
          {{random_floats({s.n, s.c, s.h, s.w}, 1)}, constant(random_floats({s.m, s.c / s.groups, s.k, s.k}, 2)), constant(random_floats({s.m}, 3))}};
      if (*post) ops::append_post(c.node, post, -0.2f, 0.5f);
      KernelResult r = check_candidates(c);
      CAPTURE(post);
      CHECK(r.fast());
      if (k_tuned)
        for (const std::string& name : r.ran) CHECK(name.find("ref") == std::string::npos);
    }
  }
}

TEST_CASE("float convolution by rows of the output: two threads, borders, strides, residual") {
  int by_rows = 0;
  for (const Shapes& s : {Shapes{1, 6, 17, 13, 10, 5, 2, 2, 1, 1},
                          {1, 16, 12, 9, 16, 3, 1, 2, 2, 1},
                          {1, 24, 16, 7, 24, 3, 2, 0, 1, 24},
                          {1, 8, 9, 9, 40, 1, 1, 0, 1, 1}})
    for (bool residual : {false, true})
      for (DType type : {DType::f32, DType::bf16}) {
        CAPTURE(s.c);
        KernelCase c{conv_node(s),
                     {{random_floats({s.n, s.c, s.h, s.w}, 1).cast(type)},
                      constant(random_floats({s.m, s.c / s.groups, s.k, s.k}, 2)),
                      constant(random_floats({s.m}, 3))}};
        if (type == DType::bf16) c.tolerance = 1.5e-2f;
        const int64_t reach = (s.k - 1) * s.dilation + 1, oh = (s.h + 2 * s.pad - reach) / s.stride + 1,
                      ow = (s.w + 2 * s.pad - reach) / s.stride + 1;
        if (residual) c.inputs.push_back({random_floats({s.n, s.m, oh, ow}, 4).cast(type)});
        if (residual) ops::append_post(c.node, "add");
        ops::append_post(c.node, "relu");
        for (const std::string& ran : check_candidates(c).ran) by_rows += ran.find("by rows") != std::string::npos;
      }
  CHECK(by_rows > 0);
}

TEST_CASE("float convolution adds a residual before or after the activation") {
  Shapes s{1, 16, 6, 6, 24, 3, 1, 1, 1, 1};
  for (bool after : {false, true}) {
    KernelCase c{conv_node(s),
                 {{random_floats({1, 16, 6, 6}, 1)}, constant(random_floats({24, 16, 3, 3}, 2)), {}, {random_floats({1, 24, 6, 6}, 4)}}};
    if (after) ops::append_post(c.node, "relu");
    ops::append_post(c.node, "add");
    if (!after) ops::append_post(c.node, "relu");
    const bool fast = check_candidates(c).fast();
    if (k_tuned) CHECK(fast);
  }
}

TEST_CASE("convolution of 16-bit floats is the reference's to their precision, with bias, activation and residual") {
  if (kernels::isa() < kernels::Isa::avx512) MO_SKIP("oneDNN convolves 16-bit floats with AVX-512 only; elsewhere models are widened to float32");
  for (DType half : {DType::bf16, DType::f16})
    for (const Shapes& s : k_shapes)
      for (bool residual : {false, true}) {
        if (half == DType::f16 && residual) continue;  // oneDNN adds those only where the processor computes in float16
        CAPTURE(name(half));
        CAPTURE(s.c);
        CAPTURE(s.m);
        KernelCase c{conv_node(s),
                     {{random_floats({s.n, s.c, s.h, s.w}, 1).cast(half)},
                      constant(random_floats({s.m, s.c / s.groups, s.k, s.k}, 2)),
                      constant(random_floats({s.m}, 3))}};
        c.tolerance = half == DType::bf16 ? 1.5e-2f : 2e-3f;
        const int64_t reach = (s.k - 1) * s.dilation + 1, oh = (s.h + 2 * s.pad - reach) / s.stride + 1,
                      ow = (s.w + 2 * s.pad - reach) / s.stride + 1;
        if (residual) c.inputs.push_back({random_floats({s.n, s.m, oh, ow}, 4).cast(half)});
        if (residual) ops::append_post(c.node, "add");
        ops::append_post(c.node, "relu");
        KernelResult r = check_candidates(c);
        CHECK(r.fast());
        for (const std::string& ran : r.ran) CHECK(ran.find("ref") == std::string::npos);
      }
}

namespace {

// An 8-bit case with everything that decides the integers: dtypes, zero points, strides, bias, residual.
KernelCase byte_case(const Shapes& s, DType x, DType w, int zero, bool per_channel, int bias, DType y, bool residual) {
  auto byte = [](DType d, int v) { return d == DType::u8 ? Tensor::scalar(static_cast<uint8_t>(v)) : Tensor::scalar(static_cast<int8_t>(v)); };
  Tensor zeros = byte(w, zero);
  if (per_channel && zero != (w == DType::u8 ? 128 : 0)) zeros = random_bytes(w, {s.m}, 9);
  Tensor biases;
  if (bias == 1) biases = random_floats({s.m}, 3);
  if (bias == 2) {
    biases = Tensor::allocate(DType::i32, {s.m});
    for (int64_t i = 0; i < s.m; ++i) biases.mutable_data<int32_t>()[i] = static_cast<int32_t>(i * 997 % 5000 - 2500);
  }
  KernelCase c{conv_node(s),
               {{random_bytes(x, {s.n, s.c, s.h, s.w}, 1)},
                constant(random_bytes(w, {s.m, s.c / s.groups, s.k, s.k}, 2)),
                constant(biases),
                {},
                constant(Tensor::scalar(0.02f)),
                constant(byte(x, x == DType::u8 ? 7 : -3)),
                constant(per_channel ? random_floats({s.m}, 5, 0.001f, 0.01f) : Tensor::scalar(0.004f)),
                constant(zeros)}};
  if (y != DType::f32) c.inputs.insert(c.inputs.end(), {constant(Tensor::scalar(0.13f)), constant(byte(y, y == DType::u8 ? 101 : -20))});
  if (residual) {
    int64_t oh = (s.h + 2 * s.pad - s.dilation * (s.k - 1) - 1) / s.stride + 1, ow = (s.w + 2 * s.pad - s.dilation * (s.k - 1) - 1) / s.stride + 1;
    c.inputs[3].tensor = random_bytes(x, {s.n, s.m, oh, ow}, 4);
    c.inputs.insert(c.inputs.end(), {constant(Tensor::scalar(0.07f)), constant(byte(x, 3))});
    ops::append_post(c.node, "add");
  }
  c.steps = 1;
  c.exact = true;
  return c;
}

struct Limit {
  explicit Limit(kernels::Isa most) { kernels::limit_isa(most); }
  ~Limit() { kernels::limit_isa(kernels::Isa::avx512_vnni); }
};

constexpr kernels::Isa k_isas[] = {kernels::Isa::scalar, kernels::Isa::avx2, kernels::Isa::avx512, kernels::Isa::avx512_vnni};
constexpr DType k_bytes[] = {DType::u8, DType::i8};

void check_exact(const KernelCase& c) {
  KernelResult r = check_candidates(c);
  CHECK(r.fast());
  bool own = false;
  for (const std::string& name : r.ran) own = own || name.starts_with("int8_");
  for (const std::string& why : r.declined) INFO(why);
  CHECK(own);
}

}  // namespace

TEST_CASE("8-bit convolution gives the integers of the reference on every instruction set, whatever the zero points") {
  for (kernels::Isa most : k_isas) {
    Limit limit(most);
    CAPTURE(static_cast<int>(most));
    for (const Shapes& s : k_shapes) {
      CAPTURE(s.c);
      CAPTURE(s.groups);
      int turn = 0;
      for (DType x : k_bytes)
        for (DType w : k_bytes)
          for (int zero : {w == DType::u8 ? 128 : 0, 37})
            for (bool per_channel : {false, true}) {
              ++turn;
              KernelCase c = byte_case(s, x, w, zero, per_channel, turn % 3, turn % 5 == 0 ? DType::i8 : DType::u8, turn % 2 == 0);
              if (turn % 4 < 2) ops::append_post(c.node, turn % 4 == 0 ? "relu" : "clip", -1.0f, 6.0f);
              check_exact(c);
            }
    }
  }
}

TEST_CASE("8-bit convolution of more pixels than are worked on at once, and depthwise windows with rows apart, give the integers of the reference") {
  for (kernels::Isa most : k_isas) {
    Limit limit(most);
    CAPTURE(static_cast<int>(most));
    for (const Shapes& s : {Shapes{1, 33, 60, 60, 24, 3, 1, 1, 1, 1},
                            {1, 200, 30, 30, 24, 1, 1, 0, 1, 1},
                            {1, 20, 70, 61, 9, 1, 2, 0, 1, 1},
                            {1, 32, 41, 40, 14, 3, 2, 1, 1, 2},
                            {1, 24, 12, 12, 24, 3, 1, 2, 2, 24},
                            {2, 40, 21, 14, 40, 3, 1, 1, 1, 40},
                            {1, 19, 13, 17, 19, 3, 3, 1, 1, 19}}) {
      CAPTURE(s.c);
      for (bool residual : {false, true}) {
        KernelCase c = byte_case(s, DType::u8, DType::i8, residual ? 11 : 0, true, 1, DType::u8, residual);
        ops::append_post(c.node, "relu");
        check_exact(c);
      }
    }
  }
}

TEST_CASE("8-bit convolution stores floats, and takes activations and residuals in any order") {
  for (kernels::Isa most : k_isas) {
    Limit limit(most);
    for (const Shapes& s : {k_shapes[1], k_shapes[3]}) {
      check_exact(byte_case(s, DType::u8, DType::i8, 0, true, 1, DType::f32, false));
      KernelCase before = byte_case(s, DType::u8, DType::i8, 0, true, 2, DType::u8, false);
      ops::append_post(before.node, "relu");
      before.inputs[3].tensor = byte_case(s, DType::u8, DType::i8, 0, true, 2, DType::u8, true).inputs[3].tensor;
      before.inputs.insert(before.inputs.end(), {constant(Tensor::scalar(0.07f)), constant(Tensor::scalar<uint8_t>(3))});
      ops::append_post(before.node, "add");
      check_exact(before);
      KernelCase silu = byte_case(s, DType::u8, DType::u8, 90, false, 1, DType::u8, false);
      ops::append_post(silu.node, "silu");
      silu.exact = false;
      check_exact(silu);
    }
  }
}

TEST_CASE("8-bit convolution rounds inside of its epilogue and adds an 8-bit tensor or a constant per channel") {
  for (kernels::Isa most : k_isas) {
    Limit limit(most);
    CAPTURE(static_cast<int>(most));
    for (const Shapes& s : {k_shapes[1], k_shapes[2], k_shapes[10], k_shapes[3]})
      for (bool channel : {false, true})
        for (DType inner : k_bytes)
          for (const char* clamp : {"", "relu", "clip"}) {
            KernelCase c = byte_case(s, DType::u8, DType::i8, 0, true, inner == DType::u8 ? 1 : 2, DType::u8, !channel);
            c.node.attributes.erase(
                std::remove_if(c.node.attributes.begin(), c.node.attributes.end(), [](const auto& a) { return a.first.starts_with("post"); }),
                c.node.attributes.end());
            if (*clamp) ops::append_post(c.node, clamp, -1.5f, 4.0f);
            ops::append_post(c.node, inner == DType::u8 ? "round_u8" : "round_i8", 0.1f, inner == DType::u8 ? 70.0f : -30.0f);
            ops::append_post(c.node, "add");
            ops::append_post(c.node, "relu");
            if (channel) c.inputs[3] = constant(random_floats({s.m, 1, 1}, 8, -2, 2));
            check_exact(c);
          }
  }
}

TEST_CASE("8-bit convolutions whose scale and zero point are computed equal the reference on every instruction set") {
  for (kernels::Isa most : {kernels::Isa::scalar, kernels::Isa::avx2, kernels::Isa::avx512, kernels::Isa::avx512_vnni}) {
    kernels::limit_isa(most);
    CAPTURE(static_cast<int>(most));
    for (DType a : {DType::u8, DType::i8})
      for (int64_t groups : {1, 2})
        for (int zero : {0, 1}) {
          KernelCase c{node("Conv", "mo", {{"pads", std::vector<int64_t>{1, 2, 1, 0}}, {"strides", std::vector<int64_t>{1, 2}}, {"group", groups}}),
                       {{random_bytes(a, {2, 8, 7, 9}, 1)},
                        constant(random_bytes(DType::u8, {18, 8 / groups, 3, 3}, 2)),
                        constant(random_floats({18}, 3)),
                        {},
                        {Tensor::scalar(0.02f)},
                        zero ? KernelInput{a == DType::u8 ? Tensor::scalar<uint8_t>(91) : Tensor::scalar<int8_t>(-5)} : KernelInput{},
                        constant(random_floats({18}, 4, 0.001f, 0.01f)),
                        constant(zero ? random_bytes(DType::u8, {18}, 6) : Tensor::scalar<uint8_t>(128))}};
          ops::append_post(c.node, "relu");
          CHECK(check_candidates(c).fast());
        }
  }
  kernels::limit_isa(kernels::Isa::avx512_vnni);
}
