// LSTM and GRU candidates against the reference: directions, layouts, initial states, odd sizes.
#include <doctest/doctest.h>

#include "ops/op.h"
#include "support/kernel_case.h"

using namespace mo;
using namespace mo::test;

TEST_CASE("recurrent kernels equal the reference") {
  struct Sizes {
    int64_t steps, batch, inputs, hidden;
  };
  for (const char* op : {"LSTM", "GRU"}) {
    if (!ops::find(op, "")) continue;
    const bool lstm = std::string(op) == "LSTM";
    for (const Sizes& s : {Sizes{1, 1, 3, 5}, Sizes{7, 1, 8, 16}, Sizes{5, 3, 17, 65}, Sizes{12, 7, 4, 33}})
      for (const char* way : {"forward", "reverse", "bidirectional"})
        for (int64_t layout : {0, 1})
          for (int64_t option : {0, 1}) {
            CAPTURE(op);
            CAPTURE(way);
            CAPTURE(s.hidden);
            const int64_t d = std::string(way) == "bidirectional" ? 2 : 1, g = lstm ? 4 : 3;
            KernelCase c{node(op, "", {{"direction", std::string(way)}, {"layout", layout}, {"hidden_size", s.hidden}}), {}, lstm ? 3 : 2};
            if (!lstm) c.node.set("linear_before_reset", option);
            Shape x = layout ? Shape{s.batch, s.steps, s.inputs} : Shape{s.steps, s.batch, s.inputs};
            Shape state = layout ? Shape{s.batch, d, s.hidden} : Shape{d, s.batch, s.hidden};
            c.inputs = {{random_floats(x, 1)},
                        constant(random_floats({d, g * s.hidden, s.inputs}, 2, -0.4f, 0.4f)),
                        constant(random_floats({d, g * s.hidden, s.hidden}, 3, -0.3f, 0.3f))};
            if (option) {
              c.inputs.push_back(constant(random_floats({d, 2 * g * s.hidden}, 4)));
              c.inputs.push_back({});
              c.inputs.push_back({random_floats(state, 5)});
              if (lstm) c.inputs.push_back({random_floats(state, 6)});
            }
            KernelResult r = check_candidates(c);
            for (const std::string& why : r.declined) MESSAGE(why);
            CHECK(r.fast());
          }
  }
}
