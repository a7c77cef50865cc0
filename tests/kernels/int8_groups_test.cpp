// 8-bit weights whose pairs AVX2's saturating multiply-add takes exactly: how they are paired, and products by them at the extremes.
#include "kernels/cpu/int8_groups.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "kernels/cpu/int8_columns.h"
#include "kernels/cpu/simd.h"
#include "ops/epilogue.h"
#include "support/kernel_case.h"
#include "support/skip.h"

using namespace mo;
using namespace mo::test;
using kernels::int8::Groups;
using kernels::int8::GroupsOf;

namespace {

using Panel = std::vector<int8_t>;

int8_t gaussian(std::mt19937& random, float deviation) {
  return static_cast<int8_t>(std::clamp(std::normal_distribution<float>(0, deviation)(random), -128.0f, 127.0f));
}

// [segment][group][column][4], zeros behind the length.
template <class Fill>
Panel panel_of(const GroupsOf& of, Fill fill) {
  Panel panel(static_cast<size_t>(of.groups() * 4 * of.width));
  for (int64_t s = 0; s < of.segments; ++s)
    for (int64_t k = 0; k < of.length; ++k)
      for (int64_t c = 0; c < of.width; ++c) panel[static_cast<size_t>(((s * of.depth() + k / 4) * of.width + c) * 4 + k % 4)] = fill(k, c);
  return panel;
}

// The sums of one row by what pack_groups made of a panel; `saturated`: as the 8-bit instruction would, else exact. The row has of.depth() * 4 bytes and 16 more a segment.
std::vector<int32_t> product(const GroupsOf& of, const Panel& panel, const std::vector<int32_t>& list, const std::vector<uint8_t>& row,
                             int64_t stride, bool saturated) {
  const int32_t *at = list.data() + Groups::k_kinds, *order = at + of.groups();
  std::vector<int32_t> sums(static_cast<size_t>(of.width));
  for (int64_t g = 0; g < of.groups(); ++g)
    for (int64_t c = 0; c < of.width; ++c)
      for (int pair = 0; pair < 2; ++pair) {
        int32_t sum = 0;
        for (int i = 2 * pair; i < 2 * pair + 2; ++i) {
          const int byte = g < list[0] ? i : order[g] >> 8 * i & 255;
          const size_t from = static_cast<size_t>(at[g] / (4 * of.depth()) * stride + at[g] % (4 * of.depth()) + byte % 128);
          if (byte < 128) sum += row[from] * panel[static_cast<size_t>((g * of.width + c) * 4 + i)];
        }
        if (saturated && g < list[0] + list[1]) sum = std::clamp(sum, -32768, 32767);
        sums[static_cast<size_t>(c)] += sum;
      }
  return sums;
}

bool has_avx2() { return kernels::isa() >= kernels::Isa::avx2; }

struct Limit {
  explicit Limit(kernels::Isa most) { kernels::limit_isa(most); }
  ~Limit() { kernels::limit_isa(kernels::Isa::avx512_vnni); }
};

// Small weights but for every eighth k, which holds the extremes: both that saturate and that do not. `zero` is added.
Tensor mixed_weights(DType type, Shape shape, int64_t k_stride, int64_t k, uint32_t seed) {
  Tensor t = random_bytes(type, std::move(shape), seed);
  auto* p = static_cast<uint8_t*>(t.raw_mutable());
  for (int64_t i = 0; i < t.bytes(); ++i) {
    const int64_t at = i / k_stride % k;
    const int v = at % 8 == 5 ? (at % 16 == 5 ? 127 : p[i] % 2 ? 127 : -128) : p[i] % 41 - 20;
    p[i] = static_cast<uint8_t>(type == DType::u8 ? v + 128 : v);
  }
  return t;
}

// 0: random, 1: as large as they come, 2: either end.
Tensor activations(DType type, Shape shape, int how) {
  Tensor t = random_bytes(type, std::move(shape), 1);
  auto* p = static_cast<uint8_t*>(t.raw_mutable());
  for (int64_t i = 0; how && i < t.bytes(); ++i) p[i] = static_cast<uint8_t>((how == 1 || p[i] % 2 ? 255 : 0) ^ (type == DType::i8 ? 128 : 0));
  return t;
}

Tensor zero_of(DType type, int u8, int i8) {
  return type == DType::u8 ? Tensor::scalar(static_cast<uint8_t>(u8)) : Tensor::scalar(static_cast<int8_t>(i8));
}

void check_bytes(const KernelCase& c) {
  KernelResult r = check_candidates(c);
  for (const std::string& why : r.declined) INFO(why);
  CHECK(std::any_of(r.ran.begin(), r.ran.end(),
                    [](const std::string& ran) { return ran.starts_with("int8_") && ran.find("avx2 bytes") != std::string::npos; }));
}

}  // namespace

TEST_CASE("weights are paired so that every k is met once and what counts as safe saturates for no bytes") {
  if (!has_avx2()) MO_SKIP("weights are paired for AVX2");
  std::mt19937 random(3);
  for (int64_t width : {8, 16})
    for (const auto& [segments, length] : {std::pair<int64_t, int64_t>{1, 64}, {1, 768}, {3, 21}, {9, 3}, {2, 33}, {1, 1}, {1, 18}, {4, 12}})
      for (int kind = 0; kind < 5; ++kind) {
        CAPTURE(width);
        CAPTURE(length);
        CAPTURE(kind);
        const GroupsOf of{segments, length, width};
        const Panel before = panel_of(of, [&](int64_t k, int64_t) -> int8_t {
          switch (kind) {
            case 0: return gaussian(random, 37);
            case 1: return gaussian(random, 12);
            case 2: return static_cast<int8_t>(random());
            case 3: return k % 5 ? 1 : 127;
            default: return random() % 2 ? 127 : -128;
          }
        });
        Panel after(before.size());
        std::vector<int32_t> list(static_cast<size_t>(of.list()));
        // rows of 16 columns, less a zero point of each
        std::vector<uint8_t> rows(static_cast<size_t>(16 * segments * length)), zero(16);
        for (int64_t c = 0; c < width; ++c) zero[static_cast<size_t>(c)] = static_cast<uint8_t>(kind == 1 ? 7 * c - 60 : 0);
        for (int64_t s = 0; s < segments; ++s)
          for (int64_t k = 0; k < length; ++k)
            for (int64_t c = 0; c < width; ++c)
              rows[static_cast<size_t>(16 * (s * length + k) + c)] = static_cast<uint8_t>(
                  before[static_cast<size_t>(((s * of.depth() + k / 4) * width + c) * 4 + k % 4)] + zero[static_cast<size_t>(c)]);
        int32_t sums[16];
        kernels::int8::pack_groups(of, {rows.data(), nullptr, 0, 16}, zero.data(), false, reinterpret_cast<uint8_t*>(after.data()), list.data(),
                                   sums);
        std::vector<int32_t> expected(16);
        for (size_t i = 0; i < before.size(); ++i) expected[i / 4 % static_cast<size_t>(width)] += before[i];
        CHECK(std::equal(expected.begin(), expected.end(), sums));
        REQUIRE(list[0] + list[1] + list[2] == of.groups());
        const int64_t stride = 4 * of.depth() + 16;
        // one k after the other: its weight alone, once
        std::vector<uint8_t> row(static_cast<size_t>(segments * stride));
        for (int64_t s = 0; s < segments; ++s)
          for (int64_t k = 0; k < length; ++k) {
            row[static_cast<size_t>(s * stride + k)] = 1;
            const std::vector<int32_t> sums = product(of, after, list, row, stride, true);
            bool same = true;
            for (int64_t c = 0; c < width; ++c)
              same = same && sums[static_cast<size_t>(c)] == before[static_cast<size_t>(((s * of.depth() + k / 4) * width + c) * 4 + k % 4)];
            CHECK(same);
            row[static_cast<size_t>(s * stride + k)] = 0;
          }
        // the worst bytes there are for each column
        for (int64_t c = 0; c < width; ++c)
          for (bool up : {false, true}) {
            for (int64_t s = 0; s < segments; ++s)
              for (int64_t k = 0; k < length; ++k)
                row[static_cast<size_t>(s * stride + k)] =
                    (before[static_cast<size_t>(((s * of.depth() + k / 4) * width + c) * 4 + k % 4)] > 0) == up ? 255 : 0;
            CHECK(product(of, after, list, row, stride, true) == product(of, after, list, row, stride, false));
          }
        if (kind == 0 && length == 768) CHECK(list[2] * 50 < of.groups());
        if (kind == 1 && length >= 64) CHECK(list[0] == of.groups());
        if (kind == 4 && length >= 64) CHECK(list[2] * 10 > of.groups() * 9);
      }
}

TEST_CASE("8-bit convolutions of weights and bytes at the extremes give the integers of the reference where AVX2 takes pairs of bytes") {
  Limit limit(kernels::Isa::avx2);
  if (!has_avx2()) MO_SKIP("needs AVX2");
  struct Shapes {
    int64_t n, c, h, w, m, k, stride, pad, groups;
  };
  for (const Shapes& s : {Shapes{1, 64, 7, 7, 40, 1, 1, 0, 1},
                          {2, 33, 9, 8, 24, 3, 1, 1, 1},
                          {1, 50, 12, 11, 16, 1, 2, 0, 1},
                          {1, 48, 9, 9, 36, 3, 2, 1, 2},
                          {1, 17, 30, 31, 7, 3, 1, 0, 1},
                          {3, 21, 5, 5, 66, 1, 1, 0, 1}})
    for (DType x : {DType::u8, DType::i8})
      for (DType w : {DType::u8, DType::i8})
        for (int how : {0, 1, 2})
          for (DType y : {DType::u8, DType::f32}) {
            CAPTURE(s.c);
            CAPTURE(how);
            const int64_t k = s.c / s.groups;
            KernelCase c{node("Conv", "mo",
                              {{"strides", std::vector<int64_t>{s.stride, s.stride}}, {"pads", std::vector<int64_t>(4, s.pad)}, {"group", s.groups}}),
                         {{activations(x, {s.n, s.c, s.h, s.w}, how)},
                          constant(mixed_weights(w, {s.m, k, s.k, s.k}, s.k * s.k, k, 2)),
                          constant(random_floats({s.m}, 3)),
                          {},
                          constant(Tensor::scalar(0.02f)),
                          constant(zero_of(x, how == 1 ? 0 : 7, -3)),
                          constant(random_floats({s.m}, 5, 0.001f, 0.01f)),
                          constant(zero_of(w, 128, 0))}};
            if (y == DType::u8) c.inputs.insert(c.inputs.end(), {constant(Tensor::scalar(3.0f)), constant(Tensor::scalar<uint8_t>(101))});
            c.steps = 1;
            c.exact = true;
            check_bytes(c);
          }
}

TEST_CASE("8-bit products of weights and bytes at the extremes give the integers of the reference where AVX2 takes pairs of bytes") {
  Limit limit(kernels::Isa::avx2);
  if (!has_avx2()) MO_SKIP("needs AVX2");
  for (const auto& [rows, k, n] : {std::tuple<int64_t, int64_t, int64_t>{7, 64, 33}, {53, 30, 90}, {101, 1030, 40}, {6, 18, 8}, {13, 77, 20}})
    for (DType a : {DType::u8, DType::i8})
      for (DType b : {DType::u8, DType::i8})
        for (int how : {0, 1, 2})
          for (int moving : {0, 1}) {
            CAPTURE(k);
            CAPTURE(how);
            CAPTURE(moving);
            const KernelInput zero{zero_of(a, 9, -5), !moving};
            KernelCase c{node("MatMul", "mo"),
                         {{activations(a, {rows, k}, how)},
                          constant(mixed_weights(b, {k, n}, n, k, 2)),
                          constant(random_floats({n}, 3)),
                          {},
                          {Tensor::scalar(0.02f), !moving},
                          zero,
                          constant(random_floats({n}, 4, 0.001f, 0.01f)),
                          constant(zero_of(b, 128, 0))}};
            if (!moving) c.inputs.insert(c.inputs.end(), {constant(Tensor::scalar(2.0f)), constant(Tensor::scalar<uint8_t>(120))});
            c.steps = 1;
            c.exact = true;
            check_bytes(c);
            KernelCase whole{node("MatMulInteger"), {{activations(a, {rows, k}, how)}, c.inputs[1], zero, constant(zero_of(b, 128, 0))}};
            check_bytes(whole);
          }
}

TEST_CASE("weights that hardly pair, or do not fit bytes, are multiplied as 16-bit numbers") {
  Limit limit(kernels::Isa::avx2);
  if (!has_avx2()) MO_SKIP("needs AVX2");
  Tensor extremes = random_bytes(DType::i8, {64, 32}, 2);
  for (int64_t i = 0; i < extremes.bytes(); ++i) extremes.mutable_data<int8_t>()[i] = extremes.data<int8_t>()[i] % 2 ? 127 : -128;
  for (const auto& [weights, zero] :
       {std::pair<Tensor, Tensor>{extremes, Tensor::scalar<int8_t>(0)}, {random_bytes(DType::u8, {64, 32}, 2), Tensor::scalar<uint8_t>(3)}}) {
    KernelCase c{node("MatMulInteger"), {{activations(DType::u8, {20, 64}, 1)}, constant(weights), {}, constant(zero)}};
    for (const std::string& ran : check_candidates(c).ran) CHECK(ran.find("bytes") == std::string::npos);
  }
}
