// LSTM, GRU and RNN with 8-bit weights: mo's own operators and DynamicQuantizeLSTM, against the standard ones on dequantized weights.
#include <doctest/doctest.h>

#include "ops/op.h"
#include "passes/pass.h"
#include "support/op_case.h"

using namespace mo;
using namespace mo::test;

TEST_CASE("DynamicQuantizeLSTM is LSTM on its weights turned and dequantized, before and after lowering") {
  const int64_t steps = 3, batch = 2, k = 5, h = 4;
  for (int64_t d : {1, 2})
    for (bool each : {false, true}) {
      const Tensor w = random_bytes(DType::i8, {d, k, 4 * h}, 1), r = random_bytes(DType::i8, {d, h, 4 * h}, 2);
      const Shape shape = each ? Shape{d, 4 * h} : Shape{d};
      const Tensor ws = random_floats(shape, 3, 0.001f, 0.004f), rs = random_floats(shape, 4, 0.001f, 0.004f), wz = random_bytes(DType::i8, shape, 5),
                   rz = random_bytes(DType::i8, shape, 6), bias = random_floats({d, 8 * h}, 7), x = random_floats({steps, batch, k}, 8);
      auto floats_of = [&](const Tensor& q, const Tensor& s, const Tensor& z) {
        Tensor t = Tensor::zeros(DType::f32, {d, 4 * h, q.dim(1)});
        for (int64_t e = 0; e < d; ++e)
          for (int64_t j = 0; j < 4 * h; ++j)
            for (int64_t i = 0; i < q.dim(1); ++i) {
              const int64_t at = each ? e * 4 * h + j : e;
              const auto steps_of = static_cast<float>(q.integer((e * q.dim(1) + i) * 4 * h + j) - z.integer(at));
              t.mutable_data<float>()[(e * 4 * h + j) * q.dim(1) + i] = steps_of * s.data<float>()[at];
            }
        return t;
      };
      const std::string way = d == 2 ? "bidirectional" : "forward";
      OpCase plain{node("LSTM", "", {{"hidden_size", h}, {"direction", way}}),
                   {{x}, constant(floats_of(w, ws, wz)), constant(floats_of(r, rs, rz)), constant(bias)},
                   3};
      const std::vector<Datum> wanted = check_op(plain);
      OpCase c{node("DynamicQuantizeLSTM", "com.microsoft", {{"hidden_size", h}, {"direction", way}}),
               {{x}, constant(w), constant(r), constant(bias), {}, {}, {}, {}, constant(ws), constant(wz), constant(rs), constant(rz)},
               3};
      for (const Datum& t : wanted) c.expected.push_back(t.tensor);
      check_op(c);

      graph::Graph g;
      graph::Node n = c.node;
      for (size_t i = 0; i < c.inputs.size(); ++i) {
        if (!c.inputs[i].tensor) n.inputs.push_back(graph::k_none);
        else if (c.inputs[i].constant) n.inputs.push_back(g.add_constant("c" + std::to_string(i), c.inputs[i].tensor));
        else n.inputs.push_back(g.add_value("x", graph::Type::tensor(DType::f32, x.shape()))), g.inputs.push_back(n.inputs.back());
      }
      n.outputs = {g.add_value("y")};
      g.outputs = n.outputs;
      g.add_node(n);
      ops::infer_graph(g);
      passes::run(g, passes::Stage::plan);
      REQUIRE(g.order().size() == 1);
      const graph::Node& m = g.node(g.order()[0]);
      CHECK(m.op == "LSTM");
      CHECK(m.domain == "mo");
      OpCase lowered{node("LSTM", "mo", m.attributes), {{x}}, 3, c.expected};
      lowered.candidate_tolerance = 2e-2f;
      for (size_t i = 1; i < m.inputs.size(); ++i)
        lowered.inputs.push_back(m.inputs[i] == graph::k_none ? KernelInput{} : constant(*g.constant_of(m.inputs[i])));
      check_op(lowered);
    }
}

TEST_CASE("mo.LSTM, mo.GRU and mo.RNN are the standard operators on dequantized weights") {
  const KernelInput x{random_floats({3, 2, 5}, 1)};
  auto check = [&](OpCase c, int64_t gates, size_t inputs) {
    const int64_t h = 4, rows = gates * h;
    const Tensor w = random_bytes(DType::u8, {1, rows, 5}, 1), r = random_bytes(DType::u8, {1, rows, h}, 2),
                 z = random_bytes(DType::u8, {1, rows}, 3), s = random_floats({1, rows}, 4, 0.0003f, 0.001f);
    auto real = [&](const Tensor& q) {
      Tensor t = Tensor::zeros(DType::f32, q.shape());
      for (int64_t i = 0; i < q.size(); ++i) {
        const int64_t row = i / q.dim(2);
        t.mutable_data<float>()[i] = static_cast<float>(q.integer(i) - z.integer(row)) * s.data<float>()[row];
      }
      return t;
    };
    c.node.set("hidden_size", h);
    c.inputs.resize(12);
    c.inputs[0] = x;
    c.inputs[1] = constant(w), c.inputs[2] = constant(r), c.inputs[3] = constant(random_floats({1, 2 * rows}, 5));
    for (size_t i : {8, 10}) c.inputs[i] = constant(s), c.inputs[i + 1] = constant(z);
    c.outputs = 2;
    OpCase plain = c;
    plain.node.domain = "";
    plain.inputs.resize(inputs);
    plain.inputs[1] = constant(real(w)), plain.inputs[2] = constant(real(r));
    for (const Datum& t : check_op(plain)) c.expected.push_back(t.tensor);
    c.candidate_tolerance = 1e-3f;
    check_op(c);
  };
  check({node("LSTM", "mo")}, 4, 8);
  check({node("GRU", "mo")}, 3, 6);
  check({node("RNN", "mo")}, 1, 6);
}
