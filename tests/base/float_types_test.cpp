// Small float formats against digests made by numpy, ml_dtypes and onnx (tests/tools/float_digests.py prints them).
#include "base/float_types.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/hash.h"

namespace {

using namespace mo;

// Every float whose low 12 bits are 0, 1 or 0xfff: all ties of every format and their neighbours. No NaN.
const std::vector<float>& probes() {
  static const std::vector<float> values = [] {
    std::vector<float> v;
    for (uint32_t low : {0u, 1u, 0xfffu})
      for (uint32_t high = 0; high < (1u << 20); ++high) {
        uint32_t bits = high << 12 | low;
        if ((bits & 0x7fffffff) <= 0x7f800000) v.push_back(std::bit_cast<float>(bits));
      }
    return v;
  }();
  return values;
}

template <class T>
std::string digest(const std::vector<T>& v) {
  return sha256_hex({reinterpret_cast<const char*>(v.data()), v.size() * sizeof(T)}).substr(0, 16);
}

template <class F>
std::string decoded(uint32_t count, F to_float_of) {
  std::vector<uint32_t> bits;
  for (uint32_t i = 0; i < count; ++i) {
    float f = to_float_of(i);
    bits.push_back(std::isnan(f) ? 0x7fc00000u : std::bit_cast<uint32_t>(f));
  }
  return digest(bits);
}

template <class Store, class F>
std::string encoded(F encode) {
  std::vector<Store> codes;
  codes.reserve(probes().size());
  for (float v : probes()) codes.push_back(encode(v));
  return digest(codes);
}

}  // namespace

TEST_CASE("small floats: every code decodes as numpy and ml_dtypes decode it") {
  CHECK(decoded(65536, [](uint32_t i) { return to_float(half{static_cast<uint16_t>(i)}); }) == "385ff5fe69182797");
  CHECK(decoded(65536, [](uint32_t i) { return to_float(bfloat16{static_cast<uint16_t>(i)}); }) == "f12e27efe34841df");
  CHECK(decoded(256, [](uint32_t i) { return to_float(f8e4m3fn{static_cast<uint8_t>(i)}); }) == "422eccfaa21e72a6");
  CHECK(decoded(256, [](uint32_t i) { return to_float(f8e4m3fnuz{static_cast<uint8_t>(i)}); }) == "ac4866f772a7c080");
  CHECK(decoded(256, [](uint32_t i) { return to_float(f8e5m2{static_cast<uint8_t>(i)}); }) == "229a94c5f728edf2");
  CHECK(decoded(256, [](uint32_t i) { return to_float(f8e5m2fnuz{static_cast<uint8_t>(i)}); }) == "aac12d2730bf26ca");
  CHECK(decoded(256, [](uint32_t i) { return to_float(f8e8m0{static_cast<uint8_t>(i)}); }) == "2fb2732a95604377");
  CHECK(decoded(16, [](uint32_t i) { return f4e2m1_to_float(static_cast<uint8_t>(i)); }) == "c736c7e2e761e089");
  CHECK(decoded(64, [](uint32_t i) { return f6e2m3_to_float(static_cast<uint8_t>(i)); }) == "178eab5d385741cf");
  CHECK(decoded(64, [](uint32_t i) { return f6e3m2_to_float(static_cast<uint8_t>(i)); }) == "1f21874836838a0a");
}

TEST_CASE("small floats: three million floats, all ties among them, encode as numpy, ml_dtypes and onnx encode them") {
  CHECK(encoded<uint16_t>([](float v) { return to_half(v).bits; }) == "f7fd2324f81cac4b");
  CHECK(encoded<uint16_t>([](float v) { return to_bfloat16(v).bits; }) == "1f698f6a3de61334");
  CHECK(encoded<uint8_t>([](float v) { return to_f8e4m3fn(v, false).bits; }) == "1b90da362ae5970f");
  CHECK(encoded<uint8_t>([](float v) { return to_f8e4m3fn(v).bits; }) == "62b06a1ebd5c6454");
  CHECK(encoded<uint8_t>([](float v) { return to_f8e4m3fnuz(v, false).bits; }) == "30951e61fb656b7a");
  CHECK(encoded<uint8_t>([](float v) { return to_f8e4m3fnuz(v).bits; }) == "b4831b458e1ed6fe");
  CHECK(encoded<uint8_t>([](float v) { return to_f8e5m2(v, false).bits; }) == "abdc9e93fc092188");
  CHECK(encoded<uint8_t>([](float v) { return to_f8e5m2(v).bits; }) == "1f3047a90c6ec062");
  CHECK(encoded<uint8_t>([](float v) { return to_f8e5m2fnuz(v, false).bits; }) == "dceb4645bbdd4b10");
  CHECK(encoded<uint8_t>([](float v) { return to_f8e5m2fnuz(v).bits; }) == "09a80d7fe70e4cb4");
  CHECK(encoded<uint8_t>([](float v) { return to_f8e8m0(v, true, E8M0Round::up).bits; }) == "3d745417d7c956ba");
  CHECK(encoded<uint8_t>([](float v) { return to_f8e8m0(v, false, E8M0Round::up).bits; }) == "cba31a96531118ee");
  CHECK(encoded<uint8_t>([](float v) { return to_f8e8m0(v, true, E8M0Round::down).bits; }) == "28438d71440e4720");
  CHECK(encoded<uint8_t>([](float v) { return to_f8e8m0(v, true, E8M0Round::nearest).bits; }) == "c41538880f278a55");
  CHECK(encoded<uint8_t>([](float v) { return to_f8e8m0(v, false, E8M0Round::nearest).bits; }) == "04bc1cb41bdd843f");
  CHECK(encoded<uint8_t>([](float v) { return float_to_f4e2m1(v); }) == "9c20ff57ffc3813c");
  CHECK(encoded<uint8_t>([](float v) { return float_to_f6e2m3(v); }) == "43fe9bcd44408392");
  CHECK(encoded<uint8_t>([](float v) { return float_to_f6e3m2(v); }) == "bd77e537cfdb7585");
}

TEST_CASE("small floats: NaN stays NaN where the format has one") {
  for (uint32_t bits : {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0x7fffffffu}) {
    float nan = std::bit_cast<float>(bits);
    CHECK(std::isnan(to_float(to_half(nan))));
    CHECK(std::isnan(to_float(to_bfloat16(nan))));
    CHECK(std::isnan(to_float(to_f8e4m3fn(nan))));
    CHECK(std::isnan(to_float(to_f8e4m3fnuz(nan))));
    CHECK(std::isnan(to_float(to_f8e5m2(nan))));
    CHECK(std::isnan(to_float(to_f8e5m2fnuz(nan))));
    CHECK(std::isnan(to_float(to_f8e8m0(nan))));
  }
}

TEST_CASE("packed integers: every position reads back what was set and leaves its neighbours") {
  uint8_t nibbles[4] = {0xff, 0xff, 0xff, 0xff};
  for (int64_t i = 0; i < 8; ++i) packed_set_4(nibbles, i, static_cast<uint8_t>(i + 5));
  for (int64_t i = 0; i < 8; ++i) CHECK(packed_get_u4(nibbles, i) == ((i + 5) & 15));
  CHECK(packed_get_i4(nibbles, 3) == -8);
  CHECK(nibbles[0] == 0x65);  // element 0 in the low half
  uint8_t crumbs[2] = {0, 0};
  for (int64_t i = 0; i < 8; ++i) packed_set_2(crumbs, i, static_cast<uint8_t>(i));
  for (int64_t i = 0; i < 8; ++i) CHECK(packed_get_u2(crumbs, i) == (i & 3));
  CHECK(packed_get_i2(crumbs, 2) == -2);
  CHECK(packed_get_i2(crumbs, 3) == -1);
  CHECK(crumbs[0] == 0xe4);
}
