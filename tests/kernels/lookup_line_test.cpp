// Tables of bytes that a line gives: found, and every byte the table's.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "kernels/cpu/lookup_line.h"
#include "kernels/cpu/simd.h"
#include "support/kernel_case.h"
#include "support/skip.h"

using namespace mo;
using namespace mo::test;

namespace {

// What bytes of one scale are in another, with zero points of the unsigned range.
Tensor other_scale(double factor, int from_zero, int to_zero, DType from, DType to, int low = 0, int high = 255) {
  Tensor t = Tensor::allocate(to, {256});
  for (int u = 0; u < 256; ++u) {
    const double v = std::clamp(std::nearbyint((u - from_zero) * factor) + to_zero, static_cast<double>(low), static_cast<double>(high));
    static_cast<uint8_t*>(t.raw_mutable())[u ^ (from == DType::i8 ? 128 : 0)] =
        static_cast<uint8_t>(static_cast<int>(v) ^ (to == DType::i8 ? 128 : 0));
  }
  return t;
}

Tensor all_bytes(DType type) {
  Tensor t = random_bytes(type, {3, 301}, 1);
  for (int i = 0; i < 256; ++i) static_cast<uint8_t*>(t.raw_mutable())[i] = static_cast<uint8_t>(i);
  return t;
}

bool by_line(const Tensor& x, const Tensor& table) {
  const KernelResult r = check_candidates({node("Lookup", "mo"), {{x}, constant(table)}});
  CHECK(r.fast());
  return std::any_of(r.ran.begin(), r.ran.end(), [](const std::string& ran) { return ran.find(" line") != std::string::npos; });
}

}  // namespace

TEST_CASE("tables of another scale are computed by a line, byte for byte, whatever the types and zero points") {
  if (kernels::isa() < kernels::Isa::avx2 || kernels::has_vbmi()) MO_SKIP("lines are for AVX2 without byte permutes");
  int lines = 0, tables = 0;
  for (DType from : {DType::u8, DType::i8})
    for (DType to : {DType::u8, DType::i8})
      for (double factor : {0.07, 0.31, 0.4999, 0.5813, 0.777, 0.93, 0.99991, 1.0, 1.3, 2.9, 7.7})
        for (const auto& [from_zero, to_zero] : {std::pair<int, int>{0, 0}, {128, 128}, {117, 30}, {0, 128}, {3, 250}}) {
          CAPTURE(factor);
          CAPTURE(from_zero);
          CAPTURE(to_zero);
          ++tables;
          lines += by_line(all_bytes(from), other_scale(factor, from_zero, to_zero, from, to));
        }
  CHECK(lines * 10 > tables * 6);
}

TEST_CASE("tables that are no line, or end before the range does, are looked up") {
  if (kernels::isa() < kernels::Isa::avx2) MO_SKIP("needs AVX2");
  CHECK(!by_line(all_bytes(DType::u8), random_bytes(DType::u8, {256}, 2)));
  CHECK(!by_line(all_bytes(DType::u8), other_scale(0.9, 0, 0, DType::u8, DType::u8, 20, 200)));
  CHECK(!by_line(all_bytes(DType::u8), other_scale(-0.9, 0, 255, DType::u8, DType::u8)));
  Tensor constant_table = Tensor::allocate(DType::u8, {256});
  std::fill_n(static_cast<uint8_t*>(constant_table.raw_mutable()), 256, uint8_t{7});
  CHECK(!by_line(all_bytes(DType::u8), constant_table));
  Tensor bent = other_scale(0.8, 0, 0, DType::u8, DType::u8);
  static_cast<uint8_t*>(bent.raw_mutable())[100] += 1;
  by_line(all_bytes(DType::u8), bent);  // right, whichever way
}
