// Half precision inside a graph becomes float32, inputs and outputs keep their types.
#include <doctest/doctest.h>

#include "support/pass_case.h"

using mo::test::after_passes;

TEST_CASE("widen: float16 and bfloat16 graphs compute in float32 between casts") {
  for (const char* type : {"float16", "bfloat16"}) {
    const std::string t = type;
    auto text = [&](std::string s) {
      for (size_t i; (i = s.find("HALF")) != std::string::npos;) s.replace(i, 4, t);
      return s;
    };
    const float tolerance = t == "float16" ? 2e-3f : 2e-2f;
    CHECK(after_passes({"widen"}, text("(HALF[2, 3] x) -> (y) { w = const HALF[3, 2] {1, 2, -1, 0.5, 3, -2}; m = MatMul(x, w); y = Relu(m); }"),
                       tolerance) == "Cast MatMul Relu Cast");
    CHECK(after_passes({"widen"}, text("(HALF[2, 3] x) -> (y, m) { m = Neg(x); y = Exp(m); }"), tolerance) == "Cast Neg Exp Cast Cast");
    const std::string number = t == "float16" ? "10" : "16";
    CHECK(after_passes({"widen"}, text("(float32[2, 3] x) -> (y) { h = Cast<to=" + number + ">(x); s = Softmax(h); y = Cast<to=1>(s); }"),
                       tolerance) == "Softmax");
    CHECK(after_passes({"widen"}, text("(HALF[2, 3] x) -> (y) { y = Cast<to=1>(x); }"), tolerance) == "Cast");
  }
  CHECK(after_passes({"widen"}, "(float32[2, 3] x) -> (y) { y = Relu(x); }") == "Relu");
}
