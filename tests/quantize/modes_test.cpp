// Modes, widths, formats and backends: the model that comes out computes what the float one does, to the precision asked for.
#include <doctest/doctest.h>

#include "base/error.h"
#include "ops/op.h"
#include "quantize/qoperator.h"
#include "support/kernel_case.h"
#include "support/quantize_case.h"

using namespace mo;
using namespace quantize_test;
using quantize::Options;

namespace {

// x [6, 16, 8]: 16 sequences of 6 through one recurrent layer of two directions.
graph::Model recurrent_net(const std::string& op) {
  const int64_t gates = op == "LSTM" ? 4 : 3, hidden = 12, inputs = 8;
  graph::Model m;
  graph::Graph& g = m.graph;
  auto x = g.add_value("x", graph::Type::tensor(DType::f32, Shape{6, 16, inputs}));
  g.inputs.push_back(x);
  auto y = g.add_value("y");
  graph::Node n;
  n.op = op, n.name = "rnn";
  n.inputs = {x, g.add_constant("w", mo::test::random_floats({2, gates * hidden, inputs}, 1, -0.5f, 0.5f)),
              g.add_constant("r", mo::test::random_floats({2, gates * hidden, hidden}, 2, -0.4f, 0.4f)),
              g.add_constant("b", mo::test::random_floats({2, 2 * gates * hidden}, 3, -0.2f, 0.2f))};
  n.outputs = {y};
  n.set("hidden_size", hidden);
  n.set("direction", std::string("bidirectional"));
  g.add_node(n);
  g.outputs.push_back(y);
  ops::infer_graph(g);
  return m;
}

quantize::Result made(const graph::Model& m, const Options& o) {
  auto c = calibrated(m);
  return quantize::quantize(m, c.get(), o, nullptr);
}

}  // namespace

TEST_CASE("dynamic int8 of products and convolutions stays close") {
  Options o;
  o.mode = "dynamic";
  for (const graph::Model& m : {two_products(), three_convolutions()}) {
    quantize::Result r = quantize::quantize(m, nullptr, o, nullptr);
    CHECK(count(r.model.graph, "DynamicQuantizeLinear") >= 2);
    CHECK(count(r.model.graph, "MatMul") + count(r.model.graph, "Conv") == 0);
    CHECK(snr(m, r.model) > (count(m.graph, "Conv") ? 12 : 30));  // the convolutions have channels that one scale serves badly
  }
}

TEST_CASE("one scale per token is finer than one per tensor where rows differ in size") {
  graph::Model m = two_products();
  Options o;
  o.mode = "dynamic", o.activation_scale = "per_token";
  quantize::Result r = quantize::quantize(m, nullptr, o, nullptr);
  CHECK(count(r.model.graph, "MatMulInteger") == 2);
  CHECK(count(r.model.graph, "DynamicQuantizeLinear") == 0);
  CHECK(snr(m, r.model) > 32);
}

TEST_CASE("recurrent nets: LSTM gets the operator of its runtime, the others and other runtimes integer weights") {
  for (const char* op : {"LSTM", "GRU"})
    for (const char* mode : {"dynamic", "static", "weight_only"})
      for (const char* backend : {"onnxruntime", "openvino"}) {
        CAPTURE(op);
        CAPTURE(mode);
        CAPTURE(backend);
        const graph::Model m = recurrent_net(op);
        Options o;
        o.mode = mode, o.backend = backend;
        const graph::Graph g = made(m, o).model.graph;
        const bool own = o.mode != "weight_only" && o.backend == "onnxruntime" && std::string(op) == "LSTM";
        CHECK(count(g, "DynamicQuantizeLSTM") == (own ? 1 : 0));
        CHECK(count(g, op) == (own ? 0 : 1));
        CHECK(count(g, "DequantizeLinear") == (own ? 0 : 2));
        CHECK(snr(m, made(m, o).model) > 30);
      }
}

TEST_CASE("recurrent nets among static int4 layers take the 8-bit form that they have") {
  const graph::Model m = recurrent_net("LSTM");
  Options o;
  o.precision = "int4";
  const graph::Graph g = made(m, o).model.graph;
  CHECK(count(g, "DynamicQuantizeLSTM") == 1);
  o.backend = "openvino";
  CHECK(count(made(m, o).model.graph, "DequantizeLinear") == 2);
}

TEST_CASE("weight-only forms: 8 bits, 4 bits in blocks, packed or not, agree with their own integers") {
  graph::Model m = two_products();
  Options o;
  o.mode = "weight_only";
  CHECK(snr(m, quantize::quantize(m, nullptr, o, nullptr).model) > 38);
  o.precision = "int4", o.block_size = 16, o.last_product = "same", o.small_weights = "same", o.weight_symmetric = true;
  quantize::Result packed = quantize::quantize(m, nullptr, o, nullptr);
  CHECK(count(packed.model.graph, "MatMulNBits") == 2);
  o.activation_type = "int8";
  quantize::Result rounded = quantize::quantize(m, nullptr, o, nullptr);
  for (const auto* r : {&packed, &rounded})
    for (graph::NodeId id : r->model.graph.order())
      if (r->model.graph.node(id).is("MatMulNBits", "com.microsoft"))
        CHECK(r->model.graph.node(id).i("accuracy_level", 0) == (r == &rounded ? 4 : 0));
  CHECK(snr(packed.model, rounded.model) > 35);
  o.activation_type = "auto", o.format = "qdq";
  quantize::Result blocked = quantize::quantize(m, nullptr, o, nullptr);
  CHECK(count(blocked.model.graph, "DequantizeLinear") == 2);
  CHECK(snr(packed.model, blocked.model) > 100);
  CHECK(snr(m, packed.model) > 17);
  o.precision = "int3";
  double three = snr(m, quantize::quantize(m, nullptr, o, nullptr).model);
  CHECK(three > 10);
  CHECK(three < snr(m, packed.model));
}

TEST_CASE("asymmetric 4-bit weights keep their zero points in both formats") {
  graph::Model m = two_products();
  Options o;
  o.mode = "weight_only", o.precision = "uint4", o.weight_symmetric = false, o.block_size = 16, o.last_product = "same", o.small_weights = "same";
  quantize::Result packed = quantize::quantize(m, nullptr, o, nullptr);
  o.format = "qdq";
  quantize::Result blocked = quantize::quantize(m, nullptr, o, nullptr);
  CHECK(snr(packed.model, blocked.model) > 100);
  CHECK(snr(m, packed.model) > 18);
}

TEST_CASE("static activations of every type") {
  for (const char* type : {"uint8", "int8", "uint16", "int16"}) {
    CAPTURE(std::string(type));
    graph::Model m = three_convolutions();
    Options o;
    o.activation_type = type;
    CHECK(snr(m, made(m, o).model) > (o.activation_type.ends_with("16") ? 30 : 12));
  }
  graph::Model m = two_products();
  Options o;
  o.precision = "fp8_e4m3";
  CHECK(snr(m, made(m, o).model) > 20);
  o.precision = "fp8_e5m2";
  CHECK(snr(m, made(m, o).model) > 14);
}

TEST_CASE("granularities order as they should") {
  graph::Model m = three_convolutions();
  Options o;
  double channel = snr(m, made(m, o).model);
  o.granularity = "per_tensor";
  CHECK(snr(m, made(m, o).model) < channel);
}

TEST_CASE("the integer operator form computes the Q/DQ form's answers") {
  for (const graph::Model& m : {two_products(), three_convolutions()}) {
    Options o;
    quantize::Result qdq = made(m, o);
    o.format = "qoperator";
    quantize::Result integer = made(m, o);
    CHECK(count(integer.model.graph, "QLinearConv") + count(integer.model.graph, "QLinearMatMul") >= 1);
    CHECK(snr(qdq.model, integer.model) > 35);
  }
}

TEST_CASE("the integer operator form leaves no Q/DQ between operators that ONNX Runtime has, and standard operators only elsewhere") {
  graph::Model m = quantize_test::model(
      "(float32[2, 3, 8, 8] x) -> (y) { w = const float32[4, 3, 1, 1] {1, 2, 3, 4, -5, 6, 7, 8, 9, -1, -2, 3}; v = const float32[4, 4, 1, 1] {1, 2, "
      "3, 4, "
      "5, 6, 7, 8, -9, 1, 2, 3, 4, 5, -6, 7}; g = const float32[3, 8] {1, 2, 3, 4, 5, 6, 7, 8, -1, -2, 3, 4, 5, 6, 7, 8, 1, 2, 3, -4, 5, 6, 7, 8}; "
      "a = Conv(x, w); b = Conv(a, v); c = Add(b, a); d = Conv(c, v); e = Concat<axis=1>(d, c); p = GlobalAveragePool(e); f = Flatten(p); y = "
      "Gemm<transB=1>(f, g); }");
  Options o;
  o.format = "qoperator";
  quantize::Result own = made(m, o);
  o.backend = "portable";
  quantize::Result plain = made(m, o);
  CHECK(snr(m, own.model) > 25);
  CHECK(snr(m, plain.model) > 20);
  for (const char* op : {"QLinearAdd", "QLinearConcat", "QLinearGlobalAveragePool", "QGemm", "QuantizeLinear"}) {
    CAPTURE(std::string(op));
    CHECK(count(own.model.graph, op) == 1);
  }
  CHECK(count(own.model.graph, "DequantizeLinear") == 0);
  for (const graph::NodeId id : plain.model.graph.order()) CHECK(plain.model.graph.node(id).domain.empty());
}

TEST_CASE("each operator between DequantizeLinear and QuantizeLinear has its integer form") {
  const std::string head =
      "(uint8[2, 4, 4, 4] p, uint8[2, 4, 4, 4] r, bool[4] t) -> (y) { s = const float32[] {0.05}; z = const uint8[] {120}; u = const float32[] "
      "{0.1}; o = "
      "const uint8[] {100}; a = DequantizeLinear(p, s, z); b = DequantizeLinear(r, u, o); ";
  auto left = [&](const std::string& middle, bool microsoft) {
    graph::Graph g = graph::parse(head + middle + " y = QuantizeLinear(c, u, o); }");
    ops::infer_graph(g);
    quantize::to_qoperator(g, microsoft);
    g.verify();
    std::string names;
    for (graph::NodeId id : g.order()) names += (names.empty() ? "" : " ") + g.node(id).op;
    return names;
  };
  CHECK(left("c = Add(a, b);", true) == "QLinearAdd");
  CHECK(left("d = Mul(a, b); c = Clip(d);", true) == "QLinearMul");
  CHECK(left("c = Concat<axis=1>(a, b, a);", true) == "QLinearConcat");
  CHECK(left("c = Where(t, a, b);", true) == "QLinearWhere");
  CHECK(left("c = Sigmoid(a);", true) == "QLinearSigmoid");
  CHECK(left("c = LeakyRelu<alpha=0.2>(a);", true) == "QLinearLeakyRelu");
  CHECK(left("c = AveragePool<kernel_shape=[2, 2]>(a);", true) == "QLinearAveragePool");
  CHECK(left("c = GlobalAveragePool(a);", true) == "QLinearGlobalAveragePool");
  CHECK(left("c = Add(a, b);", false) == "DequantizeLinear DequantizeLinear Add QuantizeLinear");
  CHECK(left("c = Sub(a, b);", true) == "DequantizeLinear DequantizeLinear Sub QuantizeLinear");
  CHECK(left("d = Add(a, b); c = Relu(d);", true) == "DequantizeLinear DequantizeLinear Add Relu QuantizeLinear");  // the range goes below 0
  CHECK(left("k = const float32[] {1}; c = Add(a, k);", true) == "DequantizeLinear Add QuantizeLinear");
}

TEST_CASE("the tensorrt profile: signed, symmetric, zero points 0, one scale per weight channel") {
  graph::Model m = three_convolutions();
  Options o;
  o.backend = "tensorrt";
  quantize::Result r = made(m, o);
  const graph::Graph& g = r.model.graph;
  for (graph::NodeId id : g.order()) {
    const graph::Node& n = g.node(id);
    if (!n.is("QuantizeLinear") && !n.is("DequantizeLinear")) continue;
    const Tensor* zero = g.constant_of(n.input(2));
    if (!zero) continue;
    for (int64_t z : zero->integers()) CHECK(z == 0);
    CHECK((zero->dtype() == DType::i8 || zero->dtype() == DType::i32));
  }
  CHECK(snr(m, r.model) > 8);
  o.activation_type = "uint8";
  CHECK_THROWS_WITH_AS(made(m, o), doctest::Contains("tensorrt"), Error);
}

TEST_CASE("the portable profile uses 7-bit weights and says so") {
  graph::Model m = three_convolutions();
  Options o;
  o.backend = "portable";
  quantize::Result r = made(m, o);
  CHECK(r.warnings.size() >= 1);
  for (graph::NodeId id : r.model.graph.order())
    for (graph::ValueId v : r.model.graph.node(id).inputs)
      if (const Tensor* t = v == graph::k_none ? nullptr : r.model.graph.constant_of(v); t && t->dtype() == DType::i8 && t->rank() == 4)
        for (int64_t q : t->integers()) CHECK(std::abs(q) <= 63);
}

TEST_CASE("a model that takes and gives integers") {
  graph::Model m = three_convolutions();
  Options o;
  o.integer_io = "both";
  quantize::Result r = made(m, o);
  const graph::Graph& g = r.model.graph;
  CHECK(g.value(g.inputs[0]).type.dtype == DType::u8);
  CHECK(g.value(g.outputs[0]).type.dtype == DType::u8);
  CHECK(g.value(g.inputs[0]).name == "x");
  CHECK(g.value(g.outputs[0]).name == "y");
  CHECK(r.model.metadata.size() >= 4);
}

TEST_CASE("products of two activations are quantized on request") {
  graph::Model m = model(
      "(float32[n, 16] x) -> (y) { w = const float32[16, 16] {1}; a: q = MatMul(x, w); t: k = Transpose<perm=[1, 0]>(x); p: y = MatMul(q, k); }");
  m.graph.value(m.graph.find_value("w")).constant = two_products().graph.constant_of(two_products().graph.find_value("w1"))->clone().reshaped({512});
  Tensor w = Tensor::zeros(DType::f32, {16, 16});
  for (int64_t i = 0; i < 256; ++i) w.mutable_data<float>()[i] = static_cast<float>((i * 37) % 101 - 50) / 200;
  m.graph.value(m.graph.find_value("w")).constant = w;
  Options o;
  quantize::Result plain = made(m, o);
  CHECK(plain.scheme.nodes.at("p").how == "float");
  o.attention = true;
  quantize::Result with = made(m, o);
  CHECK(with.scheme.nodes.at("p").how == "static");
  CHECK(snr(m, with.model) > 28);
}

TEST_CASE("products in the bodies of If are quantized, and constants that one body reads alone lie in it") {
  graph::Model m = model("(float32[n, 16] x, bool[] c) -> (y) { w = const float32[16, 16] {1}; y = Identity(x); }");
  graph::Graph& g = m.graph;
  Tensor w = Tensor::zeros(DType::f32, {16, 16});
  for (int64_t i = 0; i < 256; ++i) w.mutable_data<float>()[i] = static_cast<float>((i * 37) % 101 - 50) / 200;
  g.value(g.find_value("w")).constant = w;
  auto body = [&](const char* op) {
    auto b = std::make_shared<graph::Graph>();
    graph::ValueId x = b->add_value("bx", g.value(g.find_value("x")).type), weights = b->add_value("bw", graph::Type::tensor(DType::f32, w.shape())),
                   out = b->add_value("bo", graph::Type::tensor(DType::f32));
    b->captures.push_back({g.find_value("x"), x});
    bool product = std::string_view(op) == "MatMul";
    if (product) b->captures.push_back({g.find_value("w"), weights});
    b->add_node(
        graph::Node{.op = op, .inputs = product ? std::vector<graph::ValueId>{x, weights} : std::vector<graph::ValueId>{x}, .outputs = {out}});
    b->outputs = {out};
    return b;
  };
  graph::NodeId old = g.value(g.find_value("y")).producer;
  graph::ValueId y = g.find_value("y");
  g.remove_node(old);
  graph::Node branch{.op = "If", .name = "if", .inputs = {g.find_value("c")}, .outputs = {y}};
  branch.set("then_branch", graph::GraphPtr(body("MatMul")));
  branch.set("else_branch", graph::GraphPtr(body("Relu")));
  g.add_node(branch);
  ops::infer_graph(g);
  for (const char* mode : {"dynamic", "weight_only"}) {
    Options o;
    o.mode = mode;
    quantize::Result r = quantize::quantize(m, nullptr, o, nullptr);
    CHECK(r.quantized_weights == 1);
  }
}

TEST_CASE("one weight that two nodes read is stored once") {
  graph::Model m = model("(float32[n, 16] x) -> (y) { w = const float32[16, 16] {1}; a = MatMul(x, w); b = Relu(a); y = MatMul(b, w); }");
  Options o;
  o.mode = "weight_only";
  CHECK(quantize::quantize(m, nullptr, o, nullptr).quantized_weights == 1);
  CHECK(made(m, {}).quantized_weights == 1);
  o.precision = "int4";
  quantize::Result packed = quantize::quantize(m, nullptr, o, nullptr);
  CHECK(packed.quantized_weights == 1);
  CHECK(count(packed.model.graph, "MatMulNBits") == 2);
}

TEST_CASE("wishes that contradict each other are refused with the way out") {
  graph::Model m = two_products();
  auto message = [&](const Options& o) {
    try {
      quantize::quantize(m, nullptr, o, nullptr);
    } catch (const Error& e) { return e.message(); }
    return std::string("accepted");
  };
  Options o;
  o.mode = "dynamic", o.precision = "int4";
  CHECK(message(o).find("weight_only") != std::string::npos);
  o = {};
  o.format = "matmul_nbits";
  CHECK(message(o).find("weight_only") != std::string::npos);
  o = {};
  o.mode = "weight_only", o.activation_type = "int8";
  CHECK(message(o).find("matmul_nbits") != std::string::npos);
  o = {};
  o.block_size = 24;
  CHECK(message(o).find("block_size") != std::string::npos);
  o = {};
  CHECK(message(o).find("calibration data") != std::string::npos);
  o.mode = "weight_only", o.corrections = {"smoothquant"};
  CHECK(message(o).find("awq") != std::string::npos);
}
