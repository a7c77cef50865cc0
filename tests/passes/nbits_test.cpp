// 4-bit weights behind DequantizeLinear become MatMulNBits, values unchanged.
#include <doctest/doctest.h>

#include "graph/graph.h"
#include "passes/pass.h"
#include "runtime/session.h"
#include "support/kernel_case.h"

using namespace mo;
using namespace mo::test;

namespace {

// x [2, k] times 4-bit weights [k, n]; `block` 0: a scale per column.
graph::Graph model(DType dtype, int64_t k, int64_t n, int64_t block, bool zero) {
  graph::Graph g;
  auto x = g.add_value("x", graph::Type::tensor(DType::f32, Shape{2, k}));
  g.inputs.push_back(x);
  Shape scale_shape = block ? Shape{(k + block - 1) / block, n} : Shape{n};
  auto packed = [&](const Shape& shape, uint32_t seed) {
    Tensor bytes = random_bytes(DType::u8, {(element_count(shape) + 1) / 2}, seed);
    return Tensor::copy_of(dtype, shape, bytes.raw());
  };
  std::vector<graph::ValueId> inputs{g.add_constant("w", packed({k, n}, 1)), g.add_constant("s", random_floats(scale_shape, 2, 0.1f, 1))};
  if (zero) inputs.push_back(g.add_constant("z", packed(scale_shape, 3)));
  auto d = g.add_value("d"), y = g.add_value("y");
  graph::Node dq;
  dq.op = "DequantizeLinear";
  dq.inputs = inputs;
  dq.outputs = {d};
  dq.set("axis", int64_t{block ? 0 : 1});
  if (block) dq.set("block_size", block);
  g.add_node(dq);
  graph::Node mm;
  mm.op = "MatMul";
  mm.inputs = {x, d};
  mm.outputs = {y};
  g.add_node(mm);
  g.outputs.push_back(y);
  return g;
}

}  // namespace

TEST_CASE("lower_nbits: blocked and per-column 4-bit weights, signed or not, become MatMulNBits with the same result") {
  for (DType dtype : {DType::i4, DType::u4})
    for (int64_t block : {0, 16, 32, 96})
      for (bool zero : {false, true}) {
        CAPTURE(std::string(name(dtype)));
        CAPTURE(block);
        CAPTURE(zero);
        graph::Graph g = model(dtype, 192, 24, block, zero);
        runtime::SessionOptions plain;
        plain.optimize = false;
        runtime::Session fast(g), slow(g, plain);
        std::vector<Datum> in{Datum(random_floats({2, 192}, 9))};
        Tensor a = fast.run(in)[0].tensor, b = slow.run(in)[0].tensor;
        float worst = 0, largest = 0;
        for (int64_t i = 0; i < a.size(); ++i) {
          worst = std::max(worst, std::abs(a.data<float>()[i] - b.data<float>()[i]));
          largest = std::max(largest, std::abs(b.data<float>()[i]));
        }
        CHECK(worst <= 2e-4f * largest);
        std::string kernels;
        for (const auto& step : fast.explain().steps) kernels += step.op + " ";
        CHECK(kernels.find("MatMulNBits") != std::string::npos);
      }
}
