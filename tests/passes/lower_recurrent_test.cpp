// LSTM, GRU and RNN with 8-bit weights behind DequantizeLinear become one step.
#include <doctest/doctest.h>

#include "base/text.h"
#include "support/pass_case.h"

using mo::test::after_passes;

namespace {

std::string quantized_rnn(const char* op, int gates, int axis, bool each) {
  std::string w, r, s, z;
  for (int i = 0; i < gates; ++i) {
    const char* comma = i ? ", " : "";
    w += mo::text(comma, i * 7 - 20, ", ", 50 - i * 3, ", ", i);
    r += mo::text(comma, 30 - i * 4, ", ", i * 9 - 40);
    s += mo::text(comma, 0.01 * (1 + i % 3));
    z += mo::text(comma, i - 3);
  }
  if (!each) s = "0.02", z = "2";
  const int count = each ? gates : 1;
  return mo::text("(float32[4, 1, 3] x) -> (y, yh) { w = const int8[1, ", gates, ", 3] {", w, "}; r = const int8[1, ", gates, ", 2] {", r,
                  "}; s = const float32[", count, "] {", s, "}; z = const int8[", count, "] {", z, "}; wd = DequantizeLinear<axis=", axis,
                  ">(w, s, z); rd = DequantizeLinear<axis=", axis, ">(r, s); y, yh = ", op, "<hidden_size=2>(x, wd, rd); }");
}

}  // namespace

TEST_CASE("lower_recurrent: 8-bit weights per row or with one scale go into the step") {
  const std::pair<const char*, int> all[] = {{"LSTM", 8}, {"GRU", 6}, {"RNN", 2}};
  for (const auto& [op, gates] : all) {
    const std::string wanted = mo::text("mo.", op);
    CHECK(after_passes({"lower_recurrent"}, quantized_rnn(op, gates, 1, true)) == wanted);
    CHECK(after_passes({"lower_recurrent"}, quantized_rnn(op, gates, -2, true)) == wanted);
    CHECK(after_passes({"lower_recurrent"}, quantized_rnn(op, gates, 0, false)) == wanted);
  }
}

TEST_CASE("lower_recurrent: computed weights stay where they are") {
  CHECK(after_passes(
            {"lower_recurrent"},
            "(float32[4, 1, 3] x, float32[1, 2, 2] r) -> (y) { w = const int8[1, 2, 3] {1, 2, 3, 4, 5, 6}; s = const float32[2] {0.1, 0.2}; wd = "
            "DequantizeLinear<axis=1>(w, s); y = RNN<hidden_size=2>(x, wd, r); }") == "DequantizeLinear RNN");
}
