// Attention and rotary candidates against their references: strides, masks, grouped heads, windows, caches.
#include <doctest/doctest.h>

#include "kernels/cpu/simd.h"
#include "ops/attention_view.h"
#include "ops/rotary_view.h"
#include "support/kernel_case.h"

using namespace mo;
using namespace mo::test;

namespace {

void check_fast(const KernelCase& c) {
  KernelResult r = check_candidates(c);
  for (const std::string& why : r.declined) MESSAGE(why);
  CHECK(r.fast());
}

Tensor booleans(Shape shape, uint32_t seed) {
  Tensor t = random_bytes(DType::u8, shape, seed);
  Tensor out = Tensor::allocate(DType::boolean, shape);
  for (int64_t i = 0; i < t.size(); ++i) out.mutable_data<bool>()[i] = t.data<uint8_t>()[i] % 3 != 0;
  return out;
}

// [batch, length, heads, width] data read as [batch, heads, length, width]; keys and values in fewer heads.
ops::AttentionView packed_view(int64_t batch, int64_t groups, int64_t repeat, int64_t rows, int64_t keys, int64_t width, int64_t value_width) {
  ops::AttentionView v;
  const int64_t heads = groups * repeat;
  v.batch = {batch, groups, repeat};
  v.rows = rows, v.keys = keys, v.width = width, v.value_width = value_width;
  v.q.strides = {rows * heads * width, repeat * width, width, heads * width, 1};
  v.k.strides = {keys * groups * width, width, 0, groups * width, 1};
  v.v.strides = {keys * groups * value_width, value_width, 0, groups * value_width, 1};
  v.y.strides = {rows * heads * value_width, repeat * value_width, value_width, heads * value_width, 1};
  v.scale = 0.3f;
  v.shape = {batch, rows, heads * value_width};
  return v;
}

KernelCase case_of(const ops::AttentionView& v, KernelInput mask = {}) {
  auto extent = [&](const ops::AttentionOperand& o, int64_t rows, int64_t columns) {
    int64_t last = o.offset;
    for (size_t i = 0; i < o.strides.size(); ++i)
      last += o.strides[i] * ((i < v.batch.size() ? v.batch[i] : i == v.batch.size() ? rows : columns) - 1);
    return Shape{last + 1};
  };
  KernelCase c{node("Attention", "mo", ops::attributes(v)),
               {{random_floats(extent(v.q, v.rows, v.width), 1)},
                {random_floats(extent(v.k, v.keys, v.width), 2)},
                {random_floats(extent(v.v, v.keys, v.value_width), 3)}}};
  if (mask.tensor) c.inputs.push_back(std::move(mask));
  return c;
}

}  // namespace

TEST_CASE("attention on strided operands equals the reference at any size") {
  const int64_t sizes[][7] = {{1, 1, 1, 1, 1, 1, 1},     {2, 3, 1, 7, 7, 16, 16},   {1, 2, 3, 5, 65, 64, 64}, {1, 2, 1, 130, 130, 64, 64},
                              {2, 1, 4, 1, 300, 32, 48}, {1, 1, 2, 33, 64, 24, 20}, {1, 2, 2, 13, 700, 8, 72}};
  for (const auto& s : sizes) {
    CAPTURE(text(s[0], " ", s[1], " ", s[2], " ", s[3], " ", s[4], " ", s[5], " ", s[6]));
    check_fast(case_of(packed_view(s[0], s[1], s[2], s[3], s[4], s[5], s[6])));
  }
}

TEST_CASE("attention on bfloat16 operands stays near the reference at any size") {
  const int64_t sizes[][7] = {
      {1, 2, 3, 5, 65, 64, 64}, {1, 2, 1, 130, 130, 64, 64}, {1, 1, 2, 33, 63, 23, 20}, {1, 2, 2, 13, 701, 8, 72}, {1, 1, 1, 9, 1, 1, 1}};
  for (const auto& s : sizes)
    for (bool masked : {false, true}) {
      CAPTURE(text(s[0], " ", s[1], " ", s[2], " ", s[3], " ", s[4], " ", s[5], " ", s[6]));
      ops::AttentionView v = packed_view(s[0], s[1], s[2], s[3], s[4], s[5], s[6]);
      KernelInput mask;
      if (masked) {
        v.mask.strides = {0, 0, 0, v.keys, 1};
        mask = {random_floats({v.rows, v.keys}, 4, -3, 3)};
      }
      KernelCase c = case_of(v, mask);
      c.bf16 = true;
      c.tolerance = 1.5e-2f;
      check_fast(c);
    }
}

TEST_CASE("attention rounds its result to 8 bits where a scale is given") {
  for (DType to : {DType::u8, DType::i8})
    for (bool transposed : {false, true}) {
      ops::AttentionView v = packed_view(2, 3, 2, 9, 30, 16, 24);
      if (transposed) v.y.strides[3] = 1, v.y.strides[4] = 9, v.y.strides[1] = 2 * 24 * 9, v.y.strides[2] = 24 * 9;
      KernelCase c = case_of(v);
      c.inputs.push_back({});
      c.inputs.push_back(constant(Tensor::scalar(0.007f)));
      c.inputs.push_back(constant(to == DType::u8 ? Tensor::scalar<uint8_t>(120) : Tensor::scalar<int8_t>(-7)));
      c.steps = 1;
      check_fast(c);
    }
}

TEST_CASE("attention runs at every instruction set") {
  for (kernels::Isa isa : {kernels::Isa::scalar, kernels::Isa::avx2, kernels::Isa::avx512}) {
    kernels::limit_isa(isa);
    check_fast(case_of(packed_view(1, 2, 3, 9, 70, 40, 64)));
  }
  kernels::limit_isa(kernels::Isa::avx512_vnni);
}

TEST_CASE("attention reads keys that lie transposed and writes transposed results") {
  ops::AttentionView v = packed_view(2, 2, 1, 6, 80, 16, 16);
  v.k.strides = {2 * 16 * 80, 16 * 80, 0, 1, 80};
  v.y.strides = {2 * 6 * 16, 6 * 16, 0, 16, 1};
  check_fast(case_of(v));
  v.v.strides = {2 * 16 * 80, 16 * 80, 0, 1, 80};
  v.q.offset = 5;
  check_fast(case_of(v));
}

TEST_CASE("attention with added and boolean masks, constant or not, equals the reference") {
  for (bool fixed : {false, true}) {
    ops::AttentionView v = packed_view(2, 2, 2, 70, 70, 16, 16);
    v.mask.strides = {70, 0, 0, 0, 1};
    Tensor padding = Tensor::zeros(DType::f32, {2, 70});
    for (int64_t i = 50; i < 70; ++i) padding.mutable_data<float>()[70 + i] = -3.4028235e38f;
    check_fast(case_of(v, {padding, fixed}));

    v.mask.strides = {0, 0, 0, 70, 1};
    Tensor causal = Tensor::zeros(DType::f32, {70, 70});
    for (int64_t i = 0; i < 70; ++i)
      for (int64_t j = i + 1; j < 70; ++j) causal.mutable_data<float>()[i * 70 + j] = -3.4028235e38f;
    check_fast(case_of(v, {causal, fixed}));
    check_fast(case_of(v, {random_floats({70, 70}, 5), fixed}));

    for (bool keeps : {true, false})
      for (float fill : {-1e9f, -3.0f}) {
        v.keeps = keeps;
        v.fill = fill;
        check_fast(case_of(v, {booleans({70, 70}, 6), fixed}));
      }
    v.mask.strides = {0, 0, 0, 1, 0};  // one entry for all keys of a row
    check_fast(case_of(v, {random_floats({70}, 7), fixed}));
  }
}

TEST_CASE("standard Attention: heads, masks, causal, windows, soft caps, caches equal the reference") {
  using A = std::vector<std::pair<std::string, graph::AttrValue>>;
  const A plain[] = {{},
                     {{"is_causal", int64_t{1}}},
                     {{"scale", 0.7f}, {"softcap", 2.0f}},
                     {{"left_window_size", int64_t{3}}},
                     {{"left_window_size", int64_t{2}}, {"right_window_size", int64_t{1}}},
                     {{"is_causal", int64_t{1}}, {"left_window_size", int64_t{4}}}};
  for (const A& a : plain) {
    check_fast(
        {node("Attention", "", a), {{random_floats({2, 6, 9, 16}, 1)}, {random_floats({2, 3, 12, 16}, 2)}, {random_floats({2, 3, 12, 8}, 3)}}});
    A packed = a;
    packed.emplace_back("q_num_heads", int64_t{4});
    packed.emplace_back("kv_num_heads", int64_t{2});
    check_fast({node("Attention", "", packed), {{random_floats({2, 9, 64}, 1)}, {random_floats({2, 12, 32}, 2)}, {random_floats({2, 12, 24}, 3)}}});
    KernelCase cached{node("Attention", "", a),
                      {{random_floats({2, 4, 3, 16}, 1)},
                       {random_floats({2, 2, 3, 16}, 2)},
                       {random_floats({2, 2, 3, 16}, 3)},
                       {random_floats({3, 10}, 4)},
                       {random_floats({2, 2, 7, 16}, 5)},
                       {random_floats({2, 2, 7, 16}, 6)}}};
    check_fast(cached);
    cached.outputs = 3;
    check_fast(cached);
  }
  for (const Shape& mask : {Shape{9, 12}, Shape{2, 1, 9, 12}, Shape{1, 6, 1, 12}, Shape{9, 7}, Shape{9, 1}}) {
    check_fast(
        {node("Attention"),
         {{random_floats({2, 6, 9, 16}, 1)}, {random_floats({2, 3, 12, 16}, 2)}, {random_floats({2, 3, 12, 8}, 3)}, {random_floats(mask, 4)}}});
    check_fast({node("Attention"),
                {{random_floats({2, 6, 9, 16}, 1)}, {random_floats({2, 3, 12, 16}, 2)}, {random_floats({2, 3, 12, 8}, 3)}, {booleans(mask, 4)}}});
  }
  Tensor lengths = Tensor::zeros(DType::i64, {2});
  lengths.mutable_data<int64_t>()[0] = 12;
  lengths.mutable_data<int64_t>()[1] = 5;
  for (int64_t causal : {0, 1})
    check_fast({node("Attention", "", {{"is_causal", causal}}),
                {{random_floats({2, 6, 4, 16}, 1)}, {random_floats({2, 3, 12, 16}, 2)}, {random_floats({2, 3, 12, 8}, 3)}, {}, {}, {}, {lengths}}});
}

TEST_CASE("rotary embeddings equal the reference") {
  ops::RotaryView v;
  v.outer = {2, 3, 9};
  v.width = 24;
  v.x = {4, {9 * 3 * 24, 24, 3 * 24, 1}};
  v.cosine = {0, {0, 0, 24, 1}};
  v.sine = v.cosine;
  v.shape = {2, 3, 9, 24};
  check_fast({node("Rotary", "mo", ops::attributes(v)),
              {{random_floats({2 * 9 * 3 * 24 + 4}, 1)}, {random_floats({9, 24}, 2)}, {random_floats({9, 24}, 3)}}});
  v.by_pair = true;
  for (bool interleaved : {false, true}) {
    v.interleaved = interleaved;
    v.cosine.strides = v.sine.strides = {0, 0, 12, 1};
    check_fast({node("Rotary", "mo", ops::attributes(v)),
                {{random_floats({2 * 9 * 3 * 24 + 4}, 1)}, {random_floats({9, 12}, 2)}, {random_floats({9, 12}, 3)}}});
  }
  for (int64_t interleaved : {0, 1})
    for (int64_t rotated : {0, 8}) {
      const int64_t half = rotated == 0 ? 8 : 4;
      Tensor positions = Tensor::zeros(DType::i64, {2, 5});
      for (int64_t i = 0; i < 10; ++i) positions.mutable_data<int64_t>()[i] = (i * 7) % 11;
      check_fast({node("RotaryEmbedding", "", {{"interleaved", interleaved}, {"rotary_embedding_dim", rotated}}),
                  {{random_floats({2, 3, 5, 16}, 1)}, {random_floats({11, half}, 2)}, {random_floats({11, half}, 3)}, {positions}}});
      check_fast({node("RotaryEmbedding", "", {{"interleaved", interleaved}, {"rotary_embedding_dim", rotated}, {"num_heads", int64_t{3}}}),
                  {{random_floats({2, 5, 48}, 1)}, {random_floats({2, 5, half}, 2)}, {random_floats({2, 5, half}, 3)}}});
    }
}
